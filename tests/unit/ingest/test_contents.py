"""Tables of contents without leaders: numbers of pages behind titles."""

from collections.abc import Sequence
from pathlib import Path

import docx
import fpdf
import pytest

from chunksmith.ingest.chunking import STRATEGIES, ChunkSpec, ChunkStrategy, split
from chunksmith.ingest.parsers import parse_file
from chunksmith.ingest.titles import bare_title

_TITLES = ("Introduction", "Installing the pump", "The hose", "Maintenance", "Warranty")
_BODY = "The {} of the pump is checked by its owner every spring, before the first water is drawn."


def _body(number: bool = True) -> str:
    heads = [f"## {f'{at} ' if number else ''}{title}" for at, title in enumerate(_TITLES, 1)]
    return "\n\n".join(f"{head}\n\n{_BODY.format(title.lower())}" for head, title in zip(heads, _TITLES, strict=True))


def _lines(pattern: str = "{at} {title}        {page}") -> list[str]:
    return [pattern.format(at=at, title=title, page=3 * at) for at, title in enumerate(_TITLES, 1)]


def _deep() -> list[str]:
    return [line for at, title in enumerate(_TITLES, 1) for line in (f"{at} {title}", f"{at}.1 Parts of it")]


def _handbook(contents: Sequence[str], between: str = "\n", title: str = "## Contents\n\n") -> str:
    return f"# The pump\n\n{title}{between.join(contents)}\n\n{_body()}"


_HANDBOOKS = {
    "lines": _handbook(_lines()),
    "paragraphs": _handbook(_lines(), "\n\n"),
    "items": _handbook(_lines("- {title} {page}")),
    "tabs": _handbook(_lines("{title}\t{page}"), "\n\n"),
    "chapters in bold": _handbook(_lines("### {at} {title} {page}"), "\n\n"),
    "chapters and sections": _handbook(
        [line for title in _lines("### {at} {title} {page}") for line in (title, f"Parts of it {title.split()[-1]}")],
        "\n\n",
    ),
    "no title": _handbook(_lines(), "\n\n", ""),
    "no numbers before the titles": _handbook(_lines("{title} {page}"), "\n\n", ""),
    "title in German": _handbook(_lines(), "\n\n", "## Inhaltsverzeichnis\n\n"),
    "roman numerals": _handbook(["Foreword iii", "Thanks vii", *_lines()], "\n\n"),
    "a title over two lines": _handbook([*_lines(), "6 A title that is too long for", "its line 18"], "\n\n"),
    "a title with a year": _handbook([*_lines(), "6 Results of 2023", "7 Annex 22"], "\n\n"),
    "no numbers of pages": _handbook(_deep(), "\n\n", ""),
}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("size", [8, 100, 4000])
@pytest.mark.parametrize("text", _HANDBOOKS.values(), ids=_HANDBOOKS)
def test_table_of_contents_is_in_no_chunk(text: str, strategy: ChunkStrategy, size: int) -> None:
    contents = text.index(_body())
    assert [one.text for one in split(text, ChunkSpec(strategy, size)) if one.start < contents] == []


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("text", _HANDBOOKS.values(), ids=_HANDBOOKS)
def test_what_follows_a_table_of_contents_is_kept(text: str, strategy: ChunkStrategy) -> None:
    told = "\n\n".join(one.text for one in split(text, ChunkSpec(strategy, 4000)))
    assert told.endswith(_body())


_DATA = {
    "elements": "1 Hydrogen 1\n2 Helium 4\n3 Lithium 7\n4 Beryllium 9\n5 Boron 11",
    "prices": "Screw 3\nNut 5\nBolt 9\nWasher 12",
    "sentences": "The hose has a length of 12\nmetres, which is more than the usual 14\nfeet of others, and costs 20\neuros.",
    "falling": "## Contents\n\nScrew 30\nNut 20\nBolt 10",
    "parts of a box": "## Contents\n\nWashers 2\nNuts 4\nScrews 8",
    "prices with numbers": "1.1 New burner 250\n1.2 Test of the flue 310\n2.1 New pump 420\n2.2 New valve 480\n2.3 Tank 990",
    "stages": "1 Oslo to Larvik 4\n1.1 To Drammen 5\n1.2 To Larvik 9\n2 Larvik to Mandal 12\n2.1 To Arendal 13",
    "sentences with years": "## Contents\n\nIt opened in 1835\n\nIt grew in 1839\n\nIt closed in 1841",
    "headings in another order": "\n".join(f"{title} {3 * at}" for at, title in enumerate(_TITLES[::-1], 1)),
    "fewer than half are headings": "Introduction 1\nThe hose 3\nWarranty 5\nScrew 7\nNut 9\nBolt 11\nRing 13",
}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("data", _DATA.values(), ids=_DATA)
def test_lines_of_data_that_end_in_numbers_are_kept(data: str, strategy: ChunkStrategy) -> None:
    told = "".join(one.text for one in split(f"{data}\n\n{_body()}", ChunkSpec(strategy, 4000)))
    assert data in told


def _text(folder: Path, name: str, content: bytes | str) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return parse_file(path, name).text


