"""Downloads the data of public suites: plain HTTP, whole files or none."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from chunksmith import __version__
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.serve import settings_of_flags
from chunksmith.domain.benchmarks import DATASET_SUITE, SUITES, Download, Suite
from chunksmith.pipeline.benchmarks.suites import suite_in
from chunksmith.settings import load, shipped

TIMEOUT = httpx.Timeout(60.0, connect=15.0)
MAX_BYTES = 2 * 1024**3


class Fetched(NamedTuple):
    """``size_bytes`` None: it was there already."""

    path: Path
    size_bytes: int | None


def fetch_suite(
    name: str,
    tasks: Sequence[str] | None,
    mirror: str | None,
    data_dir: Path | None,
    config: Path | None,
    *,
    again: bool = False,
    transport: httpx.BaseTransport | None = None,
) -> list[Fetched]:
    """Errors: Failure for an unknown suite or task, a file that cannot be had or written."""
    folder = load(config, settings_of_flags(data_dir=data_dir)).benchmark_folder() / name
    downloads = _downloads(name, tasks)
    client = httpx.Client(
        transport=transport, follow_redirects=True, timeout=TIMEOUT, headers={"User-Agent": f"chunksmith/{__version__}"}
    )
    fetched = []
    with client:
        for download in downloads:
            path = folder / download.file
            if path.exists() and not again:
                fetched.append(Fetched(path, None))
            else:
                fetched.append(Fetched(path, _fetch(client, _address(download.url, mirror), path)))
    return fetched


def _downloads(name: str, tasks: Sequence[str] | None) -> list[Download]:
    if name not in SUITES or name == DATASET_SUITE:
        known = ", ".join(suite for suite in SUITES if suite != DATASET_SUITE)
        raise Failure(f"{name!r} is no suite with data to fetch; known: {known}", ExitCode.INVALID)
    suite: Suite = suite_in(shipped("benchmarks"), name)
    unknown = sorted(set(tasks or ()) - {task.name for task in suite.tasks})
    if unknown:
        listed = ", ".join(task.name for task in suite.tasks)
        raise Failure(f"{name} has no task {', '.join(unknown)}; known: {listed}", ExitCode.INVALID)
    return [one for task in suite.tasks if not tasks or task.name in tasks for one in task.downloads]


def _address(url: str, mirror: str | None) -> str:
    if mirror is None:
        return url
    parts = urlsplit(url)
    return mirror.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")


def _fetch(client: httpx.Client, url: str, path: Path) -> int:
    """Into a file beside it first: one that is there is whole."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with client.stream("GET", url) as response, part.open("wb") as file:
                if response.status_code != httpx.codes.OK:
                    raise Failure(f"{url} answers {response.status_code}; supply {path} by hand", ExitCode.UNAVAILABLE)
                for piece in response.iter_bytes():
                    file.write(piece)
                    if file.tell() > MAX_BYTES:
                        raise Failure(f"{url} is larger than {MAX_BYTES} bytes")
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except httpx.HTTPError as exc:
        told = f"{url} cannot be fetched ({type(exc).__name__}: {exc}); supply {path} by hand"
        raise Failure(told, ExitCode.UNAVAILABLE) from exc
    except OSError as exc:
        raise Failure(f"{exc.filename or path} cannot be written: {exc.strerror}") from exc
    return path.stat().st_size
