"""Jobs that wait for a provider that is not there, and those of other providers beside them."""

import asyncio
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

from app_parts import Json, Server, running_app, settings_for
from fake_llm import FakeLLM
from virtual_clock import FastClock

PLACES = 2


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def without_ollama(port: int) -> dict[str, dict[str, Any]]:
    return {
        "providers": {"ollama": {"base_url": f"http://127.0.0.1:{port}"}},
        "generation": {"max_running_jobs": PLACES, "give_up_after_s": 1_000_000},
    }


async def submitted(server: Server, model: str, count: int = 1) -> list[str]:
    project = await server.project()
    wanted = {"project_id": project, "generation_model": model}
    return [(await server.post("datasets/generate", {**wanted, "seed": n}))["job_id"] for n in range(count)]


async def shown(server: Server, jobs: list[str]) -> list[Json]:
    return [await server.get(f"jobs/{job}") for job in jobs]


async def until_ended(server: Server, job: str) -> Json:
    """Also while it is still in the queue."""
    while (await server.get(f"jobs/{job}"))["status"] == "submitted":  # noqa: ASYNC110 - it can only be asked
        await asyncio.sleep(0.005)
    return await server.ended(job)


async def test_others_run_while_jobs_wait_for_a_provider_that_is_not_there(tmp_path: Path) -> None:
    port = free_port()
    async with running_app(settings_for(tmp_path, None, without_ollama(port)), clock=FastClock()) as server:
        silent = await submitted(server, "ollama", PLACES + 1)
        (other,) = await submitted(server, "builtin")
        await until_ended(server, other)
        assert [one["status"] for one in await shown(server, silent)] == ["running"] * PLACES + ["submitted"]
        assert (await shown(server, silent))[-1]["result"]["waiting_for"] == "a free place in the queue"
        async with FakeLLM("127.0.0.1", port):
            assert [(await until_ended(server, job))["result"]["units"]["done"] for job in silent] == [5] * len(silent)


async def test_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, None, without_ollama(free_port()))
    async with running_app(settings, clock=FastClock()) as server:
        silent = await submitted(server, "ollama", PLACES)
    async with running_app(settings, clock=FastClock()) as server:
        (other,) = await submitted(server, "builtin")
        await until_ended(server, other)
        assert [one["status"] for one in await shown(server, silent)] == ["running"] * PLACES
