"""The server: which provider is meant, what goes wrong on purpose, what is counted."""

import asyncio
import contextlib
import random
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any, Final

from pydantic_core import from_json, to_json

from fakellm import gemini, grok, ollama, replies
from fakellm.messages import Asked, Finish, Manner, Reply, Request, Said, json_reply, plain
from fakellm.options import CONTENT_FAULTS, WIRE_FAULTS, Options
from fakellm.stats import Stats
from fakellm.wire import Connection

PROVIDERS: Final[dict[str, ModuleType]] = {"gemini": gemini, "grok": grok, "ollama": ollama}
_MARKER = re.compile(r"FAULT:([a-z0-9-]+)(?:\*(\d+))?")
_MANNERS: Final[dict[str, Manner]] = {"reset": "reset", "reset-body": "reset-body", "drip": "drip", "hang": "hang"}
_FINISHES: Final[dict[str, Finish]] = {
    "blocked": "blocked",
    "safety": "safety",
    "recitation": "recitation",
    "unknown-finish": "unknown-finish",
    "empty": "empty",
}
_LONG_THOUGHTS = 1000  # where nothing bounds them
_FAST_PROMPT = "Water boils at 100 degrees Celsius at sea level. Salt raises the boiling point. Height lowers it. " * 2
_FAST_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "entries": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "question": {"type": "string"},
                    "answer": {"type": "string"},
                    "quote": {"type": "string"},
                },
            },
        }
    },
}


@dataclass(slots=True)
class _Window:
    """Requests of one provider that were let through lately: (time, tokens)."""

    passed: deque[tuple[float, int]]
    tokens: int = 0


