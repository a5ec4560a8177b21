"""The step that puts entries into train, validation and test, so that nothing leaks from one into another."""

import asyncio
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from chunksmith.domain.clock import timestamp
from chunksmith.domain.curation import SPLITS, CurationRows, Place, Split
from chunksmith.domain.datasets import Dataset, Entry
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.ports import Clock
from chunksmith.pipeline.splits import LEAST_CLUSTERS, Cluster, assign
from chunksmith.quality.likeness import ALIKE, Likeness, Pair, Parts, clusters, parts_of
from chunksmith.quality.overlap import GroupRuns, SharedRuns
from chunksmith.services.comparing import entry_pages, shape_of
from chunksmith.services.runner import Running

# A split that is further from its ratio is warned of.
WIDE_OF_RATIO = 0.1
RUNS_APART = (
    "entries of different splits may have long runs of words in common: kept together, nearly all entries would be in "
    "one split"
)


class SplitEntries:
    """A finishing step. It assigns everything anew each time: equal entries, ratios and seed give equal splits."""

    def __init__(self, jobs: JobQueue, rows: CurationRows, clock: Clock) -> None:
        self._jobs = jobs
        self._rows = rows
        self._clock = clock

    async def __call__(self, running: Running, dataset: Dataset, spec: GenerationSpec) -> None:
        """Errors: Halt, between pages."""
        if not spec.include_evaluation_sets:
            return
        await self._jobs.set_step(running.job.id, "Splitting")
        shape = shape_of(dataset)
        plan = _Plan()
        async for page in entry_pages(self._rows, dataset, running):
            kept = [entry for entry in page if entry.left_out is None]
            await asyncio.to_thread(plan.add, kept, [parts_of(entry, shape) for entry in kept])
        await asyncio.to_thread(plan.settle, spec.split_ratios, spec.split_seed)
        runs = SharedRuns(plan.evaluation_terms)
        for look in (runs.learn, runs.look, runs.count):
            async for page in entry_pages(self._rows, dataset, running):
                kept = [entry for entry in page if plan.split_of(entry) is not None]
                await asyncio.to_thread(look, [(plan.split_of(one) or "", parts_of(one, shape)) for one in kept])
        async for page in entry_pages(self._rows, dataset, running):
            places = [Place(one.number, split) for one in page if (split := plan.split_of(one)) != one.split]
            if places:
                await self._rows.place(dataset.id, places)
        shared = runs.report() | plan.shared_runs()
        report = plan.report(spec) | {"leakage": plan.leakage() | {"shared_runs": shared}}
        await self._rows.report(dataset.id, "splits", report, timestamp(self._clock))


