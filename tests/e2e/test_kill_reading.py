"""The real process, killed while a model reads pages and proposes borders: nothing lost, nothing paid twice."""

from pathlib import Path

import aiohttp
import pytest

from chunksmith.domain.fault_points import VARIABLE
from fake_llm import FakeLLM
from kill_test import Server, repeats
from reading_parts import pdf

PAGES = 4


async def upload(server: Server, content: bytes) -> tuple[int, int]:
    project = (await server.call("POST", "projects", {"name": "Scans"}))["id"]
    form = aiohttp.FormData({"project_id": str(project)})
    form.add_field("files", content, filename="scan.pdf")
    url = f"{server.url}/api/v1/documents/upload"
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
        assert response.status == 201
        return project, (await response.json())["documents"][0]["id"]


# The last call is the one that proposes borders.
@pytest.mark.parametrize(
    ("place", "number", "twice"),
    [
        ("intent_durable", 1, 0),
        ("reply_received", 3, 1),
        ("reply_durable", PAGES, 0),
        ("reply_durable", PAGES + 1, 0),
        ("reply_received", PAGES + 1, 1),
    ],
)
async def test_a_kill_while_pages_are_read_costs_the_call_in_flight_at_most(
    tmp_path: Path, place: str, number: int, twice: int
) -> None:
    data_dir = tmp_path / "data"
    async with FakeLLM() as fake:
        server = await (await Server.start(data_dir, fake, {VARIABLE: f"{place}:{number}"})).ready()
        project, document = await upload(server, pdf(*(f"scan: page {n}" for n in range(PAGES))))
        body = {"project_id": project, "parsing_model": "grok", "chunking_model": "grok"}
        job_id = (await server.call("POST", "documents/process", body))["job_id"]
        await server.process.wait()
        server = await (await Server.start(data_dir, fake)).ready()
        status = await server.ended(job_id)
        content = await server.call("GET", f"documents/{document}/content")
        await server.end()
    assert status["status"] == "completed"
    assert content["text"].count("The page with the mark") == PAGES
    assert (repeats(fake), fake.stats.chats) == (twice, PAGES + 1 + twice)
