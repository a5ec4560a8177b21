"""How soon the first new call leaves after the process was killed in the middle of a large job."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchsuite.client import Json, api_of
from benchsuite.figures import Figure
from benchsuite.processes import fake_provider, provider_settings, server

CALLS_BEFORE_KILL = 2_000


async def resume(folder: Path, chunks: int) -> Sequence[Figure]:
    async with fake_provider(latency_ms=50) as fake, api_of(fake.url) as fake_api:

        async def calls() -> int:
            stats: Json = await fake_api.call("GET", "/__stats")
            return int(stats["chats"])

        environment = provider_settings(fake.url)
        async with server(folder, environment) as serving, api_of(serving.url) as api:
            project = await api.project(chunks)
            await api.start(project, concurrency=64, analyze_quality=False)
            await _until(calls, CALLS_BEFORE_KILL)
            await serving.kill()
        before = await calls()
        began = time.perf_counter()
        async with server(folder, environment) as serving:
            ready_s = time.perf_counter() - began
            await _until(calls, before + 1)
            first_call_s = time.perf_counter() - began
            await serving.kill()
    detail = f"{chunks:,} chunks, killed after {before:,} calls; ready after {ready_s:.2f} s"
    return [Figure("recovery", "process start to first new call", first_call_s, "s", "at most", 2, detail)]


async def _until(count: Callable[[], Awaitable[int]], least: int) -> None:
    while await count() < least:  # noqa: ASYNC110 - another process, it can only be asked
        await asyncio.sleep(0.005)
