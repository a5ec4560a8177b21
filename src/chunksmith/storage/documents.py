"""Documents, their text, and the change from one set of chunks to the next."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import aiosqlite

from chunksmith.domain.corpus import (
    Document,
    DocumentStatus,
    FailedDocument,
    NewChunk,
    ParsedText,
    ProcessOptions,
    StoredUpload,
)
from chunksmith.domain.paging import Page, Window
from chunksmith.errors import Conflict
from chunksmith.storage.chunk_imports import ImportStore
from chunksmith.storage.database import Database, Row, Statement
from chunksmith.storage.projects import check_project
from chunksmith.storage.rows import SLICE, changed, first

_INSERT = """
INSERT INTO documents (project_id, name, origin, status, size_bytes, sha256, stored_path, created_at, updated_at)
VALUES (?, ?, 'upload', 'uploaded', ?, ?, ?, ?, ?)
"""
_BY_ID = """
SELECT d.* FROM visible_documents AS d
WHERE d.id = ? AND EXISTS (SELECT 1 FROM visible_projects AS p WHERE p.id = d.project_id)
"""
_BY_PATH = "SELECT * FROM visible_documents WHERE stored_path = ?"
_PAGE = "SELECT * FROM visible_documents WHERE project_id = ? ORDER BY id LIMIT ? OFFSET ?"
_PAGE_BY_STATUS = """
SELECT * FROM visible_documents WHERE project_id = ? AND status = ? ORDER BY id LIMIT ? OFFSET ?
"""
_COUNT = "SELECT count(*) AS n FROM visible_documents WHERE project_id = ?"
_COUNT_BY_STATUS = "SELECT count(*) AS n FROM visible_documents WHERE project_id = ? AND status = ?"
_TWIN = """
SELECT * FROM visible_documents WHERE project_id = ? AND sha256 = ? AND id < ? ORDER BY id LIMIT 1
"""
_PENDING = """
SELECT id FROM visible_documents
WHERE project_id = ? AND status IN ('uploaded', 'parsed') AND id > ? ORDER BY id LIMIT ?
"""
_FAILED_ONES = """
SELECT id, name, error_detail AS detail, count(*) OVER () AS n FROM visible_documents
WHERE project_id = :project AND status = 'failed'
    AND (:chosen IS NULL OR id IN (SELECT value FROM json_each(:chosen)))
ORDER BY id LIMIT :limit
"""
_UNREAD_BYTES = """
SELECT ifnull(sum(size_bytes), 0) AS n FROM visible_documents
WHERE project_id = ? AND status IN ('uploaded', 'parsed')
"""
_UNKNOWN = """
SELECT value AS id FROM json_each(?)
WHERE value NOT IN (SELECT id FROM visible_documents WHERE project_id = ? AND id IN (SELECT value FROM json_each(?)))
"""
_IMPORTED = "SELECT id FROM documents WHERE origin = 'import' AND id IN (SELECT value FROM json_each(?)) ORDER BY id"
_KNOWN_PATHS = """
SELECT p.value AS path, EXISTS (SELECT 1 FROM documents AS d WHERE d.stored_path = p.value) AS known
FROM json_each(?) AS p
"""
_TEXT = "SELECT text FROM document_texts WHERE document_id = ?"
_SLICE_OF_TEXT = "SELECT substr(text, ?, ?) AS text FROM document_texts WHERE document_id = ?"
_SAVE_TEXT = "INSERT OR REPLACE INTO document_texts (document_id, text) VALUES (?, ?)"
_PARSED = """
UPDATE documents SET status = 'parsed', media_type = ?, title = ?, text_chars = ?, warnings = ?, processing = ?,
    error_kind = NULL, error_detail = NULL, updated_at = ?
WHERE id = ?
"""
_CHUNKED = """
UPDATE documents SET status = 'chunked', processing = ?, error_kind = NULL, error_detail = NULL, updated_at = ?
WHERE id = ?
"""
_FAILED = """
UPDATE documents SET error_kind = ?, error_detail = ?, updated_at = ?,
    status = iif(EXISTS (SELECT 1 FROM visible_chunks AS c WHERE c.document_id = documents.id), status, 'failed')
