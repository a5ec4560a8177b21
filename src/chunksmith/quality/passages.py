"""A passage as scores read it, taken apart once for all entries that rest on it."""

import re
from functools import lru_cache
from typing import NamedTuple

from chunksmith.domain.sentences import spans
from chunksmith.quality.words import Tokens, tokens, writes_nouns_large

INFLECTED_WORTH = 0.8  # of another form of a word that the passage has
_STEM_MIN, _STEM_CUT = 5, 3
_MOST_SENTENCES = 400  # of a passage, that are looked at one by one

# Folded. Words of the languages that the function words of quality/words.py are in.
_NEGATORS = frozenset(
    "no not never none neither nor without cannot nobody nothing nowhere hardly "
    "nicht kein keine keinen keiner keinem nie niemals ohne weder "
    "ne pas jamais aucun aucune sans ni rien nunca jamas ningun ninguna sin tampoco nada "
    "non mai nessun nessuno nessuna senza nao nem sem niet geen nooit zonder".split()
)
_CONTRACTED = re.compile(r"n't\b", re.IGNORECASE)


class Sentence(NamedTuple):
    """``start`` and ``end`` are offsets into the passage; ``content`` its words that carry meaning, and numbers."""

    start: int
    end: int
    content: frozenset[str]
    negated: bool


class Passage(NamedTuple):
    """``words`` are all of them, ``stems`` every beginning that could be the stem of another form of one."""

    words: frozenset[str]
    stems: frozenset[str]
    numbers: frozenset[str]
    large_nouns: bool
    sentences: tuple[Sentence, ...]

    def worth(self, word: str) -> float:
        """1 when the passage has the word, less for another form of it, 0 when it has neither."""
        if word in self.words:
            return 1.0
        return INFLECTED_WORTH if len(word) > _STEM_MIN and _stem(word) in self.stems else 0.0


@lru_cache(maxsize=4)
def read(text: str) -> Passage:
    """Remembered: all entries of a unit are held against one passage."""
    source = tokens(text)
    words = frozenset(source.words)
    return Passage(words, _stems(words), frozenset(source.numbers), writes_nouns_large(text), _sentences(text))


def is_negated(text: str, words: Tokens) -> bool:
    """Whether there is a word of denial, in the languages whose function words are known."""
    return not _NEGATORS.isdisjoint(words.words) or _CONTRACTED.search(text) is not None


def root(word: str) -> str:
    """What two forms of a word share, roughly: the same for ``reduce``, ``reduces`` and ``reduced``."""
    return _stem(word) if len(word) > _STEM_MIN else word


def roots(found: Tokens) -> frozenset[str]:
    """Of the words that carry meaning, and the numbers as they are."""
    return frozenset([*map(root, found.content), *found.numbers])


def _sentences(text: str) -> tuple[Sentence, ...]:
    found = []
    for span in spans(text)[:_MOST_SENTENCES]:
        piece = text[span.start : span.end]
        words = tokens(piece)
        found.append(Sentence(span.start, span.end, roots(words), is_negated(piece, words)))
    return tuple(found)


def _stem(word: str) -> str:
    return word[: max(_STEM_MIN, len(word) - _STEM_CUT)]


def _stems(words: frozenset[str]) -> frozenset[str]:
    """So that the longer of two forms finds the shorter."""
    return frozenset(
        word[:length]
        for word in words
        if len(word) >= _STEM_MIN
        for length in range(max(_STEM_MIN, len(word) - 2 * _STEM_CUT), len(word) + 1)
    )
