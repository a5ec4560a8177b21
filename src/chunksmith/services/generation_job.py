"""What a generation job does, from its documents to its last batch file. Every step may be the first after a crash."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from chunksmith.domain import fault_points
from chunksmith.domain.calls import ModelRef
from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import Chunk, ProcessOptions
from chunksmith.domain.corpus_ports import ChunkSource, Documents
from chunksmith.domain.datasets import Dataset
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.job_ports import Datasets, Entries, JobQueue, Units
from chunksmith.domain.jobs import WARNINGS_KEPT, Job, Outcome, Unit
from chunksmith.domain.ports import Clock
from chunksmith.errors import FormatFailed, NoSourceMaterial
from chunksmith.exports.formats import format_named
from chunksmith.gateway.gateway import Gateway
from chunksmith.pipeline.batches import BatchFiles, BatchPlan, BatchStore
from chunksmith.pipeline.generate import Defaults, Recipe, UnitResult, Writer
from chunksmith.pipeline.judging import Judge
from chunksmith.pipeline.labels import Labeller
from chunksmith.pipeline.pool import Pool
from chunksmith.pipeline.sources import Around
from chunksmith.services.finishing import FinishingStep
from chunksmith.services.generation_checks import reads_documents
from chunksmith.services.model_reading import DocumentCalls, JobCalls
from chunksmith.services.pace import FinishingTime, Pace
from chunksmith.services.processing import models_of
from chunksmith.services.runner import Running
from chunksmith.services.sources import Source, Sources
from chunksmith.services.steering import Steering, caller_of, units_in_work

# Units are put into the table in slices, so that other writers get their turn.
UNIT_SLICE = 2_000
DOCUMENT_PAGE = 256
EXTRACTION_GONE = Outcome("failed", "extraction_gone", "what was extracted from the passage is no longer stored")


class ProcessDocument(Protocol):
    async def __call__(self, document_id: int, options: ProcessOptions, *, calls: DocumentCalls | None) -> Outcome: ...


@dataclass(frozen=True)
class Stores:
    jobs: JobQueue
    units: Units
    entries: Entries
    datasets: Datasets
    chunks: ChunkSource
    documents: Documents


class Material(NamedTuple):
    """A unit and the passage that it is about; ``around`` is None when what stood beside it is gone."""

    unit: Unit
    chunk: Chunk
    around: Around | None

    @property
    def position(self) -> int:
        return self.unit.position


class GenerationJob:
    """The work of jobs of the kind ``dataset-gen``."""

    def __init__(
        self,
        stores: Stores,
        gateway: Gateway,
        process_document: ProcessDocument,
        clock: Clock,
        place: Callable[[str], Path],
        defaults: Defaults,
        sources: Sources,
        finishing: Sequence[FinishingStep],
        unit_ended: Callable[[str, str], None] = lambda kind, outcome: None,
    ) -> None:
        self._stores = stores
        self._gateway = gateway
        self._process_document = process_document
        self._clock = clock
        self._place = place
        self._defaults = defaults
        self._sources = sources
        self._finishing = finishing
        self._unit_ended = unit_ended
        self._finishing_time = FinishingTime()
        self.paces: dict[int, Pace] = {}

    async def __call__(self, running: Running) -> None:
        job = running.job
        spec = GenerationSpec.model_validate(job.spec)
        for model in (spec.generation_model, spec.second_classifier, spec.judge):
            if model is not None:
                self._gateway.reopen(model.provider)
        source = await self._sources.open(spec, await self._stores.jobs.inputs(job.id))
        if not job.counters.units_ready:
            if reads_documents(spec.data_source):
                await self._read_documents(running, spec)
            job = await self._make_units(job, source)
        assert job.dataset_id is not None  # noqa: S101 - made with the job
        dataset = await self._stores.datasets.get(job.dataset_id)
        pace = self.paces[job.id] = Pace(self._clock, self._finishing_time)
        failed: FormatFailed | None = None
        try:
            try:
                await self._generate(running, job, dataset, spec, source)
            except FormatFailed as exc:  # files are missing, entries are not: they are judged like any others
                failed = exc
            finally:
                self._gateway.forget(job.id)
            fault_points.reached("units_down")
            pace.units_down()
            await self._finish(running, dataset.dataset_id, spec)
            pace.finished((await self._stores.jobs.reload(job.id)).counters.entries)
        finally:
            del self.paces[job.id]
        if failed is not None:
            raise failed

    async def _finish(self, running: Running, dataset_id: str, spec: GenerationSpec) -> None:
        for step in self._finishing:
            await step(running, await self._stores.datasets.get(dataset_id), spec)  # as the last one left it
            fault_points.reached("finishing_step")
        fault_points.reached("quality_durable")

    async def _read_documents(self, running: Running, spec: GenerationSpec) -> None:
        """Documents that are uploaded but not chunked yet. One that cannot be read is left out, and the job says so."""
        try:
            await self._read_pending(running, spec)
        finally:  # also where reading was stopped: what could not be read until then is told
            await self._note_unread(running.job, spec)

    async def _read_pending(self, running: Running, spec: GenerationSpec) -> None:
        job = running.job
        assert job.project_id is not None  # noqa: S101 - generation belongs to a project
        options = spec.process_options()
        calls = self._reading_calls(running, spec, models_of(options))
        after = 0
        while ids := await self._stores.documents.pending(job.project_id, after, DOCUMENT_PAGE):
            chosen = [one for one in ids if spec.document_ids is None or one in spec.document_ids]
            for number, document in enumerate(chosen, start=1):
                if running.halted_by is not None:
                    raise running.halted_by
                label = f"document {number}/{len(chosen)}"
                await self._stores.jobs.set_step(job.id, f"Reading {label}")
                mine = DocumentCalls(calls, document, label) if calls is not None else None
                await self._process_document(document, options, calls=mine)
            after = ids[-1]

    async def _note_unread(self, job: Job, spec: GenerationSpec) -> None:
        """The documents themselves tell, so it does not matter which job tried them."""
        assert job.project_id is not None  # noqa: S101 - generation belongs to a project
        failed = await self._stores.documents.failed(job.project_id, spec.document_ids, WARNINGS_KEPT)
        await self._stores.jobs.set_unread(job.id, failed.total, [one.warning for one in failed.items])

    def _reading_calls(self, running: Running, spec: GenerationSpec, models: Sequence[ModelRef]) -> JobCalls | None:
        """For models that read, on this job's ceiling; None when nothing but rules reads."""
        if not models:
            return None
        job = running.job
        for model in models:
            self._gateway.reopen(model.provider)
        caller = caller_of(job, reuse=spec.reuse)
        calls = JobCalls(self._gateway, caller, job.concurrency, partial(self._stores.jobs.set_step, job.id))
        running.steer(calls)
        return calls

    async def _make_units(self, job: Job, source: Source) -> Job:
        after, count = job.counters.last_source_id, job.counters.units_total
        while True:
            ids = await source.units(after, UNIT_SLICE)
            last = len(ids) < UNIT_SLICE
            if not ids and not count:
                raise _nothing_to_write_from(await self._stores.jobs.reload(job.id))
            await self._stores.units.add_units(job.id, count, ids, last=last)
            fault_points.reached("units_slice")
            count += len(ids)
            if last:
                return await self._stores.jobs.reload(job.id)
            after = ids[-1]

    async def _generate(
        self, running: Running, job: Job, dataset: Dataset, spec: GenerationSpec, source: Source
    ) -> None:
        caller = caller_of(job, reuse=spec.reuse)
        recipe = Recipe(spec, self._defaults)
        second = spec.second_classifier
        labeller = Labeller(self._gateway, caller, second) if second is not None else None
        judge = Judge(self._gateway, caller, spec.judge) if spec.judge is not None else None
        writer = Writer(self._gateway, caller, recipe, labeller=labeller, judge=judge)
        plan = BatchPlan(job.counters.units_total, spec.batch_size)
        store = BatchStore(
            self._stores.units,
            self._stores.entries,
            self._stores.datasets,
            self._stores.chunks,
            self._place,
            lambda: timestamp(self._clock),
        )
        form = format_named(spec.format_type)
        files = BatchFiles(job, dataset, plan, spec.datasets_per_chunk, form, store)
        pace = self.paces[job.id]

        async def work(material: Material) -> None:
            await files.began(material.unit)
            if material.around is not None:
                at = timestamp(self._clock)
                result = await writer.write(material.unit, material.chunk, at, material.around)
            else:
                result = UnitResult(EXTRACTION_GONE, ())
            await self._stores.entries.end_unit(job.id, material.unit, result.outcome, dataset.id, result.entries)
            fault_points.reached("unit_durable")
            pace.tick()
            self._unit_ended(job.kind, result.outcome.status)
            await files.ended(material.unit)

        async def fetch(after: int, limit: int) -> Sequence[Material]:
            return await self._material(job.id, source, after, limit)

        pool = Pool(fetch, work, units_in_work(job.concurrency))
        running.steer(Steering(pool, self._gateway, caller))
        async with files.writing():
            await pool.run()
        await files.finish(job.counters.rounds)

    async def _material(self, job: int, source: Source, after: int, limit: int) -> Sequence[Material]:
        units = await self._stores.units.pending_units(job, after, limit)
        chunks = await self._stores.chunks.chunks_by_ids([unit.source_id for unit in units])
        arounds = await source.arounds(list(chunks.values()))
        return [Material(unit, chunks[unit.source_id], arounds.get(unit.source_id)) for unit in units]


def _nothing_to_write_from(job: Job) -> NoSourceMaterial:
    unread = job.counters.documents_unread
    if not unread:
        return NoSourceMaterial()
    more = f" (and {unread - 1} more)" if unread > 1 else ""
    return NoSourceMaterial(f"No chunks found for project: {job.warnings[0]}{more}")
