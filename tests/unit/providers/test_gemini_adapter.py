"""One recorded answer for each outcome of Gemini, read without a network."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chunksmith.domain.calls import THINKING_HEADROOM_TOKENS, ChatRequest, ModelRef, ProviderAccount, Usage
from chunksmith.errors import ProviderError
from chunksmith.providers import gemini

Ask = Callable[..., ChatRequest]
ACCOUNT = ProviderAccount("gemini", (gemini.DEFAULT_BASE_URL,), gemini.DEFAULT_MODEL, api_key="k")
USAGE = {"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": 7, "totalTokenCount": 22}
RPC = "type.googleapis.com/google.rpc."


def _answer(candidate: dict[str, Any] | None, **more: Any) -> bytes:
    body: dict[str, Any] = {"usageMetadata": USAGE, "modelVersion": "gemini-3.5-flash-lite", **more}
    if candidate is not None:
        body["candidates"] = [candidate]
    return json.dumps(body).encode()


def _saying(*parts: dict[str, Any], finish: str = "STOP") -> bytes:
    return _answer({"content": {"role": "model", "parts": list(parts)}, "finishReason": finish})


def _error(code: int, status: str, message: str, *details: dict[str, Any]) -> bytes:
    return json.dumps(
        {"error": {"code": code, "status": status, "message": message, "details": list(details)}}
    ).encode()


def _quota(period: str, value: str = "20") -> dict[str, Any]:
    violation = {"quotaId": f"GenerateRequests{period}PerProjectPerModel-FreeTier", "quotaValue": value}
    return {"@type": f"{RPC}QuotaFailure", "violations": [violation]}


TOO_LONG = "The input token count (9) exceeds the maximum number of tokens allowed (8)."
BLOCKED = {"category": "HARM_X", "blocked": True}
RETRY = {"@type": f"{RPC}RetryInfo", "retryDelay": "38.5s"}


def test_everything_about_sampling_is_inside_generation_config(ask: Ask) -> None:
    body = gemini.encode(ask("gemini", temperature=0.2, seed=7, sample=2, max_tokens=100), ACCOUNT)
    config = body["generationConfig"]
    assert set(body) == {"contents", "systemInstruction", "generationConfig"}
    assert (config["temperature"], config["seed"]) == (0.2, 9)
    assert config["responseMimeType"] == "application/json"
    assert "entries" in config["responseJsonSchema"]["properties"]


@pytest.mark.parametrize(
    ("model", "thinking", "limit"),
    [
        ("gemini-3.5-flash-lite", {"thinkingLevel": "LOW"}, 100 + THINKING_HEADROOM_TOKENS),
        ("gemini-4-argon", {"thinkingLevel": "LOW"}, 100 + THINKING_HEADROOM_TOKENS),
        ("gemini-2.5-flash", {"thinkingBudget": 0}, 100),
        ("gemini-2.5-pro", None, 100 + THINKING_HEADROOM_TOKENS),
        ("gemma-3-27b-it", None, 100 + THINKING_HEADROOM_TOKENS),
    ],
)
def test_thinking_has_room_beside_the_reply(ask: Ask, model: str, thinking: dict[str, Any] | None, limit: int) -> None:
    config = gemini.encode(ask("gemini", model=ModelRef("gemini", model), max_tokens=100), ACCOUNT)["generationConfig"]
    assert config.get("thinkingConfig") == thinking
    assert config["maxOutputTokens"] == limit


def test_no_limit_is_sent_when_none_is_wanted(ask: Ask) -> None:
    assert "maxOutputTokens" not in gemini.encode(ask("gemini"), ACCOUNT)["generationConfig"]


def test_thoughts_are_not_part_of_the_text(ask: Ask) -> None:
    reply = gemini.decode(ask("gemini"), _saying({"text": "hmm", "thought": True}, {"text": '{"a'}, {"text": '": 1}'}))
    assert (reply.text, reply.finish, reply.model) == ('{"a": 1}', "stop", "gemini-3.5-flash-lite")


def test_output_tokens_are_candidates_and_thoughts(ask: Ask) -> None:
    usage = gemini.decode(ask("gemini"), _saying({"text": "x"})).usage
    assert usage == Usage(input_tokens=10, output_tokens=12, thinking_tokens=7)


@pytest.mark.parametrize(
    ("metadata", "usage"),
    [
        (None, Usage()),
        ({"promptTokenCount": 10, "totalTokenCount": 10}, Usage(10, 0)),
        ({"promptTokenCount": 10}, Usage(10, None)),
        ({"promptTokenCount": 10, "toolUsePromptTokenCount": 3, "thoughtsTokenCount": 4}, Usage(13, 4, None, 4)),
        ({"promptTokenCount": "ten", "cachedContentTokenCount": -1}, Usage()),
        ({"promptTokenCount": 10, "cachedContentTokenCount": 8, "candidatesTokenCount": 1}, Usage(10, 1, 8)),
    ],
    ids=["absent", "nothing-generated", "no-total", "tools", "nonsense", "cached"],
)
def test_unknown_counts_are_none(ask: Ask, metadata: dict[str, Any] | None, usage: Usage) -> None:
    assert (
        gemini.decode(ask("gemini"), json.dumps({"candidates": [], "usageMetadata": metadata}).encode()).usage == usage
    )


@pytest.mark.parametrize(
    ("raw", "finish", "text", "detail"),
    [
        (_answer({"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}), "length", "", "MAX_TOKENS"),
        (_answer({"finishReason": "MAX_TOKENS"}), "length", "", "MAX_TOKENS"),
        (_saying({"text": "half"}, finish="MAX_TOKENS"), "length", "half", "MAX_TOKENS"),
        (_saying({"text": "half"}, finish="CONTINUATION"), "length", "half", "CONTINUATION"),
        (_answer({"finishReason": "SAFETY", "safetyRatings": [BLOCKED]}), "refused", "", "HARM_X"),
        (_answer({"finishReason": "RECITATION"}), "refused", "", "RECITATION"),
        (_answer({"finishReason": "PROHIBITED_CONTENT", "finishMessage": "not this"}), "refused", "", "not this"),
        (_answer(None, promptFeedback={"blockReason": "BLOCKLIST"}), "refused", "", "BLOCKLIST"),
        (_answer(None), "empty", "", "no candidates"),
        (_saying(finish="STOP"), "empty", "", "STOP"),
        (_saying({"text": "x"}, finish="BRAND_NEW"), "other", "x", "BRAND_NEW"),
        (_answer({"finishReason": "MALFORMED_RESPONSE"}), "other", "", "MALFORMED_RESPONSE"),
        (_answer({"content": {"parts": "odd"}}), "other", "", "missing"),
        (b'{"candidates": [null]}', "other", "", "missing"),
        (b'{"candidates": null}', "empty", "", "no candidates"),
        (b"[" + _saying({"text": "x"}) + b"]", "stop", "x", ""),
    ],
    ids=[
        "thinking-ate-it", "no-content", "cut", "continuation", "safety", "recitation", "prohibited", "prompt-blocked",
        "no-candidates", "no-parts", "unknown", "malformed", "odd-parts", "null-candidate", "null-list", "in-a-list",
    ],
)  # fmt: skip
def test_finish(ask: Ask, raw: bytes, finish: str, text: str, detail: str) -> None:
    reply = gemini.decode(ask("gemini"), raw)
    assert (reply.finish, reply.text) == (finish, text)
    assert detail in reply.detail


@pytest.mark.parametrize(
    "raw",
    [b"", b"null", b"[]", b'"text"', b"<html>", b'{"a":', b"\xff\xfe", b"[" * 100_000],
    ids=lambda raw: repr(raw[:8]),
)
def test_body_that_is_no_answer(ask: Ask, raw: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        gemini.decode(ask("gemini"), raw)
    assert caught.value.kind == "server"


def test_lone_surrogates_do_not_lose_a_paid_reply(ask: Ask) -> None:
    raw = b'{"candidates": [{"content": {"parts": [{"text": "a\\ud83db"}]}, "finishReason": "STOP"}]}'
    text = gemini.decode(ask("gemini"), raw).text
    assert text.encode("utf-8").startswith(b"a")


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (400, _error(400, "INVALID_ARGUMENT", 'Unknown name "x": Cannot find field.'), "bad_request", "find"),
        (400, _error(400, "INVALID_ARGUMENT", "API key not valid.", {"reason": "API_KEY_INVALID"}), "auth", "valid"),
        (400, _error(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), "auth", "expired"),
        (400, _error(400, "FAILED_PRECONDITION", "User location is not supported."), "auth", "location"),
        (
            400,
            _error(400, "INVALID_ARGUMENT", TOO_LONG),
            "context_window",
            "(9)",
        ),
        (403, _error(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers"), "auth", "unregistered"),
        (404, _error(404, "NOT_FOUND", "models/X is not found"), "bad_request", "name right"),
        (413, b"", "context_window", "empty body"),
        (429, _error(429, "RESOURCE_EXHAUSTED", "Quota", _quota("PerMinute")), "rate_limit", "Quota"),
        (429, _error(429, "RESOURCE_EXHAUSTED", "Quota", _quota("PerDay"), RETRY), "quota", "midnight"),
        (429, _error(429, "RESOURCE_EXHAUSTED", "Quota", _quota("PerMinute", "0")), "quota", "Quota"),
        (429, _error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), "quota", "depleted"),
        (429, b"", "rate_limit", "empty body"),
        (499, _error(499, "CANCELLED", "gone"), "connection", "gone"),
        (500, _error(500, "INTERNAL", "An internal error"), "server", "internal"),
        (502, b"<html><head><title>502 Bad\n Gateway</title></head></html>", "server", "502 Bad Gateway"),
        (503, _error(503, "UNAVAILABLE", "overloaded"), "server", "overloaded"),
        (504, _error(504, "DEADLINE_EXCEEDED", "too slow"), "timeout", "too slow"),
        (500, b"[" + _error(500, "INTERNAL", "listed") + b"]", "server", "listed"),
        (404, b"<!DOCTYPE html><p>The requested URL was not found", "bad_request", "requested URL"),
        (400, b'{"error": "flat"}', "bad_request", "flat"),
        (400, b'{"error": {"message": 5, "details": "odd"}}', "bad_request", "5"),
        (302, b"", "bad_request", "base_url"),
        (204, b"", "server", "empty"),
        (529, b"", "server", "empty"),
    ],
    ids=[
        "invalid", "key-invalid", "key-expired", "precondition", "too-long", "no-key", "no-model", "too-large",
        "per-minute",
        "per-day", "zero-quota", "credits", "bare-429", "cancelled", "internal", "html-502", "overloaded", "deadline",
        "in-a-list", "html-404", "flat", "odd-types", "redirect", "no-content", "unknown-5xx",
    ],
)  # fmt: skip
def test_error_rows(status: int, body: bytes, kind: str, told: str) -> None:
    error = gemini.classify(status, {}, body)
    assert (error.kind, error.status, error.sent, error.provider) == (kind, status, True, "gemini")
    assert told in error.detail


@pytest.mark.parametrize(
    ("details", "message", "headers", "wait_s"),
    [
        ([RETRY], "", {}, 38.5),
        ([RETRY], "", {"retry-after": "1"}, 38.5),
        ([], "Please retry in 12.25s.", {}, 12.25),
        ([], "", {"retry-after": "4"}, 4.0),
        ([{"retryDelay": "soon"}, {"retryDelay": 5}], "", {}, None),
        ([], "", {}, None),
    ],
    ids=["retry-info", "retry-info-first", "text", "header", "nonsense", "none"],
)
def test_retry_hint(details: list[dict[str, Any]], message: str, headers: dict[str, str], wait_s: float | None) -> None:
    body = _error(429, "RESOURCE_EXHAUSTED", message, *details)
    assert gemini.classify(429, headers, body).retry_after_s == wait_s


def test_key_in_an_error_text_is_masked() -> None:
    body = _error(400, "INVALID_ARGUMENT", "Bad url https://x/?key=AIzaSyA1234567890abcdef and AIzaSyB1234567890abcdef")
    assert "AIza" not in gemini.classify(400, {}, body).detail


@pytest.mark.parametrize(("max_tokens", "more"), [(60_000, True), (65_000, False), (None, False)])
def test_a_cut_reply_says_whether_more_room_can_be_had(ask: Ask, max_tokens: int | None, more: bool) -> None:
    reply = gemini.decode(ask("gemini", max_tokens=max_tokens), _saying({"text": "half"}, finish="MAX_TOKENS"))
    assert (reply.more_room, "smaller chunks" in reply.detail) == (more, not more)
