"""What counts as a duplicate: on texts with planted edits, and that nothing but the order of the texts decides."""

import random
from collections import defaultdict
from collections.abc import Callable
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES
from chunksmith.quality import spilled
from chunksmith.quality.clusters import Clusters
from chunksmith.quality.likeness import ALIKE, Likeness, Parts, Twin, parts_of, twins
from chunksmith.quality.spilled import same_keys
from planted import ALIKE_EDITS, EDITS, OTHERS, texts_of

TEXTS = texts_of(200)


def found(texts: list[Parts], given: int = 0) -> dict[int, Twin]:
    search = Likeness()
    for start in range(0, len(texts), 97):
        search.add(texts[start : start + 97])
    return twins(search, given)


def rate(edit: Callable[[Parts, random.Random], Parts]) -> float:
    rng = random.Random(5)
    pairs = found([*TEXTS, *(edit(text, rng) for text in TEXTS)])
    own = [pairs.get(number + len(TEXTS)) for number in range(len(TEXTS))]
    return sum(twin is not None and twin.original == number for number, twin in enumerate(own)) / len(TEXTS)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("case", 0.99),
        ("punctuation", 0.99),
        ("a filler", 0.99),
        ("statements in another order", 0.99),
        ("other articles", 0.95),
        ("a word left out", 0.9),
    ],
)
def test_edits_that_leave_the_matter_are_found(name: str, least: float) -> None:
    assert rate(EDITS[name]) >= least


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_texts_of_another_matter_are_not_taken_for_the_same(name: str) -> None:
    assert rate(OTHERS[name]) <= 0.05


def test_unrelated_texts_are_hardly_ever_taken_for_the_same() -> None:
    assert len(found(TEXTS)) <= len(TEXTS) * 0.02


MILL = ("In what year was the stone mill built by the river?", "The mill was built in 1841 by two brothers from Ghent.")


@pytest.mark.parametrize(
    ("prompt", "rest"),
    [
        (MILL[0], "The mill was built in 1848 by two brothers from Ghent."),
        (MILL[0], "The mill was built in 1841 by three brothers from Ghent."),
        (MILL[0], "The mill was built in 1841 by two brothers from Bruges."),
        (MILL[0], "The mill was built in 1841 by two sisters from Ghent."),
        (MILL[0], "The mill was not built in 1841 by two brothers from Ghent."),
        (MILL[0], "The mill was sold in 1841 by two brothers from Ghent."),
        (MILL[0], "The mill was built before 1841 by two brothers from Ghent."),
        (MILL[0], "The mill was built in 1841 by"),
        (MILL[0], f"{MILL[1]} Everybody there was glad of the cheap bread."),
        ("Why was the stone mill built by the river?", MILL[1]),
        ("In what year was the stone mill sold by the river?", MILL[1]),
    ],
    ids=[
        "number",
        "number word",
        "name",
        "noun",
        "denied",
        "verb",
        "order",
        "cut",
        "sentence more",
        "asked",
        "subject",
    ],
)
def test_what_says_another_thing_in_nearly_the_same_words_is_no_duplicate(prompt: str, rest: str) -> None:
    texts = [Parts(*MILL), Parts(prompt, rest)]
    search = Likeness()
    search.add(texts)
    assert search.likeness_of(0, 1) >= ALIKE
    assert found(texts) == {}


@pytest.mark.parametrize(
    ("prompt", "rest"),
    [
        ("So in what year was the stone mill built by the river?", f"In fact, {MILL[1]}"),
        (MILL[0], "Two brothers from Ghent built the mill in 1841."),
        (MILL[0], "The mill was built in 1841, by 2 brothers from Ghent"),
        (MILL[0], "The mill was constructed in 1841 by two brothers from Ghent."),
        (MILL[0], "The old mill was built in 1841 by two brothers from Ghent."),
        ("In which year was the stone mill built by the rivers?", MILL[1]),
    ],
    ids=["fillers", "order", "digits", "synonym", "a word more", "forms"],
)
def test_the_same_in_other_words_order_and_marks_is_a_duplicate(prompt: str, rest: str) -> None:
    assert list(found([Parts(*MILL), Parts(prompt, rest)])) == [1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("What does json_array() give back when it is called?", "a text"), ("What does json_object() give back when it is called?", "a text")),
        (("Who keeps the key of the lighthouse?", "the warden of the old harbour"), ("Who keeps the key of the lighthouse?", "a clerk in town")),
        (("Which level is asked for first by a driver?", "level B"), ("Which level is asked for first by a driver?", "level C")),
        (("Yes?", "No"), ("Yes?", "No!")),
    ],
    ids=["another identifier", "another answer", "another letter", "too short to tell"],
)  # fmt: skip
def test_what_tells_another_thing_is_no_duplicate(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert found([Parts(*first), Parts(*second)]) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-40", "40"),
        ("C++", "C"),
        ("C++", "C#"),
        ("x > y", "x < y"),
        ("a++", "a--"),
        ("$5 million", "€5 million"),
        ("9 to 17", "17 to 9"),
        ("salt and sugar", "salt or sugar"),
        ("salt, because it may rain", "salt, although it may rain"),
        ("salt from the hills", "salt with the hills"),
        ("what it may take", "what it must take"),
        ("what it may take", "what it takes"),
    ],
)
def test_signs_symbols_order_and_small_deciding_words_make_another_text(one: str, other: str) -> None:
    asked = "What does the machine of the old mill show on its dial at night?"
    texts = [Parts(asked, f"The machine of the old mill shows {shown} on its dial at night.") for shown in (one, other)]
    assert found(texts) == {}


