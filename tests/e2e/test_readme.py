"""The walk of the README does what it says."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from serve_parts import serving

ROOT = Path(__file__).parents[2]


def walk() -> str:
    """The shell block that begins by naming the API."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return next(block for block in blocks if block.startswith("API="))


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="the walk needs bash and curl")
def test_the_walk_ends_with_a_dataset(tmp_path: Path) -> None:
    with serving(tmp_path / "served") as process:
        script = walk().replace("http://127.0.0.1:8000", process.url).replace("data/", f"{tmp_path}/")
        done = subprocess.run(["bash", "-eu", "-c", script], cwd=ROOT, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "lighthouses.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 3
    assert all(row["question"] and row["answer"] and row["document_name"] == "lighthouses.md" for row in rows)
