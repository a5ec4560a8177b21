"""Entries: written with their unit's outcome, read in pages that are fast at any depth."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

import aiosqlite
from pydantic_core import from_json, to_json

from chunksmith.domain.curation import SPLITS
from chunksmith.domain.datasets import DIFFICULTIES, HIGH, MEDIUM, Entry, Evidence
from chunksmith.domain.entry_query import UNASSIGNED, EntryQuery, Filled, Position
from chunksmith.domain.jobs import Outcome, Unit
from chunksmith.errors import NotFound, StaleEntry
from chunksmith.storage import entry_pages
from chunksmith.storage.database import Adding, Database, Row, Statement
from chunksmith.storage.datasets import entry_range, number_of
from chunksmith.storage.units import unit_statements

COLUMNS = (
    "id dataset position chunk_id question answer instruction input output summary key_points category difficulty "
    "quality quality_parts evidence split status metadata repaired call_id revision generated_at "
    "category_id taxonomy_path quality_notes judge left_out duplicate_of contamination"
).split()
_INSERT = f"INSERT INTO entries ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
_UPDATE = f"UPDATE entries SET {', '.join(f'{name} = ?' for name in COLUMNS[1:])} WHERE id = ?"
SELECT = """
SELECT entries.*, chunks.document_id, documents.name AS document_name FROM entries
LEFT JOIN chunks ON chunks.id = entries.chunk_id LEFT JOIN documents ON documents.id = chunks.document_id
"""
COUNT_ENTRY = Adding("""
UPDATE datasets SET revision = revision + 1, entries_count = entries_count + ?, scored_count = scored_count + ?,
    quality_sum = quality_sum + ?, high_count = high_count + ?, medium_count = medium_count + ?,
    low_count = low_count + ? WHERE id = ?
""")
CHANGE_CONTENT = Adding("UPDATE datasets SET content_revision = content_revision + ? WHERE id = ?")
KEEP_FORMER = (
    "INSERT INTO revisions (entry, revision, body, change, editor, feedback, replaced_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_HISTORY = "SELECT * FROM revisions WHERE entry = ? ORDER BY revision"
_BY_IDS = (
    f"{SELECT} WHERE entries.id IN (SELECT value FROM json_each(?)) AND entries.deleted_at IS NULL ORDER BY entries.id"
)
FILLED = f"""
SELECT count(category) AS categories, count(difficulty) AS difficulties, count(quality) AS scores,
    total(evidence <> '[]') AS evidence, total(split IS NULL) AS {UNASSIGNED},
    {", ".join(f"total(split = '{name}') AS {name}" for name in SPLITS)}
