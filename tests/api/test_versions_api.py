"""Versions over HTTP: frozen at the end of a run, compared, rolled back to, always downloaded as the same bytes."""

import asyncio
import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from api_parts import download, entries, faults, until
from app_parts import PASSAGES, RUNNER, Json, Server, running_app, settings_for
from chunksmith.domain import fault_points
from chunksmith.domain.halts import CallsStopped
from fake_llm import FakeLLM

NAME = "Ton und Käse"


async def run(server: Server, project: int, until: tuple[str, ...] = ("completed",), **more: Any) -> str:
    body = {"project_id": project, "generation_model": "builtin", "enable_versioning": True, "dataset_name": NAME}
    return str((await server.generate({**body, **more}, until))["result"]["dataset_id"])


def line(project: int, **more: Any) -> Json:
    return {"project_id": project, "dataset_name": NAME, **more}


async def numbers(server: Server, project: int) -> list[str]:
    found = await server.get("datasets/versions", params=line(project))
    return [one["version"] for one in found["versions"]]


async def increment(server: Server, project: int, kind: str = "patch") -> str:
    made = await server.post("datasets/versions/increment", line(project, version_type=kind, description="Mended"))
    return str(made["new_version"])


async def roll_back(server: Server, project: int, target: str, expected: int = 200) -> Json:
    return await server.post("datasets/versions/rollback", line(project, target_version=target), expected)


async def compare(server: Server, project: int, first: str, second: str, **more: Any) -> Json:
    return await server.post("datasets/versions/compare", line(project, version1=first, version2=second, **more))


async def edit(server: Server, dataset: str, entry: str, **fields: Any) -> None:
    await server.call("PUT", f"datasets/{dataset}/entries/{entry}", json=fields)


@pytest.fixture
async def project(server: Server) -> int:
    return await server.project()


async def test_runs_of_a_name_are_a_line_of_versions(server: Server, project: int) -> None:
    first = await run(server, project)
    second = await run(server, project)
    assert await numbers(server, project) == ["1.1.0", "1.0.0"]
    latest = await server.get("datasets/versions/latest", params=line(project))
    assert (latest["latest_version"], latest["version"]["dataset_id"]) == ("1.1.0", second)
    shown = [(await server.get(f"datasets/{one}"))["version"] for one in (first, second)]
    assert shown == ["1.0.0", "1.1.0"]


async def test_the_job_says_which_version_it_made(server: Server, project: int) -> None:
    body = line(project, generation_model="builtin", enable_versioning=True)
    assert (await server.generate(body))["result"]["version"] == "1.0.0"
    plain = {"project_id": project, "generation_model": "builtin", "dataset_name": NAME}
    assert (await server.generate(plain))["result"]["version"] is None


async def test_versions_need_a_name(server: Server, project: int) -> None:
    found = await faults(server, "POST", "datasets/generate", json={"project_id": project, "enable_versioning": True})
    assert list(found) == ["/dataset_name"]


async def test_a_job_that_fails_its_gate_makes_no_version(server: Server) -> None:
    project = await server.project(PASSAGES[:1] * 6)  # the same entries again and again score low
    await run(server, project, ("failed",), quality_threshold=1.0)
    assert await numbers(server, project) == []
    await server.get("datasets/versions/latest", 404, params=line(project))


@pytest.mark.parametrize("form", ["jsonl", "parquet", "huggingface", "anki"])
async def test_a_version_is_always_the_same_bytes(server: Server, project: int, data_dir: Path, form: str) -> None:
    dataset = await run(server, project)
    before = await download(server, dataset, version="1.0.0", format=form)
    assert form != "jsonl" or before == await download(server, dataset)
    await edit(server, dataset, "entry_1", question="What is new?", category="clay")
    await server.call("DELETE", f"datasets/{dataset}/entries/entry_4", 204)
    job = await server.post(f"datasets/{dataset}/rescore", expected=202)
    await server.ended(job["job_id"])
    for file in (data_dir / "datasets" / ".exports").glob("*"):
        file.unlink()
    again = await download(server, dataset, version="1.0.0", format=form)
    assert hashlib.sha256(again).hexdigest() == hashlib.sha256(before).hexdigest()


async def test_a_version_outlives_its_chunks_and_documents(server: Server, project: int, data_dir: Path) -> None:
    dataset = await run(server, project)
    before = await download(server, dataset, version="1.0.0", format="parquet")
    for document in (await server.get("documents", params={"project_id": project}))["documents"]:
        await server.call("DELETE", f"documents/{document['id']}", 204)
    for file in (data_dir / "datasets" / ".exports").glob("*"):
        file.unlink()
    assert await download(server, dataset, version="1.0.0", format="parquet") == before


