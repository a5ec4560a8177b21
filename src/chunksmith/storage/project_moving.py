"""Projects on their way from one instance to another."""

import asyncio
import itertools
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import aiosqlite

from chunksmith.domain.corpus import StoredUpload, project_folder
from chunksmith.errors import Conflict, InvalidRequest
from chunksmith.storage.calls import CallStore
from chunksmith.storage.database import Database
from chunksmith.storage.files import UploadStore, inside, make_private
from chunksmith.storage.project_archives import Opened, least, open_archive, rows_of, write_archive
from chunksmith.storage.project_rows import COPIED, ENTRIES, ENTRY_BITS, SPACES, UNIT_SOURCES, Copied
from chunksmith.storage.rows import first

# On the same file system as where files go to; what a killed process left is removed before the next one.
MOVING = "datasets/.moving"
_SLICE = 2000
_PIECE_BYTES = 1_048_576
# Names that are unique in an instance: where they are taken, the project is here already.
_UNIQUE = {"projects": "uuid", "datasets": "dataset_id", "jobs": "job_id", "taxonomies": "uuid"}


@dataclass(frozen=True)
class Moved:
    """By how much the numbers of each space move, and where files lie now."""

    by: Mapping[str, int]
    ranges: Mapping[str, tuple[int, int]]
    project: int
    old_folder: str
    uploads: Mapping[str, str]

    def number(self, space: str, value: int) -> int:
        """Errors: InvalidRequest for a number that is not of the archive, and might be anybody's here."""
        if space == ENTRIES:
            return value + (self._by("datasets", value >> ENTRY_BITS) << ENTRY_BITS)
        return value + self._by(space, value)

    def _by(self, space: str, value: int) -> int:
        low, high = self.ranges.get(space, (1, 0))
        if not low <= value <= high:
            raise InvalidRequest.field("", f"refers to number {value} of {space}, which is not in the archive")
        return self.by[space]

    def path(self, path: str) -> str:
        """A batch file or a folder of them, below the project's new folder. Errors: InvalidRequest."""
        below = PurePosixPath(path)
        if not below.is_relative_to(self.old_folder) or ".." in below.parts:
            raise InvalidRequest.field("", f"names the file {path!r}, which is not of its project")
        return str(project_folder(self.project) / below.relative_to(self.old_folder))


class ProjectMover:
    def __init__(
        self, database: Database, database_file: Path, root: Path, files: UploadStore, calls: CallStore
    ) -> None:
        self._database = database
        self._database_file = database_file
        self._root = root
        self._files = files
        self._calls = calls
        self._one = asyncio.Lock()

    async def write(self, project: int, target: Path) -> None:
        """Errors: StorageError."""
        await asyncio.to_thread(write_archive, self._database_file, self._root, project, target)

    async def take(self, pieces: AsyncIterator[bytes], limit_bytes: int) -> int:
        """The project's number here. All of it, or nothing.

        Errors: InvalidRequest; TooLarge; Conflict when it is here already; StorageError.
        """
        async with self._one:
            folder = self._root / MOVING
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            make_private(folder)
            arrived = await self._files.receive("the archive", pieces, limit_bytes)
            packed = self._root / "uploads/incoming" / PurePosixPath(arrived.stored_path).name
            try:
                unpacked = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=folder))
                return await self._put(await asyncio.to_thread(open_archive, packed, unpacked))
            finally:
                await self._files.discard([arrived])
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _put(self, opened: Opened) -> int:
        ranges = await asyncio.to_thread(least, opened, SPACES)
        first_call = self._calls.reserve(_span(ranges, "calls"))
        uploads = await self._keep_uploads(opened)
        kept = list(uploads.values())
        try:
            project = await self._database.transact(
                lambda connection: self._insert(connection, opened, ranges, first_call, uploads)
            )
        except BaseException:
            await self._files.discard(kept)
            raise
        await self._files.settle(kept)
        return project

    async def _keep_uploads(self, opened: Opened) -> dict[str, StoredUpload]:
        """Under names of our own, as uploads: after a crash they are kept or removed with their rows."""
        stored: dict[str, StoredUpload] = {}
        for number, path in enumerate(opened.files):
            if not path.startswith(f"{project_folder(opened.project)}/"):
                file = opened.file(number)
                size = (await asyncio.to_thread(file.stat)).st_size
                stored[path] = await self._files.receive(path, _pieces(file), size)
        await self._files.keep(list(stored.values()))
        return stored

    async def _insert(
        self,
        connection: aiosqlite.Connection,
        opened: Opened,
        ranges: Mapping[str, tuple[int, int]],
        first_call: int,
        uploads: Mapping[str, StoredUpload],
    ) -> int:
        by = {space: await _next(connection, space) - low for space, (low, _) in ranges.items()}
        if "calls" in ranges:
            by["calls"] = first_call - ranges["calls"][0]
        moved = Moved(
            by,
            ranges,
            opened.project + by["projects"],
            project_folder(opened.project),
            {old: file.stored_path for old, file in uploads.items()},
        )
        for copied in COPIED:
            slices = _slices(_moved_rows(opened, copied, moved))
            while rows := await asyncio.to_thread(next, slices, None):
                await _check_free(connection, copied.table, rows)
                columns = list(rows[0])
                marks = ", ".join(f":{column}" for column in columns)
                await connection.executemany(
                    f"INSERT INTO {copied.table} ({', '.join(columns)}) VALUES ({marks})", rows
                )
        for copied in COPIED:
            if copied.last:
                await _set_last(connection, opened, copied, moved)
        await asyncio.to_thread(self._place_files, opened, moved)
        return moved.project

    def _place_files(self, opened: Opened, moved: Moved) -> None:
        for number, path in enumerate(opened.files):
            if path not in moved.uploads:
                place = inside(self._root, moved.path(path))
                place.parent.mkdir(parents=True, exist_ok=True)
                opened.file(number).replace(place)


