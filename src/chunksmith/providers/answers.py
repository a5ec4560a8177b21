"""Reading bodies that may be anything: an object, a list around it, a web page, nothing."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic_core import from_json

from chunksmith.errors import ProviderError

MAX_DETAIL = 500
MASK = "***"
_SECRETS = re.compile(
    r"(?P<lead>\b(?:key|api_key|token)=|\bBearer\s+)[^\s&\"'<>]{6,}|\b(?:AIza|xai-|sk-|AQ\.)[\w.\-]{12,}", re.IGNORECASE
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,500}>")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f\s]+")


def parse(body: bytes) -> Any:
    """The JSON value of a body. Lone surrogates, which no database takes, become U+FFFD.

    Errors: ValueError when it is not JSON.
    """
    try:
        return from_json(body)
    except ValueError:
        try:
            return _without_surrogates(json.loads(body))
        except RecursionError as exc:
            raise ValueError("the body is nested too deep") from exc


def parse_object(body: bytes) -> dict[str, Any] | None:
    """The object in a body, also when a list of one is around it; None when there is no such thing."""
    try:
        value = parse(body)
    except ValueError:
        return None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else None


def reply_object(body: bytes, provider: str) -> dict[str, Any]:
    """The object of a successful answer. Errors: ProviderError(kind="server") when there is none."""
    found = parse_object(body)
    if found is None:
        raise ProviderError(
            "server", f"the answer is not a JSON object: {readable(body)}", provider=provider, status=200
        )
    return found


def readable(body: bytes, limit: int = MAX_DETAIL) -> str:
    """A body as one short line for people; of a web page its title. Whatever looks like a key is masked."""
    text = body[:20_000].decode("utf-8", "replace")
    title = _TITLE.search(text)
    if title is not None:
        text = title[1]
    elif text.lstrip()[:1] == "<":
        text = _TAG.sub(" ", text)
    return line(text, limit) or "(empty body)"


def line(text: str, limit: int = MAX_DETAIL) -> str:
    """One line of at most ``limit`` characters with whatever looks like a key masked."""
    masked = _SECRETS.sub(lambda match: f"{match['lead'] or ''}{MASK}", text)
    flat = _INVISIBLE.sub(" ", masked).strip()
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def masked(body: bytes, secret: str | None) -> bytes:
    """The body without the key that the request carried."""
    return body.replace(secret.encode(), MASK.encode()) if secret else body


def count(value: object) -> int | None:
    """A number of tokens, or None for whatever is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return int(value)


def section(value: object, name: str) -> dict[str, Any]:
    """``value[name]`` when both are objects, otherwise an empty one."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def items(value: object, name: str) -> list[Any]:
    """``value[name]`` when that is a list, otherwise an empty one."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The wait that the headers ask for: ``retry-after-ms``, or ``Retry-After`` as seconds or as a date."""
    millis = _number(headers.get("retry-after-ms"))
    if millis is not None:
        return millis / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _number(value: str | None) -> float | None:
    if value is None or not re.fullmatch(r"\s*\d{1,9}(?:\.\d{1,9})?\s*", value):
        return None
    return float(value)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if not value.isascii() else value
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    return value
