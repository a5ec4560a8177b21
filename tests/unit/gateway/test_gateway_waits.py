"""Retries, rate limits, outages: what is waited for, what is shared, what ends a job's calls."""

import asyncio
import contextlib
import itertools

import pytest

from chunksmith.domain.calls import ChatRequest
from chunksmith.domain.halts import AccountClosed
from chunksmith.errors import ProviderError
from gateway_parts import Parts, most_within, parts, request
from virtual_clock import settle


def rate_limit(hint_s: float | None = None) -> ProviderError:
    return ProviderError("rate_limit", "HTTP 429", status=429, retry_after_s=hint_s)


def unavailable(hint_s: float | None = None) -> ProviderError:
    return ProviderError("server", "HTTP 503", status=503, retry_after_s=hint_s)


async def ask_all(made: Parts, count: int, **caller: object) -> list[object]:
    shared = made.caller(**caller)
    asked = [made.gateway.ask(request(str(n)), shared, position=n, stage="generate") for n in range(count)]
    return list(await asyncio.gather(*asked, return_exceptions=True))


def failures(found: list[object]) -> list[object]:
    return [one for one in found if isinstance(one, BaseException)]


async def test_transient_faults_are_tried_again_with_growing_waits() -> None:
    made = parts()
    made.model.script = lambda number, _: unavailable() if number <= 4 else None
    assert not failures(await made.clock.run(ask_all(made, 1)))
    waits = [wait for wait in made.clock.slept if wait != made.model.latency_s]
    assert all(0.5 * 0.5 * 2**n <= wait <= 0.5 * 2**n for n, wait in enumerate(waits))
    assert len(made.model.sent) == 5


async def test_a_hint_of_an_unavailable_server_is_obeyed() -> None:
    made = parts()
    made.model.script = lambda number, _: unavailable(17) if number == 1 else None
    await made.clock.run(ask_all(made, 1))
    first, second = (at for at, _ in made.model.sent)
    assert second - first >= 17 + made.model.latency_s


@pytest.mark.parametrize("kind", ["auth", "bad_request", "context_window", "refused"])
async def test_what_will_not_change_is_not_tried_again(kind: str) -> None:
    made = parts()
    made.model.script = lambda number, _: ProviderError(kind, "no", status=400)  # type: ignore[arg-type]  # by name
    (found,) = await made.clock.run(ask_all(made, 1))
    assert isinstance(found, ProviderError)
    assert (found.kind, len(made.model.sent), made.at_rest()) == (kind, 1, True)


async def test_a_request_that_the_server_fails_on_fails_alone() -> None:
    made = parts(attempts=3)

    def poisoned(number: int, asked: ChatRequest) -> ProviderError | None:
        return ProviderError("server", "HTTP 500", status=500) if asked.messages[0].text == "3" else None

    made.model.script = poisoned
    found = await made.clock.run(ask_all(made, 6))
    assert [isinstance(one, ProviderError) for one in found] == [n == 3 for n in range(6)]
    assert len(made.model.sent) == 5 + 3


@pytest.mark.parametrize("count", [1, 20])
async def test_an_outage_fails_no_request_however_often_it_was_tried(count: int) -> None:
    made = parts(attempts=3)
    ends = made.clock.monotonic() + 600
    made.model.script = lambda *_: unavailable() if made.clock.monotonic() < ends else None
    assert not failures(await made.clock.run(ask_all(made, count)))
    assert made.clock.monotonic() < ends + 150
    assert made.at_rest()


async def test_an_outage_without_end_closes_the_account() -> None:
    made = parts(attempts=3, give_up_after_s=900)
    made.model.script = lambda *_: unavailable()
    began = made.clock.monotonic()
    found = await made.clock.run(ask_all(made, 20))
    assert all(isinstance(one, AccountClosed) for one in found)
    assert 900 <= made.clock.monotonic() - began <= 900 + 150
    assert "has not answered for" in str(found[0])
    assert made.at_rest()


async def test_the_breaker_opens_after_eight_failures_and_lets_single_probes_through() -> None:
    made = parts()
    made.model.script = lambda *_: unavailable()
    asking = asyncio.ensure_future(ask_all(made, 30))
    await made.clock.advance(0)
    first_burst = len(made.model.sent)
    await made.clock.advance(100)
    # 30 left at once; their failures are one piece of news. Then one probe after 5, 10, 20, 40 s.
    assert first_burst == 30
    assert [
        round(b - a)
        for a, b in zip([t for t, _ in made.model.sent][29:], [t for t, _ in made.model.sent][30:], strict=False)
    ] == [6, 11, 21, 41]
    asking.cancel()
    await settle()
    assert made.at_rest()


async def test_failures_of_one_host_beside_others_do_not_hold_the_account() -> None:
    made = parts(attempts=4)
    one = ProviderError("server", "HTTP 500", status=500, elsewhere=True)
    made.model.script = lambda number, _: one if number <= 30 else None
    asking = asyncio.ensure_future(ask_all(made, 30))
    await made.clock.advance(4)
    assert len(made.model.sent) == 60
    assert not failures(await asking)


async def test_one_answer_closes_the_breaker() -> None:
    made = parts()
    began = made.clock.monotonic()
    made.model.script = lambda *_: unavailable() if made.clock.monotonic() < began + 3 else None
    assert not failures(await made.clock.run(ask_all(made, 50)))
    assert made.clock.monotonic() - began < 30


