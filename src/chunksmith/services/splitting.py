"""The step that puts entries into train, validation and test, so that nothing leaks from one into another."""

import asyncio
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import Any

from chunksmith.domain.clock import timestamp
from chunksmith.domain.curation import SPLITS, CurationRows, Place, Split
from chunksmith.domain.datasets import Dataset, Entry
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.ports import Clock
from chunksmith.pipeline.splits import LEAST_CLUSTERS, Cluster, assign
from chunksmith.quality.clusters import Clusters
from chunksmith.quality.likeness import ALIKE, Likeness, Pair, Parts, parts_of
from chunksmith.quality.overlap import LONG_RUN, GroupRuns, SharedRuns, boilerplate_from, passages
from chunksmith.services.comparing import entry_pages, shape_of
from chunksmith.services.runner import Running

# A split that is further from its ratio is warned of.
WIDE_OF_RATIO = 0.1


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
        await asyncio.to_thread(plan.group)
        await self._join_runs(plan, running, dataset)
        await asyncio.to_thread(plan.settle, spec.split_ratios, spec.split_seed)
        runs = SharedRuns(plan.evaluation_terms, plan.boilerplate)
        for look in (runs.learn, runs.look, runs.count):
            async for page in entry_pages(self._rows, dataset, running):
                kept = [entry for entry in page if plan.split_of(entry) is not None]
                await asyncio.to_thread(look, [(plan.split_of(one) or "", parts_of(one, shape)) for one in kept])
        async for page in entry_pages(self._rows, dataset, running):
            places = [Place(one.number, split) for one in page if (split := plan.split_of(one)) != one.split]
            if places:
                await self._rows.place(dataset.id, places)
        shared = runs.report()
        shared["boilerplate"]["least_groups"] = plan.boilerplate_from
        leakage = plan.leakage() | {"boilerplate_runs": shared["boilerplate"]["runs"], "shared_runs": shared}
        report = plan.report(spec) | {"leakage": leakage}
        report["warnings"] += _set_aside(shared["boilerplate"])
        at = timestamp(self._clock)
        await self._rows.report(dataset.id, "splits", report | dataset.as_of(at), at)

    async def _join_runs(self, plan: "_Plan", running: Running, dataset: Dataset) -> None:
        """The first part of all runs is known; where there is boilerplate, all is looked at again without it."""
        for part in range(1, plan.run_parts):
            await self._join_part(plan, GroupRuns(part, plan.run_parts), running, dataset)
        if not plan.boilerplate:
            return
        shape = shape_of(dataset)
        told: set[int] = set()
        async for page in entry_pages(self._rows, dataset, running):
            texts = [parts_of(entry, shape) for entry in page if entry.left_out is None]
            told |= await asyncio.to_thread(passages, texts, plan.boilerplate)
        plan.forget_runs(told)
        for part in range(plan.run_parts):
            await self._join_part(plan, GroupRuns(part, plan.run_parts, plan.boilerplate), running, dataset)

    async def _join_part(self, plan: "_Plan", runs: GroupRuns, running: Running, dataset: Dataset) -> None:
        shape = shape_of(dataset)
        first = 0
        async for page in entry_pages(self._rows, dataset, running):
            texts = [parts_of(entry, shape) for entry in page if entry.left_out is None]
            await asyncio.to_thread(runs.add, list(enumerate(texts, first)))
            first += len(texts)
        await asyncio.to_thread(plan.join_runs, runs)


