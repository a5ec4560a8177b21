"""Sample documents become a dataset, through the real server: ``make demo``, or ``MODEL=gemini make demo``.

Starts `chunksmith serve` on a free port with a data directory of its own below ``data/`` (or the one that is named as
argument), does over HTTP what a user would do, leaves the files there to be looked at, and stops the server. Exit code
0 when everything went well.
"""

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from chunksmith.cli import render, watching
from chunksmith.cli.client import Api
from chunksmith.cli.datasets import Entries, read_entries, save
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.files import find
from chunksmith.cli.ingest import documents_of, process_documents, upload
from chunksmith.cli.jobview import JobView

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT_S, STOP_TIMEOUT_S = 60.0, 30.0
SHOWN_ENTRIES = 5
LOG_TAIL_LINES = 10
READ_ENTRIES = 1000


def main() -> int:
    usual = ROOT / "data" / f"demo-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else usual
    folder.mkdir(parents=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server must not be left behind
    log = folder / "server.log"
    try:
        with running_server(folder, log) as url, Api(url) as api:
            render.note(f"The server is ready at {url}")
            demonstrate(api, folder)
    except Failure as exc:
        render.failure(exc)
        if exc.code is not ExitCode.INVALID:
            render.note(f"The end of {log}:\n{tail(log)}")
        return ExitCode.FAILED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    render.note("The server has stopped.")
    return ExitCode.OK


def demonstrate(api: Api, folder: Path) -> None:
    project = api.post("/projects", {"name": "Demo"})
    documents = ingest_samples(api, project["id"])
    view = generate(api, project["id"], os.environ.get("MODEL") or "builtin")
    dataset = api.get(f"/datasets/{view.dataset_id}")
    entries = read_entries(api, dataset["id"], READ_ENTRIES, {"sort_by": "quality"})
    show_entries(entries)
    files = [folder / f"dataset.{form}" for form in ("jsonl", "parquet")]
    for file in files:
        save(api, dataset["id"], str(file), {"format": file.suffix.removeprefix(".")})
    rows = pq.read_table(files[1])  # type: ignore[no-untyped-call]  # no annotations upstream
    if rows.num_rows != entries.total:
        raise Failure(f"the Parquet file has {rows.num_rows} rows, the dataset {entries.total} entries")
    render.say("\nSummary", style="bold")
    render.pairs(
        {
            "documents": len(documents),
            "chunks": sum(document["chunk_count"] for document in documents),
            "entries": entries.total,
            "quality": quality(dataset, entries),
            "model": dataset["settings"]["generation_model"],
            "usage": render.usage(view),
            "JSONL": shown(files[0]),
            "Parquet": f"{shown(files[1])}  (read back: {rows.num_rows} rows, {rows.num_columns} columns)",
            "as generated": ", ".join(shown(folder / file["file_path"]) for file in view.files),
        }
    )


def ingest_samples(api: Api, project_id: int) -> list[dict[str, Any]]:
    samples = Path(str(resources.files("chunksmith") / "samples"))
    sources = [source for source in find([samples]).files if source.path.name != "README.md"]
    sent = upload(api, project_id, sources)
    numbers = [document["id"] for document in sent.documents]
    job = process_documents(api, project_id, numbers, {})
    documents = documents_of(api, project_id, numbers)
    for document in documents:
        outcome = document["error_detail"] or render.counted(document["chunk_count"], "chunk")
        render.say(f"{document['name']:20} {outcome}")
    if job.exit_code != ExitCode.OK:
        raise Failure(f"processing the sample documents ended as {job.status}, {job.failed} failed")
    return documents


def generate(api: Api, project_id: int, model: str) -> JobView:
    body = {
        "project_id": project_id,
        "generation_mode": "question and answer",
        "generation_model": model,
        "concurrency": 4,
        "batch_size": 0,
        "analyze_quality": True,
    }
    answer = api.submit("/datasets/generate", body)
    with watching.display_for(False) as display:
        view = watching.watch(api, answer["job_id"], display)
    if view.status != "completed":
        raise Failure(f"the job ended as {render.state(view)}: {view.error or 'no reason given'}")
    return view


def show_entries(entries: Entries) -> None:
    """The best of each document, as the best of all may be from one."""
    best: dict[str, dict[str, Any]] = {}
    for entry in entries.found:
        best.setdefault(str(entry["metadata"].get("document_name")), entry)
    render.say("")
    for entry in list(best.values())[:SHOWN_ENTRIES]:
        render.entry(entry)


def quality(dataset: dict[str, Any], entries: Entries) -> str:
    overall = (dataset.get("quality_summary") or {}).get("overall_score")
    if overall is None or entries.quality is None:
        raise Failure("the dataset has no quality score")
    levels = ", ".join(f"{count} {level}" for level, count in entries.quality["distribution"].items())
    return f"{overall:.2f} overall; entries: {levels}"


@contextlib.contextmanager
def running_server(folder: Path, log: Path) -> Iterator[str]:
    """Its URL. Errors: Failure when it does not start, or does not stop as it should."""
    command = [sys.executable, "-m", "chunksmith", "serve", "--port", "0", "--data-dir", str(folder)]
    with (
        log.open("wb") as stream,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, cwd=ROOT) as process,
    ):
        try:
            yield wait_for_url(process)
        finally:
            code = stop(process)
    if code != 0:
        raise Failure(f"the server stopped with exit code {code}")


def wait_for_url(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    said = b""
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        readable, _, _ = select.select([process.stdout], [], [], 0.2)
        if readable:
            piece = os.read(process.stdout.fileno(), 4096)
            if not piece:
                raise Failure("the server did not start")
            said += piece
        found = re.search(rb"(http://\S+)\s", said)
        if found:
            return found[1].decode()
    raise Failure(f"the server was not ready within {START_TIMEOUT_S:.0f} s")


def stop(process: subprocess.Popen[bytes]) -> int:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def tail(log: Path) -> str:
    """The last lines, without requests that went well."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if '"event": "request"' not in line]
    return "\n".join(lines[-LOG_TAIL_LINES:]) or "(empty)"


def shown(file: Path) -> str:
    return os.path.relpath(file)


if __name__ == "__main__":
    sys.exit(main())
