"""Jobs that can do nothing but wait for a silent provider keep no place from others."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chunksmith.domain.jobs import Job
from chunksmith.services.places import MOST_TIMES, Places
from chunksmith.services.runner import Runner, Running
from chunksmith.storage.jobs import JobStore
from corpus_parts import NOW, Corpus
from virtual_clock import VirtualClock, settle

MOST = 2


@dataclass
class Hall:
    """A runner over a real table, with jobs that run until they are let go. A job asks the providers in its spec."""

    jobs: JobStore
    clock: VirtualClock
    quiet: set[str] = field(default_factory=set)
    idle: set[int] = field(default_factory=set)
    over: set[int] = field(default_factory=set)
    most_busy: int = 0
    made: int = 0

    def __post_init__(self) -> None:
        places = Places(MOST, lambda: frozenset(self.quiet), lambda job: job in self.idle, lambda job: job.spec["asks"])
        self.runner = Runner(self.jobs, {"test": self.work}, self.clock, places, lambda: 0)

    async def work(self, running: Running) -> None:
        self.most_busy = max(self.most_busy, len(set(self.runner.running) - self.idle))
        while running.job.id not in self.over:
            await self.clock.sleep(1)

    async def submit(self, *asks: str) -> int:
        self.made += 1
        unused = dict.fromkeys(("project_id", "max_calls", "max_cost_nano", "idempotency_key", "idempotency_hash"))
        named: dict[str, Any] = {"job_id": f"test-{self.made}", "kind": "test", "spec": {"asks": asks}}
        job = await self.jobs.submit({**unused, **named, "concurrency": 1, "created_at": NOW})
        self.runner.wake()
        return job.id

    async def runs(self, *expected: int) -> None:
        """These, and no other, after any time. The table is written and read in threads, which are waited for."""
        async with asyncio.timeout(20):
            while set(self.runner.running) != set(expected):
                await self._second()
        for _ in range(3):
            await self._second()
        assert set(self.runner.running) == set(expected)

    async def _second(self) -> None:
        await self.jobs.set_step(0, "")  # behind all that was to be written
        await self.jobs.counts_by_state()
        await settle()
        await self.clock.advance(1)


@pytest.fixture
async def hall(corpus: Corpus) -> AsyncIterator[Hall]:
    made = Hall(JobStore(corpus.database), VirtualClock())
    await made.runner.start()
    yield made
    await made.runner.stop(0.0)


async def waiting(hall: Hall, provider: str, count: int = MOST) -> list[int]:
    """Jobs that run, and then wait for the provider."""
    made = [await hall.submit(provider) for _ in range(count)]
    await hall.runs(*made)
    hall.quiet.add(provider)
    hall.idle.update(made)
    return made


async def test_without_silence_no_more_run_than_there_are_places(hall: Hall) -> None:
    made = [await hall.submit("grok") for _ in range(4)]
    await hall.runs(*made[:MOST])


async def test_who_waits_for_a_silent_provider_keeps_no_place_from_others(hall: Hall) -> None:
    silent = await waiting(hall, "ollama")
    other = await hall.submit("builtin")
    await hall.runs(*silent, other)


async def test_others_start_also_when_silence_comes_after_they_were_submitted(hall: Hall) -> None:
    silent = [await hall.submit("ollama") for _ in range(MOST)]
    other = await hall.submit("builtin")
    await hall.runs(*silent)
    hall.quiet.add("ollama")
    hall.idle.update(silent)
    await hall.runs(*silent, other)


async def test_who_would_wait_likewise_stays_in_the_queue_until_the_provider_speaks(hall: Hall) -> None:
    silent = await waiting(hall, "ollama")
    alike, both, other = await hall.submit("ollama"), await hall.submit("grok", "ollama"), await hall.submit("grok")
    await hall.runs(*silent, other)
    hall.quiet.clear()
    hall.idle.clear()
    hall.over.update((*silent, other))
    await hall.runs(alike, both)


async def test_a_place_that_nobody_has_goes_to_the_oldest_whoever_is_silent(hall: Hall) -> None:
    (silent,) = await waiting(hall, "ollama", 1)
    alike, other = await hall.submit("ollama"), await hall.submit("builtin")
    await hall.runs(silent, alike, other)


async def test_beside_those_that_wait_no_more_work_than_there_are_places(hall: Hall) -> None:
    silent = await waiting(hall, "ollama")
    others = [await hall.submit("builtin") for _ in range(5)]
    await hall.runs(*silent, *others[:MOST])
    hall.over.update(others[:MOST])
    await hall.runs(*silent, *others[MOST : 2 * MOST])
    assert hall.most_busy == MOST


async def test_a_long_queue_of_jobs_that_would_wait_hides_nobody_behind_it(hall: Hall) -> None:
    silent = await waiting(hall, "ollama")
    for _ in range(150):
        await hall.submit("ollama")
    other = await hall.submit("builtin")
    await hall.runs(*silent, other)


async def test_a_provider_that_speaks_again_lets_its_jobs_run_beside_those_of_one_that_does_not(hall: Hall) -> None:
    silent = await waiting(hall, "ollama")
    hall.quiet.add("grok")
    late = await hall.submit("grok")
    await hall.runs(*silent)
    hall.quiet.discard("grok")
    await hall.runs(*silent, late)


async def test_what_waited_beside_others_goes_on_after_a_restart(hall: Hall) -> None:
    silent = await waiting(hall, "ollama")
    other = await hall.submit("builtin")
    await hall.runs(*silent, other)
    await hall.runner.stop(0.0)
    hall.idle.clear()
    hall.quiet.clear()
    hall.__post_init__()
    await hall.runner.start()
    await hall.runs(*silent)
    hall.quiet.add("ollama")
    hall.idle.update(silent)
    await hall.runs(*silent, other)


def test_however_many_wait_there_is_an_end() -> None:
    places = Places(MOST, lambda: frozenset({"ollama"}), lambda job: True)
    assert places.free(range(MOST_TIMES * MOST - 1))
    assert not places.free(range(MOST_TIMES * MOST))


def test_a_job_that_needs_no_provider_never_waits_likewise() -> None:
    places = Places(MOST, lambda: frozenset({"ollama"}), lambda job: True, lambda job: ())
    assert places.takes(_job(), range(MOST))


def _job() -> Job:
    named = {"id": 1, "job_id": "test-1", "kind": "test", "spec": {}, "state": "submitted", "step": ""}
    limits = {"concurrency": 1, "max_calls": None, "max_cost_nano": None, "created_at": NOW}
    unknown = ("project_id", "dataset", "dataset_id", "reason", "error_slug", "error_detail", "started_at")
    return Job(**named, **limits, **dict.fromkeys((*unknown, "completed_at")))  # type: ignore[arg-type]  # all, by name
