"""Jobs paused because a provider named a time until which it wants no calls go on by themselves when that is over."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Protocol

from chunksmith.domain.clock import sleep_unless, timestamp
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.ports import Clock
from chunksmith.errors import AppError, Conflict, NotFound

log = logging.getLogger(__name__)
RETRY_S = 2.0


class Account(Protocol):
    """Of a provider."""

    @property
    def rest_s(self) -> float: ...
    def ask_one_by_one(self) -> None: ...


class Rests:
    """Which jobs wait is in their table, until when in the accounts, which know it again after a restart."""

    def __init__(self, jobs: JobQueue, accounts: Mapping[str, Account], clock: Clock) -> None:
        self._jobs = jobs
        self._accounts = accounts
        self._clock = clock
        self._changed = asyncio.Event()

    def look(self) -> None:
        """A job was paused for a rest, or a rest is over before its time."""
        self._changed.set()

    async def run(self, queued: asyncio.Event) -> None:
        """For ever; ``queued`` is set when jobs have been put into the queue again."""
        begins = True
        while True:
            self._changed.clear()
            try:
                wait_s = await self._go_on(queued, begins=begins)
                begins = False
            except AppError as exc:  # not readable or writable just now
                log.exception("rests_unreadable", extra={"detail": exc.detail})
                wait_s = RETRY_S
            if wait_s is None:
                await self._changed.wait()
            else:
                await sleep_unless(self._clock, wait_s, self._changed)

    async def _go_on(self, queued: asyncio.Event, *, begins: bool) -> float | None:
        """Let go on whose time has come. How long the others wait at least; None when there are none."""
        waits = []
        for job, provider in await self._jobs.resting():
            account = self._accounts.get(provider)
            rest_s = account.rest_s if account is not None else 0.0
            if rest_s > 0:
                waits.append(rest_s)
                continue
            if begins and account is not None:
                account.ask_one_by_one()  # its time came while no process was there
            with contextlib.suppress(Conflict, NotFound):  # somebody was faster
                at = timestamp(self._clock)
                await self._jobs.move(job, "submitted", at=at, step="Waiting to continue", of_rest=True)
                log.info("job_rested", extra={"job": job, "provider": provider})
            queued.set()
        return min(waits, default=None)
