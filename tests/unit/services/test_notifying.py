"""The webhook goes on after a disk that was full."""

import asyncio
from collections.abc import Mapping
from typing import Any

from chunksmith.domain.jobs import Job
from chunksmith.errors import StorageError
from chunksmith.services.notifying import Notifier
from chunksmith.storage.jobs import JobStore
from corpus_parts import NOW, Corpus
from virtual_clock import VirtualClock


class FullAtFirst(JobStore):
    """The first note that a job was told of cannot be written."""

    failed = 0
    noted: asyncio.Event

    async def notified(self, job: int) -> None:
        if not self.failed:
            self.failed += 1
            raise StorageError("the database cannot be written: database or disk is full")
        await super().notified(job)
        self.noted.set()


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
    running = asyncio.ensure_future(Notifier(jobs, heard, clock).run())
    await clock.run(asyncio.wait_for(jobs.noted.wait(), 10))
    assert (len(heard.payloads), running.done(), await jobs.to_notify()) == (2, False, [])
    running.cancel()
