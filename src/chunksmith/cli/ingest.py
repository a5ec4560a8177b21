"""`chunksmith ingest`: files to documents to chunks."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from chunksmith.cli import files, projects, render, watching
from chunksmith.cli.client import DEFAULT_SERVER, Api, Sending, pieces_of
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.files import Source
from chunksmith.cli.jobview import JobView
from chunksmith.cli.options import AsJson, Key, ProjectName, Server

INVALID, TOO_LARGE = 400, 413
# Ids of projects begin at 1.
NO_PROJECT = 0
# More than that are read as a list.
ONE_BY_ONE = 100
Moved = Callable[[int], None]


@dataclass
class Sent:
    """What became of the files: documents as the server has them, and the files that it did not take, with why."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def ingest(
    project: ProjectName,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH…", help="Files and folders; folders with all below them.")
    ] = None,
    chunks: Annotated[
        Path | None,
        typer.Option(
            "--chunks", metavar="FILE", help="Import chunks from NDJSON: one {text, document?, id?, metadata?} a line."
        ),
    ] = None,
    chunk_strategy: Annotated[
        str | None, typer.Option(help="heading, token, character, delimiter or semantic.")
    ] = None,
    chunk_size: Annotated[int | None, typer.Option(help="Tokens of a chunk; characters for `character`.")] = None,
    chunk_overlap: Annotated[int | None, typer.Option(help="In the same unit.")] = None,
    parsing_model: Annotated[
        str | None, typer.Option(help="builtin, or a model that reads scanned pages and pictures.", show_default=False)
    ] = None,
    chunking_model: Annotated[
        str | None, typer.Option(help="builtin, or a model that proposes where to cut.", show_default=False)
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(help="Documents and calls at a time at most.", show_default=False)
    ] = None,
    max_cost: Annotated[
        str | None, typer.Option(metavar="USD", help="The job pauses before it costs more.", show_default=False)
    ] = None,
    max_calls: Annotated[
        int | None, typer.Option(help="The job pauses before it calls more often.", show_default=False)
    ] = None,
    process: Annotated[bool, typer.Option("--process/--no-process", help="Also parse and cut into chunks.")] = True,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Send documents, or ready-made chunks, to a project; it is made when it does not exist."""
    if not paths and chunks is None:
        raise Failure("nothing to send: name files or folders, or --chunks FILE", ExitCode.INVALID)
    found = files.find(paths or [], pictures=parsing_model not in (None, "builtin"))
    if chunks is not None:
        _must_be_readable(chunks)
    for line in found.notes():
        render.note(line)
    options = {
        "chunk_strategy": chunk_strategy,
        "chunk_size": chunk_size,
        "chunk_overlap": chunk_overlap,
        "parsing_model": parsing_model,
        "chunking_model": chunking_model,
        "concurrency": concurrency,
        "max_cost_usd": max_cost,
        "max_calls": max_calls,
    }
    with Api(server, api_key) as api:
        result = _ingest(api, project, found.files, chunks, options if process else None, as_json)
    if as_json:
        render.print_json({**result.document(), "left_out": [str(link) for link in found.links]})
    else:
        _show(result)
    raise typer.Exit(result.exit_code)


@dataclass
class Result:
    project: dict[str, Any]
    sent: Sent
    imported: dict[str, Any] | None
    job: JobView | None

    @property
    def exit_code(self) -> ExitCode:
        if self.job is not None and self.job.status in ("failed", "cancelled"):
            return ExitCode.FAILED
        usable = [document for document in self.sent.documents if document.get("status") != "failed"]
        if self.sent.refused and not self.sent.documents and self.imported is None:
            return ExitCode.FAILED
        complete = len(usable) == len(self.sent.documents) and not self.sent.refused
        paused = self.job is not None and not self.job.ended
        return ExitCode.OK if complete and not paused else ExitCode.PARTLY

    def document(self) -> dict[str, Any]:
        return {
            "project": self.project,
            "documents": self.sent.documents,
            "refused": [{"path": path, "detail": why} for path, why in self.sent.refused.items()],
            "imported": self.imported,
            "warnings": self.sent.warnings,
            "job": self.job.document if self.job is not None else None,
        }


def _ingest(
    api: Api,
    name: str,
    sources: Sequence[Source],
    chunks: Path | None,
    options: dict[str, Any] | None,
    as_json: bool,
) -> Result:
    if options is not None and sources:
        check_options(api, options)
    project, created = projects.get_or_create(api, name)
    imported = _imported(api, project["id"], chunks, created) if chunks is not None else None
    if created:
        render.note(f"project {name!r} was made (id {project['id']})")
    sent = upload(api, project["id"], sources)
    for warning in sent.warnings:
        render.note(f"note: {warning}")
    job = None
    if options is not None and sent.documents:
        numbers = [document["id"] for document in sent.documents]
        job = process_documents(api, project["id"], numbers, options, as_json)
        sent.documents = documents_of(api, project["id"], numbers)
    return Result(api.get(f"/projects/{project['id']}"), sent, imported, job)  # with the counts of now


def check_options(api: Api, options: dict[str, Any]) -> None:
    """Ask the server, before anything is stored, whether it would process documents so.

    It tells all that is wrong with a request at once; this one names a project that does not exist, and starts nothing.
    Errors: Failure.
    """
    try:
        api.post("/documents/process", {"project_id": NO_PROJECT, **_given(options)})
    except Failure as exc:
        faults = tuple(fault for fault in exc.faults if fault.pointer != "/project_id")
        if faults or not exc.faults:
            raise Failure(exc.message, exc.code, faults, exc.problem) from exc


def upload(api: Api, project_id: int, sources: Sequence[Source]) -> Sent:
    """Batch by batch; a batch that is too large for the server is sent in halves."""
    sent = Sent()
    with _progress(sum(source.size_bytes for source in sources), bool(sources)) as moved:
        for batch in files.batches(sources):
            _send(api, project_id, batch, sent, moved)
    return sent


def process_documents(
    api: Api, project_id: int, numbers: list[int], options: dict[str, Any], as_json: bool = False
) -> JobView:
    """Start the job and wait for it."""
    answer = api.submit("/documents/process", {"project_id": project_id, "document_ids": numbers, **_given(options)})
    for warning in answer.get("warnings", []):
        render.note(f"note: {warning}")
    job_id = str(answer["job_id"])
    display = watching.SilentDisplay() if as_json else watching.display_for(False)
    with watching.detachable(job_id), display as shown:
        return watching.watch(api, job_id, shown)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def documents_of(api: Api, project_id: int, numbers: Sequence[int]) -> list[dict[str, Any]]:
    if len(numbers) <= ONE_BY_ONE:
        return [api.get(f"/documents/{number}") for number in numbers]
    wanted = set(numbers)
    return [
        document for document in api.items("/documents", "documents", project_id=project_id) if document["id"] in wanted
    ]


def _send(api: Api, project_id: int, batch: list[Source], sent: Sent, moved: Moved) -> None:
    progress = _Undoable(moved)
    try:
        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(files.Counted(source.path, progress)) for source in batch]
            sendings = [
                Sending(files.sent_name(source.path), stream) for source, stream in zip(batch, streams, strict=True)
            ]
            answer = api.upload(project_id, sendings)
    except OSError as exc:
        raise Failure(f"{exc.filename} cannot be read: {exc.strerror}") from exc
    except Failure as exc:
        if not _too_much(exc, len(batch)):
            raise
        if len(batch) == 1:
            sent.refused[str(batch[0].path)] = str((exc.problem or {}).get("detail") or exc.message)
            return
        progress.undo()
        half = len(batch) // 2
        _send(api, project_id, batch[:half], sent, moved)
        _send(api, project_id, batch[half:], sent, moved)
    else:
        sent.documents += answer["documents"]
        sent.warnings += answer.get("warnings") or []


def _too_much(exc: Failure, count: int) -> bool:
    """The server takes smaller files, or fewer of them in one request."""
    status = (exc.problem or {}).get("status")
    too_many = status == INVALID and count > 1 and any(fault.pointer == "/files" for fault in exc.faults)
    return status == TOO_LARGE or too_many


class _Undoable:
    """Counts what was sent, so that it can be taken back when it has to be sent again."""

    def __init__(self, moved: Moved) -> None:
        self._moved = moved
        self._total = 0

    def __call__(self, count: int) -> None:
        self._total += count
        self._moved(count)

    def undo(self) -> None:
        self._moved(-self._total)
        self._total = 0


@contextlib.contextmanager
def _progress(total_bytes: int, wanted: bool) -> Iterator[Moved]:
    if not wanted or not render.err.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("sending"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=render.err, transient=True) as progress:
        task = progress.add_task("sending", total=total_bytes)
        yield lambda count: progress.advance(task, count)


def _must_be_readable(path: Path) -> None:
    if str(path) == "-":
        return
    try:
        path.open("rb").close()
    except OSError as exc:
        raise Failure(f"{path} cannot be read: {exc.strerror}", ExitCode.INVALID) from exc


def _imported(api: Api, project_id: int, chunks: Path, created: bool) -> dict[str, Any]:
    """The server's answer. A project that was made for chunks which are refused is removed again. Errors: Failure."""
    try:
        return api.import_chunks(project_id, _pieces(chunks))
    except Failure:
        if created:
            with contextlib.suppress(Failure):  # what was wrong with the chunks is what has to be told
                api.delete(f"/projects/{project_id}")
        raise


