"""Every format by real files, made here by other libraries than those that read them."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fpdf
import openpyxl
import pptx
import pytest
from docx.enum.text import WD_BREAK
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers import ParseLimits, parse_file
from word_parts import word_document

Write = Callable[[str, bytes | str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return _write


def _text(path: Path) -> str:
    return parse_file(path, path.name).text


def _kind(path: Path, name: str | None = None, limits: ParseLimits | None = None) -> str:
    with pytest.raises(DocumentUnreadable) as caught:
        parse_file(path, name or path.name, limits)
    assert caught.value.detail
    return caught.value.kind


def _pdf(pages: list[list[str]], **options: Any) -> bytes:
    document = fpdf.FPDF()
    document.set_font("helvetica", size=11)
    for lines in pages:
        document.add_page()
        for index, line in enumerate(lines):
            document.text(20, 20 + 6 * index, line)
    for name, value in options.items():
        getattr(document, name)(**value)
    return bytes(document.output())


def _zip(members: dict[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _docx(tmp_path: Path) -> Path:
    document = word_document()
    document.add_heading("Handbook", 1)
    document.add_paragraph("Water the plants.")
    document.add_paragraph("first", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for index, text in enumerate(("Plant", "Litres", "Fern", "2")):
        table.cell(index // 2, index % 2).text = text
    path = tmp_path / "handbook.docx"
    document.save(str(path))
    return path


# PDF


def test_pdf_lines_become_paragraphs(write: Write) -> None:
    lines = [
        "The first line of a paragraph runs on to the second line with-",
        "out a break and it ends here, as it must.",
    ]
    text = _text(write("a.pdf", _pdf([lines])))
    assert (
        text == "The first line of a paragraph runs on to the second line without a break and it ends here, as it must."
    )


def test_pdf_running_headers_and_page_numbers_are_left_out(write: Write) -> None:
    pages = []
    for number in range(1, 6):
        middle = [f"Body of page {number} says a thing that is long enough to be a line."] + [""] * 41
        pages.append([f"Annual Report {number}", *middle, f"Page {number} of 5"])
    text = _text(write("a.pdf", _pdf(pages)))
    assert "Annual Report" not in text
    assert "Page 1" not in text
    assert "Body of page 5 says" in text


def test_pdf_dot_leaders_are_left_out(write: Write) -> None:
    lines = [
        "Contents",
        "Purpose ................ 1",
        "Scope ................. 2",
        "A sentence of the text itself stands here.",
    ]
    assert "...." not in _text(write("a.pdf", _pdf([lines, ["Second page with one more sentence."]])))


def test_pdf_large_type_is_a_heading(write: Write) -> None:
    document = fpdf.FPDF()
    document.add_page()
    document.set_font("helvetica", size=20)
    document.text(20, 20, "The Title")
    document.set_font("helvetica", size=11)
    document.text(20, 40, "Some text that follows the title and is longer than it.")
    text = _text(write("a.pdf", bytes(document.output())))
    assert text == "# The Title\n\nSome text that follows the title and is longer than it."


def test_pdf_without_text_layer_says_that_it_needs_ocr(write: Write) -> None:
    document = fpdf.FPDF()
    document.add_page()
    document.rect(10, 10, 50, 50, style="F")
    path = write("scan.pdf", bytes(document.output()))
    with pytest.raises(DocumentUnreadable, match="OCR") as caught:
        parse_file(path, path.name)
    assert caught.value.kind == "no_text_layer"


def test_encrypted_pdf_is_named_as_such(write: Write) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(_pdf([["secret"]]))))
    writer.encrypt("password", algorithm="AES-256")
    stream = io.BytesIO()
    writer.write(stream)
    assert _kind(write("a.pdf", stream.getvalue())) == "encrypted"


def test_truncated_pdf_is_corrupt(write: Write) -> None:
    assert _kind(write("a.pdf", _pdf([["text"]])[:300])) == "corrupt"


def test_pdf_pages_that_go_in_a_circle_are_corrupt(write: Write) -> None:
    body = (
        b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        b"2 0 obj\n<</Type/Pages/Kids[2 0 R]/Count 1>>\nendobj\n"
    )
    assert _kind(write("a.pdf", body + b"trailer\n<</Root 1 0 R/Size 3>>\nstartxref\n0\n%%EOF")) in {
        "corrupt",
        "no_text_layer",
    }


# Office


def test_docx_headings_lists_and_tables(tmp_path: Path) -> None:
    document = parse_file(_docx(tmp_path), "handbook.docx")
    assert document.title == "Handbook"
    assert document.text == (
        "# Handbook\n\nWater the plants.\n\n- first\n\n| Plant | Litres |\n| --- | --- |\n| Fern | 2 |"
    )


@pytest.mark.parametrize("kind", ["page", "column", "textWrapping"])
def test_break_in_a_word_paragraph_parts_its_words(tmp_path: Path, kind: str) -> None:
    document = word_document()
    run = document.add_paragraph().add_run("The lamp is lit.")
    run.add_break(getattr(WD_BREAK, {"page": "PAGE", "column": "COLUMN"}.get(kind, "LINE")))
    run.add_text("Then it burns.")
    document.save(str(tmp_path / "a.docx"))
    assert _text(tmp_path / "a.docx") == "The lamp is lit. Then it burns."


@pytest.mark.parametrize(
    ("run", "text"),
    [
        ("<w:r><w:rPr><w:b/><w:vanish/></w:rPr><w:t>A secret.</w:t></w:r>", "The lamp is lit."),
        ('<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t> It burns.</w:t></w:r>', "The lamp is lit. It burns."),
        ("<w:r><w:cr/><w:t>It burns.</w:t></w:r>", "The lamp is lit. It burns."),
        (
            '<w:r><w:rPr><w:vanish/></w:rPr><w:fldChar w:fldCharType="begin"/></w:r>'
            "<w:r><w:rPr><w:vanish/></w:rPr><w:instrText>XE lamp</w:instrText></w:r>"
            '<w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t xml:space="preserve"> It burns.</w:t></w:r>',
            "The lamp is lit. It burns.",
        ),
    ],
    ids=["hidden", "not hidden", "line break", "hidden field"],
)
def test_word_run_is_read_as_word_shows_it(tmp_path: Path, run: str, text: str) -> None:
    document = word_document()
    paragraph = document.add_paragraph("The lamp is lit.")
    spaced = run.replace("<w:t>", '<w:t xml:space="preserve">')
    for element in parse_xml(f"<w:p {nsdecls('w')}>{spaced}</w:p>"):
        paragraph._p.append(element)
    document.save(str(tmp_path / "a.docx"))
    assert _text(tmp_path / "a.docx") == text


def test_pptx_titles_tables_and_notes(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Roots"
    slide.placeholders[1].text = "Roots drink.\nLeaves breathe."
    table = slide.shapes.add_table(2, 2, 0, 0, 100, 100).table
    for index, text in enumerate(("Part", "Work", "Root", "drinks")):
        table.cell(index // 2, index % 2).text = text
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    path = tmp_path / "deck.pptx"
    deck.save(str(path))
    assert _text(path) == (
        "## Roots\n\n- Roots drink.\n- Leaves breathe.\n\n"
        "| Part | Work |\n| --- | --- |\n| Root | drinks |\n\nNotes: Say it slowly."
    )


def test_xlsx_sheets_are_tables(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Plants"
    for row in (("Name", "Height"), ("Fern", 2), ("Oak|Tree", 30.5)):
        sheet.append(row)
    path = tmp_path / "plants.xlsx"
    book.save(path)
    assert _text(path) == "## Plants\n\n| Name | Height |\n| --- | --- |\n| Fern | 2 |\n| Oak\\|Tree | 30.5 |"


def test_encrypted_office_file_is_named_as_such(write: Write) -> None:
    body = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    assert _kind(write("a.docx", body)) == "encrypted"


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx"])
def test_truncated_office_file_is_corrupt(write: Write, tmp_path: Path, name: str) -> None:
    assert _kind(write(name, _docx(tmp_path).read_bytes()[:2000])) == "corrupt"


@pytest.mark.parametrize("part", ["word/document.xml", "ppt/presentation.xml", "xl/workbook.xml"])
def test_archive_with_broken_parts_is_corrupt(write: Write, part: str) -> None:
    assert _kind(write("a.docx", _zip({part: "<broken", "[Content_Types].xml": "<x"}))) == "corrupt"


# HTML and EPUB


_PAGE = """<!DOCTYPE html><html><head><title>Ferns</title><style>p{}</style></head><body>
<nav><a href="/">Home</a></nav><div class="menu"><ul><li><a href=a>A</a><li><a href=b>B</a></ul></div>
<div class="toc"><a href="#x">1. X</a></div><h1>Ferns<a class="headerlink" href="#f">¶</a></h1>
<p>A fern <b>is</b> a plant,
see <code>fern()</code> &amp; <a href="x">more</a>.</p><svg><text>node</text></svg><script>alert(1)</script>
<ul><li>One<li>Two<ul><li>Deep</ul></ul><ol><li>First<li>Second</ol>
<ul><li><a href="#a">Alpha</a><li><a href="#b">Beta</a><li><a href="#c">Gamma</a></ul>
<pre class="language-sql">SELECT *
  FROM t;</pre><table><tr><th>K</th><th>V</th></tr><tr><td>a</td><td>1</td></tr></table>
