"""What is known of providers that answer nobody for now, and of jobs that can do nothing but wait for them."""

import asyncio
from dataclasses import replace

import pytest

from chunksmith.domain.calls import ModelRef
from chunksmith.errors import ProviderError
from chunksmith.gateway.lanes import Lanes
from gateway_parts import Parts, parts, request
from virtual_clock import settle

REFUSED = ProviderError("connection", "no connection", sent=False)
NOBODY: frozenset[str] = frozenset()


def slow_down(hint_s: float) -> ProviderError:
    return ProviderError("rate_limit", "HTTP 429", status=429, retry_after_s=hint_s)


def ask_many(made: Parts, count: int, job: int = 1, provider: str = "grok") -> "asyncio.Future[list[object]]":
    caller = made.caller(job, lanes=Lanes(1))
    one = replace(request(), model=ModelRef(provider, "m"))
    asked = (
        made.gateway.ask(replace(one, sample=n), caller, position=n, stage="generate")
        for n in range(100 * job, 100 * job + count)
    )
    return asyncio.gather(*asked, return_exceptions=True)


def seen(made: Parts, *jobs: int) -> tuple[frozenset[str], list[bool]]:
    return made.gateway.silent(), [made.gateway.idles(job) for job in jobs]


async def ended(made: Parts, *asking: "asyncio.Future[list[object]]") -> None:
    await made.clock.run(asyncio.wait_for(asyncio.gather(*asking), None))


async def test_in_an_outage_all_that_ask_idle_but_for_the_probe() -> None:
    made = parts()
    made.model.latency_s = 0
    made.model.script = lambda *_: REFUSED
    asking = [ask_many(made, 3, job) for job in (1, 2)]
    while made.gateway.silent() == NOBODY:
        await made.clock.advance(0.1)
    assert seen(made, 1, 2, 3) == (frozenset({"grok"}), [True, True, False])
    made.model.latency_s = 1
    while not made.model.in_flight:
        await made.clock.advance(0.1)
    assert sorted(seen(made, 1, 2)[1]) == [False, True]
    made.model.script = lambda *_: None
    await ended(made, *asking)
    assert seen(made, 1, 2) == (NOBODY, [False, False])


@pytest.mark.parametrize(("hint_s", "silent"), [(3, False), (60, True)])
async def test_only_a_rest_that_lasts_is_silence(hint_s: float, *, silent: bool) -> None:
    made = parts()
    made.model.script = lambda number, _: slow_down(hint_s) if number == 1 else None
    asking = ask_many(made, 2)
    await made.clock.advance(1.5)
    assert seen(made, 1) == (frozenset({"grok"} if silent else ()), [silent])
    await ended(made, asking)


async def test_a_call_that_is_held_back_with_its_slot_waits_as_well() -> None:
    made = parts(write_s=1.0)
    made.model.script = lambda number, _: slow_down(60) if number == 1 else None
    asking = [ask_many(made, 1, 1)]
    await made.clock.advance(1.9)
    asking.append(ask_many(made, 1, 2))
    await made.clock.advance(5)
    assert (made.admission.in_flight, made.gateway.idles(2)) == (1, True)
    await ended(made, *asking)


async def test_who_asks_another_provider_as_well_does_not_idle() -> None:
    made = parts(beside=["gemini"])
    made.model.script = lambda number, _: slow_down(60) if number == 1 else None
    waiting = ask_many(made, 1)
    await made.clock.advance(1.5)
    other = ask_many(made, 1, provider="gemini")
    await settle()
    assert seen(made, 1) == (frozenset({"grok"}), [False])
    await made.clock.advance(3)
    assert (other.done(), seen(made, 1)[1]) == (True, [True])
    await ended(made, waiting)


async def test_a_closed_account_is_not_waited_for() -> None:
    made = parts()
    made.model.script = lambda *_: slow_down(5000)
    await ended(made, ask_many(made, 2))
    assert seen(made, 1) == (NOBODY, [False])


async def test_who_waits_for_an_equal_call_of_another_job_is_known_until_it_is_answered() -> None:
    made = parts()
    first, second = (made.caller(job) for job in (1, 2))
    asking = [
        asyncio.ensure_future(made.gateway.ask(request(), caller, position=0, stage="generate"))
        for caller in (first, second, second)
    ]
    await made.clock.advance(0.5)
    assert (made.gateway.awaited(1), made.gateway.awaited(2)) == (None, 1)
    await made.clock.run(asyncio.wait_for(asyncio.gather(*asking), None))
    assert made.gateway.awaited(2) is None


async def test_an_equal_call_of_the_same_job_is_its_own() -> None:
    made = parts()
    caller = made.caller(1, lanes=Lanes(1))
    made.model.script = lambda number, _: slow_down(60) if number == 1 else None
    asking = [
        asyncio.ensure_future(made.gateway.ask(request(), caller, position=n, stage="generate")) for n in range(2)
    ]
    await made.clock.advance(5)
    assert made.gateway.awaited(1) is None
    await made.clock.run(asyncio.wait_for(asyncio.gather(*asking), None))
