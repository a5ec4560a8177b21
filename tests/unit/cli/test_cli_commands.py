import json
import re
import socket
from pathlib import Path

import pytest

from chunksmith import __version__
from chunksmith.cli.exits import EXPLAINED, ExitCode, Failure
from chunksmith.cli.generate import parse_settings
from chunksmith.cli.main import run

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHUNKSMITH_URL", "CHUNKSMITH_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "XAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def nobody() -> str:
    """The address of a port at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_help_explains_the_exit_codes(capsys: Captured) -> None:
    assert run(["--help"]) == ExitCode.OK

    shown = " ".join(capsys.readouterr().out.split())
    assert all(f"{int(code)} {words}" in shown for code, words in EXPLAINED.items())


def test_every_documented_command_is_there(capsys: Captured) -> None:
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    table = page.partition("## Commands")[2].partition("\n\n**Projects**")[0]
    documented = set(re.findall(r"`([a-z]+)(?=[ `])", "\n".join(row.split(" | ")[0] for row in table.splitlines())))
    assert {"serve", "export", "formats", "keys"} <= documented

    assert run(["--help"]) == ExitCode.OK
    listed = set(re.findall(r"^\W{2}([a-z]+) {2,}", capsys.readouterr().out, re.MULTILINE))
    assert documented - listed == set()


def test_the_documentation_names_every_exit_code() -> None:
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")

    assert all(f"| {int(code)} | " in page for code in ExitCode)


def test_version_as_json(capsys: Captured) -> None:
    assert run(["version", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == {"version": __version__}


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["status"],
        ["jobs", "--limit", "many"],
        ["ingest", "--project", "p"],
        ["ingest", "/no/such/file", "--project", "p"],
        ["ingest", "--chunks", "/no/such/file", "--project", "p"],
        ["generate", "-p", "p", "--prompt", "a", "--prompt-file", "b"],
        ["generate", "-p", "p", "--prompt-file", "/no/such/file"],
        ["generate", "-p", "p", "--estimate", "--watch"],
        ["generate", "-p", "p", "--set", "no-value"],
        ["export", "d", "-o", "-", "--json"],
        ["jobs", "--server", "ftp://127.0.0.1"],
        ["serve", "--config", "/no/such/file"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_before_anything_happens(arguments: list[str], capsys: Captured) -> None:
    assert run(arguments) == ExitCode.INVALID

    captured = capsys.readouterr()
    assert captured.err != ""
    assert "Traceback" not in captured.err


def test_a_watch_that_fails_ends_with_a_line_like_those_before(nobody: str, capsys: Captured) -> None:
    assert run(["status", "j", "--watch", "--json", "--server", nobody]) == ExitCode.UNAVAILABLE

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["error"]["exit_code"] == ExitCode.UNAVAILABLE


def test_no_server(nobody: str, capsys: Captured) -> None:
    assert run(["jobs", "--server", nobody]) == ExitCode.UNAVAILABLE

    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"no server at {nobody}" in captured.err


def test_a_failure_as_json_is_one_document(nobody: str, capsys: Captured) -> None:
    assert run(["jobs", "--json", "--server", nobody]) == ExitCode.UNAVAILABLE

    error = json.loads(capsys.readouterr().out)["error"]
    assert error["exit_code"] == ExitCode.UNAVAILABLE
    assert nobody in error["message"]


def test_the_server_comes_from_the_environment(nobody: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("CHUNKSMITH_URL", nobody)

    run(["jobs"])

    assert nobody in capsys.readouterr().err


def test_settings_are_json_where_they_read_as_json() -> None:
    given = ["temperature=0.5", "reuse=false", "audience=new = people", "document_ids=[1, 2]", "purpose="]

    assert parse_settings(given, {}) == {
        "temperature": 0.5,
        "reuse": False,
        "audience": "new = people",
        "document_ids": [1, 2],
        "purpose": "",
    }


@pytest.mark.parametrize("setting", ["seed=1", "project_id=3", "=1", "seed"])
def test_settings_that_cannot_be_meant_are_refused(setting: str) -> None:
    with pytest.raises(Failure, match="--set"):
        parse_settings([setting], {"seed": 2})


def test_each_wrong_setting_of_serve_is_named(tmp_path: Path, capsys: Captured) -> None:
    config = tmp_path / "own.toml"
    config.write_text('[server]\nport = "many"\nprot = 1\n[logs]\nlevel = "loud"\n')

    assert run(["serve", "--config", str(config), "--data-dir", str(tmp_path / "data")]) == ExitCode.INVALID

    said = capsys.readouterr().err
    assert all(name in said for name in ("server/port", "server/prot", "logs/level"))
    assert not (tmp_path / "data").exists()


def test_a_key_is_made_listed_and_revoked(tmp_path: Path, capsys: Captured) -> None:
    place = ["--data-dir", str(tmp_path / "data")]

    assert run(["keys", "create", "ci", *place]) == ExitCode.OK
    secret = capsys.readouterr().out.strip()
    assert run(["keys", "revoke", "ci", *place]) == ExitCode.OK
    capsys.readouterr()
    assert run(["keys", "list", "--json", *place]) == ExitCode.OK

    listed = capsys.readouterr().out
    (key,) = json.loads(listed)["keys"]
    assert (key["name"], key["revoked_at"] is None) == ("ci", False)
    assert secret not in listed


@pytest.mark.parametrize("command", [["list"], ["revoke", "ci"]], ids=" ".join)
def test_keys_of_a_directory_that_is_none_are_not_looked_for(
    command: list[str], tmp_path: Path, capsys: Captured
) -> None:
    assert run(["keys", *command, "--data-dir", str(tmp_path / "typo")]) == ExitCode.INVALID

    assert "typo is no data directory" in capsys.readouterr().err
    assert not (tmp_path / "typo").exists()


def test_a_key_needs_a_name(tmp_path: Path) -> None:
    assert run(["keys", "create", " ", "--data-dir", str(tmp_path / "data")]) == ExitCode.INVALID
    assert not (tmp_path / "data").exists()


def test_a_key_that_is_not_there_cannot_be_revoked(tmp_path: Path) -> None:
    assert run(["keys", "create", "ci", "--data-dir", str(tmp_path)]) == ExitCode.OK
    assert run(["keys", "revoke", "9", "--data-dir", str(tmp_path)]) == ExitCode.STATE
