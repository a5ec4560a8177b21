"""Parquet: one explicit schema for each mode, compressed with zstd, in row groups of a fixed number of rows."""

import contextlib
import functools
from typing import Any

from pydantic_core import to_json

from chunksmith.exports.arrow_columns import arrow_type, record_batch
from chunksmith.exports.columns import DatasetHeader, Row, columns, describe, without_surrogates
from chunksmith.exports.protocols import BuiltIn, Sink, WriteOnly, Writer

ROW_GROUP_ROWS = 2_500
METADATA_KEY = "chunksmith"
_NEVER_NULL = ("id", "source_chunk")


class Parquet(BuiltIn):
    name = "parquet"
    extension = "parquet"
    media_type = "application/vnd.apache.parquet"
    description = "Apache Parquet, zstd; the settings stand in the schema metadata under the key chunksmith"
    packed = True

    def open(self, sink: Sink, header: DatasetHeader) -> "ParquetWriter":
        return ParquetWriter(sink, header)


class ParquetWriter(Writer):
    """Holds back less than one row group, so that row groups do not depend on how rows are portioned.

    Rows become columns as they come: those take a fraction of the room, and each step is short.
    Units: ``arrow_bytes`` is the size of the columns in memory.
    """

    def __init__(self, sink: Sink, header: DatasetHeader) -> None:
        self._columns = columns(header)
        self._schema = schema(header)
        self._waiting: list[Any] = []
        self._rows = 0
        self.arrow_bytes = 0
        self._file = _pyarrow().parquet.ParquetWriter(WriteOnly(sink), self._schema, compression="zstd", version="2.6")

    def write(self, rows: list[Row]) -> None:
        while rows:
            taken = rows[: ROW_GROUP_ROWS - self._rows]
            rows = rows[len(taken) :]
            self._waiting.append(self._batch(taken))
            self._rows += len(taken)
            if self._rows == ROW_GROUP_ROWS:
                self._write_group()

    def close(self) -> None:
        if self._rows:
            self._write_group()
        self._file.close()

    def abandon(self) -> None:
        self._waiting.clear()
        with contextlib.suppress(OSError, ValueError):  # the footer has nowhere to go
            self._file.close()

    def _batch(self, rows: list[Row]) -> Any:
        try:
            return record_batch(_pyarrow(), rows, self._columns, self._schema)
        except UnicodeEncodeError:
            return record_batch(_pyarrow(), without_surrogates(rows), self._columns, self._schema)

    def _write_group(self) -> None:
        table = _pyarrow().Table.from_batches(self._waiting).combine_chunks()  # so that its size is that of its content
        self.arrow_bytes += table.nbytes
        self._file.write_table(table, row_group_size=ROW_GROUP_ROWS)
        self._waiting.clear()
        self._rows = 0


def schema(header: DatasetHeader) -> Any:
    """The ``pyarrow.Schema`` of a dataset's file."""
    pa = _pyarrow()
    fields = [
        pa.field(column.name, arrow_type(pa, column), nullable=column.name not in _NEVER_NULL)
        for column in columns(header)
    ]
    return pa.schema(fields, metadata={METADATA_KEY: to_json(without_surrogates(describe(header)))})


@functools.cache
def _pyarrow() -> Any:
    """Untyped: pyarrow's own annotations do not export its names."""
    import pyarrow.parquet  # noqa: PLC0415 - 60 MB that a server without Parquet never needs

    pa: Any = pyarrow
    pa.set_memory_pool(pa.system_memory_pool())  # its own keeps some 30 MB more than it uses
    return pa
