"""From a model's text to drafts of entries: strictly, then by repair. Whether to ask again is the caller's matter."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from chunksmith.domain.datasets import DIFFICULTIES
from chunksmith.domain.generation import Mode
from chunksmith.errors import ReplyUnreadable
from chunksmith.pipeline.json_text import json_in

_BAD_CHARACTERS = re.compile("[\ud800-\udfff\x00]")
# What a model says instead of a category when none of those offered fits.
NONE_FITS = "none"
# What each level of difficulty asks of a reader, told to every model that gives one.
RUBRIC = "beginner: the passage says it outright; intermediate: it takes terms of the subject; advanced: conclusions"


def clean(text: str) -> str:
    """Text as it can be stored: without lone surrogates and NUL, which models do emit and SQLite does not take."""
    if not text.isascii() or "\x00" in text:
        text = _BAD_CHARACTERS.sub("\ufffd", text)
    return text.strip()


def _clean_value(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_clean_value), Field(min_length=1, max_length=20_000)]
OptionalText = Annotated[str, BeforeValidator(_clean_value), Field(max_length=20_000)]

_FIELDS: dict[Mode, dict[str, tuple[Any, Any]]] = {
    "default": {"question": (Text, ...), "answer": (Text, ...)},
    "question and answer": {"question": (Text, ...), "answer": (Text, ...)},
    "question": {"question": (Text, ...)},
    "answer": {"answer": (Text, ...)},
    "instruction following": {"instruction": (Text, ...), "input": (OptionalText, ""), "output": (Text, ...)},
    "summarization": {"summary": (Text, ...), "key_points": (Annotated[list[Text], Field(max_length=20)], ...)},
}
_CLASSES: dict[str, tuple[Any, Any]] = {
    "category": (OptionalText, Field("", description="the topic, in one to three words")),
    "difficulty": (OptionalText, Field("", description="beginner, intermediate or advanced")),
}


@cache
def draft_model(mode: Mode, *, classified: bool) -> type[BaseModel]:
    """One entry of a reply. ``classified``: the model also gives category and difficulty."""
    fields: dict[str, Any] = dict(_FIELDS[mode])
    fields["quote"] = (OptionalText, Field("", description="the words of the passage it rests on, copied exactly"))
    if classified:
        fields |= _CLASSES
    # Extra fields are ignored rather than refused: they do no harm, and a refusal would cost another call.
    name = mode.title().replace(" ", "") + "Entry"
    return create_model(name, __config__=ConfigDict(extra="ignore"), **fields)


@cache
def reply_schema(mode: Mode, count: int, *, classified: bool, categories: int = 0) -> dict[str, Any]:
    """JSON Schema of a whole reply, flat: without references and with every field required.

    ``categories``: so many are to choose from, c1 and on; 0: any words will do.
    """
    entry = draft_model(mode, classified=classified).model_json_schema()
    properties = {
        name: {key: value for key, value in rules.items() if key in ("type", "items", "description")}
        for name, rules in entry["properties"].items()
    }
    for rules in properties.values():
        if "items" in rules:
            rules["items"] = {"type": rules["items"]["type"]}
    if classified:
        properties["category"] = category_schema(categories)
        properties["difficulty"] = difficulty_schema()
    return object_schema({"entries": {"type": "array", "items": object_schema(properties), "maxItems": count}})


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of an object with all of these and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def category_schema(categories: int) -> dict[str, Any]:
    if categories:
        return {"type": "string", "enum": [*(f"c{number}" for number in range(1, categories + 1)), NONE_FITS]}
    return {"type": "string", "description": "the topic, in one to three words"}


def difficulty_schema() -> dict[str, Any]:
    return {"type": "string", "enum": list(DIFFICULTIES), "description": RUBRIC}


@dataclass(frozen=True, slots=True)
class Drafts:
    """``items`` in the order of the reply, at most as many as were asked for; ``dropped`` did not fit the shape."""

    items: tuple[dict[str, Any], ...]
    dropped: int
    repaired: bool


async def read(text: str, mode: Mode, count: int, *, classified: bool, cut: bool = False) -> Drafts:
    """``cut``: the text breaks off, so that the last of the items is not whole.

    Errors: ReplyUnreadable when no list of entries can be found in the text, or none of them has the shape.
    """
    value, repaired = await json_in(text, cut=cut)
    items = _items(value)
    if items is None:
        raise ReplyUnreadable("it is not a JSON object with a list named entries")
    model = draft_model(mode, classified=classified)
    valid: list[dict[str, Any]] = []
    problem = ""
    for item in items:
        try:
            valid.append(vars(model.model_validate(item, strict=True)))  # its fields are nothing but text and lists
        except ValidationError as exc:
            problem = misfit("entry", exc)
    if items and not valid:
        raise ReplyUnreadable(problem)
    return Drafts(tuple(valid[:count]), len(items) - len(valid), repaired)


def misfit(item: str, exc: ValidationError) -> str:
    """What the first thing is that does not fit the shape of an ``item``."""
    first = exc.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    # Here pydantic names the class, which nobody knows who reads this.
    told = "Input should be an object" if first["type"] in ("model_type", "model_attributes_type") else first["msg"]
    return f"{item} field {place}: {told}" if place else f"{item}: {told}"


def _items(value: Any) -> list[Any] | None:
    """Entries, however they were wrapped: an object with the list, the list itself, or one single entry."""
    if isinstance(value, dict):
        for name in ("entries", "items", "data"):
            if isinstance(value.get(name), list):
                found: list[Any] = value[name]
                return found
        lists = [item for item in value.values() if isinstance(item, list) and item and isinstance(item[0], dict)]
        if len(lists) == 1:
            return lists[0]
        return [value] if value else None
    return value if isinstance(value, list) else None
