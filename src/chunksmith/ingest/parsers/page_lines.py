"""The lines of printed pages, and what is usual among them."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

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


class Page(NamedTuple):
    lines: tuple[Line, ...]
    height: float


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
