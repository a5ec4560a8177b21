"""A sample of an endless stream in bounded memory that does not depend on the order of the stream."""

import hashlib
import heapq
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Sampled(Generic[T]):
    """One distinct key of the sample: how often it came, and what was kept of it."""

    __slots__ = ("count", "kept")

    def __init__(self, kept: T) -> None:
        self.count = 0
        self.kept = kept


class DistinctSample(Generic[T]):
    """The ``size`` distinct keys with the smallest hashes, each with its true count.

    A key of the final sample was never pushed out earlier, since only smaller hashes push out: so counts are exact,
    the sample is the same in any order, and with at most ``size`` distinct keys it is everything there is.
    Units: keys and what is kept of them, at most ``size`` at a time.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: dict[int, Sampled[T]] = {}
        self._largest_first: list[int] = []
        self.is_everything = True

    def add(self, key: int, keep: Callable[[], T]) -> Sampled[T] | None:
        """The item of the key, counted; None when it is not in the sample."""
        item = self._items.get(key)
        if item is None:
            item = self._admit(key, keep)
        if item is not None:
            item.count += 1
        return item

    def items(self) -> list[Sampled[T]]:
        """In the order of the hashes, which is the same for the same keys."""
        return [self._items[key] for key in sorted(self._items)]

    def _admit(self, key: int, keep: Callable[[], T]) -> Sampled[T] | None:
        if len(self._items) >= self._size:
            self.is_everything = False
            if key > -self._largest_first[0]:
                return None
            del self._items[-heapq.heappop(self._largest_first)]
        heapq.heappush(self._largest_first, -key)
        item = self._items[key] = Sampled(keep())
        return item


def hash_of(text: str) -> int:
    """64 bits, the same on every machine and in every run."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
