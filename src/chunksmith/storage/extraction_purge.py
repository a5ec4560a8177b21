"""The slow part of deleting extractions: their rows go in slices, each of which may be the last before a crash."""

import aiosqlite

from chunksmith.storage.rows import SLICE, changed, first

_HIDDEN = "SELECT job FROM extractions WHERE deleted_at IS NOT NULL ORDER BY job LIMIT 1"
_DROP_ITEMS = """
DELETE FROM extraction_items
WHERE job = ?1 AND (position, ordinal) IN (SELECT position, ordinal FROM extraction_items WHERE job = ?1 LIMIT ?2)
"""
_DROP_RESULTS = """
DELETE FROM extraction_results WHERE id IN (SELECT id FROM extraction_results WHERE job = ?1 LIMIT ?2)
"""
_DROP_CATEGORIES = """
DELETE FROM extraction_categories
WHERE job = ?1 AND number IN (SELECT number FROM extraction_categories WHERE job = ?1 LIMIT ?2)
"""
_DROP_UNITS = """
DELETE FROM units WHERE job = ?1 AND position IN (SELECT position FROM units WHERE job = ?1 LIMIT ?2)
"""
# Calls are kept, without their job: what was paid for can still answer the same request.
_LOOSEN_CALLS = "UPDATE calls SET job = NULL WHERE id IN (SELECT id FROM calls WHERE job = ?1 LIMIT ?2)"
_DROP_JOB = "DELETE FROM jobs WHERE id = ?"
_OF_HIDDEN_PROJECT = "SELECT job FROM extractions WHERE project_id = ? ORDER BY job LIMIT 1"


async def purge_hidden(connection: aiosqlite.Connection) -> bool:
    """A slice of an extraction that was deleted, at last its job. True: there may be more."""
    row = await first(connection, _HIDDEN)
    if row is None:
        return False
    if not await _purge_rows(connection, row["job"]):
        await connection.execute(_DROP_JOB, (row["job"],))
    return True


async def purge_extractions_of(connection: aiosqlite.Connection, project: int) -> bool:
    """A slice of what a project that is being deleted has of extractions, but for the jobs. True: there is more."""
    row = await first(connection, _OF_HIDDEN_PROJECT, project)
    if row is None:
        return False
    if not await _purge_rows(connection, row["job"]):
        await connection.execute("DELETE FROM extractions WHERE job = ?", (row["job"],))
    return True


async def _purge_rows(connection: aiosqlite.Connection, job: int) -> bool:
    """True: there may be more."""
    for sql in (_DROP_ITEMS, _DROP_RESULTS, _DROP_CATEGORIES, _DROP_UNITS, _LOOSEN_CALLS):
        if await changed(connection, sql, job, SLICE):
            return True
    return False
