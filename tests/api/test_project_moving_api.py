"""A project that moves to another instance: what is the same there, and what is refused."""

import io
import json
import re
import shutil
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from aiohttp import FormData

from api_parts import download, entries, files_below, upload
from app_parts import API, PASSAGES, Json, Server, running_app, settings_for
from chunksmith.storage.project_rows import COPIED, OF_ALL

ZIP = {"Content-Type": "application/zip"}
TREE = {"name": "All", "children": [{"name": "Clay"}, {"name": "Rocks", "children": [{"name": "Granite"}]}]}
# What a number of a row is called in answers; they differ from instance to instance.
NUMBER = re.compile(r'"(?:id|project_id|document_id|chunk_id|taxonomy_id|call_id)": ?(?:\d+|"chunk_\d+")|chunk_\d+')


class Furnished(NamedTuple):
    """The data directory of an instance that has stopped, and what was made in it."""

    data_dir: Path
    made: Json


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def instances(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Furnished]:
    """Two, made alike, for all tests of the module: each test goes on with copies of them."""
    found = {}
    for name in ("here", "there"):
        data_dir = tmp_path_factory.mktemp(name) / "data"
        async with running_app(settings_for(data_dir)) as server:
            found[name] = Furnished(data_dir, await furnished(server))
    return found


@pytest.fixture
async def here(tmp_path: Path, instances: dict[str, Furnished]) -> AsyncIterator[Server]:
    shutil.copytree(instances["here"].data_dir, tmp_path / "here")
    async with running_app(settings_for(tmp_path / "here")) as server:
        yield server


@pytest.fixture
async def there(tmp_path: Path, instances: dict[str, Furnished]) -> AsyncIterator[Server]:
    """Another instance, whose numbers are taken already."""
    shutil.copytree(instances["there"].data_dir, tmp_path / "there")
    async with running_app(settings_for(tmp_path / "there")) as server:
        yield server


@pytest.fixture
def made(instances: dict[str, Furnished]) -> Json:
    """What is there to be moved."""
    return instances["here"].made


async def furnished(server: Server) -> Json:
    """A project with one of everything."""
    project = int((await server.post("projects", {"name": "Moved"}, 201))["id"])
    await upload(server, project, {"kiln.txt": "\n\n".join(PASSAGES).encode(), "broken.pdf": b"%PDF-1.7 no"})
    taxonomy = (await server.post("taxonomy", {"project_id": project, "name": "T", "taxonomy": TREE}, 201))["id"]
    line = {"dataset_name": "Line", "enable_versioning": True, "include_evaluation_sets": True}
    body = {"project_id": project, "generation_model": "builtin", "datasets_per_chunk": 3, "batch_size": 1, **line}
    dataset = (await server.generate(body))["result"]["dataset_id"]
    first = (await entries(server, dataset))[0]["id"]
    await server.call("PUT", f"datasets/{dataset}/entries/{first}", json={"answer": "about 900 degrees"})
    feedback = {"entry_ids": [first], "feedback_type": "approve", "rating": 5}
    await server.post(f"datasets/{dataset}/feedback", feedback)
    frozen = {"project_id": project, "dataset_name": "Line", "version_type": "minor", "description": "Mended"}
    await server.post("datasets/versions/increment", frozen)
    await server.call("DELETE", f"datasets/{dataset}/entries/entry_2", 204)
    extraction = {"project_id": project, "taxonomy_id": taxonomy, "initial_classifier": "builtin"}
    job = (await server.post("extraction", extraction, 202))["job_id"]
    await server.ended(job)
    made = await server.post("taxonomy/generate", {"project_id": project, "name": "Made", "model": "builtin"}, 202)
    await server.ended(made["job_id"])
    return {"project": project, "dataset": dataset, "extraction": job, "taxonomy": taxonomy}


async def archive(server: Server, project: int) -> bytes:
    async with server.client.get(f"{API}/projects/{project}/export") as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "application/zip"
        return await response.read()


async def taken(server: Server, content: bytes, expected: int = 201) -> Json:
    return await server.call("POST", "projects/import", expected, data=content, headers=ZIP)


def told(document: Any) -> str:
    return NUMBER.sub("#", json.dumps(document, sort_keys=True))


async def seen(server: Server, project: int, made: Json) -> dict[str, Any]:
    """What the API tells of a project, by name."""
    paths = {
        "project": f"projects/{project}",
        "documents": f"documents?project_id={project}",
        "chunks": f"chunks/project/{project}?per_page=1000",
        "dataset": f"datasets/{made['dataset']}",
        "entries": f"datasets/{made['dataset']}/entries?per_page=1000",
        "entry": f"datasets/{made['dataset']}/entries/entry_1",
        "feedback": f"datasets/{made['dataset']}/feedback",
        "status": f"jobs/{made['dataset']}",
        "outcomes": f"jobs/{made['dataset']}/outcomes",
        "calls": f"jobs/{made['dataset']}/calls",
        "extraction": f"extraction/{made['extraction']}/results?per_page=1000",
        "taxonomies": f"taxonomy?project_id={project}",
    }
    job = (await server.get(f"datasets/list/{project}"))["datasets"][0]["job_id"]
    return {
        name: await server.get(path.replace(f"jobs/{made['dataset']}", f"jobs/{job}")) for name, path in paths.items()
    }


