"""Running heads and feet of PDF pages and of pages of plain text."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import fpdf
import pytest

from chunksmith.ingest.parsers import parse_file

_PROSE = (
    "The {} harbour lies on the northern coast and serves fishing boats, ferries and yachts all through the year. "
    "Its {} quay was rebuilt of stone after the storms, and the council pays for the dredger that keeps it deep. "
)
_WORDS = ("old", "new", "low", "wide", "dry", "grey", "long", "free")


def _pdf(heads: Sequence[str], size: float, feet: Iterable[str] = ()) -> bytes:
    document = fpdf.FPDF()
    lines = [*feet, *[""] * len(heads)]
    for head, foot, word in zip(heads, lines, _WORDS, strict=False):
        document.add_page()
        document.set_font("helvetica", size=size)
        document.cell(0, 10, head, new_x="LMARGIN", new_y="NEXT")
        document.set_font("helvetica", size=11)
        document.multi_cell(0, 6, _PROSE.format(word, word) * 3)
        document.text(20, 280, foot)
    return bytes(document.output())


def _text(folder: Path, name: str, content: bytes | str) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return parse_file(path, name).text


@pytest.mark.parametrize("size", [16, 11], ids=["large", "of the size of the text"])
@pytest.mark.parametrize("head", ["Lesson {}", "Question {}: why?"])
def test_numbered_heading_at_the_top_of_a_page_is_kept(tmp_path: Path, head: str, size: float) -> None:
    heads = [head.format(number) for number in range(1, 9)]

    text = _text(tmp_path, "book.pdf", _pdf(heads, size, map(str, range(1, 9))))

    assert [one for one in heads if one not in text] == []


def test_heading_with_a_year_at_the_top_of_a_page_is_kept(tmp_path: Path) -> None:
    assert "# The year 1992" in _text(tmp_path, "book.pdf", _pdf([f"The year {y}" for y in range(1990, 1996)], 16))


def test_number_of_a_heading_that_does_not_count_with_the_pages_is_no_page_number(tmp_path: Path) -> None:
    heads = [f"Lesson {number}" for number in (2, 3, 5, 8, 13, 21)]

    assert "Lesson 8" in _text(tmp_path, "book.pdf", _pdf(heads, 11))


@pytest.mark.parametrize("size", [9, 11])
def test_running_head_with_the_number_of_the_page_is_left_out(tmp_path: Path, size: float) -> None:
    heads = [f"Chapter {3 + page // 49} - {page}" for page in range(45, 53)]

    assert "Chapter" not in _text(tmp_path, "book.pdf", _pdf(heads, size))


def test_running_head_without_the_number_of_the_page_is_left_out(tmp_path: Path) -> None:
    heads = [f"Chapter {1 + page // 2}" for page in range(8)]

    assert "Chapter" not in _text(tmp_path, "book.pdf", _pdf(heads, 9, map(str, range(1, 9))))


def test_small_running_head_is_left_out_beside_numbers_of_pages(tmp_path: Path) -> None:
    heads = [f"Annual Report 2019 {page}" for page in range(1, 9)]

    assert "Report" not in _text(tmp_path, "book.pdf", _pdf(heads, 9, (f"Page {page} of 8" for page in range(1, 9))))


def _printed(body: Sequence[str]) -> str:
    """Pages as of a request for comments."""
    return "\n\f\n".join(
        f"Report 9999              Harbour Names            June 1999\n\n\n{text}\n\n\nEastlake                  [Page {page}]"
        for page, text in enumerate(body, 1)
    )


def test_running_heads_and_feet_of_printed_text_are_left_out(tmp_path: Path) -> None:
    text = _text(tmp_path, "a.txt", _printed([_PROSE.format(word, word) for word in _WORDS[:4]]))

    assert [word for word in ("Report", "Eastlake", "Page") if word in text] == []


def test_numbers_of_the_pages_of_printed_text_are_left_out(tmp_path: Path) -> None:
    pages = [
        f"HARBOUR MANUAL     Rev 3\n\n{_PROSE.format(word, word)}\n\n     - {n} -" for n, word in enumerate(_WORDS)
    ]

    assert "- 2 -" not in _text(tmp_path, "a.txt", "\f".join(pages))


def test_sentence_goes_on_across_the_pages_of_printed_text(tmp_path: Path) -> None:
    pages = ["   The council pays\n   for the", "   dredger that keeps it deep.", "   The tide turns at noon."]

    text = _text(tmp_path, "a.txt", _printed(pages))

    assert text == "The council pays for the dredger that keeps it deep.\n\nThe tide turns at noon."


def test_numbered_headings_of_printed_text_are_kept(tmp_path: Path) -> None:
    pages = [f"Lesson {n}\n\n{_PROSE.format(word, word)}\n\n     {n}" for n, word in enumerate(_WORDS, 1)]

    assert "Lesson 3" in _text(tmp_path, "a.txt", "\f".join(pages))


def test_form_feed_in_text_without_running_lines_ends_a_paragraph(tmp_path: Path) -> None:
    assert _text(tmp_path, "a.txt", "The tide\fturns at noon.") == "The tide\n\nturns at noon."


def test_text_that_is_the_same_on_all_pages_is_kept(tmp_path: Path) -> None:
    assert "The tide turns" in _text(tmp_path, "a.txt", "\f".join(["The tide turns."] * 3))


_CHAPTERS = ("Working away from the office", "The coffee machine", "Visitors of the library")
_TALE = "Because the tax rules of these {} states differ"
_END = "between neighbours, approval of the {} plan may be refused even within the union."


def _book(size: float, *, even: str = "") -> bytes:
    """Three chapters of two pages: a sentence runs over each page break, and odd pages have the chapter's title."""
    document = fpdf.FPDF()
    for number, chapter in enumerate(_CHAPTERS, 1):
        document.add_page()
        document.set_font("helvetica", size=size)
        document.text(20, 10, even)
        document.set_font("helvetica", "B", size=20)
        document.text(20, 25, f"{number} {chapter}")
        document.set_font("helvetica", size=12)
        for line in range(8):
            document.text(20, 40 + 6 * line, _TALE.format(_WORDS[line]) + ("," if line < 7 else ""))
        document.add_page()
        document.set_font("helvetica", size=size)
        document.text(90, 10, f"Chapter {number}: {chapter}")
        document.set_font("helvetica", size=12)
        document.text(20, 25, _END.format(_WORDS[number]))
        document.text(20, 31, "The owner pays.")
    return bytes(document.output())


