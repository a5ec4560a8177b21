"""What a regeneration job does: every entry asked for once more, and put in place where the new text is fit."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chunksmith.domain import fault_points
from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.dataset_ports import Scores
from chunksmith.domain.datasets import Dataset, Entry
from chunksmith.domain.feedback import Feedback
from chunksmith.domain.job_ports import Datasets, Entries, JobQueue, Units
from chunksmith.domain.jobs import Job, Outcome, Unit
from chunksmith.domain.ports import Clock
from chunksmith.domain.regeneration import RegenerationRows, RegenerationSpec, Subject
from chunksmith.errors import NothingGenerated
from chunksmith.gateway.gateway import Gateway
from chunksmith.pipeline.generate import Defaults, scored
from chunksmith.pipeline.pool import Pool
from chunksmith.pipeline.regenerate import Candidates, Choice, Rewriter
from chunksmith.pipeline.sources import NOTHING
from chunksmith.services.dataset_scoring import score_dataset
from chunksmith.services.pace import Pace
from chunksmith.services.runner import Running
from chunksmith.services.sources import Source, Sources
from chunksmith.services.steering import Steering, caller_of

SCORED_PAGE = 100
HISTORY_FEEDBACK_CHARS = 2_000


@dataclass(frozen=True)
class RegenerationStores:
    jobs: JobQueue
    units: Units
    datasets: Datasets
    entries: Entries
    scores: Scores
    chunks: ChunkSource
    rows: RegenerationRows


@dataclass(frozen=True)
class _Work:
    """What all units of a job share."""

    job: Job
    dataset: Dataset
    rewriter: Rewriter
    source: Source
    turns: "Turns"

    @property
    def per_unit(self) -> int:
        """Entries that one passage may have."""
        return int(self.dataset.settings["datasets_per_chunk"])

    def passage_of(self, number: int) -> int:
        return (number - 1) // self.per_unit


class RegenerationJob:
    """The work of jobs of the kind ``regenerate``; a unit's ``source_id`` is the number of its entry."""

    def __init__(
        self,
        stores: RegenerationStores,
        gateway: Gateway,
        clock: Clock,
        defaults: Defaults,
        sources: Sources,
        paces: MutableMapping[int, Pace],
        unit_ended: Callable[[str, str], None] = lambda kind, outcome: None,
    ) -> None:
        self._stores = stores
        self._gateway = gateway
        self._clock = clock
        self._defaults = defaults
        self._sources = sources
        self._paces = paces
        self._unit_ended = unit_ended

    async def __call__(self, running: Running) -> None:
        job = running.job
        spec = RegenerationSpec.model_validate(job.spec)
        self._gateway.reopen(spec.generation_model.provider)
        dataset = await self._stores.datasets.get(spec.dataset_id)
        await self._stores.jobs.set_step(job.id, f"Regenerating {job.counters.units_total} entries")
        self._paces[job.id] = Pace(self._clock)
        try:
            await self._rewrite(running, job, dataset, spec)
        finally:
            del self._paces[job.id]
            self._gateway.forget(job.id)
        fault_points.reached("units_down")
        await self._settle(job, dataset, spec)
        fault_points.reached("quality_durable")

    async def _rewrite(self, running: Running, job: Job, dataset: Dataset, spec: RegenerationSpec) -> None:
        caller = caller_of(job, reuse=spec.writing.reuse)
        inputs = await self._stores.jobs.inputs(spec.source_job) if spec.source_job is not None else {}
        source = await self._sources.open(spec.writing, inputs)
        work = _Work(job, dataset, Rewriter(self._gateway, caller, spec, self._defaults), source, Turns())

        async def fetch(after: int, limit: int) -> Sequence[Unit]:
            return await self._stores.units.pending_units(job.id, after, limit)

        async def end(unit: Unit) -> None:
            with work.turns.take(work.passage_of(unit.source_id)) as turn:
                await self._end(work, unit, turn)

        pool: Pool[Any] = Pool(fetch, end, job.concurrency)
        # No unit more than calls: what is asked for rests on what the entries are when its turn comes.
        running.steer(Steering(pool, self._gateway, caller, units=lambda concurrency: concurrency))
        await pool.run()

    async def _end(self, work: _Work, unit: Unit, turn: "Turn") -> None:
        asked = await self._ask(work, unit)
        if not await turn.comes():
            return  # the job halts and the one before did not end: both are done again, with the reply that is there
        at = timestamp(self._clock)
        choice, said = await self._choose(work, asked, at)
        ended = await self._stores.rows.end_unit(
            work.job.id, unit, choice.outcome, work.dataset.id, choice.entry, at=at, feedback=said
        )
        turn.ended = True
        fault_points.reached("unit_durable")
        self._paces[work.job.id].tick()
        self._unit_ended(work.job.kind, ended.status)

    async def _ask(self, work: _Work, unit: Unit) -> "_Asked | Outcome":
        # Read only now, so that what was said and changed until now counts.
        subjects = await self._stores.rows.subjects(work.job.id, work.dataset.id, [unit], work.per_unit)
        subject = subjects.get(unit.source_id)
        if subject is None:
            return Outcome("rejected", "entry_deleted", f"entry_{unit.source_id} was deleted")
        chunk = (await self._stores.chunks.chunks_by_ids([subject.entry.chunk_id])).get(subject.entry.chunk_id)
        if chunk is None:
            return Outcome("rejected", "passage_gone", "the passage is no longer stored")
        around = (await work.source.arounds([chunk])).get(chunk.id, NOTHING)
        found = await work.rewriter.ask(unit, subject, chunk, around)
        return found if isinstance(found, Outcome) else _Asked(subject, chunk, found)

    async def _choose(self, work: _Work, asked: "_Asked | Outcome", at: str) -> tuple[Choice, str | None]:
        """With what the history says of the reason."""
        if isinstance(asked, Outcome):
            return Choice(asked, None), None
        old = asked.subject.entry
        others = await self._stores.rows.neighbours(work.dataset.id, [old.position], work.per_unit)
        return work.rewriter.choose(old, asked.chunk, asked.found, others, at), _said(asked.subject.feedback)

    async def _settle(self, job: Job, dataset: Dataset, spec: RegenerationSpec) -> None:
        """Scores that a changed neighbour changes, then those of the dataset. Errors: NothingGenerated."""
        counters = (await self._stores.jobs.reload(job.id)).counters
        if not counters.accepted:
            named = ", ".join(f"{count} {status}" for status, count in counters.outcomes.items() if count)
            raise NothingGenerated(f"No entry was replaced, of {counters.units_total}: {named or 'none was asked for'}")
        if not spec.analyze_quality:
            return
        await self._stores.jobs.set_step(job.id, "Analyzing quality")
        per_unit, after = int(dataset.settings["datasets_per_chunk"]), -1
        while units := await self._stores.rows.replaced(job.id, after, SCORED_PAGE):
            await self._rescore(dataset, spec, [(unit.source_id - 1) // per_unit for unit in units])
            after = units[-1].position
        if dataset.quality is not None:
            dataset = await self._stores.datasets.get(dataset.dataset_id)
            scored = dataset.as_of(timestamp(self._clock))
            result = await score_dataset(self._stores.entries, dataset.id) | scored
            await self._stores.datasets.set_quality(dataset.id, result, dataset.flagged, timestamp(self._clock))

    async def _rescore(self, dataset: Dataset, spec: RegenerationSpec, positions: Sequence[int]) -> None:
        per_unit = int(dataset.settings["datasets_per_chunk"])
        entries = await self._stores.rows.neighbours(dataset.id, positions, per_unit)
        chunks = await self._stores.chunks.chunks_by_ids(sorted({entry.chunk_id for entry in entries}))
        weights, mode = self._defaults.weights, spec.writing.generation_mode

        def score_all() -> list[Entry]:
            by_unit: dict[int, list[Entry]] = {}
            for entry in entries:
                by_unit.setdefault(entry.position, []).append(entry)
            passages = {number: chunk.text for number, chunk in chunks.items()}
            return [
                scored(entry, passages.get(entry.chunk_id), by_unit[entry.position], weights, mode) for entry in entries
            ]

        await self._stores.scores.rescore(dataset.id, await asyncio.to_thread(score_all))


class _Asked(NamedTuple):
    subject: Subject
    chunk: Chunk
    found: Candidates


@dataclass
class Turn:
    """``ended`` is set by who has it; without, those behind are told that it did not end."""

    before: asyncio.Future[bool] | None
    done: asyncio.Future[bool]
    ended: bool = False

    async def comes(self) -> bool:
        """False: the one before did not end, so this one must not either."""
        return self.before is None or await asyncio.shield(self.before)


class Turns:
    """Units of one passage end in the order of their places, in whatever order their replies come in.

    A new text is compared with the others of its passage, so that order would show in the result.
    """

    def __init__(self) -> None:
        self._last: dict[int, asyncio.Future[bool]] = {}

    @contextlib.contextmanager
    def take(self, passage: int) -> Iterator[Turn]:
        """Has to be called in the order of the units."""
        turn = Turn(self._last.get(passage), asyncio.get_running_loop().create_future())
        self._last[passage] = turn.done
        try:
            yield turn
        finally:
            turn.done.set_result(turn.ended)
            if self._last.get(passage) is turn.done:
                del self._last[passage]


def _said(feedback: Sequence[Feedback]) -> str | None:
    """What stands in the history beside the text that it was said about."""
    lines = [f"{one.feedback_type}: {one.comments}" for one in feedback if one.comments]
    return "\n".join(lines)[:HISTORY_FEEDBACK_CHARS] or None
