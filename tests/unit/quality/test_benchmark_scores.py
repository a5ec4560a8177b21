"""Scores of benchmarks: worked out by hand, and against the reference implementation of ROUGE."""

import importlib
import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunksmith.quality import benchmark_scores as scores

Pairs = list[tuple[str, str | None]]


def confusion(pairs: Pairs) -> Counter[tuple[str, str | None]]:
    return Counter(pairs)


# 3 hits, 1 false alarm, 2 misses, 4 right rejections.
BINARY: Pairs = [("1", "1")] * 3 + [("0", "1")] + [("1", "0")] * 2 + [("0", "0")] * 4


def test_accuracy_by_hand() -> None:
    assert scores.accuracy(confusion(BINARY)) == 7 / 10


def test_f1_by_hand() -> None:
    precision, recall = 3 / 4, 3 / 5
    assert scores.f1(confusion(BINARY), "1") == pytest.approx(2 * precision * recall / (precision + recall))


def test_matthews_by_hand() -> None:
    wanted = (3 * 4 - 1 * 2) / math.sqrt((3 + 1) * (3 + 2) * (4 + 1) * (4 + 2))
    assert scores.matthews(confusion(BINARY)) == pytest.approx(wanted)


def test_macro_f1_by_hand() -> None:
    pairs: Pairs = [("a", "a"), ("a", "b"), ("b", "b"), ("c", "a")]
    # a: 1 hit, 1 false alarm, 1 miss; b: 1 hit, 1 false alarm; c: 1 miss
    assert scores.macro_f1(confusion(pairs)) == pytest.approx((2 / 4 + 2 / 3 + 0) / 3)


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        ([("1", "1"), ("0", "0")], 1.0),
        ([("1", "0"), ("0", "1")], -1.0),
        ([("1", "1"), ("0", "1")], 0.0),
        ([("1", "1")], 0.0),
    ],
    ids=["right", "wrong", "constant", "one label"],
)
def test_matthews_at_its_ends(pairs: Pairs, wanted: float) -> None:
    assert scores.matthews(confusion(pairs)) == wanted


def test_an_unreadable_answer_is_the_other_one_of_two_labels() -> None:
    unread: Pairs = [("1", None), ("0", None), ("1", "1"), ("0", "0")]
    as_wrong: Pairs = [("1", "0"), ("0", "1"), ("1", "1"), ("0", "0")]
    for score in (scores.accuracy, scores.matthews, lambda pairs: scores.f1(pairs, "1")):
        assert score(confusion(unread)) == score(confusion(as_wrong))


def test_an_unreadable_answer_is_none_of_several_labels() -> None:
    pairs: Pairs = [("a", None), ("a", "a"), ("b", "b"), ("c", "c")]
    assert scores.macro_f1(confusion(pairs)) == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert scores.accuracy(confusion(pairs)) == 3 / 4


def test_never_answering_readably_scores_nothing() -> None:
    pairs = confusion([("1", None), ("0", None)])
    assert (scores.accuracy(pairs), scores.macro_f1(pairs), scores.matthews(pairs)) == (0.0, 0.0, -1.0)


def test_a_group_counts_when_all_of_it_is_right() -> None:
    groups = [confusion([("1", "1"), ("0", "0")]), confusion([("1", "1"), ("0", "1")])]
    assert scores.group_exact_match(groups) == 0.5


@pytest.mark.parametrize(
    ("answer", "gold", "exact", "overlap"),
    [
        ("1908", "1908", 1, 1.0),
        ("The year 1908.", "year 1908", 1, 1.0),
        ("in the year 1908", "1908", 0, 0.5),
        ("1907", "1908", 0, 0.0),
        ("New York City", "New York", 0, 0.8),
        ("", "1908", 0, 0.0),
        ("the", "a", 1, 1.0),
        ("东京都", "东京", 0, 0.8),
        ("«Naïve»", "naïve", 1, 1.0),
    ],
)
def test_texts_by_hand(answer: str, gold: str, exact: int, overlap: float) -> None:
    assert scores.exact_match(answer, [gold]) == exact
    assert scores.token_f1(answer, [gold]) == pytest.approx(overlap)


def test_the_best_of_several_right_texts_counts() -> None:
    assert scores.token_f1("Ann Lee", ["Bo Diaz", "Ann Lee"]) == 1.0


def test_rouge_l_by_hand() -> None:
    # "the cat sat" and "the cat lay down": in common "the cat"
    assert scores.rouge_l("the cat sat", ["the cat lay down"]) == pytest.approx(2 * 2 / (3 + 4))


WORDS = st.lists(st.sampled_from("a b c d the cat 12 sat on-mat U.S. It's".split()), max_size=25).map(" ".join)


@pytest.fixture(scope="module")
def reference() -> Any:
    """Of rouge-score, which loads SciPy: only where it is wanted, for that takes a second."""
    return importlib.import_module("rouge_score.rouge_scorer").RougeScorer(["rougeL"])


@settings(max_examples=100)
@given(answer=WORDS, gold=WORDS)
def test_rouge_l_is_that_of_the_reference(reference: Any, answer: str, gold: str) -> None:
    wanted = reference.score(gold, answer)["rougeL"].fmeasure
    assert scores.rouge_l(answer, [gold]) == pytest.approx(wanted)


@settings(max_examples=100)
@given(one=st.text("abc", max_size=12), other=st.text("abc", max_size=12))
def test_the_longest_common_subsequence_is_that_of_the_table(one: str, other: str) -> None:
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, left in enumerate(one):
        for j, right in enumerate(other):
            table[i + 1][j + 1] = table[i][j] + 1 if left == right else max(table[i][j + 1], table[i + 1][j])
    assert scores.longest_common(list(one), list(other)) == table[-1][-1]