@pytest.mark.parametrize("shown", ["rows 3-5", "rows 3 - 5", "rows 3–5"])
def test_a_range_has_no_sign(shown: str) -> None:
    rest = "The machine of the old mill shows {} on its dial at night, in the first room."
    texts = [Parts("What is shown?", rest.format(one)) for one in ("rows 3-5", shown)]
    assert found([*texts, Parts("What is it?", "another text of its own")]).keys() == {1}


@pytest.mark.parametrize(
    ("prompt", "rest", "marked"),
    [
        (MILL[0], "Ghent was built in 1841 by two brothers from the mill.", True),
        (MILL[0], "The mill was erected in 1841 by two brothers from Ghent.", False),
        (MILL[0], "The milll was built in 1841 by two brothers from Ghent.", False),
    ],
    ids=["fooled by roles exchanged", "fooled by a rare synonym", "fooled by a typing error"],
)
def test_how_the_search_is_fooled(prompt: str, rest: str, *, marked: bool) -> None:
    assert bool(found([Parts(*MILL), Parts(prompt, rest)])) is marked


def test_a_denial_is_seen_where_no_spaces_are_written() -> None:
    asked = "日本の緑茶はどのように蒸されますか。"
    texts = [
        Parts(asked, "茶葉は摘んだ後すぐに蒸気で蒸します。"),
        Parts(asked, "茶葉は摘んだ後すぐに蒸気で蒸しません。"),
    ]
    assert found(texts) == {}


def test_case_spaces_and_typography_are_the_same_text() -> None:
    texts = [Parts("Why “rise” – why  fall?", "It’s the tide."), Parts('WHY "rise" - why fall?', "It's  the\ntide.")]
    assert found(texts) == {1: Twin(0, exact=True)}


def test_scripts_without_spaces_are_compared_by_characters() -> None:
    texts = [
        Parts("日本の緑茶はどのように蒸されますか。", "茶葉は摘んだ後すぐに蒸気で蒸されて酸化を止めます。"),
        Parts("日本の緑茶はどのように蒸されますか？", "茶葉は摘んだあとすぐに蒸気で蒸され酸化を止めます。"),
        Parts("紅茶の産地はどこですか。", "インドとスリランカが主な産地として知られています。"),
    ]
    assert list(found(texts)) == [1]


def test_the_first_that_stays_is_named_also_by_what_repeats_a_repetition() -> None:
    text = Parts(
        "Why does the damper stay open while the kiln cools down?", "because steam has to leave slowly from the clay"
    )
    near = Parts(
        "Why does the damper stay open while a kiln cools down?", "because steam has to leave slowly from the clay"
    )
    pairs = found([text, near, near, text])
    assert {number: twin.original for number, twin in pairs.items()} == {1: 0, 2: 0, 3: 0}


def test_what_is_given_is_never_marked() -> None:
    pairs = found([TEXTS[0], TEXTS[0], TEXTS[0], TEXTS[1]], given=2)
    assert pairs == {2: Twin(0, exact=True)}


@given(st.integers(0, 10**6), st.integers(2, 40))
@settings(max_examples=25)
def test_nothing_that_stays_repeats_what_stays(seed: int, count: int) -> None:
    rng = random.Random(seed)
    texts = [ALIKE_EDITS["one word"](rng.choice(TEXTS[:15]), rng) for _ in range(count)]
    pairs = found(texts)
    search = Likeness()
    search.add(texts)
    stays = [number for number in range(count) if number not in pairs]
    assert all(twin.original in stays and twin.original < number for number, twin in pairs.items())
    assert not [
        (one, other)
        for one in stays
        for other in stays
        if one < other and search.likeness_of(one, other) >= ALIKE + 0.1 and search.same_matter(one, other)
    ]


@given(
    st.text(st.sampled_from("abcdefgh "), max_size=40),
    st.text(st.sampled_from("abcdefgh 1."), max_size=60),
    st.lists(st.sampled_from(["deep", "wood", "in fact", "the"]), max_size=2),
)
def test_what_says_little_more_may_be_the_same_at_a_glance(prompt: str, rest: str, more: list[str]) -> None:
    search = Likeness()
    search.add([Parts(prompt, rest), Parts(prompt, " ".join([rest, *more]))])
    assert search.marks_of(0).may_be_same(search.marks_of(1))


def test_other_words_are_told_apart_at_a_glance() -> None:
    search = Likeness()
    search.add([Parts("Who sells the lamp?", "the potter"), Parts("Who sells the lamp?", "the weaver")])
    assert not search.marks_of(0).may_be_same(search.marks_of(1))


def test_clusters_hang_together_by_their_first() -> None:
    found = Clusters(6)
    for one, other in [(4, 1), (1, 5), (2, 3), (5, 4)]:
        found.join(one, other)
    assert [found.first_of(number) for number in range(6)] == [0, 1, 2, 2, 1, 1]


def test_parts_are_what_is_asked_and_what_is_told() -> None:
    entry = Entry(1, 0, 1, instruction="Sum up", input="the text", output="It is short")
    assert parts_of(entry, SHAPES["instruction following"]) == Parts("Sum up\nthe text", "It is short")


@given(st.lists(st.integers(0, 20) | st.integers(0, 2**64 - 1), max_size=80))
def test_equal_keys_are_found_however_few_are_sorted_at_once(keys: list[int]) -> None:
    places = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    with mock.patch.object(spilled, "SORTED_AT_ONCE", 8):
        runs = list(map(list, same_keys(keys, len(keys))))
    assert sorted(runs) == sorted(run for run in places.values() if len(run) > 1)
