"""Extractions: their frozen categories, what was found in each chunk, and reading it page by page."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import aiosqlite

from chunksmith.domain.extraction import (
    KIND,
    Categories,
    ChunkResult,
    ExtractedItem,
    ExtractionCategory,
    ExtractionSummary,
    FoundItem,
    ItemQuery,
    Place,
)
from chunksmith.domain.jobs import Job, Outcome, Unit
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.database import Database, Statement
from chunksmith.storage.extraction_purge import purge_hidden
from chunksmith.storage.extraction_rows import (
    BY_NAME,
    SUMMARY,
    categories_of,
    category_row,
    item_row,
    items_of,
    summary_of,
)
from chunksmith.storage.jobs import JobStore, job_of_key
from chunksmith.storage.projects import check_project
from chunksmith.storage.rows import first
from chunksmith.storage.units import unit_statements

_INSERT_JOB = """
INSERT INTO jobs (job_id, kind, project_id, spec, state, step, concurrency, max_calls, max_cost_nano, idempotency_key,
    idempotency_hash, created_at, started_at, completed_at)
VALUES (:job_id, :kind, :project_id, :spec, :state, :step, :concurrency, :max_calls, :max_cost_nano, :idempotency_key,
    :idempotency_hash, :created_at, :ended_at, :ended_at)
"""
_INSERT = "INSERT INTO extractions (job, project_id, origin) VALUES (?, ?, ?)"
_INSERT_CATEGORY = """
INSERT INTO extraction_categories (job, number, parent, last, category_id, name, description, offered)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_RESULT = "INSERT INTO extraction_results (job, position, project_id, chunk_id) VALUES (?, ?, ?, ?)"
_INSERT_ITEM = "INSERT INTO extraction_items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COUNT_ITEMS = """
UPDATE extraction_categories SET items = items + ?, validated = validated + ? WHERE job = ? AND number = ?
"""
_INSERT_ENDED_UNIT = """
INSERT INTO units (job, position, source_id, outcome, reason, detail, entries) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_COUNT_IMPORT = """
UPDATE job_counters SET units_ready = 1, units_total = ?, accepted = ?, rejected = ?, entries = ? WHERE job = ?
"""
_OF_PROJECT = (
    SUMMARY
    + """ AND e.job IN (
    SELECT x.job FROM extractions AS x JOIN jobs AS y ON y.id = x.job
    WHERE x.project_id = ?1 AND x.deleted_at IS NULL AND (NOT ?2 OR y.state = 'completed')
    ORDER BY x.job DESC LIMIT ?3 OFFSET ?4)
ORDER BY e.job DESC
"""
)
_COUNT_OF_PROJECT = """
SELECT count(*) AS n FROM extractions AS x JOIN jobs AS y ON y.id = x.job
WHERE x.project_id = ?1 AND x.deleted_at IS NULL AND (NOT ?2 OR y.state = 'completed')
"""
# The places come from an index without the texts; only the rows of the page itself are read.
_FILTER = """
FROM extraction_items AS i INDEXED BY extraction_items_filtered
WHERE i.job = :job AND i.confidence >= :least AND (:validated IS NULL OR i.validated = :validated)
    AND (:categories IS NULL OR i.category IN (SELECT value FROM json_each(:categories)))
"""
_PAGE = f"""
SELECT i.*, c.document_id, d.name AS document_name
FROM (SELECT i.position, i.ordinal {_FILTER} AND (i.position, i.ordinal) > (:position, :ordinal)
    ORDER BY i.position, i.ordinal LIMIT :limit OFFSET :offset) AS found
JOIN extraction_items AS i ON i.job = :job AND i.position = found.position AND i.ordinal = found.ordinal
LEFT JOIN chunks AS c ON c.id = i.chunk_id LEFT JOIN documents AS d ON d.id = c.document_id
ORDER BY i.position, i.ordinal
"""
_COUNT = f"SELECT count(*) AS n {_FILTER}"
_COUNT_ALL = "SELECT entries AS n FROM job_counters WHERE job = ?"
_VISIBLE = """
SELECT id FROM visible_chunks WHERE id IN (SELECT value FROM json_each(?)) AND project_id = ?
"""
_BY_EXTERNAL_ID = """
SELECT id, external_id FROM visible_chunks
WHERE project_id = ? AND external_id IS NOT NULL AND external_id IN (SELECT value FROM json_each(?))
"""
_IN_USE = """
SELECT job_id, state FROM jobs
WHERE project_id = ?1 AND state IN ('submitted', 'running', 'paused')
    AND 'Extract' IN (json_extract(spec, '$.data_source'), json_extract(spec, '$.writing.data_source'))
    AND coalesce(spec ->> '$.extraction_file_id', spec ->> '$.writing.extraction_file_id', ?2) = ?2 LIMIT 1
"""
_HIDE = "UPDATE extractions SET deleted_at = ? WHERE job = ?"
_BEFORE_ALL = Place(-1, -1)


