"""Whose turn it is: calls that wait for a place at one account, by job, the least served first."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

# Of the queue of each job, while its first waits for tokens.
LOOKED_AT = 64
T = TypeVar("T")


@dataclass(slots=True)
class Waiter(Generic[T]):
    job: int
    weight: int
    tokens: int
    granted: asyncio.Future[T]


class Turns(Generic[T]):
    """``places``: how many calls of the account may be on their way at most."""

    def __init__(self, places: Callable[[], int]) -> None:
        self._places = places
        self._queues: dict[int, deque[Waiter[T]]] = {}
        self._served: dict[int, float] = {}
        self._level = 0.0

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def __bool__(self) -> bool:
        return bool(self._queues)

    def __contains__(self, waiter: Waiter[T]) -> bool:
        return waiter in self._queues.get(waiter.job, ())

    def add(self, waiter: Waiter[T]) -> None:
        if waiter.job not in self._queues:
            self._queues[waiter.job] = deque()
            # A job that comes (back) starts level with the one served last: it neither owes nor is owed.
            self._served[waiter.job] = max(self._level, self._served.get(waiter.job, 0.0))
        self._queues[waiter.job].append(waiter)

    def first(self) -> Waiter[T]:
        return self._queues[min(self._queues, key=self._served_to)][0]

    def in_order(self) -> Iterator[Waiter[T]]:
        """Of each job the first few."""
        for job in sorted(self._queues, key=self._served_to):
            yield from islice(self._queues[job], LOOKED_AT)

    def take(self, waiter: Waiter[T]) -> None:
        queue = self._queues[waiter.job]
        queue.remove(waiter)
        if not queue:
            del self._queues[waiter.job]

    def served(self, waiter: Waiter[T]) -> None:
        """It has got its place."""
        job = waiter.job
        self._level = max(self._level, self._served_to(job))
        # A job that could fill every place many times over takes no more turns than one that could fill each once.
        self._served[job] = self._level + 1 / max(1, min(waiter.weight, self._places()))

    def holds(self, job: int) -> bool:
        return bool(self._queues.get(job))

    def drop(self, job: int | None) -> list[Waiter[T]]:
        """All that wait, or those of one job, wait no longer."""
        dropped: list[Waiter[T]] = []
        for name in [job] if job is not None else list(self._queues):
            dropped.extend(self._queues.pop(name, ()))
        return dropped

    def forget(self, job: int) -> None:
        self._served.pop(job, None)

    def _served_to(self, job: int) -> float:
        return self._served.get(job, 0.0)
