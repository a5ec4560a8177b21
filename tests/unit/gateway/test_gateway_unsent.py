"""Calls that were about to leave and certainly did not: they count for nothing, and use up no ceiling."""

import asyncio

import pytest

from chunksmith.domain.halts import BudgetExhausted, PausedByUser
from chunksmith.errors import ProviderError
from gateway_parts import Parts, parts, request
from virtual_clock import settle

REFUSED = ProviderError("connection", "no connection", sent=False)


def ask_many(made: Parts, caller: object, count: int) -> "asyncio.Future[list[object]]":
    asked = (made.gateway.ask(request(str(n)), caller, position=n, stage="generate") for n in range(count))  # type: ignore[arg-type]
    return asyncio.gather(*asked, return_exceptions=True)


async def test_as_many_calls_leave_as_allowed_however_many_did_not() -> None:
    made = parts()
    made.model.script = lambda number, _: REFUSED if number <= 20 else None
    caller = made.caller(max_calls=3)
    found = await made.clock.run(asyncio.wait_for(ask_many(made, caller, 5), None))
    assert sum(isinstance(one, BudgetExhausted) for one in found) == 2
    assert (len(made.ledger.replies), caller.budget._calls, made.at_rest()) == (3, 3, True)


@pytest.mark.parametrize("kind", ["context_window", "auth", "bad_request"])
async def test_what_is_refused_before_it_leaves_leaves_room_for_others(kind: str) -> None:
    made = parts()
    told = ProviderError(kind, "too long", sent=False)  # type: ignore[arg-type]  # by name
    made.model.script = lambda number, _: told if number <= 4 else None
    caller = made.caller(max_calls=1)
    found = await made.clock.run(asyncio.wait_for(ask_many(made, caller, 5), None))
    assert [str(one) for one in found[:4]] == ["too long"] * 4
    assert (len(made.ledger.replies), made.ledger.open) == (1, [])


async def test_a_call_in_flight_that_may_come_back_is_waited_for() -> None:
    made = parts(max_concurrency=2)
    made.model.script = lambda number, _: REFUSED if number == 1 else None
    caller = made.caller(max_calls=1)
    asking = ask_many(made, caller, 2)
    await settle()
    assert (len(made.model.sent), asking.done()) == (1, False)
    found = await made.clock.run(asyncio.wait_for(asking, None))
    assert sum(isinstance(one, BudgetExhausted) for one in found) == 1
    assert [one.unsent for one in made.ledger.failures.values()] == [True]


async def test_a_connection_that_was_lost_afterwards_counts() -> None:
    made = parts()
    made.model.script = lambda *_: ProviderError("connection", "lost")
    caller = made.caller(max_calls=2)
    (found,) = await made.clock.run(asyncio.wait_for(ask_many(made, caller, 1), None))
    assert isinstance(found, BudgetExhausted)
    assert (caller.budget._calls, [one.unsent for one in made.ledger.failures.values()]) == (2, [False, False])


async def test_who_waits_for_a_ceiling_learns_of_a_pause() -> None:
    made = parts(max_concurrency=1)
    caller = made.caller(max_calls=1)
    asking = ask_many(made, caller, 2)
    await settle()
    made.gateway.halt(caller, PausedByUser("paused"))
    made.model.script = lambda *_: REFUSED
    found = await made.clock.run(asyncio.wait_for(asking, None))
    assert [type(one) for one in found] == [PausedByUser, PausedByUser]
    assert (len(made.model.sent), made.at_rest()) == (1, True)
