"""What reviewers say about entries: stored with the change of status that it makes."""

import json
from collections.abc import Sequence
from typing import Any

import aiosqlite

from chunksmith.domain.datasets import ENTRY_PREFIX, TEXT_FIELDS, Entry, EntryStatus
from chunksmith.domain.feedback import (
    RATINGS,
    TEXT_CHANGES,
    Feedback,
    FeedbackDraft,
    FeedbackQuery,
    FeedbackSummary,
    Judged,
)
from chunksmith.errors import NotFound
from chunksmith.storage.database import Database, Row
from chunksmith.storage.datasets import entry_range
from chunksmith.storage.entries import GIVE_FEEDBACK, KEEP_FORMER, entries_of, former_row

NUMBER_MASK = (1 << 36) - 1
# Entries read and changed at a time, inside one transaction: the event loop gets its turn in between.
SLICE = 250
NAMED = 100  # of what is missing
_TEXT_CHANGES = ", ".join(f"'{change}'" for change in TEXT_CHANGES)
_IS_FORMER = f"""
EXISTS (SELECT 1 FROM revisions AS r WHERE r.entry = f.entry AND r.revision >= f.revision
    AND r.change IN ({_TEXT_CHANGES}))
"""
FEEDBACK = f"SELECT f.*, {_IS_FORMER} AS former FROM feedback AS f"
_MISSING = """
SELECT value FROM json_each(?) WHERE value NOT IN (
    SELECT id FROM entries WHERE id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL)
"""
_BEFORE_REJECTION = """
SELECT entry, json_extract(body, '$.status') AS status FROM revisions
WHERE entry IN (SELECT value FROM json_each(?)) AND change = 'rejected' ORDER BY entry, revision
"""
_BY_TYPE = """
SELECT feedback_type, count(*) AS n, total(rating) AS points, count(rating) AS rated FROM feedback
WHERE dataset = ? GROUP BY feedback_type
"""
# Along the index by entry, so that equal ones come one after the other.
_REVIEWED = "SELECT count(DISTINCT entry) AS n FROM feedback WHERE entry BETWEEN ? AND ?"
# The bare column beside max() is that of the row with the greatest id: the newest verdict.
_APPROVED = f"""
SELECT * FROM (
    SELECT e.*, f.verdict, row_number() OVER (PARTITION BY e.chunk_id ORDER BY f.verdict DESC) AS place FROM (
        SELECT entry, revision, feedback_type, max(id) AS verdict FROM feedback
        WHERE feedback_type IN ('approve', 'reject')
            AND dataset IN (SELECT id FROM datasets WHERE project_id = ? AND mode = ?)
        GROUP BY entry) AS f
    JOIN entries AS e ON e.id = f.entry
    WHERE f.feedback_type = 'approve' AND e.status <> 'rejected' AND e.deleted_at IS NULL AND NOT {_IS_FORMER})
WHERE place <= ? ORDER BY verdict DESC LIMIT ?
"""
_JUDGED = f"""
SELECT json_extract(e.judge, '$.score') AS score, f.rating, f.feedback_type, max(f.id) AS newest
FROM feedback AS f JOIN entries AS e ON e.id = f.entry
WHERE f.dataset = ? AND e.judge IS NOT NULL AND e.deleted_at IS NULL
    AND (f.rating IS NOT NULL OR f.feedback_type IN ('approve', 'reject')) AND NOT {_IS_FORMER}
GROUP BY f.entry ORDER BY newest DESC LIMIT ?
"""


class FeedbackStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give(self, dataset: int, numbers: Sequence[int], draft: FeedbackDraft) -> int:
        """Errors: NotFound naming those that are not there; nothing is stored then."""

        async def store(connection: aiosqlite.Connection) -> int:
            await check_present(connection, dataset, numbers)
            changed = 0
            for start in range(0, len(numbers), SLICE):
                changed += await _give(connection, dataset, numbers[start : start + SLICE], draft)
            if changed:
                sql = "UPDATE datasets SET revision = revision + 1, updated_at = ? WHERE id = ?"
                await connection.execute(sql, (draft.at, dataset))
            return changed

        return await self._database.transact(store)

    async def check_present(self, dataset: int, numbers: Sequence[int]) -> None:
        await read_present(self._database, dataset, numbers)

    async def page(self, dataset: int, query: FeedbackQuery, limit: int, offset: int = 0) -> list[Feedback]:
        """The newest first."""
        where, parameters = _where(dataset, query)
        sql = f"{FEEDBACK} {where} ORDER BY f.id DESC LIMIT ? OFFSET ?"
        return [feedback_of(row) for row in await self._database.read(sql, (*parameters, limit, offset))]

    async def count(self, dataset: int, query: FeedbackQuery) -> int:
        where, parameters = _where(dataset, query)
        (row,) = await self._database.read(f"SELECT count(*) AS n FROM feedback AS f {where}", parameters)
        return int(row["n"])

    async def summary(self, dataset: int) -> FeedbackSummary:
        rows = await self._database.read(_BY_TYPE, (dataset,))
        (reviewed,) = await self._database.read(_REVIEWED, entry_range(dataset))
        rated = sum(row["rated"] for row in rows)
        return FeedbackSummary(
            total=sum(row["n"] for row in rows),
            by_type={row["feedback_type"]: row["n"] for row in rows},
            average_rating=round(sum(row["points"] for row in rows) / rated, 4) if rated else None,
            entries_with_feedback=int(reviewed["n"]),
        )

    async def judged(self, dataset: int, limit: int) -> list[Judged]:
        """Grades 1…5 of a judge and of the newest reviewer since the text last changed."""
        rows = await self._database.read(_JUDGED, (dataset, limit))
        verdicts = {"approve": RATINGS[1], "reject": RATINGS[0]}
        return [
            Judged(1 + 4 * row["score"], row["rating"] if row["rating"] is not None else verdicts[row["feedback_type"]])
            for row in rows
        ]

    async def approved(self, project: int, mode: str, limit: int, of_one_passage: int) -> list[dict[str, Any]]:
        """Texts of entries whose newest verdict is an approval of the present text, the newest approval first.

        With the ``chunk_id`` that each is about; at most ``of_one_passage`` of them are about the same one.
        """
        return [
            {"chunk_id": row["chunk_id"], **_texts(row)}
            for row in await self._database.read(_APPROVED, (project, mode, of_one_passage, limit))
        ]


