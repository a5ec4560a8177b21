"""Chunks as they are read: pages at any depth, and what jobs work on."""

import json
from collections.abc import Sequence

import aiosqlite

from chunksmith.domain.corpus import Chunk
from chunksmith.domain.paging import Page, Window, decode_cursor, encode_cursor
from chunksmith.storage.database import Database, Row
from chunksmith.storage.rows import first

_CHUNK = """
SELECT c.*, d.name AS document_name FROM chunks AS c LEFT JOIN documents AS d ON d.id = c.document_id
"""
_VISIBLE = """
SELECT c.*, d.name AS document_name FROM visible_chunks AS c LEFT JOIN documents AS d ON d.id = c.document_id
WHERE c.id = ? AND EXISTS (SELECT 1 FROM visible_projects AS p WHERE p.id = c.project_id)
"""
# The ids come from an index alone; only the rows of the page itself are read.
_IDS_AFTER = "SELECT id FROM visible_chunks WHERE project_id = ? AND id > ? ORDER BY id LIMIT ?"
_IDS_AFTER_OF_DOCUMENTS = """
SELECT id FROM visible_chunks
WHERE project_id = ? AND id > ? AND document_id IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?
"""
_PAGE_AFTER = _CHUNK + "WHERE c.id IN (" + _IDS_AFTER + ") ORDER BY c.id"
_PAGE_AT = (
    _CHUNK
    + "WHERE c.id IN (SELECT id FROM visible_chunks WHERE project_id = ? ORDER BY id LIMIT ? OFFSET ?) ORDER BY c.id"
)
_DOCUMENT_PAGE_AFTER = (
    _CHUNK
    + """
WHERE c.id IN (
    SELECT id FROM visible_chunks
    WHERE document_id = ? AND (chunk_index, id) > (?, ?) ORDER BY chunk_index, id LIMIT ?)
ORDER BY c.chunk_index, c.id
"""
)
_DOCUMENT_PAGE_AT = (
    _CHUNK
    + """
WHERE c.id IN (SELECT id FROM visible_chunks WHERE document_id = ? ORDER BY chunk_index, id LIMIT ? OFFSET ?)
ORDER BY c.chunk_index, c.id
"""
)
_ANY_OF_DOCUMENTS = """
SELECT id FROM visible_chunks
WHERE document_id IN (SELECT value FROM json_each(?)) AND project_id = ? LIMIT 1
"""
_PROJECT_TOTAL = "SELECT chunk_count AS n FROM visible_projects WHERE id = ?"
_DOCUMENT_TOTAL = "SELECT count(*) AS n FROM visible_chunks WHERE document_id = ?"
_BY_IDS = _CHUNK + "WHERE c.id IN (SELECT value FROM json_each(?))"
_HIDE = "UPDATE chunks SET deleted_at = ? WHERE id = ?"
_COUNT_ONE_LESS = "UPDATE projects SET chunk_count = chunk_count - 1 WHERE id = ?"
_ANY_DOCUMENT = "SELECT 1 FROM documents WHERE project_id = ? AND deleted_at IS NULL LIMIT 1"
_COUNT_OF_DOCUMENTS = """
SELECT count(*) AS n FROM visible_chunks WHERE document_id IN (SELECT value FROM json_each(?)) AND project_id = ?
"""
_LAST_ID = "SELECT ifnull(max(id), 0) AS n FROM visible_chunks WHERE project_id = ?"


class ChunkStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, chunk: int) -> Chunk | None:
        row = await self._database.read_one(_VISIBLE, (chunk,))
        return _chunk(row) if row is not None else None

    async def of_project(self, project: int, window: Window) -> Page[Chunk]:
        scope, more = f"project-{project}", window.per_page + 1
        if window.cursor is not None:
            (after,) = decode_cursor(window.cursor, scope, 1)
            rows = await self._database.read(_PAGE_AFTER, (project, after, more))
        else:
            rows = await self._database.read(_PAGE_AT, (project, more, window.offset))
        total = await self._total(_PROJECT_TOTAL, project)
        chunks = [_chunk(row) for row in rows[: window.per_page]]
        following = encode_cursor(scope, chunks[-1].id) if len(rows) == more else None
        return Page(chunks, total, following)

    async def of_document(self, document: int, window: Window) -> Page[Chunk]:
        scope, more = f"document-{document}", window.per_page + 1
        if window.cursor is not None:
            index, after = decode_cursor(window.cursor, scope, 2)
            rows = await self._database.read(_DOCUMENT_PAGE_AFTER, (document, index, after, more))
        else:
            rows = await self._database.read(_DOCUMENT_PAGE_AT, (document, more, window.offset))
        total = await self._total(_DOCUMENT_TOTAL, document)
        chunks = [_chunk(row) for row in rows[: window.per_page]]
        following = encode_cursor(scope, chunks[-1].chunk_index, chunks[-1].id) if len(rows) == more else None
        return Page(chunks, total, following)

    async def hide(self, chunk: int, at: str) -> bool:
        async def mark(connection: aiosqlite.Connection) -> bool:
            row = await first(connection, _VISIBLE, chunk)
            if row is None:
                return False
            await connection.execute(_HIDE, (at, chunk))
            await connection.execute(_COUNT_ONE_LESS, (row["project_id"],))
            return True

        return await self._database.transact(mark)

    async def visible_chunk_ids(
        self, project: int, after: int, limit: int, documents: Sequence[int] | None = None
    ) -> list[int]:
        if documents is None:
            rows = await self._database.read(_IDS_AFTER, (project, after, limit))
        else:
            chosen = json.dumps(list(documents))
            rows = await self._database.read(_IDS_AFTER_OF_DOCUMENTS, (project, after, chosen, limit))
        return [row["id"] for row in rows]

    async def has_chunks(self, project: int, documents: Sequence[int] | None = None) -> bool:
        if documents is None:
            return bool(await self.visible_chunk_ids(project, 0, 1))
        return bool(await self._database.read(_ANY_OF_DOCUMENTS, (json.dumps(list(documents)), project)))

    async def count_chunks(self, project: int, documents: Sequence[int] | None = None) -> int:
        if documents is None:
            return await self._total(_PROJECT_TOTAL, project)
        (row,) = await self._database.read(_COUNT_OF_DOCUMENTS, (json.dumps(list(documents)), project))
        return int(row["n"])

    async def spread(self, project: int, count: int, documents: Sequence[int] | None = None) -> list[int]:
        """At most ``count`` ids, about evenly over the whole; fewer where ids lie close together."""
        head = await self.visible_chunk_ids(project, 0, count + 1, documents)
        if len(head) <= count:
            return head
        first_id, last_id = head[0], await self._total(_LAST_ID, project)
        places = [first_id + (last_id - first_id) * n // count - 1 for n in range(count)]
        found = [await self.visible_chunk_ids(project, place, 1, documents) for place in places]
        return sorted({chunk for chunks in found for chunk in chunks})

    async def has_named_chunks(self, project: int) -> bool:
        return bool(await self._database.read(_ANY_DOCUMENT, (project,)))

    async def chunks_by_ids(self, ids: Sequence[int]) -> dict[int, Chunk]:
        rows = await self._database.read(_BY_IDS, (json.dumps(list(ids)),))
        return {row["id"]: _chunk(row) for row in rows}

    async def _total(self, sql: str, of: int) -> int:
        row = await self._database.read_one(sql, (of,))
        return int(row["n"]) if row is not None else 0


def _chunk(row: Row) -> Chunk:
    return Chunk(
        id=row["id"],
        project_id=row["project_id"],
        document_id=row["document_id"],
        document_name=row["document_name"],
        chunk_index=row["chunk_index"],
        text=row["text"],
        start=row["start_char"],
        end=row["end_char"],
        kind=row["kind"],
        heading_path=tuple(json.loads(row["heading_path"])) if row["heading_path"] != "[]" else (),
        metadata=json.loads(row["metadata"]) if row["metadata"] is not None else None,
        external_id=row["external_id"],
    )
