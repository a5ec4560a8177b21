import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.datasets import Entry
from chunksmith.quality.dataset_scores import DatasetScore, overall
from chunksmith.quality.sketches import DistinctSample, hash_of

VARIED = [
    ("What does the liver filter?", "Blood that comes from the digestive tract."),
    ("Where is bile kept?", "In the gallbladder, a small pouch below."),
    ("How does photosynthesis begin?", "A photon excites chlorophyll in the leaf."),
    ("Why do tides rise twice a day?", "The moon pulls the near ocean more than the far one."),
    ("Who wrote the treaty of Westphalia?", "Delegates of two congregations, over five years."),
    ("Name the largest desert.", "Antarctica, where hardly any snow falls."),
    ("When was the first railway opened?", "Stockton saw steam trains in September 1825."),
    ("Which metal melts in the hand?", "Gallium turns liquid just under thirty degrees."),
    ("Explain compound interest.", "Earlier gains themselves earn further gains."),
    ("Describe a sonnet.", "Fourteen lines, usually iambic, with a turn near their end."),
    ("Is glass a liquid?", "Physicists call it an amorphous solid."),
    ("Can whales sleep?", "One half of their brain rests while another breathes."),
]


def entry(number: int, question: str, answer: str, quality: float | None = 0.9, **more: Any) -> Entry:
    return Entry(number, number, number, question=question, answer=answer, quality=quality, **more)


def result_of(entries: list[Entry]) -> dict[str, Any]:
    score = DatasetScore()
    for item in entries:
        score.add(item)
    return score.result()


def varied(**more: Any) -> list[Entry]:
    return [entry(number, question, answer, **more) for number, (question, answer) in enumerate(VARIED, 1)]


def test_forty_copies_are_not_diverse() -> None:
    result = result_of([entry(number, *VARIED[0]) for number in range(40)])
    assert result["diversity_score"] < 0.1
    assert result["overall_score"] < 0.5
    assert result["counts"]["duplicates"] == 39


def test_copies_that_differ_in_case_and_spaces_are_copies() -> None:
    questions = [" ".join(random.Random(seed).choice([word, word.upper()]) for word in "what is  bile ?".split())
                 for seed in range(40)]  # fmt: skip
    result = result_of([entry(number, question, "A\u00a0fluid") for number, question in enumerate(questions)])
    assert result["diversity"]["unique"] == 0.025


def test_forty_fillings_of_one_form_are_not_diverse() -> None:
    entries = [
        entry(number, f"What is item {number} of the list?", f"It is item number {number} of the long list.")
        for number in range(40)
    ]
    assert result_of(entries)["diversity_score"] < 0.1


def test_a_form_with_a_name_each_is_hardly_diverse() -> None:
    names = [f"warden{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(40)]
    forms = [(f"What does the {name} trim?", f"The {name} trims the lamp at dusk.") for name in names]
    assert result_of([entry(number, *form) for number, form in enumerate(forms)])["diversity_score"] < 0.3


def test_a_varied_set_is_diverse() -> None:
    assert result_of(varied())["diversity_score"] > 0.6


def test_diversity_above_one_half_costs_nothing() -> None:
    assert overall(0.9, 0.5, 1.0) == overall(0.9, 1.0, 1.0) == 0.9


def test_overall_rises_with_each_part() -> None:
    assert overall(0.8, 0.2, 0.5) < overall(0.9, 0.2, 0.5) < overall(0.9, 0.4, 0.5) < overall(0.9, 0.4, 1.0)


def test_the_mean_is_that_of_the_scored_entries() -> None:
    result = result_of([*varied(), entry(99, "Unscored?", "Yes, this one.", quality=None)])
    assert result["mean_score"] == result["average_score"] == 0.9
    assert result["counts"]["scored"] == 12
    assert "1 of 13 entries are not scored." in result["issues"]


def test_distribution_and_histogram_count_every_scored_entry() -> None:
    values = [0.0, 0.05, 0.1, 0.3, 0.49995, 0.5, 0.79, 0.8, 0.95, 1.0]
    result = result_of([entry(number, f"Why {number}?", "Because.", value) for number, value in enumerate(values)])
    assert result["distribution"] == {"high": 3, "medium": 2, "low": 5}
    assert sum(result["histogram"]) == 10
    assert result["histogram"][9] == 2


def test_categories_are_held_against_the_passages_they_come_from() -> None:
    as_in_the_source = [replace(item, category="a" if item.number > 1 else "b") for item in varied()]
    two_passages = [
        replace(item, category="ab"[item.number == 1], chunk_id=1 + (item.number == 1)) for item in varied()
    ]
    assert result_of(as_in_the_source)["bias_score"] == 1.0
    assert any('one category, "a", as many as of the passages' in one for one in result_of(as_in_the_source)["issues"])
    assert result_of(two_passages)["bias"]["category"] == pytest.approx(0.5833, abs=1e-4)
    assert any(one.endswith('one category, "a".') for one in result_of(two_passages)["issues"])


def test_without_passages_equal_shares_are_expected() -> None:
    even = [replace(item, category="ab"[item.number % 2], chunk_id=0) for item in varied()]
    skewed = [replace(item, category="a" if item.number > 1 else "b", chunk_id=0) for item in varied()]
    assert result_of(even)["bias_score"] == 1.0
    assert result_of(skewed)["bias_score"] < 0.5


def test_one_dominant_document_is_an_imbalance() -> None:
    skewed = [
        replace(item, document_id=int(item.number == 1), document_name="xy"[item.number == 1], chunk_id=0)
        for item in varied()
    ]
    assert result_of(skewed)["bias"]["source"] < 0.5


def test_parts_are_averaged_and_low_ones_reported() -> None:
    entries = varied(quality_parts={"groundedness": 0.25, "well_formed": 1.0})
    result = result_of(entries)
    assert result["components"] == {"groundedness": 0.25, "well_formed": 1.0}
    assert "12 of 12 entries do not rest on their passage." in result["issues"]


def test_an_empty_dataset_has_no_score() -> None:
    result = result_of([])
    assert (result["overall_score"], result["diversity_score"]) == (None, 0.0)
    assert result["issues"] == ["There are no entries."]


@given(st.randoms(use_true_random=False))
def test_the_order_of_adding_changes_nothing(order: random.Random) -> None:
    entries = [
        entry(number, *VARIED[number % 12], quality=number / 37, category="abc"[number % 3], document_id=number % 5)
        for number in range(36)
    ]
    expected = result_of(entries)
    order.shuffle(entries)
    assert result_of(entries) == expected


def test_the_order_changes_nothing_beyond_the_sample() -> None:
    keys = [hash_of(str(number % 700)) for number in range(2_000)]
    forward, backward = DistinctSample[str](50), DistinctSample[str](50)
    for key in keys:
        forward.add(key, str)
    for key in reversed(keys):
        backward.add(key, str)
    assert [item.count for item in forward.items()] == [item.count for item in backward.items()]
    assert len(forward.items()) == 50


def test_the_share_of_duplicates_is_estimated_well_beyond_the_sample() -> None:
    score = DatasetScore()
    for number in range(12_000):
        score.add(entry(number, f"Why {number % 6_000}?", "So."))
    counts = score.result()["counts"]
    assert counts["duplicates_are_estimated"]
    assert counts["duplicates"] == pytest.approx(6_000, rel=0.05)
