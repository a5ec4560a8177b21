"""A passage as scores read it, taken apart once for all entries that rest on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from chunksmith.domain.sentences import spans
from chunksmith.quality.designations import known_designations
from chunksmith.quality.folding import fold, fold_each
from chunksmith.quality.remembered import remembered
from chunksmith.quality.symbols import Symbol, symbols
from chunksmith.quality.words import (
    STEM_CUT,
    STEM_MIN,
    carries_meaning,
    numbers,
    root,
    stem_of,
    words_of,
    writes_nouns_large,
)

INFLECTED_WORTH = 0.8  # of another form of a word that the passage has
_WINDOW = 3  # sentences beside each other
_MOST_SENTENCES = 400  # of a passage, that are looked at one by one

# Folded. Words of the languages that the function words of quality/words.py are in.
_NEGATORS = frozenset(
    "no not don doesn didn isn aren wasn weren won wouldn shouldn couldn hasn haven hadn "
    "never none neither nor without cannot nobody nothing nowhere hardly "
    "nicht kein keine keinen keiner keinem nie niemals ohne weder "
    "ne pas jamais aucun aucune sans ni rien nunca jamas ningun ninguna sin tampoco nada "
    "non mai nessun nessuno nessuna senza nao nem sem niet geen nooit zonder".split()
)

_ENDINGS = ("ing", "ed", "es", "s", "er", "ly")


class Sentence(NamedTuple):
    """``start`` and ``end`` are offsets into the passage; ``content``: roots of what carries meaning, and numbers."""

    start: int
    end: int
    words: tuple[str, ...]
    content: frozenset[str]


@dataclass(frozen=True, eq=False)
class Passage:
    """``words`` are all of them, folded; ``roots`` of what carries meaning."""

    text: str
    words: frozenset[str]
    numbers: frozenset[str]
    sentences: tuple[Sentence, ...]
    roots: frozenset[str]

    # What few entries ask for is read for the first of them.
    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        return frozenset(symbols(fold(self.text)))

    @cached_property
    def designations(self) -> frozenset[str]:
        return known_designations(fold(self.text))

    @cached_property
    def large_nouns(self) -> bool:
        return writes_nouns_large(self.text)

    @cached_property
    def _bare(self) -> frozenset[str]:
        return frozenset(map(bare, self.words))

    @cached_property
    def _beginning(self) -> dict[str, list[str]]:
        """Its words by how they begin."""
        found: dict[str, list[str]] = {}
        for word in self.words:
            if len(word) >= STEM_MIN:
                found.setdefault(word[:STEM_MIN], []).append(word)
        return found

    @cached_property
    def _stems(self) -> dict[str, frozenset[str]]:
        """By the beginnings that were asked for."""
        return {}

    def worth(self, word: str) -> float:
        """1 when the passage has the word, less for another form of it, 0 when it has neither."""
        if word in self.words:
            return 1.0
        return INFLECTED_WORTH if self._has_form(word) or bare(word) in self._bare else 0.0

    def _has_form(self, word: str) -> bool:
        stem = stem_of(word)
        beginning = stem[:STEM_MIN]
        if len(word) <= STEM_MIN or beginning not in self._beginning:
            return False
        if beginning not in self._stems:
            self._stems[beginning] = _stems(self._beginning[beginning])
        return stem in self._stems[beginning]

    def shared(self, content: frozenset[str]) -> tuple[int, ...]:
        """How many of some roots each sentence has."""
        return _shared(self, content)

    def alike(self, content: frozenset[str], share: float) -> list[Sentence]:
        """The sentences that have at least a share of some roots."""
        least = share * len(content)
        return [one for one, count in zip(self.sentences, self.shared(content), strict=True) if count >= least]

    def window(self, content: frozenset[str]) -> float:
        """Of some roots those that it has: the greatest share that sentences beside each other have; 1 for none."""
        known = content & self.roots
        if not known:
            return 1.0
        most = max(self.shared(content))
        if most < len(known):
            parts = [known & one.content for one in self.sentences]
            most = max([len(parts[at].union(*parts[at + 1 : at + _WINDOW])) for at in range(len(parts))])
        return most / len(known)


@lru_cache(maxsize=4)
def read(text: str) -> Passage:
    """Remembered: all entries of a unit are held against one passage."""
    plain = fold(text)
    words = frozenset(words_of(plain))
    sentences = _sentences(text)
    content = frozenset().union(*(one.content for one in sentences))
    return Passage(text, words, frozenset(numbers(plain)), sentences, content)


# The last few are remembered: several parts of a score hold the same claim against the passage.
@lru_cache(maxsize=8)
def _shared(passage: Passage, content: frozenset[str]) -> tuple[int, ...]:
    return tuple([len(content & one.content) for one in passage.sentences])


def is_negator(word: str) -> bool:
    """Of a folded word, whether it denies, in the languages whose function words are known."""
    return word in _NEGATORS


def any_negator(words: Iterable[str]) -> bool:
    """Whether one of the folded words denies."""
    return not _NEGATORS.isdisjoint(words)


@remembered
def _meant(word: str) -> str | None:
    """The root of a word that carries meaning."""
    return root(word) if carries_meaning(word) else None


@remembered
def bare(word: str) -> str:
    """Without an English ending, so that the forms of a short word meet: zip, zipped, zipping."""
    for ending in _ENDINGS:
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2:
            return rest[:-1] if len(rest) > 3 and rest[-1] == rest[-2] else rest.rstrip("e")
    return word.rstrip("e")


def _stems(words: Iterable[str]) -> frozenset[str]:
    """So that the longer of two forms finds the shorter."""
    return frozenset(
        word[:length] for word in words for length in range(max(STEM_MIN, len(word) - 2 * STEM_CUT), len(word) + 1)
    )


def _sentences(text: str) -> tuple[Sentence, ...]:
    found = []
    places = spans(text)[:_MOST_SENTENCES]
    for span, plain in zip(places, fold_each([text[start:end] for start, end in places]), strict=True):
        words = words_of(plain)
        content = frozenset([*filter(None, map(_meant, words)), *numbers(plain)])
        found.append(Sentence(span.start, span.end, tuple(words), content))
    return tuple(found)
