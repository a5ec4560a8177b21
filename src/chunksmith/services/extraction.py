"""Extractions as they are asked for, read and deleted: what can be refused is refused before the first call."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from chunksmith.domain.calls import NEEDS_KEY, ModelRef, ProviderAccount
from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import Project
from chunksmith.domain.corpus_ports import ChunkSource, Documents
from chunksmith.domain.extraction import (
    KIND,
    Categories,
    ExtractedItem,
    Extractions,
    ExtractionSpec,
    ExtractionSummary,
    ItemQuery,
    Place,
    frozen_categories,
    unknown_category,
)
from chunksmith.domain.generation import parse_model
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.paging import Page, Window, decode_cursor, encode_cursor
from chunksmith.domain.ports import Clock
from chunksmith.domain.taxonomy import Taxonomy, Tree
from chunksmith.errors import (
    Fault,
    InvalidRequest,
    NoSourceMaterial,
    NotFound,
    ProviderNotConfigured,
    RunnerUnavailable,
)
from chunksmith.gateway.pricing import PriceBook
from chunksmith.services.generation_checks import parse_usd
from chunksmith.services.projects import ProjectService
from chunksmith.services.runner import Runner
from chunksmith.services.taxonomies import TaxonomyService
from chunksmith.settings import shipped


@dataclass(frozen=True, slots=True)
class ExtractionPrompts:
    """The templates of ``config/prompts/extract-*.md``, by extraction type, and the one of the validation stage."""

    ner: str
    whole_text: str
    validate: str

    def of(self, extraction_type: str) -> str:
        return self.ner if extraction_type == "ner" else self.whole_text


def shipped_prompts() -> ExtractionPrompts:
    names = {"ner": "ner", "whole_text": "whole-text", "validate": "validate"}
    texts = {key: shipped(f"prompts/extract-{name}.md").read_text(encoding="utf-8") for key, name in names.items()}
    return ExtractionPrompts(**texts)


@dataclass(frozen=True, slots=True)
class ExtractionModels:
    """What there is to choose from: ``model`` is used where none is named, ``models`` are the providers' own."""

    model: str
    models: Mapping[str, str]
    accounts: Mapping[str, ProviderAccount]
    prices: PriceBook


@dataclass(frozen=True, slots=True)
class ExtractionView:
    summary: ExtractionSummary
    categories: Categories


