"""Reference sets and their rows: written in slices, seen when complete."""

from collections.abc import Sequence

import aiosqlite

from chunksmith.domain.curation import ReferenceRow, ReferenceSet
from chunksmith.errors import Conflict
from chunksmith.storage.database import Database, Row
from chunksmith.storage.rows import SLICE, changed, first

_OPEN = "INSERT INTO reference_sets (name, created_at) VALUES (?, ?)"
_BY_NAME = "SELECT id FROM reference_sets WHERE name = ? AND hidden = 0"
_ADD = "INSERT INTO reference_rows (reference, line, prompt, rest) VALUES (?, ?, ?, ?)"
_FINISH = "UPDATE reference_sets SET hidden = 0, rows_count = ?, size_bytes = ?, sha256 = ? WHERE id = ?"
_GET = "SELECT * FROM reference_sets WHERE id = ? AND hidden = 0"
_PAGE = "SELECT * FROM reference_sets WHERE hidden = 0 ORDER BY id LIMIT ? OFFSET ?"
_ROWS = "SELECT line, prompt, rest FROM reference_rows WHERE reference = ? AND line > ? ORDER BY line LIMIT ?"
_DISCARD = """
DELETE FROM reference_rows WHERE reference = ?1 AND line <= (
    SELECT max(line) FROM (SELECT line FROM reference_rows WHERE reference = ?1 ORDER BY line LIMIT ?2))
"""


class ReferenceStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, name: str, at: str) -> int:
        async def insert(connection: aiosqlite.Connection) -> int:
            await _check_free(connection, name)
            cursor = await connection.execute(_OPEN, (name, at))
            assert cursor.lastrowid is not None  # noqa: S101 - just inserted
            return cursor.lastrowid

        return await self._database.transact(insert)

    async def add(self, reference: int, rows: Sequence[ReferenceRow]) -> None:
        await self._database.apply([(_ADD, (reference, *row)) for row in rows])

    async def finish(self, reference: int, rows_count: int, size_bytes: int, sha256: str) -> ReferenceSet:
        async def show(connection: aiosqlite.Connection) -> ReferenceSet:
            hidden = await first(connection, "SELECT name FROM reference_sets WHERE id = ?", reference)
            assert hidden is not None  # noqa: S101 - opened by the caller
            await _check_free(connection, hidden["name"])
            await connection.execute(_FINISH, (rows_count, size_bytes, sha256, reference))
            row = await first(connection, _GET, reference)
            assert row is not None  # noqa: S101 - shown above
            return _reference(row)

        return await self._database.transact(show)

    async def get(self, reference: int) -> ReferenceSet | None:
        row = await self._database.read_one(_GET, (reference,))
        return _reference(row) if row is not None else None

    async def page(self, limit: int, offset: int) -> tuple[list[ReferenceSet], int]:
        rows = await self._database.read(_PAGE, (limit, offset))
        (count,) = await self._database.read("SELECT count(*) AS n FROM reference_sets WHERE hidden = 0")
        return [_reference(row) for row in rows], int(count["n"])

    async def hide(self, reference: int) -> bool:
        async def change(connection: aiosqlite.Connection) -> bool:
            sql = "UPDATE reference_sets SET hidden = 1 WHERE id = ? AND hidden = 0"
            return await changed(connection, sql, reference) > 0

        return await self._database.transact(change)

    async def discard_slice(self, reference: int) -> bool:
        async def discard(connection: aiosqlite.Connection) -> bool:
            if await changed(connection, _DISCARD, reference, SLICE) == SLICE:
                return True
            await connection.execute("DELETE FROM reference_sets WHERE id = ? AND hidden = 1", (reference,))
            return False

        return await self._database.transact(discard)

    async def hidden(self) -> list[int]:
        rows = await self._database.read("SELECT id FROM reference_sets WHERE hidden = 1 ORDER BY id")
        return [row["id"] for row in rows]

    async def rows(self, reference: int, after: int, limit: int) -> list[ReferenceRow]:
        return [ReferenceRow(*row) for row in await self._database.read(_ROWS, (reference, after, limit))]


async def _check_free(connection: aiosqlite.Connection, name: str) -> None:
    """Errors: Conflict."""
    if await first(connection, _BY_NAME, name) is not None:
        raise Conflict(f"there is a reference set with the name {name!r}")


def _reference(row: Row) -> ReferenceSet:
    return ReferenceSet(
        id=row["id"],
        name=row["name"],
        rows_count=row["rows_count"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        created_at=row["created_at"],
    )
