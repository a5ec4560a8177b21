"""From what models really send to drafts of entries."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.generation import MODES, SHAPES, Mode
from chunksmith.errors import ReplyUnreadable
from chunksmith.pipeline.replies import Drafts, read, reply_schema

PAIR = {"question": "What is granite?", "answer": "A rock.", "quote": "Granite is a rock."}
TWO = {"entries": [PAIR, {**PAIR, "question": "Why?"}]}
VALUES: dict[str, Any] = {
    **PAIR,
    "instruction": "Explain.",
    "input": "",
    "output": "It is.",
    "summary": "Short.",
    "key_points": ["one", "two"],
}


async def pairs(text: str, count: int = 5) -> Drafts:
    return await read(text, "default", count, classified=False)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("classified", [False, True])
async def test_each_mode_reads_what_its_schema_asks_for(mode: Mode, classified: bool) -> None:
    schema = reply_schema(mode, 3, classified=classified)
    item = schema["properties"]["entries"]["items"]
    values = VALUES | {"category": "stone", "difficulty": "advanced"}
    reply = json.dumps({"entries": [{name: values[name] for name in item["required"]}]})
    drafts = await read(reply, mode, 3, classified=classified)
    assert (len(drafts.items), drafts.dropped, drafts.repaired) == (1, 0, False)
    assert set(SHAPES[mode].columns) <= set(drafts.items[0])


@pytest.mark.parametrize("mode", MODES)
def test_schemas_are_flat_and_closed(mode: Mode) -> None:
    schema = reply_schema(mode, 4, classified=True)
    text = json.dumps(schema)
    assert "$ref" not in text
    assert "anyOf" not in text
    item = schema["properties"]["entries"]["items"]
    assert item["additionalProperties"] is False
    assert item["required"] == list(item["properties"])
    assert schema["properties"]["entries"]["maxItems"] == 4


BARE = json.dumps(TWO)
WRAPPED = {
    "fence": f"```json\n{BARE}\n```",
    "fence without a name": f"```\n{BARE}\n```",
    "open fence": f"```json\n{BARE}",
    "prose around": f"Sure! Here it is:\n\n{BARE}\n\nAnything else?",
    "thinking": f"<think>They want {{questions}}. Let me see [...]</think>\n{BARE}",
    "bare list": json.dumps(TWO["entries"]),
    "another name": json.dumps({"items": TWO["entries"]}),
    "one list of any name": json.dumps({"questions": TWO["entries"], "note": "fine"}),
    "trailing comma": BARE.replace("]}", ",]}"),
    "single quotes": str(TWO),
    "not closed": BARE[:-2],
    "line break in a string": BARE.replace("A rock.", "A\nrock."),
}


@pytest.mark.parametrize("text", WRAPPED.values(), ids=WRAPPED)
async def test_what_stands_around_it_does_no_harm(text: str) -> None:
    drafts = await pairs(text)
    assert [item["question"] for item in drafts.items] == ["What is granite?", "Why?"]


async def test_a_single_entry_is_a_list_of_one() -> None:
    assert len((await pairs(json.dumps(PAIR))).items) == 1


async def test_braces_and_fences_inside_of_strings_are_text() -> None:
    entry = {**PAIR, "answer": "Use ```json {x} ``` or [y]."}
    drafts = await pairs(f"Here:\n{json.dumps({'entries': [entry]})}")
    assert drafts.items[0]["answer"] == entry["answer"]


async def test_an_empty_list_is_an_answer() -> None:
    assert await pairs('{"entries": []}') == Drafts((), 0, False)


async def test_never_more_than_were_asked_for() -> None:
    assert len((await pairs(json.dumps({"entries": [PAIR] * 9}), count=3)).items) == 3


async def test_entries_of_the_wrong_shape_are_dropped_and_counted() -> None:
    mixed = [PAIR, {"question": "No answer?"}, "text", None, {**PAIR, "answer": 5}, {**PAIR, "answer": "  "}]
    drafts = await pairs(json.dumps({"entries": mixed}))
    assert (len(drafts.items), drafts.dropped) == (1, 5)


@pytest.mark.parametrize(
    "text",
    [
        "I am sorry.",
        "{}",
        "null",
        "7",
        '"text"',
        '{"entries": [1, 2]}',
        '{"result": "fine"}',
        "```json\n```",
        "{" * 5000,
    ],
    ids=["prose", "empty object", "null", "number", "string", "numbers", "another object", "empty fence", "deep"],
)
async def test_what_cannot_be_read_is_said_to_be_so(text: str) -> None:
    with pytest.raises(ReplyUnreadable):
        await pairs(text)


@pytest.mark.parametrize(
    ("item", "told"),
    [("1", "entry: Input should be an object"), ('{"question": 1}', "entry field question: Input should be a valid")],
    ids=["number", "field"],
)
async def test_what_does_not_fit_is_told_in_words_of_the_reply(item: str, told: str) -> None:
    with pytest.raises(ReplyUnreadable) as caught:
        await pairs(f'{{"entries": [{item}]}}')
    assert told in caught.value.detail


@pytest.mark.parametrize("bad", ["\x00", "\ud800"], ids=["NUL", "lone surrogate"])
async def test_what_cannot_be_stored_is_replaced(bad: str) -> None:
    drafts = await pairs(json.dumps({"entries": [{**PAIR, "answer": f"A{bad}B"}]}))
    assert drafts.items[0]["answer"] == "A\ufffdB"


@given(st.text(max_size=300))
async def test_no_text_makes_it_fail_in_another_way(text: str) -> None:
    try:
        drafts = await pairs(text)
    except ReplyUnreadable:
        return
    assert len(drafts.items) <= 5
