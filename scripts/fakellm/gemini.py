"""Gemini's side: v1beta, proto3 JSON that refuses unknown names, errors with details."""

import re
from typing import Any
from urllib.parse import parse_qs, unquote

from pydantic_core import from_json

from fakellm.files import PAGE_TOKENS, decoded
from fakellm.messages import Asked, Form, Reply, Request, Said, at, json_reply, plain, shared, tokens
from fakellm.options import Options
from fakellm.proto import camel, listed, violations

_MIME_TYPES = ("text/plain", "application/json", "application/xml", "application/yaml", "text/x.enum")
_SCHEMA_TYPES = ("application/json", "text/x.enum")
_LEVELS_ONLY = "gemini-4-argon"  # takes no budget, and no level below low
_BUDGETS_ONLY = "gemini-2.5-"
_ALWAYS_THINKS = "gemini-2.5-pro"
_FORMS: dict[str | None, Form] = {"application/json": "json", "text/x.enum": "enum"}
MAX_STOPS = 5
_MODELS = (
    "gemini-4-argon",
    "gemini-3.8-flash",
    "gemini-3.7-flash",
    "gemini-3.6-flash",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-3.1-pro-preview",
    "gemini-3.1-flash-lite",
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
)
MAX_PAGE = 1000
MAX_BODY = 20 * 1024 * 1024
_TYPES = "type.googleapis.com/google.rpc."


def route(path: str) -> bool:
    return path.startswith("/v1beta/")


def is_chat(path: str) -> bool:
    return path.endswith(":generateContent")


def check_key(request: Request, options: Options) -> Reply | None:
    key = request.headers.get("x-goog-api-key") or "".join(parse_qs(request.query).get("key", []))
    if not key:
        return _error(
            403,
            "PERMISSION_DENIED",
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
            "other form of API consumer identity to call this API.",
        )
    return None if options.accepts_key(key) else _wrong_key()


def read(request: Request, options: Options) -> Asked | Reply:
    model = unquote(request.path.removeprefix("/v1beta/").rpartition(":")[0])
    name = model.removeprefix("models/")
    if name not in {*_MODELS, *options.more_models} and not model.startswith("tunedModels/"):
        return _error(
            404,
            "NOT_FOUND",
            f"models/{name} is not found for API version v1beta, or is not supported for generateContent. Call "
            "ListModels to see the list of available models and their supported methods.",
        )
    try:
        body = from_json(request.body)
    except ValueError:
        return _invalid("Invalid JSON payload received. Unexpected end of string.")
    body = camel(body)
    broken = violations(body)
    if broken:
        told = "\n".join(one.description for one in broken)
        fields = {"@type": f"{_TYPES}BadRequest", "fieldViolations": [one.detail for one in broken]}
        return _error(400, "INVALID_ARGUMENT", told, fields)
    wrong = _wrong_values(body, name)
    if wrong:
        return _invalid(wrong)
    if body.get("cachedContent"):
        return _error(403, "PERMISSION_DENIED", "CachedContent not found (or permission denied)")
    prompt = "\n".join(
        [*_texts(body.get("systemInstruction")), *(t for c in listed(body["contents"]) for t in _texts(c))]
    )
    try:
        files = tuple(file for content in listed(body["contents"]) for file in _files(content))
    except ValueError as exc:
        return _invalid(str(exc))
    if len(request.body) > MAX_BODY:
        return _invalid(f"Request payload size exceeds the limit: {MAX_BODY} bytes.")
    used = tokens(prompt) + PAGE_TOKENS * len(files)
    if used > options.gemini_input_limit:
        return _too_long(used, options.gemini_input_limit)
    config = body.get("generationConfig") or {}
    limit, thoughts = shared(config.get("maxOutputTokens"), _thoughts(config, options))
    return Asked(
        name,
        prompt,
        used,
        config.get("responseJsonSchema") or config.get("responseSchema"),
        limit,
        config.get("seed"),
        files=files,
        thoughts=thoughts,
        shows_thoughts=at(config, "thinkingConfig", "includeThoughts") is True,
        form=_FORMS.get(config.get("responseMimeType"), "text"),
    )


