"""The adapters against the fake provider, over real sockets."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chunksmith.domain.calls import ChatRequest, ModelRef, ProviderAccount
from chunksmith.domain.ports import ChatModel
from chunksmith.errors import ProviderError
from chunksmith.providers.gemini import GeminiModel
from chunksmith.providers.grok import GrokModel
from chunksmith.providers.ollama import OllamaModel
from fake_llm import FakeLLM
from fakellm.messages import Request

Account = Callable[..., ProviderAccount]
Ask = Callable[..., ChatRequest]
ADAPTERS: dict[str, Callable[[ProviderAccount], ChatModel]] = {
    "gemini": GeminiModel,
    "grok": GrokModel,
    "ollama": OllamaModel,
}
KEYED = ["gemini", "grok"]


async def _send(provider: str, account: ProviderAccount, request: ChatRequest) -> bytes:
    model = ADAPTERS[provider](account)
    try:
        return await model.send(request)
    finally:
        await model.close()


async def _failure(provider: str, account: ProviderAccount, request: ChatRequest) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await _send(provider, account, request)
    return caught.value


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("provider", ADAPTERS)
async def test_structured_reply_and_usage(
    fake: FakeLLM, account: Account, ask: Ask, provider: str, chunked: bool
) -> None:
    fake.options.chunked = chunked
    model = ADAPTERS[provider](account(provider))
    request = ask(provider, max_tokens=500, temperature=0.3, seed=1)
    reply = model.decode(request, await model.send(request))
    await model.close()
    entries = json.loads(reply.text)["entries"]
    assert (reply.finish, len(entries), reply.prompt_truncated) == ("stop", 2, False)
    assert all(entry["answer"] in request.messages[1].text for entry in entries)
    assert reply.usage.input_tokens
    assert reply.usage.output_tokens
    assert (reply.usage.cost_nano_usd is not None) == (provider == "grok")


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_stored_answer_reads_the_same_later(account: Account, ask: Ask, provider: str) -> None:
    request = ask(provider)
    raw = await _send(provider, account(provider), request)
    first, later = ADAPTERS[provider](account(provider)), ADAPTERS[provider](account(provider))
    assert first.decode(request, raw) == later.decode(request, raw)


@pytest.mark.parametrize("provider", KEYED)
async def test_key_is_in_a_header_and_nowhere_else(fake: FakeLLM, account: Account, ask: Ask, provider: str) -> None:
    chosen = account(provider)
    await _send(provider, chosen, ask(provider))
    seen: Request = fake.stats.seen[-1]
    assert chosen.api_key is not None
    assert sum(chosen.api_key in value for value in seen.headers.values()) == 1
    assert chosen.api_key not in f"{seen.path}?{seen.query}"
    assert chosen.api_key.encode() not in seen.body


@pytest.mark.parametrize("provider", KEYED)
async def test_wrong_key(account: Account, ask: Ask, provider: str) -> None:
    error = await _failure(provider, account(provider, api_key="wrong-secret-key"), ask(provider))
    assert (error.kind, error.status) == ("auth", 400)
    assert "wrong-secret-key" not in error.detail


@pytest.mark.parametrize("provider", KEYED)
async def test_missing_key_is_not_even_sent(fake: FakeLLM, account: Account, ask: Ask, provider: str) -> None:
    error = await _failure(provider, account(provider, api_key=None), ask(provider))
    assert (error.kind, error.sent, fake.stats.chats) == ("auth", False, 0)


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_key_that_the_answer_repeats_is_masked(fake: FakeLLM, account: Account, ask: Ask, provider: str) -> None:
    fake.options.keys = ["another"]
    error = await _failure(provider, account(provider, api_key="hunter2hunter2"), ask(provider))
    assert error.kind == "auth"
    assert "hunter2" not in repr(error.detail)


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_models_are_listed(account: Account, provider: str) -> None:
    model = ADAPTERS[provider](account(provider))
    names = [item.name for item in (await model.offer()).models]
    await model.close()
    expected = {"gemini": "gemini-3.5-flash-lite", "grok": "grok-4.3", "ollama": "llama3.2:latest"}
    assert expected[provider] in names
    assert "gemini-embedding-001" not in names


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_model_that_does_not_exist(account: Account, ask: Ask, provider: str) -> None:
    error = await _failure(provider, account(provider), ask(provider, model=ModelRef(provider, "no/../such model")))
    assert (error.kind, error.status) == ("bad_request", 404)


@pytest.mark.parametrize(
    ("fault", "provider", "kind", "wait_s"),
    [
        ("429", "gemini", "rate_limit", 1.0),
        ("429", "grok", "rate_limit", 1.0),
        ("429", "ollama", "rate_limit", None),
        ("429-no-hint", "gemini", "rate_limit", None),
        ("429-no-hint", "grok", "rate_limit", None),
        ("quota-day", "gemini", "quota", 1.0),
        ("credits", "grok", "quota", None),
        ("credits", "gemini", "quota", None),
        ("context", "gemini", "context_window", None),
        ("context", "grok", "context_window", None),
        ("context", "ollama", "context_window", None),
        ("policy", "grok", "refused", None),
        ("503", "ollama", "rate_limit", None),
        ("503", "gemini", "server", None),
        ("500", "grok", "server", None),
        ("504", "gemini", "timeout", None),
        ("504", "grok", "timeout", None),
        ("504", "ollama", "timeout", None),
        ("load-timeout", "ollama", "server", None),
        ("html-502", "gemini", "server", None),
        ("html-502", "grok", "server", None),
        ("html-502", "ollama", "server", None),
        ("reset", "gemini", "connection", None),
        ("reset-body", "grok", "connection", None),
        ("reset-body", "ollama", "connection", None),
    ],
)
async def test_faults(account: Account, ask: Ask, fault: str, provider: str, kind: str, wait_s: float | None) -> None:
    error = await _failure(provider, account(provider), ask(provider, f"Some text here. FAULT:{fault}"))
    assert (error.kind, error.retry_after_s, error.sent) == (kind, wait_s, True)


@pytest.mark.parametrize(
    ("fault", "provider", "finish"),
    [
        ("truncated", "gemini", "length"),
        ("truncated", "grok", "length"),
        ("truncated", "ollama", "length"),
        ("thinking-only", "gemini", "length"),
        ("blocked", "gemini", "refused"),
        ("safety", "gemini", "refused"),
        ("recitation", "gemini", "refused"),
        ("empty", "gemini", "empty"),
        ("empty", "grok", "empty"),
        ("empty", "ollama", "empty"),
        ("unknown-finish", "gemini", "other"),
        ("unknown-finish", "ollama", "other"),
        ("garbage", "grok", "stop"),
    ],
)
async def test_answers_that_are_not_whole_replies(
    account: Account, ask: Ask, fault: str, provider: str, finish: str
) -> None:
    request = ask(provider, f"Some text that can be cut. FAULT:{fault}")
    raw = await _send(provider, account(provider), request)
    assert ADAPTERS[provider](account(provider)).decode(request, raw).finish == finish


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_body_that_is_not_json_is_kept_and_called_a_server_fault(
    account: Account, ask: Ask, provider: str
) -> None:
    request = ask(provider, "Some text. FAULT:non-json")
    raw = await _send(provider, account(provider), request)
    with pytest.raises(ProviderError) as caught:
        ADAPTERS[provider](account(provider)).decode(request, raw)
    assert caught.value.kind == "server"


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_the_requests_own_time_limit_counts(account: Account, ask: Ask, provider: str) -> None:
    model = ADAPTERS[provider](account(provider))
    await model.send(ask(provider))  # there is a connection, so that nothing but the reply can take long
    with pytest.raises(ProviderError) as caught:
        await model.send(ask(provider, "Some text. FAULT:hang", timeout_s=0.1))
    await model.close()
    assert (caught.value.kind, caught.value.sent) == ("timeout", True)


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_slow_body_is_read_to_its_end(fake: FakeLLM, account: Account, ask: Ask, provider: str) -> None:
    fake.options.drip_ms = 2
    request = ask(provider, "Some text that is long enough. FAULT:drip")
    raw = await _send(provider, account(provider), request)
    assert ADAPTERS[provider](account(provider)).decode(request, raw).finish == "stop"


@pytest.mark.parametrize("provider", ADAPTERS)
@pytest.mark.parametrize("ending", ["", "/", "//"], ids=["plain", "slash", "slashes"])
async def test_base_url_with_slashes(fake: FakeLLM, account: Account, ask: Ask, provider: str, ending: str) -> None:
    assert await _send(provider, account(provider, base_urls=(fake.base_url(provider) + ending,)), ask(provider))


async def test_gemini_base_url_may_carry_its_version(fake: FakeLLM, account: Account, ask: Ask) -> None:
    assert await _send("gemini", account("gemini", base_urls=(f"{fake.url}/v1beta/",)), ask("gemini"))


async def test_gemini_models_are_listed_page_after_page(
    fake: FakeLLM, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fakellm.gemini.MAX_PAGE", 2)
    model = GeminiModel(account("gemini"))
    names = [item.name for item in (await model.offer()).models]
    await model.close()
    assert len(names) == len(set(names)) == 11
    assert fake.stats.requests["gemini GET /v1beta/models"] == 6


async def test_gemini_thinking_is_billed_and_not_shown(fake: FakeLLM, account: Account, ask: Ask) -> None:
    fake.options.gemini_thoughts = 300
    request = ask("gemini", max_tokens=400)
    reply = GeminiModel(account("gemini")).decode(request, await _send("gemini", account("gemini"), request))
    assert reply.finish == "stop"
    assert reply.usage.thinking_tokens == 300
    assert "Let me think" not in reply.text


@pytest.mark.parametrize("provider", ["gemini", "ollama"])
async def test_thinking_that_takes_all_room_asks_for_more(account: Account, ask: Ask, provider: str) -> None:
    chosen = account(provider, num_ctx=16_384)
    request = ask(provider, "Some text. FAULT:thinking-only", max_tokens=400)
    reply = ADAPTERS[provider](chosen).decode(request, await _send(provider, chosen, request))
    assert (reply.finish, reply.text, reply.more_room) == ("length", "", True)
    assert reply.usage.output_tokens == ADAPTERS[provider](chosen).output_ceiling(request)


async def test_ollama_thinking_is_counted_and_not_shown(fake: FakeLLM, account: Account, ask: Ask) -> None:
    fake.options.ollama_thoughts = 300
    request = ask("ollama", model=ModelRef("ollama", "gpt-oss"), max_tokens=400)
    raw = await _send("ollama", account("ollama"), request)
    reply = OllamaModel(account("ollama")).decode(request, raw)
    assert json.loads(raw)["message"]["thinking"]
    assert (reply.finish, len(json.loads(reply.text)["entries"])) == ("stop", 2)
    assert reply.usage.output_tokens == 300 - (-len(reply.text) // 4)


async def test_ollama_thinks_only_where_it_cannot_be_told_not_to(account: Account, ask: Ask) -> None:
    request = ask("ollama", model=ModelRef("ollama", "qwen3"))
    assert b'"thinking"' not in await _send("ollama", account("ollama"), request)


async def test_ollama_thinking_past_the_headroom_is_a_cut_reply(fake: FakeLLM, account: Account, ask: Ask) -> None:
    fake.options.ollama_thoughts = 100_000
    request = ask("ollama", model=ModelRef("ollama", "gpt-oss"), max_tokens=400)
    roomy, narrow = account("ollama", num_ctx=16_384), account("ollama", num_ctx=2048)
    replies = [OllamaModel(one).decode(request, await _send("ollama", one, request)) for one in (roomy, narrow)]
    assert [(reply.finish, reply.text, reply.more_room) for reply in replies] == [
        ("length", "", True),
        ("length", "", False),
    ]


async def test_ollama_leaves_out_think_for_a_model_that_refuses_it(
    account: Account, ask: Ask, fake: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fakellm.ollama.REFUSES_THINK_FALSE", True)
    model = OllamaModel(account("ollama"))
    await model.send(ask("ollama"))
    await model.send(ask("ollama"))
    await model.close()
    assert [b'"think"' in request.body for request in fake.stats.seen] == [True, False, False]


async def test_ollama_refuses_a_prompt_that_cannot_fit_without_sending(
    fake: FakeLLM, account: Account, ask: Ask
) -> None:
    error = await _failure("ollama", account("ollama", num_ctx=2048), ask("ollama", "Many words follow here. " * 500))
    assert (error.kind, error.sent, fake.stats.chats) == ("context_window", False, 0)


async def test_ollama_server_refuses_when_the_models_own_window_is_smaller(
    fake: FakeLLM, account: Account, ask: Ask
) -> None:
    fake.options.ollama_window = 1024
    error = await _failure("ollama", account("ollama"), ask("ollama", "Many words follow here. " * 250))
    assert (error.kind, error.sent) == ("context_window", True)


async def test_ollama_notices_that_an_older_server_cut_the_prompt(fake: FakeLLM, account: Account, ask: Ask) -> None:
    fake.options.ollama_window = 1024
    fake.options.ollama_truncates = True
    request = ask("ollama", "Many words follow here. " * 250)
    raw = await _send("ollama", account("ollama"), request)
    assert OllamaModel(account("ollama")).decode(request, raw).prompt_truncated


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_adapters_satisfy_recursive_and_typed_schemas(account: Account, ask: Ask, provider: str) -> None:
    schema: dict[str, Any] = {
        "$defs": {"node": {"type": "object", "properties": {"name": {"type": "string"}, "children": {"$ref": "#/$defs/list"}}},
                  "list": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
        "type": "object",
        "properties": {"root": {"$ref": "#/$defs/node"}, "kind": {"const": "tree"}},
        "required": ["root", "kind"],
    }  # fmt: skip
    request = ask(provider, reply_schema=schema)
    reply = ADAPTERS[provider](account(provider)).decode(request, await _send(provider, account(provider), request))
    value = json.loads(reply.text)
    assert value["kind"] == "tree"
    assert value["root"]["name"]
