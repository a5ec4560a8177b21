"""The stand-in refuses, thinks and counts as Gemini does."""

from typing import Any

import httpx
import pytest

from fake_llm import FakeLLM
from wire_bodies import GEMINI, KEY, gemini_body, gemini_text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({**gemini_body(), "temperature": 1}, 'Unknown name "temperature": Cannot find field.'),
        (gemini_body(num_ctx=1), "Unknown name \"num_ctx\" at 'generation_config': Cannot find field."),
        ({"contents": [{"role": "assistant", "parts": []}]}, "valid role"),
        (gemini_body(responseSchema={"$ref": "#"}, responseMimeType="application/json"), '"$ref"'),
        (gemini_body(responseJsonSchema={}), "mime type"),
        ({"contents": []}, "contents is not specified"),
        (gemini_body(temperature="hot"), "Invalid value at 'generation_config.temperature'"),
        (gemini_body(responseSchema={"type": ["STRING", "NULL"]}, responseMimeType="application/json"), "start list"),
        (gemini_body(stopSequences=list("abcdef")), "stop_sequences"),
        (gemini_body(thinkingConfig={"foo": 0}), "Unknown name \"foo\" at 'generation_config.thinking_config'"),
        (gemini_body(thinkingConfig={"thinkingLevel": "BANANA"}), "thinking_config.thinking_level': \"BANANA\""),
        (gemini_body(thinkingConfig={"thinkingBudget": "much"}), "thinking_config.thinking_budget': \"much\""),
        (gemini_body(thinkingConfig={"thinkingBudget": 1, "thinkingLevel": "LOW"}), "only set one of thinking budget"),
        (gemini_body(responseMimeType="text/html"), "allowed mimetypes are"),
    ],
    ids=[
        "top-level", "config", "role", "openapi-ref", "mime", "empty", "number", "type-list", "stops", "thinking",
        "level", "budget", "both", "unknown-mime",
    ],
)  # fmt: skip
async def test_gemini_refuses(http: httpx.AsyncClient, body: dict[str, Any], told: str) -> None:
    answer = await http.post(GEMINI, json=body, headers=KEY)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert told in answer.json()["error"]["message"]


async def test_gemini_reads_what_is_inline_in_either_spelling(http: httpx.AsyncClient) -> None:
    for part in (
        {"inlineData": {"mimeType": "application/zip", "data": "eA=="}},
        {"inline_data": {"mime_type": "application/zip", "data": "eA=="}},
    ):
        answer = await http.post(GEMINI, json={"contents": [{"role": "user", "parts": [part]}]}, headers=KEY)
        assert "Unsupported MIME type: application/zip" in answer.json()["error"]["message"]


async def test_gemini_reads_both_spellings_of_a_name(http: httpx.AsyncClient) -> None:
    body = {**gemini_body(), "generation_config": {"max_output_tokens": 2, "thinking_config": {"thinking_budget": 0}}}
    del body["generationConfig"]
    answer = await http.post(GEMINI, json=body, headers=KEY)
    assert answer.json()["candidates"][0]["finishReason"] == "MAX_TOKENS"


@pytest.mark.parametrize(
    ("model", "thinking", "status"),
    [
        ("gemini-4-argon", {"thinkingBudget": 0}, 400),
        ("gemini-4-argon", {"thinkingLevel": "MINIMAL"}, 400),
        ("gemini-4-argon", {"thinkingLevel": "LOW"}, 200),
        ("gemini-3.5-flash", {"thinkingLevel": "MINIMAL"}, 200),
        ("gemini-2.5-flash", {"thinkingLevel": "LOW"}, 400),
        ("gemini-2.5-flash", {"thinkingBudget": 0}, 200),
        ("gemini-2.5-pro", {"thinkingBudget": 0}, 400),
        ("gemini-2.5-pro", {"thinkingBudget": -1}, 200),
    ],
)
async def test_gemini_refuses_the_thinking_that_a_model_has_not(
    http: httpx.AsyncClient, model: str, thinking: dict[str, Any], status: int
) -> None:
    url = GEMINI.replace("gemini-3.5-flash", model)
    assert (await http.post(url, json=gemini_body(thinkingConfig=thinking), headers=KEY)).status_code == status


async def test_gemini_names_the_place_of_each_violation_but_the_top_level(http: httpx.AsyncClient) -> None:
    schema = {"properties": {"a": {"type": "STRING"}, "b": {"items": {"const": 1}}}}
    body = {**gemini_body(num_ctx=1, responseMimeType="application/json", responseSchema=schema), "temperature": 1}
    error = (await http.post(GEMINI, json=body, headers=KEY)).json()["error"]
    told = error["details"][0]["fieldViolations"]
    places = ["generation_config", "generation_config.response_schema.properties[1].value.items"]
    assert [one.get("field") for one in told] == [None, *places]
    assert [one["description"] for one in told] == error["message"].split("\n")
    assert all(f"at '{place}'" in one["description"] for place, one in zip(places, told[1:], strict=True))


async def test_gemini_writes_a_bare_value_of_an_enum(http: httpx.AsyncClient) -> None:
    body = gemini_body(responseMimeType="text/x.enum", responseSchema={"type": "STRING", "enum": ["lava", "magma"]})
    assert gemini_text(await http.post(GEMINI, json=body, headers=KEY)) in {"lava", "magma"}


async def test_gemini_knows_no_cached_content(http: httpx.AsyncClient) -> None:
    answer = await http.post(GEMINI, json={**gemini_body(), "cachedContent": "cachedContents/1"}, headers=KEY)
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


async def test_gemini_does_not_know_every_model(http: httpx.AsyncClient) -> None:
    answer = await http.post(GEMINI.replace("3.5-flash", "9-nope"), json=gemini_body(), headers=KEY)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


async def test_gemini_without_a_key_is_403_and_with_a_wrong_one_400(http: httpx.AsyncClient) -> None:
    assert (await http.post(GEMINI, json=gemini_body())).status_code == 403
    wrong = await http.post(GEMINI, json=gemini_body(), headers={"x-goog-api-key": "wrong"})
    assert (wrong.status_code, wrong.json()["error"]["details"][0]["reason"]) == (400, "API_KEY_INVALID")


@pytest.mark.parametrize(("thinking", "tokens"), [({}, 50), ({"thinkingBudget": 0}, None), ({"thinkingBudget": 7}, 7)])
async def test_gemini_thinks_within_its_budget(
    fake: FakeLLM, http: httpx.AsyncClient, thinking: dict[str, int], tokens: int | None
) -> None:
    fake.control({"gemini_thoughts": 50})
    answer = await http.post(GEMINI, json=gemini_body(thinkingConfig=thinking), headers=KEY)
    assert answer.json()["usageMetadata"].get("thoughtsTokenCount") == tokens


@pytest.mark.parametrize("asked", [True, False])
async def test_gemini_shows_its_thoughts_where_it_is_asked_to(
    fake: FakeLLM, http: httpx.AsyncClient, asked: bool
) -> None:
    fake.control({"gemini_thoughts": 50})
    answer = await http.post(GEMINI, json=gemini_body(thinkingConfig={"includeThoughts": asked}), headers=KEY)
    assert ("thought" in answer.json()["candidates"][0]["content"]["parts"][0]) is asked


async def test_gemini_counts_tokens(http: httpx.AsyncClient) -> None:
    url = "/v1beta/models/gemini-3.5-flash:countTokens"
    answer = await http.post(url, json={"contents": gemini_body("x" * 40)["contents"]}, headers=KEY)
    assert answer.json() == {"totalTokens": 10}
