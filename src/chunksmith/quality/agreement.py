"""Whether a judge and reviewers say the same of the same entries.

Source: Cohen, Educational and Psychological Measurement 20 (1960); Spearman, American Journal of Psychology 15 (1904).
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from chunksmith.domain.feedback import Judged

GOOD_FROM = 3.0  # of the grades 1…5, for both
FEW = 30  # entries below which neither figure says much


class Agreement(NamedTuple):
    """``kappa``: -1…1, 0 is chance, of good against bad; ``spearman``: -1…1, of the order. None: cannot be computed."""

    entries: int
    same: float | None
    kappa: float | None
    spearman: float | None
    note: str | None


def agreement(pairs: Sequence[Judged]) -> Agreement:
    note = f"only {len(pairs)} entries have both: too few to rely on" if len(pairs) < FEW else None
    if not pairs:
        return Agreement(0, None, None, None, "no entry has both a judge's score and a reviewer's verdict")
    verdicts = [(pair.judge >= GOOD_FROM, pair.reviewer >= GOOD_FROM) for pair in pairs]
    same = sum(one == other for one, other in verdicts) / len(verdicts)
    ranks = spearman([pair.judge for pair in pairs], [pair.reviewer for pair in pairs])
    return Agreement(len(pairs), round(same, 4), _rounded(kappa(verdicts)), _rounded(ranks), note)


def kappa(verdicts: Sequence[tuple[object, object]]) -> float | None:
    """None when one of the two always says the same thing, and so does the other: chance explains everything."""
    count = len(verdicts)
    mine, theirs = Counter(one for one, _ in verdicts), Counter(other for _, other in verdicts)
    chance = math.fsum(mine[label] * theirs[label] for label in mine) / count**2
    same = sum(one == other for one, other in verdicts) / count
    return (same - chance) / (1 - chance) if chance < 1 else None


def spearman(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The correlation of the ranks, ties sharing their mean rank; None when either has only one value."""
    first, second = _ranks(one), _ranks(other)
    middle = (len(first) + 1) / 2
    covariance = math.fsum((a - middle) * (b - middle) for a, b in zip(first, second, strict=True))
    spreads = [math.fsum((rank - middle) ** 2 for rank in ranks) for ranks in (first, second)]
    return covariance / math.sqrt(spreads[0] * spreads[1]) if all(spreads) else None


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + end + 1) / 2
        start = end
    return ranks


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