@dataclass
class _Draft:
    """A request while it is looked at: faults gather, nothing is started."""

    values: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Errors: everything that is wrong, at once."""
        keys = [Fault(f"/{name}", f"API key not configured: {provider}") for name, provider in self.missing]
        if self.faults:
            raise InvalidRequest.of([*self.faults, *keys])
        if keys:
            raise ProviderNotConfigured(self.missing[0][1], tuple(keys))


class ExtractionService:
    def __init__(
        self,
        projects: ProjectService,
        taxonomies: TaxonomyService,
        chunks: ChunkSource,
        documents: Documents,
        extractions: Extractions,
        jobs: JobQueue,
        runner: Runner,
        models: ExtractionModels,
        prompts: ExtractionPrompts,
        clock: Clock,
    ) -> None:
        self._projects = projects
        self._taxonomies = taxonomies
        self._chunks = chunks
        self._documents = documents
        self._extractions = extractions
        self._jobs = jobs
        self._runner = runner
        self._models = models
        self._prompts = prompts
        self._clock = clock

    async def submit(self, values: Mapping[str, Any], idempotency_key: str | None) -> Job:
        """Start a job, or give the one that this key and body started before.

        Errors: InvalidRequest with all faults; NotFound; ProviderNotConfigured; NoSourceMaterial; Conflict for a key
        with another body; RunnerUnavailable while the server stops.
        """
        if self._runner.stopping:
            raise RunnerUnavailable("the server is stopping")
        body_hash = hash_of("start", values)
        if idempotency_key is not None:
            known = await self._jobs.by_idempotency_key(idempotency_key, body_hash)
            if known is not None:
                return known
        project = await self._projects.resolve(values["project_id"])
        taxonomy = await taxonomy_of(self._taxonomies, project, values["taxonomy_id"])
        draft = _Draft(values)
        selected = _selected(draft, taxonomy)
        categories = frozen_categories(Tree(taxonomy.tree), selected)
        spec = self._spec(draft, project, taxonomy, selected)
        await self._check_documents(draft, project)
        max_cost_nano = self._ceiling(draft, spec)
        draft.settle()
        if not await self._chunks.has_chunks(project.id, spec.document_ids):
            raise NoSourceMaterial()
        row = {
            "job_id": f"{KIND}-{uuid4()}",
            "project_id": project.id,
            "spec": spec.model_dump(mode="json"),
            "concurrency": values["concurrency"],
            "max_calls": values["max_calls"],
            "max_cost_nano": max_cost_nano,
            "idempotency_key": idempotency_key,
            "idempotency_hash": body_hash if idempotency_key is not None else None,
            "created_at": timestamp(self._clock),
        }
        job = await self._extractions.submit(row, categories)
        self._runner.wake()
        return job

    async def view(self, job_id: str) -> ExtractionView:
        """Errors: NotFound."""
        summary = await self._extractions.get(job_id)
        return ExtractionView(summary, await self._extractions.categories(summary.id))

    async def results(
        self, job_id: str, window: Window, *, min_confidence: float, category: str | None, validated: bool | None
    ) -> Page[ExtractedItem]:
        """In the order of the chunks, then of the text. Errors: NotFound; InvalidRequest for an unknown category."""
        job = (await self._extractions.get(job_id)).id
        numbers = None
        if category is not None:
            numbers = await self._branch(job, category)
        query = ItemQuery(min_confidence, numbers, validated)
        scope, more = f"extraction-{job}", window.per_page + 1
        if window.cursor is not None:
            after = Place(*decode_cursor(window.cursor, scope, 2))
            items = await self._extractions.page(job, query, more, after=after)
        else:
            items = await self._extractions.page(job, query, more, offset=window.offset)
        shown = items[: window.per_page]
        following = encode_cursor(scope, shown[-1].position, shown[-1].ordinal) if len(items) == more else None
        return Page(shown, await self._extractions.count(job, query), following)

    async def of_project(self, project_id: int | str, window: Window) -> tuple[list[ExtractionSummary], int]:
        project = await self._projects.resolve(project_id)
        return await self._extractions.of_project(project.id, window.per_page, window.offset)

    async def files(self, project_id: int | str, window: Window) -> tuple[list[ExtractionSummary], int]:
        """What a dataset can be made of: the completed ones, newest first."""
        project = await self._projects.resolve(project_id)
        return await self._extractions.of_project(project.id, window.per_page, window.offset, completed=True)

    async def delete(self, job_id: str) -> None:
        """Invisible at once. Errors: NotFound; Conflict while it runs, or while a dataset is made of it."""
        await self._extractions.hide(job_id, timestamp(self._clock))
        await self.recover()

    async def recover(self) -> None:
        """Finish deletions that have begun."""
        while await self._extractions.purge_slice():
            pass

    async def _branch(self, job: int, category: str) -> frozenset[int]:
        categories = await self._extractions.categories(job)
        branches = categories.branches(category)
        if not branches:
            raise InvalidRequest.of([unknown_category("query/category", category, [categories])])
        return frozenset(number for branch in branches for number in branch)

    def _spec(
        self, draft: _Draft, project: Project, taxonomy: Taxonomy, selected: tuple[str, ...] | None
    ) -> ExtractionSpec:
        values = draft.values
        extraction_type = values["extraction_type"]
        first = self._model(draft, "initial_classifier", self._models.model)
        second = None
        if values["enable_validation_stage"]:
            second = self._model(draft, "validation_classifier", str(first))
        elif values["validation_classifier"] is not None:
            draft.warnings.append("validation_classifier has no effect: enable_validation_stage is false")
        documents = values["document_ids"]
        return ExtractionSpec(
            project_id=project.id,
            taxonomy_id=taxonomy.id,
            taxonomy_name=taxonomy.name,
            selected_categories=selected,
            extraction_type=extraction_type,
            extraction_mode=values["extraction_mode"],
            generation_model=first,
            validation_classifier=second,
            confidence_threshold=values["parameters"]["confidence_threshold"],
            max_chunks=values["parameters"]["max_chunks"],
            document_ids=tuple(documents) if documents is not None else None,
            reuse=values["reuse"],
            extract_prompt=self._prompts.of(extraction_type),
            validate_prompt=self._prompts.validate,
            warnings=tuple(draft.warnings),
        )

    def _model(self, draft: _Draft, name: str, default: str) -> ModelRef:
        try:
            model = parse_model(draft.values[name] or default, dict(self._models.models), f"/{name}")
        except InvalidRequest as exc:
            draft.faults.extend(exc.faults)
            return ModelRef("builtin", "builtin")
        if model.provider in NEEDS_KEY and self._models.accounts[model.provider].api_key is None:
            draft.missing.append((name, model.provider))
        return model

    def _ceiling(self, draft: _Draft, spec: ExtractionSpec) -> int | None:
        text = draft.values["max_cost_usd"]
        if text is None:
            return None
        models = [model for model in (spec.generation_model, spec.validation_classifier) if model is not None]
        unpriced = [model for model in dict.fromkeys(models) if self._models.prices.rates(model) is None]
        draft.faults.extend(
            Fault("/max_cost_usd", f"the price of {model} is unknown; set it in the settings, section prices")
            for model in unpriced
        )
        try:
            return parse_usd(str(text))
        except InvalidRequest as exc:
            draft.faults.extend(exc.faults)
            return None

    async def _check_documents(self, draft: _Draft, project: Project) -> None:
        """Errors: NotFound naming the documents that the project does not have."""
        chosen = draft.values["document_ids"]
        unknown = await self._documents.unknown(project.id, chosen) if chosen is not None else []
        if unknown:
            raise NotFound("Document" if len(unknown) == 1 else "Documents", ", ".join(map(str, unknown)))


async def taxonomy_of(taxonomies: TaxonomyService, project: Project, identifier: int | str) -> Taxonomy:
    """Errors: NotFound, also for a taxonomy of another project."""
    taxonomy = await taxonomies.get(identifier)
    if taxonomy.project_id != project.id:
        raise NotFound("Taxonomy", f"{identifier} in project {project.id}")
    return taxonomy


def _selected(draft: _Draft, taxonomy: Taxonomy) -> tuple[str, ...] | None:
    """Ids of the chosen categories; None for all."""
    tree = Tree(taxonomy.tree)
    if not len(tree):
        draft.faults.append(Fault("/taxonomy_id", f"taxonomy {taxonomy.id} has no categories"))
        return None
    selectors: Sequence[str] | None = draft.values["selected_categories"]
    if selectors is None:
        return None
    try:
        return tuple(place.node.id for place in tree.select(selectors))
    except InvalidRequest as exc:
        draft.faults.extend(exc.faults)
        return None


def hash_of(what: str, values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(f"{KIND} {what}\n{canonical}".encode("utf-8", "surrogatepass")).hexdigest()
