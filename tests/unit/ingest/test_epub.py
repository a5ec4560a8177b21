"""Books: every page of the spine, whatever XML allows in it and in the package file."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers import ParsedDocument, parse_file
from chunksmith.ingest.parsers.html import MAX_DEPTH

_CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
    '<rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
_PROSE = "The tower was built in 1759 and stood for more than a hundred years."


def _page(title: str, *, head: str = "<title/>", text: str = _PROSE, attributes: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head>{head}</head>'
        f"<body {attributes}><h1>{title}</h1><p>{text}</p></body></html>"
    )


def _package(hrefs: Iterable[str], *, properties: str = "", guide: str = "") -> str:
    items = "".join(
        f'<item id="p{at}" href="{href}" media-type="application/xhtml+xml" {properties}/>'
        for at, href in enumerate(hrefs)
    )
    spine = "".join(f'<itemref idref="p{at}"/>' for at, _ in enumerate(hrefs))
    return (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Towers</dc:title></metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine>{guide}</package>"
    )


def _read(tmp_path: Path, package: str, pages: dict[str, str], others: dict[str, str] | None = None) -> ParsedDocument:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", _CONTAINER)
        archive.writestr("OPS/book.opf", package)
        for name, content in (pages | (others or {})).items():
            archive.writestr(f"OPS/{name}", content)
    path = tmp_path / "towers.epub"
    path.write_bytes(stream.getvalue())
    return parse_file(path, path.name)


_CLOSED_AT_ONCE = [
    '<script src="x.js"/>',
    '<style type="text/css"/>',
    '<iframe src="x"/>',
    "<textarea/>",
    "<noscript/>",
    '<div class="sep"/>',
    "<select/>",
    '<a id="p1"/>',
    "<svg:svg/>",
    "<object data='x>y'/>",
]


@pytest.mark.parametrize("element", _CLOSED_AT_ONCE)
def test_element_that_is_closed_at_once_swallows_no_page(tmp_path: Path, element: str) -> None:
    page = _page("One", text=f"{element}{_PROSE}")
    assert _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page}).text == f"# One\n\n{_PROSE}"


@pytest.mark.parametrize("head", ["<title/>", '<title>One</title><script src="x.js"/>', '<style type="text/css"/>'])
def test_xhtml_upload_is_read_as_xml(tmp_path: Path, head: str) -> None:
    path = tmp_path / "one.xhtml"
    path.write_text(_page("One", head=head))
    assert parse_file(path, path.name).text == f"# One\n\n{_PROSE}"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(f"<html><head><title/></head><body><p>{_PROSE}</p></body></html>", id="by its name"),
        pytest.param(
            f'<!DOCTYPE html><html lang="en" xmlns="http://www.w3.org/1999/xhtml"><title/><p>{_PROSE}</p></html>',
            id="by its namespace",
        ),
        pytest.param(f'<?xml version="1.0"?><html><title/><p>{_PROSE}</p></html>', id="by its declaration"),
    ],
)
def test_page_is_known_as_xml(tmp_path: Path, page: str) -> None:
    path = tmp_path / ("one.xhtml" if page.startswith("<html><head>") else "one.html")
    path.write_text(page)
    assert parse_file(path, path.name).text == _PROSE


def test_marked_section_of_a_page_is_its_text(tmp_path: Path) -> None:
    page = _page("One", text="<![CDATA[if a < b && b > c: <title/>]]> is a chain of comparisons.")
    text = _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page}).text
    assert text == "# One\n\nif a < b && b > c: <title/> is a chain of comparisons."


def test_comment_of_a_page_is_left_alone(tmp_path: Path) -> None:
    page = _page("One", text=f"<!-- <style/> <textarea> -->{_PROSE}<br/>Then it fell.")
    assert _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page}).text == f"# One\n\n{_PROSE} Then it fell."


def test_package_whose_names_have_a_prefix_is_read(tmp_path: Path) -> None:
    package = (
        '<?xml version="1.0"?><opf:package xmlns:opf="http://www.idpf.org/2007/opf" xmlns:d="http://purl.org/dc/'
        'elements/1.1/"><opf:metadata><d:title>Towers</d:title><opf:meta name="cover" content="c"/></opf:metadata>'
        '<opf:manifest><opf:item id="a" href="1.xhtml"/></opf:manifest>'
        '<opf:spine><opf:itemref idref="a"/></opf:spine></opf:package>'
    )
    book = _read(tmp_path, package, {"1.xhtml": _page("One")})
    assert (book.title, book.text) == ("Towers", f"# One\n\n{_PROSE}")


def test_page_whose_address_names_a_place_in_it_is_read_once(tmp_path: Path) -> None:
    package = _package(["1.xhtml#top", "1.xhtml#middle", "2%20b.xhtml#top"])
    text = _read(tmp_path, package, {"1.xhtml": _page("One"), "2 b.xhtml": _page("Two")}).text
    assert text == f"# One\n\n{_PROSE}\n\n# Two\n\n{_PROSE}"


def test_page_that_is_not_in_the_book_is_named_in_a_warning(tmp_path: Path) -> None:
    book = _read(tmp_path, _package(["1.xhtml", "lost.xhtml"]), {"1.xhtml": _page("One")})
    assert book.text == f"# One\n\n{_PROSE}"
    assert book.warnings == ("The page 'lost.xhtml' of the book was left out: it is not in the file.",)


def test_page_without_an_item_in_the_package_is_named_in_a_warning(tmp_path: Path) -> None:
    package = _package(["1.xhtml"]).replace("</spine>", '<itemref idref="chapter-2"/></spine>')
    [warning] = _read(tmp_path, package, {"1.xhtml": _page("One")}).warnings
    assert "'chapter-2'" in warning


def test_page_that_cannot_be_read_leaves_the_others(tmp_path: Path) -> None:
    pages = {"1.xhtml": _page("One"), "deep.xhtml": _page("Deep", text="<div>" * (MAX_DEPTH + 1))}
    book = _read(tmp_path, _package(pages), pages)
    assert book.text == f"# One\n\n{_PROSE}"
    assert "'deep.xhtml' of the book was left out: its elements are nested" in book.warnings[0]


def test_many_lost_pages_are_counted(tmp_path: Path) -> None:
    package = _package(["1.xhtml", *(f"lost{number}.xhtml" for number in range(30))])
    warnings = _read(tmp_path, package, {"1.xhtml": _page("One")}).warnings
    assert (len(warnings), warnings[-1]) == (11, "So were 20 more of its pages.")


def test_book_without_any_of_its_pages_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match=r"no text.*'lost\.xhtml'") as caught:
        _read(tmp_path, _package(["lost.xhtml"]), {})
    assert caught.value.kind == "corrupt"
