"""Seeing what goes on: estimates, events, metrics, the webhook; and keeping the ledger."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app_parts import PASSAGES, Server, running_app, settings_for
from fake_llm import FakeLLM

MANY = [f"{text} Batch number {n} was fired on day {n} of the month." for n in range(8) for text in PASSAGES]


@asynccontextmanager
async def served(tmp_path: Path, **fake_options: Any) -> AsyncIterator[tuple[Server, FakeLLM]]:
    async with FakeLLM(**fake_options) as fake, running_app(settings_for(tmp_path, fake)) as server:
        yield server, fake


async def events_of(server: Server, job_id: str, after: str | None = None) -> list[dict[str, Any]]:
    headers = {"Last-Event-ID": after} if after else {}
    async with server.client.get(f"/api/v1/jobs/{job_id}/events", headers=headers) as response:
        assert response.content_type == "text/event-stream"
        text = await response.text()
    found = []
    for block in text.strip().split("\n\n"):
        event = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if event:
            found.append({**event, "data": json.loads(event["data"])})
    return found


async def test_an_estimate_holds_what_the_run_takes(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        body = {"project_id": await server.project(MANY), "generation_model": "gemini", "concurrency": 8}
        estimate = await server.post("datasets/estimate", body)
        usage = (await server.generate(body))["result"]["usage"]
        assert estimate["calls"]["low"] <= usage["calls"] <= estimate["calls"]["high"]
        assert float(usage["cost_usd"]) <= float(estimate["cost_usd"]["high"])


async def test_an_estimate_takes_the_limits_as_they_are_now(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        body = {"project_id": await server.project(MANY), "generation_model": "gemini", "concurrency": 8}
        changes = {"max_concurrency": 2, "requests_per_minute": 1, "tokens_per_minute": None}
        await server.call("PATCH", "providers/gemini", json=changes)
        estimate = await server.post("datasets/estimate", body)
        assert estimate["duration_s"]["low"] >= 60 * (estimate["calls"]["low"] - 1) > 0
        assert "limits of gemini: calls at once: 2, requests a minute: 1" in estimate["rests_on"]


async def test_an_estimate_starts_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, fake):
        await server.post("datasets/estimate", {"project_id": await server.project(), "generation_model": "grok"})
        assert (fake.stats.chats, (await server.get("jobs"))["total"]) == (0, 0)


async def test_an_estimate_knows_what_the_ledger_answers(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        body = {"project_id": await server.project(), "generation_model": "gemini"}
        await server.generate(body)
        assert (await server.post("datasets/estimate", body))["calls"] == {"low": 0, "high": 0}


async def test_an_estimate_learns_from_past_replies(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        body = {"project_id": await server.project(MANY), "generation_model": "gemini"}
        before = await server.post("datasets/estimate", body)
        await server.generate(body)
        after = await server.post("datasets/estimate", body | {"reuse": False})
        spread = [(one["output_tokens"]["high"] - one["output_tokens"]["low"]) for one in (before, after)]
        assert spread[1] < spread[0] / 2
        assert any("earlier replies" in line for line in after["rests_on"])


async def test_an_unknown_price_is_null(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        body = {"project_id": await server.project(), "generation_model": "grok/none-such"}
        assert (await server.post("datasets/estimate", body))["cost_usd"] is None


async def test_events_tell_states_batches_and_progress(tmp_path: Path) -> None:
    async with served(tmp_path, latency_ms=20) as (server, _):
        body = {"project_id": await server.project(MANY), "generation_model": "gemini", "batch_size": 10}
        job_id = (await server.post("datasets/generate", body))["job_id"]
        events = await events_of(server, job_id)
        assert [one["data"]["status"] for one in events if one["event"] == "state"] == ["running", "completed"]
        assert [one["data"]["batch_index"] for one in events if one["event"] == "batch"] == [0, 1, 2, 3]
        assert events[-1]["data"]["progress"] == 100


async def test_events_are_replayed_after_the_last_one_seen(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        body = {"project_id": await server.project(MANY), "generation_model": "gemini", "batch_size": 10}
        job_id = (await server.generate(body))["job_id"]
        numbered = [one for one in await events_of(server, job_id) if "id" in one]
        again = [one for one in await events_of(server, job_id, numbered[2]["id"]) if "id" in one]
        assert again == numbered[3:]


async def test_events_of_an_unknown_job_are_404(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        await server.get("jobs/none/events", 404)


async def test_metrics_count_calls_tokens_and_outcomes(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        await server.generate({"project_id": await server.project(), "generation_model": "gemini"})
        async with server.client.get("/metrics") as response:
            text = await response.text()
        assert 'chunksmith_calls_total{provider="gemini",result="answered"} 5.0' in text
        assert 'chunksmith_units_total{kind="dataset-gen",outcome="accepted"} 5.0' in text
        assert 'chunksmith_tokens_total{kind="input",provider="gemini"}' in text


async def test_metrics_count_units_of_taxonomy_jobs_and_documents(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        project = await server.project()
        body = {"project_id": project, "name": "Made", "model": "builtin"}
        await server.ended((await server.post("taxonomy/generate", body, 202))["job_id"])
        files = aiohttp.FormData({"project_id": str(project)})
        files.add_field("files", b"A kiln dries fired clay. The potter opens the damper.", filename="kiln.txt")
        await server.call("POST", "documents/upload", 201, data=files)
        await server.ended((await server.post("documents/process", {"project_id": project}, 202))["job_id"])
        async with server.client.get("/metrics") as response:
            text = await response.text()
        assert 'chunksmith_units_total{kind="taxonomy",outcome="accepted"} 1.0' in text
        assert 'chunksmith_units_total{kind="process",outcome="accepted"} 1.0' in text


async def test_a_providers_limits_can_be_changed_while_it_is_used(tmp_path: Path) -> None:
    async with served(tmp_path, latency_ms=30) as (server, fake):
        await server.call("PATCH", "providers/gemini", json={"max_concurrency": 2})
        await server.generate(
            {"project_id": await server.project(MANY), "generation_model": "gemini", "concurrency": 9}
        )
        assert fake.stats.max_in_flight["gemini"] <= 2


@pytest.mark.parametrize(
    ("provider", "body", "status"),
    [("gemini", {}, 400), ("gemini", {"max_concurrency": 0}, 400), ("none", {"max_concurrency": 1}, 404)],
    ids=["nothing", "zero", "unknown"],
)
async def test_wrong_limits_are_refused(tmp_path: Path, provider: str, body: dict[str, int], status: int) -> None:
    async with served(tmp_path) as (server, _):
        await server.call("PATCH", f"providers/{provider}", status, json=body)


class Receiver:
    """A webhook's other end; refuses the first ``refusals`` times."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.arrived = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=503)
        self.received.append((dict(request.headers), await request.read()))
        self.arrived.set()
        return web.Response()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/hook", self.take)
        async with TestServer(app) as server:
            yield str(server.make_url("/hook"))


