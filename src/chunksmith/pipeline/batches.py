"""Batch files: written when the last unit of a batch is down, from the table, never changed afterwards.

Batch n holds the units from ``n × batch_size`` on. Units that a person had done again belong to no batch of the first
run: each round of retries has one more file, after the others, so that no file ever changes.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from chunksmith.domain import fault_points
from chunksmith.domain.datasets import BatchFile, Dataset, Entry
from chunksmith.domain.job_ports import Datasets, Entries, Units
from chunksmith.domain.jobs import Job, Unit
from chunksmith.errors import FormatFailed
from chunksmith.exports.columns import DatasetHeader
from chunksmith.exports.passages import Passages, pages_for
from chunksmith.exports.protocols import Format
from chunksmith.exports.streams import write_file

PAGE = 1000


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Which units lie in which batch. ``size`` 0: all in one."""

    total_units: int
    size: int

    @property
    def span(self) -> int:
        return self.size or max(1, self.total_units)

    @property
    def count(self) -> int:
        return -(-self.total_units // self.span)

    def index_of(self, unit: Unit) -> int:
        return unit.position // self.span if unit.tries == 0 else self.count + unit.tries - 1

    def positions(self, index: int) -> tuple[int, int]:
        """First and last position of a batch; of a round of retries: all."""
        if index >= self.count:
            return 0, max(0, self.total_units - 1)
        return index * self.span, min(self.total_units, (index + 1) * self.span) - 1

    def round_of(self, index: int) -> int:
        return max(0, index - self.count + 1)


@dataclass(frozen=True, slots=True)
class BatchStore:
    """Where batches are counted, read and written. ``place`` turns a path below the data directory into a real one,
    with its folder made, and refuses one that leads out."""

    units: Units
    entries: Entries
    datasets: Datasets
    passages: Passages
    place: Callable[[str], Path]
    now: Callable[[], str]


class BatchFiles:
    """Counts units down and writes each batch once, beside the units that follow: no worker waits for a file."""

    def __init__(
        self, job: Job, dataset: Dataset, plan: BatchPlan, per_unit: int, form: Format, store: BatchStore
    ) -> None:
        self._job = job
        self._dataset = dataset
        self._plan = plan
        self._per_unit = per_unit
        self._form = form
        self._store = store
        self._remaining: dict[int, int] = {}
        self._counting: dict[int, asyncio.Lock] = {}
        self._written: set[int] = set()
        self._due: deque[int] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._failed: FormatFailed | None = None
        self.header = header_of(dataset)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """While units are done. What is being written when they end is written; a cancelled job lets go of it."""
        await self._resume()
        try:
            yield
        except asyncio.CancelledError:
            if self._writing is not None:
                self._writing.cancel()
            raise
        finally:
            if self._writing is not None:
                await asyncio.wait([self._writing])

    async def _resume(self) -> None:
        """Take notice of the files that are there, and take away what a crash left of one that was being written."""
        self._written = await self._store.datasets.batch_indexes(self._job.id)
        await asyncio.to_thread(self._sweep)

    async def began(self, unit: Unit) -> None:
        """Before a unit is done: the first of its batch counts what the batch still lacks."""
        index = self._plan.index_of(unit)
        if index in self._remaining:
            return
        if self._plan.count == 1 and not self._job.counters.rounds:
            self._remaining[index] = self._job.counters.units_pending  # counted already, however many they are
            return
        async with self._counting.setdefault(index, asyncio.Lock()):
            if index not in self._remaining:
                first, last = self._plan.positions(index)
                round_ = self._plan.round_of(index)
                self._remaining[index] = await self._store.units.count_pending(self._job.id, round_, first, last)

    async def ended(self, unit: Unit) -> None:
        """After a unit is down: the last of its batch writes the file."""
        index = self._plan.index_of(unit)
        self._remaining[index] -= 1
        if self._remaining[index] == 0:
            del self._remaining[index]
            self._counting.pop(index, None)
            self._due.append(index)
            self._write_due()

    async def finish(self, rounds: int) -> None:
        """All units are down: write what a crash, or a format, left unwritten.

        Errors: StorageError, also of an earlier file; FormatFailed, once all other files are there.
        """
        if self._writing is not None:
            await self._writing
        self._failed = None
        for index in range(self._plan.count + rounds):
            if index not in self._written:
                await self._write(index)
        if self._failed is not None:
            raise self._failed

    def _write_due(self) -> None:
        """Errors: StorageError of an earlier file."""
        if self._writing is not None and self._writing.done():
            self._writing.result()
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all_due(), name="batch-files")

    async def _write_all_due(self) -> None:
        while self._due:  # one file at a time: more would only divide the disk
            await self._write(self._due.popleft())

    def _relative(self, index: int) -> str:
        return f"{self._dataset.folder}/dataset_{self._job.job_id}_batch_{index}.{self._form.extension}"

    def _sweep(self) -> None:
        for left in self._store.place(self._relative(0)).parent.glob(f".dataset_{self._job.job_id}_batch_*.part"):
            left.unlink(missing_ok=True)

    async def _write(self, index: int) -> None:
        """A round of retries that gave no entry has no file."""
        first, last = self._plan.positions(index)
        round_ = self._plan.round_of(index)
        if round_ and not await self._entries(first, last, round_, 1):
            return
        chunks = await self._store.units.count_of_round(self._job.id, round_, first, last)
        relative = self._relative(index)
        path = await asyncio.to_thread(self._store.place, relative)
        pages = pages_for(self._form, self._pages(first, last, round_), self._store.passages)
        try:
            info = await write_file(path, self._form, self.header, pages)
        except FormatFailed as exc:  # a file is lost, and no unit: those that are to come are done all the same
            self._failed = self._failed or exc
            return
        fault_points.reached("batch_renamed")
        batch = BatchFile(index, relative, info.entries, chunks, info.size_bytes, info.sha256)
        await self._store.datasets.add_batch(self._job.id, batch, self._store.now())
        self._written.add(index)

    async def _pages(self, first: int, last: int, round_: int) -> AsyncIterator[list[Entry]]:
        after = first * self._per_unit
        while page := await self._entries(first, last, round_, PAGE, after):
            yield page
            after = page[-1].number

    async def _entries(self, first: int, last: int, round_: int, most: int, after: int = -1) -> list[Entry]:
        within = (max(after, first * self._per_unit), (last + 1) * self._per_unit)
        return await self._store.entries.of_batch(self._job.id, round_, self._dataset.id, within, most)


def header_of(dataset: Dataset) -> DatasetHeader:
    """What is known before the first entry, and is the same when a file is written again after a crash."""
    return DatasetHeader(
        name=dataset.name,
        mode=dataset.settings["generation_mode"],
        settings=dataset.settings,
        scored=bool(dataset.settings["analyze_quality"]),
        has_documents=bool(dataset.settings.get("has_documents", True)),
        dataset_id=dataset.dataset_id,
        updated_at=dataset.created_at,
    )
