"""Submitting generation jobs: everything that can be refused is refused here, before the first call."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from chunksmith.domain.calls import ModelRef, ProviderAccount
from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import ProcessOptions, Project, project_folder
from chunksmith.domain.corpus_ports import ChunkSource, Documents
from chunksmith.domain.generation import GenerationSpec, Mode, parse_model
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.ports import Clock
from chunksmith.errors import (
    Fault,
    InvalidRequest,
    NoSourceMaterial,
    NotFound,
    ProviderNotConfigured,
    RunnerUnavailable,
)
from chunksmith.exports.formats import format_named
from chunksmith.gateway.pricing import NANO, PriceBook
from chunksmith.services.processing import options_of
from chunksmith.services.projects import ProjectService
from chunksmith.services.prompts import PromptService
from chunksmith.services.providers import NEEDS_KEY
from chunksmith.services.runner import Runner
from chunksmith.settings import ChunkingSettings

KIND = "dataset-gen"
FILTER_THRESHOLD = 0.7
TAKEN_AS_GIVEN = (
    "data_source prompt_name generation_mode format_type concurrency batch_size analyze_quality quality_filter "
    "dataset_name datasets_per_chunk max_calls reuse seed temperature max_tokens audience purpose domain "
    "complexity_level"
).split()
# Fields of the API that this release takes at these values only.
NOT_YET: dict[str, Any] = {
    "data_source": "Chunks Only",
    "include_evaluation_sets": False,
    "split_ratios": None,
    "split_seed": None,
    "enable_versioning": False,
    "run_benchmarks": False,
}
# Fields that other data sources use: accepted, and named in the answer's warnings.
WITHOUT_EFFECT: dict[str, tuple[Any, str]] = {
    "extraction_file_id": (None, "only the data source Extract reads an extraction job"),
    "selected_categories": (None, "with Chunks Only there are no categories to filter by"),
    "only_validated": (False, "only the data source Extract has validated results"),
    "taxonomy_project": (None, "only the data source Taxonomy reads a taxonomy"),
    "taxonomy_name": (None, "only the data source Taxonomy reads a taxonomy"),
}


@dataclass(frozen=True, slots=True)
class GenerationDefaults:
    """From the settings. ``models`` are the providers' default models, ``model`` is used where none is named."""

    model: str
    models: Mapping[str, str]
    chunking: ChunkingSettings


@dataclass(frozen=True, slots=True)
class Submitted:
    job: Job
    warnings: tuple[str, ...]


@dataclass
class _Draft:
    """A request while it is looked at: faults and warnings gather, nothing is started."""

    values: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)
    missing_keys: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def fault(self, name: str, detail: str) -> None:
        self.faults.append(Fault(f"/{name}", detail))

    def settle(self) -> None:
        """Errors: everything that is wrong, at once."""
        keys = [Fault("/generation_model", f"API key not configured: {provider}") for provider in self.missing_keys]
        if self.missing_keys and not self.faults:
            raise ProviderNotConfigured(self.missing_keys[0], tuple(keys))
        if self.faults:
            raise InvalidRequest.of([*self.faults, *keys])


