"""What happens to a job, as it happens: events that must not be missed, and how far it is in between."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import ENDED
from chunksmith.domain.ports import Clock
from chunksmith.services.jobs import JobService, JobStatus

POLL_S = 0.5
PAGE = 200


class Event(NamedTuple):
    """``id`` None: a snapshot, which the next one replaces; nobody needs to be told of it twice."""

    id: int | None
    kind: str
    data: dict[str, Any] | JobStatus


class EventService:
    def __init__(self, jobs: JobQueue, status: JobService, clock: Clock) -> None:
        self._jobs = jobs
        self._status = status
        self._clock = clock

    async def follow(self, job_id: str, after: int) -> AsyncIterator[Event | None]:
        """Events after the one with the id ``after``, then what comes, until the job ends. None: nothing new.

        Errors: NotFound.
        """
        job = await self._jobs.get(job_id)
        last: JobStatus | None = None
        while True:
            status = await self._status.status(job_id)
            while events := await self._jobs.events(job.id, after, PAGE):
                for event in events:
                    yield Event(event.id, event.kind, {**event.data, "at": event.at})
                after = events[-1].id
            if last is None or (status.job, status.waiting_for) != (last.job, last.waiting_for):
                yield Event(None, "progress", status)
                last = status
            else:
                yield None
            if status.job.state in ENDED:
                return
            await self._clock.sleep(POLL_S)
