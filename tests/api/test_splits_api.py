"""Splits of real datasets: nothing leaks, the same however the job ran, and they are in lists, downloads, the report."""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_parts import entries, faults, rows
from app_parts import Json, Server
from chunksmith.quality.likeness import ALIKE, Likeness, Parts
from curation_parts import all_of, imported, marks, stopped_at, telling
from planted import ALIKE_EDITS, EDITS, texts_of

PLANTED = {**EDITS, **ALIKE_EDITS}
RATIOS = {"train": 0.6, "validation": 0.2, "test": 0.2}


def planted(seed: int) -> list[Parts]:
    """Texts of which some are edits of others, in any order."""
    rng = random.Random(seed)
    texts = texts_of(rng.randint(8, 40), seed)
    names = sorted(PLANTED)
    texts += [PLANTED[rng.choice(names)](rng.choice(texts), rng) for _ in range(rng.randint(2, 15))]
    rng.shuffle(texts)
    return texts


# Longer than any boilerplate.
QUOTED = (
    "as the old statute of the guild has it that no one may sell by lamp light in winter nor weigh bread behind a "
    "closed door nor take an apprentice from another house before the feast of saint martin has passed in peace"
)


class Planted(NamedTuple):
    """A project whose texts are edits of one another in places."""

    texts: list[Parts]
    per_document: int
    split_seed: int


@st.composite
def projects(draw: st.DrawFn) -> Planted:
    texts = texts_of(draw(st.integers(8, 24)), draw(st.integers(0, 99)))
    edits = st.tuples(st.sampled_from(sorted(PLANTED)), st.integers(0, 99), st.integers(0, 99))
    for name, which, seed in draw(st.lists(edits, min_size=1, max_size=12)):
        texts.append(PLANTED[name](texts[which % len(texts)], random.Random(seed)))
    quoted = draw(st.integers(0, len(texts)))
    texts[:quoted] = [Parts(text.prompt, f"{text.rest} {QUOTED}") for text in texts[:quoted]]
    return Planted(draw(st.permutations(texts)), draw(st.integers(1, 2)), draw(st.integers(0, 9)))


def body(project: int, **changes: object) -> Json:
    more = {"generation_model": "grok", "classification_model": "grok", "reuse": False, "concurrency": 5}
    return {"project_id": project, "include_evaluation_sets": True, **more, **changes}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with telling(tmp_path / "data") as one:
        yield one


def one_each(texts: list[Parts]) -> list[list[Parts]]:
    return [[text] for text in texts]


@given(projects())
@settings(max_examples=12, derandomize=True)
def test_no_split_leaks(project: Planted) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_nothing_leaks(Path(folder), project))


async def _nothing_leaks(folder: Path, planted: Planted) -> None:
    async with telling(folder) as server:
        made = await imported(server, one_each(planted.texts), planted.per_document)
        status = await server.generate(body(made, split_seed=planted.split_seed))
        found = await entries(server, status["result"]["dataset_id"])
        report = (await server.get(f"datasets/{status['job_id']}"))["curation"]["splits"]
    assert len(found) == len(planted.texts)
    split_of = {entry["metadata"]["document_name"]: entry["split"] for entry in found}
    assert all(split_of[entry["metadata"]["document_name"]] == entry["split"] for entry in found)
    search = Likeness()
    search.add([Parts(entry["question"], entry["answer"]) for entry in found])
    leaks = [
        (found[one]["id"], found[other]["id"])
        for one, other in combinations(range(len(found)), 2)
        if found[one]["split"] != found[other]["split"] and search.likeness_of(one, other) >= ALIKE
    ]
    assert leaks == []
    runs = {split: set[str]() for split in RATIOS}
    for entry in found:
        words = re.findall(r"[a-z]+|\d+", f"{entry['question']} {entry['answer']}".lower())
        runs[entry["split"]].update(" ".join(words[place : place + 13]) for place in range(len(words) - 12))
    assert not any(runs[one] & runs[other] for one, other in combinations(RATIOS, 2))
    assert report["leakage"]["near_duplicates_between_splits"] == 0
    assert report["leakage"]["shared_runs"]["entries"] == {"validation": 0, "test": 0}
    sizes = {split: sum(entry["split"] == split for entry in found) for split in ("train", "validation", "test")}
    assert report["sizes"] == sizes
    assert report["clusters"] < 3 or all(sizes.values())


HEADER = "read this notice of the office before you use any part of what follows here"


async def split_with(server: Server, headed: int) -> tuple[set[str], Json]:
    """The splits of those entries, of twenty, that have the header; the report."""
    texts = [
        Parts(text.prompt, f"{HEADER}: {text.rest}" if place < headed else text.rest)
        for place, text in enumerate(texts_of(20))
    ]
    status = await server.generate(body(await imported(server, one_each(texts)), split_ratios=RATIOS))
    found = await entries(server, status["result"]["dataset_id"])
    report = (await server.get(f"datasets/{status['job_id']}"))["curation"]["splits"]
    return {entry["split"] for entry in found if HEADER in entry["answer"]}, report


@pytest.mark.parametrize("headed", [4, 10])
async def test_what_shares_a_long_run_of_words_stays_together(server: Server, headed: int) -> None:
    splits, report = await split_with(server, headed)
    assert len(splits) == 1
    assert report["leakage"]["shared_runs"]["entries"] == {"validation": 0, "test": 0}


