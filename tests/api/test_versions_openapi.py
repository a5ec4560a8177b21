"""Answers of the routes for versions, compared with what the OpenAPI document says of them; and the command line's."""

import asyncio
import json

import pytest
from test_openapi_app import Checked

from app_parts import Json, Server
from chunksmith.cli.main import run

NAME = "clay"


async def versioned(server: Server) -> tuple[int, str]:
    """A project, and a dataset with an edited entry over its version 1.0.0."""
    project = await server.project()
    body = {"project_id": project, "generation_model": "builtin", "enable_versioning": True, "dataset_name": NAME}
    dataset = str((await server.generate(body))["result"]["dataset_id"])
    await server.call("PUT", f"datasets/{dataset}/entries/entry_1", json={"question": "What is new?"})
    return project, dataset


async def test_answers_about_versions_are_as_they_are_described(server: Server) -> None:
    ask = Checked(server, await server.get("/openapi.json"))
    project, dataset = await versioned(server)
    line: Json = {"project_id": project, "dataset_name": NAME}
    path = "datasets/versions"
    await ask("POST", f"{path}/increment", json={**line, "version_type": "patch"})
    await ask("POST", f"{path}/compare", json={**line, "version1": "1.0.0", "version2": "1.0.1"})
    other = {"generation_model": "grok", "temperature": 0.5, "enable_versioning": True}
    await server.generate({"project_id": project, "dataset_name": NAME, **other})
    compared = await ask("POST", f"{path}/compare", json={**line, "version1": "1.0.1", "version2": "1.1.0"})
    changes = compared["comparison"]["metadata_changes"]
    assert {"temperature", "generation_model"} <= set(changes)
    await ask("POST", f"{path}/rollback", json={**line, "target_version": "1.0.0"})
    await ask("GET", path, params=line)
    await ask("GET", f"{path}/latest", params=line)
    await ask("GET", f"{path}/manifest", params={**line, "version": "1.2.0"})
    await ask("GET", f"datasets/{dataset}")
    await ask("GET", f"datasets/list/{project}")
    await ask("GET", f"datasets/{dataset}/entries/entry_1")
    await ask("GET", f"{path}/latest", 404, params={**line, "dataset_name": "x"})
    await ask("POST", f"{path}/compare", 400, json={**line, "version1": "1", "version2": "1.0.1"})
    await ask("POST", f"{path}/increment", 400, json={**line, "version_type": "huge"})
    await ask("DELETE", f"datasets/{dataset}", 409)


async def test_the_command_line_speaks_of_versions(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    project, _ = await versioned(server)

    async def said(*arguments: str) -> str:
        options = ["--project", str(project), "--server", str(server.client.make_url("/"))]
        assert await asyncio.to_thread(run, ["versions", *arguments, *options]) == 0
        return capsys.readouterr().out

    assert (await said("increment", NAME, "-m", "mended")).startswith("1.0.1  ")
    compared = await said("compare", NAME, "1.0.0", "1.0.1")
    assert "modified  entry_1  question" in compared
    assert "  + question: What is new?" in compared
    assert json.loads(await said("rollback", NAME, "1.0.0", "--json"))["new_version"] == "1.1.0"
    listed = [line.split("\t")[0] for line in (await said("list", NAME)).splitlines()]
    assert listed == ["version", "1.1.0", "1.0.1", "1.0.0"]
