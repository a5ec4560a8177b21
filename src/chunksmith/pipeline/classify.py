"""Category and difficulty by rules, for when no model is asked for them."""

import re
from functools import lru_cache

from chunksmith.domain.corpus import Chunk
from chunksmith.domain.datasets import DIFFICULTIES
from chunksmith.domain.sentences import spans

GENERAL = "general"
CATEGORY_MAX_CHARS = 80
# Coleman-Liau grade from which a text is intermediate, and advanced: school, then university.
INTERMEDIATE_GRADE, ADVANCED_GRADE = 8.0, 13.0
# Scripts without spaces have no words to count: characters in a sentence stand in.
INTERMEDIATE_CHARS, ADVANCED_CHARS = 35, 70
_WORD = re.compile(r"[^\W\d_]+")
# Of ASCII, what is no letter becomes a space.
_SPACED = bytes(code if chr(code).isascii() and chr(code).isalpha() else 0x20 for code in range(256))
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_MARKUP = re.compile(r"[#*`_\[\]]+|\(https?://[^)]*\)")
_HEADINGS_AND_FENCES = re.compile(r"^ {0,3}(?:(?P<fence>```|~~~)|#{1,6}[ \t]+(?P<title>\S.*))", re.MULTILINE)
_NUMBERING = re.compile(r"^\s*(?:chapter|section|part|kapitel|\d+)?[\s\d.:)]*", re.IGNORECASE)


def category(chunk: Chunk, at: int = 0) -> str:
    """The heading over the character ``at`` of the passage, else the name of its document without the ending."""
    for heading in (_heading_above(chunk.text, at), *reversed(chunk.heading_path)):
        name = _NUMBERING.sub("", _MARKUP.sub("", heading)).strip()
        if name:
            return name[:CATEGORY_MAX_CHARS]
    stem = (chunk.document_name or "").rsplit(".", 1)[0].strip()
    return stem[:CATEGORY_MAX_CHARS] or GENERAL


def _heading_above(text: str, at: int) -> str:
    """The last one in the passage itself, that which ``at`` is in among them; none are lines of code that look so."""
    heading = fence = ""
    for line in _HEADINGS_AND_FENCES.finditer(text):
        if line.start() > at:
            break
        if line["fence"]:
            fence = "" if fence == line["fence"] else fence or line["fence"]
        elif not fence:
            heading = line["title"]
    return heading


@lru_cache(maxsize=4)
def difficulty(text: str) -> str:
    """How hard the text is to read. Source: Coleman & Liau, Journal of Applied Psychology 60 (1975).

    Remembered: all entries of a unit are of one passage.
    """
    sentences = max(1, len(spans(text)))
    if not text.isascii() and len(_UNSPACED.findall(text)) * 2 > len(text.replace(" ", "")):
        length = len(text) / sentences
        return _level(length, INTERMEDIATE_CHARS, ADVANCED_CHARS)
    words, letters = _words_and_letters(text)
    if not words:
        return DIFFICULTIES[0]
    letters_per_100 = 100 * letters / words
    sentences_per_100 = 100 * sentences / words
    return _level(0.0588 * letters_per_100 - 0.296 * sentences_per_100 - 15.8, INTERMEDIATE_GRADE, ADVANCED_GRADE)


def _words_and_letters(text: str) -> tuple[int, int]:
    """Words are runs of letters."""
    if text.isascii():
        letters = text.encode("ascii").translate(_SPACED)
        return len(letters.split()), len(letters) - letters.count(b" ")
    words = _WORD.findall(text)
    return len(words), sum(map(len, words))


def _level(value: float, intermediate: float, advanced: float) -> str:
    return DIFFICULTIES[(value >= intermediate) + (value >= advanced)]
