"""The units of jobs: what each is made from, and how it ended."""

import json
from collections.abc import Sequence

import aiosqlite

from chunksmith.domain.jobs import Counters, Job, Outcome, Unit, UnitOutcome
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.database import Adding, Database, Statement
from chunksmith.storage.datasets import EVENT
from chunksmith.storage.jobs import JOB_BY_ID, job_of
from chunksmith.storage.projects import check_project
from chunksmith.storage.rows import first

_PENDING = """
SELECT position, source_id, tries, sample, former FROM units INDEXED BY units_pending
WHERE job = ? AND outcome IS NULL AND position > ? ORDER BY position LIMIT ?
"""
_ADD_UNIT = "INSERT INTO units (job, position, source_id) VALUES (?, ?, ?)"
_END_UNIT = """
UPDATE units SET outcome = ?, reason = ?, detail = ?, entries = ? WHERE job = ? AND position = ? AND outcome IS NULL
"""
_COUNT_OUTCOME = {
    status: Adding(f"UPDATE job_counters SET {status} = {status} + ?, entries = entries + ? WHERE job = ?")
    for status in Counters().outcomes
}
_REOPEN = """
UPDATE units SET outcome = NULL, reason = NULL, detail = NULL, former = ?, tries = ?, sample = sample + ?
WHERE job = ? AND outcome = ?
"""
_COUNT_ROUND = "UPDATE job_counters SET rounds = rounds + 1, stored_only = ? WHERE job = ?"
# A call's position is its unit's; of a document that is read, it is the document.
_HAS_REPLIES = """
WITH chosen AS (
    SELECT position, source_id FROM units WHERE job = ?1 AND outcome IN (SELECT value FROM json_each(?2)))
SELECT 1 FROM calls JOIN replies ON replies.call_id = calls.id
WHERE calls.job = ?1 AND calls.position IN (SELECT position FROM chosen UNION SELECT source_id FROM chosen) LIMIT 1
"""
_COUNT_PENDING = """
SELECT count(*) AS n FROM units INDEXED BY units_pending
WHERE job = ? AND outcome IS NULL AND tries = ? AND position BETWEEN ? AND ?
"""
_COUNT_OF_ROUND = "SELECT count(*) AS n FROM units WHERE job = ? AND tries = ? AND position BETWEEN ? AND ?"
_KEEP_PROGRESS = """
UPDATE job_counters SET progress_floor = max(progress_floor,
    100 * (accepted + rejected + duplicate + invalid + refused + failed) / max(1, units_total)) WHERE job = ?
"""
_FIRST_REASON = """
SELECT detail FROM units WHERE job = ? AND outcome IS NOT NULL AND detail IS NOT NULL ORDER BY position LIMIT 1
"""
_QUEUE_AGAIN = """
UPDATE jobs SET state = 'submitted', reason = NULL, error_slug = NULL, error_detail = NULL,
    step = 'Waiting to continue', completed_at = NULL WHERE id = ?
"""
_OUTCOME = "SELECT position, source_id, ifnull(outcome, 'pending'), reason, detail, entries FROM units WHERE job = ? "
# One statement for each kind of list, so that each reads along an index. Positions have no gaps: nothing is skipped.
_ALL_OUTCOMES = _OUTCOME + "AND position > ? ORDER BY position LIMIT ?"
_PENDING_OUTCOMES = _OUTCOME + "AND outcome IS NULL AND position > ? ORDER BY position LIMIT ? OFFSET ?"
_ACCEPTED_OUTCOMES = _OUTCOME + "AND outcome = 'accepted' AND position > ? ORDER BY position LIMIT ? OFFSET ?"
_OUTCOMES_WITH = (
    _OUTCOME
    + "AND outcome = ? AND outcome IS NOT NULL AND outcome <> 'accepted' AND position > ? "
    + "ORDER BY position LIMIT ? OFFSET ?"
)


