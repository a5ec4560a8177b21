"""The replies of extraction: their schemas, and the way from a model's text to what it claims."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from chunksmith.errors import ReplyUnreadable
from chunksmith.pipeline.json_text import json_in
from chunksmith.pipeline.replies import clean, misfit, object_schema

M = TypeVar("M", bound=BaseModel)
LONGEST_ENTITY, LONGEST_PORTION = 500, 20_000
_HANDLE = re.compile(r"c?([1-9][0-9]{0,8})")


def handle(number: int) -> str:
    """How a category is called in prompts and replies: its own id would cost many tokens, each time."""
    return f"c{number}"


def _number(value: object) -> object:
    """The number of a category. A model may leave out the letter."""
    found = _HANDLE.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    return int(found[1]) if found else value


def _share(value: object) -> object:
    """A confidence as a share of 1: some models give percents, whatever they are told."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 < value <= 100:
        return value / 100
    return value


def _text(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Number = Annotated[int, BeforeValidator(_number)]
Share = Annotated[float, BeforeValidator(_share), Field(ge=0, le=1)]


class Claim(BaseModel):
    """Something that a model says stands in the passage."""

    model_config = ConfigDict(extra="ignore")

    category: Number
    text: Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=LONGEST_PORTION)]
    confidence: Share


class Verdict(BaseModel):
    """What the second model says of one item, by its place in the list that it was shown, from 1."""

    model_config = ConfigDict(extra="ignore")

    item: Number
    valid: bool
    confidence: Share


@dataclass(frozen=True, slots=True)
class Claims:
    """``contexts`` are numbers of categories that the passage is about; ``dropped`` did not have the shape."""

    items: tuple[Claim, ...]
    contexts: frozenset[int]
    dropped: int


def claims_schema(categories: Sequence[int], contexts: Sequence[int], most: int) -> dict[str, Any]:
    """Without ``contexts`` the model is not asked for any."""
    item = {
        "category": {"type": "string", "enum": [handle(number) for number in categories]},
        "text": {"type": "string", "description": "the words of the passage, copied exactly"},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    }
    properties: dict[str, Any] = {}
    if contexts:
        named = {"type": "string", "enum": [handle(number) for number in contexts]}
        properties["contexts"] = {"type": "array", "items": named}
    properties["items"] = {"type": "array", "items": object_schema(item), "maxItems": most}
    return object_schema(properties)


def verdicts_schema(count: int) -> dict[str, Any]:
    verdict = {
        "item": {"type": "integer", "minimum": 1, "maximum": count},
        "valid": {"type": "boolean"},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    }
    return object_schema(
        {"verdicts": {"type": "array", "items": object_schema(verdict), "minItems": count, "maxItems": count}}
    )


async def read_claims(text: str, *, cut: bool = False) -> Claims:
    """``cut``: the reply was cut off, so what stands last in it is not whole.

    Errors: ReplyUnreadable when there is no list of items, or none of them has the shape.
    """
    value = (await json_in(text, cut=cut)).value
    items = _whole(_items(value, ("items", "entries")), cut=cut)
    if items is None:
        raise ReplyUnreadable("it is not a JSON object with a list named items")
    valid = _valid(items, Claim)
    named = value.get("contexts") if isinstance(value, dict) else None
    numbers = [_number(one) for one in named] if isinstance(named, list) else []
    return Claims(
        tuple(valid), frozenset(one for one in numbers if isinstance(one, int)), dropped=len(items) - len(valid)
    )


async def read_verdicts(text: str, count: int, *, cut: bool = False) -> dict[int, Verdict]:
    """By item. Errors: ReplyUnreadable when nothing is said of any of the ``count`` items."""
    items = _whole(_items((await json_in(text, cut=cut)).value, ("verdicts", "entries")), cut=cut)
    if items is None:
        raise ReplyUnreadable("it is not a JSON object with a list named verdicts")
    found = {verdict.item: verdict for verdict in reversed(_valid(items, Verdict)) if 1 <= verdict.item <= count}
    if not found:
        raise ReplyUnreadable("it says nothing of the items that it was shown")
    return found


def _valid(items: Sequence[Any], model: type[M]) -> list[M]:
    found: list[M] = []
    problem = ""
    for item in items:
        try:
            found.append(model.model_validate(item))
        except ValidationError as exc:
            problem = misfit("item", exc)
    if items and not found:
        raise ReplyUnreadable(problem)
    return found


def _whole(items: list[Any] | None, *, cut: bool) -> list[Any] | None:
    """Errors: ReplyUnreadable when it was cut off before the first item was complete."""
    if not cut or items is None:
        return items
    if len(items) < 2:
        raise ReplyUnreadable("it was cut off before the first item was complete")
    return items[:-1]


def _items(value: Any, names: Sequence[str]) -> list[Any] | None:
    """The list, however it was wrapped: by its name, bare, or as one single item."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return None
    for name in names:
        if isinstance(value.get(name), list):
            found: list[Any] = value[name]
            return found
    return [value] if "confidence" in value else None
