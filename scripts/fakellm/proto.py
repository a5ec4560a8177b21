"""What protobuf's JSON parser does to a body for Gemini: it reads two spellings of names, and refuses what it lacks."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic_core import to_json

from fakellm.messages import at

_TOP = frozenset(
    "contents systemInstruction generationConfig safetySettings tools toolConfig cachedContent labels serviceTier "
    "store".split()
)
_CONFIG = frozenset(
    "temperature topP topK maxOutputTokens stopSequences seed candidateCount responseMimeType responseSchema "
    "responseJsonSchema thinkingConfig presencePenalty frequencyPenalty responseLogprobs logprobs responseModalities "
    "speechConfig mediaResolution".split()
)
_THINKING = frozenset({"thinkingBudget", "thinkingLevel", "includeThoughts"})
_CONTENT = frozenset({"role", "parts"})
_PART = frozenset("text inlineData fileData thought thoughtSignature functionCall functionResponse".split())
_INLINE = frozenset({"mimeType", "data", "displayName"})
_SCHEMA = frozenset(
    "type format title description nullable enum items properties required propertyOrdering minItems maxItems "
    "minLength maxLength pattern minimum maximum minProperties maxProperties anyOf default example".split()
)
_TYPES = frozenset("STRING NUMBER INTEGER BOOLEAN ARRAY OBJECT NULL TYPE_UNSPECIFIED".split())
LEVELS = frozenset("MINIMAL LOW MEDIUM HIGH XHIGH THINKING_LEVEL_UNSPECIFIED".split())
_FLOATS = ("temperature", "topP", "presencePenalty", "frequencyPenalty")
_INTEGERS = ("topK", "maxOutputTokens", "seed", "candidateCount")
# Names are read in camel case and in snake case.
_SNAKE = re.compile(r"_([a-z])")


class Violation(NamedTuple):
    """``field`` is empty at the top level."""

    field: str
    description: str

    @property
    def detail(self) -> dict[str, str]:
        """As it stands among the ``fieldViolations``."""
        return {**({"field": self.field} if self.field else {}), "description": self.description}


def camel(body: Any) -> Any:
    """Names of messages as they are spelled in camel case; inside schemas they are the user's own."""
    if not isinstance(body, dict):
        return body
    named = _renamed(body, _TOP)
    config = named.get("generationConfig")
    if isinstance(config, dict):
        named["generationConfig"] = config = _renamed(config, _CONFIG)
        if isinstance(config.get("thinkingConfig"), dict):
            config["thinkingConfig"] = _renamed(config["thinkingConfig"], _THINKING)
    if "contents" in named:
        named["contents"] = [_camel_content(content) for content in listed(named["contents"])]
    return named


def violations(body: Any) -> list[Violation]:
    """Of a body in camel case."""
    if not isinstance(body, dict):
        return [_unknown("", "", "Root element must be a message.")]
    found = [*_strangers(body, _TOP, ""), *_content(body.get("systemInstruction"), "system_instruction")]
    for place, content in enumerate(listed(body.get("contents"))):
        found += _content(content, f"contents[{place}]")
    config = body.get("generationConfig")
    return [*found, *_config(config)] if isinstance(config, dict) else found


def listed(value: Any) -> list[Any]:
    """One object is accepted where a list is meant."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _camel_content(content: Any) -> Any:
    if not isinstance(content, dict) or "parts" not in content:
        return content
    parts = [_renamed(part, _PART) if isinstance(part, dict) else part for part in listed(content["parts"])]
    for part in parts:
        if isinstance(at(part, "inlineData"), dict):
            part["inlineData"] = _renamed(part["inlineData"], _INLINE)
    return {**content, "parts": parts}


def _content(content: Any, place: str) -> Iterator[Violation]:
    yield from _strangers(content, _CONTENT, place)
    for number, part in enumerate(listed(at(content, "parts"))):
        yield from _strangers(part, _PART, f"{place}.parts[{number}]")


def _config(config: dict[str, Any]) -> Iterator[Violation]:
    place = "generation_config"
    yield from _strangers(config, _CONFIG, place)
    yield from (_wrong(place, name, config) for name in _FLOATS if not _is_number(config.get(name)))
    yield from (_wrong(place, name, config) for name in _INTEGERS if not _is_integer(config.get(name)))
    thinking, below = config.get("thinkingConfig") or {}, f"{place}.thinking_config"
    if not isinstance(thinking, dict):
        yield _wrong(place, "thinkingConfig", config)
        return
    yield from _strangers(thinking, _THINKING, below)
    if not _is_integer(thinking.get("thinkingBudget")):
        yield _wrong(below, "thinkingBudget", thinking)
    if str(thinking.get("thinkingLevel", "LOW")).upper() not in LEVELS:
        yield _wrong(below, "thinkingLevel", thinking)
    if not isinstance(thinking.get("includeThoughts", False), bool):
        yield _wrong(below, "includeThoughts", thinking)
    yield from _schema(config.get("responseSchema"), f"{place}.response_schema")


def _schema(schema: Any, place: str) -> Iterator[Violation]:
    """Of ``responseSchema``, which is a message of its own, not JSON Schema."""
    if not isinstance(schema, dict):
        return
    yield from _strangers(schema, _SCHEMA, place)
    known = _renamed(schema, _SCHEMA)
    kind = known.get("type", "STRING")
    if isinstance(kind, list):
        yield _unknown("type", place, "Proto field is not repeating, cannot start list.")
    elif str(kind).upper() not in _TYPES:
        yield _wrong(place, "type", known)
    yield from _schema(known.get("items"), f"{place}.items")
    inner = known.get("properties")
    for number, value in enumerate(inner.values() if isinstance(inner, dict) else ()):
        yield from _schema(value, f"{place}.properties[{number}].value")
    for number, value in enumerate(listed(known.get("anyOf"))):
        yield from _schema(value, f"{place}.any_of[{number}]")


def _strangers(message: Any, known: frozenset[str], place: str) -> list[Violation]:
    names = message if isinstance(message, dict) else ()
    return [_unknown(name, place) for name in names if _camel_name(name) not in known]


def _unknown(name: str, place: str, told: str = "Cannot find field.") -> Violation:
    where = f" at '{place}'" if place else ""
    return Violation(place, f'Invalid JSON payload received. Unknown name "{name}"{where}: {told}')


def _wrong(place: str, name: str, message: dict[str, Any]) -> Violation:
    field = f"{place}.{_snake(name)}"
    return Violation(field, f"Invalid value at '{field}': {to_json(message[name]).decode()}")


def _renamed(message: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Names that are not known stay, to be told as they were sent."""
    return {_camel_name(name) if _camel_name(name) in known else name: value for name, value in message.items()}


def _camel_name(name: str) -> str:
    return _SNAKE.sub(lambda match: match[1].upper(), name)


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_integer(value: Any) -> bool:
    return _is_number(value) and (value is None or value == int(value))
