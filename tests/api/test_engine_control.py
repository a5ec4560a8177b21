"""Pause, resume, cancel, ceilings and concurrency of running jobs: the numbers add up at every moment."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from api_parts import halt, halted
from api_parts import until as reached
from app_parts import Json, Server, running_app, settings_for
from chunksmith.app import RUNNER
from chunksmith.pipeline import generate
from chunksmith.web.keys import JOBS
from fake_llm import FakeLLM
from virtual_clock import FastClock, VirtualClock

COUNT = 50


def passages(count: int = COUNT, of: str = "Sample") -> list[str]:
    return [
        f"{of} {n} was taken at site {n % 17} in {1900 + n % 90}. Its mass is {n * 7 + 3} grams. "
        f"The keeper stored it in drawer {n} because the shelf was full."
        for n in range(count)
    ]


def body(project: int, **more: Any) -> Json:
    wanted = {"project_id": project, "data_source": "Chunks Only", "generation_model": "grok"}
    return {**wanted, "concurrency": 8, "batch_size": 30, **more}


def adds_up(status: Json) -> Json:
    result = status["result"]
    units, outcomes = result["units"], result["outcomes"]
    assert sum(outcomes.values()) + units["pending"] == units["total"]
    assert units["done"] + units["failed"] + units["pending"] == units["total"]
    return status


@pytest.fixture
async def fake() -> AsyncIterator[FakeLLM]:
    async with FakeLLM(latency_ms=20) as running:
        yield running


@pytest.fixture
async def server(tmp_path: Path, fake: FakeLLM) -> AsyncIterator[Server]:
    async with running_app(settings_for(tmp_path, fake), clock=FastClock(50)) as running:
        yield running


async def until(server: Server, job_id: str, there: Callable[[Json], bool]) -> Json:
    """Looks again and again, and at every look the numbers add up and progress has not fallen."""
    progress = 0
    while True:
        status = adds_up(await server.get(f"jobs/{job_id}"))
        assert status["progress"] >= progress
        progress = status["progress"]
        if there(status) or status["status"] not in ("submitted", "running"):
            return status
        await asyncio.sleep(0.01)


def down(count: int) -> Callable[[Json], bool]:
    return lambda status: sum(status["result"]["outcomes"].values()) >= count


def stored(tmp_path: Path, status: Json) -> list[bytes]:
    return [(tmp_path / one["file_path"]).read_bytes() for one in status["result"]["batch_files"]]


async def calls_that_came_home(server: Server, job_id: str) -> list[Json]:
    """All calls of a job that is over, none of which is in flight any more."""
    while True:
        calls: list[Json] = (await server.get(f"jobs/{job_id}/calls?per_page=1000"))["calls"]
        if not any(call["state"] == "intent" for call in calls):
            return calls
        await asyncio.sleep(0.01)


async def test_numbers_add_up_at_every_moment(server: Server, fake: FakeLLM) -> None:
    fake.control({"rates": {"500": 0.1, "garbage": 0.1, "blocked": 0.1, "429": 0.05}, "retry_after_s": 1})
    started = await server.post("datasets/generate", body(await server.project(passages())))
    status = await until(server, started["job_id"], lambda _: False)
    assert (status["status"], status["progress"]) == ("completed", 100)


async def midway(server: Server, fake: FakeLLM, count: int = 15, **more: Any) -> str:
    """A job of which so many units are down and the next eight calls are in flight, and stay so."""
    fake.control({"hold_from": count + 1})
    started = await server.post("datasets/generate", body(await server.project(passages()), **more))
    await until(server, started["job_id"], down(count))
    await reached(lambda: fake.held == 8)
    return str(started["job_id"])


async def test_a_paused_job_starts_no_call_and_goes_on_where_it_was(server: Server, fake: FakeLLM) -> None:
    job = await midway(server, fake)
    paused = adds_up(await halt(server, fake, job, "pause"))
    assert (paused["status"], paused["reason"]) == ("paused", "user")
    assert (fake.stats.chats, fake.stats.in_flight["grok"]) == (15 + 8, 0)
    fake.control({"hold_from": None})
    await server.post(f"jobs/{job}/resume")
    status = adds_up(await server.ended(job))
    assert (status["result"]["units"]["done"], max(fake.stats.bodies.values())) == (COUNT, 1)


async def test_a_pause_does_not_wait_for_calls_that_wait(tmp_path: Path, fake: FakeLLM) -> None:
    limits = {"providers": {"grok": {"requests_per_minute": 5}}}
    async with running_app(settings_for(tmp_path, fake, limits), clock=VirtualClock()) as server:  # no time passes
        started = await server.post("datasets/generate", body(await server.project(passages())))
        await until(server, started["job_id"], down(5))
        paused = await server.post(f"jobs/{started['job_id']}/pause")
        assert (paused["status"], fake.stats.chats) == ("paused", 5)


async def test_a_cancelled_job_keeps_what_is_there(server: Server, fake: FakeLLM) -> None:
    job = await midway(server, fake)
    status = adds_up(await server.post(f"jobs/{job}/cancel"))
    assert status["status"] == "cancelled"
    assert status["result"]["total_entries_so_far"] > 0
    fake.let_go()
    calls = await calls_that_came_home(server, job)
    again = await server.get(f"jobs/{job}")
    assert again["result"]["total_entries_so_far"] == status["result"]["total_entries_so_far"]
    assert len(calls) == again["result"]["usage"]["calls"]
    assert {call["state"] for call in calls} == {"answered"}
    assert len(calls) == status["result"]["units"]["done"] + 8


async def test_what_was_in_flight_at_a_cancel_is_not_paid_again(server: Server, fake: FakeLLM) -> None:
    job = await midway(server, fake)
    await server.post(f"jobs/{job}/cancel")
    fake.control({"hold_from": None})
    project = (await server.get(f"jobs/{job}"))["project_id"]
    adds_up(await server.generate(body(project)))
    assert (len(fake.stats.bodies), max(fake.stats.bodies.values())) == (COUNT, 1)


async def test_who_cancels_after_a_pause_gets_a_cancelled_job(server: Server, fake: FakeLLM) -> None:
    job = await midway(server, fake, 0)
    path = f"jobs/{job}"
    pausing = asyncio.ensure_future(server.post(f"{path}/pause"))
    await reached(lambda: halted(server, job))
    assert (await server.post(f"{path}/cancel"))["status"] == "cancelled"
    assert (await pausing)["status"] == "cancelled"
    assert (await server.get(path))["status"] == "cancelled"


async def test_a_job_cancelled_as_it_starts_is_cancelled(server: Server) -> None:
    project = await server.project(passages())
    for _ in range(5):
        started = await server.post("datasets/generate", body(project))
        status = await server.post(f"jobs/{started['job_id']}/cancel")
        assert status["status"] == "cancelled"
    await reached(lambda: not server.client.app[RUNNER].running)  # one that was claimed notices by itself
    listed = await server.get("jobs")
    assert {job["status"] for job in listed["jobs"]} == {"cancelled"}


async def test_concurrency_is_kept_and_changes_live(server: Server, fake: FakeLLM) -> None:
    fake.control({"hold_from": 1})
    started = await server.post("datasets/generate", body(await server.project(passages(200)), concurrency=3))
    path, seen = f"jobs/{started['job_id']}", []
    for concurrency in (3, 12, 2):
        await server.call("PATCH", path, json={"concurrency": concurrency})
        fake.let_go()  # what is in flight may be more than is allowed from now on
        for _ in range(3):
            await reached(lambda most=concurrency: fake.held == most)
            fake.stats.max_in_flight.clear()
            fake.let_go()
            await server.get(path)
        await reached(lambda most=concurrency: fake.held == most)
        seen.append(fake.stats.max_in_flight["grok"])
    assert seen == [3, 12, 2]
    await server.call("PATCH", path, json={"concurrency": 32})
    fake.control({"hold_from": None})
    assert (await server.ended(started["job_id"]))["result"]["units"]["done"] == 200


async def test_the_pool_is_full_across_batch_borders(server: Server, fake: FakeLLM) -> None:
    fake.control({"hold_from": 1})
    project = await server.project(passages(60))
    started = await server.post("datasets/generate", body(project, concurrency=6, batch_size=1))
    for _ in range(10):
        await reached(lambda: fake.held == 6)
        fake.let_go()
    status = await server.ended(started["job_id"])
    assert status["result"]["completed_batches"] == 60


@pytest.mark.parametrize("ceiling", [{"max_calls": 20}, {"max_cost_usd": "0.30"}], ids=["calls", "money"])
async def test_a_ceiling_pauses_and_a_higher_one_lets_it_go_on(
    server: Server, fake: FakeLLM, ceiling: dict[str, Any]
) -> None:
    fake.control({"grok_reasoning": 3000})
    started = await server.post("datasets/generate", body(await server.project(passages()), **ceiling))
    paused = adds_up(await server.ended(started["job_id"], ("paused",)))
    assert paused["reason"] == "budget"
    assert paused["result"]["waiting_for"] == "a higher ceiling"
    assert 0 < paused["result"]["units"]["pending"] < COUNT
    if "max_calls" in ceiling:
        assert fake.stats.chats == 20
    else:
        assert 0.2 < float(paused["result"]["usage"]["cost_usd"]) <= 0.30
    await server.call("PATCH", f"jobs/{started['job_id']}", json=dict.fromkeys(ceiling))
    await server.post(f"jobs/{started['job_id']}/resume")
    status = adds_up(await server.ended(started["job_id"]))
    assert status["result"]["units"]["done"] == COUNT
    assert max(fake.stats.bodies.values()) == 1


async def test_the_cost_is_what_the_provider_says(server: Server, fake: FakeLLM) -> None:
    status = await server.generate(body(await server.project(passages(30))))
    usage = status["result"]["usage"]
    # The stand-in bills 1.25 and 2.50 dollars per million tokens.
    expected = (usage["input_tokens"] * 1.25 + usage["output_tokens"] * 2.5) / 1e6
    assert float(usage["cost_usd"]) == pytest.approx(expected, rel=1e-4)
    assert usage["input_tokens"] == fake.stats.input_tokens


async def test_a_second_job_pays_nothing_for_the_same_requests(server: Server, fake: FakeLLM, tmp_path: Path) -> None:
    project = await server.project(passages())
    first = await server.generate(body(project))
    second = await server.generate(body(project, concurrency=64))
    assert (second["result"]["usage"]["calls"], second["result"]["usage"]["reused_calls"]) == (0, COUNT)
    assert fake.stats.chats == COUNT
    assert stored(tmp_path, first) == stored(tmp_path, second)
    third = await server.generate(body(project, reuse=False))
    assert third["result"]["usage"]["calls"] == COUNT


async def units_down(server: Server, job: str) -> int:
    return sum((await server.get(f"jobs/{job}"))["result"]["outcomes"].values())


async def test_jobs_that_run_together_each_get_their_share(tmp_path: Path, fake: FakeLLM) -> None:
    limits = {"providers": {"grok": {"max_concurrency": 12}}}
    async with running_app(settings_for(tmp_path, fake, limits), clock=FastClock(50)) as server:
        jobs = []
        for name, concurrency in (("Granite", 4), ("Basalt", 4), ("Marble", 12)):
            project = await server.project(passages(300, name))
            jobs.append((await server.post("datasets/generate", body(project, concurrency=concurrency)))["job_id"])
        await until(server, jobs[2], down(1))
        fake.control({"hold_from": fake.stats.chats + 1})
        before = [await units_down(server, job) for job in jobs]  # those that came first were alone for a while
        while await units_down(server, jobs[2]) < 120:
            await reached(lambda: fake.held == 12)
            fake.let_go()
        done = [await units_down(server, job) - had for job, had in zip(jobs, before, strict=True)]
        assert fake.stats.max_in_flight["grok"] <= 12
        assert done[0] == pytest.approx(done[1], abs=25)
        assert done[2] / done[0] == pytest.approx(3, rel=0.5)
        for job in jobs:
            await server.post(f"jobs/{job}/cancel")
        fake.let_go()


async def test_a_bug_fails_its_job_and_not_the_server(
    server: Server, fake: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = generate.Writer._entry

    def broken(self: Any, unit: Any, *rest: Any) -> Any:
        if unit.position == 20:
            raise ZeroDivisionError
        return entry(self, unit, *rest)

    monkeypatch.setattr(generate.Writer, "_entry", broken)
    project = await server.project(passages())
    failed = adds_up(await server.generate(body(project), ("failed",)))
    assert (failed["error_type"], "internal" in failed["error"]) == ("internal", True)
    calls = await calls_that_came_home(server, failed["job_id"])
    assert {call["state"] for call in calls} == {"answered"}
    with monkeypatch.context() as patched:
        patched.setattr(server.client.app[JOBS], "_moves", lambda job: True)
        problem = await server.post(f"jobs/{failed['job_id']}/retry", {}, 409)
        assert "on their way" in problem["detail"]
    monkeypatch.setattr(generate.Writer, "_entry", entry)
    await server.post(f"jobs/{failed['job_id']}/retry", {})
    status = adds_up(await server.ended(failed["job_id"]))
    assert status["result"]["units"]["done"] == COUNT


async def test_failed_units_alone_are_done_again_in_a_file_of_their_own(
    server: Server, fake: FakeLLM, tmp_path: Path
) -> None:
    fake.control({"rates": {"context": 0.3}})
    project = await server.project(passages())
    first = adds_up(await server.generate(body(project)))
    failed = first["result"]["outcomes"]["failed"]
    assert 0 < failed < COUNT
    before = stored(tmp_path, first)
    fake.control({"rates": {}})
    sent = fake.stats.chats
    await server.post(f"jobs/{first['job_id']}/retry", {})
    second = adds_up(await server.ended(first["job_id"]))
    assert (second["result"]["units"]["done"], fake.stats.chats - sent) == (COUNT, failed)
    assert stored(tmp_path, second)[:-1] == before
    assert second["result"]["batch_files"][-1]["chunks_processed"] == failed
    assert (
        sum(one["entries_count"] for one in second["result"]["batch_files"]) == second["result"]["total_entries_so_far"]
    )
    await server.post(f"jobs/{first['job_id']}/retry", {}, 409)
    third = await server.get(f"jobs/{first['job_id']}")
    assert third["result"]["completed_batches"] == second["result"]["completed_batches"]


@pytest.mark.slow
@pytest.mark.parametrize("format_type", ["jsonl", "parquet", "json"])
async def test_the_files_are_the_same_at_any_concurrency(tmp_path: Path, format_type: str) -> None:
    rates = {"fenced": 0.1, "garbage": 0.1, "truncated": 0.1, "empty": 0.05, "blocked": 0.05}
    found = []
    for concurrency in (1, 7, 64):
        folder = tmp_path / str(concurrency)
        async with (
            FakeLLM(rates=rates, latency="uniform", latency_ms=3, latency_spread_ms=3, seed=concurrency) as fake,
            running_app(settings_for(folder, fake)) as server,
        ):
            fake.options.seed = 0  # other waits, the same replies
            project = await server.project(passages(60))
            status = await server.generate(body(project, concurrency=concurrency, format_type=format_type))
            assert status["result"]["completed_batches"] == 2
            found.append(stored(folder, status))
    assert found[0] == found[1] == found[2]


async def fill_disk(server: Server, pages_left: int | None) -> None:
    """The database may grow by no more than that; None: as it likes."""
    database = server.client.app[RUNNER]._jobs._database  # type: ignore[attr-defined]  # a limit as a full disk sets it

    async def limit(connection: aiosqlite.Connection) -> None:
        (row,) = await connection.execute_fetchall("PRAGMA page_count")
        most = 1_000_000_000 if pages_left is None else row[0] + pages_left
        await connection.execute_fetchall(f"PRAGMA max_page_count = {most}")

    await database.transact(limit)


async def test_a_full_disk_is_waited_for(server: Server, fake: FakeLLM) -> None:
    job = await midway(server, fake)
    await fill_disk(server, 2)
    fake.control({"hold_from": None})
    waiting = await until(server, job, lambda one: bool(one["result"]["waiting_for"]))
    assert waiting["status"] in ("submitted", "running")
    assert waiting["result"]["waiting_for"].startswith("storage: the database cannot be written")
    await fill_disk(server, None)
    status = await server.ended(job)
    assert (status["status"], status["result"]["outcomes"]["accepted"]) == ("completed", COUNT)
    assert adds_up(status)


async def test_a_full_disk_loses_no_reply_and_pays_for_none_twice(server: Server, fake: FakeLLM) -> None:
    job = await midway(server, fake)
    await fill_disk(server, 0)
    fake.control({"hold_from": None})
    await until(server, job, lambda one: bool(one["result"]["waiting_for"]))
    await fill_disk(server, None)
    usage = (await server.ended(job))["result"]["usage"]
    assert (usage["calls"], usage["unknown_calls"], max(fake.stats.bodies.values())) == (COUNT, 0, 1)


async def test_a_pause_ends_the_wait_for_a_call_that_is_shared(server: Server, fake: FakeLLM) -> None:
    """Two jobs ask the same: the second waits for the first one's calls, and can be paused meanwhile."""
    fake.control({"hold_from": 1})
    project = await server.project(passages(4))
    first = (await server.post("datasets/generate", body(project)))["job_id"]
    await reached(lambda: fake.held == 4)
    second = (await server.post("datasets/generate", body(project)))["job_id"]
    await until(server, second, lambda one: one["status"] == "running")
    paused = await server.post(f"jobs/{second}/pause")
    assert (paused["status"], paused["result"]["usage"]["calls"]) == ("paused", 0)
    fake.control({"hold_from": None})
    assert (await server.ended(first))["status"] == "completed"
    await server.post(f"jobs/{second}/resume")
    assert (await server.ended(second))["result"]["usage"]["reused_calls"] == 4
    assert fake.stats.chats == 4


