"""How hard a text is to read, by two published formulas, which were fitted to English and say nothing of others.

Source: Flesch, Journal of Applied Psychology 32 (1948); Coleman & Liau, Journal of Applied Psychology 60 (1975).
"""

import re
from typing import NamedTuple

from chunksmith.domain.sentences import spans
from chunksmith.quality.remembered import remembered
from chunksmith.quality.words import words_of

MIN_WORDS = 5
ENGLISH_SHARE = 0.12  # of the words of a text that English has for its grammar
_WORD = re.compile("[A-Za-z]+")
_SYLLABLE = re.compile(r"[aeiouy]+")
# An e at the end is silent, but for "le" after a consonant; so is that of "ed" and "es" mostly.
_SILENT = re.compile(r"(?<=[^\Waeiouy])(?:e|ed|es)$(?<![^aeiouy]le)(?<![td]ed)(?<![sxzc]es)(?<!hes)(?<!ges)")
_ENGLISH = frozenset(
    "the of and to a in is that it was for on are as with be by this have from or had not but what all were when we "
    "there can an your which their if do how will each about many then them these so some would into has more its does "
    "who why where than been".split()
)


class Readability(NamedTuple):
    """``flesch``: 100 very easy … 0 very hard, and beyond. ``coleman_liau``: years of school in the United States."""

    flesch: float
    coleman_liau: float


def readability(text: str) -> Readability | None:
    """None for a text that is not English, as far as its grammar words tell, or too short to say."""
    words = _words(text)
    if len(words) < MIN_WORDS or sum(map(_ENGLISH.__contains__, words)) < ENGLISH_SHARE * len(words):
        return None
    sentences = max(1, len(spans(text)))
    syllables = sum(map(_syllables, words))
    flesch = 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)
    return Readability(round(flesch, 1), round(coleman_liau(sum(map(len, words)), len(words), sentences), 1))


def _words(text: str) -> list[str]:
    """In small letters."""
    return words_of(text.lower()) if text.isascii() else list(map(str.lower, _WORD.findall(text)))


def coleman_liau(letters: int, words: int, sentences: int) -> float:
    return 0.0588 * (100 * letters / words) - 0.296 * (100 * sentences / words) - 15.8


@remembered
def _syllables(word: str) -> int:
    """Of a word in small letters."""
    count = len(_SYLLABLE.findall(word))
    return max(1, count - 1 if _SILENT.search(word) else count)
