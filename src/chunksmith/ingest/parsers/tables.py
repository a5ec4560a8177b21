"""Rows of cells as Markdown tables."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chunksmith.errors import DocumentUnreadable

MAX_CELLS = 5_000_000
_LONGEST_REPEATED = 200
_WHITE_SPACE = re.compile(r"\s+")


class Cell(NamedTuple):
    """``rows`` and ``columns`` are the places that the cell spans, at least one each."""

    text: str
    rows: int = 1
    columns: int = 1


class Span(NamedTuple):
    """The places of a grid that belong to the cell at ``row`` and ``column``, its first."""

    row: int
    column: int
    rows: int
    columns: int


def in_columns(rows: Sequence[Sequence[Cell]], headers: int = 1) -> list[list[str]]:
    """The text of each cell in its column, whatever the cells before it span; see ``repeat_spanned``.

    Errors: DocumentUnreadable ``too_large`` above ``MAX_CELLS`` places.
    """
    grid: list[list[str]] = []
    spans: list[Span] = []
    last_rows: dict[int, int] = {}
    count = 0
    for at, row in enumerate(rows):
        last_rows = {column: last for column, last in last_rows.items() if last >= at}
        line: list[str] = []
        for cell in row:
            while len(line) in last_rows:
                line.append("")
            if cell.rows == cell.columns == 1:
                line.append(cell.text)
                continue
            span = Span(at, len(line), cell.rows, cell.columns)
            _check_size(count + len(line) + span.columns)
            if span.rows > 1:
                last_rows.update(dict.fromkeys(range(span.column, span.column + span.columns), at + span.rows - 1))
            spans.append(span)
            line.extend([cell.text, *[""] * (span.columns - 1)])
        line.extend([""] * (max(last_rows, default=-1) + 1 - len(line)))
        count += len(line)
        _check_size(count)
        grid.append(line)
    repeat_spanned(grid, spans, headers)
    return grid


def repeat_spanned(grid: Sequence[list[str]], spans: Sequence[Span], headers: int = 1) -> None:
    """Write what a cell spans downwards into each row, so that each row can be read alone.

    What it spans to the right stays empty, but for the first ``headers`` rows: there it is the heading of each of its
    columns that hold anything, unless it is the only one. Passages are not repeated, nor are rows made of nothing else.
    Errors: DocumentUnreadable ``too_large`` above ``MAX_CELLS`` places.
    """
    if not spans:
        return
    has_words = [any(row) for row in grid]
    several = [sum(1 for text in row if text) > 1 for row in grid[:headers]]
    columns = {column for row in grid for column, text in enumerate(row) if text}
    width = max(map(len, grid))
    count = 0
    for span in spans:
        text = grid[span.row][span.column]
        if not text or len(text) > _LONGEST_REPEATED:
            continue
        is_heading = span.row < headers and several[span.row]
        last_row = min(span.row + span.rows, len(grid))
        last_column = min(span.column + (span.columns if is_heading else 1), width)
        count += (last_row - span.row) * (last_column - span.column)
        _check_size(count)
        for row in range(span.row, last_row):
            if has_words[row]:
                for column in columns.intersection(range(span.column, min(last_column, len(grid[row])))):
                    grid[row][column] = grid[row][column] or text


def _check_size(count: int) -> None:
    if count > MAX_CELLS:
        raise DocumentUnreadable("too_large", f"A table has more than {MAX_CELLS:,} cells.")


def markdown_table(rows: Iterable[Sequence[str]]) -> str:
    """The first row is the header. Empty rows and columns that are empty throughout are left out."""
    cells = [[_cell(value) for value in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(map(len, cells))
    cells = [row + [""] * (width - len(row)) for row in cells]
    kept = [column for column in range(width) if any(row[column] for row in cells)]
    lines = ["| " + " | ".join(row[column] for column in kept) + " |" for row in cells]
    return "\n".join([lines[0], "|" + " --- |" * len(kept), *lines[1:]])


def _cell(value: str) -> str:
    return _WHITE_SPACE.sub(" ", value).strip().replace("|", "\\|")
