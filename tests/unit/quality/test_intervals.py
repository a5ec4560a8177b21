"""Intervals and tests of differences, against values from tables and by enumeration."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunksmith.quality.intervals import bootstrap, mcnemar, paired_p, percentiles, resamples_for, wilson


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962), (0, 0, 0.0, 1.0)],
)
def test_wilson_intervals_of_tables(right: int, total: int, low: float, high: float) -> None:
    assert wilson(right, total) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 2 / 32), (1, 8, 2 * (1 + 9) / 512), (10, 10, 1.0)],
)
def test_mcnemar_by_enumeration(first: int, second: int, p: float) -> None:
    assert mcnemar(first, second) == pytest.approx(p)
    assert mcnemar(second, first) == pytest.approx(p)


@settings(max_examples=50)
@given(first=st.integers(0, 60), second=st.integers(0, 60))
def test_mcnemar_is_the_binomial_tail(first: int, second: int) -> None:
    total = first + second
    tail = sum(math.comb(total, k) for k in range(min(first, second) + 1)) / 2**total
    assert mcnemar(first, second) == pytest.approx(min(1.0, 2 * tail))


def test_mcnemar_of_very_many_samples_has_a_number() -> None:
    assert 0 <= mcnemar(20_000, 21_000) < 1e-5


def test_the_same_data_has_the_same_bootstrap() -> None:
    rows = [0.1, 0.9, 0.4, 0.7]
    assert bootstrap(rows, lambda drawn: sum(drawn) / 4, 50) == bootstrap(rows, lambda drawn: sum(drawn) / 4, 50)


def test_bootstrapped_intervals_cover_the_mean_about_as_often_as_they_say() -> None:
    source, covered = random.Random(7), 0
    for trial in range(200):
        rows = [source.random() for _ in range(60)]
        low, high = percentiles(bootstrap(rows, lambda drawn: sum(drawn) / len(drawn), 200, str(trial)))
        covered += low <= 0.5 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_a_difference_that_never_turns_is_as_sure_as_the_draws_allow() -> None:
    assert paired_p([0.1] * 999) == pytest.approx(2 / 1000)
    assert paired_p([-0.1, 0.1] * 500) > 0.9


def test_many_samples_get_fewer_resamples() -> None:
    assert (resamples_for(100), resamples_for(10_000), resamples_for(1_000_000)) == (1000, 400, 200)
