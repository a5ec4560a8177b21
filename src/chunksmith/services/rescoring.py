"""Scores of a dataset computed again from what is stored; with a judge, its entries are judged first."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple
from uuid import uuid4

from chunksmith.domain.calls import ModelRef
from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.dataset_ports import DatasetRows, Scores
from chunksmith.domain.datasets import Dataset, Entry
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.domain.generation import Mode
from chunksmith.domain.halts import Halt
from chunksmith.domain.job_ports import Datasets, Entries, JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.ports import Clock
from chunksmith.errors import Fault, NothingGenerated, ProviderError, RunnerUnavailable
from chunksmith.gateway.gateway import Gateway
from chunksmith.pipeline.generate import scored
from chunksmith.pipeline.judging import Judge
from chunksmith.pipeline.pool import Pool
from chunksmith.quality.entry_scores import QualityWeights
from chunksmith.services.dataset_scoring import score_dataset
from chunksmith.services.gathering import Gathered
from chunksmith.services.model_choice import ModelChoice
from chunksmith.services.runner import Runner, Running
from chunksmith.services.steering import Steering, caller_of, units_in_work

KIND = "rescore"
PAGE = 500


class RescoreService:
    def __init__(
        self, datasets: DatasetRows, jobs: JobQueue, runner: Runner, choice: ModelChoice, clock: Clock
    ) -> None:
        self._datasets = datasets
        self._jobs = jobs
        self._runner = runner
        self._choice = choice
        self._clock = clock

    async def submit(self, dataset_id: str, values: Mapping[str, Any]) -> Job:
        """Errors: NotFound; InvalidRequest; ProviderNotConfigured; RunnerUnavailable while the server stops."""
        if self._runner.stopping:
            raise RunnerUnavailable("the server is stopping")
        dataset = await self._datasets.get(dataset_id)
        gathered = Gathered()
        judge, max_cost_nano = self._look(values, gathered)
        gathered.settle()
        job = await self._jobs.submit(
            {
                "job_id": f"{KIND}-{uuid4()}",
                "kind": KIND,
                "project_id": dataset.project_id,
                "spec": {"dataset_id": dataset.dataset_id, "judge_model": judge, "reuse": values.get("reuse", True)},
                "concurrency": values.get("concurrency", 1),
                "max_calls": values.get("max_calls"),
                "max_cost_nano": max_cost_nano,
                "idempotency_key": None,
                "idempotency_hash": None,
                "created_at": timestamp(self._clock),
            }
        )
        self._runner.wake()
        return job

    async def faults(self, dataset_id: str, values: Mapping[str, Any]) -> list[Fault]:
        """All that is wrong with a request, faulty fields at their defaults. Errors: NotFound for the dataset."""
        await self._datasets.get(dataset_id)
        gathered = Gathered()
        self._look(values, gathered)
        return gathered.all_faults()

    def _look(self, values: Mapping[str, Any], gathered: Gathered) -> tuple[ModelRef | None, int | None]:
        """The judge, and the ceiling in nano-dollars."""
        judge, text = None, values.get("judge_model")
        if text is not None:
            judge = self._choice.named(text, "judge_model", gathered)
            if judge.provider == "builtin" and not gathered.all_faults():
                gathered.fault("judge_model", "builtin works by rules, which are the scores themselves; name a model")
        asked = [judge] if judge is not None else []
        return judge, self._choice.ceiling(values.get("max_cost_usd"), asked, gathered)


class _Stop:
    """Looked at between pages."""

    def __init__(self) -> None:
        self.reason: Halt | None = None

    def halt(self, reason: Halt) -> None:
        self.reason = reason

    def set_limits(self, concurrency: int, max_calls: int | None, max_cost_nano: int | None) -> None:
        """There are no calls to limit."""

    def check(self) -> None:
        if self.reason is not None:
            raise self.reason


class _Unit(NamedTuple):
    """All entries on one passage."""

    position: int
    entries: list[Entry]


@dataclass(frozen=True)
class RescoreStores:
    jobs: JobQueue
    datasets: Datasets
    entries: Entries
    scores: Scores
    chunks: ChunkSource


class RescoreJob:
    """The work of jobs of the kind ``rescore``. Begun again from the start after a crash: what a judge said is in the
    ledger, and the result is the same."""

    def __init__(self, stores: RescoreStores, gateway: Gateway, weights: QualityWeights, clock: Clock) -> None:
        self._stores = stores
        self._gateway = gateway
        self._weights = weights
        self._clock = clock

    async def __call__(self, running: Running) -> None:
        dataset = await self._stores.datasets.get(running.job.spec["dataset_id"])
        judge = None
        if running.job.spec.get("judge_model") is not None:
            judge = ModelRef(*running.job.spec["judge_model"])
            running.conclusion = await self._judge(running, dataset, judge)
        stop = _Stop()
        running.steer(stop)
        mode: Mode = dataset.settings["generation_mode"]
        query = EntryQuery()
        while page := await self._stores.entries.page(dataset.id, query, PAGE):
            stop.check()
            # A unit's entries are scored together: what the page cut off comes with the next one.
            whole = page if len(page) < PAGE else [one for one in page if one.position != page[-1].position] or page
            chunks = await self._stores.chunks.chunks_by_ids([entry.chunk_id for entry in whole])
            judged = whole if judge is None else [_of_one_judge(entry, judge) for entry in whole]
            new = await asyncio.to_thread(_score_all, judged, chunks, self._weights, mode)
            await self._stores.scores.rescore(dataset.id, new)
            query = EntryQuery(after=Position(None, whole[-1].number))
        result = await score_dataset(self._stores.entries, dataset.id) | dataset.as_of(timestamp(self._clock))
        await self._stores.datasets.set_quality(dataset.id, result, dataset.flagged, timestamp(self._clock))

    async def _judge(self, running: Running, dataset: Dataset, model: ModelRef) -> str:
        """What became of it, in words. Errors: Halt; JobFatal; ProviderError or NothingGenerated when no entry at all
        could be judged: then every entry keeps the verdict that it had.
        """
        job = running.job
        self._gateway.reopen(model.provider)
        caller = caller_of(job, reuse=job.spec["reuse"])
        judging = _Judging(self._stores, Judge(self._gateway, caller, model), dataset)
        pool: Pool[Any] = Pool(judging.fetch, judging.work, units_in_work(job.concurrency))
        running.steer(Steering(pool, self._gateway, caller))
        await self._stores.jobs.set_step(job.id, f"Judging {dataset.entries_count} entries")
        try:
            await pool.run()
        finally:
            self._gateway.forget(job.id)
        if judging.failure is not None and not judging.judged:
            raise judging.failure
        if not judging.left:
            return running.conclusion
        total = judging.judged + judging.left
        if not judging.judged:
            raise NothingGenerated(f"No entry was judged, of {total}; the first: {judging.why}")
        return f"Completed: {judging.left} of {total} entries could not be judged; the first: {judging.why}"


class _Judging:
    """Puts what the judge says beside each entry, and counts those of which it says nothing that can be used.

    ``left`` are those, ``why`` says it of the first.
    """

    def __init__(self, stores: RescoreStores, judge: Judge, dataset: Dataset) -> None:
        self._stores = stores
        self._judge = judge
        self._dataset = dataset
        self._per_unit = int(dataset.settings["datasets_per_chunk"])
        self.judged = 0
        self.left = 0
        self.why = ""
        self.failure: ProviderError | None = None

    async def fetch(self, after: int, limit: int) -> Sequence[_Unit]:
        query = EntryQuery(after=Position(None, (after + 1) * self._per_unit))
        # So many entries have at least ``limit`` units, or are the last.
        entries = await self._stores.entries.page(self._dataset.id, query, limit * self._per_unit)
        units = [_Unit(position, list(group)) for position, group in groupby(entries, key=lambda entry: entry.position)]
        return units[:limit]

    async def work(self, unit: _Unit) -> None:
        chunk_id = unit.entries[0].chunk_id
        chunk = (await self._stores.chunks.chunks_by_ids([chunk_id])).get(chunk_id)
        if chunk is None:
            self._leave(len(unit.entries), "its passage is not there any more")
            return
        try:
            done = await self._judge.judged(unit.position, 0, chunk, unit.entries)
        except ProviderError as exc:
            self.failure = exc
            self._leave(len(unit.entries), exc.detail)
            return
        new = [entry for entry in done.entries if entry.judge is not None]
        self.judged += len(new)
        self._leave(len(done.entries) - len(new), done.problem or "the reply has no verdict on it")
        await self._stores.scores.rescore(self._dataset.id, new)

    def _leave(self, count: int, why: str) -> None:
        self.left += count
        self.why = self.why or (why if count else "")


def _of_one_judge(entry: Entry, judge: ModelRef) -> Entry:
    """Without what another model said before: verdicts of two judges are no common measure."""
    return entry if entry.judge is None or entry.judge["model"] == str(judge) else replace(entry, judge=None)


def _score_all(
    entries: Sequence[Entry], chunks: Mapping[int, Chunk], weights: QualityWeights, mode: Mode
) -> list[Entry]:
    new = []
    for _, group in groupby(entries, key=lambda entry: entry.position):
        unit = list(group)
        for entry in unit:
            chunk = chunks.get(entry.chunk_id)
            new.append(scored(entry, chunk.text if chunk is not None else None, unit, weights, mode))
    return new
