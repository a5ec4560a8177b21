"""Units that are done again from the replies that the ledger has: whatever is there or not, no call is made."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app_parts import PASSAGES, Json, Server, running_app, settings_for
from chunksmith.errors import ReplyUnreadable
from chunksmith.pipeline import replies
from fake_llm import FakeLLM

EMPTY = f"{PASSAGES[0]} FAULT:empty*99"
NO_REPLY = "Granite is more than the model takes. FAULT:context*99"


@asynccontextmanager
async def served(tmp_path: Path) -> AsyncIterator[tuple[Server, FakeLLM]]:
    async with FakeLLM() as fake, running_app(settings_for(tmp_path, fake)) as server:
        yield server, fake


async def made(server: Server, passages: list[str]) -> Json:
    return await server.generate({"project_id": await server.project(passages), "generation_model": "gemini"})


async def reparsed(server: Server, job: str, *statuses: str) -> Json:
    await server.post(f"jobs/{job}/retry", {"statuses": statuses, "reparse": True})
    return await server.ended(job)


async def outcomes_of(server: Server, job: str, status: str) -> list[Json]:
    found: list[Json] = (await server.get(f"jobs/{job}/outcomes?status={status}"))["outcomes"]
    return found


async def test_replies_that_nobody_could_use_are_read_and_not_asked_for_again(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, fake):
        status = await made(server, [EMPTY, PASSAGES[1]])
        calls = fake.stats.chats
        again = await reparsed(server, status["job_id"], "invalid")
        assert (fake.stats.chats, again["result"]["outcomes"]["invalid"]) == (calls, 1)


async def test_a_unit_without_a_stored_reply_stays_what_it_was(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, fake):
        status = await made(server, [EMPTY, NO_REPLY, PASSAGES[1]])
        calls = fake.stats.chats
        again = await reparsed(server, status["job_id"], "failed", "invalid")
        assert (fake.stats.chats, again["result"]["outcomes"]) == (calls, status["result"]["outcomes"])
        (failed,) = await outcomes_of(server, status["job_id"], "failed")
        assert (failed["reason"], "is stored" in failed["detail"]) == ("no_stored_reply", True)


async def test_a_job_whose_replies_were_pruned_has_nothing_to_read(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, fake):
        status = await made(server, [EMPTY, PASSAGES[1]])
        await server.post("ledger/prune", {"job_id": status["job_id"]})
        calls = fake.stats.chats
        refused = await server.post(f"jobs/{status['job_id']}/retry", {"statuses": ["invalid"], "reparse": True}, 409)
        assert (fake.stats.chats, "no stored reply" in refused["detail"]) == (calls, True)


async def test_entries_are_kept_unjudged_where_no_verdict_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(*_: Any, **__: Any) -> replies.Drafts:
        raise ReplyUnreadable("a shape that is not known yet")

    async with served(tmp_path) as (server, fake):
        with monkeypatch.context() as older:
            older.setattr(replies, "read", unreadable)
            body = {"project_id": await server.project(PASSAGES[:1]), "generation_model": "gemini"}
            status = await server.generate({**body, "judge_model": "grok"}, ("failed",))
        calls = fake.stats.chats
        again = await reparsed(server, status["job_id"], "invalid")
        assert (fake.stats.chats, again["result"]["outcomes"]["accepted"]) == (calls, 1)
        (accepted,) = await outcomes_of(server, status["job_id"], "accepted")
        assert accepted["detail"].startswith("not judged: no reply")
