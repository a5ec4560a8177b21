import asyncio
import sys
from pathlib import Path

import pytest

import check_provider
from fake_llm import FakeLLM

KEYS = {"gemini": "GEMINI_API_KEY", "grok": "XAI_API_KEY", "ollama": "OLLAMA_API_KEY"}
SCRIPT = Path(check_provider.__file__)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEYS.values(), "GOOGLE_API_KEY", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)


async def _run(provider: str, key: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv(KEYS[provider], key)
    async with FakeLLM() as fake:
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), provider, "--base-url", fake.base_url(provider)])
        return await asyncio.to_thread(check_provider.main)


@pytest.mark.parametrize("provider", KEYS)
async def test_shows_models_reply_and_tokens_but_never_the_key(
    provider: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = await _run(provider, "secret-key-0123456789", monkeypatch)
    shown = capsys.readouterr()
    assert code == 0, shown
    assert "fits the schema" in shown.out
    assert "secret-key" not in shown.out + shown.err


async def test_wrong_key_fails_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = await _run("grok", "wrong-key-0123456789", monkeypatch)
    shown = "".join(capsys.readouterr())
    assert (code, "auth" in shown, "wrong-key" in shown) == (1, True, False)


async def test_missing_key_is_said_by_the_script() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, SCRIPT, "grok", "--base-url", "http://unused",
        env={"PATH": "/usr/bin"}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert (process.returncode, out.decode()) == (2, "no key: set XAI_API_KEY\n")
