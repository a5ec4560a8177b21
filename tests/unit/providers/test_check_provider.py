import asyncio
import sys

import pytest

from fake_llm import FakeLLM

KEYS = {"gemini": "GEMINI_API_KEY", "grok": "XAI_API_KEY", "ollama": "OLLAMA_API_KEY"}


async def _run(provider: str, url: str, key: str | None) -> tuple[int | None, str]:
    environment = {"PATH": "/usr/bin"} | ({KEYS[provider]: key} if key else {})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "scripts/check_provider.py", provider, "--base-url", url,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode, out.decode()


@pytest.mark.parametrize("provider", KEYS)
async def test_shows_models_reply_and_tokens_but_never_the_key(
    provider: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(request.config.rootpath)
    async with FakeLLM() as fake:
        code, shown = await _run(provider, fake.base_url(provider), "secret-key-0123456789")
    assert code == 0, shown
    assert "fits the schema" in shown
    assert "secret-key" not in shown


async def test_wrong_key_fails_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(request.config.rootpath)
    async with FakeLLM() as fake:
        code, shown = await _run("grok", fake.base_url("grok"), "wrong-key-0123456789")
    assert (code, "auth" in shown, "wrong-key" in shown) == (1, True, False)


async def test_missing_key_is_said(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.chdir(request.config.rootpath)
    assert await _run("grok", "http://unused", None) == (2, "no key: set XAI_API_KEY\n")
