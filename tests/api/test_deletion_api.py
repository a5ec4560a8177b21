"""A project that is deleted, before the rows that belong to it are gone."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from app_parts import Json, Server
from chunksmith.app import DATABASE_FILE

BODY: Json = {
    "generation_model": "builtin",
    "generation_mode": "default",
    "enable_versioning": True,
    "dataset_name": "Kilns",
}
PATHS = [
    ("GET", "jobs/{job}"),
    ("GET", "jobs/{job}/outcomes"),
    ("GET", "jobs/status/{job}"),
    ("GET", "jobs/{job}/calls"),
    ("GET", "jobs/{job}/events"),
    ("POST", "jobs/{job}/cancel"),
    ("POST", "jobs/{job}/retry"),
    ("GET", "datasets/{dataset}"),
    ("GET", "datasets/{job}"),
    ("DELETE", "datasets/{dataset}"),
    ("GET", "datasets/{dataset}/entries"),
    ("GET", "datasets/{dataset}/entries/entry_1"),
    ("PUT", "datasets/{dataset}/entries/entry_1"),
    ("DELETE", "datasets/{dataset}/entries/entry_1"),
    ("GET", "datasets/{dataset}/download"),
    ("GET", "datasets/{dataset}/coverage"),
    ("GET", "datasets/{dataset}/feedback"),
    ("GET", "datasets/versions?project_id={project}&dataset_name=Kilns"),
    ("GET", "datasets/versions/latest?project_id={project}&dataset_name=Kilns"),
    ("POST", "quality/analyze"),
]


class Hidden(NamedTuple):
    server: Server
    names: Json


@pytest.fixture
async def hidden(server: Server, data_dir: Path) -> Hidden:
    """As it is right behind the answer to its deletion."""
    project = await server.project()
    status = await server.generate({"project_id": project, **BODY})
    with closing(sqlite3.connect(data_dir / DATABASE_FILE)) as connection, connection:
        connection.execute("UPDATE projects SET deleted_at = updated_at WHERE id = ?", (project,))
    return Hidden(server, {"project": project, "job": status["job_id"], "dataset": status["result"]["dataset_id"]})


async def test_nothing_of_a_deleted_project_is_found(hidden: Hidden) -> None:
    dataset = hidden.names["dataset"]
    bodies = {"PUT": {"question": "What?"}, "POST": {}}
    for method, path in PATHS:
        body = {"dataset_id": dataset} if path == "quality/analyze" else bodies.get(method)
        problem = await hidden.server.call(method, path.format(**hidden.names), 404, json=body)
        assert problem["type"] == "urn:chunksmith:problem:not-found", path


async def test_a_job_of_a_deleted_project_is_in_no_list(hidden: Hidden) -> None:
    assert (await hidden.server.get("jobs"))["total"] == 0


async def test_a_key_of_a_deleted_project_starts_nothing(server: Server, data_dir: Path) -> None:
    body = {"project_id": await server.project(), **BODY}
    headers = {"Idempotency-Key": "kilns"}
    started = await server.post("datasets/generate", body, headers=headers)
    await server.ended(started["job_id"])
    with closing(sqlite3.connect(data_dir / DATABASE_FILE)) as connection, connection:
        connection.execute("UPDATE projects SET deleted_at = updated_at")
    await server.post("datasets/generate", body, 404, headers=headers)
