"""The public API of a server that is being measured."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchsuite.material import ndjson

API = "/api/v1"
Json = dict[str, Any]
MODEL = "grok/grok-4.3"
POLL_S = 0.25
LIMIT_S = 1800.0


@dataclass(frozen=True, slots=True)
class Api:
    session: aiohttp.ClientSession
    url: str

    async def call(self, method: str, path: str, **kwargs: Any) -> Json:
        """``path`` below the API, or from the root when it begins with a slash."""
        address = self.url + (path if path.startswith("/") else f"{API}/{path}")
        async with self.session.request(method, address, **kwargs) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
            found: Json = await answer.json(content_type=None) if text else {}
            return found

    async def project(self, chunks: int, first: int = 0) -> int:
        """A project with chunks. Other numbers are other passages, so nothing is answered from the ledger."""
        number = int((await self.call("POST", "projects", json={"name": "Bench"}))["id"])
        headers = {"Content-Type": "application/x-ndjson"}
        await self.call("POST", f"projects/{number}/chunks", data=ndjson(chunks, first=first), headers=headers)
        return number

    async def start(self, project: int, **options: Any) -> str:
        """The job's id."""
        body = {"project_id": project, "generation_model": MODEL, "batch_size": 0, **options}
        return str((await self.call("POST", "datasets/generate", json=body))["job_id"])

    async def ended(self, job: str) -> Json:
        until = time.monotonic() + LIMIT_S
        while time.monotonic() < until:
            status = await self.call("GET", f"jobs/status/{job}")
            if status["status"] not in ("submitted", "running"):
                if status["status"] != "completed":
                    raise RuntimeError(f"the job ended as {status['status']}: {status['error']}")
                return status
            await asyncio.sleep(POLL_S)
        raise RuntimeError(f"the job did not end within {LIMIT_S:.0f} s")


@asynccontextmanager
async def api_of(url: str) -> AsyncIterator[Api]:
    timeout = aiohttp.ClientTimeout(total=LIMIT_S)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        yield Api(session, url)
