"""The same title as a heading, as a running head and in a table of contents, and the numbers of pages beside it."""

import re
from itertools import pairwise

_NUMBER = re.compile(r"(?:\d{1,4}|[A-Z]|[ivxlc]{1,6})(?:\.\d{1,3})*\s*[.:|)–—-]?\s+", re.IGNORECASE)
_WORD = re.compile(
    r"(?:chapter|section|part|appendix|lesson|kapitel|abschnitt|teil|anhang|chapitre|partie|annexe|cap[íi]tulo)\s+",
    re.IGNORECASE,
)
# From the first of the marks alone: a drawn line has many.
_PAGE = re.compile(r"(?<![\s|·–—-])[\s|·–—-]+\d{1,4}$")
_NUMBERS = 2
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def bare_title(text: str) -> str:
    """``text`` in small letters, without the word and number before a title ("Chapter 3:") and a page behind it."""
    return unnumbered_title(_PAGE.sub("", text.strip()))


def unnumbered_title(text: str) -> str:
    """``text`` in small letters, without the word and number before a title ("Chapter 3:")."""
    text = text.strip()
    word = _WORD.match(text)
    if word and _NUMBER.match(text, word.end()):
        text = text[word.end() :]
    for _ in range(_NUMBERS):
        number = _NUMBER.match(text)
        text = text[number.end() :] if number else text
    return " ".join(text.casefold().split())


def page_value(digits: str) -> int:
    """Of decimal digits or of a Roman numeral in small letters, up to a few hundred."""
    if digits.isdecimal():
        return int(digits[-9:])
    values = [_ROMAN[digit] for digit in digits]
    return sum(-one if one < two else one for one, two in pairwise([*values, 0]))
