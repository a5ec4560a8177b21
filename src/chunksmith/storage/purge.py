"""The slow part of deletions: what was hidden goes away in slices, each of which may be the last before a crash."""

import aiosqlite

from chunksmith.domain.corpus_ports import StoredFile
from chunksmith.storage.database import Database
from chunksmith.storage.datasets import entry_range
from chunksmith.storage.extraction_purge import purge_extractions_of
from chunksmith.storage.rows import SLICE, changed

_HIDDEN_DOCUMENTS = """
SELECT id, stored_path FROM documents WHERE deleted_at IS NOT NULL AND purged_at IS NULL ORDER BY id LIMIT 1000
"""
_HIDE_CHUNKS = """
UPDATE chunks SET deleted_at = ? WHERE id IN (
    SELECT id FROM chunks WHERE document_id = ? AND deleted_at IS NULL LIMIT ?)
"""
_COUNT_CHUNKS = """
UPDATE projects SET chunk_count = chunk_count - ? WHERE id = (SELECT project_id FROM documents WHERE id = ?)
"""
_DROP_TEXT = "DELETE FROM document_texts WHERE document_id = ?"
_PURGED = "UPDATE documents SET purged_at = ? WHERE id = ?"

_HIDDEN_PROJECTS = "SELECT id FROM projects WHERE deleted_at IS NOT NULL ORDER BY id"
_FILES = """
SELECT id, stored_path FROM documents
WHERE project_id = ? AND id > ? AND stored_path IS NOT NULL ORDER BY id LIMIT ?
"""
_FOLDERS = "SELECT DISTINCT folder FROM datasets WHERE project_id = ?"
_JOB_OF_CALLS = "SELECT j.id FROM jobs AS j JOIN calls AS c ON c.job = j.id WHERE j.project_id = ? LIMIT 1"
_JOB_OF_UNITS = "SELECT j.id FROM jobs AS j JOIN units AS u ON u.job = j.id WHERE j.project_id = ? LIMIT 1"
_LOOSEN_CALLS = "UPDATE calls SET job = NULL WHERE id IN (SELECT id FROM calls WHERE job = ? LIMIT ?)"
_DROP_UNITS = """
DELETE FROM units WHERE job = ?1 AND position IN (SELECT position FROM units WHERE job = ?1 LIMIT ?2)
"""
_RUN_OF_SAMPLES = """
SELECT b.job FROM benchmarks AS b JOIN jobs AS j ON j.id = b.job JOIN benchmark_samples AS s ON s.job = b.job
WHERE j.project_id = ? LIMIT 1
"""
_DROP_SAMPLES = """
DELETE FROM benchmark_samples WHERE job = ?1 AND position IN (
    SELECT position FROM benchmark_samples WHERE job = ?1 LIMIT ?2)
"""
_DROP_ENTRIES = "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE id BETWEEN ? AND ? LIMIT ?)"
_DATASETS = "SELECT id FROM datasets WHERE project_id = ? ORDER BY id"
_DROP_DATASET = "DELETE FROM datasets WHERE id = ?"
_DROP_JOBS = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE project_id = ? LIMIT ?)"
_DROP_CHUNKS = "DELETE FROM chunks WHERE id IN (SELECT id FROM chunks WHERE project_id = ? LIMIT ?)"
_DROP_DOCUMENTS = "DELETE FROM documents WHERE id IN (SELECT id FROM documents WHERE project_id = ? LIMIT ?)"
_DROP_PROJECT = "DELETE FROM projects WHERE id = ? AND deleted_at IS NOT NULL"
# Texts can be large: few at a time.
DOCUMENTS_SLICE = 100


class PurgeStore:
    """Every method is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hidden_documents(self) -> list[StoredFile]:
        rows = await self._database.read(_HIDDEN_DOCUMENTS)
        return [StoredFile(row["id"], row["stored_path"]) for row in rows]

    async def purge_document_slice(self, document: int, at: str) -> bool:
        async def purge(connection: aiosqlite.Connection) -> bool:
            count = await changed(connection, _HIDE_CHUNKS, at, document, SLICE)
            await connection.execute(_COUNT_CHUNKS, (count, document))
            if count == SLICE:
                return True
            await connection.execute(_DROP_TEXT, (document,))
            await connection.execute(_PURGED, (at, document))
            return False

        return await self._database.transact(purge)

    async def hidden_projects(self) -> list[int]:
        return [row["id"] for row in await self._database.read(_HIDDEN_PROJECTS)]

    async def files_of_project(self, project: int, after: int) -> list[StoredFile]:
        rows = await self._database.read(_FILES, (project, after, SLICE))
        return [StoredFile(row["id"], row["stored_path"]) for row in rows]

    async def folders_of_project(self, project: int) -> list[str]:
        return [row["folder"] for row in await self._database.read(_FOLDERS, (project,))]

    async def purge_project_slice(self, project: int) -> bool:
        async def purge(connection: aiosqlite.Connection) -> bool:
            for step in (_purge_jobs, _purge_datasets, _purge_corpus):
                if await step(connection, project):
                    return True
            await connection.execute(_DROP_PROJECT, (project,))
            return False

        return await self._database.transact(purge)


async def _purge_jobs(connection: aiosqlite.Connection, project: int) -> bool:
    """Calls are kept, without their job: what was paid for can still answer the same request."""
    if await purge_extractions_of(connection, project):
        return True
    for row in await connection.execute_fetchall(_JOB_OF_CALLS, (project,)):
        return bool(await changed(connection, _LOOSEN_CALLS, row["id"], SLICE))
    for row in await connection.execute_fetchall(_JOB_OF_UNITS, (project,)):
        return bool(await changed(connection, _DROP_UNITS, row["id"], SLICE))
    for row in await connection.execute_fetchall(_RUN_OF_SAMPLES, (project,)):
        return bool(await changed(connection, _DROP_SAMPLES, row["job"], SLICE))
    return bool(await changed(connection, _DROP_JOBS, project, SLICE))


async def _purge_datasets(connection: aiosqlite.Connection, project: int) -> bool:
    for row in await connection.execute_fetchall(_DATASETS, (project,)):
        if not await changed(connection, _DROP_ENTRIES, *entry_range(row["id"]), SLICE):
            await connection.execute(_DROP_DATASET, (row["id"],))
        return True
    return False


async def _purge_corpus(connection: aiosqlite.Connection, project: int) -> bool:
    if await changed(connection, _DROP_CHUNKS, project, SLICE):
        return True
    return bool(await changed(connection, _DROP_DOCUMENTS, project, DOCUMENTS_SLICE))
