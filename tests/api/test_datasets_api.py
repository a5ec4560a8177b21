"""Datasets over HTTP: summary, list, deletion."""

import asyncio
from pathlib import Path

import pytest

from api_parts import bodies, download, files_below, until
from app_parts import Json, Server
from fake_llm import FakeLLM


async def generated(server: Server, project: int | None = None, **fields: object) -> Json:
    project = project or await server.project()
    return await server.generate({"project_id": project, "generation_model": "ollama", **fields})


async def test_the_id_of_its_job_will_do(server: Server) -> None:
    status = await generated(server)
    by_job = await server.get(f"datasets/{status['job_id']}")
    assert by_job == await server.get(f"datasets/{status['result']['dataset_id']}")
    for below in ("entries", "quality", "entries/entry_1"):
        assert await server.get(f"datasets/{status['job_id']}/{below}") == await server.get(
            f"datasets/{by_job['id']}/{below}"
        )


async def test_it_shows_the_files_and_totals_of_its_job(server: Server) -> None:
    status = await generated(server, batch_size=2)
    dataset = await server.get(f"datasets/{status['result']['dataset_id']}")
    assert dataset["batch_files"] == status["result"]["batch_files"]
    assert (dataset["total_batches"], dataset["entries"], dataset["complete"]) == (3, [], True)
    assert dataset["total_entries"] == sum(file["entries_count"] for file in dataset["batch_files"])
    assert dataset["usage"] == status["result"]["usage"]


async def test_quality_is_told_in_one_place(server: Server) -> None:
    status = await generated(server)
    dataset = await server.get(f"datasets/{status['result']['dataset_id']}")
    quality = await server.get(f"datasets/{dataset['id']}/quality")
    assert quality["quality_summary"] == dataset["quality_summary"]
    assert sum(quality["distribution"].values()) == dataset["total_entries"]
    scores = [value for name, value in dataset["quality_summary"].items() if name.endswith("_score")]
    assert all(0 <= score <= 1 for score in scores)


async def test_they_are_listed_newest_first_page_by_page(server: Server) -> None:
    project = await server.project()
    made = [(await generated(server, project))["result"]["dataset_id"] for _ in range(3)]
    await generated(server)
    pages = [await server.get(f"datasets/list/{project}", params={"page": n, "per_page": 2}) for n in (1, 2, 3)]
    assert [[one["id"] for one in page["datasets"]] for page in pages] == [[made[2], made[1]], [made[0]], []]
    assert {page["total"] for page in pages} == {3}


@pytest.mark.parametrize("path", ["datasets/list/99", "datasets/list/x", "datasets/dataset_x", "datasets/x/entries"])
async def test_what_does_not_exist_is_404(server: Server, path: str) -> None:
    await server.get(path, 404)


async def test_a_dataset_goes_with_its_entries_and_files(server: Server, data_dir: Path) -> None:
    project = await server.project()
    gone, kept = [(await generated(server, project, batch_size=2)) for _ in range(2)]
    before = (await server.get(f"projects/{project}"))["counts"]
    await server.call("DELETE", f"datasets/{gone['result']['dataset_id']}", 204)
    for path in ("", "/entries", "/entries/entry_1", "/download", "/quality"):
        await server.get(f"datasets/{gone['result']['dataset_id']}{path}", 404)
        await server.get(f"datasets/{gone['job_id']}{path}", 404)
    files = files_below(data_dir / "datasets" / str(project))
    assert sorted(files) == sorted(Path(file["file_path"]).name for file in kept["result"]["batch_files"])
    assert (await server.get(f"projects/{project}"))["counts"] == before | {"datasets": 1}
    await server.call("DELETE", f"datasets/{gone['result']['dataset_id']}", 404)


async def test_made_files_go_with_what_they_were_made_of(server: Server, data_dir: Path) -> None:
    project, other = await server.project(), await server.project()
    made = [(await generated(server, which))["result"]["dataset_id"] for which in (project, project, other)]
    for dataset in made:
        await download(server, dataset)
    folder = data_dir / "datasets" / ".exports"
    assert len(files_below(folder)) == 6
    await server.call("DELETE", f"datasets/{made[0]}", 204)
    assert len(files_below(folder)) == 4
    await server.call("DELETE", f"projects/{project}", 204)
    assert len(files_below(folder)) == 2


async def test_a_job_outlives_its_dataset_and_names_no_file_that_is_gone(server: Server, data_dir: Path) -> None:
    status = await generated(server, batch_size=2)
    await server.call("DELETE", f"datasets/{status['result']['dataset_id']}", 204)
    result = (await server.get(f"jobs/{status['job_id']}"))["result"]
    assert result["dataset_id"] is None
    assert [file for file in result["batch_files"] if not (data_dir / file["file_path"]).exists()] == []


async def test_a_job_without_its_dataset_is_not_retried(server: Server, fake: FakeLLM) -> None:
    project = await server.project(["A kiln dries clay. FAULT:policy", "Granite is a rock that is hard."])
    status = await server.generate({"project_id": project, "generation_model": "grok"})
    await server.call("DELETE", f"datasets/{status['result']['dataset_id']}", 204)
    await server.post(f"jobs/{status['job_id']}/retry", {"statuses": ["refused"]}, 409)
    assert (await server.get(f"jobs/{status['job_id']}"))["status"] == "completed"


async def test_a_dataset_that_is_worked_on_is_not_deleted(server: Server, fake: FakeLLM) -> None:
    fake.control({"latency_ms": 60_000})
    project = await server.project()
    started = await server.post("datasets/generate", {"project_id": project, "generation_model": "grok"})
    await until(lambda: len(bodies(fake)) > 0)
    await server.call("DELETE", f"datasets/{started['dataset_id']}", 409)
    await server.call("DELETE", f"projects/{project}", 409)
    assert not (await server.get(f"datasets/{started['dataset_id']}"))["complete"]
    await server.post(f"jobs/{started['job_id']}/cancel")
    await server.call("DELETE", f"datasets/{started['dataset_id']}", 204)


async def test_two_deletions_at_once_do_no_harm(server: Server) -> None:
    dataset = (await generated(server))["result"]["dataset_id"]
    calls = [server.client.delete(f"/api/v1/datasets/{dataset}") for _ in range(2)]
    statuses = [response.status for response in await asyncio.gather(*calls)]
    assert set(statuses) <= {204, 404}
    assert 204 in statuses