async def check_present(connection: aiosqlite.Connection, dataset: int, numbers: Sequence[int]) -> None:
    """Errors: NotFound naming entries that are not there."""
    _refuse_missing(list(await connection.execute_fetchall(_MISSING, _both(dataset, numbers))))


async def read_present(database: Database, dataset: int, numbers: Sequence[int]) -> None:
    """As ``check_present``, outside a transaction that writes."""
    _refuse_missing(await database.read(_MISSING, _both(dataset, numbers)))


def _both(dataset: int, numbers: Sequence[int]) -> tuple[str, str]:
    low = entry_range(dataset)[0]
    ids = json.dumps([low | number for number in numbers])
    return ids, ids


def _refuse_missing(rows: Sequence[Row]) -> None:
    if rows:
        named = [f"{ENTRY_PREFIX}{row['value'] & NUMBER_MASK}" for row in rows[:NAMED]]
        more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
        raise NotFound("Entry" if len(rows) == 1 else "Entries", ", ".join(named) + more)


def feedback_of(row: Row) -> Feedback:
    return Feedback(
        id=row["id"],
        number=row["entry"] & NUMBER_MASK,
        feedback_type=row["feedback_type"],
        comments=row["comments"],
        rating=row["rating"],
        author=row["author"],
        revision=row["revision"],
        created_at=row["created_at"],
        on_former_text=bool(row["former"]),
    )


async def _give(connection: aiosqlite.Connection, dataset: int, numbers: Sequence[int], draft: FeedbackDraft) -> int:
    """Gives how many changed their status."""
    low = entry_range(dataset)[0]
    entries = await entries_of(connection, dataset, numbers)
    new = await _new_statuses(connection, dataset, entries, draft)
    changing = [entry for entry in entries if entry.number in new]
    change = "rejected" if draft.feedback_type == "reject" else "approved"
    former = [former_row(dataset, entry, change, draft.author, draft.comments, draft.at) for entry in changing]
    await connection.executemany(KEEP_FORMER, former)
    statuses = [(new[entry.number], low | entry.number) for entry in changing]
    await connection.executemany("UPDATE entries SET status = ?, revision = revision + 1 WHERE id = ?", statuses)
    rows = [
        (
            dataset,
            low | entry.number,
            draft.feedback_type,
            draft.comments,
            draft.rating,
            draft.author,
            entry.revision + (entry.number in new),
            draft.at,
        )
        for entry in entries
    ]
    await connection.executemany(GIVE_FEEDBACK, rows)
    return len(changing)


async def _new_statuses(
    connection: aiosqlite.Connection, dataset: int, entries: Sequence[Entry], draft: FeedbackDraft
) -> dict[int, EntryStatus]:
    """By number, for the entries whose status changes. An approval takes a rejection back, and nothing else."""
    if draft.feedback_type == "reject":
        return {entry.number: "rejected" for entry in entries if entry.status != "rejected"}
    if draft.feedback_type != "approve":
        return {}
    rejected = [entry.number for entry in entries if entry.status == "rejected"]
    low = entry_range(dataset)[0]
    rows = await connection.execute_fetchall(_BEFORE_REJECTION, (json.dumps([low | one for one in rejected]),))
    before = {row["entry"] & NUMBER_MASK: row["status"] for row in rows}
    return {number: before.get(number, "accepted") for number in rejected}


def _where(dataset: int, query: FeedbackQuery) -> tuple[str, list[Any]]:
    clauses, parameters = ["f.dataset = ?"], [dataset]
    if query.number is not None:
        clauses, parameters = ["f.entry = ?"], [entry_range(dataset)[0] | query.number]
    values: list[Any] = list(parameters)
    if query.feedback_type is not None:
        clauses.append("f.feedback_type = ?")
        values.append(query.feedback_type)
    if query.before is not None:
        clauses.append("f.id < ?")
        values.append(query.before)
    return "WHERE " + " AND ".join(clauses), values


def _texts(row: Row) -> dict[str, Any]:
    texts = {name: row[name] for name in TEXT_FIELDS if row[name] is not None}
    return {name: json.loads(text) if name == "key_points" else text for name, text in texts.items()}