WHERE id = ? AND deleted_at IS NULL
"""
_ADD_CHUNK = """
INSERT INTO chunks (project_id, document_id, chunk_index, text, start_char, end_char, kind, heading_path, import_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_HIDE_CHUNKS = """
UPDATE chunks SET deleted_at = ? WHERE id IN (SELECT id FROM visible_chunks WHERE document_id = ? LIMIT ?)
"""
_COUNT_CHUNKS = "UPDATE projects SET chunk_count = chunk_count + ? WHERE id = ?"
_CLOSE_IMPORT = "DELETE FROM open_imports WHERE id = ?"
_BUSY = """
SELECT 1 FROM open_imports AS o JOIN chunks AS c ON c.import_id = o.id
WHERE o.project_id = ? AND c.document_id = ? AND c.deleted_at IS NULL LIMIT 1
"""
_HIDE = "UPDATE documents SET deleted_at = ? WHERE id = ?"
ALL = -1
# SQLite's substr() gives nothing when place and length together are beyond its integers.
LONGEST_TEXT = 2**31 - 1


class DocumentStore:
    """Every method is one transaction, except that many chunks of one document are stored in slices first."""

    def __init__(self, database: Database, imports: ImportStore) -> None:
        self._database = database
        self._imports = imports

    async def add_uploads(self, project: int, files: Sequence[StoredUpload], at: str) -> list[Document]:
        async def insert(connection: aiosqlite.Connection) -> list[Document]:
            await check_project(connection, project)
            rows = [(project, file.name, file.size_bytes, file.sha256, file.stored_path, at, at) for file in files]
            await connection.executemany(_INSERT, rows)
            found = [await first(connection, _BY_PATH, file.stored_path) for file in files]
            return [_document(row) for row in found if row is not None]

        return await self._database.transact(insert)

    async def twins(self, documents: Sequence[Document]) -> dict[int, Document]:
        found = {}
        for document in documents:
            row = await self._database.read_one(_TWIN, (document.project_id, document.sha256, document.id))
            if row is not None:
                found[document.id] = _document(row)
        return found

    async def get(self, document: int) -> Document | None:
        row = await self._database.read_one(_BY_ID, (document,))
        return _document(row) if row is not None else None

    async def page(self, project: int, window: Window, status: DocumentStatus | None) -> Page[Document]:
        if status is None:
            rows = await self._database.read(_PAGE, (project, window.per_page, window.offset))
            (count,) = await self._database.read(_COUNT, (project,))
        else:
            rows = await self._database.read(_PAGE_BY_STATUS, (project, status, window.per_page, window.offset))
            (count,) = await self._database.read(_COUNT_BY_STATUS, (project, status))
        return Page([_document(row) for row in rows], count["n"])

    async def pending(self, project: int, after: int, limit: int) -> list[int]:
        return [row["id"] for row in await self._database.read(_PENDING, (project, after, limit))]

    async def failed(self, project: int, chosen: Sequence[int] | None, limit: int) -> Page[FailedDocument]:
        listed = json.dumps(list(chosen)) if chosen is not None else None
        rows = await self._database.read(_FAILED_ONES, {"project": project, "chosen": listed, "limit": limit})
        items = [FailedDocument(row["id"], row["name"], row["detail"]) for row in rows]
        return Page(items, rows[0]["n"] if rows else 0)

    async def unread_bytes(self, project: int) -> int:
        (row,) = await self._database.read(_UNREAD_BYTES, (project,))
        return int(row["n"])

    async def unknown(self, project: int, documents: Sequence[int]) -> list[int]:
        chosen = json.dumps(list(documents))
        return [row["id"] for row in await self._database.read(_UNKNOWN, (chosen, project, chosen))]

    async def imported(self, documents: Sequence[int]) -> list[int]:
        return [row["id"] for row in await self._database.read(_IMPORTED, (json.dumps(list(documents)),))]

    async def known_paths(self, paths: Sequence[str]) -> dict[str, bool]:
        rows = await self._database.read(_KNOWN_PATHS, (json.dumps(list(paths)),))
        return {row["path"]: bool(row["known"]) for row in rows}

    async def text(self, document: int) -> str | None:
        row = await self._database.read_one(_TEXT, (document,))
        return row["text"] if row is not None else None

    async def slice_of_text(self, document: int, start: int, length: int) -> str | None:
        part = (min(start, LONGEST_TEXT) + 1, min(length, LONGEST_TEXT), document)
        row = await self._database.read_one(_SLICE_OF_TEXT, part)
        return row["text"] if row is not None else None

    async def save_text(self, document: int, parsed: ParsedText, parsing_model: str, at: str) -> bool:
        async def save(connection: aiosqlite.Connection) -> bool:
            row = await first(connection, _BY_ID, document)
            if row is None:
                return False
            # Their offsets are into the text that goes.
            await _hide_chunks(connection, row, at, ALL)
            await connection.execute(_SAVE_TEXT, (document, parsed.text))
            warnings, processing = json.dumps(parsed.warnings), json.dumps({"parsing_model": parsing_model})
            values = (parsed.media_type, parsed.title, len(parsed.text), warnings, processing, at, document)
            await connection.execute(_PARSED, values)
            return True

        return await self._database.transact(save)

    async def replace_chunks(
        self, document: int, chunks: Sequence[NewChunk], options: ProcessOptions, at: str, also: Sequence[Statement]
    ) -> bool:
        """Up to ``SLICE`` chunks go down in one transaction. More are stored in slices first, hidden by an import."""
        found = await self.get(document)
        if found is None:
            return False
        rows = [
            (document, index, chunk.text, chunk.start, chunk.end, chunk.kind, json.dumps(chunk.heading_path))
            for index, chunk in enumerate(chunks)
        ]
        if len(rows) <= SLICE:
            return await self._switch(found, rows, None, options, at, also)
        import_id = await self._imports.open(found.project_id, at)
        try:
            for begin in range(0, len(rows), SLICE):
                await self._stage([(found.project_id, *row, import_id) for row in rows[begin : begin + SLICE]])
            return await self._switch(found, rows, import_id, options, at, also)
        finally:
            self._imports.close(import_id)

    async def _stage(self, rows: Sequence[tuple[object, ...]]) -> None:
        async def insert(connection: aiosqlite.Connection) -> None:
            await connection.executemany(_ADD_CHUNK, rows)

        await self._database.transact(insert)

    async def _switch(
        self,
        document: Document,
        rows: Sequence[tuple[object, ...]],
        import_id: int | None,
        options: ProcessOptions,
        at: str,
        also: Sequence[Statement],
    ) -> bool:
        project = document.project_id

        async def switch(connection: aiosqlite.Connection) -> bool:
            row = await first(connection, _BY_ID, document.id)
            if row is None:
                return False
            await _hide_chunks(connection, row, at, ALL)
            if import_id is None:
                await connection.executemany(_ADD_CHUNK, [(project, *chunk, None) for chunk in rows])
            else:
                await connection.execute(_CLOSE_IMPORT, (import_id,))
            await connection.execute(_COUNT_CHUNKS, (len(rows), project))
            await connection.execute(_CHUNKED, (json.dumps(asdict(options)), at, document.id))
            await _run(connection, also)
            return True

        return await self._database.transact(switch)

    async def fail(self, document: int, kind: str, detail: str, at: str, also: Sequence[Statement]) -> None:
        async def record(connection: aiosqlite.Connection) -> None:
            await connection.execute(_FAILED, (kind, detail, at, document))
            await _run(connection, also)

        await self._database.transact(record)

    async def hide(self, document: int, at: str) -> Document | None:
        """Hides ``SLICE`` of its chunks in the same transaction, so that all but the largest go at once.

        Errors: Conflict while chunks are being added to it.
        """

        async def mark(connection: aiosqlite.Connection) -> Document | None:
            row = await first(connection, _BY_ID, document)
            if row is None:
                return None
            if await first(connection, _BUSY, row["project_id"], document) is not None:
                raise Conflict(f"chunks are being added to document {document}; try again when that has ended")
            await _hide_chunks(connection, row, at, SLICE)
            await connection.execute(_HIDE, (at, document))
            return _document(row)

        return await self._database.transact(mark)


async def _hide_chunks(connection: aiosqlite.Connection, document: Row, at: str, limit: int) -> int:
    count = await changed(connection, _HIDE_CHUNKS, at, document["id"], limit)
    await connection.execute(_COUNT_CHUNKS, (-count, document["project_id"]))
    return count


async def _run(connection: aiosqlite.Connection, statements: Sequence[Statement]) -> None:
    for sql, parameters in statements:
        await connection.execute(sql, parameters)


def _document(row: Row) -> Document:
    return Document(
        id=row["id"],
        project_id=row["project_id"],
        name=row["name"],
        origin=row["origin"],
        status=row["status"],
        media_type=row["media_type"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        stored_path=row["stored_path"],
        title=row["title"],
        text_chars=row["text_chars"],
        chunk_count=row["chunk_count"],
        processing=json.loads(row["processing"]) if row["processing"] is not None else None,
        warnings=tuple(json.loads(row["warnings"])),
        error_kind=row["error_kind"],
        error_detail=row["error_detail"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