def _pieces(path: Path) -> Iterator[bytes]:
    if str(path) != "-":
        yield from pieces_of(path)
        return
    while piece := sys.stdin.buffer.read(1 << 16):
        yield piece


def _show(result: Result) -> None:
    for document in result.sent.documents:
        _show_document(document)
    for path, why in result.sent.refused.items():
        render.say(f"not sent  {path}: {why}", style="red")
    if result.imported is not None:
        render.say(f"{render.counted(result.imported['imported'], 'chunk')} imported")
    if result.job is not None:
        chunks = sum(document.get("chunk_count") or 0 for document in result.sent.documents)
        failed = sum(document.get("status") == "failed" for document in result.sent.documents)
        trouble = f", {failed} failed" if failed else ""
        documents = render.counted(len(result.sent.documents), "document")
        render.say(f"{documents}{trouble}, {render.counted(chunks, 'chunk')} in project {result.project['id']}")


def _show_document(document: dict[str, Any]) -> None:
    if document.get("status") == "failed":
        render.say(f"failed    {document['name']}: {document.get('error_detail')}", style="red")
        return
    chunks = render.counted(document["chunk_count"], "chunk")
    render.say(f"{document['status']:9} {document['name']}: {chunks}")
    for warning in document.get("warnings") or ():
        render.say(f"          {warning}", style="yellow")
