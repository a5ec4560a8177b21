"""`chunksmith ingest` with models that read, against a real server."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chunksmith.cli.exits import ExitCode
from fake_llm import FakeLLM
from kill_test import Server
from reading_parts import pdf, picture_file


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncIterator[tuple[Server, FakeLLM]]:
    async with FakeLLM() as fake:
        server = await (await Server.start(tmp_path / "data", fake)).ready()
        yield server, fake
        await server.end()


async def ingest(server: Server, folder: Path, *more: str) -> tuple[int, Any]:
    command = [sys.executable, "-m", "chunksmith", "ingest", str(folder), "-p", "Scans", "--json", *more]
    environment = {**os.environ, "CHUNKSMITH_URL": server.url}
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment)
    out, _ = await process.communicate()
    return process.returncode or 0, json.loads(out) if out else None


async def test_pictures_and_scans_of_a_folder_are_read_under_a_ceiling(
    tmp_path: Path, reading: tuple[Server, FakeLLM]
) -> None:
    server, fake = reading
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(pdf("scan: one"))
    (folder / "b.png").write_bytes(picture_file("two", "PNG"))
    limits = ("--concurrency", "2", "--max-cost", "5")
    code, told = await ingest(server, folder, "--parsing-model", "grok", "--max-calls", "5", *limits)
    assert (code, fake.stats.chats) == (ExitCode.OK, 2)
    assert [one["status"] for one in told["documents"]] == ["chunked", "chunked"]
    assert (told["job"]["concurrency"], told["job"]["max_calls"], told["job"]["max_cost_usd"]) == (2, 5, "5.00")
    (folder / "b.png").write_bytes(picture_file("three", "PNG"))
    (folder / "c.png").write_bytes(picture_file("four", "PNG"))
    code, told = await ingest(server, folder, "--parsing-model", "grok", "--max-calls", "1")
    assert (code, told["job"]["status"], fake.stats.chats) == (ExitCode.PARTLY, "paused", 3)


async def test_a_model_proposes_where_to_cut(tmp_path: Path, reading: tuple[Server, FakeLLM]) -> None:
    server, _ = reading
    (tmp_path / "a.md").write_text("The kiln dries fired clay slowly. The potter opens the damper. " * 20)
    code, told = await ingest(server, tmp_path / "a.md", "--chunking-model", "grok")
    assert code == ExitCode.OK
    assert told["documents"][0]["processing"]["chunking_model"] == "grok/grok-4.3"
