"""`chunksmith entries`, `export` and `formats`."""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Any, NamedTuple

import httpx
import typer

from chunksmith.cli import render
from chunksmith.cli.client import DEFAULT_SERVER, Api, segment
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.options import AsJson, DatasetId, Key, Server
from chunksmith.cli.output import standard_output
from chunksmith.cli.pushing import Hub, Pushed

PAGE = 1000
HUB_FORMAT = "huggingface"
MinQuality = Annotated[
    float | None, typer.Option(help="0 to 1: only entries with this quality or better.", show_default=False)
]
MinGroundedness = Annotated[
    float | None, typer.Option(help="0 to 1: only entries grounded at least this well.", show_default=False)
]
WeakestEvidence = Annotated[
    str | None, typer.Option(help="exact, normalized, fuzzy or none: the weakest quote.", show_default=False)
]
Category = Annotated[str | None, typer.Option(show_default=False, help="Only this category.")]
Containing = Annotated[
    str | None, typer.Option("--q", metavar="TEXT", show_default=False, help="Only entries with this text.")
]
_SHA256 = re.compile(r'"([0-9a-f]{64})"')


def entries(
    dataset: DatasetId,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Entries shown at most.")] = 10,
    sort: Annotated[str | None, typer.Option(help="id, quality, category or difficulty.", show_default=False)] = None,
    order: Annotated[str | None, typer.Option(help="asc or desc.", show_default=False)] = None,
    min_quality: MinQuality = None,
    min_groundedness: MinGroundedness = None,
    evidence: WeakestEvidence = None,
    category: Category = None,
    q: Containing = None,
    full: Annotated[bool, typer.Option("--full", help="Whole texts, and how the quality is made up.")] = False,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Read a dataset's entries with the passages that they rest on."""
    query = {
        "sort_by": sort,
        "order": order,
        "filter_quality": min_quality,
        "min_groundedness": min_groundedness,
        "evidence": evidence,
        "category": category,
        "q": q,
    }
    with Api(server, api_key) as api:
        found, total, quality = read_entries(api, dataset, limit, query)
    if as_json:
        render.print_json({"entries": found, "total": total, "quality_summary": quality})
        return
    for entry in found:
        render.entry(entry, full)
        render.say("")
    average = (quality or {}).get("average_score")
    score = f"; the whole dataset scores {average:.2f} on average" if average is not None else ""
    render.note(f"{len(found)} of {total} entries{score}")


class Entries(NamedTuple):
    found: list[dict[str, Any]]
    total: int
    quality: dict[str, Any] | None


def read_entries(api: Api, dataset: str, limit: int, query: dict[str, Any]) -> Entries:
    """Page after page by cursor, which is quick at any depth."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        per_page = min(PAGE, limit - len(found))
        answer = api.get(f"/datasets/{segment(dataset)}/entries", per_page=per_page, cursor=cursor, **query)
        found += answer["entries"]
        cursor = answer.get("next_cursor")
        if len(found) >= limit or cursor is None:
            return Entries(found, answer["total"], answer.get("quality_summary"))


def export(
    dataset: DatasetId,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to; - is standard output.", show_default=False),
    ] = None,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="One that `formats` lists; else by the ending of FILE, or the dataset's own where it has none.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[str | None, typer.Option(help="Only this split.", show_default=False)] = None,
    min_quality: MinQuality = None,
    min_groundedness: MinGroundedness = None,
    evidence: WeakestEvidence = None,
    category: Category = None,
    difficulty: Annotated[str | None, typer.Option(show_default=False, help="Only this difficulty.")] = None,
    entry_status: Annotated[
        str | None, typer.Option("--status", show_default=False, help="Only entries in this state.")
    ] = None,
    q: Containing = None,
    version: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Such as 1.2.0; else as it is now.", show_default=False)
    ] = None,
    push_to_hub: Annotated[
        str | None,
        typer.Option(
            metavar="ORG/NAME", help="Send it to the Hugging Face Hub; HF_TOKEN is the key.", show_default=False
        ),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="With --push-to-hub: a new repository is public.")] = False,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Save a dataset's entries as one file, which appears under its name when it is complete, or push them."""
    _check_target(output, format_name, push_to_hub, public, as_json)
    query = {"format": format_name, "split": split, "filter_quality": min_quality, "category": category}
    query |= {"difficulty": difficulty, "status": entry_status, "q": q}
    query |= {"min_groundedness": min_groundedness, "evidence": evidence, "version": version}
    if push_to_hub is not None:
        hub = Hub(push_to_hub)
        with Api(server, api_key) as api:
            pushed = _push(api, dataset, hub, {**query, "format": HUB_FORMAT}, private=not public)
        if as_json:
            render.print_json(pushed._asdict())
        else:
            render.say(f"{pushed.url}: commit {pushed.commit}")
        return
    assert output is not None  # noqa: S101 - checked above
    with Api(server, api_key) as api:
        if format_name is None:
            format_name = query["format"] = format_by_ending(api, dataset, output)
        saved = save(api, dataset, output, query)
    if saved.archive and format_name != HUB_FORMAT and output != "-" and not output.endswith(".zip"):
        render.note(f"{output} is a ZIP with one file for each split; --split takes one of them")
    if as_json:
        render.print_json({"file": saved.file, "size_bytes": saved.size_bytes, "sha256": saved.sha256})
    elif output != "-":
        render.say(f"{saved.file}: {saved.size_bytes} bytes")


def format_by_ending(api: Api, dataset: str, output: str) -> str | None:
    """The format that a file's ending stands for, which is said; None: that of the dataset is as good as any.

    Several formats may share an ending: the one of that name goes first. Splits make a ZIP of most.
    Errors: Failure for an ending that stands for none.
    """
    ending = Path(output).suffix.removeprefix(".").lower()
    if output == "-" or ending in ("", "zip"):
        return None
    endings = {one["name"]: one["extension"] for one in api.get("/formats")["formats"]}
    meant = [name for name, extension in endings.items() if extension == ending]
    if not meant:
        known = ", ".join(f".{one}" for one in dict.fromkeys(endings.values()))
        told = f"no format has the ending {Path(output).suffix}; name a format with --format, or end the file in one of"
        raise Failure(f"{told}: {known}", ExitCode.INVALID)
    if api.get(f"/datasets/{segment(dataset)}")["format_type"] in meant:
        return None
    chosen = ending if ending in meant else meant[0]
    render.note(f"the format is {chosen}, by the ending of {output}; --format takes another")
    return chosen


def _check_target(
    output: str | None, format_name: str | None, push_to_hub: str | None, public: bool, as_json: bool
) -> None:
    """Errors: Failure."""
    if (output is None) == (push_to_hub is None):
        raise Failure("say either -o FILE or --push-to-hub ORG/NAME", ExitCode.INVALID)
    if output == "-" and as_json:
        raise Failure("--json and -o - both want standard output", ExitCode.INVALID)
    if push_to_hub is not None and format_name not in (None, HUB_FORMAT):
        raise Failure(f"what is pushed is always in the format {HUB_FORMAT}; leave --format out", ExitCode.INVALID)
    if public and push_to_hub is None:
        raise Failure("--public says something about --push-to-hub only", ExitCode.INVALID)


def _push(api: Api, dataset: str, hub: Hub, query: dict[str, Any], *, private: bool) -> Pushed:
    with tempfile.TemporaryDirectory(prefix="chunksmith-push-") as scratch:
        packed = Path(scratch, "packed.zip")
        save(api, dataset, str(packed), query)
        message = f"Dataset {dataset} from Chunksmith"
        return hub.push(packed, Path(scratch, "folder"), private=private, message=message)


def formats(server: Server = DEFAULT_SERVER, api_key: Key = None, as_json: AsJson = False) -> None:
    """List the formats that the server can write, also those of plugins."""
    with Api(server, api_key) as api:
        answer = api.get("/formats")
    if as_json:
        render.print_json(answer)
        return
    render.table(("format", "ending", "description"), [_format_row(one) for one in answer["formats"]])
    for broken in answer["problems"]:
        said = f"{broken['name']}: the plugin {broken['plugin']} cannot be used: {broken['problem']}"
        render.note(said, style="yellow")


def _format_row(listed: dict[str, Any]) -> tuple[str, str, str]:
    return listed["name"], f".{listed['extension']}", listed["description"]


class Saved(NamedTuple):
    """``archive``: it is a ZIP because there are several splits."""

    file: str
    size_bytes: int
    sha256: str
    archive: bool


def save(api: Api, dataset: str, output: str, query: dict[str, Any]) -> Saved:
    """Errors: Failure when the file cannot be written, when what came is not what was announced, or is no ZIP."""
    with api.file(f"/datasets/{segment(dataset)}/download", **query) as response:
        if query.get("format") is None and output.lower().endswith(".zip") and not _is_zip(response):
            told = f"{output} would be no ZIP: what is exported has no splits, so it is one file"
            raise Failure(f"{told}; give it another ending, or say --format {HUB_FORMAT}", ExitCode.INVALID)
        if _is_zip(response):
            _check_archive_name(api, output, query)
        if output == "-":
            return take(response, standard_output().buffer, "-")
        with opened(Path(output).resolve()) as stream:
            return take(response, stream, output)


def _check_archive_name(api: Api, output: str, query: dict[str, Any]) -> None:
    """Errors: Failure for a ZIP under a name that promises one file of a format."""
    ending = Path(output).suffix.removeprefix(".").lower()
    if ending in ("", "zip") or ending not in {one["extension"] for one in api.get("/formats")["formats"]}:
        return
    right = Path(output).with_suffix(".zip")
    if query.get("format") == HUB_FORMAT:
        raise Failure(f"{output} would be a ZIP: say -o {right}", ExitCode.INVALID)
    told = f"{output} would be a ZIP with one file for each split"
    raise Failure(f"{told}: say -o {right}, or take one of them, such as --split train", ExitCode.INVALID)


def take(response: httpx.Response, stream: IO[bytes], name: str) -> Saved:
    digest, size = hashlib.sha256(), 0
    for piece in response.iter_bytes(1 << 16):
        stream.write(piece)
        digest.update(piece)
        size += len(piece)
    stream.flush()
    announced = response.headers.get("Content-Length")
    if announced is not None and int(announced) != size:
        raise Failure(f"the download broke off: {size} of {announced} bytes")
    expected = _SHA256.fullmatch(response.headers.get("ETag", ""))
    if expected is not None and expected[1] != digest.hexdigest():
        raise Failure("the download was damaged on its way: its hash is not the one that the server gave")
    return Saved(name, size, digest.hexdigest(), _is_zip(response))


def _is_zip(response: httpx.Response) -> bool:
    return bool(response.headers.get("Content-Type") == "application/zip")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Errors: Failure."""
    # A pipe or a device is written to; renaming would put a file in its place.
    special = path.exists() and not path.is_file() and not path.is_dir()
    try:
        with path.open("wb") if special else _renamed_when_complete(path) as stream:
            yield stream
    except OSError as exc:
        raise Failure(f"{path} cannot be written: {exc.strerror}") from exc


@contextlib.contextmanager
def _renamed_when_complete(path: Path) -> Iterator[IO[bytes]]:
    """A hidden file beside the target, so that nobody reads half of it; removed when something fails."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part", delete=False
        ) as stream:
            temporary = Path(stream.name)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
