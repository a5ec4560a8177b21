"""`python -m chunksmith serve`: how it starts, where it refuses to, how it ends."""

import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serve_parts import Process, chunksmith, ended, serving

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with serving(tmp_path_factory.mktemp("serve") / "data") as one:
        yield one


def test_it_is_ready_when_it_says_so(process: Process) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", process.url)
    for path in ("/health", "/ready"):
        assert httpx.get(process.url + path).status_code == 200


def test_a_second_process_on_the_same_data_names_the_first(process: Process) -> None:
    data = process.log.with_suffix("")
    second = chunksmith("serve", "--port", 0, "--data-dir", data)
    assert second.returncode == 1
    assert str(process.popen.pid) in second.stderr
    assert httpx.get(f"{process.url}/ready").status_code == 200


def test_what_it_writes_is_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    with serving(data) as process, process.api as api:
        project = api.post("/projects", json={"name": "private"}).json()["id"]
        api.post("/documents/upload", data={"project_id": project}, files={"files": ("a.txt", b"alpha")})
        written = [path for path in data.rglob("*") if path.stat().st_mode & 0o077]
    assert written == []


def test_a_port_that_is_in_use_is_named(process: Process, tmp_path: Path) -> None:
    port = process.url.rsplit(":", 1)[1]
    second = chunksmith("serve", "--port", port, "--data-dir", tmp_path / "data")
    assert second.returncode == 1
    assert f"port {port}" in second.stderr
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr


def test_it_does_not_serve_others_without_a_key(tmp_path: Path) -> None:
    refused = chunksmith("serve", "--host", EVERYWHERE, "--port", 0, "--data-dir", tmp_path / "data")
    assert refused.returncode == 2
    assert "--insecure" in refused.stderr
    assert "keys create" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_it_serves_others_with_a_key(tmp_path: Path) -> None:
    assert chunksmith("keys", "create", "tests", "--data-dir", tmp_path / "data").returncode == 0
    with serving(tmp_path / "data", "--host", EVERYWHERE) as process:
        url = process.url.replace(EVERYWHERE, "127.0.0.1")
        assert httpx.get(f"{url}/ready").status_code == 200
        assert httpx.get(f"{url}/api/v1/projects").status_code == 401


def test_it_serves_others_where_that_is_asked_for(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--host", EVERYWHERE, "--insecure") as process:
        url = process.url.replace(EVERYWHERE, "127.0.0.1")
        assert httpx.get(f"{url}/api/v1/projects").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path / "data") as process:
        assert process.stop(number) == 0
        assert "Traceback" not in process.log.read_text()
    with serving(tmp_path / "data") as process:
        assert httpx.get(f"{process.url}/ready").status_code == 200


def test_it_ends_while_somebody_follows_a_job(tmp_path: Path) -> None:
    """A provider that accepts and says nothing; a client that reads events."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ours = {"OLLAMA_HOST": host, "CHUNKSMITH_SERVER__SHUTDOWN_GRACE_S": "0.2"}
        with serving(tmp_path / "data", **ours) as process, process.api as api:
            project = api.post("/projects", json={"name": "x"}).json()["id"]
            api.post(f"/projects/{project}/chunks", json={"chunks": [{"text": "A kiln dries clay."}]})
            job = api.post("/datasets/generate", json={"project_id": project, "generation_model": "ollama"}).json()
            with api.stream("GET", f"/jobs/{job['job_id']}/events") as events:
                next(events.iter_lines())
                assert process.stop() == 0
    with serving(tmp_path / "data", OLLAMA_HOST=host) as process, process.api as api:
        status = api.get(f"/jobs/{job['job_id']}").json()
        assert status["status"] in ("submitted", "running")
        assert api.post(f"/jobs/{job['job_id']}/cancel").json()["status"] == "cancelled"


def test_what_was_made_is_there_after_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as process, process.api as api:
        project = api.post("/projects", json={"name": "x"}).json()["id"]
        text = "A kiln dries fired clay at about 900 degrees. Granite is a rock that forms when magma cools."
        api.post(f"/projects/{project}/chunks", json={"chunks": [{"text": text}]})
        job = api.post("/datasets/generate", json={"project_id": project, "generation_model": "builtin"}).json()
        status = ended(api, job["job_id"])
        before = api.get(f"/datasets/{job['dataset_id']}/download").content
        process.stop()
    with serving(tmp_path / "data") as process, process.api as api:
        assert api.get(f"/datasets/generate/{job['job_id']}/status").json() == status
        assert api.get(f"/datasets/{job['dataset_id']}/download").content == before


@pytest.mark.parametrize(
    ("arguments", "ours", "named"),
    [
        (["--log-level", "loud"], {}, "logs/level"),
        ([], {"CHUNKSMITH_SERVER__PORT": "many"}, "server/port"),
        ([], {"CHUNKSMITH_SERVER__COLOUR": "red"}, "server/colour"),
        ([], {"CHUNKSMITH_SERVERS__PORT": "1"}, "no such section"),
        (["--config", "/no/such/file.toml"], {}, "cannot be read"),
    ],
    ids=["flag", "value", "key", "section", "file"],
)
def test_settings_that_cannot_be_used_are_named(
    tmp_path: Path, arguments: list[str], ours: dict[str, str], named: str
) -> None:
    refused = chunksmith("serve", "--data-dir", tmp_path / "data", *arguments, **ours)
    assert refused.returncode == 2
    assert named in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    refused = chunksmith("serve", "--port", 0, "--data-dir", tmp_path / "file" / "data")
    assert refused.returncode == 1
    assert "data directory" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_variable_that_names_no_setting_is_warned_of(tmp_path: Path) -> None:
    variables = {
        "CHUNKSMITH_SERVER_PORT": "9",
        "CHUNKSMITH_URL": "http://127.0.0.1:1",
        "CHUNKSMITH_LOGS__FORMAT": "json",
    }
    with serving(tmp_path / "data", **variables) as process:
        lines = [json.loads(line) for line in process.log.read_text().splitlines() if line.startswith("{")]
    assert [line["variable"] for line in lines if "variable" in line] == ["CHUNKSMITH_SERVER_PORT"]