async def test_a_stop_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    async with FakeLLM() as fake:
        async with running_app(settings_for(tmp_path, fake)) as server:
            job = await midway(server, fake)
            stopping = asyncio.ensure_future(server.client.app[RUNNER].stop(60.0))
            await reached(lambda: halted(server, job))
            fake.control({"hold_from": None})
            await stopping
            assert fake.stats.in_flight["grok"] == 0
            assert adds_up(await server.get(f"jobs/{job}"))["status"] == "running"
        async with running_app(settings_for(tmp_path, fake)) as server:
            status = adds_up(await server.ended(job))
        assert status["result"]["units"]["done"] == COUNT
        assert (max(fake.stats.bodies.values()), status["result"]["usage"]["unknown_calls"]) == (1, 0)


def held_up(status: Json) -> bool:
    """It has its place, and waits all the same."""
    return status["status"] == "running" and status["result"]["waiting_for"] is not None


async def test_who_waits_for_the_slots_that_another_job_has_is_told(tmp_path: Path) -> None:
    limits = {"providers": {"grok": {"max_concurrency": 1}}}
    async with FakeLLM(hold_from=1) as fake, running_app(settings_for(tmp_path, fake, limits)) as server:
        first = await server.post("datasets/generate", body(await server.project(passages(3))))
        await reached(lambda: fake.held == 1)
        second = await server.post("datasets/generate", body(await server.project(passages(2, of="Other"))))
        waiting = await until(server, second["job_id"], held_up)
        moving = await server.get(f"jobs/{first['job_id']}")
        told = [one["result"]["waiting_for"] for one in (waiting, moving)]
        assert told == ["a free slot at the provider", None]
        fake.control({"hold_from": None})
        for job in (first, second):
            assert (await server.ended(job["job_id"]))["status"] == "completed"


