"""Rings once, at the earliest of the times that were asked for since it rang last."""

import asyncio
import contextlib
from collections.abc import Callable

from chunksmith.domain.ports import Clock


class Alarm:
    def __init__(self, clock: Clock, ring: Callable[[], None], name: str) -> None:
        self._clock = clock
        self._ring = ring
        self._name = name
        self._timer: asyncio.Task[None] | None = None
        self._rings_at = 0.0

    def ring_in(self, seconds: float) -> None:
        """Whoever is wakened looks again, and waits on if it must."""
        until = self._clock.monotonic() + seconds
        if self._timer is not None and not self._timer.done():
            if self._rings_at <= until:
                return
            self._timer.cancel()
        self._rings_at = until

        async def wait() -> None:
            await self._clock.sleep(seconds)
            self._timer = None
            self._ring()

        self._timer = asyncio.create_task(wait(), name=self._name)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._timer
