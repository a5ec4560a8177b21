"""Numbers that are too many for memory: in a temporary file, read in slices, sorted in parts that are merged."""

import heapq
import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

# Held in memory before they are written.
WRITTEN_AT_ONCE = 1 << 14
READ_AT_ONCE = 1 << 13
# Of each sorted part, read at once while parts are merged.
MERGED_AT_ONCE = 1 << 8
# Keys that are sorted in memory, and of more of them those of each share that are held before they are written.
SORTED_AT_ONCE, SPREAD_AT_ONCE = 1 << 15, 1 << 10
_PLACE = (1 << 32) - 1


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


def same_keys(keys: Iterable[int], count: int) -> Iterator["array[int]"]:
    """The places of those of ``count`` keys that another one is equal to, together and in order.

    Shapes: unsigned keys of 64 bits, whose low bits are spread.
    Units: in memory some 50 bytes for each of ``SORTED_AT_ONCE`` keys; of more, 16 bytes a key in temporary files.
    """
    if count <= SORTED_AT_ONCE:
        yield from _runs(sorted(key << 32 | place for place, key in enumerate(keys)))
        return
    parts = 1 << (count // SORTED_AT_ONCE).bit_length()
    shares = [SpilledArray("Q", written_at_once=SPREAD_AT_ONCE) for _ in range(parts)]
    low_bits = parts - 1
    for place, key in enumerate(keys):
        shares[key & low_bits].extend((key, place))
    while shares:
        numbers = iter(shares.pop())
        yield from _runs(sorted(key << 32 | place for key, place in zip(numbers, numbers, strict=True)))


def _runs(ordered: Sequence[int]) -> Iterator["array[int]"]:
    """Places, the lower 32 bits, of those that agree in what is above."""
    run = array("I")
    for one, other in pairwise(ordered):
        if one ^ other <= _PLACE:
            run.append((one if not run else other) & _PLACE)
            if len(run) == 1:
                run.append(other & _PLACE)
        elif run:
            yield run
            run = array("I")
    if run:
        yield run
