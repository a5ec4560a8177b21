"""The one door to models: what the ledger holds comes from there, all else is asked. Nothing else may hold one."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

from chunksmith.domain.calls import ChatRequest, ProviderAccount, Stage
from chunksmith.domain.halts import AccountClosed, CallsStopped, Halt
from chunksmith.domain.ledger import StoredReply
from chunksmith.domain.loop_turns import LoopTurns
from chunksmith.domain.ports import ChatModel, Clock
from chunksmith.errors import ProviderError, StorageError
from chunksmith.gateway.admission import TRANSIENT, Admission
from chunksmith.gateway.callers import Answer, Asked, Caller
from chunksmith.gateway.pricing import PriceBook
from chunksmith.gateway.sending import CallLog, Sender

RETRY_BASE_S, RETRY_MAX_S = 0.5, 30.0
# A request key, and the job and position that alone may have its reply; None: everybody may.
Sharing = tuple[bytes, tuple[int, int] | None]


class Ledger(CallLog, Protocol):
    """What the gateway needs of storage."""

    async def find(self, key: bytes, only_job: tuple[int, int] | None = None) -> StoredReply | None: ...
    async def newest(self, key: bytes, only_job: tuple[int, int] | None = None) -> StoredReply | None: ...
    async def count_reused(self, job: int) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """A call waits to be tried again; ``detail`` says what went wrong."""

    until: float
    detail: str


class Asking(NamedTuple):
    """``job``: the one that asks; others may wait for its answer."""

    task: asyncio.Task[Answer]
    job: int


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
        self._give_up_after_s = give_up_after_s
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries, guards nothing
        # What is being asked, by what may share its answer.
        self._asking: dict[Sharing, Asking] = {}
        # By job: calls that wait to be tried again.
        self._rests: dict[int, list[Rest]] = {}
        # By job and provider: what is being asked.
        self._wanted: Counter[tuple[int, str]] = Counter()
        # By job: those whose calls it waits for, as its own would be equal.
        self._awaited: dict[int, list[int]] = {}
        self._turns = LoopTurns()
        self.admissions = {
            name: Admission(account, clock, give_up_after_s, self._rng) for name, account in accounts.items()
        }
        self.sender = Sender(models, self.admissions, ledger, prices, clock, self._turns)

    async def ask(self, request: ChatRequest, caller: Caller, *, position: int, stage: Stage) -> Answer:
        """A reply to ``request``: a stored one, one that is on its way for somebody else, or a new one.

        A call that has left comes home, also when this is cancelled: its reply is paid for, and goes into the ledger.

        Errors: ProviderError (attempts used up, or not transient; ``no_stored_reply``), AccountClosed, BudgetExhausted,
        CallsStopped; StorageError when there is no room for a new call in the ledger.
        """
        await self._turns.next()
        asked = Asked(request.key(), request, caller, position, stage)
        if caller.stored_only:
            return await self._stored(asked)
        with self._noted(caller.job, request.model.provider):
            return await self._ask(asked)

    async def _ask(self, asked: Asked) -> Answer:
        twin = self._asking.get(_sharing(asked))
        if twin is not None:
            return await self._share(twin, asked)
        task = self._begin(asked)
        try:
            answer = await asyncio.shield(task)
        except asyncio.CancelledError:
            asked.given_up = True
            if not asked.left and not task.done():
                task.cancel()
                await asyncio.wait([task])
            raise
        await self._turns.next()  # whoever asked reads it now, and scores what it finds
        return answer

    async def give_way(self) -> None:
        """Call between pieces of the work on a reply: what came in meanwhile is answered first.

        Who has begun goes on before others begin, whose passages would displace what is remembered of this one.
        """
        await self._turns.next(first=True)

    def drain(self) -> None:
        """Start no further call; those that wait for their turn are told. Replies in flight are still kept."""
        self.sender.draining = True
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

    def resting(self, job: int) -> Rest | None:
        """The wait that ends first, when calls wait to be tried again and no other call of the job is on its way."""
        rests = self._rests.get(job, ())
        return min(rests, key=lambda rest: rest.until) if rests and not self.sender.moves(job) else None

    def awaited(self, job: int) -> int | None:
        """Another job, when this one waits for answers to equal calls of it, and no call of its own is on its way."""
        awaited = () if self.sender.moves(job) else self._awaited.get(job, ())
        return next((other for other in awaited if other != job), None)

    def silent(self) -> frozenset[str]:
        """The providers that answer nobody for now."""
        return frozenset(name for name, admission in self.admissions.items() if admission.silent)

    def idles(self, job: int) -> bool:
        """Whether the job asks, and all that it asks is asked of providers that answer nobody for now."""
        asked = {provider for other, provider in self._wanted if other == job}
        return bool(asked) and not self.sender.moves(job) and asked <= self.silent()

    @contextlib.contextmanager
    def _noted(self, job: int, provider: str) -> Iterator[None]:
        self._wanted[job, provider] += 1
        try:
            yield
        finally:
            self._wanted[job, provider] -= 1
            if not self._wanted[job, provider]:
                del self._wanted[job, provider]

    async def close(self) -> None:
        """Calls that are still on their way are cut off: they may have been billed."""
        asking = [one.task for one in self._asking.values()]
        for task in asking:
            task.cancel()
        if asking:
            await asyncio.wait(asking)
        await self.sender.close()
        for admission in self.admissions.values():
            await admission.close_alarm()

    def _begin(self, asked: Asked) -> "asyncio.Task[Answer]":
        sharing = _sharing(asked)
        task = asyncio.create_task(self._answer(asked))
        self._asking[sharing] = Asking(task, asked.caller.job)
        task.add_done_callback(partial(self._is_over, sharing))
        return task

    def _is_over(self, sharing: Sharing, task: "asyncio.Task[Answer]") -> None:
        del self._asking[sharing]
        if not task.cancelled():
            task.exception()  # is nobody's any more when its caller was cancelled

    async def _share(self, asking: Asking, asked: Asked) -> Answer:
        # wait, not await: neither's cancellation or failure is the other's, nor is a pause.
        caller, twin = asked.caller, asking.task
        halted = asyncio.ensure_future(caller.halted.wait())
        either: list[asyncio.Future[Any]] = [twin, halted]
        awaited = self._awaited.setdefault(caller.job, [])
        awaited.append(asking.job)
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            halted.cancel()
            awaited.remove(asking.job)
            if not awaited:
                self._awaited.pop(caller.job, None)
        if caller.halted_by is not None and not twin.done():
            raise caller.halted_by
        if twin.cancelled() or twin.exception() is not None:
            return await self.ask(asked.request, caller, position=asked.position, stage=asked.stage)
        await self._ledger.count_reused(caller.job)
        return twin.result()._replace(reused=True)

    async def _answer(self, asked: Asked) -> Answer:
        stored = await self._ledger.find(*_sharing(asked))
        return await (self._until_answered(asked) if stored is None else self._reused(stored, asked))

    async def _stored(self, asked: Asked) -> Answer:
        """The newest reply, also one that would be asked for again. Errors: ProviderError when there is none."""
        stored = await self._ledger.newest(*_sharing(asked))
        if stored is None:
            told = f"no reply to this request ({asked.stage}) is stored, and this round only reads what is"
            raise ProviderError("no_stored_reply", told, provider=asked.request.model.provider, sent=False)
        return await self._reused(stored, asked)

    async def _reused(self, stored: StoredReply, asked: Asked) -> Answer:
        """Errors: ProviderError for what is not a reply."""
        reply = self._models[asked.request.model.provider].decode(asked.request, stored.raw)
        await self._ledger.count_reused(asked.caller.job)
        return Answer(reply, stored.call_id, reused=True)

    async def _until_answered(self, asked: Asked) -> Answer:
        attempt = failures = 0
        began = self._clock.monotonic()
        while True:
            attempt += 1
            try:
                return await self.sender.attempt(asked, attempt)
            except (AccountClosed, StorageError) as closed:
                self.halt(asked.caller, closed)  # the job's other calls need not sleep out their waits to learn of it
                raise
            except ProviderError as exc:
                asked.left = False
                if asked.given_up:
                    raise
                if exc.kind in TRANSIENT:
                    failures += 1
                    if failures < self._attempts or not self._own_fault(asked, exc, began):
                        await self._rest(asked.caller, self._backoff_s(failures, exc), exc)
                        continue
                elif exc.kind in ("rate_limit", "quota"):
                    continue  # admission knows; the next attempt waits there, or is told that the account is closed
                raise

    def _own_fault(self, asked: Asked, exc: ProviderError, began: float) -> bool:
        """Whether it is this request that fails, and not the provider as a whole.

        While nobody gets an answer it is an outage: that is waited for, and ends with the account being closed. Where
        nothing else was asked meanwhile it could be either: then the request is given up, and the next one decides.
        """
        admission = self.admissions[asked.request.model.provider]
        answered = exc.status is not None and exc.status not in (502, 503, 504)
        return answered or admission.answered_since(began) or admission.gives_up_on(asked.key)

    async def _rest(self, caller: Caller, seconds: float, exc: ProviderError) -> None:
        rest = Rest(self._clock.monotonic() + seconds, exc.detail)
        rests = self._rests.setdefault(caller.job, [])
        rests.append(rest)
        try:
            await caller.pause(self._clock, seconds)
        finally:
            rests.remove(rest)
            if not rests:
                self._rests.pop(caller.job, None)

    def _backoff_s(self, failures: int, exc: ProviderError) -> float:
        jittered = self._rng.uniform(0.5, 1.0) * min(RETRY_MAX_S, RETRY_BASE_S * 2.0 ** (failures - 1))
        hint = exc.retry_after_s or 0.0
        # For a longer one nobody waits: the account is closed, as the next attempt learns.
        return max(jittered, hint) if hint <= self._give_up_after_s else jittered


def _sharing(asked: Asked) -> Sharing:
    # Without reuse a reply still counts for the unit it was made for: a restart must not pay for it again.
    return asked.key, None if asked.caller.reuse else (asked.caller.job, asked.position)