class ExtractionStore:
    """Every method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs = JobStore(database)

    async def submit(self, values: Mapping[str, Any], categories: Sequence[ExtractionCategory]) -> Job:
        async def insert(connection: aiosqlite.Connection) -> int:
            row = {**values, "state": "submitted", "step": "Waiting to start", "ended_at": None}
            job, _ = await _insert_job(connection, row, categories, "job")
            return job

        return await self._jobs.reload(await self._database.transact(insert))

    async def add_import(
        self, values: Mapping[str, Any], categories: Sequence[ExtractionCategory], results: Sequence[ChunkResult]
    ) -> Job:
        async def insert(connection: aiosqlite.Connection) -> int:
            row = {**values, "state": "completed", "step": "Completed", "ended_at": values["created_at"]}
            job, is_new = await _insert_job(connection, row, categories, "import")
            if is_new:
                await _insert_results(connection, job, values["project_id"], results)
            return job

        return await self._jobs.reload(await self._database.transact(insert))

    async def get(self, job_id: str) -> ExtractionSummary:
        row = await self._database.read_one(BY_NAME, (job_id,))
        if row is None:
            raise NotFound("Extraction", job_id)
        return summary_of(row)

    async def of_project(
        self, project: int, limit: int, offset: int, *, completed: bool = False
    ) -> tuple[list[ExtractionSummary], int]:
        rows = await self._database.read(_OF_PROJECT, (project, completed, limit, offset))
        (count,) = await self._database.read(_COUNT_OF_PROJECT, (project, completed))
        return [summary_of(row) for row in rows], int(count["n"])

    async def categories(self, job: int) -> Categories:
        return await categories_of(self._database, job)

    async def end_unit(self, job: int, unit: Unit, outcome: Outcome, project: int, items: Sequence[FoundItem]) -> None:
        statements: list[Statement] = []
        if outcome.status in ("accepted", "rejected"):
            statements.append((_INSERT_RESULT, (job, unit.position, project, unit.source_id)))
        statements.extend(_item_statements(job, unit.position, unit.source_id, items))
        await self._database.apply([*statements, *unit_statements(job, unit, outcome)])

    async def page(
        self, job: int, query: ItemQuery, limit: int, *, after: Place | None = None, offset: int = 0
    ) -> list[ExtractedItem]:
        place = (after or _BEFORE_ALL)._asdict()
        parameters = {**_parameters(job, query), **place, "limit": limit, "offset": offset}
        return await items_of(self._database, await self._database.read(_PAGE, parameters))

    async def count(self, job: int, query: ItemQuery) -> int:
        if query.takes_all:
            (row,) = await self._database.read(_COUNT_ALL, (job,))
        else:
            (row,) = await self._database.read(_COUNT, _parameters(job, query))
        return int(row["n"])

    async def visible(self, project: int, chunks: Sequence[int]) -> set[int]:
        rows = await self._database.read(_VISIBLE, (json.dumps(list(chunks)), project))
        return {row["id"] for row in rows}

    async def by_external_id(self, project: int, external_ids: Sequence[str]) -> dict[str, int]:
        rows = await self._database.read(_BY_EXTERNAL_ID, (project, json.dumps(list(external_ids))))
        return {row["external_id"]: row["id"] for row in rows}

    async def hide(self, job_id: str, at: str) -> None:
        async def mark(connection: aiosqlite.Connection) -> None:
            row = await first(connection, BY_NAME, job_id)
            if row is None:
                raise NotFound("Extraction", job_id)
            if row["state"] in ("submitted", "running", "paused"):
                raise Conflict(f"extraction {job_id} is {row['state']}; cancel it first")
            user = await first(connection, _IN_USE, row["project_id"], job_id)
            if user is not None:
                raise Conflict(f"job {user['job_id']} is {user['state']} and makes a dataset of it; cancel that first")
            await connection.execute(_HIDE, (at, row["id"]))

        await self._database.transact(mark)

    async def purge_slice(self) -> bool:
        return await self._database.transact(purge_hidden)


async def _insert_job(
    connection: aiosqlite.Connection, values: Mapping[str, Any], categories: Iterable[ExtractionCategory], origin: str
) -> tuple[int, bool]:
    """The row id of the job, and whether it is new: for an idempotency key that is known it is not."""
    known = await job_of_key(connection, values)
    if known is not None:
        return known.id, False
    await check_project(connection, values["project_id"])
    cursor = await connection.execute(_INSERT_JOB, {**values, "kind": KIND, "spec": json.dumps(values["spec"])})
    job = cursor.lastrowid
    assert job is not None  # noqa: S101 - just inserted
    await connection.execute("INSERT INTO job_counters (job) VALUES (?)", (job,))
    await connection.execute(_INSERT, (job, values["project_id"], origin))
    await connection.executemany(_INSERT_CATEGORY, [category_row(job, category) for category in categories])
    return job, True


async def _insert_results(
    connection: aiosqlite.Connection, job: int, project: int, results: Sequence[ChunkResult]
) -> None:
    placed = list(enumerate(results))
    await connection.executemany(_INSERT_ENDED_UNIT, [_ended_unit(job, position, one) for position, one in placed])
    await connection.executemany(_INSERT_RESULT, [(job, position, project, one.chunk_id) for position, one in placed])
    items = [
        item_row(job, position, ordinal, one.chunk_id, item)
        for position, one in placed
        for ordinal, item in enumerate(one.items)
    ]
    await connection.executemany(_INSERT_ITEM, items)
    counts = Counter(item.category for one in results for item in one.items)
    validated = Counter(item.category for one in results for item in one.items if item.validated)
    rows = [(count, validated[number], job, number) for number, count in counts.items()]
    await connection.executemany(_COUNT_ITEMS, rows)
    accepted = sum(1 for one in results if one.items)
    totals = (len(results), accepted, len(results) - accepted, len(items), job)
    await connection.execute(_COUNT_IMPORT, totals)


def _ended_unit(job: int, position: int, result: ChunkResult) -> tuple[Any, ...]:
    if not result.items:
        return (job, position, result.chunk_id, "rejected", "nothing_found", result.detail, 0)
    reason = "partly" if result.detail else None
    return (job, position, result.chunk_id, "accepted", reason, result.detail, len(result.items))


def _item_statements(job: int, position: int, chunk: int, items: Sequence[FoundItem]) -> list[Statement]:
    rows: list[Statement] = [
        (_INSERT_ITEM, item_row(job, position, ordinal, chunk, item)) for ordinal, item in enumerate(items)
    ]
    return rows + [(_COUNT_ITEMS, (1, int(item.validated or False), job, item.category)) for item in items]


def _parameters(job: int, query: ItemQuery) -> dict[str, Any]:
    return {
        "job": job,
        "least": query.min_confidence,
        "validated": int(query.validated) if query.validated is not None else None,
        "categories": json.dumps(sorted(query.categories)) if query.categories is not None else None,
    }
