"""Limits per minute: what was spent in the last one, and how long until more fits."""

import math
from collections import deque
from dataclasses import dataclass, field

# A provider counts requests when they arrive, we when they leave: a minute with a margin for the way between.
WINDOW_S = 61.0
# What leaves so much later than it was granted takes another place among the others, which are in order of time.
MOVED_S = 1.0


@dataclass
class Window:
    """At most ``limit`` per sliding minute, counted exactly. None: no limit."""

    limit: int | None
    spent: deque["Spending"] = field(default_factory=deque)
    total: int = 0

    def wait_s(self, amount: int, now: float) -> float:
        """Seconds until ``amount`` fits; more than the whole limit fits into an empty window."""
        while self.spent and self.spent[0].at <= now - WINDOW_S:
            gone = self.spent.popleft()
            self.total -= gone.amount
            gone.counted = False
        if self.limit is None or not self.spent or self.total + amount <= self.limit:
            return 0.0
        excess = self.total + amount - self.limit
        for spending in self.spent:
            excess -= spending.amount
            if excess <= 0:
                return spending.at + WINDOW_S - now
        return self.spent[-1].at + WINDOW_S - now

    def spare(self, amount: int, wait_s: float, now: float) -> float:
        """How much may be spent now by others, so that ``amount`` still fits after ``wait_s``."""
        if self.limit is None:
            return math.inf
        left = self.total
        for spending in self.spent:
            if spending.at > now + wait_s - WINDOW_S:
                break
            left -= spending.amount
        return self.limit - max(self.total, left + amount)

    def spend(self, amount: int, now: float) -> "Spending":
        self.total += amount
        if self.limit is None:
            # Counted all the same, for a limit may come at any time; by the second, so that memory stays bounded.
            self._spend_roughly(amount, now)
            return Spending(now, amount, counted=False)
        spending = Spending(now, amount, counted=True)
        self.spent.append(spending)
        return spending

    def _spend_roughly(self, amount: int, now: float) -> None:
        while self.spent and self.spent[0].at <= now - WINDOW_S:
            self.total -= self.spent.popleft().amount
        if self.spent and not self.spent[-1].counted and now - self.spent[-1].at < 1.0:
            self.spent[-1].amount += amount
        else:
            self.spent.append(Spending(now, amount, counted=False))

    def still_fits(self, spending: "Spending", now: float) -> bool:
        """Whether what was granted some time ago may be sent now: longer ago than a minute it must fit anew."""
        return spending.at > now - WINDOW_S or self.wait_s(spending.amount, now) == 0.0

    def move(self, spending: "Spending", now: float) -> None:
        """It is sent only now, and counts from here on."""
        if now - spending.at > MOVED_S and self.limit is not None:
            if spending.counted:
                self.spent.remove(spending)
            else:
                self.total += spending.amount
                spending.counted = True
            self.spent.append(spending)
        spending.at = now

    def correct(self, spending: "Spending", amount: int) -> None:
        """Replace an estimate by what was really used, if it is still counted."""
        if spending.counted:
            self.total += amount - spending.amount
            spending.amount = amount


@dataclass(slots=True, eq=False)
class Spending:
    at: float
    amount: int
    counted: bool
