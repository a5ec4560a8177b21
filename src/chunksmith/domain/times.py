"""Times as they are stored and shown."""

from datetime import UTC, datetime


def rfc3339(seconds: float) -> str:
    """``seconds`` since the epoch as UTC text with milliseconds, ``2026-01-31T09:30:00.000Z``; sorts by time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
