"""What a model has read of documents, page by page."""

import aiosqlite

from chunksmith.domain.reading import PagePart, ReadingPlan
from chunksmith.storage.database import Database
from chunksmith.storage.rows import changed, first

_READING = "SELECT id, media_type, title FROM readings WHERE document_id = ? AND parsing_model = ?"
_PAGES = "SELECT page, last_page, state, text, problem FROM reading_pages WHERE reading = ? ORDER BY page"
_DOCUMENT = "SELECT 1 FROM visible_documents WHERE id = ?"
_ADD = "INSERT INTO readings (document_id, parsing_model, media_type, title, started_at) VALUES (?, ?, ?, ?, ?)"
_ADD_PAGE = """
INSERT INTO reading_pages (reading, page, last_page, state, text, problem, read_at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_KEEP_PAGE = """
UPDATE reading_pages SET state = ?, text = ?, problem = ?, read_at = ?
WHERE page = ? AND reading = (
    SELECT r.id FROM readings AS r JOIN visible_documents AS d ON d.id = r.document_id
    WHERE r.document_id = ? AND r.parsing_model = ?)
"""
_IS_OPEN = """
SELECT 1 FROM readings JOIN reading_pages ON reading_pages.reading = readings.id
WHERE document_id = ? AND parsing_model = ? AND state IN ('waiting', 'unread') LIMIT 1
"""


class ReadingStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plan(self, document: int, model: str) -> ReadingPlan | None:
        row = await self._database.read_one(_READING, (document, model))
        if row is None:
            return None
        pages = await self._database.read(_PAGES, (row["id"],))
        return ReadingPlan(row["media_type"], row["title"], tuple(PagePart(*page) for page in pages))

    async def begin(self, document: int, model: str, plan: ReadingPlan, at: str) -> None:
        """Nothing for a document that has gone, or whose reading has begun."""

        async def insert(connection: aiosqlite.Connection) -> None:
            if await first(connection, _DOCUMENT, document) is None:
                return
            if await first(connection, _READING, document, model) is not None:
                return
            await connection.execute(_ADD, (document, model, plan.media_type, plan.title, at))
            row = await first(connection, _READING, document, model)
            assert row is not None  # noqa: S101 - inserted in this transaction
            rows = [
                (row["id"], part.page, part.last_page, part.state, part.text, part.problem, at) for part in plan.parts
            ]
            await connection.executemany(_ADD_PAGE, rows)

        await self._database.transact(insert)

    async def keep_page(self, document: int, model: str, part: PagePart, at: str) -> bool:
        async def keep(connection: aiosqlite.Connection) -> bool:
            row = (part.state, part.text, part.problem, at, part.page, document, model)
            return bool(await changed(connection, _KEEP_PAGE, *row))

        return await self._database.transact(keep)

    async def is_open(self, document: int, model: str) -> bool:
        return await self._database.read_one(_IS_OPEN, (document, model)) is not None
