"""How fast a job goes, and the time that is left."""

import pytest

from chunksmith.services.pace import MEMORY_S, FinishingTime, Pace
from virtual_clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def ticking(clock: VirtualClock, per_second: float, seconds: float, pace: Pace | None = None) -> Pace:
    pace = pace or Pace(clock)
    for _ in range(int(per_second * seconds)):
        clock.seconds += 1 / per_second
        pace.tick()
    return pace


def test_nothing_is_known_before_the_first_unit(clock: VirtualClock) -> None:
    pace = Pace(clock)
    clock.seconds += 10
    assert (pace.per_second(), pace.eta_s(100)) == (None, None)


@pytest.mark.parametrize("seconds", [2, 10, 300])
def test_a_steady_rate_is_found_soon(clock: VirtualClock, seconds: float) -> None:
    assert ticking(clock, 20, seconds).per_second() == pytest.approx(20, rel=0.05)


def test_the_time_that_is_left(clock: VirtualClock) -> None:
    assert ticking(clock, 10, 60).eta_s(600) == pytest.approx(60, rel=0.05)


def test_an_old_rate_is_forgotten(clock: VirtualClock) -> None:
    pace = ticking(clock, 50, 120)
    ticking(clock, 5, 4 * MEMORY_S, pace)
    assert pace.per_second() == pytest.approx(5, rel=0.25)


def test_a_stall_makes_the_rate_fall(clock: VirtualClock) -> None:
    pace = ticking(clock, 10, 60)
    clock.seconds += 3 * MEMORY_S
    rate = pace.per_second()
    assert rate is not None
    assert rate < 1


def finishing(s_per_entry: float) -> FinishingTime:
    """What it comes to know of many jobs that take as long."""
    time = FinishingTime()
    for _ in range(40):
        time.learn(1000, 1000 * s_per_entry)
    return time


def test_the_last_steps_are_part_of_the_time_that_is_left(clock: VirtualClock) -> None:
    pace = ticking(clock, 10, 60, Pace(clock, finishing(0.01)))
    assert pace.eta_s(600, entries=3000) == pytest.approx(60 + 30, rel=0.05)


def test_the_time_that_is_left_of_the_last_steps(clock: VirtualClock) -> None:
    pace = ticking(clock, 10, 60, Pace(clock, finishing(0.01)))
    pace.units_down()
    clock.seconds += 10
    assert pace.eta_s(0, entries=3000) == pytest.approx(20)


def test_of_last_steps_that_take_longer_than_before_nothing_is_known(clock: VirtualClock) -> None:
    pace = ticking(clock, 10, 60, Pace(clock, finishing(0.01)))
    pace.units_down()
    clock.seconds += 31
    assert pace.eta_s(0, entries=3000) is None


def test_a_job_tells_the_next_one_how_long_the_last_steps_take(clock: VirtualClock) -> None:
    time = FinishingTime()
    before = time.of(1000)
    pace = Pace(clock, time)
    pace.units_down()
    clock.seconds += 100
    pace.finished(1000)
    assert time.of(1000) == pytest.approx((before + 100) / 2)
