"""The real process, killed while entries are written anew and while chunks come in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic_core import to_json

from chunksmith.domain.fault_points import VARIABLE
from fake_llm import FakeLLM
from kill_test import Server, Work, repeats

WORK = Work(chunks=12, concurrency=4, batch_size=0, latency_ms=2)
ROWS = 3000
Shown = list[dict[str, Any]]


async def made(data_dir: Path, fake: FakeLLM) -> str:
    """A dataset."""
    server = await (await Server.start(data_dir, fake)).ready()
    status = await server.ended(await server.submit(WORK))
    await server.end()
    return str(status["result"]["dataset_id"])


async def regenerated(data_dir: Path, fake: FakeLLM, dataset: str, fault: str | None) -> Shown:
    """Every entry written anew; with ``fault``, by a process that ends there and by the next one."""
    server = await (await Server.start(data_dir, fake, {VARIABLE: fault} if fault else None)).ready()
    body = {"filter": {}, "concurrency": 3}
    job_id = (await server.call("POST", f"datasets/{dataset}/regenerate", body))["job_id"]
    if fault is not None:
        await asyncio.wait_for(server.process.wait(), 30)
        server = await (await Server.start(data_dir, fake)).ready()
    assert (await server.ended(job_id))["status"] == "completed"
    found = (await server.call("GET", f"datasets/{dataset}/entries?per_page=1000"))["entries"]
    details = [await server.call("GET", f"datasets/{dataset}/entries/{one['id']}") for one in found]
    await server.end()
    return [
        {"id": one["id"], "question": one["question"], "status": one["status"], "former": len(one["history"])}
        for one in details
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    async def run() -> Shown:
        data_dir = tmp_path_factory.mktemp("whole") / "data"
        async with WORK.fake() as fake:
            return await regenerated(data_dir, fake, await made(data_dir, fake), None)

    with asyncio.Runner() as runner:
        return runner.run(run())


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["intent_durable:4", "reply_received:5", "reply_durable:6", "unit_durable:7"])
async def test_a_kill_while_entries_are_written_anew_changes_nothing(tmp_path: Path, whole: Shown, fault: str) -> None:
    async with WORK.fake() as fake:
        dataset = await made(tmp_path / "data", fake)
        found = await regenerated(tmp_path / "data", fake, dataset, fault)
        assert repeats(fake) <= 3
    assert found == whole
    assert len(found) > 10
    assert max(one["former"] for one in found) == 1  # nothing was replaced twice


async def rows(reached: asyncio.Event) -> AsyncIterator[bytes]:
    """Most of an import, and then nothing."""
    for start in range(0, ROWS, 100):
        yield b"".join(to_json({"text": f"Passage {start + n} of a long import."}) + b"\n" for n in range(100))
    reached.set()
    await asyncio.Event().wait()


async def test_a_kill_while_chunks_come_in_leaves_none_of_them(tmp_path: Path) -> None:
    async with FakeLLM() as fake:
        server = await (await Server.start(tmp_path / "data", fake)).ready()
        project = (await server.call("POST", "projects", {"name": "Import"}))["id"]
        path, reached = f"projects/{project}/chunks", asyncio.Event()
        async with aiohttp.ClientSession() as session:
            headers = {"Content-Type": "application/x-ndjson"}
            sending = asyncio.ensure_future(
                session.post(f"{server.url}/api/v1/{path}", data=rows(reached), headers=headers)
            )
            await asyncio.wait_for(reached.wait(), 20)
            await server.end()
            with contextlib.suppress(aiohttp.ClientError):
                await sending
        server = await (await Server.start(tmp_path / "data", fake)).ready()
        assert (await server.call("GET", f"chunks/project/{project}"))["total"] == 0
        await server.call("POST", path, {"chunks": [{"text": "One passage."}]})
        assert (await server.call("GET", f"chunks/project/{project}"))["total"] == 1
        await server.end()
