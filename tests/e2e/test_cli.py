"""The real server in its own process, and every command against it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow.parquet as pq
import pytest

from chunksmith.cli.exits import ExitCode

SAMPLES = Path(str(resources.files("chunksmith") / "samples"))
TIMEOUT_S = 60


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.out)
        return read


class Place(NamedTuple):
    """A running server and where it keeps its things."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]


def environment(**ours: str) -> dict[str, str]:
    foreign = ("CHUNKSMITH_", "GEMINI_", "GOOGLE_", "XAI_", "OLLAMA_")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | ours


def chunksmith(*arguments: object, url: str = "", key: str = "") -> Ended:
    ours = {"CHUNKSMITH_URL": url} if url else {}
    command = [sys.executable, "-m", "chunksmith", *map(str, arguments)]
    ended = subprocess.run(
        command,
        env=environment(**ours, **({"CHUNKSMITH_API_KEY": key} if key else {})),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def start(data: Path, log: IO[bytes]) -> Place:
    command = [sys.executable, "-m", "chunksmith", "serve", "--port", "0", "--data-dir", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment())
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    found = re.fullmatch(r"Chunksmith is ready at (http://\S+)\n", line)
    assert found is not None, line
    return Place(found[1], data, process)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("cli")
    with (folder / "log").open("wb") as log:
        place = start(folder / "data", log)
        with place.process:
            yield place
            place.process.send_signal(signal.SIGTERM)
            assert place.process.wait(TIMEOUT_S) == 0


@pytest.fixture(scope="module")
def dataset(server: Place) -> str:
    """The id of a job that has made a dataset from two sample documents."""
    sent = chunksmith("ingest", SAMPLES / "tides.pdf", SAMPLES / "ryokucha.ja.md", "-p", "Samples", url=server.url)
    assert sent.code == ExitCode.OK, sent.err
    made = chunksmith("generate", "-p", "Samples", "--watch", "--json", "--concurrency", 4, url=server.url)
    assert made.code == ExitCode.OK, made.err
    last = json.loads(made.out.splitlines()[-1])
    assert last["status"] == "completed"
    return str(last["job_id"])


def written_to(target: IO[bytes] | int, *arguments: str) -> Ended:
    command = [sys.executable, "-m", "chunksmith", *arguments]
    ended = subprocess.run(
        command, env=environment(), stdout=target, stderr=subprocess.PIPE, timeout=TIMEOUT_S, check=False
    )
    return Ended(ended.returncode, "", ended.stderr.decode())


COMMANDS = [["version"], ["version", "--json"], ["--help"], ["status", "j", "--json", "--server", "http://127.0.0.1:1"]]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_full_disk_is_told_in_a_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = written_to(full, *arguments)

    assert ended.code == ExitCode.FAILED
    assert ended.err.splitlines()[-1] == "Error: standard output cannot be written: No space left on device"
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("arguments", COMMANDS[:2], ids=" ".join)
def test_output_that_is_closed_from_the_beginning_is_told_in_a_line(arguments: list[str]) -> None:
    command = ["/bin/sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "chunksmith", *arguments]
    ended = subprocess.run(command, env=environment(), stderr=subprocess.PIPE, timeout=TIMEOUT_S, check=False)

    assert ended.returncode == ExitCode.FAILED
    assert ended.stderr.decode().splitlines() == ["Error: standard output cannot be written: Bad file descriptor"]


@pytest.mark.parametrize("arguments", COMMANDS[:3], ids=" ".join)
def test_a_reader_that_goes_away_ends_a_command_quietly(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert written_to(writing, *arguments) == (ExitCode.CLOSED_PIPE, "", "")
    finally:
        os.close(writing)


def test_each_document_is_told_of_and_a_broken_one_does_not_stop_the_rest(server: Place, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(os.urandom(500))
    (tmp_path / "good.md").write_text("# Bridges\n\nA bridge is a structure that carries a road over a river.\n")

    ended = chunksmith("ingest", tmp_path, "-p", "Mixed", url=server.url)

    assert ended.code == ExitCode.PARTLY
    assert re.search(r"^failed +broken\.pdf: \S", ended.out, re.MULTILINE)
    assert re.search(r"^chunked +good\.md: 1 chunk$", ended.out, re.MULTILINE)
    assert "project 'Mixed' was made" in ended.err


def test_links_out_of_a_folder_are_told_and_not_sent(server: Place, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "good.md").write_text("# Bridges\n\nA bridge is a structure that carries a road over a river.\n")
    (inside / "link.md").symlink_to(SAMPLES / "sourdough.txt")

    ended = chunksmith("ingest", inside, "-p", "Linked", "--json", url=server.url)

    assert [document["name"] for document in ended.document["documents"]] == ["good.md"]
    assert ended.document["left_out"] == [str(inside / "link.md")]
    assert f"links out of their folder: {inside / 'link.md'}" in ended.err


def test_the_project_is_told_as_it_is_after_the_documents(server: Place, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Bridges\n\nA bridge is a structure that carries a road over a river.\n")

    ended = chunksmith("ingest", tmp_path, "-p", "Counted", "--json", url=server.url)

    counts = ended.document["project"]["counts"]
    assert (counts["documents"], counts["chunks"]) == (1, 1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--chunk-strategy", "zz"], "chunk_strategy: must be one of"),
        (["--chunk-size", "0"], "chunk_size: must be from 1"),
        (["--chunk-size", "10", "--chunk-overlap", "10"], "must be at most 9, 95 % of chunk_size"),
        (["--parsing-model", "gemini"], "API key not configured"),
    ],
    ids=["strategy", "size", "overlap", "model"],
)
def test_options_that_are_refused_store_nothing(server: Place, tmp_path: Path, options: list[str], told: str) -> None:
    (tmp_path / "good.md").write_text("# Bridges\n\nA bridge is a structure that carries a road over a river.\n")

    refused = chunksmith("ingest", tmp_path, "-p", "Refused", *options, url=server.url)

    assert refused.code == ExitCode.INVALID
    assert told in refused.err
    assert "project_id" not in refused.err
    assert "no project named 'Refused'" in chunksmith("generate", "-p", "Refused", url=server.url).err


def test_chunks_that_are_refused_leave_no_new_project(server: Place, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ndjson"
    bad.write_text('{"txt": "Two."}\n')

    refused = chunksmith("ingest", "--chunks", bad, "-p", "Emptied", url=server.url)

    assert refused.code == ExitCode.INVALID
    assert "was made" not in refused.err
    assert "no project named 'Emptied'" in chunksmith("generate", "-p", "Emptied", url=server.url).err


def test_chunks_are_imported_from_a_file_all_or_none(server: Place, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.ndjson", tmp_path / "bad.ndjson"
    good.write_text('{"text": "One."}\n{"text": "Two.", "document": "d"}\n')
    bad.write_text('{"text": "One."}\n{"txt": "Two."}\n')

    assert (
        chunksmith("ingest", "--chunks", good, "-p", "Ready", "--json", url=server.url).document["imported"]["imported"]
        == 2
    )
    refused = chunksmith("ingest", "--chunks", bad, "-p", "Ready", url=server.url)
    assert refused.code == ExitCode.INVALID
    assert "line 2" in refused.err


def test_entries_show_what_they_rest_on(server: Place, dataset: str) -> None:
    shown = chunksmith("entries", dataset, "--limit", 3, "--sort", "quality", url=server.url)

    assert shown.code == ExitCode.OK
    assert shown.out.count("evidence  “") >= 3
    assert re.search(r"source +(tides\.pdf|ryokucha\.ja\.md) \(chunk_\d+\)", shown.out)


def test_the_ending_of_a_file_says_its_format(server: Place, dataset: str, tmp_path: Path) -> None:
    table = tmp_path / "x.csv"

    ended = chunksmith("export", dataset, "-o", table, url=server.url)
    assert "the format is csv, by the ending of" in ended.err
    assert table.read_text(encoding="utf-8-sig").startswith("question,answer,")


def test_a_file_without_an_ending_has_the_format_of_the_dataset(server: Place, dataset: str, tmp_path: Path) -> None:
    target = tmp_path / "x"

    ended = chunksmith("export", dataset, "-o", target, url=server.url)
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    assert json.loads(target.read_text().splitlines()[0])["question"]


@pytest.mark.parametrize("name", ["x.gz", "x.md", "x.jsonl.gz", "x.XYZ"])
def test_an_ending_of_no_format_is_refused(server: Place, dataset: str, tmp_path: Path, name: str) -> None:
    ended = chunksmith("export", dataset, "-o", tmp_path / name, url=server.url)
    assert (ended.code, ended.out) == (ExitCode.INVALID, "")
    assert f"no format has the ending {Path(name).suffix}" in ended.err
    assert all(part in ended.err for part in ("--format", ".jsonl", ".parquet", ".csv", ".zip"))
    assert list(tmp_path.iterdir()) == []


def test_with_a_format_the_ending_is_free(server: Place, dataset: str, tmp_path: Path) -> None:
    ended = chunksmith("export", dataset, "--format", "csv", "-o", tmp_path / "x.xyz", url=server.url)
    assert ended.code == ExitCode.OK
    assert (tmp_path / "x.xyz").read_text(encoding="utf-8-sig").startswith("question,answer,")


def test_a_zip_is_refused_where_there_are_no_splits_to_put_into_it(server: Place, dataset: str, tmp_path: Path) -> None:
    ended = chunksmith("export", dataset, "-o", tmp_path / "x.zip", url=server.url)
    assert (ended.code, ended.out) == (ExitCode.INVALID, "")
    assert "has no splits" in ended.err
    assert "--format huggingface" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_the_dataset(server: Place, dataset: str, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"

    saved = chunksmith("export", dataset, "--format", "parquet", "-o", target, url=server.url)
    listed = chunksmith("entries", dataset, "--limit", 5000, "--json", url=server.url).document
    lines = chunksmith("export", dataset, "--format", "jsonl", "-o", "-", url=server.url).out.splitlines()

    assert saved.code == ExitCode.OK
    rows = pq.read_table(target)  # type: ignore[no-untyped-call]  # no annotations upstream
    assert rows.column("id").to_pylist() == [entry["id"] for entry in listed["entries"]]
    assert len(lines) == listed["total"] == len(listed["entries"])
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_jobs_and_status_agree(server: Place, dataset: str) -> None:
    listed = chunksmith("jobs", "--state", "completed", "--json", url=server.url).document["jobs"]
    status = chunksmith("status", dataset, "--json", url=server.url).document

    (found,) = [job for job in listed if job["job_id"] == dataset]
    assert found["units"] == status["result"]["units"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status", "no-such-job"], ExitCode.STATE),
        (["entries", "no-such-dataset"], ExitCode.STATE),
        (["generate", "-p", "Nobody"], ExitCode.STATE),
        (["generate", "-p", "Samples", "--set", "bogus=1"], ExitCode.INVALID),
        (["generate", "-p", "Samples", "--model", "gemini"], ExitCode.INVALID),
        (["jobs", "--state", "asleep"], ExitCode.INVALID),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_the_server_refuses(server: Place, dataset: str, arguments: list[str], code: ExitCode) -> None:
    ended = chunksmith(*arguments, url=server.url)

    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("Error: ")
    assert "Traceback" not in ended.err


def test_a_job_that_is_over_cannot_be_cancelled(server: Place, dataset: str) -> None:
    assert chunksmith("cancel", dataset, url=server.url).code == ExitCode.STATE


def test_a_paused_job_is_reported_and_goes_on_with_a_higher_ceiling(server: Place, dataset: str) -> None:
    limited = ["--max-calls", "2", "--set", "reuse=false", "--watch"]
    paused = chunksmith("generate", "-p", "Samples", *limited, url=server.url)
    assert paused.code == ExitCode.PARTLY
    assert "paused (budget)" in paused.out
    job = paused.out.split()[0]

    assert chunksmith("resume", job, "--max-calls", 1000, url=server.url).code == ExitCode.OK
    assert chunksmith("status", job, "--watch", url=server.url).code == ExitCode.OK


def test_a_second_server_on_the_same_data_names_the_first(server: Place) -> None:
    ended = chunksmith("serve", "--port", 0, "--data-dir", server.data)

    assert ended.code == ExitCode.FAILED
    assert str(server.process.pid) in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_port_that_is_taken_is_named(server: Place, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]

    ended = chunksmith("serve", "--port", port, "--data-dir", tmp_path)

    assert ended.code == ExitCode.FAILED
    assert f"port {port}" in ended.err
    assert "Traceback" not in ended.err


def test_the_doctor_sees_the_server(server: Place) -> None:
    ended = chunksmith("doctor", "--offline", "--data-dir", server.data, url=server.url)

    assert ended.code == ExitCode.OK
    assert f"ready at {server.url}" in ended.out
    assert f"by process {server.process.pid}" in ended.out


def test_with_a_key_made_on_the_side_the_server_asks_for_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    secret = chunksmith("keys", "create", "ci", "--data-dir", data).out.strip()
    with (tmp_path / "log").open("wb") as log:
        place = start(data, log)
        with place.process:
            without = chunksmith("jobs", url=place.url)
            wrong = chunksmith("jobs", url=place.url, key="ck_wrong")
            right = chunksmith("jobs", url=place.url, key=secret)
            place.process.send_signal(signal.SIGINT)
            assert place.process.wait(TIMEOUT_S) == 0

    assert [ended.code for ended in (without, wrong, right)] == [ExitCode.KEY, ExitCode.KEY, ExitCode.OK]


def test_ctrl_c_leaves_the_job_running(server: Place, tmp_path: Path) -> None:
    lines = "".join(json.dumps({"text": f"A bridge {n} is a structure over a river."}) + "\n" for n in range(3000))
    (tmp_path / "many.ndjson").write_text(lines)
    assert chunksmith("ingest", "--chunks", tmp_path / "many.ndjson", "-p", "Many", url=server.url).code == ExitCode.OK
    command = [sys.executable, "-m", "chunksmith", "generate", "-p", "Many", "--watch", "--json"]
    watching = subprocess.Popen(
        command,
        env=environment(CHUNKSMITH_URL=server.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell lets what it starts in the background ignore Ctrl-C, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with watching:
        assert watching.stdout is not None
        job = json.loads(watching.stdout.readline())["job_id"]
        watching.send_signal(signal.SIGINT)
        _, err = watching.communicate(timeout=TIMEOUT_S)

    assert watching.returncode == ExitCode.INTERRUPTED
    assert f"chunksmith status {job} --watch" in err.decode()
    assert chunksmith("status", job, "--json", url=server.url).document["status"] in ("submitted", "running")
    assert chunksmith("cancel", job, url=server.url).code == ExitCode.OK
