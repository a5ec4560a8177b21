"""A start reads what is to be done, along indexes, however much is done already."""

import asyncio
import functools
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from api_parts import halted, until
from app_parts import running_app, settings_for
from chunksmith.app import RUNNER
from chunksmith.storage import database
from fake_llm import FakeLLM

PASSAGES = [f"Sample {n} was taken at site {n % 17} in {1900 + n % 90}. Its mass is {n * 7} grams." for n in range(60)]
# Tables that grow with what is done.
GROWING = "units calls replies entries chunks revisions former_entries job_events extraction_items extraction_results"
# Holds calls that have not ended, and no others.
OPEN_CALLS = "SCAN calls USING INDEX calls_open"


def steps_of(path: Path, statements: set[str]) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        explained = (sql for sql in statements if sql.lstrip().split()[0] in ("SELECT", "UPDATE", "DELETE", "WITH"))
        return {row[3] for sql in explained for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")}


async def test_nothing_that_is_done_is_scanned_until_the_first_new_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    connect = database._connect

    @functools.wraps(connect)
    async def traced(path: Path) -> database._Connection:
        connection = await connect(path)
        await connection.set_trace_callback(seen.add)
        return connection

    async with FakeLLM(hold_from=25) as fake:
        settings = settings_for(tmp_path, fake)
        async with running_app(settings) as server:
            body = {"project_id": await server.project(PASSAGES), "generation_model": "grok", "concurrency": 4}
            started = await server.post("datasets/generate", {**body, "batch_size": 10})
            while (await server.get(f"jobs/{started['job_id']}"))["result"]["units"]["done"] < 24:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            stopping = asyncio.ensure_future(server.client.app[RUNNER].stop(60.0))
            await until(lambda: halted(server, started["job_id"]))
            fake.control({"hold_from": None})
            await stopping
        before = fake.stats.chats
        monkeypatch.setattr(database, "_connect", traced)
        async with running_app(settings) as server:
            while fake.stats.chats == before:  # noqa: ASYNC110 - the fake counts, it tells nobody
                await asyncio.sleep(0.002)
    scans = {step for step in steps_of(tmp_path / "chunksmith.db", seen) if step.startswith("SCAN")}
    assert OPEN_CALLS in scans
    assert not [step for step in scans - {OPEN_CALLS} if step.split()[1] in GROWING.split()], scans


async def test_a_wait_that_the_provider_asked_for_outlives_a_restart(tmp_path: Path) -> None:
    async with FakeLLM(script={1: "429"}, retry_after_s=650) as fake:
        settings = settings_for(tmp_path, fake)
        async with running_app(settings) as server:
            body = {"project_id": await server.project(), "generation_model": "grok"}
            started = await server.post("datasets/generate", body)
            path = f"jobs/{started['job_id']}"
            while not (await server.get(path))["result"]["waiting_for"]:  # noqa: ASYNC110 - it can only be asked
                await asyncio.sleep(0.005)
        async with running_app(settings) as server:
            while (await server.get(path))["result"]["waiting_for"] in (None, "a free place in the queue"):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            told = (await server.get(path))["result"]["waiting_for"]
    assert told.startswith("the provider: it said to slow down, 6")
    assert fake.stats.chats == 1
