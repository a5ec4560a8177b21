"""Lines and titles of plain text."""

from pathlib import Path

import pytest

from chunksmith.ingest.chunking import ChunkSpec, split
from chunksmith.ingest.parsers import parse_file

_PROSE = "The board heard three offers for the work. It took the one of the mason from Hallam."


def _text(folder: Path, source: str) -> str:
    path = folder / "a.txt"
    path.write_text(source)
    return parse_file(path, "a.txt").text


def test_numbered_titles_stand_above_the_sentences_below(tmp_path: Path) -> None:
    source = f"1. Minutes\n{_PROSE}\n\n2. Roof repair\n{_PROSE}\n"
    assert _text(tmp_path, source) == f"# 1. Minutes\n\n{_PROSE}\n\n# 2. Roof repair\n\n{_PROSE}"


def test_numbered_titles_of_wrapped_text_are_titles(tmp_path: Path) -> None:
    source = (
        "1. Unpacking\nRemove the device from its box and check that the\nseal is intact. If it is broken, call us.\n\n"
        "2. Mounting\nFix the bracket to the wall with four screws. The\nbracket must be level.\n"
    )
    assert _text(tmp_path, source) == (
        "# 1. Unpacking\n\nRemove the device from its box and check that the seal is intact. "
        "If it is broken, call us.\n\n"
        "# 2. Mounting\n\nFix the bracket to the wall with four screws. The bracket must be level."
    )


def test_chunks_of_text_know_the_numbered_title_that_they_stand_under(tmp_path: Path) -> None:
    text = _text(tmp_path, f"1. Minutes\n{_PROSE}\n\n2. Roof repair\n{_PROSE}\n")
    assert [span.heading_path for span in split(text, ChunkSpec(size=40))] == [("1. Minutes",), ("2. Roof repair",)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1 Services", "2 Fees"),
        ("1. Governing Law.", "2. Term of the Lease."),
        ("Article 4 Services", "Article 5 Fees"),
        ("§ 1 Services", "§ 2 Fees"),
    ],
    ids=["bare", "with a stop", "article", "paragraph sign"],
)
def test_titles_are_known_by_what_counts_them(tmp_path: Path, first: str, second: str) -> None:
    source = f"{first}\n{_PROSE}\n\n{second}\n\n{_PROSE}\n"
    assert _text(tmp_path, source) == f"# {first}\n\n{_PROSE}\n\n# {second}\n\n{_PROSE}"


def test_levels_of_titles_follow_their_kinds(tmp_path: Path) -> None:
    titles = ("Chapter 1 Lamps", "1. Oil", "1.1 Whale oil", "2. Gas", "Chapter 2 Lenses", "3. Glass")
    source = "\n\n".join(f"{title}\n\n{_PROSE}" for title in titles)
    found = [line for line in _text(tmp_path, source).split("\n") if line.startswith("#")]
    assert found == [
        "# Chapter 1 Lamps", "## 1. Oil", "### 1.1 Whale oil", "## 2. Gas", "# Chapter 2 Lenses", "## 3. Glass"
    ]  # fmt: skip


def test_title_between_others_needs_no_text(tmp_path: Path) -> None:
    source = "\n\n".join(("1. Lamps", _PROSE, "2. Oil", _PROSE, "3. Gas", "4. Glass", _PROSE))
    assert "# 3. Gas" in _text(tmp_path, source)


def test_underlined_titles_are_headings(tmp_path: Path) -> None:
    source = f"Lamps\n=====\n\n{_PROSE}\n\nOil\n---\n{_PROSE}\n\nAll about the gas\n-----------------\n\n{_PROSE}\n"
    assert _text(tmp_path, source) == (f"# Lamps\n\n{_PROSE}\n\n## Oil\n\n{_PROSE}\n\n## All about the gas\n\n{_PROSE}")


@pytest.mark.parametrize(
    "source",
    [
        "1. Apples\n2. Pears\n3. Plums",
        "1. Copy the file\n\n2. Edit the copy\n\nThe server then reads the copy when it starts again.",
        "1. Close the valve\n\n   The valve is the red one.\n\n2. Remove the cover\n\n   It has four screws.\n\n"
        "The pump can then be taken out by hand.\n\nIt weighs four kilograms.\n\nNo other tool is needed.",
        f"7. Fees\n\n{_PROSE}",
        "3 eggs\n4 onions\nFry the onions in butter until they are brown.",
        f"1. Read it.\n\n{_PROSE}\n\n2. Send it on.\n\n{_PROSE}",
    ],
    ids=["list", "list with blank lines", "items with paragraphs", "one alone", "measures", "sentences"],
)
def test_numbered_items_are_no_titles(tmp_path: Path, source: str) -> None:
    assert "#" not in _text(tmp_path, source)


