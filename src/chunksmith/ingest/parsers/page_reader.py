"""Pages of a PDF to lines with their place and size, and to tables."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pypdf import PageObject
from pypdf.generic import ArrayObject, FloatObject, NumberObject

from chunksmith.ingest.parsers.page_lines import Line, Page, PageTable
from chunksmith.ingest.parsers.page_marks import PageMarks
from chunksmith.ingest.parsers.page_tables import tables_of_page

_WORD_GAP = -180  # thousandths of the font size; tight setting goes down to about 0.2 em, kerning hardly above 0.12
_SPACE = -400
_SQUEEZED = re.compile(r"[ \t]+")


class _Collector:
    """Builds lines from the runs of text that pypdf reports."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.parts: list[str] = []
        self.sizes: list[tuple[int, float, bool]] = []
        self.place: tuple[float, float] | None = None
        self.marks = PageMarks()

    def see(self, operator: bytes, operands: Any, cm: Any, tm: Any) -> None:
        """Make the gaps between words in a justified line wide enough for pypdf to see them as spaces."""
        self.marks.see(operator, operands, cm, tm)
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


class PageReader:
    """Reads the pages of one file, and looks closer at those that may have tables."""

    def __init__(self, path: Path, pages: Sequence[PageObject]) -> None:
        self._path = path
        self._pages = pages
        self._words: Any = None

    def read(self, index: int) -> Page:
        """Errors: those of pypdf for damaged pages, ``pdf.BROKEN``."""
        page = self._pages[index]
        collector = _Collector()
        page.extract_text(visitor_operand_before=collector.see, visitor_text=collector.run)
        collector.close()
        lines = tuple(collector.lines)
        tables = self._tables(index, collector.marks, lines) if collector.marks.may_have_tables() else ()
        return Page(lines, float(page.mediabox.height), tables)

    def close(self) -> None:
        if self._words is not None:
            self._words.close()

    def _tables(self, index: int, marks: PageMarks, lines: Sequence[Line]) -> tuple[PageTable, ...]:
        if self._words is None:
            # pdfium is loaded for these pages only.
            from chunksmith.ingest.parsers.page_words import PageWords  # noqa: PLC0415 - most need not wait for it

            self._words = PageWords(self._path)
        return tables_of_page(self._words.of_page(index), marks, lines)
