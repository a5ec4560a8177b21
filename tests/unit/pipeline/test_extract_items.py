"""What a model claims, against what stands in the chunk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.extraction import Categories, ExtractionCategory, FoundItem
from chunksmith.pipeline.extract_items import (
    LOW,
    NO_CONTEXT,
    NOT_THERE,
    REPEATED,
    UNKNOWN,
    Claimed,
    in_context,
    locate_all,
    stands_in,
)

BREAD = "Rye bread needs a sour starter. The starter is kept at 26 degrees; starters like warmth."
OFFERED = frozenset({1, 2, 3})
CATEGORIES = Categories(
    [
        ExtractionCategory(1, None, 3, "a", "Animals"),
        ExtractionCategory(2, 1, 3, "b", "Birds"),
        ExtractionCategory(3, 2, 3, "c", "Heron"),
        ExtractionCategory(4, None, 4, "d", "Rocks"),
    ]
)


def one(text: str, passage: str = BREAD, category: int = 1, confidence: float = 0.9) -> FoundItem | None:
    items = locate_all([Claimed(category, text, confidence)], passage, OFFERED, 0.0).items
    return items[0] if items else None


def item(category: int, start: int = 0) -> FoundItem:
    return FoundItem(category, "x", start, start + 1, "exact", 1, 0.9)


def test_an_item_is_the_text_of_the_chunk_and_not_the_models_wording() -> None:
    found = one("SOUR  starter")
    assert found is not None
    assert (found.text, BREAD[found.start : found.end], found.match) == ("sour starter", "sour starter", "normalized")


def test_the_first_occurrence_is_located_and_all_are_counted() -> None:
    found = one("starter")
    assert found is not None
    assert (found.start, found.occurrences) == (BREAD.index("starter"), 2)


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        (Claimed(1, "wheat", 0.9), NOT_THERE),
        (Claimed(9, "starter", 0.9), UNKNOWN),
        (Claimed(1, "starter", 0.2), LOW),
    ],
    ids=["not there", "not offered", "not sure"],
)
def test_what_is_left_out_is_counted_by_why(claim: Claimed, why: str) -> None:
    found = locate_all([claim], BREAD, OFFERED, 0.5)
    assert (found.items, dict(found.left_out)) == ((), {why: 1})


def test_the_same_text_counts_once_for_a_category_with_the_highest_confidence() -> None:
    claims = [Claimed(1, "starter", 0.6), Claimed(1, "Starter", 0.8), Claimed(2, "starter", 0.7)]
    found = locate_all(claims, BREAD, OFFERED, 0.0)
    assert [(one.category, one.confidence) for one in found.items] == [(1, 0.8), (2, 0.7)]
    assert dict(found.left_out) == {REPEATED: 1}


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("猫", "黒猫は猫と寝る。", 2),
        ("ロケット", "ロケットの燃料とロケット。", 2),
        ("cat", "Cats, a cat, a catalogue.", 1),
    ],
)
def test_occurrences_are_counted_in_any_script(name: str, text: str, count: int) -> None:
    found = one(name, text)
    assert found is not None
    assert found.occurrences == count


@given(
    passage=st.text(min_size=1, max_size=200),
    cuts=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 40)), max_size=8),
    strange=st.lists(st.text(min_size=1, max_size=20), max_size=4),
)
def test_offsets_always_give_the_text(passage: str, cuts: list[tuple[int, int]], strange: list[str]) -> None:
    texts = [passage[at % len(passage) :][:length] for at, length in cuts] + strange
    claims = [Claimed(n % 3 + 1, text, 0.5) for n, text in enumerate(texts)]
    found = locate_all(claims, passage, OFFERED, 0.0)
    assert len(found.items) + sum(found.left_out.values()) == len(claims)
    for each in found.items:
        assert 0 <= each.start < each.end <= len(passage)
        assert passage[each.start : each.end] == each.text
        assert each.occurrences >= 1
    assert [(each.start, each.end) for each in found.items] == sorted((each.start, each.end) for each in found.items)


@pytest.mark.parametrize(
    ("items", "named", "texts", "kept"),
    [
        ([item(3)], frozenset(), ["a pond"], []),
        ([item(3)], frozenset({2}), ["a pond"], [3]),
        ([item(2)], frozenset({2}), ["a pond"], [2]),
        ([item(3)], frozenset(), ["birds of the pond"], [3]),
        ([item(3)], frozenset(), ["a pond", "Bird watching"], [3]),
        ([item(2), item(3)], frozenset(), ["an animal"], [2, 3]),
        ([item(2), item(3)], frozenset(), ["a pond"], []),
        ([item(1), item(2), item(3)], frozenset(), ["a pond"], [1, 2, 3]),
        ([item(4), item(1)], frozenset({77}), ["a pond"], [1, 4]),
    ],
    ids=[
        "no context",
        "parent named",
        "what is below names what is above",
        "parent said",
        "parent in a heading",
        "parent kept because its own is said",
        "parent not kept",
        "whole chain",
        "first level needs none",
    ],
)
def test_a_child_stays_where_the_context_of_its_parent_is(
    items: list[FoundItem], named: frozenset[int], texts: list[str], kept: list[int]
) -> None:
    found = in_context(items, CATEGORIES, named, texts)
    assert [each.category for each in found.items] == kept
    assert found.left_out[NO_CONTEXT] == len(items) - len(kept)


@pytest.mark.parametrize(
    ("name", "text", "there"),
    [
        ("Birds", "a bird sings", True),
        ("Bird", "birds sing", True),
        ("Box", "boxes", True),
        ("Bird", "a birdcage", False),
        ("鳥", "鳥類の図鑑", True),
        ("Bird", "", False),
    ],
)
def test_a_name_is_recognised_in_the_singular_and_the_plural(name: str, text: str, there: bool) -> None:
    assert stands_in(name, [text]) is there