@pytest.mark.parametrize(("documents", "sharing"), [(3, 3), (4, 3), (5, 3), (10, 6), (20, 20)])
async def test_a_passage_that_most_documents_share_stays_in_one_split(
    server: Server, documents: int, sharing: int
) -> None:
    texts = [
        Parts(text.prompt, f"{text.rest} {QUOTED}" if place < sharing else text.rest)
        for place, text in enumerate(texts_of(documents))
    ]
    status = await server.generate(body(await imported(server, one_each(texts)), split_ratios=RATIOS))
    found = await entries(server, status["result"]["dataset_id"])
    assert len({entry["split"] for entry in found if QUOTED in entry["answer"]}) == 1


async def test_what_most_documents_print_is_no_leak_and_is_shown(server: Server) -> None:
    splits, report = await split_with(server, 20)
    shared = report["leakage"]["shared_runs"]
    assert len(splits) == 3
    assert shared["entries"] == {"validation": 0, "test": 0}
    assert shared["boilerplate"]["examples"] == [" ".join(HEADER.split()[:13])]
    assert (shared["boilerplate"]["least_groups"], shared["boilerplate"]["runs"]) == (11, 4)
    assert shared["boilerplate"]["entries"] == {split: report["sizes"][split] for split in ("validation", "test")}
    assert report["leakage"]["boilerplate_runs"] == 4
    assert any("set aside as boilerplate" in warning for warning in report["warnings"])


async def test_splits_are_in_lists_downloads_and_the_report(server: Server) -> None:
    project = await imported(server, one_each(texts_of(40)), 2)
    status = await server.generate(body(project, split_ratios=RATIOS))
    dataset = await server.get(f"datasets/{status['job_id']}")
    report = dataset["curation"]["splits"]
    assert (report["grouped_by"], report["groups"], report["ratios"]) == ("document", 20, RATIOS)
    assert report["sizes"] == {"train": 24, "validation": 8, "test": 8}
    assert report["warnings"] == []
    assert report["leakage"]["shared_runs"]["words"] == 13
    assert len(await entries(server, dataset["id"], split="test")) == 8
    assert {row["split"] for row in await rows(server, dataset["id"], split="validation")} == {"validation"}


async def test_one_document_is_split_by_its_chunks(server: Server) -> None:
    status = await server.generate(body(await imported(server, one_each(texts_of(20)), 100)))
    report = (await server.get(f"datasets/{status['job_id']}"))["curation"]["splits"]
    assert (report["grouped_by"], report["groups"]) == ("chunk", 20)
    assert report["sizes"] == {"train": 14, "validation": 3, "test": 3}


async def test_two_documents_are_all_for_training_and_a_warning_says_so(server: Server) -> None:
    project = await imported(server, one_each(texts_of(10)), 5)
    started = await server.post("datasets/generate", body(project))
    assert "2 documents are too few" in started["warnings"][0]
    await server.ended(started["job_id"])
    assert {entry["split"] for entry in await entries(server, started["dataset_id"])} == {"train"}
    (warning,) = (await server.get(f"datasets/{started['dataset_id']}/quality"))["curation"]["splits"]["warnings"]
    assert "all entries are in train" in warning


@pytest.mark.parametrize("times", [3, 4, 5])
async def test_a_splitting_that_was_stopped_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    async def prepare(server: Server) -> Json:
        return body(await imported(server, one_each(planted(4)), 2), deduplicate="drop", datasets_per_chunk=1)

    async with telling(tmp_path / "whole") as server:
        whole = await server.generate(await prepare(server))
        expected = marks(await all_of(server, whole["result"]["dataset_id"]))
    started = await stopped_at(tmp_path / "stopped", monkeypatch, prepare, "finishing_step", times)
    async with telling(tmp_path / "stopped") as server:
        await server.ended(started["job_id"])
        found = marks(await all_of(server, started["dataset_id"]))
    assert found == expected
    assert {entry["split"] for entry in found if entry["left_out"]} <= {None}


async def test_an_evaluation_dataset_has_splits_scores_and_asks_for_variety(server: Server) -> None:
    project = await imported(server, one_each(texts_of(6)), 1)
    wished = {"project_id": project, "generation_model": "grok", "analyze_quality": False, "split_ratios": RATIOS}
    started = await server.post("datasets/generate-evaluation", wished)
    await server.ended(started["job_id"])
    found = await entries(server, started["dataset_id"])
    assert {entry["split"] for entry in found} == {"train", "validation", "test"}
    assert all(entry["quality_score"] is not None for entry in found)
    plain = await server.post("datasets/generate", wished)
    await server.ended(plain["job_id"])
    settings = [(await server.get(f"datasets/{one['job_id']}"))["settings"] for one in (started, plain)]
    assert [one["for_evaluation"] for one in settings] == [True, False]
    assert "no effect" in plain["warnings"][0]


@pytest.mark.parametrize("name", ["include_evaluation_sets", "analyze_quality"])
@pytest.mark.parametrize(("said", "warned"), [(False, 1), (True, 0), (None, 0)])
async def test_a_false_that_an_evaluation_dataset_overrides_is_warned_of(
    server: Server, name: str, said: bool | None, warned: int
) -> None:
    project = await imported(server, one_each(texts_of(6)), 1)
    body = {
        "project_id": project,
        "generation_model": "grok",
        **dict.fromkeys([name] if said is not None else [], said),
    }
    started = await server.post("datasets/generate-evaluation", body)
    await server.ended(started["job_id"])
    expected = f"{name}: false has no effect: an evaluation dataset has splits and scores"
    assert started["warnings"].count(expected) == len(started["warnings"]) == warned


async def test_ratios_that_do_not_add_up_are_refused(server: Server) -> None:
    wrong = {"project_id": await server.project(), "split_ratios": {"train": 0.9, "validation": 0.3, "test": 0.1}}
    assert list(await faults(server, "POST", "datasets/generate", json=wrong)) == ["/split_ratios"]
