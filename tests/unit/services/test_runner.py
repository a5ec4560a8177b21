"""The runner: what is claimed, how each job ends, what a stop, a pause and a cancel do at any moment."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from chunksmith.domain.halts import (
    AccountClosed,
    BudgetExhausted,
    CallsStopped,
    Halt,
    JobFatal,
)
from chunksmith.domain.jobs import Job
from chunksmith.errors import Conflict, NoSourceMaterial, StorageError
from chunksmith.services.places import Places
from chunksmith.services.runner import Runner, Running
from chunksmith.storage.jobs import JobStore
from corpus_parts import NOW, Corpus
from virtual_clock import VirtualClock

Work = Callable[[Running], Awaitable[None]]


@dataclass
class Bench:
    """A runner over a real table; ``work`` says what a job does."""

    jobs: JobStore
    runner: Runner
    told: list[int]
    made: int = 0
    work: dict[str, Work] = field(default_factory=dict)

    async def submit(self, work: Work) -> Job:
        self.made += 1
        values: dict[str, Any] = {
            "job_id": f"test-{self.made}",
            "kind": "test",
            "project_id": None,
            "spec": {},
            "concurrency": 1,
            "max_calls": None,
            "max_cost_nano": None,
            "idempotency_key": None,
            "idempotency_hash": None,
            "created_at": NOW,
        }
        self.work[values["job_id"]] = work
        job = await self.jobs.submit(values)
        self.runner.wake()
        return job

    async def until(self, job: Job, *states: str) -> Job:
        async with asyncio.timeout(10):
            while True:
                now = await self.jobs.reload(job.id)
                if now.state in states and (now.state == "running" or job.id not in self.runner.running):
                    return now
                await asyncio.sleep(0.001)


@pytest.fixture
async def bench(corpus: Corpus) -> AsyncIterator[Bench]:
    jobs = JobStore(corpus.database)
    told: list[int] = []

    async def work(running: Running) -> None:
        await made.work[running.job.job_id](running)

    runner = Runner(jobs, {"test": work}, corpus.clock, Places(2), lambda: 0, lambda: told.append(1))
    made = Bench(jobs, runner, told)
    await runner.start()
    yield made
    await runner.stop(0.0)


async def nothing(running: Running) -> None:
    """Done at once."""


async def for_ever(running: Running) -> None:
    await asyncio.Event().wait()


@dataclass
class Steered:
    """Work that ends with the halt that it is told."""

    told: asyncio.Event = field(default_factory=asyncio.Event)
    reason: Halt | None = None
    limits: tuple[Any, ...] | None = None

    async def __call__(self, running: Running) -> None:
        running.steer(self)
        await self.told.wait()
        assert self.reason is not None
        raise self.reason

    def halt(self, reason: Halt) -> None:
        self.reason = reason
        self.told.set()

    def set_limits(self, concurrency: int, max_calls: int | None, max_cost_nano: int | None) -> None:
        self.limits = (concurrency, max_calls, max_cost_nano)


async def test_a_job_that_returns_is_completed(bench: Bench) -> None:
    done = await bench.until(await bench.submit(nothing), "completed")
    assert (done.error_slug, bench.told) == (None, [1])


@pytest.mark.parametrize(
    ("raised", "state", "reason", "slug"),
    [
        (BudgetExhausted("spent"), "paused", "budget", None),
        (AccountClosed("down"), "paused", "provider", None),
        (JobFatal("wrong key"), "failed", None, "provider"),
        (NoSourceMaterial(), "failed", None, NoSourceMaterial.slug),
        (ZeroDivisionError(), "failed", None, "internal"),
    ],
    ids=["budget", "provider", "fatal", "expected", "bug"],
)
async def test_how_a_job_ends(
    bench: Bench, raised: Exception, state: str, reason: str | None, slug: str | None
) -> None:
    async def work(running: Running) -> None:
        raise raised

    ended = await bench.until(await bench.submit(work), state)
    assert (ended.reason, ended.error_slug) == (reason, slug)


async def test_a_bug_in_one_job_does_not_hurt_another(bench: Bench) -> None:
    async def bug(running: Running) -> None:
        raise ZeroDivisionError

    first, second = await bench.submit(bug), await bench.submit(nothing)
    await bench.until(first, "failed")
    await bench.until(second, "completed")


async def test_only_so_many_run_and_the_others_follow_in_order(bench: Bench) -> None:
    started: list[str] = []
    gates = [asyncio.Event() for _ in range(4)]

    def gated(number: int) -> Work:
        async def work(running: Running) -> None:
            started.append(running.job.job_id)
            await gates[number].wait()

        return work

    jobs = [await bench.submit(gated(n)) for n in range(4)]
    await bench.until(jobs[1], "running")
    assert started == ["test-1", "test-2"]
    gates[1].set()
    await bench.until(jobs[2], "running")
    for gate in gates:
        gate.set()
    for job in jobs:
        await bench.until(job, "completed")
    assert started == ["test-1", "test-2", "test-3", "test-4"]


async def test_pause_and_resume(bench: Bench) -> None:
    work = Steered()
    job = await bench.submit(work)
    await bench.until(job, "running")
    paused = await bench.runner.pause(job)
    assert (paused.state, paused.reason) == ("paused", "user")
    bench.work[job.job_id] = nothing
    await bench.runner.resume(paused)
    await bench.until(job, "completed")


async def test_a_cancel_of_work_that_does_not_listen(bench: Bench) -> None:
    job = await bench.submit(for_ever)
    await bench.until(job, "running")
    assert (await bench.runner.cancel(job)).state == "cancelled"


async def test_a_cancel_beats_a_pause_that_takes_its_time(bench: Bench) -> None:
    job = await bench.submit(for_ever)
    await bench.until(job, "running")
    pausing = asyncio.ensure_future(bench.runner.pause(job))
    await asyncio.sleep(0)
    assert (await bench.runner.cancel(job)).state == "cancelled"
    assert (await pausing).state == "cancelled"


@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize("what", ["cancel", "pause"])
async def test_at_any_moment_of_the_start(bench: Bench, what: str, turns: int) -> None:
    job = await bench.submit(Steered())
    for _ in range(turns):
        await asyncio.sleep(0)
    done = await getattr(bench.runner, what)(job)
    wanted = "cancelled" if what == "cancel" else "paused"
    assert done.state == wanted
    await bench.until(job, wanted)
    assert bench.runner.running == {}


async def test_what_waits_is_cancelled_without_running(bench: Bench) -> None:
    for _ in range(2):
        await bench.until(await bench.submit(for_ever), "running")
    waiting = await bench.submit(nothing)
    assert (await bench.runner.cancel(waiting)).state == "cancelled"
    assert (await bench.jobs.reload(waiting.id)).started_at is None


async def test_what_has_ended_cannot_be_stopped(bench: Bench) -> None:
    job = await bench.until(await bench.submit(nothing), "completed")
    for stop in (bench.runner.cancel, bench.runner.pause, bench.runner.resume):
        with pytest.raises(Conflict):
            await stop(job)


async def test_limits_reach_the_work_and_the_row(bench: Bench) -> None:
    work = Steered()
    job = await bench.submit(work)
    await bench.until(job, "running")
    changed = await bench.runner.set_limits(job, {"concurrency": 9, "max_calls": 3})
    assert (changed.concurrency, changed.max_calls, work.limits) == (9, 3, (9, 3, None))


async def test_limits_that_change_before_the_work_can_be_steered_reach_it(bench: Bench) -> None:
    ready, steered = asyncio.Event(), Steered()

    async def slow_to_begin(running: Running) -> None:
        await ready.wait()
        await steered(running)

    job = await bench.submit(slow_to_begin)
    await bench.until(job, "running")
    await bench.runner.set_limits(job, {"max_calls": 3})
    ready.set()
    await bench.runner.pause(job)
    assert steered.limits == (1, 3, None)


async def test_a_stop_leaves_running_jobs_for_the_next_start(bench: Bench, corpus: Corpus) -> None:
    steered, deaf = await bench.submit(Steered()), await bench.submit(for_ever)
    await bench.until(deaf, "running")
    await bench.runner.stop(1.0)
    assert [(await bench.jobs.reload(job.id)).state for job in (steered, deaf)] == ["running"] * 2
    done: list[str] = []

    async def again(running: Running) -> None:
        done.append(running.job.job_id)

    second = Runner(bench.jobs, {"test": again}, corpus.clock, Places(2), lambda: 0)
    await second.start()
    await bench.until(deaf, "completed")
    await second.stop(1.0)
    assert sorted(done) == [steered.job_id, deaf.job_id]


async def test_a_stop_waits_for_replies_that_are_on_their_way(corpus: Corpus) -> None:
    on_their_way = [1]
    began = asyncio.Event()

    async def work(running: Running) -> None:
        began.set()
        await asyncio.sleep(1.2)  # longer than a stop looks at idle work
        on_their_way.clear()
        raise CallsStopped

    kept: list[str] = []

    async def keeping(running: Running) -> None:
        try:
            await work(running)
        except CallsStopped:
            kept.append("reply")
            raise

    jobs = JobStore(corpus.database)
    runner = Runner(jobs, {"test": keeping}, corpus.clock, Places(2), lambda: len(on_their_way))
    bench = Bench(jobs, runner, [])
    await runner.start()
    await bench.submit(work)
    await began.wait()
    await runner.stop(20.0)
    assert kept == ["reply"]


async def test_a_pause_that_a_stop_interrupts_stays_a_pause(bench: Bench) -> None:
    job = await bench.submit(for_ever)
    await bench.until(job, "running")
    pausing = asyncio.ensure_future(bench.runner.pause(job))
    await asyncio.sleep(0)
    await bench.runner.stop(0.0)
    assert (await pausing).state == "paused"


async def test_calls_left_open_are_settled_before_a_job_that_waited_for_storage_runs_again(corpus: Corpus) -> None:
    jobs, clock, done = JobStore(corpus.database), VirtualClock(), asyncio.Event()
    order: list[str] = []

    async def work(running: Running) -> None:
        order.append("ran")
        if len(order) == 1:
            raise StorageError("the disk is full")
        done.set()

    async def settle_calls(job: int) -> None:
        order.append(f"settled {job}")

    runner = Runner(jobs, {"test": work}, clock, Places(2), lambda: 0, settle=settle_calls)
    await runner.start()
    job = await Bench(jobs, runner, []).submit(work)
    await clock.run(asyncio.wait_for(done.wait(), 10))
    await runner.stop(0.0)
    assert order == ["ran", f"settled {job.id}", "ran"]


async def test_a_job_that_waits_for_storage_can_be_cancelled(corpus: Corpus) -> None:
    jobs, raised = JobStore(corpus.database), asyncio.Event()

    async def work(running: Running) -> None:
        raised.set()
        raise StorageError("the disk is full")

    runner = Runner(jobs, {"test": work}, VirtualClock(), Places(2), lambda: 0)  # time does not pass: it waits
    await runner.start()
    job = await Bench(jobs, runner, []).submit(work)
    await raised.wait()
    assert (await runner.cancel(job)).state == "cancelled"
    assert runner.running == {}
    await runner.stop(0.0)
