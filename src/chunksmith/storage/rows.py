"""What procedures on the writer's connection share."""

from typing import Any

import aiosqlite

from chunksmith.storage.database import Row

# Rows changed in one transaction, so that a large change does not hold up other writers.
SLICE = 2000


async def first(connection: aiosqlite.Connection, sql: str, *parameters: Any) -> Row | None:
    for row in await connection.execute_fetchall(sql, parameters):
        return row
    return None


async def changed(connection: aiosqlite.Connection, sql: str, *parameters: Any) -> int:
    """Run a statement; the number of rows that it changed."""
    cursor = await connection.execute(sql, parameters)
    count = cursor.rowcount
    await cursor.close()
    return count
