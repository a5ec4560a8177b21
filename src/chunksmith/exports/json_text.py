"""JSON Lines, and one JSON array: UTF-8, nothing escaped that need not be."""

from collections.abc import Callable

from pydantic_core import PydanticSerializationError, to_json

from chunksmith.exports.columns import DatasetHeader, Row, without_surrogates
from chunksmith.exports.protocols import BuiltIn, Sink, Writer


class JsonLines(BuiltIn):
    name = "jsonl"
    extension = "jsonl"
    media_type = "application/x-ndjson"
    description = "One JSON object on each line, UTF-8"

    def open(self, sink: Sink, header: DatasetHeader) -> "JsonLinesWriter":
        return JsonLinesWriter(sink)


class JsonLinesWriter(Writer):
    """``shape`` makes what is written of a row."""

    def __init__(self, sink: Sink, shape: Callable[[Row], Row] | None = None) -> None:
        self._sink = sink
        self._shape = shape

    def write(self, rows: list[Row]) -> None:
        shaped = rows if self._shape is None else map(self._shape, rows)
        self._sink.write(b"".join(encoded(row) + b"\n" for row in shaped))

    def close(self) -> None:
        """The last line is already complete."""


class JsonArray(BuiltIn):
    name = "json"
    extension = "json"
    media_type = "application/json"
    description = "One JSON array of objects, one object on each line, UTF-8"

    def open(self, sink: Sink, header: DatasetHeader) -> "JsonArrayWriter":
        return JsonArrayWriter(sink)


class JsonArrayWriter(Writer):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._separator = b"[\n"

    def write(self, rows: list[Row]) -> None:
        if rows:
            self._sink.write(self._separator + b",\n".join(encoded(row) for row in rows))
            self._separator = b",\n"

    def close(self) -> None:
        self._sink.write(b"[]\n" if self._separator == b"[\n" else b"\n]\n")


def encoded(value: object) -> bytes:
    """JSON, also of what JSON has no place for: NaN is null, a lone surrogate U+FFFD."""
    try:
        return to_json(value, inf_nan_mode="null")
    except PydanticSerializationError:
        return to_json(without_surrogates(value), inf_nan_mode="null")
