"""What the generator promises for any passage: shape, verbatim answers, determinism, bounded work, no furniture."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunksmith.domain.calls import Task
from chunksmith.errors import InvalidRequest
from chunksmith.providers.builtin.generator import MODES, generate, reply_text
from chunksmith.providers.builtin.grammar.passage import MAX_CHARS
from work_count import calls_within

ARGAND = (
    "# Lamps\n\nThe Argand lamp is an oil lamp with a hollow, circular wick. The lamp gave a brighter flame because "
    "air could flow through the middle of the wick. Aimé Argand developed the lamp in 1780. If fog hides the lamp, a "
    "station can sound a horn. Most coasts have two high tides a day. Bees build hexagonal cells because hexagons fill "
    "a surface without gaps and need little wax."
)
KEYS = {
    "default": {"question", "answer", "quote", "kind"},
    "question and answer": {"question", "answer", "quote", "kind"},
    "question": {"question", "quote", "kind"},
    "answer": {"answer", "quote", "kind"},
    "instruction following": {"instruction", "input", "output", "quote", "kind"},
    "summarization": {"summary", "key_points", "quote", "kind"},
}
FURNITURE = {
    "navigation": "Home | Products | About us | Contact\n\nHome\n\nDownload\n\nSupport\n\nSearch\n",
    "contents": "Contents\n\n1. Introduction ............ 1\n2. The starter ............... 4\n3. Index . . . . . . . . . . 9\n",
    "code": "```python\nfor hive in hives:\n    weight = scale.read(hive)\n    print(hive.name, weight)\n```\n",
    "bare code": "def read(path):\n    return open(path).read();\n\nint main(void) { return 0; }\n",
    "table": "| Caste | Days |\n| --- | --- |\n| Queen | 16 |\n| The drone is a bee. | 24 |\n",
    "licence": "Copyright 2020 Example Ltd. All rights reserved. This work is licensed under the MIT License.",
    "licence in german": "Dieses Dokument darf unter der GPL genutzt werden. Den Lizenztext finden Sie im Anhang.",
    "licence in french": "Tous droits réservés pour tous les pays. Le texte de la licence se trouve dans cette annexe.",
    "licence in japanese": "この文書は GPL に従って配布されています。ライセンス文は付録に掲載されています。無断転載を禁じます。",
    "footer": "This page was last updated on 3 May 2021. Click here to subscribe to our newsletter. Page 3 of 9.",
    "links": "- [Home](https://example.org)\n- [The manual](https://example.org/man)\n- [FAQ](https://example.org/faq)\n",
    "headings": "# The tide\n\n## The Moon\n\n## The Sun\n",
    "too short": "Tides rise.",
    "blank": " \n\n\t",
}


@pytest.mark.parametrize("mode", MODES)
def test_items_have_the_shape_of_their_mode(mode: str) -> None:
    items = generate(Task(mode, ARGAND, 4))
    assert items
    assert all(set(item) == KEYS[mode] for item in items)


@pytest.mark.parametrize("mode", MODES)
def test_no_more_items_than_asked_for(mode: str) -> None:
    assert len(generate(Task(mode, ARGAND, 2))) <= 2


@pytest.mark.parametrize("mode", MODES)
def test_same_task_gives_same_items(mode: str) -> None:
    assert generate(Task(mode, ARGAND, 5, seed=7)) == generate(Task(mode, ARGAND, 5, seed=7))


def test_modes_that_differ_by_their_prompts_give_the_same_items() -> None:
    assert generate(Task("default", ARGAND, 5)) == generate(Task("question and answer", ARGAND, 5))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("passage", FURNITURE.values(), ids=FURNITURE.keys())
def test_nothing_is_made_from_furniture(passage: str, mode: str) -> None:
    assert generate(Task(mode, passage, 5)) == []


def test_unknown_mode_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match="riddle"):
        generate(Task("riddle", ARGAND))


def test_reply_reads_like_a_models_reply() -> None:
    reply = reply_text(Task("default", ARGAND, 8))
    assert "Aimé" in reply
    assert json.loads(reply)["entries"] == generate(Task("default", ARGAND, 8))


def test_count_of_zero_gives_nothing() -> None:
    assert generate(Task("default", ARGAND, 0)) == []


def test_a_megabyte_is_no_more_work_than_its_beginning() -> None:
    megabyte = ARGAND * 2500
    begun = calls_within(lambda: generate(Task("default", megabyte[:MAX_CHARS], 5)))
    assert calls_within(lambda: generate(Task("default", megabyte, 5))) <= 1.01 * begun


@pytest.mark.parametrize(
    "nasty",
    ["(", "*", "`", "[", "a ", "a, ", "the of ", ". "],
    ids=["parentheses", "stars", "backticks", "brackets", "words", "commas", "function words", "stops"],
)
def test_hostile_repetition_is_work_in_proportion_to_its_length(nasty: str) -> None:
    few = 4_000 // len(nasty)
    once = calls_within(lambda: generate(Task("default", nasty * few, 5)))
    assert calls_within(lambda: generate(Task("default", nasty * 4 * few, 5))) <= 4.4 * once


_WORDS = st.lists(
    st.sampled_from(
        'The a of is are because if when it that which tide lamps stores must be used to in 1998 three , ; . : " ( ) `x` **b** '
        "[l](u) and not can by — 水 Ärger".split(" ")
    ),
    max_size=40,
).map(" ".join)


@settings(max_examples=150)
@given(passage=st.one_of(st.text(max_size=400), _WORDS), mode=st.sampled_from(list(MODES)), count=st.integers(0, 5))
def test_any_text_gives_verbatim_items_or_none(passage: str, mode: str, count: int) -> None:
    for item in generate(Task(mode, passage, count)):
        spans = [item.get("answer", ""), item.get("output", ""), item["quote"], *item.get("key_points", [])]  # type: ignore[misc]
        assert all(span in passage for span in spans)
