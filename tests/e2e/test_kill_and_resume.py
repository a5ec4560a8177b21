"""The real process, killed: nothing lost, nothing doubled, nothing paid twice but what was in flight."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chunksmith.domain.fault_points import PLACES, VARIABLE
from kill_test import Left, Run, Server, Work, all_runs, interrupted, killed_at, look, repeats, uninterrupted

# Small enough for a kill at any point to be soon, with three batches and replies that must be asked for twice.
SMALL = Work(chunks=60, concurrency=6, batch_size=25, latency_ms=20)
# Which arrival at a place is the end of the process: in the middle of the work, where it is come to more than once.
TIMES = {
    "units_slice": 1,
    "intent_durable": 20,
    "reply_received": 20,
    "reply_durable": 20,
    "unit_durable": 30,
    "batch_written": 2,
    "batch_renamed": 2,
    "units_down": 1,
    "finishing_step": 2,
    "version_frozen": 1,
    "quality_durable": 1,
}
# Tried in test_kill_versions.py.
ELSEWHERE = {"version_restored_slice"}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Left:
    with asyncio.Runner() as runner:
        return runner.run(uninterrupted(SMALL, tmp_path_factory.mktemp("without")))


def test_every_place_between_two_steps_is_tried() -> None:
    assert set(TIMES) | ELSEWHERE == set(PLACES)


@pytest.mark.parametrize("place", TIMES)
async def test_a_kill_between_two_steps_changes_nothing(tmp_path: Path, expected: Left, place: str) -> None:
    run = await killed_at(SMALL, tmp_path, place, TIMES[place])
    assert run.verify(expected).problems == []


async def test_a_reply_that_was_durable_is_not_asked_for_again(tmp_path: Path, expected: Left) -> None:
    alone = Work(chunks=60, concurrency=1, batch_size=25, latency_ms=0)
    run = await killed_at(alone, tmp_path, "reply_durable", 10)
    assert run.repeats == 0
    assert run.in_flight <= 1  # the next call's intent may be in the same commit; it has not left
    assert run.verify(expected).problems == []


async def test_a_reply_that_was_not_durable_is_asked_for_again_once(tmp_path: Path, expected: Left) -> None:
    alone = Work(chunks=60, concurrency=1, batch_size=25, latency_ms=0)
    run = await killed_at(alone, tmp_path, "reply_received", 10)
    assert (run.repeats, run.in_flight) == (1, 1)
    assert run.verify(expected).problems == []


@pytest.mark.parametrize("concurrency", [1, 7, 64])
async def test_the_dataset_is_the_same_at_any_concurrency(tmp_path: Path, expected: Left, concurrency: int) -> None:
    work = Work(chunks=60, concurrency=concurrency, batch_size=25, latency_ms=5)
    assert (await uninterrupted(work, tmp_path)).dataset == expected.dataset


@pytest.mark.slow
async def test_fifty_kills_at_random_instants(tmp_path: Path) -> None:
    runs = await all_runs(Work(), kills=50, each=10, within_s=0.3, seed=7, folder=tmp_path)
    assert [run.problems for run in runs] == [[]] * len(runs)


@pytest.mark.slow
async def test_parquet_files_are_the_same_after_kills(tmp_path: Path) -> None:
    work = Work(chunks=150, concurrency=8, batch_size=40, format_type="parquet")
    for name in ("without", "with"):
        (tmp_path / name).mkdir()
    expected = await uninterrupted(work, tmp_path / "without")
    run = await interrupted(work, tmp_path / "with", 4, 0.3, random.Random(3))
    assert run.verify(expected).problems == []


@pytest.fixture
async def stopped(tmp_path: Path) -> AsyncIterator[tuple[int, Run]]:
    """A job that was in the middle when the server was told to stop, and went on at the next start."""
    async with SMALL.fake() as fake:
        fake.control({"latency_ms": 300, "latency_spread_ms": 0})
        server = await (await Server.start(tmp_path / "data", fake)).ready()
        job_id = await server.submit(SMALL)
        while fake.stats.replies < 10:
            await server.call("GET", f"jobs/{job_id}")
        code = await server.end(signal.SIGTERM)
        left = look(tmp_path / "data")
        fake.control({"latency_ms": 5})
        run = Run(left, {}, lost_calls=left.open_calls, problems=left.problems)
        server = await (await Server.start(tmp_path / "data", fake)).ready()
        run.status = await server.ended(job_id)
        await server.end(signal.SIGTERM)
        run.left = look(tmp_path / "data")
        run.sent, run.repeats = fake.stats.chats, repeats(fake)
        yield code, run


async def test_a_stop_keeps_the_replies_in_flight(stopped: tuple[int, Run], expected: Left) -> None:
    code, run = stopped
    assert code == 0
    assert (run.repeats, run.in_flight) == (0, 0)
    assert run.verify(expected).problems == []


async def test_an_unknown_place_is_refused_at_the_start(tmp_path: Path) -> None:
    async with SMALL.fake() as fake:
        server = await Server.start(tmp_path / "data", fake, {VARIABLE: "nowhere:1"})
        assert await server.process.wait() != 0
