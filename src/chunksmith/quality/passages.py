"""A passage as scores read it, taken apart once for all entries that rest on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from chunksmith.domain.sentences import spans
from chunksmith.quality.folding import fold
from chunksmith.quality.symbols import Symbol, symbols
from chunksmith.quality.words import Tokens, carries_meaning, numbers, words_of, writes_nouns_large

INFLECTED_WORTH = 0.8  # of another form of a word that the passage has
_STEM_MIN, _STEM_CUT = 5, 3
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


@dataclass(frozen=True, eq=False, slots=True)
class Passage:
    """``words`` are all of them, folded; ``roots`` of what carries meaning."""

    words: frozenset[str]
    numbers: frozenset[str]
    symbols: frozenset[Symbol]
    large_nouns: bool
    sentences: tuple[Sentence, ...]
    roots: frozenset[str]

    def worth(self, word: str) -> float:
        """1 when the passage has the word, less for another form of it, 0 when it has neither."""
        if word in self.words:
            return 1.0
        if (len(word) > _STEM_MIN and _stem(word) in _stems(self.words)) or bare(word) in _bare(self.words):
            return INFLECTED_WORTH
        return 0.0

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
    return Passage(
        words,
        frozenset(numbers(plain)),
        frozenset(symbols(plain)),
        writes_nouns_large(text),
        sentences,
        frozenset().union(*(one.content for one in sentences)),
    )


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


@lru_cache(maxsize=16_384)
def root(word: str) -> str:
    """What two forms of a word share, roughly: the same for ``reduce``, ``reduces`` and ``reduced``."""
    return _stem(word) if len(word) > _STEM_MIN else word


@lru_cache(maxsize=16_384)
def _meant(word: str) -> str | None:
    """The root of a word that carries meaning."""
    return root(word) if carries_meaning(word) else None


@lru_cache(maxsize=8192)
def bare(word: str) -> str:
    """Without an English ending, so that the forms of a short word meet: zip, zipped, zipping."""
    for ending in _ENDINGS:
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2:
            return rest[:-1] if len(rest) > 3 and rest[-1] == rest[-2] else rest.rstrip("e")
    return word.rstrip("e")


def roots(found: Tokens) -> frozenset[str]:
    """Of the words that carry meaning, and the numbers as they are."""
    return frozenset([*map(root, found.content), *found.numbers])


def _sentences(text: str) -> tuple[Sentence, ...]:
    found = []
    for span in spans(text)[:_MOST_SENTENCES]:
        piece = text[span.start : span.end]
        plain = fold(piece)
        words = words_of(plain)
        content = frozenset([*filter(None, map(_meant, words)), *numbers(plain)])
        found.append(Sentence(span.start, span.end, tuple(words), content))
    return tuple(found)


def _stem(word: str) -> str:
    return word[: max(_STEM_MIN, len(word) - _STEM_CUT)]


@lru_cache(maxsize=4)
def _bare(words: frozenset[str]) -> frozenset[str]:
    return frozenset(map(bare, words))


@lru_cache(maxsize=4)
def _stems(words: frozenset[str]) -> frozenset[str]:
    """So that the longer of two forms finds the shorter."""
    return frozenset(
        word[:length]
        for word in words
        if len(word) >= _STEM_MIN
        for length in range(max(_STEM_MIN, len(word) - 2 * _STEM_CUT), len(word) + 1)
    )
