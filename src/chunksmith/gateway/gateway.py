"""The one door to models: ledger, budget, admission, adapter, ledger. Nothing else may hold an adapter."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from chunksmith.domain import fault_points
from chunksmith.domain.calls import (
    ChatReply,
    ChatRequest,
    ModelRef,
    ProviderAccount,
    Stage,
)
from chunksmith.domain.clock import timestamp
from chunksmith.domain.halts import AccountClosed, CallsStopped, Halt
from chunksmith.domain.ledger import CallFailure, NewCall, StoredReply
from chunksmith.domain.loop_turns import LoopTurns
from chunksmith.domain.ports import ChatModel, Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import ProviderError, StorageError
from chunksmith.gateway.admission import Admission, Slot
from chunksmith.gateway.budget import Budget, Reservation
from chunksmith.gateway.keeping import Keeper, Write
from chunksmith.gateway.lanes import Lane, Lanes
from chunksmith.gateway.permits import Permits
from chunksmith.gateway.pricing import PriceBook
from chunksmith.gateway.sizes import prompt_ceiling, request_tokens, total_tokens

RETRY_BASE_S, RETRY_MAX_S = 0.5, 30.0
# How often a call that may not leave just now looks again.
HELD_LOOK_S = 0.05
TRANSIENT = frozenset({"server", "connection", "timeout"})


class Ledger(Protocol):
    """What the gateway needs of storage; every write is durable when it has been awaited."""

    async def find(self, key: bytes, only_job: tuple[int, int] | None = None) -> StoredReply | None: ...
    async def newest(self, key: bytes, only_job: tuple[int, int] | None = None) -> StoredReply | None: ...
    def intend(self, call: NewCall) -> Awaitable[int]: ...
    def answered(
        self, call_id: int, job: int | None, raw: bytes, reply: ChatReply | None, at: str, failure: CallFailure | None
    ) -> Awaitable[None]: ...
    def failed(self, call_id: int, job: int | None, at: str, failure: CallFailure) -> Awaitable[None]: ...
    def withdraw(self, call_id: int, job: int | None) -> Awaitable[None]: ...
    async def count_reused(self, job: int) -> None: ...
    async def abandon_open(self, at: str, job: int | None = None, but: Collection[int] = ()) -> int: ...


class Answer(NamedTuple):
    """``reused``: no call was made for it."""

    reply: ChatReply
    call_id: int
    reused: bool


class Kept(NamedTuple):
    """``durable``: done when the reply is in the ledger, and only then may anybody read it."""

    answer: Answer
    durable: asyncio.Future[None]


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """A call waits to be tried again; ``detail`` says what went wrong."""

    until: float
    detail: str


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


class Gateway:
    def __init__(
        self,
        models: Mapping[str, ChatModel],
        accounts: Mapping[str, ProviderAccount],
        ledger: Ledger,
        prices: PriceBook,
        clock: Clock,
        *,
        attempts: int,
        give_up_after_s: float,
        rng: random.Random | None = None,
    ) -> None:
        self._models = models
        self._ledger = ledger
        self.prices = prices
        self._clock = clock
        self._attempts = attempts
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._in_flight: dict[bytes, asyncio.Future[Answer]] = {}
        # Told how each call ended: provider, result, reply.
        self.observe: Callable[[str, str, ChatReply | None], None] = lambda provider, result, reply: None
        self._draining = False
        # By job: calls that have left, and those that wait to be tried again.
        self._moving: Counter[int] = Counter()
        self._rests: dict[int, list[Rest]] = {}
        self._turns = LoopTurns()
        self._keeper = Keeper(clock)
        # Calls between their intent and their reply in the ledger; by id, from when the intent is there.
        self.sending = 0
        self._open: set[int] = set()
        self.admissions = {
            name: Admission(account, clock, give_up_after_s, self._rng) for name, account in accounts.items()
        }

    async def ask(self, request: ChatRequest, caller: Caller, *, position: int, stage: Stage) -> Answer:
        """A reply to ``request``: a stored one, one that is on its way for somebody else, or a new one.

        Errors: ProviderError (attempts used up, or not transient; ``no_stored_reply``), AccountClosed, BudgetExhausted,
        CallsStopped; StorageError when there is no room for a new call in the ledger.
        """
        await self._turns.next()
        key = request.key()
        if caller.stored_only:
            return await self._stored(key, request, caller, position, stage)
        twin = self._in_flight.get(key) if caller.reuse else None
        if twin is not None:
            return await self._share(twin, request, caller, position, stage)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if caller.reuse:
            self._in_flight[key] = future
        try:
            answer = await self._find(key, request, caller, position) or await self._until_answered(
                key, request, caller, position, stage
            )
        except BaseException:
            future.cancel()
            raise
        else:
            future.set_result(answer)
            await self._turns.next()  # whoever asked reads it now, and scores what it finds
            return answer
        finally:
            if self._in_flight.get(key) is future:
                del self._in_flight[key]

    def drain(self) -> None:
        """Start no further call; those that wait for their turn are told. Replies in flight are still kept."""
        self._draining = True
        for admission in self.admissions.values():
            admission.turn_away(CallsStopped())

    def halt(self, caller: Caller, reason: Halt | StorageError) -> None:
        """Start no further call for this job. Those on their way are still kept."""
        caller.halted_by = caller.halted_by or reason
        caller.halted.set()
        for admission in self.admissions.values():
            admission.turn_away(reason, caller.job)

    def reopen(self, provider: str) -> None:
        """A job starts or goes on: an account that was closed gets another chance."""
        self.admissions[provider].reopen()

    def forget(self, job: int) -> None:
        """A job is over."""
        for admission in self.admissions.values():
            admission.forget_job(job)

    @property
    def held_by(self) -> StorageError | None:
        """Why replies that have come cannot be written; no call leaves meanwhile."""
        return self._keeper.obstacle

    async def settle(self, job: int) -> None:
        """Calls of the job that are open in the ledger, and that nobody waits for, may have been billed."""
        await self._ledger.abandon_open(timestamp(self._clock), job, self._open)

    async def close(self) -> None:
        await self._keeper.close()
        for admission in self.admissions.values():
            await admission.close_timer()

    async def _share(
        self, twin: asyncio.Future[Answer], request: ChatRequest, caller: Caller, position: int, stage: Stage
    ) -> Answer:
        # wait, not await: neither's cancellation or failure is the other's, nor is a pause.
        halted = asyncio.ensure_future(caller.halted.wait())
        either: list[asyncio.Future[Any]] = [twin, halted]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            halted.cancel()
        if caller.halted_by is not None and not twin.done():
            raise caller.halted_by
        if twin.cancelled():
            return await self.ask(request, caller, position=position, stage=stage)
        await self._ledger.count_reused(caller.job)
        return twin.result()._replace(reused=True)

    async def _find(self, key: bytes, request: ChatRequest, caller: Caller, position: int) -> Answer | None:
        # Without reuse a reply still counts for the unit it was made for: a restart must not pay for it again.
        stored = await self._ledger.find(key, None if caller.reuse else (caller.job, position))
        return await self._reused(stored, request, caller) if stored is not None else None

    async def _stored(self, key: bytes, request: ChatRequest, caller: Caller, position: int, stage: Stage) -> Answer:
        """The newest reply, also one that would be asked for again. Errors: ProviderError when there is none."""
        stored = await self._ledger.newest(key, None if caller.reuse else (caller.job, position))
        if stored is None:
            told = f"no reply to this request ({stage}) is stored, and this round only reads what is"
            raise ProviderError("no_stored_reply", told, provider=request.model.provider, sent=False)
        return await self._reused(stored, request, caller)

    async def _reused(self, stored: StoredReply, request: ChatRequest, caller: Caller) -> Answer:
        """Errors: ProviderError for what is not a reply."""
        reply = self._models[request.model.provider].decode(request, stored.raw)
        await self._ledger.count_reused(caller.job)
        return Answer(reply, stored.call_id, reused=True)

    def resting(self, job: int) -> "Rest | None":
        """The wait that ends first, when calls wait to be tried again and no other call of the job is on its way."""
        rests = self._rests.get(job, ())
        return min(rests, key=lambda rest: rest.until) if rests and not self.moves(job) else None

    def moves(self, job: int) -> bool:
        """Whether a call of the job is on its way."""
        return self._moving[job] > 0

    async def _rest(self, caller: Caller, seconds: float, exc: ProviderError) -> None:
        rest = Rest(self._clock.monotonic() + seconds, exc.detail)
        rests = self._rests.setdefault(caller.job, [])
        rests.append(rest)
        try:
            await self._pause(caller, seconds)
        finally:
            rests.remove(rest)
            if not rests:
                self._rests.pop(caller.job, None)

    async def _until_answered(
        self, key: bytes, request: ChatRequest, caller: Caller, position: int, stage: Stage
    ) -> Answer:
        attempt = failures = 0
        began = self._clock.monotonic()
        while True:
            attempt += 1
            call = self._new_call(key, request, caller, position, stage, attempt)
            try:
                return await self._attempt(request, caller, call)
            except (AccountClosed, StorageError) as closed:
                self.halt(caller, closed)  # the job's other calls need not sleep out their waits to learn of it
                raise
            except ProviderError as exc:
                if exc.kind in TRANSIENT:
                    failures += 1
                    if failures < self._attempts or not self._own_fault(request, key, exc, began):
                        await self._rest(caller, self._backoff_s(failures, exc), exc)
                        continue
                elif exc.kind in ("rate_limit", "quota"):
                    continue  # admission knows; the next attempt waits there, or is told that the account is closed
                raise

    def _own_fault(self, request: ChatRequest, key: bytes, exc: ProviderError, began: float) -> bool:
        """Whether it is this request that fails, and not the provider as a whole.

        While nobody gets an answer it is an outage: that is waited for, and ends with the account being closed. Where
        nothing else was asked meanwhile it could be either: then the request is given up, and the next one decides.
        """
        admission = self.admissions[request.model.provider]
        answered = exc.status is not None and exc.status not in (502, 503, 504)
        return answered or admission.answered_since(began) or admission.gives_up_on(key)

    async def _pause(self, caller: Caller, seconds: float) -> None:
        """Until then, or until the job is halted."""
        waits = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(caller.halted.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _attempt(self, request: ChatRequest, caller: Caller, call: NewCall) -> Answer:
        self._check_halted(caller)
        async with caller.lanes.lane() as lane:
            self._check_halted(caller)  # while it waited
            kept = await self._admitted(request, caller, call, lane)
        await asyncio.shield(kept.durable)  # paid for: kept even when the job is being cancelled at this moment
        fault_points.reached("reply_durable")
        self._seen(call.model, "answered", kept.answer.reply)
        return kept.answer

    def _check_halted(self, caller: Caller) -> None:
        halted = CallsStopped() if self._draining else caller.halted_by
        if halted is not None:
            raise halted

    async def _admitted(self, request: ChatRequest, caller: Caller, call: NewCall, lane: Lane) -> "Kept":
        """An answer that is on its way into the ledger when lane and slot are free again.

        Whoever takes these writes an intent behind it, and leaves when that is durable, as this reply is then: never
        are there more calls without a durable reply than may be in flight.
        """
        admission = self.admissions[request.model.provider]
        async with (
            caller.budget.reserve(call.estimate_nano) as reservation,
            admission.slot(caller.job, caller.weight, request_tokens(request)) as slot,
        ):
            try:
                self._check_halted(caller)
            except (Halt, StorageError):
                slot.unsent()
                raise
            self.sending += 1
            try:
                call_id = await self._leave(call, Permits(lane, slot, reservation), caller)
                fault_points.reached("intent_durable")
                with self._counted(caller.job):
                    raw = await self._send(call_id, call, request, slot, reservation)
                    fault_points.reached("reply_received")
                    kept = await self._keep(call_id, call, request, raw, slot, reservation)
            except BaseException:
                self.sending -= 1
                raise
            kept.durable.add_done_callback(self._is_kept)
            return kept

    def _is_kept(self, _: asyncio.Future[None]) -> None:
        self.sending -= 1

    @contextlib.contextmanager
    def _counted(self, job: int) -> Iterator[None]:
        self._moving[job] += 1
        try:
            yield
        finally:
            self._moving[job] -= 1
            if not self._moving[job]:
                del self._moving[job]

    async def _leave(self, call: NewCall, permits: Permits, caller: Caller) -> int:
        """The call is in the ledger from here on, with the time at which it leaves.

        Between the right to send and the sending limits may have been lowered, or a wait set for all. What is held back
        is taken out of the ledger again: after a crash it would count as sent, and at a wrong time.

        Errors: Halt, when none may leave any more; StorageError, when the disk is full.
        """
        written: asyncio.Future[int] | None = None
        try:
            while True:
                self._check_room()
                call.sent_at = timestamp(self._clock)
                written = asyncio.ensure_future(self._ledger.intend(call))
                call_id = await asyncio.shield(written)
                await self._turns.next(first=True)
                self._check_halted(caller)
                self._check_room()  # the reply before it may not have been written
                if permits.used():
                    self._open.add(call_id)
                    return call_id
                written = None
                await asyncio.shield(self._withdraw(call_id, call.job))
                self._check_halted(caller)
                while not permits.taken():
                    await self._pause(caller, HELD_LOOK_S)
                    self._check_halted(caller)
        except (asyncio.CancelledError, Halt, StorageError):
            permits.give_back()
            permits.slot.unsent()
            if written is not None:
                await asyncio.shield(self._take_back(written, call.job))  # also when it is cancelled now
            raise

    def _check_room(self) -> None:
        if self._keeper.obstacle is not None:
            raise StorageError(self._keeper.obstacle.detail)

    async def _take_back(self, written: asyncio.Future[int], job: int | None) -> None:
        with contextlib.suppress(StorageError):  # then it was never written
            self._withdraw(await written, job)

    def _withdraw(self, call_id: int, job: int | None) -> "asyncio.Future[None]":
        self._open.add(call_id)
        return self._put_down(call_id, lambda: self._ledger.withdraw(call_id, job))

    def _put_down(self, call_id: int, write: Write) -> "asyncio.Future[None]":
        """What became of a call; done when it is durable."""
        kept = self._keeper.keep(write)
        kept.add_done_callback(lambda _: self._open.discard(call_id))
        return kept

    async def _send(
        self, call_id: int, call: NewCall, request: ChatRequest, slot: Slot, reservation: Reservation
    ) -> bytes:
        try:
            return await self._models[request.model.provider].send(request)
        except ProviderError as exc:
            await self._record_failure(call_id, call, exc, slot, reservation)
            raise
        except asyncio.CancelledError:
            lost = CallFailure("interrupted", "cancelled in flight", None, True, call.estimate_nano)
            at = timestamp(self._clock)
            # Not waited for: who cancels does not wait for a disk that is full.
            self._put_down(call_id, lambda: self._ledger.failed(call_id, call.job, at, lost))
            self._seen(call.model, "interrupted", None)
            raise

    async def _keep(
        self, call_id: int, call: NewCall, request: ChatRequest, raw: bytes, slot: Slot, reservation: Reservation
    ) -> "Kept":
        at = timestamp(self._clock)
        try:
            reply = self._models[request.model.provider].decode(request, raw)
        except ProviderError as exc:
            slot.failed(exc, call.key)
            failure = CallFailure(exc.kind, exc.detail, exc.status, True, call.estimate_nano)
            await asyncio.shield(
                self._put_down(call_id, lambda: self._ledger.answered(call_id, call.job, raw, None, at, failure))
            )
            self._seen(call.model, exc.kind, None)
            raise
        cost = self.prices.cost_nano(request.model, reply.usage)
        if cost != reply.usage.cost_nano_usd:
            reply = replace(reply, usage=replace(reply.usage, cost_nano_usd=cost))
        durable = self._put_down(call_id, lambda: self._ledger.answered(call_id, call.job, raw, reply, at, None))
        reservation.spent_nano = cost if cost is not None else reservation.spent_nano
        slot.succeeded(total_tokens(reply.usage))
        return Kept(Answer(reply, call_id, reused=False), durable)

    async def _record_failure(
        self, call_id: int, call: NewCall, exc: ProviderError, slot: Slot, reservation: Reservation
    ) -> None:
        slot.failed(exc, call.key)
        # An answer with an error status is not billed; a lost connection or a missing answer may be.
        maybe_billed = exc.sent and exc.status is None and exc.kind in TRANSIENT
        if not maybe_billed:
            reservation.spent_nano = 0
        told_until = None
        if exc.retry_after_s and exc.kind in ("rate_limit", "server"):
            told_until = rfc3339(self._clock.now() + exc.retry_after_s)
        failure = CallFailure(exc.kind, exc.detail, exc.status, maybe_billed, call.estimate_nano, told_until)
        at = timestamp(self._clock)
        await asyncio.shield(self._put_down(call_id, lambda: self._ledger.failed(call_id, call.job, at, failure)))
        self._seen(call.model, exc.kind, None)

    def _seen(self, model: ModelRef, result: str, reply: ChatReply | None) -> None:
        self.observe(model.provider, result, reply)

    def _new_call(
        self, key: bytes, request: ChatRequest, caller: Caller, position: int, stage: Stage, attempt: int
    ) -> NewCall:
        output = self._models[request.model.provider].output_ceiling(request)
        estimate = self.prices.ceiling_nano(request.model, prompt_ceiling(request), output)
        return NewCall(key, caller.job, position, stage, attempt, request.model, "", estimate)

    def _backoff_s(self, failures: int, exc: ProviderError) -> float:
        jittered = self._rng.uniform(0.5, 1.0) * min(RETRY_MAX_S, RETRY_BASE_S * 2.0 ** (failures - 1))
        return max(jittered, exc.retry_after_s or 0.0)
