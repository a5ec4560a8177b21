"""A provider that says to come back in ten days: jobs pause at once, and go on then, or when somebody says so."""

import asyncio
from pathlib import Path

import pytest

from app_parts import Json, Server, running_app, settings_for
from chunksmith.domain.clock import SystemClock
from fake_llm import FakeLLM
from virtual_clock import FastClock

TEN_DAYS = 864_000


class LaterClock(SystemClock):
    """After ten days."""

    def now(self) -> float:
        return super().now() + TEN_DAYS + 60


async def told_to_wait(server: Server) -> Json:
    """A job whose first call is answered with a wait."""
    paused = await server.generate({"project_id": await server.project(), "generation_model": "grok"}, ("paused",))
    assert paused["reason"] == "provider"
    assert "grok wants no calls until 20" in paused["error"]
    return paused


async def goes_on(server: Server, job: str) -> Json:
    """By itself, and is completed."""
    while (status := await server.get(f"jobs/{job}"))["status"] != "completed":
        assert status["status"] in ("paused", "submitted", "running")
        await asyncio.sleep(0.01)
    return status


async def test_a_resume_asks_again_and_the_job_goes_on(tmp_path: Path) -> None:
    async with FakeLLM(script={1: "429"}, retry_after_s=TEN_DAYS) as fake:
        async with running_app(settings_for(tmp_path, fake)) as server:
            paused = await told_to_wait(server)
            await server.post(f"jobs/{paused['job_id']}/resume")
            done = await server.ended(paused["job_id"])
            assert (done["result"]["units"]["done"], fake.stats.chats) == (5, 6)
        async with running_app(settings_for(tmp_path, fake)) as server:
            await server.generate({"project_id": await server.project(), "generation_model": "grok", "seed": 2})


async def test_a_resume_that_is_told_to_wait_again_cost_one_call(tmp_path: Path) -> None:
    fake = FakeLLM(script={1: "429", 2: "429"}, retry_after_s=TEN_DAYS)
    async with fake, running_app(settings_for(tmp_path, fake)) as server:
        paused = await told_to_wait(server)
        await server.call("PATCH", f"jobs/{paused['job_id']}", json={"concurrency": 4})
        await server.post(f"jobs/{paused['job_id']}/resume")
        again = await server.ended(paused["job_id"], ("paused",))
        assert (again["reason"], fake.stats.chats) == ("provider", 2)


async def test_neither_a_restart_nor_another_job_asks_before_the_time(tmp_path: Path) -> None:
    async with FakeLLM(script={1: "429"}, retry_after_s=TEN_DAYS) as fake:
        async with running_app(settings_for(tmp_path, fake)) as server:
            await told_to_wait(server)
        async with running_app(settings_for(tmp_path, fake)) as server:
            wanted = {"project_id": await server.project(), "generation_model": "grok/grok-4.6"}
            other = await server.generate(wanted, ("paused",))
            assert "wants no calls until 20" in other["error"]
            assert fake.stats.chats == 1


async def test_when_the_time_has_come_the_job_goes_on_by_itself(tmp_path: Path) -> None:
    fake = FakeLLM(script={1: "429"}, retry_after_s=2000)
    async with fake, running_app(settings_for(tmp_path, fake), clock=FastClock(10_000)) as server:
        started = await server.post(
            "datasets/generate", {"project_id": await server.project(), "generation_model": "grok"}
        )
        done = await goes_on(server, started["job_id"])
        assert (done["result"]["units"]["done"], done["error"], fake.stats.chats) == (5, None, 6)


async def test_when_the_time_has_come_while_the_server_was_down_the_job_goes_on(tmp_path: Path) -> None:
    async with FakeLLM(script={1: "429"}, retry_after_s=TEN_DAYS) as fake:
        async with running_app(settings_for(tmp_path, fake)) as server:
            job = (await told_to_wait(server))["job_id"]
        async with running_app(settings_for(tmp_path, fake), clock=LaterClock()) as server:
            await goes_on(server, job)


async def test_an_answer_to_one_job_lets_the_others_go_on(tmp_path: Path) -> None:
    fake = FakeLLM(script={1: "429"}, retry_after_s=TEN_DAYS)
    async with fake, running_app(settings_for(tmp_path, fake)) as server:
        jobs = [(await told_to_wait(server))["job_id"] for _ in range(3)]
        await server.post(f"jobs/{jobs[1]}/resume")
        for job in jobs:
            await goes_on(server, job)


@pytest.mark.parametrize("restarted", [False, True])
async def test_new_limits_of_the_provider_let_the_next_job_ask(tmp_path: Path, *, restarted: bool) -> None:
    async with FakeLLM(script={1: "429"}, retry_after_s=TEN_DAYS) as fake:
        settings = settings_for(tmp_path, fake)
        async with running_app(settings) as server:
            await told_to_wait(server)
            if not restarted:
                await _asks_after_a_change(server)
        if restarted:
            async with running_app(settings) as server:
                await _asks_after_a_change(server)


async def _asks_after_a_change(server: Server) -> None:
    await server.call("PATCH", "providers/grok", json={"max_concurrency": 10})
    await server.generate({"project_id": await server.project(), "generation_model": "grok"})
