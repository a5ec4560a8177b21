"""Calls that never left: a provider that is not there, a key that is gone, passages that no window holds."""

import socket
from contextlib import closing
from pathlib import Path

from app_parts import PASSAGES, Json, Server, running_app, settings_for
from fake_llm import FakeLLM
from virtual_clock import FastClock


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def adds_up(status: Json, listed: Json) -> None:
    usage = status["result"]["usage"]
    sent = [one["sent"] for one in listed["calls"]]
    assert (usage["calls"], usage["unsent_calls"]) == (sent.count(True), sent.count(False))
    assert listed["total"] == len(sent)


async def test_an_outage_is_told_as_one_and_leaves_the_ceiling_whole(tmp_path: Path) -> None:
    port = free_port()
    away = {
        "providers": {"ollama": {"base_url": f"http://127.0.0.1:{port}"}},
        "generation": {"give_up_after_s": 30},
    }
    async with running_app(settings_for(tmp_path, None, away), clock=FastClock()) as server:
        wanted = {"project_id": await server.project(), "generation_model": "ollama", "concurrency": 4, "max_calls": 3}
        paused = await server.generate(wanted, ("paused",))
        assert paused["reason"] == "provider"
        assert "has not answered" in paused["error"]
        listed = await server.get(f"jobs/{paused['job_id']}/calls?per_page=1000")
        assert (paused["result"]["usage"]["calls"], len(listed["calls"]) > 8) == (0, True)
        assert {(one["state"], one["error_kind"]) for one in listed["calls"]} == {("failed", "connection")}
        adds_up(paused, listed)
        async with FakeLLM("127.0.0.1", port) as fake:
            await server.post(f"jobs/{paused['job_id']}/resume")
            limited = await server.ended(paused["job_id"], ("paused",))
            assert (limited["reason"], fake.stats.chats) == ("budget", 3)
            assert "3 of 3 calls" in limited["error"]
            adds_up(limited, await server.get(f"jobs/{paused['job_id']}/calls?per_page=1000"))


async def test_passages_that_do_not_fit_use_up_no_calls(server: Server, fake: FakeLLM) -> None:
    passages = ["word " * 40_000, "term " * 40_000, PASSAGES[0], PASSAGES[1]]
    wanted = {"project_id": await server.project(passages), "generation_model": "ollama", "max_calls": 2}
    status = await server.generate(wanted)
    assert (status["result"]["outcomes"]["failed"], status["result"]["outcomes"]["accepted"]) == (2, 2)
    assert (status["result"]["usage"]["calls"], fake.stats.chats) == (2, 2)
    adds_up(status, await server.get(f"jobs/{status['job_id']}/calls"))


async def test_a_start_without_the_key_counts_no_calls(tmp_path: Path) -> None:
    async with FakeLLM() as fake:
        async with running_app(settings_for(tmp_path, fake)) as server:
            wanted = {"project_id": await server.project(), "generation_model": "grok", "max_calls": 2}
            job = (await server.generate(wanted, ("paused",)))["job_id"]
        keyless = settings_for(tmp_path, fake, {"providers": {"grok": {"api_key": None}}})
        async with running_app(keyless) as server:
            await server.call("PATCH", f"jobs/{job}", json={"max_calls": 4, "concurrency": 4})
            await server.post(f"jobs/{job}/resume")
            failed = await server.ended(job, ("failed",))
            assert "API key not configured" in failed["error"]
            assert failed["result"]["usage"]["calls"] == fake.stats.chats == 2
            adds_up(failed, await server.get(f"jobs/{job}/calls"))
