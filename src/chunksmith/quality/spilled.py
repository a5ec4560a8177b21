"""Numbers that are too many for memory: in a temporary file, read in slices, sorted in parts that are merged."""

import heapq
import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice

# Held in memory before they are written.
WRITTEN_AT_ONCE = 1 << 14
READ_AT_ONCE = 1 << 13
# Of each sorted part, read at once while parts are merged.
MERGED_AT_ONCE = 1 << 8


class SpilledArray:
    """An array in a temporary file that has no name. ``code`` is a type code of ``array``.

    Units: in memory ``written_at_once`` numbers, however many there are.
    Errors: OSError when the disk is full; IndexError, for a single number.
    """

    def __init__(self, code: str, numbers: Iterable[int] = (), *, written_at_once: int = WRITTEN_AT_ONCE) -> None:
        self._code = code
        self._written_at_once = written_at_once
        with tempfile.TemporaryFile(prefix="chunksmith-") as file:
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)
        self._waiting = array(code, numbers)
        self._written = 0

    def __len__(self) -> int:
        return self._written + len(self._waiting)

    def extend(self, numbers: Iterable[int]) -> None:
        self._waiting.extend(numbers)
        if len(self._waiting) >= self._written_at_once:
            self._write()

    def append(self, number: int) -> None:
        self.extend((number,))

    def __getitem__(self, place: int) -> int:
        return self.slice(place, place + 1)[0]

    def __iter__(self) -> Iterator[int]:
        for block in self.blocks():
            yield from block

    def blocks(self, size: int = READ_AT_ONCE) -> Iterator["array[int]"]:
        """All, from the first one on, so many at once."""
        for begin in range(0, len(self), size):
            yield self.slice(begin, min(len(self), begin + size))

    def slice(self, begin: int, end: int) -> "array[int]":
        """The numbers from one place up to another, as ``[begin:end]``."""
        if end > self._written and self._waiting:
            self._write()
        size = self._waiting.itemsize
        found = array(self._code)
        found.frombytes(os.pread(self._file, size * max(0, end - begin), size * begin))
        return found

    def _write(self) -> None:
        data = memoryview(self._waiting.tobytes())
        while data:
            data = data[os.write(self._file, data) :]
        self._written += len(self._waiting)
        del self._waiting[:]


class SortedUnique:
    """Unsigned numbers of 64 bits, each once and in order, of which ``most`` are in memory at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = array("Q")
        self._parts = SpilledArray("Q")
        self._ends = [0]

    def add(self, numbers: Iterable[int]) -> None:
        numbers = iter(numbers)
        while some := array("Q", islice(numbers, self._most - len(self._open))):
            self._open.extend(some)
            if len(self._open) >= self._most:
                self._close_part()

    def __iter__(self) -> Iterator[int]:
        self._close_part()
        last = -1
        for number in heapq.merge(*(self._part(n) for n in range(len(self._ends) - 1))):
            if number != last:
                yield number
                last = number

    def _close_part(self) -> None:
        if self._open:
            self._parts.extend(sorted(set(self._open)))
            self._ends.append(len(self._parts))
            del self._open[:]

    def _part(self, number: int) -> Iterator[int]:
        begin, end = self._ends[number], self._ends[number + 1]
        for start in range(begin, end, MERGED_AT_ONCE):
            yield from self._parts.slice(start, min(end, start + MERGED_AT_ONCE))
