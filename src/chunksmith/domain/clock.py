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


def timestamp(clock: Clock) -> str:
    """The present as it is stored and shown."""
    return rfc3339(clock.now())


def parse_time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
