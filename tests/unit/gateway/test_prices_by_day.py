"""Prices that change on a day: each call costs what it does on the day on which it leaves."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import genai_prices
import pytest
from genai_prices.data_snapshot import DataSnapshot, set_custom_snapshot
from genai_prices.types import ClauseEquals, ConditionalPrice, ModelInfo, ModelPrice, Provider, StartDateConstraint

from chunksmith.domain.calls import Usage
from chunksmith.domain.halts import BudgetExhausted
from chunksmith.gateway.pricing import PriceBook, Rates
from chunksmith.gateway.sizes import prompt_ceiling
from gateway_parts import MODEL, Parts, parts, request
from virtual_clock import VirtualClock

DOUBLES_ON = date(2026, 12, 1)
MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
USAGE = Usage(input_tokens=1000, output_tokens=1000)
# Nano-dollars of USAGE, before the change and from then on.
BEFORE, AFTER = 3_000_000, 6_000_000


def price(factor: int) -> ModelPrice:
    return ModelPrice(input_mtok=Decimal(factor), output_mtok=Decimal(2 * factor), cache_read_mtok=Decimal(factor))


@pytest.fixture(autouse=True)
def list_with_dates() -> Iterator[None]:
    """A price list that doubles the price of the model on a day."""
    dated = [ConditionalPrice(prices=price(1)), ConditionalPrice(StartDateConstraint(DOUBLES_ON), prices=price(2))]
    model = ModelInfo(MODEL.model, ClauseEquals(MODEL.model), prices=dated)
    set_custom_snapshot(DataSnapshot([Provider("x-ai", "X AI", r"api\.x\.ai", models=[model])], False))
    yield
    set_custom_snapshot(None)


def test_a_price_is_that_of_the_present_day() -> None:
    clock = VirtualClock(MIDNIGHT - 1)
    book = PriceBook({}, clock)
    before = book.rates(MODEL)
    clock.seconds = MIDNIGHT
    assert (before, book.rates(MODEL)) == (Rates(*map(Decimal, (1, 2, 1))), Rates(*map(Decimal, (2, 4, 2))))


@pytest.mark.parametrize("tokens", [1000, 200_000])
def test_a_call_costs_what_it_did_on_the_day_it_was_sent(tokens: int) -> None:
    book = PriceBook({}, VirtualClock(MIDNIGHT + 5))
    usage = Usage(input_tokens=tokens, output_tokens=0)
    assert book.cost_nano(MODEL, usage, "2026-11-30T23:59:59.999Z") == tokens * 1000
    assert book.cost_nano(MODEL, usage, "2026-12-01T00:00:00.000Z") == tokens * 2000


def test_the_list_is_looked_into_once_a_model_and_day(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    real = genai_prices.calc_price
    monkeypatch.setattr(genai_prices, "calc_price", lambda *a, **k: (looked.append(k), real(*a, **k))[1])
    clock = VirtualClock(MIDNIGHT - 1)
    book = PriceBook({}, clock)
    book.rates(MODEL)
    once = len(looked)
    for _ in range(100):
        book.cost_nano(MODEL, USAGE)
    clock.seconds += 1
    for _ in range(100):
        book.cost_nano(MODEL, USAGE)
    assert len(looked) == 2 * once


def waiting(**limits: int) -> Parts:
    """One call a minute: the second leaves on the day after the first."""
    made = parts(requests_per_minute=1, rates={}, **limits)
    made.clock.seconds = MIDNIGHT - 10
    made.model.usage = lambda _: (1000, 1000)
    return made


async def ask_two(made: Parts, ceiling: int | None = None) -> list[object]:
    caller = made.caller(max_cost_nano=ceiling)
    asked = [made.gateway.ask(request(str(n)), caller, position=n, stage="generate") for n in range(2)]
    return list(await asyncio.gather(*asked, return_exceptions=True))


async def test_calls_around_midnight_are_charged_by_the_day_they_left_on() -> None:
    made = waiting()
    await made.clock.run(ask_two(made))
    assert list(made.ledger.costs.values()) == [BEFORE, AFTER]
    assert [call.sent_at[:10] for call in made.ledger.calls.values()] == ["2026-11-30", "2026-12-01"]


async def test_a_reply_that_comes_after_midnight_costs_what_it_was_asked_for_at() -> None:
    made = waiting()
    made.model.latency_s = 30
    await made.clock.run(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    assert list(made.ledger.costs.values()) == [BEFORE]


async def test_no_ceiling_is_crossed_by_prices_that_rise_while_a_call_waits() -> None:
    made = waiting()
    highest = 1000 * prompt_ceiling(request("0")) + 2000 * made.model.ceiling
    made.model.usage = lambda _: (prompt_ceiling(request("0")), made.model.ceiling)
    found = await made.clock.run(ask_two(made, ceiling=2 * highest))
    assert (len(made.model.sent), isinstance(found[1], BudgetExhausted)) == (1, True)
    assert "next call may cost" in str(found[1])
    assert (made.ledger.open, made.at_rest()) == ([], True)


async def test_the_ledger_has_the_highest_cost_of_the_day_on_which_a_call_left() -> None:
    made = waiting()
    await made.clock.run(ask_two(made))
    first, second = made.ledger.calls.values()
    assert first.estimate_nano is not None
    assert second.estimate_nano == 2 * first.estimate_nano
