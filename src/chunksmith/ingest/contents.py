"""Tables of contents without leaders: titles, each with the number of its page behind it."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from chunksmith.ingest.titles import bare_title, page_value

_TITLE = re.compile(
    r"^(?:\d{1,2}\.?\s+)?(?:(?:table of )?contents|toc|on this page|in this (?:article|document)|navigation|menu|"
    r"inhalt(?:sverzeichnis|sübersicht)?|table des matières|sommaire|índice)$",
    re.IGNORECASE,
)
_PAGE = re.compile(r"(?:[ \t]|[.…·_]{2})(\d{1,4}|[ivxlc]{1,6})$")
_FILL = " \t.…·_"
_WORDS = re.compile(r"[^\W\d_]{2}|[\u3040-\u30ff\u3400-\u9fff]")
_MARKS = re.compile(r"^(?:#{1,6}|[-*+•‣▪◦])[ \t]+|\*\*|__|(?<!!)\[|\]\([^)\n]{0,500}\)")
_STEPS = re.compile(r"^(?:(?:chapter|appendix|part)\s+)?(\d{1,3}(?:\.\d{1,3})*)\.?\s", re.IGNORECASE)
_ENDED = re.compile(r"[.!?,;。！？][\"'”’)\]」』]*$")
# Pages in Roman numerals come before page 1.
_BEFORE_ONE = 1000
_LONGEST_ENTRY, _LONGEST_GAP, _LONGEST_PAGE = 220, 110, 8
_LAST = frozenset("0123456789ivxlc")
_ENTRIES_PER_OUTLIER = 5
_LEAST_TITLED, _LEAST_KNOWN, _LEAST_NUMBERED = 3, 3, 5
_DEEP_SHARE = 0.3


class Run(NamedTuple):
    """Lines from ``start`` to before ``end``."""

    start: int
    end: int


class _Entry(NamedTuple):
    line: int
    title: str
    page: int
    steps: tuple[int, ...]


def is_contents_title(text: str) -> bool:
    """The title of a table of contents or a menu, of which the lines below it are the entries."""
    return bool(_TITLE.match(text.strip()))


def contents_runs(lines: Sequence[str], are_headings: Sequence[bool]) -> list[Run]:
    """Where tables of contents stand among ``lines``, with their titles.

    The numbers of the pages rise, and one thing more tells it from a table of data: a title above, headings of the
    document behind it that the entries name, or numbers of chapters and sections before them, in order.
    Shapes: ``are_headings`` as ``lines``: which of them may be a heading; runs in order and apart from each other.
    """
    entries = [_entry(at, line) for at, line in enumerate(lines)]
    last = {bare_title(lines[at]): at for at, is_heading in enumerate(are_headings) if is_heading}
    runs: list[Run] = []
    at = 0
    while at < len(lines):
        found = _entries_from(lines, entries, at) if entries[at] is not None else []
        if not found:
            at += 1
            continue
        start, end = _start(lines, found[0].line), found[-1].line + 1
        if _is_contents(found, last, end, is_titled=start < found[0].line):
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
    steps = _STEPS.match(text)
    return _Entry(
        at,
        bare_title(title),
        _page(match[1]),
        tuple(map(int, steps[1].split("."))) if steps else (),
    )


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


def _is_contents(found: Sequence[_Entry], last: dict[str, int], end: int, *, is_titled: bool) -> bool:
    if is_titled and len(found) >= _LEAST_TITLED:
        return True
    known = sum(last.get(entry.title, -1) >= end for entry in found)
    if known >= _LEAST_KNOWN and known * 2 >= len(found):
        return True
    steps = [entry.steps for entry in found if entry.steps]
    deep = sum(len(step) > 1 for step in steps)
    return (
        len(found) >= _LEAST_NUMBERED
        and len(steps) >= 0.8 * len(found)
        and deep >= _DEEP_SHARE * len(found)
        and all(before < after for before, after in pairwise(steps))
    )