async def _set_last(connection: aiosqlite.Connection, opened: Opened, copied: Copied, moved: Moved) -> None:
    """What was 0 until every row was there."""
    names = ", ".join(f"{name} = :{name}" for name in copied.last)
    rows = await asyncio.to_thread(lambda: list(rows_of(opened, copied)))
    values = [
        {"id": moved.number(copied.table, row["id"]), **{name: row[name] for name in copied.last}} for row in rows
    ]
    await connection.executemany(f"UPDATE {copied.table} SET {names} WHERE id = :id", values)


def _moved_rows(opened: Opened, copied: Copied, moved: Moved) -> Iterator[dict[str, Any]]:
    kinds = _kinds(opened) if copied.table == "units" else {}
    for row in rows_of(opened, copied):
        for column, space in copied.numbers.items():
            if row[column] is not None:
                row[column] = moved.number(space, row[column])
        for name, keys in copied.json.items():
            row[name] = _moved_json(row[name], keys, moved)
        if copied.table == "units":
            source = UNIT_SOURCES.get(kinds[row["job"] - moved.by["jobs"]])
            row["source_id"] = moved.number(source, row["source_id"]) if source is not None else row["source_id"]
        yield _renamed(copied.table, row | dict.fromkeys(copied.last, 0), moved)


def _kinds(opened: Opened) -> dict[int, str]:
    jobs = next(copied for copied in COPIED if copied.table == "jobs")
    return {row["id"]: row["kind"] for row in rows_of(opened, jobs)}


def _moved_json(text: str | None, keys: Mapping[str, str], moved: Moved) -> str | None:
    if text is None:
        return None
    value = json.loads(text)
    if isinstance(value, list):
        value = _moved_value(value, keys.get("", ""), moved)
    else:
        value.update({key: _moved_value(value[key], space, moved) for key, space in keys.items() if key in value})
    return json.dumps(value, ensure_ascii=False)


def _moved_value(value: Any, space: str, moved: Moved) -> Any:
    if isinstance(value, list):
        return [moved.number(space, item) for item in value]
    return moved.number(space, value) if isinstance(value, int) else value


def _renamed(table: str, row: dict[str, Any], moved: Moved) -> dict[str, Any]:
    if table == "documents":
        # A file that was gone when the archive was written is gone here too.
        row["stored_path"] = moved.uploads.get(row["stored_path"])
        row["import_id"] = None
    elif table == "chunks":
        row["import_id"] = None
    elif table == "datasets":
        row["folder"] = moved.path(row["folder"])
    elif table == "batches":
        row["file_path"] = moved.path(row["file_path"])
    elif table == "entries":
        row["since"] = row["since"] or 1  # 0 would be taken for a new one, of no version
    elif table == "jobs":
        row |= {"idempotency_key": None, "idempotency_hash": None, "notify": 0}
    return row


def _slices(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while some := list(itertools.islice(rows, _SLICE)):
        yield some


def _span(ranges: Mapping[str, tuple[int, int]], space: str) -> int:
    low, high = ranges.get(space, (1, 0))
    return high - low + 1


async def _next(connection: aiosqlite.Connection, table: str) -> int:
    """The first number that no row has, or ever had where that matters."""
    row = await first(
        connection,
        f"SELECT max(ifnull((SELECT max(id) FROM {table}), 0), "
        "ifnull((SELECT seq FROM sqlite_sequence WHERE name = ?), 0)) + 1 AS number",
        table,
    )
    assert row is not None  # noqa: S101 - an aggregate has a row
    return int(row["number"])


async def _check_free(connection: aiosqlite.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Errors: Conflict."""
    column = _UNIQUE.get(table)
    if column is None:
        return
    names = json.dumps([row[column] for row in rows])
    taken = await first(
        connection, f"SELECT {column} AS name FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))", names
    )
    if taken is not None:
        raise Conflict(f"the project is here already, or being deleted: {column} {taken['name']} is taken")


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield piece
