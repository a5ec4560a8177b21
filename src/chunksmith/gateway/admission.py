"""When a call may leave: slots, shared waits and the breaker of one provider account."""

import asyncio
import random
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Literal

from chunksmith.domain.calls import ProviderAccount
from chunksmith.domain.halts import AccountClosed, Halt
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import ProviderError, StorageError
from chunksmith.gateway.alarm import Alarm
from chunksmith.gateway.turns import Turns, Waiter
from chunksmith.gateway.windows import Spending, Window

SHRINK = 0.7
RATE_LIMIT_BASE_S, RATE_LIMIT_MAX_S = 1.0, 60.0
BREAKER_FAILURES = 8
BREAKER_BASE_S, BREAKER_MAX_S = 5.0, 120.0
# A shorter rest is no reason to do something else meanwhile.
MOMENT_S = 5.0
# What may be over when it is tried again; the provider has said nothing that counts.
TRANSIENT = frozenset({"server", "connection", "timeout"})

WaitReason = Literal["concurrency", "requests_per_minute", "tokens_per_minute", "rate_limit", "provider_down"]


@dataclass(slots=True)
class Slot:
    """The right to send one call. Tell it how the call went before the slot is given back.

    ``granted_at``, and from when it has left: the time of that. ``asks_again``: the call that finds out whether the
    provider, which wanted to be left alone for long, still does.
    """

    admission: "Admission"
    granted_at: float
    request: Spending
    tokens: Spending
    asks_again: bool = False
    left: bool = False

    def may_leave(self) -> bool:
        """Whether the slot may still be used: limits may have been lowered since. Errors: AccountClosed."""
        admission, now = self.admission, self.admission.now()
        fits = admission.requests.still_fits(self.request, now) and admission.tokens.still_fits(self.tokens, now)
        return fits and admission.may_leave()

    def leaves(self) -> None:
        """The request is sent now, which may be some time after the slot was given."""
        self.left = True
        self.admission.sent += 1
        self.granted_at = now = self.admission.now()
        self.admission.requests.move(self.request, now)
        self.admission.tokens.move(self.tokens, now)

    def stays(self) -> None:
        """The request was not sent after all."""
        self.left = False
        self.admission.sent -= 1

    def succeeded(self, tokens: int | None) -> None:
        if tokens is not None:
            self.admission.tokens.correct(self.tokens, tokens)
        if self.asks_again:
            self.admission.is_answered_again()
        self.admission.on_success()

    def failed(self, error: ProviderError, key: bytes) -> None:
        """``key`` tells requests apart."""
        if self.asks_again and error.sent and error.kind not in TRANSIENT:
            self.admission.is_answered_again()
        self.admission.on_failure(error, self.granted_at, key)

    def unsent(self) -> None:
        """Nothing left: what was counted for it is free again."""
        self.admission.tokens.correct(self.tokens, 0)
        self.admission.requests.correct(self.request, 0)


class Seat:
    """A place in the queue of an account, and then a slot, for as long as it is entered."""

    __slots__ = ("_admission", "_asked", "_slot")

    def __init__(self, admission: "Admission", job: int, weight: int, tokens: int) -> None:
        self._admission = admission
        self._asked = (job, weight, tokens)

    async def __aenter__(self) -> Slot:
        self._slot = await self._admission.enter(*self._asked)
        return self._slot

    async def __aexit__(self, *_: object) -> None:
        self._admission.leave(self._slot)