class GenerationService:
    def __init__(
        self,
        projects: ProjectService,
        prompts: PromptService,
        chunks: ChunkSource,
        documents: Documents,
        jobs: JobQueue,
        runner: Runner,
        accounts: Mapping[str, ProviderAccount],
        prices: PriceBook,
        defaults: GenerationDefaults,
        clock: Clock,
    ) -> None:
        self._projects = projects
        self._prompts = prompts
        self._chunks = chunks
        self._documents = documents
        self._jobs = jobs
        self._runner = runner
        self._accounts = accounts
        self._prices = prices
        self._defaults = defaults
        self._clock = clock

    async def submit(self, values: Mapping[str, Any], idempotency_key: str | None) -> Submitted:
        """Start a job, or give the one that this key and body started before.

        Errors: InvalidRequest with all faults; NotFound; ProviderNotConfigured; NoSourceMaterial; Conflict for a key
        with another body; RunnerUnavailable while the server stops.
        """
        if self._runner.stopping:
            raise RunnerUnavailable("the server is stopping")
        body_hash = _hash_of(values)
        if idempotency_key is not None:
            known = await self._jobs.by_idempotency_key(idempotency_key, body_hash)
            if known is not None:
                return Submitted(known, ())
        project = await self._projects.resolve(values["project_id"])
        draft = _Draft(values)
        spec = await self._specify(draft, project)
        has_documents = await self._check_material(project, spec)
        job = await self._jobs.submit(
            _job_values(spec, idempotency_key, body_hash, timestamp(self._clock)),
            _dataset_values(spec, project, has_documents),
        )
        self._runner.wake()
        return Submitted(job, tuple(draft.warnings))

    async def specify(self, values: Mapping[str, Any]) -> tuple[Project, GenerationSpec, list[str]]:
        """What a request means, with its warnings. Errors: as ``submit``, and nothing is started either way."""
        project = await self._projects.resolve(values["project_id"])
        draft = _Draft(values)
        spec = await self._specify(draft, project)
        await self._check_material(project, spec)
        return project, spec, draft.warnings

    async def _specify(self, draft: _Draft, project: Project) -> GenerationSpec:
        values = draft.values
        _check_later_fields(draft)
        models = self._choose_models(draft)
        processing = self._processing(draft)
        unread = await self._documents.pending(project.id, 0, 1)
        _check_reading(draft, models, bool(unread))
        _check_format(draft)
        folder = _folder(draft)
        await self._check_documents(draft, project)
        content = await self._prompt(draft, models["generation_model"])
        max_cost_nano = self._ceiling(draft, models["generation_model"])
        draft.settle()
        threshold = values["quality_threshold"]
        if threshold is None:
            threshold = FILTER_THRESHOLD if values["quality_filter"] else 0.0
        return GenerationSpec(
            project_id=project.id,
            prompt_content=content,
            output_dir=folder,
            quality_threshold=threshold,
            document_ids=tuple(values["document_ids"]) if values["document_ids"] is not None else None,
            max_cost_nano=max_cost_nano,
            chunk_strategy=processing.chunk_strategy,
            chunk_size=processing.chunk_size,
            chunk_overlap=processing.chunk_overlap,
            **models,
            **{name: values[name] for name in TAKEN_AS_GIVEN},
        )

    def _choose_models(self, draft: _Draft) -> dict[str, ModelRef]:
        """Null generation_model is classification_model, and the other way round; null both is the default."""
        given = {
            name: self._model(draft, name)
            for name in ("parsing_model", "chunking_model", "classification_model", "generation_model")
        }
        default = parse_model(self._defaults.model, dict(self._defaults.models), "/generation_model")
        generation = given["generation_model"] or given["classification_model"] or default
        classification = given["classification_model"] or generation
        builtin = ModelRef("builtin", "builtin")
        if classification not in (generation, builtin):
            draft.fault(
                "classification_model",
                f"classifying by {classification} what {generation} writes is not available yet; "
                "leave it out, or send builtin",
            )
        if generation.provider in NEEDS_KEY and self._accounts[generation.provider].api_key is None:
            draft.missing_keys.append(generation.provider)
        return {
            "parsing_model": given["parsing_model"] or builtin,
            "chunking_model": given["chunking_model"] or builtin,
            "classification_model": classification,
            "generation_model": generation,
        }

    def _model(self, draft: _Draft, name: str) -> ModelRef | None:
        text = draft.values[name]
        if text is None:
            return None
        try:
            return parse_model(text, dict(self._defaults.models), f"/{name}")
        except InvalidRequest as exc:
            draft.faults.extend(exc.faults)
            return None

    def _processing(self, draft: _Draft) -> ProcessOptions:
        names = ("chunk_strategy", "chunk_size", "chunk_overlap")
        given = {name: draft.values[name] for name in names if draft.values[name] is not None}
        try:
            return options_of(given, self._defaults.chunking)
        except InvalidRequest as exc:
            draft.faults.extend(exc.faults)
            return options_of({}, self._defaults.chunking)

    async def _check_documents(self, draft: _Draft, project: Project) -> None:
        chosen = draft.values["document_ids"]
        if chosen is None:
            return
        unknown = await self._documents.unknown(project.id, chosen)
        if unknown:
            raise NotFound("Document" if len(unknown) == 1 else "Documents", ", ".join(map(str, unknown)))

    async def _prompt(self, draft: _Draft, model: ModelRef) -> str:
        """The template's text. Errors: NotFound for an unknown name."""
        custom, name = draft.values["custom_prompt"], draft.values["prompt_name"]
        mode: Mode = draft.values["generation_mode"]
        if model.provider == "builtin" and (custom is not None or name != "default"):
            draft.warnings.append("builtin works by rules: it does not read prompts")
        if custom is not None:
            return str(custom)
        prompt = await self._prompts.by_name(mode if name == "default" else name)
        if prompt.generation_mode not in (None, mode):
            draft.fault("prompt_name", f"is for the mode {prompt.generation_mode!r}, not {mode!r}")
        return prompt.content

    def _ceiling(self, draft: _Draft, model: ModelRef) -> int | None:
        text = draft.values["max_cost_usd"]
        if text is None:
            return None
        try:
            nano = parse_usd(str(text))
        except InvalidRequest as exc:
            draft.faults.extend(exc.faults)
            return None
        if self._prices.rates(model) is None:
            draft.fault("max_cost_usd", f"the price of {model} is unknown; set it in the settings, section prices")
        return nano

    async def _check_material(self, project: Project, spec: GenerationSpec) -> bool:
        """Whether documents have names to show. Errors: NoSourceMaterial."""
        if await self._documents.pending(project.id, 0, 1):
            return True
        if not await self._chunks.has_chunks(project.id, spec.document_ids):
            raise NoSourceMaterial()
        return await self._chunks.has_named_chunks(project.id)


