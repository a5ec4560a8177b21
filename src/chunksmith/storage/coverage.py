"""What rests on which chunk, along the index ``entries_by_chunk``."""

import json
from collections.abc import Sequence

from pydantic_core import from_json

from chunksmith.domain.coverage import CoverageState, DocumentCoverage, EntryCounts, Pointed, StateCounts
from chunksmith.domain.datasets import Evidence
from chunksmith.storage.database import Database

_ANY = "SELECT 1 FROM entries AS e WHERE e.dataset = :dataset AND e.chunk_id = c.id AND e.deleted_at IS NULL"
_ACCEPTED = f"{_ANY} AND e.left_out IS NULL AND e.status <> 'rejected'"
_IS_ACCEPTED = "left_out IS NULL AND status <> 'rejected'"
_COUNTS = f"""
SELECT count(*) AS total, total(EXISTS ({_ANY})) AS touched, total(EXISTS ({_ACCEPTED})) AS accepted
FROM visible_chunks AS c WHERE project_id = :project
"""
_STATES: dict[CoverageState | None, str] = {
    None: "",
    "accepted": f"AND EXISTS ({_ACCEPTED})",
    "rejected": f"AND EXISTS ({_ANY}) AND NOT EXISTS ({_ACCEPTED})",
    "untouched": f"AND NOT EXISTS ({_ANY})",
}
_IDS = {
    state: f"""
SELECT id FROM visible_chunks AS c WHERE project_id = :project AND id > :after {clause}
ORDER BY id LIMIT :limit OFFSET :offset
"""
    for state, clause in _STATES.items()
}
_POINTED = f"""
SELECT chunk_id, {_IS_ACCEPTED} AS accepted, evidence FROM entries INDEXED BY entries_by_chunk
WHERE dataset = ? AND chunk_id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL ORDER BY chunk_id, id
"""
_DOCUMENTS = "SELECT id, name FROM visible_documents WHERE project_id = ? ORDER BY id LIMIT ? OFFSET ?"
_OF_DOCUMENTS = f"""
SELECT c.document_id, count(*) AS chunks, total(n.accepted > 0) AS accepted, total(n.entries > 0) AS touched,
    total(n.accepted) AS accepted_entries, total(n.entries) AS entries
FROM visible_chunks AS c LEFT JOIN (
    SELECT chunk_id, count(*) AS entries, total({_IS_ACCEPTED}) AS accepted FROM entries INDEXED BY entries_by_chunk
    WHERE dataset = ? AND deleted_at IS NULL AND chunk_id IN (
        SELECT id FROM visible_chunks WHERE document_id IN (SELECT value FROM json_each(?)))
    GROUP BY chunk_id) AS n ON n.chunk_id = c.id
WHERE c.document_id IN (SELECT value FROM json_each(?)) GROUP BY c.document_id
"""
_CATEGORIES = f"""
SELECT category, category_id, count(*) AS entries, total({_IS_ACCEPTED}) AS accepted
FROM entries INDEXED BY entries_of_dataset WHERE dataset = ? AND deleted_at IS NULL GROUP BY category, category_id
"""
_GAPS = """
SELECT c.value AS id FROM json_each(:chunks) AS c
WHERE NOT EXISTS (
    SELECT 1 FROM datasets AS d JOIN entries AS e INDEXED BY entries_by_chunk ON e.dataset = d.id
    WHERE d.project_id = :project AND (:dataset IS NULL OR d.dataset_id = :dataset) AND e.chunk_id = c.value
        AND e.deleted_at IS NULL AND e.left_out IS NULL AND e.status <> 'rejected')
ORDER BY c.value
"""


class CoverageStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, project: int, dataset: int) -> StateCounts:
        (row,) = await self._database.read(_COUNTS, {"project": project, "dataset": dataset})
        touched, accepted = int(row["touched"]), int(row["accepted"])
        return StateCounts(accepted, touched - accepted, row["total"] - touched)

    async def chunk_ids(
        self, project: int, dataset: int, state: CoverageState | None, after: int, limit: int, offset: int
    ) -> list[int]:
        values = {"project": project, "dataset": dataset, "after": after, "limit": limit, "offset": offset}
        return [row["id"] for row in await self._database.read(_IDS[state], values)]

    async def pointed(self, dataset: int, chunks: Sequence[int]) -> list[Pointed]:
        rows = await self._database.read(_POINTED, (dataset, json.dumps(list(chunks))))
        return [
            Pointed(row["chunk_id"], bool(row["accepted"]), tuple(Evidence(*one) for one in from_json(row["evidence"])))
            for row in rows
        ]

    async def documents(
        self, project: int, dataset: int, limit: int, offset: int
    ) -> tuple[list[DocumentCoverage], int]:
        named = await self._database.read(_DOCUMENTS, (project, limit, offset))
        ids = json.dumps([row["id"] for row in named])
        found = {row["document_id"]: row for row in await self._database.read(_OF_DOCUMENTS, (dataset, ids, ids))}
        sql = "SELECT count(*) AS n FROM visible_documents WHERE project_id = ?"
        (count,) = await self._database.read(sql, (project,))
        nothing = {"chunks": 0, "accepted": 0, "touched": 0, "accepted_entries": 0, "entries": 0}
        documents = []
        for row in named:
            of = found.get(row["id"], nothing)
            chunks, touched, accepted = int(of["chunks"]), int(of["touched"]), int(of["accepted"])
            kept = int(of["accepted_entries"])
            states = StateCounts(accepted, touched - accepted, chunks - touched)
            entries = EntryCounts(kept, int(of["entries"]) - kept)
            documents.append(DocumentCoverage(row["id"], row["name"], states, entries))
        return documents, int(count["n"])

    async def categories(self, dataset: int) -> dict[tuple[str | None, str | None], EntryCounts]:
        return {
            (row["category"], row["category_id"]): EntryCounts(
                int(row["accepted"]), row["entries"] - int(row["accepted"])
            )
            for row in await self._database.read(_CATEGORIES, (dataset,))
        }

    async def gaps(self, project: int, dataset_id: str | None, chunks: Sequence[int]) -> list[int]:
        values = {"project": project, "dataset": dataset_id, "chunks": json.dumps(list(chunks))}
        return [row["id"] for row in await self._database.read(_GAPS, values)]
