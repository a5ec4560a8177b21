"""Tables of PDF pages, and what only looks like one."""

from collections.abc import Callable, Sequence
from pathlib import Path

import fpdf
import pytest
from fpdf.enums import TableBordersLayout

from chunksmith.ingest.parsers import parse_file

_ROWS = (
    ("Article", "Size", "Price"),
    ("Garden hose, green", "25 m", "19.90"),
    ("Sprinkler", "-", "112.50"),
    ("Rain barrel", "300 l", "7.00"),
)
_LONG = "Garden hose with a wall that is reinforced and couplings of brass for professional use"
_BEFORE = "The list is valid until further notice, because suppliers change their prices often and without notice."
_AFTER = "Orders above 500 euros are delivered free of charge. The goods remain ours until they have been paid."


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def _text(folder: Path, document: fpdf.FPDF) -> str:
    path = folder / "a.pdf"
    path.write_bytes(bytes(document.output()))
    return parse_file(path, path.name).text


def _document() -> fpdf.FPDF:
    document = fpdf.FPDF()
    document.add_page()
    document.set_font("helvetica", size=11)
    return document


def _ruled(rows: Sequence[Sequence[str]], borders: TableBordersLayout) -> fpdf.FPDF:
    document = _document()
    document.multi_cell(0, 6, _BEFORE)
    with document.table(borders_layout=borders, line_height=7, col_widths=(60, 60, 40)) as table:
        for row in rows:
            cells = table.row()
            for cell in row:
                cells.cell(cell)
    document.multi_cell(0, 6, _AFTER)
    return document


_PLACES = (20, 100, 150)


def _printed(rows: Sequence[Sequence[str]], pitch: float = 7, places: Sequence[float] = _PLACES) -> fpdf.FPDF:
    """Without rules; cells begin at ``places``."""
    document = _document()
    document.text(20, 20, _BEFORE[:90] + ".")
    for line, row in enumerate(rows):
        for place, cell in zip(places, row, strict=False):
            if cell:
                document.text(place, 35 + pitch * line, cell)
    document.text(20, 45 + pitch * len(rows), _AFTER[:90] + ".")
    return document


@pytest.mark.parametrize(
    "borders",
    [
        TableBordersLayout.ALL,
        TableBordersLayout.INTERNAL,
        TableBordersLayout.HORIZONTAL_LINES,
        TableBordersLayout.MINIMAL,
        TableBordersLayout.SINGLE_TOP_LINE,
        TableBordersLayout.NONE,
    ],
    ids=["all", "internal", "between rows", "minimal", "below the header", "none"],
)
def test_table_is_a_pipe_table_between_its_paragraphs(tmp_path: Path, borders: TableBordersLayout) -> None:
    text = _text(tmp_path, _ruled(_ROWS, borders))

    assert text.split("\n\n") == [_BEFORE, _markdown(_ROWS), _AFTER]


def test_cell_over_several_lines_joins_its_row_between_rules(tmp_path: Path) -> None:
    rows = (*_ROWS[:2], (_LONG, "50 m", "49.90"), _ROWS[2])

    assert _markdown(rows) in _text(tmp_path, _ruled(rows, TableBordersLayout.ALL))


def test_cells_in_columns_without_rules_are_a_table(tmp_path: Path) -> None:
    assert _markdown(_ROWS) in _text(tmp_path, _printed(_ROWS))


def test_numbers_that_end_at_one_place_are_a_column(tmp_path: Path) -> None:
    document = _document()
    for line, row in enumerate(_ROWS):
        document.text(20, 35 + 7 * line, row[0])
        document.text(150 - document.get_string_width(row[2]), 35 + 7 * line, row[2])

    assert _text(tmp_path, document) == _markdown([(row[0], row[2]) for row in _ROWS])


def test_cell_that_goes_on_below_joins_its_row(tmp_path: Path) -> None:
    rows = (
        ("Term", "Meaning"),
        ("ebb", "The tide goes out, and the water of the harbour"),
        ("", "falls by as much as three metres at its quays."),
        ("flood", "The tide comes in."),
        ("slack", "The water stands."),
    )
    wanted = (rows[0], ("ebb", f"{rows[1][1]} {rows[2][1]}"), *rows[3:])

    assert _markdown(wanted) in _text(tmp_path, _printed(rows, places=(20, 60)))


def test_rows_that_stand_apart_hold_the_lines_of_all_their_cells(tmp_path: Path) -> None:
    document = _document()
    for number in range(4):
        top = 30 + 20 * number
        for place, lines in (
            (20, (f"The keeper number {number}", "of the north tower")),
            (110, ("fills the lamps", "with oil")),
        ):
            for line, words in enumerate(lines):
                document.text(place, top + 5 * line, words)

    assert "| The keeper number 2 of the north tower | fills the lamps with oil |" in _text(tmp_path, document)


