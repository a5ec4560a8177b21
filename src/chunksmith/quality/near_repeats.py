"""How many texts of a stream nearly repeat an earlier one: an estimate in bounded memory.

Texts are put together by the smallest hash of their word triples (a MinHash of one permutation: two texts share it
with the probability of their Jaccard likeness), and those that meet are compared. The sample keeps whole such meetings,
so that a rare repeat is not lost because only one of the two was drawn. Source: Broder, SEQUENCES 1997.
Where the dataset's duplicates were searched for exactly, those figures are better than this estimate.
"""

from collections.abc import Sequence
from zlib import crc32

from chunksmith.quality.sketches import DistinctSample

MEETINGS = 2_048  # that are kept
LIKENESS = 0.7  # shared word triples over all, from which one text repeats another
MOST_KEPT = 8  # texts of one meeting that the later ones are compared with
WORDS_READ = 400
_SPREAD = 0x9E3779B97F4A7C15  # the smallest hashes are all small: multiplied, every meeting is as likely to be kept
_MASK = (1 << 64) - 1


class _Meeting:
    __slots__ = ("kept", "repeats")

    def __init__(self) -> None:
        self.kept: list[frozenset[int]] = []
        self.repeats = 0

    def add(self, triples: frozenset[int]) -> None:
        if any(_likeness(triples, other) >= LIKENESS for other in self.kept):
            self.repeats += 1
        elif len(self.kept) < MOST_KEPT:
            self.kept.append(triples)


class NearRepeats:
    """The first of texts that are alike is none; nor does the estimate depend on anything but their order."""

    def __init__(self) -> None:
        self._meetings: DistinctSample[_Meeting] = DistinctSample(MEETINGS)

    def add(self, words: Sequence[str]) -> None:
        triples = _triples(words[:WORDS_READ])
        item = self._meetings.add(min(triples) * _SPREAD & _MASK, _Meeting)
        if item is not None:
            item.kept.add(triples)

    def rate(self) -> float:
        """Of all texts, 0 when there is none."""
        items = self._meetings.items()
        total = sum(item.count for item in items)
        return sum(item.kept.repeats for item in items) / total if total else 0.0


def _triples(words: Sequence[str]) -> frozenset[int]:
    if len(words) < 3:
        return frozenset([crc32(" ".join(words).encode("utf-8", "surrogatepass"))])
    runs = (f"{one} {two} {three}" for one, two, three in zip(words, words[1:], words[2:], strict=False))
    return frozenset([crc32(run.encode("utf-8", "surrogatepass")) for run in runs])


def _likeness(one: frozenset[int], other: frozenset[int]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
