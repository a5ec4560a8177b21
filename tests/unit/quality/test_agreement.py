import pytest

from chunksmith.domain.feedback import Judged
from chunksmith.quality.agreement import agreement, kappa, spearman


def test_kappa_is_what_cohen_computed() -> None:
    """20 both yes, 5 and 10 apart, 15 both no: 0.7 observed, 0.5 by chance."""
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert kappa(pairs) == pytest.approx(0.4)


def test_agreement_by_chance_alone_is_no_agreement() -> None:
    pairs = [(True, True)] * 81 + [(True, False)] * 9 + [(False, True)] * 9 + [(False, False)]
    assert agreement([Judged(4 if one else 2, 4 if other else 2) for one, other in pairs]).same == 0.82
    assert kappa(pairs) == pytest.approx(0.0)


def test_one_verdict_for_everything_has_no_kappa() -> None:
    assert kappa([(True, True)] * 9) is None


def test_spearman_is_that_of_the_ranks() -> None:
    assert spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) == pytest.approx(0.8)
    assert spearman([1, 10, 100], [3, 2, 1]) == pytest.approx(-1.0)
    assert spearman([1, 1, 2], [5, 5, 7]) == pytest.approx(1.0)
    assert spearman([3, 3, 3], [1, 2, 3]) is None


def test_few_entries_are_said_to_be_few() -> None:
    assert agreement([]).note == "no entry has both a judge's score and a reviewer's verdict"
    assert agreement([Judged(5, 5), Judged(1, 1)]).note == "only 2 entries have both: too few to rely on"
    assert agreement([Judged(5, 5), Judged(1, 1)] * 20).note is None
