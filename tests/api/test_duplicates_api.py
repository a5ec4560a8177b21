"""Entries that repeat others: marked or dropped, with all numbers adding up, the same however the job ran."""

import json
from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from api_parts import entries, faults, rows
from app_parts import PASSAGES, Json, Server
from curation_parts import REPEATED, all_of, imported, marks, reference, stopped_at, telling

# Two entries a unit: those of the sixth and the seventh.
TWINS = {"entry_11": "entry_1", "entry_12": "entry_2", "entry_13": "entry_3"}


def body(project: int, **changes: Any) -> Json:
    return {"project_id": project, "generation_model": "grok", "datasets_per_chunk": 2, **changes}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with telling(tmp_path / "data") as one:
        yield one


async def made(server: Server, **changes: Any) -> tuple[Json, Json]:
    """The status of a generation over ``REPEATED`` and its dataset."""
    status = await server.generate(body(await imported(server, REPEATED), **changes))
    return status["result"], await server.get(f"datasets/{status['result']['dataset_id']}")


async def test_repetitions_are_marked_with_the_first_and_stay_by_default(server: Server) -> None:
    result, dataset = await made(server)
    found = await entries(server, dataset["id"])
    marked = {entry["id"]: entry["duplicate_of"] for entry in found if entry["duplicate_of"]}
    assert {entry["status"] for entry in found} == {"accepted"}
    assert marked == TWINS
    assert dataset["curation"]["duplicates"]["duplicates"] == len(marked)
    assert dataset["total_entries"] == result["total_entries_so_far"] == len(found)
    assert len(await entries(server, dataset["id"], duplicate="true")) == len(marked)
    assert len(await rows(server, dataset["id"], duplicate="false")) == len(found) - len(marked)


async def test_dropped_repetitions_are_in_no_count_and_can_be_listed(server: Server) -> None:
    result, dataset = await made(server, deduplicate="drop")
    kept, out = await entries(server, dataset["id"]), await entries(server, dataset["id"], left_out="duplicate")
    assert {entry["status"] for entry in out} == {"rejected"}
    assert all(entry["duplicate_of"] for entry in out)
    assert await entries(server, dataset["id"], status="rejected") == out
    assert len(await rows(server, dataset["id"])) == len(kept) == dataset["total_entries"]
    assert result["total_entries_so_far"] == len(kept)
    assert dataset["quality_summary"]["counts"]["entries"] == len(kept)
    assert result["outcomes"]["duplicate"] >= 1
    assert sum(result["outcomes"].values()) == result["units"]["total"] == len(REPEATED)
    outcomes = (await server.get(f"jobs/{dataset['job_id']}/outcomes"))["outcomes"]
    assert sum(one["entries"] for one in outcomes) == len(kept)
    assert outcomes[5]["status"] == "duplicate"


async def test_off_looks_at_nothing(server: Server) -> None:
    _, dataset = await made(server, deduplicate="off")
    assert all(entry["duplicate_of"] is None for entry in await entries(server, dataset["id"]))
    assert dataset["curation"] == {}


@pytest.mark.parametrize("concurrency", [1, 7])
async def test_what_is_marked_does_not_depend_on_concurrency(server: Server, concurrency: int) -> None:
    _, dataset = await made(server, deduplicate="drop", concurrency=concurrency)
    out = await entries(server, dataset["id"], left_out="any")
    assert {entry["id"]: entry["duplicate_of"] for entry in out} == TWINS


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_step_that_was_stopped_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    async def prepare(server: Server) -> Json:
        return body(await imported(server, REPEATED), deduplicate="drop")

    async with telling(tmp_path / "whole") as server:
        whole = await server.generate(await prepare(server))
        expected = marks(await all_of(server, whole["result"]["dataset_id"]))
    started = await stopped_at(tmp_path / "stopped", monkeypatch, prepare, "finishing_step", times)
    async with telling(tmp_path / "stopped") as server:
        status = await server.ended(started["job_id"])
        assert marks(await all_of(server, started["dataset_id"])) == expected
        assert status["result"]["outcomes"] == whole["result"]["outcomes"]
        assert status["result"]["total_entries_so_far"] == whole["result"]["total_entries_so_far"]


