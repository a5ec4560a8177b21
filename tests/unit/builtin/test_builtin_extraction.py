"""Extraction without a model: the words of the categories, where they stand in the passage."""

from typing import Any

import pytest
from pydantic_core import from_json

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.extraction import extract, judge
from chunksmith.providers.builtin.generator import reply_text

PASSAGE = (
    "Rye bread needs a sour starter since its flour has little gluten. Bakers keep the starter at 26 degrees. "
    "A heron hunts alone. The berries are ripe in June."
)


def category(name: str, description: str = "", handle: str = "c1") -> dict[str, str]:
    return {"id": handle, "name": name, "path": name, "description": description}


def task(passage: str, *categories: dict[str, str], of: str = "ner", count: int = 60) -> Task:
    return Task("extract", passage, count, 0, {"categories": list(categories), "type": of, "headings": []})


def texts(found: list[dict[str, Any]]) -> list[str]:
    return [str(one["text"]) for one in found]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Starter", ["starter", "sour starter"]),
        ("Starters", ["starter", "sour starter"]),
        ("Berry", ["berries"]),
        ("Breads and flours", ["flour", "Rye bread"]),
        ("Tart", []),
        ("Sour starter", ["sour starter"]),
    ],
    ids=["name", "plural", "y", "two names", "inside a word", "two words"],
)
def test_names_are_found_with_the_words_that_belong_to_them(name: str, expected: list[str]) -> None:
    assert texts(extract(task(PASSAGE, category(name)))) == expected


def test_words_of_a_description_are_found_with_less_confidence() -> None:
    found = extract(task(PASSAGE, category("Wetland life", "Birds such as the heron")))
    assert [(one["text"], one["confidence"]) for one in found] == [("heron", 0.6)]


def test_the_more_specific_name_takes_the_words() -> None:
    found = extract(task(PASSAGE, category("Starter", "", "c1"), category("Sour starter", "", "c2")))
    assert [(one["category"], one["text"]) for one in found] == [("c2", "sour starter"), ("c1", "starter")]


def test_portions_are_sentences_in_a_row() -> None:
    found = extract(task(PASSAGE, category("Starter"), of="whole_text"))
    assert texts(found) == [PASSAGE[: PASSAGE.index(" A heron")]]


def test_japanese_terms_are_found_inside_the_text() -> None:
    passage = "緑茶は茶葉を蒸して作られる。抹茶は粉にした緑茶である。"
    found = extract(task(passage, category("抹茶"), category("緑茶", "蒸した茶葉", "c2")))
    assert sorted(texts(found)) == ["抹茶", "緑茶", "茶葉"]


def test_every_text_stands_in_the_passage() -> None:
    categories = [category(name) for name in ("Starter", "Bread", "Heron", "Degrees")]
    assert all(text in PASSAGE for text in texts(extract(task(PASSAGE, *categories))))


def test_no_more_items_are_given_than_asked_for() -> None:
    assert len(extract(task(PASSAGE, category("Starter"), count=1))) == 1


def test_the_same_task_has_the_same_reply() -> None:
    asked = task(PASSAGE, category("Starter"), category("Heron", "", "c2"))
    assert reply_text(asked) == reply_text(asked)
    assert len(from_json(reply_text(asked))["entries"]) == 3


@pytest.mark.parametrize("passage", ["", "{}[]()", "\n\n", "| a | b |\n|---|---|"])
def test_passages_without_words_give_nothing(passage: str) -> None:
    assert extract(task(passage, category("Starter"))) == []


def test_an_item_is_valid_where_words_of_its_category_are_near() -> None:
    items = [
        {"item": 1, "text": "sour starter", **category("Starter")},
        {"item": 2, "text": "26 degrees", **category("Temperature", "how warm bakers keep something")},
        {"item": 3, "text": "heron", **category("Rocks", "granite")},
    ]
    verdicts = judge(Task("judge extraction", PASSAGE, 3, 0, {"items": items}))
    assert [(one["item"], one["valid"]) for one in verdicts] == [(1, True), (2, True), (3, False)]


def test_verbs_of_a_description_are_no_terms() -> None:
    passage = "The kettle is used daily, keeping it clean is handled by the cook."
    described = category("Tools", "What is used and handled in a kitchen, keeping a kettle at hand.")
    assert texts(extract(task(passage, described))) == ["kettle"]
