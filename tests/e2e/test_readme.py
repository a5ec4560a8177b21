"""The walk of the README does what it says."""

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

from serve_parts import environment, serving

ROOT = Path(__file__).parents[2]


def walk() -> str:
    """The shell block that begins by naming the API."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return next(block for block in blocks if block.startswith("API="))


def commands() -> str:
    """The shell block of the command line."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return next(block for block in blocks if "chunksmith ingest" in block)


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_no_command_needs_a_python_on_the_path(page: Path) -> None:
    found = re.findall(r"(?:^ *|`)python (?:scripts/|-m )\S+", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert found == []


def test_the_command_line_of_the_readme_is_found_on_the_path_that_it_sets() -> None:
    assert commands().startswith('export PATH="$PWD/.venv/bin:$PATH"\n')


def test_walk_and_command_line_use_projects_of_their_own() -> None:
    named = re.search(r'"name": "([^"]+)"', walk())
    assert named is not None
    assert named[1] not in re.findall(r"--project (\S+)", commands())


@pytest.mark.skipif(shutil.which("bash") is None, reason="the commands are for bash")
def test_the_command_line_ends_with_a_file(tmp_path: Path) -> None:
    with serving(tmp_path / "served") as process:
        script = commands().replace("data/", f"{tmp_path}/").replace("$PWD/.venv/bin", str(Path(sys.executable).parent))
        done = subprocess.run(
            ["bash", "-eu", "-c", script],
            cwd=ROOT,
            capture_output=True,
            timeout=100,
            env=environment(CHUNKSMITH_URL=process.url),
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert pyarrow.parquet.read_metadata(tmp_path / "lighthouses.parquet").num_rows > 3


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="the walk needs bash and curl")
def test_the_walk_ends_with_a_dataset(tmp_path: Path) -> None:
    with serving(tmp_path / "served") as process:
        script = walk().replace("http://127.0.0.1:8000", process.url).replace("data/", f"{tmp_path}/")
        done = subprocess.run(["bash", "-eu", "-c", script], cwd=ROOT, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "lighthouses.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 3
    assert all(row["question"] and row["answer"] and row["document_name"] == "lighthouses.md" for row in rows)


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="the walk needs bash and curl")
def test_the_walk_ends_where_no_server_is(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound, but it listens to nobody
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        script = walk().replace("http://127.0.0.1:8000", address).replace("data/", f"{tmp_path}/")
        done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, timeout=30)
    assert done.returncode != 0
    assert list(tmp_path.iterdir()) == []
