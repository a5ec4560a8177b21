"""How fast a job goes: a rate that forgets, for the time that is left."""

import math

from chunksmith.domain.ports import Clock

# After this many seconds a unit counts for a third of a fresh one.
MEMORY_S = 30.0
# Until a job of this process has told: scores are added up, duplicates are searched, a version is frozen.
FIRST_S_PER_ENTRY = 0.0005
_FEWEST = 100
"""entries from which a job tells how long the last steps take"""


class FinishingTime:
    """How long the steps behind the last unit take, by the entries of the jobs before."""

    def __init__(self) -> None:
        self._s_per_entry = FIRST_S_PER_ENTRY

    def of(self, entries: float) -> float:
        """Units: seconds."""
        return entries * self._s_per_entry

    def learn(self, entries: int, seconds: float) -> None:
        if entries >= _FEWEST:
            self._s_per_entry = (self._s_per_entry + seconds / entries) / 2


class Pace:
    """``finishing``: of a job that has steps behind its last unit."""

    def __init__(self, clock: Clock, finishing: FinishingTime | None = None) -> None:
        self._clock = clock
        self._finishing = finishing
        self._started = self._last = clock.monotonic()
        self._weight = 0.0
        self._units_down_at: float | None = None

    def tick(self, units: int = 1) -> None:
        now = self._clock.monotonic()
        self._weight = self._weight * math.exp((self._last - now) / MEMORY_S) + units
        self._last = now

    def per_second(self) -> float | None:
        """Units a second; None while nothing is known."""
        now = self._clock.monotonic()
        age = now - self._started
        if self._weight == 0 or age <= 0:
            return None
        decayed = self._weight * math.exp((self._last - now) / MEMORY_S)
        return decayed / (MEMORY_S * (1 - math.exp(-age / MEMORY_S)))

    def units_down(self) -> None:
        """What comes now are the last steps."""
        self._units_down_at = self._clock.monotonic()

    def finished(self, entries: int) -> None:
        if self._finishing is not None and self._units_down_at is not None:
            self._finishing.learn(entries, self._clock.monotonic() - self._units_down_at)

    def eta_s(self, pending: int, entries: float = 0) -> float | None:
        """The time that is left; None while nothing is known, and when the last steps take longer than they did.

        Units: ``entries`` that the job has in the end.
        """
        last_steps = self._finishing.of(entries) if self._finishing is not None else 0.0
        if self._units_down_at is not None:
            left = self._units_down_at + last_steps - self._clock.monotonic()
            return left if left > 0 else None
        rate = self.per_second()
        return pending / rate + last_steps if rate and rate > 1e-6 else None
