"""Tables of contents without leaders: numbers of pages behind titles."""

from collections.abc import Sequence
from pathlib import Path

import docx
import fpdf
import pytest

from chunksmith.ingest.chunking import STRATEGIES, ChunkSpec, ChunkStrategy, split
from chunksmith.ingest.parsers import parse_file

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
