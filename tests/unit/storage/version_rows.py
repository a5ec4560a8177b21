"""A line of versions in a real database, and a plain model of what it should hold."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine_rows import EngineRows, entry

from chunksmith.domain.datasets import Entry
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.domain.feedback import FeedbackDraft
from chunksmith.domain.jobs import Outcome, Unit
from chunksmith.domain.versions import FIRST, Frozen, Line, Run, Version, VersionNumber, VersionType
from chunksmith.storage.feedback import FeedbackStore
from chunksmith.storage.frozen_entries import FrozenEntryStore
from chunksmith.storage.versions import VersionStore
from corpus_parts import NOW, open_corpus

LINE = Line(1, "made")
Content = dict[int, Entry]


@dataclass
class VersionRows:
    engine: EngineRows

    def __post_init__(self) -> None:
        database = self.engine.corpus.database
        self.versions = VersionStore(database)
        self.frozen = FrozenEntryStore(database)
        self.feedback = FeedbackStore(database)
        self.entries = self.engine.entries

    async def dataset(self, units: int = 4, per_unit: int = 2, name: str = "1") -> None:
        """Chunks of two documents, and a dataset with the entries 1 … units × per_unit."""
        job = await self.engine.job(units=units, name=name)
        rows = [{"text": f"Passage {n}.", "document": f"{'ab'[n % 2]}.txt"} for n in range(units)]
        assert job.project_id is not None
        project = await self.engine.corpus.project_rows.by_id(job.project_id)
        assert project is not None
        await self.engine.corpus.import_rows(project, rows)
        for position in range(units):
            await self.add(position, per_unit, job.id)
        await self.engine.jobs.move(job.id, "running", at=NOW)
        await self.engine.jobs.move(job.id, "completed", at=NOW)

    async def add(self, position: int, count: int, job: int = 1) -> None:
        numbers = range(position * count + 1, position * count + count + 1)
        made = [replace(entry(n, position, quality=n / 100), chunk_id=position + 1) for n in numbers]
        await self.entries.end_unit(job, Unit(position, 100), Outcome("accepted", entries=count), job, made)

    async def run(self, round_: int = 0) -> Version | None:
        return await self.versions.freeze_run(Run(1, 1, round_), LINE, NOW)

    async def increment(self, kind: VersionType = "patch") -> Version:
        return await self.versions.increment(LINE, kind, description="", author=None, at=NOW)

    async def roll_back(self, target: VersionNumber) -> Version:
        version = await self.versions.roll_back(LINE, target, description="", author="Ann", at=NOW)
        await self.restore(version)
        return version

    async def restore(self, version: Version) -> None:
        while await self.versions.restore_slice(version.id, NOW):
            pass

    async def edit(self, number: int, change: str = "edited", **fields: Any) -> None:
        def edited(old: Entry) -> Entry | None:
            return None if change == "deleted" else replace(old, **fields, revision=old.revision + 1)

        await self.entries.change(1, number, edited, change=change, at=NOW)

    async def reject(self, number: int) -> None:
        await self.feedback.give(1, [number], FeedbackDraft("reject", None, None, None, NOW))

    async def score(self, number: int, quality: float) -> None:
        await self.entries.rescore(1, [replace(await self.entries.get(1, number), quality=quality)])

    async def rename(self, document: int, name: str) -> None:
        await self.engine.corpus.database.apply([("UPDATE documents SET name = ? WHERE id = ?", (name, document))])

    async def now(self) -> Content:
        return contents(await self.entries.page(1, EntryQuery(), 1000))

    async def of(self, frozen: Frozen, page: int = 3) -> Content:
        found: list[Entry] = []
        query = EntryQuery()
        while part := await self.frozen.page(frozen, query, page):
            found += part
            query = EntryQuery(after=Position(None, part[-1].number))
        return contents(found)


def contents(entries: list[Entry]) -> Content:
    """What versions promise to keep: all but the count of revisions."""
    numbers = [one.number for one in entries]
    assert numbers == sorted(set(numbers))
    return {one.number: replace(one, revision=0) for one in entries}


@contextlib.asynccontextmanager
async def open_versions(folder: Path) -> AsyncIterator[VersionRows]:
    async with open_corpus(folder) as corpus:
        yield VersionRows(EngineRows(corpus))


@dataclass
class Model:
    """The same, in dictionaries that are copied whole."""

    now: Content
    versions: dict[VersionNumber, Content] = field(default_factory=dict)
    changed: bool = False

    def change(self, new: Content) -> None:
        self.changed = self.changed or new != self.now
        self.now = new

    def freeze(self, kind: VersionType) -> VersionNumber:
        number = max(self.versions).after(kind) if self.versions else FIRST
        self.versions[number] = dict(self.now)
        self.changed = False
        return number

    def roll_back(self, target: VersionNumber) -> VersionNumber:
        if self.changed:
            self.freeze("patch")
        self.now = dict(self.versions[target])
        return self.freeze("minor")
