"""Results that were extracted elsewhere: checked as a whole, stored as a completed extraction, or not at all."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import Project, chunk_number
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.extraction import (
    KIND,
    Categories,
    ChunkResult,
    ExtractionCategory,
    Extractions,
    ExtractionSpec,
    ImportTargets,
    frozen_categories,
    unknown_category,
)
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.ports import Clock
from chunksmith.domain.taxonomy import Taxonomy, Tree, name_key
from chunksmith.errors import FAULTS_SHOWN, Fault, RunnerUnavailable, first_faults
from chunksmith.pipeline.extract_items import Claimed, locate_all
from chunksmith.services.extraction import hash_of, taxonomy_of
from chunksmith.services.gathering import Gathered
from chunksmith.services.projects import ProjectService
from chunksmith.services.runner import Runner
from chunksmith.services.taxonomies import TaxonomyService

CHUNK_PAGE = 500


@dataclass(frozen=True, slots=True)
class Imported:
    """``results`` are chunks; ``entities`` were stored; ``dropped`` were not: repeated, or not in their chunk."""

    job: Job
    results: int
    entities: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _Given:
    """What the body has for one chunk, of all results that name it."""

    chunk_id: int
    claims: list[Claimed]


class _Looked(NamedTuple):
    project: Project | None
    taxonomy: Taxonomy | None
    rows: tuple[ExtractionCategory, ...]
    targets: list[int | None]
    numbers: dict[str, int]


class ExtractionImport:
    def __init__(
        self,
        projects: ProjectService,
        taxonomies: TaxonomyService,
        chunks: ChunkSource,
        targets: ImportTargets,
        extractions: Extractions,
        jobs: JobQueue,
        runner: Runner,
        clock: Clock,
    ) -> None:
        self._projects = projects
        self._taxonomies = taxonomies
        self._chunks = chunks
        self._targets = targets
        self._extractions = extractions
        self._jobs = jobs
        self._runner = runner
        self._clock = clock

    async def add(self, values: Mapping[str, Any], idempotency_key: str | None) -> Imported:
        """Errors: InvalidRequest naming the chunks and categories that are not known; NotFound; Conflict for a used
        key; RunnerUnavailable while the server stops.
        """
        if self._runner.stopping:
            raise RunnerUnavailable("the server is stopping")
        body_hash = hash_of("import", values)
        if idempotency_key is not None:
            known = await self._jobs.by_idempotency_key(idempotency_key, body_hash)
            if known is not None:
                return Imported(known, known.counters.units_total, known.counters.entries, known.spec["dropped"])
        gathered = Gathered()
        project, taxonomy, rows, targets, numbers = await self._look(values, gathered)
        gathered.faults = first_faults(gathered.faults)
        gathered.settle()
        assert project is not None  # noqa: S101 - else there was a fault
        given = _by_chunk(values["results"], targets, numbers)
        located, dropped = await self._locate(given, len(rows))
        spec = ExtractionSpec(
            project_id=project.id,
            taxonomy_id=taxonomy.id if taxonomy is not None else None,
            taxonomy_name=taxonomy.name if taxonomy is not None else None,
            extraction_type=values["extraction_type"],
            dropped=dropped,
        )
        row = {
            "job_id": f"{KIND}-{uuid4()}",
            "project_id": project.id,
            "spec": spec.model_dump(mode="json"),
            "concurrency": 1,
            "max_calls": None,
            "max_cost_nano": None,
            "idempotency_key": idempotency_key,
            "idempotency_hash": body_hash if idempotency_key is not None else None,
            "created_at": timestamp(self._clock),
        }
        job = await self._extractions.add_import(row, rows, located)
        return Imported(job, len(located), sum(len(result.items) for result in located), dropped)

    async def faults(self, values: Mapping[str, Any]) -> list[Fault]:
        """What is wrong with a request, faulty fields at their defaults."""
        gathered = Gathered()
        await self._look(values, gathered)
        return first_faults(gathered.all_faults())

    async def _look(self, values: Mapping[str, Any], gathered: Gathered) -> _Looked:
        project = taxonomy = None
        results: Sequence[Mapping[str, Any]] = values["results"] or ()
        with gathered.gathering("project_id"):
            if values["project_id"] is not None:
                project = await self._projects.resolve(values["project_id"])
        with gathered.gathering("taxonomy_id"):
            if project is not None and values["taxonomy_id"] is not None:
                taxonomy = await taxonomy_of(self._taxonomies, project, values["taxonomy_id"])
        whole = taxonomy is not None or values["taxonomy_id"] is None
        rows = frozen_categories(Tree(taxonomy.tree), None) if taxonomy is not None else _named_categories(results)
        targets = await self._find_chunks(project, results, gathered.faults) if project is not None else []
        numbers = _numbers(Categories(rows), results, gathered.faults) if whole else {}
        return _Looked(project, taxonomy, rows, targets, numbers)

    async def _find_chunks(
        self, project: Project, results: Sequence[Mapping[str, Any]], faults: list[Fault]
    ) -> list[int | None]:
        """The chunk of each result; None, and a fault, where it is not known."""
        given = [_row_number(result["chunk_id"]) for result in results]
        visible = await self._targets.visible(project.id, [number for number in given if number is not None])
        wanted = [result["external_id"] for result in results if result["external_id"] is not None]
        external = await self._targets.by_external_id(project.id, wanted) if wanted else {}
        texts = {_text_key(result["chunk_text"]) for result in results if result["chunk_text"] is not None}
        by_text = await self._by_text(project, texts) if texts else {}
        found: list[int | None] = []
        for place, (result, number) in enumerate(zip(results, given, strict=True)):
            if result["chunk_id"] is not None:
                name, chunk = "chunk_id", number if number in visible else None
            elif result["external_id"] is not None:
                name, chunk = "external_id", external.get(result["external_id"])
            elif result["chunk_text"] is not None:
                name, chunk = "chunk_text", by_text.get(_text_key(result["chunk_text"]))
            else:  # of a faulty request
                found.append(None)
                continue
            if chunk is None:
                shown = str(result[name])[:100]
                faults.append(Fault(f"/results/{place}/{name}", f"the project has no such chunk: {shown}"))
            found.append(chunk)
        return found

    async def _by_text(self, project: Project, wanted: set[str]) -> dict[str, int]:
        """One pass over the project's chunks, whatever the number of texts; of equal chunks the first."""
        found: dict[str, int] = {}
        after = 0
        while len(found) < len(wanted):
            ids = await self._chunks.visible_chunk_ids(project.id, after, CHUNK_PAGE)
            if not ids:
                break
            for chunk in (await self._chunks.chunks_by_ids(ids)).values():
                key = _text_key(chunk.text)
                if key in wanted and chunk.id < found.get(key, chunk.id + 1):
                    found[key] = chunk.id
            after = ids[-1]
        return found

    async def _locate(self, given: Sequence[_Given], categories: int) -> tuple[list[ChunkResult], int]:
        offered = frozenset(range(1, categories + 1))
        results: list[ChunkResult] = []
        dropped = 0
        for start in range(0, len(given), CHUNK_PAGE):
            page = given[start : start + CHUNK_PAGE]
            chunks = await self._chunks.chunks_by_ids([one.chunk_id for one in page])
            texts = {number: chunk.text for number, chunk in chunks.items()}
            for result, left_out in await asyncio.to_thread(_locate_page, page, texts, offered):
                results.append(result)
                dropped += left_out
        return results, dropped


