"""Calls that may leave, and then may not: limits lowered and waits set while their intents are written."""

import asyncio
from collections.abc import Callable

import pytest

from chunksmith.domain.calls import ChatRequest
from chunksmith.domain.clock import parse_time
from chunksmith.domain.halts import AccountClosed, BudgetExhausted, PausedByUser
from chunksmith.errors import ProviderError
from chunksmith.gateway.callers import Caller
from chunksmith.gateway.lanes import Lanes
from chunksmith.gateway.sizes import prompt_ceiling
from gateway_parts import MODEL, PRICES, Parts, most_within, parts, request
from virtual_clock import settle

WRITE_S = 1.0
# The most that a call may cost, at the prices of these tests.
COST = PRICES.ceiling_nano(MODEL, prompt_ceiling(request("0")), 100) or 0


def ask_many(made: Parts, caller: Caller, count: int) -> "list[asyncio.Future[object]]":
    asked = (made.gateway.ask(request(str(n)), caller, position=n, stage="generate") for n in range(count))
    return [asyncio.ensure_future(one) for one in asked]


def lower_the_account(made: Parts, caller: Caller) -> None:
    made.admission.set_limits(3, None, None)


def lower_the_job(made: Parts, caller: Caller) -> None:
    caller.lanes.set_limit(3)


@pytest.mark.parametrize("lower", [lower_the_account, lower_the_job])
async def test_a_limit_lowered_while_calls_are_about_to_leave_holds(lower: Callable[[Parts, Caller], None]) -> None:
    made = parts(write_s=WRITE_S, max_concurrency=10)
    caller = made.caller(lanes=Lanes(10))
    asking = ask_many(made, caller, 12)
    await made.clock.advance(WRITE_S / 2)
    lower(made, caller)
    await made.clock.run(asyncio.wait_for(asyncio.gather(*asking), None))
    assert made.model.most_in_flight == 3
    assert made.at_rest()


@pytest.mark.parametrize("kind", ["rate_limit", "server"])
async def test_a_wait_that_the_provider_asks_for_is_kept_by_calls_about_to_leave(kind: str) -> None:
    made = parts(write_s=WRITE_S)
    told = ProviderError(kind, "slow down", status=503 if kind == "server" else 429, retry_after_s=60)  # type: ignore[arg-type]  # one of two
    made.model.script = lambda number, _: told if number == 1 else None
    first = ask_many(made, made.caller(), 1)
    await made.clock.advance(WRITE_S + 0.9)
    began = made.clock.monotonic()
    others = [
        asyncio.ensure_future(made.gateway.ask(request(f"later {n}"), made.caller(2), position=n, stage="generate"))
        for n in range(5)
    ]
    await made.clock.run(asyncio.wait_for(asyncio.gather(*first, *others), None))
    assert all(at >= began + 60 for at, _ in made.model.sent[1:])


async def test_what_is_held_back_and_halted_was_never_a_call() -> None:
    made = parts(write_s=WRITE_S, max_concurrency=5)
    caller = made.caller(max_calls=9)
    asking = ask_many(made, caller, 5)
    await made.clock.advance(WRITE_S / 2)
    made.admission.set_limits(1, None, None)
    await made.clock.advance(WRITE_S)
    made.gateway.halt(caller, PausedByUser("paused"))
    await made.clock.run(asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), None))
    assert (len(made.model.sent), len(made.ledger.calls)) == (1, 1)
    assert (made.ledger.open, made.at_rest()) == ([], True)


async def test_what_is_held_back_is_in_the_ledger_with_the_time_of_sending() -> None:
    made = parts(write_s=WRITE_S, max_concurrency=3)
    asking = ask_many(made, made.caller(), 3)
    await made.clock.advance(WRITE_S / 2)
    made.admission.set_limits(1, None, None)
    await made.clock.run(asyncio.wait_for(asyncio.gather(*asking), None))
    written = sorted(parse_time(call.sent_at) for call in made.ledger.calls.values())
    assert written == pytest.approx([at - WRITE_S for at, _ in made.model.sent], abs=0.01)


