"""The one door to models: ledger, budget, admission, adapter, ledger. Nothing else may hold an adapter."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from chunksmith.domain.calls import ChatReply, ChatRequest, ModelRef, ProviderAccount, Stage, Usage
from chunksmith.domain.clock import timestamp
from chunksmith.domain.halts import CallsStopped
from chunksmith.domain.ledger import CallFailure, NewCall, StoredReply
from chunksmith.domain.ports import ChatModel, Clock
from chunksmith.domain.tokens import estimate_tokens
from chunksmith.errors import ProviderError
from chunksmith.gateway.admission import Admission, Slot
from chunksmith.gateway.budget import Budget, Reservation
from chunksmith.gateway.pricing import PriceBook

RETRY_BASE_S, RETRY_MAX_S = 0.5, 30.0
TRANSIENT = frozenset({"server", "connection", "timeout"})
# Roles and separators around each message.
MESSAGE_OVERHEAD_TOKENS = 16
# What is reserved when a request does not limit its reply.
DEFAULT_OUTPUT_TOKENS = 2048


class Ledger(Protocol):
    """What the gateway needs of storage; every write is durable when it returns."""

    async def find(self, key: bytes, only_job: tuple[int, int] | None = None) -> StoredReply | None: ...
    async def intend(self, call: NewCall) -> int: ...
    async def answered(
        self, call_id: int, job: int | None, raw: bytes, reply: ChatReply | None, at: str, failure: CallFailure | None
    ) -> None: ...
    async def failed(self, call_id: int, job: int | None, at: str, failure: CallFailure) -> None: ...
    async def count_reused(self, job: int) -> None: ...


class Answer(NamedTuple):
    """``reused``: no call was made for it."""

    reply: ChatReply
    call_id: int
    reused: bool


@dataclass
class Caller:
    """On whose behalf calls are made: one job, its ceiling, its share of the provider's limits."""

    job: int
    budget: Budget
    weight: int = 1
    reuse: bool = True


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
        observe: Callable[[str, str, ChatReply | None], None] | None = None,
    ) -> None:
        self._models = models
        self._ledger = ledger
        self.prices = prices
        self._clock = clock
        self._attempts = attempts
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._in_flight: dict[bytes, asyncio.Future[Answer]] = {}
        self._observe = observe
        self._draining = False
        self.sending = 0
        self.admissions = {
            name: Admission(account, clock, give_up_after_s, self._rng) for name, account in accounts.items()
        }

    async def ask(self, request: ChatRequest, caller: Caller, *, position: int, stage: Stage) -> Answer:
        """A reply to ``request``: a stored one, one that is on its way for somebody else, or a new one.

        Errors: ProviderError (attempts used up, or not transient), AccountClosed, BudgetExhausted, CallsStopped.
        """
        key = request.key()
        twin = self._in_flight.get(key) if caller.reuse else None
        if twin is not None:
            return await self._share(twin, request, caller, position, stage)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if caller.reuse:
            self._in_flight[key] = future
        try:
            answer = await self._find(key, request, caller, position) or await self._call(
                key, request, caller, position, stage
            )
        except BaseException:
            future.cancel()
            raise
        else:
            future.set_result(answer)
            return answer
        finally:
            if self._in_flight.get(key) is future:
                del self._in_flight[key]

    def drain(self) -> None:
        """Start no further call; those that wait for their turn are told. Replies in flight are still kept."""
        self._draining = True
        for admission in self.admissions.values():
            admission.turn_away(CallsStopped())

    def reopen(self, provider: str) -> None:
        """A job starts or goes on: an account that was closed gets another chance."""
        self.admissions[provider].reopen()

    def forget(self, job: int) -> None:
        """A job is over."""
        for admission in self.admissions.values():
            admission.forget_job(job)

    async def close(self) -> None:
        for admission in self.admissions.values():
            await admission.close_timer()

    async def _share(
        self, twin: asyncio.Future[Answer], request: ChatRequest, caller: Caller, position: int, stage: Stage
    ) -> Answer:
        # wait, not await: neither's cancellation or failure is the other's.
        await asyncio.wait([twin])
        if twin.cancelled():
            return await self.ask(request, caller, position=position, stage=stage)
        await self._ledger.count_reused(caller.job)
        return twin.result()._replace(reused=True)

    async def _find(self, key: bytes, request: ChatRequest, caller: Caller, position: int) -> Answer | None:
        # Without reuse a reply still counts for the unit it was made for: a restart must not pay for it again.
        stored = await self._ledger.find(key, None if caller.reuse else (caller.job, position))
        if stored is None:
            return None
        reply = self._models[request.model.provider].decode(request, stored.raw)
        await self._ledger.count_reused(caller.job)
        return Answer(reply, stored.call_id, reused=True)

    async def _call(self, key: bytes, request: ChatRequest, caller: Caller, position: int, stage: Stage) -> Answer:
        attempt = failures = 0
        while True:
            attempt += 1
            call = self._new_call(key, request, caller, position, stage, attempt)
            try:
                return await self._attempt(request, caller, call)
            except ProviderError as exc:
                if exc.kind in TRANSIENT:
                    failures += 1
                    if failures < self._attempts:
                        await self._clock.sleep(self._backoff_s(failures, exc))
                        continue
                elif exc.kind in ("rate_limit", "quota"):
                    continue  # admission knows; the next attempt waits there, or is told that the account is closed
                raise

    async def _attempt(self, request: ChatRequest, caller: Caller, call: NewCall) -> Answer:
        admission = self.admissions[request.model.provider]
        expected = request_tokens(request)
        async with (
            caller.budget.reserve(call.estimate_nano) as reservation,
            admission.slot(caller.job, caller.weight, expected) as slot,
        ):
            if self._draining:
                raise CallsStopped
            call_id = await self._ledger.intend(replace(call, sent_at=timestamp(self._clock)))
            reservation.commit()
            self.sending += 1
            try:
                raw = await self._models[request.model.provider].send(request)
            except ProviderError as exc:
                await self._record_failure(call_id, call, exc, slot, reservation)
                raise
            except asyncio.CancelledError:
                lost = CallFailure("interrupted", "cancelled in flight", None, True, call.estimate_nano)
                await asyncio.shield(self._ledger.failed(call_id, call.job, timestamp(self._clock), lost))
                raise
            finally:
                self.sending -= 1
            return await self._record_answer(call_id, call, request, raw, slot, reservation)

    async def _record_answer(
        self, call_id: int, call: NewCall, request: ChatRequest, raw: bytes, slot: Slot, reservation: Reservation
    ) -> Answer:
        at = timestamp(self._clock)
        try:
            reply = self._models[request.model.provider].decode(request, raw)
        except ProviderError as exc:
            slot.failed(exc)
            failure = CallFailure(exc.kind, exc.detail, exc.status, True, call.estimate_nano)
            await self._ledger.answered(call_id, call.job, raw, None, at, failure)
            raise
        cost = self.prices.cost_nano(request.model, reply.usage)
        reply = replace(reply, usage=replace(reply.usage, cost_nano_usd=cost))
        # Paid for: kept even when the job is being cancelled at this moment.
        await asyncio.shield(self._ledger.answered(call_id, call.job, raw, reply, at, None))
        reservation.spent_nano = cost if cost is not None else reservation.spent_nano
        slot.succeeded(_total(reply.usage))
        self._seen(request.model, "answered", reply)
        return Answer(reply, call_id, reused=False)

    async def _record_failure(
        self, call_id: int, call: NewCall, exc: ProviderError, slot: Slot, reservation: Reservation
    ) -> None:
        slot.failed(exc)
        # An answer with an error status is not billed; a lost connection or a missing answer may be.
        maybe_billed = exc.sent and exc.status is None and exc.kind in TRANSIENT
        if not maybe_billed:
            reservation.spent_nano = 0
        failure = CallFailure(exc.kind, exc.detail, exc.status, maybe_billed, call.estimate_nano)
        await asyncio.shield(self._ledger.failed(call_id, call.job, timestamp(self._clock), failure))
        self._seen(call.model, exc.kind, None)

    def _seen(self, model: ModelRef, result: str, reply: ChatReply | None) -> None:
        if self._observe is not None:
            self._observe(model.provider, result, reply)

    def _new_call(
        self, key: bytes, request: ChatRequest, caller: Caller, position: int, stage: Stage, attempt: int
    ) -> NewCall:
        estimate = self.prices.ceiling_nano(request.model, prompt_tokens(request), output_tokens(request))
        return NewCall(key, caller.job, position, stage, attempt, request.model, "", estimate)

    def _backoff_s(self, failures: int, exc: ProviderError) -> float:
        jittered = self._rng.uniform(0.5, 1.0) * min(RETRY_MAX_S, RETRY_BASE_S * 2.0 ** (failures - 1))
        return max(jittered, exc.retry_after_s or 0.0)


def prompt_tokens(request: ChatRequest) -> int:
    text = sum(estimate_tokens(message.text) + MESSAGE_OVERHEAD_TOKENS for message in request.messages)
    return text + (estimate_tokens(str(request.reply_schema)) if request.reply_schema else 0)


def output_tokens(request: ChatRequest) -> int:
    return request.max_tokens or DEFAULT_OUTPUT_TOKENS


def request_tokens(request: ChatRequest) -> int:
    """What a call is expected to take of a limit per minute; corrected when the usage is reported."""
    return prompt_tokens(request) + output_tokens(request) // 4


def _total(usage: Usage) -> int | None:
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    return usage.input_tokens + usage.output_tokens
