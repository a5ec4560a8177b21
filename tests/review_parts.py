"""What the tests of reviewing share: a model that knows a first reply from one that takes an entry's place."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from api_parts import ScriptedModel, entries
from app_parts import Json, Server, running_app, settings_for
from chunksmith.domain.calls import ChatRequest
from chunksmith.providers import registry

SENTENCE = re.compile(r"[^.]+\.")
PASSAGE = re.compile(r"<passage ([0-9a-f]{12})>\n(.*?)\n</passage \1>", re.DOTALL)
OLD_ENTRY = re.compile(r"<entry ([0-9a-f]{12})>\n(.*?)\n</entry \1>", re.DOTALL)

Rewrite = Callable[[ChatRequest, Json, list[str]], list[Json]]


def passage_in(request: ChatRequest) -> str:
    found = PASSAGE.search(request.messages[-1].text)
    assert found is not None
    return found[2]


def old_entry_in(request: ChatRequest) -> Json | None:
    """The entry that is to be replaced; None for a first reply."""
    found = OLD_ENTRY.search(request.messages[-1].text)
    return json.loads(found[2]) if found is not None else None


def pair(question: str, sentence: str) -> Json:
    return {"question": question, "answer": sentence, "quote": sentence}


def first_reply(sentences: list[str]) -> list[Json]:
    return [pair(f"What is said first about number {n}?", one) for n, one in enumerate(sentences)]


def better(request: ChatRequest, old: Json, sentences: list[str]) -> list[Json]:
    """The same answer to a question in other words."""
    return [pair(f"Better: {old['question']}", old["answer"])]


def model(rewrite: Rewrite = better) -> ScriptedModel:
    def reply(request: ChatRequest) -> Any:
        sentences = [one.strip() for one in SENTENCE.findall(passage_in(request))]
        old = old_entry_in(request)
        return {"entries": first_reply(sentences) if old is None else rewrite(request, old, sentences)}

    return ScriptedModel(reply)


@asynccontextmanager
async def reviewing(data_dir: Path, scripted: ScriptedModel) -> AsyncIterator[Server]:
    """The application with ``scripted`` in the place of ollama."""
    settings = settings_for(data_dir)
    models = {**registry.build(settings.providers.accounts()), "ollama": scripted}
    async with running_app(settings, models=models) as server:
        yield server


async def made(server: Server, **fields: Any) -> str:
    """A dataset of the sample passages."""
    body = {"project_id": await server.project(), "generation_model": "ollama", **fields}
    return str((await server.generate(body))["result"]["dataset_id"])


async def regenerate(
    server: Server, dataset: str, body: Json, until: tuple[str, ...] = ("completed",), **kwargs: Any
) -> Json:
    """Start, and wait for an end. Returns the status."""
    started = await server.post(f"datasets/{dataset}/regenerate", body, **kwargs)
    return await server.ended(started["job_id"], until)


async def texts(server: Server, dataset: str) -> dict[str, tuple[str, str]]:
    return {one["id"]: (one["question"], one["answer"]) for one in await entries(server, dataset)}
