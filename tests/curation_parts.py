"""What the tests of duplicates, contamination and splits share."""

import pytest

from api_parts import until
from app_parts import API, PASSAGES, Json, Server, running_app
from chunksmith.app import RUNNER
from chunksmith.domain import fault_points
from chunksmith.domain.halts import CallsStopped
from chunksmith.settings import Settings

# The sixth passage repeats the first, the seventh nearly repeats the second.
REPEATED = [*PASSAGES, PASSAGES[0], PASSAGES[1].replace("below the surface", "beneath the surface")]


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
    settings: Settings, monkeypatch: pytest.MonkeyPatch, prepare: object, place: str, times: int
) -> Json:
    """Start the generation that ``prepare`` describes, and end the process there. Gives what the start answered."""
    async with running_app(settings) as server:
        body = await prepare(server)  # type: ignore[operator]  # a coroutine function
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
