"""Submitting regeneration jobs: which entries, by which model; refused here is all that can be refused."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

from chunksmith.domain.calls import ModelRef
from chunksmith.domain.clock import timestamp
from chunksmith.domain.dataset_ports import DatasetRows
from chunksmith.domain.datasets import Dataset
from chunksmith.domain.entry_query import EntryQuery
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.ports import Clock
from chunksmith.domain.regeneration import KIND, RegenerationRows, RegenerationSpec
from chunksmith.errors import Conflict, Fault, RunnerUnavailable
from chunksmith.pipeline.regenerate import BUILTIN_CANDIDATES
from chunksmith.services.feedback import entry_numbers
from chunksmith.services.gathering import Gathered
from chunksmith.services.model_choice import BUILTIN, ModelChoice
from chunksmith.services.prompts import PromptService
from chunksmith.services.runner import Runner
from chunksmith.services.sources import Sources

FILTERS = ("category", "status", "difficulty", "q")
# Of the dataset's settings, what holds for its new entries too.
KEPT_SETTINGS = ("audience", "purpose", "domain", "complexity_level", "seed")
CHUNKING = ("chunk_strategy", "chunk_size", "chunk_overlap")
NO_PROMPT = ("temperature", "max_tokens", "instructions")
# What stood beside the passages when the dataset was made, and the prompt.
MATERIAL = (
    "data_source taxonomy_name taxonomy_id extraction_file_id extraction_jobs extraction_categories "
    "selected_categories only_validated prompt_name prompt_content"
).split()
MATERIAL_GONE = "what was extracted is no longer stored: entries are written anew from their passages alone"


@dataclass(frozen=True, slots=True)
class Regenerated:
    """A job that was submitted, and for how many entries."""

    job: Job
    dataset_id: str
    entries: int
    warnings: tuple[str, ...]


class _Wanted(NamedTuple):
    """What a request was found to mean."""

    chosen: EntryQuery | Sequence[int]
    model: ModelRef
    max_cost_nano: int | None


class RegenerationService:
    def __init__(
        self,
        datasets: DatasetRows,
        rows: RegenerationRows,
        jobs: JobQueue,
        prompts: PromptService,
        sources: Sources,
        runner: Runner,
        choice: ModelChoice,
        clock: Clock,
    ) -> None:
        self._datasets = datasets
        self._rows = rows
        self._jobs = jobs
        self._prompts = prompts
        self._sources = sources
        self._runner = runner
        self._choice = choice
        self._clock = clock

    async def submit(self, dataset_id: str, values: Mapping[str, Any], idempotency_key: str | None) -> Regenerated:
        """Start a job, or give the one that this key and body started before.

        Errors: InvalidRequest with all faults; NotFound for the dataset or entries; ProviderNotConfigured; Conflict
        while the dataset is being generated, or for a key with another body; RunnerUnavailable while the server stops.
        """
        if self._runner.stopping:
            raise RunnerUnavailable("the server is stopping")
        dataset = await self._datasets.get(dataset_id)
        body_hash = _hash_of(dataset.dataset_id, values)
        if idempotency_key is not None:
            known = await self._jobs.by_idempotency_key(idempotency_key, body_hash)
            if known is not None:
                return _regenerated(known, dataset)
        await self._check_idle(dataset)
        gathered = Gathered()
        wanted = await self._look(dataset, values, gathered)
        gathered.settle()
        spec = await self._spec(values, dataset, wanted.model)
        job = await self._rows.submit(
            {
                "job_id": f"{KIND}-{uuid4()}",
                "kind": KIND,
                "project_id": dataset.project_id,
                "dataset": dataset.id,
                "spec": spec.model_dump(mode="json"),
                "concurrency": values["concurrency"],
                "max_calls": values["max_calls"],
                "max_cost_nano": wanted.max_cost_nano,
                "idempotency_key": idempotency_key,
                "idempotency_hash": body_hash if idempotency_key is not None else None,
                "created_at": timestamp(self._clock),
            },
            wanted.chosen,
        )
        self._runner.wake()
        return _regenerated(job, dataset)

    async def faults(self, dataset_id: str, values: Mapping[str, Any]) -> list[Fault]:
        """All that is wrong with a request, faulty fields at their defaults. Errors: NotFound for the dataset."""
        gathered = Gathered()
        await self._look(await self._datasets.get(dataset_id), values, gathered)
        return gathered.all_faults()

    async def _check_idle(self, dataset: Dataset) -> None:
        """Errors: Conflict. A generation that still writes entries writes their batch files too."""
        job = await self._jobs.get(dataset.job_id) if dataset.job_id is not None else None
        if job is not None and job.kind != KIND and job.state in ("submitted", "running"):
            raise Conflict(f"job {job.job_id} still makes this dataset; wait for its end, or pause it")

    async def _look(self, dataset: Dataset, values: Mapping[str, Any], gathered: Gathered) -> _Wanted:
        """At everything, whatever else is wrong."""
        ids, wanted = values["entry_ids"], values["filter"]
        chosen: EntryQuery | Sequence[int] = _query(wanted or {})
        if (ids is None) == (wanted is None):
            gathered.fault("entry_ids", "send either entry_ids, or filter ({} is all entries)")
        with gathered.gathering("entry_ids"):
            if ids is not None:
                chosen = entry_numbers(ids)
            if (ids is None) != (wanted is None):
                await self._rows.check_chosen(dataset.id, chosen)
        text = values["regeneration_config"]["model"]
        model = ModelRef(*dataset.model)
        if text is None:
            self._choice.check_key(model, "regeneration_config/model", gathered)
        else:
            model = self._choice.named(text, "regeneration_config/model", gathered)
        return _Wanted(chosen, model, self._choice.ceiling(values["max_cost_usd"], [model], gathered))

    async def _spec(self, values: Mapping[str, Any], dataset: Dataset, model: ModelRef) -> RegenerationSpec:
        settings, config = dataset.settings, values["regeneration_config"]
        source_job, material = await self._material(dataset)
        writing = GenerationSpec(
            project_id=dataset.project_id,
            generation_mode=settings["generation_mode"],
            datasets_per_chunk=BUILTIN_CANDIDATES if model == BUILTIN else 1,
            parsing_model=BUILTIN,
            chunking_model=BUILTIN,
            classification_model=BUILTIN,
            generation_model=model,
            temperature=config["temperature"],
            max_tokens=config["max_tokens"],
            reuse=values["reuse"],
            **material,
            **{name: settings[name] for name in CHUNKING},
            **{name: settings.get(name) for name in KEPT_SETTINGS},
        )
        content = writing.prompt_content
        return RegenerationSpec(
            dataset_id=dataset.dataset_id,
            generation_model=model,
            writing=writing,
            source_job=source_job,
            instructions=config["instructions"],
            analyze_quality=settings["analyze_quality"],
            prompt_hash=hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest(),
            warnings=(*_warnings(config, model), *await self._missing(writing)),
        )

    async def _material(self, dataset: Dataset) -> tuple[int | None, dict[str, Any]]:
        """As the dataset was made; of one that no job made, the mode's own prompt."""
        if dataset.job_id is None:
            content = (await self._prompts.by_name(dataset.settings["generation_mode"])).content
            return None, {"prompt_content": content}
        job = await self._jobs.get(dataset.job_id)
        made = GenerationSpec.model_validate(job.spec)
        return job.id, {name: getattr(made, name) for name in MATERIAL}

    async def _missing(self, writing: GenerationSpec) -> tuple[str, ...]:
        if writing.data_source != "Extract":
            return ()
        found = await (await self._sources.open(writing, {})).units(0, 1)
        return () if found else (MATERIAL_GONE,)


def _query(given: Mapping[str, Any]) -> EntryQuery:
    texts: dict[str, Any] = {name: given.get(name) for name in FILTERS}
    return EntryQuery(quality_below=given.get("filter_quality_below"), **texts)


def _warnings(config: Mapping[str, Any], model: ModelRef) -> tuple[str, ...]:
    if model != BUILTIN:
        return ()
    given = [f"regeneration_config/{name}" for name in NO_PROMPT if config[name] is not None]
    return (f"{', '.join(given)} has no effect: builtin works by rules",) if given else ()


def _regenerated(job: Job, dataset: Dataset) -> Regenerated:
    return Regenerated(job, dataset.dataset_id, job.counters.units_total, tuple(job.spec["warnings"]))


def _hash_of(dataset_id: str, values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(f"{KIND}\n{dataset_id}\n{canonical}".encode("utf-8", "surrogatepass")).hexdigest()
