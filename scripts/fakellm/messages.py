"""What travels between the parts: a request, what it asks, what is said, and how that goes back."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import to_json

WireFault = Literal[
    "429",
    "429-no-hint",
    "quota-day",
    "credits",
    "500",
    "503",
    "504",
    "html-502",
    "html-429",
    "policy",
    "auth",
    "forbidden",
    "bad-credentials",
    "precondition",
    "499",
    "502",
    "load-timeout",
    "memory",
    "no-chat",
    "error-in-stream",
    "context",
    "non-json",
    "reset",
    "reset-body",
    "drip",
    "hang",
]
ContentFault = Literal[
    "truncated",
    "thinking-only",
    "fenced",
    "prose",
    "single",
    "wrong-schema",
    "garbage",
    "blocked",
    "safety",
    "recitation",
    "unknown-finish",
    "empty",
]
Manner = Literal["whole", "chunked", "drip", "reset", "reset-body", "hang"]
Form = Literal["text", "json", "enum"]
Finish = Literal["stop", "length", "blocked", "safety", "recitation", "unknown-finish", "empty"]


@dataclass(slots=True)
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Reply:
    """``headers`` without length and type. One that is ``held`` waits until it is let go."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    delay_s: float = 0.0
    manner: Manner = "whole"
    provider: str = ""
    held: bool = False


@dataclass(slots=True)
class Asked:
    """A chat request of any provider. ``prompt`` and ``files`` are what the model sees; ``stream`` Ollama's and
    Grok's, ``stream_usage`` only Grok's.

    Units: ``max_tokens`` is what the reply may have beside its ``thoughts``, tokens of thinking, ``shows_thoughts``
           whether they come with it. ``form`` is that of the reply; with a ``schema`` it is JSON, if not ``enum``.
    """

    model: str
    prompt: str
    prompt_tokens: int
    schema: dict[str, Any] | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stream: bool = False
    files: tuple[bytes, ...] = ()
    stream_usage: bool = False
    thoughts: int = 0
    shows_thoughts: bool = False
    form: Form = "text"


@dataclass(slots=True)
class Said:
    """``thoughts``: tokens of thinking, which come before the text."""

    text: str
    finish: Finish = "stop"
    thoughts: int = 0

    @property
    def tokens(self) -> int:
        return tokens(self.text)


def tokens(text: str) -> int:
    return -(-len(text) // 4)


def thinking(count: int) -> str:
    """So many tokens of it."""
    return ("Let me think about that. " * count)[: count * 4]


def shared(limit: int | None, thoughts: int) -> tuple[int | None, int]:
    """What a limit on thinking and reply together leaves to the reply, and to the thinking before it."""
    return (None, thoughts) if limit is None else (max(0, limit - thoughts), min(limit, thoughts))


def plain(seconds: float) -> str:
    """Digits alone: what a client reads is no power of ten."""
    return f"{seconds:f}".rstrip("0").rstrip(".")


def json_reply(status: int, value: Any, *headers: tuple[str, str]) -> Reply:
    return Reply(status, to_json(value), headers=headers)


def at(value: object, *names: str) -> Any:
    """``value[a][b]…``, or None where that leads nowhere."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
