"""Parquet: one explicit schema for each mode, compressed with zstd, in row groups of a fixed number of rows."""

from typing import Any

from pydantic_core import to_json

from chunksmith.exports.columns import Column, DatasetHeader, Row, columns, describe, without_surrogates
from chunksmith.exports.protocols import Sink

ROW_GROUP_ROWS = 5_000
METADATA_KEY = "chunksmith"
_NEVER_NULL = ("id", "source_chunk")


class Parquet:
    name = "parquet"
    extension = "parquet"
    media_type = "application/vnd.apache.parquet"
    description = "Apache Parquet, zstd; the settings stand in the schema metadata under the key chunksmith"

    def open(self, sink: Sink, header: DatasetHeader) -> "ParquetWriter":
        return ParquetWriter(sink, header)


class ParquetWriter:
    """Holds back less than one row group, so that row groups do not depend on how rows are portioned."""

    def __init__(self, sink: Sink, header: DatasetHeader) -> None:
        self._schema = schema(header)
        self._waiting: list[Row] = []
        self._file = _pyarrow().parquet.ParquetWriter(_WriteOnly(sink), self._schema, compression="zstd", version="2.6")

    def write(self, rows: list[Row]) -> None:
        self._waiting.extend(rows)
        while len(self._waiting) >= ROW_GROUP_ROWS:
            self._write_group(self._waiting[:ROW_GROUP_ROWS])
            self._waiting = self._waiting[ROW_GROUP_ROWS:]

    def close(self) -> None:
        if self._waiting:
            self._write_group(self._waiting)
            self._waiting = []
        self._file.close()

    def _write_group(self, rows: list[Row]) -> None:
        self._file.write_table(_table(rows, self._schema), row_group_size=ROW_GROUP_ROWS)


def schema(header: DatasetHeader) -> Any:
    """The ``pyarrow.Schema`` of a dataset's file."""
    pa = _pyarrow()
    fields = [
        pa.field(column.name, _type(column), nullable=column.name not in _NEVER_NULL) for column in columns(header)
    ]
    return pa.schema(fields, metadata={METADATA_KEY: to_json(without_surrogates(describe(header)))})


def _type(column: Column) -> Any:
    pa = _pyarrow()
    span = pa.struct([("quote", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("match", pa.string())])
    kinds = {"text": pa.string(), "texts": pa.list_(pa.string()), "number": pa.float64(), "evidence": pa.list_(span)}
    return kinds[column.kind]


def _table(rows: list[Row], schema: Any) -> Any:
    table = _pyarrow().Table
    try:
        return table.from_pylist(rows, schema=schema)
    except UnicodeEncodeError:
        return table.from_pylist(without_surrogates(rows), schema=schema)


def _pyarrow() -> Any:
    """Untyped: pyarrow's own annotations do not export its names."""
    import pyarrow.parquet  # noqa: PLC0415 - 60 MB that a server without Parquet never needs

    return pyarrow


class _WriteOnly:
    """A sink as pyarrow wants a file: it asks for ``closed`` and ``flush``, and must not close what is not its own."""

    closed = False

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: Any) -> int:
        return self._sink.write(bytes(data))

    def tell(self) -> int:
        return self._sink.tell()

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """The sink belongs to the caller."""
