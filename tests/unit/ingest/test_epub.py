"""Books: every page of the spine, whatever XML allows in it and in the package file."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers import ParsedDocument, parse_file
from chunksmith.ingest.parsers.html import MAX_DEPTH
from chunksmith.ingest.parsers.xhtml import html_from_xhtml

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


def _package(hrefs: Iterable[str], *, guide: str = "") -> str:
    items = "".join(
        f'<item id="p{at}" href="{href}" media-type="application/xhtml+xml"/>' for at, href in enumerate(hrefs)
    )
    spine = "".join(f'<itemref idref="p{at}"/>' for at, _ in enumerate(hrefs))
    return (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Towers</dc:title></metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine>{guide}</package>"
    )


def _read(tmp_path: Path, package: str, pages: Mapping[str, str | bytes]) -> ParsedDocument:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", _CONTAINER)
        archive.writestr("OPS/book.opf", package)
        for name, content in pages.items():
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


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("<script>document.write('<script src=\"x.js\"/>'); lit = 1;</script>", id="writes a script"),
        pytest.param("<script><![CDATA[ document.write('</script>'); lit = 1; ]]></script>", id="marked section"),
        pytest.param("<script><![CDATA[ a ]]> b <![CDATA[ '</script>' ]]></script>", id="two sections"),
        pytest.param("<script><![CDATA[ lit = 1; </script>", id="section without an end"),
        pytest.param("<style>p > a/>b {}</style>", id="style"),
        pytest.param("<svg:script>lit = 1;</svg:script>", id="prefix"),
    ],
)
@pytest.mark.parametrize("behind", ["", "<script><![CDATA[ lit = 2; ]]></script>"], ids=["alone", "before another"])
def test_script_of_a_page_is_left_out_whatever_it_writes(tmp_path: Path, script: str, behind: str) -> None:
    page = _page("One", text=f"{script}{_PROSE}</p><p>Then it fell.{behind}")
    assert _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page}).text == f"# One\n\n{_PROSE}\n\nThen it fell."


def test_marked_section_without_an_end_loses_no_page(tmp_path: Path) -> None:
    page = _page("One", text=f"<![CDATA[{_PROSE}</p><p>Then it fell.")
    assert _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page}).text == f"# One\n\n{_PROSE}\n\nThen it fell."


def test_many_scripts_without_an_end_are_read_in_linear_time(tmp_path: Path) -> None:
    page = _page("One", text=_PROSE + "<script><![CDATA[</script><script>" * 100_000)
    assert html_from_xhtml(page).count(_PROSE) == 1


def test_declarations_of_a_document_type_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "one.xhtml"
    declared = '<!DOCTYPE html [ <!ATTLIST p kind CDATA "a]>b"> <!-- ]> --> <!ELEMENT lamp (#PCDATA)> ]>'
    path.write_text(_page("One").replace("<html", f"{declared}<html", 1))
    assert parse_file(path, path.name).text == f"# One\n\n{_PROSE}"


@pytest.mark.parametrize("kind", ['epub:type="footnote"', 'epub:type="tip"', 'role="doc-footnote"'])
def test_what_a_book_sets_apart_is_its_text(tmp_path: Path, kind: str) -> None:
    page = _page("One", text=f"{_PROSE}</p><aside {kind}><p>It was the third.</p></aside><p>Then it fell.")
    text = _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page}).text
    assert text == f"# One\n\n{_PROSE}\n\nIt was the third.\n\nThen it fell."


@pytest.mark.parametrize("kind", ["", 'epub:type="toc"', 'role="navigation"'])
def test_what_leads_elsewhere_is_not_the_text_of_a_book(tmp_path: Path, kind: str) -> None:
    page = _page("One", text=f"{_PROSE}</p><aside {kind}><p>Other books</p></aside><p>Then it fell.")
    text = _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page}).text
    assert text == f"# One\n\n{_PROSE}\n\nThen it fell."


_JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x48\x00\x48\x00\x00" + bytes(range(256)) * 8


def test_picture_among_the_pages_of_a_book_is_named_in_a_warning(tmp_path: Path) -> None:
    book = _read(tmp_path, _package(["cover.jpg", "1.xhtml"]), {"cover.jpg": _JPEG, "1.xhtml": _page("One")})
    assert (book.text, len(book.warnings)) == (f"# One\n\n{_PROSE}", 1)
    assert "cover.jpg" in book.warnings[0]


def test_book_of_nothing_but_pictures_has_no_text(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        _read(tmp_path, _package(["1.jpg"]), {"1.jpg": _JPEG})
    assert caught.value.kind == "empty"


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


@pytest.mark.parametrize("name", ["search", "index-of-terms", "toc", "cover", "copyright", "genindex"])
def test_name_of_a_page_does_not_make_it_navigation(tmp_path: Path, name: str) -> None:
    pages = {"1.xhtml": _page("One"), f"{name}.xhtml": _page("Two")}
    assert _read(tmp_path, _package(pages), pages).text == f"# One\n\n{_PROSE}\n\n# Two\n\n{_PROSE}"


_ENTRIES = "".join(f'<dt><a href="1.xhtml#t{number}">tower {number}</a></dt>' for number in range(20))


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(_page("Terms", attributes='epub:type="backmatter index"'), id="by the type of its body"),
        pytest.param(_page("Contents", attributes='role="doc-toc"'), id="by the role of its body"),
        pytest.param(_page("T", text=f'</p><dl>{_ENTRIES}</dl><p>A | <a href="#b">B</a>'), id="by its links"),
    ],
)
def test_page_that_is_navigation_is_left_out(tmp_path: Path, page: str) -> None:
    pages = {"1.xhtml": _page("One"), "2.xhtml": page}
    assert _read(tmp_path, _package(pages), pages).text == f"# One\n\n{_PROSE}"


def test_contents_of_a_page_of_prose_leave_its_prose(tmp_path: Path) -> None:
    prose = f"{_PROSE} It was rebuilt on the Hoe. " * 5
    page = _page("One", text=f"{prose}</p><ul>{_ENTRIES.replace('dt>', 'li>') * 9}</ul><p>It fell.")
    assert _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page}).text == f"# One\n\n{prose.strip()}\n\nIt fell."


def test_heading_without_text_is_kept_before_other_pages_alone(tmp_path: Path) -> None:
    pages = {"1.xhtml": _page("Part One", text=""), "2.xhtml": _page("Two"), "3.xhtml": _page("Index", text="")}
    assert _read(tmp_path, _package(pages), pages).text == f"# Part One\n\n# Two\n\n{_PROSE}"


def test_part_of_a_page_that_is_navigation_is_left_out(tmp_path: Path) -> None:
    page = _page("One", text=f'{_PROSE}</p><section epub:type="toc"><p>Towers, page 9</p></section><p>It fell.')
    assert _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page}).text == f"# One\n\n{_PROSE}\n\nIt fell."


def test_guide_says_which_pages_are_navigation(tmp_path: Path) -> None:
    pages = {"c.xhtml": _page("Cover"), "1.xhtml": _page("One")}
    guide = (
        '<guide><reference type="cover" href="c.xhtml"/><reference type="text" href="1.xhtml"/>'
        '<reference type="toc" href="1.xhtml#toc"/></guide>'
    )
    assert _read(tmp_path, _package(pages, guide=guide), pages).text == f"# One\n\n{_PROSE}"


def test_prose_of_the_page_that_the_guide_calls_contents_is_kept(tmp_path: Path) -> None:
    prose = f"{_PROSE} It was rebuilt on the Hoe. " * 3
    page = _page("Towers", text=f"{prose}</p><ul>{_ENTRIES.replace('dt>', 'li>')}</ul><p>")
    package = _package(["1.xhtml"], guide='<guide><reference type="toc" href="1.xhtml"/></guide>')
    assert _read(tmp_path, package, {"1.xhtml": page}).text == f"# Towers\n\n{prose.strip()}"


def test_landmarks_say_which_pages_are_navigation(tmp_path: Path) -> None:
    pages = {"c.xhtml": _page("Rights"), "1.xhtml": _page("One")}
    landmarks = (
        '<nav epub:type="landmarks"><ol><li><a epub:type="copyright-page" href="../c.xhtml">Rights</a></li>'
        '<li><a epub:type="bodymatter" href="../1.xhtml">One</a></li></ol></nav>'
    )
    nav = '<item id="nav" href="nav/nav.xhtml" properties="nav"/></manifest>'
    package = _package(pages).replace("</manifest>", nav)
    others = {"nav/nav.xhtml": _page("Contents", text=landmarks)}
    assert _read(tmp_path, package, pages | others).text == f"# One\n\n{_PROSE}"


def test_drawing_with_entities_leaves_a_book_readable(tmp_path: Path) -> None:
    drawing = '<!DOCTYPE svg [ <!ENTITY ns_svg "http://www.w3.org/2000/svg"> ]><svg xmlns="&ns_svg;"/>'
    pages = {"1.xhtml": _page("One"), "tower.svg": drawing}
    assert _read(tmp_path, _package(["1.xhtml"]), pages).text == f"# One\n\n{_PROSE}"


def _encryption(member: str, algorithm: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        f'<enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData><enc:CipherReference URI="{member}"/>'
        "</enc:CipherData></enc:EncryptedData></encryption>"
    )


def _protected(folder: Path, page: str | bytes, encryption: str) -> Path:
    path = folder / "book.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", _CONTAINER)
        archive.writestr("META-INF/encryption.xml", encryption)
        archive.writestr("OPS/book.opf", _package(["one.xhtml"]))
        archive.writestr("OPS/one.xhtml", page)
    return path


def test_book_with_encrypted_pages_is_named_as_such(tmp_path: Path) -> None:
    algorithm = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
    path = _protected(tmp_path, bytes(range(256)) * 8, _encryption("OPS/one.xhtml", algorithm))

    with pytest.raises(DocumentUnreadable) as caught:
        parse_file(path, path.name)

    assert caught.value.kind == "encrypted"


@pytest.mark.parametrize("algorithm", ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"])
def test_book_whose_fonts_alone_are_obfuscated_is_read(tmp_path: Path, algorithm: str) -> None:
    path = _protected(tmp_path, _page("One"), _encryption("OPS/font.otf", algorithm))

    assert _PROSE in parse_file(path, path.name).text


def test_guessed_encoding_of_pages_is_named_once(tmp_path: Path) -> None:
    polish = "Wisła jest najdłuższą rzeką Polski. Źródła znajdują się w Beskidzie Śląskim, a ujście w Zatoce Gdańskiej."
    page = f"<html><body><p>{polish}</p></body></html>".encode("cp1250")
    document = _read(tmp_path, _package(["1.xhtml", "2.xhtml"]), {"1.xhtml": page, "2.xhtml": page})
    assert document.warnings == ("The encoding was guessed: cp1250. If letters are wrong, save the file as UTF-8.",)


def test_declared_encoding_of_a_page_has_no_warning(tmp_path: Path) -> None:
    page = _page("Wisła", text="Źródła").replace("utf-8", "windows-1250").encode("cp1250")
    document = _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page})
    assert (document.text, document.warnings) == ("# Wisła\n\nŹródła", ())


@pytest.mark.parametrize("name", ["tags", "ads", "author-info", "newsletter-content"])
def test_part_of_a_book_is_text_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    part = f"</p><div class='{name}'><h2>Name</h2><p>Tags name sheep.</p></div><p>{_PROSE}"
    page = _page("One", text=f"{_PROSE}{part}")
    text = _read(tmp_path, _package(["1.xhtml"]), {"1.xhtml": page}).text
    assert text == f"# One\n\n{_PROSE}\n\n## Name\n\nTags name sheep.\n\n{_PROSE}"
