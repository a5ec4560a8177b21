"""One SQLite file: one connection that writes, in groups, and a few that read."""

import asyncio
import contextlib
import functools
import itertools
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from chunksmith.errors import AppError, StorageError
from chunksmith.storage.any_case import HOLDS, holds

T = TypeVar("T")
Row = sqlite3.Row
Statement = tuple[str, Sequence[Any]]
Procedure = Callable[[aiosqlite.Connection], Awaitable[Any]]

MIGRATIONS = Path(__file__).with_name("migrations")
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "busy_timeout = 5000",
    "temp_store = MEMORY",
    "cache_size = -2000",  # KiB; what is read again is in the system's cache anyway
    "journal_size_limit = 67108864",
)
READERS = 3
READER_CACHE_KIB = 1_000
ROWS_FETCHED = 64  # by each hop of a cursor that is iterated
# Rows of one INSERT: each step of a statement lets go of the interpreter, and waits to get it back.
ROWS_MAX = 32
_ALL_VALUES = re.compile(r"\bVALUES\s*(\([^()]*\))\s*\Z")


class Adding(str):
    """An UPDATE that adds its parameters to counters of the row that the last of them names.

    Those of a group are added up before they are written: many calls of one job are one change of its counters.
    """

    __slots__ = ()


class _Connection(aiosqlite.Connection):
    """Each statement of a connection is a hop to its thread and back; a group is one hop."""

    async def run_group(
        self, statements: Mapping[str, Sequence[Sequence[Any]]], *, begin: bool = True, commit: bool
    ) -> None:
        """Begin a transaction and run each statement for all of its rows; whatever fails undoes all."""
        await self._execute(self._run_group, statements, begin, commit)  # type: ignore[no-untyped-call]  # none upstream

    def _run_group(self, statements: Mapping[str, Sequence[Sequence[Any]]], begin: bool, commit: bool) -> None:
        connection = self._conn
        if begin:
            connection.execute("BEGIN IMMEDIATE")
        try:
            for sql, rows in statements.items():
                for statement, values in _in_blocks(sql, rows):
                    connection.executemany(statement, values)
            if commit:
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk ends it by itself
                connection.execute("ROLLBACK")
            raise


