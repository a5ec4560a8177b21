"""Which clusters go where: by the ratios, the categories and the seed, and nothing else."""

from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.curation import SPLITS
from chunksmith.pipeline.splits import Cluster, assign

RATIOS = (0.7, 0.15, 0.15)
CATEGORIES = st.dictionaries(st.sampled_from(["a", "b", "c", None]), st.integers(1, 9), min_size=1)
CLUSTERS = st.lists(CATEGORIES, max_size=40).map(
    lambda many: [Cluster(str(number), categories) for number, categories in enumerate(many)]
)


def sizes(clusters: list[Cluster], ratios: tuple[float, ...] = RATIOS, seed: int = 0) -> Counter[str]:
    found: Counter[str] = Counter()
    for cluster, split in zip(clusters, assign(clusters, ratios, seed), strict=True):
        found[split] += cluster.size
    return found


@given(CLUSTERS)
def test_fewer_than_three_are_all_for_training_and_three_fill_every_split(clusters: list[Cluster]) -> None:
    splits = assign(clusters, RATIOS, 0)
    assert set(splits) == ({"train", "validation", "test"} if len(clusters) >= 3 else {"train"} & set(splits))


@given(CLUSTERS, st.integers(0, 5))
def test_the_same_in_gives_the_same_out_whatever_the_order(clusters: list[Cluster], seed: int) -> None:
    there = dict(zip((one.key for one in clusters), assign(clusters, RATIOS, seed), strict=True))
    back = clusters[::-1]
    assert dict(zip((one.key for one in back), assign(back, RATIOS, seed), strict=True)) == there


def test_ratios_are_met_as_far_as_clusters_allow() -> None:
    clusters = [Cluster(str(number), {"a": 5}) for number in range(100)]
    assert sizes(clusters) == {"train": 350, "validation": 75, "test": 75}


def test_a_split_with_the_ratio_0_gets_nothing() -> None:
    clusters = [Cluster(str(number), {"a": 5}) for number in range(10)]
    assert sizes(clusters, (0.8, 0.0, 0.2)) == {"train": 40, "test": 10}


def test_categories_are_spread_by_the_ratios() -> None:
    clusters = [Cluster(str(number), {"rare" if number % 5 == 0 else "usual": 4}) for number in range(200)]
    found: dict[str, Counter[str]] = {}
    for cluster, split in zip(clusters, assign(clusters, RATIOS, 3), strict=True):
        found.setdefault(split, Counter()).update({str(name): count for name, count in cluster.categories.items()})
    assert {split: counts["rare"] for split, counts in found.items()} == {"train": 112, "validation": 24, "test": 24}


@pytest.mark.parametrize("clusters_each", [1, 2, 3, 6])
def test_categories_of_few_clusters_do_not_put_everything_into_train(clusters_each: int) -> None:
    clusters = [Cluster(str(number), {f"category {number // clusters_each}": 5}) for number in range(100)]
    found = sizes(clusters)
    assert [found[split] / 500 for split in ("train", "validation", "test")] == pytest.approx(RATIOS, abs=0.05)


@given(st.lists(CATEGORIES, min_size=3, max_size=6), st.integers(0, 3))
def test_no_other_way_to_assign_a_few_clusters_is_nearer_to_the_ratios(categories: list[Any], seed: int) -> None:
    clusters = [Cluster(str(number), {"a": sum(one.values())}) for number, one in enumerate(categories)]
    total = sum(one.size for one in clusters)

    def off(splits: Sequence[str]) -> float:
        held: Counter[str] = Counter()
        for cluster, split in zip(clusters, splits, strict=True):
            held[split] += cluster.size
        return sum(abs(held[split] / total - ratio) for split, ratio in zip(SPLITS, RATIOS, strict=True))

    every = [splits for splits in product(SPLITS, repeat=len(clusters)) if len(set(splits)) == len(SPLITS)]
    assert off(assign(clusters, RATIOS, seed)) == pytest.approx(min(map(off, every)))


@pytest.mark.parametrize("count", [9, 12, 20, 45])
def test_a_project_of_uneven_documents_comes_near_its_ratios(count: int) -> None:
    clusters = [Cluster(str(number), {"a": 1 + number * number % 17}) for number in range(count)]
    total = sum(one.size for one in clusters)
    found = sizes(clusters)
    off = [found[split] / total - ratio for split, ratio in zip(SPLITS, RATIOS, strict=True)]
    assert max(map(abs, off)) <= 0.03


def test_one_document_that_is_most_of_the_project_is_for_training() -> None:
    clusters = [Cluster("large", {"a": 90}), *(Cluster(str(number), {"a": 1}) for number in range(10))]
    assert assign(clusters, RATIOS, 0)[0] == "train"
    assert sizes(clusters) == {"train": 90, "validation": 5, "test": 5}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_another_seed_makes_other_splits(seed: int) -> None:
    clusters = [Cluster(str(number), {"a": 5}) for number in range(30)]
    assert assign(clusters, RATIOS, seed) != assign(clusters, RATIOS, 0)
