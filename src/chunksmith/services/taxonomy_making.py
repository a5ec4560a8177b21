"""Submitting jobs that make or extend taxonomies: what can be refused is refused here, before the first call."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from chunksmith.domain.calls import ModelRef
from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import Project
from chunksmith.domain.corpus_ports import ChunkSource, Documents
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.ports import Clock
from chunksmith.domain.taxonomy import MAX_DEPTH, Place, Taxonomies, Taxonomy, Tree
from chunksmith.domain.taxonomy_jobs import (
    DEFAULT_EXTENSION_SAMPLE,
    DEFAULT_SAMPLE,
    DEFAULT_SPECIFICITY,
    SPECIFICITIES,
    TaxonomySpec,
    limits_for,
)
from chunksmith.errors import (
    Conflict,
    Fault,
    NoSourceMaterial,
    NotFound,
    RunnerUnavailable,
)
from chunksmith.services.gathering import Gathered
from chunksmith.services.model_choice import ModelChoice
from chunksmith.services.projects import ProjectService
from chunksmith.services.runner import Runner
from chunksmith.services.taxonomies import TaxonomyService
from chunksmith.services.taxonomy_job import KIND

# What only a prompt can say, and what it is when nothing is asked for.
UNREAD_BY_RULES: Mapping[str, Any] = {"specificity": DEFAULT_SPECIFICITY, "domain": None}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What both kinds of request have, checked."""

    project: Project | None
    limits: tuple[int, ...]
    model: ModelRef
    max_cost_nano: int | None


class TaxonomyMaking:
    def __init__(
        self,
        projects: ProjectService,
        taxonomies: TaxonomyService,
        rows: Taxonomies,
        chunks: ChunkSource,
        documents: Documents,
        jobs: JobQueue,
        runner: Runner,
        choice: ModelChoice,
        clock: Clock,
    ) -> None:
        self._projects = projects
        self._taxonomies = taxonomies
        self._rows = rows
        self._chunks = chunks
        self._documents = documents
        self._jobs = jobs
        self._runner = runner
        self._choice = choice
        self._clock = clock

    async def generate(self, values: Mapping[str, Any], idempotency_key: str | None) -> Job:
        """Errors: InvalidRequest with all faults; NotFound; Conflict when the name is taken, or the key was used with
        another body; ProviderNotConfigured; NoSourceMaterial; RunnerUnavailable while the server stops.
        """
        known = await self._known("generate", values, idempotency_key)
        if known is not None:
            return known
        gathered = Gathered()
        plan = await self._plan_making(values, gathered)
        gathered.settle()
        assert plan.project is not None  # noqa: S101 - else there was a fault
        spec = TaxonomySpec(
            task="generate",
            project_id=plan.project.id,
            taxonomy_uuid=str(uuid4()),
            name=values["name"],
            description=values["description"],
            mode=values["mode"],
            depth=values["depth"],
            category_limits=plan.limits,
            **self._shared(values, plan, DEFAULT_SAMPLE),
        )
        return await self._submit("generate", spec, values, plan, idempotency_key)

    async def extend(self, values: Mapping[str, Any], idempotency_key: str | None) -> Job:
        """Errors: as ``generate``."""
        known = await self._known("extend", values, idempotency_key)
        if known is not None:
            return known
        gathered = Gathered()
        taxonomy, chosen, plan = await self._plan_extending(values, gathered)
        gathered.settle()
        assert taxonomy is not None  # noqa: S101 - else there was a fault
        spec = TaxonomySpec(
            task="extend",
            project_id=taxonomy.project_id,
            taxonomy_uuid=taxonomy.uuid,
            taxonomy_id=taxonomy.id,
            name=taxonomy.name,
            depth=values["levels"],
            category_limits=plan.limits,
            node_ids=tuple(place.node.id for place in chosen),
            **self._shared(values, plan, DEFAULT_EXTENSION_SAMPLE),
        )
        return await self._submit("extend", spec, values, plan, idempotency_key)

    async def faults_of_making(self, values: Mapping[str, Any]) -> list[Fault]:
        """All that is wrong with a request; those of its fields that cannot be read are at their defaults."""
        gathered = Gathered()
        await self._plan_making(values, gathered)
        return gathered.all_faults()

    async def faults_of_extending(self, values: Mapping[str, Any]) -> list[Fault]:
        """As ``faults_of_making``."""
        gathered = Gathered()
        await self._plan_extending(values, gathered)
        return gathered.all_faults()

    async def _known(self, task: str, values: Mapping[str, Any], key: str | None) -> Job | None:
        if self._runner.stopping:
            raise RunnerUnavailable("the server is stopping")
        return await self._jobs.by_idempotency_key(key, _hash_of(task, values)) if key is not None else None

    async def _plan_making(self, values: Mapping[str, Any], gathered: Gathered) -> _Plan:
        project = None
        with gathered.gathering("project_id"):
            if values["project_id"] is not None:
                project = await self._projects.resolve(values["project_id"])
        with gathered.gathering("name"):
            if project is not None and values["name"] and await self._rows.named(project.id, values["name"]):
                raise Conflict(f"the project has a taxonomy named {values['name']} already")
        return await self._plan(project, values, values["depth"], gathered)

    async def _plan_extending(
        self, values: Mapping[str, Any], gathered: Gathered
    ) -> tuple[Taxonomy | None, list[Place], _Plan]:
        taxonomy = project = None
        chosen: list[Place] = []
        with gathered.gathering("taxonomy_id"):
            if values["taxonomy_id"] is not None:
                taxonomy = await self._taxonomies.get(values["taxonomy_id"])
                project = await self._projects.resolve(taxonomy.project_id)
                chosen = _chosen(taxonomy, values, gathered)
        return taxonomy, chosen, await self._plan(project, values, values["levels"], gathered)

    async def _plan(self, project: Project | None, values: Mapping[str, Any], depth: int, gathered: Gathered) -> _Plan:
        """What both kinds of request have, whatever else is wrong."""
        limits = _limits(values, depth, gathered)
        model = self._choice.named(values["model"], "model", gathered)
        ceiling = self._choice.ceiling(values["max_cost_usd"], [model], gathered)
        with gathered.gathering("document_ids" if values["document_ids"] is not None else "project_id"):
            if project is not None:
                await self._check_material(project, values["document_ids"])
        return _Plan(project, limits, model, ceiling)

    def _shared(self, values: Mapping[str, Any], plan: _Plan, sample: int) -> dict[str, Any]:
        documents = values["document_ids"]
        specificity = values["specificity"]
        return {
            "specificity": SPECIFICITIES.get(specificity, specificity),
            "domain": values["domain"],
            "sample_size": values["sample_size"] or sample,
            "document_ids": tuple(documents) if documents is not None else None,
            "generation_model": plan.model,
            "concurrency": values["concurrency"],
            "reuse": values["reuse"],
            "warnings": tuple(_warnings(values, plan.model)),
        }

    async def _check_material(self, project: Project, documents: Sequence[int] | None) -> None:
        """Errors: NotFound naming the documents that the project does not have; NoSourceMaterial."""
        unknown = await self._documents.unknown(project.id, documents) if documents is not None else []
        if unknown:
            raise NotFound("Document" if len(unknown) == 1 else "Documents", ", ".join(map(str, unknown)))
        if not await self._chunks.has_chunks(project.id, documents):
            raise NoSourceMaterial()

    async def _submit(
        self, task: str, spec: TaxonomySpec, values: Mapping[str, Any], plan: _Plan, key: str | None
    ) -> Job:
        job = await self._jobs.submit(
            {
                "job_id": f"{KIND}-{uuid4()}",
                "kind": KIND,
                "project_id": spec.project_id,
                "spec": spec.model_dump(mode="json"),
                "concurrency": spec.concurrency,
                "max_calls": values["max_calls"],
                "max_cost_nano": plan.max_cost_nano,
                "idempotency_key": key,
                "idempotency_hash": _hash_of(task, values) if key is not None else None,
                "created_at": timestamp(self._clock),
            }
        )
        self._runner.wake()
        return job


