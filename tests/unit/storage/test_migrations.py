"""The migrations, replayed from nothing, give the schema that is kept beside this file.

After a migration was added: ``python tests/unit/storage/test_migrations.py`` writes it anew; read the difference.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import aiosqlite
import pytest

from chunksmith.errors import StorageError
from chunksmith.storage.database import MIGRATIONS, migrate, open_database

SNAPSHOT = Path(__file__).with_name("schema.sql")


def schema_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name"
        ).fetchall()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return "\n\n".join([f"-- version {version}", *(f"{row[0]};" for row in rows)]) + "\n"


async def replayed(folder: Path) -> str:
    async with open_database(folder / "fresh.db"):
        pass
    return schema_of(folder / "fresh.db")


async def test_migrations_give_the_schema_that_is_kept(tmp_path: Path) -> None:
    assert await replayed(tmp_path) == SNAPSHOT.read_text(encoding="utf-8")


async def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    assert await replayed(tmp_path) == await replayed(tmp_path)


async def test_every_table_is_strict(tmp_path: Path) -> None:
    await replayed(tmp_path)
    with closing(sqlite3.connect(tmp_path / "fresh.db")) as connection:
        loose = [row[1] for row in connection.execute("PRAGMA table_list") if row[2] == "table" and not row[5]]
    assert [name for name in loose if not name.startswith("sqlite_")] == []


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted(MIGRATIONS.glob("*.sql"))]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_database_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    await replayed(tmp_path)
    with closing(sqlite3.connect(tmp_path / "fresh.db")) as connection:
        connection.execute("PRAGMA user_version = 9999")
    with pytest.raises(StorageError, match="newer"):
        await replayed(tmp_path)


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE a (n INTEGER) STRICT;")
    return folder


async def test_only_what_is_missing_is_applied(tmp_path: Path, scripts: Path) -> None:
    async with aiosqlite.connect(tmp_path / "x.db", isolation_level=None) as connection:
        await migrate(connection, scripts)
        await connection.execute("INSERT INTO a VALUES (1)")
        (scripts / "0002_second.sql").write_text("ALTER TABLE a ADD COLUMN m INTEGER NOT NULL DEFAULT 7;")
        await migrate(connection, scripts)
        assert list(await connection.execute_fetchall("SELECT n, m FROM a")) == [(1, 7)]


async def test_a_migration_that_fails_leaves_what_was_there(tmp_path: Path, scripts: Path) -> None:
    (scripts / "0002_broken.sql").write_text("CREATE TABLE b (n INTEGER) STRICT;\nCREATE TABLE a (n INTEGER) STRICT;")
    async with aiosqlite.connect(tmp_path / "x.db", isolation_level=None) as connection:
        with pytest.raises(StorageError, match="0002_broken"):
            await migrate(connection, scripts)
        tables = await connection.execute_fetchall("SELECT name FROM sqlite_schema")
        (version,) = await connection.execute_fetchall("PRAGMA user_version")
    assert (list(tables), version[0]) == ([("a",)], 1)


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        SNAPSHOT.write_text(asyncio.run(replayed(Path(place))), encoding="utf-8")
