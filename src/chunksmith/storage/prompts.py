"""Prompts that were added to the built-in ones."""

import sqlite3
from collections.abc import Mapping

import aiosqlite

from chunksmith.domain.prompts import Prompt, PromptDraft
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.database import Database, Row
from chunksmith.storage.rows import changed, first

_INSERT = """
INSERT INTO prompts (name, content, description, generation_mode, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
"""
_BY_ID = "SELECT * FROM prompts WHERE id = ?"
_BY_NAME = "SELECT * FROM prompts WHERE name = ?"
_ALL = "SELECT * FROM prompts WHERE ?1 IS NULL OR generation_mode = ?1 ORDER BY id LIMIT ?2 OFFSET ?3"
_COUNT = "SELECT count(*) AS n FROM prompts WHERE ?1 IS NULL OR generation_mode = ?1"
_UPDATE = """
UPDATE prompts SET name = ?, content = ?, description = ?, generation_mode = ?, updated_at = ? WHERE id = ?
"""
_DELETE = "DELETE FROM prompts WHERE id = ?"


class PromptStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, draft: PromptDraft, at: str) -> Prompt:
        async def insert(connection: aiosqlite.Connection) -> Prompt:
            values = (draft.name, draft.content, draft.description, draft.generation_mode, at, at)
            await _write(connection, _INSERT, values, draft.name)
            row = await first(connection, _BY_NAME, draft.name)
            assert row is not None  # noqa: S101 - just inserted
            return _prompt(row)

        return await self._database.transact(insert)

    async def get(self, prompt: int) -> Prompt | None:
        row = await self._database.read_one(_BY_ID, (prompt,))
        return _prompt(row) if row is not None else None

    async def by_name(self, name: str) -> Prompt | None:
        row = await self._database.read_one(_BY_NAME, (name,))
        return _prompt(row) if row is not None else None

    async def page(self, limit: int, offset: int, mode: str | None) -> tuple[list[Prompt], int]:
        rows = await self._database.read(_ALL, (mode, limit, offset))
        (count,) = await self._database.read(_COUNT, (mode,))
        return [_prompt(row) for row in rows], count["n"]

    async def change(self, prompt: int, fields: Mapping[str, str | None], at: str) -> Prompt:
        async def update(connection: aiosqlite.Connection) -> Prompt:
            row = await first(connection, _BY_ID, prompt)
            if row is None:
                raise NotFound("Prompt", prompt)
            names = ("name", "content", "description", "generation_mode")
            values = [fields[name] if name in fields else row[name] for name in names]
            await _write(connection, _UPDATE, (*values, at, prompt), values[0])
            row = await first(connection, _BY_ID, prompt)
            assert row is not None  # noqa: S101 - read above, in this transaction
            return _prompt(row)

        return await self._database.transact(update)

    async def delete(self, prompt: int) -> bool:
        async def remove(connection: aiosqlite.Connection) -> bool:
            return bool(await changed(connection, _DELETE, prompt))

        return await self._database.transact(remove)


async def _write(connection: aiosqlite.Connection, sql: str, values: tuple[object, ...], name: object) -> None:
    try:
        await connection.execute(sql, values)
    except sqlite3.IntegrityError as exc:
        raise Conflict(f"there is a prompt named {name} already") from exc


def _prompt(row: Row) -> Prompt:
    return Prompt(
        id=row["id"],
        name=row["name"],
        content=row["content"],
        description=row["description"],
        generation_mode=row["generation_mode"],
        builtin=False,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
