"""The webhook hears of each job once, when all of it is known, also after a disk that was full."""

import asyncio
from collections.abc import Mapping
from typing import Any

from chunksmith.domain.jobs import Job
from chunksmith.errors import StorageError
from chunksmith.services.notifying import Notifier
from chunksmith.storage.jobs import JobStore
from corpus_parts import NOW, Corpus
from virtual_clock import VirtualClock


class Noting(JobStore):
    noted: asyncio.Event

    async def notified(self, job: int) -> None:
        await super().notified(job)
        self.noted.set()


class FullAtFirst(Noting):
    """The first note that a job was told of cannot be written."""

    failed = 0

    async def notified(self, job: int) -> None:
        if not self.failed:
            self.failed += 1
            raise StorageError("the database cannot be written: database or disk is full")
        await super().notified(job)


class Heard:
    def __init__(self) -> None:
        self.payloads: list[Mapping[str, Any]] = []

    async def send(self, payload: Mapping[str, Any]) -> None:
        self.payloads.append(payload)


async def ended(jobs: JobStore) -> Job:
    values: dict[str, Any] = {
        "job_id": "test-1",
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
    job = await jobs.submit(values)
    await jobs.move(job.id, "running", at=NOW)
    return await jobs.move(job.id, "completed", at=NOW, notify=True)


async def test_a_full_disk_does_not_end_the_notifier(corpus: Corpus) -> None:
    jobs, clock, heard = FullAtFirst(corpus.database), VirtualClock(), Heard()
    jobs.noted = asyncio.Event()
    await ended(jobs)
    running = asyncio.ensure_future(Notifier(jobs, heard, lambda job: False, clock).run())
    await clock.run(asyncio.wait_for(jobs.noted.wait(), 10))
    assert (len(heard.payloads), running.done(), await jobs.to_notify()) == (2, False, [])
    running.cancel()


async def test_it_is_told_when_the_calls_of_a_cancelled_job_have_come_home(corpus: Corpus) -> None:
    jobs, clock, heard = Noting(corpus.database), VirtualClock(), Heard()
    home = clock.monotonic() + 3
    jobs.noted = asyncio.Event()
    job = await ended(jobs)
    running = asyncio.ensure_future(Notifier(jobs, heard, lambda _: clock.monotonic() < home, clock).run())
    await clock.advance(2)
    await corpus.database.apply([("UPDATE job_counters SET unknown_calls = 1 WHERE job = ?", (job.id,))])
    assert heard.payloads == []
    await clock.advance(5)
    await clock.run(asyncio.wait_for(jobs.noted.wait(), 10))
    assert [payload["unknown_cost_calls"] for payload in heard.payloads] == [1]
    running.cancel()
