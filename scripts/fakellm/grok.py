"""Grok's side: flat errors, 422 as plain text, unknown fields dropped, the price in ticks."""

import re
from typing import Any

from pydantic_core import from_json, to_json

from fakellm.files import PAGE_TOKENS, decoded
from fakellm.messages import Asked, Reply, Request, Said, at, json_reply, plain, tokens
from fakellm.options import Options

_MODELS = (
    "grok-4.7",
    "grok-4.6",
    "grok-4.5",
    "grok-4.3",
    "grok-4.20-0309-reasoning",
    "grok-4.20-0309-non-reasoning",
    "grok-build-0.1",
    "grok-4-1-fast-reasoning",
    "grok-4-1-fast-non-reasoning",
    "grok-4",
)
# Known under these too, and not in the shorter list.
_ALIASES = {"grok-4.3": ["grok-4.3-latest"]}
_ROLES = ("system", "user", "assistant", "tool", "function")
_EFFORTS = {"grok-4.3": {"none", "low", "medium", "high"}, "grok-4.7": {"low", "medium", "high", "xhigh"}}
_REFUSED = {"presence_penalty": "presencePenalty", "frequency_penalty": "frequencyPenalty", "stop": "stop"}
_TICKS_PER_USD = 10**10
# Dollars per million tokens of prompt and output, by how a name begins. Where nobody tells a price: that of grok-4.3.
_PRICES = {
    "grok-4.7": (2.0, 6.0),
    "grok-4.6": (2.0, 6.0),
    "grok-4.5": (2.0, 6.0),
    "grok-build-0.1": (1.0, 2.0),
    "grok-4-1-fast": (0.2, 0.5),
}
_USUAL_PRICE = (1.25, 2.5)
_LONG_PROMPT = 200_000  # from here on grok-4.7 costs twice as much
MAX_STOPS = 4
_TEAM = "team 00000000-0000-0000-0000-000000000000"


def route(path: str) -> bool:
    return path.startswith("/v1/")


def is_chat(path: str) -> bool:
    return path == "/v1/chat/completions"


def check_key(request: Request, options: Options) -> Reply | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        return _error(401, "unauthenticated:no-credentials", "No credentials presented.")
    return None if options.accepts_key(key) else _wrong_key(key)


def read(request: Request, options: Options) -> Asked | Reply:
    if request.method != "POST":
        return Reply(405, b"Method Not Allowed", "text/plain; charset=utf-8")
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return Reply(415, b"Expected request with `Content-Type: application/json`", "text/plain; charset=utf-8")
    try:
        body = from_json(request.body)
    except ValueError:
        return Reply(400, b"Failed to parse the request body as JSON", "text/plain; charset=utf-8")
    wrong = _missing(body, request.body) or _refused(body, options)
    if wrong is not None:
        return wrong
    prompt = "\n".join(_text(message.get("content")) for message in body["messages"])
    try:
        files = tuple(file for message in body["messages"] for file in _files(message.get("content")))
    except ValueError as exc:
        return _error(400, "invalid-argument", str(exc))
    return Asked(
        body["model"],
        prompt,
        tokens(prompt) + PAGE_TOKENS * len(files),
        at(body, "response_format", "json_schema", "schema"),
        body.get("max_completion_tokens") or body.get("max_tokens"),
        body.get("seed"),
        body.get("stream") is True,
        files,
        at(body, "stream_options", "include_usage") is True,
        options.grok_reasoning if _reasons(body["model"]) and body.get("reasoning_effort") != "none" else 0,
        form="json" if at(body, "response_format", "type") == "json_object" else "text",
    )


