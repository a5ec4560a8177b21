"""Coverage: which documents, chunks and categories the entries of a dataset rest on, and which text none points to."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chunksmith.domain.corpus import Chunk
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.coverage import (
    CoverageRows,
    CoverageState,
    DocumentCoverage,
    EntryCounts,
    Pointed,
    StateCounts,
)
from chunksmith.domain.dataset_ports import DatasetRows
from chunksmith.domain.datasets import Dataset
from chunksmith.domain.paging import Page, Window, decode_cursor, encode_cursor
from chunksmith.domain.taxonomy import Node
from chunksmith.errors import NotFound
from chunksmith.services.taxonomies import TaxonomyService

COUNTS_KEPT = 64


class ChunkCoverage(NamedTuple):
    """``uncovered``: ranges of characters that no evidence of an accepted entry points to, white space apart."""

    chunk: Chunk
    entries: EntryCounts
    uncovered: Sequence[tuple[int, int]]

    @property
    def covered_share(self) -> float:
        """Of the characters that are no white space."""
        counted = sum(not character.isspace() for character in self.chunk.text)
        open_ = sum(
            not character.isspace() for start, end in self.uncovered for character in self.chunk.text[start:end]
        )
        return round(1 - open_ / counted, 4) if counted else 1.0


class CategoryCoverage(NamedTuple):
    """``path`` from level 1 down; None for a category that is in no taxonomy. ``branch`` counts what is below too."""

    name: str | None
    category_id: str | None
    path: tuple[str, ...] | None
    entries: EntryCounts
    branch: EntryCounts


@dataclass(frozen=True, slots=True)
class Coverage:
    """One of the three lists, and the chunks of the project in numbers."""

    dataset: Dataset
    summary: StateCounts
    chunks: Page[ChunkCoverage] | None = None
    documents: Page[DocumentCoverage] | None = None
    categories: Page[CategoryCoverage] | None = None


class CoverageService:
    def __init__(
        self, datasets: DatasetRows, rows: CoverageRows, chunks: ChunkSource, taxonomies: TaxonomyService
    ) -> None:
        self._datasets = datasets
        self._rows = rows
        self._chunks = chunks
        self._taxonomies = taxonomies
        self._counts: dict[tuple[int, int, int], StateCounts] = {}

    async def of_chunks(self, dataset_id: str, state: CoverageState | None, window: Window) -> Coverage:
        """By id. Errors: NotFound; InvalidRequest for a cursor of another list."""
        dataset = await self._datasets.get(dataset_id)
        summary = await self._summary(dataset)
        scope, after, offset = f"coverage-{dataset.id}-{state}", 0, window.offset
        if window.cursor is not None:
            (after,), offset = decode_cursor(window.cursor, scope, 1), 0
        more = window.per_page + 1
        ids = await self._rows.chunk_ids(dataset.project_id, dataset.id, state, after, more, offset)
        shown = ids[: window.per_page]
        following = encode_cursor(scope, shown[-1]) if len(ids) == more else None
        page = Page(await self._covered(dataset, shown), summary.of(state), following)
        return Coverage(dataset, summary, chunks=page)

    async def of_documents(self, dataset_id: str, window: Window) -> Coverage:
        """Errors: NotFound."""
        dataset = await self._datasets.get(dataset_id)
        found, total = await self._rows.documents(dataset.project_id, dataset.id, window.per_page, window.offset)
        return Coverage(dataset, await self._summary(dataset), documents=Page(found, total))

    async def of_categories(self, dataset_id: str, window: Window) -> Coverage:
        """Those of the taxonomy in its order, as it is now, then others by name. Errors: NotFound."""
        dataset = await self._datasets.get(dataset_id)
        counts = await self._rows.categories(dataset.id)
        found = [*await self._of_taxonomy(dataset, counts)]
        known = {one.category_id for one in found}
        others = sorted((key for key in counts if key[1] is None or key[1] not in known), key=lambda key: key[0] or "")
        found += [CategoryCoverage(key[0], key[1], None, counts[key], counts[key]) for key in others]
        shown = found[window.offset : window.offset + window.per_page]
        return Coverage(dataset, await self._summary(dataset), categories=Page(shown, len(found)))

    async def _summary(self, dataset: Dataset) -> StateCounts:
        """Counted once per state of the dataset and number of chunks."""
        chunks = await self._chunks.count_chunks(dataset.project_id)
        key = (dataset.id, dataset.revision, chunks)
        if key not in self._counts:
            if len(self._counts) >= COUNTS_KEPT:
                self._counts.pop(next(iter(self._counts)))
            self._counts[key] = await self._rows.counts(dataset.project_id, dataset.id)
        return self._counts[key]

    async def _covered(self, dataset: Dataset, ids: Sequence[int]) -> list[ChunkCoverage]:
        chunks = await self._chunks.chunks_by_ids(ids)
        by_chunk: dict[int, list[Pointed]] = defaultdict(list)
        for one in await self._rows.pointed(dataset.id, ids):
            by_chunk[one.chunk_id].append(one)
        return [covered(chunks[number], by_chunk[number]) for number in ids if number in chunks]

    async def _of_taxonomy(
        self, dataset: Dataset, counts: dict[tuple[str | None, str | None], EntryCounts]
    ) -> list[CategoryCoverage]:
        taxonomy_id = dataset.settings.get("taxonomy_id")
        if taxonomy_id is None:
            return []
        try:
            taxonomy = await self._taxonomies.get(taxonomy_id)
        except NotFound:  # deleted since
            return []
        own: dict[str, EntryCounts] = defaultdict(EntryCounts)
        for (_, category_id), count in counts.items():
            if category_id is not None:
                own[category_id] = _added(own[category_id], count)
        return [found for child in taxonomy.tree.children for found in _branch(child, (), own)]


def covered(chunk: Chunk, pointed: Sequence[Pointed]) -> ChunkCoverage:
    accepted = sum(one.is_accepted for one in pointed)
    ranges = [
        (item.start, item.end)
        for one in pointed
        if one.is_accepted
        for item in one.evidence
        if item.start is not None and item.end is not None
    ]
    return ChunkCoverage(
        chunk, EntryCounts(accepted, len(pointed) - accepted), tuple(_between(chunk.text, sorted(ranges)))
    )


def _between(text: str, ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What lies before, between and behind the ranges, without white space at its ends."""
    at = 0
    for start, end in [*ranges, (len(text), len(text))]:
        gap = text[at:start]
        if gap.strip():
            yield at + len(gap) - len(gap.lstrip()), at + len(gap.rstrip())
        at = max(at, end)


def _branch(node: Node, above: tuple[str, ...], own: dict[str, EntryCounts]) -> list[CategoryCoverage]:
    """A category and all below it, in the order of the tree."""
    path = (*above, node.name)
    below = [found for child in node.children for found in _branch(child, path, own)]
    entries = own.get(node.id, EntryCounts())
    branch = entries
    for one in below:
        branch = _added(branch, one.entries)
    return [CategoryCoverage(node.name, node.id, path, entries, branch), *below]


def _added(one: EntryCounts, other: EntryCounts) -> EntryCounts:
    return EntryCounts(one.accepted + other.accepted, one.rejected + other.rejected)
