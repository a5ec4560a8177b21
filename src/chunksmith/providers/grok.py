"""xAI's Grok through ``/v1/chat/completions``.

Source: docs.x.ai, REST reference of chat completions, pages on structured outputs, debugging and pricing (read
        November 2026). Errors are flat, ``{"code": "...", "error": "sentence"}``, and 422 is plain text.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic_core import to_json

from chunksmith.domain.calls import (
    USUAL_MAX_TOKENS,
    Attachment,
    ChatReply,
    ChatRequest,
    FinishReason,
    ModelInfo,
    Offer,
    ProviderAccount,
    Usage,
)
from chunksmith.errors import ProviderError, ProviderFault
from chunksmith.providers import answers, schemas, transport

NAME = "grok"
DEFAULT_BASE_URL = "https://api.x.ai/v1"
# Half the price of the 4.5 to 4.7 models, and its reasoning can be kept low.
DEFAULT_MODEL = "grok-4.3"

# Reasoning is billed beside ``max_completion_tokens`` and nothing bounds it. What is set aside for it, at low effort
# and where the effort cannot be set.
REASONING_TOKENS_LOW, REASONING_TOKENS = 8_192, 32_768

TICKS_PER_NANO_USD = 10
LIST_TIMEOUT_S = 20.0

# Length and item limits have been listed as unsupported: the model is told them in words, and replies are validated.
KEYWORDS = schemas.STRUCTURE | {"title", "description", "minimum", "maximum"}

# Reasoning is billed beside ``max_completion_tokens``. The models outside this pattern refuse the field or have not
# been seen to accept "low".
_EFFORT_LOW = re.compile(r"grok-4\.(?:3|7)(?!\d)")
_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refused",
}
_CREDITS_GONE = re.compile(
    r"used all (?:of )?(?:its |your )?available credits|(?:any|no|out of|insufficient) credits|spending limit",
    re.IGNORECASE,
)
_POLICY = re.compile(r"usage guidelines|SAFETY_CHECK|content policy", re.IGNORECASE)
_KEY_WRONG = re.compile(
    r"incorrect api key|invalid api key|api key (?:is )?(?:invalid|disabled|blocked)", re.IGNORECASE
)
_TOO_LONG = re.compile(r"maximum (?:prompt|context) length|context (?:length|window)|prompt is too long", re.IGNORECASE)


def encode(request: ChatRequest, account: ProviderAccount) -> dict[str, Any]:
    """The body. No ``stop`` and no penalties: reasoning models refuse them."""
    body: dict[str, Any] = {
        "model": request.model.model,
        "messages": _messages(request),
        "stream": False,
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body["max_completion_tokens"] = request.max_tokens
    if request.seed is not None:
        body["seed"] = (request.seed + request.sample) % 2**31
    if _EFFORT_LOW.match(request.model.model):
        body["reasoning_effort"] = "low"
    if request.reply_schema is not None:
        schema = schemas.adapted(request.reply_schema, KEYWORDS)
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "strict": True, "schema": schema},
        }
    return body


def _messages(request: ChatRequest) -> list[dict[str, Any]]:
    """Pictures stand with the last message of the user, before its words."""
    shown: list[dict[str, Any]] = [{"role": message.role, "content": message.text} for message in request.messages]
    if request.attachments:
        last = next(message for message in reversed(shown) if message["role"] == "user")
        pictures = [_picture(attachment) for attachment in request.attachments]
        last["content"] = [*pictures, {"type": "text", "text": last["content"]}]
    return shown


def _picture(attachment: Attachment) -> dict[str, Any]:
    """Errors: ProviderError(kind="bad_request", sent=False) for what is not a picture: PDF is not read inline."""
    if not attachment.media_type.startswith("image/"):
        raise ProviderError("bad_request", f"{attachment.media_type} cannot be sent inline", provider=NAME, sent=False)
    data = base64.b64encode(attachment.data).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{attachment.media_type};base64,{data}", "detail": "high"}}


def decode(request: ChatRequest, raw: bytes) -> ChatReply:
    """Read a 200 answer. Errors: ProviderError(kind="server") when the body is not an answer of this API."""
    payload = answers.reply_object(raw, NAME)
    if "choices" not in payload and "error" in payload:
        raise classify(200, {}, raw)
    model = str(payload.get("model") or request.model.model)
    usage = _usage(payload.get("usage"))
    choices = answers.items(payload, "choices")
    if not choices:
        return ChatReply("", "empty", usage, model, "the answer has no choices")
    choice = choices[0]
    message = answers.section(choice, "message")
    text = _text(message.get("content"))
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal.strip():
        return ChatReply(text, "refused", usage, model, answers.line(refusal))
    reason = str(choice.get("finish_reason") or "missing") if isinstance(choice, dict) else "missing"
    finish = _FINISH.get(reason, "other")
    if finish == "stop" and not text.strip():
        finish = "empty"
    return ChatReply(text, finish, usage, model, "" if finish == "stop" else answers.line(f"finish_reason {reason}"))


def classify(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """What an answer other than 200 means. One code covers several causes, so the text decides."""
    payload = answers.parse_object(body)
    message = _message(payload) or answers.readable(body)
    code = str(payload.get("code") or "") if payload is not None else ""
    return ProviderError(
        _kind(status, f"{code} {message}"),
        _explained(status, answers.line(message)),
        provider=NAME,
        status=status,
        retry_after_s=answers.retry_after_s(headers),
    )


class GrokModel:
    """``ChatModel`` for one xAI account."""

    def __init__(self, account: ProviderAccount, client: httpx.AsyncClient | None = None) -> None:
        self._account = account
        self._client = client or transport.client_for(account)
        self._base = transport.base_url(account.base_urls[0])

    async def send(self, request: ChatRequest) -> bytes:
        """Errors: ProviderError for everything but a 200."""
        wall_s = request.timeout_s or self._account.timeout_s
        body = to_json(encode(request, self._account))
        return await self._call("POST", f"{self._base}/chat/completions", wall_s, body)

    def decode(self, request: ChatRequest, raw: bytes) -> ChatReply:
        return decode(request, raw)

    def output_ceiling(self, request: ChatRequest) -> int:
        reasoning = REASONING_TOKENS_LOW if _EFFORT_LOW.match(request.model.model) else REASONING_TOKENS
        return (request.max_tokens or USUAL_MAX_TOKENS) + reasoning

    async def offer(self) -> Offer:
        raw = await self._call("GET", f"{self._base}/models", min(LIST_TIMEOUT_S, self._account.timeout_s))
        listed = answers.items(answers.reply_object(raw, NAME), "data")
        models = [ModelInfo(str(item["id"])) for item in listed if isinstance(item, dict) and "id" in item]
        wanted = self._account.model
        there = wanted in {model.name for model in models} or wanted in await self._aliases()
        return Offer(models, [] if there else [f"it lists no model {wanted}"], there)

    async def _aliases(self) -> set[str]:
        """Other names of models, which the first list leaves out. None where this second one cannot be read."""
        try:
            raw = await self._call("GET", f"{self._base}/language-models", min(LIST_TIMEOUT_S, self._account.timeout_s))
            listed = answers.items(answers.reply_object(raw, NAME), "models")
        except ProviderError:
            return set()
        return {str(alias) for item in listed for alias in answers.items(item, "aliases")}

    async def close(self) -> None:
        await self._client.aclose()

    async def _call(self, method: str, url: str, wall_s: float, body: bytes | None = None) -> bytes:
        key = transport.checked_key(self._account)
        headers = (("Authorization", f"Bearer {key}"), ("Content-Type", "application/json"))
        request = transport.request(method, url, headers, body, wall_s)
        answer = await transport.exchange(self._client, request, wall_s, NAME)
        if answer.status != 200:
            raise classify(answer.status, answer.headers, answers.masked(answer.body, key))
        return answer.body


def _text(content: object) -> str:
    """A string, or a list of parts that have one."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _usage(counted: object) -> Usage:
    """Reasoning is counted outside ``completion_tokens`` but inside the total, unless the total says otherwise."""
    if not isinstance(counted, dict):
        return Usage()
    prompt = answers.count(counted.get("prompt_tokens"))
    completion = answers.count(counted.get("completion_tokens"))
    total = answers.count(counted.get("total_tokens"))
    reasoning = answers.count(answers.section(counted, "completion_tokens_details").get("reasoning_tokens"))
    inside = prompt is not None and completion is not None and total == prompt + completion
    output = completion if completion is None or inside else completion + (reasoning or 0)
    return Usage(
        input_tokens=prompt,
        output_tokens=output,
        cached_tokens=answers.count(answers.section(counted, "prompt_tokens_details").get("cached_tokens")),
        thinking_tokens=reasoning,
        cost_nano_usd=_nano_usd(counted.get("cost_in_usd_ticks")),
    )


