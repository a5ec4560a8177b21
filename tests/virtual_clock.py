"""Clocks for tests: one that jumps from timer to timer, one that runs faster than the wall's, and the loop's own."""

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn, TypeVar

import pytest

T = TypeVar("T")
# So many turns of the loop in which nobody else had anything to do.
IDLE_TURNS = 3
# Of real time, for what is done in threads; when that has passed and nothing has come, nothing will.
PATIENCE_S = 2.0


class VirtualClock:
    """Time passes only when nothing else can happen. Good for parts that wait for nothing outside of the loop."""

    def __init__(self, at: float = 1_770_000_000.0) -> None:
        self.seconds = at
        self.slept: list[float] = []
        self._timers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        timer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._timers, (self.seconds + seconds, next(self._order), timer))
        await timer

    async def run(self, work: Coroutine[Any, Any, T], limit_s: float = 1e6) -> T:
        """The result of ``work``, with time passing as it needs. Fails when it waits for nothing that will come."""
        task = asyncio.ensure_future(work)
        until = self.seconds + limit_s
        while not task.done():
            await settle()
            if task.done() or self._step(until):
                continue
            await asyncio.wait([task], timeout=PATIENCE_S)  # a thread may be at work
            assert task.done() or self._timers, "it waits for ever"
        return await task

    async def advance(self, seconds: float) -> None:
        """Let so much time pass, timer by timer."""
        until = self.seconds + seconds
        await settle()
        while self._step(until):
            await settle()
        self.seconds = until

    async def pass_while(self, idle: Callable[[], Awaitable[bool]]) -> NoReturn:
        """For whole applications, as a task beside them: from timer to timer, but only at moments that are ``idle``."""
        while True:
            if await idle():
                self._step(math.inf)
            await asyncio.sleep(0.001)

    def _step(self, until: float) -> bool:
        """To the next moment at which somebody wakes."""
        while self._timers:
            at, _, timer = self._timers[0]
            if at > until:
                return False
            heapq.heappop(self._timers)
            if not timer.done():
                self.seconds = max(self.seconds, at)
                timer.set_result(None)
                return True
        return False


async def settle() -> None:
    """Until nothing can happen without time passing."""
    loop = asyncio.get_running_loop()
    idle = 0
    while idle < IDLE_TURNS:
        await asyncio.sleep(0)
        idle = 0 if loop._ready else idle + 1  # type: ignore[attr-defined]  # asyncio's own queue, which has no other name


def leap(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The running loop's own time leaps: whatever it was to wake within so many seconds wakes at once."""
    loop = asyncio.get_running_loop()
    before = loop.time
    monkeypatch.setattr(loop, "time", lambda: before() + seconds)


class FastClock:
    """``factor`` times as fast as the wall's, for whole applications with real files and sockets."""

    def __init__(self, factor: float = 200.0) -> None:
        self._factor = factor
        self._started = time.monotonic()
        self._epoch = time.time()
        self.slept: list[float] = []

    def now(self) -> float:
        return self._epoch + (self.monotonic() - self._started)

    def monotonic(self) -> float:
        return self._started + (time.monotonic() - self._started) * self._factor

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(seconds / self._factor)
