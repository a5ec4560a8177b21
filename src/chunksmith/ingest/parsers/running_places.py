"""Running heads and feet by their place: at one height and in one style on many pages, and apart from the text."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import NamedTuple

from chunksmith.ingest.parsers.page_lines import Line, Page, body_size, line_distance
from chunksmith.ingest.parsers.running_lines import is_page_number, is_title_with_number
from chunksmith.ingest.titles import bare_title

_LARGE = 1.15
_SMALL = 0.95
_APART = 1.3
_ROW = 2.0
_ROWS = 2
_LEAST_PAGES = 3
_LONG_PREFIX = 15
_LONG_SENTENCE = 40
_ENDED = re.compile(r"[.!?;。！？][\"'”’)\]」』]*$")
_NOTE = re.compile(r"^[\[(]?(?:\d{1,3}|[*†‡§]+)[\])]?[.:]?\s+\S")
_BEFORE_TITLE = re.compile(r"[|·•:–—]\s+|(?<=\s)-\s+")
_NUMBER = re.compile(r"^\d{1,4}\b|\b\d{1,4}$")


class _Place(NamedTuple):
    """Units: points; ``distance`` is that from the edge of the page."""

    at_top: bool
    distance: int
    size: float
    bold: bool


class _Placed(NamedTuple):
    page: int
    line: Line
    gap: float


def lines_in_running_places(
    pages: Sequence[Page], edges: Sequence[Sequence[Line]], known: Sequence[frozenset[Line]]
) -> list[frozenset[Line]]:
    """The running heads and feet of each page, also those whose text stands on few pages or on one.

    A place is that of running lines where it is apart from the text, no text begins or ends pages at its height, and
    no large type stands in it. There, lines are running that are the title of a part of the document or that have the
    number of the page; where they are set small or ``known`` ones stand on three pages, also those that stand on two.
    What is said on one page alone is content, however small.
    Shapes: ``edges``, the lines at the edges, and ``known``, those that run by their text, as ``pages``, a row each.
    """
    everything = [line for page in pages for line in page.lines]
    body = body_size(everything)
    least_gap = line_distance(everything, body) * _APART
    numbered = 2 * sum(any(is_page_number(line.text) for line in lines) for lines in edges) >= len(pages)
    titles = _Titles(everything, body)
    found: list[set[Line]] = [set() for _ in pages]
    for _ in range(_ROWS):
        places = _places(pages, edges, found)
        for place, lines in places.items():
            if place.size < body * _LARGE and _is_running(place, lines, places, least_gap):
                for placed in _running(place, lines, known, titles, body, are_numbered=numbered):
                    found[placed.page].add(placed.line)
    return [frozenset(lines) for lines in found]


def _places(
    pages: Sequence[Page], edges: Sequence[Sequence[Line]], found: Sequence[set[Line]]
) -> dict[_Place, list[_Placed]]:
    """The outermost rows of the pages, beside numbers of pages and what is ``found``."""
    places: defaultdict[_Place, list[_Placed]] = defaultdict(list)
    for number, (page, outer) in enumerate(zip(pages, edges, strict=True)):
        rest = [line for line in page.lines if line not in found[number] and not is_page_number(line.text)]
        for at_top in (True, False):
            for line, gap in _outermost(rest, at_top=at_top):
                if line in outer:
                    distance = page.height - line.y if at_top else line.y
                    places[_Place(at_top, round(distance), line.size, line.bold)].append(_Placed(number, line, gap))
    return places


def _outermost(lines: Sequence[Line], *, at_top: bool) -> Iterator[tuple[Line, float]]:
    """The lines of the first or last row, with the distance to the next one."""
    if not lines:
        return
    sign = 1 if at_top else -1
    edge = max(sign * line.y for line in lines)
    within = max((sign * line.y for line in lines if edge - sign * line.y > _ROW), default=None)
    for line in lines:
        if edge - sign * line.y <= _ROW and within is not None:
            yield line, edge - within


def _is_running(place: _Place, lines: Sequence[_Placed], places: dict[_Place, list[_Placed]], least_gap: float) -> bool:
    pages = {placed.page for placed in lines}
    beside = {
        placed.page
        for other, others in places.items()
        if other.at_top == place.at_top and abs(other.distance - place.distance) <= 1 and other != place
        for placed in others
    } - pages
    return (
        len(pages) >= _LEAST_PAGES
        and len(beside) * 4 <= len(pages)
        and median(placed.gap for placed in lines) >= least_gap
    )


def _running(
    place: _Place,
    lines: Sequence[_Placed],
    known: Sequence[frozenset[Line]],
    titles: "_Titles",
    body: float,
    *,
    are_numbered: bool,
) -> Iterable[_Placed]:
    is_known = len({placed.page for placed in lines if placed.line in known[placed.page]}) >= _LEAST_PAGES
    times = Counter(text for _, text in {(placed.page, placed.line.text) for placed in lines})
    is_small = place.size < body * _SMALL
    counted = _counted(lines, may_count=is_small or not are_numbered)
    are_notes = not place.at_top and 4 * sum(bool(_NOTE.match(placed.line.text)) for placed in lines) > len(lines)
    for placed in lines:
        text = placed.line.text
        says = len(text) > _LONG_SENTENCE and _ENDED.search(text)
        runs = placed in counted or ((is_known or is_small) and times[text] > 1 and not says)
        if titles.has(text, place) or (runs and not are_notes):
            yield placed


def _counted(lines: Sequence[_Placed], *, may_count: bool) -> set[_Placed]:
    """Those with the number of the page, which is off from the count of pages by the same on most of them.

    ``may_count``: a number that counts is no other one, such as that of a lesson.
    """
    offsets: defaultdict[int, set[_Placed]] = defaultdict(set)
    for placed in lines:
        for number in _NUMBER.findall(placed.line.text):
            if may_count or is_title_with_number(placed.line.text):
                offsets[int(number) - placed.page].add(placed)
    most = max(offsets.values(), key=len, default=set())
    return most if len(most) >= _LEAST_PAGES and 2 * len(most) >= len(lines) else set()


class _Titles:
    """The headings of a document: a running line repeats one in smaller or lighter type."""

    def __init__(self, lines: Iterable[Line], body: float) -> None:
        self.styles: dict[str, tuple[float, bool]] = {}
        self.long: defaultdict[str, set[str]] = defaultdict(set)
        for line in lines:
            if line.size >= body * _LARGE or line.bold:
                title = bare_title(line.text)
                size, bold = self.styles.get(title, (0.0, False))
                self.styles[title] = max(size, line.size), bold or line.bold
                self.long[title[:_LONG_PREFIX]].add(title)

    def has(self, text: str, place: _Place) -> bool:
        """Whether ``text`` is one of them, or has one behind the title of the book: "Handbook | Visitors"."""
        return any(self._has(title, place) for title in {text, _BEFORE_TITLE.split(text)[-1]})

    def _has(self, text: str, place: _Place) -> bool:
        title = bare_title(text)
        near = self.long[title[:_LONG_PREFIX]] if len(title) >= _LONG_PREFIX else {title} & self.styles.keys()
        for known in near:
            size, bold = self.styles[known]
            is_heavier = size > place.size or (bold and not place.bold)
            if title and is_heavier and (known.startswith(title) or title.startswith(known)):
                return True
        return False
