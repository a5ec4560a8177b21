"""Chunks that arrive in slices and become visible at once.

An import is a row of ``open_imports``. Its chunks and documents carry its id and are hidden while the row is there.
One whose row is there, but which this process does not work on, was abandoned: its rows are removed.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

import aiosqlite

from chunksmith.domain.corpus import ImportedChunk, ImportResult
from chunksmith.errors import Conflict
from chunksmith.storage.database import Database, Row
from chunksmith.storage.projects import check_project
from chunksmith.storage.rows import SLICE, changed, first

_OPEN = """
INSERT INTO open_imports (project_id, first_chunk_id, first_document_id, started_at)
VALUES (?, ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'chunks'), 0) + 1,
    ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'documents'), 0) + 1, ?)
"""
_GET = "SELECT * FROM open_imports WHERE id = ?"
_TAKEN = """
SELECT external_id FROM chunks
WHERE project_id = ? AND external_id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL
"""
# Documents that another import is about to make are not there yet: each import makes its own.
_DOCUMENTS = """
SELECT d.id, d.name, ifnull((SELECT max(chunk_index) FROM chunks AS c
    WHERE c.document_id = d.id AND c.deleted_at IS NULL), -1) + 1 AS next_index
FROM documents AS d
WHERE d.project_id = ? AND d.origin = 'import' AND d.deleted_at IS NULL
    AND d.name IN (SELECT value FROM json_each(?))
    AND (d.import_id IS NULL OR d.import_id = ? OR d.import_id NOT IN (SELECT id FROM open_imports))
ORDER BY d.id DESC
"""
_ADD_DOCUMENT = """
INSERT INTO documents (project_id, name, origin, status, import_id, created_at, updated_at)
VALUES (?, ?, 'import', 'chunked', ?, ?, ?)
"""
_ADD_CHUNK = """
INSERT INTO chunks (project_id, document_id, chunk_index, text, metadata, external_id, import_id)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_COUNT = """
UPDATE open_imports SET chunk_count = chunk_count + ?, document_count = document_count + ? WHERE id = ?
"""
_CLOSE = "DELETE FROM open_imports WHERE id = ?"
_FIRST_CHUNK = """
SELECT id FROM chunks WHERE project_id = ? AND deleted_at IS NULL AND id >= ? AND import_id = ? ORDER BY id LIMIT 1
"""
_SHOW = "UPDATE projects SET chunk_count = chunk_count + ?, updated_at = ? WHERE id = ?"
_DISCARD_CHUNKS = """
DELETE FROM chunks WHERE id IN (
    SELECT id FROM chunks WHERE project_id = ? AND deleted_at IS NULL AND id >= ? AND import_id = ? LIMIT ?)
"""
_DISCARD_DOCUMENTS = """
DELETE FROM documents WHERE id IN (
    SELECT id FROM documents WHERE project_id = ? AND deleted_at IS NULL AND id >= ? AND import_id = ? LIMIT ?)
"""


