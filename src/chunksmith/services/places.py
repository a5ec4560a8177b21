"""How many jobs run at a time, and which of those that wait for a place may have one."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple

from chunksmith.domain.jobs import Job

# Jobs that run, those that wait for silent providers among them: so many times the places. There are three providers
# besides ``builtin``, and the jobs of each may fill all places before it falls silent.
MOST_TIMES = 4


class View(NamedTuple):
    """All that decides who may start, but for what is in the queue."""

    free: bool
    silent: frozenset[str]


@dataclass(frozen=True)
class Places:
    """Who can do nothing but wait for a provider that answers nobody keeps no place from jobs that do not need it.

    ``most``: jobs at a time. ``silent``: the providers that answer nobody for now. ``idles``: whether a job can do
    nothing but wait for them. ``asks``: the providers that a job may need.
    """

    most: int
    silent: Callable[[], frozenset[str]] = frozenset
    idles: Callable[[int], bool] = lambda job: False
    asks: Callable[[Job], Collection[str]] = lambda job: ()

    def view(self, running: Collection[int]) -> View:
        return View(self.free(running), self.silent())

    def full(self, running: Collection[int]) -> bool:
        """Whether another job could only run beside jobs that wait."""
        return len(running) >= self.most

    def free(self, running: Collection[int]) -> bool:
        if not self.full(running):
            return True
        busy = sum(not self.idles(job) for job in running)
        return busy < self.most and len(running) < MOST_TIMES * self.most

    def takes(self, job: Job, running: Collection[int]) -> bool:
        """Whether ``job`` may have one that is free: who would only wait too does not run beside those that wait."""
        return not self.full(running) or self.silent().isdisjoint(self.asks(job))