class _Plan:
    """All entries with what they come from, then what hangs together, then where it goes."""

    def __init__(self) -> None:
        self._texts = Likeness()
        self._runs = GroupRuns()
        self.run_parts = 1  # in so many the runs are looked at, one after the other
        self._shared: set[tuple[int, int]] = set()  # groups that have a long run of words in common
        self._boilerplate: set[int] = set()
        self._boilerplate_is_known = False
        self._groups: list[int] = []  # of each text
        self._keys: list[int] = []  # of each group
        self._numbers = array("Q")
        self._documents = array("q")
        self._chunks = array("q")
        self._categories = array("l")
        self._names: dict[str | None, int] = {}
        self._pairs: list[Pair] = []  # alike, each of two groups that hung together by no other pair before
        self._splits: dict[int, Split] = {}  # by number
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

    def group(self) -> None:
        """By document, by chunk where there is one document."""
        self._by_document = len(set(self._documents)) > 1
        sources = self._documents if self._by_document else self._chunks
        index: dict[int, int] = {}
        self._groups = [index.setdefault(source, len(index)) for source in sources]
        self._keys = list(index)
        self.join_runs(self._runs)
        self.run_parts = self._runs.parts
        self._runs = GroupRuns()

    @property
    def boilerplate_from(self) -> int:
        return boilerplate_from(len(self._keys))

    @property
    def boilerplate(self) -> frozenset[int]:
        return frozenset(self._boilerplate)

    def join_runs(self, runs: GroupRuns) -> None:
        least = None if self._boilerplate_is_known else self.boilerplate_from
        self._shared |= runs.joined(self._groups, least)
        self._boilerplate |= runs.boilerplate

    def forget_runs(self, no_boilerplate: Set[int]) -> None:
        """To look at them again: from now on all join but the boilerplate without these."""
        self._shared = set()
        self._boilerplate -= no_boilerplate
        self._boilerplate_is_known = True

    def settle(self, ratios: Sequence[float], seed: int) -> None:
        groups, roots = self._groups, self._joined_groups()
        members: dict[int, Counter[str | None]] = defaultdict(Counter)
        names = list(self._names)
        for place, group in enumerate(groups):
            members[roots[group]][names[self._categories[place]]] += 1
        self._clusters = [Cluster(str(self._keys[root]), members[root]) for root in sorted(members)]
        chosen = dict(zip(sorted(members), assign(self._clusters, ratios, seed), strict=True))
        self._splits = {self._numbers[place]: chosen[roots[group]] for place, group in enumerate(groups)}

    def _joined_groups(self) -> list[int]:
        """Of each group the first that it hangs together with."""
        groups, joined = self._groups, Clusters(len(self._keys))
        for one, other in self._shared:
            joined.join(one, other)
        for number, original in enumerate(self._texts.originals()):
            joined.join(groups[original], groups[number])

        def are_apart(first: int, second: int) -> bool:
            return joined.first_of(groups[first]) != joined.first_of(groups[second])

        # What hangs together anyway is not measured: of entries of a template nearly all pairs are alike.
        for pair in self._texts.pairs(ALIKE, are_apart):
            joined.join(groups[pair.first], groups[pair.second])
            self._pairs.append(pair)
        return [joined.first_of(group) for group in range(len(self._keys))]

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
            "groups": len(self._keys),
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
            count = len(self._keys)
            alike = f", {len(self._clusters)} when what is alike or shares {LONG_RUN} words in a row stays together"
            alike = alike if count >= LEAST_CLUSTERS else ""
            return [f"all entries are in train: they come from {count} {what}{alike}, and three are needed"]
        total = sizes.total()
        return [
            f"{split} has {sizes[split] / total:.0%} of the entries instead of {ratio:.0%}: whole {what}, and what is "
            "alike, stay together, and each split has one of these at least"
            for split, ratio in zip(SPLITS, spec.split_ratios, strict=True)
            if abs(sizes[split] / total - ratio) > WIDE_OF_RATIO
        ]


def _set_aside(boilerplate: Mapping[str, Any]) -> list[str]:
    """A warning that there is some."""
    if not boilerplate["runs"]:
        return []
    held_out = sum(boilerplate["entries"].values())
    return [
        f"{boilerplate['runs']} runs of {LONG_RUN} words that {boilerplate['least_groups']} sources or more have were "
        f"set aside as boilerplate and join nothing; {held_out} entries of validation and test have some: "
        + ", ".join(f'"{example} …"' for example in boilerplate["examples"])
    ]
