"""Google Gemini through ``models.generateContent``.

Source: ai.google.dev, API reference of generateContent, pages on structured output, thinking, errors and rate limits
        (read November 2026). v1beta, because v1 has refused ``systemInstruction``.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
from pydantic_core import to_json

from chunksmith.domain.calls import (
    THINKING_HEADROOM_TOKENS,
    Attachment,
    ChatReply,
    ChatRequest,
    FinishReason,
    ModelInfo,
    Offer,
    ProviderAccount,
    Usage,
    model_name,
)
from chunksmith.errors import ProviderError, ProviderFault
from chunksmith.providers import answers, schemas, transport

NAME = "gemini"
DEFAULT_BASE_URL = "https://generativelanguage.googleapis.com"
# The newest of the cheapest family: one clear passage to a few questions does not need a larger model.
DEFAULT_MODEL = "gemini-3.5-flash-lite"

MAX_OUTPUT_TOKENS = 65_536
MAX_PAGES = 20
LIST_TIMEOUT_S = 20.0

KEYWORDS = schemas.STRUCTURE | {"title", "description", "format", "minimum", "maximum", "minItems", "maxItems"}

_WITHOUT_THINKING = re.compile(r"gemini-2\.5-flash|gemini-(?:1|2\.0)")
_BUDGET_ZERO = re.compile(r"gemini-2\.5-flash(?!.*image)")
_LEVELS = re.compile(r"gemini-(?:[3-9]|\d\d)(?![^/]*image)")
_REFUSED = frozenset(
    "SAFETY RECITATION LANGUAGE BLOCKLIST PROHIBITED_CONTENT SPII ESCALATION IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT "
    "IMAGE_RECITATION".split()
)
_FINISH: dict[str, FinishReason] = {"STOP": "stop", "MAX_TOKENS": "length", "CONTINUATION": "length"}
_TOO_LONG = re.compile(
    r"exceeds the maximum number of tokens|input token count|request payload size exceeds", re.IGNORECASE
)
_KEY_WRONG = re.compile(r"api key (?:not valid|expired|not found|invalid)|API_KEY_(?:INVALID|EXPIRED)", re.IGNORECASE)
# The spend limit of ten minutes is not among these: it clears while one waits.
_SPENT = re.compile(
    r"PerDay|PerMonth|monthly spend|spending cap|prepa(?:id|yment) credits|credits are depleted|\blimit: 0\b",
    re.IGNORECASE,
)
_WAIT_TEXT = re.compile(r"retry in (\d+(?:\.\d+)?)\s*s\b", re.IGNORECASE)


def encode(request: ChatRequest, account: ProviderAccount) -> dict[str, Any]:
    """The body. Only fields that the API knows: it answers 400 to any other."""
    system = [message.text for message in request.messages if message.role == "system"]
    body: dict[str, Any] = {
        "contents": [
            {"role": "user", "parts": [{"text": message.text}]}
            for message in request.messages
            if message.role == "user"
        ],
        "generationConfig": _generation_config(request),
    }
    if request.attachments:
        # Before the words that say what to do with them.
        parts = body["contents"][-1]["parts"]
        parts[:0] = [_inline(attachment) for attachment in request.attachments]
    if system:
        body["systemInstruction"] = {"parts": [{"text": text} for text in system]}
    return body


def decode(request: ChatRequest, raw: bytes) -> ChatReply:
    """Read a 200 answer, which is a reply, a refusal or neither.

    Errors: ProviderError(kind="server") when the body is not an answer of this API.
    """
    payload = answers.reply_object(raw, NAME)
    if "error" in payload:
        raise classify(200, {}, raw)
    model = str(payload.get("modelVersion") or request.model.model)
    usage = _usage(payload.get("usageMetadata"))
    candidates = answers.items(payload, "candidates")
    if not candidates:
        return _without_candidates(payload, usage, model)
    candidate = candidates[0]
    parts = answers.items(answers.section(candidate, "content"), "parts")
    text = "".join(
        part["text"]
        for part in parts
        if isinstance(part, dict) and isinstance(part.get("text"), str) and not part.get("thought")
    )
    reason = str(candidate.get("finishReason") or "missing") if isinstance(candidate, dict) else "missing"
    finish = _FINISH.get(reason, "refused" if reason in _REFUSED else "other")
    if finish == "stop" and not text.strip():
        finish = "empty"
    detail = "" if finish == "stop" else _finish_detail(reason, candidate)
    more_room = finish != "length" or output_limit(request) < MAX_OUTPUT_TOKENS
    if not more_room:
        detail += f" at {MAX_OUTPUT_TOKENS} tokens, more than which no reply can have: use smaller chunks"
    return ChatReply(text, finish, usage, model, detail, more_room=more_room)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """What an answer other than 200 means. Every body is possible: the front ends send web pages."""
    payload = answers.parse_object(body)
    error = answers.section(payload, "error")
    message = str(error.get("message") or "")
    details = [item for item in answers.items(error, "details") if isinstance(item, dict)]
    seen = f"{message} {_reasons(details)}"
    wait_s = _retry_delay_s(details, message)
    return ProviderError(
        _kind(status, str(error.get("status") or ""), seen),
        _explained(status, message or answers.readable(body), seen),
        provider=NAME,
        status=status,
        retry_after_s=wait_s if wait_s is not None else answers.retry_after_s(headers),
    )


class GeminiModel:
    """``ChatModel`` for one Gemini account."""

    def __init__(self, account: ProviderAccount, client: httpx.AsyncClient | None = None) -> None:
        self._account = account
        self._client = client or transport.client_for(account)
        self._base = transport.base_url(account.base_urls[0]).removesuffix("/v1beta").removesuffix("/v1") + "/v1beta"

    async def send(self, request: ChatRequest) -> bytes:
        """Errors: ProviderError for everything but a 200."""
        wall_s = request.timeout_s or self._account.timeout_s
        url = f"{self._base}/{_path(request.model.model)}:generateContent"
        body = to_json(encode(request, self._account))
        return await self._call("POST", url, wall_s, body)

    def decode(self, request: ChatRequest, raw: bytes) -> ChatReply:
        return decode(request, raw)

    def output_ceiling(self, request: ChatRequest) -> int:
        """Thinking is inside ``maxOutputTokens``, so what is sent is what bounds the bill."""
        return output_limit(request)

    async def offer(self) -> Offer:
        """Those that can generate text. Lists page after page; a token that repeats ends it."""
        found: list[ModelInfo] = []
        token = ""
        for _ in range(MAX_PAGES):
            query = f"pageSize=1000&pageToken={quote(token)}" if token else "pageSize=1000"
            raw = await self._call("GET", f"{self._base}/models?{query}", min(LIST_TIMEOUT_S, self._account.timeout_s))
            page = answers.reply_object(raw, NAME)
            found += [_model_info(item) for item in answers.items(page, "models") if _generates(item)]
            following = str(page.get("nextPageToken") or "")
            if following in {"", token}:
                break
            token = following
        wanted = self._account.model
        # Tuned models are in a list of their own.
        there = wanted.startswith("tunedModels/") or wanted in {model.name for model in found}
        return Offer(found, [] if there else [f"it lists no model {wanted}"], there)

    async def close(self) -> None:
        await self._client.aclose()

    async def _call(self, method: str, url: str, wall_s: float, body: bytes | None = None) -> bytes:
        key = transport.checked_key(self._account)
        headers = (("x-goog-api-key", key), ("Content-Type", "application/json"))
        request = transport.request(method, url, headers, body, wall_s)
        answer = await transport.exchange(self._client, request, wall_s, NAME)
        if answer.status != 200:
            raise classify(answer.status, answer.headers, answers.masked(answer.body, key))
        return answer.body


def _inline(attachment: Attachment) -> dict[str, Any]:
    """Source: inline data, PDF or image, in a body of 20 MB at most; larger files have an API of their own."""
    data = base64.b64encode(attachment.data).decode("ascii")
    return {"inlineData": {"mimeType": attachment.media_type, "data": data}}


def _generation_config(request: ChatRequest) -> dict[str, Any]:
    config: dict[str, Any] = {"candidateCount": 1}
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if request.max_tokens is not None:
        config["maxOutputTokens"] = output_limit(request)
    if request.seed is not None:
        config["seed"] = (request.seed + request.sample) % 2**31
    if request.reply_schema is not None:
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = schemas.adapted(request.reply_schema, KEYWORDS)
    if _BUDGET_ZERO.match(request.model.model):
        config["thinkingConfig"] = {"thinkingBudget": 0}
    elif _LEVELS.match(request.model.model):
        config["thinkingConfig"] = {"thinkingLevel": "LOW"}
    return config


def output_limit(request: ChatRequest) -> int:
    """The most tokens that a reply may have, its thinking among them."""
    if request.max_tokens is None:
        return MAX_OUTPUT_TOKENS
    headroom = 0 if _WITHOUT_THINKING.match(request.model.model) else THINKING_HEADROOM_TOKENS
    return min(MAX_OUTPUT_TOKENS, request.max_tokens + headroom)


def _path(model: str) -> str:
    """``models/X``; a tuned model already names its collection."""
    if model.startswith("tunedModels/"):
        return f"tunedModels/{quote(model.removeprefix('tunedModels/'), safe='')}"
    return f"models/{quote(model_name(NAME, model), safe='')}"


def _usage(metadata: object) -> Usage:
    """Thinking is counted outside ``candidatesTokenCount``, which is left out when nothing was generated."""
    if not isinstance(metadata, dict):
        return Usage()
    prompt = answers.count(metadata.get("promptTokenCount"))
    tools = answers.count(metadata.get("toolUsePromptTokenCount")) or 0
    visible = answers.count(metadata.get("candidatesTokenCount"))
    thoughts = answers.count(metadata.get("thoughtsTokenCount"))
    total = answers.count(metadata.get("totalTokenCount"))
    output = (visible or 0) + (thoughts or 0) if visible is not None or thoughts is not None else None
    if output is None and total is not None and prompt is not None:
        output = max(0, total - prompt - tools)
    return Usage(
        input_tokens=None if prompt is None else prompt + tools,
        output_tokens=output,
        cached_tokens=answers.count(metadata.get("cachedContentTokenCount")),
        thinking_tokens=thoughts,
    )


def _without_candidates(payload: dict[str, Any], usage: Usage, model: str) -> ChatReply:
    feedback = answers.section(payload, "promptFeedback")
    reason = feedback.get("blockReason")
    if reason is None:
        return ChatReply("", "empty", usage, model, "the answer has no candidates")
    told = str(feedback.get("blockReasonMessage") or "")
    return ChatReply("", "refused", usage, model, answers.line(f"the prompt was blocked: {reason} {told}"))


def _finish_detail(reason: str, candidate: object) -> str:
    told = str(candidate.get("finishMessage") or "") if isinstance(candidate, dict) else ""
    blocked = [
        str(rating.get("category"))
        for rating in answers.items(candidate, "safetyRatings")
        if isinstance(rating, dict) and rating.get("blocked")
    ]
    return answers.line(" ".join([f"finishReason {reason}", told, *blocked]))


def _reasons(details: list[dict[str, Any]]) -> str:
    """The words in the error's details that tell errors of one status apart."""
    words = [str(item.get("reason") or "") for item in details]
    for item in details:
        for violation in answers.items(item, "violations"):
            if isinstance(violation, dict):
                words.append(str(violation.get("quotaId") or ""))
                words.append("limit: 0" if str(violation.get("quotaValue")) == "0" else "")
    return " ".join(filter(None, words))


