"""The pool: never above its concurrency, never idle below it, in bounded memory."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from chunksmith.domain.halts import BudgetExhausted, CallsStopped, Halt
from chunksmith.errors import StorageError
from chunksmith.pipeline.pool import PAGE_MIN, Pool
from virtual_clock import VirtualClock, settle


@dataclass(frozen=True)
class Item:
    position: int


@dataclass
class Bench:
    """Units that each take ``work_s``; reading a page takes ``fetch_s``."""

    count: int
    work_s: float = 1.0
    fetch_s: float = 0.0
    clock: VirtualClock = field(default_factory=VirtualClock)
    done: list[int] = field(default_factory=list)
    busy: int = 0
    most_busy: int = 0
    fetched: int = 0
    most_held: int = 0
    special: dict[int, Callable[[], Awaitable[None]]] = field(default_factory=dict)

    async def fetch(self, after: int, limit: int) -> Sequence[Item]:
        if self.fetch_s:
            await self.clock.sleep(self.fetch_s)
        page = [Item(n) for n in range(after + 1, min(self.count, after + 1 + limit))]
        self.fetched += len(page)
        self.most_held = max(self.most_held, self.fetched - len(self.done))
        return page

    async def work(self, item: Item) -> None:
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            await self.clock.sleep(self.work_s)
            if item.position in self.special:
                await self.special[item.position]()
        finally:
            self.busy -= 1
        self.done.append(item.position)

    def pool(self, concurrency: int) -> Pool[Item]:
        return Pool(self.fetch, self.work, concurrency)


@pytest.mark.parametrize("count", [0, 1, 5, PAGE_MIN - 1, PAGE_MIN, PAGE_MIN + 1, 300])
@pytest.mark.parametrize("concurrency", [1, 4, 100])
async def test_every_unit_is_done_once_within_the_concurrency(count: int, concurrency: int) -> None:
    bench = Bench(count)
    await bench.clock.run(bench.pool(concurrency).run())
    assert sorted(bench.done) == list(range(count))
    assert bench.most_busy == min(count, concurrency)


async def test_it_takes_no_longer_than_it_must() -> None:
    bench = Bench(240, fetch_s=0.5)
    began = bench.clock.monotonic()
    await bench.clock.run(bench.pool(8).run())
    # 30 rounds and the first page; the other pages are read ahead of need.
    assert bench.clock.monotonic() - began == pytest.approx(30.5, abs=0.01)


async def test_units_are_started_in_order() -> None:
    bench = Bench(200)
    await bench.clock.run(bench.pool(1).run())
    assert bench.done == list(range(200))


async def test_memory_holds_a_bounded_number_of_units() -> None:
    bench = Bench(5000, work_s=0.1)
    await bench.clock.run(bench.pool(10).run())
    assert bench.most_held <= 2 * PAGE_MIN + 10


@pytest.mark.parametrize("changes", [[8, 2, 16], [1, 1024, 1], [3, 2, 3, 2, 3], [5, 4, 6, 3, 7]])
async def test_concurrency_changes_while_it_runs(changes: list[int]) -> None:
    bench = Bench(600)
    pool = bench.pool(4)
    running = asyncio.ensure_future(pool.run())
    await bench.clock.advance(2.5)
    for concurrency in changes:
        pool.set_concurrency(concurrency)
        await bench.clock.advance(2.0)  # what was in flight ends
        assert bench.busy <= concurrency
        if len(bench.done) + concurrency < bench.count:
            assert bench.busy == concurrency
    await bench.clock.run(asyncio.wait_for(running, None))
    assert sorted(bench.done) == list(range(600))


@pytest.mark.parametrize("reason", [BudgetExhausted("empty"), StorageError("the disk is full")])
async def test_a_halt_or_a_full_disk_ends_the_feeding_and_lets_the_rest_finish(reason: Halt | StorageError) -> None:
    bench = Bench(100)

    async def halt() -> None:
        raise reason

    bench.special[10] = halt
    with pytest.raises(type(reason)):
        await bench.clock.run(bench.pool(4).run())
    # 8 and 9 were through a moment before, so 12 and 13 had been taken.
    assert sorted(bench.done) == [n for n in range(14) if n != 10]


async def test_the_first_halt_is_the_one_that_is_told() -> None:
    bench = Bench(100)
    pool = bench.pool(4)
    running = asyncio.ensure_future(pool.run())
    await bench.clock.advance(1.5)
    pool.halt(CallsStopped())
    pool.halt(BudgetExhausted("later"))
    await bench.clock.advance(5)
    assert isinstance(running.exception(), CallsStopped)
    assert len(bench.done) == 8


async def test_a_halt_before_the_start_does_nothing() -> None:
    bench = Bench(100)
    pool = bench.pool(4)
    pool.halt(CallsStopped())
    with pytest.raises(CallsStopped):
        await bench.clock.run(pool.run())
    assert bench.done == []


async def test_a_bug_ends_all_and_is_told_as_it_is() -> None:
    bench = Bench(100)

    async def bug() -> None:
        raise ZeroDivisionError

    bench.special[3] = bug
    with pytest.raises(ZeroDivisionError):
        await bench.clock.run(bench.pool(4).run())
    assert bench.busy == 0


async def test_a_page_that_cannot_be_read_ends_all() -> None:
    bench = Bench(100)

    async def fetch(after: int, limit: int) -> Sequence[Item]:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        await bench.clock.run(Pool(fetch, bench.work, 4).run())


async def test_cancelling_it_cancels_what_is_in_flight() -> None:
    bench = Bench(100)
    running = asyncio.ensure_future(bench.pool(4).run())
    await bench.clock.advance(1.5)
    running.cancel()
    await settle()
    assert (running.cancelled(), bench.busy) == (True, 0)
