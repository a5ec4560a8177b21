"""How many tokens a request may take: what is expected of it, and what it cannot exceed."""

from chunksmith.domain.calls import ATTACHMENT_TOKENS, USUAL_MAX_TOKENS, ChatRequest, Usage, schema_json
from chunksmith.domain.tokens import estimate_tokens

# Roles and separators around each message.
MESSAGE_OVERHEAD_TOKENS = 16
# A page as a picture; the ceiling is ATTACHMENT_TOKENS.
USUAL_ATTACHMENT_TOKENS = 1024


def prompt_tokens(request: ChatRequest) -> int:
    text = sum(estimate_tokens(message.text) + MESSAGE_OVERHEAD_TOKENS for message in request.messages)
    shape = len(schema_json(request.reply_schema)) // 4 if request.reply_schema else 0
    return text + shape + len(request.attachments) * USUAL_ATTACHMENT_TOKENS


def prompt_ceiling(request: ChatRequest) -> int:
    """No tokenizer makes more tokens of a text than it has bytes."""
    sizes = sum(utf8_size(message.text) + MESSAGE_OVERHEAD_TOKENS for message in request.messages)
    shape = len(schema_json(request.reply_schema)) if request.reply_schema else 0
    return sizes + shape + len(request.attachments) * ATTACHMENT_TOKENS


def utf8_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def request_tokens(request: ChatRequest) -> int:
    """What a call is expected to take of a limit per minute; corrected when the usage is reported."""
    return prompt_tokens(request) + (request.max_tokens or USUAL_MAX_TOKENS) // 4


def total_tokens(usage: Usage) -> int | None:
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    return usage.input_tokens + usage.output_tokens
