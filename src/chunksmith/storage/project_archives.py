"""A project as one file that another instance takes: rows as lines of JSON, and the files that they name.

Nothing of an archive is trusted: its rows go through the tables' own checks in a database of their own, which is
brought up to date by the migrations, and only then into ours.
"""

import base64
import json
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chunksmith import __version__
from chunksmith.errors import InvalidRequest, StorageError
from chunksmith.storage.database import MIGRATIONS, PRAGMAS
from chunksmith.storage.project_rows import COPIED, Copied

MANIFEST = "chunksmith-project.json"
FORMAT = 1
# What rows may unpack to, as for every other archive that comes in.
LARGEST_RATIO, FREE_BYTES = 200, 16_777_216
_LINE_BYTES = 256 << 20
_FILES = (
    "SELECT stored_path FROM documents WHERE project_id = ? AND stored_path IS NOT NULL AND purged_at IS NULL",
    "SELECT file_path FROM batches WHERE job IN (SELECT id FROM jobs WHERE project_id = ?)",
)
# A reply that was reused may be of another project's call.
_FOREIGN_CALLS = "UPDATE {} SET call_id = NULL WHERE call_id NOT IN (SELECT id FROM calls)"
_TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
_UNFINISHED = """
UPDATE jobs SET state = 'cancelled', step = 'Cancelled', error_detail = 'it was not finished when the project moved'
WHERE state IN ('submitted', 'running', 'paused')
"""


@dataclass(frozen=True)
class Opened:
    """An archive unpacked into ``folder``: its rows in a database of ours, its files beside it."""

    folder: Path
    project: int
    files: tuple[str, ...]

    @property
    def database(self) -> Path:
        return self.folder / "rows.db"

    def file(self, number: int) -> Path:
        return self.folder / f"file-{number}"


def write_archive(database: Path, data_dir: Path, project: int, target: Path) -> None:
    """One read transaction, beside which everything goes on. A file that is gone is left out.

    Errors: StorageError.
    """
    try:
        with (
            closing(_reader(database)) as rows,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        ):
            rows.execute("BEGIN")
            for copied in COPIED:
                _write_rows(archive, rows, copied, project)
            found = [path for sql in _FILES for (path,) in rows.execute(sql, (project,))]
            files = [path for path in found if (data_dir / path).is_file()]
            for number, path in enumerate(files):
                archive.write(data_dir / path, f"files/{number}")
            (schema,) = rows.execute("PRAGMA user_version").fetchone()
            manifest = {"format": FORMAT, "version": __version__, "schema": schema, "project": project, "files": files}
            archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    except (OSError, sqlite3.Error) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else exc  # without the path
        raise StorageError(f"the project could not be written: {reason}") from exc


