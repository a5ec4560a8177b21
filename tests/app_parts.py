"""The whole application over a temporary data directory, with providers that are a fake of their wire."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import copytree
from typing import Any, NamedTuple

from aiohttp import web, web_app
from aiohttp.test_utils import TestClient, TestServer

from chunksmith.app import RUNNER, build_app
from chunksmith.settings import Settings, load
from fake_llm import FakeLLM
from fresh_database import lay_down

API = "/api/v1"
PASSAGES = [
    "A kiln dries fired clay at about 900 degrees. The potter opens the damper because steam must leave slowly.",
    "Granite is an igneous rock that forms when magma cools below the surface. It contains quartz and feldspar.",
    "The library opened in 1908. Its reading room holds 240 seats, and the archive stores maps in flat drawers.",
    "Rye bread needs a sour starter since its flour has little gluten. Bakers keep the starter at 26 degrees.",
    "A heron hunts alone. It stands still in shallow water until a fish swims near, and then it strikes at once.",
]
Json = dict[str, Any]


def settings_for(
    data_dir: Path, fake: FakeLLM | None = None, more: Mapping[str, Mapping[str, Any]] | None = None
) -> Settings:
    """``fake`` answers for all providers; keys are there, limits are not."""
    flags: dict[str, dict[str, Any]] = {"server": {"data_dir": data_dir, "port": 0}}
    if fake is not None:
        flags["providers"] = {
            "gemini": {"base_url": fake.base_url("gemini"), "api_key": "test-gemini-key"},
            "grok": {"base_url": fake.base_url("grok"), "api_key": "test-grok-key"},
            "ollama": {"base_url": fake.base_url("ollama")},
        }
    for section, values in (more or {}).items():
        merged = flags.setdefault(section, {})
        for key, value in values.items():
            merged[key] = {**merged.get(key, {}), **value} if isinstance(value, Mapping) else value
    return load(flags=flags)


class Server:
    """A running application and short ways to use it. Every method checks the status that it expects."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self.client = client

    async def call(self, method: str, path: str, expected: int = 200, **kwargs: Any) -> Json:
        async with self.client.request(method, path if path.startswith("/") else f"{API}/{path}", **kwargs) as response:
            text = await response.text()
            assert response.status == expected, f"{method} {path}: {response.status} {text[:2000]}"
            found: Json = await response.json(content_type=None) if text else {}
            return found

    async def get(self, path: str, expected: int = 200, **kwargs: Any) -> Json:
        return await self.call("GET", path, expected, **kwargs)

    async def post(self, path: str, body: Any = None, expected: int = 200, **kwargs: Any) -> Json:
        return await self.call("POST", path, expected, json=body, **kwargs)

    async def project(self, passages: list[str] | None = None, document: str | None = "sample.txt") -> int:
        """A project with chunks."""
        project = await self.post("projects", {"name": "Sample"}, 201)
        chunks = [{"text": text, **({"document": document} if document else {})} for text in passages or PASSAGES]
        await self.post(f"projects/{project['id']}/chunks", {"chunks": chunks}, 201)
        return int(project["id"])

    async def generate(self, body: Json, until: tuple[str, ...] = ("completed",)) -> Json:
        """Start, and wait for an end. Returns the status."""
        started = await self.post("datasets/generate", body)
        return await self.ended(started["job_id"], until)

    async def ended(self, job_id: str, until: tuple[str, ...] = ("completed",)) -> Json:
        runner = self.client.app[RUNNER]
        while True:
            status = await self.get(f"jobs/{job_id}")
            if status["status"] not in ("submitted", "running"):
                assert status["status"] in until, status
                return status
            running = next((one for one in runner.running.values() if one.job.job_id == job_id), None)
            if running is not None:
                await running.ended.wait()


@asynccontextmanager
async def running_app(settings: Settings, **kwargs: Any) -> AsyncIterator[Server]:
    lay_down(settings.server.data_dir)
    app = build_app(settings, **kwargs)
    async with TestServer(app) as server, TestClient(server) as client:
        yield Server(client)
    web_app._cached_build_middleware.cache_clear()  # it would keep many an application that has ended


class Prepared(NamedTuple):
    """A data directory whose server has ended, and the dataset in it. A test that changes something takes a copy."""

    data_dir: Path
    dataset: str

    def copied(self, to: Path) -> Path:
        copytree(self.data_dir, to)
        return to


def prepared(data_dir: Path, make: Callable[[Server], Awaitable[str]]) -> Prepared:
    """``make`` gives the id of the dataset that it made."""

    async def run() -> str:
        async with FakeLLM() as fake, running_app(settings_for(data_dir, fake)) as server:
            return await make(server)

    with ThreadPoolExecutor(1) as thread:  # a loop may be running in this one
        return Prepared(data_dir, thread.submit(asyncio.run, run()).result())
