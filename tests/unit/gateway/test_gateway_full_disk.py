"""A full disk loses no reply that has come, and lets no call leave whose reply could not be kept."""

import asyncio

import pytest

from chunksmith.domain.ledger import NewCall
from chunksmith.errors import ProviderError, StorageError
from gateway_parts import MODEL, Parts, parts, request
from virtual_clock import settle


@pytest.fixture
def made() -> Parts:
    return parts()


async def asked_before_it_filled(made: Parts) -> "asyncio.Future[object]":
    """A call has left, and when its answer is here the disk is full."""
    asked = asyncio.ensure_future(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    await settle()
    made.ledger.full = True
    await made.clock.advance(1.5)
    return asked  # type: ignore[return-value]  # of an answer


async def test_a_reply_is_held_until_it_can_be_written(made: Parts) -> None:
    asked = await asked_before_it_filled(made)
    await made.clock.advance(60)
    assert (asked.done(), made.ledger.replies) == (False, {})
    made.ledger.full = False
    await made.clock.run(asyncio.wait_for(asked, None))
    assert (made.ledger.usable, len(made.model.sent), made.at_rest()) == ({1}, 1, True)


async def test_all_that_is_held_is_written_when_there_is_room(made: Parts) -> None:
    caller = made.caller()
    asked = [
        asyncio.ensure_future(made.gateway.ask(request(f"{n}"), caller, position=n, stage="generate")) for n in range(5)
    ]
    await settle()
    made.ledger.full = True
    await made.clock.advance(20)
    made.ledger.full = False
    await made.clock.advance(6)
    assert [one.done() for one in asked] == [True] * 5
    assert made.ledger.usable == {1, 2, 3, 4, 5}


async def test_a_failure_is_held_until_it_can_be_written(made: Parts) -> None:
    made.model.script = lambda *_: ProviderError("refused", "policy", status=403)
    asked = await asked_before_it_filled(made)
    made.ledger.full = False
    with pytest.raises(ProviderError):
        await made.clock.run(asyncio.wait_for(asked, None))
    assert made.ledger.failures[1].kind == "refused"


async def test_no_call_leaves_while_a_reply_is_held(made: Parts) -> None:
    asked = await asked_before_it_filled(made)
    made.ledger.full = False  # there is room, and the reply has not been tried again yet
    with pytest.raises(StorageError, match="disk is full"):
        await made.gateway.ask(request("another"), made.caller(2), position=0, stage="generate")
    assert (len(made.model.sent), made.ledger.intents) == (1, 1)
    await made.clock.run(asyncio.wait_for(asked, None))
    await made.clock.run(made.gateway.ask(request("another"), made.caller(2), position=0, stage="generate"))


async def test_a_call_whose_intent_was_written_behind_a_reply_that_was_not_does_not_leave() -> None:
    made = parts(max_concurrency=1)
    caller = made.caller()
    answered = made.ledger.answered
    made.ledger.answered = full  # type: ignore[method-assign]
    first, second = (
        asyncio.ensure_future(made.gateway.ask(request(f"{n}"), caller, position=n, stage="generate")) for n in range(2)
    )
    await made.clock.advance(1.5)
    assert (isinstance(second.exception(), StorageError), len(made.model.sent)) == (True, 1)
    made.ledger.answered = answered  # type: ignore[method-assign]
    await made.clock.run(asyncio.wait_for(first, None))
    assert (made.ledger.open, list(made.ledger.calls), made.at_rest()) == ([], [1], True)


async def full(*_: object) -> None:
    raise StorageError("the database cannot be written: database or disk is full")


async def test_an_intent_that_cannot_be_written_is_not_sent_and_costs_nothing(made: Parts) -> None:
    made.ledger.full = True
    caller = made.caller(max_calls=1)
    with pytest.raises(StorageError):
        await made.clock.run(made.gateway.ask(request(), caller, position=0, stage="generate"))
    assert (made.model.sent, made.at_rest(), made.gateway.sender.held_by) == ([], True, None)


async def test_a_full_disk_ends_the_waits_of_the_job_before_a_retry(made: Parts) -> None:
    made.model.script = lambda *_: ProviderError("server", "HTTP 500", status=500)
    caller = made.caller()
    resting = asyncio.ensure_future(made.gateway.ask(request(), caller, position=0, stage="generate"))
    await made.clock.advance(1.1)
    made.ledger.full = True
    asked = asyncio.ensure_future(made.gateway.ask(request("another"), caller, position=1, stage="generate"))
    await settle()
    assert isinstance(asked.exception(), StorageError)
    assert isinstance(resting.exception(), StorageError)


async def test_who_is_cancelled_does_not_wait_for_room(made: Parts) -> None:
    asked = asyncio.ensure_future(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    await settle()
    made.ledger.full = True
    asked.cancel()
    await settle()
    assert asked.cancelled()
    made.ledger.full = False
    await made.clock.advance(60)
    assert made.ledger.open == []


async def test_open_calls_that_nobody_waits_for_are_unknown(made: Parts) -> None:
    lost = await made.ledger.intend(NewCall(b"k", 1, 0, "generate", 1, MODEL, "", 5, 42))
    asked = asyncio.ensure_future(made.gateway.ask(request(), made.caller(1), position=1, stage="generate"))
    await settle()
    await made.gateway.sender.settle(1)
    assert list(made.ledger.failures) == [lost]
    await made.clock.run(asyncio.wait_for(asked, None))


async def test_a_server_that_stops_gives_up_what_is_held(made: Parts) -> None:
    asked = await asked_before_it_filled(made)
    await made.gateway.close()
    await settle()
    assert asked.cancelled()
