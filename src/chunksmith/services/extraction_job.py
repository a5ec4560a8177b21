"""What an extraction job does: a unit per chunk, a call or two for each. Every step may be the first after a crash."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chunksmith.domain import fault_points
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.extraction import Extractions, ExtractionSpec
from chunksmith.domain.job_ports import JobQueue, Units
from chunksmith.domain.jobs import Job, Unit
from chunksmith.domain.ports import Clock
from chunksmith.errors import NoSourceMaterial, NothingGenerated
from chunksmith.gateway.gateway import Gateway
from chunksmith.pipeline.extract import Extractor
from chunksmith.pipeline.pool import Pool
from chunksmith.services.pace import Pace
from chunksmith.services.runner import Running
from chunksmith.services.steering import Steering, caller_of, units_in_work

UNIT_SLICE = 2_000


@dataclass(frozen=True)
class ExtractionStores:
    jobs: JobQueue
    units: Units
    chunks: ChunkSource
    extractions: Extractions


class _Material(NamedTuple):
    """A unit and the chunk that it is about."""

    unit: Unit
    chunk: Chunk

    @property
    def position(self) -> int:
        return self.unit.position


class ExtractionJob:
    """The work of jobs of the kind ``extraction``. ``paces`` is where statuses look for how fast a job goes."""

    def __init__(
        self,
        stores: ExtractionStores,
        gateway: Gateway,
        clock: Clock,
        paces: dict[int, Pace],
        unit_ended: Callable[[str, str], None] = lambda kind, outcome: None,
    ) -> None:
        self._stores = stores
        self._gateway = gateway
        self._clock = clock
        self._paces = paces
        self._unit_ended = unit_ended

    async def __call__(self, running: Running) -> None:
        job = running.job
        spec = ExtractionSpec.model_validate(job.spec)
        await self._stores.extractions.get(job.job_id)  # NotFound: it is being deleted
        for model in (spec.generation_model, spec.validation_classifier):
            if model is not None:
                self._gateway.reopen(model.provider)
        if not job.counters.units_ready:
            job = await self._make_units(job, spec)
        self._paces[job.id] = Pace(self._clock)
        try:
            await self._extract(running, job, spec)
        finally:
            del self._paces[job.id]
            self._gateway.forget(job.id)
        fault_points.reached("units_down")
        await self._must_have_found_something(job)

    async def _make_units(self, job: Job, spec: ExtractionSpec) -> Job:
        after, count = job.counters.last_source_id, job.counters.units_total
        while True:
            room = UNIT_SLICE if spec.max_chunks is None else min(UNIT_SLICE, spec.max_chunks - count)
            ids = await self._stores.chunks.visible_chunk_ids(spec.project_id, after, room, spec.document_ids)
            last = len(ids) < UNIT_SLICE or count + len(ids) == spec.max_chunks
            if not ids and not count:
                raise NoSourceMaterial()
            await self._stores.units.add_units(job.id, count, ids, last=last)
            fault_points.reached("units_slice")
            count += len(ids)
            if last:
                return await self._stores.jobs.reload(job.id)
            after = ids[-1]

    async def _extract(self, running: Running, job: Job, spec: ExtractionSpec) -> None:
        caller = caller_of(job, reuse=spec.reuse)
        categories = await self._stores.extractions.categories(job.id)
        # A large taxonomy takes a second to index.
        extractor = await asyncio.to_thread(Extractor, self._gateway, caller, spec, categories)
        await self._stores.jobs.set_step(job.id, f"Extracting from {job.counters.units_total} chunks")

        async def work(material: _Material) -> None:
            found = await extractor.extract(material.unit, material.chunk)
            await self._stores.extractions.end_unit(job.id, material.unit, found.outcome, spec.project_id, found.items)
            fault_points.reached("unit_durable")
            self._paces[job.id].tick()
            self._unit_ended(job.kind, found.outcome.status)

        async def fetch(after: int, limit: int) -> Sequence[_Material]:
            units = await self._stores.units.pending_units(job.id, after, limit)
            chunks = await self._stores.chunks.chunks_by_ids([unit.source_id for unit in units])
            return [_Material(unit, chunks[unit.source_id]) for unit in units]

        pool = Pool(fetch, work, units_in_work(job.concurrency))
        running.steer(Steering(pool, self._gateway, caller))
        await pool.run()

    async def _must_have_found_something(self, job: Job) -> None:
        """Errors: NothingGenerated."""
        counters = (await self._stores.jobs.reload(job.id)).counters
        if counters.entries == 0:
            named = ", ".join(f"{count} {status}" for status, count in counters.outcomes.items() if count)
            raise NothingGenerated(f"Nothing was extracted from {counters.units_total} chunks: {named}")
