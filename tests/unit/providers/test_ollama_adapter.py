"""One recorded answer for each outcome of Ollama, read without a network."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chunksmith.domain.calls import THINKING_HEADROOM_TOKENS, ChatRequest, Message, ModelRef, ProviderAccount, Usage
from chunksmith.domain.tokens import estimate_tokens
from chunksmith.errors import ProviderError
from chunksmith.providers import ollama

Ask = Callable[..., ChatRequest]
ACCOUNT = ProviderAccount("ollama", (ollama.DEFAULT_BASE_URL,), ollama.DEFAULT_MODEL, num_ctx=4096)
LONG = "The quick brown fox jumps over the lazy dog. " * 180  # about 2,000 tokens


def _answer(text: str = "x", **changes: Any) -> bytes:
    body = {
        "model": "llama3.2",
        "message": {"role": "assistant", "content": text},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 26,
        "eval_count": 298,
    }
    return json.dumps({**body, **changes}).encode()


def _error(text: str) -> bytes:
    return json.dumps({"error": text}).encode()


def test_nothing_about_sampling_is_outside_options(ask: Ask) -> None:
    body = ollama.encode(ask("ollama", temperature=0.2, seed=7, sample=1, max_tokens=100), ACCOUNT)
    assert body["options"] == {"num_ctx": 4096, "num_predict": 100, "temperature": 0.2, "seed": 8}
    assert (body["stream"], body["truncate"], body["shift"], body["keep_alive"]) == (False, False, False, "10m")


@pytest.mark.parametrize(
    ("given", "sent"), [("10m", "10m"), ("-1", -1), ("300", 300)], ids=["duration", "ever", "seconds"]
)
def test_keep_alive_forms(ask: Ask, given: str, sent: object) -> None:
    account = ProviderAccount("ollama", ("http://unused",), "m", keep_alive=given)
    assert ollama.encode(ask("ollama"), account)["keep_alive"] == sent


def test_every_request_asks_for_the_same_window(ask: Ask) -> None:
    sizes = {ollama.encode(ask("ollama", text), ACCOUNT)["options"]["num_ctx"] for text in ("short", LONG)}
    assert sizes == {4096}


def test_schema_is_shown_at_the_end_of_the_system_message(ask: Ask) -> None:
    body = ollama.encode(ask("ollama"), ACCOUNT)
    system, user = body["messages"]
    assert system["content"].startswith("You write questions.")
    assert '"entries"' in system["content"]
    assert '"entries"' not in user["content"]
    assert body["format"]["properties"]["entries"]["maxItems"] == 2


def test_schema_makes_a_system_message_when_there_is_none(ask: Ask) -> None:
    body = ollama.encode(ask("ollama", messages=(Message("user", "hi"),)), ACCOUNT)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


def test_reply_never_reaches_past_the_window(ask: Ask) -> None:
    request = ask("ollama", LONG, max_tokens=4000)
    body = ollama.encode(request, ACCOUNT)
    prompt = sum(estimate_tokens(message["content"]) for message in body["messages"])
    assert 1000 < body["options"]["num_predict"] <= 4096 - prompt


@pytest.mark.parametrize(
    ("model", "think", "sent"),
    [("llama3.2", True, False), ("gpt-oss:20b", True, "low"), ("me/gpt-oss", True, "low"), ("llama3.2", False, None)],
    ids=["off", "levels-only", "levels-only-namespaced", "unsupported"],
)
def test_thinking_is_off_where_it_can_be(ask: Ask, model: str, think: bool, sent: object) -> None:
    body = ollama.encode(ask("ollama", model=ModelRef("ollama", model)), ACCOUNT, think)
    assert body.get("think") == sent


def test_prompt_that_cannot_fit_is_refused_before_it_is_sent(ask: Ask) -> None:
    with pytest.raises(ProviderError) as caught:
        ollama.check_fits(ask("ollama", LONG * 2), ACCOUNT)
    assert (caught.value.kind, caught.value.sent) == ("context_window", False)


def test_prompt_that_fits_passes(ask: Ask) -> None:
    ollama.check_fits(ask("ollama", LONG, max_tokens=8000), ACCOUNT)


@pytest.mark.parametrize(
    ("raw", "finish", "text"),
    [
        (_answer(), "stop", "x"),
        (_answer(done_reason=None), "stop", "x"),
        (_answer(done_reason="length"), "length", "x"),
        (_answer("  "), "empty", "  "),
        (_answer("", done_reason="load"), "other", ""),
        (_answer(done=False, done_reason=None), "other", "x"),
        (_answer(message=None), "empty", ""),
        (_answer(message={"content": "x", "thinking": "hmm"}), "stop", "x"),
        (_answer(message={"content": "", "thinking": "hmm"}, done_reason="length"), "length", ""),
        (_answer(message={"content": "", "thinking": "hmm"}), "empty", ""),
        (_answer("a", done=False, done_reason=None) + b"\n" + _answer("b"), "stop", "ab"),
        (_answer(message={"content": "", "thinking": "hmm"}, done=False) + b"\n" + _answer("b"), "stop", "b"),
    ],
    ids=[
        "stop", "old-server", "length", "blank", "load", "not-done", "no-message", "thinking", "thought-until-cut",
        "thought-alone", "stream", "thinking-stream",
    ],
)  # fmt: skip
def test_finish(ask: Ask, raw: bytes, finish: str, text: str) -> None:
    reply = ollama.decode(ask("ollama"), raw, 4096)
    assert (reply.finish, reply.text) == (finish, text)


def test_usage_leaves_unknown_counts_open(ask: Ask) -> None:
    assert ollama.decode(ask("ollama"), _answer(), 4096).usage == Usage(input_tokens=26, output_tokens=298)
    assert ollama.decode(ask("ollama"), _answer(eval_count=None), 4096).usage.output_tokens is None


@pytest.mark.parametrize(
    ("seen", "num_ctx", "cut"),
    [
        (2200, 4096, False),
        (2050, 4096, False),
        (1026, 2048, True),
        (1026, 16_384, True),
        (None, 4096, False),
        (3000, 4096, False),
    ],
    ids=["as-estimated", "just-half-by-chance", "half-window", "models-own-window", "not-told", "more"],
)
def test_cut_prompt_is_noticed(ask: Ask, seen: int | None, num_ctx: int, cut: bool) -> None:
    raw = _answer(prompt_eval_count=seen)
    assert ollama.decode(ask("ollama", LONG), raw, num_ctx).prompt_truncated is cut


def test_cut_to_half_the_window_is_noticed_when_the_estimate_was_low(ask: Ask) -> None:
    request = ask("ollama", LONG[:7200])  # about 1,900 tokens by estimate
    raw = _answer(prompt_eval_count=1282)
    assert ollama.decode(request, raw, 2560).prompt_truncated
    assert not ollama.decode(request, raw, 4096).prompt_truncated


def test_short_prompt_is_never_called_cut(ask: Ask) -> None:
    assert not ollama.decode(ask("ollama", "short"), _answer(prompt_eval_count=3), 4096).prompt_truncated


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"message": {}}\nnonsense',
        _error("unexpected EOF"),
        _answer(done=False) + b"\n" + _error("died"),
    ],
    ids=["empty", "list", "text", "half-stream", "error", "error-in-stream"],
)
def test_body_that_is_no_answer(ask: Ask, raw: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        ollama.decode(ask("ollama"), raw, 4096)
    assert caught.value.kind == "server"


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (400, _error("missing request body"), "bad_request", "missing"),
        (400, _error('"llama3.2" does not support thinking'), "bad_request", "thinking"),
        (400, _error("the prompt is longer than the context length currently available"), "context_window", "longer"),
        (500, _error("the request exceeds the available context size, try increasing it"), "context_window", "exceeds"),
        (404, _error("model 'X' not found"), "bad_request", "ollama pull"),
        (404, b"404 page not found", "bad_request", "page not found"),
        (401, _error("unauthorized"), "auth", "unauthorized"),
        (403, _error("cloud disabled"), "auth", "cloud"),
        (429, b"", "rate_limit", "empty body"),
        (499, _error("request canceled"), "connection", "canceled"),
        (500, _error("llama runner process has terminated: exit status 2"), "server", "terminated"),
        (500, _error("model requires more system memory (9 GiB) than is available (4 GiB)"), "bad_request", "memory"),
        (500, _error("timed out waiting for llama runner to start"), "server", "timed out"),
        (500, _error('option "num_ctx" must be of type integer'), "bad_request", "integer"),
        (502, b"<html><title>Bad Gateway</title>", "server", "Bad Gateway"),
        (503, _error("server busy, please try again.  maximum pending requests exceeded"), "rate_limit", "busy"),
        (503, b"", "server", "empty body"),
        (504, b"", "timeout", "empty body"),
        (400, b'{"error": {"message": "shaped like OpenAI"}}', "bad_request", "OpenAI"),
        (500, b'[{"error": "listed"}]', "server", "listed"),
        (301, b"", "bad_request", "base_url"),
    ],
    ids=[
        "no-body", "no-thinking", "too-long", "too-long-runner", "not-pulled", "wrong-path", "unauthorized",
        "cloud-off", "cloud-rate", "canceled", "runner-died", "memory", "load-timeout", "option-type",
        "cloud-unreachable",
        "queue-full",
        "bare-503", "gateway-timeout", "nested", "in-a-list", "redirect",
    ],
)  # fmt: skip
def test_error_rows(status: int, body: bytes, kind: str, told: str) -> None:
    error = ollama.classify(status, {}, body)
    assert (error.kind, error.status, error.sent, error.provider) == (kind, status, True, "ollama")
    assert told in error.detail


@pytest.mark.parametrize(("max_tokens", "more"), [(500, True), (4096, False), (None, False)])
def test_a_cut_reply_says_whether_more_room_can_be_had(ask: Ask, max_tokens: int | None, more: bool) -> None:
    reply = ollama.decode(ask("ollama", max_tokens=max_tokens), _answer(done_reason="length"), 4096)
    assert (reply.more_room, "smaller chunks" in reply.detail) == (more, not more)


def test_thinking_that_cannot_be_off_has_room_of_its_own(ask: Ask) -> None:
    asked = ask("ollama", model=ModelRef("ollama", "gpt-oss:20b"), max_tokens=500)
    account = replace(ACCOUNT, num_ctx=16_384)
    sent = ollama.encode(asked, account)["options"]["num_predict"]
    assert sent == ollama.OllamaModel(account).output_ceiling(asked) == 500 + THINKING_HEADROOM_TOKENS


def test_room_for_thinking_ends_with_the_window(ask: Ask) -> None:
    asked = ask("ollama", model=ModelRef("ollama", "gpt-oss:20b"), max_tokens=500)
    assert 500 < ollama.encode(asked, replace(ACCOUNT, num_ctx=2048))["options"]["num_predict"] < 2048
