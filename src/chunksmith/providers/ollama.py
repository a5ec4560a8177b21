"""Ollama through ``/api/chat``, on one host or on several: a model is asked for where it is.

Source: Ollama's API document and the server's source, version 0.32 (read November 2026).

Two things are silent there and are not here. A prompt that is longer than ``num_ctx`` is cut to about half the window:
a prompt that cannot fit is refused before it is sent, the server is asked to refuse instead of cutting, and the count
of the tokens that it read is compared with the estimate. And ``format`` constrains the reply but is not shown to the
model: the schema is put into the prompt as well.
"""

import asyncio
import base64
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from pydantic_core import to_json

from chunksmith.domain.calls import (
    ATTACHMENT_TOKENS,
    THINKING_HEADROOM_TOKENS,
    ChatReply,
    ChatRequest,
    FinishReason,
    Message,
    ModelInfo,
    Offer,
    ProviderAccount,
    Usage,
)
from chunksmith.domain.tokens import estimate_tokens
from chunksmith.errors import ProviderError, ProviderFault
from chunksmith.providers import answers, schemas, transport
from chunksmith.providers.ollama_hosts import FAILED, NOT_PULLED, Host, Hosts, setback

NAME = "ollama"
DEFAULT_BASE_URL = "http://127.0.0.1:11434"
DEFAULT_MODEL = "llama3.2"

LIST_TIMEOUT_S = 20.0
SHARED_LIST_TIMEOUT_S = 4.0  # where there are several hosts: one that hangs must not hide what the others have
MESSAGE_TOKENS = 8  # role and separators of one message in a chat template
MIN_REPLY_TOKENS = 64
SUSPICIOUS_TOKENS = 512  # below this an estimate is too rough to tell that something was cut

# Patterns and lengths make slow or impossible grammars; counts of items work.
KEYWORDS = schemas.STRUCTURE | {"title", "description", "minItems", "maxItems"}

_LEVELS_ONLY = re.compile(r"(?:.*/)?gpt-oss")
_FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length"}
_TOO_LONG = re.compile(
    r"longer than the context length|exceeds the (?:available )?context (?:size|length)|input length exceeds",
    re.IGNORECASE,
)
_NO_THINKING = re.compile(r"does not support thinking|invalid think value", re.IGNORECASE)
_PERMANENT_500 = re.compile(r"requires more system memory|option \".*\" must be of type|invalid option", re.IGNORECASE)
_QUEUE_FULL = re.compile(r"server busy|maximum pending requests", re.IGNORECASE)
_BLIND = re.compile(r"missing data required for image input|image input is not supported", re.IGNORECASE)


def encode(request: ChatRequest, account: ProviderAccount, think: bool = True) -> dict[str, Any]:
    """The body. ``think=False`` leaves out the field, for a server or model that does not take it.

    Units: ``num_ctx`` is the account's in every request, as another one would load the model anew; ``num_predict``
           never reaches past the window.
    """
    messages = _shown(request)
    pictures = _pictures(request)
    options: dict[str, Any] = {
        "num_ctx": account.num_ctx,
        "num_predict": min(_room(request, messages, account.num_ctx), _wanted(request, account.num_ctx)),
    }
    if request.temperature is not None:
        options["temperature"] = request.temperature
    if request.seed is not None:
        options["seed"] = (request.seed + request.sample) % 2**31
    body: dict[str, Any] = {
        "model": request.model.model,
        "stream": False,
        "messages": [{"role": message.role, "content": message.text} for message in messages],
        "options": options,
        "keep_alive": _keep_alive(account.keep_alive),
        "truncate": False,
        "shift": False,
    }
    if think:
        body["think"] = "low" if _LEVELS_ONLY.match(request.model.model) else False
    if request.reply_schema is not None:
        body["format"] = schemas.adapted(request.reply_schema, KEYWORDS)
    if pictures:
        last = next(message for message in reversed(body["messages"]) if message["role"] == "user")
        last["images"] = pictures
    return body


def _room(request: ChatRequest, shown: list[Message], num_ctx: int) -> int:
    """Tokens of the window that the prompt leaves to the reply."""
    return max(MIN_REPLY_TOKENS, num_ctx - _prompt_tokens(shown) - len(request.attachments) * ATTACHMENT_TOKENS)


