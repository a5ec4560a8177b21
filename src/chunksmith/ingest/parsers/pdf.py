"""PDF: lines with their place and size on the page, then furniture out, paragraphs together, headings marked."""

import logging
import re
from pathlib import Path
from typing import Any, NamedTuple

from pypdf import PageObject, PdfReader
from pypdf.errors import LimitReachedError, PyPdfError
from pypdf.generic import ArrayObject, FloatObject, NumberObject

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits
from chunksmith.ingest.parsers.page_layout import markdown_from_pages
from chunksmith.ingest.parsers.page_lines import Line, Page

_BROKEN = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, AssertionError)
_WORD_GAP = -180  # thousandths of the font size; tight setting goes down to about 0.2 em, kerning hardly above 0.12
_SPACE = -400
_SQUEEZED = re.compile(r"[ \t]+")
# What pypdf raises for damaged pages.
BROKEN = (*_BROKEN, RecursionError)


class OpenedPdf(NamedTuple):
    reader: PdfReader
    page_count: int
    title: str | None


def parse_pdf(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    del name
    opened = open_pdf(path, limits)
    return _document(opened.reader, opened.page_count, opened.title)


def open_pdf(path: Path, limits: ParseLimits) -> OpenedPdf:
    """Errors: DocumentUnreadable: damaged, protected, or with too many pages."""
    # pypdf reports every small defect of a file on its logger; what matters becomes an error or a warning here.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(path)
        _unlock(reader)
        count = len(reader.pages)
        title = reader.metadata.title if reader.metadata else None
    except _BROKEN as exc:
        if _is_bomb(exc):
            raise DocumentUnreadable("too_large", f"The PDF is a bomb: {exc}") from exc
        raise DocumentUnreadable("corrupt", f"The PDF is damaged: {exc}") from exc
    except RecursionError as exc:
        raise DocumentUnreadable("corrupt", "The PDF refers to itself in a circle.") from exc
    if count > limits.max_pages:
        raise DocumentUnreadable("too_large", f"The PDF has {count:,} pages, the limit is {limits.max_pages:,}.")
    return OpenedPdf(reader, count, title if isinstance(title, str) else None)


def _document(reader: PdfReader, count: int, title: str | None) -> ParsedDocument:
    pages: list[Page] = []
    unreadable = 0
    for index in range(count):
        try:
            pages.append(read_page(reader.pages[index]))
        except BROKEN as exc:
            if _is_bomb(exc):
                raise DocumentUnreadable("too_large", f"Page {index + 1} of the PDF is a bomb: {exc}") from exc
            unreadable += 1
    if count and unreadable == count:
        raise DocumentUnreadable("corrupt", "None of the pages of the PDF can be read.")
    blank = sum(1 for page in pages if not page.lines)
    text = markdown_from_pages(pages)
    if not text.strip():
        raise DocumentUnreadable(
            "no_text_layer",
            f"The PDF has {count} pages but no text in them, only pictures: scanned pages need OCR first, "
            "or a parsing model that reads images.",
        )
    warnings = []
    if unreadable:
        warnings.append(f"{unreadable} of {count} pages could not be read and are missing.")
    if blank:
        warnings.append(f"{blank} of {count} pages have no text layer; if they are scans, they need OCR.")
    return ParsedDocument(text, "application/pdf", title, tuple(warnings))


def _is_bomb(exc: BaseException | None) -> bool:
    """pypdf hides a reached limit behind the error of what it was reading: table of objects, stream of objects."""
    while exc is not None and not isinstance(exc, LimitReachedError):
        exc = exc.__cause__ or exc.__context__
    return exc is not None


def _unlock(reader: PdfReader) -> None:
    if reader.is_encrypted and not reader.decrypt(""):
        raise DocumentUnreadable("encrypted", "The PDF is protected by a password: remove it and upload again.")


class _Collector:
    """Builds lines from the runs of text that pypdf reports."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.parts: list[str] = []
        self.sizes: list[tuple[int, float, bool]] = []
        self.place: tuple[float, float] | None = None

    def widen(self, operator: bytes, operands: Any, cm: Any, tm: Any) -> None:
        """Make the gaps between words in a justified line wide enough for pypdf to see them as spaces."""
        del cm, tm
        if operator != b"TJ" or not operands or not isinstance(operands[0], ArrayObject):
            return
        for index, item in enumerate(operands[0]):
            if isinstance(item, FloatObject | NumberObject) and _SPACE < item < _WORD_GAP:
                operands[0][index] = FloatObject(_SPACE)

    def run(self, text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = (abs(tm[3]) or abs(tm[1])) * (abs(cm[3]) or abs(cm[1]))
        bold = "bold" in str((font or {}).get("/BaseFont", "")).lower()
        for index, piece in enumerate(text.split("\n")):
            if index:
                self.close()
            if piece.strip():
                if self.place is None:
                    self.place = (x, y)
                self.sizes.append((len(piece.strip()), size * scale, bold))
            if piece:
                self.parts.append(piece)

    def close(self) -> None:
        text = _SQUEEZED.sub(" ", "".join(self.parts)).strip()
        if text and self.place is not None:
            characters = sum(count for count, _, _ in self.sizes)
            size = max(self.sizes)[1]
            bold = sum(count for count, _, is_bold in self.sizes if is_bold) > characters * 0.8
            self.lines.append(Line(text, self.place[0], self.place[1], round(size, 1), bold))
        self.parts, self.sizes, self.place = [], [], None


def read_page(page: PageObject) -> Page:
    """Errors: any of ``BROKEN``."""
    collector = _Collector()
    page.extract_text(visitor_operand_before=collector.widen, visitor_text=collector.run)
    collector.close()
    return Page(tuple(collector.lines), float(page.mediabox.height))
