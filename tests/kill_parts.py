"""Jobs that are not generations, run by a real process that is killed: what they are given and what they leave."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from fake_llm import FakeLLM
from kill_test import Server, repeats
from reading_parts import pdf

Json = dict[str, Any]
TREE = {"name": "T", "children": [{"name": "Sites", "children": [{"name": "Keepers"}]}, {"name": "Samples"}]}
CHUNKS = 30
PAGES = 6


@dataclass(frozen=True)
class Left:
    """``results`` and ``counts`` must be the same after any number of kills."""

    results: Any
    counts: Json
    calls: int
    repeated: int


@dataclass(frozen=True)
class Scenario:
    """``prepare`` gives the path and the body that start the job, ``results`` what it made."""

    kind: str
    prepare: Callable[[Server], Awaitable[tuple[str, Json]]]
    results: Callable[[Server, Json], Awaitable[Any]]

    async def submit(self, server: Server) -> None:
        """The process may end before it answers, and its connections with it."""
        path, body = await self.prepare(server)
        try:
            await server.call("POST", path, body)
        except aiohttp.ClientError:
            await server.process.wait()

    async def finished(self, server: Server, fake: FakeLLM) -> Left:
        (job,) = (await server.call("GET", f"jobs?kind={self.kind}"))["jobs"]
        status = await server.ended(job["job_id"])
        assert status["status"] == "completed", status
        results = await self.results(server, status)
        await server.end()
        counts = {**status["result"]["units"], **status["result"]["outcomes"]}
        return Left(results, counts, fake.stats.chats, repeats(fake))

    async def whole(self, folder: Path) -> Left:
        async with FakeLLM() as fake:
            server = await (await Server.start(folder / "data", fake)).ready()
            await self.submit(server)
            return await self.finished(server, fake)


def in_flight(data_dir: Path) -> set[int]:
    """Calls that were on their way when the process ended."""
    with closing(sqlite3.connect(data_dir / "chunksmith.db")) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM calls WHERE state = 'intent'")}


async def _project(server: Server, texts: list[str]) -> Json:
    project = await server.call("POST", "projects", {"name": "Samples"})
    await server.call("POST", f"projects/{project['id']}/chunks", {"chunks": [{"text": text} for text in texts]})
    return project


def _short() -> list[str]:
    return [f"The keeper of site {n} stored sample {n} in drawer {n}." for n in range(CHUNKS)]


def _long() -> list[str]:
    """So long that a call of a taxonomy job holds a few."""
    return [f"The keeper of site {n} stored sample {n * m} in drawer {m}. " * 30 for n in range(CHUNKS) for m in (3,)]


async def _extraction(server: Server) -> tuple[str, Json]:
    project = await _project(server, _short())
    made = await server.call("POST", "taxonomy", {"project_id": project["id"], "name": "T", "taxonomy": TREE})
    models = {"initial_classifier": "grok", "enable_validation_stage": True, "extraction_mode": "document_wide"}
    return "extraction", {"project_id": project["id"], "taxonomy_id": made["id"], "concurrency": 3, **models}


async def _items(server: Server, status: Json) -> list[Json]:
    found = (await server.call("GET", f"extraction/{status['job_id']}/results?per_page=1000"))["results"]
    return [{name: value for name, value in one.items() if name != "category_id"} for one in found]


async def _taxonomy(server: Server) -> tuple[str, Json]:
    project = await _project(server, _long())
    body = {"project_id": project["id"], "name": "Made", "model": "grok", "mode": "complete", "concurrency": 2}
    return "taxonomy/generate", body


async def _extension(server: Server) -> tuple[str, Json]:
    project = await _project(server, _short())
    wide = {"name": "T", "children": [{"name": f"Site {n}"} for n in range(12)]}
    made = await server.call("POST", "taxonomy", {"project_id": project["id"], "name": "T", "taxonomy": wide})
    return "taxonomy/extend", {"taxonomy_id": made["id"], "model": "grok", "levels": 1, "concurrency": 2}


async def _tree(server: Server, status: Json) -> Any:
    """Without what differs from run to run: ids, and when it was made."""
    taxonomies = (await server.call("GET", f"taxonomy?project_id={status['project_id']}"))["taxonomies"]
    assert len(taxonomies) == 1
    found = await server.call("GET", f"taxonomy/{taxonomies[0]['id']}")
    return _plain(found["taxonomy"])


def _plain(node: Json) -> Json:
    children = [_plain(child) for child in node.get("children", ())]
    return {"name": node["name"], "description": node.get("description"), "children": children}


async def _reading(server: Server) -> tuple[str, Json]:
    project = (await server.call("POST", "projects", {"name": "Scans"}))["id"]
    form = aiohttp.FormData({"project_id": str(project)})
    form.add_field("files", pdf(*(f"scan: page {n}" for n in range(PAGES))), filename="scan.pdf")
    url = f"{server.url}/api/v1/documents/upload"
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
        assert response.status == 201
    models = {"parsing_model": "grok", "chunking_model": "grok"}
    return "documents/process", {"project_id": project, "concurrency": 2, **models}


async def _chunks(server: Server, status: Json) -> list[Json]:
    found = (await server.call("GET", f"chunks/project/{status['project_id']}?per_page=1000"))["chunks"]
    return [{name: one[name] for name in ("text", "start", "end", "chunk_index")} for one in found]


async def _written(server: Server) -> tuple[int, str]:
    """A project and a dataset that rules have made of it."""
    project = await _project(server, _short())
    body = {"project_id": project["id"], "generation_model": "builtin", "datasets_per_chunk": 2}
    started = await server.call("POST", "datasets/generate", body)
    status = await server.ended(started["job_id"])
    return project["id"], status["result"]["dataset_id"]


async def _judging(server: Server) -> tuple[str, Json]:
    _, dataset = await _written(server)
    return f"datasets/{dataset}/rescore", {"judge_model": "grok", "concurrency": 3}


async def _judged(server: Server, status: Json) -> list[Json]:
    (job,) = (await server.call("GET", "jobs?kind=dataset-gen"))["jobs"]
    found = (await server.call("GET", f"datasets/{job['job_id']}/entries?per_page=1000"))["entries"]
    return [{"id": one["id"], "score": one["quality_score"], **one["metadata"]["judge"]} for one in found]


async def _benchmark(server: Server) -> tuple[str, Json]:
    project, dataset = await _written(server)
    config = {"provider": "grok", "concurrency": 3}
    return "benchmarking/run", {"suite": "dataset", "config": config, "project_id": project, "dataset_id": dataset}


async def _measured(server: Server, status: Json) -> Json:
    found = await server.call("GET", f"benchmarking/results/{status['job_id']}")
    return {name: found[name] for name in ("samples", "answered", "overall", "tasks")}


SCENARIOS = {
    "extraction": Scenario("extraction", _extraction, _items),
    "taxonomy": Scenario("taxonomy", _taxonomy, _tree),
    "extension": Scenario("taxonomy", _extension, _tree),
    "reading": Scenario("process", _reading, _chunks),
    "judging": Scenario("rescore", _judging, _judged),
    "benchmark": Scenario("benchmark", _benchmark, _measured),
}