def test_table_that_goes_on_over_the_page_is_one(tmp_path: Path) -> None:
    rows = (_ROWS[0], *((f"Hose {number} of the garden", f"{number} m", f"{number}.90") for number in range(10, 60)))

    text = _text(tmp_path, _ruled(rows, TableBordersLayout.ALL))

    assert text.split("\n\n") == [_BEFORE, _markdown(rows), _AFTER]


_PROSE = (
    "The harbour lies on the northern coast and serves fishing boats, ferries and yachts all through the year. Its quay "
    "was rebuilt of stone after the storms, and the council pays for the dredger that keeps it deep enough for them. In "
    "winter the boats are laid up on the slip behind the old customs house, where their owners paint and repair them. "
)


def _columns(document: fpdf.FPDF, *, by_row: bool) -> None:
    columns = [document.multi_cell(80, 6, _PROSE * 2, dry_run=True, output="LINES") for _ in (0, 1)]
    places = [
        (20 + 95 * side, 30 + 6 * at, line) for side, lines in enumerate(columns) for at, line in enumerate(lines)
    ]
    for place in sorted(places, key=lambda place: place[1]) if by_row else places:
        document.text(*place)


def _justified(document: fpdf.FPDF) -> None:
    document.multi_cell(45, 6, _PROSE * 2, align="J")


def _listing(document: fpdf.FPDF) -> None:
    document.set_font("courier", size=10)
    for line in range(6):
        for place, words in ((20, f"-rw-r--r--   {line}"), (80, f"root   root   4{line}"), (140, f"lamp{line}.c")):
            document.text(place, 30 + 5 * line, words)


def _items(document: fpdf.FPDF) -> None:
    for line in range(6):
        document.text(20, 30 + 7 * line, f"{line + 1}.")
        document.text(35, 30 + 7 * line, f"Fill the lamp number {line} with oil")


def _labels(document: fpdf.FPDF) -> None:
    for line, label in enumerate(("Date:", "Place:", "Chair:", "Minutes:")):
        document.text(20, 30 + 7 * line, label)
        document.text(60, 30 + 7 * line, f"What stands behind it {line}")


def _index(document: fpdf.FPDF) -> None:
    for line, word in enumerate(("anchor", "buoy", "crane", "dredger", "ebb")):
        for side in (0, 1):
            document.text(
                20 + 90 * side, 30 + 7 * line, f"{word} of {'oak' if side else 'iron'}, {line + 7 * side + 3}"
            )


def _contents(document: fpdf.FPDF) -> None:
    document.text(20, 20, "Contents")
    for line, title in enumerate(("Introduction", "The quay", "The slip", "The dredger")):
        document.text(20, 30 + 7 * line, title)
        document.text(170, 30 + 7 * line, str(line * 3 + 1))
    for _ in range(9):
        document.add_page()


def _rows_of_two(document: fpdf.FPDF) -> None:
    for line in range(2):
        document.text(20, 30 + 7 * line, f"Lamp {line}")
        document.text(90, 30 + 7 * line, f"{line} litres")


@pytest.mark.parametrize(
    "draw",
    [
        lambda document: _columns(document, by_row=False),
        lambda document: _columns(document, by_row=True),
        _justified,
        _listing,
        _items,
        _labels,
        _index,
        _contents,
        _rows_of_two,
    ],
    ids=["columns", "columns by row", "justified", "listing", "items", "labels", "index", "contents", "two rows"],
)
def test_what_only_looks_like_a_table_is_none(tmp_path: Path, draw: Callable[[fpdf.FPDF], None]) -> None:
    document = _document()
    draw(document)
    document.text(20, 280, "The end of the page is here.")

    assert "|" not in _text(tmp_path, document)


def test_frames_around_text_are_no_table(tmp_path: Path) -> None:
    document = _document()
    for _ in range(4):
        document.multi_cell(0, 6, _PROSE, border=1, new_x="LMARGIN", new_y="NEXT")

    assert "|" not in _text(tmp_path, document)


def test_grid_of_a_chart_is_no_table(tmp_path: Path) -> None:
    document = _document()
    for step in range(8):
        document.line(30, 30 + 10 * step, 170, 30 + 10 * step)
        document.line(30 + 20 * step, 30, 30 + 20 * step, 100)
        document.text(20, 31 + 10 * step, str(70 - 10 * step))
        document.text(29 + 20 * step, 106, str(2010 + step))
    document.text(20, 120, _AFTER[:90] + ".")

    assert "|" not in _text(tmp_path, document)


def test_damaged_drawing_loses_no_text(tmp_path: Path) -> None:
    document = _document()
    document.text(20, 20, "The lamp is lit.")
    document._out("1 m (x) /y l 3 re 1e99999 0 0 1 0 0 cm S")
    document.text(20, 30, "The fog is thick.")

    assert "The fog is thick." in _text(tmp_path, document)
