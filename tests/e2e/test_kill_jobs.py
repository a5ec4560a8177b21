"""The real process, killed in the middle of an extraction, a taxonomy job, a page-reading job, a judging job, a
benchmark: by the same measure as a generation, nothing is lost, nothing is doubled, and nothing is paid twice but what was in flight.
"""

import asyncio
import random
from pathlib import Path

import pytest

from chunksmith.domain.fault_points import VARIABLE
from fake_llm import FakeLLM
from kill_parts import SCENARIOS, Left, in_flight
from kill_test import Server

pytestmark = pytest.mark.slow
# Which arrival at a place is the end of the process.
TIMES = {
    "extraction": {
        "units_slice": 1,
        "intent_durable": 25,
        "reply_received": 25,
        "reply_durable": 25,
        "unit_durable": 12,
        "units_down": 1,
    },
    "taxonomy": {
        "units_slice": 1,
        "intent_durable": 3,
        "reply_received": 3,
        "reply_durable": 3,
        "unit_durable": 2,
        "units_down": 1,
        "finishing_step": 1,
    },
    "extension": {
        "units_slice": 1,
        "intent_durable": 6,
        "reply_received": 6,
        "reply_durable": 6,
        "unit_durable": 6,
        "units_down": 1,
        "finishing_step": 1,
    },
    "reading": {"intent_durable": 3, "reply_received": 3, "reply_durable": 3},
    "judging": {"intent_durable": 42, "reply_received": 42, "reply_durable": 42},
    "benchmark": {
        "intent_durable": 42,
        "reply_received": 42,
        "reply_durable": 42,
        "unit_durable": 40,
        "units_down": 2,
        "quality_durable": 2,
    },
}
CASES = [(name, place, times) for name, places in TIMES.items() for place, times in places.items()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Left]:
    with asyncio.Runner() as runner:
        return {name: runner.run(one.whole(tmp_path_factory.mktemp(name))) for name, one in SCENARIOS.items()}


def test_each_job_has_enough_to_be_in_the_middle_of(whole: dict[str, Left]) -> None:
    assert all(left.results and left.calls >= 4 and not left.repeated for left in whole.values())


@pytest.mark.parametrize(("name", "place", "times"), CASES)
async def test_a_kill_between_two_steps_changes_nothing(
    tmp_path: Path, whole: dict[str, Left], name: str, place: str, times: int
) -> None:
    data_dir = tmp_path / "data"
    async with FakeLLM() as fake:
        server = await (await Server.start(data_dir, fake, {VARIABLE: f"{place}:{times}"})).ready()
        await SCENARIOS[name].submit(server)
        await asyncio.wait_for(server.process.wait(), 30)
        lost = in_flight(data_dir)
        left = await SCENARIOS[name].finished(await (await Server.start(data_dir, fake)).ready(), fake)
    assert (left.results, left.counts) == (whole[name].results, whole[name].counts)
    assert left.repeated <= len(lost)
    assert left.calls - left.repeated == whole[name].calls


@pytest.mark.parametrize("name", SCENARIOS)
async def test_kills_at_random_instants_change_nothing(tmp_path: Path, whole: dict[str, Left], name: str) -> None:
    rng, data_dir = random.Random(name), tmp_path / "data"
    lost: set[int] = set()
    async with FakeLLM(latency_ms=60) as fake:
        server = await (await Server.start(data_dir, fake)).ready()
        await SCENARIOS[name].submit(server)
        for _ in range(3):
            await asyncio.sleep(rng.uniform(0.02, 0.3))
            await server.end()
            lost |= in_flight(data_dir)
            server = await (await Server.start(data_dir, fake)).ready()
        left = await SCENARIOS[name].finished(server, fake)
    assert (left.results, left.counts) == (whole[name].results, whole[name].counts)
    assert left.repeated <= len(lost)
    assert left.calls - left.repeated == whole[name].calls
