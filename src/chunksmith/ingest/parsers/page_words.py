"""The words of a page of a PDF with the places where they begin and end, as pdfium sees them."""

import logging
import re
from contextlib import suppress
from ctypes import byref, c_double, c_int, create_string_buffer
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw as untyped

from chunksmith.ingest.parsers.page_lines import Word

raw: Any = untyped
_WORD = re.compile(r"\S+")
# What pdfium writes for the hyphen at the end of a line.
_LINE_HYPHEN = "\ufffe"
_FIXED_PITCH = 1  # of the flags of a font descriptor
_FIXED_NAME = re.compile(rb"courier|mono|nimbusmon|consol|typewriter|cmtt|menlo", re.IGNORECASE)
_LONGEST_NAME = 128
# Points: words no farther apart are taken to be set in one font.
_SPACE = 8.0


class PageWords:
    """The words of the pages of one file; none where pdfium cannot read it."""

    def __init__(self, path: Path) -> None:
        logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)
        self._document: pdfium.PdfDocument | None = None
        with suppress(pdfium.PdfiumError):
            self._document = pdfium.PdfDocument(path)  # type: ignore[no-untyped-call]  # none upstream

    def of_page(self, index: int) -> list[Word]:
        if self._document is None:
            return []
        try:
            page = self._document[index]
            text = page.get_textpage()
        except pdfium.PdfiumError:
            return []
        try:
            return _words(text)
        finally:
            text.close()
            page.close()

    def close(self) -> None:
        if self._document is not None:
            self._document.close()  # type: ignore[no-untyped-call]  # none upstream


def _words(page: pdfium.PdfTextPage) -> list[Word]:
    count: int = page.count_chars()  # type: ignore[no-untyped-call]  # none upstream
    text: str = page.get_text_range()  # type: ignore[no-untyped-call]  # none upstream
    if len(text) != count:  # some characters are none of the text, or two
        text = "".join(chr(raw.FPDFText_GetUnicode(page.raw, at)) for at in range(count))
    x, y, left, right, bottom, top = (c_double() for _ in range(6))
    words: list[Word] = []
    for match in _WORD.finditer(text):
        first, last = match.start(), match.end() - 1
        if raw.FPDFText_GetCharOrigin(page.raw, first, byref(x), byref(y)) and raw.FPDFText_GetCharBox(
            page.raw, last, byref(left), byref(right), byref(bottom), byref(top)
        ):
            word = match[0].replace(_LINE_HYPHEN, "-")
            before = words[-1] if words else None
            if before and before.y == y.value and 0 < x.value - before.right < _SPACE:
                is_fixed = before.is_fixed
            else:
                is_fixed = _is_fixed(page, first)
            words.append(Word(word, x.value, right.value, y.value, first, is_fixed))
    return words


def _is_fixed(page: pdfium.PdfTextPage, at: int) -> bool:
    name, flags = create_string_buffer(_LONGEST_NAME), c_int()
    raw.FPDFText_GetFontInfo(page.raw, at, name, _LONGEST_NAME, byref(flags))
    return bool(flags.value & _FIXED_PITCH or _FIXED_NAME.search(name.value))