<form><input value="x"><button>Go</button></form><p>This page last modified on 2021-11-01</p>
<footer>Copyright</footer></body></html>"""


def test_html_is_markdown_without_furniture(write: Write) -> None:
    document = parse_file(write("a.html", _PAGE), "a.html")
    assert document.title == "Ferns"
    assert document.text == (
        "# Ferns\n\nA fern is a plant, see `fern()` & more.\n\n- One\n- Two\n  - Deep\n\n1. First\n2. Second\n\n"
        "```sql\nSELECT *\n  FROM t;\n```\n\n| K | V |\n| --- | --- |\n| a | 1 |"
    )


@pytest.mark.parametrize("tag", ["div", "ul><li", "table><tr><td", "blockquote", "span", "code"])
def test_deeply_nested_html_is_read(write: Write, tag: str) -> None:
    assert "bottom" in _text(write("a.html", f"<html><body>{f'<{tag}>' * 2_000}bottom of it all"))


@pytest.mark.parametrize("tag", ["p", "article", "main", "h1", "li", "span", "details", "pre", "code"])
@pytest.mark.parametrize("how", ["hidden", "hidden=''", "style='color:red; display : none'"])
def test_hidden_part_of_a_page_is_left_out(write: Write, tag: str, how: str) -> None:
    page = f"<p>Before it.</p><{tag} {how}>A secret.</{tag}><p>Behind it."
    assert _text(write("a.html", f"<html><body>{page}")) == "Before it.\n\nBehind it."


def test_page_that_hides_itself_until_its_scripts_have_run_is_read(write: Write) -> None:
    assert _text(write("a.html", "<html><body style='display:none'><p>The lamp is lit.")) == "The lamp is lit."


def test_words_before_a_hidden_heading_are_no_heading(write: Write) -> None:
    page = "<div>The lamp is lit.<h2 hidden>Ghost</h2>It burns oil.</div>"
    assert _text(write("a.html", f"<html><body>{page}")) == "The lamp is lit.\n\nIt burns oil."


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("10<sup>6</sup> lamps", "10^6 lamps"),
        ("O(<i>n</i><sup>2</sup>) or 2<sup>-1</sup>", "O(n^2) or 2^-1"),
        ("35 km<sup>2</sup>", "35 km^2"),
        ("the 2<sup>nd</sup> lamp", "the 2nd lamp"),
        ("the lamp<sup>1</sup>", "the lamp1"),
        ("in 1887<sup><a href='#n1'>[1]</a></sup>", "in 1887[1]"),
    ],
    ids=["number", "letter", "unit", "ordinal", "note", "link"],
)
def test_raised_number_is_a_power_where_it_stands_at_one(write: Write, markup: str, text: str) -> None:
    table = f"<table><tr><th>a<th>b<tr><td>x<td>{markup}</table>"
    assert _text(write("a.html", f"<html><body><p>{markup}</p>{table}")).splitlines() == [
        text, "", "| a | b |", "| --- | --- |", f"| x | {text} |"
    ]  # fmt: skip


def test_items_keep_the_numbers_that_a_page_gives_them(write: Write) -> None:
    page = "<p>Lamps.<ol start=5><li>five<li value=9>nine<li>ten<ol><li>one</ol></ol><ol start=x><li>one</ol>"
    assert _text(write("a.html", f"<html><body>{page}")) == ("Lamps.\n\n5. five\n9. nine\n10. ten\n  1. one\n\n1. one")


def test_deleted_words_of_a_page_are_left_out(write: Write) -> None:
    page = "<p>The lamp burns <del>oil</del><ins>gas</ins>."
    assert _text(write("a.html", f"<html><body>{page}")) == "The lamp burns gas."


def test_way_back_from_a_note_is_no_text(write: Write) -> None:
    page = "<p>Lit.<ol><li>At dusk, press ↑. <a href='#r1'>↑</a></ol>"
    assert _text(write("a.html", f"<html><body>{page}")).endswith("1. At dusk, press ↑.")


def test_html_with_only_menus_is_empty(write: Write) -> None:
    assert _kind(write("a.html", "<html><body><nav>Home</nav><script>x</script></body></html>")) == "empty"


def test_html_charset_declaration_counts(write: Write) -> None:
    page = '<html><head><meta charset="windows-1251"></head><body><p>Привет, мир</p></body></html>'
    assert _text(write("a.html", page.encode("cp1251"))) == "Привет, мир"


def _epub(order: tuple[str, ...] = ("one", "two")) -> bytes:
    spine = "".join(f'<itemref idref="{name}"/>' for name in order)
    return _zip(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="OPS/book.opf"/></container>',
            "OPS/book.opf": (
                '<package><metadata><dc:title>My Book</dc:title></metadata><manifest><item id="nav" properties="nav" '
                'href="nav.xhtml"/><item id="one" href="one.xhtml"/><item id="two" href="two.xhtml"/>'
                '<item id="out" href="../../../etc/passwd"/></manifest>'
                f'<spine><itemref idref="nav"/>{spine}</spine></package>'
            ),
            "OPS/nav.xhtml": "<html><body><p>Contents of the book</p></body></html>",
            "OPS/one.xhtml": "<html><body><h1>One</h1><p>First text.</p></body></html>",
            "OPS/two.xhtml": "<html><body><h1>Two</h1><p>Second text.</p></body></html>",
        }
    )


def test_epub_is_read_in_the_order_of_its_spine(write: Write) -> None:
    document = parse_file(write("a.epub", _epub(("two", "one", "out"))), "a.epub")
    assert (document.title, document.text) == ("My Book", "# Two\n\nSecond text.\n\n# One\n\nFirst text.")


# Text


def test_comments_of_markdown_are_left_out(write: Write) -> None:
    text = "# Lamps\n\n<!-- to do:\n\nmore -->\n\nThe lamp<!-- sic --> is lit.\n\n<!--a-->It burns."
    assert _text(write("a.md", text)) == "# Lamps\n\nThe lamp is lit.\n\nIt burns."


@pytest.mark.parametrize(
    "text",
    [
        "Like this:\n\n```html\n<!-- a -->\n\n<p>\n```\n\nIt burns.",
        "Like this:\n\n~~~\n<!-- a -->",
        "Like this:\n\n    <!-- a -->\n\nIt burns.",
        "Write `<!-- a -->` there.",
        "It begins with <!-- and goes on.\n\nIt burns.",
    ],
    ids=["fence", "fence without an end", "indented", "in a line", "without an end"],
)
def test_comments_in_code_of_markdown_are_kept(write: Write, text: str) -> None:
    assert _text(write("a.md", text)) == text


def test_markdown_between_rules_is_no_front_matter(write: Write) -> None:
    text = "---\n\nNote: the keeper lights the lamp.\n\n---\n\nThe body of it."
    assert _text(write("a.md", text)) == text


def test_markdown_is_kept_without_front_matter(write: Write) -> None:
    document = parse_file(write("a.md", "---\ntitle: My Page\n---\n# Head\n\n- a\n- b\n"), "a.md")
    assert (document.title, document.text) == ("My Page", "# Head\n\n- a\n- b")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\ufeffGrüße – “ok”".encode(), id="utf-8 with mark"),
        pytest.param("Grüße – “ok”".encode("utf-16"), id="utf-16 with mark"),
        pytest.param("Grüße – “ok”".encode("utf-16-le"), id="utf-16-le"),
        pytest.param("Grüße – “ok”".encode("utf-16-be"), id="utf-16-be"),
        pytest.param("Grüße – “ok”".encode("utf-32"), id="utf-32 with mark"),
        pytest.param("Grüße – “ok”".encode("cp1252"), id="cp1252"),
    ],
)
def test_text_encodings(write: Write, content: bytes) -> None:
    assert _text(write("a.txt", content)) == "Grüße – “ok”"


def test_stray_bytes_in_text_are_read_as_western(write: Write) -> None:
    content = "Über dem Leuchtturm – hoch über der See – brennt Licht.\n\n".encode() + "Ein Café.".encode("cp1252")
    assert _text(write("a.txt", content)) == ("Über dem Leuchtturm – hoch über der See – brennt Licht.\n\nEin Café.")


def test_text_paragraphs_are_joined_and_contents_left_out(write: Write) -> None:
    source = (
        "Table of Contents\n\n1. Start\n    1.1. More\n    1.2. Even more\n2. End\n\n----------------------\n\n"
        "Chapter 1. Start\n\n    A paragraph that\n    has two lines.\n\n      * item one\n        goes on\n\n"
        "1.1. More\n\n    $ make all\n    $ make install\n"
    )
    assert _text(write("a.txt", source)) == (
        "# Chapter 1. Start\n\nA paragraph that has two lines.\n\n- item one goes on\n\n## 1.1. More\n\n"
        "```\n$ make all\n$ make install\n```"
    )


@pytest.mark.parametrize(
    "entries",
    [
        "1. Start ......... 1\n2. End ........... 5\n3. Index ......... 9",
        "1. Start\n2. End\n3. Index",
        "1. Start 1\n2. End 5",
    ],
    ids=["with dots", "bare", "with pages"],
)
def test_heading_after_the_contents_of_text_is_kept(write: Write, entries: str) -> None:
    source = f"TABLE OF CONTENTS\n\n{entries}\n\n1. Start\n\nThe tide turns at noon.\n"
    assert _text(write("a.txt", source)) == "1. Start\n\nThe tide turns at noon."


def test_restructured_text_becomes_markdown(write: Write) -> None:
    source = (
        ".. _ref:\n\nTitle\n=====\n\nSee `the list\n<https://x.org>`__ and :ref:`other <o>`, ``code``.\n\n"
        ".. note:: Mind this.\n\nPart\n----\n\nLike this::\n\n    run it\n\nDone.\n"
    )
    assert _text(write("a.rst", source)) == (
        "# Title\n\nSee the list and other, `code`.\n\nNote: Mind this.\n\n"
        "## Part\n\nLike this:\n\n```\nrun it\n```\n\nDone."
    )


def test_text_is_clean_utf8(write: Write) -> None:
    text = _text(write("a.json", json.dumps({"a": "x\ud800y\u0000z\r\nw"})))
    assert text == "a: x\ufffdyz w"
    assert text.encode()


def test_csv_is_a_table(write: Write) -> None:
    assert _text(write("a.csv", "Name;Age\nAda;36\n")) == "| Name | Age |\n| --- | --- |\n| Ada | 36 |"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("sep=;\nName;Born, died\nAda;1815, 1852\n", id="plain"),
        pytest.param('sep=;\r\nName;"Born, died"\r\nAda;"1815, 1852"\r\n', id="quoted cells"),
        pytest.param("sep=;,,\nName;Born, died\nAda;1815, 1852\n", id="filled up"),
        pytest.param('sep=;,\nName,"Born, died"\nAda,"1815, 1852"\n', id="a row of its own"),
        pytest.param('"sep=|"\nName|Born, died\nAda|1815, 1852\n', id="quoted line"),
        pytest.param("SEP=\t\nName\tBorn, died\nAda\t1815, 1852\n", id="tab"),
    ],
)
def test_csv_that_tells_its_delimiter_is_cut_there(write: Write, content: str) -> None:
    assert _text(write("a.csv", content)) == "| Name | Born, died |\n| --- | --- |\n| Ada | 1815, 1852 |"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('"Name, first";Born\nAda;1815\n', id="in quotes"),
        pytest.param('\n"Name, first";Born\nAda;1815\n', id="behind an empty line"),
    ],
)
def test_csv_delimiter_is_counted_outside_of_quotes(write: Write, content: str) -> None:
    assert "| Name, first | Born |" in _text(write("born.csv", content))


def test_json_and_json_lines_are_readable(write: Write) -> None:
    assert _text(write("a.json", '[{"q": "Why?", "tags": ["x", "y"]}, {"q": "How?"}]')) == (
        "q: Why?\ntags:\n  - x\n  - y\n\nq: How?"
    )
    assert _text(write("a.jsonl", '{"q": 1}\n{"q": true}\n')) == "q: 1\n\nq: true"


@pytest.mark.parametrize(
    "content", ["[" * 100_000, "{nope", '{"a":' * 400 + "1" + "}" * 400], ids=["deep", "bad", "nested"]
)
def test_broken_json_is_corrupt(write: Write, content: str) -> None:
    assert _kind(write("a.json", content)) == "corrupt"


@pytest.mark.parametrize(
    ("name", "content", "detail"),
    [
        pytest.param("a.jsonl", '{"q": 1}\n\n{bad}\n{"q": 3}\n', "Line 3 is not valid JSON: Expecting", id="broken"),
        pytest.param("a.ndjson", '{"q": 1\n{"q": 2}\n', "Line 1 is not valid JSON: Expecting", id="the first"),
        pytest.param("a.jsonl", '{"q": 1}\n{"q": 2', "Line 2 is not valid JSON: Expecting", id="cut off"),
        pytest.param("a.json", '{"q": 1}\n{"q": 2} 3\n', "Line 2 is not valid JSON: Extra data", id="named json"),
        pytest.param("a.jsonl", '{"q": 1}\n' + "[" * 100_000, "Line 2 is nested too deeply", id="deep"),
    ],
)
def test_broken_line_of_json_lines_is_named(write: Write, name: str, content: str, detail: str) -> None:
    with pytest.raises(DocumentUnreadable, match=detail):
        _text(write(name, content))


# What a file is


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_integer_that_is_too_long_is_told_as_such(write: Write, name: str) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        parse_file(write(name, f'{{"n": {"9" * 5_000}}}'), name)
    assert caught.value.detail.rstrip(".").endswith("not valid JSON: an integer has more than 4,300 digits")


def test_content_decides_over_the_name(write: Write) -> None:
    document = parse_file(write("a.txt", _pdf([["A sentence in a PDF that calls itself text."]])), "a.txt")
    assert document.media_type == "application/pdf"
    assert document.warnings


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        pytest.param("a.txt", b"", "empty", id="empty"),
        pytest.param("a.txt", b" \n\t", "empty", id="blank"),
        pytest.param("a.docx", b"just some text", "corrupt", id="text named docx"),
        pytest.param("a.docx", b"\x00\x01\x02\x03" * 50, "corrupt", id="bytes named docx"),
        pytest.param("a.bin", b"\x7fELF\x00\x01\x02\x03" * 50, "binary", id="program"),
        pytest.param("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 9, "binary", id="picture named txt"),
        pytest.param("a.rtf", b"{\\rtf1 text}", "unsupported", id="rtf"),
        pytest.param("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "unsupported", id="old word"),
        pytest.param("a.zip", _zip({"a.txt": "x"}), "unsupported", id="plain archive"),
        pytest.param("a.zip", b"PK\x03\x04 nothing", "corrupt", id="broken archive"),
        pytest.param(
            "a.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "corrupt", id="entities"
        ),
    ],
)
def test_files_that_cannot_be_read_say_why(write: Write, name: str, content: bytes, kind: str) -> None:
    assert _kind(write(name, content)) == kind


# Bombs


def test_archive_that_inflates_too_far_is_refused(write: Write) -> None:
    bomb = _zip({"word/document.xml": bytes(30_000_000), "[Content_Types].xml": "<x/>"})
    assert _kind(write("a.docx", bomb)) == "too_large"


def test_archive_that_lies_about_its_sizes_is_refused(write: Write) -> None:
    bomb = bytearray(_zip({"word/document.xml": bytes(30_000_000)}))
    position = bomb.index(b"PK\x01\x02")
    bomb[position + 24 : position + 28] = struct.pack("<I", 100)
    assert _kind(write("a.docx", bytes(bomb))) in {"too_large", "corrupt"}


def test_archive_with_too_many_members_is_refused(write: Write) -> None:
    many = _zip({f"word/{index}": "" for index in range(300)})
    assert _kind(write("a.docx", many), limits=ParseLimits(max_members=200)) == "too_large"


def test_pdf_page_that_inflates_too_far_is_refused(write: Write) -> None:
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica")
    pdf.cell(text="a lamp")
    writer = PdfWriter(io.BytesIO(bytes(pdf.output())))
    stream = writer.pages[0].get_contents()
    stream.set_data(stream.get_data() + b" " * 100_000_000)
    writer.pages[0][NameObject("/Contents")] = stream.flate_encode()
    buffer = io.BytesIO()
    writer.write(buffer)
    assert _kind(write("a.pdf", buffer.getvalue())) == "too_large"


def _stream(head: bytes, content: bytes) -> bytes:
    deflated = zlib.compress(content, 1)
    return b"<< %s /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (head, len(deflated), deflated)


@pytest.mark.parametrize("bomb", ["table", "objects"])
def test_pdf_whose_objects_inflate_too_far_is_refused_as_too_large(write: Write, bomb: str) -> None:
    """The catalog lies in a stream of objects (6), which the table of objects (7) points to."""
    spaces = b" " * 80_000_000
    start = b"%PDF-1.5\n"
    objects = b"6 0 obj\n%s\nendobj\n" % _stream(b"/Type /ObjStm /N 1 /First 5", spaces)
    rows = [(0, 0, 65535), *((2, 6, place) for place in range(5)), (1, len(start), 0), (1, len(start + objects), 0)]
    table = spaces if bomb == "table" else b"".join(struct.pack(">BIH", *row) for row in rows)
    last = b"7 0 obj\n%s\nendobj\n" % _stream(b"/Type /XRef /Size 8 /W [1 4 2] /Root 1 0 R", table)
    end = b"startxref\n%d\n%%%%EOF" % len(start + objects)
    assert _kind(write("a.pdf", start + objects + last + end)) == "too_large"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entity_declarations_in_office_files_are_refused(write: Write, encoding: str) -> None:
    entities = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    assert _kind(write("a.docx", _zip({"word/document.xml": entities.encode(encoding)}))) == "corrupt"


@pytest.mark.parametrize(
    "limits", [ParseLimits(max_bytes=10), ParseLimits(max_text_chars=10)], ids=["bytes", "characters"]
)
def test_size_limits_hold(write: Write, limits: ParseLimits) -> None:
    assert _kind(write("a.txt", "More than ten characters."), limits=limits) == "too_large"


def test_code_in_an_item_stands_behind_what_introduces_it(write: Write) -> None:
    page = "<p>How the lamp is lit.</p><ol><li>Run this command:<pre>make demo</pre>then wait.</li></ol>"
    told = _text(write("a.html", f"<html><body>{page}</body></html>"))
    assert told.index("Run this command:") < told.index("make demo") < told.index("then wait.")
