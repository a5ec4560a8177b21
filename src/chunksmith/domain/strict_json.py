"""JSON that means one thing only: what parsers read in different ways, or not at all, is refused."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from pydantic_core import from_json

from chunksmith.errors import Fault, InvalidRequest

# That some editors put before a text in UTF-8.
BOM = b"\xef\xbb\xbf"
# Only such a number can overflow to infinity; what has none need not be walked.
_HUGE_NUMBER = re.compile(rb"[0-9]{300}|[0-9][eE]\+?[0-9]{3}")


def parse_json(raw: bytes) -> Any:
    """Strict JSON: no NaN, no infinity, no lone surrogate, bounded depth, no key twice in an object.

    Errors: InvalidRequest naming line and column, the pointer to a string that is no Unicode text, or the key.
    """
    if not raw.strip():
        raise InvalidRequest.field("", "is empty; a JSON object is expected")
    try:
        value = from_json(raw, allow_inf_nan=False)
    except ValueError as exc:
        raise InvalidRequest.of([_surrogate_fault(raw) or Fault("", f"is not valid JSON: {exc}")]) from exc
    repeated = _repeated_keys(raw)
    if repeated:
        raise InvalidRequest.of(Fault("", f"the key {key} is given more than once") for key in repeated)
    if _HUGE_NUMBER.search(raw):
        _refuse(value, _is_infinite, "must be a finite number")
    return value


def escaped(key: str) -> str:
    """As a part of a JSON Pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _repeated_keys(raw: bytes) -> list[str]:
    """The keys that an object of ``raw`` (valid JSON) gives more than once, each once, shown as JSON shows them.

    A parser keeps the last of them, and which one was meant cannot be known. A key is cut at 100 characters. Numbers
    are not read.
    """
    repeated: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            repeated.extend(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)

    json.loads(raw, object_pairs_hook=look, parse_int=str, parse_float=str)
    return [json.dumps(key[:100], ensure_ascii=False) for key in dict.fromkeys(repeated)]


def _surrogate_fault(raw: bytes) -> Fault | None:
    """Where the lone surrogate is, if that is what the strict parser refused."""
    if rb"\u" not in raw:
        return None
    try:
        _refuse(json.loads(raw), _has_surrogate, "must be Unicode text; it has a lone surrogate")
    except InvalidRequest as exc:
        return exc.faults[0]
    except (ValueError, RecursionError):
        return None
    return None


def _refuse(root: Any, is_wrong: Callable[[Any], bool], detail: str) -> None:
    waiting = [("", root)]
    while waiting:
        pointer, value = waiting.pop()
        if is_wrong(value):
            raise InvalidRequest.field(pointer, detail)
        if isinstance(value, dict):
            if any(is_wrong(key) for key in value):
                raise InvalidRequest.field(pointer, detail)
            waiting.extend((f"{pointer}/{escaped(key)}", item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{pointer}/{index}", item) for index, item in enumerate(value))


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and math.isinf(value)


def _has_surrogate(value: Any) -> bool:
    return isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value)