def open_archive(path: Path, folder: Path) -> Opened:
    """Unpack, check and bring up to date. Errors: InvalidRequest for what is no archive, damaged, or too new."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive, path.stat().st_size)
            manifest = _manifest(archive)
            opened = Opened(folder, manifest["project"], tuple(manifest["files"]))
            with closing(_fresh(opened.database, manifest["schema"])) as rows:
                _fill(archive, rows)
                _check_whole(rows, opened)
                _migrate(rows, manifest["schema"], None)
            for number in range(len(opened.files)):
                _unpack(archive, f"files/{number}", opened.file(number))
    except (zipfile.BadZipFile, sqlite3.Error, KeyError, TypeError, ValueError, EOFError, UnicodeError) as exc:
        raise InvalidRequest.field("", f"is not a whole archive of a project: {exc}") from exc
    return opened


def _fill(archive: zipfile.ZipFile, rows: sqlite3.Connection) -> None:
    """The rows are as they are: no trigger may act on them."""
    triggers = rows.execute(_TRIGGERS).fetchall()
    for name, _ in triggers:
        rows.execute(f"DROP TRIGGER {name}")
    for copied in COPIED:
        _read_rows(archive, rows, copied)
    rows.execute(_UNFINISHED)
    for copied in COPIED:
        if "call_id" in copied.numbers and copied.table != "replies" and _columns(rows, copied.table):
            rows.execute(_FOREIGN_CALLS.format(copied.table))
    for _, sql in triggers:
        rows.execute(sql)
    rows.commit()


def _columns(rows: sqlite3.Connection, table: str) -> list[str]:
    return [column[1] for column in rows.execute(f"PRAGMA table_info({table})")]


def _reader(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def _write_rows(archive: zipfile.ZipFile, rows: sqlite3.Connection, copied: Copied, project: int) -> None:
    found = rows.execute(f"SELECT * FROM {copied.table} WHERE {copied.condition}", {"project": project})
    with archive.open(f"rows/{copied.table}.ndjson", "w", force_zip64=True) as lines:
        lines.write(json.dumps([column[0] for column in found.description]).encode() + b"\n")
        for row in found:
            lines.write(json.dumps([_out(value) for value in row], ensure_ascii=False).encode() + b"\n")


def _out(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _in(value: Any) -> Any:
    return base64.b64decode(value["base64"], validate=True) if isinstance(value, dict) else value


def _read_rows(archive: zipfile.ZipFile, rows: sqlite3.Connection, copied: Copied) -> None:
    """Tables that came with a later release are not in older archives."""
    known = _columns(rows, copied.table)
    if not known or f"rows/{copied.table}.ndjson" not in archive.namelist():
        return
    with archive.open(f"rows/{copied.table}.ndjson") as lines:
        columns = json.loads(lines.readline(_LINE_BYTES))
        if not set(columns) <= set(known):
            raise ValueError(f"{copied.table} has columns that its version does not know")
        marks = ", ".join("?" * len(columns))
        rows.executemany(
            f"INSERT INTO {copied.table} ({', '.join(columns)}) VALUES ({marks})",
            ([_in(value) for value in json.loads(line)] for line in iter(lambda: lines.readline(_LINE_BYTES), b"")),
        )


def _manifest(archive: zipfile.ZipFile) -> Mapping[str, Any]:
    manifest = json.loads(archive.read(MANIFEST))
    schema, project = int(manifest["schema"]), int(manifest["project"])
    if manifest["format"] != FORMAT or not 0 < schema <= len(_scripts()):
        raise ValueError(f"it was written by version {manifest['version']}: use that release or a newer one")
    return {"schema": schema, "project": project, "files": [str(path) for path in manifest["files"]]}


def _check_size(archive: zipfile.ZipFile, packed_bytes: int) -> None:
    total = sum(member.file_size for member in archive.infolist())
    if total > FREE_BYTES + LARGEST_RATIO * packed_bytes:
        raise ValueError(f"it unpacks to {total:,} bytes from {packed_bytes:,}: refused as an archive bomb")


def _check_whole(rows: sqlite3.Connection, opened: Opened) -> None:
    projects = [number for (number,) in rows.execute("SELECT id FROM projects")]
    if projects != [opened.project]:
        raise ValueError("it does not have exactly one project")
    broken = rows.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise ValueError(f"a row of {broken[0]} refers to a row of {broken[2]} that is not there")


def _fresh(path: Path, schema: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    _migrate(connection, 0, schema)
    # Rows come as they are: what triggers would add is in them already.
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    return connection


def _migrate(connection: sqlite3.Connection, after: int, up_to: int | None) -> None:
    for script in _scripts()[after:up_to]:
        connection.executescript(script.read_text(encoding="utf-8"))


def _scripts() -> list[Path]:
    return sorted(MIGRATIONS.glob("[0-9]*.sql"))


def _unpack(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    with archive.open(name) as source, target.open("wb") as file:
        while piece := source.read(1_048_576):
            file.write(piece)


def rows_of(opened: Opened, copied: Copied) -> Iterator[dict[str, Any]]:
    """As they were, in the order of the table."""
    with closing(_reader(opened.database)) as rows:
        for row in rows.execute(f"SELECT * FROM {copied.table}"):
            yield dict(row)


def least(opened: Opened, tables: Iterable[str]) -> dict[str, tuple[int, int]]:
    """The smallest and the largest number of each table."""
    with closing(_reader(opened.database)) as rows:
        found = {table: rows.execute(f"SELECT min(id), max(id) FROM {table}").fetchone() for table in tables}
    return {table: (low, high) for table, (low, high) in found.items() if low is not None}
