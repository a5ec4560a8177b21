import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "demo.py"
TIMEOUT_S = 120


def environment() -> dict[str, str]:
    foreign = ("CHUNKSMITH_", "GEMINI_", "GOOGLE_", "XAI_", "OLLAMA_", "MODEL")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def demo(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        env=environment() | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )


def test_the_demo_leaves_a_dataset_to_look_at(tmp_path: Path) -> None:
    ended = demo(tmp_path / "demo")

    assert ended.returncode == 0, ended.stderr
    rows = [json.loads(line) for line in (tmp_path / "demo" / "dataset.jsonl").read_text("utf-8").splitlines()]
    table = pq.read_table(tmp_path / "demo" / "dataset.parquet")  # type: ignore[no-untyped-call]  # no annotations upstream
    assert table.column("id").to_pylist() == [row["id"] for row in rows]
    assert all(shown in ended.stdout for shown in ("evidence", "tides.pdf", "overall", "dataset.parquet"))


def test_a_demo_that_fails_says_why(tmp_path: Path) -> None:
    ended = demo(tmp_path / "demo", MODEL="gemini")

    assert ended.returncode == 1
    assert "API key not configured: gemini" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_demo_that_is_terminated_takes_its_server_with_it(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path / "demo")]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as started:
        assert started.stderr is not None
        told = next(line for line in started.stderr if b"ready at http" in line)
        started.send_signal(signal.SIGTERM)
        started.stderr.read()
        assert started.wait(TIMEOUT_S) == 130
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{told.split()[-1].decode()}/health")