def answer(asked: Asked, said: Said, options: Options) -> Reply:
    if said.finish in {"blocked", "safety", "recitation"}:
        return fault("policy", options) or _error(403, "permission-denied", "")
    reasons = {"length": "length", "unknown-finish": "new_reason"}
    message = {"role": "assistant", "content": said.text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": reasons.get(said.finish, "stop")}
    output = said.tokens
    thought = said.thoughts
    seen = PAGE_TOKENS * len(asked.files)
    read = {"text_tokens": asked.prompt_tokens - seen, "audio_tokens": 0, "image_tokens": seen, "cached_tokens": 0}
    written = {"reasoning_tokens": thought, "audio_tokens": 0}
    usage: dict[str, Any] = {
        "prompt_tokens": asked.prompt_tokens,
        "completion_tokens": output,
        "total_tokens": asked.prompt_tokens + output + thought,
        "prompt_tokens_details": read,
        "completion_tokens_details": {**written, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
        "num_sources_used": 0,
    }
    if options.grok_ticks:
        usage["cost_in_usd_ticks"] = _ticks(asked, output + thought)
    about = {"id": "00000000-0000-0000-0000-000000000001", "created": 1_752_854_522, "model": asked.model}
    about["system_fingerprint"] = "fp_0000000000"
    if asked.stream:
        return _streamed(about, choice, usage if asked.stream_usage else None)
    choices = [] if said.finish == "empty" else [choice]
    return json_reply(200, {**about, "object": "chat.completion", "choices": choices, "usage": usage})


def _price(model: str) -> tuple[float, float]:
    return next((price for start, price in _PRICES.items() if model.startswith(start)), _USUAL_PRICE)


def _ticks(asked: Asked, output: int) -> int:
    per_prompt, per_output = _price(asked.model)
    dearer = 2 if asked.model == "grok-4.7" and asked.prompt_tokens >= _LONG_PROMPT else 1
    dollars_of_a_million = asked.prompt_tokens * per_prompt + output * per_output
    return round(dollars_of_a_million * _TICKS_PER_USD / 10**6) * dearer


def _streamed(about: dict[str, Any], choice: dict[str, Any], usage: dict[str, Any] | None) -> Reply:
    """Server-sent events: the text, how it ends, and, where that was asked for, the usage in the last of them."""
    delta = {"role": "assistant", "content": choice["message"]["content"]}
    rows: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]},
    ]
    if usage is not None:
        rows[-1]["usage"] = usage
    events = [to_json({**about, "object": "chat.completion.chunk", **row}) for row in rows]
    body = b"".join(b"data: " + event + b"\n\n" for event in [*events, b"[DONE]"])
    return Reply(200, body, "text/event-stream")


def fault(name: str, options: Options) -> Reply | None:
    rate = f"Too many requests for {_TEAM} and model grok-4.3. Requests per Minute (actual/limit): 2/2."
    gone = (
        f"Your {_TEAM} has either used all available credits or reached its monthly spending limit. To continue making "
        "API requests, please purchase more credits or raise your spending limit."
    )
    if name == "429":
        reply = _error(429, "resource-exhausted", rate)
        reply.headers = (("retry-after", plain(options.retry_after_s)),)
        return reply
    simple = {
        "429-no-hint": (429, "resource-exhausted", rate),
        "quota-day": (429, "resource-exhausted", gone),
        "credits": (429, "resource-exhausted", gone),
        "forbidden": (403, "permission-denied", f"Your {_TEAM} is blocked."),
        "bad-credentials": (403, "unauthenticated:bad-credentials", "The OAuth2 access token is not valid."),
        "500": (500, "internal", "Internal server error."),
        "503": (503, "unavailable", "The service is temporarily unavailable."),
        "policy": (
            403,
            "permission-denied",
            f"Content violates usage guidelines. {_TEAM}, API key ID: 1, Model: grok-4.3, Failed check: "
            "SAFETY_CHECK_TYPE_BIO",
        ),
        "context": (
            400,
            "invalid-argument",
            "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
        ),
    }
    if name == "auth":
        return _wrong_key("xai-00000000")
    return _error(*simple[name]) if name in simple else None


def other(request: Request, options: Options) -> Reply:
    if request.path == "/v1/models":
        listed = [{"id": name, "created": 1, "object": "model", "owned_by": "xai"} for name in _MODELS]
        return json_reply(200, {"data": listed, "object": "list"})
    if request.path == "/v1/language-models":
        return json_reply(200, {"models": [_described(name) for name in _MODELS]})
    return _error(404, "not-found", f"The requested resource was not found: {request.path}")


