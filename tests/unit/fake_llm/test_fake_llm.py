"""The stand-in must refuse what the real ones refuse, or tests against it prove nothing."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fake_llm import FakeLLM
from fakellm.messages import Asked
from fakellm.replies import compose, passage_of

PASSAGE = "Granite is an igneous rock. It forms from magma that cools slowly. Basalt cools quickly at the surface."
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "entries": {
            "type": "array",
            "maxItems": 2,
            "items": {"type": "object", "properties": {"question": {"type": "string"}, "answer": {"type": "string"}}},
        }
    },
}
PROMPT = f"Ask.\n<passage 0a0a0a0a0a0a>\n{PASSAGE}\n</passage 0a0a0a0a0a0a>"
KEY = {"x-goog-api-key": "k"}
BEARER = {"authorization": "Bearer k"}
GEMINI = "/v1beta/models/gemini-3.5-flash:generateContent"
GROK = "/v1/chat/completions"
QUICK = "grok-4.20-0309-non-reasoning"


@pytest.fixture
async def fake() -> AsyncIterator[FakeLLM]:
    async with FakeLLM() as running:
        yield running


@pytest.fixture
async def http(fake: FakeLLM) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=fake.url, trust_env=False) as client:
        yield client


def _gemini(prompt: str = PROMPT, **config: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": prompt}]}], "generationConfig": config}


def _grok(**changes: Any) -> dict[str, Any]:
    return {"model": "grok-4.3", "messages": [{"role": "user", "content": PROMPT}], **changes}


def _ollama(prompt: str = PROMPT, **changes: Any) -> dict[str, Any]:
    return {"model": "llama3.2", "stream": False, "messages": [{"role": "user", "content": prompt}], **changes}


def _text(answer: httpx.Response) -> str:
    text: str = answer.json()["candidates"][0]["content"]["parts"][-1]["text"]
    return text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({**_gemini(), "temperature": 1}, 'Unknown name "temperature": Cannot find field.'),
        (_gemini(num_ctx=1), "Unknown name \"num_ctx\" at 'generation_config': Cannot find field."),
        ({"contents": [{"role": "assistant", "parts": []}]}, "valid role"),
        (_gemini(responseSchema={"$ref": "#"}, responseMimeType="application/json"), '"$ref"'),
        (_gemini(responseJsonSchema={}), "mime type"),
        ({"contents": []}, "contents is not specified"),
        (_gemini(temperature="hot"), "Invalid value at 'generation_config.temperature'"),
        (_gemini(responseSchema={"type": ["STRING", "NULL"]}, responseMimeType="application/json"), "start list"),
        (_gemini(stopSequences=list("abcdef")), "stop_sequences"),
        (_gemini(thinkingConfig={"foo": 0}), "Unknown name \"foo\" at 'generation_config.thinking_config'"),
        (_gemini(thinkingConfig={"thinkingLevel": "BANANA"}), "thinking_config.thinking_level': \"BANANA\""),
        (_gemini(thinkingConfig={"thinkingBudget": "much"}), "thinking_config.thinking_budget': \"much\""),
        (_gemini(thinkingConfig={"thinkingBudget": 1, "thinkingLevel": "LOW"}), "only set one of thinking budget"),
        (_gemini(responseMimeType="text/html"), "allowed mimetypes are"),
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


async def test_gemini_reads_both_spellings_of_a_name(http: httpx.AsyncClient) -> None:
    body = {**_gemini(), "generation_config": {"max_output_tokens": 2, "thinking_config": {"thinking_budget": 0}}}
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
    assert (await http.post(url, json=_gemini(thinkingConfig=thinking), headers=KEY)).status_code == status


async def test_gemini_names_the_place_of_each_violation_but_the_top_level(http: httpx.AsyncClient) -> None:
    schema = {"properties": {"a": {"type": "STRING"}, "b": {"items": {"const": 1}}}}
    body = {**_gemini(num_ctx=1, responseMimeType="application/json", responseSchema=schema), "temperature": 1}
    error = (await http.post(GEMINI, json=body, headers=KEY)).json()["error"]
    told = error["details"][0]["fieldViolations"]
    places = ["generation_config", "generation_config.response_schema.properties[1].value.items"]
    assert [one.get("field") for one in told] == [None, *places]
    assert [one["description"] for one in told] == error["message"].split("\n")
    assert all(f"at '{place}'" in one["description"] for place, one in zip(places, told[1:], strict=True))


async def test_gemini_writes_a_bare_value_of_an_enum(http: httpx.AsyncClient) -> None:
    body = _gemini(responseMimeType="text/x.enum", responseSchema={"type": "STRING", "enum": ["lava", "magma"]})
    assert _text(await http.post(GEMINI, json=body, headers=KEY)) in {"lava", "magma"}


async def test_gemini_knows_no_cached_content(http: httpx.AsyncClient) -> None:
    answer = await http.post(GEMINI, json={**_gemini(), "cachedContent": "cachedContents/1"}, headers=KEY)
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


async def test_gemini_does_not_know_every_model(http: httpx.AsyncClient) -> None:
    answer = await http.post(GEMINI.replace("3.5-flash", "9-nope"), json=_gemini(), headers=KEY)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


async def test_gemini_without_a_key_is_403_and_with_a_wrong_one_400(http: httpx.AsyncClient) -> None:
    assert (await http.post(GEMINI, json=_gemini())).status_code == 403
    wrong = await http.post(GEMINI, json=_gemini(), headers={"x-goog-api-key": "wrong"})
    assert (wrong.status_code, wrong.json()["error"]["details"][0]["reason"]) == (400, "API_KEY_INVALID")


@pytest.mark.parametrize(("thinking", "tokens"), [({}, 50), ({"thinkingBudget": 0}, None), ({"thinkingBudget": 7}, 7)])
async def test_gemini_thinks_within_its_budget(
    fake: FakeLLM, http: httpx.AsyncClient, thinking: dict[str, int], tokens: int | None
) -> None:
    fake.control({"gemini_thoughts": 50})
    answer = await http.post(GEMINI, json=_gemini(thinkingConfig=thinking), headers=KEY)
    assert answer.json()["usageMetadata"].get("thoughtsTokenCount") == tokens


@pytest.mark.parametrize("asked", [True, False])
async def test_gemini_shows_its_thoughts_where_it_is_asked_to(
    fake: FakeLLM, http: httpx.AsyncClient, asked: bool
) -> None:
    fake.control({"gemini_thoughts": 50})
    answer = await http.post(GEMINI, json=_gemini(thinkingConfig={"includeThoughts": asked}), headers=KEY)
    assert ("thought" in answer.json()["candidates"][0]["content"]["parts"][0]) is asked


async def test_gemini_counts_tokens(http: httpx.AsyncClient) -> None:
    url = "/v1beta/models/gemini-3.5-flash:countTokens"
    answer = await http.post(url, json={"contents": _gemini("x" * 40)["contents"]}, headers=KEY)
    assert answer.json() == {"totalTokens": 10}


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"model": "grok-4.3"}, 422, "missing field `messages`"),
        (_grok(temperature="hot"), 422, "temperature"),
        (_grok(stop=["x"]), 400, "does not support parameter stop"),
        (_grok(presence_penalty=0.5), 400, "does not support parameter presencePenalty"),
        (_grok(model=QUICK, stop=["x"], presence_penalty=0.5), 200, ""),
        (_grok(model=QUICK, stop=list("abcde")), 400, "At most 4 stop sequences"),
        (_grok(model="grok-4", reasoning_effort="low"), 400, "reasoningEffort"),
        (_grok(model="grok-99"), 404, "does not exist"),
        (_grok(messages=[{"role": "bogus", "content": "x"}]), 422, "bogus"),
        (_grok(num_ctx=1), 200, ""),
    ],
    ids=[
        "missing", "mistyped", "stop", "penalty", "not-reasoning", "stops", "effort", "model", "role",
        "unknown-field-is-dropped",
    ],
)  # fmt: skip
async def test_grok_refuses(http: httpx.AsyncClient, body: dict[str, Any], status: int, told: str) -> None:
    answer = await http.post(GROK, json=body, headers=BEARER)
    assert answer.status_code == status
    assert told in answer.text
    assert (answer.headers["content-type"].startswith("text/plain")) == (status == 422)


async def test_grok_knows_no_other_method(http: httpx.AsyncClient) -> None:
    assert (await http.get(GROK, headers=BEARER)).status_code == 405


@pytest.mark.parametrize(
    ("body", "tokens"),
    [(_grok(), 90), (_grok(reasoning_effort="low"), 90), (_grok(reasoning_effort="none"), 0), (_grok(model=QUICK), 0)],
    ids=["usual", "low", "none", "not-reasoning"],
)
async def test_grok_reasons_beside_the_completion(
    fake: FakeLLM, http: httpx.AsyncClient, body: dict[str, Any], tokens: int
) -> None:
    fake.control({"grok_reasoning": 90})
    usage = (await http.post(GROK, json=body, headers=BEARER)).json()["usage"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] == tokens
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] + tokens


@pytest.mark.parametrize(
    ("model", "prompt", "prices"),
    [
        ("grok-4.3", PROMPT, (1.25, 2.5)),
        ("grok-4.7", PROMPT, (2.0, 6.0)),
        ("grok-4.7", "x" * 800_000, (4.0, 12.0)),
        ("grok-build-0.1", PROMPT, (1.0, 2.0)),
        ("grok-4-1-fast-reasoning", PROMPT, (0.2, 0.5)),
    ],
    ids=["4.3", "4.7", "4.7-long", "build", "fast"],
)
async def test_grok_bills_each_model_at_its_price(
    fake: FakeLLM, http: httpx.AsyncClient, model: str, prompt: str, prices: tuple[float, float]
) -> None:
    fake.control({"grok_reasoning": 90})
    body = _grok(model=model, messages=[{"role": "user", "content": prompt}])
    usage = (await http.post(GROK, json=body, headers=BEARER)).json()["usage"]
    dollars = (usage["prompt_tokens"] * prices[0] + (usage["completion_tokens"] + 90) * prices[1]) / 10**6
    assert usage["cost_in_usd_ticks"] == pytest.approx(dollars * 10**10, abs=1)


@pytest.mark.parametrize("usage", [True, False])
async def test_grok_streams_events_when_asked(http: httpx.AsyncClient, usage: bool) -> None:
    body = _grok(stream=True, stream_options={"include_usage": usage})
    answer = await http.post(GROK, json=body, headers=BEARER)
    *events, done, rest = answer.text.split("\n\n")
    last = json.loads(events[-1].removeprefix("data: "))
    assert (done, rest, last["choices"][0]["finish_reason"]) == ("data: [DONE]", "", "stop")
    assert ("usage" in last) is usage


async def test_grok_without_a_key_is_401(http: httpx.AsyncClient) -> None:
    answer = await http.post(GROK, json=_grok())
    assert (answer.status_code, answer.json()["error"]) == (401, "No credentials presented.")


async def test_ollama_streams_unless_told_not_to(http: httpx.AsyncClient) -> None:
    body = _ollama()
    del body["stream"]
    answer = await http.post("/api/chat", json=body)
    rows = [json.loads(row) for row in answer.text.splitlines()]
    assert answer.headers["transfer-encoding"] == "chunked"
    assert [row["done"] for row in rows] == [False] * (len(rows) - 1) + [True]
    assert PASSAGE[:20] in "".join(row["message"]["content"] for row in rows)


async def test_ollama_cuts_silently_past_its_window(http: httpx.AsyncClient) -> None:
    long = "Granite is a rock. " * 1500
    answer = await http.post("/api/chat", json=_ollama(long, options={"num_ctx": 4096}))
    assert answer.json()["prompt_eval_count"] == 4096 - 2046


@pytest.mark.parametrize(
    ("model", "think", "thinks"),
    [
        ("qwen3", {}, True),
        ("qwen3", {"think": "high"}, True),
        ("qwen3", {"think": False}, False),
        ("gpt-oss", {"think": False}, True),
        ("llama3.2", {}, False),
        ("llama3.2", {"think": False}, False),
    ],
)
async def test_ollama_thinks_where_a_model_can_and_is_not_told_otherwise(
    http: httpx.AsyncClient, model: str, think: dict[str, Any], thinks: bool
) -> None:
    answer = (await http.post("/api/chat", json=_ollama(model=model, **think))).json()
    assert bool(answer["message"].get("thinking")) is thinks
    assert answer["eval_count"] == -(-len(answer["message"]["content"]) // 4) + (32 if thinks else 0)


@pytest.mark.parametrize(
    ("prompt", "limit"), [(PROMPT, 20), (PROMPT.replace("Granite", "FAULT:thinking-only Granite"), 200)]
)
async def test_ollama_may_think_until_nothing_is_left(http: httpx.AsyncClient, prompt: str, limit: int) -> None:
    body = _ollama(prompt, model="qwen3", options={"num_predict": limit})
    answer = (await http.post("/api/chat", json=body)).json()
    assert (answer["message"]["content"], answer["done_reason"], answer["eval_count"]) == ("", "length", limit)


async def test_ollama_streams_its_thinking_first(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/chat", json=_ollama(model="qwen3", stream=True))
    rows = [json.loads(row)["message"] for row in answer.text.splitlines()]
    assert [bool(row.get("thinking")) for row in rows] == [True] + [False] * (len(rows) - 1)


async def test_ollama_says_no_more_than_its_window_holds(http: httpx.AsyncClient) -> None:
    long = "Granite is a rock. " * 800
    body = _ollama(long, shift=False, options={"num_ctx": 3810}, format=SCHEMA)
    answer = (await http.post("/api/chat", json=body)).json()
    assert (answer["done_reason"], answer["prompt_eval_count"] + answer["eval_count"]) == ("length", 3810)


async def test_ollama_drops_the_oldest_messages_first(http: httpx.AsyncClient) -> None:
    roles = ("system", "user", "assistant", "user")
    long = [{"role": role, "content": f"{role} {place}. " * 400} for place, role in enumerate(roles)]
    kept = long[0]["content"] + "\n" + long[3]["content"]
    answer = await http.post("/api/chat", json=_ollama(messages=long, options={"num_ctx": 2500}))
    assert answer.json()["prompt_eval_count"] == -(-len(kept) // 4)


@pytest.mark.parametrize(("keep_alive", "reason"), [("10m", "load"), (0, "unload")])
async def test_ollama_without_messages_loads_or_unloads(
    http: httpx.AsyncClient, keep_alive: str | int, reason: str
) -> None:
    answer = await http.post("/api/chat", json=_ollama(messages=[], keep_alive=keep_alive))
    assert answer.json()["done_reason"] == reason


@pytest.mark.parametrize("field", ["truncate", "shift"])
async def test_ollama_refuses_to_cut_when_asked(http: httpx.AsyncClient, field: str) -> None:
    answer = await http.post("/api/chat", json=_ollama("Granite is a rock. " * 1500, **{field: False}))
    assert (answer.status_code, "longer than the context" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (_ollama(model="other"), 404, "model 'other' not found"),
        (_ollama(think=True), 400, "does not support thinking"),
        (_ollama(format="xml"), 400, "invalid format"),
        (_ollama(options={"num_ctx": "many"}), 500, "must be of type integer"),
        (_ollama(options={"stop": "x"}), 500, "must be of type array"),
        ({"messages": []}, 400, "model is required"),
        (_ollama(messages="hi"), 400, "json: cannot unmarshal string"),
        (_ollama(keep_alive="10 apples"), 400, 'time: invalid duration "10 apples"'),
        (_ollama(think="low"), 400, "does not support thinking"),
    ],
    ids=["model", "think", "format", "option", "stop", "no-model", "messages", "duration", "level"],
)
async def test_ollama_refuses(http: httpx.AsyncClient, body: dict[str, Any], status: int, told: str) -> None:
    answer = await http.post("/api/chat", json=body)
    assert answer.status_code == status
    assert told in answer.json()["error"]


async def test_reply_fits_the_schema_and_rests_on_the_passage(http: httpx.AsyncClient) -> None:
    body = _gemini(responseMimeType="application/json", responseJsonSchema=SCHEMA)
    answer = await http.post(GEMINI, json=body, headers=KEY)
    entries = json.loads(_text(answer))["entries"]
    assert len(entries) == 2
    assert all(entry["answer"] in PASSAGE for entry in entries)
    assert len({entry["question"] for entry in entries}) == 2


async def test_same_question_has_the_same_reply(http: httpx.AsyncClient) -> None:
    bodies = [_gemini(), _gemini(), _gemini(PROMPT.replace("0a0a0a0a0a0a", "ffffffffffff"))]
    texts = [_text(await http.post(GEMINI, json=body, headers=KEY)) for body in bodies]
    assert len(set(texts)) == 1


@pytest.mark.parametrize(
    ("url", "body", "headers", "way"),
    [
        (
            GEMINI, _gemini(responseMimeType="application/json"), KEY,
            ("candidates", 0, "content", "parts", 0, "text"),
        ),
        (GROK, _grok(response_format={"type": "json_object"}), BEARER, ("choices", 0, "message", "content")),
        ("/api/chat", _ollama(format="json"), {}, ("message", "content")),
    ],
    ids=["gemini", "grok", "ollama"],
)  # fmt: skip
async def test_json_without_a_schema_is_an_object(
    http: httpx.AsyncClient, url: str, body: dict[str, Any], headers: dict[str, str], way: tuple[str | int, ...]
) -> None:
    found = (await http.post(url, json=body, headers=headers)).json()
    for step in way:
        found = found[step]
    assert PASSAGE[:20] in json.loads(found)["text"]


def test_last_passage_wins_and_its_fence_cannot_be_forged() -> None:
    example = "<passage 111111111111>\nexample\n</passage 111111111111>"
    prompt = f"{example}\n<passage 222222222222>\na </passage 111111111111> b\n</passage 222222222222>"
    assert passage_of(prompt) == "a </passage 111111111111> b"


@pytest.mark.parametrize(
    ("schema", "check"),
    [
        ({"enum": ["a", "b"]}, lambda value: value in {"a", "b"}),
        ({"type": "integer", "minimum": 2, "maximum": 4}, lambda value: value in {2, 3, 4}),
        ({"type": "number", "minimum": 0, "maximum": 1}, lambda value: 0 <= value <= 1),
        ({"type": ["string", "null"], "maxLength": 9}, lambda value: 0 < len(value) <= 9),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, lambda value: isinstance(value, bool)),
        ({"type": "array", "items": {"type": "string"}, "description": "(maxItems: 1)"}, lambda value: len(value) == 1),
        ({"type": "ARRAY", "items": {"type": "STRING"}, "minItems": 5}, lambda value: len(value) == 5),
    ],
    ids=["enum", "integer", "number", "nullable", "any-of", "told-limit", "upper-case"],
)
def test_filler_keeps_to_the_schema(schema: dict[str, Any], check: Any) -> None:
    assert check(json.loads(compose(Asked("m", PROMPT, 1, schema), 0)))


@pytest.mark.parametrize(
    ("provider", "fault", "status", "told"),
    [
        ("gemini", "precondition", 400, "FAILED_PRECONDITION"),
        ("gemini", "forbidden", 403, "PERMISSION_DENIED"),
        ("gemini", "499", 499, "CANCELLED"),
        ("grok", "forbidden", 403, "permission-denied"),
        ("grok", "bad-credentials", 403, "unauthenticated:bad-credentials"),
        ("ollama", "forbidden", 403, "cloud disabled"),
        ("ollama", "499", 499, "request canceled"),
        ("ollama", "memory", 500, "model requires more system memory"),
        ("ollama", "load-timeout", 500, "timed out waiting for llama runner to start"),
        ("ollama", "502", 502, "error"),
        ("ollama", "504", 504, "<title>504"),
        ("ollama", "no-chat", 400, "does not support chat"),
        ("ollama", "error-in-stream", 200, '\n{"error":'),
    ],
)
async def test_rows_of_the_error_tables(
    fake: FakeLLM, http: httpx.AsyncClient, provider: str, fault: str, status: int, told: str
) -> None:
    fake.control({"script": {1: fault}})
    url, body, headers = {
        "gemini": (GEMINI, _gemini(), KEY),
        "grok": (GROK, _grok(), BEARER),
        "ollama": ("/api/chat", _ollama(), {}),
    }[provider]
    answer = await http.post(url, json=body, headers=headers)
    assert (answer.status_code, told in answer.text) == (status, True)


@pytest.mark.parametrize(("wait_s", "told"), [(0.25, "0.25"), (2_000_000, "2000000")])
async def test_waits_are_told_in_digits(fake: FakeLLM, http: httpx.AsyncClient, wait_s: float, told: str) -> None:
    fake.control({"rates": {"429": 1.0}, "retry_after_s": wait_s})
    gemini = (await http.post(GEMINI, json=_gemini(), headers=KEY)).json()["error"]["details"][-1]["retryDelay"]
    grok = (await http.post(GROK, json=_grok(), headers=BEARER)).headers["retry-after"]
    assert (gemini, grok) == (f"{told}s", told)


async def test_ollama_never_tells_how_long_to_wait(fake: FakeLLM, http: httpx.AsyncClient) -> None:
    fake.control({"rates": {"429": 1.0}})
    answer = await http.post("/api/chat", json=_ollama())
    assert (answer.status_code, "retry-after" in answer.headers) == (429, False)


async def test_script_and_rates_and_marker(fake: FakeLLM, http: httpx.AsyncClient) -> None:
    fake.control({"script": {"2": "500"}})
    statuses = [(await http.post(GEMINI, json=_gemini(), headers=KEY)).status_code for _ in range(3)]
    assert statuses == [200, 500, 200]
    marked = PROMPT.replace("Granite", "FAULT:503*1 Granite")
    statuses = [(await http.post(GEMINI, json=_gemini(marked), headers=KEY)).status_code for _ in range(2)]
    assert statuses == [503, 200]
    fake.control({"rates": {"429": 1.0}})
    assert (await http.post(GEMINI, json=_gemini(), headers=KEY)).status_code == 429
    assert fake.stats.faults == {"500": 1, "503": 1, "429": 1}


async def test_rates_follow_the_seed(http: httpx.AsyncClient, fake: FakeLLM) -> None:
    async def statuses() -> list[int]:
        fake.control({"seed": 5, "rates": {"500": 0.5}})
        return [(await http.post(GROK, json=_grok(), headers=BEARER)).status_code for _ in range(20)]

    first = await statuses()
    assert first == await statuses()
    assert set(first) == {200, 500}


@pytest.mark.parametrize("limit", [{"rpm": 2}, {"tpm": 100}], ids=["rpm", "tpm"])
async def test_limits_are_enforced_and_counted(fake: FakeLLM, http: httpx.AsyncClient, limit: dict[str, int]) -> None:
    fake.control({**limit, "window_s": 0.3})
    answers = [await http.post(GEMINI, json=_gemini("x" * 200), headers=KEY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert fake.stats.violations == {f"gemini {next(iter(limit))}": 1}
    await asyncio.sleep(0.3)
    assert (await http.post(GEMINI, json=_gemini("x" * 200), headers=KEY)).status_code == 200


async def test_concurrency_limit_is_enforced_and_counted(fake: FakeLLM, http: httpx.AsyncClient) -> None:
    fake.control({"max_concurrency": 2, "latency_ms": 50})
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(http.post("/api/chat", json=_ollama())) for _ in range(3)]
    assert sorted(call.result().status_code for call in calls) == [200, 200, 503]
    assert fake.stats.violations == {"ollama concurrency": 1}


async def test_latency_is_waited(fake: FakeLLM, http: httpx.AsyncClient) -> None:
    fake.control({"latency_ms": 60})
    began = time.monotonic()
    await http.post("/api/chat", json=_ollama())
    assert time.monotonic() - began >= 0.06


async def test_statistics_tell_repeats(http: httpx.AsyncClient) -> None:
    for body in (_ollama(), _ollama(), _ollama("Other words.")):
        await http.post("/api/chat", json=body)
    stats = (await http.get("/__stats")).json()
    assert sorted(stats["bodies"].values()) == [1, 2]
    assert (stats["chats"], stats["replies"], stats["repeated_bodies"], len(stats["arrivals"])) == (3, 3, 1, 3)
    assert stats["requests"] == {"ollama chat": 3}
    assert stats["tokens"]["input"] > 0


async def test_control_over_http(http: httpx.AsyncClient) -> None:
    assert (await http.post("/__control", json={"latency_ms": 5, "reset": True})).json()["latency_ms"] == 5
    for wrong in ({"nonsense": 1}, {"rates": {"nonsense": 1}}, {"latency": "sometimes"}):
        assert (await http.post("/__control", json=wrong)).status_code == 400


async def test_fast_replies_are_constant_and_small(fake: FakeLLM, http: httpx.AsyncClient) -> None:
    fake.control({"fast": True})
    first = await http.post(GEMINI, json=_gemini(), headers=KEY)
    assert first.content == (await http.post(GEMINI, json=_gemini("other"), headers=KEY)).content
    assert 500 < len(_text(first)) + 100 < 700
    assert len(json.loads(_text(first))["entries"]) == 3


async def test_chunked_request_bodies_are_read(http: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        body = json.dumps(_gemini()).encode()
        yield body[:20]
        yield body[20:]

    assert (await http.post(GEMINI, content=pieces(), headers=KEY)).status_code == 200


async def test_pipelined_requests_are_answered_in_order(fake: FakeLLM) -> None:
    host, _, port = fake.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/version HTTP/1.1\r\n\r\nGET /api/tags HTTP/1.1\r\n\r\n")
    both = await reader.readuntil(b"}]}")
    writer.close()
    assert both.index(b"0.32.7") < both.index(b"llama3.2")


async def test_command_line_prints_its_address(request: pytest.FixtureRequest) -> None:
    script = request.config.rootpath / "scripts" / "fake_llm.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), "--port", "0", "--fault", "500=1", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = json.loads(await process.stdout.readline())["url"]
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.post(f"{url}/api/chat", json=_ollama())).status_code == 500
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
