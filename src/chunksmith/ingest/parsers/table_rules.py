"""Grids of ruled lines on a page."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from chunksmith.ingest.parsers.page_marks import Rule

_SAME = 1.5
_SAME_END = 4.0
_GAP = 3.0
_SHORTEST = 40.0
_LEAST_HEIGHTS = 3
_UPRIGHT_SHARE = 0.6
_SHORTER_SHARE = 0.5
_DOUBLE = 6.0


class Grid(NamedTuple):
    """``heights``, of the rules across, from the top down; ``cuts``, places of the rules between columns, if any."""

    left: float
    right: float
    heights: tuple[float, ...]
    cuts: tuple[float, ...]

    @property
    def top(self) -> float:
        return self.heights[0]

    @property
    def bottom(self) -> float:
        return self.heights[-1]


# Whether text between two heights and two sides, in the order of the arguments, stands in columns.
InColumns = Callable[[float, float, float, float], bool]


def grids(across: Sequence[Rule], upright: Sequence[Rule], is_in_columns: InColumns) -> list[Grid]:
    """Rules of one width under each other, between which rules stand upright or text ``is_in_columns``.

    Shapes: from the top of the page down.
    """
    found: list[Grid] = []
    merged = _merged(across)
    for group in _of_one_width(merged):
        left, right = min(rule.start for rule in group), max(rule.end for rule in group)
        heights = [group[0].at]
        for before, rule in pairwise(group):
            if not (
                _are_joined(before.at, rule.at, left, right, upright) or is_in_columns(before.at, rule.at, left, right)
            ):
                found.append(_grid(left, right, heights, merged, upright))
                heights = []
            heights.append(rule.at)
        found.append(_grid(left, right, heights, merged, upright))
    return sorted((grid for grid in found if len(grid.heights) >= _LEAST_HEIGHTS), key=lambda grid: -grid.top)


def _merged(rules: Sequence[Rule]) -> list[Rule]:
    """Pieces of one line joined, from the top down."""
    merged: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: (-round(rule.at), rule.start)):
        last = merged[-1] if merged else None
        if last and abs(last.at - rule.at) <= _SAME and rule.start <= last.end + _GAP:
            merged[-1] = Rule(last.at, min(last.start, rule.start), max(last.end, rule.end))
        else:
            merged.append(rule)
    return [rule for rule in merged if rule.end - rule.start >= _SHORTEST]


def _of_one_width(rules: Sequence[Rule]) -> list[list[Rule]]:
    groups: list[list[Rule]] = []
    for rule in rules:
        for group in groups:
            if abs(group[0].start - rule.start) <= _SAME_END and abs(group[0].end - rule.end) <= _SAME_END:
                if group[-1].at - rule.at > _SAME:
                    group.append(rule)
                break
        else:
            groups.append([rule])
    return [group for group in groups if len(group) >= _LEAST_HEIGHTS]


def _are_joined(top: float, bottom: float, left: float, right: float, upright: Sequence[Rule]) -> bool:
    """Whether rules stand upright between two that lie across, or these are one drawn double."""
    sides = {round(rule.at) for rule in upright if _is_between(rule.at, left, right) and _covers(rule, top, bottom)}
    return len(sides) > 1 or top - bottom <= _DOUBLE


def _is_between(place: float, left: float, right: float) -> bool:
    return left - _SAME_END <= place <= right + _SAME_END


def _covers(rule: Rule, top: float, bottom: float) -> bool:
    return min(rule.end, top) - max(rule.start, bottom) >= _UPRIGHT_SHARE * (top - bottom)


def _grid(left: float, right: float, heights: Sequence[float], across: Sequence[Rule], upright: Sequence[Rule]) -> Grid:
    if len(heights) < _LEAST_HEIGHTS:
        return Grid(left, right, tuple(heights), ())
    top, bottom = heights[0], heights[-1]
    lengths: dict[float, float] = {}
    for rule in sorted(upright):
        if _is_between(rule.at, left, right):
            at = next((known for known in lengths if abs(known - rule.at) <= _SAME), rule.at)
            lengths[at] = lengths.get(at, 0.0) + max(0.0, min(rule.end, top) - max(rule.start, bottom))
    cuts = [at for at, length in lengths.items() if length >= _UPRIGHT_SHARE * (top - bottom)]
    inner = tuple(sorted(at for at in cuts if left + _SAME_END < at < right - _SAME_END))
    # Below a cell that spans rows, the rules are shorter.
    shorter = {
        rule.at
        for rule in across
        if _is_between(rule.start, left, right) and _is_between(rule.end, left, right) and bottom < rule.at < top
        if rule.end - rule.start >= _SHORTER_SHARE * (right - left)
    }
    return Grid(left, right, tuple(sorted(shorter.union(heights), reverse=True)), inner)
