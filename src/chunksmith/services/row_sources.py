"""Where exported rows come from: the entries as they are now or as they stand in a version, read page by page."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol

from chunksmith.domain.curation import SPLITS
from chunksmith.domain.dataset_ports import EntryRows
from chunksmith.domain.datasets import Dataset, Entry
from chunksmith.domain.entry_query import UNASSIGNED, EntryQuery, Filled, Position
from chunksmith.domain.versions import FrozenEntries, Version
from chunksmith.exports.columns import DatasetHeader, SplitSize

PAGE = 1000


class RowSource(Protocol):
    """A state of a dataset that can be written out. Equal ``state``: equal rows and header, whenever it is asked.

    ``split``: the rows are of this one only; None: of all. ``version``: None for the entries as they are now.
    """

    project_id: int
    dataset_id: str
    state: str
    split: str | None
    version: str | None

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
        self.version: str | None = None
        self.state = (
            f"{dataset.dataset_id} {dataset.revision} {dataset.updated_at} {dataset.flagged} {license_} {query}"
        )
        self._dataset = dataset
        self._entries = entries
        self._query = query
        self._license = license_

    async def header(self) -> DatasetHeader:
        """In one pass over the whole dataset, and another over what is chosen of it."""
        everything = await self._entries.filled(self._dataset.id, EntryQuery())
        chosen = everything
        if self._query != EntryQuery():
            chosen = await self._entries.filled(self._dataset.id, replace(self._query, sort="id", order=None))
        return header_of_rows(self._dataset, everything, chosen, self.split, self._license)

    async def pages(self, split: str | None) -> AsyncIterator[list[Entry]]:
        query = replace(self._query, split=split) if split is not None else self._query
        while page := await self._entries.page(self._dataset.id, query, PAGE):
            yield page
            query = replace(query, after=Position(None, page[-1].number))


class FrozenRows:
    """The entries of a version, as far as ``query`` lets them through. Nothing of it depends on the day."""

    def __init__(self, dataset: Dataset, version: Version, entries: FrozenEntries, query: EntryQuery) -> None:
        """``dataset`` is that whose state the version is, and the version is settled."""
        assert version.facts is not None  # noqa: S101 - it is settled
        self.project_id = dataset.project_id
        self.dataset_id = dataset.dataset_id
        self.split = query.split
        self.version: str | None = str(version.number)
        self.state = f"{dataset.dataset_id} version {version.id} {query}"
        self._dataset = replace(
            dataset,
            settings=version.settings,
            quality=version.quality,
            flagged=version.flagged,
            updated_at=version.created_at,
        )
        self._license = str(version.facts["license"])
        self._frozen = version.frozen
        self._entries = entries
        self._query = query

    async def header(self) -> DatasetHeader:
        everything = await self._entries.filled(self._frozen, EntryQuery())
        chosen = everything
        if self._query != EntryQuery():
            chosen = await self._entries.filled(self._frozen, self._query)
        return header_of_rows(self._dataset, everything, chosen, self.split, self._license, self.version)

    async def pages(self, split: str | None) -> AsyncIterator[list[Entry]]:
        query = replace(self._query, split=split) if split is not None else self._query
        while page := await self._entries.page(self._frozen, query, PAGE):
            yield page
            query = replace(query, after=Position(None, page[-1].number))


def header_of_rows(
    dataset: Dataset,
    everything: Filled,
    chosen: Filled,
    split: str | None,
    license_: str,
    version: str | None = None,
) -> DatasetHeader:
    """``everything`` decides the columns and the splits, ``chosen`` their sizes: all files of a dataset are alike.

    What is asked for though it is left out elsewhere (duplicates) may have values that nothing else has.
    """
    both = (everything, chosen)
    named = [name for name in (*SPLITS, UNASSIGNED) if any(one.splits[name] for one in both)]
    return DatasetHeader(
        name=dataset.name,
        mode=dataset.settings["generation_mode"],
        settings=dataset.settings,
        version=version,
        scored=any(one.scores for one in both),
        has_category=any(one.categories for one in both),
        has_difficulty=any(one.difficulties for one in both),
        has_splits=any(name in SPLITS for name in named),
        has_documents=bool(dataset.settings.get("has_documents", True)),
        has_evidence=any(one.evidence for one in both),
        dataset_id=dataset.dataset_id,
        updated_at=dataset.updated_at,
        splits=tuple(SplitSize(name, chosen.splits[name]) for name in named if split in (None, name)),
        quality=dataset.quality,
        flagged=dataset.flagged,
        license=license_,
    )
