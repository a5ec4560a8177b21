"""Limits that hold whatever comes: random arrivals, faults and cancellations against a clock that jumps."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunksmith.domain.calls import ChatRequest
from chunksmith.domain.halts import AccountClosed, BudgetExhausted, Halt
from chunksmith.errors import ProviderError
from chunksmith.gateway.admission import Admission
from gateway_parts import Parts, account, most_within, parts, request
from virtual_clock import VirtualClock, settle

FAULTS = [
    ProviderError("rate_limit", "HTTP 429", status=429, retry_after_s=3),
    ProviderError("rate_limit", "HTTP 429", status=429),
    ProviderError("server", "HTTP 500", status=500),
    ProviderError("server", "HTTP 503", status=503, retry_after_s=2),
    ProviderError("connection", "lost"),
    ProviderError("connection", "refused", sent=False),
    ProviderError("timeout", "no answer"),
    ProviderError("refused", "policy", status=403),
    ProviderError("bad_request", "HTTP 400", status=400),
]


def faulty(
    rng: random.Random, rate: float, faults: list[ProviderError] = FAULTS
) -> Callable[[int, ChatRequest], ProviderError | str | None]:
    def script(number: int, asked: ChatRequest) -> ProviderError | str | None:
        if rng.random() >= rate:
            return "broken" if rng.random() < rate / 5 else None
        return rng.choice(faults)

    return script


async def arrivals(made: Parts, rng: random.Random, count: int, pause_s: float, cancel: float = 0.0) -> list[object]:
    """Questions of three jobs at random moments; some are given up at random moments."""
    callers = [made.caller(job, weight=job) for job in (1, 2, 3)]

    async def one(number: int) -> None:
        await made.clock.sleep(rng.uniform(0, pause_s))
        asked = made.gateway.ask(request(f"{number}"), callers[number % 3], position=number, stage="generate")
        task = asyncio.ensure_future(asked)
        if rng.random() < cancel:
            await made.clock.sleep(rng.uniform(0, 20))
            task.cancel()
        await asyncio.wait([task])
        if (
            not task.cancelled()
            and task.exception() is not None
            and not isinstance(task.exception(), ProviderError | Halt)
        ):
            raise AssertionError(task.exception())

    return list(await asyncio.gather(*(one(number) for number in range(count))))


async def _limits_hold(seed: int, rpm: int, concurrency: int, count: int, rate: float) -> None:
    rng = random.Random(seed)
    made = parts(requests_per_minute=rpm, max_concurrency=concurrency, seed=seed)
    made.model.script = faulty(rng, rate)
    await made.clock.run(arrivals(made, rng, count, 100))
    assert most_within([at for at, _ in made.model.sent], 60) <= rpm
    assert made.model.most_in_flight <= concurrency
    assert made.at_rest()
    assert made.ledger.open == []


async def _tokens_hold(seed: int, tpm: int, count: int) -> None:
    rng = random.Random(seed)
    made = parts(tokens_per_minute=tpm)
    used: dict[str, int] = {f"{n}": rng.randint(1, 42) for n in range(count)}  # the estimate is 42 tokens
    made.model.usage = lambda asked: (used[asked.messages[0].text], 0)
    await made.clock.run(arrivals(made, rng, count, 100))
    sent = [(at, used[asked.messages[0].text]) for at, asked in made.model.sent]
    for start, _ in sent:
        assert sum(tokens for at, tokens in sent if start <= at < start + 60) <= tpm


async def _nothing_leaks(seed: int, rate: float, cancel: float) -> None:
    rng = random.Random(seed)
    made = parts(max_concurrency=rng.randint(1, 8), requests_per_minute=60, write_s=rng.choice([0.0, 0.3]), seed=seed)
    quota = [*FAULTS, ProviderError("quota", "used up", status=429)] if rng.random() < 0.3 else FAULTS
    made.model.script = faulty(rng, rate, quota)
    made.model.latency_s = rng.choice([0.0, 1.0, 7.0])
    await made.clock.run(arrivals(made, rng, 40, 30, cancel))
    await made.clock.advance(10)  # what was on its way when its caller left
    assert made.at_rest()
    assert made.ledger.open == []


async def _budget_holds(seed: int, max_calls: int | None, affordable: int | None, rate: float) -> None:
    rng = random.Random(seed)
    made = parts(max_concurrency=16)
    made.model.script = faulty(rng, rate)
    # A reply uses anything up to what was reserved for it, thinking included.
    ceiling_nano = 250
    made.model.ceiling = 100
    made.model.usage = lambda asked: (rng.randint(1, 20), rng.randint(1, 100))
    max_cost = affordable * ceiling_nano if affordable is not None else None
    caller = made.caller(1, max_calls=max_calls, max_cost_nano=max_cost)
    asked = [made.gateway.ask(request(f"{n}"), caller, position=n, stage="generate") for n in range(40)]
    found = await made.clock.run(asyncio.gather(*asked, return_exceptions=True))  # type: ignore[arg-type]  # a future
    allowed = (str, ProviderError, BudgetExhausted, AccountClosed)
    assert all(not isinstance(one, BaseException) or isinstance(one, allowed) for one in found)
    spent = sum(cost or 0 for cost in made.ledger.costs.values())
    spent += sum(
        made.ledger.calls[call].estimate_nano or 0 for call, why in made.ledger.failures.items() if why.maybe_billed
    )
    assert caller.budget._spent_nano == spent
    assert (caller.budget._reserved_nano, caller.budget._in_flight) == (0, 0)
    unsent = sum(why.unsent for why in made.ledger.failures.values())
    assert caller.budget._calls == len(made.ledger.calls) - unsent == len(made.model.sent) - unsent
    assert max_calls is None or caller.budget._calls <= max_calls
    if max_calls is not None and max_cost is None and any(isinstance(one, BudgetExhausted) for one in found):
        assert caller.budget._calls == max_calls
    assert (caller.budget._left, caller.budget._left_nano) == (0, 0)
    assert max_cost is None or spent <= max_cost


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    rpm=st.integers(1, 60),
    concurrency=st.integers(1, 20),
    count=st.integers(1, 90),
    rate=st.sampled_from([0.0, 0.2, 0.5]),
)
def test_requests_per_minute_and_concurrency_hold_for_any_arrivals(
    seed: int, rpm: int, concurrency: int, count: int, rate: float
) -> None:
    in_loop(_limits_hold(seed, rpm, concurrency, count, rate))


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), tpm=st.integers(200, 3000), count=st.integers(1, 80))
def test_tokens_per_minute_hold_for_any_arrivals(seed: int, tpm: int, count: int) -> None:
    in_loop(_tokens_hold(seed, tpm, count))


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), rate=st.sampled_from([0.1, 0.4, 0.8]), cancel=st.sampled_from([0.0, 0.3, 1.0]))
def test_no_slot_leaks_after_any_fault_or_cancellation(seed: int, rate: float, cancel: float) -> None:
    in_loop(_nothing_leaks(seed, rate, cancel))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    max_calls=st.none() | st.integers(1, 30),
    affordable=st.none() | st.integers(1, 30),
    rate=st.sampled_from([0.0, 0.3]),
)
def test_no_ceiling_is_crossed_whatever_the_calls_cost(
    seed: int, max_calls: int | None, affordable: int | None, rate: float
) -> None:
    in_loop(_budget_holds(seed, max_calls, affordable, rate))


def in_loop(work: Coroutine[Any, Any, None]) -> None:
    """Hypothesis calls plain functions, so each example has a loop of its own."""
    with asyncio.Runner() as runner:
        runner.run(work)


async def test_requests_of_the_last_minute_count_after_a_restart() -> None:
    clock = VirtualClock()
    gate = Admission(account(requests_per_minute=10), clock, 900, random.Random(0))
    for age in range(50, 45, -1):
        gate.restore(float(age), calls=2, tokens=200)
    sent: list[float] = []

    async def call() -> None:
        async with gate.slot(1, 1, 50):
            sent.append(clock.monotonic())

    began = clock.monotonic()
    await clock.run(_together(call, 12))
    before = [began - age for age in range(50, 45, -1) for _ in range(2)]
    assert most_within([*before, *sent], 60) == 10


async def leaving(gate: Admission, clock: VirtualClock, sizes: Sequence[int], job: int = 1) -> list[float]:
    """When calls of so many tokens leave that ask one after the other, in seconds from now."""
    began, left = clock.monotonic(), dict[int, float]()

    async def call(number: int, tokens: int) -> None:
        async with gate.slot(job, 1, tokens):
            left[number] = clock.monotonic() - began

    await clock.run(_together_in_order([call(number, tokens) for number, tokens in enumerate(sizes)]))
    return [left[number] for number in range(len(sizes))]


async def test_what_is_smaller_does_not_wait_for_tokens_with_what_is_large() -> None:
    clock = VirtualClock()
    gate = Admission(account(tokens_per_minute=1000), clock, 900, random.Random(0))
    gate.restore(31.0, calls=1, tokens=600)
    assert await leaving(gate, clock, [700, 250, 100, 50]) == pytest.approx([30, 0, 61, 0])


@settings(max_examples=60)
@given(st.lists(st.integers(1, 1500), min_size=1, max_size=25), st.integers(0, 1000), st.none() | st.integers(1, 5))
def test_the_first_that_waits_for_tokens_leaves_as_soon_as_if_it_were_alone(
    sizes: list[int], spent: int, rpm: int | None
) -> None:
    async def first_leaves(asked: list[int]) -> tuple[float, list[float]]:
        clock = VirtualClock()
        gate = Admission(account(tokens_per_minute=1000, requests_per_minute=rpm), clock, 900, random.Random(0))
        gate.restore(20.0, calls=1, tokens=spent)
        times = await leaving(gate, clock, asked)
        return times[0], times

    async def compared() -> None:
        alone, _ = await first_leaves(sizes[:1])
        together, times = await first_leaves(sizes)
        assert together == alone
        for begin in times:
            within = [size for size, at in zip(sizes, times, strict=True) if begin <= at < begin + 60]
            assert sum(within) <= 1000 or len(within) == 1
            assert rpm is None or len(within) <= rpm

    in_loop(compared())


async def _together_in_order(calls: Sequence[Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*calls)


async def _together(call: Callable[[], Coroutine[Any, Any, None]], count: int) -> None:
    await asyncio.gather(*(call() for _ in range(count)))


@pytest.mark.parametrize(
    ("weights", "ratio"),
    [
        pytest.param((1, 1), 1, id="alike"),
        pytest.param((1, 4), 1 / 4, id="a heavier one"),
        pytest.param((3, 1), 3, id="a lighter one"),
        pytest.param((1, 64), 1 / 5, id="one heavier than all places together"),
    ],
)
async def test_jobs_share_by_weight(weights: tuple[int, int], ratio: float) -> None:
    made = parts(max_concurrency=5)
    served: Counter[int] = Counter()

    async def busy(job: int, weight: int, worker: int) -> None:
        caller = made.caller(job, weight=weight)
        for number in range(200):
            await made.gateway.ask(request(f"{job}-{worker}-{number}"), caller, position=number, stage="generate")
            served[job] += 1

    # Each job has more callers waiting than there are slots.
    tasks = [asyncio.ensure_future(busy(job, weight, n)) for n in range(10) for job, weight in enumerate(weights)]
    await made.clock.advance(100)
    for task in tasks:
        task.cancel()
    await settle()
    assert served[0] / served[1] == pytest.approx(ratio, rel=0.15)


async def test_a_job_that_comes_late_neither_owes_nor_is_owed() -> None:
    made = parts(max_concurrency=2)
    order: list[int] = []

    async def ask(job: int, number: int) -> None:
        await made.gateway.ask(request(f"{job}-{number}"), made.caller(job), position=number, stage="generate")
        order.append(job)

    early = [asyncio.ensure_future(ask(1, n)) for n in range(100)]
    await made.clock.advance(20)
    late = [asyncio.ensure_future(ask(2, n)) for n in range(10)]
    done_before = len(order)
    await made.clock.advance(11)
    window = order[done_before:]
    assert window.count(2) == pytest.approx(10, abs=1)
    assert window.count(1) == pytest.approx(10, abs=2)
    for task in (*early, *late):
        task.cancel()
    await settle()


async def test_a_job_of_one_call_at_a_time_does_not_starve_the_others() -> None:
    made = parts(max_concurrency=4)
    served: Counter[int] = Counter()

    async def worker(job: int, name: int) -> None:
        caller = made.caller(job, weight=1 if job == 1 else 8)
        for number in range(100):
            await made.gateway.ask(request(f"{job}-{name}-{number}"), caller, position=number, stage="generate")
            served[job] += 1

    tasks = [asyncio.ensure_future(worker(1, 0)), *(asyncio.ensure_future(worker(2, name)) for name in range(8))]
    await made.clock.advance(50)
    for task in tasks:
        task.cancel()
    await settle()
    assert served[1] > 10
    assert served[2] > 4 * served[1] * 0.6


async def test_limits_change_live() -> None:
    made = parts(max_concurrency=2)
    caller = made.caller()
    tasks = [
        asyncio.ensure_future(made.gateway.ask(request(f"{n}"), caller, position=n, stage="generate"))
        for n in range(60)
    ]
    await made.clock.advance(0.5)
    assert made.model.in_flight == 2
    made.admission.set_limits(20, None, None)
    await settle()
    assert made.model.in_flight == 20
    made.admission.set_limits(3, None, None)
    await made.clock.advance(1)
    assert made.model.in_flight <= 3
    made.admission.set_limits(50, 5, None)
    before = len(made.model.sent)
    await made.clock.advance(30)
    assert len(made.model.sent) == before  # more than five left within the last minute, before there was a limit
    await made.clock.advance(40)
    assert len(made.model.sent) - before == 5
    for task in tasks:
        task.cancel()
    await settle()
    assert made.at_rest()
