"""Who computes next, when many are ready at once."""

import asyncio
import time
from collections import deque

# How long coroutines may compute in one round of the event loop before the others wait for the next.
ROUND_S = 0.001
MOST_AT_ONCE = 256


class LoopTurns:
    """Bounds the work of one round of the event loop, so that requests that come in between are answered in between.

    Replies come in waves and commits end in groups: without turns, hundreds of coroutines would compute one after the
    other before the loop looks at anything else. How many of those that wait go at once follows from how long the last
    round took.
    """

    def __init__(self) -> None:
        self._first: deque[asyncio.Future[None]] = deque()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._round_ends = False
        self._round_began = 0.0
        self._at_once = 1

    async def next(self, *, first: bool = False) -> None:
        """Call before some tenths of a millisecond of work that nobody waits for.

        ``first``: before all others that wait. A call that is about to leave should not wait for what has come back.
        """
        loop = asyncio.get_running_loop()
        if not self._round_ends:
            self._round_ends = True
            self._round_began = time.perf_counter()
            self._at_once = 1
            loop.call_soon(self._end_round, loop)
        queue = self._first if first else self._waiting
        if not self._first and not queue and time.perf_counter() - self._round_began < ROUND_S:
            return
        turn = loop.create_future()
        queue.append(turn)
        await turn

    def _end_round(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._first and not self._waiting:
            self._round_ends = False
            return
        now = time.perf_counter()
        quick = now - self._round_began < ROUND_S
        self._at_once = min(MOST_AT_ONCE, self._at_once * 2) if quick else max(1, self._at_once // 2)
        self._round_began = now
        let_go = 0
        while let_go < self._at_once and (queue := self._first or self._waiting):
            turn = queue.popleft()
            if not turn.done():  # cancelled meanwhile
                turn.set_result(None)
                let_go += 1
        loop.call_soon(self._end_round, loop)
