"""Tables of contents without leaders: titles, each with the number of its page behind it."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chunksmith.ingest.titles import page_value, unnumbered_title

_TITLE = re.compile(
    r"^(?:\d{1,2}\.?\s+)?(?:(?:table of )?contents|toc|on this page|in this (?:article|document)|navigation|menu|"
    r"inhalt(?:sverzeichnis|sübersicht)?|table des matières|sommaire|índice)$",
    re.IGNORECASE,
)
_PAGE = re.compile(r"(?:[ \t]|[.…·_]{2})(\d{1,4}|[ivxlc]{1,6})$")
_FILL = " \t.…·_"
_WORDS = re.compile(r"[^\W\d_]{2}|[\u3040-\u30ff\u3400-\u9fff]")
_MARKS = re.compile(r"^(?:#{1,6}|[-*+•‣▪◦])[ \t]+|\*\*|__|(?<!!)\[|\]\([^)\n]{0,500}\)")
_ENDED = re.compile(r"[.!?,;。！？][\"'”’)\]」』]*$")
# A number behind one of these words belongs to what is said.
_GOES_ON = re.compile(
    r"(?:^|\s)(?:in|on|at|of|by|to|for|from|with|than|until|since|and|or|is|are|was|were|has|have|had|costs?|the|a|an|"
    r"im|am|um|von|bis|seit|für|mit|und|oder|ist|sind|war|waren|hat|haben|kostet|en|de|à|et|est|a|es)$",
    re.IGNORECASE,
)
# Pages in Roman numerals come before page 1.
_BEFORE_ONE = 1000
_LONGEST_ENTRY, _LONGEST_GAP, _LONGEST_PAGE = 220, 110, 8
_LAST = frozenset("0123456789ivxlc")
_ENTRIES_PER_OUTLIER = 5
_LEAST_TITLED, _LEAST_KNOWN = 3, 3


class Run(NamedTuple):
    """Lines from ``start`` to before ``end``."""

    start: int
    end: int


class _Entry(NamedTuple):
    line: int
    title: str
    page: int


def is_contents_title(text: str) -> bool:
    """The title of a table of contents or a menu, of which the lines below it are the entries."""
    return bool(_TITLE.match(text.strip()))


def contents_runs(
    lines: Sequence[str], are_headings: Sequence[bool], *, pages: Sequence[int] = (), page_count: int = 0
) -> list[Run]:
    """Where tables of contents stand among ``lines``, with their titles.

    The numbers of the pages rise, as those of prices and times do, so that the document has to bear it out: at least
    half of the entries are headings further down, in the same order. On paper a title above on the same page does,
    too, if the document has so many pages and no entry is a sentence.
    Shapes: ``are_headings`` as ``lines``: which of them may be a heading; so ``pages``, on which each stands, empty
    where there are none; runs in order and apart from each other.
    """
    entries = [_entry(at, line) for at, line in enumerate(lines)]
    headings: defaultdict[str, list[int]] = defaultdict(list)
    for at, is_heading in enumerate(are_headings):
        if is_heading:
            headings[unnumbered_title(_MARKS.sub("", lines[at]))].append(at)
    runs: list[Run] = []
    at = 0
    while at < len(lines):
        found = _entries_from(lines, entries, at) if entries[at] is not None else []
        if not found:
            at += 1
            continue
        first, end = found[0].line, found[-1].line + 1
        start = _start(lines, first)
        is_titled = start < first and bool(pages) and pages[start] == pages[first]
        if (is_titled and _may_be_pages(found, page_count)) or _names_headings(found, headings, end):
            runs.append(Run(start, end))
        at = end
    return runs


def _entry(at: int, line: str) -> _Entry | None:
    if len(line) > _LONGEST_ENTRY or line.rstrip(" \t*_")[-1:].lower() not in _LAST:
        return None
    text = _MARKS.sub("", line.strip()).strip()
    match = _PAGE.search(text[-_LONGEST_PAGE:])
    title = text[: -len(match[0])].rstrip(_FILL) if match else ""
    if match is None or not _WORDS.search(title) or title.endswith((",", ";", ":", "=")):
        return None
    return _Entry(at, unnumbered_title(title), _page(match[1]))


def _page(digits: str) -> int:
    return page_value(digits) - (0 if digits.isdecimal() else _BEFORE_ONE)


def _entries_from(lines: Sequence[str], entries: Sequence[_Entry | None], start: int) -> list[_Entry]:
    """Entries in order, between which single lines may stand: the first of two that a title goes over.

    A line that ends in a number of its own, a year say, is none of them.
    """
    found: list[_Entry] = []
    between = outliers = 0
    for at in range(start, len(lines)):
        entry = entries[at]
        if entry is not None:
            if found and entry.page < found[-1].page:
                outliers += 1
                if entry.page < (found[-2].page if len(found) > 1 else entry.page + 1) or (
                    outliers * _ENTRIES_PER_OUTLIER > len(found)
                ):
                    break
                found.pop()
            found.append(entry)
            between = 0
        elif lines[at].strip():
            between += 1
            if between > 1 or len(lines[at]) > _LONGEST_GAP or _ENDED.search(lines[at].strip()):
                break
    return found


def _start(lines: Sequence[str], first: int) -> int:
    """Where the title above the first entry stands; else ``first``. "Page" may stand between them."""
    above = [at for at in range(max(0, first - 6), first) if lines[at].strip()][-2:]
    for at in reversed(above):
        if is_contents_title(_MARKS.sub("", lines[at].strip()).strip(" *_:")):
            return at
        if len(lines[at].split()) > 1:
            break
    return first


def _may_be_pages(found: Sequence[_Entry], page_count: int) -> bool:
    """Whether the numbers behind the titles may be those of the pages of the document."""
    return (
        len(found) >= _LEAST_TITLED
        and found[0].page < found[-1].page
        and all(entry.page <= page_count and not _is_sentence(entry.title) for entry in found)
    )


def _is_sentence(title: str) -> bool:
    return bool(_ENDED.search(title) and not title.endswith("?")) or bool(_GOES_ON.search(title))


def _names_headings(found: Sequence[_Entry], headings: Mapping[str, Sequence[int]], end: int) -> bool:
    """Whether half of the entries are headings from ``end`` on, in the same order: their longest row that rises.

    Of titles that stand several times, the second entry is the second heading.
    """
    times: Counter[str] = Counter()
    ends_of_rows: list[int] = []
    for title in (entry.title for entry in found):
        places = headings.get(title, ())
        nth = bisect_left(places, end) + times[title]
        times[title] += 1
        if nth < len(places):
            length = bisect_left(ends_of_rows, places[nth])
            ends_of_rows[length : length + 1] = [places[nth]]
    return len(ends_of_rows) >= _LEAST_KNOWN and 2 * len(ends_of_rows) >= len(found)
