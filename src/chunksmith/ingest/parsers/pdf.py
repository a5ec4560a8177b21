"""PDF: lines with their place and size on the page, then furniture out, paragraphs together, headings marked."""

import logging
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from pypdf import PdfReader
from pypdf.errors import LimitReachedError, PyPdfError

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits
from chunksmith.ingest.parsers.page_layout import markdown_from_pages
from chunksmith.ingest.parsers.page_lines import Page
from chunksmith.ingest.parsers.page_reader import PageReader

_BROKEN = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, AssertionError)
# What pypdf raises for damaged pages.
BROKEN = (*_BROKEN, RecursionError)


class OpenedPdf(NamedTuple):
    reader: PdfReader
    page_count: int
    title: str | None


def parse_pdf(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    del name
    opened = open_pdf(path, limits)
    with closing(PageReader(path, opened.reader.pages)) as reader:
        return _document(reader, opened.page_count, opened.title)


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


def _document(reader: PageReader, count: int, title: str | None) -> ParsedDocument:
    pages: list[Page] = []
    unreadable = 0
    for index in range(count):
        try:
            pages.append(reader.read(index))
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
