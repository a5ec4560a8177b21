"""Every fault of every provider's wire at once: each job ends, its numbers add up, nothing transient fails a unit."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from api_parts import until
from app_parts import Json, Server, running_app, settings_for
from chunksmith.web.keys import METRICS
from fake_llm import FakeLLM
from virtual_clock import FastClock, VirtualClock, leap

TRANSIENT = {
    "429": 0.06,
    "429-no-hint": 0.03,
    "500": 0.04,
    "503": 0.05,
    "504": 0.03,
    "html-502": 0.03,
    "non-json": 0.03,
    "reset": 0.04,
    "reset-body": 0.04,
    "drip": 0.03,
}
CONTENT = {
    "truncated": 0.06,
    "thinking-only": 0.03,
    "fenced": 0.08,
    "prose": 0.06,
    "single": 0.05,
    "wrong-schema": 0.05,
    "garbage": 0.05,
    "unknown-finish": 0.03,
    "empty": 0.04,
}
BLOCKED = {"blocked": 0.03, "safety": 0.03, "recitation": 0.02}
COUNT = 120
# Reasons for which a unit may end without entries. None of them would be gone a minute later.
LASTING = {"unreadable_reply", "refused", "no_entries", "partly", None}


def passages(count: int = COUNT) -> list[str]:
    return [
        f"Sample {n} was taken at site {n % 17} in {1900 + n % 90}. Its mass is {n * 7 + 3} grams. "
        f"The keeper stored it in drawer {n} because the shelf was full."
        for n in range(count)
    ]


def body(project: int, provider: str, **more: Any) -> Json:
    wanted = {"project_id": project, "data_source": "Chunks Only", "generation_model": provider}
    return {**wanted, "concurrency": 16, "batch_size": 25, **more}


def adds_up(status: Json) -> None:
    result = status["result"]
    units, outcomes = result["units"], result["outcomes"]
    assert sum(outcomes.values()) + units["pending"] == units["total"]
    assert units["done"] + units["failed"] + units["pending"] == units["total"]
    assert 0 <= status["progress"] <= 100


async def answered(fake: FakeLLM, count: int) -> None:
    """Until so many replies are out."""
    while fake.stats.replies < count:  # noqa: ASYNC110 - the stand-in has no event for it
        await asyncio.sleep(0.01)


async def all_outcomes(server: Server, job_id: str) -> list[Json]:
    found: list[Json] = (await server.get(f"jobs/{job_id}/outcomes?per_page=1000"))["outcomes"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("provider", ["gemini", "grok", "ollama"])
async def test_a_job_lives_through_all_faults_at_once(tmp_path: Path, provider: str) -> None:
    fake = FakeLLM(rates={**TRANSIENT, **CONTENT, **BLOCKED}, drip_ms=1, retry_after_s=2, seed=5, latency_ms=2)
    limits = {"providers": {provider: {"max_concurrency": 32}}}
    async with fake, running_app(settings_for(tmp_path, fake, limits), clock=FastClock()) as server:
        project = await server.project(passages())
        status = await server.generate(body(project, provider))
        adds_up(status)
        outcomes = await all_outcomes(server, status["job_id"])
        assert {one["reason"] for one in outcomes} <= LASTING
        assert status["result"]["outcomes"]["failed"] == 0
        assert status["result"]["units"]["pending"] == 0
        assert sum(one["entries"] for one in outcomes) == status["result"]["total_entries_so_far"]
        listed = await server.get(f"datasets/{status['result']['dataset_id']}/entries")
        assert listed["total"] == status["result"]["total_entries_so_far"]
        assert set(TRANSIENT) <= set(fake.stats.faults)
        usage = status["result"]["usage"]
        assert usage["calls"] == fake.stats.chats


async def test_calls_that_hang_are_given_up_and_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeLLM(script={3: "hang", 7: "hang"})
    limits = {"providers": {"grok": {"timeout_s": 600}}}
    async with fake, running_app(settings_for(tmp_path, fake, limits), clock=FastClock()) as server:
        started = await server.post("datasets/generate", body(await server.project(passages(20)), "grok"))

        async def but_for_two() -> bool:
            done: int = (await server.get(f"jobs/{started['job_id']}"))["result"]["units"]["done"]
            return done == 18

        await until(but_for_two)
        leap(monkeypatch, 600)
        status = await server.ended(started["job_id"])
        assert status["result"]["units"]["done"] == 20
        usage = status["result"]["usage"]
        assert (usage["unknown_calls"], usage["unknown_cost_calls"]) == (2, 2)
        assert usage["known_cost_usd"] == usage["cost_usd"]


async def test_what_is_certain_of_a_cost_is_told_beside_what_is_not(server: Server, fake: FakeLLM) -> None:
    fake.options.more_models = ["gemma-unheard"]
    wanted = {"generation_model": "grok", "judge_model": "gemini/gemma-unheard"}
    usage = (await server.generate({"project_id": await server.project(), **wanted}))["result"]["usage"]
    assert usage["cost_usd"] is None
    assert float(usage["known_cost_usd"]) > 0
    assert 0 < usage["unknown_cost_calls"] < usage["calls"]


@pytest.mark.parametrize("fault", ["quota-day", "credits"])
@pytest.mark.parametrize("provider", ["gemini", "grok"])
async def test_a_spent_quota_pauses_the_job_and_it_goes_on_later(tmp_path: Path, provider: str, fault: str) -> None:
    if (provider, fault) == ("grok", "quota-day"):
        pytest.skip("Grok has no quota per day")
    async with FakeLLM(latency_ms=5) as fake, running_app(settings_for(tmp_path, fake), clock=FastClock()) as server:
        project = await server.project(passages(60))
        started = await server.post("datasets/generate", body(project, provider))
        await answered(fake, 20)
        fake.control({"rates": {fault: 1.0}})
        paused = await server.ended(started["job_id"], ("paused",))
        adds_up(paused)
        assert paused["reason"] == "provider"
        assert "provider" in paused["result"]["waiting_for"]
        assert paused["error"]
        fake.control({"rates": {}})
        await server.post(f"jobs/{started['job_id']}/resume")
        status = await server.ended(started["job_id"])
        assert status["result"]["units"]["done"] == 60
        assert max(fake.stats.bodies.values()) <= 2


async def test_a_wrong_key_ends_the_job_and_a_retry_continues_it(tmp_path: Path) -> None:
    async with FakeLLM(latency_ms=5) as fake, running_app(settings_for(tmp_path, fake), clock=FastClock()) as server:
        project = await server.project(passages(40))
        started = await server.post("datasets/generate", body(project, "grok", concurrency=4))
        await answered(fake, 10)
        fake.control({"rates": {"auth": 1.0}})
        failed = await server.ended(started["job_id"], ("failed",))
        adds_up(failed)
        assert failed["result"]["outcomes"]["failed"] == 0
        assert failed["result"]["units"]["pending"] > 0
        assert "key" in failed["error"].lower()
        assert fake.stats.faults["auth"] <= 4  # those that were in flight, and none that waited for their place
        fake.control({"rates": {}})
        await server.post(f"jobs/{started['job_id']}/retry", {})
        status = await server.ended(started["job_id"])
        assert status["result"]["units"]["done"] == 40
        assert [batch["entries_count"] > 0 for batch in status["result"]["batch_files"]] == [True, True]


async def test_an_outage_pauses_the_job_after_the_time_that_is_set(tmp_path: Path) -> None:
    async with FakeLLM(rates={"503": 1.0}) as fake:
        limits = {"generation": {"give_up_after_s": 60.0}}
        async with running_app(settings_for(tmp_path, fake, limits), clock=FastClock()) as server:
            project = await server.project(passages(30))
            started = await server.post("datasets/generate", body(project, "grok"))
            paused = await server.ended(started["job_id"], ("paused",))
            assert (paused["reason"], paused["result"]["outcomes"]["failed"]) == ("provider", 0)
            fake.control({"rates": {}})
            await server.post(f"jobs/{started['job_id']}/resume")
            assert (await server.ended(started["job_id"]))["result"]["units"]["done"] == 30


@pytest.mark.parametrize("provider", ["gemini", "grok", "ollama"])
@pytest.mark.parametrize("tpm", [60_000, 10_000], ids=["requests", "tokens"])
async def test_no_limit_of_the_provider_is_crossed(tmp_path: Path, provider: str, tpm: int) -> None:
    # No time passes while a call is on its way, so it arrives there at the moment at which it left here.
    clock = VirtualClock()
    fake = FakeLLM(monotonic=clock.monotonic, rpm=40, tpm=tpm, max_concurrency=6, latency_ms=3)
    limits = {"max_concurrency": 6, "requests_per_minute": 40, "tokens_per_minute": tpm}
    async with (
        fake,
        running_app(settings_for(tmp_path, fake, {"providers": {provider: limits}}), clock=clock) as server,
    ):

        async def nothing_in_flight() -> bool:
            told = await server.client.app[METRICS].text()
            return f'chunksmith_calls_in_flight{{provider="{provider}"}} 0.0' in told.decode()

        project = await server.project(passages(60))
        passing = asyncio.create_task(clock.pass_while(nothing_in_flight))
        status = await server.generate(body(project, provider, concurrency=32))
        passing.cancel()
        assert status["result"]["units"]["done"] == 60
        assert fake.stats.violations == {}
        assert fake.stats.max_in_flight[provider] <= 6