class ImportStore:
    """``open``, then ``add`` as often as needed, then ``finish``; ``close`` in any case."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._live: set[int] = set()

    async def open(self, project: int, at: str) -> int:
        async def insert(connection: aiosqlite.Connection) -> int:
            await check_project(connection, project)
            cursor = await connection.execute(_OPEN, (project, at))
            assert cursor.lastrowid is not None  # noqa: S101 - just inserted
            # Before anybody can see the row, or it would look abandoned.
            self._live.add(cursor.lastrowid)
            return cursor.lastrowid

        return await self._database.transact(insert)

    def close(self, import_id: int) -> None:
        """From now on an import that was not finished counts as abandoned."""
        self._live.discard(import_id)

    async def add(self, import_id: int, chunks: Sequence[ImportedChunk], at: str) -> list[ImportedChunk]:
        async def insert(connection: aiosqlite.Connection) -> list[ImportedChunk]:
            row = await _open_import(connection, import_id)
            taken = await _taken(connection, row["project_id"], chunks)
            if taken:
                return taken
            documents, made = await _documents(connection, row, chunks, at)
            await connection.executemany(_ADD_CHUNK, _chunk_rows(row, chunks, documents))
            await connection.execute(_COUNT, (len(chunks), made, import_id))
            return []

        return await self._database.transact(insert)

    async def finish(self, import_id: int, at: str) -> ImportResult:
        async def show(connection: aiosqlite.Connection) -> ImportResult:
            row = await _open_import(connection, import_id)
            chunk = await first(connection, _FIRST_CHUNK, row["project_id"], row["first_chunk_id"], import_id)
            await connection.execute(_CLOSE, (import_id,))
            await connection.execute(_SHOW, (row["chunk_count"], at, row["project_id"]))
            return ImportResult(row["chunk_count"], row["document_count"], chunk["id"] if chunk is not None else 0)

        return await self._database.transact(show)

    async def abandoned(self) -> list[int]:
        rows = await self._database.read("SELECT id FROM open_imports ORDER BY id")
        return [row["id"] for row in rows if row["id"] not in self._live]

    async def discard_slice(self, import_id: int) -> bool:
        async def discard(connection: aiosqlite.Connection) -> bool:
            row = await first(connection, _GET, import_id)
            # It may have been finished after all, by a transaction that was waiting when its request ended.
            if row is None:
                return False
            of_import = (row["project_id"], row["first_chunk_id"], import_id, SLICE)
            if await changed(connection, _DISCARD_CHUNKS, *of_import) == SLICE:
                return True
            of_import = (row["project_id"], row["first_document_id"], import_id, SLICE)
            if await changed(connection, _DISCARD_DOCUMENTS, *of_import) == SLICE:
                return True
            await connection.execute(_CLOSE, (import_id,))
            return False

        return await self._database.transact(discard)


async def _open_import(connection: aiosqlite.Connection, import_id: int) -> Row:
    row = await first(connection, _GET, import_id)
    if row is None:
        raise Conflict("the import was ended by another part of the server")
    return row


async def _taken(
    connection: aiosqlite.Connection, project: int, chunks: Sequence[ImportedChunk]
) -> list[ImportedChunk]:
    wanted = [chunk.external_id for chunk in chunks if chunk.external_id is not None]
    if not wanted:
        return []
    found = await connection.execute_fetchall(_TAKEN, (project, json.dumps(wanted)))
    taken = {row["external_id"] for row in found}
    return [chunk for chunk in chunks if chunk.external_id in taken]


async def _documents(
    connection: aiosqlite.Connection, row: Row, chunks: Sequence[ImportedChunk], at: str
) -> tuple[dict[str, tuple[int, int]], int]:
    """Id and next free place of each document that ``chunks`` name, and how many had to be made."""
    project, import_id = row["project_id"], row["id"]
    names = list(dict.fromkeys(chunk.document for chunk in chunks if chunk.document is not None))
    if not names:
        return {}, 0
    known = await _named(connection, project, import_id, names)
    missing = [name for name in names if name not in known]
    if missing:
        await connection.executemany(_ADD_DOCUMENT, [(project, name, import_id, at, at) for name in missing])
        known |= await _named(connection, project, import_id, missing)
    return known, len(missing)


async def _named(
    connection: aiosqlite.Connection, project: int, import_id: int, names: Iterable[str]
) -> dict[str, tuple[int, int]]:
    rows = await connection.execute_fetchall(_DOCUMENTS, (project, json.dumps(list(names)), import_id))
    return {row["name"]: (row["id"], row["next_index"]) for row in rows}


def _chunk_rows(
    row: Row, chunks: Sequence[ImportedChunk], documents: dict[str, tuple[int, int]]
) -> Iterator[tuple[object, ...]]:
    """Chunks without a document are numbered in the order of the import."""
    places = {name: place for name, (_, place) in documents.items()}
    loose = row["chunk_count"]
    for offset, chunk in enumerate(chunks):
        if chunk.document is None:
            document, place = None, loose + offset
        else:
            document, place = documents[chunk.document][0], places[chunk.document]
            places[chunk.document] += 1
        yield row["project_id"], document, place, chunk.text, chunk.metadata_json, chunk.external_id, row["id"]