def _kind(status: int, name: str, seen: str) -> ProviderFault:
    if _KEY_WRONG.search(seen) or status in {401, 403} or name == "FAILED_PRECONDITION":
        return "auth"
    if status == 429:
        return "quota" if _SPENT.search(seen) else "rate_limit"
    if status == 413 or (status == 400 and _TOO_LONG.search(seen)):
        return "context_window"
    if status in {408, 504}:
        return "timeout"
    if status == 499:
        return "connection"
    return "server" if status >= 500 or status < 300 else "bad_request"


def _explained(status: int, message: str, seen: str) -> str:
    hint = ""
    if status == 404:
        hint = " (is the model's name right? GET /providers lists them)"
    elif 300 <= status < 400:
        hint = " (a redirect: check base_url)"
    elif status == 429 and "PerDay" in seen:
        hint = " (the daily quota starts anew at midnight Pacific time)"
    return f"HTTP {status}: {answers.line(message)}{hint}"


def _retry_delay_s(details: list[dict[str, Any]], message: str) -> float | None:
    for item in details:
        delay = item.get("retryDelay")
        match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)s", delay) if isinstance(delay, str) else None
        if match is not None:
            return float(match[1])
    told = _WAIT_TEXT.search(message)
    return float(told[1]) if told else None


def _generates(item: object) -> bool:
    return isinstance(item, dict) and "generateContent" in answers.items(item, "supportedGenerationMethods")


def _model_info(item: dict[str, Any]) -> ModelInfo:
    return ModelInfo(
        model_name(NAME, str(item.get("name") or "")),
        answers.count(item.get("inputTokenLimit")),
        answers.count(item.get("outputTokenLimit")),
    )