@pytest.mark.parametrize("ceiling", [{"max_calls": 2}, {"max_cost_nano": 2 * COST}], ids=["calls", "money"])
async def test_a_ceiling_lowered_while_calls_are_about_to_leave_holds(ceiling: dict[str, int]) -> None:
    made = parts(write_s=WRITE_S, max_concurrency=10)
    made.model.usage = lambda _: (COST - 200, 100)
    caller = made.caller(**dict.fromkeys(ceiling, 100 * COST))
    asking = ask_many(made, caller, 10)
    await made.clock.advance(WRITE_S / 2)
    caller.budget.set_ceilings(ceiling.get("max_calls"), ceiling.get("max_cost_nano"))
    ended = asyncio.gather(*asking, return_exceptions=True)
    found = await made.clock.run(asyncio.wait_for(ended, None))
    assert (len(made.model.sent), sum(isinstance(one, BudgetExhausted) for one in found)) == (2, 8)
    assert (len(made.ledger.calls), made.at_rest()) == (2, True)


async def test_what_is_held_back_for_more_than_a_minute_counts_in_the_minute_in_which_it_leaves() -> None:
    made = parts(write_s=WRITE_S, requests_per_minute=6)
    told = ProviderError("server", "not now", status=503, retry_after_s=90)
    made.model.script = lambda number, _: told if number == 1 else None
    first = ask_many(made, made.caller(), 1)
    await made.clock.advance(WRITE_S + 0.9)
    others = ask_many(made, made.caller(2), 20)[1:]
    await made.clock.run(asyncio.wait_for(asyncio.gather(*first, *others), None))
    assert most_within([at for at, _ in made.model.sent], 60) <= 6


def poisoned(text: str) -> Callable[[int, ChatRequest], ProviderError | None]:
    down = ProviderError("server", "HTTP 503", status=503)
    return lambda _, asked: down if asked.messages[0].text == text else None


async def test_one_request_that_never_succeeds_does_not_stop_those_after_it() -> None:
    made = parts(attempts=3, give_up_after_s=900)
    made.model.script = poisoned("0")
    caller = made.caller()
    began = made.clock.monotonic()
    with pytest.raises(ProviderError, match="503"):
        await made.clock.run(made.gateway.ask(request("0"), caller, position=0, stage="generate"))
    assert 900 <= made.clock.monotonic() - began < 1200
    await made.clock.run(made.gateway.ask(request("1"), caller, position=1, stage="generate"))
    assert made.at_rest()


async def test_in_an_outage_one_request_at_a_time_gives_up_one_request_at_most() -> None:
    made = parts(attempts=3, give_up_after_s=900)
    made.model.script = lambda *_: ProviderError("server", "HTTP 503", status=503)
    caller = made.caller()
    with pytest.raises(ProviderError):
        await made.clock.run(made.gateway.ask(request("0"), caller, position=0, stage="generate"))
    with pytest.raises(AccountClosed):
        await made.clock.run(made.gateway.ask(request("1"), caller, position=1, stage="generate"))


async def test_who_is_not_reached_is_down_for_everybody() -> None:
    made = parts(attempts=3, give_up_after_s=900)
    made.model.script = lambda *_: ProviderError("connection", "no connection", sent=False)
    with pytest.raises(AccountClosed):
        await made.clock.run(made.gateway.ask(request("0"), made.caller(), position=0, stage="generate"))


async def test_a_wait_for_another_try_shows_when_nothing_else_moves() -> None:
    made = parts()
    made.model.script = lambda number, _: ProviderError("server", "HTTP 500", status=500) if number <= 2 else None
    asking = ask_many(made, made.caller(), 1)
    assert made.gateway.resting(1) is None
    await made.clock.advance(made.model.latency_s + 0.1)
    rest = made.gateway.resting(1)
    assert rest is not None
    assert (rest.detail, rest.until > made.clock.monotonic()) == ("HTTP 500", True)
    other = asyncio.ensure_future(made.gateway.ask(request("other"), made.caller(), position=1, stage="generate"))
    await settle()
    assert made.gateway.resting(1) is None
    assert made.gateway.sender.moves(1)
    await made.clock.run(asyncio.wait_for(asyncio.gather(*asking, other), None))
    assert made.gateway.resting(1) is None
