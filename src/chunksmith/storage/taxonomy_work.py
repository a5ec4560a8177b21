"""What taxonomy jobs work on and what they have found, unit by unit."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from chunksmith.domain.jobs import Outcome, Unit
from chunksmith.domain.taxonomy import Batch, Category, DocumentSize, Part, Subject
from chunksmith.storage.database import Database, Row
from chunksmith.storage.units import unit_statements

_PUT_BATCH = "INSERT OR REPLACE INTO taxonomy_batches (job, position, chunk_ids, subject) VALUES (?, ?, ?, ?)"
_BATCHES = """
SELECT position, chunk_ids, subject FROM taxonomy_batches
WHERE job = ? AND position IN (SELECT value FROM json_each(?))
"""
_PUT_PART = "INSERT OR REPLACE INTO taxonomy_parts (job, position, categories) VALUES (?, ?, ?)"
_PARTS = """
SELECT position, categories FROM taxonomy_parts WHERE job = ? AND position > ? ORDER BY position LIMIT ?
"""
_SIZES = """
SELECT document_id, count(*) AS n FROM visible_chunks WHERE project_id = ? GROUP BY document_id ORDER BY document_id
"""
_SIZES_OF = """
SELECT document_id, count(*) AS n FROM visible_chunks
WHERE document_id IN (SELECT value FROM json_each(?)) AND project_id = ? GROUP BY document_id ORDER BY document_id
"""
_IDS_OF_DOCUMENT = """
SELECT id FROM visible_chunks WHERE document_id = ? AND project_id = ? ORDER BY chunk_index, id LIMIT 1 OFFSET ?
"""
_IDS_OF_NONE = """
SELECT id FROM visible_chunks WHERE project_id = ? AND document_id IS NULL ORDER BY id LIMIT 1 OFFSET ?
"""


class TaxonomyWorkStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_batches(self, job: int, batches: Sequence[Batch]) -> None:
        rows = [(job, batch.position, json.dumps(batch.chunk_ids), _subject_json(batch.subject)) for batch in batches]
        await self._database.apply([(_PUT_BATCH, row) for row in rows])

    async def batches(self, job: int, positions: Sequence[int]) -> dict[int, Batch]:
        rows = await self._database.read(_BATCHES, (job, json.dumps(list(positions))))
        return {row["position"]: _batch(row) for row in rows}

    async def end_unit(self, job: int, unit: Unit, outcome: Outcome, categories: Sequence[Category]) -> None:
        packed = json.dumps([[category.path, category.description] for category in categories], ensure_ascii=False)
        part = [(_PUT_PART, (job, unit.position, packed))] if outcome.status == "accepted" else []
        await self._database.apply([*part, *unit_statements(job, unit, outcome)])

    async def parts(self, job: int, after: int, limit: int) -> list[Part]:
        rows = await self._database.read(_PARTS, (job, after, limit))
        return [Part(row["position"], _categories(json.loads(row["categories"]))) for row in rows]

    async def document_sizes(self, project: int, documents: Sequence[int] | None) -> list[DocumentSize]:
        if documents is None:
            rows = await self._database.read(_SIZES, (project,))
        else:
            rows = await self._database.read(_SIZES_OF, (json.dumps(list(documents)), project))
        return [DocumentSize(row["document_id"], row["n"]) for row in rows]

    async def chunk_ids_at(self, project: int, document: int | None, offsets: Sequence[int]) -> list[int]:
        found: list[Row] = []
        for offset in offsets:
            if document is None:
                found += await self._database.read(_IDS_OF_NONE, (project, offset))
            else:
                found += await self._database.read(_IDS_OF_DOCUMENT, (document, project, offset))
        return [row["id"] for row in found]


def _batch(row: Row) -> Batch:
    subject = json.loads(row["subject"]) if row["subject"] is not None else None
    return Batch(row["position"], tuple(json.loads(row["chunk_ids"])), _subject(subject))


def _subject(value: dict[str, Any] | None) -> Subject | None:
    if value is None:
        return None
    lists = {name: tuple(value[name]) for name in ("path", "siblings", "children")}
    return Subject(node_id=value["node_id"], description=value["description"], levels=value["levels"], **lists)


def _subject_json(subject: Subject | None) -> str | None:
    return json.dumps(asdict(subject), ensure_ascii=False) if subject is not None else None


def _categories(value: list[Any]) -> tuple[Category, ...]:
    return tuple(Category(tuple(path), description) for path, description in value)
