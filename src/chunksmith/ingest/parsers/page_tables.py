"""Tables of printed pages: words in columns, between ruled lines or without them."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from math import inf
from statistics import median
from typing import NamedTuple

from chunksmith.ingest.parsers.page_lines import Line, PageTable, Word, joined_lines
from chunksmith.ingest.parsers.page_marks import PageMarks
from chunksmith.ingest.parsers.table_rules import Grid, grids

_SAME_LINE = 2.0
_SAME_EDGE = 2.5
# In widths of a letter on the average, of which a space has half, and a line of text some 2.5 in height.
_CELL_GAP, _GUTTER, _WORD_SPACE = 2.0, 1.0, 0.5
_LINE, _NEAR, _FAR = 2.5, 3.5, 10.0
_LEAST_ROWS, _LEAST_GRID_ROWS, _MOST_COLUMNS = 3, 2, 25
_WIDER = 1.3
# Lines that tell the columns of the next one, so that long tables take no longer a line.
_LOOK_BACK = 20
_ALIGNED_SHARE, _ORDERED_SHARE, _FIXED_SHARE = 0.6, 0.8, 0.8
_WIDE_SHARE = 0.6
_PROSE_LENGTH, _LONGEST_CELL = 30, 1500
_MARK = re.compile(
    r"(?:[•‣▪◦·–—*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)]|\(?\d{1,3}\)?|\d{1,2}(?:\.\d{1,2})+\.?|\[\d{1,3}\])$"
)
_INDEXED = re.compile(r"\D,\s*\d{1,4}(?:[,–-]\s*\d{1,4})*$")


class _TextLine(NamedTuple):
    y: float
    words: tuple[Word, ...]


class _Row(NamedTuple):
    """``cells``: the lines of each cell."""

    lines: list[_TextLine]
    cells: list[list[list[Word]]]


def tables_of_page(words: Sequence[Word], marks: PageMarks, lines: Sequence[Line]) -> tuple[PageTable, ...]:
    """The tables among ``words``, each with those of ``lines`` that say the same, from the top of the page down.

    What no grid of ruled lines holds is a table of three rows or more in two columns or more, written row by row,
    with cells that begin or end at one height; no running text, list, index or listing of code.
    """
    if not words:
        return ()
    letter = max(1.0, median((word.right - word.left) / len(word.text) for word in words))
    rest = _text_lines(words)
    found: list[PageTable | None] = []
    for grid in grids(marks.across, marks.upright, partial(_is_in_columns, rest, letter)):
        within = _within(rest, grid.top, grid.bottom, grid.left, grid.right)
        bands = _bands(within, grid.heights)
        if bands:
            bands = _with_open_rows(bands, rest, grid, letter)
        within = [line for band in bands for line in band]
        cuts = list(grid.cuts) or _borders(within, letter)
        rows = _ruled_rows(bands, cuts, letter, is_grid=bool(grid.cuts))
        if rows is not None:
            found.append(_table(rows, lines))
            taken = {word.order for line in within for word in line.words}
            rest = _text_lines([word for line in rest for word in line.words if word.order not in taken])
    for run in _runs(rest, letter):
        rows = _free_rows(run, letter)
        if rows is not None:
            found.append(_table(rows, lines))
    return tuple(table for table in found if table is not None)


def _text_lines(words: Iterable[Word]) -> list[_TextLine]:
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: -word.y):
        if not lines or lines[-1][0].y - word.y > _SAME_LINE:
            lines.append([])
        lines[-1].append(word)
    return [_TextLine(one[0].y, tuple(sorted(one, key=lambda word: word.left))) for one in lines]


def _within(lines: Sequence[_TextLine], top: float, bottom: float, left: float, right: float) -> list[_TextLine]:
    found = []
    for line in lines:
        if bottom < line.y < top:
            words = tuple(word for word in line.words if left <= (word.left + word.right) / 2 <= right)
            if words:
                found.append(_TextLine(line.y, words))
    return found


def _is_in_columns(
    lines: Sequence[_TextLine], letter: float, top: float, bottom: float, left: float, right: float
) -> bool:
    """Whether lines are in pieces, and none runs over most of the width."""
    parts = [_segments(line, letter) for line in _within(lines, top, bottom, left, right)]
    wide = (right - left) * _WIDE_SHARE
    return any(len(one) > 1 for one in parts) and not any(
        len(one) == 1 and one[0][-1].right - one[0][0].left > wide for one in parts
    )


def _bands(lines: Sequence[_TextLine], heights: Sequence[float]) -> list[list[_TextLine]]:
    bands = ([line for line in lines if low < line.y < high] for high, low in pairwise(heights))
    return [band for band in bands if band]


def _with_open_rows(
    bands: list[list[_TextLine]], lines: Sequence[_TextLine], grid: Grid, letter: float
) -> list[list[_TextLine]]:
    """With a row above the first rule and one below the last, where a table has rules between its rows alone."""
    reach = median(one - two for one, two in pairwise(grid.heights)) * _WIDER
    leading = min((one.y - two.y for band in bands for one, two in pairwise(band)), default=_LINE * letter) * _WIDER
    over = _within(lines, inf, grid.top, grid.left, grid.right)[::-1]
    under = _within(lines, grid.bottom, -inf, grid.left, grid.right)
    known = [line for band in bands for line in band]
    fits = partial(_fits, grid.cuts, known, letter)
    first = _open_row(over, fits, grid.top, reach, leading)[::-1]
    last = _open_row(under, fits, grid.bottom, reach, leading)
    return [band for band in (first, *bands, last) if band]


def _open_row(
    lines: Sequence[_TextLine], fits: Callable[[list[_TextLine]], bool], rule: float, reach: float, leading: float
) -> list[_TextLine]:
    """The first of ``lines``, if ``rule`` is within ``reach``, and what follows it closely in the same columns."""
    row: list[_TextLine] = []
    before, limit = rule, reach
    for line in lines:
        if abs(line.y - before) > limit:
            break
        row.append(line)
        before, limit = line.y, leading
    while row and not fits(row):
        row.pop()
    return row


def _fits(cuts: Sequence[float], known: Sequence[_TextLine], letter: float, row: Sequence[_TextLine]) -> bool:
    """Whether lines fill some of the columns that stand between ``cuts``, or else apart in ``known`` lines."""
    found = cuts or _gutters([*known, *row], letter)
    if not found or (not cuts and len(found) < len(_gutters(known, letter))):
        return False
    filled = {at for line in row for at, cell in enumerate(_cells(line, found)) if cell}
    return len(filled) > 1 and not any(
        word.left < cut < word.right for line in row for word in line.words for cut in found
    )


def _ruled_rows(
    bands: Sequence[Sequence[_TextLine]], cuts: Sequence[float], letter: float, *, is_grid: bool
) -> list[_Row] | None:
    lines = [line for band in bands for line in band]
    if not cuts or len(cuts) >= _MOST_COLUMNS or _is_code(lines):
        return None
    rows = _rows(bands, cuts, letter)
    least = _LEAST_GRID_ROWS if is_grid else _LEAST_ROWS
    if len(rows) < least or not _is_filled(rows) or _longest(rows) > _LONGEST_CELL:
        return None
    return rows if is_grid or (_is_in_order(rows) and not _is_prose(lines, cuts)) else None


def _free_rows(lines: Sequence[_TextLine], letter: float) -> list[_Row] | None:
    cuts = _borders(lines, letter)
    if not cuts or len(cuts) >= _MOST_COLUMNS or _is_code(lines) or _is_prose(lines, cuts):
        return None
    rows = _rows(_by_distance(lines), cuts, letter)
    while rows and sum(1 for cell in rows[-1].cells if cell) < 2:
        rows.pop()
    if len(rows) < _LEAST_ROWS or not (_is_filled(rows) and _is_in_order(rows) and _is_aligned(rows)):
        return None
    first = [_said(row.cells[0]) for row in rows[1:] if row.cells[0]]
    marks = sum(bool(_MARK.match(text)) for text in first)
    labels = sum(text.endswith(":") for text in first)
    entries = [_said(cell) for row in rows for cell in row.cells if cell]
    is_list = (marks * 2 > len(first) and len(cuts) == 1) or labels * 2 > len(first)
    is_index = 2 * sum(bool(_INDEXED.search(text)) for text in entries) > len(entries)
    return None if is_list or is_index else rows


def _runs(lines: Sequence[_TextLine], letter: float) -> Iterator[list[_TextLine]]:
    """Lines that follow each other and stand in the same columns; in one column alone where a cell goes on."""
    run: list[_TextLine] = []
    columns = 0
    for line in lines:
        cuts = _gutters([*run[-_LOOK_BACK:], line], letter)
        if run and not _goes_on(run[-1], line, cuts, columns, letter):
            yield run
            run, columns = [], 0
            cuts = _gutters([line], letter)
        if run or cuts:
            run.append(line)
            columns = max(columns, len(cuts) + 1)
    if run:
        yield run


def _goes_on(before: _TextLine, line: _TextLine, cuts: Sequence[float], columns: int, letter: float) -> bool:
    if before.y - line.y > _FAR * letter or len(cuts) + 1 < max(2, columns):
        return False
    segments = _segments(line, letter)
    places = {bisect_right(cuts, _middle(segment)) for segment in segments}
    if len(segments) > 1:
        return len(places) > 1
    # The first cell of a row is often alone on a line: that of a heading, and of a list.
    return places != {0} or before.y - line.y <= _NEAR * letter


def _segments(line: _TextLine, letter: float) -> list[list[Word]]:
    """Words that only spaces hold apart."""
    segments = [[line.words[0]]]
    for before, word in pairwise(line.words):
        if word.left - before.right > _CELL_GAP * letter:
            segments.append([])
        segments[-1].append(word)
    return segments


def _middle(words: Sequence[Word]) -> float:
    return (words[0].left + words[-1].right) / 2


def _gutters(lines: Sequence[_TextLine], letter: float) -> list[float]:
    """Where nothing stands on any line, between things that do."""
    spans = sorted(
        (part[0].left, part[-1].right) for parts in (_segments(line, letter) for line in lines) for part in parts
    )
    cuts: list[float] = []
    reach = spans[0][1] if spans else 0.0
    for left, right in spans:
        if left - reach > _GUTTER * letter:
            cuts.append((reach + left) / 2)
        reach = max(reach, right)
    return cuts


def _borders(lines: Sequence[_TextLine], letter: float) -> list[float]:
    """Gutters, but for those before what stands on one line alone: words of it that were spread."""
    cuts = _gutters(lines, letter)
    filled = Counter(at for line in lines for at, cell in enumerate(_cells(line, cuts)) if cell)
    return [cut for at, cut in enumerate(cuts, 1) if filled[at] > 1]


def _by_distance(lines: Sequence[_TextLine]) -> list[list[_TextLine]]:
    """Lines in groups, where some stand clearly farther from each other than others; else each by itself."""
    distances = [one.y - two.y for one, two in pairwise(lines)]
    near = min(distances, default=0.0)
    far = [distance for distance in distances if distance > _WIDER * near]
    if len(far) < _LEAST_ROWS - 1:
        return [list(lines)]
    groups = [[lines[0]]]
    for line, distance in zip(lines[1:], distances, strict=True):
        if distance > _WIDER * near:
            groups.append([])
        groups[-1].append(line)
    return groups


def _rows(bands: Sequence[Sequence[_TextLine]], cuts: Sequence[float], letter: float) -> list[_Row]:
    rows: list[_Row] = []
    are_divided = len(bands) >= _LEAST_ROWS
    limits = _right_edges([line for band in bands for line in band], cuts)
    for band in bands:
        for at, line in enumerate(band):
            cells = _cells(line, cuts)
            if at and _is_of_row(rows[-1], cells, limits, letter, are_divided=are_divided):
                rows[-1].lines.append(line)
                for held, more in zip(rows[-1].cells, cells, strict=True):
                    held.extend([more] if more else [])
            else:
                rows.append(_Row([line], [[cell] if cell else [] for cell in cells]))
    return rows


def _is_of_row(
    row: _Row, cells: Sequence[list[Word]], limits: Sequence[float], letter: float, *, are_divided: bool
) -> bool:
    """Whether a line goes on with the cells above it. ``are_divided``: a rule or a distance stands between rows."""
    filled = {at for at, cell in enumerate(cells) if cell}
    above = {at for at, cell in enumerate(row.cells) if cell}
    shared = [at for at in filled if row.cells[at]]
    have_room = [
        limits[at] - row.cells[at][-1][-1].right > cells[at][0].right - cells[at][0].left + _WORD_SPACE * letter
        for at in shared
    ]
    if are_divided:
        return not (filled == above and len(filled) > 1 and any(have_room))
    return 0 not in filled and filled < above and not any(have_room)


def _cells(line: _TextLine, cuts: Sequence[float]) -> list[list[Word]]:
    cells: list[list[Word]] = [[] for _ in range(len(cuts) + 1)]
    for word in line.words:
        cells[bisect_right(cuts, (word.left + word.right) / 2)].append(word)
    return cells


def _right_edges(lines: Sequence[_TextLine], cuts: Sequence[float]) -> list[float]:
    edges = [0.0] * (len(cuts) + 1)
    for line in lines:
        for at, cell in enumerate(_cells(line, cuts)):
            edges[at] = max(edges[at], cell[-1].right if cell else 0.0)
    return edges


def _said(cell: Sequence[Sequence[Word]]) -> str:
    return joined_lines([" ".join(word.text for word in line) for line in cell])


def _is_code(lines: Sequence[_TextLine]) -> bool:
    words = [word for line in lines for word in line.words]
    return sum(word.is_fixed for word in words) > _FIXED_SHARE * len(words)


def _is_prose(lines: Sequence[_TextLine], cuts: Sequence[float]) -> bool:
    """Whether two columns or more hold running text."""
    lengths: list[list[int]] = [[] for _ in range(len(cuts) + 1)]
    for line in lines:
        for at, cell in enumerate(_cells(line, cuts)):
            if cell:
                lengths[at].append(sum(len(word.text) + 1 for word in cell))
    return sum(1 for column in lengths if column and median(column) >= _PROSE_LENGTH) > 1


def _is_filled(rows: Sequence[_Row]) -> bool:
    """Most rows have two cells at least, and most places are filled."""
    counts = [sum(1 for cell in row.cells if cell) for row in rows]
    return sum(count > 1 for count in counts) >= 0.7 * len(rows) and sum(counts) >= 0.5 * len(rows) * len(rows[0].cells)


def _longest(rows: Sequence[_Row]) -> int:
    return max(len(_said(cell)) for row in rows for cell in row.cells)


def _is_in_order(rows: Sequence[_Row]) -> bool:
    """Whether the file has it row by row: columns of text come one after the other."""
    orders = [[word.order for line in row.lines for word in line.words] for row in rows]
    steps = [max(before) < min(after) for before, after in pairwise(orders)]
    return sum(steps) >= _ORDERED_SHARE * len(steps)


def _is_aligned(rows: Sequence[_Row]) -> bool:
    """Whether cells of a column begin, end or have their middle at one place, in two columns at least."""
    columns = list(zip(*(row.cells for row in rows[1:]), strict=True))
    aligned = sum(_are_aligned([cell[0] for cell in column if cell]) for column in columns)
    return aligned > 1 and aligned >= _ALIGNED_SHARE * len(columns)


def _are_aligned(cells: Sequence[Sequence[Word]]) -> bool:
    edges = (
        [cell[0].left for cell in cells],
        [cell[-1].right for cell in cells],
        [_middle(cell) for cell in cells],
    )
    return any(
        sum(abs(place - median(places)) <= _SAME_EDGE for place in places) >= _ALIGNED_SHARE * len(places)
        for places in edges
        if places
    )


def _table(rows: Sequence[_Row], lines: Sequence[Line]) -> PageTable | None:
    """None where other lines than those of the table stand between them, so that nothing is lost or told twice."""
    words = [word for row in rows for line in row.lines for word in line.words]
    left, right = min(word.left for word in words), max(word.right for word in words)
    bottom, top = min(word.y for word in words), max(word.y for word in words)
    held = [
        line
        for line in lines
        if bottom - _SAME_LINE <= line.y <= top + _SAME_LINE and left - _SAME_EDGE <= line.x <= right
    ]
    if not _say_the_same((word.text for word in words), (line.text for line in held)):
        return None
    cells = tuple(tuple(_said(cell) for cell in row.cells) for row in rows)
    columns = tuple(
        min((line[0].left for row in rows for line in row.cells[at]), default=left) for at in range(len(cells[0]))
    )
    return PageTable(cells, columns, frozenset(held))


def _say_the_same(some: Iterable[str], others: Iterable[str]) -> bool:
    one, two = (Counter(char for text in texts for char in text if char.isalnum()) for texts in (some, others))
    return sum(((one - two) + (two - one)).values()) <= one.total() // 100
