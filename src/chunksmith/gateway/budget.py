"""A job's ceiling: calls and money are reserved before sending, so that calls in flight cannot cross it."""

import asyncio
from typing import Self

from chunksmith.domain.halts import BudgetExhausted


class Budget:
    """Units: money in nano-dollars. Both ceilings may be changed while the job runs."""

    def __init__(self, max_calls: int | None, max_cost_nano: int | None, calls: int, spent_nano: int) -> None:
        self.max_calls = max_calls
        self.max_cost_nano = max_cost_nano
        self._calls = calls
        self._spent_nano = spent_nano
        self._reserved_nano = 0
        self._in_flight = 0  # calls reserved; of these have left, with what was reserved for them:
        self._left = 0
        self._left_nano = 0
        self._changed = asyncio.Event()

    def reserve(self, estimate_nano: int | None) -> "Reservation":
        """``async with`` waits until one call fits. Errors: BudgetExhausted when it never will.

        An unknown price counts as nothing here: jobs with a ceiling on money refuse models without a price.
        """
        return Reservation(self, estimate_nano or 0)

    async def enter(self, estimate: int) -> None:
        while (obstacle := self._obstacle(estimate)) is not None:
            # Calls in flight usually cost less than was reserved for them, and may turn out never to have left.
            if self._in_flight == 0 or self._calls_used(self._calls - self._in_flight):
                raise BudgetExhausted(obstacle)
            self._changed.clear()
            await self._changed.wait()
        self._calls += 1
        self._in_flight += 1
        self._reserved_nano += estimate

    def leave(self, estimate: int, spent_nano: int | None) -> None:
        """``spent_nano`` None: the call was not sent."""
        self._in_flight -= 1
        self._reserved_nano -= estimate
        if spent_nano is None:
            self._calls -= 1
        else:
            self._spent_nano += spent_nano
            self._left -= 1
            self._left_nano -= estimate
        self._changed.set()

    def change(self, estimate: int, to: int) -> None:
        """What is reserved for a call that has not left yet."""
        self._reserved_nano += to - estimate
        self._changed.set()

    def may_send(self, estimate: int) -> bool:
        """Whether a call that has its place still fits: the ceilings may have been lowered since.

        Errors: BudgetExhausted when it never will.
        """
        unsent = self._in_flight - self._left
        obstacle = self._over(self._calls - unsent, self._spent_nano + self._left_nano, estimate)
        if obstacle is not None and (self._left == 0 or self._calls_used(self._calls - self._in_flight)):
            raise BudgetExhausted(obstacle)
        return obstacle is None

    def sends(self, estimate: int) -> None:
        self._left += 1
        self._left_nano += estimate

    def stays(self, estimate: int) -> None:
        self._left -= 1
        self._left_nano -= estimate

    def set_ceilings(self, max_calls: int | None, max_cost_nano: int | None) -> None:
        self.max_calls, self.max_cost_nano = max_calls, max_cost_nano
        self._changed.set()

    def _obstacle(self, estimate: int) -> str | None:
        return self._over(self._calls, self._spent_nano + self._reserved_nano, estimate)

    def _calls_used(self, calls: int) -> bool:
        return self.max_calls is not None and calls >= self.max_calls

    def _over(self, calls: int, committed_nano: int, estimate: int) -> str | None:
        """Why one more call would be too many."""
        if self._calls_used(calls):
            return f"{calls} of {self.max_calls} calls are used"
        if self.max_cost_nano is not None and committed_nano + estimate > self.max_cost_nano:
            left = max(0, self.max_cost_nano - self._spent_nano)
            return f"the next call may cost {usd(estimate)} USD and {usd(left)} of {usd(self.max_cost_nano)} are left"
        return None


class Reservation:
    """``spent_nano`` is the estimate until it is set to what the call really cost; 0 when nothing was owed."""

    __slots__ = ("_budget", "_estimate", "sent", "spent_nano")

    def __init__(self, budget: Budget, estimate: int) -> None:
        self._budget = budget
        self._estimate = self.spent_nano = estimate
        self.sent = False

    async def __aenter__(self) -> Self:
        await self._budget.enter(self._estimate)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._budget.leave(self._estimate, self.spent_nano if self.sent else None)

    def change(self, estimate_nano: int | None) -> None:
        """The call has not left yet, and may cost another sum by now."""
        self._budget.change(self._estimate, estimate_nano or 0)
        self._estimate = self.spent_nano = estimate_nano or 0

    def may_leave(self) -> bool:
        """Whether what was reserved may still be spent. Errors: BudgetExhausted when it never may."""
        return self._budget.may_send(self._estimate)

    def commit(self) -> None:
        """The call leaves: from here on it counts."""
        self._budget.sends(self._estimate)
        self.sent = True

    def stays(self) -> None:
        """The call certainly never left: it counts for nothing."""
        self._budget.stays(self._estimate)
        self.sent = False


def usd(nano: int) -> str:
    """Nano-dollars as a decimal string without trailing zeros, at least two decimals: ``0.10``, ``0.000123``."""
    sign, nano = ("-" if nano < 0 else ""), abs(nano)
    whole, fraction = divmod(nano, 1_000_000_000)
    return f"{sign}{whole}.{f'{fraction:09d}'.rstrip('0').ljust(2, '0')}"
