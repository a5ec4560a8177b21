"""Turns: what is of one passage ends in its order; what is of another does not wait."""

import asyncio
import random

from chunksmith.services.regeneration_job import Turns


async def test_units_of_a_passage_end_in_the_order_they_were_taken() -> None:
    turns, chance, ended = Turns(), random.Random(3), list[tuple[int, int]]()

    async def unit(passage: int, place: int) -> None:
        with turns.take(passage) as turn:
            for _ in range(chance.randrange(30)):
                await asyncio.sleep(0)
            assert await turn.comes()
            ended.append((passage, place))
            turn.ended = True

    async with asyncio.TaskGroup() as group:
        for place in range(20):
            for passage in range(5):
                group.create_task(unit(passage, place))
    for passage in range(5):
        assert [place for found, place in ended if found == passage] == list(range(20))
    assert ended != sorted(ended, key=lambda one: one[1])
    assert turns._last == {}


async def test_behind_one_that_did_not_end_nothing_ends() -> None:
    turns = Turns()
    with turns.take(1) as first:
        assert await first.comes()
        with turns.take(1) as second, turns.take(2) as other:
            assert await other.comes()
            waiting = asyncio.create_task(second.comes())
            await asyncio.sleep(0)
            assert not waiting.done()
            first.done.set_result(False)
            assert not await waiting
            first.done = asyncio.get_running_loop().create_future()
