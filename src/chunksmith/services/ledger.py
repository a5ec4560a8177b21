"""Keeping the ledger small: raw replies go when somebody says so, never by themselves."""

from typing import NamedTuple

from chunksmith.domain.dataset_ports import Replies
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import ENDED, Job
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import Conflict, Fault, InvalidRequest
from chunksmith.services.gathering import Gathered

DAY_S = 86_400


class Pruned(NamedTuple):
    replies: int
    size_bytes: int


class LedgerService:
    def __init__(self, replies: Replies, jobs: JobQueue, clock: Clock) -> None:
        self._replies = replies
        self._jobs = jobs
        self._clock = clock

    async def faults(self, job_id: str | None) -> list[Fault]:
        gathered = Gathered()
        with gathered.gathering("job_id"):
            if job_id is not None:
                await self._ended(job_id)
        return gathered.all_faults()

    async def prune(self, older_than_days: float | None, job_id: str | None, *, dry_run: bool) -> Pruned:
        """Remove raw replies by age, by job, or both. The calls stay listed, but answer no request again.

        Errors: InvalidRequest when neither is given; NotFound; Conflict while the job has not ended.
        """
        if older_than_days is None and job_id is None:
            raise InvalidRequest.field("", "say older_than_days, job_id, or both")
        before = rfc3339(self._clock.now() - older_than_days * DAY_S) if older_than_days is not None else None
        chosen = (await self._ended(job_id)).id if job_id is not None else None
        if dry_run:
            return Pruned(*await self._replies.prunable(before, chosen))
        replies = size = after = 0
        while True:
            count, size_bytes, after = await self._replies.prune_slice(before, chosen, after)
            if not count:
                return Pruned(replies, size)
            replies, size = replies + count, size + size_bytes

    async def _ended(self, job_id: str) -> Job:
        job = await self._jobs.get(job_id)
        if job.state not in ENDED:
            raise Conflict(f"job {job_id} is {job.state}; its replies may still be needed")
        return job
