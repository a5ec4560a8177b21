"""One attempt to get a reply: a place to send it from, its intent in the ledger, the call, its reply in the ledger."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple, Protocol

from chunksmith.domain import fault_points
from chunksmith.domain.calls import ChatReply, ChatRequest, ModelRef
from chunksmith.domain.clock import timestamp
from chunksmith.domain.halts import CallsStopped, Halt
from chunksmith.domain.ledger import CallFailure, NewCall
from chunksmith.domain.loop_turns import LoopTurns
from chunksmith.domain.ports import ChatModel, Clock
from chunksmith.domain.times import day_of, rfc3339
from chunksmith.errors import ProviderError, StorageError
from chunksmith.gateway.admission import TRANSIENT, Admission, Seat, Slot
from chunksmith.gateway.budget import Reservation
from chunksmith.gateway.callers import Answer, Asked, Caller
from chunksmith.gateway.keeping import Keeper, Write
from chunksmith.gateway.lanes import Lane
from chunksmith.gateway.permits import Permits
from chunksmith.gateway.pricing import PriceBook
from chunksmith.gateway.sizes import prompt_ceiling, request_tokens, total_tokens

# How often a call that may not leave just now looks again.
HELD_LOOK_S = 0.05


class CallLog(Protocol):
    """What storage keeps of calls; every write is durable when it has been awaited."""

    def intend(self, call: NewCall) -> Awaitable[int]: ...
    def answered(
        self, call_id: int, job: int | None, raw: bytes, reply: ChatReply | None, at: str, failure: CallFailure | None
    ) -> Awaitable[None]: ...
    def failed(self, call_id: int, job: int | None, at: str, failure: CallFailure) -> Awaitable[None]: ...
    def withdraw(self, call_id: int, job: int | None) -> Awaitable[None]: ...
    def lift_wait(self, provider: str) -> Awaitable[None]: ...
    async def abandon_open(self, at: str, job: int | None = None, but: Collection[int] = ()) -> int: ...


class Kept(NamedTuple):
    """``durable``: done when the reply is in the ledger, and only then may anybody read it."""

    answer: Answer
    durable: asyncio.Future[None]


class Sender:
    """Sends calls. ``models`` by provider, ``admissions`` by account."""

    def __init__(
        self,
        models: Mapping[str, ChatModel],
        admissions: Mapping[str, Admission],
        log: CallLog,
        prices: PriceBook,
        clock: Clock,
        turns: LoopTurns,
    ) -> None:
        self._models = models
        self._admissions = admissions
        self._log = log
        self._prices = prices
        self._clock = clock
        self._turns = turns
        self._keeper = Keeper(clock)
        for provider, admission in admissions.items():
            admission.lifted = partial(self._lift_wait, provider)
        # Told how each call ended: provider, result, reply.
        self.observe: Callable[[str, str, ChatReply | None], None] = lambda provider, result, reply: None
        # Told that a provider, which wanted to be left alone for long, answers again.
        self.rest_over: Callable[[], None] = lambda: None
        self.draining = False
        # Calls between their intent and their reply in the ledger; by id, from when the intent is there.
        self.sending = 0
        self._open: set[int] = set()
        # By job: calls that have left, until what became of them is in the ledger.
        self._moving: Counter[int] = Counter()

    @property
    def held_by(self) -> StorageError | None:
        """Why replies that have come cannot be written; no call leaves meanwhile."""
        return self._keeper.obstacle

    def moves(self, job: int) -> bool:
        """Whether a call of the job is on its way."""
        return self._moving[job] > 0

    async def attempt(self, asked: Asked, number: int) -> Answer:
        """One call, the ``number``-th for this request. Errors: ProviderError, Halt, StorageError."""
        caller, call = asked.caller, self._new_call(asked, number)
        self._check_halted(caller)
        async with caller.lanes.lane() as lane:
            self._check_halted(caller)  # while it waited
            kept = await self._admitted(asked, call, lane)
        await asyncio.shield(kept.durable)  # paid for: kept even when the server stops at this moment
        fault_points.reached("reply_durable")
        self._seen(call.model, "answered", kept.answer.reply)
        return kept.answer

    async def settle(self, job: int) -> None:
        """Calls of the job that are open in the ledger, and that nobody waits for, may have been billed."""
        await self._log.abandon_open(timestamp(self._clock), job, self._open)

    async def close(self) -> None:
        await self._keeper.close()

    def _check_halted(self, caller: Caller) -> None:
        halted = CallsStopped() if self.draining else caller.halted_by
        if halted is not None:
            raise halted

    async def _admitted(self, asked: Asked, call: NewCall, lane: Lane) -> Kept:
        """An answer that is on its way into the ledger when lane and slot are free again.

        Whoever takes these writes an intent behind it, and leaves when that is durable, as this reply is then: never
        are there more calls without a durable reply than may be in flight.
        """
        caller = asked.caller
        async with caller.budget.reserve(call.estimate_nano) as reservation, self._seat(asked, call) as slot:
            try:
                self._check_halted(caller)
            except (Halt, StorageError):
                slot.unsent()
                raise
            self.sending += 1
            try:
                call_id = await self._leave(asked, call, Permits(lane, slot, reservation))
                fault_points.reached("intent_durable")
                self._moving[caller.job] += 1
                try:
                    raw = await self._send(call_id, call, asked, slot, reservation)
                    fault_points.reached("reply_received")
                    kept = await self._keep(call_id, call, asked, raw, slot, reservation)
                except BaseException:
                    self._is_home(caller.job)
                    raise
            except BaseException:
                self.sending -= 1
                raise
            kept.durable.add_done_callback(partial(self._is_kept, caller.job))
            return kept

    def _seat(self, asked: Asked, call: NewCall) -> Seat:
        """Errors: Halt, StorageError of a job that was halted while this waited for room below its ceilings."""
        caller = asked.caller
        self._check_halted(caller)
        return self._admissions[call.model.provider].slot(caller.job, caller.weight, call.estimated_tokens)

    def _is_kept(self, job: int, _: asyncio.Future[None]) -> None:
        self.sending -= 1
        self._is_home(job)

    def _is_home(self, job: int) -> None:
        self._moving[job] -= 1
        if not self._moving[job]:
            del self._moving[job]

    async def _leave(self, asked: Asked, call: NewCall, permits: Permits) -> int:
        """The call is in the ledger from here on, with the time at which it leaves.

        Between the right to send and the sending limits may have been lowered, or a wait set for all. What is held back
        is taken out of the ledger again: after a crash it would count as sent, and at a wrong time.

        Errors: Halt, when none may leave any more; StorageError, when the disk is full.
        """
        caller = asked.caller
        written: asyncio.Future[int] | None = None
        try:
            while True:
                self._check_room()
                self._date(asked, call, permits.reservation)
                written = asyncio.ensure_future(self._log.intend(call))
                call_id = await asyncio.shield(written)
                await self._turns.next(first=True)
                self._check_halted(caller)
                self._check_room()  # the reply before it may not have been written
                if permits.used():
                    asked.left = True
                    self._open.add(call_id)
                    return call_id
                written = None
                await asyncio.shield(self._withdraw(call_id, call.job))
                self._check_halted(caller)
                while not permits.taken():
                    await caller.pause(self._clock, HELD_LOOK_S)
                    self._check_halted(caller)
        except (asyncio.CancelledError, Halt, StorageError):
            permits.give_back()
            permits.slot.unsent()
            if written is not None:
                await asyncio.shield(self._take_back(written, call.job))  # also when it is cancelled now
            raise

    def _date(self, asked: Asked, call: NewCall, reservation: Reservation) -> None:
        """The call leaves now; on another day than that on which its place was asked for, prices may be others."""
        now = timestamp(self._clock)
        if day_of(now) != day_of(call.sent_at):
            call.estimate_nano = self._highest_cost(asked.request, now)
            reservation.change(call.estimate_nano)
        call.sent_at = now

    def _check_room(self) -> None:
        if self._keeper.obstacle is not None:
            raise StorageError(self._keeper.obstacle.detail)

    async def _take_back(self, written: asyncio.Future[int], job: int | None) -> None:
        with contextlib.suppress(StorageError):  # then it was never written
            self._withdraw(await written, job)

    def _withdraw(self, call_id: int, job: int | None) -> "asyncio.Future[None]":
        self._open.add(call_id)
        return self._put_down(call_id, lambda: self._log.withdraw(call_id, job))

    def _lift_wait(self, provider: str) -> None:
        """It was asked before its time, and answers: after a restart it is not left alone any more."""
        self._keeper.keep(lambda: self._log.lift_wait(provider))
        self.rest_over()

    def _put_down(self, call_id: int, write: Write) -> "asyncio.Future[None]":
        """What became of a call; done when it is durable."""
        kept = self._keeper.keep(write)
        kept.add_done_callback(lambda _: self._open.discard(call_id))
        return kept

    async def _send(self, call_id: int, call: NewCall, asked: Asked, slot: Slot, reservation: Reservation) -> bytes:
        try:
            return await self._models[call.model.provider].send(asked.request)
        except ProviderError as exc:
            await self._record_failure(call_id, call, exc, slot, reservation)
            raise
        except asyncio.CancelledError:
            lost = CallFailure("interrupted", "cut off as the server stopped", None, True, call.estimate_nano)
            at = timestamp(self._clock)
            # Not waited for: a stop does not wait for a disk that is full.
            self._put_down(call_id, lambda: self._log.failed(call_id, call.job, at, lost))
            self._seen(call.model, "interrupted", None)
            raise

    async def _keep(
        self, call_id: int, call: NewCall, asked: Asked, raw: bytes, slot: Slot, reservation: Reservation
    ) -> Kept:
        at = timestamp(self._clock)
        try:
            reply = self._models[call.model.provider].decode(asked.request, raw)
        except ProviderError as exc:
            slot.failed(exc, call.key)
            failure = CallFailure(exc.kind, exc.detail, exc.status, True, call.estimate_nano)
            await asyncio.shield(
                self._put_down(call_id, lambda: self._log.answered(call_id, call.job, raw, None, at, failure))
            )
            self._seen(call.model, exc.kind, None)
            raise
        cost = self._prices.cost_nano(call.model, reply.usage, call.sent_at)
        if cost != reply.usage.cost_nano_usd:
            reply = replace(reply, usage=replace(reply.usage, cost_nano_usd=cost))
        durable = self._put_down(call_id, lambda: self._log.answered(call_id, call.job, raw, reply, at, None))
        reservation.spent_nano = cost if cost is not None else reservation.spent_nano
        slot.succeeded(total_tokens(reply.usage))
        return Kept(Answer(reply, call_id, reused=False), durable)

    async def _record_failure(
        self, call_id: int, call: NewCall, exc: ProviderError, slot: Slot, reservation: Reservation
    ) -> None:
        slot.failed(exc, call.key)
        # An answer with an error status is not billed; a lost connection or a missing answer may be.
        maybe_billed = exc.sent and exc.taken_up and exc.status is None and exc.kind in TRANSIENT
        if not exc.sent:
            reservation.stays()
        elif not maybe_billed:
            reservation.spent_nano = 0
        told_until = None
        if exc.retry_after_s and exc.kind in ("rate_limit", "server"):
            told_until = rfc3339(self._clock.now() + exc.retry_after_s)
        failure = CallFailure(
            exc.kind, exc.detail, exc.status, maybe_billed, call.estimate_nano, told_until, not exc.sent
        )
        at = timestamp(self._clock)
        await asyncio.shield(self._put_down(call_id, lambda: self._log.failed(call_id, call.job, at, failure)))
        self._seen(call.model, exc.kind, None)

    def _seen(self, model: ModelRef, result: str, reply: ChatReply | None) -> None:
        self.observe(model.provider, result, reply)

    def _new_call(self, asked: Asked, number: int) -> NewCall:
        request, now = asked.request, timestamp(self._clock)
        return NewCall(
            asked.key,
            asked.caller.job,
            asked.position,
            asked.stage,
            number,
            request.model,
            sent_at=now,
            estimate_nano=self._highest_cost(request, now),
            estimated_tokens=request_tokens(request),
        )

    def _highest_cost(self, request: ChatRequest, sent_at: str) -> int | None:
        output = self._models[request.model.provider].output_ceiling(request)
        return self._prices.ceiling_nano(request.model, prompt_ceiling(request), output, sent_at)