class HurriedClock:
    """The real time, but waiting takes hardly any of it."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return 1_800_000_000.0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0.01)  # what looks again and again would do nothing else


@pytest.mark.parametrize("refusals", [0, 2])
async def test_the_webhook_hears_of_the_end_signed(tmp_path: Path, refusals: int) -> None:
    receiver = Receiver(refusals)
    async with receiver.listening() as url:
        hook = {"url": url, "secret": "shared-secret", "allow_private": True}
        settings = settings_for(tmp_path, None, {"webhooks": hook})
        async with running_app(settings, clock=HurriedClock()) as server:
            job_id = (await server.generate({"project_id": await server.project(), "generation_model": "builtin"}))[
                "job_id"
            ]
            await asyncio.wait_for(receiver.arrived.wait(), 10)
        ((headers, body),) = receiver.received
        signed = headers["X-Chunksmith-Time"].encode() + b"." + body
        expected = hmac.new(b"shared-secret", signed, hashlib.sha256).hexdigest()
        assert headers["X-Chunksmith-Signature"] == f"sha256={expected}"
        assert json.loads(body)["job_id"] == job_id


async def test_pruned_replies_are_counted_first_and_then_cannot_answer(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, fake):
        body = {"project_id": await server.project(), "generation_model": "gemini"}
        job_id = (await server.generate(body))["job_id"]
        dry = await server.post("ledger/prune", {"job_id": job_id, "dry_run": True})
        assert dry["replies"] == 5
        pruned = await server.post("ledger/prune", {"job_id": job_id})
        assert (pruned["replies"], pruned["size_bytes"]) == (dry["replies"], dry["size_bytes"])
        await server.generate(body)
        assert fake.stats.chats == 10


async def test_young_replies_are_not_pruned_by_age(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        await server.generate({"project_id": await server.project(), "generation_model": "gemini"})
        assert (await server.post("ledger/prune", {"older_than_days": 1}))["replies"] == 0


async def test_pruning_needs_to_know_what(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        await server.post("ledger/prune", {}, 400)


async def test_rescoring_makes_no_call_and_gives_the_same_scores(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, fake):
        status = await server.generate({"project_id": await server.project(MANY), "generation_model": "gemini"})
        dataset_id, calls = status["result"]["dataset_id"], fake.stats.chats
        before = await server.get(f"datasets/{dataset_id}/entries?per_page=1000")
        job = await server.post(f"datasets/{dataset_id}/rescore", None, 202)
        await server.ended(job["job_id"])
        assert await server.get(f"datasets/{dataset_id}/entries?per_page=1000") == before
        assert fake.stats.chats == calls


async def test_stored_replies_are_parsed_again_for_free(tmp_path: Path) -> None:
    broken = [f"{PASSAGES[0]} FAULT:wrong-schema*9", *PASSAGES[1:]]
    async with served(tmp_path) as (server, fake):
        project = await server.project(broken)
        status = await server.generate({"project_id": project, "generation_model": "gemini"})
        assert status["result"]["outcomes"]["invalid"] == 1
        calls = fake.stats.chats
        await server.post(f"jobs/{status['job_id']}/retry", {"statuses": ["invalid"], "reparse": True})
        again = await server.ended(status["job_id"])
        assert (fake.stats.chats, again["result"]["outcomes"]["invalid"]) == (calls, 1)


async def test_replies_of_a_job_that_may_go_on_are_not_pruned(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, fake):
        body = {"project_id": await server.project(), "generation_model": "gemini", "max_calls": 2}
        paused = await server.generate(body, until=("paused",))
        assert (await server.post("ledger/prune", {"older_than_days": 0}))["replies"] == 0
        assert paused["reason"] == "budget"
        assert fake.stats.chats == 2


async def test_an_estimate_counts_equal_passages_once_at_least(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        body = {"project_id": await server.project([PASSAGES[0]] * 20), "generation_model": "gemini"}
        estimate = await server.post("datasets/estimate", body)
        assert estimate["calls"]["low"] == 1
