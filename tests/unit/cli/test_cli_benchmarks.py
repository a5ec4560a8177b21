"""`chunksmith benchmarks`: against the real application, and a file server of our own for what is fetched."""

import asyncio
import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app_parts import Server, running_app, settings_for
from benchmark_parts import pubmedqa
from chunksmith.cli.exits import ExitCode
from chunksmith.cli.main import run
from chunksmith.domain.benchmarks import DATASET_SUITE, SUITES
from chunksmith.pipeline.benchmarks.suites import load_suite
from chunksmith.settings import shipped

Captured = pytest.CaptureFixture[str]
FILES = "/pubmedqa/pubmedqa/master/data"


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - named so upstream
        """Nothing is said."""

    def do_GET(self) -> None:
        if self.path.endswith("/ori_pqal.json") and "moved" not in self.path:
            self.send_response(302)  # as the hub does for large files
            self.send_header("Location", f"/moved{self.path}")
            self.end_headers()
            return
        self.path = self.path.replace("/moved", "")
        super().do_GET()


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """Serves PubMedQA under the paths of its authors' repository."""
    pubmedqa(tmp_path / "mirror" / FILES.strip("/"), 6, held_out=3)
    handler = functools.partial(_Handler, directory=str(tmp_path / "mirror"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetch(data_dir: Path, mirror: str, *more: str) -> int:
    named = ["--task", "pubmedqa", "--mirror", mirror, "--data-dir", str(data_dir)]
    return run(["benchmarks", "fetch", "medical", *named, *more])


def test_data_is_fetched_whole_and_once(tmp_path: Path, mirror: str, capsys: Captured) -> None:
    data_dir = tmp_path / "data"
    assert fetch(data_dir, mirror, "--json") == ExitCode.OK
    files = json.loads(capsys.readouterr().out)["files"]
    folder = data_dir / "benchmarks" / "medical" / "pubmedqa"
    assert [Path(file["path"]) for file in files] == [folder / "ori_pqal.json", folder / "test_ground_truth.json"]
    assert len(json.loads((folder / "ori_pqal.json").read_text())) == 6
    assert fetch(data_dir, mirror, "--json") == ExitCode.OK
    assert [file["size_bytes"] for file in json.loads(capsys.readouterr().out)["files"]] == [None, None]


def test_what_cannot_be_fetched_leaves_nothing_behind(tmp_path: Path, mirror: str, capsys: Captured) -> None:
    assert fetch(tmp_path / "data", f"{mirror}/elsewhere") == ExitCode.UNAVAILABLE
    assert "supply" in capsys.readouterr().err
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "arguments",
    [["fetch", "squad"], ["fetch", "dataset"], ["fetch", "glue", "--task", "squad"], ["results", "--against", "x"]],
    ids=" ".join,
)
def test_wrong_usage_is_told(arguments: list[str], capsys: Captured) -> None:
    assert run(["benchmarks", *arguments]) == ExitCode.INVALID
    assert "Traceback" not in capsys.readouterr().err


async def told(server: Server, capsys: Captured, *arguments: str) -> str:
    """What a command prints that is a client of the running application."""
    url = str(server.client.make_url("/")).rstrip("/")
    code = await asyncio.to_thread(run, ["benchmarks", *arguments, "--server", url])
    captured = capsys.readouterr()
    assert code == ExitCode.OK, captured.err
    return captured.out


async def test_a_model_is_measured_and_compared(tmp_path: Path, capsys: Captured) -> None:
    pubmedqa(tmp_path / "benchmarks" / "medical" / "pubmedqa", 10)
    async with running_app(settings_for(tmp_path)) as server:
        jobs = []
        for _ in range(2):
            jobs.append(
                (await told(server, capsys, "run", "medical", "--model", "builtin", "--task", "pubmedqa")).strip()
            )
            await server.ended(jobs[-1])
        assert "0.500 [0.237, 0.763]" in await told(server, capsys, "results", jobs[0])
        assert jobs[1] in await told(server, capsys, "results")
        assert "McNemar, exact" in await told(server, capsys, "results", jobs[0], "--against", jobs[1])
        assert "pubmedqa\taccuracy, macro_f1\tready" in await told(server, capsys, "list")


@pytest.mark.parametrize("name", SUITES)
def test_every_task_that_is_read_from_files_can_be_fetched(name: str) -> None:
    suite = load_suite(shipped("benchmarks") / f"{name}.yaml")
    assert suite.suite == name
    for task in suite.tasks if name != DATASET_SUITE else ():
        places = task.folders or (task.name,)
        for download in task.downloads:
            inside = [Path(download.file).is_relative_to(place) or place == "." for place in places]
            assert any(inside), download.file
        assert task.downloads
