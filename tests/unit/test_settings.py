"""Settings: what is shipped, what beats what, and how faults are named."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from chunksmith.errors import InvalidRequest
from chunksmith.settings import Price, ProviderSettings, Settings, load, shipped, unheeded_variables

PROVIDERS = ("gemini", "grok", "ollama", "builtin")
KEYS = ("api_key", "secret")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "XAI_API_KEY", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)


def shown() -> dict[str, Any]:
    """The shipped file with the settings that it only shows."""
    lines = shipped("chunksmith.toml").read_text(encoding="utf-8").splitlines()
    return tomllib.loads("\n".join(re.sub(r"^# (?=\[|\w+ = )", "", line) for line in lines))


def names(model: type[BaseModel], within: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from names(kind, f"{within}{name}.")
        else:
            yield within + name


def in_file(table: dict[str, Any], within: str = "") -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from in_file(value, f"{within}{name}.")
        else:
            yield within + name


def test_each_setting_is_in_the_shipped_file_and_the_other_way_round() -> None:
    written = {name for name in in_file(shown()) if not name.startswith(("providers.", "prices."))}
    known = {name for name in names(Settings) if not name.startswith("providers.") and name != "prices"}
    assert written == known


def test_each_setting_of_a_provider_is_shown_for_one_of_them() -> None:
    providers = shown()["providers"]
    assert set(providers) == set(PROVIDERS)
    assert {name for section in providers.values() for name in section} == set(ProviderSettings.model_fields)


def test_prices_are_shown_with_all_their_fields() -> None:
    (price,) = shown()["prices"].values()
    assert set(price) == set(Price.model_fields)


def test_each_setting_that_is_written_has_the_default_of_the_model() -> None:
    settings = load()
    for section, values in tomllib.loads(shipped("chunksmith.toml").read_text()).items():
        if section == "providers":
            continue
        found = getattr(settings, section).model_dump(mode="json")
        assert {name: found[name] for name in values} == {
            name: str(Path(value)) if name == "data_dir" else value for name, value in values.items()
        }


def test_a_file_beats_what_is_shipped(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[server]\nport = 9001\n[providers.grok]\nmodel = 'grok-4.5'\n")
    settings = load(tmp_path / "mine.toml")
    assert (settings.server.port, settings.providers.grok.model) == (9001, "grok-4.5")
    assert settings.server.host == "127.0.0.1"
    assert settings.providers.grok.base_url == "https://api.x.ai/v1"


def test_the_environment_beats_a_file_and_flags_beat_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text("[server]\nport = 9001\nhost = '::1'\n[logs]\nlevel = 'error'\n")
    monkeypatch.setenv("CHUNKSMITH_SERVER__PORT", "9002")
    monkeypatch.setenv("CHUNKSMITH_SERVER__HOST", "localhost")
    settings = load(tmp_path / "mine.toml", {"server": {"port": 9003}})
    assert (settings.server.port, settings.server.host, settings.logs.level) == (9003, "localhost", "error")


@pytest.mark.parametrize(
    ("variables", "provider", "key"),
    [
        ({"GEMINI_API_KEY": "a"}, "gemini", "a"),
        ({"GOOGLE_API_KEY": "b"}, "gemini", "b"),
        ({"GEMINI_API_KEY": "a", "GOOGLE_API_KEY": "b"}, "gemini", "a"),
        ({"XAI_API_KEY": "c"}, "grok", "c"),
        ({"XAI_API_KEY": "c", "CHUNKSMITH_PROVIDERS__GROK__API_KEY": "ours"}, "grok", "ours"),
        ({"XAI_API_KEY": "  "}, "grok", None),
    ],
    ids=str,
)
def test_the_usual_variables_of_providers_work(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], provider: str, key: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert load().providers.accounts()[provider].api_key == key


def test_a_variable_of_a_provider_beats_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text("[providers.grok]\napi_key = 'from the file'\n")
    monkeypatch.setenv("XAI_API_KEY", "from the environment")
    assert load(tmp_path / "mine.toml").providers.accounts()["grok"].api_key == "from the environment"


def test_a_model_may_be_named_as_gemini_lists_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUNKSMITH_PROVIDERS__GEMINI__MODEL", "models/gemini-2.5-flash")
    assert load().providers.accounts()["gemini"].model == "gemini-2.5-flash"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("gpu1", "http://gpu1:11434"),
        ("gpu1:99", "http://gpu1:99"),
        ("0.0.0.0", "http://127.0.0.1:11434"),  # noqa: S104 - read, not bound
        (":5000", "http://127.0.0.1:5000"),
        ("https://gpu1", "https://gpu1:443"),
        ("http://gpu1:99/", "http://gpu1:99"),
    ],
)
def test_the_host_of_ollama_becomes_an_address(monkeypatch: pytest.MonkeyPatch, host: str, url: str) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert load().providers.accounts()["ollama"].base_urls == (url,)


@pytest.mark.parametrize(
    ("variables", "model"),
    [
        ({}, "builtin"),
        ({"OLLAMA_HOST": "gpu1"}, "ollama"),
        ({"OLLAMA_HOST": "gpu1", "XAI_API_KEY": "c"}, "grok"),
        ({"XAI_API_KEY": "c", "GEMINI_API_KEY": "a"}, "gemini"),
        ({"GEMINI_API_KEY": "a", "CHUNKSMITH_GENERATION__DEFAULT_MODEL": "builtin"}, "builtin"),
    ],
    ids=str,
)
def test_the_default_model_is_what_is_set_up(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], model: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert load().default_model() == model


@pytest.mark.parametrize(
    ("variable", "value", "pointer"),
    [
        ("CHUNKSMITH_SERVER__PORT", "many", "server/port"),
        ("CHUNKSMITH_SERVER__PORT", "70000", "server/port"),
        ("CHUNKSMITH_SERVER__PORTT", "1", "server/portt"),
        ("CHUNKSMITH_SERVE__PORT", "1", "CHUNKSMITH_SERVE__PORT"),
        ("CHUNKSMITH_LOG__LEVEL", "info", "CHUNKSMITH_LOG__LEVEL"),
        ("CHUNKSMITH_LOGS__LEVEL", "loud", "logs/level"),
        ("CHUNKSMITH_PROVIDERS__GROKK__API_KEY", "x", "providers/grokk"),
        ("CHUNKSMITH_QUALITY__WEIGHT_GROUNDED", "-1", "quality/weight_grounded"),
        ("CHUNKSMITH_GENERATION__DEFAULT_MODEL", "gpt", "generation/default_model"),
        ("CHUNKSMITH_PROVIDERS__GROK__BASE_URL", "ftp://api.x.ai/v1", "providers/grok/base_url"),
        ("CHUNKSMITH_PROVIDERS__GROK__BASE_URL", "https:///v1", "providers/grok/base_url"),
        ("CHUNKSMITH_PROVIDERS__GROK__BASE_URL", "https://api.x.ai:many/v1", "providers/grok/base_url"),
        ("CHUNKSMITH_PROVIDERS__GROK__BASE_URL", "http://[::1/v1", "providers/grok/base_url"),
        ("CHUNKSMITH_PROVIDERS__GROK__BASE_URL", " ", "providers"),
        ("CHUNKSMITH_PROVIDERS__OLLAMA__BASE_URLS", "http://gpu1:11434, gopher://gpu2", "providers/ollama/base_urls/1"),
        ("CHUNKSMITH_PROVIDERS__OLLAMA__BASE_URLS", '["http://gpu1:11434"', "providers/ollama/base_urls"),
        ("CHUNKSMITH_SERVER__ALLOWED_HOSTS", "[localhost]", "server/allowed_hosts"),
        ("CHUNKSMITH_SERVER", "localhost:8000", "CHUNKSMITH_SERVER"),
        ("CHUNKSMITH_PROVIDERS__OLLAMA", "http://gpu1:11434", "CHUNKSMITH_PROVIDERS__OLLAMA"),
        ("CHUNKSMITH_PRICES", "cheap", "CHUNKSMITH_PRICES"),
        (
            "CHUNKSMITH_PROVIDERS__OLLAMA__BASE_URLS",
            '["http://gpu1:11434", "gopher://gpu2"]',
            "providers/ollama/base_urls/1",
        ),
    ],
)
def test_a_variable_that_cannot_be_meant_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, pointer: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidRequest) as caught:
        load()
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("http://a:1,http://b:2", ("http://a:1", "http://b:2")),
        (" http://a:1 , http://b:2, ", ("http://a:1", "http://b:2")),
        ('["http://a:1", "http://b:2"]', ("http://a:1", "http://b:2")),
        ("http://a:1", ("http://a:1",)),
        ("", ("http://127.0.0.1:11434",)),
        ("[]", ("http://127.0.0.1:11434",)),
    ],
    ids=["commas", "spaces", "json", "one", "empty", "empty-json"],
)
def test_a_variable_can_be_a_list(monkeypatch: pytest.MonkeyPatch, value: str, read: tuple[str, ...]) -> None:
    monkeypatch.setenv("CHUNKSMITH_PROVIDERS__OLLAMA__BASE_URLS", value)
    assert load().providers.accounts()["ollama"].base_urls == read


@pytest.mark.parametrize("name", ["CHUNKSMITH_SERVER__ALLOWED_HOSTS", "CHUNKSMITH_SERVER__CORS_ORIGINS"])
def test_each_list_is_read_so(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "one.example, two.example")
    assert ("one.example", "two.example") in load().server.model_dump().values()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CHUNKSMITH_SERVER__PORT", "many"),
        ("CHUNKSMITH_PROVIDERS__OLLAMA__BASE_URLS", "gopher://gpu2"),
        ("CHUNKSMITH_SERVER__ALLOWED_HOSTS", "[localhost]"),
    ],
)
def test_what_is_wrong_in_a_variable_is_told_with_its_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidRequest, match=variable):
        load()


def test_a_variable_can_be_a_whole_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUNKSMITH_SERVER", '{"port": 8009}')
    assert load().server.port == 8009
    assert unheeded_variables({"CHUNKSMITH_SERVER": "", "CHUNKSMITH_SERVER_PORT": ""}) == ["CHUNKSMITH_SERVER_PORT"]


def test_a_variable_is_not_blamed_for_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUNKSMITH_SERVER__PORT", "8001")
    with pytest.raises(InvalidRequest) as caught:
        load(flags={"server": {"port": 70000}})
    assert "CHUNKSMITH" not in caught.value.detail


@pytest.mark.parametrize(
    "content", ["[server\n", "[server]\nport = 'x'\nhots = 'y'\n", "\xff"], ids=["toml", "values", "text"]
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "mine.toml").write_bytes(content.encode("latin-1"))
    with pytest.raises(InvalidRequest) as caught:
        load(tmp_path / "mine.toml")
    wanted = ["server/hots", "server/port"] if "hots" in content else ["--config"]
    assert sorted(fault.pointer for fault in caught.value.faults) == wanted


def test_all_that_is_mistyped_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVERS__PORT", "SERVER__PROT"):
        monkeypatch.setenv(f"CHUNKSMITH_{name}", "1")
    monkeypatch.setenv("CHUNKSMITH_SERVER__PORT", "x")
    with pytest.raises(InvalidRequest) as caught:
        load()
    told = {fault.pointer: fault.detail for fault in caught.value.faults}
    assert set(told) == {"CHUNKSMITH_SERVERS__PORT", "server/prot", "server/port"}
    assert told["server/prot"] == "no such setting"


def test_settings_do_not_change_and_show_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAI_API_KEY", "very-secret")
    settings = load()
    assert "very-secret" not in repr(settings) + str(settings.model_dump()) + repr(settings.providers.accounts())
    with pytest.raises(ValueError, match="frozen"):
        settings.server.port = 1  # type: ignore[misc]  # that is what is refused


def test_whatever_is_secret_is_typed_so() -> None:
    for model in (ProviderSettings, type(load().webhooks)):
        for name, field in model.model_fields.items():
            if name in KEYS:
                assert "SecretStr" in str(get_args(field.annotation))