async def test_a_version_of_another_run_is_downloaded_by_the_name(server: Server, project: int) -> None:
    first = await run(server, project)
    old = await download(server, first)
    second = await run(server, project, datasets_per_chunk=1)
    assert await download(server, second, version="1.0.0") == old != await download(server, second, version="1.1.0")


async def test_filters_apply_to_a_version(server: Server, project: int) -> None:
    dataset = await run(server, project)
    await edit(server, dataset, "entry_1", category="clay")
    await increment(server, project)
    await edit(server, dataset, "entry_1", category="kiln")
    found = await download(server, dataset, version="1.0.1", category="clay")
    assert [json.loads(row)["id"] for row in found.splitlines()] == ["entry_1"]


@pytest.mark.parametrize(("version", "status"), [("1.0", 400), ("latest", 400), ("7.0.0", 404)])
async def test_a_version_that_is_none_is_refused(server: Server, project: int, version: str, status: int) -> None:
    dataset = await run(server, project)
    await server.get(f"datasets/{dataset}/download", status, params={"version": version})
    await server.post("datasets/versions/compare", line(project, version1="1.0.0", version2=version), status)
    await roll_back(server, project, version, status)


async def test_edits_are_compared_by_entry(server: Server, project: int) -> None:
    dataset = await run(server, project)
    found = await entries(server, dataset)
    await edit(server, dataset, "entry_1", question="What is new?", category="clay")
    await server.call("DELETE", f"datasets/{dataset}/entries/{found[-1]['id']}", 204)
    assert (await server.get(f"datasets/{dataset}"))["changed_since_version"]
    assert await increment(server, project) == "1.0.1"
    assert not (await server.get(f"datasets/{dataset}"))["changed_since_version"]
    answer = await compare(server, project, "1.0.0", "1.0.1")
    said = answer["comparison"]
    assert (said["entries_added"], said["entries_removed"], said["entries_modified"]) == (0, 1, 1)
    assert (said["total_entries_v1"], said["total_entries_v2"]) == (len(found), len(found) - 1)
    assert (said["matched_by"], said["categories_added"]) == ("entry", ["clay"])
    modified, removed = said["changes"]
    assert (modified["change"], modified["entry_id"], removed["change"]) == ("modified", "entry_1", "removed")
    assert modified["before"]["question"] == found[0]["question"]
    assert modified["after"]["question"] == "What is new?"
    assert {"question", "category", "status"} <= set(modified["fields"])
    assert (removed["after"], removed["before"]["question"]) == (None, found[-1]["question"])
    assert isinstance(said["quality_score_change"], float)
    assert "1 removed, 1 modified" in answer["summary"]
    back = (await compare(server, project, "1.0.1", "1.0.0"))["comparison"]
    assert (back["entries_added"], back["categories_removed"]) == (1, ["clay"])


async def test_runs_are_compared_by_passage_and_question(server: Server, project: int) -> None:
    await run(server, project)
    await server.post(f"projects/{project}/chunks", {"chunks": [{"text": PASSAGES[0]}]}, 201)
    second = await run(server, project, seed=3)
    added = [one for one in await entries(server, second) if one["metadata"]["document_name"] is None]
    said = (await compare(server, project, "1.0.0", "1.1.0"))["comparison"]
    assert said["matched_by"] == "passage"
    assert (said["entries_added"], said["entries_removed"]) == (len(added), 0)
    assert said["metadata_changes"] == {"seed": {"before": None, "after": 3}}


