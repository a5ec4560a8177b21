"""CSV as RFC 4180 has it: UTF-8 without a mark, CRLF, a header line, quotes doubled. Cells are exactly the texts."""

import csv
import io
from typing import Any

from chunksmith.exports.columns import DatasetHeader, Row, columns, without_surrogates
from chunksmith.exports.json_text import encoded
from chunksmith.exports.protocols import BuiltIn, Sink, Writer


class Csv(BuiltIn):
    name = "csv"
    extension = "csv"
    media_type = "text/csv"
    description = (
        "RFC 4180, UTF-8, with a header line; lists are JSON in their cell. Cells are not changed for spreadsheets: "
        "import them there as text"
    )

    def open(self, sink: Sink, header: DatasetHeader) -> "CsvWriter":
        return CsvWriter(sink, header)


class CsvWriter(Writer):
    def __init__(self, sink: Sink, header: DatasetHeader) -> None:
        self._sink = sink
        self._names = [column.name for column in columns(header)]
        self._put([self._names])

    def write(self, rows: list[Row]) -> None:
        self._put([[_cell(row[name]) for name in self._names] for row in rows])

    def close(self) -> None:
        """The last line is already complete."""

    def _put(self, lines: list[list[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(lines)
        self._sink.write(_utf8(text.getvalue()))


def _cell(value: Any) -> Any:
    return encoded(value).decode() if isinstance(value, list) else value


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return bytes(without_surrogates(text).encode())
