"""The figures of docs/quality.md hold on the labelled set; `python scripts/measure_quality.py` prints them."""

import json
import re
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import build_quality_set
from chunksmith.domain.datasets import Entry
from chunksmith.quality.dataset_scores import DatasetScore
from measure_quality import SET, auc, figures, labelled

DOCS = Path(__file__).resolve().parents[3] / "docs" / "quality.md"


@pytest.fixture(scope="module")
def held_out() -> dict[str, Any]:
    return figures([one for one in labelled() if one.half == "held_out"])


def test_the_score_separates_good_from_bad(held_out: dict[str, Any]) -> None:
    assert held_out["auc_score"] >= 0.9


def test_groundedness_separates_supported_from_unsupported(held_out: dict[str, Any]) -> None:
    assert held_out["auc_groundedness"] >= 0.95


def test_duplicates_are_found(held_out: dict[str, Any]) -> None:
    assert min(held_out["duplicates"]["precision"], held_out["duplicates"]["recall"]) >= 0.95


def test_the_documentation_tells_what_was_found_of_duplicates(held_out: dict[str, Any]) -> None:
    found = held_out["duplicates"]
    assert (
        f"precision {found['precision']:.3f} and recall {found['recall']:.3f}, held out ({found['repeats']} among "
        f"{found['entries']} entries, {found['others']} of them edits that say something else)"
    ) in " ".join(DOCS.read_text(encoding="utf-8").split())


def test_the_documentation_tells_the_figures_as_they_are(held_out: dict[str, Any]) -> None:
    told = re.findall(r"^\| (score|groundedness) .*\| (0\.\d{3}) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(told) == {name: f"{held_out[f'auc_{name}']:.3f}" for name in ("score", "groundedness")}


def test_the_set_has_every_label_and_divides_by_passage() -> None:
    rows = [json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines()]
    labels = Counter(row["label"] for row in rows if row["kind"] == "entry")
    assert labels.total() >= 300
    assert set(labels) == {"supported", "unsupported", "truncated", "trivial", "duplicated", "biased"}
    assert min(labels.values()) >= 40
    halves = {row["id"]: row["half"] for row in rows if row["kind"] == "passage"}
    assert {half for name, half in halves.items() if name.endswith("#late")} == {"held_out"}
    assert {half for name, half in halves.items() if not name.endswith("#late")} == {"tuning"}


def test_the_transformations_make_the_set_of_its_seeds() -> None:
    """Without the documents, which are not shipped: the entries, from the seeds."""
    lines = (build_quality_set.HERE / "seeds.jsonl").read_text(encoding="utf-8").splitlines()
    seeds = [build_quality_set.Seed(**json.loads(line)) for line in lines]
    shipped = [json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines()]
    assert list(build_quality_set.entries(seeds)) == [row for row in shipped if row["kind"] == "entry"]


def test_auc_is_the_chance_to_be_above() -> None:
    assert auc([0.9, 0.8], [0.1, 0.2]) == 1.0
    assert auc([0.5], [0.5]) == 0.5
    assert auc([0.3, 0.9], [0.5]) == 0.5


@pytest.mark.slow
def test_the_memory_of_a_dataset_score_does_not_grow_with_the_dataset() -> None:
    score = DatasetScore()
    tracemalloc.start()
    taken = []
    for number in range(1, 30_001):
        text = f"word{number} river{number % 977} stone{number * 7} cloud{number * 3} window{number % 31}"
        score.add(Entry(number, number, number, question=f"What of {text}?", answer=f"It is {text}.", quality=0.9))
        if number in (10_000, 30_000):
            taken.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert taken[1] < taken[0] * 1.2
