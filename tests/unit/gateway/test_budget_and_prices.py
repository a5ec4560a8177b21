"""Ceilings: what is reserved, what is given back, when it is worth waiting; and what a call costs."""

import asyncio
from decimal import Decimal

import pytest

from chunksmith.domain.calls import ChatRequest, Message, ModelRef, ProviderAccount, Usage
from chunksmith.domain.halts import BudgetExhausted
from chunksmith.gateway.budget import Budget, usd
from chunksmith.gateway.pricing import PriceBook, Rates
from chunksmith.gateway.sizes import prompt_ceiling
from chunksmith.providers import gemini, grok, registry
from virtual_clock import VirtualClock

GROK, GEMINI, OLLAMA = (
    ModelRef("grok", "grok-4.3"),
    ModelRef("gemini", "gemini-3.5-flash-lite"),
    ModelRef("ollama", "llama3.2"),
)


def budget(max_calls: int | None = None, max_cost_nano: int | None = None) -> Budget:
    return Budget(max_calls, max_cost_nano, calls=0, spent_nano=0)


async def spend(one: Budget, estimate: int | None, cost: int | None = None) -> None:
    async with one.reserve(estimate) as reservation:
        reservation.commit()
        if cost is not None:
            reservation.spent_nano = cost


async def test_what_was_not_sent_is_given_back() -> None:
    one = budget(max_calls=1, max_cost_nano=100)
    async with one.reserve(100):
        pass
    await spend(one, 100)


async def test_what_a_call_did_not_need_is_given_back() -> None:
    one = budget(max_cost_nano=100)
    for _ in range(10):
        await spend(one, 10, cost=1)
    await spend(one, 90, cost=90)
    with pytest.raises(BudgetExhausted):
        await spend(one, 1)


async def test_it_waits_while_calls_in_flight_may_leave_something() -> None:
    one = budget(max_cost_nano=100)
    async with one.reserve(80) as first:
        first.commit()
        waiting = asyncio.ensure_future(spend(one, 50))
        await asyncio.sleep(0)
        assert not waiting.done()
        first.spent_nano = 10
    await waiting


async def test_it_ends_when_the_calls_in_flight_leave_too_little() -> None:
    one = budget(max_cost_nano=100)
    async with one.reserve(80) as first:
        first.commit()
        waiting = asyncio.ensure_future(spend(one, 50))
        await asyncio.sleep(0)
    with pytest.raises(BudgetExhausted, match=r"0\.00000005 USD"):
        await waiting


async def test_a_higher_ceiling_lets_those_go_on_that_wait() -> None:
    one = budget(max_cost_nano=100)
    async with one.reserve(80):
        waiting = asyncio.ensure_future(spend(one, 50))
        await asyncio.sleep(0)
        one.set_ceilings(None, 1000)
        await waiting


async def test_what_was_spent_before_counts() -> None:
    with pytest.raises(BudgetExhausted, match="7 of 7 calls"):
        await spend(Budget(7, None, calls=7, spent_nano=0), 0)
    with pytest.raises(BudgetExhausted):
        await spend(Budget(None, 100, calls=0, spent_nano=95), 10)


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "0.00"),
        (1, "0.000000001"),
        (10**9, "1.00"),
        (1_500_000_000, "1.50"),
        (123_456, "0.000123456"),
        (-5, "-0.000000005"),
    ],
)
def test_money_is_shown_exactly(nano: int, text: str) -> None:
    assert usd(nano) == text


def test_overrides_win_over_the_list_and_the_model_over_the_provider() -> None:
    cheap, dear = (Rates(Decimal(n), Decimal(n), Decimal(n)) for n in (1, 9))
    book = PriceBook({"grok": dear, "grok/grok-4.3": cheap}, VirtualClock())
    assert book.rates(GROK) == cheap
    assert book.rates(ModelRef("grok", "other")) == dear


def test_an_override_may_name_a_model_as_gemini_lists_it() -> None:
    dear = Rates(Decimal(9), Decimal(9), Decimal(9))
    book = PriceBook({"gemini/models/gemini-2.5-flash": dear}, VirtualClock())
    assert book.rates(ModelRef("gemini", "gemini-2.5-flash")) == dear


def test_unknown_is_none_and_local_is_free() -> None:
    book = PriceBook({}, VirtualClock())
    assert book.rates(ModelRef("gemini", "no-such-model")) is None
    assert book.cost_nano(ModelRef("gemini", "no-such-model"), Usage(10, 10)) is None
    assert book.cost_nano(OLLAMA, Usage(None, None)) == 0
    assert book.cost_nano(GROK, Usage(None, 10)) is None


def test_the_providers_own_figure_wins() -> None:
    assert PriceBook({}, VirtualClock()).cost_nano(GROK, Usage(10, 10, cost_nano_usd=77)) == 77


def test_cached_tokens_cost_their_own_price() -> None:
    book = PriceBook({"grok": Rates(Decimal(2), Decimal(10), Decimal("0.5"))}, VirtualClock())
    assert book.cost_nano(GROK, Usage(1000, 100, cached_tokens=400)) == 600 * 2000 + 400 * 500 + 100 * 10_000


@pytest.mark.parametrize("text", ["Granite.", "花岗岩是一种岩石。", "🪨" * 20, "1234567890" * 20, "\x00\x01"])
def test_no_prompt_has_more_tokens_than_are_reserved(text: str) -> None:
    asked = ChatRequest(GROK, (Message("user", text),))
    assert prompt_ceiling(asked) >= len(text.encode())


@pytest.mark.parametrize("max_tokens", [1, 500, 60_000, 100_000])
def test_what_gemini_is_allowed_to_write_is_reserved(max_tokens: int) -> None:
    asked = ChatRequest(GEMINI, (Message("user", "x"),), max_tokens=max_tokens)
    account = ProviderAccount("gemini", ("http://127.0.0.1:1",), GEMINI.model, api_key="k")
    sent = gemini.encode(asked, account)["generationConfig"]["maxOutputTokens"]
    assert gemini.GeminiModel(account).output_ceiling(asked) >= sent > 0


def test_groks_reasoning_is_reserved_beside_the_reply() -> None:
    account = ProviderAccount("grok", ("http://127.0.0.1:1/v1",), GROK.model, api_key="k")
    asked = ChatRequest(GROK, (Message("user", "x"),), max_tokens=500)
    assert grok.GrokModel(account).output_ceiling(asked) == 500 + grok.REASONING_TOKENS_LOW
    older = ChatRequest(ModelRef("grok", "grok-4"), (Message("user", "x"),), max_tokens=500)
    assert grok.GrokModel(account).output_ceiling(older) == 500 + grok.REASONING_TOKENS


def test_every_provider_says_how_much_it_may_write() -> None:
    accounts = {name: ProviderAccount(name, ("http://127.0.0.1:1",), name) for name in ("gemini", "grok", "ollama")}
    for name, model in registry.build(accounts).items():
        asked = ChatRequest(ModelRef(name, "m"), (Message("user", "x"),), max_tokens=100)
        assert model.output_ceiling(asked) >= (0 if name == "builtin" else 100)
