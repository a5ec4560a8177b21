"""What became of a line's entries between two versions."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, NamedTuple

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES, ModeShape
from chunksmith.domain.paging import decode_cursor, encode_cursor
from chunksmith.domain.versions import Frozen, FrozenEntries, Version
from chunksmith.quality.fields import prompt_text
from chunksmith.quality.folding import fold

ChangeKind = Literal["added", "removed", "modified"]
NUMBERS = 500  # entries that are looked at together
CHUNKS = 200  # passages that are
NAMED_CATEGORIES = 1000
KEPT = 64  # comparisons that are remembered: versions never change


class Place(NamedTuple):
    """Where a pair stands among all: the entry's number and 0, or the chunk and the place in it."""

    where: int
    ordinal: int


class Pair(NamedTuple):
    """An entry as it was and as it became; None where it was not there."""

    place: Place
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Change:
    kind: ChangeKind
    before: Entry | None
    after: Entry | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    added: int
    removed: int
    modified: int
    categories_added: tuple[str, ...]
    categories_removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``metadata_changes``: what differs in settings and models, by name, before and after."""

    first: Version
    second: Version
    counts: Counts
    quality_score_change: float | None
    metadata_changes: dict[str, dict[str, Any]]
    changes: Sequence[Change]
    next_cursor: str | None


class Comparing:
    """Entries of one dataset are told by their ids; of two runs by their passage and what is asked of it."""

    def __init__(self, entries: FrozenEntries) -> None:
        self._entries = entries
        self._counts: dict[tuple[int, int], Counts] = {}

    async def compare(self, first: Version, second: Version, limit: int, cursor: str | None) -> Comparison:
        """Counts of everything, and a page of the changes. Errors: InvalidRequest for a cursor of another list."""
        scope = f"versions-{first.id}-{second.id}"
        after = Place(*decode_cursor(cursor, scope, 2)) if cursor is not None else Place(0, -1)
        found: list[tuple[Place, Change]] = []
        async for place, change in self._changes(first, second, after):
            found.append((place, change))
            if len(found) > limit:
                break
        more = len(found) > limit
        found = found[:limit]
        return Comparison(
            first,
            second,
            await self._counted(first, second),
            _quality_change(first, second),
            _metadata_changes(first, second),
            [change for _, change in found],
            encode_cursor(scope, *found[-1][0]) if more else None,
        )

    async def _counted(self, first: Version, second: Version) -> Counts:
        key = (first.id, second.id)
        if key not in self._counts:
            if len(self._counts) >= KEPT:
                self._counts.pop(next(iter(self._counts)))
            self._counts[key] = await self._count(first, second)
        return self._counts[key]

    async def _count(self, first: Version, second: Version) -> Counts:
        if _same_state(first.frozen, second.frozen):
            return Counts(0, 0, 0, (), ())
        kinds: dict[ChangeKind, int] = {"added": 0, "removed": 0, "modified": 0}
        async for _, change in self._changes(first, second, Place(0, -1)):
            kinds[change.kind] += 1
        before = await self._entries.categories(first.frozen)
        after = await self._entries.categories(second.frozen)
        return Counts(
            **kinds,
            categories_added=tuple(sorted(after - before)[:NAMED_CATEGORIES]),
            categories_removed=tuple(sorted(before - after)[:NAMED_CATEGORIES]),
        )

    async def _changes(self, first: Version, second: Version, after: Place) -> AsyncIterator[tuple[Place, Change]]:
        if _same_state(first.frozen, second.frozen):
            return
        one_dataset = first.frozen.dataset == second.frozen.dataset
        pages = self._of_one(first, second, after) if one_dataset else self._of_two(first, second, after)
        async for page in pages:
            for place, change in await asyncio.to_thread(_differing, page, after):
                yield place, change

    async def _of_one(self, first: Version, second: Version, after: Place) -> AsyncIterator[list[Pair]]:
        states = sorted((first.frozen.state, second.frozen.state))
        last = after.where if after.ordinal >= 0 else 0
        while numbers := await self._entries.changed(first.frozen.dataset, (states[0], states[1]), last, NUMBERS):
            before = {one.number: one for one in await self._entries.by_numbers(first.frozen, numbers)}
            now = {one.number: one for one in await self._entries.by_numbers(second.frozen, numbers)}
            yield [Pair(Place(n, 0), before.get(n), now.get(n)) for n in numbers]
            last = numbers[-1]

    async def _of_two(self, first: Version, second: Version, after: Place) -> AsyncIterator[list[Pair]]:
        begin = after.where
        while (end := await self._window(first.frozen, second.frozen, begin - 1)) is not None:
            before = await self._entries.of_chunks(first.frozen, begin, end)
            now = await self._entries.of_chunks(second.frozen, begin, end)
            shapes = (_shape(first), _shape(second))
            yield await asyncio.to_thread(_matched, before, now, shapes)
            begin = end + 1

    async def _window(self, one: Frozen, other: Frozen, after: int) -> int | None:
        """The last chunk of the next few of both; None when there are no more."""
        found = [await self._entries.chunks(frozen, after, CHUNKS) for frozen in (one, other)]
        ends = [chunks[-1] for chunks in found if len(chunks) == CHUNKS]
        return min(ends) if ends else max((chunks[-1] for chunks in found if chunks), default=None)


def shown(entry: Entry) -> dict[str, Any]:
    """What is compared of an entry."""
    return {
        **entry.texts_given(),
        "category": entry.category,
        "difficulty": entry.difficulty,
        "quality_score": entry.quality,
        "split": entry.split,
        "status": entry.status,
        "evidence": [
            {"quote": one.quote, "start": one.start, "end": one.end, "match": one.match} for one in entry.evidence
        ],
        "duplicate_of": entry.duplicate_of,
        "contamination": entry.contamination,
        "metadata": entry.metadata,
    }


def _same_state(one: Frozen, other: Frozen) -> bool:
    return (one.dataset, one.state) == (other.dataset, other.state)


def _differing(pairs: Sequence[Pair], after: Place) -> list[tuple[Place, Change]]:
    changes = ((pair.place, _change(pair)) for pair in pairs if pair.place > after)
    return [(place, change) for place, change in changes if change is not None]


def _change(pair: Pair) -> Change | None:
    if pair.before is None and pair.after is None:
        return None
    if pair.before is None:
        return Change("added", None, pair.after, ())
    if pair.after is None:
        return Change("removed", pair.before, None, ())
    was, became = shown(pair.before), shown(pair.after)
    fields = tuple(name for name in {**was, **became} if was.get(name) != became.get(name))
    return Change("modified", pair.before, pair.after, fields) if fields else None


def _matched(before: list[Entry], now: list[Entry], shapes: tuple[ModeShape, ModeShape]) -> list[Pair]:
    """Chunk by chunk; in each what there is now, in order, then what is gone."""
    old = {chunk: list(group) for chunk, group in groupby(before, key=lambda entry: entry.chunk_id)}
    new = {chunk: list(group) for chunk, group in groupby(now, key=lambda entry: entry.chunk_id)}
    pairs = []
    for chunk in sorted({*old, *new}):
        couples = _couples(old.get(chunk, []), new.get(chunk, []), shapes)
        pairs += [Pair(Place(chunk, ordinal), *couple) for ordinal, couple in enumerate(couples)]
    return pairs


def _couples(
    old: list[Entry], new: list[Entry], shapes: tuple[ModeShape, ModeShape]
) -> Iterator[tuple[Entry | None, Entry | None]]:
    waiting: dict[Hashable, deque[Entry]] = defaultdict(deque)
    for ordinal, entry in enumerate(old):
        waiting[_identity(entry, ordinal, shapes[0])].append(entry)
    for ordinal, entry in enumerate(new):
        alike = waiting[_identity(entry, ordinal, shapes[1])]
        yield alike.popleft() if alike else None, entry
    left = sorted((entry for alike in waiting.values() for entry in alike), key=lambda entry: entry.number)
    for entry in left:
        yield entry, None


def _identity(entry: Entry, ordinal: int, shape: ModeShape) -> Hashable:
    """What is asked, however it is spelled; in modes that ask nothing the place among the passage's entries."""
    return " ".join(fold(prompt_text(entry, shape)).split()) or ordinal


def _shape(version: Version) -> ModeShape:
    return SHAPES[version.settings["generation_mode"]]


def overall(version: Version) -> float | None:
    score = (version.quality or {}).get("overall_score")
    return float(score) if score is not None else None


def _quality_change(first: Version, second: Version) -> float | None:
    before, after = overall(first), overall(second)
    return round(after - before, 4) if before is not None and after is not None else None


def _metadata_changes(first: Version, second: Version) -> dict[str, dict[str, Any]]:
    was, became = _metadata(first), _metadata(second)
    differing = [name for name in sorted({*was, *became}) if was.get(name) != became.get(name)]
    return {name: {"before": was.get(name), "after": became.get(name)} for name in differing}


def _metadata(version: Version) -> dict[str, Any]:
    written_by = {"models": sorted(version.facts["models"])} if version.facts is not None else {}
    return {**version.settings, **written_by}
