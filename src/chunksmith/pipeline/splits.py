"""Which clusters of entries go into train, validation and test. Pure: the same in, the same out."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chunksmith.domain.curation import SPLITS, Split

# With fewer clusters everything is for training.
LEAST_CLUSTERS = 3


class Cluster(NamedTuple):
    """What must stay together. ``key`` is the same in every run; ``categories`` counts the entries of each."""

    key: str
    categories: Mapping[str | None, int]

    @property
    def size(self) -> int:
        return sum(self.categories.values())


class _Filling:
    """How full each split is, as shares of the whole and of each category that can be in every split: one that fewer
    clusters have would always be lacking most in the largest split.
    """

    def __init__(self, clusters: Sequence[Cluster], ratios: Mapping[Split, float]) -> None:
        self._ratios = ratios
        self._total = sum(cluster.size for cluster in clusters)
        self._totals: Counter[str | None] = Counter()
        for cluster in clusters:
            self._totals.update(cluster.categories)
        holding = Counter(category for cluster in clusters for category in cluster.categories)
        self._spread = {category for category, count in holding.items() if count >= LEAST_CLUSTERS}
        self._filled: dict[Split, Counter[str | None]] = {split: Counter() for split in ratios}

    def empty(self) -> list[Split]:
        return [split for split, filled in self._filled.items() if not filled]

    def best(self, cluster: Cluster, choice: Sequence[Split]) -> Split:
        """The split that lacks most, of all entries and of the categories of this cluster alike."""
        return max(choice, key=lambda split: (round(self._lack(cluster, split), 9), -SPLITS.index(split)))

    def put(self, cluster: Cluster, split: Split) -> None:
        self._filled[split].update(cluster.categories)

    def _lack(self, cluster: Cluster, split: Split) -> float:
        filled, ratio = self._filled[split], self._ratios[split]
        of_categories = sum(
            count * (ratio - filled[category] / self._totals[category])
            for category, count in cluster.categories.items()
            if category in self._spread
        )
        return of_categories / cluster.size + ratio - filled.total() / self._total


def assign(clusters: Sequence[Cluster], ratios: Sequence[float], seed: int) -> list[Split]:
    """A split for each cluster: the large ones first, each to where most is lacking.

    Shapes: ``ratios`` in the order of SPLITS; one that is 0 gets nothing. Every other split gets a cluster, as long as
            there are at least LEAST_CLUSTERS.
    """
    wanted: dict[Split, float] = {split: ratio for split, ratio in zip(SPLITS, ratios, strict=True) if ratio > 0}
    if len(clusters) < LEAST_CLUSTERS:
        return ["train"] * len(clusters)
    filling = _Filling(clusters, wanted)
    places = sorted(range(len(clusters)), key=lambda place: _order(clusters[place], seed))
    found: dict[int, Split] = {}
    for done, place in enumerate(places):
        empty = filling.empty()
        choice = empty if len(empty) >= len(places) - done else list(wanted)
        found[place] = filling.best(clusters[place], choice)
        filling.put(clusters[place], found[place])
    return [found[place] for place in range(len(clusters))]


def _order(cluster: Cluster, seed: int) -> tuple[int, str]:
    """Of about the same size in an order that the seed decides."""
    return -cluster.size.bit_length(), hashlib.sha256(f"{seed} {cluster.key}".encode()).hexdigest()
