"""The writer: groups, neighbours that fail, cancellation, order, what happens at the end."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiosqlite
import pytest

from chunksmith.errors import Conflict, StorageError
from chunksmith.storage.database import Adding, Database, open_database

INSERT = "INSERT INTO prompts (name, content, created_at, updated_at) VALUES (?, ?, '', '')"
PROJECT = "INSERT INTO projects (uuid, name, created_at, updated_at) VALUES (?, '', '', '')"
ADD = Adding("UPDATE projects SET chunk_count = chunk_count + ? WHERE id = ?")
Procedure = Callable[[aiosqlite.Connection], Awaitable[str]]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "test.db") as opened:
        yield opened


def test_a_new_database_is_for_its_owner_alone(database: Database, tmp_path: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert modes == {"test.db": 0, "test.db-shm": 0, "test.db-wal": 0}


async def names(database: Database) -> list[str]:
    return [row["name"] for row in await database.read("SELECT name FROM prompts ORDER BY id")]


def insert(name: str) -> list[tuple[str, tuple[str, str]]]:
    return [(INSERT, (name, ""))]


def inserting(name: str) -> Procedure:
    async def procedure(connection: aiosqlite.Connection) -> str:
        await connection.execute(INSERT, (name, ""))
        return name

    return procedure


async def later(database: Database, name: str) -> None:
    """Handed over when its turn comes, as a procedure is."""
    await database.apply(insert(name))


async def test_many_at_once_need_few_commits(database: Database) -> None:
    await asyncio.gather(*(database.apply(insert(f"{n}")) for n in range(500)))
    assert len(await names(database)) == 500
    assert database.commits <= 3


async def test_one_alone_is_committed_at_once(database: Database) -> None:
    await database.apply(insert("only"))
    with sqlite3.connect(database._path) as other:
        assert other.execute("SELECT count(*) FROM prompts").fetchone() == (1,)
    other.close()


async def test_a_group_is_at_most_so_large(tmp_path: Path) -> None:
    async with open_database(tmp_path / "small.db", group_max=10) as database:
        await asyncio.gather(*(database.apply(insert(f"{n}")) for n in range(95)))
        assert database.commits >= 10


async def test_operations_keep_their_order(database: Database) -> None:
    await asyncio.gather(*(database.apply(insert(f"{n:03}")) for n in range(100)))
    assert await names(database) == [f"{n:03}" for n in range(100)]


async def test_procedures_keep_their_place_among_statements(database: Database) -> None:
    async def seen(connection: aiosqlite.Connection) -> list[str]:
        return [row["name"] for row in await connection.execute_fetchall("SELECT name FROM prompts ORDER BY id")]

    first, _, second, _, third = await asyncio.gather(
        database.transact(seen),
        later(database, "a"),
        database.transact(seen),
        later(database, "b"),
        database.transact(seen),
    )
    assert (first, second, third, database.commits) == ([], ["a"], ["a", "b"], 1)


async def test_a_statement_that_fails_behind_a_procedure_undoes_only_itself(database: Database) -> None:
    found = await asyncio.gather(
        later(database, "a"),
        database.transact(inserting("b")),
        later(database, "a"),
        later(database, "c"),
        return_exceptions=True,
    )
    assert [type(one) for one in found] == [type(None), str, sqlite3.IntegrityError, type(None)]
    assert await names(database) == ["a", "b", "c"]


async def test_what_fails_fails_alone(database: Database) -> None:
    await database.apply(insert("taken"))
    found = await asyncio.gather(
        *(database.apply(insert(name)) for name in ("a", "taken", "b", "taken", "c")), return_exceptions=True
    )
    assert [isinstance(one, sqlite3.IntegrityError) for one in found] == [False, True, False, True, False]
    assert await names(database) == ["taken", "a", "b", "c"]


async def test_statements_of_one_operation_stand_or_fall_together(database: Database) -> None:
    await database.apply(insert("taken"))
    with pytest.raises(sqlite3.IntegrityError):
        await database.apply([*insert("half"), *insert("taken")])
    assert await names(database) == ["taken"]


async def test_a_procedure_that_refuses_undoes_only_itself(database: Database) -> None:
    async def refuse(connection: aiosqlite.Connection) -> None:
        await connection.execute(INSERT, ("refused", ""))
        raise Conflict("no")

    found = await asyncio.gather(
        database.apply(insert("a")),
        database.transact(refuse),
        database.transact(inserting("b")),
        database.apply(insert("c")),
        return_exceptions=True,
    )
    assert [type(one) for one in found] == [type(None), Conflict, str, type(None)]
    assert sorted(await names(database)) == ["a", "b", "c"]


async def test_a_procedure_with_a_bug_does_not_hurt_its_neighbours(database: Database) -> None:
    async def broken(connection: aiosqlite.Connection) -> None:
        await connection.execute(INSERT, ("broken", ""))
        raise ZeroDivisionError

    found = await asyncio.gather(
        database.apply(insert("a")), database.transact(broken), database.apply(insert("b")), return_exceptions=True
    )
    assert isinstance(found[1], ZeroDivisionError)
    assert await names(database) == ["a", "b"]


async def test_whoever_is_cancelled_while_waiting_hurts_nobody(database: Database) -> None:
    tasks = [asyncio.ensure_future(database.apply(insert(f"{n}"))) for n in range(50)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(one is None for one in found[1::2])
    # What was handed over is written although nobody waits for it any more: all of it, once.
    assert sorted(await names(database)) == sorted(f"{n}" for n in range(50))


async def test_a_cancelled_reader_gives_its_connection_back(database: Database) -> None:
    for _ in range(20):
        task = asyncio.ensure_future(database.read("SELECT 1 AS one"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    found = await asyncio.gather(*(database.read_one("SELECT 2 AS two") for _ in range(10)))
    assert [row["two"] for row in found if row is not None] == [2] * 10


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        await database.read(INSERT, ("x", ""))


async def test_closing_commits_what_waits(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db", group_max=7)
    await database.open()
    tasks = [asyncio.ensure_future(database.apply(insert(f"{n}"))) for n in range(100)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*tasks) == [None] * 100
    async with open_database(tmp_path / "test.db") as again:
        assert len(await names(again)) == 100


async def test_who_comes_too_late_is_told(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db")
    await database.open()
    closing = asyncio.ensure_future(database.close())
    await asyncio.sleep(0)
    with pytest.raises(StorageError):
        await asyncio.wait_for(database.apply(insert("late")), 5)
    await closing


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 63, 64, 65, 127, 200])
async def test_many_rows_of_one_statement_are_written_once_and_in_order(database: Database, count: int) -> None:
    await database.apply([statement for n in range(count) for statement in insert(f"{n:03}")])
    assert await names(database) == [f"{n:03}" for n in range(count)]


async def test_what_a_group_adds_to_a_counter_is_the_sum(database: Database) -> None:
    await database.apply([(PROJECT, (uuid,)) for uuid in ("even", "odd")])
    await asyncio.gather(*(database.apply([(ADD, (n, n % 2 + 1))]) for n in range(100)))
    rows = await database.read("SELECT chunk_count FROM projects ORDER BY id")
    assert [row["chunk_count"] for row in rows] == [sum(range(0, 100, 2)), sum(range(1, 100, 2))]


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test.db").write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StorageError):
        await Database(tmp_path / "test.db").open()


async def test_commits_are_durable_and_not_delayed(database: Database) -> None:
    (synchronous,) = await database._writer.execute_fetchall("PRAGMA synchronous")
    (journal,) = await database._writer.execute_fetchall("PRAGMA journal_mode")
    assert (synchronous[0], journal[0]) == (2, "wal")  # 2 is FULL
