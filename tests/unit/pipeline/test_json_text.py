"""The JSON in what models say: one way for the replies of all stages."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chunksmith
from chunksmith.pipeline.json_text import REPAIR_MAX_CHARS, json_in

VALUE = {"items": [{"text": "a {b} ]"}, {"text": "</think> ok"}]}
BARE = json.dumps(VALUE)
PLAIN = '{"items": [{"text": "plain"}]}'
AROUND = {
    "prose": f"Sure:\n{BARE}\nAnything else?",
    "fence": f"Sure:\n```json\n{BARE}\n```\nDone {{really}}.",
    "open fence": f"```\n{BARE}",
    "thinking": f"<think>{{x}} [1]</think>\n{BARE}",
    "thinking without a beginning": f"They want {{x}}.\n</think>\n{PLAIN}",
    "thinking in capitals": f"<THINKING>[{{]</THINKING>{BARE}",
    "not closed": BARE[:-2],
    "trailing comma": BARE[:-2] + ",]}",
    "single quotes": str(VALUE),
}


@pytest.mark.parametrize("text", AROUND.values(), ids=AROUND)
async def test_what_stands_around_it_is_taken_away(text: str) -> None:
    value, repaired = await json_in(text)
    assert value in (VALUE, json.loads(PLAIN))
    assert repaired


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one), max_leaves=10))
async def test_what_is_json_is_taken_as_it_is(value: Any) -> None:
    assert await json_in(json.dumps(value)) == (value, False)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param('{"text": "a"}\n{"text": "b"}', 2, id="one a line"),
        pytest.param('```json\n{\n"text": "a"\n}\n\n{"text": "b"}\n```', 2, id="one after another"),
        pytest.param('Sure:\n{"text": "a}"}\n{"text": "{b"}\n{"text": \'c\'}', 3, id="to be mended"),
    ],
)
async def test_objects_in_a_row_are_a_list(text: str, count: int) -> None:
    found = await json_in(text)
    assert (len(found.value), found.repaired) == (count, True)


async def test_objects_in_a_row_inside_of_a_list_stay_in_it() -> None:
    found = await json_in('{"items": [{"text": "a"}\n {"text": "b"}]}')
    assert found.value == {"items": [{"text": "a"}, {"text": "b"}]}


async def test_of_a_text_that_breaks_off_unsaid_the_last_item_does_not_count() -> None:
    found = await json_in('{"items": [{"text": "a"}, {"text": "b')
    assert found.value == {"items": [{"text": "a"}]}


async def test_of_a_text_that_is_known_to_break_off_all_is_kept() -> None:
    found = await json_in('{"items": [{"text": "a"}, {"text": "b', cut=True)
    assert [one["text"] for one in found.value["items"]] == ["a", "b"]


@pytest.mark.parametrize("text", ["", "   ", "Sorry.", "{" * 5000, "{x" * REPAIR_MAX_CHARS], ids=len)
async def test_without_any_there_is_none(text: str) -> None:
    value, repaired = await json_in(text)
    assert not value
    assert repaired


@settings(max_examples=50)
@given(st.text('{}[]",:`<>/think a1\n', max_size=80))
async def test_no_text_makes_it_fail(text: str) -> None:
    await json_in(text)
    await json_in(text, cut=True)


def test_nobody_else_mends_json() -> None:
    sources = Path(chunksmith.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if "import json_repair" in path.read_text()] == ["json_text.py"]
