"""Rows as Arrow columns, put together from buffers.

pyarrow's own conversion of Python values imports pandas wherever that is installed, some 45 MB, and keeps the
interpreter to itself for as long as it takes. Source: arrow.apache.org/docs/format/Columnar.html (variable-size binary,
list, struct).
"""

from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from chunksmith.exports.columns import Column, Row

_OFFSETS, _NUMBERS, _INTEGERS = "i", "d", "q"  # 32 bits; 64 bits of each


def arrow_type(pa: Any, column: Column) -> Any:
    kinds = {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "number": pa.float64(),
        "evidence": pa.list_(_span(pa)),
    }
    return kinds[column.kind]


def record_batch(pa: Any, rows: Sequence[Row], columns: Sequence[Column], schema: Any) -> Any:
    """Errors: UnicodeEncodeError for half of a surrogate pair."""
    arrays = [_column(pa, column, [row[column.name] for row in rows]) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(pa: Any, column: Column, values: Sequence[Any]) -> Any:
    if column.kind == "text":
        return _texts(pa, values)
    if column.kind == "number":
        return _fixed(pa, pa.float64(), _NUMBERS, values)
    items = [item for value in values for item in value]
    child = _texts(pa, items) if column.kind == "texts" else _spans(pa, items)
    buffers = [None, _offsets(pa, map(len, values))]
    return pa.Array.from_buffers(arrow_type(pa, column), len(values), buffers, children=[child])


def _texts(pa: Any, values: Sequence[str | None]) -> Any:
    encoded = [value.encode() if value is not None else b"" for value in values]
    buffers = [_present(pa, values), _offsets(pa, map(len, encoded)), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def _fixed(pa: Any, kind: Any, code: str, values: Sequence[float | None]) -> Any:
    content = pa.py_buffer(array(code, [value if value is not None else 0 for value in values]))
    return pa.Array.from_buffers(kind, len(values), [_present(pa, values), content])


def _span(pa: Any) -> Any:
    return pa.struct([("quote", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("match", pa.string())])


def _spans(pa: Any, values: Sequence[Row]) -> Any:
    children = [
        _texts(pa, [value["quote"] for value in values]),
        _fixed(pa, pa.int64(), _INTEGERS, [value["start"] for value in values]),
        _fixed(pa, pa.int64(), _INTEGERS, [value["end"] for value in values]),
        _texts(pa, [value["match"] for value in values]),
    ]
    return pa.Array.from_buffers(_span(pa), len(values), [None], children=children)


def _offsets(pa: Any, lengths: Any) -> Any:
    return pa.py_buffer(array(_OFFSETS, accumulate(lengths, initial=0)))


def _present(pa: Any, values: Sequence[object]) -> Any:
    """One bit a value, lowest first; None: all are there."""
    if None not in values:
        return None
    bits = bytearray(-(-len(values) // 8))
    for place, value in enumerate(values):
        if value is not None:
            bits[place >> 3] |= 1 << (place & 7)
    return pa.py_buffer(bits)
