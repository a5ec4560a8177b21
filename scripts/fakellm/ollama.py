"""Ollama's side: streams unless told not to, cuts prompts that are too long, drops what it does not know."""

import re
from typing import Any

from pydantic_core import from_json, to_json

from fakellm.files import PAGE_TOKENS, decoded, kind_of
from fakellm.messages import Asked, Reply, Request, Said, at, json_reply, shared, thinking, tokens
from fakellm.options import Options

DEFAULT_WINDOW = 4096
KEEP = 4
REFUSES_THINK_FALSE = False  # as some older servers do for models that cannot think
_FLOATS = ("temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty", "frequency_penalty")
_LEVELS = ("low", "medium", "high", "max")
_DURATION = re.compile(r"[+-]?(?:0|(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
_INTEGERS = ("num_ctx", "num_predict", "seed", "top_k", "num_keep", "num_gpu", "num_thread")
_THINKING = ("qwen3", "gpt-oss", "deepseek-r1")
_LEVELS_ONLY = "gpt-oss"  # knows levels and ignores true and false
_SEEING = ("qwen2.5vl", "llava", "gemma3", "llama3.2-vision")
_STAMP = "2026-08-01T10:00:00.123Z"


def route(path: str) -> bool:
    return path.startswith("/api/")


def is_chat(path: str) -> bool:
    return path == "/api/chat"


def check_key(request: Request, options: Options) -> Reply | None:
    """A local server asks for none; a key that is sent must still be right."""
    key = request.headers.get("authorization", "").partition(" ")[2]
    return _error(401, "unauthorized") if key and not options.accepts_key(key) else None


def read(request: Request, options: Options) -> Asked | Reply:
    if not request.body:
        return _error(400, "missing request body")
    try:
        body = from_json(request.body)
    except ValueError:
        return _error(400, "invalid character 'x' looking for beginning of value")
    if not isinstance(body, dict):
        return _error(400, "json: cannot unmarshal array into Go value of type api.ChatRequest")
    wrong = _wrong(body, options)
    if wrong is not None:
        return wrong
    settings = body.get("options") or {}
    window = min(settings.get("num_ctx") or DEFAULT_WINDOW, options.ollama_window or 2**31)
    messages = body["messages"] if _whole(body, options) else _latest(body["messages"], window)
    prompt = _joined(messages)
    pictures = [data for message in messages for data in message.get("images") or []]
    if pictures and not str(body["model"]).startswith(_SEEING):
        return _error(500, "this model is missing data required for image input")
    try:
        files = tuple(decoded(kind_of(data), data) for data in pictures)
    except ValueError:
        return _error(400, "illegal base64 data at input byte 0")
    used = tokens(prompt) + PAGE_TOKENS * len(files)
    if used > window:
        if _whole(body, options):
            return _too_long()
        used = window - (window - KEEP) // 2
        prompt = prompt[: KEEP * 4] + prompt[-(used - KEEP) * 4 :]
    limit, thoughts = shared(_limit(body, window - used), options.ollama_thoughts if _thinks(body) else 0)
    return Asked(
        body["model"],
        prompt,
        used,
        body["format"] if isinstance(body.get("format"), dict) else None,
        limit,
        settings.get("seed"),
        body.get("stream") is not False,
        files,
        thoughts=thoughts,
        shows_thoughts=True,
        form="json" if body.get("format") == "json" else "text",
    )


def answer(asked: Asked, said: Said, options: Options) -> Reply:
    text = "" if said.finish in {"blocked", "safety", "recitation", "empty"} else said.text
    reasons = {"length": "length", "unknown-finish": "new_reason"}
    last: dict[str, Any] = {
        "model": asked.model,
        "created_at": _STAMP,
        "message": _message(text, said.thoughts),
        "done": True,
        "done_reason": reasons.get(said.finish, "stop"),
        "total_duration": 1_000_000,
        "load_duration": 1000,
        "prompt_eval_count": asked.prompt_tokens,
        "prompt_eval_duration": 1000,
        "eval_count": tokens(text) + said.thoughts,
        "eval_duration": 1000,
    }
    if not last["eval_count"]:
        del last["eval_count"]  # counts of zero are left out
    if not asked.stream:
        return Reply(200, to_json(last), "application/json; charset=utf-8")
    rows = [_message("", thoughts=said.thoughts)] if said.thoughts else []
    rows += [_message(piece) for piece in _pieces(text)]
    lines = [{**_delta(asked.model, row), "done": False} for row in rows]
    last["message"] = {"role": "assistant", "content": ""}
    return Reply(
        200, b"".join(to_json(row) + b"\n" for row in [*lines, last]), "application/x-ndjson", manner="chunked"
    )


def fault(name: str, options: Options) -> Reply | None:
    """None of them tells how long to wait, and a 504 is not its own."""
    simple = {
        "429": (429, "too many requests, please slow down"),
        "429-no-hint": (429, "too many requests"),
        "quota-day": (429, "you have reached your usage limit"),
        "credits": (429, "you have reached your usage limit"),
        "500": (500, "llama runner process has terminated: exit status 2"),
        "503": (503, "server busy, please try again.  maximum pending requests exceeded"),
        "auth": (401, "unauthorized"),
        "forbidden": (403, "cloud disabled"),
        "499": (499, "request canceled"),
        "502": (502, "the cloud model cannot be reached"),
        "load-timeout": (500, "timed out waiting for llama runner to start - progress 0.00 - "),
        "memory": (500, "model requires more system memory (9.0 GiB) than is available (4.0 GiB)"),
        "no-chat": (400, '"llama3.2" does not support chat'),
        "policy": (400, "content policy"),
    }
    if name == "context":
        return _too_long()
    if name == "error-in-stream":
        begun = to_json({**_delta("llama3.2", _message("Half")), "done": False})
        died = to_json({"error": "llama runner process has terminated"})
        return Reply(200, begun + b"\n" + died + b"\n", "application/x-ndjson", manner="chunked")
    return _error(*simple[name]) if name in simple else None


def other(request: Request, options: Options) -> Reply:
    if request.path == "/api/tags":
        return json_reply(200, {"models": [_listed(name) for name in options.ollama_models]})
    if request.path == "/api/version":
        return json_reply(200, {"version": "0.32.7"})
    if request.path == "/api/show":
        name = str(at(from_json(request.body), "model"))
        if not _has(name, options):
            return _error(404, f"model '{name}' not found")
        abilities = ["completion", *(["thinking"] if name.startswith(_THINKING) else [])]
        abilities += ["vision"] if name.startswith(_SEEING) else []
        return json_reply(200, {"capabilities": abilities, "model_info": {"llama.context_length": 131_072}})
    return Reply(404, b"404 page not found", "text/plain")


def _wrong(body: dict[str, Any], options: Options) -> Reply | None:
    name = body.get("model")
    mistyped = _mistyped(body)
    if mistyped is not None:
        return mistyped
    if not name:
        return _error(400, "model is required")
    if not _has(str(name), options):
        return _error(404, f"model '{name}' not found")
    asks_to_think = body.get("think") is not None if REFUSES_THINK_FALSE else body.get("think") not in (None, False)
    if asks_to_think and not str(name).startswith(_THINKING):
        return _error(400, f'"{name}" does not support thinking')
    for option in _INTEGERS:
        value = at(body, "options", option)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            return _error(500, f'option "{option}" must be of type integer')
    for option in _FLOATS:
        value = at(body, "options", option)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            return _error(500, f'option "{option}" must be of type float32')
    stop = at(body, "options", "stop")
    if stop is not None and not isinstance(stop, list):
        return _error(500, 'option "stop" must be of type array')
    shape = body.get("format")
    if shape not in (None, "", "json") and not isinstance(shape, dict):
        return _error(400, f'invalid format: {to_json(shape).decode()}; expected "json" or a valid JSON Schema object')
    if not body.get("messages"):
        reason = "unload" if body.get("keep_alive") in (0, "0", "0s") else "load"
        return json_reply(200, {**_delta(str(name), _message("")), "done": True, "done_reason": reason})
    return None


def _mistyped(body: dict[str, Any]) -> Reply | None:
    """What Go's JSON decoder refuses before anything is looked at."""
    for field, kind, wanted in (
        ("model", str, "string"),
        ("messages", list, "[]api.Message"),
        ("options", dict, "map[string]interface {}"),
        ("stream", bool, "bool"),
    ):
        value = body.get(field)
        if value is not None and not isinstance(value, kind):
            return _unmarshalled(f"ChatRequest.{field}", value, wanted)
    for message in body.get("messages") or []:
        if not isinstance(message, dict):
            return _unmarshalled("ChatRequest.messages", message, "api.Message")
        if not isinstance(message.get("content") or "", str):
            return _unmarshalled("ChatRequest.messages.content", message["content"], "string")
    think = body.get("think")
    if not (think is None or isinstance(think, bool) or think in _LEVELS):
        told = to_json(think).decode()
        return _error(400, f'invalid think value: {told} (must be "high", "medium", "low", "max", true, or false)')
    kept = body.get("keep_alive")
    if isinstance(kept, str) and not _DURATION.fullmatch(kept):
        return _error(400, f"time: invalid duration {to_json(kept).decode()}")
    return None


def _unmarshalled(field: str, value: Any, wanted: str) -> Reply:
    kinds = {bool: "bool", str: "string", list: "array", dict: "object"}
    kind = kinds.get(type(value), "number")
    return _error(400, f"json: cannot unmarshal {kind} into Go struct field {field} of type {wanted}")


def _has(name: str, options: Options) -> bool:
    return name in options.ollama_models or f"{name}:latest" in options.ollama_models


def _listed(name: str) -> dict[str, Any]:
    about = {"family": name.partition(":")[0], "parameter_size": "3.2B", "quantization_level": "Q4_K_M"}
    return {"name": name, "model": name, "modified_at": _STAMP, "size": 1, "digest": "0" * 64, "details": about}


def _whole(body: dict[str, Any], options: Options) -> bool:
    """Whether a prompt that is too long is refused instead of cut."""
    return False in (body.get("truncate"), body.get("shift")) and not options.ollama_truncates


def _latest(messages: list[dict[str, Any]], window: int) -> list[dict[str, Any]]:
    """Without the oldest that do not fit; what the system says and the last one stay."""
    kept = list(messages)
    old = [message for message in messages[:-1] if message.get("role") != "system"]
    while old and tokens(_joined(kept)) > window:
        kept.remove(old.pop(0))
    return kept


def _joined(messages: list[dict[str, Any]]) -> str:
    return "\n".join(message.get("content") or "" for message in messages)


def _thinks(body: dict[str, Any]) -> bool:
    """Left open, a model that can think does."""
    model = str(body["model"])
    return model.startswith(_THINKING) and (model.startswith(_LEVELS_ONLY) or body.get("think") is not False)


def _limit(body: dict[str, Any], room: int) -> int | None:
    """Tokens of thinking and reply: ``num_predict``, and where the window may not be shifted, what is left of it."""
    asked = at(body, "options", "num_predict")
    limits = [asked] if asked is not None and asked >= 0 else []
    limits += [room] if body.get("shift") is False else []
    return min(limits, default=None)


def _message(text: str, thoughts: int = 0) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {**message, "thinking": thinking(thoughts)} if thoughts else message


def _pieces(text: str) -> list[str]:
    words = text.split(" ")
    return [
        " ".join(words[start : start + 8]) + (" " if start + 8 < len(words) else "")
        for start in range(0, len(words), 8)
    ]


def _delta(model: str, message: dict[str, Any]) -> dict[str, Any]:
    return {"model": model, "created_at": _STAMP, "message": message}


def _too_long() -> Reply:
    return _error(
        400,
        "the prompt is longer than the context length currently available to the model; increase the context length or "
        "shorten the prompt",
    )


def _error(status: int, text: str) -> Reply:
    return json_reply(status, {"error": text})
