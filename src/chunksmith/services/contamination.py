"""The step that finds entries which other data has too: a benchmark that a model is to be measured with."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

from chunksmith.domain.clock import timestamp
from chunksmith.domain.curation import CurationRows, LeftOut, Mark
from chunksmith.domain.datasets import Dataset, Entry
from chunksmith.domain.generation import GenerationSpec, ModeShape
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.ports import Clock
from chunksmith.errors import NotFound
from chunksmith.quality.likeness import Parts, parts_of
from chunksmith.quality.overlap import ENOUGH, LONG_RUN, RUN, Runs
from chunksmith.services.comparing import Comparisons, entry_pages, line_name, shape_of
from chunksmith.services.runner import Running

NUMBER_BITS = 40


class MarkContamination:
    """A finishing step, after duplicates: what is left out as one is not looked at."""

    def __init__(self, jobs: JobQueue, rows: CurationRows, comparisons: Comparisons, clock: Clock) -> None:
        self._jobs = jobs
        self._rows = rows
        self._comparisons = comparisons
        self._clock = clock

    async def __call__(self, running: Running, dataset: Dataset, spec: GenerationSpec) -> None:
        """Errors: Halt, between pages."""
        if not spec.contamination_against:
            return
        await self._jobs.set_step(running.job.id, "Looking for contamination")
        search = _Search(spec, shape_of(dataset))
        for source in spec.contamination_against:
            await search.add(self._comparisons, source)
        async for page in entry_pages(self._rows, dataset, running):
            marks = await asyncio.to_thread(search.marks, page)
            if marks:
                await self._rows.mark(running.job.id, dataset.id, marks)
        at = timestamp(self._clock)
        await self._rows.report(dataset.id, "contamination", search.report() | dataset.as_of(at), at)


class _Search:
    def __init__(self, spec: GenerationSpec, shape: ModeShape) -> None:
        self._spec = spec
        self._shape = shape
        self._runs = Runs()
        self._sources: list[str] = []
        self._missing: list[str] = []
        self._looked = 0
        self._found: Counter[str] = Counter()

    async def add(self, comparisons: Comparisons, source: str) -> None:
        """What has been deleted since is passed over, and named in the report."""
        place = len(self._sources)
        self._sources.append(source)
        try:
            async for page in comparisons.pages(source):
                await asyncio.to_thread(self._add_all, place, page)
        except NotFound:
            self._missing.append(source)

    def marks(self, entries: Sequence[Entry]) -> list[Mark]:
        found = [self._mark(entry) for entry in entries if entry.status != "rejected" and entry.left_out != "duplicate"]
        return [mark for mark in found if mark is not None]

    def report(self) -> dict[str, Any]:
        return {
            "action": self._spec.contamination_action,
            "compared": self._looked,
            "contaminated": self._found.total(),
            "against": {source: self._found[source] for source in self._sources},
            "missing": self._missing,
            "rule": {"run_words": RUN, "long_run_words": LONG_RUN, "least_share": ENOUGH},
        }

    def _add_all(self, place: int, texts: Sequence[tuple[int, Parts]]) -> None:
        for number, parts in texts:
            self._runs.add(place << NUMBER_BITS | number, parts)

    def _mark(self, entry: Entry) -> Mark | None:
        """What is to change; None where nothing is."""
        self._looked += 1
        overlap = self._runs.contaminated(parts_of(entry, self._shape))
        contamination: dict[str, Any] | None = None
        left_out: LeftOut | None = None
        if overlap is not None:
            source = self._sources[overlap.place >> NUMBER_BITS]
            self._found[source] += 1
            name = line_name(source, overlap.place & ((1 << NUMBER_BITS) - 1))
            contamination = {"source": name, "share": overlap.share, "words": overlap.words}
            left_out = "contaminated" if self._spec.contamination_action == "drop" else None
        if (contamination, left_out) == (entry.contamination, entry.left_out):
            return None
        return Mark(entry.number, entry.revision, left_out, entry.duplicate_of, contamination)
