"""Entries of frozen states: those that are still as they were, merged with those that were copied aside."""

import json
from collections.abc import Sequence
from typing import Any

from chunksmith.domain.datasets import Entry
from chunksmith.domain.entry_query import EntryQuery, Filled
from chunksmith.domain.versions import Frozen
from chunksmith.storage import entry_pages
from chunksmith.storage.database import Database
from chunksmith.storage.datasets import entry_range, number_of
from chunksmith.storage.entries import COLUMNS, FILLED, entry_of, filled_of

_KEPT = ", ".join(name for name in COLUMNS if name not in ("id", "dataset"))
# What is left out (duplicates, for example) is kept with the state, and shown where it is asked for.
_SHOWN = "left_out IS NULL"
# The copies are called ``entries`` too, so that filters are written once.
_NOW = f"SELECT id, {_KEPT} FROM entries {{index}} WHERE since <= ? AND deleted_at IS NULL AND "
_THEN = f"SELECT entry AS id, {_KEPT} FROM former_entries AS entries WHERE first_state <= ? AND last_state >= ? AND "
_NAMED = """
SELECT e.*, chunks.document_id, ifnull((
    SELECT name FROM former_document_names AS f WHERE f.document_id = documents.id AND f.last_version >= ?
    ORDER BY f.last_version LIMIT 1), documents.name) AS document_name
FROM ({rows}) AS e LEFT JOIN chunks ON chunks.id = e.chunk_id LEFT JOIN documents ON documents.id = chunks.document_id
"""
_CHANGED = """
SELECT id FROM entries INDEXED BY entries_since
WHERE id BETWEEN ?1 AND ?2 AND since > 1 AND since > ?3 AND since <= ?4
UNION
SELECT entry FROM former_entries
WHERE entry BETWEEN ?1 AND ?2
    AND (first_state > ?3 AND first_state <= ?4 OR last_state >= ?3 AND last_state < ?4)
ORDER BY 1 LIMIT ?5
"""
_ENTRIES_OF = f"""
SELECT chunk_id, category FROM entries NOT INDEXED
WHERE id BETWEEN :first AND :last AND since <= :state AND deleted_at IS NULL AND {_SHOWN}
UNION ALL
SELECT chunk_id, category FROM former_entries
WHERE entry BETWEEN :first AND :last AND first_state <= :state AND last_state >= :state AND {_SHOWN}
"""
_CATEGORIES = f"SELECT DISTINCT category FROM ({_ENTRIES_OF}) WHERE category IS NOT NULL"
_DOCUMENTS = f"""
WITH counted AS (
    SELECT c.document_id AS id, count(*) AS entries FROM ({_ENTRIES_OF}) AS e JOIN chunks AS c ON c.id = e.chunk_id
    WHERE c.document_id IS NOT NULL GROUP BY c.document_id)
SELECT d.sha256, counted.entries, count(*) OVER () AS total, ifnull((
    SELECT name FROM former_document_names AS f WHERE f.document_id = d.id AND f.last_version >= :names_at
    ORDER BY f.last_version LIMIT 1), d.name) AS name
FROM counted JOIN documents AS d ON d.id = counted.id ORDER BY counted.id LIMIT :limit
"""
_CHUNKS = f"""
SELECT chunk_id FROM entries INDEXED BY entries_by_chunk
WHERE dataset = ?1 AND chunk_id > ?2 AND since <= ?3 AND deleted_at IS NULL AND {_SHOWN}
UNION
SELECT chunk_id FROM former_entries INDEXED BY former_entries_by_chunk
WHERE dataset = ?1 AND chunk_id > ?2 AND first_state <= ?3 AND last_state >= ?3 AND {_SHOWN}
ORDER BY 1 LIMIT ?4
"""


class FrozenEntryStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, frozen: Frozen, query: EntryQuery, limit: int) -> list[Entry]:
        first, last = entry_range(frozen.dataset)
        if query.after is not None:
            first += query.after.number + 1
        clauses, values = entry_pages.filters(query)
        where = "".join(f" AND {clause}" for clause in clauses)
        rows = f"""
            {_NOW.format(index="NOT INDEXED")} id BETWEEN ? AND ?{where}
            UNION ALL {_THEN} entry BETWEEN ? AND ?{where} ORDER BY id LIMIT ?"""
        now = (frozen.state, first, last, *values)
        then = (frozen.state, frozen.state, first, last, *values)
        return await self._read(frozen, rows, (*now, *then, limit), "id")

    async def filled(self, frozen: Frozen, query: EntryQuery) -> Filled:
        first, last = entry_range(frozen.dataset)
        clauses, values = entry_pages.filters(query)
        where = "".join(f" AND {clause}" for clause in clauses)
        rows = f"""
            {_NOW.format(index="NOT INDEXED")} id BETWEEN ? AND ?{where}
            UNION ALL {_THEN} entry BETWEEN ? AND ?{where}"""
        bounds = (first, last, *values)
        (row,) = await self._database.read(
            f"{FILLED} FROM ({rows})", (frozen.state, *bounds, frozen.state, frozen.state, *bounds)
        )
        return filled_of(row)

    async def by_numbers(self, frozen: Frozen, numbers: Sequence[int]) -> list[Entry]:
        low = entry_range(frozen.dataset)[0]
        ids = json.dumps([low | number for number in numbers])
        named = f"IN (SELECT value FROM json_each(?)) AND {_SHOWN}"
        rows = f"{_NOW.format(index='')} id {named} UNION ALL {_THEN} entry {named}"
        return await self._read(frozen, rows, (frozen.state, ids, frozen.state, frozen.state, ids), "id")

    async def of_chunks(self, frozen: Frozen, first: int, last: int) -> list[Entry]:
        now, then = _NOW.format(index="INDEXED BY entries_by_chunk"), _THEN
        within = f"dataset = ? AND chunk_id BETWEEN ? AND ? AND {_SHOWN}"
        place = (frozen.dataset, first, last)
        rows = f"{now} {within} UNION ALL {then} {within}"
        values = (frozen.state, *place, frozen.state, frozen.state, *place)
        return await self._read(frozen, rows, values, "chunk_id, id")

    async def chunks(self, frozen: Frozen, after: int, limit: int) -> list[int]:
        rows = await self._database.read(_CHUNKS, (frozen.dataset, after, frozen.state, limit))
        return [row["chunk_id"] for row in rows]

    async def changed(self, dataset: int, states: tuple[int, int], after: int, limit: int) -> list[int]:
        first, last = entry_range(dataset)
        rows = await self._database.read(_CHANGED, (first + after + 1, last, *states, limit))
        return [number_of(row["id"]) for row in rows]

    async def categories(self, frozen: Frozen) -> set[str]:
        return {row["category"] for row in await self._database.read(_CATEGORIES, _whole(frozen))}

    async def documents(self, frozen: Frozen, limit: int) -> tuple[list[dict[str, Any]], int]:
        values = {**_whole(frozen), "names_at": frozen.names_at, "limit": limit}
        rows = await self._database.read(_DOCUMENTS, values)
        shown = ("name", "sha256", "entries")
        return [{name: row[name] for name in shown} for row in rows], rows[0]["total"] if rows else 0

    async def _read(self, frozen: Frozen, rows: str, values: Sequence[Any], order: str) -> list[Entry]:
        ordered = ", ".join(f"e.{column}" for column in order.split(", "))
        sql = f"{_NAMED.format(rows=rows)} ORDER BY {ordered}"
        return [entry_of(row) for row in await self._database.read(sql, (frozen.names_at, *values))]


def _whole(frozen: Frozen) -> dict[str, Any]:
    first, last = entry_range(frozen.dataset)
    return {"first": first, "last": last, "state": frozen.state}
