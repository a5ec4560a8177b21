"""Generating over documents that wait to be read, some of which cannot be."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from api_parts import bodies, until, upload
from app_parts import PASSAGES, Json, Server, running_app, settings_for
from fake_llm import FakeLLM
from reading_parts import picture_file

GOOD = {"kilns.txt": "\n\n".join(PASSAGES).encode()}
BAD = {"scan.png": b"\x89PNG\r\n\x1a\n" + bytes(40), "empty.txt": b" "}
EMPTY = "empty.txt (document 1) could not be read: The file is empty."
BUILTIN = {"generation_model": "builtin", "generation_mode": "default"}


async def project_of(server: Server, files: dict[str, bytes]) -> int:
    project = int((await server.post("projects", {"name": "Unread"}, 201))["id"])
    await upload(server, project, files)
    return project


async def generated(server: Server, files: dict[str, bytes], until: tuple[str, ...]) -> Json:
    return await server.generate({"project_id": await project_of(server, files), **BUILTIN}, until)


async def test_a_job_names_the_documents_that_it_could_not_read(server: Server) -> None:
    status = await generated(server, {**GOOD, **BAD}, ("completed",))
    warnings = status["result"]["warnings"]
    assert status["result"]["documents_unread"] == 2
    assert [one.partition(":")[0] for one in warnings] == [
        "scan.png (document 2) could not be read",
        "empty.txt (document 3) could not be read",
    ]
    assert warnings[1].endswith(": The file is empty.")


async def test_a_job_that_could_read_nothing_says_why(server: Server) -> None:
    status = await generated(server, BAD, ("failed",))
    assert status["error"].startswith("No chunks found for project: scan.png (document 1) could not be read: ")
    assert status["error"].endswith("(and 1 more)")


async def test_a_job_that_read_everything_warns_of_nothing(server: Server) -> None:
    result = (await generated(server, GOOD, ("completed",)))["result"]
    assert (result["documents_unread"], result["warnings"]) == (0, [])


async def test_a_later_job_names_the_documents_that_an_earlier_one_could_not_read(server: Server) -> None:
    project = await project_of(server, {**GOOD, **BAD})
    first = (await server.generate({"project_id": project, **BUILTIN}))["result"]
    later = (await server.generate({"project_id": project, **BUILTIN}))["result"]
    assert (later["documents_unread"], later["warnings"]) == (2, first["warnings"])


async def test_a_job_over_chosen_documents_names_only_those_of_them(server: Server) -> None:
    project = await project_of(server, {**GOOD, **BAD})
    await server.generate({"project_id": project, **BUILTIN})
    result = (await server.generate({"project_id": project, "document_ids": [1, 3], **BUILTIN}))["result"]
    assert result["documents_unread"] == 1
    assert result["warnings"] == ["empty.txt (document 3) could not be read: The file is empty."]


async def test_a_document_that_was_deleted_is_not_named(server: Server) -> None:
    project = await project_of(server, {**GOOD, **BAD})
    await server.generate({"project_id": project, **BUILTIN})
    await server.call("DELETE", "documents/2", 204)
    result = (await server.generate({"project_id": project, **BUILTIN}))["result"]
    assert [one.partition(" ")[0] for one in result["warnings"]] == ["empty.txt"]


async def test_where_nothing_could_be_read_a_later_request_is_refused_with_the_reason(server: Server) -> None:
    project = await project_of(server, BAD)
    await server.generate({"project_id": project, **BUILTIN}, ("failed",))
    problem = await server.post("datasets/generate", {"project_id": project, **BUILTIN}, 400)
    (error,) = problem["errors"]
    assert error["pointer"] == "/project_id"
    assert "; scan.png (document 1) could not be read: " in error["detail"]
    assert error["detail"].endswith("(and 1 more)")


@asynccontextmanager
async def reading(data_dir: Path) -> AsyncIterator[tuple[Server, str]]:
    """A job that could not read its first document, and waits for a model that reads the second."""
    async with FakeLLM(latency_ms=60_000) as fake:
        settings = settings_for(data_dir, fake, {"server": {"shutdown_grace_s": 0}})
        async with running_app(settings) as server:
            project = await project_of(server, {"empty.txt": b" ", "scan.png": picture_file("kilns", "PNG")})
            asked = {"project_id": project, "parsing_model": "grok", **BUILTIN}
            job = (await server.post("datasets/generate", asked))["job_id"]
            await until(lambda: len(bodies(fake)) == 1)
            yield server, job


async def test_a_cancelled_job_names_what_it_could_not_read_until_then(tmp_path: Path) -> None:
    async with reading(tmp_path) as (server, job):
        await server.post(f"jobs/{job}/cancel")
        result = (await server.ended(job, ("cancelled",)))["result"]
    assert (result["documents_unread"], result["warnings"]) == (1, [EMPTY])


async def test_a_job_has_written_what_it_could_not_read_when_the_server_stops(tmp_path: Path) -> None:
    async with reading(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "chunksmith.db")) as database:
        sql = "SELECT c.documents_unread, j.warnings FROM jobs AS j JOIN job_counters AS c ON c.job = j.id"
        ((unread, warnings),) = database.execute(sql)
    assert (unread, json.loads(warnings)) == (1, [EMPTY])