def _described(name: str) -> dict[str, Any]:
    """Prices in hundredths of a cent per million tokens."""
    prompt, output = (round(price * 10_000) for price in _price(name))
    about = {"aliases": _ALIASES.get(name, []), "input_modalities": ["text", "image"], "output_modalities": ["text"]}
    return {"id": name, **about, "prompt_text_token_price": prompt, "completion_text_token_price": output}


def _missing(body: Any, raw: bytes) -> Reply | None:
    for name, kind in (("messages", list), ("model", str)):
        value = at(body, name)
        if value is None:
            return _undeserialized(f"missing field `{name}`", raw)
        if not isinstance(value, kind):
            wanted = "a sequence" if kind is list else "a string"
            return _undeserialized(f"{name}: invalid type, expected {wanted}", raw)
    if not all(isinstance(message, dict) and "role" in message for message in body["messages"]):
        return _undeserialized("messages[0]: missing field `role`", raw)
    for message in body["messages"]:
        if message["role"] not in _ROLES:
            expected = ", ".join(f"`{role}`" for role in _ROLES)
            told = f"messages: unknown variant `{message['role']}`, expected one of {expected}"
            return _undeserialized(told, raw)
    temperature = body.get("temperature")
    if temperature is not None and (isinstance(temperature, bool) or not isinstance(temperature, int | float)):
        return _undeserialized("temperature: invalid type, expected f32", raw)
    shape = body.get("response_format")
    if at(shape, "type") == "json_schema" and not isinstance(at(shape, "json_schema", "schema"), dict):
        return _undeserialized("response_format: missing field `schema`", raw)
    return None


def _refused(body: dict[str, Any], options: Options) -> Reply | None:
    model = body["model"]
    if model not in {*_MODELS, *(alias for known in _ALIASES.values() for alias in known), *options.more_models}:
        text = f"The model {model} does not exist or your {_TEAM} does not have access to it."
        return _error(404, "not-found", text)
    for name, told in _REFUSED.items():
        if body.get(name) and _reasons(model):
            return _error(400, "invalid-argument", f"Model {model} does not support parameter {told}.")
    effort = body.get("reasoning_effort")
    if effort is not None and effort not in _EFFORTS.get(model, set()):
        return _error(400, "invalid-argument", f"Model {model} does not support parameter reasoningEffort.")
    if len(_list(body.get("stop"))) > MAX_STOPS:
        return _error(400, "invalid-argument", f"At most {MAX_STOPS} stop sequences are supported.")
    if not 0 <= (body.get("temperature") or 0) <= 2:
        return _error(400, "invalid-argument", "Temperature must be between 0 and 2.")
    return None


def _reasons(model: str) -> bool:
    return "non-reasoning" not in model


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _undeserialized(text: str, raw: bytes) -> Reply:
    told = f"Failed to deserialize the JSON body into the target type: {text} at line 1 column {len(raw)}"
    return Reply(422, told.encode(), "text/plain; charset=utf-8")


def _wrong_key(key: str) -> Reply:
    shown = re.sub(r"^(.{2}).*(.{2})$", r"\1***\2", key)
    told = f"Incorrect API key provided: {shown}. You can obtain an API key from https://console.x.ai."
    return _error(400, "invalid-argument", told)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [] if isinstance(part, dict))


def _files(content: Any) -> list[bytes]:
    """Pictures as data URLs. Errors: ValueError for one that cannot be read."""
    found = []
    for part in content if isinstance(content, list) else []:
        if part.get("type") != "text":
            lead, _, data = str(at(part, "image_url", "url")).partition(";base64,")
            media_type = lead.removeprefix("data:")
            found.append(decoded(media_type if media_type.startswith("image/") else None, data))
    return found


def _error(status: int, code: str, message: str) -> Reply:
    return json_reply(status, {"code": code, "error": message})
