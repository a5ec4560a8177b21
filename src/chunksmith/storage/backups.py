"""A whole data directory as one file, taken while a server works on it, and put back."""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from chunksmith import __version__
from chunksmith.errors import Conflict, InvalidRequest, StorageError
from chunksmith.storage.database import MIGRATIONS
from chunksmith.storage.files import INCOMING, LOCK, inside, make_private, sync_folder

DATABASE = "chunksmith.db"
MANIFEST = "chunksmith-backup.json"
FORMAT = 1
# Made again from the tables when they are asked for, half received, or the process's own.
LEFT_OUT = ("datasets/.exports", INCOMING, LOCK, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal")
PIECE_BYTES = 1_048_576
# Files that rows name: without them a restored server would answer with errors.
_NAMED = (
    "SELECT stored_path FROM documents WHERE stored_path IS NOT NULL AND purged_at IS NULL AND deleted_at IS NULL",
    "SELECT file_path FROM batches",
)


@dataclass(frozen=True)
class Kept:
    """One file of a backup."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Backup:
    """``missing`` are files that rows name and that were gone: lost before, or removed meanwhile."""

    path: Path
    version: str
    schema: int
    files: tuple[Kept, ...]
    missing: tuple[str, ...]

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size


def back_up(data_dir: Path, target: Path) -> Backup:
    """Write everything below ``data_dir`` into the ZIP file ``target``, and open it to see that it is whole.

    The database is copied first, in one transaction of its own, so what it names is on disk by then; a file is there
    before its row. Nothing that runs is held up.
    Errors: StorageError; Conflict when ``target`` exists; InvalidRequest without a database, or a folder for it.
    """
    if not (data_dir / DATABASE).is_file():
        raise InvalidRequest.field("/data-dir", f"{data_dir} has no {DATABASE}: nothing was ever stored there")
    if target.exists():
        raise Conflict(f"{target} exists; a backup never replaces a file")
    if not (target.parent.is_dir() and os.access(target.parent, os.W_OK)):
        raise InvalidRequest.field("/file", f"{target.parent} is no folder that can be written to")
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    with _said(f"the backup {target} could not be written"), _removed_if_left(part):
        made = _write(data_dir, part, target)
        verify(part)
        part.rename(target)
        sync_folder(target.parent)
    return made


def verify(path: Path) -> dict[str, Any]:
    """The manifest. Every file is read, and the database is opened and checked.

    Errors: StorageError naming what is wrong.
    """
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="chunksmith-") as folder:
            manifest = _manifest(archive)
            for kept in manifest["files"]:
                _unpack(archive, kept, Path(folder) / "file")
                if kept["path"] == DATABASE:
                    _check_database(Path(folder) / "file")
            return manifest
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError) as exc:
        raise StorageError(f"{path} is not a whole backup: {exc}") from exc


def restore(path: Path, data_dir: Path) -> dict[str, Any]:
    """Put a backup into a new or empty data directory, and give its manifest.

    Replies that came after the backup was taken are not in it: a job that ran goes on from where it was then.

    It appears whole or not at all. Errors: StorageError; Conflict when there is something already.
    """
    if data_dir.exists() and any(data_dir.iterdir()):
        raise Conflict(f"{data_dir} is not empty: a backup is restored into a directory of its own")
    with _said(f"{path} could not be restored"):
        manifest = verify(path)
        make_private(data_dir.parent)
        part = data_dir.with_name(f".{data_dir.name}.{secrets.token_hex(4)}.part")
        with _removed_if_left(part), zipfile.ZipFile(path) as archive:
            make_private(part)
            for kept in manifest["files"]:
                place = inside(part, kept["path"])
                make_private(place.parent)
                _unpack(archive, kept, place)
            if data_dir.exists():
                data_dir.rmdir()
            part.rename(data_dir)
            sync_folder(data_dir.parent)
    return manifest


def _write(data_dir: Path, part: Path, target: Path) -> Backup:
    with tempfile.TemporaryDirectory(prefix="chunksmith-", dir=target.parent) as folder:
        copy = Path(folder) / DATABASE
        schema, named = _copy_database(data_dir / DATABASE, copy)
        with _created(part) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                kept = [_pack(archive, copy, DATABASE)]
                for relative in _files_below(data_dir):
                    # What is removed between the listing and here was removed by somebody who meant it.
                    with contextlib.suppress(FileNotFoundError):
                        kept.append(_pack(archive, data_dir / relative, relative))
                missing = sorted(named - {each.path for each in kept})
                made = Backup(target, __version__, schema, tuple(kept), tuple(missing))
                archive.writestr(MANIFEST, json.dumps(_document(made), ensure_ascii=False, indent=1))
            file.flush()
            os.fsync(file.fileno())
    return made


def _copy_database(source: Path, copy: Path) -> tuple[int, set[str]]:
    """Its schema version, and the files that its rows name."""
    with closing(sqlite3.connect(source)) as connection, closing(sqlite3.connect(copy)) as target:
        # All pages at once: one read transaction, beside which a server goes on writing.
        connection.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        (schema,) = target.execute("PRAGMA user_version").fetchone()
        return schema, {path for sql in _NAMED for (path,) in target.execute(sql)}


def _files_below(data_dir: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(data_dir):
        at = Path(folder).relative_to(data_dir)
        folders[:] = sorted(each for each in folders if (at / each).as_posix() not in LEFT_OUT)
        for name in sorted(names):
            relative = (at / name).as_posix()
            path = data_dir / relative
            half_written = name.startswith(".") and name.endswith(".part")
            if relative not in LEFT_OUT and not half_written and path.is_file() and not path.is_symlink():
                yield relative


def _pack(archive: zipfile.ZipFile, path: Path, name: str) -> Kept:
    digest, size = hashlib.sha256(), 0
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
        while piece := source.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
            target.write(piece)
    return Kept(name, size, digest.hexdigest())


def _unpack(archive: zipfile.ZipFile, kept: dict[str, Any], place: Path) -> None:
    """Errors: StorageError when it is not there, or not what the manifest says."""
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(kept["path"]) as source, open(place, "wb", opener=_for_owner) as target:
            while piece := source.read(PIECE_BYTES):
                size += len(piece)
                if size > kept["size_bytes"]:
                    break
                digest.update(piece)
                target.write(piece)
    except KeyError as exc:
        raise StorageError(f"the backup lacks {kept['path']}") from exc
    if (size, digest.hexdigest()) != (kept["size_bytes"], kept["sha256"]):
        raise StorageError(f"{kept['path']} in the backup is not what was put there")


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        known, schema = manifest["format"], manifest["schema"]
        paths = [kept["path"] for kept in manifest["files"]]
    except (KeyError, TypeError, ValueError) as exc:
        raise StorageError(f"the archive has no readable {MANIFEST}: it is no backup") from exc
    newest = len(list(MIGRATIONS.glob("[0-9]*.sql")))
    if known != FORMAT or schema > newest:
        raise StorageError(f"the backup is of version {manifest['version']}: use that release or a newer one")
    if DATABASE not in paths:
        raise StorageError("the backup has no database")
    return manifest


def _check_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        try:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as exc:
            said = str(exc)
    if said != "ok":
        raise StorageError(f"the database in the backup is damaged: {said}")


def _document(made: Backup) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": made.version,
        "schema": made.schema,
        "files": [asdict(kept) for kept in made.files],
        "missing": list(made.missing),
    }


@contextlib.contextmanager
def _created(path: Path) -> Iterator[BinaryIO]:
    """For the owner's eyes: the database has prompts, replies and hashes of keys."""
    with open(path, "x+b", opener=_for_owner) as file:
        yield file


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextlib.contextmanager
def _removed_if_left(path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _said(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as exc:
        raise StorageError(f"{what}: {exc}") from exc