def _limits(values: Mapping[str, Any], depth: int, gathered: Gathered) -> tuple[int, ...]:
    given = values["category_limits"]
    if given is not None and len(given) > depth:
        gathered.fault("category_limits", f"has {len(given)} limits for {depth} levels")
        return limits_for(depth, None)
    return limits_for(depth, tuple(given) if given is not None else None)


def _chosen(taxonomy: Taxonomy, values: Mapping[str, Any], gathered: Gathered) -> list[Place]:
    """The categories that are extended: the named ones, else all that have none below them."""
    tree = Tree(taxonomy.tree)
    selectors = values["selected_categories"]
    if selectors is None:
        leaves = [place for place in tree if not place.node.children]
        chosen = leaves or [place for place in [tree.place(tree.root.id)] if place is not None]
    else:
        chosen = []
        with gathered.gathering("selected_categories"):
            chosen = tree.select(selectors)
    most = MAX_DEPTH - values["levels"]
    too_deep = [place.node.name for place in chosen if place.level > most]
    if selectors is None and len(too_deep) < len(chosen):
        return [place for place in chosen if place.level <= most]
    if too_deep:
        shown = ", ".join(too_deep[:5])
        detail = f"a taxonomy has at most {MAX_DEPTH} levels; no room below {shown}" + (" …" if too_deep[5:] else "")
        gathered.fault("levels", detail)
    return chosen


def _warnings(values: Mapping[str, Any], model: ModelRef) -> list[str]:
    warnings = []
    if values.get("mode") == "complete" and values["sample_size"] is not None:
        warnings.append("sample_size has no effect: the mode complete reads all chunks")
    if model.provider == "builtin":
        unread = [name for name, usual in UNREAD_BY_RULES.items() if values[name] != usual]
        warnings += [f"{name} has no effect: builtin works by rules" for name in unread]
    return warnings


def _hash_of(task: str, values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(f"{KIND} {task}\n{canonical}".encode("utf-8", "surrogatepass")).hexdigest()
