"""How fast a job goes: a rate that forgets, for the time that is left."""

import math

from chunksmith.domain.ports import Clock

# After this many seconds a unit counts for a third of a fresh one.
MEMORY_S = 30.0


class Pace:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = self._last = clock.monotonic()
        self._weight = 0.0

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

    def eta_s(self, pending: int) -> float | None:
        rate = self.per_second()
        return pending / rate if rate and rate > 1e-6 else None
