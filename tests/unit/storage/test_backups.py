"""Backups are whole, say so, and are put back whole or not at all."""

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chunksmith.errors import AppError, Conflict, InvalidRequest, StorageError
from chunksmith.storage.backups import MANIFEST, back_up, restore, verify
from chunksmith.storage.database import Database

FILES = {"uploads/ab/abc": b"original", "datasets/1/batch_000.jsonl": b"{}\n"}
NOT_KEPT = {"datasets/.exports/x.jsonl": b"again", "uploads/incoming/y": b"half", "datasets/1/.z.part": b"half"}


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    database = Database(folder / "chunksmith.db")
    await database.open()
    await database.close()
    for name, content in (FILES | NOT_KEPT).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def tables(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "chunksmith.db")) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}


def test_what_is_restored_is_for_its_owner_alone(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b.zip")
    (tmp_path / "again").mkdir(mode=0o755)
    restore(tmp_path / "b.zip", tmp_path / "again")
    restored = [path for path in (tmp_path / "again").rglob("*") if path.is_file()]
    assert [path.name for path in restored if path.stat().st_mode & 0o077] == []


def test_what_is_restored_is_what_was_there(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b.zip")
    restore(tmp_path / "b.zip", tmp_path / "again")
    assert names(tmp_path / "again") == {*FILES, "chunksmith.db"}
    assert {name: (tmp_path / "again" / name).read_bytes() for name in FILES} == FILES
    assert tables(tmp_path / "again") == tables(data)


def test_writing_goes_on_while_a_backup_is_taken(data: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data / "chunksmith.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO projects (uuid, name, created_at, updated_at) VALUES ('u', 'open', 't', 't')")
        back_up(data, tmp_path / "b.zip")
        writer.execute("COMMIT")
    restore(tmp_path / "b.zip", tmp_path / "again")
    with closing(sqlite3.connect(tmp_path / "again" / "chunksmith.db")) as connection:
        assert connection.execute("SELECT count(*) FROM projects").fetchone() == (0,)


def test_a_file_that_rows_name_and_that_is_gone_is_told(data: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data / "chunksmith.db", isolation_level=None)) as writer:
        writer.execute("INSERT INTO projects (uuid, name, created_at, updated_at) VALUES ('u', 'p', 't', 't')")
        writer.execute(
            "INSERT INTO documents (project_id, name, origin, status, stored_path, created_at, updated_at) "
            "VALUES (1, 'd', 'upload', 'uploaded', 'uploads/no/ne', 't', 't')"
        )
    assert back_up(data, tmp_path / "b.zip").missing == ("uploads/no/ne",)


def test_a_backup_is_for_its_owner_only(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").stat().st_mode & 0o077 == 0


def test_a_file_is_never_replaced(data: Path, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(Conflict):
        back_up(data, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_text() == "mine"


def test_a_folder_without_a_database_is_not_backed_up(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        back_up(tmp_path, tmp_path / "b.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_has_something_is_left_alone(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b.zip")
    with pytest.raises(Conflict):
        restore(tmp_path / "b.zip", data)
    assert names(data) == {*FILES, *NOT_KEPT, "chunksmith.db"}


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _other_bytes(path: Path) -> None:
    _repacked(path, {"uploads/ab/abc": b"0riginal"})


def _broken_database(path: Path) -> None:
    _repacked(path, {"chunksmith.db": b"no database"})


def _outside(path: Path) -> None:
    _repacked(path, {}, rename={"uploads/ab/abc": "../abc"})


def _newer(path: Path) -> None:
    _repacked(path, {}, schema=10_000)


def _repacked(path: Path, contents: dict[str, bytes], rename: dict[str, str] | None = None, schema: int = 1) -> None:
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(kept.pop(MANIFEST)) | {"schema": schema}
    renamed = rename or {}
    for file in manifest["files"]:
        file["path"] = renamed.get(file["path"], file["path"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (kept | contents).items():
            archive.writestr(renamed.get(name, name), content)
        archive.writestr(MANIFEST, json.dumps(manifest))


@pytest.mark.parametrize("harm", [_cut, _other_bytes, _broken_database, _outside, _newer])
def test_a_damaged_or_hostile_backup_is_refused(data: Path, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    back_up(data, tmp_path / "b.zip")
    harm(tmp_path / "b.zip")
    with pytest.raises(AppError):
        restore(tmp_path / "b.zip", tmp_path / "again")
    assert {path.name for path in tmp_path.iterdir()} == {"data", "b.zip"}


def test_a_missing_folder_is_named_as_it_was_given(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "b.zip"
    with pytest.raises(InvalidRequest) as refused:
        back_up(data, target)
    assert refused.value.detail == f"file: {target.parent} is no folder that can be written to"


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(StorageError, match="no backup"):
        verify(tmp_path / "x.zip")
