"""What is known of entries by comparing them: read in pages of texts, written with all counts that it changes."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import aiosqlite

from chunksmith.domain.curation import Mark, Place
from chunksmith.domain.datasets import Entry
from chunksmith.storage.database import Database, Row
from chunksmith.storage.datasets import entry_range
from chunksmith.storage.entries import COUNT_ENTRY, counts_of
from chunksmith.storage.rows import first

_TEXTS = """
SELECT entries.id, position, chunk_id, question, answer, instruction, input, output, summary, key_points, category,
    quality, split, status, left_out, duplicate_of, contamination, revision, chunks.document_id
FROM entries LEFT JOIN chunks ON chunks.id = entries.chunk_id
WHERE entries.id > ? AND entries.id <= ? AND entries.deleted_at IS NULL ORDER BY entries.id LIMIT ?
"""
_MARKED = """
SELECT id, position, quality, left_out, revision FROM entries
WHERE id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL
"""
_MARK = "UPDATE entries SET left_out = ?, duplicate_of = ?, contamination = ? WHERE id = ?"
_COUNT_UNIT = "UPDATE units SET entries = entries + ? WHERE job = ? AND position = ?"
_COUNT_JOB = "UPDATE job_counters SET entries = entries + ? WHERE job = ?"
_UNIT = "SELECT outcome, reason, entries FROM units WHERE job = ? AND position = ?"
_TURN_UNIT = "UPDATE units SET outcome = ?, reason = ?, detail = ? WHERE job = ? AND position = ?"
# Unit outcomes by what became of their last entry: outcome, reason, detail.
_EMPTIED = {
    "duplicate": ("duplicate", "duplicate", "every entry repeats another one"),
    "contaminated": ("rejected", "contaminated", "the entries share too much with what they were compared with"),
}
_REPORT = """
UPDATE datasets SET curation = json_set(ifnull(curation, '{}'), '$.' || ?, json(?)), revision = revision + 1,
    updated_at = ? WHERE id = ?
"""


class CurationStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def texts(self, dataset: int, after: int, limit: int) -> list[Entry]:
        low, high = entry_range(dataset)
        return [_entry(row, low) for row in await self._database.read(_TEXTS, (low | after, high, limit))]

    async def mark(self, job: int, dataset: int, marks: Sequence[Mark]) -> None:
        low = entry_range(dataset)[0]
        wanted = {low | mark.number: mark for mark in marks}

        async def store(connection: aiosqlite.Connection) -> None:
            rows = await connection.execute_fetchall(_MARKED, (json.dumps(list(wanted)),))
            found = {row["id"]: row for row in rows if row["revision"] == wanted[row["id"]].revision}
            values = [(wanted[one].left_out, *_texts(wanted[one]), one) for one in found]
            await connection.executemany(_MARK, values)
            await _count(connection, job, dataset, [(row, wanted[one]) for one, row in found.items()])

        await self._database.transact(store)

    async def place(self, dataset: int, places: Sequence[Place]) -> None:
        low = entry_range(dataset)[0]

        async def store(connection: aiosqlite.Connection) -> None:
            rows = [(place.split, low | place.number) for place in places]
            await connection.executemany("UPDATE entries SET split = ? WHERE id = ?", rows)
            await connection.execute("UPDATE datasets SET revision = revision + 1 WHERE id = ?", (dataset,))

        await self._database.transact(store)

    async def report(self, dataset: int, name: str, report: Mapping[str, Any], at: str) -> None:
        await self._database.apply([(_REPORT, (name, json.dumps(report, ensure_ascii=False), at, dataset))])


async def _count(connection: aiosqlite.Connection, job: int, dataset: int, marked: Sequence[tuple[Row, Mark]]) -> None:
    """The dataset, the job and its units count what is left out no more, and what is taken back again."""
    turned = [(row, mark) for row, mark in marked if (row["left_out"] is None) != (mark.left_out is None)]
    before = counts_of([_counted(row, row["left_out"]) for row, _ in turned])
    after = counts_of([_counted(row, mark.left_out) for row, mark in turned])
    counts = [new - old for new, old in zip(after, before, strict=True)]
    await connection.execute(COUNT_ENTRY, (*counts, dataset))
    by_unit: Counter[int] = Counter()
    why: dict[int, str | None] = {}
    for row, mark in turned:
        by_unit[row["position"]] += 1 if mark.left_out is None else -1
        why[row["position"]] = mark.left_out
    await connection.executemany(_COUNT_UNIT, [(more, job, position) for position, more in by_unit.items()])
    await connection.execute(_COUNT_JOB, (by_unit.total(), job))
    for position in by_unit:
        await _turn_unit(connection, job, position, why[position])


async def _turn_unit(connection: aiosqlite.Connection, job: int, position: int, why: str | None) -> None:
    """A unit that nothing is left of has another outcome, and the first one again when something comes back."""
    unit = await first(connection, _UNIT, job, position)
    if unit is None:
        return
    if unit["outcome"] == "accepted" and unit["entries"] <= 0 and why is not None:
        outcome, reason, detail = _EMPTIED[why]
    elif unit["entries"] > 0 and unit["reason"] in _EMPTIED and unit["outcome"] != "accepted":
        outcome, reason, detail = "accepted", None, None
    else:
        return
    await connection.execute(_TURN_UNIT, (outcome, reason, detail, job, position))
    sql = f"UPDATE job_counters SET {unit['outcome']} = {unit['outcome']} - 1, {outcome} = {outcome} + 1 WHERE job = ?"
    await connection.execute(sql, (job,))


def _texts(mark: Mark) -> tuple[str | None, str | None]:
    found = mark.contamination
    return mark.duplicate_of, json.dumps(found, ensure_ascii=False) if found is not None else None


def _counted(row: Row, left_out: str | None) -> Entry:
    return Entry(number=0, position=row["position"], chunk_id=0, quality=row["quality"], left_out=left_out)


def _entry(row: Row, low: int) -> Entry:
    points = json.loads(row["key_points"]) if row["key_points"] is not None else None
    return replace(
        _counted(row, row["left_out"]),
        number=row["id"] - low,
        chunk_id=row["chunk_id"],
        question=row["question"],
        answer=row["answer"],
        instruction=row["instruction"],
        input=row["input"],
        output=row["output"],
        summary=row["summary"],
        key_points=tuple(points) if points is not None else None,
        category=row["category"],
        split=row["split"],
        status=row["status"],
        duplicate_of=row["duplicate_of"],
        contamination=json.loads(row["contamination"]) if row["contamination"] is not None else None,
        revision=row["revision"],
        document_id=row["document_id"],
    )
