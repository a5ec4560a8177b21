"""Tables with merged cells, broken lines and paragraphs in their cells, in each format that has them."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pptx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.table import Table

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers import parse_file
from word_parts import word_document

_TOWERS = (("Tower", "Height", "Cost"), ("Eddystone", "49 m", "10"), ("Bell Rock", "35 m", "20"))
_PLAIN = "| Tower | Height | Cost |\n| --- | --- | --- |\n| Eddystone | 49 m | 10 |\n| Bell Rock | 35 m | 20 |"


def _word(tmp_path: Path, change: Callable[[Table], object], rows: tuple[tuple[str, ...], ...] = _TOWERS) -> str:
    document = word_document()
    document.add_paragraph("What each tower costs.")
    table = document.add_table(len(rows), len(rows[0]))
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            table.cell(at, column).text = text
    change(table)
    path = tmp_path / "towers.docx"
    document.save(str(path))
    return parse_file(path, path.name).text.removeprefix("What each tower costs.\n\n")


def _html(tmp_path: Path, table: str) -> str:
    path = tmp_path / "towers.html"
    path.write_text(f"<html><body><p>What each tower costs.</p>{table}</body></html>")
    return parse_file(path, path.name).text.removeprefix("What each tower costs.\n\n")


def _merge(row: int, column: int, last_row: int, last_column: int) -> Callable[[Table], object]:
    def merge(table: Table) -> None:
        for at in range(row, last_row + 1):
            for place in range(column, last_column + 1):
                if (at, place) != (row, column):
                    table.cell(at, place).text = ""
        merged = table.cell(row, column).merge(table.cell(last_row, last_column))
        merged.text = merged.text.strip()

    return merge


def test_word_cell_that_spans_rows_stands_in_each(tmp_path: Path) -> None:
    text = _word(tmp_path, _merge(1, 0, 2, 0))
    assert text.splitlines()[2:] == ["| Eddystone | 49 m | 10 |", "| Eddystone | 35 m | 20 |"]


def test_word_cell_that_spans_columns_leaves_the_next_in_theirs(tmp_path: Path) -> None:
    assert _word(tmp_path, _merge(2, 0, 2, 1)).splitlines()[3] == "| Bell Rock |  | 20 |"


def test_word_row_that_begins_later_keeps_its_columns(tmp_path: Path) -> None:
    def begin_later(table: Table) -> None:
        row = table.rows[2]._tr
        row.remove(row.tc_lst[0])
        before = OxmlElement("w:gridBefore")
        before.set(qn("w:val"), "1")
        row.get_or_add_trPr().append(before)

    assert _word(tmp_path, begin_later).splitlines()[2:] == ["| Eddystone | 49 m | 10 |", "|  | 35 m | 20 |"]


def test_word_heading_that_spans_columns_stands_above_each(tmp_path: Path) -> None:
    assert _word(tmp_path, _merge(0, 0, 0, 1)).splitlines()[0] == "| Tower | Tower | Cost |"


def test_word_cell_with_two_paragraphs_is_one_line_of_its_table(tmp_path: Path) -> None:
    text = _word(tmp_path, lambda table: table.cell(2, 1).add_paragraph("rebuilt"))
    assert text == _PLAIN.replace("35 m", "35 m rebuilt")


def test_line_break_in_a_word_cell_is_a_space(tmp_path: Path) -> None:
    text = _word(tmp_path, lambda table: table.cell(2, 1).paragraphs[0].add_run("\nrebuilt"))
    assert text == _PLAIN.replace("35 m", "35 m rebuilt")


def test_word_table_of_lists_is_a_table(tmp_path: Path) -> None:
    def to_lists(table: Table) -> None:
        for row in table.rows[1:]:
            for cell in row.cells:
                cell.paragraphs[0].style = "List Bullet"

    assert _word(tmp_path, to_lists) == _PLAIN


def test_word_table_in_a_cell_keeps_its_words_there(tmp_path: Path) -> None:
    def nest(table: Table) -> None:
        inner = table.cell(2, 1).add_table(1, 2)
        inner.cell(0, 0).text = "since"
        inner.cell(0, 1).text = "1811"

    assert _word(tmp_path, nest) == _PLAIN.replace("35 m", "35 m since 1811")


def test_word_table_of_links_is_no_menu(tmp_path: Path) -> None:
    def link(table: Table) -> None:
        for row in table.rows:
            for cell in row.cells:
                run = cell.paragraphs[0].runs[0]._r
                hyperlink = OxmlElement("w:hyperlink")
                hyperlink.set(qn("w:anchor"), "towers")
                run.addprevious(hyperlink)
                hyperlink.append(run)

    assert _word(tmp_path, link) == _PLAIN


def test_word_table_of_headed_sections_frames_its_text(tmp_path: Path) -> None:
    def sections(table: Table) -> None:
        for row in table.rows:
            for cell in row.cells:
                cell.paragraphs[0].style = "Heading 2"
                cell.add_paragraph("The keeper lights the lamp at dusk and trims the wick before the night ends.")

    told = _word(tmp_path, sections)
    assert "## Tower" in told
    assert "|" not in told


def test_word_table_of_one_cell_frames_its_text(tmp_path: Path) -> None:
    assert _word(tmp_path, lambda table: None, (("Mind the tide.",),)) == "Mind the tide."


@pytest.mark.parametrize(
    ("table", "text"),
    [
        pytest.param(
            "<tr><th>Tower<th>Year<th>Cost<tr><td rowspan=2>Eddystone<td>1759<td>10<tr><td>1882<td>20",
            "| Tower | Year | Cost |\n| --- | --- | --- |\n| Eddystone | 1759 | 10 |\n| Eddystone | 1882 | 20 |",
            id="rows",
        ),
        pytest.param(
            "<tr><th>Tower<th>Year<th>Cost<tr><td colspan=2>Eddystone<td>10<tr><td>Bell Rock<td>1811<td>20",
            "| Tower | Year | Cost |\n| --- | --- | --- |\n| Eddystone |  | 10 |\n| Bell Rock | 1811 | 20 |",
            id="columns",
        ),
        pytest.param(
            "<tr><th rowspan=2>Tower<th colspan=2>Size<tr><th>Height<th>Width<tr><td>Eddystone<td>49 m<td>8 m",
            "| Tower | Size | Size |\n| --- | --- | --- |\n| Tower | Height | Width |\n| Eddystone | 49 m | 8 m |",
            id="headings above headings",
        ),
        pytest.param(
            "<tr><th colspan=2>Towers<tr><td>Eddystone<td>49 m",
            "| Towers |  |\n| --- | --- |\n| Eddystone | 49 m |",
            id="a heading alone",
        ),
        pytest.param(
            "<tr><th>Tower<th colspan=9>Height<tr><td>Eddystone<td>49 m",
            "| Tower | Height |\n| --- | --- |\n| Eddystone | 49 m |",
            id="more columns than there are",
        ),
        pytest.param(
            "<tr><th>Tower<th>Height<tr><td rowspan=0>Eddystone<td>49 m<tr><td>51 m<tbody><tr><td>Bell Rock<td>35 m",
            "| Tower | Height |\n| --- | --- |\n| Eddystone | 49 m |\n| Eddystone | 51 m |\n| Bell Rock | 35 m |",
            id="to the end of a section",
        ),
        pytest.param(
            "<tr><th>Tower<th>Height<tr><td rowspan=2>Eddystone<td rowspan=2>49 m<tr></tr><tr><td>Bell Rock<td>35 m",
            "| Tower | Height |\n| --- | --- |\n| Eddystone | 49 m |\n| Bell Rock | 35 m |",
            id="a row of nothing else",
        ),
    ],
)
def test_html_cells_stand_in_their_columns(tmp_path: Path, table: str, text: str) -> None:
    assert _html(tmp_path, f"<table>{table}</table>") == text


def test_passage_that_spans_rows_is_not_repeated(tmp_path: Path) -> None:
    passage = "The tower was moved to the Hoe. " * 10
    table = f"<tr><th>Year<th>What<tr><td>1882<td rowspan=2>{passage}<tr><td>1884"
    assert _html(tmp_path, f"<table>{table}</table>").splitlines()[-1] == "| 1884 |  |"


@pytest.mark.parametrize(
    "cell",
    ["35 m<br>rebuilt", "<p>35 m</p><p>rebuilt</p>", "35 m<ul><li>rebuilt</ul>", "<div>35 m</div>rebuilt"],
    ids=["line break", "paragraphs", "list", "division"],
)
@pytest.mark.parametrize("heading", ["td", "th"])
def test_html_cell_of_several_lines_is_one_line_of_its_table(tmp_path: Path, cell: str, heading: str) -> None:
    table = f"<tr><{heading}>Tower<{heading}>Height<tr><td>Bell Rock<td>{cell}<tr><td>Eddystone, off Plymouth<td>49 m"
    assert _html(tmp_path, f"<table>{table}</table>") == (
        "| Tower | Height |\n| --- | --- |\n| Bell Rock | 35 m rebuilt |\n| Eddystone, off Plymouth | 49 m |"
    )


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("set <code>LAMP</code> to <tt>on</tt>", "set `LAMP` to `on`"),
        ("<code>a|b</code>", "`a\\|b`"),
        ("<code><kbd>F1</kbd></code>", "`F1`"),
        ("<p>See <code>lamp</code></p><p>or <b>oil</b>.", "See `lamp` or oil."),
    ],
    ids=["words", "bar", "code in code", "paragraphs"],
)
def test_code_in_a_cell_keeps_its_backticks(tmp_path: Path, cell: str, text: str) -> None:
    table = f"<tr><th>Key<th>What<tr><td>one<td>{cell}"
    assert _html(tmp_path, f"<table>{table}</table>").splitlines()[-1] == f"| one | {text} |"


def test_caption_of_a_table_stands_before_it(tmp_path: Path) -> None:
    table = "<caption>Towers by <code>height</code></caption><tr><td>Bell Rock<td>35 m<tr><td>Eddystone<td>49 m"
    assert _html(tmp_path, f"<table>{table}</table>") == (
        "Towers by `height`\n\n| Bell Rock | 35 m |\n| --- | --- |\n| Eddystone | 49 m |"
    )


@pytest.mark.parametrize("how", ["hidden", "style='display: none'", "style='visibility:collapse'"])
def test_hidden_row_of_a_table_is_left_out(tmp_path: Path, how: str) -> None:
    table = f"<tr><th>Tower<th>Height<tr {how}><td>Ghost<td>0 m<tr><td>Bell Rock<td>35 m"
    assert _html(tmp_path, f"<table>{table}</table>") == "| Tower | Height |\n| --- | --- |\n| Bell Rock | 35 m |"


def test_hidden_column_of_a_table_is_left_out(tmp_path: Path) -> None:
    table = "<tr><th>Tower<th hidden>Key<th>Height<tr><td>Bell Rock<td style='display:none'>7<td>35 m"
    assert _html(tmp_path, f"<table>{table}</table>") == "| Tower | Height |\n| --- | --- |\n| Bell Rock | 35 m |"


def test_hidden_section_of_a_table_is_left_out(tmp_path: Path) -> None:
    table = "<tr><th>Tower<th>Height<tr><td>Bell Rock<td>35 m<tbody hidden><tr><td>Ghost<td>0 m</tbody>"
    assert _html(tmp_path, f"<table>{table}</table>") == "| Tower | Height |\n| --- | --- |\n| Bell Rock | 35 m |"


def test_hidden_words_of_a_cell_are_left_out(tmp_path: Path) -> None:
    table = "<tr><th>Tower<th>Height<tr><td>Bell Rock<td><span style='display:none'>035</span>35 m<style>p{}</style>"
    assert _html(tmp_path, f"<table>{table}</table>").endswith("| Bell Rock | 35 m |")


@pytest.mark.parametrize(
    "table",
    [
        pytest.param("<table role=presentation><tr><td>Towers<td>Ships<tr><td>one<td>two</table>", id="by its role"),
        pytest.param("<table><tr><td>Towers<td>Ships</table>", id="of one row"),
        pytest.param(
            "<table><tr><th>Menu<th>Welcome<tr><td>Towers<td><h2>Ships</h2><p>A ship carries the oil.</table>",
            id="with a headed page below headings",
        ),
        pytest.param("<table><tr><td>Towers<tr><td>Ships</table>", id="of one column"),
        pytest.param(
            "<table><tr><td>Towers<td>Ships<tr><td>one<td><h2>Two</h2><p>The text of the page.</table>",
            id="with the page in a cell",
        ),
        pytest.param(
            f"<table><tr><td>Towers<td>Ships<tr><td>one<td><p>{'Long prose. ' * 40}<p>More.</table>", id="of long prose"
        ),
        pytest.param(
            "<table><tr><th>Towers<th>Ships<tr><td><ul><li>one</ul><td><ul><li>two</ul>"
            "<tr><td><ul><li>three</ul><td><pre>four</pre></table>",
            id="of blocks under headings",
        ),
    ],
)
def test_html_table_that_lays_out_the_page_is_no_table(tmp_path: Path, table: str) -> None:
    text = _html(tmp_path, table)
    assert "Towers" in text
    assert "|" not in text


def test_table_that_spans_more_places_than_a_table_may_have_is_refused(tmp_path: Path) -> None:
    row = "<td rowspan=65534 colspan=1000>x" * 10
    with pytest.raises(DocumentUnreadable) as caught:
        _html(tmp_path, f"<table>{f'<tr>{row}' * 1_000}</table>")
    assert caught.value.kind == "too_large"


_MERGED = "| Tower | Size | Size |\n| --- | --- | --- |\n| Eddystone | 49 m | 1759 |\n| Eddystone | 51 m |  |"
_MERGED_ROWS = (("Tower", "Size", ""), ("Eddystone", "49 m", "1759"), ("", "51 m", ""))


def test_merged_cells_of_a_sheet_stand_in_their_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for at, row in enumerate(_MERGED_ROWS, 3):
        for column, text in enumerate(row, 2):
            sheet.cell(at, column, text or None)
    for places in ("C3:D3", "B4:B5", "C5:D5", "A8:A9"):
        sheet.merge_cells(places)
    # Whole columns, up to the last row of the sheet. merge_cells would make each of their six million cells.
    sheet.merged_cells.add("H1:M1048576")
    sheet.cell(1_048_576, 13)
    path = tmp_path / "towers.xlsx"
    book.save(path)
    assert parse_file(path, path.name).text == f"## Sheet\n\n{_MERGED}"


def test_title_above_a_sheet_is_not_repeated(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("Towers", None), ("Tower", "Height"), ("Eddystone", "49 m")):
        sheet.append(row)
    sheet.merge_cells("A1:B1")
    path = tmp_path / "towers.xlsx"
    book.save(path)
    assert parse_file(path, path.name).text.splitlines()[2] == "| Towers |  |"


def test_merged_cells_of_a_slide_stand_in_their_columns(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(3, 3, 0, 0, 100, 100).table
    for at, row in enumerate(_MERGED_ROWS):
        for column, text in enumerate(row):
            table.cell(at, column).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(1, 0).merge(table.cell(2, 0))
    path = tmp_path / "towers.pptx"
    deck.save(str(path))
    assert parse_file(path, path.name).text == f"## Slide 1\n\n{_MERGED}"
