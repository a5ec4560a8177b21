"""The JSON in what a model said: strictly, then without what stands around it, then mended."""

import asyncio
import re
from typing import Any, NamedTuple

import json_repair
from pydantic_core import from_json

# json-repair is slow on long broken texts; a reply of this size is not what was asked for.
REPAIR_MAX_CHARS = 200_000
_THINK = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
# Some chat templates open the thinking themselves, so that only its end is in the reply.
_THOUGHT = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_FENCE = re.compile(r"```(?:json|JSON)?\s*\n(.*?)(?:\n```|\Z)", re.DOTALL)

# Objects between which nothing but a line end stands: in JSON no line ends inside of a string.
_IN_A_ROW = re.compile(r"\}[ \t]*\n\s*\{")


class Recovered(NamedTuple):
    """``value`` is None when nothing helps; ``repaired``: the text was not JSON as it stood."""

    value: Any
    repaired: bool


async def json_in(text: str, *, cut: bool = False) -> Recovered:
    """``cut``: the text breaks off, so that it has no end to look for."""
    try:
        return Recovered(from_json(text), False)
    except ValueError:
        candidates = [_IN_A_ROW.sub("},\n{", one) for one in _candidates(text, cut)]
    for candidate in (*candidates, *(f"[{one}]" for one in candidates)):
        try:
            return Recovered(from_json(candidate), True)
        except ValueError:
            continue
    if not candidates or len(candidates[-1]) > REPAIR_MAX_CHARS:
        return Recovered(None, True)
    return Recovered(await asyncio.to_thread(_mended, candidates[-1]), True)


def without_thinking(text: str) -> str:
    """What a model said when it had thought; empty when it never came to that."""
    return _behind_thinking(_THINK.sub("", text)).strip()


def _candidates(text: str, cut: bool) -> list[str]:
    """The text without its thinking, and what stands behind the end of a thinking that has no beginning."""
    bare = _THINK.sub("", text)
    found = [_outermost(one, cut) for one in (bare, _behind_thinking(bare))]
    return [one for one in dict.fromkeys(found) if one]


def _behind_thinking(text: str) -> str:
    """Linear, unlike an expression that begins with anything."""
    end = 0
    for found in _THOUGHT.finditer(text):
        end = found.end()
    return text[end:]


def _outermost(text: str, cut: bool) -> str:
    """From the first opening bracket on to the last closing one, or to the end of a text that breaks off."""
    fenced = _FENCE.search(text)
    inside = fenced[1] if fenced else text
    starts = [place for place in (inside.find("{"), inside.find("[")) if place >= 0]
    if not starts:
        return ""
    start = min(starts)
    end = -1 if cut else inside.rfind("}" if inside[start] == "{" else "]")
    return inside[start : end + 1] if end > start else inside[start:].rstrip()


def _mended(text: str) -> Any:
    try:
        return json_repair.loads(text)
    except (ValueError, RecursionError):
        return None
