"""Jobs and their counters: the queue is the table."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import aiosqlite

from chunksmith.domain.jobs import ENDED, TRANSITIONS, Counters, Job, JobEvent, JobState, PauseReason
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.database import Database, Row
from chunksmith.storage.datasets import EVENT, insert_dataset
from chunksmith.storage.projects import check_project
from chunksmith.storage.rows import first

_COUNTERS = tuple(field.name for field in fields(Counters))
_COUNTER_COLUMNS = ", ".join(f"c.{name} AS c_{name}" for name in _COUNTERS)
JOB_COLUMNS = (
    "jobs.*, datasets.dataset_id AS dataset_name, (SELECT v.major || '.' || v.minor || '.' || v.patch "
    "FROM dataset_versions AS v WHERE v.job = jobs.id AND v.dataset IS NOT NULL AND v.round IS NOT NULL "
    "ORDER BY v.round DESC LIMIT 1) AS version, " + _COUNTER_COLUMNS
)
JOB_TABLES = "jobs JOIN job_counters AS c ON c.job = jobs.id LEFT JOIN datasets ON datasets.id = jobs.dataset_id"
_JOB = f"SELECT {JOB_COLUMNS} FROM {JOB_TABLES}"
JOB_BY_ID = _JOB + " WHERE jobs.id = ?"
# A job of a project that is being deleted has its row still, but is not found by what clients know of it.
_VISIBLE = """
AND (jobs.project_id IS NULL OR EXISTS (SELECT 1 FROM visible_projects AS p WHERE p.id = jobs.project_id))
"""
_BY_NAME = _JOB + " WHERE jobs.job_id = ?" + _VISIBLE
_BY_IDEMPOTENCY_KEY = _JOB + " WHERE jobs.idempotency_key = ?" + _VISIBLE
_FREE_KEY = "UPDATE jobs SET idempotency_key = NULL, idempotency_hash = NULL WHERE idempotency_key = ?"
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
# A pause that was wished for, and had not happened when the process ended, happens now.
_PAUSE_WISHED = "UPDATE jobs SET state = 'paused', step = 'Paused' WHERE state = 'running' AND reason = 'user'"
_RESTING = "SELECT job, provider FROM job_rests ORDER BY job"
_HAS_REST = "SELECT job FROM job_rests WHERE job = ?"
_NO_REST = "DELETE FROM job_rests WHERE job = ?"
_REST = "INSERT INTO job_rests (job, provider) VALUES (?, ?)"
_WARN = "UPDATE jobs SET warnings = ? WHERE id = ?"
_COUNT_UNREAD = "UPDATE job_counters SET documents_unread = ? WHERE job = ?"
_EVENTS = "SELECT id, kind, data, at FROM job_events WHERE job = ? AND id > ? ORDER BY id LIMIT ?"


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
            known = await job_of_key(connection, values)
            if known is not None:
                return known
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
            inserted = await first(connection, JOB_BY_ID, cursor.lastrowid)
            assert inserted is not None  # noqa: S101 - inserted above, in this transaction
            return job_of(inserted)

        return await self._database.transact(insert)

    async def by_idempotency_key(self, key: str, body_hash: str) -> Job | None:
        """Errors: Conflict when the key was used with another body."""
        return _of_body(await self._database.read_one(_BY_IDEMPOTENCY_KEY, (key,)), body_hash)

    async def inputs(self, job: int) -> dict[str, str]:
        rows = await self._database.read("SELECT name, body FROM job_inputs WHERE job = ?", (job,))
        return {row["name"]: row["body"] for row in rows}

    async def get(self, job_id: str) -> Job:
        row = await self._database.read_one(_BY_NAME, (job_id,))
        if row is None:
            raise NotFound("Job", job_id)
        return job_of(row)

    async def reload(self, job: int) -> Job:
        row = await self._database.read_one(JOB_BY_ID, (job,))
        if row is None:
            raise NotFound("Job", job)
        return job_of(row)

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
        resting: str | None = None,
        of_rest: bool = False,
    ) -> Job:
        """Change the state; ``notify`` notes that an end is to be told.

        ``resting``: the provider whose rest it waits for from now on. ``of_rest``: only when it waits for one.

        Errors: Conflict when the state that the job is in does not allow it.
        """

        async def change(connection: aiosqlite.Connection) -> Job:
            row = await first(connection, JOB_BY_ID, job)
            if row is None:
                raise NotFound("Job", job)
            if of_rest and await first(connection, _HAS_REST, job) is None:
                raise Conflict(f"job {row['job_id']} waits for no rest of a provider")
            state: JobState = row["state"]
            if to not in TRANSITIONS[state] or (only_from is not None and state not in only_from):
                why = f"{state} already" if to == state else f"{state}, it cannot become {to}"
                raise Conflict(f"job {row['job_id']} is {why}")
            await connection.execute(
                "UPDATE jobs SET state = ?, reason = ?, error_slug = ?, error_detail = ?, step = ifnull(?, step), "
                "started_at = CASE WHEN ? = 'running' THEN ifnull(started_at, ?) ELSE started_at END, "
                "completed_at = CASE WHEN ? THEN ? END WHERE id = ?",
                (to, reason, *error, step, to, at, to in ENDED, at, job),
            )
            await connection.execute(_NO_REST, (job,))
            if resting is not None:
                await connection.execute(_REST, (job, resting))
            event = json.dumps({"status": to, "reason": reason, "error": error[1]})
            await connection.execute(EVENT, (job, "state", event, at))
            if notify and to in ENDED:
                await connection.execute("UPDATE jobs SET notify = 1 WHERE id = ?", (job,))
            changed = await first(connection, JOB_BY_ID, job)
            assert changed is not None  # noqa: S101 - read above, in this transaction
            return job_of(changed)

        return await self._database.transact(change)

    async def resting(self) -> list[tuple[int, str]]:
        """Paused jobs, each with the provider whose rest it waits for."""
        return [(row["job"], row["provider"]) for row in await self._database.read(_RESTING)]

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

    async def wish_pause(self, job: int) -> None:
        """Noted before it is carried out, so that it is not forgotten when the process ends meanwhile."""
        await self._database.apply([("UPDATE jobs SET reason = 'user', step = 'Pausing' WHERE id = ?", (job,))])

    async def set_unread(self, job: int, documents: int, warnings: Sequence[str]) -> None:
        await self._database.apply([(_WARN, (json.dumps(warnings), job)), (_COUNT_UNREAD, (documents, job))])


async def job_of_key(connection: aiosqlite.Connection, values: Mapping[str, Any]) -> Job | None:
    """The job that has the idempotency key of ``values``, a job that is to be inserted.

    A job that nobody sees any more gives its key up: there can be one of each.

    Errors: Conflict when the key was used with another body.
    """
    key = values["idempotency_key"]
    if key is None:
        return None
    row = await first(connection, _BY_IDEMPOTENCY_KEY, key)
    if row is None:
        await connection.execute(_FREE_KEY, (key,))
    return _of_body(row, values["idempotency_hash"])


def _of_body(row: Row | None, body_hash: str) -> Job | None:
    if row is not None and row["idempotency_hash"] != body_hash:
        raise Conflict("this Idempotency-Key was used with another body")
    return job_of(row) if row is not None else None


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
        warnings=tuple(json.loads(row["warnings"])),
        counters=Counters(**{**counters, **{name: bool(counters[name]) for name in ("units_ready", "stored_only")}}),
    )
