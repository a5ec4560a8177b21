"""Where a generation's units come from: the project's chunks, with what stands beside each of them."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chunksmith.domain.corpus import Chunk, Project
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.coverage import CoverageRows
from chunksmith.domain.extraction import ExtractionPool, ExtractionRows, PoolFilter, choose
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.paging import Window
from chunksmith.domain.taxonomy import Taxonomy, Tree, packed, unpacked
from chunksmith.errors import Fault, NotFound, TaxonomyInvalid
from chunksmith.pipeline.sources import NOTHING, Around, TaxonomyAround, extracted_around
from chunksmith.services.projects import ProjectService
from chunksmith.services.taxonomies import TaxonomyService

TAXONOMY_INPUT = "taxonomy"
COUNT_PAGE = 10_000
GAP_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a request's source was at its submission: fields of the spec, and inputs that go beside the job."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)


class Source(Protocol):
    """Units are chunks, in order of their ids."""

    async def units(self, after: int, limit: int) -> list[int]:
        """Fewer than ``limit``: there are no more."""
        ...

    async def count(self) -> int: ...

    async def spread(self, count: int) -> list[int]:
        """At most ``count`` units, about evenly over the whole."""
        ...

    async def arounds(self, chunks: Sequence[Chunk]) -> dict[int, Around]:
        """By chunk; one is missing when what stood beside it is no longer stored."""
        ...


class Sources:
    """Finds a source when a job is submitted, and opens it as it was then."""

    def __init__(
        self,
        projects: ProjectService,
        taxonomies: TaxonomyService,
        extractions: ExtractionRows,
        chunks: ChunkSource,
        coverage: CoverageRows,
    ) -> None:
        self._projects = projects
        self._taxonomies = taxonomies
        self._extractions = extractions
        self._chunks = chunks
        self._coverage = coverage

    async def choose(self, values: Mapping[str, Any], project: Project) -> Chosen:
        """Errors: TaxonomyInvalid; InvalidRequest for unknown categories; NotFound or Conflict for the extraction."""
        if values["data_source"] == "Taxonomy":
            return await self._choose_taxonomy(values, project)
        if values["data_source"] == "Extract":
            return await self._choose_extraction(values, project)
        return Chosen()

    async def open(self, spec: GenerationSpec, inputs: Mapping[str, str]) -> Source:
        """``inputs`` as they were chosen."""
        source = await self._whole(spec, inputs)
        return _Gaps(source, self._coverage, spec) if spec.fill_gaps else source

    async def _whole(self, spec: GenerationSpec, inputs: Mapping[str, str]) -> Source:
        if spec.data_source == "Taxonomy":
            # A large taxonomy takes a second to index.
            made = await asyncio.to_thread(_around_of, inputs[TAXONOMY_INPUT])
            return _TaxonomyChunks(self._chunks, spec, made)
        chunks = _Chunks(self._chunks, spec)
        return _ExtractedChunks(self._extractions, chunks, spec) if spec.data_source == "Extract" else chunks

    async def _choose_taxonomy(self, values: Mapping[str, Any], project: Project) -> Chosen:
        named: str | None = values["taxonomy_project"]
        owner = await self._owner(named) if named is not None else project
        taxonomy = await self._taxonomy(owner, values["taxonomy_name"])
        tree = Tree(taxonomy.tree)
        if not len(tree):
            raise TaxonomyInvalid(f"the taxonomy {taxonomy.name!r} has no categories")
        selectors = values["selected_categories"] or None
        selected = tuple(place.node.id for place in tree.select(selectors)) if selectors else None
        fields = {"taxonomy_name": taxonomy.name, "taxonomy_id": taxonomy.uuid, "selected_categories": selected}
        frozen = {"tree": packed(taxonomy.tree), "selected": selected}
        return Chosen(fields, {TAXONOMY_INPUT: json.dumps(frozen, ensure_ascii=False, separators=(",", ":"))})

    async def _owner(self, named: str) -> Project:
        """By id, UUID or name. Errors: TaxonomyInvalid."""
        try:
            return await self._projects.resolve(named)
        except NotFound:
            found = await self._projects.page(Window(per_page=2), named)
        if found.total > 1:
            raise _of_no_project(f"{found.total} projects are named {named!r}; name one by its id")
        if not found.total:
            raise _of_no_project(f"there is no project {named!r}")
        return found.items[0].project

    async def _taxonomy(self, project: Project, name: str | None) -> Taxonomy:
        """Errors: TaxonomyInvalid."""
        try:
            return await self._taxonomies.chosen(project.id, name)
        except NotFound:
            which = f"no taxonomy named {name!r}" if name is not None else "no taxonomy"
            raise TaxonomyInvalid(f"the project {project.name!r} has {which}") from None

    async def _choose_extraction(self, values: Mapping[str, Any], project: Project) -> Chosen:
        pool = await self._extractions.pool(project.id, values["extraction_file_id"])
        selectors = values["selected_categories"] or None
        chosen = None
        if selectors is not None:
            chosen = choose({job: await self._extractions.categories(job) for job in pool.jobs}, selectors)
        numbers = {job: tuple(sorted(found)) for job, found in chosen.items()} if chosen is not None else None
        fields = {
            "extraction_file_id": values["extraction_file_id"],
            "extraction_jobs": pool.jobs,
            "extraction_categories": numbers,
            "selected_categories": tuple(selectors) if selectors is not None else None,
            "only_validated": values["only_validated"],
        }
        return Chosen(fields)


class _Chunks:
    """Every chunk, with nothing beside it."""

    def __init__(self, chunks: ChunkSource, spec: GenerationSpec) -> None:
        self._chunks = chunks
        self._project = spec.project_id
        self.documents = spec.document_ids

    async def units(self, after: int, limit: int) -> list[int]:
        return await self._chunks.visible_chunk_ids(self._project, after, limit, self.documents)

    async def count(self) -> int:
        return await self._chunks.count_chunks(self._project, self.documents)

    async def spread(self, count: int) -> list[int]:
        return await self._chunks.spread(self._project, count, self.documents)

    async def arounds(self, chunks: Sequence[Chunk]) -> dict[int, Around]:
        return {chunk.id: NOTHING for chunk in chunks}


class _TaxonomyChunks(_Chunks):
    """Every chunk, with the categories that its entries may get."""

    def __init__(self, chunks: ChunkSource, spec: GenerationSpec, made: TaxonomyAround) -> None:
        super().__init__(chunks, spec)
        self._made = made

    async def arounds(self, chunks: Sequence[Chunk]) -> dict[int, Around]:
        if self._made.is_small:
            return self._all(chunks)
        return await asyncio.to_thread(self._all, chunks)

    def _all(self, chunks: Sequence[Chunk]) -> dict[int, Around]:
        return {chunk.id: self._made.around("\n".join([*chunk.heading_path, chunk.text])) for chunk in chunks}


class _Searched(ABC):
    """A source whose units are found by looking at each; it is counted by reading all of them."""

    @abstractmethod
    async def units(self, after: int, limit: int) -> list[int]: ...

    async def count(self) -> int:
        count = after = 0
        while page := await self.units(after, COUNT_PAGE):
            count += len(page)
            after = page[-1]
        return count

    async def spread(self, count: int) -> list[int]:
        """Every unit at first; each time that there are too many, every second one of them."""
        kept: list[int] = []
        after = seen = 0
        step = 1
        while page := await self.units(after, COUNT_PAGE):
            for one in page:
                if seen % step == 0:
                    kept.append(one)
                seen += 1
            while len(kept) > 2 * count:
                kept, step = kept[::2], step * 2
            after = page[-1]
        return kept if len(kept) <= count else [kept[len(kept) * n // count] for n in range(count)]


class _Gaps(_Searched):
    """Of another source what no accepted entry rests on."""

    def __init__(self, source: Source, coverage: CoverageRows, spec: GenerationSpec) -> None:
        self._source = source
        self._coverage = coverage
        self._project = spec.project_id
        self._dataset = spec.fill_gaps_of

    async def units(self, after: int, limit: int) -> list[int]:
        found: list[int] = []
        while len(found) < limit:
            page = await self._source.units(after, max(limit, GAP_PAGE))
            if not page:
                break
            found += await self._coverage.gaps(self._project, self._dataset, page)
            after = page[-1]
        return found[:limit]

    async def arounds(self, chunks: Sequence[Chunk]) -> dict[int, Around]:
        return await self._source.arounds(chunks)


class _ExtractedChunks(_Searched):
    """Chunks from which something was extracted that is chosen."""

    def __init__(self, extractions: ExtractionRows, chunks: _Chunks, spec: GenerationSpec) -> None:
        self._extractions = extractions
        self._chunks = chunks
        self._pool = ExtractionPool(spec.project_id, spec.extraction_jobs)
        numbers = spec.extraction_categories
        chosen = {job: frozenset(found) for job, found in numbers.items()} if numbers is not None else None
        self._chosen = PoolFilter(chosen, spec.only_validated)

    async def units(self, after: int, limit: int) -> list[int]:
        found: list[int] = []
        while len(found) < limit:
            page = await self._extractions.units(self._pool, self._chosen, after, limit)
            found += await self._of_documents(page)
            if len(page) < limit:
                break
            after = page[-1]
        return found[:limit]

    async def _of_documents(self, ids: list[int]) -> list[int]:
        """Those of the documents that are meant."""
        if self._chunks.documents is None or not ids:
            return ids
        meant: set[int] = set()
        after = ids[0] - 1
        while page := await self._chunks.units(after, COUNT_PAGE):
            meant.update(page)
            after = page[-1]
            if after >= ids[-1]:
                break
        return [one for one in ids if one in meant]

    async def arounds(self, chunks: Sequence[Chunk]) -> dict[int, Around]:
        found = await self._extractions.items_of(self._pool, self._chosen, [chunk.id for chunk in chunks])
        return {
            chunk: extracted_around([(one.category_id, one.category_path, one.found.text) for one in items])
            for chunk, items in found.items()
        }


def _of_no_project(why: str) -> TaxonomyInvalid:
    error = TaxonomyInvalid(why)
    error.faults = (Fault("/taxonomy_project", error.detail),)
    return error


def _around_of(frozen: str) -> TaxonomyAround:
    value = json.loads(frozen)
    tree = Tree(unpacked(value["tree"]))
    within = tree.branch_ids(value["selected"]) if value["selected"] is not None else None
    return TaxonomyAround(tree, within)
