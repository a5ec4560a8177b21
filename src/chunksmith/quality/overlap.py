"""Which texts share long runs of words with other data. In words: docs/curation.md."""

import zlib
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from itertools import groupby
from typing import Any, NamedTuple

from chunksmith.quality.folding import fold
from chunksmith.quality.likeness import Parts
from chunksmith.quality.spilled import same_keys
from chunksmith.quality.words import terms

# Words of a run that is looked up; of one that is enough by itself; the share of runs that is enough.
RUN, LONG_RUN, ENOUGH = 8, 13, 0.5
# Runs of held out entries that are kept.
RUNS_HELD = 2_000_000
# Runs of all entries that are kept while it is looked for what shares one.
RUNS_KEPT = 8_000_000
# A run of words in so many sources, or in more than half of them, is boilerplate; of fewer sources never.
MOST_SHARING, LEAST_SHARING = 64, 10
LONGEST_BOILERPLATE = 30  # words; a longer stretch is a passage, however many sources print it
EXAMPLES = 3  # of boilerplate, that are told
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


def boilerplate_from(groups: int) -> int:
    """In so many of ``groups`` sources a run of words is no passage that leaks, but what is printed everywhere."""
    return min(MOST_SHARING, max(LEAST_SHARING, groups // 2 + 1))


class GroupRuns:
    """Which groups of texts have a long run of words in common.

    Units: 16 bytes a run. Of more than RUNS_KEPT runs one part of
    ``parts`` is kept; the others have to be added again, to a ``GroupRuns(part, parts)`` each. What is ``known`` to be
    boilerplate is left out, with every run that has a word of it: so its beginning and end join nothing either.
    """

    def __init__(self, part: int = 0, parts: int = 1, known: frozenset[int] = frozenset()) -> None:
        self._runs = array("Q")
        self._texts = array("q")
        self._part = part
        self._known = known
        self.parts = parts
        self.boilerplate: set[int] = set()

    def add(self, texts: Sequence[tuple[int, Parts]]) -> None:
        """Each with its number."""
        for number, text in texts:
            for run in set(_long_runs(text, self.parts, self._part, self._known)):
                self._runs.append(run)
                self._texts.append(number)
        while self._part == 0 and len(self._runs) > RUNS_KEPT:
            self._thin_out()

    def joined(self, groups: Sequence[int], least: int | None) -> set[tuple[int, int]]:
        """Pairs of groups, of each run the first group with each of the others; ``groups`` has that of each text.

        What ``least`` groups have joins nothing, and is ``boilerplate`` from then on; None: all joins.
        """
        found: set[tuple[int, int]] = set()
        for places in same_keys(self._runs, len(self._runs)):
            first, *others = dict.fromkeys(groups[self._texts[place]] for place in places)
            if least is not None and len(others) + 1 >= least:
                self.boilerplate.add(self._runs[places[0]])
            else:
                found.update((first, other) for other in others)
        return found

    def _thin_out(self) -> None:
        self.parts *= 2
        kept = [place for place, run in enumerate(self._runs) if _is_looked_at(run, self.parts)]
        self._runs = array("Q", (self._runs[place] for place in kept))
        self._texts = array("q", (self._texts[place] for place in kept))


def passages(texts: Sequence[Parts], widespread: Set[int]) -> set[int]:
    """Of the runs that very many sources have, those of a stretch too long for boilerplate, or of a whole answer."""
    found: set[int] = set()
    for text in texts:
        runs = _all_runs(text)
        answer = len(_codes(text.rest)) - LONG_RUN + 1  # runs of it alone
        if answer > 0 and widespread >= set(runs[-answer:]):
            found.update(runs[-answer:])
        for wide, stretch in groupby(runs, widespread.__contains__):
            if wide and len(those := list(stretch)) + LONG_RUN - 1 > LONGEST_BOILERPLATE:
                found.update(those)
    return found


class SharedRuns:
    """Of the entries of each split but train, how many share a long run of words with one for training, boilerplate
    left aside, of which some examples are told, and how many entries held out have it.

    First ``learn`` from all entries, then ``look`` at all, then ``count``. Of very many runs one in ``one_in`` is
    looked at, the same ones everywhere: memory stays below some 200 MB.
    """

    def __init__(self, terms_count: int, boilerplate: frozenset[int]) -> None:
        self._one_in = max(1, -(-terms_count // RUNS_HELD))
        self._boilerplate = boilerplate
        self._held_out: set[int] = set()
        self._shared: set[int] = set()
        self._entries: Counter[str] = Counter()
        self._headed: Counter[str] = Counter()
        self._examples: dict[str, None] = {}

    def learn(self, texts: Sequence[tuple[str, Parts]]) -> None:
        """The runs of what is held out."""
        for split, text in texts:
            if split != "train":
                self._held_out.update(self._runs_of(text))
                self._headed[split] += bool(self._boilerplate) and not self._boilerplate.isdisjoint(_all_runs(text))
            if self._boilerplate and len(self._examples) < EXAMPLES:
                self._examples.update(dict.fromkeys(self._boilerplate_of(text)))

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

    def report(self) -> dict[str, Any]:
        entries = {split: self._entries[split] for split in ("validation", "test")}
        headed = {split: self._headed[split] for split in entries}
        examples = list(self._examples)[:EXAMPLES]
        boilerplate = {"runs": len(self._boilerplate), "entries": headed, "examples": examples}
        return {"words": LONG_RUN, "entries": entries, "one_in": self._one_in, "boilerplate": boilerplate}

    def _runs_of(self, text: Parts) -> Iterator[int]:
        return _long_runs(text, self._one_in, 0, self._boilerplate)

    def _boilerplate_of(self, text: Parts) -> Iterator[str]:
        """The first 13 words of each stretch of the text that is boilerplate."""
        words = [*terms(fold(text.prompt)), *terms(fold(text.rest))]
        follows = False
        for start, run in enumerate(_all_runs(text)):
            if run in self._boilerplate and not follows:
                yield " ".join(words[start : start + LONG_RUN])
            follows = run in self._boilerplate


def _long_runs(text: Parts, parts: int, part: int, boilerplate: frozenset[int]) -> Iterator[int]:
    runs = _all_runs(text)
    if boilerplate and not boilerplate.isdisjoint(runs):
        places = [place for place, run in enumerate(runs) if run in boilerplate]
        touched = {near for place in places for near in range(place - LONG_RUN + 1, place + LONG_RUN)}
        runs = [run for place, run in enumerate(runs) if place not in touched]
    return (run for run in runs if _is_looked_at(run, parts, part))


def _all_runs(text: Parts) -> list[int]:
    codes = [*_codes(text.prompt), *_codes(text.rest)]
    return [_joined(codes[start : start + LONG_RUN]) for start in range(len(codes) - LONG_RUN + 1)]


def _is_looked_at(run: int, parts: int, part: int = 0) -> bool:
    return (run >> 32) % parts == part


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
