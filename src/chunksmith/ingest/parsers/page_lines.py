"""The lines of printed pages, and what is usual among them."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

_WIDE_END = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]$")
_WIDE_START = re.compile(r"^[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_USUAL_SIZE = 10.0
_USUAL_LEADING = 1.2
_FARTHEST_LINE = 4


class Line(NamedTuple):
    """Units: points; ``y`` grows upwards and is that of the baseline."""

    text: str
    x: float
    y: float
    size: float
    bold: bool
    # A table in place of lines: its text is in Markdown.
    is_table: bool = False


class Word(NamedTuple):
    """Units: points; ``y`` is that of the baseline. ``order``: of the file. ``is_fixed``: as of a typewriter."""

    text: str
    left: float
    right: float
    y: float
    order: int
    is_fixed: bool = False


class PageTable(NamedTuple):
    """Rows of cells, and the lines of the page that they were read from. ``columns`` are the left edges, in points."""

    rows: tuple[tuple[str, ...], ...]
    columns: tuple[float, ...]
    lines: frozenset[Line]


class Page(NamedTuple):
    lines: tuple[Line, ...]
    height: float
    tables: tuple[PageTable, ...] = ()


def body_size(lines: Sequence[Line]) -> float:
    """Units: points."""
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    return (weights.most_common(1)[0][0] if weights else 0.0) or _USUAL_SIZE


def line_distance(lines: Sequence[Line], body: float) -> float:
    """From one line of a paragraph to the next. Units: points, as ``body``, the size of the text."""
    gaps = [one.y - two.y for one, two in pairwise(lines) if 0 < one.y - two.y < _FARTHEST_LINE * body]
    return median(gaps) if gaps else body * _USUAL_LEADING


def joined_lines(lines: Sequence[str]) -> str:
    """The text of a paragraph in one line: words that were divided at the end of one are whole."""
    parts = list(lines[:1])
    for line in lines[1:]:
        before = parts[-1]
        if before.endswith("-") and before[-2:-1].isalpha() and line[:1].islower():
            is_compound = "-" in before.rsplit(" ", 1)[-1][:-1]
            parts[-1] = before if is_compound else before[:-1]
            parts.append(line)
        elif _runs_on(before, line):
            parts.append(line)
        else:
            parts.extend((" ", line))
    return "".join(parts)


def _runs_on(before: str, after: str) -> bool:
    """Addresses, and scripts that put no spaces between words, are broken without a mark."""
    if after.startswith("//") or (before.endswith("/") and "://" in before.rsplit(" ", 1)[-1]):
        return True
    return bool(_WIDE_END.search(before[-1:]) and _WIDE_START.match(after))
