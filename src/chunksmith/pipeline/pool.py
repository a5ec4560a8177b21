"""Keeps a job's units in flight: up to its concurrency, across batch borders, in bounded memory."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from chunksmith.domain.halts import Halt
from chunksmith.errors import StorageError


class Placed(Protocol):
    """A unit with whatever is needed to do it."""

    @property
    def position(self) -> int: ...


T = TypeVar("T", bound=Placed)
# (after this position, at most so many) → the next pending ones, in order.
Fetch = Callable[[int, int], Awaitable[Sequence[T]]]
# Units are read at least this many at a time, so that reading does not cost a query per unit.
PAGE_MIN = 64


class Pool(Generic[T]):
    """Runs ``work`` on each pending unit; ``concurrency`` may change while it runs.

    The first Halt ends the feeding, and so does a disk that is full; what is in flight may finish, as it may be paid
    for. Any other exception is a bug and ends all.
    """

    def __init__(self, fetch: Fetch[T], work: Callable[[T], Awaitable[None]], concurrency: int) -> None:
        self._feed = _Feed(fetch, lambda: self.concurrency)
        self._work = work
        self.concurrency = concurrency
        self._workers = 0
        self._changed = asyncio.Event()
        self.halted_by: Halt | StorageError | None = None
        self._tell: Callable[[Halt | StorageError], None] = lambda reason: None

    def when_halted(self, tell: Callable[[Halt | StorageError], None]) -> None:
        """``tell`` is called once, with the reason: also those that are at work should begin nothing new."""
        self._tell = tell

    async def run(self) -> None:
        """Errors: the Halt or StorageError that ended it, when one did."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._staff(group)
        except BaseExceptionGroup as bugs:
            raise bugs.exceptions[0] from None
        finally:
            self._feed.close()
        if self.halted_by is not None:
            raise self.halted_by

    async def _staff(self, group: asyncio.TaskGroup) -> None:
        """As many workers as the concurrency says, until there is nothing to take."""
        while self.halted_by is None and not self._feed.exhausted:
            while self._workers < self.concurrency:
                group.create_task(self._worker(self._workers), name=f"unit-worker-{self._workers}")
                self._workers += 1
            self._changed.clear()
            await self._changed.wait()

    def set_concurrency(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self._changed.set()

    def halt(self, reason: Halt | StorageError) -> None:
        """Take no further unit."""
        if self.halted_by is None:
            self.halted_by = reason
            self._changed.set()
            self._tell(reason)

    async def _worker(self, number: int) -> None:
        try:
            while number < self.concurrency and self.halted_by is None:
                unit = await self._feed.next()
                if unit is None or self.halted_by is not None:
                    return
                await self._work(unit)
        except (Halt, StorageError) as reason:
            self.halt(reason)
        finally:
            self._workers -= 1
            self._changed.set()


class _Feed(Generic[T]):
    """Pending units in order of position, fetched ahead of need, at most twice the concurrency in memory."""

    def __init__(self, fetch: Fetch[T], concurrency: Callable[[], int]) -> None:
        self._fetch = fetch
        self._concurrency = concurrency
        self._buffer: deque[T] = deque()
        self._after = -1
        self._fetching: asyncio.Task[None] | None = None
        self._last_page = False

    @property
    def exhausted(self) -> bool:
        return self._last_page and not self._buffer

    async def next(self) -> T | None:
        while not self._buffer and not self._last_page:
            await asyncio.shield(self._ahead())
        if not self._buffer:
            return None
        unit = self._buffer.popleft()
        if len(self._buffer) < self._concurrency() and not self._last_page:
            self._ahead()
        return unit

    def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()

    def _ahead(self) -> asyncio.Task[None]:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch_page(), name="unit-feed")
        return self._fetching

    async def _fetch_page(self) -> None:
        limit = max(PAGE_MIN, self._concurrency())
        page = await self._fetch(self._after, limit)
        self._buffer.extend(page)
        self._last_page = len(page) < limit
        if page:
            self._after = page[-1].position
