"""What datasets are made of: the chosen items of completed extractions, chunk by chunk."""

import json
from collections.abc import Sequence
from typing import Any

from chunksmith.domain.extraction import Categories, ExtractedItem, ExtractionPool, PoolFilter
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.database import Database
from chunksmith.storage.extraction_rows import BY_NAME, categories_of, items_of, summary_of

_POOL = """
SELECT x.job FROM extractions AS x JOIN jobs AS y ON y.id = x.job
WHERE x.project_id = ? AND x.deleted_at IS NULL AND y.state = 'completed' ORDER BY x.job
"""
_CHOSEN = """
(NOT :only_validated OR i.validated = 1)
    AND (:chosen IS NULL OR (i.job, i.category) IN (SELECT value ->> 0, value ->> 1 FROM json_each(:chosen)))
"""
_HAS_CHOSEN = f"""
EXISTS (SELECT 1 FROM visible_chunks AS v WHERE v.id = r.chunk_id)
    AND EXISTS (SELECT 1 FROM extraction_items AS i INDEXED BY extraction_items_filtered
        WHERE i.job = r.job AND i.position = r.position AND {_CHOSEN})
"""
_NEWEST = """
r.job IN (SELECT value FROM json_each(:jobs)) AND NOT EXISTS (
    SELECT 1 FROM extraction_results AS n
    WHERE n.project_id = r.project_id AND n.chunk_id = r.chunk_id AND n.id > r.id
        AND n.job IN (SELECT value FROM json_each(:jobs)))
"""
_UNITS_OF_JOB = f"""
SELECT r.chunk_id FROM extraction_results AS r INDEXED BY extraction_results_of_job
WHERE r.job = json_extract(:jobs, '$[0]') AND r.project_id = :project AND r.chunk_id > :after AND {_HAS_CHOSEN}
ORDER BY r.chunk_id LIMIT :limit
"""
_UNITS_OF_POOL = f"""
SELECT r.chunk_id FROM extraction_results AS r INDEXED BY extraction_results_of_chunk
WHERE r.project_id = :project AND r.chunk_id > :after AND {_NEWEST} AND {_HAS_CHOSEN}
ORDER BY r.chunk_id LIMIT :limit
"""
_ITEMS = f"""
SELECT i.*, c.document_id, d.name AS document_name
FROM json_each(:chunks) AS wanted
JOIN extraction_results AS r INDEXED BY extraction_results_of_chunk
    ON r.project_id = :project AND r.chunk_id = wanted.value
JOIN extraction_items AS i ON i.job = r.job AND i.position = r.position
LEFT JOIN chunks AS c ON c.id = i.chunk_id LEFT JOIN documents AS d ON d.id = c.document_id
WHERE {_NEWEST} AND {_CHOSEN}
ORDER BY i.chunk_id, i.ordinal
"""


class ExtractionMaterial:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def pool(self, project: int, job_id: str | None) -> ExtractionPool:
        if job_id is None:
            rows = await self._database.read(_POOL, (project,))
            return ExtractionPool(project, tuple(row["job"] for row in rows))
        row = await self._database.read_one(BY_NAME, (job_id,))
        if row is None or row["project_id"] != project:
            raise NotFound("Extraction", job_id)
        found = summary_of(row)
        if found.state != "completed":
            raise Conflict(f"extraction {job_id} is {found.state}, not completed")
        return ExtractionPool(project, (found.id,))

    async def categories(self, job: int) -> Categories:
        return await categories_of(self._database, job)

    async def units(self, pool: ExtractionPool, chosen: PoolFilter, after_chunk: int, limit: int) -> list[int]:
        if not pool.jobs:
            return []
        sql = _UNITS_OF_JOB if len(pool.jobs) == 1 else _UNITS_OF_POOL
        parameters = {**_pool_parameters(pool, chosen), "after": after_chunk, "limit": limit}
        return [row["chunk_id"] for row in await self._database.read(sql, parameters)]

    async def items_of(
        self, pool: ExtractionPool, chosen: PoolFilter, chunks: Sequence[int]
    ) -> dict[int, list[ExtractedItem]]:
        parameters = {**_pool_parameters(pool, chosen), "chunks": json.dumps(list(chunks))}
        found: dict[int, list[ExtractedItem]] = {}
        for item in await items_of(self._database, await self._database.read(_ITEMS, parameters)):
            found.setdefault(item.chunk_id, []).append(item)
        return found


def _pool_parameters(pool: ExtractionPool, chosen: PoolFilter) -> dict[str, Any]:
    pairs = None
    if chosen.categories is not None:
        pairs = json.dumps([[job, number] for job, numbers in chosen.categories.items() for number in sorted(numbers)])
    jobs = json.dumps(list(pool.jobs))
    return {"project": pool.project, "jobs": jobs, "chosen": pairs, "only_validated": chosen.only_validated}