class _Plan:
    """All entries with what they come from, then what hangs together, then where it goes."""

    def __init__(self) -> None:
        self._texts = Likeness()
        self._runs = GroupRuns()  # by text
        self._kept_together = True
        self._numbers = array("Q")
        self._documents = array("q")
        self._chunks = array("q")
        self._categories = array("l")
        self._names: dict[str | None, int] = {}
        self._pairs: list[Pair] = []
        self._splits: dict[int, Split] = {}  # by number
        self._groups = 0
        self._clusters: list[Cluster] = []
        self._by_document = True

    def add(self, entries: Sequence[Entry], texts: Sequence[Parts]) -> None:
        begin = len(self._texts)
        self._texts.add(texts)
        self._runs.add(list(enumerate(texts, begin)))
        for entry in entries:
            self._numbers.append(entry.number)
            self._documents.append(entry.document_id if entry.document_id is not None else -entry.chunk_id - 1)
            self._chunks.append(entry.chunk_id)
            self._categories.append(self._names.setdefault(entry.category, len(self._names)))

    def settle(self, ratios: Sequence[float], seed: int) -> None:
        self._by_document = len(set(self._documents)) > 1
        sources = self._documents if self._by_document else self._chunks
        index: dict[int, int] = {}
        groups = [index.setdefault(source, len(index)) for source in sources]
        self._groups = len(index)
        self._pairs = list(self._texts.pairs(ALIKE))
        copies = ((original, number) for number, original in enumerate(self._texts.originals()))
        alike = ((pair.first, pair.second) for pair in self._pairs)
        joined = [(groups[one], groups[other]) for pairs in (copies, alike) for one, other in pairs]
        roots = self._with_runs(groups, joined, max(ratios))
        members: dict[int, Counter[str | None]] = defaultdict(Counter)
        names = list(self._names)
        for place, group in enumerate(groups):
            members[roots[group]][names[self._categories[place]]] += 1
        keys = list(index)
        self._clusters = [Cluster(str(keys[root]), members[root]) for root in sorted(members)]
        chosen = dict(zip(sorted(members), assign(self._clusters, ratios, seed), strict=True))
        self._splits = {self._numbers[place]: chosen[roots[group]] for place, group in enumerate(groups)}

    def _with_runs(self, groups: Sequence[int], joined: Sequence[tuple[int, int]], most: float) -> list[int]:
        """What shares a long run of words stays together too, unless nearly everything would: a header, say."""
        apart = clusters(self._groups, joined)
        runs = ((groups[one], groups[other]) for one, other in self._runs.joined())
        together = clusters(self._groups, [*joined, *runs])
        before, after = (Counter(roots[group] for group in groups) for roots in (apart, together))
        largest = max(most * len(groups), max(before.values(), default=0))
        enough = len(after) >= min(LEAST_CLUSTERS, len(before))
        self._kept_together = enough and max(after.values(), default=0) <= largest
        return together if self._kept_together else apart

    def shared_runs(self) -> dict[str, Any]:
        """Why entries of two splits may share a run all the same."""
        return {"kept_together": self._kept_together, "kept_one_in": self._runs.one_in, "often": self._runs.often}

    def split_of(self, entry: Entry) -> Split | None:
        return self._splits.get(entry.number) if entry.left_out is None else None

    @property
    def evaluation_terms(self) -> int:
        """About how many words the entries have that are not for training."""
        held_out = sum(split != "train" for split in self._splits.values())
        return self._texts.terms_count * held_out // max(1, len(self._splits))

    def report(self, spec: GenerationSpec) -> dict[str, Any]:
        sizes = Counter(self._splits.values())
        return {
            "ratios": dict(zip(SPLITS, spec.split_ratios, strict=True)),
            "seed": spec.split_seed,
            "sizes": {split: sizes[split] for split in SPLITS},
            "grouped_by": "document" if self._by_document else "chunk",
            "groups": self._groups,
            "clusters": len(self._clusters),
            "largest_cluster": max((cluster.size for cluster in self._clusters), default=0),
            "warnings": self._warnings(spec, sizes),
        }

    def leakage(self) -> dict[str, Any]:
        """Of the texts as they were compared: a pair in two splits would be a fault of the splitting."""
        crossing = sum(self._split_at(pair.first) != self._split_at(pair.second) for pair in self._pairs)
        copies = enumerate(self._texts.originals())
        crossing += sum(self._split_at(number) != self._split_at(original) for number, original in copies)
        return {"near_duplicates_between_splits": crossing, "least_likeness": ALIKE}

    def _split_at(self, place: int) -> Split:
        return self._splits[self._numbers[place]]

    def _warnings(self, spec: GenerationSpec, sizes: Counter[Split]) -> list[str]:
        what = "documents" if self._by_document else "chunks"
        if len(self._clusters) < LEAST_CLUSTERS:
            alike = f", {len(self._clusters)} when what is alike stays together" if self._groups >= 3 else ""
            return [f"all entries are in train: they come from {self._groups} {what}{alike}, and three are needed"]
        total = sizes.total()
        far = [
            f"{split} has {sizes[split] / total:.0%} of the entries instead of {ratio:.0%}: whole {what}, and what is "
            "alike, stay together"
            for split, ratio in zip(SPLITS, spec.split_ratios, strict=True)
            if abs(sizes[split] / total - ratio) > WIDE_OF_RATIO
        ]
        return far if self._kept_together else [*far, RUNS_APART]
