from typing import Any

from pydantic import BaseModel, Field

from chunksmith.providers import gemini, grok, ollama, schemas

KEYWORDS = schemas.STRUCTURE | {"description"}


class Pair(BaseModel):
    question: str = Field(min_length=1, max_length=300)
    level: int | None = Field(default=None, ge=1, le=5)


class Reply(BaseModel):
    entries: list[Pair] = Field(max_length=3, description="What was found.")


class Node(BaseModel):
    name: str
    children: list["Node"] = Field(default_factory=list)


def _fit(schema: dict[str, Any]) -> dict[str, Any]:
    return schemas.adapted(schema, KEYWORDS)


def test_references_are_resolved_in_place() -> None:
    fitted = _fit(Reply.model_json_schema())
    assert "$defs" not in fitted
    assert set(fitted["properties"]["entries"]["items"]["properties"]) == {"question", "level"}


def test_limits_that_are_not_read_are_told_in_words() -> None:
    entries = _fit(Reply.model_json_schema())["properties"]["entries"]
    assert entries["description"] == "What was found. (maxItems: 3)"
    assert entries["items"]["properties"]["question"]["description"] == "(maxLength: 300, minLength: 1)"


def test_a_definition_that_contains_itself_stays_a_reference() -> None:
    fitted = _fit(Node.model_json_schema())
    assert list(fitted["$defs"]) == ["Node"]
    assert fitted["$defs"]["Node"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
    assert "default" not in str(fitted)


def test_a_schema_that_contains_itself_stays_a_reference() -> None:
    schema = {"type": "object", "properties": {"inner": {"$ref": "#"}}}
    assert _fit(schema)["properties"]["inner"] == {"$ref": "#"}


def test_words_for_the_same_thing_become_one() -> None:
    schema = {
        "oneOf": [{"const": "a"}, {"const": "b"}],
        "discriminator": {"propertyName": "kind"},
    }
    assert _fit(schema) == {"anyOf": [{"enum": ["a"]}, {"enum": ["b"]}]}


def test_all_of_is_merged() -> None:
    schema = {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {}}},
        ],
        "required": ["b"],
    }
    fitted = _fit(schema)
    assert set(fitted["properties"]) == {"a", "b"}
    assert set(fitted["required"]) == {"a", "b"}


def test_a_property_may_be_named_like_a_keyword() -> None:
    schema = {
        "type": "object",
        "properties": {"pattern": {"type": "string", "pattern": "^a$"}, "$ref": {"type": "string"}},
    }
    fitted = _fit(schema)
    assert fitted["properties"] == {
        "pattern": {"type": "string", "description": '(pattern: "^a$")'},
        "$ref": {"type": "string"},
    }


def test_unknown_reference_is_left_for_the_provider_to_refuse() -> None:
    assert _fit({"properties": {"a": {"$ref": "#/$defs/None"}}})["properties"]["a"] == {"$ref": "#/$defs/None"}


def test_the_given_schema_is_not_changed() -> None:
    schema = Reply.model_json_schema()
    before = repr(schema)
    _fit(schema)
    assert repr(schema) == before


def test_what_each_provider_reads_itself() -> None:
    schema = {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 2}
    assert schemas.adapted(schema, gemini.KEYWORDS) == schema
    assert "maxItems" not in schemas.adapted(schema, grok.KEYWORDS)
    assert "minimum" not in schemas.adapted(schema, ollama.KEYWORDS)["items"]