class UnitStore:
    """The port for the units of a job, and for their outcomes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_units(self, job: int, first_position: int, source_ids: Sequence[int], *, last: bool) -> None:
        """The next slice of units, in frozen order; ``last`` when there are no more."""
        rows = [(_ADD_UNIT, (job, first_position + n, source_id)) for n, source_id in enumerate(source_ids)]
        counters = (
            "UPDATE job_counters SET units_total = units_total + ?, last_source_id = ?, units_ready = ? WHERE job = ?",
            (len(source_ids), source_ids[-1] if source_ids else 0, int(last), job),
        )
        await self._database.apply([*rows, counters])

    async def pending_units(self, job: int, after: int, limit: int) -> list[Unit]:
        rows = await self._database.read(_PENDING, (job, after, limit))
        return [Unit(*row) for row in rows]

    async def count_pending(self, job: int, tries: int, first: int, last: int) -> int:
        (row,) = await self._database.read(_COUNT_PENDING, (job, tries, first, last))
        return int(row["n"])

    async def first_reason(self, job: int) -> str | None:
        """Why the first unit with something to say ended as it did."""
        row = await self._database.read_one(_FIRST_REASON, (job,))
        return row["detail"] if row is not None else None

    async def count_of_round(self, job: int, tries: int, first: int, last: int) -> int:
        (row,) = await self._database.read(_COUNT_OF_ROUND, (job, tries, first, last))
        return int(row["n"])

    async def reopen_units(self, job: int, statuses: Sequence[str], *, stored_only: bool, at: str) -> Job:
        """Make ended units pending again, as a new round, and queue the job; all at once.

        The round asks anew also where a usable reply is there; with ``stored_only`` it asks nobody.

        Errors: NotFound, also for its project; Conflict when the job has not ended, or nothing of it is left to do, or
        no reply is stored that could be read.
        """

        async def reopen(connection: aiosqlite.Connection) -> Job:
            row = await first(connection, JOB_BY_ID, job)
            if row is None:
                raise NotFound("Job", job)
            before = job_of(row)
            if before.state not in ("completed", "failed"):
                raise Conflict(f"job {before.job_id} is {before.state}; only a job that has ended can be retried")
            if before.project_id is not None:  # it may have been deleted since the job was looked up
                await check_project(connection, before.project_id)
            if stored_only:
                await _check_replies(connection, before, statuses)
            count = 0
            await connection.execute(_KEEP_PROGRESS, (job,))
            counters = await first(connection, "SELECT rounds + 1 AS round FROM job_counters WHERE job = ?", job)
            assert counters is not None  # noqa: S101 - made with the job
            for status in statuses:
                former, fresh = (status, False) if stored_only else (None, status != "failed")
                cursor = await connection.execute(_REOPEN, (former, counters["round"], int(fresh), job, status))
                count += cursor.rowcount
                sql = f"UPDATE job_counters SET {status} = {status} - ? WHERE job = ?"
                await connection.execute(sql, (cursor.rowcount, job))
            if count:  # a round without units would have a batch file without entries
                await connection.execute(_COUNT_ROUND, (int(stored_only), job))
            elif stored_only or (before.counters.units_ready and not before.counters.units_pending):
                raise Conflict(f"job {before.job_id} has no {' or '.join(statuses)} units")
            else:
                await connection.execute("UPDATE job_counters SET stored_only = 0 WHERE job = ?", (job,))
            await connection.execute(_QUEUE_AGAIN, (job,))
            await connection.execute(EVENT, (job, "state", json.dumps({"status": "submitted"}), at))
            changed = await first(connection, JOB_BY_ID, job)
            assert changed is not None  # noqa: S101 - read above, in this transaction
            return job_of(changed)

        return await self._database.transact(reopen)

    async def outcomes(self, job: int, status: str | None, after: int, limit: int, offset: int) -> list[UnitOutcome]:
        lists = {"pending": _PENDING_OUTCOMES, "accepted": _ACCEPTED_OUTCOMES}
        if status is None:
            rows = await self._database.read(_ALL_OUTCOMES, (job, after + offset, limit))
        elif status in lists:
            rows = await self._database.read(lists[status], (job, after, limit, offset))
        else:
            rows = await self._database.read(_OUTCOMES_WITH, (job, status, after, limit, offset))
        return [UnitOutcome(*row) for row in rows]


def unit_statements(job: int, unit: Unit, outcome: Outcome) -> list[Statement]:
    """End a unit and count it; goes into the transaction that stores the unit's results."""
    outcome = unit.ended_as(outcome)
    end = (outcome.status, outcome.reason, outcome.detail, outcome.entries, job, unit.position)
    return [(_END_UNIT, end), (_COUNT_OUTCOME[outcome.status], (1, outcome.entries, job))]


async def _check_replies(connection: aiosqlite.Connection, job: Job, statuses: Sequence[str]) -> None:
    """Errors: Conflict when units are chosen, and surely none of them has a reply that is still stored."""
    chosen = sum(count for status, count in job.counters.outcomes.items() if status in statuses)
    if not chosen or job.counters.reused_calls:  # which replies of other jobs were taken is not written down
        return
    if await first(connection, _HAS_REPLIES, job.id, json.dumps(list(statuses))) is None:
        units = f"{' or '.join(statuses)} units"
        raise Conflict(f"job {job.job_id} has no stored reply for its {units}; without reparse they are asked for anew")
