"""Models that read and split, through the HTTP API."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app_parts import Server, running_app, settings_for
from fake_llm import FakeLLM
from reading_parts import PROSE, pdf, picture_file


@pytest.fixture
async def fake() -> AsyncIterator[FakeLLM]:
    async with FakeLLM() as running:
        yield running


@pytest.fixture
async def server(tmp_path: Path, fake: FakeLLM) -> AsyncIterator[Server]:
    async with running_app(settings_for(tmp_path, fake)) as running:
        yield running


async def uploaded(server: Server, files: dict[str, bytes]) -> tuple[int, list[int]]:
    project = (await server.post("projects", {"name": "Scans"}, 201))["id"]
    form = aiohttp.FormData({"project_id": str(project)})
    for name, content in files.items():
        form.add_field("files", content, filename=name)
    answer = await server.call("POST", "documents/upload", 201, data=form)
    return project, [document["id"] for document in answer["documents"]]


async def processed(server: Server, project: int, until: tuple[str, ...] = ("completed",), **more: Any) -> Any:
    job = await server.post("documents/process", {"project_id": project, **more}, 202)
    return await server.ended(job["job_id"], until)


@pytest.mark.parametrize("provider", ["gemini", "grok", "ollama/qwen2.5vl"])
async def test_scans_and_pictures_become_chunks(server: Server, fake: FakeLLM, provider: str) -> None:
    project, documents = await uploaded(
        server, {"a.pdf": pdf("scan: one", PROSE), "b.png": picture_file("two", "PNG"), "c.txt": PROSE.encode()}
    )
    status = await processed(server, project, parsing_model=provider, concurrency=2)
    outcomes = await server.get(f"jobs/{status['job_id']}/outcomes")
    calls = await server.get(f"jobs/{status['job_id']}/calls")
    assert [one["status"] for one in outcomes["outcomes"]] == ["accepted"] * 3
    assert status["result"]["usage"]["calls"] == fake.stats.chats == 2
    assert {call["stage"] for call in calls["calls"]} == {"parse"}
    for document in documents:
        content = await server.get(f"documents/{document}/content")
        page = await server.get(f"chunks/document/{document}")
        assert page["total"] >= 1
        assert all(content["text"][chunk["start"] : chunk["end"]] == chunk["text"] for chunk in page["chunks"])


@pytest.mark.parametrize(
    ("asked", "warned"),
    [
        (
            {"chunk_delimiter": "@@"},
            ["chunk_delimiter has no effect: the strategy is heading, only delimiter reads it"],
        ),
        ({"chunk_delimiter": "@@", "chunk_strategy": "delimiter"}, []),
        (
            {"max_calls": 3, "max_cost_usd": "1.00"},
            ["max_calls has no effect: no model is called", "max_cost_usd has no effect: no model is called"],
        ),
        ({"max_calls": 3, "parsing_model": "grok"}, []),
    ],
    ids=["delimiter of another strategy", "delimiter", "ceilings without a model", "ceiling of a model"],
)
async def test_what_cannot_apply_is_warned_of(server: Server, asked: dict[str, Any], warned: list[str]) -> None:
    project, _ = await uploaded(server, {"a.txt": PROSE.encode()})
    job = await server.post("documents/process", {"project_id": project, **asked}, 202)
    await server.ended(job["job_id"])
    assert job["warnings"] == warned


@pytest.mark.parametrize(
    ("strategy", "warned"),
    [("token", ["chunk_delimiter has no effect: the strategy is token, only delimiter reads it"]), ("delimiter", [])],
)
async def test_a_generation_reads_a_delimiter_or_warns(server: Server, strategy: str, warned: list[str]) -> None:
    project, _ = await uploaded(server, {"a.txt": PROSE.encode()})
    body = {"project_id": project, "generation_model": "builtin", "chunk_strategy": strategy, "chunk_delimiter": "@@"}
    assert (await server.post("datasets/estimate", body))["warnings"] == warned


async def test_a_model_splits_for_the_semantic_strategy(server: Server, fake: FakeLLM) -> None:
    project, (document,) = await uploaded(server, {"a.txt": PROSE.encode()})
    status = await processed(server, project, chunking_model="gemini")
    found = await server.get(f"documents/{document}")
    calls = await server.get(f"jobs/{status['job_id']}/calls")
    assert found["processing"]["chunk_strategy"] == "semantic"
    assert found["processing"]["chunking_model"].startswith("gemini/")
    assert {call["stage"] for call in calls["calls"]} <= {"chunk", "repair"}
    assert fake.stats.chats >= 1


async def test_a_ceiling_pauses_and_a_higher_one_lets_it_go_on(server: Server, fake: FakeLLM) -> None:
    project, _ = await uploaded(server, {"a.pdf": pdf("scan: one", "scan: two", "scan: three")})
    status = await processed(server, project, ("paused",), parsing_model="grok", max_calls=1)
    assert (status["result"]["waiting_for"], fake.stats.chats) == ("a higher ceiling", 1)
    await server.call("PATCH", f"jobs/{status['job_id']}", json={"max_calls": 5})
    await server.post(f"jobs/{status['job_id']}/resume")
    done = await server.ended(status["job_id"])
    assert (done["result"]["usage"]["calls"], max(fake.stats.bodies.values())) == (3, 1)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"parsing_model": "gpt"}, "/parsing_model"),
        ({"chunking_model": "gemini", "chunk_strategy": "token"}, "/chunking_model"),
        ({"parsing_model": "gemini/unheard-of", "max_cost_usd": "1.00"}, "/max_cost_usd"),
        ({"concurrency": 0}, "/concurrency"),
        ({"max_calls": 0}, "/max_calls"),
        ({"max_cost_usd": "-1"}, "/max_cost_usd"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    server: Server, fake: FakeLLM, body: dict[str, Any], pointer: str
) -> None:
    project, _ = await uploaded(server, {"a.txt": PROSE.encode()})
    problem = await server.post("documents/process", {"project_id": project, **body}, 400)
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]
    assert (await server.get("jobs"))["total"] == fake.stats.chats == 0


@pytest.mark.parametrize("provider", ["gemini", "grok"])
async def test_a_missing_key_is_refused_at_submission(tmp_path: Path, provider: str) -> None:
    async with running_app(settings_for(tmp_path)) as server:
        project, _ = await uploaded(server, {"a.txt": PROSE.encode()})
        problem = await server.post("documents/process", {"project_id": project, "parsing_model": provider}, 400)
        assert problem["detail"] == f"API key not configured: {provider}"
