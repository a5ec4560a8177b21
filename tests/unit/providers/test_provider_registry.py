import pytest

from chunksmith.domain.calls import PROVIDERS, ProviderAccount
from chunksmith.providers import registry


def test_every_provider_has_a_model_and_an_address() -> None:
    assert set(registry.DEFAULT_MODELS) == set(PROVIDERS)
    assert set(registry.DEFAULT_BASE_URLS) == set(PROVIDERS) - {"builtin"}


async def test_one_adapter_for_each_account_and_builtin() -> None:
    accounts = {
        name: ProviderAccount(name, (registry.DEFAULT_BASE_URLS[name],), registry.DEFAULT_MODELS[name])
        for name in ("gemini", "grok", "ollama")
    }
    models = registry.build(accounts)
    assert set(models) == set(PROVIDERS)
    for model in models.values():
        await model.close()


def test_unknown_provider_is_a_mistake_in_the_wiring() -> None:
    with pytest.raises(KeyError):
        registry.build({"other": ProviderAccount("other", ("http://x",), "m")})