def answer(asked: Asked, said: Said, options: Options) -> Reply:
    usage: dict[str, Any] = {"promptTokenCount": asked.prompt_tokens}
    output = 0 if said.finish == "blocked" else said.tokens
    if output:
        usage["candidatesTokenCount"] = output
    thoughts = 0 if said.finish == "blocked" else said.thoughts
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    usage["totalTokenCount"] = asked.prompt_tokens + output + thoughts
    usage["promptTokensDetails"] = [
        {"modality": name, "tokenCount": count} for name, count in _modalities(asked).items() if count
    ]
    body: dict[str, Any] = {"usageMetadata": usage, "modelVersion": asked.model, "responseId": "fake"}
    if said.finish == "blocked":
        body["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT"}
    elif said.finish != "empty":
        body["candidates"] = [_candidate(said, asked.shows_thoughts)]
    return json_reply(200, body)


def fault(name: str, options: Options) -> Reply | None:
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    helped = {"@type": f"{_TYPES}Help", "links": [{"url": "https://ai.google.dev/gemini-api/docs/rate-limits"}]}
    hint = {"@type": f"{_TYPES}RetryInfo", "retryDelay": f"{plain(options.retry_after_s)}s"}
    text = "You exceeded your current quota, please check your plan and billing details."
    if name in {"429", "429-no-hint", "quota-day"}:
        period = "PerDay" if name == "quota-day" else "PerMinute"
        violation = {
            "quotaMetric": metric,
            "quotaId": f"GenerateRequests{period}PerProjectPerModel",
            "quotaDimensions": {"location": "global", "model": "gemini-3.5-flash"},
            "quotaValue": "20",
        }
        details = [helped, {"@type": f"{_TYPES}QuotaFailure", "violations": [violation]}]
        return _error(429, "RESOURCE_EXHAUSTED", text, *details, *([] if name == "429-no-hint" else [hint]))
    if name == "credits":
        told = "Your prepayment credits are depleted. Please go to AI Studio to manage your project and billing."
        return _error(429, "RESOURCE_EXHAUSTED", told)
    if name == "auth":
        return _wrong_key()
    if name == "context":
        return _too_long(2_000_000, options.gemini_input_limit)
    simple = {
        "precondition": (400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        "forbidden": (403, "PERMISSION_DENIED", "The caller does not have permission"),
        "499": (499, "CANCELLED", "The operation was cancelled."),
        "500": (500, "INTERNAL", "An internal error has occurred. Please retry."),
        "503": (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        "504": (504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
    }
    return _error(*simple[name]) if name in simple else None


def other(request: Request, options: Options) -> Reply:
    if request.path == "/v1beta/models" and request.method == "GET":
        return _page(parse_qs(request.query))
    single = re.fullmatch(r"/v1beta/models/([^:/]+)", request.path)
    if single and single[1] in _MODELS:
        return json_reply(200, _described(single[1]))
    if request.path.endswith(":countTokens"):
        body = from_json(request.body)
        found = [text for content in listed(body.get("contents")) for text in _texts(content)]
        return json_reply(200, {"totalTokens": sum(map(tokens, found))})
    return Reply(404, b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", "text/html; charset=UTF-8")


def _page(query: dict[str, list[str]]) -> Reply:
    size = min(MAX_PAGE, int(query.get("pageSize", ["50"])[0]))
    start = int(query.get("pageToken", ["0"])[0])
    page: dict[str, Any] = {"models": [_described(name) for name in _MODELS[start : start + size]]}
    if start == 0:
        page["models"].append({"name": "models/gemini-embedding-001", "supportedGenerationMethods": ["embedContent"]})
    if start + size < len(_MODELS):
        page["nextPageToken"] = str(start + size)
    return json_reply(200, page)


def _described(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _modalities(asked: Asked) -> dict[str, int]:
    pages = sum(file.startswith(b"%PDF-") for file in asked.files) * PAGE_TOKENS
    pictures = len(asked.files) * PAGE_TOKENS - pages
    return {"TEXT": asked.prompt_tokens - pages - pictures, "IMAGE": pictures, "DOCUMENT": pages}


def _candidate(said: Said, shows_thoughts: bool) -> dict[str, Any]:
    reasons = {"length": "MAX_TOKENS", "safety": "SAFETY", "recitation": "RECITATION", "unknown-finish": "NEW_REASON"}
    candidate: dict[str, Any] = {"finishReason": reasons.get(said.finish, "STOP"), "index": 0}
    if said.finish == "safety":
        candidate["safetyRatings"] = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH", "blocked": True}]
    if said.finish in {"safety", "recitation"}:
        return candidate
    candidate["content"] = {"role": "model"}
    if said.text:
        thought = [{"text": "Let me think.", "thought": True}] if said.thoughts and shows_thoughts else []
        candidate["content"]["parts"] = [*thought, {"text": said.text}]
    return candidate


def _wrong_values(body: dict[str, Any], model: str) -> str:
    contents = listed(body.get("contents"))
    if not contents:
        return "* GenerateContentRequest.contents: contents is not specified\n"
    if any(content.get("role", "user") not in {"user", "model"} for content in contents):
        return "Please use a valid role: user, model."
    config = body.get("generationConfig") or {}
    if "responseSchema" in config and "responseJsonSchema" in config:
        return "Only one of response_schema and response_json_schema may be set."
    kind = config.get("responseMimeType") or "text/plain"
    if kind not in _MIME_TYPES:
        allowed = ", ".join(f"`{name}`" for name in _MIME_TYPES)
        return f"* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are {allowed}"
    if config.keys() & {"responseSchema", "responseJsonSchema"} and kind not in _SCHEMA_TYPES:
        return "Response schema is only supported with response mime type application/json."
    if len(listed(config.get("stopSequences"))) > MAX_STOPS:
        return f"* GenerateContentRequest.generation_config.stop_sequences: at most {MAX_STOPS} are allowed"
    temperature = config.get("temperature") or 0
    if not 0 <= temperature <= 2:
        return f"* GenerateContentRequest.generation_config.temperature: {temperature} is out of range [0, 2]"
    return _wrong_thinking(config.get("thinkingConfig") or {}, model)


def _wrong_thinking(thinking: dict[str, Any], model: str) -> str:
    budget, level = thinking.get("thinkingBudget"), thinking.get("thinkingLevel")
    if budget is not None and level is not None:
        return "You can only set one of thinking budget and thinking level."
    if budget is not None and model == _LEVELS_ONLY:
        return "Thinking budget is not supported for this model."
    if budget == 0 and model == _ALWAYS_THINKS:
        return "Budget 0 is invalid. This model only works in thinking mode."
    if level is not None and model.startswith(_BUDGETS_ONLY):
        return "Thinking level is not supported for this model."
    if level is not None and model == _LEVELS_ONLY and level.upper() not in {"LOW", "MEDIUM", "HIGH"}:
        return f"Thinking level {level} is not supported for this model."
    return ""


def _thoughts(config: dict[str, Any], options: Options) -> int:
    """A budget bounds them; -1 leaves them to the model."""
    budget = at(config, "thinkingConfig", "thinkingBudget")
    return options.gemini_thoughts if budget is None or budget < 0 else min(budget, options.gemini_thoughts)


def _texts(content: Any) -> list[str]:
    return [part["text"] for part in listed(at(content, "parts")) if isinstance(at(part, "text"), str)]


def _files(content: Any) -> list[bytes]:
    """Errors: ValueError for one that cannot be read."""
    inline = [part["inlineData"] for part in listed(at(content, "parts")) if "inlineData" in part]
    return [decoded(at(item, "mimeType"), at(item, "data")) for item in inline]


def _too_long(used: int, limit: int) -> Reply:
    return _invalid(f"The input token count ({used}) exceeds the maximum number of tokens allowed ({limit}).")


def _wrong_key() -> Reply:
    reason = {"@type": f"{_TYPES}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
    return _error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", reason)


def _invalid(message: str) -> Reply:
    return _error(400, "INVALID_ARGUMENT", message)


def _error(status: int, name: str, message: str, *details: dict[str, Any]) -> Reply:
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    if details:
        error["details"] = list(details)
    return json_reply(status, {"error": error})
