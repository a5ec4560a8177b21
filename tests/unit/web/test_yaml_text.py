"""YAML that comes in: text and null, nothing else."""

from typing import Any

import pytest

from chunksmith.errors import InvalidRequest
from chunksmith.web.yaml_text import dump_yaml, parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: No\nb: 2024\nc: 1.10\n", {"a": "No", "b": "2024", "c": "1.10"}),
        ("a: ~\nb: null\nc:\nd: 'null'\n", {"a": None, "b": None, "c": None, "d": "null"}),
        ("- a\n- [b, {c: d}]\n", ["a", ["b", {"c": "d"}]]),
        ("a: x\na: y\n", {"a": "y"}),
        ("名前: 東京\n", {"名前": "東京"}),
        ('{"name": "as JSON"}', {"name": "as JSON"}),
    ],
)
def test_scalars_are_text(text: str, value: Any) -> None:
    assert parse_yaml(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "anchors and aliases are not taken (line 1)"),
        ("a: !!python/object/apply:os.system ['x']\n", "tags are not taken (line 1)"),
        ("a: [\n", "is not valid YAML"),
        ("[" * 100_000, "nested too deeply"),
        ("? [a]\n: b\n", "a key must be text"),
        ("a\n---\nb\n", "must be one YAML document"),
        ("", "must be one YAML document"),
        ("a: \x01", "is not valid YAML"),
    ],
    ids=["alias", "tag", "open", "deep", "key", "two", "none", "control"],
)
def test_what_is_no_plain_tree_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_yaml(text.encode())
    assert said in caught.value.detail


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidRequest):
        parse_yaml(b"a: \xff\xfe")


@pytest.mark.parametrize(
    "value", [{"name": "No", "children": [{"name": "1.10"}, {"name": "東京: {x}"}, {"name": "~"}]}]
)
def test_what_goes_out_comes_back(value: Any) -> None:
    assert parse_yaml(dump_yaml(value)) == value
