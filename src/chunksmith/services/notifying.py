"""The webhook hears of every job that ends, also of one that ended just before the server stopped."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.ports import Clock
from chunksmith.errors import AppError, ProviderError
from chunksmith.gateway.budget import usd

log = logging.getLogger(__name__)
ATTEMPTS = 6
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 120.0
STORAGE_RETRY_S = 5.0
CALLS_LOOK_S = 0.5


class Sender(Protocol):
    async def send(self, payload: Mapping[str, Any]) -> None:
        """Errors: ProviderError."""
        ...


class Notifier:
    """``run`` as a task of the server; ``wake`` when a job has ended.

    ``moves`` says whether calls of a job are on their way: of one that was cancelled they may be, and what they cost
    belongs to what is told.
    """

    def __init__(self, jobs: JobQueue, sender: Sender, moves: Callable[[int], bool], clock: Clock) -> None:
        self._jobs = jobs
        self._sender = sender
        self._moves = moves
        self._clock = clock
        self._work = asyncio.Event()
        self._work.set()

    def wake(self) -> None:
        self._work.set()

    async def run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await self._deliver_all()
            except AppError as exc:
                # Whom the webhook was told of, and that could not be noted, it hears of again.
                log.warning("notifying_interrupted", extra={"slug": exc.slug, "detail": exc.detail})
                self._work.set()
                await self._clock.sleep(STORAGE_RETRY_S)

    async def _deliver_all(self) -> None:
        while jobs := await self._jobs.to_notify():
            for job in jobs:
                while self._moves(job.id):
                    await self._clock.sleep(CALLS_LOOK_S)
                await self._deliver(await self._jobs.reload(job.id))
                await self._jobs.notified(job.id)

    async def _deliver(self, job: Job) -> None:
        wait_s = FIRST_WAIT_S
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._sender.send(payload_of(job))
            except ProviderError as exc:
                log.warning("webhook_failed", extra={"job": job.job_id, "attempt": attempt, "detail": exc.detail})
                if attempt < ATTEMPTS:
                    await self._clock.sleep(wait_s)
                    wait_s = min(LONGEST_WAIT_S, wait_s * 3)
            else:
                log.info("webhook_sent", extra={"job": job.job_id, "attempt": attempt})
                return


def payload_of(job: Job) -> dict[str, Any]:
    counters = job.counters
    return {
        "event": "job.ended",
        "job_id": job.job_id,
        "kind": job.kind,
        "status": job.state,
        "error": job.error_detail,
        "project_id": job.project_id,
        "dataset_id": job.dataset_id,
        "total_entries": counters.entries,
        "outcomes": dict(counters.outcomes),
        "cost_usd": None if counters.unpriced_calls else usd(counters.cost_nano),
        "known_cost_usd": usd(counters.cost_nano),
        "unknown_cost_calls": counters.unknown_cost_calls,
        "completed_at": job.completed_at,
    }
