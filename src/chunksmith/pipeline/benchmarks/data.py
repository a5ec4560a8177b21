"""Benchmark data as the public sets come: where a task's files are, and their rows, one at a time."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from chunksmith.domain.benchmarks import DataFile, TaskSpec
from chunksmith.errors import InvalidRequest, NotFound

Row = dict[str, Any]
BATCH_ROWS = 1000
HASH_BYTES = 1 << 20


class Found(NamedTuple):
    """``root`` is the folder of the benchmarks; ``only`` and ``shots`` are empty when there are none."""

    root: Path
    files: tuple[Path, ...]
    only: tuple[Path, ...] = ()
    shots: tuple[Path, ...] = ()

    def described(self) -> tuple[DataFile, ...]:
        used = (*self.files, *self.only, *self.shots)
        return tuple(DataFile(path=path.relative_to(self.root).as_posix(), sha256=_sha256(path)) for path in used)


def find(root: Path, suite: str, task: TaskSpec) -> Found:
    """Errors: NotFound saying which file to supply, and where."""
    for folder in _folders(root, suite, task):
        files = _first_of(folder, task.files)
        if files:
            only = _first_of(folder, (task.only,)) if task.only else ()
            return Found(root, files, only, _first_of(folder, task.shot_files))
    raise NotFound("Benchmark data", missing(suite, task))


def missing(suite: str, task: TaskSpec) -> str:
    """What to supply, for a person."""
    place = f"{suite}/{(task.folders or (task.name,))[0]}".removesuffix("/.")
    return f"{task.name}: put {' or '.join(task.files)} into the folder {place} of the benchmarks"


def rows_of(path: Path) -> Iterator[Row]:
    """Parquet, JSONL, a JSON list, or a JSON object of rows by id, each of which then has its ``id``.

    Errors: InvalidRequest naming file and place.
    """
    if path.suffix == ".parquet":
        yield from _parquet(path)
    elif path.suffix in (".jsonl", ".ndjson"):
        yield from _lines(path)
    else:
        yield from _json(path)


def ids_in(paths: tuple[Path, ...]) -> frozenset[str] | None:
    """The ids of a split, as keys of an object or as a list; None when no file says which."""
    if not paths:
        return None
    return frozenset(str(one) for path in paths for one in _load(path))


def _folders(root: Path, suite: str, task: TaskSpec) -> Iterator[Path]:
    for name in task.folders or (task.name,):
        yield root / suite / name
        if name != ".":
            yield root / name


def _first_of(folder: Path, patterns: tuple[str, ...]) -> tuple[Path, ...]:
    for pattern in patterns:
        found = sorted(path for path in folder.glob(pattern) if path.is_file()) if folder.is_dir() else []
        if found:
            return tuple(found)
    return ()


def _parquet(path: Path) -> Iterator[Row]:
    pyarrow = _pyarrow()
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError) as exc:
        raise _unreadable(path, f"is not readable as Parquet: {exc}") from exc


def _lines(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _object(path, json.loads(line), f"line {number}")
    except ValueError as exc:  # not JSON, or not UTF-8
        raise _unreadable(path, f"is not JSON lines: {exc}") from exc
    except OSError as exc:
        raise _unreadable(path, f"cannot be read: {exc.strerror}") from exc


def _json(path: Path) -> Iterator[Row]:
    value = _load(path)
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        value = value["data"]
    if isinstance(value, dict):
        for key, row in value.items():
            yield {"id": key, **_object(path, row, key)}
    elif isinstance(value, list):
        for number, row in enumerate(value):
            yield _object(path, row, f"item {number}")
    else:
        raise _unreadable(path, "must hold a list of rows, or an object of rows by id")


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as exc:
        raise _unreadable(path, f"is not JSON: {exc}") from exc
    except OSError as exc:
        raise _unreadable(path, f"cannot be read: {exc.strerror}") from exc


def _object(path: Path, value: Any, place: str) -> Row:
    if not isinstance(value, dict):
        raise _unreadable(path, f"{place} is not an object")
    return value


def _unreadable(path: Path, what: str) -> InvalidRequest:
    return InvalidRequest.field("/suite", f"{path.parent.name}/{path.name} {what}")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(HASH_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _pyarrow() -> Any:
    """Untyped: pyarrow's own annotations do not export its names."""
    import pyarrow.parquet  # noqa: PLC0415 - 60 MB that a server without Parquet never needs

    return pyarrow
