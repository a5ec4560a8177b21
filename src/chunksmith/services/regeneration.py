"""Submitting regeneration jobs: which entries, by which model; refused here is all that can be refused."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from chunksmith.domain.calls import NEEDS_KEY, ModelRef, ProviderAccount
from chunksmith.domain.clock import timestamp
from chunksmith.domain.dataset_ports import DatasetRows
from chunksmith.domain.datasets import Dataset
from chunksmith.domain.entry_query import EntryQuery
from chunksmith.domain.generation import GenerationSpec, parse_model
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.ports import Clock
from chunksmith.domain.regeneration import KIND, RegenerationRows, RegenerationSpec
from chunksmith.errors import Conflict, Fault, InvalidRequest, ProviderNotConfigured, RunnerUnavailable
from chunksmith.gateway.pricing import PriceBook
from chunksmith.pipeline.regenerate import BUILTIN_CANDIDATES
from chunksmith.services.feedback import entry_numbers
from chunksmith.services.generation_checks import parse_usd
from chunksmith.services.prompts import PromptService
from chunksmith.services.runner import Runner
from chunksmith.services.sources import Sources

BUILTIN = ModelRef("builtin", "builtin")
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


@dataclass
class _Draft:
    values: Mapping[str, Any]
    config: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)


class RegenerationService:
    """``models`` are the providers' default models."""

    def __init__(
        self,
        datasets: DatasetRows,
        rows: RegenerationRows,
        jobs: JobQueue,
        prompts: PromptService,
        sources: Sources,
        runner: Runner,
        accounts: Mapping[str, ProviderAccount],
        prices: PriceBook,
        models: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._datasets = datasets
        self._rows = rows
        self._jobs = jobs
        self._prompts = prompts
        self._sources = sources
        self._runner = runner
        self._accounts = accounts
        self._prices = prices
        self._models = models
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
        draft = _Draft(values, values["regeneration_config"])
        chosen = _chosen(draft)
        model = self._model(draft, dataset)
        max_cost_nano = self._ceiling(draft, model)
        self._settle(draft, model)
        spec = await self._spec(draft, dataset, model)
        job = await self._rows.submit(
            {
                "job_id": f"{KIND}-{uuid4()}",
                "kind": KIND,
                "project_id": dataset.project_id,
                "dataset": dataset.id,
                "spec": spec.model_dump(mode="json"),
                "concurrency": values["concurrency"],
                "max_calls": values["max_calls"],
                "max_cost_nano": max_cost_nano,
                "idempotency_key": idempotency_key,
                "idempotency_hash": body_hash if idempotency_key is not None else None,
                "created_at": timestamp(self._clock),
            },
            chosen,
        )
        self._runner.wake()
        return _regenerated(job, dataset)

    async def _check_idle(self, dataset: Dataset) -> None:
        """Errors: Conflict. A generation that still writes entries writes their batch files too."""
        job = await self._jobs.get(dataset.job_id) if dataset.job_id is not None else None
        if job is not None and job.kind != KIND and job.state in ("submitted", "running"):
            raise Conflict(f"job {job.job_id} still makes this dataset; wait for its end, or pause it")

    def _model(self, draft: _Draft, dataset: Dataset) -> ModelRef:
        text = draft.config["model"]
        if text is None:
            return ModelRef(*dataset.model)
        try:
            return parse_model(text, dict(self._models), "/regeneration_config/model")
        except InvalidRequest as exc:
            draft.faults.extend(exc.faults)
            return BUILTIN

    def _ceiling(self, draft: _Draft, model: ModelRef) -> int | None:
        text = draft.values["max_cost_usd"]
        if text is None:
            return None
        if self._prices.rates(model) is None:
            detail = f"the price of {model} is unknown; set it in the settings, section prices"
            draft.faults.append(Fault("/max_cost_usd", detail))
        try:
            return parse_usd(str(text))
        except InvalidRequest as exc:
            draft.faults.extend(exc.faults)
            return None

    def _settle(self, draft: _Draft, model: ModelRef) -> None:
        """Errors: everything that is wrong, at once."""
        needs_key = model.provider in NEEDS_KEY and self._accounts[model.provider].api_key is None
        pointer = "/regeneration_config/model"
        missing = [Fault(pointer, f"API key not configured: {model.provider}")] if needs_key else []
        if missing and not draft.faults:
            raise ProviderNotConfigured(model.provider, tuple(missing))
        if draft.faults:
            raise InvalidRequest.of([*draft.faults, *missing])

    async def _spec(self, draft: _Draft, dataset: Dataset, model: ModelRef) -> RegenerationSpec:
        settings, config = dataset.settings, draft.config
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
            reuse=draft.values["reuse"],
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


def _chosen(draft: _Draft) -> EntryQuery | Sequence[int]:
    """Errors: NotFound for ids that no entry can have."""
    ids, wanted = draft.values["entry_ids"], draft.values["filter"]
    if (ids is None) == (wanted is None):
        draft.faults.append(Fault("/entry_ids", "send either entry_ids, or filter ({} is all entries)"))
    if ids is not None:
        return entry_numbers(ids)
    given: Mapping[str, Any] = wanted or {}
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