class Admission:
    """The gate of one provider account. All its calls pass here, so a wait is shared by all of them.

    Jobs take turns, the least served first, weighted by their concurrency, as far as there are places for it.
    """

    def __init__(self, account: ProviderAccount, clock: Clock, give_up_after_s: float, rng: random.Random) -> None:
        self.account = account
        self._clock = clock
        self._give_up_after_s = give_up_after_s
        self._rng = rng
        self.max_concurrency = account.max_concurrency
        self.requests = Window(account.requests_per_minute)
        self.tokens = Window(account.tokens_per_minute)
        self.in_flight = 0  # slots given; of these have been used:
        self.sent = 0
        self.limit = float(account.max_concurrency)
        self._successes = 0
        self._shrunk_at = float("-inf")
        self._blocked_until = 0.0
        self._blocked_by: WaitReason | None = None
        self._rate_limits = 0
        self._failures = 0
        self._openings = 0
        self._opened_at = float("-inf")
        self._down_since: float | None = None
        self._failing: set[bytes] = set()  # requests, since then; two are enough to know that it is not one of them
        self._answered_at = float("-inf")
        self._closed: AccountClosed | None = None
        # Until when the provider wants no calls, where that is longer than anybody waits for it.
        self._told_until = float("-inf")
        self._asks_again = False
        self.lifted: Callable[[], None] = lambda: None  # called when that wait is over before its time
        self._turns: Turns[Slot] = Turns(lambda: self.max_concurrency)
        self._alarm = Alarm(clock, self._grant, f"admission-{account.provider}")
        self.waiting_for: WaitReason | None = None
        self.waiting_until: float | None = None
        self.outage: str | None = None  # what was said last of why nobody is answered

    @property
    def _probes(self) -> bool:
        """Whether one call at a time finds out how things are."""
        return self._openings > 0 or self._asks_again

    @property
    def rest_s(self) -> float:
        """How long the provider still wants to be left alone, by its own word; asking earlier changes nothing in it."""
        return max(0.0, self._told_until - self._clock.monotonic())

    @property
    def _rests(self) -> bool:
        return self._closed is not None and self._closed.resting is not None and self.rest_s > 0

    @property
    def silent(self) -> bool:
        """Whether nobody is answered for now, and not only for a moment."""
        rests = self._blocked_until - self._clock.monotonic() >= MOMENT_S
        return self._closed is None and (rests or self._probes)

    @property
    def queued(self) -> int:
        return len(self._turns)

    def slot(self, job: int, weight: int, tokens: int) -> "Seat":
        """``async with`` waits for the right to send one call of about ``tokens``. Errors: AccountClosed."""
        return Seat(self, job, weight, tokens)

    async def enter(self, job: int, weight: int, tokens: int) -> Slot:
        self._check_open()
        waiter: Waiter[Slot] = Waiter(job, weight, tokens, asyncio.get_running_loop().create_future())
        self._turns.add(waiter)
        self._grant()
        try:
            return await waiter.granted
        except asyncio.CancelledError:
            self._forget(waiter)
            raise

    def leave(self, slot: Slot) -> None:
        self.in_flight -= 1
        self.sent -= slot.left
        self._grant()

    def may_leave(self) -> bool:
        self._check_open()
        if self._clock.monotonic() < self._blocked_until or (self._probes and self.sent):
            return False
        return self.sent < min(int(self.limit), self.max_concurrency)

    def _check_open(self) -> None:
        """Errors: AccountClosed, but not for a rest whose time is over."""
        if self._closed is not None and self._closed.resting is not None:
            self.reopen()
        if self._closed is not None:
            raise copy(self._closed)

    def now(self) -> float:
        return self._clock.monotonic()

    def answered_since(self, moment: float) -> bool:
        """Whether the provider has answered any call since then, be it with a refusal."""
        return self._answered_at >= moment

    def on_success(self) -> None:
        self._on_answer()
        self._rate_limits = 0
        self._successes += 1
        if self._successes >= self.limit and self.limit < self.max_concurrency:
            self.limit = min(self.limit + 1, float(self.max_concurrency))
            self._successes = 0

    def gives_up_on(self, key: bytes) -> bool:
        """Whether this request failed for as long as an outage is waited for, and nothing else was there to fail."""
        since = self._down_since
        lasted = since is not None and self._clock.monotonic() - since >= self._give_up_after_s
        return lasted and self._failing == {key}

    def on_failure(self, error: ProviderError, granted_at: float, key: bytes) -> None:
        if error.kind == "quota":
            self.close(error.detail)
        elif error.kind == "rate_limit":
            self._on_rate_limit(error.retry_after_s, granted_at)
        elif error.kind in TRANSIENT:
            if not error.elsewhere:
                self._on_outage(error, granted_at, key)
        elif error.sent:
            self._on_answer()

    def _on_answer(self) -> None:
        """Whatever it said: the provider is there."""
        self._failures = self._openings = 0
        self._down_since = self.outage = None
        self._failing.clear()
        self._answered_at = self._clock.monotonic()

    def _on_rate_limit(self, hint_s: float | None, granted_at: float) -> None:
        self._on_answer()
        now = self._clock.monotonic()
        # Once per round trip: calls sent before the last shrinking say nothing new.
        if granted_at > self._shrunk_at:
            # From what was really in flight: shrinking a limit that nobody reached would change nothing.
            self.limit = max(1.0, min(self.limit, float(self.max_concurrency), float(self.in_flight)) * SHRINK)
            self._shrunk_at = now
            self._successes = 0
            self._rate_limits += 1
        if hint_s is None:
            hint_s = self._rng.uniform(0, min(RATE_LIMIT_MAX_S, RATE_LIMIT_BASE_S * 2**self._rate_limits))
        self._heed(hint_s, "rate_limit")

    def _on_outage(self, error: ProviderError, granted_at: float, key: bytes) -> None:
        now, self.outage = self._clock.monotonic(), error.detail
        self._down_since = self._down_since if self._down_since is not None else now
        # Who is not reached at all is down for everybody; a status may be meant for one request.
        self._failing.update((key,) if error.status is not None else (key, b"") if len(self._failing) < 2 else ())
        if self._openings and granted_at <= self._opened_at:
            return  # it left before the breaker opened and says nothing new
        self._failures += 1
        if error.retry_after_s is not None:
            self._heed(error.retry_after_s, "provider_down")  # said to one, meant for all
        if self._rests:
            return
        if now - self._down_since >= self._give_up_after_s and not self.gives_up_on(key):
            self.close(f"{self.account.provider} has not answered for {int(now - self._down_since)} s: {error.detail}")
        elif self._failures >= BREAKER_FAILURES:
            wait_s = min(BREAKER_MAX_S, BREAKER_BASE_S * 2**self._openings)
            self._openings += 1
            self._opened_at = now
            self._failures = BREAKER_FAILURES - 1  # one probe; its failure opens again
            self._block(now + wait_s, "provider_down")

    def _block(self, until: float, reason: WaitReason) -> None:
        if until > self._blocked_until:
            self._blocked_until, self._blocked_by = until, reason

    def _heed(self, seconds: float, reason: WaitReason) -> None:
        """The provider wants to be left alone for so long. Longer than an outage is waited for, nobody waits."""
        until = self._clock.monotonic() + seconds
        self._block(until, reason)
        if seconds > self._give_up_after_s:
            self._told_until = until if self._asks_again else max(self._told_until, until)
            wait_s = self._told_until - self._clock.monotonic()
            told = f"{self.account.provider} wants no calls until {rfc3339(self._clock.now() + wait_s)}"
            self.close(f"{told}; the job goes on then, and resume asks at once", self.account.provider)

    def ask_again(self) -> None:
        """Somebody says so: one call finds out whether the provider still wants to be left alone."""
        if self._rests:
            self._closed, self._blocked_until = None, float("-inf")
            self.ask_one_by_one()

    def ask_one_by_one(self) -> None:
        """Until one is answered: the provider had wanted to be left alone for long."""
        self._asks_again = True

    def is_answered_again(self) -> None:
        """The wait is over; the answer itself may ask for another one."""
        self._asks_again, self._told_until = False, float("-inf")
        self.lifted()

    def close(self, detail: str, resting: str | None = None) -> None:
        """Nothing leaves any more; all that wait are told."""
        self._closed = AccountClosed(detail, resting)
        self.turn_away(self._closed)

    def turn_away(self, reason: Halt | StorageError, job: int | None = None) -> None:
        """All that wait, or those of one job, get ``reason`` instead of a slot."""
        for waiter in self._turns.drop(job):
            if not waiter.granted.done():
                waiter.granted.set_exception(copy(reason))
        self._grant()

    def reopen(self) -> None:
        """A job begins. While others wait here or are on their way, only what is closed changes."""
        if self._rests:
            return  # the provider said so itself: only who insists asks it before
        if self._closed is None and (self.in_flight or self._turns):
            return
        if self._closed is not None or self._blocked_by == "provider_down":
            self._blocked_until = 0.0
        if self._closed is not None and self._closed.resting is not None:
            self.ask_one_by_one()
        self._closed = None
        self._failures = self._openings = 0
        self._down_since = None
        self._failing.clear()

    def set_limits(self, max_concurrency: int, requests_per_minute: int | None, tokens_per_minute: int | None) -> None:
        """Live; what was spent in the last minute stays counted where it was limited before."""
        self.max_concurrency = max_concurrency
        self.limit = min(self.limit, float(max_concurrency)) if self._shrunk_at > 0 else float(max_concurrency)
        self.requests.limit = requests_per_minute
        self.tokens.limit = tokens_per_minute
        self._grant()

    def holds(self, job: int) -> bool:
        """Whether a call of the job waits here."""
        return self._turns.holds(job)

    def forget_job(self, job: int) -> None:
        self._turns.forget(job)

    def restore(self, age_s: float, calls: int, tokens: int) -> None:
        """Calls of the last minute, sent before this process began; told from the oldest on."""
        at = self._clock.monotonic() - age_s
        self.requests.spend(calls, at)
        self.tokens.spend(tokens, at)

    def restore_wait(self, seconds: float) -> None:
        """What the provider asked for before this process began."""
        self._heed(seconds, "rate_limit")

    def _forget(self, waiter: Waiter[Slot]) -> None:
        if waiter in self._turns:
            self._turns.take(waiter)
        elif waiter.granted.done() and not waiter.granted.cancelled() and waiter.granted.exception() is None:
            waiter.granted.result().unsent()  # granted in the moment of cancellation
            self.in_flight -= 1
            self._grant()

    def _grant(self) -> None:
        while self._turns:
            waiter = self._turns.first()
            now = self._clock.monotonic()
            reason, wait_s = self._obstacle(waiter, now)
            self.waiting_for, self.waiting_until = reason, (now + wait_s if wait_s else None)
            if reason is not None:
                smaller = self._smaller(waiter, wait_s, now) if reason == "tokens_per_minute" else None
                if smaller is None:
                    if wait_s > 0:
                        self._alarm.ring_in(wait_s)
                    return
                waiter = smaller
            self._turns.take(waiter)
            if waiter.granted.done():
                continue
            self._turns.served(waiter)
            self.in_flight += 1
            spent = self.requests.spend(1, now), self.tokens.spend(waiter.tokens, now)
            waiter.granted.set_result(Slot(self, now, *spent, asks_again=self._asks_again))
        self.waiting_for = self.waiting_until = None

    def _smaller(self, first: Waiter[Slot], wait_s: float, now: float) -> Waiter[Slot] | None:
        """One that fits beside ``first``, which waits for tokens, and does not make it wait longer."""
        if self.requests.spare(1, wait_s, now) < 1:
            return None
        most = self.tokens.spare(first.tokens, wait_s, now)
        fitting = (one for one in self._turns.in_order() if one.tokens <= most and not one.granted.done())
        return next(fitting, None)

    def _obstacle(self, waiter: Waiter[Slot], now: float) -> tuple[WaitReason | None, float]:
        """What stands in the way of the next call, and how long; 0 s: until a call comes back."""
        if now < self._blocked_until:
            return self._blocked_by, self._blocked_until - now
        if self._probes and self.in_flight > 0:
            return ("rate_limit" if self._asks_again else "provider_down"), 0.0
        if self.in_flight >= min(int(self.limit), self.max_concurrency):
            return "concurrency", 0.0
        for window, amount, reason in self._windows(waiter):
            wait_s = window.wait_s(amount, now)
            if wait_s > 0:
                return reason, wait_s
        return None, 0.0

    def _windows(self, waiter: Waiter[Slot]) -> list[tuple[Window, int, WaitReason]]:
        return [(self.requests, 1, "requests_per_minute"), (self.tokens, waiter.tokens, "tokens_per_minute")]

    async def close_alarm(self) -> None:
        await self._alarm.close()
