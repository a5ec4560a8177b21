"""Workbooks whose cells lie far apart."""

import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers import parse_file


def _read(tmp_path: Path, *sheets: dict[str, Any]) -> str:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, cells in enumerate(sheets, 1):
        sheet = book.create_sheet(f"Sheet {number}")
        for place, value in cells.items():
            sheet[place] = value
            if value is None:
                sheet[place].font = Font(bold=True)
    path = tmp_path / "towers.xlsx"
    book.save(path)
    return parse_file(path, path.name).text


def test_cell_in_the_far_corner_is_read(tmp_path: Path) -> None:
    text = _read(tmp_path, {"A1": "Tower", "C1": "Height", "A3": "Eddystone", "C3": 49, "XFD1048576": "far"})
    assert text == ("## Sheet 1\n\n| Tower | Height |  |\n| --- | --- | --- |\n| Eddystone | 49 |  |\n|  |  | far |")


def test_far_cell_whose_place_stands_in_single_quotes_is_read(tmp_path: Path) -> None:
    _read(tmp_path, {"A1": "Tower", "XFD1048576": "far"})
    path = tmp_path / "quoted.xlsx"
    with zipfile.ZipFile(tmp_path / "towers.xlsx") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("xl/worksheets/"):
                content = re.sub(rb'(<c r|<dimension ref)="([^"]*)"', rb"\1='\2'", content)
            target.writestr(name, content)
    assert parse_file(path, path.name).text == "## Sheet 1\n\n| Tower |  |\n| --- | --- |\n|  | far |"


def test_cells_far_apart_keep_their_order_and_kind(tmp_path: Path) -> None:
    text = _read(tmp_path, {"Z9": date(1959, 10, 16), "AAA9": 1.5, "ZZ9": True, "B1000000": "last", "AA9": 7})
    assert text.splitlines()[2:] == [
        "|  | 1959-10-16 | 7 | TRUE | 1.5 |",
        "| --- | --- | --- | --- | --- |",
        "| last |  |  |  |  |",
    ]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheet_is_named_in_a_warning_alone(tmp_path: Path, state: str) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = "Tower"
    book.create_sheet("Keys")["A1"] = "a secret"
    book["Keys"].sheet_state = state
    path = tmp_path / "towers.xlsx"
    book.save(path)
    document = parse_file(path, path.name)
    assert (document.text, document.warnings) == (
        "## Sheet\n\n| Tower |\n| --- |",
        ("Hidden sheets were left out: Keys.",),
    )


def test_rows_and_columns_that_a_filter_hides_are_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (("Tower", "Height"), ("Eddystone", 49), ("Fastnet", 54)):
        sheet.append(row)
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    path = tmp_path / "towers.xlsx"
    book.save(path)
    assert "| Eddystone | 49 |" in parse_file(path, path.name).text


def test_sheets_beside_one_with_cells_far_apart_stay_as_they_are(tmp_path: Path) -> None:
    text = _read(tmp_path, {"A1": "near", "XFD1048576": "far"}, {"B2": "Tower", "B4": "Eddystone"})
    assert text.endswith("## Sheet 2\n\n| Tower |\n| --- |\n| Eddystone |")


def test_far_cell_of_nothing_but_a_format_is_no_cell(tmp_path: Path) -> None:
    assert _read(tmp_path, {"A1": "Tower", "A2": "Eddystone", "XFD1048576": None}).endswith("| Eddystone |")


def test_workbook_with_too_many_places_between_its_cells_is_too_large(tmp_path: Path) -> None:
    letters = openpyxl.utils.get_column_letter
    with pytest.raises(DocumentUnreadable) as caught:
        _read(tmp_path, {f"{letters(1 + number % 16_000)}{1 + number * 100}": "x" for number in range(2_500)})
    assert caught.value.kind == "too_large"
