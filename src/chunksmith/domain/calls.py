"""What goes to a model and what comes back, the same for every provider."""

import functools
import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pydantic_core import from_json, to_json

PROVIDERS = ("builtin", "gemini", "grok", "ollama")
NEEDS_KEY = frozenset({"gemini", "grok"})
# What one page or picture is expected to take of a prompt at most, at the sizes that are sent: Gemini counts 258 to
# 1,120 for a page and the page's own text beside it, Grok up to 1,792 for a picture, Ollama's models up to about 4,000.
ATTACHMENT_TOKENS = 4096
# What is reserved for a reply when a request does not limit it.
USUAL_MAX_TOKENS = 2048
# Where thinking is taken from the limit that is sent, and cannot be switched off, the limit has this much on top, or a
# small one ends before the first visible word. ``max_tokens`` of a request stays what the visible reply needs.
THINKING_HEADROOM_TOKENS = 4096
Stage = Literal["generate", "repair", "classify", "judge", "parse", "chunk", "extract", "taxonomy", "benchmark"]


class ModelRef(NamedTuple):
    """One model at one provider. ``model`` is the provider's own name of it."""

    provider: str
    model: str

    def __str__(self) -> str:
        return self.provider if self.provider == self.model else f"{self.provider}/{self.model}"


def model_name(provider: str, text: str) -> str:
    """A model's own name, as rules and prices know it: Gemini's lists and pages write it as ``models/NAME`` too."""
    return text.removeprefix("models/") if provider == "gemini" else text


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user"]
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A page or a picture that the model is to look at: ``application/pdf``, ``image/png`` or ``image/jpeg``."""

    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """What the prompt asks for, in a form that a generator without a language model can read.

    Providers that send prompts over the wire ignore it; ``builtin`` reads nothing else. ``passage`` is the chunk as
    stored, ``count`` the most entries wanted, ``mode`` a generation mode or the name of another stage's work.
    """

    mode: str
    passage: str
    count: int = 1
    seed: int = 0
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to one model. Without ``max_tokens`` a reply is taken to have ``USUAL_MAX_TOKENS`` at most.

    Units:  ``max_tokens`` is the most tokens the visible reply may have; ``timeout_s`` wall time of one attempt.
    Shapes: ``attachments`` go with the last message of the user.
    Source: ``sample`` tells apart requests that are meant to differ only in their random outcome.
    """

    model: ModelRef
    messages: tuple[Message, ...]
    reply_schema: dict[str, Any] | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    sample: int = 0
    task: Task | None = None
    timeout_s: float | None = None
    attachments: tuple[Attachment, ...] = ()

    def key(self) -> bytes:
        """SHA-256 of all that can change the reply; never the key, the address or the time.

        It is taken of canonical JSON, names in order, of which only the last message differs between most requests of
        a job. What stands before it is hashed once for all of them.
        """
        before = tuple((message.role, message.text) for message in self.messages[:-1])
        attached = tuple((one.media_type, hashlib.sha256(one.data).hexdigest()) for one in self.attachments)
        digest = _digest_before(attached, self.max_tokens, before).copy()
        for last in self.messages[-1:]:
            digest.update((b"," if before else b"") + to_json([last.role, last.text]))
        task = (
            to_json([self.task.mode, self.task.count, self.task.seed, _sorted(self.task.context)])
            if self.task is not None and self.model.provider == "builtin"
            else b"null"
        )
        shape = schema_json(self.reply_schema)
        digest.update(_json_behind(self.model, self.sample, shape, self.seed, task, self.temperature))
        return digest.digest()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as billed. An unknown count is None, never 0. ``output`` includes thinking; ``input`` includes cached."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    thinking_tokens: int | None = None
    cost_nano_usd: int | None = None


FinishReason = Literal["stop", "length", "refused", "empty", "other"]


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What the model said. ``finish`` other than ``stop`` means that ``text`` cannot be trusted to be whole.

    ``prompt_truncated``: the provider silently left out part of the prompt, so the reply rests on half of it.
    ``more_room`` False: it was cut at the most that the model can write here, and a larger ``max_tokens`` would send
    the same request again; ``detail`` then says what helps.
    """

    text: str
    finish: FinishReason
    usage: Usage
    model: str
    detail: str = ""
    prompt_truncated: bool = False
    more_room: bool = True


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """How to reach one provider, and what it allows. ``api_key`` never leaves the adapter.

    Units:  ``timeout_s`` is wall time of one attempt; the limits are per minute; None means no limit.
    Source: ``base_urls`` has one address, or several for Ollama hosts.
    """

    provider: str
    base_urls: tuple[str, ...]
    model: str
    api_key: str | None = field(default=None, repr=False)
    timeout_s: float = 120.0
    max_concurrency: int = 64
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    num_ctx: int = 16_384
    keep_alive: str = "10m"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model that a provider offers. Token limits are None where the provider does not say."""

    name: str
    input_token_limit: int | None = None
    output_token_limit: int | None = None


class Offer(NamedTuple):
    """What a provider has. ``problems``: hosts that do not answer while others do, and who lacks the account's model.

    ``has_default``: whether the account's model is there, under any of its names.
    """

    models: list[ModelInfo]
    problems: list[str]
    has_default: bool


def shown_address(url: str) -> str:
    """An address without the name and password that may be in it."""
    scheme, mark, rest = url.rpartition("://")
    authority, slash, path = rest.partition("/")
    return scheme + mark + authority.rpartition("@")[2] + slash + path


def schema_json(schema: dict[str, Any] | None) -> bytes:
    """JSON of a reply's schema. All requests of a job share one object, which nobody changes: it is written once."""
    known = _SCHEMAS.get(id(schema))
    if known is None or known[0] is not schema:
        if len(_SCHEMAS) >= _SCHEMAS_KEPT:
            _SCHEMAS.clear()
        known = _SCHEMAS[id(schema)] = (schema, to_json(schema))
    return known[1]


_SCHEMAS: dict[int, tuple[dict[str, Any] | None, bytes]] = {}
_SCHEMAS_KEPT = 64


@functools.lru_cache(maxsize=64)
def _digest_before(
    attached: tuple[tuple[str, str], ...], max_tokens: int | None, messages: tuple[tuple[str, str], ...]
) -> "hashlib._Hash":
    """SHA-256 of a request's canonical JSON up to its last message. Attachments are left out where there are none, so
    that requests without any keep the key they always had."""
    names = {"attachments": attached, "max_tokens": max_tokens} if attached else {"max_tokens": max_tokens}
    opened = to_json(messages).removesuffix(b"]")
    return hashlib.sha256(to_json(names).removesuffix(b"}") + b',"messages":' + opened)


@functools.lru_cache(maxsize=64)
def _json_behind(
    model: ModelRef, sample: int, shape: bytes, seed: int | None, task: bytes, temperature: float | None
) -> bytes:
    """The rest of it, behind the last message."""
    named = {
        "model": to_json(model.model),
        "provider": to_json(model.provider),
        "sample": to_json(sample),
        "schema": to_json(_sorted(from_json(shape))),
        "seed": to_json(seed),
        "task": task,
        "temperature": to_json(temperature),
    }
    return b"]," + b",".join(b'"%s":%s' % (name.encode(), value) for name, value in named.items()) + b"}"


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value