async def test_changes_are_read_page_by_page(server: Server, project: int) -> None:
    dataset = await run(server, project)
    found = await entries(server, dataset)
    for one in found:
        await edit(server, dataset, one["id"], category="clay")
    await increment(server, project)
    await run(server, project, datasets_per_chunk=1)
    for second in ("1.0.1", "1.1.0"):
        whole = (await compare(server, project, "1.0.0", second))["comparison"]["changes"]
        pages: list[Json] = []
        cursor = None
        while True:
            page = await compare(server, project, "1.0.0", second, per_page=2, cursor=cursor)
            pages += page["comparison"]["changes"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
            assert len(page["comparison"]["changes"]) == 2
        assert pages == whole != []


async def test_a_rollback_is_a_version_with_the_old_content(server: Server, project: int) -> None:
    dataset = await run(server, project)
    old = await download(server, dataset)
    await edit(server, dataset, "entry_1", question="What is new?")
    await server.call("DELETE", f"datasets/{dataset}/entries/entry_4", 204)
    edited = await download(server, dataset)
    made = await roll_back(server, project, "1.0.0")
    assert (made["new_version"], made["version"]["target_version"]) == ("1.1.0", "1.0.0")
    assert await numbers(server, project) == ["1.1.0", "1.0.1", "1.0.0"]
    assert await download(server, dataset) == old == await download(server, dataset, version="1.1.0")
    assert await download(server, dataset, version="1.0.1") == edited
    history = (await server.get(f"datasets/{dataset}/entries/entry_1"))["history"]
    assert [one["change"] for one in history] == ["edited", "rolled back with version 1.1.0"]
    found = await server.get("datasets/versions", params=line(project))
    hashes = {one["version"]: one["content_sha256"] for one in found["versions"]}
    assert hashes["1.1.0"] == hashes["1.0.0"] != hashes["1.0.1"]


async def test_what_is_frozen_before_a_rollback_is_hashed_though_nobody_reads_it(server: Server, project: int) -> None:
    dataset = await run(server, project)
    await edit(server, dataset, "entry_1", question="What is new?")
    await roll_back(server, project, "1.0.0")

    async def hashed() -> bool:
        found = await server.get("datasets/versions", params=line(project))
        return all(one["content_sha256"] for one in found["versions"])

    await until(hashed)
    assert await numbers(server, project) == ["1.1.0", "1.0.1", "1.0.0"]


async def test_a_rollback_to_an_older_run_makes_its_dataset_the_present_one(server: Server, project: int) -> None:
    first = await run(server, project)
    await run(server, project, datasets_per_chunk=1)
    await roll_back(server, project, "1.0.0")
    latest = await server.get("datasets/versions/latest", params=line(project))
    assert (latest["latest_version"], latest["version"]["dataset_id"]) == ("1.2.0", first)
    await edit(server, first, "entry_1", category="clay")
    assert await increment(server, project) == "1.2.1"
    assert (await server.get(f"datasets/{first}"))["version"] == "1.2.1"


async def test_increments_at_once_never_share_a_number(server: Server, project: int) -> None:
    await run(server, project)
    made = await asyncio.gather(*(increment(server, project, "minor") for _ in range(8)))
    assert sorted(made) == [f"1.{n}.0" for n in range(1, 9)]


async def test_the_manifest_proves_the_content(server: Server, project: int) -> None:
    await run(server, project)
    query = line(project, version="1.0.0", per_page=2)
    digest, cursor, pages = hashlib.sha256(), None, 0
    while True:
        page = await server.get(
            "datasets/versions/manifest", params={**query, **({"cursor": cursor} if cursor else {})}
        )
        digest.update("".join(f"{one['id']} {one['sha256']}\n" for one in page["entries"]).encode())
        cursor, pages = page["next_cursor"], pages + 1
        if cursor is None:
            break
    assert pages > 1
    assert digest.hexdigest() == page["version"]["content_sha256"]
    assert page["models"] == [{"model": "builtin", "entries": page["total_entries"]}]
    (prompt,) = page["prompts"]
    assert (prompt["name"], prompt["sha256"]) == ("default", page["settings"]["prompt_hash"])
    assert hashlib.sha256(prompt["text"].encode()).hexdigest() == prompt["sha256"]
    assert [(one["name"], one["entries"]) for one in page["documents"]] == [("sample.txt", page["total_entries"])]


async def test_a_dataset_is_not_deleted_with_its_versions_by_accident(server: Server, project: int) -> None:
    dataset = await run(server, project)
    await server.call("DELETE", f"datasets/{dataset}", 409)
    await server.call("DELETE", f"datasets/{dataset}", 204, params={"with_versions": "true"})
    assert await numbers(server, project) == []
    await run(server, project)
    assert await numbers(server, project) == ["1.1.0"]


async def test_a_project_goes_with_its_versions(server: Server, project: int) -> None:
    await run(server, project)
    await server.call("DELETE", f"projects/{project}", 204)
    await server.get("datasets/versions", 404, params=line(project))


async def test_versions_of_all_names_are_listed_without_one(server: Server, project: int) -> None:
    await run(server, project)
    await run(server, project, dataset_name="other")
    found = await server.get("datasets/versions", params={"project_id": project, "per_page": 1})
    assert ([one["dataset_name"] for one in found["versions"]], found["total"]) == (["other"], 2)


async def test_the_quality_report_follows_the_versions(server: Server, project: int) -> None:
    dataset = await run(server, project)
    await edit(server, dataset, "entry_1", question="What is new?")
    await increment(server, project)
    last = await run(server, project)
    report = await server.get(f"datasets/{dataset}/quality")
    shown = [(one["version"], one["dataset_id"]) for one in report["versions"]]
    assert shown == [("1.0.0", dataset), ("1.0.1", dataset), ("1.1.0", last)]
    first, edited, again = [one["overall_score"] for one in report["versions"]]
    assert edited < first == again


@pytest.mark.parametrize(("place", "times"), [("finishing_step", 5), ("version_frozen", 1), ("finishing_step", 6)])
async def test_a_run_is_frozen_once_wherever_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, times: int
) -> None:
    async with FakeLLM() as fake:
        settings = settings_for(tmp_path, fake)
        async with running_app(settings) as server:
            project = await server.project()
            body = line(project, generation_model="builtin", enable_versioning=True)
            with monkeypatch.context() as patch:
                patch.setattr(fault_points, "reached", Stop(place, times))
                started = await server.post("datasets/generate", body)
                runner = server.client.app[RUNNER]
                await until(lambda: not any(one.job.job_id == started["job_id"] for one in runner.running.values()))
        async with running_app(settings) as server:
            status = await server.ended(started["job_id"])
            assert status["result"]["version"] == "1.0.0"
            assert await numbers(server, project) == ["1.0.0"]
            (version,) = (await server.get("datasets/versions", params=line(project)))["versions"]
            assert version["content_sha256"] is not None
            assert version["quality_summary"]["overall_score"] > 0


