"""Runs jobs: claims what is submitted, a few at a time, and says how each ended. The job row is the truth."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from chunksmith.domain.clock import sleep_unless, timestamp
from chunksmith.domain.halts import (
    AccountClosed,
    BudgetExhausted,
    CallsStopped,
    CancelledByUser,
    Halt,
    JobFatal,
    PausedByUser,
)
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import ENDED, Job, JobState, PauseReason
from chunksmith.domain.ports import Clock
from chunksmith.errors import AppError, Conflict, NotFound, StorageError
from chunksmith.logs import bound
from chunksmith.services.places import Places, View
from chunksmith.services.rests import Rests

log = logging.getLogger(__name__)
# How long a request that cancels or pauses waits to see it done before it answers.
SETTLE_S = 5.0
# A stop looks this often whether replies are on their way; after so many looks without any it waits no longer.
STOP_LOOK_S, STOP_IDLE_LOOKS = 0.1, 6
QUEUE_RETRY_S = 2.0
# While all places are taken, who has them may come to wait for a provider that is silent.
PLACES_LOOK_S = 1.0
STORAGE_RETRY_S = 5.0


class NotStarted(Exception):
    """A job that was claimed may not run any more."""


class Control(Protocol):
    """What can be done to a job while it runs."""

    def halt(self, reason: Halt) -> None: ...
    def set_limits(self, concurrency: int, max_calls: int | None, max_cost_nano: int | None) -> None: ...


@dataclass
class Running:
    """A job that runs in this process. ``control`` is set by the work once it can be steered, and may be replaced.

    ``limits`` are those that were changed since it was claimed.
    ``conclusion``: the step that a completed job shows; its work may say there what it could not do.
    ``storage_fault``: why it waits for room on the disk.
    ``begun``: its task has had its first turn. One that is cancelled before would never come to an end.
    """

    job: Job
    control: Control | None = None
    halted_by: Halt | None = None
    limits: tuple[int, int | None, int | None] | None = None
    task: asyncio.Task[None] | None = None
    begun: bool = False
    conclusion: str = "Completed"
    storage_fault: StorageError | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def steer(self, control: Control) -> None:
        self.control = control
        if self.limits is not None:
            control.set_limits(*self.limits)
        if self.halted_by is not None:
            control.halt(self.halted_by)

    def set_limits(self, concurrency: int, max_calls: int | None, max_cost_nano: int | None) -> None:
        self.limits = (concurrency, max_calls, max_cost_nano)
        if self.control is not None:
            self.control.set_limits(*self.limits)

    def halt(self, reason: Halt) -> None:
        # The first reason stands, but who cancels after a pause means it.
        if self.halted_by is None or isinstance(reason, CancelledByUser):
            self.halted_by = reason
        if self.control is not None:
            self.control.halt(reason)


class Work(Protocol):
    """What a kind of job does. Returns when all is done; Errors: Halt, or AppError for which the job fails."""

    async def __call__(self, running: Running) -> None: ...


class Runner:
    """``kinds`` names the work of each kind of job. ``sending`` says how many calls are on their way; ``notify`` is
    called when a job has ended and somebody is to be told. ``settle`` puts down a job's calls that nobody waits for.
    ``rests`` lets go on what was paused for the rest of a provider.
    """

    def __init__(
        self,
        jobs: JobQueue,
        kinds: Mapping[str, Work],
        clock: Clock,
        places: Places,
        sending: Callable[[], int],
        notify: Callable[[], None] | None = None,
        settle: Callable[[int], Awaitable[None]] | None = None,
        rests: Rests | None = None,
    ) -> None:
        self._jobs = jobs
        self.kinds = kinds
        self._clock = clock
        self._places = places
        self._sending = sending
        self._notify = notify
        self._settle = settle
        self._rests = rests if rests is not None else Rests(jobs, {}, clock)
        self.running: dict[int, Running] = {}
        self._wakened = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.stopping = False

    async def start(self) -> None:
        resumed = await self._jobs.requeue_running()
        if resumed:
            log.info("jobs_resumed", extra={"count": resumed})
        self._tasks.append(asyncio.create_task(self._supervise(), name="runner"))
        self._tasks.append(asyncio.create_task(self._rests.run(self._wakened), name="rests"))
        self.wake()

    def wake(self) -> None:
        """Something was submitted, or a place has become free."""
        self._wakened.set()

    async def stop(self, grace_s: float) -> None:
        """Take no further job, start no further call, wait for replies in flight, then let go of the rest."""
        self.stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for running in self.running.values():
            running.halt(CallsStopped())
        tasks = [running.task for running in self.running.values() if running.task is not None]
        until = self._clock.monotonic() + grace_s
        idle_looks = 0
        # A job that was cancelled has no task any more, and its replies may still be on their way.
        while (tasks or self._sending()) and self._clock.monotonic() < until and idle_looks < STOP_IDLE_LOOKS:
            if tasks:
                _, pending = await asyncio.wait(tasks, timeout=STOP_LOOK_S)
                tasks = list(pending)
            else:
                await self._clock.sleep(STOP_LOOK_S)
            # Nothing on its way: what still runs can be done again for free, and loses nothing by ending.
            idle_looks = idle_looks + 1 if self._sending() == 0 else 0
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def cancel(self, job: Job) -> Job:
        """What is there stays. Errors: Conflict when it has ended."""
        return await self._interrupt(job, CancelledByUser("cancelled"), "cancelled", None)

    async def pause(self, job: Job) -> Job:
        """Calls in flight finish first. Errors: Conflict when it neither runs nor waits."""
        if job.id in self.running:
            await self._jobs.wish_pause(job.id)
        return await self._interrupt(job, PausedByUser("paused"), "paused", "user")

    async def resume(self, job: Job) -> Job:
        """Errors: Conflict when it is not paused."""
        if job.state == "cancelled":
            raise Conflict(
                f"job {job.job_id} was cancelled, which is for good; send its request again: replies that had come are "
                "in the ledger and cost nothing"
            )
        if job.state != "paused":
            raise Conflict(f"job {job.job_id} is {job.state}; only a job that is paused can be resumed")
        changed = await self._jobs.move(
            job.id, "submitted", at=timestamp(self._clock), step="Waiting to continue", only_from=frozenset({"paused"})
        )
        self.wake()
        return changed

    async def set_limits(self, job: Job, changes: Mapping[str, int | None]) -> Job:
        """Errors: Conflict when it has ended."""
        if job.state in ENDED:
            raise Conflict(f"job {job.job_id} is {job.state}, its limits cannot change any more")
        await self._jobs.set_limits(job.id, changes)
        changed = await self._jobs.reload(job.id)
        running = self.running.get(job.id)
        if running is not None:
            running.set_limits(changed.concurrency, changed.max_calls, changed.max_cost_nano)
        return changed

    async def _interrupt(self, job: Job, halt: Halt, to: JobState, reason: PauseReason | None) -> Job:
        running = self.running.get(job.id)
        if running is None:
            return await self._jobs.move(job.id, to, at=timestamp(self._clock), reason=reason)
        running.halt(halt)
        if isinstance(halt, CancelledByUser) and running.task is not None and running.begun:
            running.task.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(running.ended.wait(), SETTLE_S)
        return await self._jobs.reload(job.id)

    async def _supervise(self) -> None:
        while True:
            self._wakened.clear()
            seen = self._places.view(self.running)
            try:
                await self._launch_queued()
            except AppError as exc:
                # The queue cannot be read just now; without another try no job would ever start again.
                log.exception("queue_unreadable", extra={"detail": exc.detail})
                await self._clock.sleep(QUEUE_RETRY_S)
                continue
            await self._until_changed(seen)

    async def _until_changed(self, seen: View) -> None:
        """Wakened; or a provider has fallen silent or speaks again, which tells nobody."""
        while not self._wakened.is_set() and self._places.view(self.running) == seen:
            if self._places.full(self.running):
                await sleep_unless(self._clock, PLACES_LOOK_S, self._wakened)
            else:
                await self._wakened.wait()

    async def _launch_queued(self) -> None:
        """The oldest first, of those that may have a place."""
        after = 0
        while self._places.free(self.running):
            page = await self._jobs.queued(after)
            for job in page:
                waits = job.id not in self.running and self._places.free(self.running)
                if waits and self._places.takes(job, self.running):
                    self._launch(job)
            if not page:
                return
            after = page[-1].id

    def _launch(self, job: Job) -> None:
        running = Running(job)
        self.running[job.id] = running
        running.task = asyncio.create_task(self._run(running), name=job.job_id)

    async def _run(self, running: Running) -> None:
        running.begun = True
        try:
            with bound(job_id=running.job.job_id):
                await self._work(running)
        finally:
            del self.running[running.job.id]
            running.ended.set()
            self.wake()

    async def _start(self, running: Running) -> None:
        """Errors: NotStarted when it was cancelled, paused or deleted before its turn came."""
        at = timestamp(self._clock)
        try:
            running.job = await self._jobs.move(running.job.id, "running", at=at, step="Starting")
        except (Conflict, NotFound) as exc:
            raise NotStarted from exc
        log.info("job_started", extra={"kind": running.job.kind})

    async def _work(self, running: Running) -> None:
        try:
            await self._start(running)
            if running.halted_by is not None:
                raise running.halted_by
            await self.kinds[running.job.kind](running)
        except NotStarted:
            log.info("job_not_started", extra={"state": running.job.state})  # cancelled before its turn came
        except CallsStopped:
            log.info("job_suspended")  # stays running in the table, so that the next start takes it up
        except asyncio.CancelledError:
            if isinstance(running.halted_by, CancelledByUser | PausedByUser):
                await self._end_halted(running, running.halted_by)
            elif running.halted_by is None:
                raise
        except Halt as halt:
            await self._end_halted(running, halt)
        except StorageError as exc:
            await self._wait_for_storage(running, exc)
        except AppError as exc:
            await self._end(running, "failed", error=(exc.slug, exc.detail), step="Failed")
        except Exception:  # the job boundary: a bug fails its job, not the server
            log.exception("job_crashed")
            await self._end(running, "failed", error=("internal", "internal error; the log says more"), step="Failed")
        else:
            await self._end(running, "completed", step=running.conclusion)

    async def _wait_for_storage(self, running: Running, exc: StorageError) -> None:
        """A full disk is not the job's fault: it goes on when there is room again, and asks nothing twice."""
        log.error("storage_unavailable", extra={"detail": exc.detail})
        running.storage_fault = exc
        try:
            await self._clock.sleep(STORAGE_RETRY_S)
            await self._settle_calls(running.job.id)
        except asyncio.CancelledError:
            if running.halted_by is None:
                raise
        halted = running.halted_by
        if isinstance(halted, CallsStopped) or self.stopping:
            log.info("job_suspended")
        elif halted is not None:
            await self._end_halted(running, halted)
        elif running.job.state == "running":  # else it is still in the queue
            step = f"Waiting for storage: {exc.detail}"
            await self._end(running, "submitted", error=(exc.slug, exc.detail), step=step)

    async def _settle_calls(self, job: int) -> None:
        """Until it is done: a call that is left open would count for nothing."""
        while self._settle is not None:
            try:
                await self._settle(job)
                return
            except StorageError as exc:
                log.error("calls_not_settled", extra={"detail": exc.detail})
                await self._clock.sleep(STORAGE_RETRY_S)

    async def _end_halted(self, running: Running, halt: Halt) -> None:
        if isinstance(halt, CancelledByUser):
            await self._end(running, "cancelled", step="Cancelled")
        elif isinstance(halt, JobFatal):
            await self._end(running, "failed", error=("provider", halt.detail), step="Failed")
        else:
            reasons: dict[type[Halt], PauseReason] = {
                AccountClosed: "provider",
                BudgetExhausted: "budget",
                PausedByUser: "user",
            }
            detail = None if isinstance(halt, PausedByUser) else halt.detail
            resting = halt.resting if isinstance(halt, AccountClosed) else None
            reason = reasons[type(halt)]
            await self._end(running, "paused", reason=reason, error=(None, detail), step="Paused", resting=resting)

    async def _end(
        self,
        running: Running,
        to: JobState,
        *,
        reason: PauseReason | None = None,
        error: tuple[str | None, str | None] = (None, None),
        step: str,
        resting: str | None = None,
    ) -> None:
        write = asyncio.create_task(self._write_end(running, to, reason, error, step, resting), name="job-end")
        try:
            running.job = await asyncio.shield(write)
        except asyncio.CancelledError:
            # The end of a job is written even while the server stops.
            running.job = await asyncio.shield(write)
        log.info("job_ended", extra={"state": to, "reason": reason, "error": error[1]})
        if resting is not None:
            self._rests.look()
        if self._notify is not None:
            self._notify()

    async def _write_end(
        self,
        running: Running,
        to: JobState,
        reason: PauseReason | None,
        error: tuple[str | None, str | None],
        step: str,
        resting: str | None,
    ) -> Job:
        """Until it is written: a job whose end is lost would seem to run for ever."""
        while True:
            at, notify, job = timestamp(self._clock), self._notify is not None, running.job.id
            try:
                return await self._jobs.move(
                    job, to, at=at, reason=reason, error=error, step=step, notify=notify, resting=resting
                )
            except StorageError as exc:
                if self.stopping:
                    raise
                log.error("job_end_not_written", extra={"detail": exc.detail})
                running.storage_fault = exc
                await self._clock.sleep(STORAGE_RETRY_S)
