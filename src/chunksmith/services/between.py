"""Amounts that are known to lie between two numbers."""

from collections.abc import Iterable
from typing import NamedTuple


class Between(NamedTuple):
    low: float
    high: float

    def times(self, each: "Between") -> "Between":
        """Whole numbers: of so many things, each with so much."""
        return Between(round(self.low * each.low), round(self.high * each.high))

    def plus(self, other: "Between") -> "Between":
        return Between(self.low + other.low, self.high + other.high)


def total(amounts: Iterable[Between]) -> Between:
    low: float = 0
    high: float = 0
    for amount in amounts:
        low, high = low + amount.low, high + amount.high
    return Between(round(low, 1), round(high, 1))
