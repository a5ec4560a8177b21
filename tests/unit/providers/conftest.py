"""A fake provider on a real socket, and accounts and requests for it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from chunksmith.domain.calls import ChatRequest, Message, ModelRef, ProviderAccount
from fake_llm import FakeLLM

KEYS = {"gemini": "AIzaSyTestKey0123456789", "grok": "xai-testkey0123456789", "ollama": None}
MODELS = {"gemini": "gemini-3.5-flash-lite", "grok": "grok-4.3", "ollama": "llama3.2"}
PASSAGE = (
    "Water boils at 100 degrees Celsius at sea level. Salt raises the boiling point of water slightly. "
    "At high altitude the pressure is lower, so water boils sooner."
)
ENTRIES: dict[str, Any] = {
    "type": "object",
    "properties": {
        "entries": {
            "type": "array",
            "maxItems": 2,
            "items": {
                "type": "object",
                "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
                "required": ["question", "answer"],
            },
        }
    },
    "required": ["entries"],
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeLLM]:
    async with FakeLLM() as running:
        yield running


@pytest.fixture
def account(fake: FakeLLM) -> Callable[..., ProviderAccount]:
    def make(provider: str, **changes: Any) -> ProviderAccount:
        usual: dict[str, Any] = {
            "provider": provider,
            "base_urls": (fake.base_url(provider),),
            "model": MODELS[provider],
            "api_key": KEYS[provider],
            "timeout_s": 10.0,
        }
        return ProviderAccount(**{**usual, **changes})

    return make


@pytest.fixture
def ask() -> Callable[..., ChatRequest]:
    def make(provider: str, passage: str = PASSAGE, **changes: Any) -> ChatRequest:
        fenced = f"Write questions.\n<passage 0123456789ab>\n{passage}\n</passage 0123456789ab>"
        usual: dict[str, Any] = {
            "model": ModelRef(provider, MODELS[provider]),
            "messages": (Message("system", "You write questions."), Message("user", fenced)),
            "reply_schema": ENTRIES,
        }
        return ChatRequest(**{**usual, **changes})

    return make