async def test_who_waits_for_an_equal_call_of_another_job_is_told(server: Server, fake: FakeLLM) -> None:
    fake.control({"hold_from": 1})
    project = await server.project(passages(2))
    first = await server.post("datasets/generate", body(project))
    await reached(lambda: fake.held == 2)
    second = await server.post("datasets/generate", body(project))
    waiting = await until(server, second["job_id"], held_up)
    moving = await server.get(f"jobs/{first['job_id']}")
    told = [one["result"]["waiting_for"] for one in (waiting, moving)]
    assert told == ["the answer to an equal call of another job", None]
    fake.control({"hold_from": None})
    for job in (first, second):
        assert (await server.ended(job["job_id"]))["status"] == "completed"


async def test_who_waits_for_an_equal_call_learns_what_that_waits_for(server: Server, fake: FakeLLM) -> None:
    fake.control({"rates": {"429": 1.0}, "retry_after_s": 800})
    project = await server.project(passages(2))
    first = await server.post("datasets/generate", body(project))
    await until(server, first["job_id"], held_up)
    second = await server.post("datasets/generate", body(project))
    waiting = await until(server, second["job_id"], held_up)
    assert waiting["result"]["waiting_for"].startswith(
        "the answer to an equal call of another job, which waits for the provider: it said to slow down"
    )
