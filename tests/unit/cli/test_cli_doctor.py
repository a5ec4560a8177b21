"""`chunksmith doctor`: what it says of settings, of the place, and of providers, which are fakes on real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chunksmith.cli.doctor import Check, examine
from chunksmith.cli.exits import ExitCode
from chunksmith.cli.main import run
from fake_llm import FakeLLM

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHUNKSMITH_URL", "GEMINI_API_KEY", "GOOGLE_API_KEY", "XAI_API_KEY", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def fake() -> AsyncIterator[FakeLLM]:
    async with FakeLLM() as running:
        yield running


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens, as long as the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


async def checked(folder: Path, settings: str, name: str) -> Check:
    (folder / "own.toml").write_text(settings)
    checks = await asyncio.to_thread(examine, folder / "own.toml", folder / "data", False)
    return next(check for check in checks if check.name == name)


def test_the_doctor_finds_a_fresh_place_healthy_and_leaves_it_alone(tmp_path: Path, capsys: Captured) -> None:
    place = tmp_path / "data"

    assert run(["doctor", "--offline", "--json", "--data-dir", str(place)]) == ExitCode.OK

    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is True
    assert not place.exists()


def test_the_doctor_shows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("XAI_API_KEY", "xai-very-secret")

    run(["doctor", "--offline", "--data-dir", str(tmp_path)])

    shown = capsys.readouterr().out
    assert "XAI_API_KEY" in shown
    assert "very-secret" not in shown


def test_the_doctor_says_what_is_broken(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "chunksmith.db").write_bytes(b"not a database" * 100)

    assert run(["doctor", "--offline", "--json", "--data-dir", str(tmp_path)]) == ExitCode.FAILED

    broken = [check["name"] for check in json.loads(capsys.readouterr().out)["checks"] if check["level"] == "broken"]
    assert broken == ["database"]


def test_the_doctor_wants_a_key_for_the_model_that_is_used(tmp_path: Path, capsys: Captured) -> None:
    config = tmp_path / "own.toml"
    config.write_text('[generation]\ndefault_model = "gemini"\n')

    arguments = ["doctor", "--offline", "--config", str(config), "--data-dir", str(tmp_path)]
    assert run(arguments) == ExitCode.FAILED
    assert "not set up: no API key" in capsys.readouterr().out


async def test_the_doctor_finds_hosts_healthy_that_have_the_model(tmp_path: Path, fake: FakeLLM) -> None:
    async with FakeLLM() as other:
        settings = f'[providers.ollama]\nbase_urls = ["{fake.url}", "{other.url}"]\n'
        assert (await checked(tmp_path, settings, "provider ollama")).level == "ok"


async def test_the_doctor_warns_of_a_host_that_does_not_answer(tmp_path: Path, fake: FakeLLM, nobody: str) -> None:
    settings = f'[providers.ollama]\nbase_urls = ["{fake.url}", "http://someone:hidden@{nobody}"]\n'
    check = await checked(tmp_path, settings, "provider ollama")
    assert check.level == "warning"
    assert f"no connection to {nobody}" in check.detail
    assert "hidden" not in check.detail


async def test_the_doctor_warns_of_a_host_without_the_model(tmp_path: Path, fake: FakeLLM) -> None:
    async with FakeLLM(ollama_models=["phi4:latest"]) as other:
        settings = f'[providers.ollama]\nbase_urls = ["{fake.url}", "{other.url}"]\n'
        check = await checked(tmp_path, settings, "provider ollama")
    assert check.level == "warning"
    assert f"{other.url.removeprefix('http://')}: it has no model llama3.2" in check.detail


def only(fake: FakeLLM, provider: str, model: str, default: str = "builtin") -> str:
    """Settings under which ``fake`` is ``provider``."""
    return (
        f'[generation]\ndefault_model = "{default}"\n'
        f'[providers.{provider}]\nbase_url = "{fake.base_url(provider)}"\napi_key = "k"\nmodel = "{model}"\n'
    )


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("grok", "grok-4.3"),
        ("grok", "grok-4.3-latest"),
        ("gemini", "gemini-2.5-flash"),
        ("gemini", "models/gemini-2.5-flash"),
        ("gemini", "tunedModels/mine"),
        ("ollama", "llama3.2"),
        ("ollama", "llama3.2:latest"),
    ],
)
async def test_the_doctor_knows_a_model_by_each_of_its_names(
    tmp_path: Path, fake: FakeLLM, provider: str, model: str
) -> None:
    check = await checked(tmp_path, only(fake, provider, model), f"provider {provider}")
    assert (check.level, f"no model {model}" in check.detail) == ("ok", False)


@pytest.mark.parametrize(("default", "level"), [("builtin", "warning"), (None, "broken")], ids=["other", "needed"])
@pytest.mark.parametrize(
    ("provider", "model"), [("grok", "grok-nope"), ("gemini", "nope"), ("ollama", "nope"), ("ollama", "llama3.2:70b")]
)
async def test_the_doctor_names_a_default_model_that_is_not_there(
    tmp_path: Path, fake: FakeLLM, provider: str, model: str, default: str | None, level: str
) -> None:
    settings = only(fake, provider, model, default or provider)
    check = await checked(tmp_path, settings, f"provider {provider}")
    assert (check.level, f"no model {model}" in check.detail) == (level, True)


async def test_the_doctor_looks_for_the_model_that_requests_without_one_use(tmp_path: Path, fake: FakeLLM) -> None:
    settings = only(fake, "ollama", "not-pulled", "ollama/qwen3")
    check = await checked(tmp_path, settings, "provider ollama")
    assert (check.level, "model qwen3" in check.detail) == ("ok", True)


async def test_the_doctor_says_nothing_of_models_where_their_list_was_not_read(tmp_path: Path, nobody: str) -> None:
    settings = f'[providers.ollama]\nbase_url = "http://{nobody}"\nmodel = "nope"\n'
    assert "no model" not in (await checked(tmp_path, settings, "provider ollama")).detail


def server_check(capsys: Captured) -> tuple[str, str]:
    found = next(check for check in json.loads(capsys.readouterr().out)["checks"] if check["name"] == "server")
    return found["level"], found["detail"]


@pytest.mark.parametrize("by", ["variable", "option"])
def test_the_doctor_looks_for_the_server_where_it_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, nobody: str, by: str
) -> None:
    monkeypatch.setenv("CHUNKSMITH_URL", nobody if by == "variable" else "http://127.0.0.1:1")
    run(
        [
            "doctor",
            "--offline",
            "--json",
            "--data-dir",
            str(tmp_path),
            *(["--server", nobody] if by == "option" else []),
        ]
    )
    assert server_check(capsys) == ("warning", f"none runs at http://{nobody}")


def test_without_an_address_the_doctor_looks_where_the_settings_let_it_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, nobody: str
) -> None:
    monkeypatch.setenv("CHUNKSMITH_SERVER__PORT", nobody.rpartition(":")[2])
    run(["doctor", "--offline", "--json", "--data-dir", str(tmp_path)])
    assert server_check(capsys) == ("info", f"none runs at http://{nobody}")


def test_the_doctor_takes_any_address_of_the_server(tmp_path: Path, capsys: Captured) -> None:
    run(["doctor", "--offline", "--json", "--data-dir", str(tmp_path), "--server", "http://someone:hidden@[::1"])
    assert server_check(capsys)[0] == "warning"