class Stop:
    """The work ends at the n-th time that a place is reached, as it would where the process ended there."""

    def __init__(self, place: str, times: int) -> None:
        self._place, self._left = place, times

    def __call__(self, place: str) -> None:
        if place == self._place:
            self._left -= 1
            if self._left == 0:
                raise CallsStopped


async def test_what_was_not_hashed_is_hashed_at_the_next_start(tmp_path: Path) -> None:
    async with FakeLLM() as fake:
        settings = settings_for(tmp_path, fake)
        async with running_app(settings) as server:
            project = await server.project()
            await run(server, project)
            (before,) = (await server.get("datasets/versions", params=line(project)))["versions"]
        forget(tmp_path)
        async with running_app(settings) as server:
            manifest = await server.get("datasets/versions/manifest", params=line(project, version="1.0.0"))
            assert manifest["version"] == before


def forget(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / "chunksmith.db")) as connection, connection:
        connection.execute("UPDATE dataset_versions SET content_sha256 = NULL, facts = NULL")


async def hashed(server: Server, project: int, version: str) -> tuple[str, str]:
    """The hash that a version has, and that of its entries as they are read now."""
    page = await server.get("datasets/versions/manifest", params=line(project, version=version, per_page=1000))
    lines = "".join(f"{one['id']} {one['sha256']}\n" for one in page["entries"])
    return page["version"]["content_sha256"], hashlib.sha256(lines.encode()).hexdigest()


async def test_versions_move_with_their_project(server: Server, project: int, tmp_path: Path) -> None:
    dataset = await run(server, project)
    await edit(server, dataset, "entry_1", question="What is new?")
    await increment(server, project)
    await server.call("DELETE", f"datasets/{dataset}/entries/entry_4", 204)
    await roll_back(server, project, "1.0.0")
    async with server.client.get(f"/api/v1/projects/{project}/export") as response:
        archive = await response.read()
    async with running_app(settings_for(tmp_path / "there")) as there:
        await run(there, await there.project())
        headers = {"Content-Type": "application/zip"}
        moved = (await there.call("POST", "projects/import", 201, data=archive, headers=headers))["id"]
        assert await numbers(there, moved) == await numbers(server, project) == ["1.1.0", "1.0.2", "1.0.1", "1.0.0"]
        for version in await numbers(server, project):
            here = await hashed(server, project, version)
            assert await hashed(there, moved, version) == here
            assert here[0] == here[1]
        await edit(there, dataset, "entry_1", category="clay")
        assert await increment(there, moved) == "1.1.1"
        assert (await compare(there, moved, "1.1.0", "1.1.1"))["comparison"]["entries_modified"] == 1
