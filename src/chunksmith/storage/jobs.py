"""Jobs, their counters, their units: the queue is the table."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import aiosqlite

from chunksmith.domain.jobs import (
    ENDED,
    TRANSITIONS,
    Counters,
    Job,
    JobEvent,
    JobState,
    Outcome,
    PauseReason,
    Unit,
    UnitOutcome,
)
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.database import Adding, Database, Row, Statement
from chunksmith.storage.datasets import EVENT, insert_dataset
from chunksmith.storage.projects import check_project

_COUNTERS = tuple(field.name for field in fields(Counters))
_COUNTER_COLUMNS = ", ".join(f"c.{name} AS c_{name}" for name in _COUNTERS)
JOB_COLUMNS = (
    "jobs.*, datasets.dataset_id AS dataset_name, (SELECT v.major || '.' || v.minor || '.' || v.patch "
    "FROM dataset_versions AS v WHERE v.job = jobs.id AND v.dataset IS NOT NULL AND v.round IS NOT NULL "
    "ORDER BY v.round DESC LIMIT 1) AS version, " + _COUNTER_COLUMNS
)
JOB_TABLES = "jobs JOIN job_counters AS c ON c.job = jobs.id LEFT JOIN datasets ON datasets.id = jobs.dataset_id"
_JOB = f"SELECT {JOB_COLUMNS} FROM {JOB_TABLES}"
_BY_ID = _JOB + " WHERE jobs.id = ?"
_BY_NAME = _JOB + " WHERE jobs.job_id = ?"
_BY_DATASET = _JOB + " WHERE datasets.dataset_id = ? ORDER BY jobs.id LIMIT 1"
_BY_IDEMPOTENCY_KEY = _JOB + " WHERE jobs.idempotency_key = ?"
_PAGE = (
    _JOB
    + """
WHERE jobs.id IN (
    SELECT id FROM jobs
    WHERE (:state IS NULL OR state = :state) AND (:project IS NULL OR project_id = :project)
        AND (:kind IS NULL OR kind = :kind)
        AND (project_id IS NULL OR project_id IN (SELECT id FROM visible_projects))
    ORDER BY id DESC LIMIT :limit OFFSET :offset)
ORDER BY jobs.id DESC
"""
)
_COUNT = """
SELECT count(*) AS n FROM jobs
WHERE (:state IS NULL OR state = :state) AND (:project IS NULL OR project_id = :project)
    AND (:kind IS NULL OR kind = :kind)
    AND (project_id IS NULL OR project_id IN (SELECT id FROM visible_projects))
"""
_QUEUED = _JOB + " WHERE jobs.state = 'submitted' AND jobs.id > ? ORDER BY jobs.id LIMIT 64"
_INSERT = """
INSERT INTO jobs (job_id, kind, project_id, dataset_id, spec, state, concurrency, max_calls, max_cost_nano,
    idempotency_key, idempotency_hash, created_at)
VALUES (:job_id, :kind, :project_id, :dataset, :spec, 'submitted', :concurrency, :max_calls, :max_cost_nano,
    :idempotency_key, :idempotency_hash, :created_at)