def _wanted(request: ChatRequest, num_ctx: int) -> int:
    """Thinking counts against ``num_predict``; the models that know only levels of it cannot be told not to think."""
    if request.max_tokens is None:
        return num_ctx
    return request.max_tokens + (THINKING_HEADROOM_TOKENS if _LEVELS_ONLY.match(request.model.model) else 0)


def _pictures(request: ChatRequest) -> list[str]:
    """Errors: ProviderError(kind="bad_request", sent=False) for what is not a picture."""
    other = [one.media_type for one in request.attachments if not one.media_type.startswith("image/")]
    if other:
        raise ProviderError("bad_request", f"{other[0]} cannot be sent, only pictures", provider=NAME, sent=False)
    return [base64.b64encode(attachment.data).decode("ascii") for attachment in request.attachments]


def _keep_alive(value: str) -> str | int:
    """Plain seconds must be a number there: a string is read as a Go duration, which has a unit."""
    return int(value) if re.fullmatch(r"-?\d{1,9}", value.strip()) else value.strip()


def check_fits(request: ChatRequest, account: ProviderAccount) -> None:
    """Errors: ProviderError(kind="context_window", sent=False) when prompt and a short reply clearly do not fit."""
    prompt = _prompt_tokens(_shown(request))
    reply = min(request.max_tokens or MIN_REPLY_TOKENS, account.num_ctx // 4)
    if prompt + reply > account.num_ctx:
        raise ProviderError(
            "context_window",
            f"the prompt has about {prompt} tokens and the reply needs {reply}, but num_ctx is {account.num_ctx}: "
            "use smaller chunks or raise num_ctx",
            provider=NAME,
            sent=False,
        )


def decode(request: ChatRequest, raw: bytes, num_ctx: int) -> ChatReply:
    """Read a 200 answer: one object, or the lines of a stream.

    Errors: ProviderError when the body is not an answer of this API, or holds an error in mid-stream.
    """
    payload = _whole(raw)
    if "error" in payload:
        raise _told_in(payload)
    text = answers.section(payload, "message").get("content")
    text = text if isinstance(text, str) else ""
    reason = str(payload.get("done_reason") or ("stop" if payload.get("done") is True else "missing"))
    finish = _FINISH.get(reason, "other")
    if finish == "stop" and not text.strip():
        finish = "empty"
    seen = answers.count(payload.get("prompt_eval_count"))
    shown = _shown(request)
    detail = "" if finish == "stop" else answers.line(f"done_reason {reason}")
    more_room = finish != "length" or _wanted(request, num_ctx) < _room(request, shown, num_ctx)
    if not more_room:
        detail += f", with no more room beside the prompt in num_ctx {num_ctx}: use smaller chunks or raise num_ctx"
    return ChatReply(
        text,
        finish,
        Usage(input_tokens=seen, output_tokens=answers.count(payload.get("eval_count"))),
        str(payload.get("model") or request.model.model),
        detail,
        prompt_truncated=_was_cut(seen, _prompt_tokens(shown), num_ctx),
        more_room=more_room,
    )


def classify(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """What an answer other than 200 means."""
    payload = answers.parse_object(body) or {}
    error = payload.get("error")
    if isinstance(error, dict):
        error = error.get("message")
    message = str(error) if error else answers.readable(body)
    hint = ""
    if status == 404 and NOT_PULLED.search(message):
        hint = " (fetch it with: ollama pull NAME)"
    elif _BLIND.search(message):
        hint = " (the model cannot see: choose one with vision, such as ollama/qwen2.5vl)"
    elif 300 <= status < 400:
        hint = " (a redirect: check base_url)"
    return ProviderError(
        _kind(status, message),
        f"HTTP {status}: {answers.line(message)}{hint}",
        provider=NAME,
        status=status,
        retry_after_s=answers.retry_after_s(headers),
    )


class OllamaModel:
    """``ChatModel`` for one Ollama account: a call goes to the host with the fewest in flight that does not rest."""

    def __init__(
        self,
        account: ProviderAccount,
        client: httpx.AsyncClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account = account
        self._client = client or transport.client_for(account)
        bases = [transport.base_url(url).removesuffix("/api") for url in account.base_urls]
        self._hosts = Hosts(bases, monotonic)
        self._without_think: set[str] = set()

    async def send(self, request: ChatRequest) -> bytes:
        """Errors: ProviderError for everything but a 200.

        A model that refuses the field ``think`` is asked again without it: the first answer came before any work.
        """
        check_fits(request, self._account)
        wall_s = request.timeout_s or self._account.timeout_s
        name = request.model.model
        think = name not in self._without_think
        try:
            return await self._chat(name, wall_s, to_json(encode(request, self._account, think)))
        except ProviderError as error:
            if not (think and error.status == 400 and _NO_THINKING.search(error.detail)):
                raise
        self._without_think.add(name)
        return await self._chat(name, wall_s, to_json(encode(request, self._account, think=False)))

    def decode(self, request: ChatRequest, raw: bytes) -> ChatReply:
        return decode(request, raw, self._account.num_ctx)

    def output_ceiling(self, request: ChatRequest) -> int:
        """Prompt and reply share the window."""
        return min(_wanted(request, self._account.num_ctx), self._account.num_ctx)

    async def offer(self) -> Offer:
        """What any of the hosts has, and what is amiss with single ones. Errors: ProviderError when none answers."""
        wall_s = min(SHARED_LIST_TIMEOUT_S if self._hosts.several else LIST_TIMEOUT_S, self._account.timeout_s)
        found = await asyncio.gather(*(self._listed(host, wall_s) for host in self._hosts.all))
        lists = [one for one in found if not isinstance(one, ProviderError)]
        failures = [one for one in found if isinstance(one, ProviderError)]
        if not lists:
            raise failures[0].changed(detail="; ".join(dict.fromkeys(one.detail for one in failures)))
        models = {model.name: model for one in lists for model in one}
        return Offer(list(models.values()), self._problems(found), self._is_default_in(list(models.values())))

    async def _listed(self, host: Host, wall_s: float) -> list[ModelInfo] | ProviderError:
        try:
            page = answers.reply_object(await self._ask(host, "GET", "/api/tags", wall_s), NAME)
        except ProviderError as error:
            return error
        listed = answers.items(page, "models")
        return [ModelInfo(str(item["name"])) for item in listed if isinstance(item, dict) and "name" in item]

    def _problems(self, found: list[list[ModelInfo] | ProviderError]) -> list[str]:
        """Of the hosts, in their order: who does not answer, or has not got the model that is asked by default."""
        problems = []
        for host, one in zip(self._hosts.all, found, strict=True):
            if isinstance(one, ProviderError):
                problems.append(one.detail)
            elif not self._is_default_in(one):
                wanted = self._account.model
                problems.append(f"{host.name}: it has no model {wanted} (fetch it with: ollama pull {wanted})")
        return problems

    def _is_default_in(self, listed: list[ModelInfo]) -> bool:
        """Names are listed with their tags; one without a tag means ``latest``."""
        wanted = self._account.model
        return not {wanted, f"{wanted}:latest"}.isdisjoint(model.name for model in listed)

    async def close(self) -> None:
        await self._client.aclose()

    async def _chat(self, model: str, wall_s: float, body: bytes) -> bytes:
        """The next host is tried only when it is certain that the one before has not worked on the request."""
        failed: dict[Host, ProviderError] = {}
        while host := self._hosts.next(model, failed):
            asked_at = self._hosts.now()
            try:
                with host.call(model):
                    raw = await self._ask(host, "POST", "/api/chat", wall_s, body)
            except ProviderError as error:
                what = setback(error)
                if what is None or not self._hosts.several:
                    raise
                host.rest(model, error, what, asked_at, self._hosts.now())
                if what.worked:
                    raise self._lost(host, model, error) from error
                failed[host] = error
            else:
                self._note(host, model, raw, asked_at)
                return raw
        raise self._hosts.refusal(model, failed)

    def _lost(self, host: Host, model: str, error: ProviderError) -> ProviderError:
        """A call that failed on a host that may have worked on it. While another host can be asked, it is this one that
        rests, and not the account."""
        elsewhere = self._hosts.others_awake(model, but=host)
        return error.changed(elsewhere=elsewhere, retry_after_s=None if elsewhere else error.retry_after_s)

    def _note(self, host: Host, model: str, raw: bytes, asked_at: float) -> None:
        """What came with status 200 need not be a reply: a proxy may answer with a page of its own, quickly."""
        try:
            payload = _whole(raw)
        except ProviderError as error:
            host.rest(model, error, FAILED, asked_at, self._hosts.now())
            return
        if "error" in payload:
            host.rest(model, _told_in(payload), FAILED, asked_at, self._hosts.now())
        else:
            host.replied(model)

    async def _ask(self, host: Host, method: str, path: str, wall_s: float, body: bytes | None = None) -> bytes:
        """Errors: ProviderError, which names the host where it is not the only one."""
        key = self._account.api_key
        headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
        if key:
            headers = (*headers, ("Authorization", f"Bearer {transport.checked_key(self._account)}"))
        request = transport.request(method, host.base + path, headers, body, wall_s)
        try:
            answer = await transport.exchange(self._client, request, wall_s, NAME)
            if answer.status != 200:
                raise classify(answer.status, answer.headers, answers.masked(answer.body, key))
        except ProviderError as error:
            if host.name in error.detail or not (self._hosts.several or error.status == 404):
                raise
            raise error.changed(detail=f"{host.name}: {error.detail}") from error
        return answer.body


def _shown(request: ChatRequest) -> list[Message]:
    """The messages with the schema at the end of the system message, where it is the same for every chunk and so is
    read only once by a server that keeps what it has read."""
    if request.reply_schema is None:
        return list(request.messages)
    told = f"Answer with JSON only, as this JSON Schema says:\n{to_json(request.reply_schema).decode()}"
    for place, message in enumerate(request.messages):
        if message.role == "system":
            shown = list(request.messages)
            shown[place] = Message("system", f"{message.text}\n\n{told}")
            return shown
    return [Message("system", told), *request.messages]


def _prompt_tokens(messages: list[Message]) -> int:
    return sum(estimate_tokens(message.text) + MESSAGE_TOKENS for message in messages)


def _was_cut(seen: int | None, estimated: int, num_ctx: int) -> bool:
    """Whether the server read much less than was sent.

    A cut prompt fills num_ctx - (num_ctx - 4) / 2 tokens, also of a window that the model itself makes smaller. Some
    servers leave out the count, or count only what they had not kept from the call before; the former says nothing.
    """
    if seen is None or estimated < SUSPICIOUS_TOKENS:
        return False
    half = num_ctx - (num_ctx - 4) // 2
    return seen < estimated / 2 or (abs(seen - half) <= 8 and estimated > 1.1 * seen)


def _whole(raw: bytes) -> dict[str, Any]:
    """The answer as one object. A proxy may stream although it was asked not to: the pieces are joined."""
    single = answers.parse_object(raw)
    if single is not None:
        return single
    pieces = [answers.parse_object(row) for row in raw.splitlines() if row.strip()]
    known = [piece for piece in pieces if piece is not None]
    if not known or len(known) != len(pieces):
        return answers.reply_object(raw, NAME)
    failed = next((piece for piece in known if "error" in piece), None)
    if failed is not None:
        return failed
    text = "".join(str(answers.section(piece, "message").get("content") or "") for piece in known)
    return {**known[-1], "message": {"role": "assistant", "content": text}}


def _told_in(payload: Mapping[str, Any]) -> ProviderError:
    """What an answer with status 200 says went wrong."""
    return classify(500, {}, to_json({"error": payload["error"]}))


def _kind(status: int, message: str) -> ProviderFault:
    if _TOO_LONG.search(message) or status == 413:
        return "context_window"
    if status in {401, 403}:
        return "auth"
    if status == 429 or (status == 503 and _QUEUE_FULL.search(message)):
        return "rate_limit"
    if status in {408, 504}:
        return "timeout"
    if status == 499:
        return "connection"
    if _BLIND.search(message) or (status == 500 and _PERMANENT_500.search(message)):
        return "bad_request"
    return "server" if status >= 500 or status < 300 else "bad_request"