"""
GIVE_FEEDBACK = """
INSERT INTO feedback (dataset, entry, feedback_type, comments, rating, author, revision, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


class EntryStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def end_unit(self, job: int, unit: Unit, outcome: Outcome, dataset: int, entries: Sequence[Entry]) -> None:
        """Entries, outcome and counts of a unit stand or fall together."""
        statements: list[Statement] = [(_INSERT, row_of(dataset, entry)) for entry in entries]
        statements.extend(unit_statements(job, unit, outcome))
        if entries:
            statements.append((COUNT_ENTRY, (*counts_of(entries), dataset)))
            statements.append((CHANGE_CONTENT, (1, dataset)))
        await self._database.apply(statements)

    async def page(self, dataset: int, query: EntryQuery, limit: int, offset: int = 0) -> list[Entry]:
        """Ids first, through an index; only the rows of the page are read whole."""
        places, values = entry_pages.places(dataset, query)
        ids = f"SELECT id FROM ({places} LIMIT ? OFFSET ?)"
        sql = f"{SELECT} WHERE entries.id IN ({ids}) {entry_pages.order(query, 'entries.')}"
        return [entry_of(row) for row in await self._database.read(sql, (*values, limit, offset))]

    async def place(self, dataset: int, query: EntryQuery, skip: int, *, backwards: bool = False) -> Position | None:
        """Of the entry that stands ``skip`` places further on, counted from 1; None when there are not so many.

        ``backwards``: counted from the end of the list.
        """
        places, values = entry_pages.places(dataset, query, backwards=backwards)
        row = await self._database.read_one(f"{places} LIMIT 1 OFFSET ?", (*values, skip - 1))
        if row is None:
            return None
        return Position(row[1] if len(row) > 1 else None, number_of(row["id"]))

    async def count(self, dataset: int, query: EntryQuery) -> int:
        where, parameters = entry_pages.where(dataset, query, counted=True)
        index = entry_pages.index(query, counted=True)
        (row,) = await self._database.read(f"SELECT count(*) AS n FROM entries {index} {where}", parameters)
        return int(row["n"])

    async def filled(self, dataset: int, query: EntryQuery) -> Filled:
        """In one pass, and without sorting: that is done in memory, and grows with the dataset."""
        where, parameters = entry_pages.where(dataset, query, counted=True)
        index = entry_pages.index(query, counted=True)
        (row,) = await self._database.read(f"{FILLED} FROM entries {index} {where}", parameters)
        return filled_of(row)

    async def get(self, dataset: int, number: int) -> Entry:
        """Errors: NotFound, also for a deleted entry."""
        first, last = entry_range(dataset)
        sql = f"{SELECT} WHERE entries.id = ? AND entries.deleted_at IS NULL"
        row = await self._database.read_one(sql, (first | number,)) if 0 < number <= last - first else None
        if row is None:
            raise NotFound("Entry", f"entry_{number}")
        return entry_of(row)

    async def by_numbers(self, dataset: int, numbers: Sequence[int]) -> list[Entry]:
        """Those that are there, in order."""
        low = entry_range(dataset)[0]
        rows = await self._database.read(_BY_IDS, (json.dumps([low | number for number in numbers]),))
        return [entry_of(row) for row in rows]

    async def history(self, dataset: int, number: int) -> list[dict[str, Any]]:
        rows = await self._database.read(_HISTORY, (entry_range(dataset)[0] | number,))
        return [
            {
                "revision": row["revision"],
                "entry": json.loads(row["body"]),
                "change": row["change"],
                "editor": row["editor"],
                "feedback": row["feedback"],
                "replaced_at": row["replaced_at"],
            }
            for row in rows
        ]

    async def change(
        self,
        dataset: int,
        number: int,
        edit: Callable[[Entry], Entry | None],
        *,
        change: str,
        at: str,
        editor: str | None = None,
        feedback: str | None = None,
        expected_revision: int | None = None,
    ) -> Entry | None:
        """Replace an entry by ``edit`` of it, or delete it where ``edit`` gives None; the former text is kept.

        Errors: NotFound; StaleEntry when it is no longer at ``expected_revision``.
        """

        async def replace(connection: aiosqlite.Connection) -> Entry | None:
            new = await replace_entry(
                connection,
                dataset,
                number,
                edit,
                change=change,
                at=at,
                editor=editor,
                feedback=feedback,
                expected_revision=expected_revision,
            )
            if feedback and feedback.strip():
                entry_id = entry_range(dataset)[0] | number
                # What comes with an edit is feedback like any other, on the text that it made.
                revision = new.revision if new is not None else 0
                given = (dataset, entry_id, "bulk_edit", feedback, None, editor, revision, at)
                await connection.execute(GIVE_FEEDBACK, given)
            return new

        return await self._database.transact(replace)

    async def rescore(self, dataset: int, entries: Sequence[Entry]) -> None:
        """Store new scores; an entry that was edited meanwhile keeps its own."""
        low = entry_range(dataset)[0]
        new = {low | entry.number: entry for entry in entries}

        async def store(connection: aiosqlite.Connection) -> None:
            marks = json.dumps(list(new))
            sql = f"{SELECT} WHERE entries.id IN (SELECT value FROM json_each(?)) AND entries.deleted_at IS NULL"
            old = [entry_of(row) for row in await connection.execute_fetchall(sql, (marks,))]
            same = [entry for entry in old if entry.revision == new[low | entry.number].revision]
            changed = [dataclasses.replace(new[low | entry.number], left_out=entry.left_out) for entry in same]
            rows = [(entry.quality, *_details(entry), low | entry.number) for entry in changed]
            sql = "UPDATE entries SET quality = ?, quality_parts = ?, quality_notes = ?, judge = ? WHERE id = ?"
            await connection.executemany(sql, rows)
            counts = [a - b for a, b in zip(counts_of(changed), counts_of(same), strict=True)]
            await connection.execute(COUNT_ENTRY, (*counts, dataset))

        await self._database.transact(store)

    async def of_batch(self, job: int, tries: int, dataset: int, numbers: tuple[int, int], limit: int) -> list[Entry]:
        """Entries with a number above the first and up to the last of ``numbers``, whose unit belongs to the round."""
        low = entry_range(dataset)[0]
        sql = f"{SELECT} JOIN units ON units.job = ? AND units.position = entries.position AND units.tries = ? "
        sql += "WHERE entries.id > ? AND entries.id <= ? AND entries.deleted_at IS NULL ORDER BY entries.id LIMIT ?"
        rows = await self._database.read(sql, (job, tries, low | numbers[0], low | numbers[1], limit))
        return [entry_of(row) for row in rows]


async def replace_entry(
    connection: aiosqlite.Connection,
    dataset: int,
    number: int,
    edit: Callable[[Entry], Entry | None],
    *,
    change: str,
    at: str,
    editor: str | None = None,
    feedback: str | None = None,
    expected_revision: int | None = None,
) -> Entry | None:
    """``EntryStore.change`` inside the caller's transaction."""
    entry_id = entry_range(dataset)[0] | number
    sql = f"{SELECT} WHERE entries.id = ? AND entries.deleted_at IS NULL"
    rows = list(await connection.execute_fetchall(sql, (entry_id,)))
    if not rows:
        raise NotFound("Entry", f"entry_{number}")
    old = entry_of(rows[0])
    if expected_revision is not None and old.revision != expected_revision:
        raise StaleEntry(f"entry_{number} is at revision {old.revision} by now: read it again")
    new = edit(old)
    if new is not None and new.texts() != old.texts():  # what was found in the former text
        new = dataclasses.replace(new, left_out=None, duplicate_of=None, contamination=None)
    await connection.execute(KEEP_FORMER, former_row(dataset, old, change, editor, feedback, at))
    counts = [-count for count in counts_of([old])]
    if new is None:
        await connection.execute("UPDATE entries SET deleted_at = ? WHERE id = ?", (at, entry_id))
    else:
        row = row_of(dataset, new)
        await connection.execute(_UPDATE, (*row[1:], entry_id))
        counts = [a + b for a, b in zip(counts, counts_of([new]), strict=True)]
    await connection.execute(COUNT_ENTRY, (*counts, dataset))
    await connection.execute(CHANGE_CONTENT, (1, dataset))
    await connection.execute("UPDATE datasets SET updated_at = ? WHERE id = ?", (at, dataset))
    return new


async def entries_of(connection: aiosqlite.Connection, dataset: int, numbers: Sequence[int]) -> list[Entry]:
    """Those that are there, in order, inside the caller's transaction."""
    low = entry_range(dataset)[0]
    rows = await connection.execute_fetchall(_BY_IDS, (json.dumps([low | number for number in numbers]),))
    return [entry_of(row) for row in rows]


def former_row(
    dataset: int, old: Entry, change: str, editor: str | None, feedback: str | None, at: str
) -> tuple[Any, ...]:
    """What ``KEEP_FORMER`` puts into the history."""
    body = json.dumps(_body(old), ensure_ascii=False)
    return (entry_range(dataset)[0] | old.number, old.revision, body, change, editor, feedback, at)


def filled_of(row: Row) -> Filled:
    splits = {name: int(row[name]) for name in (*SPLITS, UNASSIGNED)}
    return Filled(row["categories"], row["difficulties"], row["scores"], int(row["evidence"]), splits)


def matching(dataset: int, query: EntryQuery) -> tuple[str, list[Any]]:
    """The WHERE clause of a query and its parameters."""
    return entry_pages.where(dataset, query, counted=True)


def _details(entry: Entry) -> tuple[str | None, ...]:
    """Parts, notes and judge of a score, as JSON."""
    details = (entry.quality_parts, entry.quality_notes, entry.judge)
    return tuple(_text(one) if one is not None else None for one in details)


def counts_of(entries: Sequence[Entry]) -> list[float]:
    """What ``COUNT_ENTRY`` adds for them; what is left out does not count."""
    counted = [entry for entry in entries if entry.left_out is None]
    scores = [entry.quality for entry in counted if entry.quality is not None]
    high = sum(score >= HIGH for score in scores)
    low = sum(score < MEDIUM for score in scores)
    return [len(counted), len(scores), sum(scores), high, len(scores) - high - low, low]


def row_of(dataset: int, entry: Entry) -> tuple[Any, ...]:
    parts, notes, judge = _details(entry)
    return (
        entry_range(dataset)[0] | entry.number,
        dataset,
        entry.position,
        entry.chunk_id,
        entry.question,
        entry.answer,
        entry.instruction,
        entry.input,
        entry.output,
        entry.summary,
        _text(entry.key_points) if entry.key_points is not None else None,
        entry.category,
        DIFFICULTIES.index(entry.difficulty) + 1 if entry.difficulty is not None else None,
        entry.quality,
        parts,
        _text([(e.quote, e.start, e.end, e.match) for e in entry.evidence]),
        entry.split,
        entry.status,
        json.dumps(entry.metadata, ensure_ascii=False) if entry.metadata else None,
        int(entry.repaired),
        entry.call_id,
        entry.revision,
        entry.generated_at,
        entry.category_id,
        _text(entry.taxonomy_path) if entry.taxonomy_path is not None else None,
        notes,
        judge,
        entry.left_out,
        entry.duplicate_of,
        _text(entry.contamination) if entry.contamination is not None else None,
    )


def _text(value: Any) -> str:
    """JSON of what we made ourselves."""
    return to_json(value).decode()


def entry_of(row: Row) -> Entry:
    values = dict(zip(row.keys(), row, strict=True))  # a Row looks for a name among all of its columns each time
    key_points = from_json(values["key_points"]) if values["key_points"] is not None else None
    return Entry(
        number=number_of(values["id"]),
        position=values["position"],
        chunk_id=values["chunk_id"],
        question=values["question"],
        answer=values["answer"],
        instruction=values["instruction"],
        input=values["input"],
        output=values["output"],
        summary=values["summary"],
        key_points=tuple(key_points) if key_points is not None else None,
        category=values["category"],
        category_id=values["category_id"],
        taxonomy_path=tuple(from_json(values["taxonomy_path"])) if values["taxonomy_path"] is not None else None,
        difficulty=DIFFICULTIES[values["difficulty"] - 1] if values["difficulty"] is not None else None,
        quality=values["quality"],
        quality_parts=from_json(values["quality_parts"]) if values["quality_parts"] is not None else None,
        quality_notes=from_json(values["quality_notes"]) if values["quality_notes"] is not None else None,
        judge=from_json(values["judge"]) if values["judge"] is not None else None,
        evidence=tuple(Evidence(*item) for item in from_json(values["evidence"])),
        split=values["split"],
        status=values["status"],
        left_out=values["left_out"],
        duplicate_of=values["duplicate_of"],
        contamination=from_json(values["contamination"]) if values["contamination"] is not None else None,
        metadata=json.loads(values["metadata"]) if values["metadata"] is not None else {},
        repaired=bool(values["repaired"]),
        call_id=values["call_id"],
        revision=values["revision"],
        generated_at=values["generated_at"],
        document_id=values["document_id"],
        document_name=values["document_name"],
    )


def _body(entry: Entry) -> dict[str, Any]:
    """What the history keeps of a former text."""
    kept = {name: value for name, value in entry.texts().items() if value is not None}
    return {
        **kept,
        "category": entry.category,
        "category_id": entry.category_id,
        "taxonomy_path": entry.taxonomy_path,
        "difficulty": entry.difficulty,
        "quality_score": entry.quality,
        "metadata": entry.metadata,
        "status": entry.status,
        "evidence": [item.quote for item in entry.evidence],
        "call_id": entry.call_id,
    }
