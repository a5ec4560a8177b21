"""Running heads and feet: what stands at the edge of many pages, and which of its numbers are those of the pages."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from chunksmith.ingest.titles import page_value

_NUMBER = re.compile(
    r"^[-–—\s]*(?:page\s+)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:/|of|von)\s*\d{1,4})?[-–—\s]*$", re.IGNORECASE
)
_DIGITS = re.compile(r"\d+|\b[ivxlc]{1,7}\b")
# Of a whole title, not of a word: "Lesson 3" is a heading.
_TITLE_WITH_NUMBER = re.compile(r"^(?:\d+\s+\S+\s+\S|\S+\s+\S+\s+(?:.*\s)?\W*\d+\W*$)")
_LONGEST_TITLE = 400
_LARGE = 1.15
_SMALL = 0.95


class EdgeLine(NamedTuple):
    """Units: ``size`` is in sizes of the text of the pages."""

    text: str
    size: float = 1.0


class _Place(NamedTuple):
    page: int
    line: EdgeLine


def is_page_number(text: str) -> bool:
    """Whether a line is nothing but the number of a page."""
    return len(text) <= _LONGEST_TITLE and bool(_NUMBER.match(text))


def running_lines(pages: Sequence[Sequence[EdgeLine]]) -> frozenset[EdgeLine]:
    """Lines that repeat over at least three pages, word for word or but for the number of the page.

    Shapes: the lines at the edges of each page in; those of them that are running heads or feet out.
    """
    places: defaultdict[str, list[_Place]] = defaultdict(list)
    for number, page in enumerate(pages):
        for line in dict.fromkeys(page):
            places[_key(line.text)].append(_Place(number, line))
    least = max(3, len(pages) // 20)
    are_numbered = 2 * sum(any(is_page_number(line.text) for line in page) for page in pages) >= len(pages)
    running: set[EdgeLine] = set()
    for found in places.values():
        if len({place.page for place in found}) >= least:
            running.update(_running(found, least, are_numbered))
    return frozenset(running)


def _running(found: Sequence[_Place], least: int, are_numbered: bool) -> Iterable[EdgeLine]:
    """Of lines that differ in their numbers alone, the running ones: a numbered heading stands on one page."""
    texts = Counter(line.text for _, line in found)
    lines = Counter(line for _, line in found)
    repeat = len(found) >= 2 * len(texts)
    count = _count_with_pages(found)
    for line, times in lines.items():
        is_large = line.size >= _LARGE
        is_repeated = times >= least or (repeat and not (is_large and times == 1))
        if is_repeated or (count and not is_large and _may_count(line, are_numbered)):
            yield line


def _may_count(line: EdgeLine, are_numbered: bool) -> bool:
    """Where a page has its number already, another one that counts may be that of a lesson."""
    if not are_numbered or line.size < _SMALL:
        return True
    return is_page_number(line.text) or is_title_with_number(line.text)


def is_title_with_number(text: str) -> bool:
    return len(text) <= _LONGEST_TITLE and bool(_TITLE_WITH_NUMBER.match(text))


def _count_with_pages(found: Sequence[_Place]) -> bool:
    """Whether one of the numbers grows by as much as the page does, at most of the steps."""
    numbers = [[page_value(digits) for digits in _DIGITS.findall(line.text.lower())] for _, line in found]
    for position in range(min(map(len, numbers))):
        steps = [
            after[position] - before[position] == two.page - one.page
            for (one, before), (two, after) in pairwise(zip(found, numbers, strict=True))
            if two.page > one.page
        ]
        if sum(steps) * 2 >= len(steps) > 0:
            return True
    return False


def _key(text: str) -> str:
    """Running titles differ in their numbers; a whole sentence has to repeat word for word."""
    if text.endswith(".") and len(text) > 40:
        return text
    return _DIGITS.sub("#", text.lower())