def parse_usd(text: str, pointer: str = "/max_cost_usd") -> int:
    """A decimal amount of dollars as nano-dollars. Errors: InvalidRequest."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount <= 1_000_000:
        raise InvalidRequest.field(pointer, 'must be an amount in USD above 0, such as "2.50"')
    return int((amount * NANO).to_integral_value())


def _check_later_fields(draft: _Draft) -> None:
    for name, default in NOT_YET.items():
        if draft.values[name] != default:
            draft.fault(name, f"not available yet; leave it out, or send {json.dumps(default)}")
    for name, (default, why) in WITHOUT_EFFECT.items():
        if draft.values[name] not in (default, [], ""):
            draft.warnings.append(f"{name} has no effect: {why}")


def _check_reading(draft: _Draft, models: Mapping[str, ModelRef], unread: bool) -> None:
    """Models that parse and split matter only where documents wait to be read."""
    for name in ("parsing_model", "chunking_model"):
        if models[name].provider != "builtin" and unread:
            draft.fault(name, f"{models[name]} is not available yet for reading documents; send builtin")
        elif models[name].provider != "builtin":
            draft.warnings.append(f"{name} has no effect: no document of the project waits to be read")
    if not unread:
        for name in ("chunk_strategy", "chunk_size", "chunk_overlap"):
            if draft.values[name] is not None:
                draft.warnings.append(f"{name} has no effect: no document of the project waits to be chunked")


def _check_format(draft: _Draft) -> None:
    try:
        format_named(draft.values["format_type"])
    except InvalidRequest as exc:
        draft.faults.extend(exc.faults)


def _folder(draft: _Draft) -> str:
    """``output_dir`` as a plain relative path. Links are followed and checked where files are written."""
    text: str = draft.values["output_dir"]
    path = PurePosixPath(text.replace("\\", "/"))
    hidden = any(part.startswith(".") for part in path.parts)
    if path.is_absolute() or hidden or ":" in text or len(text) > 200 or any(not char.isprintable() for char in text):
        draft.fault("output_dir", "must be a folder under the project's dataset folder, without .. or a leading /")
    return str(path)


def _hash_of(values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(f"{KIND}\n{canonical}".encode("utf-8", "surrogatepass")).hexdigest()


def _job_values(spec: GenerationSpec, key: str | None, body_hash: str, at: str) -> dict[str, Any]:
    return {
        "job_id": f"{KIND}-{uuid4()}",
        "kind": KIND,
        "project_id": spec.project_id,
        "spec": spec.model_dump(mode="json"),
        "concurrency": spec.concurrency,
        "max_calls": spec.max_calls,
        "max_cost_nano": spec.max_cost_nano,
        "idempotency_key": key,
        "idempotency_hash": body_hash if key is not None else None,
        "created_at": at,
    }


def _dataset_values(spec: GenerationSpec, project: Project, has_documents: bool) -> dict[str, Any]:
    folder = project_folder(project.id)
    return {
        "dataset_id": f"dataset_{uuid4()}",
        "name": spec.dataset_name or f"{project.name} ({spec.generation_mode})",
        "mode": spec.generation_mode,
        "format_type": spec.format_type,
        "folder": folder if spec.output_dir == "." else f"{folder}/{spec.output_dir}",
        "settings": {
            **spec.summary(),
            "prompt_hash": hashlib.sha256(spec.prompt_content.encode("utf-8", "surrogatepass")).hexdigest(),
            "has_documents": has_documents,
        },
    }
