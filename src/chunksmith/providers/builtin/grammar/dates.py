"""Dates that a sentence begins with: ``In 1923``, ``In Germany in November 1923``, ``Since the spring of 1923``."""

import re
from collections.abc import Sequence

from chunksmith.providers.builtin.grammar.views import YEAR
from chunksmith.providers.builtin.grammar.words import MONTHS, Token

_BEFORE_DATE = frozenset("in since by during around on from until before after about".split())
_DAY = re.compile(r"(?:[12]?\d|3[01])(?:st|nd|rd|th)?\Z")
_SEASONS = frozenset("spring summer autumn fall winter beginning end early late mid".split())
_REACH = 5  # tokens before a date that say where


def dated_until(parts: Sequence[Token], start: int) -> int:
    """Past the date in the opening that begins at ``start``; 0 when no date is there.

    What stands before the date may say where: ``In Germany in November 1923``.
    """
    for place in range(start, min(start + _REACH, len(parts) - 3)):
        token = parts[place]
        if token.tag not in ("prep", "det") and not token.text[0].isupper():
            return 0
        if token.lower in _BEFORE_DATE and (end := _date_end(parts, place + 1)):
            return end
    return 0


def _date_end(parts: Sequence[Token], place: int) -> int:
    """Past the date that begins there; 0 when none does."""
    first = parts[place]
    if first.lower == "the" and YEAR.match(parts[place + 1].text):
        return place + 2
    if first.lower in {"early", "late"}:
        place += 1
    elif first.lower == "the" and parts[place + 1].lower in _SEASONS and parts[place + 2].lower == "of":
        place += 3
    if _DAY.match(parts[place].text) and is_month(parts[place + 1]):
        place += 1
    if is_month(parts[place]):
        place += 1
        if _DAY.match(parts[place].text):
            place += 1
        if parts[place].text == "," and YEAR.match(parts[place + 1].text):
            place += 1
        return place + 1 if YEAR.match(parts[place].text) else place
    # "After 1000 errors": a count as likely as a year.
    bare = parts[place - 1].lower not in {"after", "before", "around", "about", "on"}
    return place + 1 if bare and YEAR.match(parts[place].text) else 0


def is_month(token: Token) -> bool:
    return token.lower in MONTHS and token.text[0].isupper()
