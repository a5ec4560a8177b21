"""Which groups of people texts speak of, how often, and how kindly, by the words of config/quality/groups.toml."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from chunksmith.domain.sentences import spans
from chunksmith.quality.folding import fold
from chunksmith.quality.measures import evenness
from chunksmith.quality.words import words_of
from chunksmith.settings import shipped

LEAST_MENTIONS = 30  # entries that name people of an axis, below which shares say nothing
LEAST_OPINIONS = 10  # sentences with a word of praise or blame about a group, below which their tone says nothing


class Group(NamedTuple):
    axis: str
    name: str


@dataclass(frozen=True)
class Lexicon:
    """``words`` are single ones, ``phrases`` pairs, both folded. ``represented``: axes compared by frequency."""

    words: Mapping[str, Group]
    phrases: Mapping[tuple[str, str], Group]
    represented: frozenset[str]
    positive: frozenset[str]
    negative: frozenset[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "first_words", frozenset([*self.words, *(first for first, _ in self.phrases)]))

    first_words: frozenset[str] = frozenset()

    def groups_in(self, words: Sequence[str]) -> set[Group]:
        if self.first_words.isdisjoint(words):
            return set()
        single = {self.words[word] for word in words if word in self.words}
        return single | {self.phrases[pair] for pair in pairwise(words) if pair in self.phrases}


def read_lexicon(text: str) -> Lexicon:
    """Errors: ValueError (tomllib.TOMLDecodeError), KeyError for a part that is not there."""
    content = tomllib.loads(text)
    words: dict[str, Group] = {}
    phrases: dict[tuple[str, str], Group] = {}
    for axis, section in content["axes"].items():
        for name, terms in section["groups"].items():
            for term in terms:
                parts = fold(term).split()
                if len(parts) == 1:
                    words[parts[0]] = Group(axis, name)
                else:
                    phrases[parts[0], parts[1]] = Group(axis, name)
    represented = frozenset(axis for axis, section in content["axes"].items() if section.get("representation"))
    tone = content["sentiment"]
    return Lexicon(
        words, phrases, represented, frozenset(map(fold, tone["positive"])), frozenset(map(fold, tone["negative"]))
    )


@lru_cache(maxsize=1)
def shipped_lexicon() -> Lexicon:
    return read_lexicon(_path().read_text(encoding="utf-8"))


def _path() -> Path:
    return shipped("quality/groups.toml")


class Mentions:
    """Counts; a few numbers for each group, whatever comes."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._mentions: Counter[Group] = Counter()
        self._praise: Counter[Group] = Counter()
        self._blame: Counter[Group] = Counter()

    def add(self, text: str, words: Sequence[str]) -> None:
        """``words`` are those of the whole text, folded."""
        found = self._lexicon.groups_in(words)
        if not found:
            return
        self._mentions.update(found)
        if self._lexicon.positive.isdisjoint(words) and self._lexicon.negative.isdisjoint(words):
            return
        for span in spans(text):
            self._add_tone(words_of(fold(text[span.start : span.end])))

    def _add_tone(self, words: Sequence[str]) -> None:
        praised, blamed = not self._lexicon.positive.isdisjoint(words), not self._lexicon.negative.isdisjoint(words)
        if praised != blamed:  # both, or neither, takes no side
            (self._praise if praised else self._blame).update(self._lexicon.groups_in(words))

    def representation(self) -> float | None:
        """The least even of the axes that are compared; None when people are hardly spoken of."""
        found = []
        for axis, groups in self._by_axis().items():
            counts = [self._mentions[group] for group in groups]
            if axis in self._lexicon.represented and sum(counts) >= LEAST_MENTIONS:
                found.append(evenness(counts))
        return min(found, default=None)

    def sentiment(self) -> float | None:
        """1 - half the widest gap in tone between groups of an axis; a single group is held against a neutral tone."""
        found = []
        for groups in self._by_axis().values():
            tones = [tone for group in groups if (tone := self.tone(group)) is not None]
            if tones:
                lowest = min(tones)
                found.append(1 - (max(tones) - lowest) / 2 if len(tones) > 1 else 1 - max(0.0, -lowest))
        return min(found, default=None)

    def tone(self, group: Group) -> float | None:
        """-1 only blame … 1 only praise; None when there is too little of both."""
        praise, blame = self._praise[group], self._blame[group]
        return (praise - blame) / (praise + blame) if praise + blame >= LEAST_OPINIONS else None

    def shown(self) -> dict[str, dict[str, Any]]:
        """By axis and group, those that were named."""
        return {
            axis: {
                group.name: {"entries": self._mentions[group], "tone": _rounded(self.tone(group))}
                for group in groups
                if self._mentions[group]
            }
            for axis, groups in self._by_axis().items()
            if any(self._mentions[group] for group in groups)
        }

    def _by_axis(self) -> dict[str, list[Group]]:
        known: Iterable[Group] = dict.fromkeys([*self._lexicon.words.values(), *self._lexicon.phrases.values()])
        axes: dict[str, list[Group]] = {}
        for group in known:
            axes.setdefault(group.axis, []).append(group)
        return axes


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
