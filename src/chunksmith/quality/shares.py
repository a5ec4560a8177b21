"""How entries divide over categories or documents, and whether more unevenly than the passages that they rest on."""

import math
from collections import Counter
from typing import NamedTuple

from chunksmith.quality.measures import entropy, evenness
from chunksmith.quality.sketches import DistinctSample, hash_of


class Top(NamedTuple):
    """The most frequent one of several, and its share of the entries."""

    name: str
    share: float


class _Place(NamedTuple):
    key: str
    name: str
    has_source: bool


class Shares:
    """Pairs of a name and a passage, each with its entries; ``size`` distinct pairs are kept, as a sample by hash."""

    def __init__(self, size: int) -> None:
        self._pairs: DistinctSample[_Place] = DistinctSample(size)

    def add(self, key: str, name: str, chunk_id: int) -> None:
        """``chunk_id`` 0: the passage is not known."""
        self._pairs.add(hash_of(f"{key}\0{chunk_id}"), lambda: _Place(key, name, chunk_id > 0))

    def balance(self) -> float | None:
        """1 - what would have to move for the entries to lie as the passages do (total variation distance).

        Without known passages, how even the shares are. None when there are not two names.
        """
        entries = self._entries()
        if len(entries) < 2:
            return None
        items = self._pairs.items()
        if not all(item.kept.has_source for item in items):
            return evenness(entries.values())
        passages = Counter(item.kept.key for item in items)
        all_entries, all_passages = sum(entries.values()), sum(passages.values())
        moved = math.fsum(abs(entries[key] / all_entries - passages[key] / all_passages) for key in sorted(entries))
        return 1 - moved / 2

    def variety(self, wanted: int) -> float | None:
        """As how many equally frequent names there are, against what is wanted; None without any."""
        entries = self._entries()
        return min(1.0, math.exp(entropy(entries.values())) / min(wanted, sum(entries.values()))) if entries else None

    def entropy(self) -> float | None:
        """In bits."""
        entries = self._entries()
        return round(entropy(entries.values()) / math.log(2), 4) if entries else None

    def top(self) -> Top | None:
        entries = self._entries()
        if len(entries) < 2:
            return None
        names = {item.kept.key: item.kept.name for item in self._pairs.items()}
        key, count = min(entries.items(), key=lambda pair: (-pair[1], pair[0]))
        return Top(names[key], count / sum(entries.values()))

    def _entries(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for item in self._pairs.items():
            found[item.kept.key] += item.count
        return found