class Database:
    """Reads run beside each other; writes go through one task that commits all that wait in one transaction.

    ``apply`` is for small changes that many coroutines make at once: equal statements of a group run as one
    ``executemany``, so statements of one group must not depend on another operation's row order. ``transact`` is for
    everything else: a procedure that reads and writes. It finds what was handed over before it, and nothing of what
    came behind. Both return when the change is durable (``synchronous=FULL``).
    """

    def __init__(self, path: Path, group_max: int = 512) -> None:
        self._path = path
        self._group_max = group_max
        self._connections: list[_Connection] = []
        self._readers: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        # Not bounded: whoever hands over an operation waits until it is durable before the next.
        self._queue: asyncio.Queue[_Operation | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self.commits = 0

    async def open(self) -> None:
        """Errors: StorageError when the file cannot be opened, or was written by a newer release."""
        try:
            await self._connect()
        except (OSError, sqlite3.Error) as exc:
            await self._disconnect()
            raise StorageError(f"{self._path} cannot be opened: {exc}") from exc
        except StorageError:
            await self._disconnect()
            raise
        self._task = asyncio.create_task(self._serve(), name="database-writer")

    async def close(self) -> None:
        """Commits what waits, then closes."""
        self._closing = True
        if self._task is not None:
            await self._queue.put(None)
            await self._task
        await self._disconnect()

    async def _connect(self) -> None:
        # What SQLite makes beside it, the log and its index, gets the same permissions.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        writer = await _connect(self._path)
        self._connections.append(writer)
        await migrate(writer)
        for _ in range(READERS):
            reader = await _connect(self._path)
            self._connections.append(reader)
            await reader.execute("PRAGMA query_only = ON")
            await reader.execute(f"PRAGMA cache_size = {-READER_CACHE_KIB}")
            self._readers.put_nowait(reader)

    async def _disconnect(self) -> None:
        for connection in reversed(self._connections):
            await connection.close()
        self._connections.clear()

    @property
    def _writer(self) -> _Connection:
        return self._connections[0]

    @property
    def waiting(self) -> int:
        """Operations in the queue."""
        return self._queue.qsize()

    async def read(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        connection = await self._readers.get()
        try:
            return list(await connection.execute_fetchall(sql, parameters))
        except sqlite3.OperationalError as exc:
            raise _translated(exc) from exc
        finally:
            self._readers.put_nowait(connection)

    async def read_one(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Row | None:
        rows = await self.read(sql, parameters)
        return rows[0] if rows else None

    def apply(self, statements: Sequence[Statement], value: Any = None) -> "asyncio.Future[Any]":
        """To be awaited, gives ``value``. A future: it goes on by itself, and is shielded without a task."""
        return self._submit(_Operation(statements, value=value))

    async def transact(self, procedure: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        result: T = await self._submit(_Operation(procedure=procedure))
        return result

    def _submit(self, operation: "_Operation") -> "asyncio.Future[Any]":
        if self._task is None or self._task.done() or self._closing:
            raise StorageError("the database is closed")
        self._queue.put_nowait(operation)
        return operation.done

    async def _serve(self) -> None:
        ending = False
        while not ending:
            group = [await self._queue.get()]
            while len(group) < self._group_max and not self._queue.empty():
                group.append(self._queue.get_nowait())
            ending = None in group
            if operations := [operation for operation in group if operation is not None]:
                await self._commit(operations)

    async def _commit(self, group: list["_Operation"]) -> None:
        try:
            results = await self._transaction(group)
        except Exception as exc:  # noqa: BLE001 - handed to the one whose operation it is
            if len(group) == 1:
                group[0].fail(_translated(exc))
                return
            # One operation of the group is wrong: each alone, so that only that one fails.
            for operation in group:
                await self._commit([operation])
            return
        for operation, result in zip(group, results, strict=True):
            operation.settle(result)

    async def _transaction(self, group: list["_Operation"]) -> list[Any]:
        head = list(itertools.takewhile(_is_statements, group))
        alone = len(head) == len(group)
        await self._writer.run_group(_merged(head), commit=alone)
        results = [operation.value for operation in head]
        if not alone:
            results += await self._rest(group[len(head) :])
        self.commits += 1
        return results

    async def _rest(self, operations: Sequence["_Operation"]) -> list[Any]:
        """From the first procedure of a group to its end: only statements with no procedure between them are merged."""
        results: list[Any] = []
        try:
            for statements, part in itertools.groupby(operations, key=_is_statements):
                neighbours = list(part)
                if statements:
                    await self._writer.run_group(_merged(neighbours), begin=False, commit=False)
                    results += [operation.value for operation in neighbours]
                else:
                    results += [await self._run(one.procedure) for one in neighbours if one.procedure is not None]
            await self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:  # a full disk ends it by itself
                await self._writer.execute("ROLLBACK")
            raise
        return results

    async def _run(self, procedure: Procedure) -> Any:
        """A procedure that refuses (NotFound, Conflict) undoes its own changes and not its neighbours'."""
        await self._writer.execute("SAVEPOINT operation")
        try:
            result: Any = await procedure(self._writer)
        except AppError as exc:
            await self._writer.execute("ROLLBACK TO operation")
            result = exc
        await self._writer.execute("RELEASE operation")
        return result


def _is_statements(operation: "_Operation") -> bool:
    return operation.procedure is None


def _merged(group: Sequence["_Operation"]) -> dict[str, list[Sequence[Any]]]:
    """The rows of each statement, in the order in which they came; what is added to one row is one of them."""
    merged: dict[str, list[Sequence[Any]]] = {}
    sums: dict[tuple[str, Any], list[Any]] = {}
    for operation in group:
        for sql, parameters in operation.statements:
            if not isinstance(sql, Adding):
                merged.setdefault(sql, []).append(parameters)
            elif (known := sums.get((sql, parameters[-1]))) is None:
                sums[sql, parameters[-1]] = row = list(parameters)
                merged.setdefault(sql, []).append(row)
            else:
                for place, amount in enumerate(parameters[:-1]):
                    known[place] += amount
    return merged


def _in_blocks(sql: str, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, Sequence[Sequence[Any]]]]:
    """An INSERT of many rows as a few of several rows each, of sizes that are met again; others as they are."""
    if len(rows) == 1 or _ALL_VALUES.search(sql) is None:
        yield sql, rows
        return
    begin = 0
    size = ROWS_MAX
    while begin < len(rows):
        while size > len(rows) - begin:
            size //= 2
        blocks = (len(rows) - begin) // size
        ends = range(begin, begin + blocks * size, size)
        yield _of_rows(sql, size), [[value for row in rows[at : at + size] for value in row] for at in ends]
        begin += blocks * size


@functools.lru_cache(maxsize=256)
def _of_rows(sql: str, count: int) -> str:
    found = _ALL_VALUES.search(sql)
    assert found is not None  # noqa: S101 - asked before
    return sql[: found.start(1)] + ", ".join([found[1]] * count)


def _translated(exc: Exception) -> Exception:
    """A full or broken disk is the operator's matter; anything else from SQLite is a mistake of ours."""
    if isinstance(exc, sqlite3.OperationalError) and exc.sqlite_errorname.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        translated = StorageError(f"the database cannot be written: {exc}")
        translated.__cause__ = exc
        return translated
    return exc


@dataclass(slots=True)
class _Operation:
    statements: Sequence[Statement] = ()
    procedure: Procedure | None = None
    value: Any = None
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def settle(self, result: Any) -> None:
        if isinstance(result, AppError):
            self.fail(result)
        elif not self.done.done():
            self.done.set_result(result)

    def fail(self, exc: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(exc)


@contextlib.asynccontextmanager
async def open_database(path: Path, group_max: int = 512) -> AsyncIterator[Database]:
    """Errors: StorageError, as ``Database.open``."""
    database = Database(path, group_max)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def migrate(connection: aiosqlite.Connection, directory: Path = MIGRATIONS) -> None:
    """Apply what is missing, each script in a transaction of its own."""
    scripts = _scripts(directory)
    (row,) = await connection.execute_fetchall("PRAGMA user_version")
    version = int(row[0])
    if version > len(scripts):
        raise StorageError(f"the database has version {version}, this release knows {len(scripts)}: use a newer one")
    for number, script in enumerate(scripts[version:], start=version + 1):
        text = script.read_text(encoding="utf-8")
        try:
            # executescript commits an open transaction first, so the transaction is part of the script.
            await connection.executescript(f"BEGIN IMMEDIATE;\n{text}\nPRAGMA user_version = {number};\nCOMMIT;")
        except sqlite3.Error as exc:
            with contextlib.suppress(sqlite3.Error):
                await connection.execute("ROLLBACK")
            raise StorageError(f"migration {script.name} failed: {exc}") from exc


def _scripts(directory: Path) -> list[Path]:
    return sorted(directory.glob("[0-9]*.sql"))


async def _connect(path: Path) -> _Connection:
    connect = functools.partial(sqlite3.connect, path, isolation_level=None, cached_statements=256)
    connection = _Connection(connect, ROWS_FETCHED)
    await connection
    connection.row_factory = sqlite3.Row
    try:
        await connection.create_function(HOLDS, 2, holds, deterministic=True)
        for pragma in PRAGMAS:
            await connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        await connection.close()  # its thread would keep the process alive
        raise
    return connection
