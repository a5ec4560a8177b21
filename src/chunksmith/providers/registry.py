"""Which providers there are, and one adapter for each account."""

import time
from collections.abc import Callable, Mapping

from chunksmith.domain.calls import ProviderAccount
from chunksmith.domain.ports import ChatModel
from chunksmith.providers import gemini, grok, ollama
from chunksmith.providers.builtin import adapter as builtin

DEFAULT_MODELS: Mapping[str, str] = {
    builtin.NAME: builtin.NAME,
    gemini.NAME: gemini.DEFAULT_MODEL,
    grok.NAME: grok.DEFAULT_MODEL,
    ollama.NAME: ollama.DEFAULT_MODEL,
}
DEFAULT_BASE_URLS: Mapping[str, str] = {
    gemini.NAME: gemini.DEFAULT_BASE_URL,
    grok.NAME: grok.DEFAULT_BASE_URL,
    ollama.NAME: ollama.DEFAULT_BASE_URL,
}
_ADAPTERS: Mapping[str, Callable[[ProviderAccount, Callable[[], float]], ChatModel]] = {
    builtin.NAME: lambda account, _: builtin.BuiltinModel(account),
    gemini.NAME: lambda account, _: gemini.GeminiModel(account),
    grok.NAME: lambda account, _: grok.GrokModel(account),
    ollama.NAME: lambda account, monotonic: ollama.OllamaModel(account, monotonic=monotonic),
}


def build(
    accounts: Mapping[str, ProviderAccount], monotonic: Callable[[], float] = time.monotonic
) -> dict[str, ChatModel]:
    """An adapter for each account, and ``builtin`` whether it has an account or not.

    Errors: KeyError for a provider that does not exist, which is a mistake in the wiring.
    """
    own = ProviderAccount(builtin.NAME, base_urls=(), model=builtin.NAME)
    return {name: _ADAPTERS[name](account, monotonic) for name, account in {builtin.NAME: own, **accounts}.items()}
