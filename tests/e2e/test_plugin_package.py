"""The example plugin of the documentation: installed by pip without a network, used through the real process."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app_parts import PASSAGES
from serve_parts import chunksmith, ended, serving

EXAMPLE = Path(__file__).parents[2] / "docs" / "plugins" / "example-format"
TEXT = (
    'A damper is a "flap" in the flue of a kiln: it lets the steam out slowly, größer or smaller as the potter wants.'
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    offline = ["--no-build-isolation", "--no-index", "--no-deps", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *offline, "--target", str(folder), str(EXAMPLE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_example_writes_batches_downloads_and_exports(installed: Path, tmp_path: Path) -> None:
    path = os.pathsep.join(filter(None, (str(installed), os.environ.get("PYTHONPATH"))))
    with serving(tmp_path / "data", PYTHONPATH=path) as process, process.api as api:
        assert "toml" in [one["name"] for one in api.get("/formats").json()["formats"]]
        project = api.post("/projects", json={"name": "kilns"}).json()["id"]
        api.post(f"/projects/{project}/chunks", json={"chunks": [{"text": text} for text in (TEXT, *PASSAGES)]})
        body = {"project_id": project, "format_type": "toml", "generation_model": "builtin"}
        job = api.post("/datasets/generate", json=body).json()["job_id"]
        status = ended(api, job)
        assert status["status"] == "completed", status
        shown = api.get(f"/datasets/{job}/entries").json()["entries"]
        (batch,) = status["result"]["batch_files"]
        written = tomllib.loads((tmp_path / "data" / batch["file_path"]).read_text(encoding="utf-8"))
        downloaded = tomllib.loads(api.get(f"/datasets/{job}/download").text)
        target = tmp_path / "kilns.toml"
        done = chunksmith("export", job, "--format", "toml", "-o", target, "--server", process.url)
        assert done.returncode == 0, done.stderr
        exported = tomllib.loads(target.read_text(encoding="utf-8"))
    for found in (written, downloaded, exported):
        assert [(one["id"], one["answer"]) for one in found["entry"]] == [(one["id"], one["answer"]) for one in shown]
