"""What the tests of duplicates, contamination and splits share."""

import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from api_parts import ScriptedModel, until
from app_parts import API, Json, Server, running_app, settings_for
from chunksmith.app import RUNNER
from chunksmith.domain import fault_points
from chunksmith.domain.calls import ChatRequest
from chunksmith.domain.halts import CallsStopped
from chunksmith.quality.likeness import Parts
from planted import EDITS, texts_of

TEXTS = texts_of(12)
# Two entries each: those of the sixth repeat those of the first, one of the seventh nearly repeats one of the second.
REPEATED = [
    *(TEXTS[place : place + 2] for place in range(0, 10, 2)),
    TEXTS[:2],
    [EDITS["a filler"](TEXTS[2], random.Random(1)), TEXTS[10]],
]


def passage(texts: Sequence[Parts]) -> str:
    return "\n".join(line for text in texts for line in text)


def told(request: ChatRequest) -> Json:
    """An entry of each two lines of the passage, word by word."""
    lines = request.task.passage.split("\n")
    return {
        "entries": [
            {"question": one, "answer": other, "quote": other, "category": "c", "difficulty": "beginner"}
            for one, other in batched(lines)
        ]
    }


def batched(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(lines[::2], lines[1::2], strict=True)


async def imported(server: Server, chunks: Sequence[Sequence[Parts]], per_document: int = 1) -> int:
    """A project with a chunk for each of ``chunks``."""
    project = await server.post("projects", {"name": "Planted"}, 201)
    rows = [{"text": passage(texts), "document": f"{place // per_document}.txt"} for place, texts in enumerate(chunks)]
    await server.post(f"projects/{project['id']}/chunks", {"chunks": rows}, 201)
    return int(project["id"])


def telling(folder: Path) -> AbstractAsyncContextManager[Server]:
    """The application with a model that tells what stands in the passage."""
    settings = settings_for(folder, more={"providers": {"grok": {"api_key": "x"}}})
    return running_app(settings, models={"grok": ScriptedModel(told)})


class Stop:
    """The work ends at the n-th time that a place is reached, as it would where the process ended there."""

    def __init__(self, place: str, times: int) -> None:
        self._place, self._left = place, times

    def __call__(self, place: str) -> None:
        if place == self._place:
            self._left -= 1
            if self._left == 0:
                raise CallsStopped


async def stopped_at(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Server], Awaitable[Json]],
    place: str,
    times: int,
) -> Json:
    """Start the generation that ``prepare`` describes, and end the process there. Gives what the start answered."""
    async with telling(folder) as server:
        body = await prepare(server)
        with monkeypatch.context() as patch:
            patch.setattr(fault_points, "reached", Stop(place, times))
            started = await server.post("datasets/generate", body)
            runner = server.client.app[RUNNER]
            await until(lambda: not any(one.job.job_id == started["job_id"] for one in runner.running.values()))
        return started


async def all_of(server: Server, dataset: str) -> list[Json]:
    """Every entry by id, what is left out too."""
    kept = await server.get(f"datasets/{dataset}/entries?per_page=1000")
    out = await server.get(f"datasets/{dataset}/entries?per_page=1000&left_out=any")
    found: list[Json] = [*kept["entries"], *out["entries"]]
    return sorted(found, key=lambda entry: int(entry["id"].removeprefix("entry_")))


async def reference(server: Server, name: str, lines: str) -> str:
    headers = {"Content-Type": "application/x-ndjson"}
    made = await server.call(
        "POST", f"{API}/references", 201, params={"name": name}, data=lines.encode(), headers=headers
    )
    reference_id: str = made["id"]
    return reference_id


def marks(found: list[Json]) -> list[Json]:
    names = ("id", "status", "split", "duplicate_of", "left_out", "contamination")
    return [{name: entry[name] for name in names} for entry in found]
