"""API keys, as their hashes."""

import aiosqlite

from chunksmith.domain.keys import ApiKey, ValidKey
from chunksmith.errors import Conflict
from chunksmith.storage.database import Database, Row
from chunksmith.storage.rows import changed, first

_INSERT = "INSERT INTO api_keys (name, prefix, sha256, created_at) VALUES (?, ?, ?, ?)"
_BY_HASH = "SELECT * FROM api_keys WHERE sha256 = ?"
_SAME_NAME = "SELECT 1 FROM api_keys WHERE name = ? AND revoked_at IS NULL"
_ALL = "SELECT * FROM api_keys ORDER BY id"
_VALID = "SELECT name, sha256 FROM api_keys WHERE revoked_at IS NULL ORDER BY id"
_REVOKE = "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"


class KeyStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, name: str, prefix: str, sha256: str, at: str) -> ApiKey:
        async def insert(connection: aiosqlite.Connection) -> ApiKey:
            if await first(connection, _SAME_NAME, name) is not None:
                raise Conflict(f"there is a key named {name} already; revoke it first")
            await connection.execute(_INSERT, (name, prefix, sha256, at))
            row = await first(connection, _BY_HASH, sha256)
            assert row is not None  # noqa: S101 - just inserted
            return _key(row)

        return await self._database.transact(insert)

    async def all(self) -> list[ApiKey]:
        return [_key(row) for row in await self._database.read(_ALL)]

    async def valid(self) -> list[ValidKey]:
        return [ValidKey(row["name"], row["sha256"]) for row in await self._database.read(_VALID)]

    async def revoke(self, key: int, at: str) -> bool:
        async def mark(connection: aiosqlite.Connection) -> bool:
            return bool(await changed(connection, _REVOKE, at, key))

        return await self._database.transact(mark)


def _key(row: Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        name=row["name"],
        prefix=row["prefix"],
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
    )
