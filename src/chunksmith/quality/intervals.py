"""How sure a score is: confidence intervals, and tests of two models on the same samples.

What is random here is seeded, so that the same answers have the same interval.
"""

import math
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")
Z_95 = 1.959963984540054
SEED = 20_190_501
RESAMPLES = 1000
# Of many samples fewer resamples are drawn: their spread is smaller, and a resample costs as much as there are samples.
DRAWS_AT_MOST, FEWEST_RESAMPLES = 4_000_000, 200


class Interval(NamedTuple):
    low: float
    high: float


def wilson(right: float, total: int) -> Interval:
    """95 % of a proportion. Source: Wilson 1927; holds for few samples and near 1, where the normal one does not."""
    if total == 0:
        return Interval(0.0, 1.0)
    share, square = right / total, Z_95**2
    centre = (share + square / (2 * total)) / (1 + square / total)
    spread = Z_95 / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total**2))
    return Interval(max(0.0, centre - spread), min(1.0, centre + spread))


def resamples_for(total: int) -> int:
    return max(FEWEST_RESAMPLES, min(RESAMPLES, DRAWS_AT_MOST // max(1, total)))


def bootstrap(rows: Sequence[T], statistic: Callable[[Sequence[T]], float], count: int, salt: str = "") -> list[float]:
    """The statistic of ``count`` samples drawn with replacement. Source: Efron 1979."""
    draw = random.Random(f"{SEED}{salt}")  # noqa: S311 - has to be the same each time
    return [statistic(draw.choices(rows, k=len(rows))) for _ in range(count)]


def percentiles(draws: Sequence[float]) -> Interval:
    """The middle 95 %."""
    ordered = sorted(draws)
    edge = len(ordered) * 0.025
    return Interval(ordered[math.floor(edge)], ordered[min(len(ordered) - 1, math.ceil(len(ordered) - edge) - 1)])


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p of samples that just one of two models has right. Source: McNemar 1947, the binomial form."""
    total = only_first + only_second
    if total == 0:
        return 1.0
    logs = [_log_choose(total, k) - total * math.log(2) for k in range(min(only_first, only_second) + 1)]
    largest = max(logs)
    return min(1.0, 2 * math.exp(largest) * sum(math.exp(one - largest) for one in logs))


def paired_p(differences: Sequence[float]) -> float:
    """Two-sided p of bootstrapped differences: how often the sign turns. Never 0, as so few were drawn."""
    below = sum(one <= 0 for one in differences)
    above = sum(one >= 0 for one in differences)
    return min(1.0, 2 * (min(below, above) + 1) / (len(differences) + 1))


def _log_choose(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)
