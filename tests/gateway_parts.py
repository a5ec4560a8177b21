"""A gateway over a scripted model, a ledger in memory and a clock that jumps."""

import json
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from chunksmith.domain.calls import ChatReply, ChatRequest, Message, ModelRef, Offer, ProviderAccount, Usage
from chunksmith.domain.ledger import CallFailure, NewCall, StoredReply
from chunksmith.errors import ProviderError, StorageError
from chunksmith.gateway.budget import Budget
from chunksmith.gateway.callers import Caller
from chunksmith.gateway.gateway import Gateway
from chunksmith.gateway.pricing import PriceBook, Rates
from virtual_clock import VirtualClock

MODEL = ModelRef("grok", "grok-4.3")
# 1 nano-dollar per token in, 2 per token out.
RATES = {"grok": Rates(Decimal("0.001"), Decimal("0.002"), Decimal("0.001"))}
PRICES = PriceBook(RATES, VirtualClock())


def account(**changes: Any) -> ProviderAccount:
    return ProviderAccount("grok", ("http://127.0.0.1:1/v1",), "grok-4.3", **changes)


def request(text: str = "What is granite?", **changes: Any) -> ChatRequest:
    return ChatRequest(MODEL, (Message("user", text),), max_tokens=100, **changes)


@dataclass
class ScriptedModel:
    """Answers after ``latency_s``; ``script`` is asked first and may give an error instead of None."""

    clock: VirtualClock
    latency_s: float = 1.0
    script: Callable[[int, ChatRequest], ProviderError | str | None] = lambda number, request: None
    usage: Callable[[ChatRequest], tuple[int, int]] = lambda request: (20, 10)
    sent: list[tuple[float, ChatRequest]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    ceiling: int = 100
    events: list[str] = field(default_factory=list)

    async def send(self, request: ChatRequest) -> bytes:
        self.sent.append((self.clock.monotonic(), request))
        self.events.append("sent")
        number = len(self.sent)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.latency_s:
                await self.clock.sleep(self.latency_s)
        finally:
            self.in_flight -= 1
        found = self.script(number, request)
        if isinstance(found, ProviderError):
            raise found
        used = self.usage(request)
        return json.dumps({"text": found or "fine", "used": used}).encode()

    def decode(self, request: ChatRequest, raw: bytes) -> ChatReply:
        self.events.append("decoded")
        try:
            payload = json.loads(raw)
        except ValueError as exc:
            raise ProviderError("server", "not JSON") from exc
        if payload["text"] == "broken":
            raise ProviderError("server", "not an answer")
        return ChatReply(payload["text"], "stop", Usage(*payload["used"]), request.model.model)

    def output_ceiling(self, request: ChatRequest) -> int:
        return self.ceiling

    async def offer(self) -> Offer:
        return Offer([], [], has_default=True)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class MemoryLedger:
    """What the real one keeps, with its promises; writing takes ``write_s``, and fails while the disk is ``full``."""

    clock: VirtualClock
    write_s: float = 0.0
    calls: dict[int, NewCall] = field(default_factory=dict)
    replies: dict[int, bytes] = field(default_factory=dict)
    usable: set[int] = field(default_factory=set)
    lifted: list[str] = field(default_factory=list)
    failures: dict[int, CallFailure] = field(default_factory=dict)
    costs: dict[int, int | None] = field(default_factory=dict)
    reused: int = 0
    intents: int = 0
    full: bool = False
    events: list[str] = field(default_factory=list)

    async def find(self, key: bytes, only_job: tuple[int, int] | None = None) -> StoredReply | None:
        for call_id in sorted(self.usable, reverse=True):
            call = self.calls[call_id]
            if call.key == key and only_job in (None, (call.job, call.position)):
                return StoredReply(call_id, self.replies[call_id])
        return None

    async def newest(self, key: bytes, only_job: tuple[int, int] | None = None) -> StoredReply | None:
        for call_id in sorted(self.replies, reverse=True):
            call = self.calls[call_id]
            if call.key == key and only_job in (None, (call.job, call.position)):
                return StoredReply(call_id, self.replies[call_id])
        return None

    async def intend(self, call: NewCall) -> int:
        await self._write()
        self.intents += 1
        call_id = self.intents
        self.calls[call_id] = replace(call)
        self.events.append("intent")
        return call_id

    async def answered(
        self, call_id: int, job: int | None, raw: bytes, reply: ChatReply | None, at: str, failure: CallFailure | None
    ) -> None:
        await self._write()
        self.replies[call_id] = raw
        self.events.append("reply kept")
        if reply is not None:
            if reply.finish in ("stop", "length", "refused"):
                self.usable.add(call_id)
            self.costs[call_id] = reply.usage.cost_nano_usd
        if failure is not None:
            self.failures[call_id] = failure

    async def failed(self, call_id: int, job: int | None, at: str, failure: CallFailure) -> None:
        await self._write()
        self.failures[call_id] = failure

    async def withdraw(self, call_id: int, job: int | None) -> None:
        await self._write()
        del self.calls[call_id]

    async def lift_wait(self, provider: str) -> None:
        await self._write()
        self.lifted.append(provider)

    async def count_reused(self, job: int) -> None:
        self.reused += 1

    async def _write(self) -> None:
        if self.write_s:
            await self.clock.sleep(self.write_s)
        if self.full:
            raise StorageError("the database cannot be written: database or disk is full")

    async def abandon_open(self, at: str, job: int | None = None, but: Collection[int] = ()) -> int:
        lost = [one for one in self.open if one not in but and job in (None, self.calls[one].job)]
        for call_id in lost:
            self.failures[call_id] = CallFailure("interrupted", "nobody waited for it any more", None, True)
        return len(lost)

    @property
    def open(self) -> list[int]:
        """Calls of which nothing is known: none may stay so while the process lives."""
        return [call_id for call_id in self.calls if call_id not in self.replies and call_id not in self.failures]


@dataclass
class Parts:
    clock: VirtualClock
    model: ScriptedModel
    ledger: MemoryLedger
    gateway: Gateway

    @property
    def admission(self) -> Any:
        return self.gateway.admissions["grok"]

    def caller(self, job: int = 1, **changes: Any) -> Caller:
        limits = {name: changes.pop(name, None) for name in ("max_calls", "max_cost_nano")}
        return Caller(job, Budget(**limits, calls=0, spent_nano=0), **changes)

    def at_rest(self) -> bool:
        """Nothing holds a slot, waits for one, or is counted as on its way."""
        return (self.admission.in_flight, self.admission.queued, self.gateway.sender.sending, self.model.in_flight) == (
            0,
        ) * 4


def parts(
    *,
    attempts: int = 8,
    give_up_after_s: float = 900.0,
    seed: int = 0,
    write_s: float = 0.0,
    rates: Mapping[str, Rates] = RATES,
    beside: Collection[str] = (),
    **account_changes: Any,
) -> Parts:
    """``beside``: other providers, which always answer, after a second."""
    clock = VirtualClock()
    model = ScriptedModel(clock)
    ledger = MemoryLedger(clock, write_s)
    ledger.events = model.events
    gateway = Gateway(
        {"grok": model, **{name: ScriptedModel(clock) for name in beside}},
        {name: replace(account(**account_changes), provider=name) for name in ("grok", *beside)},
        ledger,
        PriceBook(rates, clock),
        clock,
        attempts=attempts,
        give_up_after_s=give_up_after_s,
        rng=random.Random(seed),
    )
    return Parts(clock, model, ledger, gateway)


def most_within(times: Sequence[float], window_s: float) -> int:
    """The most of ``times`` that lie in any window of that length."""
    ordered = sorted(times)
    first = most = 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - window_s:
            first += 1
        most = max(most, last - first + 1)
    return most
