"""The stand-in refuses, cuts and thinks as Ollama does."""

import json
from typing import Any

import httpx
import pytest

from wire_bodies import PASSAGE, PROMPT, SCHEMA, ollama_body


async def test_ollama_streams_unless_told_not_to(http: httpx.AsyncClient) -> None:
    body = ollama_body()
    del body["stream"]
    answer = await http.post("/api/chat", json=body)
    rows = [json.loads(row) for row in answer.text.splitlines()]
    assert answer.headers["transfer-encoding"] == "chunked"
    assert [row["done"] for row in rows] == [False] * (len(rows) - 1) + [True]
    assert PASSAGE[:20] in "".join(row["message"]["content"] for row in rows)


async def test_ollama_cuts_silently_past_its_window(http: httpx.AsyncClient) -> None:
    long = "Granite is a rock. " * 1500
    answer = await http.post("/api/chat", json=ollama_body(long, options={"num_ctx": 4096}))
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
    answer = (await http.post("/api/chat", json=ollama_body(model=model, **think))).json()
    assert bool(answer["message"].get("thinking")) is thinks
    assert answer["eval_count"] == -(-len(answer["message"]["content"]) // 4) + (32 if thinks else 0)


@pytest.mark.parametrize(
    ("prompt", "limit"), [(PROMPT, 20), (PROMPT.replace("Granite", "FAULT:thinking-only Granite"), 200)]
)
async def test_ollama_may_think_until_nothing_is_left(http: httpx.AsyncClient, prompt: str, limit: int) -> None:
    body = ollama_body(prompt, model="qwen3", options={"num_predict": limit})
    answer = (await http.post("/api/chat", json=body)).json()
    assert (answer["message"]["content"], answer["done_reason"], answer["eval_count"]) == ("", "length", limit)


async def test_ollama_streams_its_thinking_first(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/chat", json=ollama_body(model="qwen3", stream=True))
    rows = [json.loads(row)["message"] for row in answer.text.splitlines()]
    assert [bool(row.get("thinking")) for row in rows] == [True] + [False] * (len(rows) - 1)


async def test_ollama_says_no_more_than_its_window_holds(http: httpx.AsyncClient) -> None:
    long = "Granite is a rock. " * 800
    body = ollama_body(long, shift=False, options={"num_ctx": 3810}, format=SCHEMA)
    answer = (await http.post("/api/chat", json=body)).json()
    assert (answer["done_reason"], answer["prompt_eval_count"] + answer["eval_count"]) == ("length", 3810)


async def test_ollama_drops_the_oldest_messages_first(http: httpx.AsyncClient) -> None:
    roles = ("system", "user", "assistant", "user")
    long = [{"role": role, "content": f"{role} {place}. " * 400} for place, role in enumerate(roles)]
    kept = long[0]["content"] + "\n" + long[3]["content"]
    answer = await http.post("/api/chat", json=ollama_body(messages=long, options={"num_ctx": 2500}))
    assert answer.json()["prompt_eval_count"] == -(-len(kept) // 4)


@pytest.mark.parametrize(("keep_alive", "reason"), [("10m", "load"), (0, "unload")])
async def test_ollama_without_messages_loads_or_unloads(
    http: httpx.AsyncClient, keep_alive: str | int, reason: str
) -> None:
    answer = await http.post("/api/chat", json=ollama_body(messages=[], keep_alive=keep_alive))
    assert answer.json()["done_reason"] == reason


@pytest.mark.parametrize("field", ["truncate", "shift"])
async def test_ollama_refuses_to_cut_when_asked(http: httpx.AsyncClient, field: str) -> None:
    answer = await http.post("/api/chat", json=ollama_body("Granite is a rock. " * 1500, **{field: False}))
    assert (answer.status_code, "longer than the context" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (ollama_body(model="other"), 404, "model 'other' not found"),
        (ollama_body(think=True), 400, "does not support thinking"),
        (ollama_body(format="xml"), 400, "invalid format"),
        (ollama_body(options={"num_ctx": "many"}), 500, "must be of type integer"),
        (ollama_body(options={"stop": "x"}), 500, "must be of type array"),
        ({"messages": []}, 400, "model is required"),
        (ollama_body(messages="hi"), 400, "json: cannot unmarshal string"),
        (ollama_body(keep_alive="10 apples"), 400, 'time: invalid duration "10 apples"'),
        (ollama_body(think="low"), 400, "does not support thinking"),
    ],
    ids=["model", "think", "format", "option", "stop", "no-model", "messages", "duration", "level"],
)
async def test_ollama_refuses(http: httpx.AsyncClient, body: dict[str, Any], status: int, told: str) -> None:
    answer = await http.post("/api/chat", json=body)
    assert answer.status_code == status
    assert told in answer.json()["error"]
