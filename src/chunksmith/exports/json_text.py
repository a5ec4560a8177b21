"""JSON Lines, and one JSON array: UTF-8, nothing escaped that need not be."""

from pydantic_core import PydanticSerializationError, to_json

from chunksmith.exports.columns import DatasetHeader, Row, without_surrogates
from chunksmith.exports.protocols import Sink


class JsonLines:
    name = "jsonl"
    extension = "jsonl"
    media_type = "application/x-ndjson"
    description = "One JSON object on each line, UTF-8"

    def open(self, sink: Sink, header: DatasetHeader) -> "JsonLinesWriter":
        return JsonLinesWriter(sink)


class JsonLinesWriter:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, rows: list[Row]) -> None:
        self._sink.write(b"".join(_encoded(row) + b"\n" for row in rows))

    def close(self) -> None:
        """The last line is already complete."""


class JsonArray:
    name = "json"
    extension = "json"
    media_type = "application/json"
    description = "One JSON array of objects, one object on each line, UTF-8"

    def open(self, sink: Sink, header: DatasetHeader) -> "JsonArrayWriter":
        return JsonArrayWriter(sink)


class JsonArrayWriter:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._separator = b"[\n"

    def write(self, rows: list[Row]) -> None:
        for row in rows:
            self._sink.write(self._separator + _encoded(row))
            self._separator = b",\n"

    def close(self) -> None:
        self._sink.write(b"[]\n" if self._separator == b"[\n" else b"\n]\n")


def _encoded(row: Row) -> bytes:
    try:
        return to_json(row, inf_nan_mode="null")
    except PydanticSerializationError:
        return to_json(without_surrogates(row), inf_nan_mode="null")
