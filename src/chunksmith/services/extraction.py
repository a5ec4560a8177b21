"""Extractions as they are asked for, read and deleted: what can be refused is refused before the first call."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

from chunksmith.domain.calls import ModelRef
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
    RunnerUnavailable,
)
from chunksmith.services.gathering import Gathered
from chunksmith.services.model_choice import ModelChoice
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
class ExtractionView:
    summary: ExtractionSummary
    categories: Categories


class _Looked(NamedTuple):
    """What a request was found to mean; ``taxonomy`` is None where it is not known."""

    taxonomy: Taxonomy | None
    selected: tuple[str, ...] | None
    first: ModelRef
    second: ModelRef | None
    max_cost_nano: int | None
    warnings: tuple[str, ...]


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
        choice: ModelChoice,
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
        self._choice = choice
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
        gathered = Gathered()
        looked = await self._look(values, gathered)
        gathered.settle()
        assert looked.taxonomy is not None  # noqa: S101 - else there was a fault
        categories = frozen_categories(Tree(looked.taxonomy.tree), looked.selected)
        spec = self._spec(values, looked.taxonomy, looked)
        row = {
            "job_id": f"{KIND}-{uuid4()}",
            "project_id": spec.project_id,
            "spec": spec.model_dump(mode="json"),
            "concurrency": values["concurrency"],
            "max_calls": values["max_calls"],
            "max_cost_nano": looked.max_cost_nano,
            "idempotency_key": idempotency_key,
            "idempotency_hash": body_hash if idempotency_key is not None else None,
            "created_at": timestamp(self._clock),
        }
        job = await self._extractions.submit(row, categories)
        self._runner.wake()
        return job

    async def faults(self, values: Mapping[str, Any]) -> list[Fault]:
        """All that is wrong with a request; those of its fields that cannot be read are at their defaults."""
        gathered = Gathered()
        await self._look(values, gathered)
        return gathered.all_faults()

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

    async def _look(self, values: Mapping[str, Any], gathered: Gathered) -> _Looked:
        """At everything, whatever else is wrong."""
        project = taxonomy = None
        with gathered.gathering("project_id"):
            if values["project_id"] is not None:
                project = await self._projects.resolve(values["project_id"])
        if project is not None:
            with gathered.gathering("taxonomy_id"):
                if values["taxonomy_id"] is not None:
                    taxonomy = await taxonomy_of(self._taxonomies, project, values["taxonomy_id"])
            with gathered.gathering("document_ids"):
                await self._check_material(project, values["document_ids"])
        selected = _selected(values["selected_categories"], taxonomy, gathered) if taxonomy is not None else None
        first = self._choice.named(values["initial_classifier"], "initial_classifier", gathered)
        second, warnings = None, []
        if values["enable_validation_stage"]:
            text = values["validation_classifier"]
            second = self._choice.named(text, "validation_classifier", gathered) if text is not None else first
        elif values["validation_classifier"] is not None:
            warnings.append("validation_classifier has no effect: enable_validation_stage is false")
        models = [first] if second is None else [first, second]
        ceiling = self._choice.ceiling(values["max_cost_usd"], models, gathered)
        return _Looked(taxonomy, selected, first, second, ceiling, tuple(warnings))

    def _spec(self, values: Mapping[str, Any], taxonomy: Taxonomy, looked: _Looked) -> ExtractionSpec:
        documents = values["document_ids"]
        return ExtractionSpec(
            project_id=taxonomy.project_id,
            taxonomy_id=taxonomy.id,
            taxonomy_name=taxonomy.name,
            selected_categories=looked.selected,
            extraction_type=values["extraction_type"],
            extraction_mode=values["extraction_mode"],
            generation_model=looked.first,
            validation_classifier=looked.second,
            confidence_threshold=values["parameters"]["confidence_threshold"],
            max_chunks=values["parameters"]["max_chunks"],
            document_ids=tuple(documents) if documents is not None else None,
            reuse=values["reuse"],
            extract_prompt=self._prompts.of(values["extraction_type"]),
            validate_prompt=self._prompts.validate,
            warnings=looked.warnings,
        )

    async def _check_material(self, project: Project, chosen: Sequence[int] | None) -> None:
        """Errors: NotFound naming the documents that the project does not have; NoSourceMaterial."""
        unknown = await self._documents.unknown(project.id, chosen) if chosen is not None else []
        if unknown:
            raise NotFound("Document" if len(unknown) == 1 else "Documents", ", ".join(map(str, unknown)))
        if not await self._chunks.has_chunks(project.id, chosen):
            raise NoSourceMaterial()


async def taxonomy_of(taxonomies: TaxonomyService, project: Project, identifier: int | str) -> Taxonomy:
    """Errors: NotFound, also for a taxonomy of another project."""
    taxonomy = await taxonomies.get(identifier)
    if taxonomy.project_id != project.id:
        raise NotFound("Taxonomy", f"{identifier} in project {project.id}")
    return taxonomy


def _selected(selectors: Sequence[str] | None, taxonomy: Taxonomy, gathered: Gathered) -> tuple[str, ...] | None:
    """Ids of the chosen categories; None for all."""
    tree = Tree(taxonomy.tree)
    if not len(tree):
        gathered.fault("taxonomy_id", f"taxonomy {taxonomy.id} has no categories")
    elif selectors is not None:
        with gathered.gathering("selected_categories"):
            return tuple(place.node.id for place in tree.select(selectors))
    return None


def hash_of(what: str, values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(f"{KIND} {what}\n{canonical}".encode("utf-8", "surrogatepass")).hexdigest()
