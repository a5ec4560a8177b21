"""Keys given twice in one JSON object: a parser keeps the last of them, and which one was meant cannot be known."""

import json
from collections import Counter
from typing import Any


def repeated_keys(raw: bytes) -> list[str]:
    """The keys that an object of ``raw`` (valid JSON) gives more than once, each once, shown as JSON shows them.

    A key is cut at 100 characters. Numbers are not read.
    """
    repeated: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            repeated.extend(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)

    json.loads(raw, object_pairs_hook=look, parse_int=str, parse_float=str)
    return [json.dumps(key[:100], ensure_ascii=False) for key in dict.fromkeys(repeated)]


def repeated_fault(key: str) -> str:
    """What is told of one of them."""
    return f"the key {key} is given more than once"
