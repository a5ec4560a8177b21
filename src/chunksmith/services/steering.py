"""How any kind of job calls models, and how it is steered while it does."""

from collections.abc import Callable
from typing import Any

from chunksmith.domain.halts import Halt, JobFatal
from chunksmith.domain.jobs import Job
from chunksmith.errors import StorageError
from chunksmith.gateway.budget import Budget
from chunksmith.gateway.callers import Caller
from chunksmith.gateway.gateway import Gateway
from chunksmith.gateway.lanes import Lanes
from chunksmith.pipeline.pool import Pool


def caller_of(job: Job, *, reuse: bool) -> Caller:
    """Calls on a job's account: under its ceilings, of which a part is used, and as many at once as it allows."""
    budget = Budget(job.max_calls, job.max_cost_nano, job.counters.calls, job.counters.spent_nano)
    return Caller(
        job.id, budget, job.concurrency, reuse, stored_only=job.counters.stored_only, lanes=Lanes(job.concurrency)
    )


def limit_calls(caller: Caller, concurrency: int, max_calls: int | None, max_cost_nano: int | None) -> None:
    """New limits, also for calls that wait for their turn already."""
    caller.weight = concurrency
    caller.lanes.set_limit(concurrency)
    caller.budget.set_ceilings(max_calls, max_cost_nano)


def units_in_work(concurrency: int) -> int:
    """Twice the calls in flight: as many more wait for a lane, rendered and looked up, so that when all calls come back
    at once as many leave at once, and what has come back is read and scored afterwards."""
    return 2 * concurrency


class Steering:
    """The control of a job that runs: its pool, its calls and its ceilings. ``units``: in work, by concurrency."""

    def __init__(
        self, pool: Pool[Any], gateway: Gateway, caller: Caller, units: Callable[[int], int] = units_in_work
    ) -> None:
        self._pool = pool
        self._gateway = gateway
        self._caller = caller
        self._units = units
        pool.when_halted(self._end_calls)

    def halt(self, reason: Halt) -> None:
        self._pool.halt(reason)
        self._gateway.halt(self._caller, reason)

    def _end_calls(self, reason: Halt | StorageError) -> None:
        """What every other call would meet too: none that waits for its place needs to leave to learn of it."""
        if isinstance(reason, JobFatal):
            self._gateway.halt(self._caller, reason)

    def set_limits(self, concurrency: int, max_calls: int | None, max_cost_nano: int | None) -> None:
        self._pool.set_concurrency(self._units(concurrency))
        limit_calls(self._caller, concurrency, max_calls, max_cost_nano)
