"""Jobs that were paused for the rest of a provider: when they go on, and which do not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from chunksmith.domain.jobs import Job
from chunksmith.services.rests import Rests
from chunksmith.storage.jobs import JobStore
from corpus_parts import NOW, Corpus
from virtual_clock import VirtualClock

Begin = Callable[[], Awaitable[None]]


@dataclass
class Account:
    clock: VirtualClock
    until: float = 0.0
    one_by_one: bool = False

    @property
    def rest_s(self) -> float:
        return max(0.0, self.until - self.clock.monotonic())

    def ask_one_by_one(self) -> None:
        self.one_by_one = True


@dataclass
class Bench:
    jobs: JobStore
    clock: VirtualClock
    accounts: dict[str, Account]
    rests: Rests
    queued: asyncio.Event = field(default_factory=asyncio.Event)
    made: list[Job] = field(default_factory=list)

    async def paused(self, resting: str | None) -> Job:
        name = f"test-{len(self.made)}"
        values = {"job_id": name, "kind": "test", "project_id": None, "spec": {}, "concurrency": 1, "created_at": NOW}
        unset = dict.fromkeys(("max_calls", "max_cost_nano", "idempotency_key", "idempotency_hash"))
        job = await self.jobs.submit({**values, **unset})
        await self.jobs.move(job.id, "running", at=NOW)
        self.made.append(job)
        return await self.jobs.move(
            job.id, "paused", at=NOW, reason="provider", error=(None, "until then"), resting=resting
        )

    async def states(self) -> list[str]:
        return [(await self.jobs.reload(job.id)).state for job in self.made]

    def rest(self, provider: str, seconds: float) -> None:
        self.accounts[provider].until = self.clock.monotonic() + seconds


@pytest.fixture
def bench(corpus: Corpus) -> Bench:
    clock = VirtualClock()
    accounts = {name: Account(clock) for name in ("grok", "gemini")}
    jobs = JobStore(corpus.database)
    return Bench(jobs, clock, accounts, Rests(jobs, accounts, clock))


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.001)


@pytest.fixture
async def begin(bench: Bench) -> AsyncIterator[Begin]:
    """Lets what waits go on; returns when all that was to be done at once is done."""
    tasks = []

    async def run() -> None:
        tasks.append(asyncio.create_task(bench.rests.run(bench.queued)))
        await until(lambda: _sleeps(bench))

    yield run
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_job_goes_on_when_the_time_has_come_and_not_before(bench: Bench, begin: Begin) -> None:
    bench.rest("grok", 5000)
    job = await bench.paused("grok")
    await begin()
    await bench.clock.advance(4999)
    assert await bench.states() == ["paused"]
    await bench.clock.advance(1)
    await asyncio.wait_for(bench.queued.wait(), 10)
    now = await bench.jobs.reload(job.id)
    assert (now.state, now.reason, now.error_detail) == ("submitted", None, None)


async def test_jobs_of_other_waits_and_of_none_stay(bench: Bench, begin: Begin) -> None:
    bench.rest("gemini", 5000)
    for resting in (None, "gemini", "grok"):
        await bench.paused(resting)
    await begin()
    assert await bench.states() == ["paused", "paused", "submitted"]


async def test_jobs_go_on_when_the_rest_is_over_before_its_time(bench: Bench, begin: Begin) -> None:
    bench.rest("grok", 5000)
    await bench.paused("grok")
    await bench.paused("grok")
    await begin()
    bench.accounts["grok"].until = 0.0
    bench.rests.look()
    await until(lambda: _all(bench, "submitted"))


async def test_a_job_that_is_paused_later_is_seen(bench: Bench, begin: Begin) -> None:
    bench.rest("grok", 5000)
    bench.rest("gemini", 100)
    await bench.paused("grok")
    await begin()
    await bench.paused("gemini")
    bench.clock.slept.clear()
    bench.rests.look()
    await until(lambda: _sleeps(bench))
    await bench.clock.advance(100)
    await asyncio.wait_for(bench.queued.wait(), 10)
    assert await bench.states() == ["paused", "submitted"]


async def test_what_was_over_before_the_start_is_asked_for_with_one_call_first(bench: Bench, begin: Begin) -> None:
    bench.rest("gemini", 5000)
    await bench.paused("grok")
    await bench.paused("gemini")
    await begin()
    assert [account.one_by_one for account in bench.accounts.values()] == [True, False]


async def _all(bench: Bench, state: str) -> bool:
    return set(await bench.states()) == {state}


async def _sleeps(bench: Bench) -> bool:
    return bool(bench.clock.slept)