class FakeLLM:
    """``async with FakeLLM(rpm=10) as fake:`` serves on ``fake.url`` in the running loop.

    Base addresses: Gemini and Ollama ``fake.url``, Grok ``fake.url + "/v1"``. ``monotonic`` tells the seconds by which
    the limits per minute are kept.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        self.options = Options()
        self.options.update(options)
        self.stats = Stats()
        self.url = ""
        self._address = (host, port)
        self._monotonic = monotonic
        self._server: asyncio.Server | None = None
        self._opened: set[Connection] = set()
        self._clear()

    async def start(self) -> "FakeLLM":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self, self._opened), *self._address, backlog=4096)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}"
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self.drop_connections()
            await asyncio.sleep(0)
            self._server = None

    def drop_connections(self) -> None:
        """Closes every open connection, also those that are idle."""
        for connection in list(self._opened):
            connection.close()

    async def __aenter__(self) -> "FakeLLM":
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def let_go(self) -> None:
        """Answers all that is held back now; what comes later is held back anew, as ``hold_from`` wants it."""
        for connection in list(self._opened):
            connection.let_go()

    @property
    def held(self) -> int:
        """Replies that wait to be let go: so many calls are in flight, however fast or slow the machine is."""
        return sum(connection.holds for connection in self._opened)

    @property
    def open_connections(self) -> int:
        return len(self._opened)

    @property
    def drip_s(self) -> float:
        return self.options.drip_ms / 1000

    @property
    def port(self) -> int:
        return self._address[1]

    def base_url(self, provider: str) -> str:
        return f"{self.url}/v1" if provider == "grok" else self.url

    def control(self, changes: dict[str, Any]) -> None:
        """Changes options. Errors: ValueError for a name that does not exist."""
        self.options.update(changes)
        self._fast.clear()
        if self.options.hold_from is None:
            self.let_go()
        if "seed" in changes:
            self._random = random.Random(self.options.seed)

    def reset(self) -> None:
        """Forgets what was counted; options stay."""
        self.stats = Stats()
        self._clear()

    def handle(self, request: Request) -> Reply:
        if request.path.startswith("/__"):
            return self._own(request)
        name = next((name for name, module in PROVIDERS.items() if module.route(request.path)), None)
        if name is None:
            return Reply(404, b"404 page not found", "text/plain")
        module = PROVIDERS[name]
        if not module.is_chat(request.path):
            self.stats.requests[f"{name} {request.method} {request.path}"] += 1
            return module.check_key(request, self.options) or self._styled(module.other(request, self.options))
        self.stats.requests[f"{name} chat"] += 1
        digest = self.stats.count_chat(request, name, self.options.record)
        reply = self._chat(name, module, request, digest)
        reply.provider = name
        reply.delay_s = self._latency_s()
        hold_from = self.options.hold_from
        reply.held = hold_from is not None and self.stats.chats >= hold_from
        return reply

    def finished(self, reply: Reply, abandoned: bool) -> None:
        """The protocol is through with a reply, or the client went away before."""
        if not reply.provider:
            return
        self.stats.in_flight[reply.provider] -= 1
        if abandoned:
            self.stats.abandoned += 1
        elif reply.status == 200 and reply.manner in {"whole", "chunked", "drip"}:
            self.stats.replies += 1

    def _chat(self, name: str, module: ModuleType, request: Request, digest: bytes) -> Reply:
        refused: Reply | None = module.check_key(request, self.options)
        if refused is not None:
            return refused
        limited = self.options.rpm is not None or self.options.tpm is not None
        simple = self.options.fast and not limited and b"FAULT:" not in request.body
        asked = _fast_asked() if simple else module.read(request, self.options)
        if isinstance(asked, Reply):
            return asked
        over = self._over_limit(name, module, asked)
        if over is not None:
            return over
        fault = self._fault(asked, digest)
        if fault:
            self.stats.faults[fault] += 1
        if fault in WIRE_FAULTS:
            return self._broken(fault, name, module, asked)
        if simple and not fault:
            return self._fast_reply(name, module, asked)
        return self._answered(module, asked, fault)

    def _answered(self, module: ModuleType, asked: Asked, fault: str) -> Reply:
        said = self._recalled(asked, fault) or _said(asked, fault, self.options.seed)
        self.stats.input_tokens += asked.prompt_tokens
        self.stats.output_tokens += said.tokens
        answer: Reply = module.answer(asked, said, self.options)
        return self._styled(answer)

    def _recalled(self, asked: Asked, fault: str) -> Said | None:
        if fault or not self.options.known:
            return None
        found = replies.recall(asked, self.options.known, self.options.accuracy, self.options.seed)
        return Said(found, "stop", asked.thoughts) if found is not None else None

    def _broken(self, fault: str, name: str, module: ModuleType, asked: Asked) -> Reply:
        if fault == "html-502":
            return _front_end(502, "Bad Gateway")
        if fault == "html-429":
            reply = _front_end(429, "Too Many Requests")
            reply.headers = (("Retry-After", plain(self.options.retry_after_s)),)
            return reply
        if fault == "non-json":
            return Reply(200, b"not what you expected", "text/plain")
        if fault == "policy" and name == "gemini":
            return self._answered(module, asked, "blocked")
        manner = _MANNERS.get(fault)
        if manner is not None:
            reply = self._answered(module, asked, "")
            reply.manner = manner
            return reply
        made: Reply | None = module.fault(fault, self.options)
        if made is None and fault == "504":
            return _front_end(504, "Gateway Time-out")
        return made or json_reply(500, {"error": f"{name} has no fault {fault}"})

    def _over_limit(self, name: str, module: ModuleType, asked: Asked) -> Reply | None:
        options = self.options
        if options.max_concurrency is not None and self.stats.in_flight[name] > options.max_concurrency:
            self.stats.violations[f"{name} concurrency"] += 1
            busy: Reply | None = module.fault("503" if name == "ollama" else "429", options)
            return busy
        if options.rpm is None and options.tpm is None:
            return None
        window = self._windows[name]
        now = self._monotonic()
        while window.passed and window.passed[0][0] <= now - options.window_s:
            window.tokens -= window.passed.popleft()[1]
        what = ""
        if options.rpm is not None and len(window.passed) >= options.rpm:
            what = "rpm"
        elif options.tpm is not None and window.tokens + asked.prompt_tokens > options.tpm and window.passed:
            what = "tpm"
        if not what:
            window.passed.append((now, asked.prompt_tokens))
            window.tokens += asked.prompt_tokens
            return None
        self.stats.violations[f"{name} {what}"] += 1
        too_many: Reply | None = module.fault("429", options)
        return too_many

    def _fault(self, asked: Asked, digest: bytes) -> str:
        marker = _MARKER.search(replies.passage_of(asked.prompt)) if "FAULT:" in asked.prompt else None
        if marker is not None and marker[1] in WIRE_FAULTS | CONTENT_FAULTS:
            self._marked[digest] += 1
            return marker[1] if marker[2] is None or self._marked[digest] <= int(marker[2]) else ""
        if self.stats.chats in self.options.script:
            return self.options.script[self.stats.chats]
        return self._drawn_fault(asked) if self.options.rates else ""

    def _drawn_fault(self, asked: Asked) -> str:
        by_order = self._random.random()
        by_content = replies.draw(asked, self.options.seed) / 2**64
        for fault, rate in self.options.rates.items():
            if fault in WIRE_FAULTS:
                by_order -= rate
                if by_order < 0:
                    return fault
            else:
                by_content -= rate
                if by_content < 0:
                    return fault
        return ""

    def _latency_s(self) -> float:
        options = self.options
        if options.latency_ms <= 0 and options.latency_spread_ms <= 0:
            return 0.0
        if options.latency == "uniform":
            chosen = self._random.uniform(-1, 1) * options.latency_spread_ms + options.latency_ms
        elif options.latency == "lognormal":
            chosen = options.latency_ms + options.latency_spread_ms * (self._random.lognormvariate(0, 1) - 1)
        else:
            chosen = options.latency_ms
        return max(0.0, chosen) / 1000

    def _styled(self, reply: Reply) -> Reply:
        if self.options.chunked and reply.manner == "whole":
            reply.manner = "chunked"
        return reply

    def _fast_reply(self, name: str, module: ModuleType, asked: Asked) -> Reply:
        kept = self._fast.get(name)
        if kept is None:
            self._fast[name] = kept = self._styled(module.answer(asked, _said(asked, "", 0), self.options))
        self.stats.input_tokens += asked.prompt_tokens
        return Reply(kept.status, kept.body, kept.content_type, manner=kept.manner)

    def _own(self, request: Request) -> Reply:
        if request.path == "/__stats":
            return json_reply(200, self.stats.as_dict())
        if request.path == "/__control" and request.method == "POST":
            try:
                changes = from_json(request.body or b"{}")
                if changes.pop("reset", False):
                    self.reset()
                self.control(changes)
            except (ValueError, AttributeError) as exc:
                return json_reply(400, {"error": str(exc)})
            return Reply(200, to_json(asdict(self.options)))
        return json_reply(404, {"error": "there are /__stats and /__control"})

    def _clear(self) -> None:
        self._random = random.Random(self.options.seed)
        self._windows: defaultdict[str, _Window] = defaultdict(lambda: _Window(deque()))
        self._marked: Counter[bytes] = Counter()
        self._fast: dict[str, Reply] = {}


def _front_end(status: int, phrase: str) -> Reply:
    """What stands before a server answers in its stead."""
    told = f"<html><head><title>{status} {phrase}</title></head><body><h1>{status}</h1>nginx</body></html>"
    return Reply(status, told.encode(), "text/html")


def _fast_asked() -> Asked:
    return Asked("fast", _FAST_PROMPT, len(_FAST_PROMPT) // 4, _FAST_SCHEMA)


def _said(asked: Asked, fault: str, seed: int) -> Said:
    """The reply, spoilt as the fault wants it, and cut at the limit that the request sets."""
    if fault in _FINISHES:
        text = replies.compose(asked, seed) if fault == "unknown-finish" else ""
        return Said(text, _FINISHES[fault], asked.thoughts)
    if fault == "thinking-only":
        return Said("", "length", asked.thoughts + (asked.max_tokens or 0) or _LONG_THOUGHTS)
    text = _spoilt(replies.compose(asked, seed), fault)
    if fault == "truncated":
        return Said(text[: len(text) * 2 // 3], "length", asked.thoughts)
    if asked.max_tokens is not None and len(text) > asked.max_tokens * 4:
        return Said(text[: asked.max_tokens * 4], "length", asked.thoughts)
    return Said(text, "stop", asked.thoughts)


def _spoilt(text: str, fault: str) -> str:
    if fault == "fenced":
        return f"```json\n{text}\n```"
    if fault == "prose":
        return f"Sure! Here is the JSON that you asked for:\n\n{text}\n\nLet me know if anything else is needed."
    if fault == "garbage":
        return "I am sorry, but I cannot put this into the shape that you want."
    if fault == "wrong-schema":
        return '{"result": "fine", "items": [1, 2, 3]}'
    if fault == "single":
        with contextlib.suppress(ValueError):  # prose has no first entry
            return to_json(_first_of(from_json(text))).decode()
    return text


def _first_of(value: Any) -> Any:
    """The first entry where a list of entries was asked for."""
    if isinstance(value, dict):
        value = next((item for item in value.values() if isinstance(item, list)), value)
    return value[0] if isinstance(value, list) and value else value