def _printed(entries: Sequence[str], title: str) -> bytes:
    document = fpdf.FPDF()
    document.add_page()
    document.set_font("helvetica", "B", size=18)
    document.text(20, 20, title)
    document.set_font("helvetica", size=11)
    for at, entry in enumerate(entries):
        document.text(20, 40 + 7 * at, entry.rpartition(" ")[0])
        document.text(180, 40 + 7 * at, entry.rpartition(" ")[2])
    for at, name in enumerate(_TITLES, 1):
        document.add_page()
        document.set_font("helvetica", "B", size=16)
        document.text(20, 40, f"{at} {name}")
        document.set_font("helvetica", size=11)
        document.text(20, 60, _BODY.format(name.lower()))
    return bytes(document.output())


@pytest.mark.parametrize("title", ["Contents", "Inhalt", ""])
def test_contents_of_a_pdf_are_left_out(tmp_path: Path, title: str) -> None:
    text = _text(tmp_path, "a.pdf", _printed(_lines("{at} {title} {page}"), title))

    assert text.startswith("# 1 Introduction\n\nThe introduction")


def test_contents_of_a_pdf_are_left_out_by_their_title_alone(tmp_path: Path) -> None:
    names = [f"{name} and all that it needs" for name in _TITLES]
    entries = [f"{name} {page}" for page, name in enumerate(names, 2)]

    assert "it needs" not in _text(tmp_path, "a.pdf", _printed(entries, "Contents"))


@pytest.mark.parametrize(
    "entries",
    [
        ["Washers of brass 2", "Nuts of brass 4", "Screws of brass 80"],
        ["The line of brass opened in 2", "It was lengthened with brass in 3", "Brass was given up in 5"],
        ["Washers of brass 3", "Nuts of brass 3", "Screws of brass 3"],
    ],
    ids=["more than the pages", "sentences", "not rising"],
)
def test_lines_below_the_title_that_name_no_pages_are_kept(tmp_path: Path, entries: Sequence[str]) -> None:
    assert _text(tmp_path, "a.pdf", _printed(entries, "Contents")).lower().count("brass") == 3


def test_lines_on_the_page_after_the_title_are_kept(tmp_path: Path) -> None:
    document = fpdf.FPDF()
    document.set_font("helvetica", size=11)
    document.add_page()
    document.text(20, 150, "Contents")
    for page in range(5):
        document.add_page()
        for line, entry in enumerate(
            ("Washers of brass 2", "Nuts of brass 4", "Screws of brass 5") if not page else ()
        ):
            document.text(20, 100 + 20 * line, entry)

    assert _text(tmp_path, "a.pdf", bytes(document.output())).count("brass") == 3


def test_timetable_that_goes_over_the_pages_is_kept(tmp_path: Path) -> None:
    document = fpdf.FPDF()
    document.set_font("helvetica", size=11)
    stations = ("Quay", "Mill", "Church", "School", "Bridge")
    for page in range(1, 5):
        document.add_page()
        for at, station in enumerate(stations):
            document.text(20, 60 + 12 * at, f"{page}.{at + 1} Station {station} {50 * page + 10 * at}")

    assert _text(tmp_path, "a.pdf", bytes(document.output())).count("Station") == 20


@pytest.mark.parametrize("line", ["-" * 500_000, "- " * 500_000, "a a" + " -" * 500_000 + " x"])
def test_long_drawn_line_is_looked_at_once(tmp_path: Path, line: str) -> None:
    """Reading that takes the square of its length would not come to an end."""
    pages = [f"The pump is good.\n\n{line}\n\nThe hose is long."] * 3

    assert _text(tmp_path, "a.txt", "\f".join(pages)).count("The hose is long.") == 3


def test_title_before_a_long_drawn_line_is_bared_at_once() -> None:
    assert bare_title(f"Chapter 3: The pump {'- ' * 500_000}x").startswith("the pump - -")


def test_price_list_of_a_text_is_kept(tmp_path: Path) -> None:
    prices = (
        "Contents\n\nWashers    2\nNuts       4\nScrews     8\n\nPrice list\n\n1.1 New burner 250\n1.2 New valve 480"
    )

    text = _text(tmp_path, "a.txt", f"{prices}\n\nAll prices are in euros and include the tax.")

    assert [word for word in ("Washers", "Nuts", "Screws", "burner 250", "valve 480") if word not in text] == []


def test_numbered_parts_of_a_box_in_a_text_are_kept(tmp_path: Path) -> None:
    parts = "Contents\n\n1 Washers 2\n2 Nuts 4\n3 Screws 8\n4 Rings 3\n5 Pins 9"

    text = _text(tmp_path, "a.txt", f"{parts}\n\nKeep the kit dry and away from children at all times.")

    assert [word for word in ("Washers", "Nuts", "Screws", "Rings", "Pins") if word not in text] == []


def test_contents_of_a_text_are_left_out(tmp_path: Path) -> None:
    entries = "\n".join(_lines("{title:<40}{page:>4}"))
    body = "\n\n".join(f"{title}\n\n{_BODY.format(title.lower())}" for title in _TITLES)

    assert _text(tmp_path, "a.txt", f"Contents\n\n{entries}\n\n{body}") == body


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_contents_of_a_word_document_are_in_no_chunk(tmp_path: Path, strategy: ChunkStrategy) -> None:
    document = docx.Document()
    for entry in _lines("{title}\t{page}"):
        document.add_paragraph(entry)
    for title in _TITLES:
        document.add_heading(title, 2)
        document.add_paragraph(_BODY.format(title.lower()))
    path = tmp_path / "a.docx"
    document.save(str(path))

    told = split(parse_file(path, path.name).text, ChunkSpec(strategy, 4000))

    assert "\n\n".join(one.text for one in told) == _body(number=False)
