"""The hosts of one Ollama account: which is asked next, and which rests for what it answered.

A host that fails is quick to be free again, so whoever counts only calls in flight would send it all of them. Here a
failure lets its host rest, longer each time, until it gives a reply again.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from chunksmith.domain.calls import shown_address
from chunksmith.errors import ProviderError

NOT_PULLED = re.compile(r"model .* not found", re.IGNORECASE)
_NOT_LOADED = re.compile(
    r"requires more system memory|timed out waiting for llama runner|(?:unable|failed) to load|error loading model",
    re.IGNORECASE,
)


class Setback(NamedTuple):
    """What a failure means for the host that it came from.

    Units: ``rest_s`` the first time, twice as long each further time, at most ``most_s``.
    ``of_model``: it says nothing about other models. ``worked``: the host may have worked on the request.
    """

    rest_s: float
    most_s: float
    of_model: bool = False
    worked: bool = False


NOT_REACHED = Setback(10.0, 120.0)
LACKS_MODEL = Setback(60.0, 600.0, of_model=True)
CANNOT_LOAD = Setback(60.0, 600.0, of_model=True)
REFUSES_KEY = Setback(300.0, 600.0, of_model=True)
WRONG_ADDRESS = Setback(300.0, 600.0)
BUSY = Setback(1.0, 30.0)
BAD_GATEWAY = Setback(5.0, 120.0)
FAILED = Setback(5.0, 120.0, worked=True)


def setback(error: ProviderError) -> Setback | None:
    """None where the request is to blame, and another host would say the same."""
    status = error.status
    if not error.sent:
        return NOT_REACHED if error.kind == "connection" else None
    if error.kind == "context_window":
        return None
    if status in (401, 403):
        return REFUSES_KEY
    if status == 404:
        return LACKS_MODEL if NOT_PULLED.search(error.detail) else WRONG_ADDRESS
    if status is not None and 300 <= status < 400:
        return WRONG_ADDRESS
    if status in (429, 503):
        return BUSY
    if status == 502:
        return BAD_GATEWAY
    if status is not None and status >= 500 and _NOT_LOADED.search(error.detail):
        return CANNOT_LOAD
    return FAILED if error.kind in ("server", "connection", "timeout") else None


@dataclass(slots=True)
class _Rest:
    """``told_until``: until when the host itself wants no call. ``probes``: calls that are with it nevertheless."""

    since: float
    until: float
    told_until: float
    times: int
    error: ProviderError
    probes: int = 0


@dataclass(slots=True, eq=False)
class Host:
    """One address with what is known about it. Rests are kept by model, under None what concerns all of them."""

    base: str
    in_flight: int = 0
    _rests: dict[str | None, _Rest] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Where it is, without what may be secret in its address."""
        return shown_address(self.base).rpartition("://")[2]

    def resting(self, model: str) -> _Rest | None:
        """The rest that ends last. When it has ended, it is over only with the first reply."""
        found = [rest for scope, rest in self._rests.items() if scope in (None, model)]
        return max(found, key=lambda rest: rest.until, default=None)

    def is_awake(self, model: str, now: float) -> bool:
        """Whether it may be asked; after a rest one call finds out for all."""
        rest = self.resting(model)
        return rest is None or (rest.until <= now and not rest.probes)

    @contextmanager
    def call(self, model: str) -> Iterator[None]:
        probed = [rest for scope, rest in self._rests.items() if scope in (None, model)]
        self.in_flight += 1
        for rest in probed:
            rest.probes += 1
        try:
            yield
        finally:
            self.in_flight -= 1
            for rest in probed:
                rest.probes -= 1

    def rest(self, model: str, error: ProviderError, what: Setback, asked_at: float, now: float) -> None:
        scope = model if what.of_model else None
        before = self._rests.get(scope)
        times = before.times if before is not None else 0
        if before is None or asked_at > before.since:
            times += 1  # what was asked before the rest began says nothing new
        told_until = now + (error.retry_after_s or 0.0)
        until = max(now + min(what.most_s, what.rest_s * 2.0 ** (times - 1)), told_until)
        if before is not None:
            until, told_until = max(until, before.until), max(told_until, before.told_until)
        self._rests[scope] = _Rest(now, until, told_until, times, error)

    def replied(self, model: str) -> None:
        self._rests.pop(None, None)
        self._rests.pop(model, None)


class Hosts:
    """All hosts of an account, and what their failures mean for it as a whole."""

    def __init__(self, bases: list[str], monotonic: Callable[[], float]) -> None:
        self.all = [Host(base) for base in bases]
        self.now = monotonic

    @property
    def several(self) -> bool:
        return len(self.all) > 1

    def next(self, model: str, failed: Mapping[Host, ProviderError]) -> Host | None:
        """The host with the fewest calls in flight of those that are awake and have not ``failed`` in this call.

        When all rest, the one that wakes first is asked, and only that one; before the job is told that no host takes
        its key, or has its model, all of them are.
        """
        now = self.now()
        left = [host for host in self.all if host not in failed]
        awake = [host for host in left if host.is_awake(model, now)]
        if awake:
            return min(awake, key=lambda host: host.in_flight)
        if failed and not _ends_jobs(self.refusal(model, failed)):
            return None
        return min(left, key=lambda host: self._wakes(host, model), default=None)

    def others_awake(self, model: str, but: Host) -> bool:
        now = self.now()
        return any(host.is_awake(model, now) for host in self.all if host is not but)

    def refusal(self, model: str, failed: Mapping[Host, ProviderError]) -> ProviderError:
        """What it means that no host took a call: all that ``failed`` did no work, the others rest for what they said.

        What all say alike is meant. Otherwise the account waits for those that are busy, else it has an outage.
        """
        said = [error for host in self.all if (error := self._last_said(host, model, failed)) is not None]
        told = "; ".join(dict.fromkeys(error.detail for error in said))
        kinds = {(error.kind, error.status == 404) for error in said}
        busy = next((error for error in said if error.kind == "rate_limit"), None)
        if len(kinds) == 1:
            kind, statuses = said[0].kind, {error.status for error in said}
            status = said[0].status if len(statuses) == 1 else None
        elif busy is not None:
            kind, status = busy.kind, busy.status
        else:
            kind, status = "connection", None
        return ProviderError(
            kind,
            told,
            provider=said[0].provider,
            status=status,
            retry_after_s=self._told_wait_s(model),
            sent=any(error.sent for error in failed.values()),
            taken_up=False,
        )

    def _last_said(self, host: Host, model: str, failed: Mapping[Host, ProviderError]) -> ProviderError | None:
        rest = host.resting(model)
        return failed.get(host) or (rest.error if rest is not None else None)

    def _told_wait_s(self, model: str) -> float | None:
        """Until the first host may be asked again, if that is a time which it named itself."""
        now = self.now()
        rests = [rest for host in self.all if (rest := host.resting(model)) is not None]
        first = min(rests, key=lambda rest: rest.until, default=None)
        return first.told_until - now if first is not None and first.told_until > now else None

    def _wakes(self, host: Host, model: str) -> tuple[bool, float]:
        rest = host.resting(model)
        return (False, 0.0) if rest is None else (rest.told_until > self.now(), rest.until)


def _ends_jobs(error: ProviderError) -> bool:
    return error.kind == "auth" or error.status == 404