async def test_other_datasets_and_reference_sets_come_before_the_entries(server: Server) -> None:
    _, first = await made(server, deduplicate="off")
    line = (await entries(server, first["id"]))[8]
    known = await reference(
        server, "known", "\n".join([json.dumps({"question": line["question"], "answer": line["answer"]}), '"a text"'])
    )
    _, second = await made(server, deduplicate_against=[known, first["job_id"]])
    found = {one["id"]: one["duplicate_of"] for one in await all_of(server, second["id"])}
    assert found[line["id"]] == f"{known}/1"
    assert found["entry_1"] == f"{first['id']}/entry_1"
    assert None not in found.values()
    assert second["curation"]["duplicates"]["against"][known] >= 1


async def test_a_download_that_is_uploaded_again_holds_the_same_entries(server: Server) -> None:
    _, first = await made(server, deduplicate="off", include_evaluation_sets=True)
    splits = [await rows(server, first["id"], split=name) for name in ("train", "validation", "test")]
    lines = "\n".join(json.dumps(row) for row in chain(*splits))
    known = await reference(server, "download", lines)
    _, second = await made(server, deduplicate_against=[known], include_evaluation_sets=True)
    marked = [one["duplicate_of"] for one in await all_of(server, second["id"])]
    assert len(marked) == first["total_entries"]
    assert all(one.startswith(f"{known}/") for one in marked)


async def test_a_dataset_of_nothing_but_repetitions_fails_and_says_so(server: Server) -> None:
    _, first = await made(server)
    again = body(first["project_id"], deduplicate="drop", deduplicate_against=[first["id"]])
    status = await server.generate(again, ("failed",))
    assert "7 duplicate" in status["error"]
    assert status["result"]["total_entries_so_far"] == 0


async def test_an_edit_takes_an_entry_back(server: Server) -> None:
    _, dataset = await made(server, deduplicate="drop")
    path = f"datasets/{dataset['id']}/entries/entry_11"
    assert (await server.get(path))["left_out"] == "duplicate"
    new = await server.call("PUT", path, json={"answer": "Nobody can tell any more."})
    assert (new["status"], new["left_out"], new["duplicate_of"]) == ("edited", None, None)
    assert (await server.get(f"datasets/{dataset['id']}"))["total_entries"] == dataset["total_entries"] + 1


async def test_deleting_what_is_left_out_changes_no_count(server: Server) -> None:
    _, dataset = await made(server, deduplicate="drop")
    await server.call("DELETE", f"datasets/{dataset['id']}/entries/entry_11", 204)
    assert (await server.get(f"datasets/{dataset['id']}"))["total_entries"] == dataset["total_entries"]


async def test_unknown_data_to_compare_with_is_refused_with_its_place(server: Server) -> None:
    project = await server.project(PASSAGES)
    wrong = body(project, deduplicate_against=["reference_7"], contamination_against=["dataset_x", "dataset_y"])
    found = await faults(server, "POST", "datasets/generate", json=wrong)
    assert set(found) == {"/deduplicate_against/0", "/contamination_against/0", "/contamination_against/1"}


async def test_reference_sets_are_listed_read_and_deleted(server: Server) -> None:
    known = await reference(server, "mine", '{"sentence1": "One two three.", "choices": ["four", "five"]}\n\n')
    assert (await server.get("references"))["references"][0]["rows"] == 1
    assert (await server.get(f"references/{known}"))["name"] == "mine"
    await server.call("DELETE", f"references/{known}", 204)
    await server.get(f"references/{known}", 404)
    assert (await server.get("references"))["total"] == 0


@pytest.mark.parametrize(
    ("lines", "pointer"),
    [
        (b'{"a": 1}\n', "line 1"),
        (b'{"a": "b"}\n{', "line 2"),
        (b'{"a": "b", "a": "c"}', "line 1"),
        (b'{"a": "b", "n": 1e999}', "line 1: n"),
        (b"\n\n", ""),
    ],
    ids=["no text", "no JSON", "a key twice", "infinite", "no line"],
)
async def test_a_wrong_line_stores_nothing(server: Server, lines: bytes, pointer: str) -> None:
    headers = {"Content-Type": "application/x-ndjson"}
    found = await faults(server, "POST", "references?name=x", data=lines, headers=headers)
    assert list(found) == [pointer]
    assert (await server.get("references"))["total"] == 0
    await reference(server, "x", '"the name is free"')


async def test_a_name_is_given_once(server: Server) -> None:
    await reference(server, "x", '"a text"')
    headers = {"Content-Type": "application/x-ndjson"}
    await server.call("POST", "references?name=x", 409, data=b'"b"', headers=headers)
