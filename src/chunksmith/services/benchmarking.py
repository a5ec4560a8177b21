"""Having models measured: what can be refused is refused here, before the first call. And what came of it."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from chunksmith.domain.benchmarks import (
    DATASET_SUITE,
    KIND,
    SUITES,
    BenchmarkResults,
    BenchmarkRows,
    BenchmarkRun,
    BenchmarkSpec,
    Measured,
    RunFilter,
    SampleFilter,
    SampleRow,
    Suite,
)
from chunksmith.domain.calls import ModelRef
from chunksmith.domain.clock import timestamp
from chunksmith.domain.dataset_ports import DatasetRows
from chunksmith.domain.datasets import Dataset
from chunksmith.domain.generation import parse_model
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import ENDED, Job
from chunksmith.domain.paging import Page, Window
from chunksmith.domain.ports import Clock
from chunksmith.errors import Conflict, Fault, InvalidRequest, NotFound, RunnerUnavailable
from chunksmith.pipeline.benchmarks.scoring import compare
from chunksmith.pipeline.benchmarks.taking import check_data, task_names
from chunksmith.services.benchmark_entries import cannot_be_asked
from chunksmith.services.gathering import Gathered
from chunksmith.services.model_choice import BUILTIN, ModelChoice
from chunksmith.services.projects import ProjectService
from chunksmith.services.runner import Runner

MEASURED_PAGE = 2000
DATASET_RUNS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class BenchmarkDefaults:
    """From the settings. ``folder`` holds the data of the public sets."""

    folder: Path
    max_samples: int
    max_tokens: int


@dataclass(frozen=True, slots=True)
class SuiteState:
    """A suite with what is there of its data; ``missing`` says for each task what to supply."""

    suite: Suite
    ready: Sequence[str]
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Models:
    model: ModelRef
    judge: ModelRef | None
    max_cost_nano: int | None


class _Looked(NamedTuple):
    """What a request was found to mean."""

    dataset: Dataset | None
    project: int | None
    models: _Models
    warnings: tuple[str, ...]


class BenchmarkService:
    def __init__(
        self,
        rows: BenchmarkRows,
        results: BenchmarkResults,
        projects: ProjectService,
        datasets: DatasetRows,
        jobs: JobQueue,
        runner: Runner,
        choice: ModelChoice,
        defaults: BenchmarkDefaults,
        suites: Callable[[str], Suite],
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._results = results
        self._projects = projects
        self._datasets = datasets
        self._jobs = jobs
        self._runner = runner
        self._choice = choice
        self._defaults = defaults
        self._suites = suites
        self._clock = clock

    async def submit(self, values: Mapping[str, Any], idempotency_key: str | None) -> Job:
        """Start a job, or give the one that this key and body started before.

        Errors: InvalidRequest with all faults; NotFound for the project, the dataset, the data of the suite (naming
        the files to supply); ProviderNotConfigured; Conflict while the dataset is made, or for a key with another body;
        RunnerUnavailable while the server stops.
        """
        if self._runner.stopping:
            raise RunnerUnavailable("the server is stopping")
        body_hash = _hash_of(values)
        if idempotency_key is not None:
            known = await self._jobs.by_idempotency_key(idempotency_key, body_hash)
            if known is not None:
                return known
        gathered = Gathered()
        looked = await self._look(values, gathered)
        gathered.settle()
        spec, dataset = self._spec(values, looked), looked.dataset
        job = await self._rows.submit(
            {
                "job_id": f"{KIND}-{uuid4()}",
                "kind": KIND,
                "project_id": spec.project_id,
                "spec": spec.model_dump(mode="json"),
                "concurrency": spec.concurrency,
                "max_calls": values["config"]["max_calls"],
                "max_cost_nano": looked.models.max_cost_nano,
                "idempotency_key": idempotency_key,
                "idempotency_hash": body_hash if idempotency_key is not None else None,
                "created_at": timestamp(self._clock),
            },
            spec,
            dataset.id if dataset is not None else None,
        )
        self._runner.wake()
        return job

    async def faults(self, values: Mapping[str, Any]) -> list[Fault]:
        """All that is wrong with a request; those of its fields that cannot be read are at their defaults."""
        gathered = Gathered()
        await self._look(values, gathered)
        return gathered.all_faults()

    async def get(self, job_id: str) -> BenchmarkRun:
        """Also by the id of a generation that ran benchmarks. Errors: NotFound."""
        run = await self._results.find(job_id)
        if run is None:
            raise NotFound("Benchmark result", job_id)
        return run

    async def page(
        self, window: Window, chosen: RunFilter, project_id: str | None, dataset_id: str | None
    ) -> Page[BenchmarkRun]:
        """Errors: NotFound for the project or the dataset."""
        project = (await self._projects.resolve(project_id)).id if project_id is not None else None
        dataset = (await self._datasets.get(dataset_id)).id if dataset_id is not None else None
        named = RunFilter(chosen.suite, chosen.provider, chosen.model, project, dataset, chosen.status)
        runs, total = await self._results.page(named, window.per_page, window.offset)
        return Page(runs, total)

    async def of_dataset(self, dataset: Dataset) -> Sequence[BenchmarkRun]:
        """The newest runs on a dataset's behalf."""
        runs, _ = await self._results.page(RunFilter(dataset=dataset.id), DATASET_RUNS_SHOWN, 0)
        return runs

    async def samples(self, job_id: str, chosen: SampleFilter, window: Window) -> Page[SampleRow]:
        """Errors: NotFound."""
        run = await self.get(job_id)
        rows, total = await self._results.sample_page(run.job.id, chosen, window.per_page, window.offset)
        return Page(rows, total)

    async def compared(self, first_id: str, second_id: str) -> tuple[BenchmarkRun, BenchmarkRun, dict[str, Any]]:
        """Errors: NotFound; InvalidRequest for runs that have no sample in common."""
        first, second = await self.get(first_id), await self.get(second_id)
        if first.suite != second.suite:
            raise InvalidRequest.field("query/job2", f"was measured on {second.suite}, job1 on {first.suite}")
        kind = self._suites(first.suite).overall
        measured = [await self._measured(run.job.id) for run in (first, second)]
        found = await asyncio.to_thread(compare, kind, first.tasks, *measured)
        if not found["samples"]:
            raise InvalidRequest.field("query/job2", "has answered no sample that job1 has answered as well")
        return first, second, found

    async def suites(self) -> list[SuiteState]:
        return [await asyncio.to_thread(self._state, name) for name in SUITES]

    def _state(self, name: str) -> SuiteState:
        suite = self._suites(name)
        if name == DATASET_SUITE:
            return SuiteState(suite, [task.name for task in suite.tasks], {})
        ready, not_run = check_data(self._defaults.folder, suite, None)
        return SuiteState(suite, ready, {one.task: one.reason for one in not_run})

    async def _measured(self, job: int) -> list[Measured]:
        found: list[Measured] = []
        after = -1
        while page := await self._results.measured(job, after, MEASURED_PAGE):
            found += [one for _, one in page]
            after = page[-1][0]
        return found

    async def _look(self, values: Mapping[str, Any], gathered: Gathered) -> _Looked:
        """At everything, whatever else is wrong."""
        config = values["config"]
        dataset = await self._dataset(values, gathered)
        project = dataset.project_id if dataset is not None else None
        with gathered.gathering("project_id"):
            if values["project_id"] is not None:
                resolved = (await self._projects.resolve(values["project_id"])).id
                if project is not None and resolved != project:
                    gathered.fault("project_id", "is not the project of the dataset")
                project = resolved
        models = self._models(config, values["suite"], gathered)
        warnings = _warnings(values, models)
        if values["suite"] is not None:
            warnings += await self._check_suite(values["suite"], config["tasks"], gathered)
        return _Looked(dataset, project, models, tuple(warnings))

    def _spec(self, values: Mapping[str, Any], looked: _Looked) -> BenchmarkSpec:
        config, dataset = values["config"], looked.dataset
        return BenchmarkSpec(
            suite=values["suite"],
            generation_model=looked.models.model,
            judge_model=looked.models.judge,
            project_id=looked.project,
            dataset_id=dataset.dataset_id if dataset is not None else None,
            tasks=tuple(config["tasks"]) if config["tasks"] is not None else None,
            shots=config["few_shot"],
            max_samples=config["max_samples"] or self._defaults.max_samples,
            max_tokens=config["max_tokens"] or self._defaults.max_tokens,
            warnings=looked.warnings,
            **{name: config[name] for name in ("seed", "temperature", "with_passage", "concurrency", "reuse")},
        )

    async def _dataset(self, values: Mapping[str, Any], gathered: Gathered) -> Dataset | None:
        needed = values["suite"] == DATASET_SUITE
        if values["dataset_id"] is None:
            if needed:
                gathered.fault("dataset_id", f"is needed for the suite {DATASET_SUITE}")
            return None
        with gathered.gathering("dataset_id"):
            dataset = await self._datasets.get(values["dataset_id"])
            if needed:
                await self._check_entries(dataset, gathered)
            return dataset
        return None

    async def _check_entries(self, dataset: Dataset, gathered: Gathered) -> None:
        fault = cannot_be_asked(dataset.settings["generation_mode"])
        if fault is not None:
            gathered.fault("dataset_id", fault)
        job = await self._jobs.get(dataset.job_id) if dataset.job_id is not None else None
        if job is not None and job.state not in ENDED:
            gathered.refuse("dataset_id", Conflict(f"job {job.job_id} still makes this dataset; wait for its end"))
        elif not dataset.entries_count:
            gathered.fault("dataset_id", "the dataset has no entries")

    def _models(self, config: Mapping[str, Any], suite: str, gathered: Gathered) -> _Models:
        model = judge = BUILTIN
        with gathered.gathering("config/model"):
            model = _model_of(config["provider"], config["model"], self._choice)
            self._choice.check_key(model, "config/model", gathered)
        with gathered.gathering("config/judge_model"):
            if config["judge_model"] is not None and suite == DATASET_SUITE:
                judge = parse_model(config["judge_model"], dict(self._choice.models), "/config/judge_model")
                if judge.provider == "builtin":
                    gathered.fault("config/judge_model", "builtin works by rules and cannot judge")
                self._choice.check_key(judge, "config/judge_model", gathered)
        ceiling = self._choice.ceiling(config["max_cost_usd"], (model, judge), gathered, "config/max_cost_usd")
        return _Models(model, judge if judge.provider != "builtin" else None, ceiling)

    async def _check_suite(self, name: str, wanted: Sequence[str] | None, gathered: Gathered) -> list[str]:
        """Warnings for what cannot be run beside what can."""
        suite = self._suites(name)
        if name == DATASET_SUITE:
            known = {task.name for task in suite.tasks}
        else:
            known = await asyncio.to_thread(task_names, self._defaults.folder, suite)
        for place, task in enumerate(wanted or ()):
            if task not in known:
                gathered.fault(
                    f"config/tasks/{place}", f"{name} has no task {task!r}; known: {', '.join(sorted(known))}"
                )
        if name == DATASET_SUITE:
            return []
        ready, not_run = await asyncio.to_thread(check_data, self._defaults.folder, suite, wanted)
        reasons = [one.reason for one in not_run]
        if reasons and (not ready or wanted is not None):
            fetch = f"; or run: chunksmith benchmarks fetch {name}"
            gathered.refuse("suite", NotFound("Benchmark data", "; ".join(reasons) + fetch))
        return [f"not run: {reason}" for reason in reasons]


def _model_of(provider: str | None, model: str | None, choice: ModelChoice) -> ModelRef:
    """``provider`` and ``model`` apart, or in one as elsewhere. Errors: InvalidRequest."""
    if provider is None:
        return parse_model(model or choice.model, dict(choice.models), "/config/model")
    bare = model.removeprefix(f"{provider}/") if model is not None and model != provider else None
    return parse_model(f"{provider}/{bare}" if bare else provider, dict(choice.models), "/config/provider")


def _warnings(values: Mapping[str, Any], models: _Models) -> list[str]:
    config, warnings = values["config"], []
    if values["suite"] != DATASET_SUITE:
        if config["judge_model"] is not None:
            warnings.append(
                "config/judge_model has no effect: the answers of this suite are right or wrong by themselves"
            )
        if config["with_passage"]:
            warnings.append("config/with_passage has no effect: only the suite dataset has passages")
    if models.model.provider == "builtin":
        warnings.append("builtin answers by rules: take its score as the floor, not as that of a model")
    return warnings


def _hash_of(values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(f"{KIND}\n{canonical}".encode("utf-8", "surrogatepass")).hexdigest()
