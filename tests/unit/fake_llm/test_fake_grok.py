"""The stand-in refuses, reasons and bills as Grok does."""

import json
from typing import Any

import httpx
import pytest

from fake_llm import FakeLLM
from wire_bodies import BEARER, GROK, PROMPT, QUICK, grok_body


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"model": "grok-4.3"}, 422, "missing field `messages`"),
        (grok_body(temperature="hot"), 422, "temperature"),
        (grok_body(stop=["x"]), 400, "does not support parameter stop"),
        (grok_body(presence_penalty=0.5), 400, "does not support parameter presencePenalty"),
        (grok_body(model=QUICK, stop=["x"], presence_penalty=0.5), 200, ""),
        (grok_body(model=QUICK, stop=list("abcde")), 400, "At most 4 stop sequences"),
        (grok_body(model="grok-4", reasoning_effort="low"), 400, "reasoningEffort"),
        (grok_body(model="grok-99"), 404, "does not exist"),
        (grok_body(messages=[{"role": "bogus", "content": "x"}]), 422, "bogus"),
        (grok_body(num_ctx=1), 200, ""),
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
    [
        (grok_body(), 90),
        (grok_body(reasoning_effort="low"), 90),
        (grok_body(reasoning_effort="none"), 0),
        (grok_body(model=QUICK), 0),
    ],
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
    body = grok_body(model=model, messages=[{"role": "user", "content": prompt}])
    usage = (await http.post(GROK, json=body, headers=BEARER)).json()["usage"]
    dollars = (usage["prompt_tokens"] * prices[0] + (usage["completion_tokens"] + 90) * prices[1]) / 10**6
    assert usage["cost_in_usd_ticks"] == pytest.approx(dollars * 10**10, abs=1)


@pytest.mark.parametrize("usage", [True, False])
async def test_grok_streams_events_when_asked(http: httpx.AsyncClient, usage: bool) -> None:
    body = grok_body(stream=True, stream_options={"include_usage": usage})
    answer = await http.post(GROK, json=body, headers=BEARER)
    *events, done, rest = answer.text.split("\n\n")
    last = json.loads(events[-1].removeprefix("data: "))
    assert (done, rest, last["choices"][0]["finish_reason"]) == ("data: [DONE]", "", "stop")
    assert ("usage" in last) is usage


async def test_grok_without_a_key_is_401(http: httpx.AsyncClient) -> None:
    answer = await http.post(GROK, json=grok_body())
    assert (answer.status_code, answer.json()["error"]) == (401, "No credentials presented.")
