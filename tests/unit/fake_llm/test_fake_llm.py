"""The stand-in must refuse what the real ones refuse, or tests against it prove nothing."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic_core import to_json

from api_parts import until
from fake_llm import FakeLLM
from fakellm.messages import Asked, Request
from fakellm.replies import compose, passage_of
from wire_bodies import (
    BEARER,
    GEMINI,
    GROK,
    KEY,
    PASSAGE,
    PROMPT,
    SCHEMA,
    gemini_body,
    gemini_text,
    grok_body,
    ollama_body,
)


async def test_reply_fits_the_schema_and_rests_on_the_passage(http: httpx.AsyncClient) -> None:
    body = gemini_body(responseMimeType="application/json", responseJsonSchema=SCHEMA)
    answer = await http.post(GEMINI, json=body, headers=KEY)
    entries = json.loads(gemini_text(answer))["entries"]
    assert len(entries) == 2
    assert all(entry["answer"] in PASSAGE for entry in entries)
    assert len({entry["question"] for entry in entries}) == 2


async def test_same_question_has_the_same_reply(http: httpx.AsyncClient) -> None:
    bodies = [gemini_body(), gemini_body(), gemini_body(PROMPT.replace("0a0a0a0a0a0a", "ffffffffffff"))]
    texts = [gemini_text(await http.post(GEMINI, json=body, headers=KEY)) for body in bodies]
    assert len(set(texts)) == 1


@pytest.mark.parametrize(
    ("url", "body", "headers", "way"),
    [
        (
            GEMINI, gemini_body(responseMimeType="application/json"), KEY,
            ("candidates", 0, "content", "parts", 0, "text"),
        ),
        (GROK, grok_body(response_format={"type": "json_object"}), BEARER, ("choices", 0, "message", "content")),
        ("/api/chat", ollama_body(format="json"), {}, ("message", "content")),
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
        "gemini": (GEMINI, gemini_body(), KEY),
        "grok": (GROK, grok_body(), BEARER),
        "ollama": ("/api/chat", ollama_body(), {}),
    }[provider]
    answer = await http.post(url, json=body, headers=headers)
    assert (answer.status_code, told in answer.text) == (status, True)


@pytest.mark.parametrize(("wait_s", "told"), [(0.25, "0.25"), (2_000_000, "2000000")])
async def test_waits_are_told_in_digits(fake: FakeLLM, http: httpx.AsyncClient, wait_s: float, told: str) -> None:
    fake.control({"rates": {"429": 1.0}, "retry_after_s": wait_s})
    gemini = (await http.post(GEMINI, json=gemini_body(), headers=KEY)).json()["error"]["details"][-1]["retryDelay"]
    grok = (await http.post(GROK, json=grok_body(), headers=BEARER)).headers["retry-after"]
    assert (gemini, grok) == (f"{told}s", told)


async def test_ollama_never_tells_how_long_to_wait(fake: FakeLLM, http: httpx.AsyncClient) -> None:
    fake.control({"rates": {"429": 1.0}})
    answer = await http.post("/api/chat", json=ollama_body())
    assert (answer.status_code, "retry-after" in answer.headers) == (429, False)


async def test_script_and_rates_and_marker(fake: FakeLLM, http: httpx.AsyncClient) -> None:
    fake.control({"script": {"2": "500"}})
    statuses = [(await http.post(GEMINI, json=gemini_body(), headers=KEY)).status_code for _ in range(3)]
    assert statuses == [200, 500, 200]
    marked = PROMPT.replace("Granite", "FAULT:503*1 Granite")
    statuses = [(await http.post(GEMINI, json=gemini_body(marked), headers=KEY)).status_code for _ in range(2)]
    assert statuses == [503, 200]
    fake.control({"rates": {"429": 1.0}})
    assert (await http.post(GEMINI, json=gemini_body(), headers=KEY)).status_code == 429
    assert fake.stats.faults == {"500": 1, "503": 1, "429": 1}


async def test_rates_follow_the_seed(http: httpx.AsyncClient, fake: FakeLLM) -> None:
    async def statuses() -> list[int]:
        fake.control({"seed": 5, "rates": {"500": 0.5}})
        return [(await http.post(GROK, json=grok_body(), headers=BEARER)).status_code for _ in range(20)]

    first = await statuses()
    assert first == await statuses()
    assert set(first) == {200, 500}


@pytest.mark.parametrize("limit", [{"rpm": 2}, {"tpm": 100}], ids=["rpm", "tpm"])
async def test_limits_are_enforced_and_counted(
    fake: FakeLLM, http: httpx.AsyncClient, now: list[float], limit: dict[str, int]
) -> None:
    fake.control(limit)
    answers = [await http.post(GEMINI, json=gemini_body("x" * 200), headers=KEY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert fake.stats.violations == {f"gemini {next(iter(limit))}": 1}
    now[0] = 60.0
    assert (await http.post(GEMINI, json=gemini_body("x" * 200), headers=KEY)).status_code == 200


async def test_concurrency_limit_is_enforced_and_counted(fake: FakeLLM, http: httpx.AsyncClient) -> None:
    fake.control({"max_concurrency": 2, "hold_from": 1})
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(http.post("/api/chat", json=ollama_body())) for _ in range(3)]
        await until(lambda: fake.held == 3)
        fake.let_go()
    assert sorted(call.result().status_code for call in calls) == [200, 200, 503]
    assert fake.stats.violations == {"ollama concurrency": 1}


def test_latency_delays_a_reply() -> None:
    request = Request("POST", "/api/chat", "", {}, to_json(ollama_body()))
    assert FakeLLM(latency_ms=60).handle(request).delay_s == 0.06


async def test_a_reply_waits_for_its_latency(fake: FakeLLM, http: httpx.AsyncClient) -> None:
    fake.control({"latency_ms": 3_600_000})
    async with asyncio.TaskGroup() as group:
        call = group.create_task(http.post("/api/chat", json=ollama_body()))
        await until(lambda: fake.stats.in_flight["ollama"] == 1)
        await http.get("/__stats")
        assert not call.done()
        call.cancel()


async def test_replies_are_held_until_they_are_let_go(fake: FakeLLM, http: httpx.AsyncClient) -> None:
    fake.control({"hold_from": 2})
    assert (await http.post("/api/chat", json=ollama_body())).status_code == 200
    async with asyncio.TaskGroup() as group:
        held = [group.create_task(http.post("/api/chat", json=ollama_body())) for _ in range(2)]
        await until(lambda: fake.held == 2)
        assert fake.stats.in_flight["ollama"] == 2
        fake.let_go()
        await asyncio.wait(held)
        last = group.create_task(http.post("/api/chat", json=ollama_body()))
        await until(lambda: fake.held == 1)
        assert not last.done()
        await http.post("/__control", json={"hold_from": None})
    assert {call.result().status_code for call in [*held, last]} == {200}


async def test_statistics_tell_repeats(http: httpx.AsyncClient) -> None:
    for body in (ollama_body(), ollama_body(), ollama_body("Other words.")):
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
    first = await http.post(GEMINI, json=gemini_body(), headers=KEY)
    assert first.content == (await http.post(GEMINI, json=gemini_body("other"), headers=KEY)).content
    assert 500 < len(gemini_text(first)) + 100 < 700
    assert len(json.loads(gemini_text(first))["entries"]) == 3


async def test_chunked_request_bodies_are_read(http: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        body = json.dumps(gemini_body()).encode()
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
        assert (await client.post(f"{url}/api/chat", json=ollama_body())).status_code == 500
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