def test_clauses_are_paragraphs_of_their_own(tmp_path: Path) -> None:
    source = (
        "1.1 The client pays a fee of 950 pounds for each day of work that was\nordered.\n"
        "1.2 Invoices are due within 30 days.\n2.1 Either side may end the contract.\n"
    )
    assert _text(tmp_path, source) == (
        "1.1 The client pays a fee of 950 pounds for each day of work that was ordered.\n\n"
        "1.2 Invoices are due within 30 days.\n\n2.1 Either side may end the contract."
    )


def test_number_at_the_beginning_of_a_wrapped_line_is_no_clause(tmp_path: Path) -> None:
    source = "The keeper needs the new lamp, which is sold as version\n2.1 of the old one, and a lens for it as well.\n"
    assert _text(tmp_path, source) == " ".join(source.split())


def test_parts_of_a_clause_keep_their_lines(tmp_path: Path) -> None:
    source = "The landlord may end the lease if the tenant\n(a) pays no rent;\n(b) breaks the door; or\n(c) sublets."
    assert _text(tmp_path, source) == source


@pytest.mark.parametrize(
    "source",
    [
        "Date: Tuesday, 14 March 2023\nTime: 19:00 - 20:45\nPlace: Community Room, 12 Mill Lane",
        "Q: What is the maximum file size?\nA: The maximum file size is 200 MB.",
        "Anna Keller\n12 Mill Lane\nRiverside",
    ],
    ids=["labels", "question and answer", "address"],
)
def test_lines_that_were_ended_on_purpose_are_kept(tmp_path: Path, source: str) -> None:
    assert _text(tmp_path, f"{source}\n\n{_PROSE}\n") == f"{source}\n\n{_PROSE}"


def test_lines_of_text_that_is_not_wrapped_are_paragraphs(tmp_path: Path) -> None:
    first, second = f"{_PROSE} {_PROSE}", f"{_PROSE} {_PROSE} {_PROSE}"
    assert _text(tmp_path, f"{first}\n{second}\n{first}\n") == f"{first}\n\n{second}\n\n{first}"


def test_line_before_a_long_word_is_joined_with_it(tmp_path: Path) -> None:
    source = (
        "The lamps of the house are listed, with their years, on a page\nof the society. See\n"
        "https://example.org/lighthouses/of/the/northern/coast/lamps\nfor all of them, and for the names of keepers.\n"
    )
    assert _text(tmp_path, source) == " ".join(source.split())


def test_listing_with_line_numbers_is_code(tmp_path: Path) -> None:
    source = "1 Source: lamp\n2 Section: light\n3\n4 Package: lamp"
    assert _text(tmp_path, f"{_PROSE}\n\n{source}\n") == f"{_PROSE}\n\n```\n{source}\n```"


_JAPANESE = "灯台は夜の海を行く船に陸の位置を知らせるために海岸に建てられた塔である。"


def test_wrapped_lines_of_japanese_are_joined_without_spaces(tmp_path: Path) -> None:
    words = _JAPANESE * 3
    lines = "\n".join(words[at : at + 40] for at in range(0, len(words), 40))
    assert _text(tmp_path, lines) == words


def test_lines_of_japanese_that_is_not_wrapped_are_paragraphs(tmp_path: Path) -> None:
    lines = (_JAPANESE * 3, _JAPANESE * 2, _JAPANESE * 4)
    assert _text(tmp_path, "\n".join(lines)) == "\n\n".join(lines)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("def add(a, b):\n    return a + b", id="function"),
        pytest.param("class Keeper:\n    def count(self):\n        lamps = 1\n        return lamps", id="class"),
        pytest.param("counter = Counter()\nprint(counter.count(lamps))", id="calls"),
        pytest.param(
            "2024-03-01 10:00:01 INFO  Starting\n2024-03-01 10:00:05 ERROR Refused\nTraceback:\n  main()", id="log"
        ),
        pytest.param("Mar  1 10:00:01 host starts\nMar  1 10:00:05 host ends", id="system log"),
    ],
)
def test_statements_and_logs_keep_their_lines(tmp_path: Path, code: str) -> None:
    indented = "\n".join(f"    {line}" for line in code.splitlines())
    assert _text(tmp_path, f"{_PROSE}\n\n{indented}\n\n{_PROSE}") == f"{_PROSE}\n\n```\n{code}\n```\n\n{_PROSE}"


def test_prose_that_begins_like_a_statement_is_joined(tmp_path: Path) -> None:
    source = "The keeper must fill in the form and\nreturn it to the office in the harbour\nbefore the end of the year."
    assert "return it to the office" in _text(tmp_path, source).replace("\n", " ")
    assert "```" not in _text(tmp_path, source)
