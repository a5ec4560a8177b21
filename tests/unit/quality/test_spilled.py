"""Numbers in temporary files: the same as if they were in memory, and no file is left open."""

import os

from hypothesis import given
from hypothesis import strategies as st

from chunksmith.quality import spilled
from chunksmith.quality.spilled import SortedUnique, SpilledArray

NUMBERS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 20), max_size=60)


@given(st.lists(NUMBERS, max_size=5), st.integers(0, 80), st.integers(0, 80), st.sampled_from([1, 7, 1 << 14]))
def test_any_slice_is_what_was_appended(parts: list[list[int]], begin: int, end: int, held: int) -> None:
    found = SpilledArray("Q", written_at_once=held)
    for part in parts:
        found.extend(part)
    whole = [number for part in parts for number in part]
    assert len(found) == len(whole)
    assert list(found.slice(begin, min(end, len(whole)))) == whole[begin : min(end, len(whole))]
    assert list(found) == [found[place] for place in range(len(whole))] == whole


@given(st.lists(NUMBERS, max_size=5), st.sampled_from([1, 3, 1000]))
def test_numbers_come_once_and_in_order_however_few_are_held(parts: list[list[int]], most: int) -> None:
    found = SortedUnique(most)
    for part in parts:
        found.add(part)
    assert list(found) == sorted({number for part in parts for number in part})


def test_more_numbers_than_are_read_at_once_are_merged_in_order() -> None:
    count = 3 * spilled.MERGED_AT_ONCE
    found = SortedUnique(count // 2)
    for number in reversed(range(count)):
        found.add([number, number])
    assert list(found) == list(range(count))


def test_the_file_is_closed_with_its_array() -> None:
    before = len(os.listdir("/proc/self/fd"))
    numbers = SpilledArray("Q")
    assert len(os.listdir("/proc/self/fd")) == before + 1
    del numbers
    assert len(os.listdir("/proc/self/fd")) == before