def _nano_usd(ticks: object) -> int | None:
    """Rounded up. Units: 10,000,000,000 ticks to the dollar."""
    known = answers.count(ticks)
    return None if known is None else -(-known // TICKS_PER_NANO_USD)


def _message(payload: dict[str, Any] | None) -> str:
    """``error`` is a string here; gateways in front answer in OpenAI's shape, with an object."""
    if payload is None:
        return ""
    error = payload.get("error")
    if isinstance(error, dict):
        error = error.get("message")
    return str(error or payload.get("message") or payload.get("code") or "")


def _kind(status: int, seen: str) -> ProviderFault:
    if status == 429:
        return "quota" if _CREDITS_GONE.search(seen) else "rate_limit"
    if status == 403:
        if _POLICY.search(seen):
            return "refused"
        return "quota" if _CREDITS_GONE.search(seen) else "auth"
    if status == 401 or (status == 400 and _KEY_WRONG.search(seen)):
        return "auth"
    if status == 402:
        return "quota"
    if status == 413 or (status == 400 and _TOO_LONG.search(seen)):
        return "context_window"
    if status in {408, 504}:
        return "timeout"
    return "server" if status >= 500 or status < 300 else "bad_request"


def _explained(status: int, message: str) -> str:
    hint = " (a redirect: check base_url)" if 300 <= status < 400 else ""
    return f"HTTP {status}: {message}{hint}"
