"""Measuring a model: samples are frozen, asked and scored. Every step may be the first after a crash.

Samples are frozen before the first of them is asked; each ends in the transaction that keeps its answer; the result is
always made anew from what is kept. So after a crash only calls that were in flight are sent again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from chunksmith.domain import fault_points
from chunksmith.domain.benchmarks import (
    DATASET_SUITE,
    KIND,
    BenchmarkRows,
    BenchmarkRun,
    BenchmarkSpec,
    Measured,
    NotRun,
    Sample,
    Suite,
)
from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.datasets import Dataset
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.halts import JobFatal
from chunksmith.domain.job_ports import Datasets, Entries, JobQueue, Units
from chunksmith.domain.jobs import Job, Unit
from chunksmith.domain.ports import Clock
from chunksmith.errors import AppError, NotFound, NothingGenerated, StorageError
from chunksmith.gateway.budget import usd
from chunksmith.gateway.gateway import Gateway
from chunksmith.pipeline.benchmarks.asking import Examiner
from chunksmith.pipeline.benchmarks.scoring import overall, score_tasks
from chunksmith.pipeline.benchmarks.taking import Taken, take
from chunksmith.pipeline.pool import Pool
from chunksmith.services.benchmark_entries import take_entries
from chunksmith.services.runner import Running
from chunksmith.services.steering import Steering, caller_of, units_in_work

SAMPLE_SLICE = 1000
UNIT_SLICE = 2_000
MEASURED_PAGE = 2000
# Of a dataset's quality, what stands beside the score of a model.
QUALITY_SHOWN = ("overall_score", "diversity_score", "bias_score")


@dataclass(frozen=True)
class BenchmarkStores:
    jobs: JobQueue
    units: Units
    rows: BenchmarkRows
    datasets: Datasets
    entries: Entries
    chunks: ChunkSource


class _Material(NamedTuple):
    unit: Unit
    sample: Sample

    @property
    def position(self) -> int:
        return self.unit.position


class Measuring:
    """What a job of its own and the last step of a generation share. ``folder`` holds the data of the public sets."""

    def __init__(
        self,
        stores: BenchmarkStores,
        gateway: Gateway,
        folder: Path,
        suites: Callable[[str], Suite],
        clock: Clock,
        unit_ended: Callable[[str, str], None] = lambda kind, outcome: None,
    ) -> None:
        self._stores = stores
        self._gateway = gateway
        self._folder = folder
        self._suites = suites
        self._clock = clock
        self._unit_ended = unit_ended

    async def prepared(self, job: Job) -> BenchmarkRun:
        """With its samples in the table. Errors: NotFound for a dataset that was deleted."""
        run = await self._stores.rows.run(job.id)
        if run.frozen:
            return run
        await self._stores.jobs.set_step(job.id, "Choosing samples")
        # Nothing was asked yet: what a crash left half done is made anew.
        await self._stores.rows.clear_samples(job.id)
        taken = await self._taken(run.spec)
        for start in range(0, len(taken.samples), SAMPLE_SLICE):
            await self._stores.rows.add_samples(job.id, start, taken.samples[start : start + SAMPLE_SLICE])
            fault_points.reached("units_slice")
        await self._stores.rows.freeze(job.id, taken.tasks, taken.not_run, len(taken.samples))
        return await self._stores.rows.run(job.id)

    async def ask_all(self, running: Running, run: BenchmarkRun, *, own_job: bool) -> None:
        """Errors: the Halt that ended it."""
        job, spec = await self._stores.jobs.reload(running.job.id), run.spec
        for model in (spec.generation_model, spec.judge_model):
            if model is not None:
                self._gateway.reopen(model.provider)
        caller = caller_of(job, reuse=spec.reuse)
        examiner = Examiner(self._gateway, caller, spec, run.tasks)
        # In a generation its passages have the first places in the ledger.
        offset = 0 if own_job else job.counters.units_total

        async def work(material: _Material) -> None:
            unit = material.unit
            asked = await examiner.ask(material.sample, offset + unit.position, unit.sample)
            await self._stores.rows.end_sample(job.id, unit, asked.outcome, asked.answered, ends_unit=own_job)
            fault_points.reached("unit_durable")
            if own_job:
                self._unit_ended(KIND, asked.outcome.status)

        pool: Pool[Any] = Pool(partial(self._material, job.id, own_job), work, units_in_work(job.concurrency))
        running.steer(Steering(pool, self._gateway, caller))
        await self._stores.jobs.set_step(job.id, f"Benchmarking {spec.generation_model} on {run.suite}")
        try:
            await pool.run()
        finally:
            self._gateway.forget(job.id)

    async def conclude(self, run: BenchmarkRun, error: str | None = None) -> dict[str, Any]:
        """Scores of all that has an outcome; done again after a crash, it gives the same."""
        measured = await self._measured(run.job.id)
        sums = await self._stores.rows.call_sums(run.job.id)
        suite = self._suites(run.suite)
        quality = await self._quality(run)
        scores = await asyncio.to_thread(_scored, suite, run, measured)
        result = {
            **scores,
            # Of what ended early, the answers that happened to come first are no measure.
            "overall": scores["overall"] if error is None else None,
            "usage": {
                "calls": sums.calls,
                "input_tokens": sums.input_tokens,
                "output_tokens": sums.output_tokens,
                "cost_usd": usd(sums.cost_nano) if sums.cost_nano is not None else None,
            },
            "dataset_quality": quality,
            "error": error,
        }
        await self._stores.rows.set_result(run.job.id, result, timestamp(self._clock))
        return result

    async def _taken(self, spec: BenchmarkSpec) -> Taken:
        suite = self._suites(spec.suite)
        if spec.suite != DATASET_SUITE:
            return await asyncio.to_thread(take, self._folder, suite, spec)
        assert spec.dataset_id is not None  # noqa: S101 - checked at submission
        dataset = await self._stores.datasets.get(spec.dataset_id)
        return await take_entries(self._stores.entries, self._stores.chunks, dataset, suite, spec)

    async def _material(self, job: int, own_job: bool, after: int, limit: int) -> Sequence[_Material]:
        if own_job:
            units = await self._stores.units.pending_units(job, after, limit)
        else:
            units = await self._stores.rows.pending(job, after, limit)
        samples = await self._stores.rows.samples(job, [unit.position for unit in units])
        return [_Material(unit, samples[unit.position]) for unit in units]

    async def _measured(self, job: int) -> list[Measured]:
        found: list[Measured] = []
        after = -1
        while page := await self._stores.rows.measured(job, after, MEASURED_PAGE):
            found += [one for _, one in page]
            after = page[-1][0]
        return found

    async def _quality(self, run: BenchmarkRun) -> dict[str, Any] | None:
        if run.dataset_id is None:
            return None
        quality = (await self._stores.datasets.get(run.dataset_id)).quality
        return {name: quality.get(name) for name in QUALITY_SHOWN} if quality is not None else None


class BenchmarkJob:
    """The work of jobs of the kind ``benchmark``; a unit's ``source_id`` is the place of its sample."""

    def __init__(self, stores: BenchmarkStores, measuring: Measuring) -> None:
        self._stores = stores
        self._measuring = measuring

    async def __call__(self, running: Running) -> None:
        job = running.job
        run = await self._measuring.prepared(job)
        if not run.samples:
            raise NotFound("Benchmark data", "; ".join(one.reason for one in run.not_run) or run.suite)
        await self._make_units(job, run)
        await self._measuring.ask_all(running, run, own_job=True)
        fault_points.reached("units_down")
        await self._stores.jobs.set_step(job.id, "Scoring")
        result = await self._measuring.conclude(run)
        fault_points.reached("quality_durable")
        if result["overall"] is None:
            why = await self._stores.units.first_reason(job.id)
            raise NothingGenerated(f"No sample was answered, of {run.samples}; the first: {why}")

    async def _make_units(self, job: Job, run: BenchmarkRun) -> None:
        if job.counters.units_ready:
            return
        # A unit is there when its slice is: the next one begins where the last one ended.
        for start in range(job.counters.units_total, run.samples, UNIT_SLICE):
            places = range(start, min(start + UNIT_SLICE, run.samples))
            await self._stores.units.add_units(job.id, start, places, last=places.stop == run.samples)


