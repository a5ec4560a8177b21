"""The step that finds entries which repeat others: of the same dataset, or of what the request names."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from chunksmith.domain.clock import timestamp
from chunksmith.domain.curation import CurationRows, LeftOut, Mark
from chunksmith.domain.datasets import ENTRY_PREFIX, Dataset, Entry
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.ports import Clock
from chunksmith.errors import NotFound
from chunksmith.quality.likeness import ALIKE, Likeness, Twin, parts_of, twins
from chunksmith.quality.spilled import SpilledArray
from chunksmith.services.comparing import Comparisons, entry_pages, line_name, shape_of
from chunksmith.services.runner import Running


class MarkDuplicates:
    """A finishing step. It looks at everything again each time, so what it leaves does not depend on what it finds."""

    def __init__(self, jobs: JobQueue, rows: CurationRows, comparisons: Comparisons, clock: Clock) -> None:
        self._jobs = jobs
        self._rows = rows
        self._comparisons = comparisons
        self._clock = clock

    async def __call__(self, running: Running, dataset: Dataset, spec: GenerationSpec) -> None:
        """Errors: Halt, between pages."""
        if spec.deduplicate == "off":
            return
        await self._jobs.set_step(running.job.id, "Comparing entries")
        search = _Search()
        for source in spec.deduplicate_against:
            await search.add_other(self._comparisons, source)
        shape = shape_of(dataset)
        async for page in entry_pages(self._rows, dataset, running):
            compared = [entry for entry in page if entry.status != "rejected"]
            await search.add_own(compared, [parts_of(entry, shape) for entry in compared])
        await asyncio.to_thread(search.settle)
        async for page in entry_pages(self._rows, dataset, running):
            marks = [search.mark(entry, drop=spec.deduplicate == "drop") for entry in page]
            changed = [mark for mark in marks if mark is not None]
            if changed:
                await self._rows.mark(running.job.id, dataset.id, changed)
        at = timestamp(self._clock)
        report = {"action": spec.deduplicate, **search.report(), **dataset.as_of(at)}
        await self._rows.report(dataset.id, "duplicates", report, at)


class _Search:
    """All texts in one row: those of other data first, then the entries by number."""

    def __init__(self) -> None:
        self._texts = Likeness()
        self._numbers = SpilledArray("Q")
        self._sources: list[tuple[str, int]] = []  # each with where its texts end
        self._given = 0
        self._missing: list[str] = []
        self._twins: Mapping[int, Twin] = {}
        # Places of the entries with their numbers, as far as they have not been asked for.
        self._compared: Iterator[tuple[int, int]] = iter(())
        self._next: tuple[int, int] | None = None

    async def add_other(self, comparisons: Comparisons, source: str) -> None:
        try:
            async for page in comparisons.pages(source):
                self._numbers.extend(number for number, _ in page)
                await asyncio.to_thread(self._texts.add, [parts for _, parts in page])
        except NotFound:
            self._missing.append(source)
        self._given = len(self._texts)
        self._sources.append((source, self._given))

    async def add_own(self, entries: Sequence[Entry], texts: Sequence[Any]) -> None:
        self._numbers.extend(entry.number for entry in entries)
        await asyncio.to_thread(self._texts.add, texts)

    def settle(self) -> None:
        self._twins = twins(self._texts, self._given)
        self._compared = enumerate(islice(self._numbers, self._given, None), self._given)
        self._next = next(self._compared, None)

    def mark(self, entry: Entry, *, drop: bool) -> Mark | None:
        """What is to change at an entry, asked in the order of numbers; None where nothing is.

        What people rejected is left as it is.
        """
        if entry.status == "rejected":
            return None
        twin = self._twin_of(entry.number)
        original = self._name(twin.original) if twin is not None else None
        left_out: LeftOut | None = "contaminated" if entry.left_out == "contaminated" else None
        if original is not None and drop:
            left_out = "duplicate"
        if (left_out, original) == (entry.left_out, entry.duplicate_of):
            return None
        return Mark(entry.number, entry.revision, left_out, original, entry.contamination)

    def _twin_of(self, number: int) -> Twin | None:
        while self._next is not None and self._next[1] < number:
            self._next = next(self._compared, None)
        return self._twins.get(self._next[0]) if self._next is not None and self._next[1] == number else None

    def report(self) -> dict[str, Any]:
        exact = sum(twin.exact for twin in self._twins.values())
        against = Counter(self._source(twin.original) for twin in self._twins.values())
        return {
            "compared": len(self._texts) - self._given,
            "duplicates": len(self._twins),
            "exact": exact,
            "near": len(self._twins) - exact,
            "within": against[None],
            "against": {name: against[name] for name, _ in self._sources},
            "missing": self._missing,
            "least_likeness": ALIKE,
        }

    def _source(self, place: int) -> str | None:
        return next((name for name, end in self._sources if place < end), None)

    def _name(self, place: int) -> str:
        number, source = self._numbers[place], self._source(place)
        return f"{ENTRY_PREFIX}{number}" if source is None else line_name(source, number)
