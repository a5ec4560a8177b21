"""A regeneration that is stopped in the middle, and goes on: nothing is paid twice, nothing is replaced twice."""

import asyncio
from collections.abc import Set
from pathlib import Path

import pytest

from api_parts import ScriptedModel, entries, until
from app_parts import Json, Server
from chunksmith.domain.calls import ChatRequest
from review_parts import made, model, old_entry_in, pair, reviewing


def again(request: ChatRequest, old: Json, sentences: list[str]) -> list[Json]:
    """Different from the old text whatever that is, so that a second replacement would show."""
    return [pair(f"{old['question']} Again?", old["answer"])]


class Stalling:
    """A model that answers some requests for a new entry and leaves the others waiting."""

    def __init__(self, stalls: Set[int] | str = frozenset()) -> None:
        """``stalls``: the numbers of such requests from 1, or what the old question has in it."""
        self.scripted = model(again)
        self.answered: list[bytes] = []
        self.waiting = 0
        self._stalls = stalls
        self._send = self.scripted.send
        self.scripted.send = self.send  # type: ignore[method-assign]  # a model has no other door
        self._seen = 0

    async def send(self, request: ChatRequest) -> bytes:
        old = old_entry_in(request)
        if old is None:
            return await self._send(request)
        self._seen += 1
        if self._stalls in old["question"] if isinstance(self._stalls, str) else self._seen in self._stalls:
            self.waiting += 1
            await asyncio.Event().wait()
        self.answered.append(request.key())
        return await self._send(request)


async def shown(server: Server, dataset: str) -> list[Json]:
    rows = []
    for entry in await entries(server, dataset):
        detail = await server.get(f"datasets/{dataset}/entries/{entry['id']}")
        history = [(one["change"], one["entry"]["question"]) for one in detail["history"]]
        rows.append({"id": entry["id"], "question": entry["question"], "quality": entry["quality_score"], "h": history})
    return rows


async def uninterrupted(data_dir: Path) -> list[Json]:
    async with reviewing(data_dir, model(again)) as server:
        dataset = await made(server)
        started = await server.post(f"datasets/{dataset}/regenerate", {"filter": {}, "concurrency": 4})
        await server.ended(started["job_id"])
        return await shown(server, dataset)


@pytest.mark.parametrize("stalls", [{1}, {3}, {2, 5}, {1, 2, 3, 4}], ids=str)
async def test_a_stopped_job_goes_on_and_pays_only_for_what_was_in_flight(data_dir: Path, stalls: set[int]) -> None:
    expected = await uninterrupted(data_dir / "whole")
    first = Stalling(stalls)
    async with reviewing(data_dir / "stopped", first.scripted) as server:
        dataset = await made(server)
        body = {"filter": {}, "concurrency": 4}
        job = (await server.post(f"datasets/{dataset}/regenerate", body))["job_id"]
        await until(lambda: first.waiting == len(stalls))
    second = Stalling()
    async with reviewing(data_dir / "stopped", second.scripted) as server:
        status = await server.ended(job)
        assert await shown(server, dataset) == expected
        total = len(expected)
        counted = status["result"]["units"]
        assert (counted["total"], counted["done"], status["result"]["outcomes"]["accepted"]) == (total, total, total)
        assert len(first.answered) + len(second.answered) == len(set(first.answered) | set(second.answered)) == total


async def test_a_reply_that_waited_for_its_turn_is_read_again_for_free(data_dir: Path) -> None:
    """The first entry of a passage never gets its reply, so the second one, answered, may not end before it."""
    first = Stalling("number 0?")
    async with reviewing(data_dir, first.scripted) as server:
        dataset = await made(server)
        body = {"entry_ids": ["entry_1", "entry_2"], "concurrency": 2}
        job = (await server.post(f"datasets/{dataset}/regenerate", body))["job_id"]

        async def is_answered() -> bool:
            calls = (await server.get(f"jobs/{job}/calls"))["calls"]
            return [call["state"] for call in calls].count("answered") == 1

        await until(is_answered)
        assert (await server.get(f"jobs/{job}"))["result"]["units"]["pending"] == 2
    second = Stalling()
    async with reviewing(data_dir, second.scripted) as server:
        status = await server.ended(job)
    assert len(second.answered) == 1
    assert status["result"]["usage"]["reused_calls"] == 1
    assert status["result"]["outcomes"]["accepted"] == 2


async def test_a_paused_job_goes_on_without_asking_again(data_dir: Path) -> None:
    scripted: ScriptedModel = model(again)
    async with reviewing(data_dir, scripted) as server:
        dataset = await made(server)
        generated = len(scripted.requests)
        total = len(await entries(server, dataset))
        job = (await server.post(f"datasets/{dataset}/regenerate", {"filter": {}}))["job_id"]
        paused = await server.post(f"jobs/{job}/pause")
        if paused["status"] == "paused":
            await server.post(f"jobs/{job}/resume")
        await server.ended(job)
        assert len(scripted.requests) - generated == total
        assert {one["status"] for one in await entries(server, dataset)} == {"regenerated"}


async def test_a_cancelled_job_keeps_what_was_replaced(data_dir: Path) -> None:
    stalling = Stalling({3})
    async with reviewing(data_dir, stalling.scripted) as server:
        dataset = await made(server)
        job = (await server.post(f"datasets/{dataset}/regenerate", {"filter": {}}))["job_id"]
        await until(lambda: stalling.waiting == 1)
        status = await server.post(f"jobs/{job}/cancel")
        assert status["status"] == "cancelled"
        statuses = [one["status"] for one in await entries(server, dataset)]
        assert statuses.count("regenerated") == status["result"]["outcomes"]["accepted"] == 2
        await server.call("DELETE", f"datasets/{dataset}", 204)


async def test_a_dataset_is_not_deleted_while_it_is_written_anew(data_dir: Path) -> None:
    stalling = Stalling({1})
    async with reviewing(data_dir, stalling.scripted) as server:
        dataset = await made(server)
        job = (await server.post(f"datasets/{dataset}/regenerate", {"filter": {}}))["job_id"]
        await until(lambda: stalling.waiting == 1)
        await server.call("DELETE", f"datasets/{dataset}", 409)
        await server.post(f"jobs/{job}/cancel")


async def test_failed_units_are_tried_again(data_dir: Path) -> None:
    scripted = model(again)
    async with reviewing(data_dir, scripted) as server:
        dataset = await made(server)
        reply = scripted._reply
        scripted._reply = lambda request: "FAULT" if "number 1?" in str(old_entry_in(request)) else reply(request)
        body = {"entry_ids": ["entry_1", "entry_2"]}
        job = (await server.post(f"datasets/{dataset}/regenerate", body))["job_id"]
        status = await server.ended(job)
        assert status["result"]["outcomes"] == {**status["result"]["outcomes"], "accepted": 1, "invalid": 1}
        scripted._reply = reply
        await server.post(f"jobs/{job}/retry", {"statuses": ["invalid"]})
        status = await server.ended(job)
        assert status["result"]["outcomes"] == {**status["result"]["outcomes"], "accepted": 2, "invalid": 0}
        assert [one["status"] for one in await entries(server, dataset)][:2] == ["regenerated", "regenerated"]