class GeneratingModelMeasured:
    """The last step of a generation with ``run_benchmarks``. What cannot be measured is told, and fails nothing."""

    def __init__(self, rows: BenchmarkRows, measuring: Measuring, max_samples: int, max_tokens: int) -> None:
        self._rows = rows
        self._measuring = measuring
        self._max_samples = max_samples
        self._max_tokens = max_tokens

    async def __call__(self, running: Running, dataset: Dataset, spec: GenerationSpec) -> None:
        """Errors: Halt; StorageError."""
        job = running.job
        if not spec.run_benchmarks or job.counters.stored_only:  # what was measured stands
            return
        asked = BenchmarkSpec(
            suite=spec.benchmark_suite,
            generation_model=spec.generation_model,
            project_id=spec.project_id,
            dataset_id=dataset.dataset_id,
            max_samples=self._max_samples,
            max_tokens=self._max_tokens,
            seed=spec.seed or 0,
            concurrency=spec.concurrency,
            reuse=spec.reuse,
        )
        await self._rows.open(job.id, asked, dataset.id, job.counters.rounds)
        error = None
        try:
            run = await self._measuring.prepared(job)
            await self._measuring.ask_all(running, run, own_job=False)
        except StorageError:
            raise
        except (AppError, JobFatal) as exc:
            error = exc.detail
        run = await self._rows.run(job.id)
        await self._measuring.conclude(run, error)


def _scored(suite: Suite, run: BenchmarkRun, measured: Sequence[Measured]) -> dict[str, Any]:
    tasks = score_tasks(run.tasks, measured)
    # Of a dataset each run is whole: its entries are what there is.
    size = suite.size if run.suite != DATASET_SUITE else len(run.tasks) + len(run.not_run)
    unanswered = [NotRun(task=task.shown["task"], reason="no sample was answered") for task in tasks if not task.rows]
    return {
        "samples": run.samples,
        "answered": sum(task.shown["answered"] for task in tasks),
        "unreadable": sum(task.shown["unreadable"] for task in tasks),
        "refused": sum(task.shown["refused"] for task in tasks),
        "failed": sum(task.shown["failed"] for task in tasks),
        "overall": overall(suite.overall, tasks, size),
        "tasks": [task.shown for task in tasks],
        "not_run": [one.model_dump() for one in (*run.not_run, *unanswered)],
    }
