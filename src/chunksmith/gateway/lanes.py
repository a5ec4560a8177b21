"""How many calls of one job may be on their way."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator


class Lanes:
    """At most ``limit`` at a time, first come, first served; the limit may change meanwhile. None: no limit.

    A job has more units in work than lanes: while one unit is being sent, others are read, scored and committed.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @contextlib.asynccontextmanager
    async def lane(self) -> AsyncIterator[None]:
        if self._waiting or not self._is_free():
            await self._turn()
        else:
            self._taken += 1
        try:
            yield
        finally:
            self._leave()

    def set_limit(self, limit: int | None) -> None:
        self._limit = limit
        self._let_in()

    def _is_free(self) -> bool:
        return self._limit is None or self._taken < self._limit

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._leave()  # it was let in at the same moment
            raise

    def _leave(self) -> None:
        self._taken -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._is_free():
            turn = self._waiting.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)
