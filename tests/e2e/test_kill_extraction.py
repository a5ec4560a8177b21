"""The real process, killed in the middle of an extraction: nothing lost, nothing doubled, nothing paid twice."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chunksmith.domain.fault_points import VARIABLE
from fake_llm import FakeLLM
from kill_test import Server, repeats

TREE = {"name": "T", "children": [{"name": "Sites", "children": [{"name": "Keepers"}]}, {"name": "Samples"}]}
CHUNKS = 30
# The arrival at a place that is the end of the process, and how many calls were on their way then.
PLACES = {
    "units_slice": (1, 0),
    "intent_durable": (25, 0),
    "reply_received": (25, 1),
    "reply_durable": (25, 0),
    "unit_durable": (12, 0),
    "units_down": (1, 0),
}
Json = dict[str, Any]


@dataclass(frozen=True)
class Left:
    results: list[Json]
    counts: Json
    calls: int
    repeated: int


async def submit(server: Server) -> None:
    project = await server.call("POST", "projects", {"name": "Samples"})
    chunks = [{"text": f"The keeper of site {n} stored sample {n} in drawer {n}."} for n in range(CHUNKS)]
    await server.call("POST", f"projects/{project['id']}/chunks", {"chunks": chunks})
    made = await server.call("POST", "taxonomy", {"project_id": project["id"], "name": "T", "taxonomy": TREE})
    body = {
        "project_id": project["id"],
        "taxonomy_id": made["id"],
        "initial_classifier": "grok",
        "enable_validation_stage": True,
        "extraction_mode": "document_wide",
    }
    with contextlib.suppress(aiohttp.ClientError):  # the process may end before it answers
        await server.call("POST", "extraction", body)


async def finished(server: Server, fake: FakeLLM) -> Left:
    (job,) = (await server.call("GET", "jobs?kind=extraction"))["jobs"]
    status = await server.ended(job["job_id"])
    assert status["status"] == "completed", status
    found = (await server.call("GET", f"extraction/{job['job_id']}/results?per_page=1000"))["results"]
    await server.end()
    plain = [{name: value for name, value in one.items() if name != "category_id"} for one in found]
    counts = {**status["result"]["units"], **status["result"]["outcomes"], "items": len(found)}
    return Left(plain, counts, fake.stats.chats, repeats(fake))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Left:
    async def uninterrupted() -> Left:
        async with FakeLLM() as fake:
            server = await (await Server.start(tmp_path_factory.mktemp("whole") / "data", fake)).ready()
            await submit(server)
            return await finished(server, fake)

    with asyncio.Runner() as runner:
        return runner.run(uninterrupted())


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
async def test_a_killed_extraction_goes_on_where_it_was(tmp_path: Path, expected: Left, place: str) -> None:
    times, on_their_way = PLACES[place]
    async with FakeLLM() as fake:
        server = await (await Server.start(tmp_path / "data", fake, {VARIABLE: f"{place}:{times}"})).ready()
        await submit(server)
        await asyncio.wait_for(server.process.wait(), 30)
        left = await finished(await (await Server.start(tmp_path / "data", fake)).ready(), fake)
    assert (left.results, left.counts) == (expected.results, expected.counts)
    assert (left.repeated, left.calls - expected.calls) == (on_their_way, on_their_way)