def _locate_page(
    page: Sequence[_Given], texts: Mapping[int, str], offered: frozenset[int]
) -> list[tuple[ChunkResult, int]]:
    found = []
    for one in page:
        located = locate_all(one.claims, texts[one.chunk_id], offered, 0.0)
        notes = "; ".join(f"{count} {why}" for why, count in located.left_out.items())
        found.append((ChunkResult(one.chunk_id, located.items, notes or None), sum(located.left_out.values())))
    return found


def _by_chunk(
    results: Sequence[Mapping[str, Any]], targets: Sequence[int | None], numbers: Mapping[str, int]
) -> list[_Given]:
    """In the order in which the chunks are named first."""
    given: dict[int, _Given] = {}
    for result, chunk in zip(results, targets, strict=True):
        assert chunk is not None  # noqa: S101 - a fault was raised for it
        claims = given.setdefault(chunk, _Given(chunk, [])).claims
        claims.extend(
            Claimed(numbers[entity["category"]], entity["text"], entity["confidence"], result["is_validated"])
            for entity in result["entities"]
        )
    return list(given.values())


def _named_categories(results: Sequence[Mapping[str, Any]]) -> tuple[ExtractionCategory, ...]:
    """Without a taxonomy: flat, by name, in the order in which they come."""
    names: dict[str, str] = {}
    for name in _names(results):
        names.setdefault(name_key(name), " ".join(name.split()))
    return tuple(ExtractionCategory(n, None, n, None, name) for n, name in enumerate(names.values(), start=1))


def _numbers(categories: Categories, results: Sequence[Mapping[str, Any]], faults: list[Fault]) -> dict[str, int]:
    """The category that each name or id stands for."""
    found: dict[str, int] = {}
    for name in dict.fromkeys(_names(results)):
        if len(faults) > FAULTS_SHOWN:
            break
        branches = categories.branches(name)
        if len(branches) == 1:
            found[name] = branches[0].start
        for pointer in _pointers(results, name) if len(branches) != 1 else ():
            if not branches:
                faults.append(unknown_category(pointer, name, [categories]))
            else:
                ids = ", ".join(str(categories[branch.start].category_id) for branch in branches[:5])
                faults.append(
                    Fault(pointer, f"several categories are named {name[:100]!r}: give the id of one ({ids})")
                )
    return found


def _names(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Those that could be read, when a request is faulty."""
    named = (entity["category"] for result in results for entity in result["entities"] or ())
    return [name for name in named if name is not None]


def _pointers(results: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return [
        f"/results/{place}/entities/{n}/category"
        for place, result in enumerate(results)
        for n, entity in enumerate(result["entities"] or ())
        if entity["category"] == name
    ][:FAULTS_SHOWN]


def _row_number(chunk_id: str | None) -> int | None:
    return chunk_number(chunk_id) if chunk_id is not None else None


def _text_key(text: str) -> str:
    """White space is not what tells chunks apart."""
    return " ".join(text.split())
