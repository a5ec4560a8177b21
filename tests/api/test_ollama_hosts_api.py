"""A whole job on two Ollama hosts of which one is sick: the other does the work, and the ledger tells what was sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app_parts import Json, Server, running_app, settings_for
from fake_llm import FakeLLM
from virtual_clock import FastClock

UNITS = 60


def passages() -> list[str]:
    return [
        f"Sample {n} was taken at site {n % 17} in {1900 + n % 90}. Its mass is {n * 7 + 3} grams. "
        f"The keeper stored it in drawer {n} because the shelf was full."
        for n in range(UNITS)
    ]


@asynccontextmanager
async def on_two_hosts(folder: Path, sick: FakeLLM, sound: FakeLLM, **generation: float) -> AsyncIterator[Server]:
    async with sick, sound:
        account = {"base_urls": [sick.url, sound.url], "max_concurrency": 8}
        settings = settings_for(folder, sound, {"providers": {"ollama": account}, "generation": generation})
        async with running_app(settings, clock=FastClock()) as server:
            yield server


async def generated(server: Server, until: str = "completed") -> Json:
    project = await server.project(passages())
    wanted = {"project_id": project, "generation_model": "ollama", "concurrency": 8, "analyze_quality": False}
    return await server.generate(wanted, (until,))


@pytest.mark.parametrize("fault", ["memory", "503", "html-502", "auth"])
async def test_a_host_that_refuses_costs_no_unit_and_no_call(tmp_path: Path, fault: str) -> None:
    sick, sound = FakeLLM(rates={fault: 1.0}), FakeLLM()
    async with on_two_hosts(tmp_path, sick, sound) as server:
        result = (await generated(server))["result"]
    assert (result["outcomes"]["failed"], result["units"]["done"]) == (0, UNITS)
    assert result["usage"]["calls"] == sound.stats.chats == UNITS
    assert result["usage"]["unknown_calls"] == 0


@pytest.mark.parametrize(("fault", "unknown"), [("500", False), ("reset", True)])
async def test_a_host_that_fails_costs_a_call_each_time_and_no_unit(tmp_path: Path, fault: str, unknown: bool) -> None:
    sick, sound = FakeLLM(rates={fault: 1.0}), FakeLLM()
    async with on_two_hosts(tmp_path, sick, sound) as server:
        result = (await generated(server))["result"]
    assert (result["outcomes"]["failed"], result["units"]["done"]) == (0, UNITS)
    assert result["usage"]["calls"] == sick.stats.chats + sound.stats.chats
    assert result["usage"]["unknown_calls"] == (sick.stats.chats if unknown else 0)


async def test_a_call_that_failed_names_its_host(tmp_path: Path) -> None:
    sick, sound = FakeLLM(rates={"500": 1.0}), FakeLLM()
    async with on_two_hosts(tmp_path, sick, sound) as server:
        status = await generated(server)
        calls = (await server.get(f"jobs/{status['job_id']}/calls?per_page=1000"))["calls"]
    told = {call["error_detail"].partition(": ")[0] for call in calls if call["state"] == "failed"}
    assert told == {sick.url.removeprefix("http://")}


async def test_a_key_that_every_host_refuses_ends_the_job(tmp_path: Path) -> None:
    sick, also = FakeLLM(rates={"auth": 1.0}), FakeLLM(rates={"auth": 1.0})
    async with on_two_hosts(tmp_path, sick, also) as server:
        status = await generated(server, "failed")
    assert all(host.url.removeprefix("http://") in status["error"] for host in (sick, also))
    assert status["result"]["outcomes"]["failed"] == 0


async def test_a_failure_of_every_host_is_an_outage_of_the_account(tmp_path: Path) -> None:
    sick, also = FakeLLM(rates={"500": 1.0}), FakeLLM(rates={"html-502": 1.0})
    async with on_two_hosts(tmp_path, sick, also, give_up_after_s=60.0) as server:
        status = await generated(server, "paused")
        assert (status["reason"], status["result"]["outcomes"]["failed"]) == ("provider", 0)
        usage = status["result"]["usage"]
        assert (usage["unsent_calls"], usage["unknown_calls"]) == (0, 0)
        sick.control({"rates": {}})
        also.control({"rates": {}})
        await server.post(f"jobs/{status['job_id']}/resume")
        assert (await server.ended(status["job_id"]))["result"]["units"]["done"] == UNITS


async def test_a_model_that_every_host_that_answers_lacks_is_told_at_once(tmp_path: Path) -> None:
    away, told = "http://127.0.0.1:1", ""
    async with FakeLLM(ollama_models=[]) as there:
        hosts = {"providers": {"ollama": {"base_urls": [away, there.url]}}}
        settings = settings_for(tmp_path, there, hosts)
        async with running_app(settings, clock=FastClock()) as server:
            wanted = {"project_id": await server.project(passages()), "generation_model": "ollama/misspelt"}
            started = await server.post("datasets/generate", wanted)
            while "does not answer" not in told:
                await asyncio.sleep(0.01)
                told = (await server.get(f"jobs/{started['job_id']}"))["result"]["waiting_for"] or ""
    assert all(said in told for said in ("127.0.0.1:1: ", there.url.removeprefix("http://"), "misspelt"))


async def test_hosts_that_are_all_busy_are_waited_for(tmp_path: Path) -> None:
    script = dict.fromkeys(range(1, 13), "503")
    sick, also = FakeLLM(script=script), FakeLLM(script=script)
    async with on_two_hosts(tmp_path, sick, also) as server:
        result = (await generated(server))["result"]
    assert (result["outcomes"]["failed"], result["units"]["done"]) == (0, UNITS)


async def test_a_host_that_is_away_is_named_while_the_provider_is_reachable(tmp_path: Path) -> None:
    away, there = FakeLLM(), FakeLLM()
    async with on_two_hosts(tmp_path, away, there) as server:
        await away.stop()
        found = {one["name"]: one for one in (await server.get("providers"))["providers"]}["ollama"]
    assert (found["reachable"], len(found["models"])) == (True, len(there.options.ollama_models))
    assert away.url.removeprefix("http://") in found["problem"]
    assert there.url.removeprefix("http://") not in found["problem"]


async def test_hosts_that_are_all_there_are_no_problem(tmp_path: Path) -> None:
    async with on_two_hosts(tmp_path, FakeLLM(), FakeLLM()) as server:
        found = {one["name"]: one for one in (await server.get("providers"))["providers"]}["ollama"]
    assert (found["reachable"], found["problem"]) == (True, None)
