"""Turns of the loop: much work at once leaves room for what comes in between."""

import asyncio
import time
from itertools import pairwise

from chunksmith.domain.loop_turns import LoopTurns


def work(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


async def test_all_go_in_the_order_in_which_they_came() -> None:
    turns, gone = LoopTurns(), list[int]()

    async def unit(number: int) -> None:
        await turns.next()
        work(0.0002)
        gone.append(number)

    await asyncio.gather(*(unit(number) for number in range(100)))
    assert gone == list(range(100))


async def test_others_are_served_between_units_of_work() -> None:
    turns, done = LoopTurns(), 0

    async def unit() -> None:
        nonlocal done
        await turns.next()
        work(0.001)
        done += 1

    units = [asyncio.ensure_future(unit()) for _ in range(50)]
    seen = list[int]()
    while not all(one.done() for one in units):
        await asyncio.sleep(0)
        seen.append(done)
    assert max(later - earlier for earlier, later in pairwise(seen)) <= 8


async def test_one_that_is_cancelled_holds_up_nobody() -> None:
    turns = LoopTurns()

    async def unit() -> None:
        await turns.next()
        work(0.002)

    units = [asyncio.ensure_future(unit()) for _ in range(10)]
    await asyncio.sleep(0)
    for one in units[1:9]:
        one.cancel()
    await asyncio.wait_for(asyncio.wait(units), 5)
    assert not units[9].cancelled()


async def test_who_has_begun_goes_on_before_others_begin() -> None:
    turns, seen = LoopTurns(), list[str]()

    async def unit(name: str) -> None:
        await turns.next()
        for _ in range(3):
            await turns.next(first=True)
            work(0.0015)
            seen.append(name)

    await asyncio.gather(*map(unit, "abcd"))
    assert "".join(seen) == "aaabbbcccddd"
