"""Dates, and short openings without a comma: ``In Germany in November 1923``, ``During the war she served``."""

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
    for place in range(start, min(start + _REACH, len(parts) - 4)):
        token = parts[place]
        years = [near.text for near in parts[place + 1 : place + 4]]
        if token.lower in {"between", "from"} and years[1] in {"and", "to"} and YEAR.match(years[0]):
            return place + 4 if YEAR.match(years[2]) else 0
        if token.tag not in ("prep", "det") and not token.text[0].isupper():
            return 0
        if token.lower in _BEFORE_DATE and (end := date_end(parts, place + 1)):
            return end
    return 0


def dated_from(parts: Sequence[Token], start: int, end: int) -> int:
    """Where the date begins that ends at ``end``; ``end`` when none does, or when it may belong to an inner clause."""
    for place in range(start, end - 1):
        if parts[place].tag in ("rel", "sub", "conj", "wh", "to") or parts[place].text == ",":
            return end
        if parts[place].lower in _BEFORE_DATE and date_end(parts, place + 1) == end:
            return place
    return end


def date_end(parts: Sequence[Token], place: int) -> int:
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


def person_at(parts: Sequence[Token], start: int) -> int:
    """Where ``he`` or ``she`` stands behind a short opening without a comma: ``During the war she served``; else 0."""
    for place in range(start + 1, min(start + 9, len(parts) - 2)):
        if parts[place].lower in {"he", "she"}:
            return place if parts[start].tag == "prep" else 0
        if parts[place].tag not in ("prep", "det", "word", "num") or parts[place].text == ",":
            return 0
    return 0
