"""One recorded answer for each outcome of Grok, read without a network."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chunksmith.domain.calls import ChatRequest, ModelRef, ProviderAccount, Usage
from chunksmith.errors import ProviderError
from chunksmith.providers import grok

Ask = Callable[..., ChatRequest]
ACCOUNT = ProviderAccount("grok", (grok.DEFAULT_BASE_URL,), grok.DEFAULT_MODEL, api_key="k")
USAGE = {
    "prompt_tokens": 32,
    "completion_tokens": 9,
    "total_tokens": 135,
    "prompt_tokens_details": {"text_tokens": 32, "cached_tokens": 6},
    "completion_tokens_details": {"reasoning_tokens": 94},
    "cost_in_usd_ticks": 158_501,
}
RATE = "Too many requests for team T and model M. Requests per Minute (actual/limit): 2/2."
POLICY = "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"
TOO_LONG = "This model's maximum prompt length is 131072 but the request contains 200000 tokens."
CREDITS = "Your team T has either used all available credits or reached its monthly spending limit."


def _answer(message: Any, finish: str | None = "stop", usage: Any = USAGE) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"model": "grok-4.3-0801", "choices": [choice], "usage": usage}).encode()


def _flat(code: str, error: str) -> bytes:
    return json.dumps({"code": code, "error": error}).encode()


def test_body_has_no_field_that_reasoning_models_refuse(ask: Ask) -> None:
    body = grok.encode(ask("grok", temperature=0.2, seed=7, sample=1, max_tokens=100), ACCOUNT)
    assert set(body) == {
        "model", "messages", "stream", "temperature", "max_completion_tokens", "seed", "reasoning_effort",
        "response_format",
    }  # fmt: skip
    assert (body["stream"], body["seed"], body["max_completion_tokens"]) == (False, 8, 100)


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("grok-4.3", "low"),
        ("grok-4.7", "low"),
        ("grok-4", None),
        ("grok-4.5", None),
        ("grok-4.20-0309-reasoning", None),
    ],
)
def test_reasoning_effort_only_where_it_is_known(ask: Ask, model: str, effort: str | None) -> None:
    assert grok.encode(ask("grok", model=ModelRef("grok", model)), ACCOUNT).get("reasoning_effort") == effort


def test_limits_that_the_schema_may_not_have_are_told_in_words(ask: Ask) -> None:
    schema = grok.encode(ask("grok"), ACCOUNT)["response_format"]["json_schema"]["schema"]
    assert "maxItems" not in schema["properties"]["entries"]
    assert "maxItems: 2" in schema["properties"]["entries"]["description"]


def test_reasoning_is_billed_beside_completion(ask: Ask) -> None:
    usage = grok.decode(ask("grok"), _answer({"content": "x"})).usage
    assert usage == Usage(input_tokens=32, output_tokens=103, cached_tokens=6, thinking_tokens=94, cost_nano_usd=15_851)


@pytest.mark.parametrize(
    ("usage", "output"),
    [
        ({**USAGE, "total_tokens": 41}, 9),
        ({"prompt_tokens": 32, "completion_tokens": 9}, 9),
        ({"prompt_tokens": 32}, None),
        (None, None),
        ("odd", None),
    ],
    ids=["already-inside", "no-details", "no-completion", "null", "odd"],
)
def test_output_tokens(ask: Ask, usage: Any, output: int | None) -> None:
    assert grok.decode(ask("grok"), _answer({"content": "x"}, usage=usage)).usage.output_tokens == output


def test_cost_is_unknown_without_ticks(ask: Ask) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    assert grok.decode(ask("grok"), _answer({"content": "x"}, usage=usage)).usage.cost_nano_usd is None


@pytest.mark.parametrize(
    ("raw", "finish", "text"),
    [
        (_answer({"content": "x", "refusal": None}), "stop", "x"),
        (_answer({"content": "x"}, "end_turn"), "stop", "x"),
        (_answer({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}), "stop", "ab"),
        (_answer({"content": "x"}, "length"), "length", "x"),
        (_answer({"content": None}, "length"), "length", ""),
        (_answer({"content": None, "refusal": "I cannot."}), "refused", ""),
        (_answer({"content": ""}, "content_filter"), "refused", ""),
        (_answer({"content": None}), "empty", ""),
        (_answer({"content": "x"}, ""), "other", "x"),
        (_answer({"content": "x"}, None), "other", "x"),
        (_answer({"content": "x"}, "tool_calls"), "other", "x"),
        (b'{"choices": []}', "empty", ""),
        (b'{"choices": [7]}', "other", ""),
        (b'{"object": "chat.completion"}', "empty", ""),
    ],
    ids=[
        "stop", "end-turn", "parts", "length", "length-empty", "refusal", "filtered", "null-content", "blank-reason",
        "null-reason", "tools", "no-choices", "odd-choice", "no-list",
    ],
)  # fmt: skip
def test_finish(ask: Ask, raw: bytes, finish: str, text: str) -> None:
    reply = grok.decode(ask("grok"), raw)
    assert (reply.finish, reply.text) == (finish, text)


@pytest.mark.parametrize("raw", [b"", b"[]", b"nonsense", b'{"error": "late"}'], ids=["empty", "list", "text", "error"])
def test_body_that_is_no_answer(ask: Ask, raw: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        grok.decode(ask("grok"), raw)
    assert caught.value.kind == "server"


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (400, _flat("invalid-argument", "Temperature must be between 0 and 2."), "bad_request", "Temperature"),
        (400, _flat("invalid-argument", "Incorrect API key provided: xx***yy. You can obtain"), "auth", "Incorrect"),
        (400, _flat("Client specified an invalid argument", "Model M does not support stop."), "bad_request", "stop"),
        (
            400,
            _flat("invalid-argument", TOO_LONG),
            "context_window",
            "131072",
        ),
        (401, _flat("unauthenticated:no-credentials", "No credentials presented."), "auth", "credentials"),
        (403, _flat("permission-denied", "The key is not allowed to do this"), "auth", "not allowed"),
        (403, _flat("permission-denied", POLICY), "refused", "BIO"),
        (403, _flat("permission-denied", "Your newly created team doesn't have any credits yet."), "quota", "credits"),
        (403, _flat("unauthenticated:bad-credentials", "token"), "auth", "token"),
        (404, _flat("not-found", "The model X does not exist."), "bad_request", "model X"),
        (415, b"", "bad_request", "empty body"),
        (422, b"Failed to deserialize the JSON body: missing field `messages`", "bad_request", "messages"),
        (429, _flat("resource-exhausted", RATE), "rate_limit", "Too many"),
        (429, _flat("resource-exhausted", CREDITS), "quota", "credits"),
        (429, b"", "rate_limit", "empty body"),
        (500, _flat("internal", "oops"), "server", "oops"),
        (502, b"<html><title>Bad Gateway</title>", "server", "Bad Gateway"),
        (503, b"upstream connect error", "server", "upstream"),
        (504, b"", "timeout", "empty"),
        (500, b'[{"code": "internal", "error": "listed"}]', "server", "listed"),
        (400, b'{"error": {"message": "shaped like OpenAI"}}', "bad_request", "OpenAI"),
        (400, b'{"code": "only-a-code"}', "bad_request", "only-a-code"),
        (308, b"", "bad_request", "base_url"),
        (202, b"", "server", "empty"),
    ],
    ids=[
        "invalid", "wrong-key", "parameter", "too-long", "no-key", "no-access", "policy", "no-credits-403", "oauth",
        "no-model", "content-type", "untyped", "rate", "credits", "bare-429", "internal", "html-502", "overload",
        "gateway",
        "in-a-list", "nested", "code-only", "redirect", "deferred",
    ],
)  # fmt: skip
def test_error_rows(status: int, body: bytes, kind: str, told: str) -> None:
    error = grok.classify(status, {}, body)
    assert (error.kind, error.status, error.sent, error.provider) == (kind, status, True, "grok")
    assert told in error.detail


def test_retry_hint_in_milliseconds_is_preferred() -> None:
    headers = {"retry-after-ms": "1500", "retry-after": "9"}
    assert grok.classify(429, headers, _flat("resource-exhausted", RATE)).retry_after_s == 1.5
