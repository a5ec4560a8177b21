"""Times as they are stored and shown."""

import functools
from datetime import UTC, datetime


def rfc3339(seconds: float) -> str:
    """``seconds`` since the epoch as UTC text with milliseconds, ``2026-01-31T09:30:00.000Z``; sorts by time."""
    whole, milliseconds = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{_second(whole)}.{milliseconds // 1000:03d}Z"


def day_of(at: str) -> str:
    """The day, in UTC, of a time as ``rfc3339`` writes it: ``2026-01-31``."""
    return at[: len("2026-01-31")]


@functools.lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    """Hundreds of calls have one second in common."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