@pytest.mark.parametrize("even", ["", "Handbook"], ids=["alone", "beside another"])
@pytest.mark.parametrize("size", [9, 12], ids=["small", "of the size of the text"])
def test_title_of_the_chapter_at_the_top_of_its_pages_is_left_out(tmp_path: Path, size: float, even: str) -> None:
    assert "Chapter" not in _text(tmp_path, "book.pdf", _book(size, even=even))


def test_sentence_goes_on_below_the_title_of_the_chapter(tmp_path: Path) -> None:
    assert f"{_TALE.format('free')} {_END.format('low')}" in _text(tmp_path, "book.pdf", _book(9))


def test_heading_of_the_chapter_itself_is_kept(tmp_path: Path) -> None:
    text = _text(tmp_path, "book.pdf", _book(9))

    assert [chapter for chapter in _CHAPTERS if chapter not in text] == []


def test_running_heads_of_sections_that_have_the_number_of_the_page_are_left_out(tmp_path: Path) -> None:
    heads = [f"1.{n} {word.title()} walls of the harbour {n + 20}" for n, word in enumerate(_WORDS)]

    assert "walls" not in _text(tmp_path, "book.pdf", _pdf(heads, 11))


def test_text_that_begins_at_the_same_height_on_all_pages_is_kept(tmp_path: Path) -> None:
    text = _text(tmp_path, "book.pdf", _pdf([f"A {word} boat lay there" for word in _WORDS], 11))

    assert [word for word in _WORDS if f"A {word} boat" not in text] == []


def test_notes_at_the_foot_of_pages_are_kept(tmp_path: Path) -> None:
    document = fpdf.FPDF()
    for number, word in enumerate(_WORDS, 1):
        document.add_page()
        document.set_font("helvetica", size=11)
        document.multi_cell(0, 6, _PROSE.format(word, word) * 3)
        document.set_font("helvetica", size=8)
        document.text(20, 280, f"{number} The {word} quay of 1890")

    text = _text(tmp_path, "book.pdf", bytes(document.output()))

    assert [word for word in _WORDS if f"The {word} quay of 1890" not in text] == []


def _cards(small: Sequence[str], *, at_top: bool) -> bytes:
    """A page for each, with a heading of its own and a small line apart from the text."""
    document = fpdf.FPDF()
    for line, word in zip(small, _WORDS, strict=False):
        document.add_page()
        document.set_font("helvetica", size=9)
        document.text(20, 12 if at_top else 282, line)
        document.set_font("helvetica", "B", size=18)
        document.text(20, 40, f"The {word} boat of the harbour")
        document.set_font("helvetica", size=12)
        for at in range(8):
            document.text(20, 60 + 6 * at, _TALE.format(_WORDS[at]) + ".")
    return bytes(document.output())


_FACTS = ("Price 12 euros in shops", "Sold only in Norway", "Needs no battery", "Key: oars last long", "Two colours")


@pytest.mark.parametrize("at_top", [True, False], ids=["top", "foot"])
def test_small_line_that_says_something_else_on_each_page_is_kept(tmp_path: Path, at_top: bool) -> None:
    text = _text(tmp_path, "cards.pdf", _cards(_FACTS, at_top=at_top))

    assert [fact for fact in _FACTS if fact not in text] == []


@pytest.mark.parametrize("at_top", [True, False], ids=["top", "foot"])
def test_small_line_that_differs_in_a_number_that_is_not_of_the_page_is_kept(tmp_path: Path, at_top: bool) -> None:
    prices = [f"Price {price} euros in shops" for price in (12, 9, 30, 14, 7)]

    text = _text(tmp_path, "cards.pdf", _cards(prices, at_top=at_top))

    assert [price for price in prices if price not in text] == []


def test_small_line_of_one_page_among_running_heads_is_kept(tmp_path: Path) -> None:
    heads = ["Boats and their use"] * 4 + ["Sold only in Norway"]

    assert "Sold only in Norway" in _text(tmp_path, "cards.pdf", _cards(heads, at_top=True))


def test_small_head_on_two_pages_is_left_out(tmp_path: Path) -> None:
    heads = [head for head in ("Rowing", "Sailing", "Motors") for _ in range(2)]

    text = _text(tmp_path, "cards.pdf", _cards(heads, at_top=True))

    assert [head for head in heads if head in text] == []


def test_heading_of_the_page_behind_the_title_of_the_book_is_left_out(tmp_path: Path) -> None:
    heads = [f"Handbook | The {word} boat of the harbour" for word in _WORDS[:5]]

    assert "Handbook" not in _text(tmp_path, "cards.pdf", _cards(heads, at_top=True))
