"""DOCX by mammoth, which knows the styles, and the HTML walk, which knows Markdown."""

import io
import re
import zipfile
from functools import partial
from html import escape
from pathlib import Path
from typing import IO, Any
from xml.parsers.expat import ExpatError
from xml.sax import SAXException

import mammoth

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.archives import read_member
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits
from chunksmith.ingest.parsers.formulas import formula_of_word
from chunksmith.ingest.parsers.html import markdown_from_html

_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# mammoth has no annotations
_convert: Any = mammoth.convert_to_html
_element: Any = mammoth.images.img_element
# A break of the page or the column ends a line; else mammoth joins the words around it.
_STYLES = """
br[type='page'] => br
br[type='column'] => br
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Code'] => pre:separator('\\n')
p[style-name='Source Code'] => pre:separator('\\n')
p[style-name='HTML Preformatted'] => pre:separator('\\n')
"""
# Where things stand in the document; "toc 1" is the first level of its contents.
_DIRECTORIES = (
    "TOC Heading", "index heading", "toa heading", "table of figures", "table of authorities",
    *(f"{kind} {level}" for kind in ("toc", "index") for level in range(1, 10)),
)  # fmt: skip
_STYLE_MAP = _STYLES + "\n".join(f"p[style-name='{name}'] => !" for name in _DIRECTORIES)


_BODY = "word/document.xml"
# Up to the first cell of the row.
_BEGINS_LATER = re.compile(rb'(<w:gridBefore\s+w:val="(\d{1,2})"(?:(?!</w:tr>|<w:tc[ >]).)*+)(?=<w:tc[ >])', re.DOTALL)
_LINE_BREAK = re.compile(rb"<w:cr\s*/>")
# Not of runs that have others inside, nor of those that begin or end a field, which need each other.
_HIDDEN = re.compile(
    rb"<w:r(?:\s[^>]*)?><w:rPr>(?:(?!</w:rPr>|<w:rPrChange).)*?"
    rb'<w:vanish(?:\s+w:val="(?:1|true|on)")?\s*/>(?:(?!</w:r>|<w:r[ >]|<w:fldChar).)*+</w:r>',
    re.DOTALL,
)
_FORMULAS_OF_THEIR_OWN = re.compile(rb"<m:oMathPara(?:\s[^>]*)?>(?:(?!</m:oMathPara>).)*+</m:oMathPara>", re.DOTALL)
_FORMULA = re.compile(rb"<m:oMath(?:\s[^>]*)?>((?:(?!</m:oMath>).)*+)</m:oMath>", re.DOTALL)
_EMPTY_CELL = rb'\1<w:tc><w:tcPr><w:gridSpan w:val="\2"/></w:tcPr><w:p/></w:tc>'


def parse_docx(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    del name, limits
    try:
        with _readable(path) as stream:
            result = _convert(stream, style_map=_STYLE_MAP, convert_image=_element(_no_image))
    except (
        KeyError,
        ValueError,
        AttributeError,
        IndexError,
        TypeError,
        OSError,
        zipfile.BadZipFile,
        SyntaxError,
        ExpatError,
        SAXException,
    ) as exc:
        raise DocumentUnreadable("corrupt", f"The Word document is damaged: {exc}") from exc
    except RecursionError as exc:
        raise DocumentUnreadable("corrupt", "The Word document is nested too deeply.") from exc
    page = markdown_from_html(f"<html><body>{result.value}</body></html>", in_word=True)
    if not page.text.strip():
        raise DocumentUnreadable("empty", "The Word document has no text; pictures of text need OCR.")
    return ParsedDocument(page.text, _MEDIA_TYPE, _first_heading(page.text))


def _readable(path: Path) -> IO[bytes]:
    """The document without what mammoth does not know.

    Formulas, rows behind the first column, hidden words, old line breaks.
    """
    with zipfile.ZipFile(path) as archive:
        body = read_member(archive, _BODY) or b""
        changed = _BEGINS_LATER.sub(_EMPTY_CELL, _LINE_BREAK.sub(b"<w:br/>", _HIDDEN.sub(b"", body)))
        changed = _FORMULAS_OF_THEIR_OWN.sub(_formulas_of_their_own, changed)
        changed = _FORMULA.sub(partial(_written_formula, is_block=False), changed)
        if changed == body:
            return path.open("rb")
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
            for name in dict.fromkeys(archive.namelist()):
                target.writestr(name, changed if name == _BODY else archive.read(name))
    copy.seek(0)
    return copy


def _formulas_of_their_own(found: re.Match[bytes]) -> bytes:
    return b"".join(_written_formula(one, is_block=True) for one in _FORMULA.finditer(found[0]))


def _written_formula(found: re.Match[bytes], *, is_block: bool) -> bytes:
    """As a run of text."""
    written = escape(formula_of_word(found[1].decode(errors="replace"), is_block=is_block), quote=False)
    return f'<w:r><w:t xml:space="preserve">{written}</w:t></w:r>'.encode()


def _no_image(image: object) -> dict[str, str]:
    del image
    return {"src": ""}


def _first_heading(text: str) -> str | None:
    first = text.split("\n", 1)[0]
    return first[2:] if first.startswith("# ") else None
