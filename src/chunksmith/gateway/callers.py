"""Who asks a model, what for, and what is answered."""

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

from chunksmith.domain.calls import ChatReply, ChatRequest, Stage
from chunksmith.domain.clock import sleep_unless
from chunksmith.domain.halts import Halt
from chunksmith.domain.ports import Clock
from chunksmith.errors import StorageError
from chunksmith.gateway.budget import Budget
from chunksmith.gateway.lanes import Lanes


class Answer(NamedTuple):
    """``reused``: no call was made for it."""

    reply: ChatReply
    call_id: int
    reused: bool


@dataclass
class Caller:
    """On whose behalf calls are made: one job, its ceiling, its share of the provider's limits.

    ``stored_only``: no call is made for it; the ledger answers, or nobody does.
    """

    job: int
    budget: Budget
    weight: int = 1
    reuse: bool = True
    stored_only: bool = False
    halted_by: Halt | StorageError | None = None
    halted: asyncio.Event = field(default_factory=asyncio.Event)
    lanes: Lanes = field(default_factory=Lanes)

    async def pause(self, clock: Clock, seconds: float) -> None:
        """For so long, or until the job is halted."""
        await sleep_unless(clock, seconds, self.halted)


@dataclass(slots=True, eq=False)
class Asked:
    """One request that somebody wants answered.

    ``left``: a call for it is on its way, or its reply on the way into the ledger. ``given_up``: nobody waits any more.
    """

    key: bytes
    request: ChatRequest
    caller: Caller
    position: int
    stage: Stage
    left: bool = False
    given_up: bool = False
