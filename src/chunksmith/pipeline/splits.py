"""Which clusters of entries go into train, validation and test. Pure: the same in, the same out."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

from chunksmith.domain.curation import SPLITS, Split

# With fewer clusters everything is for training.
LEAST_CLUSTERS = 3
# Of so few all ways to assign them are tried; of so few it is tried what exchanging two, or moving one, makes better.
ALL_TRIED, EXCHANGED, MOVED = 6, 40, 500
_ROUNDS = 5


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
        return [split for split, filled in self._filled.items() if not any(filled.values())]

    def best(self, cluster: Cluster, choice: Sequence[Split]) -> Split:
        """The split that lacks most, of all entries and of the categories of this cluster alike."""
        return max(choice, key=lambda split: (round(self._lack(cluster, split), 9), -SPLITS.index(split)))

    def put(self, cluster: Cluster, split: Split) -> None:
        self._filled[split].update(cluster.categories)

    def take(self, cluster: Cluster, split: Split) -> None:
        self._filled[split].subtract(cluster.categories)

    def miss(self) -> float:
        """How far the splits are from their ratios, of all entries and of the categories that can be in every split;
        more than anything else where a split has nothing.
        """
        off = empty = 0.0
        for split, filled in self._filled.items():
            ratio, held = self._ratios[split], sum(filled.values())
            empty += not held
            off += abs(held - ratio * self._total)
            off += sum(abs(filled[category] - ratio * self._totals[category]) for category in self._spread)
        return round(off / self._total + 10 * empty, 9)

    def _lack(self, cluster: Cluster, split: Split) -> float:
        filled, ratio = self._filled[split], self._ratios[split]
        of_categories = sum(
            count * (ratio - filled[category] / self._totals[category])
            for category, count in cluster.categories.items()
            if category in self._spread
        )
        return of_categories / cluster.size + ratio - filled.total() / self._total


def assign(clusters: Sequence[Cluster], ratios: Sequence[float], seed: int) -> list[Split]:
    """A split for each cluster, as near to the ratios as they allow.

    Shapes: ``ratios`` in the order of SPLITS; one that is 0 gets nothing. Every other split gets a cluster, as long as
            there are at least LEAST_CLUSTERS.
    """
    wanted: dict[Split, float] = {split: ratio for split, ratio in zip(SPLITS, ratios, strict=True) if ratio > 0}
    if len(clusters) < LEAST_CLUSTERS:
        return ["train"] * len(clusters)
    places = sorted(range(len(clusters)), key=lambda place: _order(clusters[place], seed))
    ordered = [clusters[place] for place in places]
    found = _best_of_all(ordered, wanted) if len(ordered) <= ALL_TRIED else _filled(ordered, wanted)
    chosen = dict(zip(places, found, strict=True))
    return [chosen[place] for place in range(len(clusters))]


def _best_of_all(clusters: Sequence[Cluster], wanted: Mapping[Split, float]) -> list[Split]:
    filling = _Filling(clusters, wanted)

    def miss(splits: tuple[Split, ...]) -> float:
        for cluster, split in zip(clusters, splits, strict=True):
            filling.put(cluster, split)
        found = filling.miss()
        for cluster, split in zip(clusters, splits, strict=True):
            filling.take(cluster, split)
        return found

    best: tuple[Split, ...] = min(product(wanted, repeat=len(clusters)), key=miss)
    return list(best)


def _filled(clusters: Sequence[Cluster], wanted: Mapping[Split, float]) -> list[Split]:
    """The large ones first, each to where most is lacking; then what makes it better, as long as something does."""
    filling = _Filling(clusters, wanted)
    found: list[Split] = []
    for cluster in clusters:
        empty = filling.empty()
        choice = empty if len(empty) >= len(clusters) - len(found) else list(wanted)
        found.append(filling.best(cluster, choice))
        filling.put(cluster, found[-1])
    if len(clusters) <= MOVED:
        for _ in range(_ROUNDS):
            if not sum(_is_better(clusters, found, filling, step) for step in _steps(found, wanted)):
                break
    return found


def _steps(found: Sequence[Split], wanted: Mapping[Split, float]) -> Iterator[dict[int, Split]]:
    """Changes worth a try: one cluster elsewhere, or two exchanged. ``found`` may change meanwhile."""
    for place in range(len(found)):
        for split in wanted:
            if split != found[place]:
                yield {place: split}
    if len(found) <= EXCHANGED:
        for one, other in combinations(range(len(found)), 2):
            if found[one] != found[other]:
                yield {one: found[other], other: found[one]}


def _is_better(clusters: Sequence[Cluster], found: list[Split], filling: _Filling, step: Mapping[int, Split]) -> bool:
    """Whether a step makes it better; then it is taken."""
    before, former = filling.miss(), {place: found[place] for place in step}
    _change(clusters, found, filling, step)
    if filling.miss() < before:
        return True
    _change(clusters, found, filling, former)
    return False


def _change(clusters: Sequence[Cluster], found: list[Split], filling: _Filling, step: Mapping[int, Split]) -> None:
    for place, split in step.items():
        filling.take(clusters[place], found[place])
        filling.put(clusters[place], split)
        found[place] = split


def _order(cluster: Cluster, seed: int) -> tuple[int, str]:
    """Of about the same size in an order that the seed decides."""
    return -cluster.size.bit_length(), hashlib.sha256(f"{seed} {cluster.key}".encode()).hexdigest()
