"""Rows of cells as Markdown tables."""

import re
from collections.abc import Iterable, Sequence

_WHITE_SPACE = re.compile(r"\s+")


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
