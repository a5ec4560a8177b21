"""Scores of a dataset computed again, from what is stored: no model is called."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from uuid import uuid4

from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.dataset_ports import DatasetRows, Scores
from chunksmith.domain.datasets import Entry
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.domain.generation import Mode
from chunksmith.domain.halts import Halt
from chunksmith.domain.job_ports import Datasets, Entries, JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.ports import Clock
from chunksmith.pipeline.generate import scored
from chunksmith.quality.entry_scores import QualityWeights
from chunksmith.services.dataset_scoring import score_dataset
from chunksmith.services.runner import Runner, Running

KIND = "rescore"
PAGE = 500


class RescoreService:
    def __init__(self, datasets: DatasetRows, jobs: JobQueue, runner: Runner, clock: Clock) -> None:
        self._datasets = datasets
        self._jobs = jobs
        self._runner = runner
        self._clock = clock

    async def submit(self, dataset_id: str) -> Job:
        """Errors: NotFound."""
        dataset = await self._datasets.get(dataset_id)
        job = await self._jobs.submit(
            {
                "job_id": f"{KIND}-{uuid4()}",
                "kind": KIND,
                "project_id": dataset.project_id,
                "spec": {"dataset_id": dataset.dataset_id},
                "concurrency": 1,
                "max_calls": None,
                "max_cost_nano": None,
                "idempotency_key": None,
                "idempotency_hash": None,
                "created_at": timestamp(self._clock),
            }
        )
        self._runner.wake()
        return job


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


class RescoreJob:
    """The work of jobs of the kind ``rescore``. Begun again from the start after a crash: the result is the same."""

    def __init__(
        self,
        datasets: Datasets,
        entries: Entries,
        scores: Scores,
        chunks: ChunkSource,
        weights: QualityWeights,
        clock: Clock,
    ) -> None:
        self._datasets = datasets
        self._entries = entries
        self._scores = scores
        self._chunks = chunks
        self._weights = weights
        self._clock = clock

    async def __call__(self, running: Running) -> None:
        stop = _Stop()
        running.steer(stop)
        dataset = await self._datasets.get(running.job.spec["dataset_id"])
        query = EntryQuery()
        while page := await self._entries.page(dataset.id, query, PAGE):
            stop.check()
            # A unit's entries are scored together: what the page cut off comes with the next one.
            whole = page if len(page) < PAGE else [one for one in page if one.position != page[-1].position] or page
            chunks = await self._chunks.chunks_by_ids([entry.chunk_id for entry in whole])
            mode: Mode = dataset.settings["generation_mode"]
            new = await asyncio.to_thread(_score_all, whole, chunks, self._weights, mode)
            await self._scores.rescore(dataset.id, new)
            query = EntryQuery(after=Position(None, whole[-1].number))
        result = await score_dataset(self._entries, dataset.id)
        await self._datasets.set_quality(dataset.id, result, dataset.flagged, timestamp(self._clock))


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