async def test_a_refusal_shows_that_the_provider_is_there() -> None:
    made = parts(give_up_after_s=100)
    refused = ProviderError("refused", "policy", status=403)
    # One fault, an hour of refusals, one fault: not an hour's outage.
    script = {1: unavailable(), 3: unavailable()}
    made.model.script = lambda number, _: script.get(number) or (refused if number == 2 else None)
    caller = made.caller()
    await made.clock.run(_swallow(made, caller, 0))
    await made.clock.advance(3600)
    await made.clock.run(made.gateway.ask(request("last"), caller, position=1, stage="generate"))


async def test_a_fault_of_long_ago_is_not_part_of_an_outage() -> None:
    made = parts(give_up_after_s=100)
    made.model.script = lambda number, _: unavailable() if number <= 2 else None
    first = made.caller(1)
    asking = asyncio.ensure_future(made.gateway.ask(request(), first, position=0, stage="generate"))
    await made.clock.advance(1.1)
    asking.cancel()
    await made.clock.advance(3600)
    made.gateway.reopen("grok")
    await made.clock.run(made.gateway.ask(request(), made.caller(2), position=0, stage="generate"))


async def _swallow(made: Parts, caller: object, position: int) -> None:
    with contextlib.suppress(ProviderError):
        await made.gateway.ask(request("first"), caller, position=position, stage="generate")  # type: ignore[arg-type]


async def test_a_rate_limit_fails_nobody_and_is_waited_for_by_all() -> None:
    made = parts(max_concurrency=10)
    began = made.clock.monotonic()
    made.model.script = lambda number, _: rate_limit(30) if number <= 10 else None
    assert not failures(await made.clock.run(ask_all(made, 40)))
    later = [at for at, _ in made.model.sent[10:]]
    assert min(later) >= began + made.model.latency_s + 30


async def test_rate_limits_for_ever_never_fail_a_request() -> None:
    made = parts(attempts=2)
    made.model.script = lambda number, _: rate_limit() if number <= 100 else None
    assert not failures(await made.clock.run(ask_all(made, 3)))


async def test_without_a_hint_the_wait_grows_with_jitter_up_to_a_minute() -> None:
    made = parts(max_concurrency=1)
    made.model.script = lambda number, _: rate_limit() if number <= 12 else None
    await made.clock.run(ask_all(made, 1))
    times = [at for at, _ in made.model.sent]
    gaps = [later - earlier - made.model.latency_s for earlier, later in itertools.pairwise(times)]
    assert all(gap <= min(60, 2 ** (n + 1)) for n, gap in enumerate(gaps))
    assert max(gaps) > 5


async def test_concurrency_shrinks_once_per_round_trip_and_grows_again() -> None:
    made = parts(max_concurrency=100)
    made.model.script = lambda number, _: rate_limit(1) if number <= 20 else None
    asking = asyncio.ensure_future(ask_all(made, 400))
    await made.clock.advance(0)
    assert made.model.in_flight == 100
    await made.clock.advance(1.5)
    assert made.admission.limit == pytest.approx(70, abs=1.5)  # 80 of the same round trip went well
    assert not failures(await made.clock.run(asyncio.wait_for(asking, None)))
    assert made.admission.limit > 71
    assert made.model.most_in_flight == 100


async def test_shrinking_starts_from_what_was_in_flight() -> None:
    made = parts(max_concurrency=1000)
    made.model.script = lambda number, _: rate_limit(1) if number == 1 else None
    await made.clock.run(ask_all(made, 10))
    assert made.admission.limit < 10


async def test_other_faults_do_not_shrink() -> None:
    made = parts(max_concurrency=10)
    made.model.script = lambda number, _: unavailable() if number % 3 == 0 else None
    await made.clock.run(ask_all(made, 60))
    assert made.admission.limit == 10


async def test_a_spent_quota_closes_the_account_at_once() -> None:
    made = parts(max_concurrency=5)
    made.model.script = lambda number, _: (
        ProviderError("quota", "credits are used up", status=429) if number > 7 else None
    )
    began = made.clock.monotonic()
    found = await made.clock.run(ask_all(made, 40))
    assert len(failures(found)) == 33
    assert {str(one) for one in failures(found)} == {"credits are used up"}
    assert all(isinstance(one, AccountClosed) for one in failures(found))
    assert made.clock.monotonic() - began <= 3 * made.model.latency_s
    assert made.at_rest()


async def test_who_waits_for_a_retry_learns_at_once_that_the_account_is_closed() -> None:
    made = parts()
    later = unavailable(500)
    made.model.script = lambda number, _: later if number == 1 else ProviderError("quota", "used up", status=429)
    began = made.clock.monotonic()
    found = await made.clock.run(ask_all(made, 2))
    assert all(isinstance(one, AccountClosed) for one in found)
    assert made.clock.monotonic() - began < 10


async def test_a_closed_account_gets_another_chance_when_a_job_goes_on() -> None:
    made = parts()
    made.model.script = lambda number, _: ProviderError("quota", "used up", status=429) if number == 1 else None
    assert failures(await made.clock.run(ask_all(made, 1)))
    assert failures(await made.clock.run(ask_all(made, 1)))
    made.gateway.reopen("grok")
    assert not failures(await made.clock.run(ask_all(made, 1)))


async def test_requests_per_minute_hold_and_the_wait_is_shown() -> None:
    made = parts(requests_per_minute=30)
    asking = asyncio.ensure_future(ask_all(made, 100))
    await made.clock.advance(5)
    assert made.admission.waiting_for == "requests_per_minute"
    assert made.admission.waiting_until - made.clock.monotonic() == pytest.approx(56, abs=1)
    await made.clock.run(asyncio.wait_for(asking, None))
    assert most_within([at for at, _ in made.model.sent], 60) == 30
    assert made.admission.waiting_for is None
