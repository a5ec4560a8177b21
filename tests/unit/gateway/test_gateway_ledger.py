"""Every call is in the ledger before it is sent, its reply before it is read, and none is paid for twice."""

import asyncio

import pytest

from chunksmith.domain.halts import CallsStopped, PausedByUser
from chunksmith.errors import ProviderError
from chunksmith.gateway.callers import Answer
from gateway_parts import Parts, parts, request
from virtual_clock import settle


@pytest.fixture
def made() -> Parts:
    return parts()


async def test_intent_before_sending_and_reply_before_reading(made: Parts) -> None:
    await made.clock.run(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    assert made.model.events == ["intent", "sent", "decoded", "reply kept"]


async def test_the_next_call_leaves_when_the_reply_before_it_is_durable_and_no_later() -> None:
    made = parts(write_s=0.5, max_concurrency=1)
    caller = made.caller()
    asked = [made.gateway.ask(request(f"{n}"), caller, position=n, stage="generate") for n in range(2)]
    await made.clock.run(asyncio.gather(*asked))
    order = [event for event in made.model.events if event in ("sent", "reply kept")]
    assert order == ["sent", "reply kept", "sent", "reply kept"]
    first, second = (at for at, _ in made.model.sent)
    assert second - first == 1.5  # the call, and one write in which the reply and the next intent go down together


async def test_a_reply_counts_as_on_its_way_until_it_is_durable() -> None:
    made = parts(write_s=0.5)
    asked = asyncio.ensure_future(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    await made.clock.advance(1.6)  # intent 0.5, call 1.0: the reply is here and not in the ledger
    assert (made.admission.in_flight, made.gateway.sender.sending) == (0, 1)
    await made.clock.run(asyncio.wait_for(asked, None))
    assert made.at_rest()


async def test_a_reply_that_cannot_be_decoded_is_kept_and_counted(made: Parts) -> None:
    made.model.script = lambda number, _: "broken" if number == 1 else None
    await made.clock.run(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    assert b"broken" in made.ledger.replies[1]
    assert made.ledger.failures[1].maybe_billed
    assert made.ledger.usable == {2}


async def test_the_same_request_is_answered_from_the_ledger_for_another_job(made: Parts) -> None:
    first = await made.clock.run(made.gateway.ask(request(), made.caller(1), position=0, stage="generate"))
    second = await made.clock.run(made.gateway.ask(request(), made.caller(2), position=9, stage="generate"))
    assert (first.reused, second.reused, second.call_id) == (False, True, first.call_id)
    assert len(made.model.sent) == made.ledger.reused == 1


async def test_who_only_reads_what_is_stored_gets_the_newest_reply_and_no_call(made: Parts) -> None:
    await made.clock.run(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    made.ledger.usable.clear()
    caller = made.caller(stored_only=True)
    answer = await made.clock.run(made.gateway.ask(request(), caller, position=0, stage="generate"))
    assert (answer.call_id, answer.reused, len(made.model.sent)) == (1, True, 1)


async def test_who_only_reads_what_is_stored_learns_that_nothing_is(made: Parts) -> None:
    caller = made.caller(stored_only=True)
    with pytest.raises(ProviderError, match="repair") as raised:
        await made.clock.run(made.gateway.ask(request(), caller, position=0, stage="repair"))
    assert (raised.value.kind, made.model.sent) == ("no_stored_reply", [])


async def test_without_reuse_another_job_asks_again(made: Parts) -> None:
    for job in (1, 2):
        caller = made.caller(job, reuse=False)
        await made.clock.run(made.gateway.ask(request(), caller, position=0, stage="generate"))
    assert len(made.model.sent) == 2


async def test_without_reuse_the_unit_itself_does_not_ask_twice(made: Parts) -> None:
    for _ in range(2):
        await made.clock.run(made.gateway.ask(request(), made.caller(reuse=False), position=4, stage="generate"))
    assert len(made.model.sent) == 1


@pytest.mark.parametrize(
    "other",
    [request("Another question"), request(temperature=0.5), request(seed=1), request(sample=1)],
    ids=["text", "temperature", "seed", "sample"],
)
async def test_what_can_change_the_reply_is_part_of_the_request(made: Parts, other: object) -> None:
    await made.clock.run(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    await made.clock.run(made.gateway.ask(other, made.caller(), position=0, stage="generate"))  # type: ignore[arg-type]  # a request
    assert len(made.model.sent) == 2


async def test_equal_requests_in_flight_share_one_call(made: Parts) -> None:
    callers = [made.caller(job) for job in range(5)]

    async def all_at_once() -> list[bool]:
        asked = [made.gateway.ask(request(), caller, position=0, stage="generate") for caller in callers]
        return [answer.reused for answer in await asyncio.gather(*asked)]

    assert sorted(await made.clock.run(all_at_once())) == [False, True, True, True, True]
    assert len(made.model.sent) == 1


def asking(made: Parts, job: int, *, reuse: bool = True) -> "asyncio.Task[Answer]":
    caller = made.caller(job, reuse=reuse)
    return asyncio.ensure_future(made.gateway.ask(request(), caller, position=0, stage="generate"))


async def test_the_reply_to_one_that_is_cancelled_is_another_s(made: Parts) -> None:
    first = asking(made, 1)
    await settle()
    second = asking(made, 2)
    await settle()
    first.cancel()
    answer = await made.clock.run(asyncio.wait_for(second, None))
    assert (answer.reused, len(made.model.sent), made.ledger.failures) == (True, 1, {})
    assert made.at_rest()


@pytest.mark.parametrize("reuse", [True, False])
async def test_the_reply_to_one_that_is_cancelled_is_kept(made: Parts, reuse: bool) -> None:
    asked = asking(made, 1, reuse=reuse)
    await settle()
    asked.cancel()
    await settle()
    assert asked.cancelled()
    await made.clock.advance(5)
    assert (made.ledger.usable, made.ledger.failures, made.at_rest()) == ({1}, {}, True)
    again = await made.clock.run(asyncio.wait_for(asking(made, 1, reuse=reuse), None))
    assert (again.reused, again.call_id) == (True, 1)


async def test_what_fails_when_nobody_waits_for_it_any_more_is_not_tried_again(made: Parts) -> None:
    made.model.script = lambda number, request: ProviderError("server", "busy", status=503)
    first = asking(made, 1)
    await settle()
    first.cancel()
    await made.clock.advance(60)
    assert (len(made.model.sent), made.at_rest()) == (1, True)


async def test_one_that_is_cancelled_before_it_left_is_asked_by_the_other() -> None:
    made = parts(write_s=0.5)
    first = asking(made, 1)
    await settle()
    second = asking(made, 2)
    await settle()
    first.cancel()
    answer = await made.clock.run(asyncio.wait_for(second, None))
    assert (answer.reused, len(made.model.sent)) == (False, 1)
    assert made.at_rest()


async def test_a_call_that_a_stop_cuts_off_may_have_been_billed(made: Parts) -> None:
    asked = asking(made, 1)
    await settle()
    asked.cancel()
    await settle()
    await made.gateway.close()
    await settle()
    assert made.ledger.failures[1].kind == "interrupted"
    assert made.ledger.failures[1].maybe_billed
    assert made.at_rest()


async def test_a_call_cancelled_while_its_intent_is_written_was_never_one() -> None:
    made = parts(write_s=0.5)
    caller = made.caller(max_calls=1)
    asked = asyncio.ensure_future(made.gateway.ask(request(), caller, position=0, stage="generate"))
    await settle()
    asked.cancel()
    await made.clock.advance(5)
    assert asked.cancelled()
    assert (made.model.sent, made.ledger.calls) == ([], {})
    assert made.at_rest()


async def test_a_reply_that_is_being_written_is_kept_although_its_caller_is_cancelled() -> None:
    made = parts(write_s=0.5)
    asked = asyncio.ensure_future(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    await made.clock.advance(1.6)  # intent 0.5, call 1.0: the reply is here and not in the ledger
    asked.cancel()
    await made.clock.advance(5)
    assert made.ledger.usable == {1}


async def test_the_cost_of_a_call_is_what_its_tokens_cost(made: Parts) -> None:
    made.model.usage = lambda request: (1000, 500)
    answer = await made.clock.run(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    assert answer.reply.usage.cost_nano_usd == 1000 * 1 + 500 * 2
    assert made.ledger.costs == {1: 2000}


@pytest.mark.parametrize(
    ("error", "billed"),
    [
        (ProviderError("server", "HTTP 500", status=500), False),
        (ProviderError("rate_limit", "HTTP 429", status=429), False),
        (ProviderError("connection", "refused", sent=False), False),
        (ProviderError("connection", "no host takes it", taken_up=False), False),
        (ProviderError("connection", "lost", sent=True), True),
        (ProviderError("timeout", "no answer", sent=True), True),
    ],
    ids=["500", "429", "refused", "not-taken-up", "lost", "timeout"],
)
async def test_only_what_may_have_been_answered_counts_as_spent(
    made: Parts, error: ProviderError, billed: bool
) -> None:
    made.model.script = lambda number, _: error if number == 1 else None
    caller = made.caller(max_cost_nano=1_000_000)
    await made.clock.run(made.gateway.ask(request(), caller, position=0, stage="generate"))
    assert made.ledger.failures[1].maybe_billed is billed
    estimate = made.ledger.calls[1].estimate_nano
    assert caller.budget._spent_nano == 40 + (estimate or 0) * billed


async def test_the_estimate_covers_thinking_beyond_the_visible_reply(made: Parts) -> None:
    made.model.ceiling = 5000
    await made.clock.run(made.gateway.ask(request(), made.caller(), position=0, stage="generate"))
    assert (made.ledger.calls[1].estimate_nano or 0) >= 5000 * 2


async def test_a_server_that_stops_starts_no_call_and_keeps_those_in_flight() -> None:
    made = parts(max_concurrency=2)

    async def all_at_once() -> list[object]:
        asked = [made.gateway.ask(request(str(n)), made.caller(), position=n, stage="generate") for n in range(5)]
        return list(await asyncio.gather(*asked, return_exceptions=True))

    asking = asyncio.ensure_future(all_at_once())
    await settle()
    made.gateway.drain()
    found = await made.clock.run(asyncio.wait_for(asking, None))
    assert [isinstance(one, CallsStopped) for one in found] == [False, False, True, True, True]
    assert (len(made.model.sent), made.at_rest()) == (2, True)


async def test_a_halted_job_starts_no_call_and_others_go_on() -> None:
    made = parts(max_concurrency=1)
    halted, other = made.caller(1), made.caller(2)
    tasks = [
        asyncio.ensure_future(made.gateway.ask(request(f"{caller.job}-{n}"), caller, position=n, stage="generate"))
        for n in range(3)
        for caller in (halted, other)
    ]
    await settle()
    made.gateway.halt(halted, PausedByUser("paused"))
    found = await made.clock.run(asyncio.gather(*tasks, return_exceptions=True))  # type: ignore[arg-type]  # a future
    assert [isinstance(one, PausedByUser) for one in found[::2]] == [False, True, True]
    assert not any(isinstance(one, BaseException) for one in found[1::2])


async def test_a_halt_ends_the_wait_before_a_retry(made: Parts) -> None:
    made.model.script = lambda number, _: ProviderError("server", "HTTP 503", status=503, retry_after_s=600)
    caller = made.caller()
    asked = asyncio.ensure_future(made.gateway.ask(request(), caller, position=0, stage="generate"))
    await made.clock.advance(5)
    made.gateway.halt(caller, PausedByUser("paused"))
    await settle()
    assert isinstance(asked.exception(), PausedByUser)