"""
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
# A pause that was wished for, and had not happened when the process ended, happens now.
_PAUSE_WISHED = "UPDATE jobs SET state = 'paused', step = 'Paused' WHERE state = 'running' AND reason = 'user'"
_EVENTS = "SELECT id, kind, data, at FROM job_events WHERE job = ? AND id > ? ORDER BY id LIMIT ?"
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


# (the writer's connection, the job's row id)
Beside = Callable[[aiosqlite.Connection, int], Awaitable[None]]


class JobStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def submit(
        self,
        values: Mapping[str, Any],
        dataset: Mapping[str, Any] | None = None,
        inputs: Mapping[str, str] | None = None,
        *,
        beside: Beside | None = None,
    ) -> Job:
        """Insert a job, with the dataset that it fills; for an idempotency key that is known, give the job that has it.

        ``inputs``: by name what belongs to the job and is too large for its row. ``beside`` inserts rows of the kind's
        own in the same transaction.

        Errors: Conflict when the key was used with another body.
        """

        async def insert(connection: aiosqlite.Connection) -> Job:
            if values["idempotency_key"] is not None:
                known = await _one(connection, _BY_IDEMPOTENCY_KEY, values["idempotency_key"])
                if known is not None:
                    if known["idempotency_hash"] != values["idempotency_hash"]:
                        raise Conflict("this Idempotency-Key was used with another body")
                    return job_of(known)
            if values["project_id"] is not None:
                await check_project(connection, values["project_id"])
            made = None
            if dataset is not None:
                made = await insert_dataset(
                    connection, {**dataset, **{n: values[n] for n in ("project_id", "created_at")}}
                )
            row = {**values, "spec": json.dumps(values["spec"]), "dataset": made}
            cursor = await connection.execute(_INSERT, row)
            await connection.execute("INSERT INTO job_counters (job) VALUES (?)", (cursor.lastrowid,))
            given = [(cursor.lastrowid, name, body) for name, body in (inputs or {}).items()]
            await connection.executemany("INSERT INTO job_inputs (job, name, body) VALUES (?, ?, ?)", given)
            if beside is not None:
                assert cursor.lastrowid is not None  # noqa: S101 - just inserted
                await beside(connection, cursor.lastrowid)
            inserted = await _one(connection, _BY_ID, cursor.lastrowid)
            assert inserted is not None  # noqa: S101 - inserted above, in this transaction
            return job_of(inserted)

        return await self._database.transact(insert)

    async def by_idempotency_key(self, key: str, body_hash: str) -> Job | None:
        """Errors: Conflict when the key was used with another body."""
        row = await self._database.read_one(_BY_IDEMPOTENCY_KEY, (key,))
        if row is not None and row["idempotency_hash"] != body_hash:
            raise Conflict("this Idempotency-Key was used with another body")
        return job_of(row) if row is not None else None

    async def inputs(self, job: int) -> dict[str, str]:
        rows = await self._database.read("SELECT name, body FROM job_inputs WHERE job = ?", (job,))
        return {row["name"]: row["body"] for row in rows}

    async def get(self, job_id: str) -> Job:
        row = await self._database.read_one(_BY_NAME, (job_id,))
        if row is None:
            raise NotFound("Job", job_id)
        return job_of(row)

    async def reload(self, job: int) -> Job:
        row = await self._database.read_one(_BY_ID, (job,))
        if row is None:
            raise NotFound("Job", job)
        return job_of(row)

    async def of_dataset(self, dataset_id: str) -> Job | None:
        row = await self._database.read_one(_BY_DATASET, (dataset_id,))
        return job_of(row) if row is not None else None

    async def page(
        self, *, state: str | None, project: int | None, kind: str | None, limit: int, offset: int
    ) -> tuple[list[Job], int]:
        """Newest first, and how many there are in all."""
        chosen = {"state": state, "project": project, "kind": kind}
        rows = await self._database.read(_PAGE, {**chosen, "limit": limit, "offset": offset})
        (count,) = await self._database.read(_COUNT, chosen)
        return [job_of(row) for row in rows], int(count["n"])

    async def queued(self, after: int = 0) -> list[Job]:
        return [job_of(row) for row in await self._database.read(_QUEUED, (after,))]

    async def requeue_running(self) -> int:
        """At start: what ran when the process ended goes on."""

        async def requeue(connection: aiosqlite.Connection) -> int:
            await connection.execute(_PAUSE_WISHED)
            cursor = await connection.execute("UPDATE jobs SET state = 'submitted' WHERE state = 'running'")
            return cursor.rowcount

        return await self._database.transact(requeue)

    async def move(
        self,
        job: int,
        to: JobState,
        *,
        at: str,
        reason: PauseReason | None = None,
        error: tuple[str | None, str | None] = (None, None),
        step: str | None = None,
        only_from: frozenset[JobState] | None = None,
        notify: bool = False,
    ) -> Job:
        """Change the state; ``notify`` notes that an end is to be told.

        Errors: Conflict when the state that the job is in does not allow it.
        """

        async def change(connection: aiosqlite.Connection) -> Job:
            row = await _one(connection, _BY_ID, job)
            if row is None:
                raise NotFound("Job", job)
            state: JobState = row["state"]
            if to not in TRANSITIONS[state] or (only_from is not None and state not in only_from):
                raise Conflict(f"job {row['job_id']} is {state}, it cannot become {to}")
            await connection.execute(
                "UPDATE jobs SET state = ?, reason = ?, error_slug = ?, error_detail = ?, step = ifnull(?, step), "
                "started_at = CASE WHEN ? = 'running' THEN ifnull(started_at, ?) ELSE started_at END, "
                "completed_at = CASE WHEN ? THEN ? END WHERE id = ?",
                (to, reason, *error, step, to, at, to in ENDED, at, job),
            )
            event = json.dumps({"status": to, "reason": reason, "error": error[1]})
            await connection.execute(EVENT, (job, "state", event, at))
            if notify and to in ENDED:
                await connection.execute("UPDATE jobs SET notify = 1 WHERE id = ?", (job,))
            changed = await _one(connection, _BY_ID, job)
            assert changed is not None  # noqa: S101 - read above, in this transaction
            return job_of(changed)

        return await self._database.transact(change)

    async def to_notify(self) -> list[Job]:
        """Ended jobs that the webhook has not heard of."""
        return [
            job_of(row) for row in await self._database.read(_JOB + " WHERE jobs.notify = 1 ORDER BY jobs.id LIMIT 64")
        ]

    async def notified(self, job: int) -> None:
        await self._database.apply([("UPDATE jobs SET notify = 0 WHERE id = ?", (job,))])

    async def events(self, job: int, after: int, limit: int) -> list[JobEvent]:
        rows = await self._database.read(_EVENTS, (job, after, limit))
        return [JobEvent(row["id"], row["kind"], json.loads(row["data"]), row["at"]) for row in rows]

    async def counts_by_state(self) -> dict[str, int]:
        rows = await self._database.read("SELECT state, count(*) AS n FROM jobs GROUP BY state")
        return {row["state"]: row["n"] for row in rows}

    async def set_step(self, job: int, step: str) -> None:
        await self._database.apply([("UPDATE jobs SET step = ? WHERE id = ?", (step, job))])

    async def set_limits(self, job: int, changes: Mapping[str, int | None]) -> None:
        statements = {
            "concurrency": "UPDATE jobs SET concurrency = ? WHERE id = ?",
            "max_calls": "UPDATE jobs SET max_calls = ? WHERE id = ?",
            "max_cost_nano": "UPDATE jobs SET max_cost_nano = ? WHERE id = ?",
        }
        await self._database.apply([(statements[name], (value, job)) for name, value in changes.items()])

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

        The round asks anew also where a usable reply is there; with ``stored_only`` it asks nobody. Errors: Conflict
        when the job has not ended, or nothing of it is left to do, or no reply is stored that could be read.
        """

        async def reopen(connection: aiosqlite.Connection) -> Job:
            row = await _one(connection, _BY_ID, job)
            if row is None:
                raise NotFound("Job", job)
            before = job_of(row)
            if before.state not in ("completed", "failed"):
                raise Conflict(f"job {before.job_id} is {before.state}; only a job that has ended can be retried")
            if stored_only:
                await _check_replies(connection, before, statuses)
            count = 0
            await connection.execute(_KEEP_PROGRESS, (job,))
            counters = await _one(connection, "SELECT rounds + 1 AS round FROM job_counters WHERE job = ?", job)
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
            changed = await _one(connection, _BY_ID, job)
            assert changed is not None  # noqa: S101 - read above, in this transaction
            return job_of(changed)

        return await self._database.transact(reopen)

    async def wish_pause(self, job: int) -> None:
        """Noted before it is carried out, so that it is not forgotten when the process ends meanwhile."""
        await self._database.apply([("UPDATE jobs SET reason = 'user', step = 'Pausing' WHERE id = ?", (job,))])

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
    if await _one(connection, _HAS_REPLIES, job.id, json.dumps(list(statuses))) is None:
        units = f"{' or '.join(statuses)} units"
        raise Conflict(f"job {job.job_id} has no stored reply for its {units}; without reparse they are asked for anew")


async def _one(connection: aiosqlite.Connection, sql: str, *parameters: Any) -> Row | None:
    for row in await connection.execute_fetchall(sql, parameters):
        return row
    return None


def job_of(row: Row) -> Job:
    counters = {name: row[f"c_{name}"] for name in _COUNTERS}
    return Job(
        id=row["id"],
        job_id=row["job_id"],
        kind=row["kind"],
        project_id=row["project_id"],
        dataset=row["dataset_id"],
        dataset_id=row["dataset_name"],
        spec=json.loads(row["spec"]),
        state=row["state"],
        reason=row["reason"],
        error_slug=row["error_slug"],
        error_detail=row["error_detail"],
        step=row["step"],
        concurrency=row["concurrency"],
        max_calls=row["max_calls"],
        max_cost_nano=row["max_cost_nano"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        version=row["version"],
        counters=Counters(**{**counters, **{name: bool(counters[name]) for name in ("units_ready", "stored_only")}}),
    )
