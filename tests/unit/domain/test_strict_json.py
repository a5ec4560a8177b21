"""JSON as it is read everywhere that people send it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.strict_json import parse_json
from chunksmith.errors import InvalidRequest


@pytest.mark.parametrize(
    ("raw", "keys"),
    [
        (b'{"a": 1, "a": 2}', ['"a"']),
        (b'{"a": {"b": 1, "b": {}}, "c": [{"d": 1, "d": 1e5}]}', ['"b"', '"d"']),
        (b'{"a": {"b": 1}, "c": {"b": 2}, "d": "\\"b\\": 1"}', []),
    ],
    ids=["top", "below", "in different objects"],
)
def test_a_key_that_is_given_twice_is_named(raw: bytes, keys: list[str]) -> None:
    try:
        parse_json(raw)
    except InvalidRequest as exc:
        found = [fault.detail for fault in exc.faults]
    else:
        found = []
    assert found == [f"the key {key} is given more than once" for key in keys]


@pytest.mark.parametrize(
    ("raw", "pointer", "detail"),
    [
        (b"", "", "is empty; a JSON object is expected"),
        (b" \n", "", "is empty; a JSON object is expected"),
        (b'{"a":\n tru}', "", "is not valid JSON: expected ident at line 2 column 5"),
        (b'{"a": NaN}', "", "is not valid JSON: expected value at line 1 column 7"),
        (b"[-Infinity]", "", "is not valid JSON: invalid number at line 1 column 3"),
        (b'"\xff"', "", "is not valid JSON: invalid unicode code point at line 1 column 2"),
        (b"[" * 100_000, "", "is not valid JSON: recursion limit exceeded at line 1 column 202"),
        (b"9" * 5000, "", "is not valid JSON: number out of range at line 1 column 4302"),
        (b'{"a": {"b/c": [0, "x\\ud800y"]}}', "/a/b~1c/1", "must be Unicode text; it has a lone surrogate"),
        (b'{"\\ud800": 1}', "", "must be Unicode text; it has a lone surrogate"),
        (b'{"a": [1e999]}', "/a/0", "must be a finite number"),
        (b'{"a": -1' + b"0" * 400 + b".0}", "/a", "must be a finite number"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else "",
)
def test_json_that_is_none_is_refused(raw: bytes, pointer: str, detail: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_json(raw)
    assert [(fault.pointer, fault.detail) for fault in caught.value.faults] == [(pointer, detail)]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_any_json_value_is_read_as_it_was_written(value: Any) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value
