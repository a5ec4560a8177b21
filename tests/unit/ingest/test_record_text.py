"""Rows and records whose values are prose are read as prose, whatever kind of file they come in."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest

from chunksmith.ingest.parsers import parse_file
from chunksmith.ingest.parsers.record_text import rows_text
from work_count import calls_within

FERNS = "Ferns are plants without flowers that grow in shade."
MOSS = "Mosses have no roots, and they drink by their leaves."
SHORT = ["Plant", "Height"], ["Fern", "90"]
ARTICLES = ["id", "title", "body"], ["1", "Ferns", FERNS], ["2", "Mosses", MOSS]
READ = f"{{0}} Ferns\n\nid: 1\n\n{FERNS}\n\n{{0}} Mosses\n\nid: 2\n\n{MOSS}"
Rows = Sequence[Sequence[str]]


def parsed(path: Path, content: str) -> str:
    path.write_text(content)
    return parse_file(path, path.name).text


def of_csv(folder: Path, rows: Rows) -> str:
    quoted = (",".join('"{}"'.format(cell.replace('"', '""')) for cell in row) for row in rows)
    return parsed(folder / "rows.csv", "\n".join(quoted))


def of_workbook(folder: Path, rows: Rows) -> str:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append([int(cell) if cell.isdigit() else cell for cell in row])
    path = folder / "rows.xlsx"
    book.save(path)
    return parse_file(path, path.name).text.removeprefix("## Sheet\n\n")


def records_of(rows: Rows) -> list[dict[str, object]]:
    return [{n: int(v) if v.isdigit() else v for n, v in zip(rows[0], row, strict=True)} for row in rows[1:]]


def of_json(folder: Path, rows: Rows) -> str:
    return parsed(folder / "rows.json", json.dumps(records_of(rows)))


def of_json_lines(folder: Path, rows: Rows) -> str:
    return parsed(folder / "rows.jsonl", "\n".join(map(json.dumps, records_of(rows))))


@pytest.mark.parametrize(
    ("read", "level"), [(of_csv, "##"), (of_workbook, "###"), (of_json, "##"), (of_json_lines, "##")]
)
def test_rows_of_prose_are_records_under_their_titles(
    tmp_path: Path, read: Callable[[Path, Rows], str], level: str
) -> None:
    assert read(tmp_path, ARTICLES) == READ.format(level)


@pytest.mark.parametrize("read", [of_csv, of_workbook])
def test_rows_of_short_cells_are_a_table(tmp_path: Path, read: Callable[[Path, Rows], str]) -> None:
    assert read(tmp_path, SHORT) == "| Plant | Height |\n| --- | --- |\n| Fern | 90 |"


def test_a_remark_in_one_row_of_many_makes_no_records(tmp_path: Path) -> None:
    rows = ["Plant", "Remark"], ["Fern", "tall"], ["Moss", "low"], ["Reed", MOSS]
    assert of_csv(tmp_path, rows).startswith("| Plant | Remark |")


def test_a_long_cell_makes_records(tmp_path: Path) -> None:
    long = "word " * 40
    assert of_csv(tmp_path, (["Plant", "Text"], ["Fern", long])) == f"Plant: Fern\n\n{long.strip()}"


def test_questions_and_answers_are_headings_and_passages(tmp_path: Path) -> None:
    rows = ["Question", "Answer"], ["How do mosses drink when it rains?", MOSS]
    assert of_csv(tmp_path, rows) == f"## How do mosses drink when it rains?\n\n{MOSS}"


def test_several_passages_of_a_record_have_their_names(tmp_path: Path) -> None:
    rows = ["title", "text", "seen", "note"], ["Ferns", FERNS, "often", MOSS]
    assert of_csv(tmp_path, rows) == f"## Ferns\n\ntext:\n\n{FERNS}\n\nseen: often\n\nnote:\n\n{MOSS}"


def test_a_record_without_prose_has_a_heading_where_others_have(tmp_path: Path) -> None:
    rows = ["id", "title", "text"], ["1", "Ferns", FERNS], ["2", "Mosses", "None known."], ["3", "", MOSS]
    text = of_csv(tmp_path, rows)
    assert (
        text == f"## Ferns\n\nid: 1\n\n{FERNS}\n\n## Mosses\n\nid: 2\ntext: None known.\n\n## id: 3\n\nid: 3\n\n{MOSS}"
    )


@pytest.mark.parametrize("first", [["Very tall", "5"], ["2024-01-05", "tall"]], ids=["number", "date"])
def test_a_first_row_of_values_is_no_row_of_heads(tmp_path: Path, first: list[str]) -> None:
    assert of_csv(tmp_path, (first, [FERNS, "4"], [MOSS, "2"])).startswith("\n".join(first))


def test_a_head_that_may_be_a_value_is_kept(tmp_path: Path) -> None:
    assert of_csv(tmp_path, (["Very tall"], [FERNS])) == f"Very tall:\n\n{FERNS}"


def test_the_work_is_linear_in_the_number_of_rows() -> None:
    class Row(list[str]):
        def __len__(self) -> int:  # counts as a call
            return super().__len__()

    def work(count: int) -> int:
        rows = [Row(["id", "name"]), *(Row([str(n), f"item {n}"]) for n in range(count))]
        return calls_within(lambda: rows_text(rows, 2))

    assert work(2_000) < 5 * work(500)


def test_rows_of_prose_without_heads_have_no_names(tmp_path: Path) -> None:
    assert of_csv(tmp_path, (["1", FERNS], ["2", MOSS])) == f"1\n\n{FERNS}\n\n2\n\n{MOSS}"


def test_a_column_without_a_name_is_counted(tmp_path: Path) -> None:
    assert of_csv(tmp_path, (["", "text"], ["tall", FERNS])) == f"column 1: tall\n\n{FERNS}"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        pytest.param(f"{FERNS}\n \n{MOSS}", f"{FERNS}\n\n{MOSS}", id="paragraphs"),
        pytest.param(f"- {FERNS}\r\n- {MOSS}", f"- {FERNS}\n- {MOSS}", id="list"),
        pytest.param(f"{FERNS} {FERNS} {MOSS}\n```\nfern", f"{FERNS} {FERNS} {MOSS} ``` fern", id="open fence"),
    ],
)
def test_passages_keep_their_lines(tmp_path: Path, value: str, read: str) -> None:
    assert parsed(tmp_path / "a.json", json.dumps({"text": value})) == read


def test_records_inside_of_a_record_have_headings(tmp_path: Path) -> None:
    text = parsed(tmp_path / "a.json", json.dumps({"title": "Plants", "parts": records_of(ARTICLES), "pages": 2}))
    assert text == f"# Plants\n\nparts:\n\n{READ.format('##')}\n\npages: 2"


def test_records_of_short_values_are_lines(tmp_path: Path) -> None:
    assert of_json(tmp_path, SHORT) == "Plant: Fern\nHeight: 90"


def test_parts_of_a_record_with_prose_are_lines(tmp_path: Path) -> None:
    text = parsed(tmp_path / "a.json", json.dumps({"text": FERNS, "seen": {"in": ["May", "June"]}}))
    assert text == f"{FERNS}\n\nseen:\n  in:\n    - May\n    - June"
