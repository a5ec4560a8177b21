"""A provider that wants to be left alone for longer than anybody waits for it."""

import asyncio

import pytest

from chunksmith.domain.halts import AccountClosed
from chunksmith.errors import ProviderError
from chunksmith.gateway.callers import Answer
from gateway_parts import Parts, parts, request

TEN_DAYS = 864_000
UNTIL = "until 2026-02-12T02:40:01.000Z"  # ten days after the first call of a virtual clock


def slow_down(hint_s: float | None = TEN_DAYS) -> ProviderError:
    return ProviderError("rate_limit", "HTTP 429", status=429, retry_after_s=hint_s)


def unavailable(hint_s: float | None = None) -> ProviderError:
    return ProviderError("server", "HTTP 503", status=503, retry_after_s=hint_s)


def ask_many(made: Parts, count: int, job: int = 1, first: int = 0) -> "asyncio.Future[list[object]]":
    caller = made.caller(job)
    places = range(first, first + count)
    asked = (made.gateway.ask(request(str(n)), caller, position=n, stage="generate") for n in places)
    return asyncio.gather(*asked, return_exceptions=True)


async def closed(made: Parts, error: ProviderError) -> list[object]:
    """Told to wait by the answer to its first call."""
    made.model.script = lambda number, _: error if number == 1 else None
    return await made.clock.run(asyncio.wait_for(ask_many(made, 1), None))


@pytest.fixture
def made() -> Parts:
    return parts()


@pytest.mark.parametrize("error", [slow_down(), unavailable(TEN_DAYS)], ids=["429", "503"])
async def test_nobody_waits_and_all_learn_until_when(made: Parts, error: ProviderError) -> None:
    (found,) = await closed(made, error)
    assert isinstance(found, AccountClosed)
    assert UNTIL in found.detail
    assert made.clock.monotonic() < 1_770_000_000.0 + 5
    assert made.ledger.failures[1].told_until == "2026-02-12T02:40:01.000Z"
    assert made.at_rest()


async def test_a_hint_as_long_as_an_outage_is_waited_for(made: Parts) -> None:
    (found,) = await closed(made, slow_down(900))
    assert isinstance(found, Answer)


async def test_no_job_that_begins_asks_before_the_time(made: Parts) -> None:
    await closed(made, slow_down())
    made.gateway.reopen("grok")
    found = await made.clock.run(asyncio.wait_for(ask_many(made, 3, job=2), None))
    assert [type(one) for one in found] == [AccountClosed] * 3
    assert len(made.model.sent) == 1


async def test_when_the_time_has_come_jobs_that_begin_ask(made: Parts) -> None:
    await closed(made, slow_down())
    await made.clock.advance(TEN_DAYS)
    made.gateway.reopen("grok")
    found = await made.clock.run(asyncio.wait_for(ask_many(made, 3, job=2), None))
    assert all(isinstance(one, Answer) for one in found)


async def test_when_the_time_has_come_one_call_asks_first(made: Parts) -> None:
    await closed(made, slow_down())
    await made.clock.advance(TEN_DAYS)
    asking = ask_many(made, 3, job=2)
    await made.clock.advance(0.5)
    assert made.model.in_flight == 1
    await made.clock.run(asyncio.wait_for(asking, None))
    assert made.ledger.lifted == ["grok"]


async def test_who_is_told_to_wait_learns_for_whom(made: Parts) -> None:
    (found,) = await closed(made, slow_down())
    assert isinstance(found, AccountClosed)
    assert (found.resting, made.admission.rest_s) == ("grok", TEN_DAYS)


async def test_an_outage_is_no_rest() -> None:
    made = parts(give_up_after_s=60)
    made.model.script = lambda *_: unavailable()
    (found,) = await made.clock.run(asyncio.wait_for(ask_many(made, 1), None))
    assert (getattr(found, "resting", None), made.admission.rest_s) == (None, 0)


async def test_asking_early_ends_the_rest_of_others_only_when_it_is_answered(made: Parts) -> None:
    await closed(made, slow_down())
    made.admission.ask_again()
    asking = ask_many(made, 1, job=2)
    await made.clock.advance(0.5)
    assert made.admission.rest_s > 0
    await made.clock.run(asyncio.wait_for(asking, None))
    assert made.admission.rest_s == 0


async def test_who_insists_asks_with_one_call_and_its_answer_lifts_the_wait(made: Parts) -> None:
    await closed(made, slow_down())
    made.admission.ask_again()
    asking = ask_many(made, 6, job=2)
    await made.clock.advance(0.5)
    assert (len(made.model.sent), made.admission.waiting_for) == (2, "rate_limit")
    found = await made.clock.run(asyncio.wait_for(asking, None))
    assert all(isinstance(one, Answer) for one in found)
    assert (made.ledger.lifted, made.at_rest()) == (["grok"], True)


async def test_the_answer_may_renew_the_wait(made: Parts) -> None:
    await closed(made, slow_down())
    made.admission.ask_again()
    made.model.script = lambda *_: slow_down(5000)
    found = await made.clock.run(asyncio.wait_for(ask_many(made, 6, job=2), None))
    assert {str(one) for one in found} == {
        "grok wants no calls until 2026-02-02T04:03:22.000Z; the job goes on then, and resume asks at once"
    }
    assert (len(made.model.sent), made.ledger.lifted) == (2, ["grok"])


async def test_without_an_answer_the_next_single_call_asks(made: Parts) -> None:
    await closed(made, slow_down())
    made.admission.ask_again()
    made.model.script = lambda number, _: unavailable() if number <= 4 else None
    asking = ask_many(made, 6, job=2)
    while len(made.model.sent) < 5:
        await made.clock.advance(0.1)
        assert (made.model.in_flight <= 1, made.ledger.lifted) == (True, [])
    await made.clock.run(asyncio.wait_for(asking, None))
    assert made.ledger.lifted == ["grok"]


async def test_a_reply_to_a_call_that_had_left_before_lifts_nothing() -> None:
    made = parts(max_concurrency=2)
    made.model.script = lambda number, _: slow_down() if number == 1 else None
    early = ask_many(made, 1)
    await made.clock.advance(0.9)
    late = ask_many(made, 1, job=2, first=1)
    await made.clock.advance(0.5)
    made.admission.ask_again()
    await made.clock.run(asyncio.wait_for(asyncio.gather(early, late), None))
    assert made.ledger.lifted == []


async def test_a_wait_that_is_waited_for_is_not_cut_short(made: Parts) -> None:
    made.model.script = lambda number, _: slow_down(600) if number == 1 else None
    asking = ask_many(made, 1)
    await made.clock.advance(5)
    made.admission.ask_again()
    await made.clock.run(asyncio.wait_for(asking, None))
    first, second = (at for at, _ in made.model.sent)
    assert second - first >= 600


async def test_a_long_wait_outlives_a_restart(made: Parts) -> None:
    made.admission.restore_wait(TEN_DAYS)
    made.gateway.reopen("grok")
    (found,) = await made.clock.run(asyncio.wait_for(ask_many(made, 1), None))
    assert (type(found), made.model.sent) == (AccountClosed, [])
