"""The real clock. Everything that waits or stamps takes a ``Clock``, so that tests need not wait."""

import asyncio
import time
from datetime import datetime

from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339


class SystemClock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def sleep_unless(clock: Clock, seconds: float, event: asyncio.Event) -> None:
    """For so long, or until the event."""
    waits = [asyncio.ensure_future(clock.sleep(seconds)), asyncio.ensure_future(event.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def timestamp(clock: Clock) -> str:
    """The present as it is stored and shown."""
    return rfc3339(clock.now())


def parse_time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
