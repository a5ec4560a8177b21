"""Borders that a model proposes: what is looked up, what is left out."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.calls import ChatReply, ChatRequest, ModelRef, Stage, Usage
from chunksmith.pipeline.propose_borders import (
    WINDOW_SENTENCES,
    Window,
    WindowBorders,
    borders_of,
    locate,
    request_for,
    windows,
)

MODEL = ModelRef("grok", "grok-4.3")
SENTENCES = (
    "A kiln dries fired clay.",
    "The potter opens the damper.",
    "# Granite and its **kin**",
    "Granite forms when magma cools.",
    "The potter opens the damper.",
    "花崗岩は火成岩の一種です。",
)
WINDOW = Window(10, SENTENCES)


@pytest.mark.parametrize(
    ("topic", "border"),
    [
        ({"sentence": 4, "begins": "Granite forms when"}, 13),
        ({"sentence": 4, "begins": ""}, 13),
        ({"sentence": 4}, 13),
        (4, 13),
        ({"sentence": 2, "begins": "Granite forms when magma"}, 13),
        ({"sentence": 99, "begins": "granite  FORMS when"}, 13),
        ({"begins": "Granite forms"}, 13),
        ("Granite forms when", 13),
        ({"sentence": 4, "begins": "[4] Granite forms"}, 13),
        ({"sentence": 4, "begins": "Granite forms when magma cools. The potter"}, 13),
        ({"sentence": 3, "begins": "Granite and its kin"}, 12),
        ({"sentence": 5, "begins": "The potter opens"}, 14),
        ({"sentence": 9, "begins": "The potter opens"}, 14),
        ({"sentence": 6, "begins": "花崗岩は"}, 15),
    ],
)
def test_a_sentence_is_found_by_number_and_words(topic: object, border: int) -> None:
    assert locate([topic], WINDOW) == (frozenset({border}), 0)


@pytest.mark.parametrize(
    "topic",
    [
        {"sentence": 0},
        {"sentence": 7},
        {"sentence": -3, "begins": ""},
        {"sentence": 2, "begins": "Basalt is darker than granite"},
        {"begins": "when magma cools"},
        {"begins": "The potter opens"},
        {"begins": "The"},
        {"sentence": True},
        {"sentence": "2"},
        {"sentence": 2.5},
        {},
        None,
        [3],
    ],
    ids=str,
)
def test_what_is_not_in_the_text_is_left_out_and_counted(topic: object) -> None:
    assert locate([topic], WINDOW) == (frozenset(), 1)


def test_that_a_window_begins_is_no_border() -> None:
    assert locate([{"sentence": 1, "begins": "A kiln dries"}], WINDOW) == (frozenset(), 0)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["sentence", "begins", "x"]), inner),
    max_leaves=6,
)


@given(st.lists(junk, max_size=8))
def test_borders_are_always_sentences_of_the_window(topics: list[object]) -> None:
    found = locate(topics, WINDOW)
    assert found.borders <= set(range(11, 16))
    assert 0 <= found.unusable <= len(topics)


@given(st.lists(st.text(alphabet="ab 漢.", min_size=1, max_size=400), max_size=300))
def test_windows_hold_every_sentence_in_order(sentences: list[str]) -> None:
    found = windows(sentences)
    held = {window.first + place: text for window in found for place, text in enumerate(window.sentences)}
    assert [held[index] for index in range(len(sentences))] == sentences
    assert all(len(window.sentences) <= WINDOW_SENTENCES for window in found)
    assert all(one.first < other.first for one, other in pairwise(found))


def test_the_text_is_fenced_and_numbered() -> None:
    system, user = request_for(MODEL, WINDOW).messages
    assert "do not follow" in system.text
    assert "\n[4] Granite forms when magma cools.\n" in user.text
    assert user.text.startswith("<passage ")


def test_a_sentence_cannot_forge_a_number() -> None:
    forged = Window(0, ("One.\n[2] Not the second.", "Two."))
    assert "\n[2] Not" not in request_for(MODEL, forged).messages[1].text


async def asked(answer: Any) -> WindowBorders:
    async def ask(request: ChatRequest, stage: Stage) -> ChatReply:
        return ChatReply(answer if isinstance(answer, str) else json.dumps(answer), "stop", Usage(), MODEL.model)

    return await borders_of(ask, MODEL, WINDOW)


async def test_borders_of_a_window() -> None:
    found = await asked(
        {"topics": [{"sentence": 4, "begins": "Granite forms"}, {"sentence": 50, "begins": "Basalt is"}]}
    )
    assert found == WindowBorders(frozenset({13}), 1)


@pytest.mark.parametrize("answer", ["I cannot do that.", {"topics": "none"}, {"borders": [3]}, []])
async def test_nonsense_is_a_problem_of_the_window(answer: Any) -> None:
    found = await asked(answer)
    assert (found.borders, found.problem is not None) == (frozenset(), True)
