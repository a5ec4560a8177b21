"""How many calls of one job may be on their way."""

import asyncio
from collections import deque
from typing import Self


class Lanes:
    """At most ``limit`` at a time, first come, first served; the limit may change meanwhile. None: no limit.

    A job has more units in work than lanes: while one unit is being sent, others are read, scored and committed.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._taken = 0
        self.sent = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def lane(self) -> "Lane":
        """``async with`` waits for one."""
        return Lane(self)

    async def enter(self) -> None:
        if self._waiting or not self._is_free():
            await self._turn()
        else:
            self._taken += 1

    def leave(self) -> None:
        self._taken -= 1
        self._let_in()

    def set_limit(self, limit: int | None) -> None:
        self._limit = limit
        self._let_in()

    def may_leave(self) -> bool:
        """Whether a lane that was given may still be used: the limit may have been lowered since."""
        return self._limit is None or self.sent < self._limit

    def _is_free(self) -> bool:
        return self._limit is None or self._taken < self._limit

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.leave()  # it was let in at the same moment
            raise

    def _let_in(self) -> None:
        while self._waiting and self._is_free():
            turn = self._waiting.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)


class Lane:
    """One lane, for as long as it is entered."""

    __slots__ = ("_lanes", "_left")

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._left = False

    async def __aenter__(self) -> Self:
        await self._lanes.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._lanes.sent -= self._left
        self._lanes.leave()

    def may_leave(self) -> bool:
        return self._lanes.may_leave()

    def leaves(self) -> None:
        """The call is sent now."""
        self._left = True
        self._lanes.sent += 1

    def stays(self) -> None:
        """It was not sent after all."""
        self._left = False
        self._lanes.sent -= 1
