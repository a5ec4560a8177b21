"""Lanes: never more at a time than the limit, and none is lost."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from chunksmith.gateway.lanes import Lanes


async def rounds(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class Traffic:
    """Calls that stay in their lane until they are told to leave."""

    def __init__(self, limit: int | None) -> None:
        self.lanes = Lanes(limit)
        self.inside = 0
        self.most = 0
        self.leave = asyncio.Event()

    async def drive(self) -> None:
        async with self.lanes.lane():
            self.inside += 1
            self.most = max(self.most, self.inside)
            try:
                await self.leave.wait()
            finally:
                self.inside -= 1


async def test_the_limit_holds_and_all_get_their_turn() -> None:
    traffic = Traffic(3)
    calls = [asyncio.ensure_future(traffic.drive()) for _ in range(10)]
    await rounds()
    assert traffic.inside == 3
    traffic.leave.set()
    await asyncio.gather(*calls)
    assert traffic.most == 3


async def test_a_higher_limit_lets_those_in_who_wait() -> None:
    traffic = Traffic(1)
    calls = [asyncio.ensure_future(traffic.drive()) for _ in range(5)]
    await rounds()
    traffic.lanes.set_limit(4)
    await rounds()
    assert traffic.inside == 4
    traffic.leave.set()
    await asyncio.gather(*calls)


async def test_without_a_limit_nobody_waits() -> None:
    traffic = Traffic(None)
    calls = [asyncio.ensure_future(traffic.drive()) for _ in range(50)]
    await rounds()
    assert traffic.inside == 50
    traffic.leave.set()
    await asyncio.gather(*calls)


@given(st.lists(st.integers(0, 19), max_size=20), st.integers(1, 5))
def test_no_lane_is_lost_whoever_is_cancelled(cancelled: list[int], limit: int) -> None:
    async def run() -> None:
        traffic = Traffic(limit)
        calls = [asyncio.ensure_future(traffic.drive()) for _ in range(20)]
        for number in cancelled:
            await asyncio.sleep(0)
            calls[number].cancel()
        await rounds()
        assert traffic.inside == min(limit, 20 - len(set(cancelled)))
        traffic.leave.set()
        await asyncio.gather(*calls, return_exceptions=True)
        assert traffic.most <= limit
        again = asyncio.ensure_future(traffic.drive())
        await asyncio.wait_for(again, 5)

    asyncio.run(run())
