"""Which texts share long runs of words with other data. In words: docs/curation.md."""

import zlib
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chunksmith.quality.folding import fold
from chunksmith.quality.likeness import OFTEN_LEAST, OFTEN_SHARE, Parts, same_keys
from chunksmith.quality.words import terms

# Words of a run that is looked up; of one that is enough by itself; the share of runs that is enough.
RUN, LONG_RUN, ENOUGH = 8, 13, 0.5
# Runs of held out entries that are kept.
RUNS_HELD = 2_000_000
# Runs of all entries that are kept while it is looked for what shares one.
RUNS_KEPT = 8_000_000
# A question of fewer words is asked everywhere.
LEAST_PROMPT = 4
_MASK = (1 << 64) - 1
_BASE = 0x9E3779B97F4A7C15


class Overlap(NamedTuple):
    """``place`` is what was given when the other text was added; ``share`` of the runs of a text; ``words`` the longest
    stretch in common. A question that is asked there too: share 1, the words of the question.
    """

    place: int
    share: float
    words: int


class Runs:
    """What other data says. Memory: some 100 bytes a word that is added."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._prompts: dict[int, int] = {}

    def add(self, place: int, text: Parts) -> None:
        prompt, rest = _codes(text.prompt), _codes(text.rest)
        for run in _runs([*prompt, *rest]):
            self._places.setdefault(run, place)
        asked = prompt or rest
        if len(asked) >= LEAST_PROMPT:
            self._prompts.setdefault(_joined(asked), place)

    def shared(self, text: Parts) -> Overlap | None:
        """What is in common, if anything."""
        prompt, rest = _codes(text.prompt), _codes(text.rest)
        asked = prompt or rest
        same = self._prompts.get(_joined(asked)) if len(asked) >= LEAST_PROMPT else None
        if same is not None:
            return Overlap(same, 1.0, len(asked))
        found = [self._places.get(run) for run in _runs([*prompt, *rest])]
        hits = Counter(place for place in found if place is not None)
        if not hits:
            return None
        place = min(hits, key=lambda one: (-hits[one], one))
        return Overlap(place, round(hits.total() / len(found), 4), _longest(found) + RUN - 1)

    def contaminated(self, text: Parts) -> Overlap | None:
        """What is in common, if it is enough."""
        overlap = self.shared(text)
        if overlap is None or (overlap.words < LONG_RUN and overlap.share < ENOUGH):
            return None
        return overlap


class GroupRuns:
    """Which groups of texts have a long run of words in common.

    Units: 16 bytes a run while they are added, some 40 when they are sorted. Of more than RUNS_KEPT one in ``one_in``
    is kept, the same ones everywhere.
    """

    def __init__(self) -> None:
        self._runs = array("q")
        self._groups = array("q")
        self.one_in = 1
        self.often = 0  # runs that are left aside: they are everywhere, as those of a template are

    def add(self, texts: Sequence[tuple[int, Parts]]) -> None:
        """Each with its group."""
        for group, text in texts:
            for run in set(_long_runs(text, self.one_in)):
                self._runs.append(run - (1 << 63))
                self._groups.append(group)
        while len(self._runs) > RUNS_KEPT:
            self._thin_out()

    def joined(self) -> list[tuple[int, int]]:
        """Pairs of groups, of each run the first group with each of the others."""
        often = max(OFTEN_LEAST, len(set(self._groups)) // OFTEN_SHARE)
        found: set[tuple[int, int]] = set()
        self.often = 0
        for places in same_keys(self._runs):
            first, *others = dict.fromkeys(self._groups[place] for place in places)
            if len(others) >= often:
                self.often += 1
            else:
                found.update((first, other) for other in others)
        return sorted(found)

    def _thin_out(self) -> None:
        self.one_in *= 2
        kept = [place for place, run in enumerate(self._runs) if _is_looked_at(run + (1 << 63), self.one_in)]
        self._runs = array("q", (self._runs[place] for place in kept))
        self._groups = array("q", (self._groups[place] for place in kept))


class SharedRuns:
    """Of the entries of each split but train, how many share a long run of words with one for training.

    First ``learn`` from all entries, then ``look`` at all. Of very many runs one in ``one_in`` is looked at, the same
    ones everywhere: memory stays below some 200 MB.
    """

    def __init__(self, terms_count: int) -> None:
        self._one_in = max(1, -(-terms_count // RUNS_HELD))
        self._held_out: set[int] = set()
        self._shared: set[int] = set()
        self._entries: Counter[str] = Counter()

    def learn(self, texts: Sequence[tuple[str, Parts]]) -> None:
        """The runs of what is held out."""
        for split, text in texts:
            if split != "train":
                self._held_out.update(self._runs_of(text))

    def look(self, texts: Sequence[tuple[str, Parts]]) -> None:
        """Which of them stand in train."""
        for split, text in texts:
            if split == "train":
                self._shared.update(run for run in self._runs_of(text) if run in self._held_out)

    def count(self, texts: Sequence[tuple[str, Parts]]) -> None:
        """In how many entries these are."""
        for split, text in texts:
            if split != "train":
                self._entries[split] += any(run in self._shared for run in self._runs_of(text))

    def report(self) -> dict[str, object]:
        entries = {split: self._entries[split] for split in ("validation", "test")}
        return {"words": LONG_RUN, "entries": entries, "one_in": self._one_in}

    def _runs_of(self, text: Parts) -> Iterator[int]:
        return _long_runs(text, self._one_in)


def _long_runs(text: Parts, one_in: int) -> Iterator[int]:
    codes = [*_codes(text.prompt), *_codes(text.rest)]
    for start in range(len(codes) - LONG_RUN + 1):
        run = _joined(codes[start : start + LONG_RUN])
        if _is_looked_at(run, one_in):
            yield run


def _is_looked_at(run: int, one_in: int) -> bool:
    return (run >> 32) % one_in == 0


def _codes(text: str) -> list[int]:
    return [zlib.crc32(term.encode("utf-8", "surrogatepass")) for term in terms(fold(text))]


def _runs(codes: Sequence[int]) -> Iterator[int]:
    for start in range(len(codes) - RUN + 1):
        yield _joined(codes[start : start + RUN])


def _joined(codes: Sequence[int]) -> int:
    value = len(codes)
    for code in codes:
        value = (value * _BASE + code) & _MASK
    return value


def _longest(found: Sequence[int | None]) -> int:
    longest = run = 0
    for place in found:
        run = run + 1 if place is not None else 0
        longest = max(longest, run)
    return longest