async def test_a_project_is_the_same_elsewhere(here: Server, there: Server, made: Json) -> None:
    project = (await taken(there, await archive(here, made["project"])))["id"]
    before, after = await seen(here, made["project"], made), await seen(there, project, made)
    for name in before:
        folder = f"datasets/{project}/"
        assert told(after[name]).replace(folder, f"datasets/{made['project']}/") == told(before[name]), name


async def test_downloads_are_the_same_elsewhere_but_for_the_numbers_of_chunks(
    here: Server, there: Server, made: Json
) -> None:
    await taken(there, await archive(here, made["project"]))
    after, before = [(await download(server, made["dataset"], split="train")).decode() for server in (there, here)]
    assert NUMBER.sub("#", after) == NUMBER.sub("#", before)


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
async def test_versions_are_the_same_elsewhere(here: Server, there: Server, made: Json, version: str) -> None:
    await taken(there, await archive(here, made["project"]))
    after, before = [
        (await download(server, made["dataset"], version=version, split="train")).decode() for server in (there, here)
    ]
    assert NUMBER.sub("#", after) == NUMBER.sub("#", before)


async def test_originals_and_batch_files_come_along(here: Server, there: Server, made: Json, tmp_path: Path) -> None:
    project = (await taken(there, await archive(here, made["project"])))["id"]
    batches = files_below(tmp_path / "here" / "datasets" / str(made["project"]))
    assert batches
    assert files_below(tmp_path / "there" / "datasets" / str(project)) == batches
    content = b"\n\n".join(passage.encode() for passage in PASSAGES)
    assert list(files_below(tmp_path / "there" / "uploads").values()).count(content) == 2


async def test_work_goes_on_elsewhere(here: Server, there: Server, made: Json) -> None:
    project = (await taken(there, await archive(here, made["project"])))["id"]
    extract = {"data_source": "Extract", "extraction_file_id": made["extraction"]}
    body = {"project_id": project, "generation_model": "builtin", **extract}
    assert (await there.generate(body))["result"]["total_entries_so_far"] > 0
    await upload(there, project, {"more.txt": PASSAGES[2].encode()})
    status = await there.generate({"project_id": project, "generation_model": "builtin"})
    assert status["result"]["units"]["failed"] == 0


async def test_a_project_is_not_taken_twice(here: Server, there: Server, made: Json) -> None:
    content = await archive(here, made["project"])
    await taken(there, content)
    before = (await there.get("projects"))["total"]
    assert "here already" in (await taken(there, content, 409))["detail"]
    assert (await there.get("projects"))["total"] == before


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _empty(content: bytes) -> bytes:
    return b""


def _rewritten(change: Callable[[dict[str, bytes]], None]) -> Callable[[bytes], bytes]:
    def rewrite(content: bytes) -> bytes:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, member in members.items():
                archive.writestr(name, member)
        return buffer.getvalue()

    return rewrite


def _with_rows(table: str, column: str, value: Any) -> Callable[[bytes], bytes]:
    def change(members: dict[str, bytes]) -> None:
        head, *rows = members[f"rows/{table}.ndjson"].splitlines()
        place = json.loads(head).index(column)
        changed = [json.loads(row) for row in rows]
        for row in changed:
            row[place] = value
        members[f"rows/{table}.ndjson"] = b"\n".join([head, *(json.dumps(row).encode() for row in changed)]) + b"\n"

    return _rewritten(change)


def _newer(members: dict[str, bytes]) -> None:
    name = "chunksmith-project.json"
    members[name] = json.dumps({**json.loads(members[name]), "schema": 10_000}).encode()


@pytest.mark.parametrize(
    "harm",
    [
        _cut,
        _empty,
        _rewritten(_newer),
        _with_rows("entries", "chunk_id", 1_000_000),
        _with_rows("datasets", "folder", "../../elsewhere"),
        _with_rows("batches", "file_path", "/etc/passwd"),
        _with_rows("jobs", "state", "dreaming"),
        _with_rows("chunks", "text", None),
    ],
    ids=["cut", "empty", "newer", "another's chunk", "folder outside", "file outside", "state", "no text"],
)
async def test_a_hostile_archive_leaves_nothing(
    here: Server, there: Server, made: Json, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    content = harm(await archive(here, made["project"]))
    before = files_below(tmp_path / "there" / "uploads"), (await there.get("projects"))["total"]
    await taken(there, content, 400)
    assert (files_below(tmp_path / "there" / "uploads"), (await there.get("projects"))["total"]) == before


async def test_another_content_is_not_read(there: Server) -> None:
    form = FormData({"file": "x"})
    await there.call("POST", "projects/import", 415, data=form)


async def test_every_table_is_copied_or_said_to_be_of_all(tmp_path: Path) -> None:
    schema = (Path(__file__).parents[1] / "unit/storage/schema.sql").read_text(encoding="utf-8")
    tables = set(re.findall(r"^CREATE TABLE (\w+)", schema, re.MULTILINE))
    assert {copied.table for copied in COPIED} | OF_ALL == tables
