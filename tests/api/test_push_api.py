"""`chunksmith export --push-to-hub`: the real command and the Hub's real client, against a fake of its endpoints."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app_parts import Prepared, Server, prepared
from chunksmith.app import DATABASE_FILE
from chunksmith.cli.exits import ExitCode
from chunksmith.cli.main import run
from fake_hub import TOKEN, FakeHub, running_hub
from serve_parts import environment

REPO = "potters/kilns"


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Pusher:
    def __init__(self, server: Server, hub: FakeHub, home: Path, dataset: str) -> None:
        self.server = server
        self.hub = hub
        self.home = home
        self.dataset = dataset

    @property
    def address(self) -> str:
        return str(self.server.client.make_url("")).rstrip("/")

    async def push(self, *arguments: str, token: str = TOKEN, hidden: str = "") -> Done:
        """``hidden``: a module that cannot be imported."""
        start = f"import sys; sys.modules[{hidden!r}] = None; " if hidden else ""
        code = f"{start}from chunksmith.cli.main import run; import sys; sys.exit(run(sys.argv[1:]))"
        ours = environment(
            HF_ENDPOINT=self.hub.url,
            HF_TOKEN=token,
            HF_HOME=str(self.home),
            HF_HUB_DISABLE_XET="1",
            HF_HUB_DISABLE_TELEMETRY="1",
        )
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code, "export", self.dataset, "--server", self.address, *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=ours,
        )
        out, err = await started.communicate()
        assert started.returncode is not None
        return Done(started.returncode, out.decode(), err.decode())


async def generated(server: Server) -> str:
    status = await server.generate({"project_id": await server.project(), "generation_model": "ollama"})
    return str(status["result"]["dataset_id"])


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    made = prepared(tmp_path_factory.mktemp("before") / "data", generated)
    with closing(sqlite3.connect(made.data_dir / DATABASE_FILE)) as connection, connection:
        connection.execute("UPDATE entries SET split = CASE position % 2 WHEN 0 THEN 'train' ELSE 'test' END")
    return made


@pytest.fixture
async def pusher(server: Server, before: Prepared, tmp_path: Path) -> AsyncIterator[Pusher]:
    async with running_hub() as hub:
        yield Pusher(server, hub, tmp_path / "hub", before.dataset)


async def test_a_push_is_a_private_repository_with_all_files_in_one_commit(pusher: Pusher) -> None:
    done = await pusher.push("--push-to-hub", REPO, "--json")
    assert done.code == ExitCode.OK, done.err
    said = json.loads(done.out)
    assert said == {"repo_id": REPO, "url": f"{pusher.hub.url}/datasets/{REPO}", "commit": f"{1:040}"}
    assert pusher.hub.repos[REPO]["visibility"] == "private"
    assert pusher.hub.repos[REPO]["type"] == "dataset"
    names = {"README.md", "croissant.json", "data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"}
    assert set(pusher.hub.files) - {".gitattributes"} == names
    rows = pq.read_table(pa.BufferReader(pusher.hub.files["data/test-00000-of-00001.parquet"])).to_pylist()
    assert {row["split"] for row in rows} == {"test"}
    assert TOKEN not in done.out + done.err


async def test_a_second_push_replaces_the_data(pusher: Pusher) -> None:
    assert (await pusher.push("--push-to-hub", REPO)).code == ExitCode.OK
    pusher.hub.files["data/train-00001-of-00002.parquet"] = b"of an earlier, larger one"
    pusher.hub.files["LICENSE"] = b"a person's own"
    done = await pusher.push("--push-to-hub", REPO, "--split", "train")
    assert done.code == ExitCode.OK, done.err
    names = {"README.md", "croissant.json", "data/train-00000-of-00001.parquet", "LICENSE"}
    assert set(pusher.hub.files) - {".gitattributes"} == names
    assert f"datasets/{REPO}: commit" in done.out


async def test_a_public_repository_has_to_be_asked_for(pusher: Pusher) -> None:
    assert (await pusher.push("--push-to-hub", REPO, "--public")).code == ExitCode.OK
    assert pusher.hub.repos[REPO]["visibility"] == "public"


@pytest.mark.parametrize("status", [401, 403, 500])
async def test_a_refusal_is_told_without_the_token(pusher: Pusher, status: int) -> None:
    pusher.hub.refuse_with = status
    done = await pusher.push("--push-to-hub", REPO, "--json")
    assert done.code == (ExitCode.FAILED if status == 500 else ExitCode.KEY)
    assert "the Hub refused" in done.err
    assert TOKEN not in done.out + done.err
    assert "Traceback" not in done.err


async def test_an_upload_that_fails_is_told(pusher: Pusher) -> None:
    pusher.hub.refuse_uploads = True
    done = await pusher.push("--push-to-hub", REPO)
    assert done.code == ExitCode.FAILED
    assert "the Hub refused: Error while uploading 'data/" in done.err
    assert TOKEN not in done.out + done.err
    assert "Traceback" not in done.err


async def test_a_hub_that_is_not_there_is_told(pusher: Pusher) -> None:
    pusher.hub.url = "http://127.0.0.1:9"
    done = await pusher.push("--push-to-hub", REPO)
    assert done.code == ExitCode.UNAVAILABLE
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "token", "code", "said"),
    [
        (("--push-to-hub", REPO), "", ExitCode.KEY, "HF_TOKEN is not set"),
        (("--push-to-hub", "kilns"), TOKEN, ExitCode.INVALID, "name it ORG/NAME"),
        (("--push-to-hub", REPO, "-o", "x"), TOKEN, ExitCode.INVALID, "say either"),
        (("--push-to-hub", REPO, "--format", "csv"), TOKEN, ExitCode.INVALID, "leave --format out"),
        (("-o", "x", "--public"), TOKEN, ExitCode.INVALID, "--public says something"),
        ((), TOKEN, ExitCode.INVALID, "say either"),
    ],
    ids=["no token", "no organisation", "two targets", "format", "public", "no target"],
)
async def test_what_cannot_work_is_told_before_anything_is_sent(
    pusher: Pusher,
    arguments: tuple[str, ...],
    token: str,
    code: ExitCode,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", pusher.hub.url)
    monkeypatch.setenv("HF_TOKEN", token)
    done = await asyncio.to_thread(run, ["export", pusher.dataset, "--server", pusher.address, *arguments])
    assert (done, said in capsys.readouterr().err, pusher.hub.seen) == (code, True, [])


async def test_without_the_extra_it_says_what_to_install(pusher: Pusher) -> None:
    done = await pusher.push("--push-to-hub", REPO, hidden="huggingface_hub")
    assert done.code == ExitCode.INVALID
    assert "pip install 'chunksmith[hub]'" in done.err
