"""Where exported rows come from: the entries as they are now, read page by page."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Protocol

from chunksmith.domain.dataset_ports import EntryRows
from chunksmith.domain.datasets import Dataset, Entry
from chunksmith.domain.entry_query import UNASSIGNED, EntryQuery, Position, SplitCounts
from chunksmith.exports.columns import DatasetHeader, SplitSize

PAGE = 1000
_SPLIT_ORDER = ("train", "validation", "test")


class RowSource(Protocol):
    """A state of a dataset that can be written out. Equal ``state``: equal rows and header, whenever it is asked.

    ``split``: the rows are of this one only; None: of all.
    """

    project_id: int
    dataset_id: str
    state: str
    split: str | None

    async def header(self) -> DatasetHeader: ...

    def pages(self, split: str | None) -> AsyncIterator[list[Entry]]:
        """Rows of one split, UNASSIGNED for those without; None: all, by number."""
        ...


class PresentRows:
    """The entries of a dataset as they are now, as far as ``query`` lets them through."""

    def __init__(self, dataset: Dataset, entries: EntryRows, query: EntryQuery, license_: str) -> None:
        self.project_id = dataset.project_id
        self.dataset_id = dataset.dataset_id
        self.split = query.split
        self.state = (
            f"{dataset.dataset_id} {dataset.revision} {dataset.updated_at} {dataset.flagged} {license_} {query}"
        )
        self._dataset = dataset
        self._entries = entries
        self._query = query
        self._license = license_

    async def header(self) -> DatasetHeader:
        """In one pass over the whole dataset, and another over what is chosen of it."""
        everything = await self._entries.count_by_split(self._dataset.id, EntryQuery())
        chosen = everything
        if self._query != EntryQuery():
            chosen = await self._entries.count_by_split(self._dataset.id, replace(self._query, sort="id", order=None))
        return header_of_rows(self._dataset, everything, chosen, self.split, self._license)

    async def pages(self, split: str | None) -> AsyncIterator[list[Entry]]:
        query = replace(self._query, split=split) if split is not None else self._query
        while page := await self._entries.page(self._dataset.id, query, PAGE):
            yield page
            query = replace(query, after=Position(None, page[-1].number))


def header_of_rows(
    dataset: Dataset,
    everything: Sequence[SplitCounts],
    chosen: Sequence[SplitCounts],
    split: str | None,
    license_: str,
    version: str | None = None,
) -> DatasetHeader:
    """``everything`` decides the columns, ``chosen`` the sizes: every file of a dataset has the same columns."""
    has_splits = any(counts.split is not None for counts in everything)
    return DatasetHeader(
        name=dataset.name,
        mode=dataset.settings["generation_mode"],
        settings=dataset.settings,
        version=version,
        scored=any(counts.scores for counts in everything),
        has_category=any(counts.categories for counts in everything),
        has_difficulty=any(counts.difficulties for counts in everything),
        has_splits=has_splits,
        has_documents=bool(dataset.settings.get("has_documents", True)),
        has_evidence=any(counts.evidence for counts in everything),
        dataset_id=dataset.dataset_id,
        updated_at=dataset.updated_at,
        splits=_sizes([counts.split or UNASSIGNED for counts in everything], chosen, split),
        quality=dataset.quality,
        flagged=dataset.flagged,
        license=license_,
    )


def _sizes(names: Sequence[str], chosen: Sequence[SplitCounts], split: str | None) -> tuple[SplitSize, ...]:
    """Splits of the dataset, also those of which nothing was chosen; the usual ones first."""
    sizes = {counts.split or UNASSIGNED: counts.entries for counts in chosen}
    order = [*_SPLIT_ORDER, *sorted(set(names) - {*_SPLIT_ORDER, UNASSIGNED}), UNASSIGNED]
    return tuple(SplitSize(name, sizes.get(name, 0)) for name in order if name in names and split in (None, name))
