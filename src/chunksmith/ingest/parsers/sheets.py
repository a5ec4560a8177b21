"""XLSX, XLSB, XLS and ODS: every sheet that is shown, as a table or as records."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits
from chunksmith.ingest.parsers.record_text import rows_text
from chunksmith.ingest.parsers.sparse_sheets import without_empty_places
from chunksmith.ingest.parsers.tables import MAX_CELLS, Span, repeat_spanned

Cell = int | float | str | bool | time | date | datetime | timedelta
_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def parse_sheet(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    del name, limits
    parts: list[str] = []
    cells = 0
    try:
        book = CalamineWorkbook.from_object(without_empty_places(path) if zipfile.is_zipfile(path) else path)
        hidden = [sheet.name for sheet in book.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible]
        for sheet_name in book.sheet_names:
            if sheet_name in hidden:
                continue
            sheet = book.get_sheet_by_name(sheet_name)
            cells += sheet.total_height * sheet.total_width
            if cells > MAX_CELLS:
                raise DocumentUnreadable("too_large", f"The workbook has more than {MAX_CELLS:,} cells.")
            grid = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=True)]
            repeat_spanned(grid, list(_spans(sheet)))
            text = rows_text(grid, 3)
            if text:
                parts.append(f"## {sheet_name}\n\n{text}")
    except PasswordError as exc:
        raise DocumentUnreadable("encrypted", "The workbook is protected by a password.") from exc
    except (CalamineError, OSError, ValueError) as exc:
        raise DocumentUnreadable("corrupt", f"The workbook is damaged: {exc}") from exc
    warnings = (f"Hidden sheets were left out: {', '.join(hidden)}.",) if hidden else ()
    if not parts:
        raise DocumentUnreadable("empty", " ".join(("The workbook has no cells with content.", *warnings)))
    return ParsedDocument("\n\n".join(parts), _MEDIA_TYPE, warnings=warnings)


def _spans(sheet: CalamineSheet) -> Iterator[Span]:
    """The merged cells whose first one is in the area that has cells."""
    top, left = sheet.start or (0, 0)
    for (row, column), (last_row, last_column) in sheet.merged_cell_ranges or ():
        at = Span(row - top, column - left, last_row - row + 1, last_column - column + 1)
        if 0 <= at.row < sheet.height and 0 <= at.column < sheet.width:
            yield at


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)
