"""One text in many spellings becomes one spelling, and every character still knows where it came from.

Folded: white space, case, compatibility forms (ligatures, full width), composed or decomposed accents, typographic
quotation marks, dashes and ellipses. Left out: soft hyphens, zero-width characters, Markdown's ``**`` and backticks.
"""

import re
import unicodedata
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_SINGLE = "'‘’‚‛`´ʹʼ′‹›"
_DOUBLE = '"“”„‟″«»〝〞＂'
_DASHES = "-‐‑‒–—―−﹘﹣－"
_CHARACTERS = {
    **dict.fromkeys(_SINGLE, "'"),
    **dict.fromkeys(_DOUBLE, '"'),
    **dict.fromkeys(_DASHES, "-"),
}
_UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f"
_SHORT_CHARS = 1_000
_FEW_CHARACTERS = 100
_PLAIN = "[!-)+-_a-~]+"
_PIECE = re.compile(
    rf"(?P<space>\s+)|(?P<unseen>\*\*|[`{_UNSEEN}]+)|(?P<plain>{_PLAIN}(?: {_PLAIN})*)|(?P<other>.)", re.DOTALL
)


class Folded(NamedTuple):
    """``sources[i]`` is the offset in the original of the character that ``text[i]`` comes from."""

    text: str
    sources: "array[int]"  # array takes no parameter at run time before Python 3.12

    def original_end(self, last: int) -> int:
        """Where the original of a match ends whose last folded character is ``last`` and no space.

        Every folded character but a space comes from one original character, so the end is one further.
        """
        return self.sources[last] + 1

    def is_whole(self, start: int, end: int) -> bool:
        """Whether ``text[start:end]`` neither cuts through an original character nor takes an accent off one."""
        before = start > 0 and self.sources[start - 1] == self.sources[start]
        if before or unicodedata.combining(self.text[start]):
            return False
        if end == len(self.text):
            return True
        return self.sources[end] != self.sources[end - 1] and not unicodedata.combining(self.text[end])


def fold(text: str) -> str:
    """The text of ``folded``. The last ones are remembered, of long ones a few, such as passages: each part of a score
    reads the same texts.
    """
    return _short(text) if len(text) <= _SHORT_CHARS else _long(text)


def fold_each(texts: Sequence[str]) -> list[str]:
    """``fold`` of each, all at once: of many short ones in a part of the time."""
    joined = "\0".join(texts)
    if joined.count("\0") != len(texts) - 1:
        return [fold(text) for text in texts]
    return _fold(joined).split("\0")


def _fold(text: str) -> str:
    """Without offsets a text needs no look at single characters, only at each different one."""
    # The only white space that can be printed is a space.
    spaced = text if text.isprintable() and "  " not in text else _spaced_once(text)
    plain = spaced.replace("**", "").replace("`", "")
    if plain.isascii():
        return plain.lower()
    changed = [character for character in set(plain) if _folded_alone(character) != character]
    if len(changed) > _FEW_CHARACTERS:
        return folded(text).text
    for character in changed:  # in any order: what comes of one would come of itself again
        plain = plain.replace(character, _folded_alone(character))
    return plain


def _spaced_once(text: str) -> str:
    plain = " ".join(text.split())
    return f"{' ' * text[0].isspace()}{plain}{' ' * text[-1].isspace()}" if plain else " "


_short = lru_cache(maxsize=256)(_fold)
_long = lru_cache(maxsize=4)(_fold)


def folded(text: str) -> Folded:
    """Linear in the text. The last few long texts are remembered: one passage is compared with many quotes."""
    return _remembered(text) if len(text) > 200 else _folded(text)


def _folded(text: str) -> Folded:
    pieces: list[str] = []
    sources = array("q")
    for match in _PIECE.finditer(text):
        start, end = match.span()
        kind = match.lastgroup
        if kind == "plain":
            pieces.append(match[0].lower())
            sources.extend(range(start, end))
        elif kind == "space":
            pieces.append(" ")
            sources.append(start)
        elif kind == "other":
            piece = _folded_character(match[0])
            pieces.append(piece)
            sources.extend([start] * len(piece))
    return Folded("".join(pieces), sources)


_remembered = lru_cache(maxsize=4)(_folded)


@lru_cache(maxsize=8192)
def _folded_alone(character: str) -> str:
    if character in _UNSEEN:
        return ""
    return " " if character == " " else _folded_character(character)


@lru_cache(maxsize=8192)
def _folded_character(character: str) -> str:
    known = _CHARACTERS.get(character)
    if known is not None:
        return known
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    # Compatibility forms such as U+FDFA hold spaces of their own: they would not be collapsed with their neighbours.
    return "".join(_CHARACTERS.get(part, part) for part in decomposed if not part.isspace())
