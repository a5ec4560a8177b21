"""The work of jobs of the kind ``process``: one unit per document."""

from collections.abc import Callable, Sequence
from functools import partial

from chunksmith.domain.corpus import ProcessOptions
from chunksmith.domain.corpus_ports import Statement
from chunksmith.domain.halts import Halt
from chunksmith.domain.job_ports import JobQueue, Units
from chunksmith.domain.jobs import Job, Outcome, Unit
from chunksmith.errors import DocumentUnreadable
from chunksmith.pipeline.pool import Pool
from chunksmith.services.model_reading import DocumentCalls, JobCalls
from chunksmith.services.processing import DocumentProcessing, models_of
from chunksmith.services.runner import Running

# Ends a unit in the transaction that stores its results.
EndUnit = Callable[[int, Unit, Outcome], Sequence[Statement]]


class _Steering:
    """``calls`` is None when no model is asked; ceilings are for calls, so they mean nothing then."""

    def __init__(self, pool: Pool[Unit], calls: JobCalls | None) -> None:
        self._pool = pool
        self._calls = calls

    def halt(self, reason: Halt) -> None:
        self._pool.halt(reason)
        if self._calls is not None:
            self._calls.halt(reason)

    def set_limits(self, concurrency: int, max_calls: int | None, max_cost_nano: int | None) -> None:
        self._pool.set_concurrency(concurrency)
        if self._calls is not None:
            self._calls.set_limits(concurrency, max_calls, max_cost_nano)


class ProcessingJob:
    def __init__(
        self,
        jobs: JobQueue,
        units: Units,
        processing: DocumentProcessing,
        end_unit: EndUnit,
        unit_ended: Callable[[str, str], None] = lambda kind, outcome: None,
    ) -> None:
        self._jobs = jobs
        self._units = units
        self._processing = processing
        self._end_unit = end_unit
        self._unit_ended = unit_ended

    async def __call__(self, running: Running) -> None:
        job = running.job
        options = ProcessOptions(**job.spec["options"])
        if not job.counters.units_ready:
            await self._units.add_units(job.id, 0, job.spec["document_ids"], last=True)
        try:
            await self._process(running, options)
        finally:
            if self._processing.models is not None:
                self._processing.models.forget(job)
        await self._must_have_read_one(job)

    async def _process(self, running: Running, options: ProcessOptions) -> None:
        job = running.job
        calls = self._calls(job, options)
        count = len(job.spec["document_ids"])

        async def work(unit: Unit) -> None:
            label = f"document {unit.position + 1}/{count}"
            mine = DocumentCalls(calls, unit.position, label) if calls is not None else None
            outcome = await self._processing.process(
                unit.source_id, options, lambda outcome: self._end_unit(job.id, unit, outcome), mine
            )
            self._unit_ended(job.kind, outcome.status)

        async def fetch(after: int, limit: int) -> Sequence[Unit]:
            return await self._units.pending_units(job.id, after, limit)

        pool = Pool(fetch, work, job.concurrency)
        running.steer(_Steering(pool, calls))
        await pool.run()

    def _calls(self, job: Job, options: ProcessOptions) -> JobCalls | None:
        models = models_of(options)
        if not models or self._processing.models is None:
            return None
        return self._processing.models.calls_of(job, models, partial(self._jobs.set_step, job.id))

    async def _must_have_read_one(self, job: Job) -> None:
        """Errors: DocumentUnreadable when no document could be read."""
        counters = (await self._jobs.reload(job.id)).counters
        if counters.accepted == 0:
            raise DocumentUnreadable(
                "unsupported", f"None of {counters.units_total} documents could be read; the outcomes say why"
            )
