"""Jobs that write entries anew: their units, what is known about each entry, and the change of text that ends one."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import aiosqlite

from chunksmith.domain.datasets import TEXT_FIELDS, Entry
from chunksmith.domain.entry_query import EntryQuery
from chunksmith.domain.feedback import Feedback
from chunksmith.domain.jobs import Job, Outcome, Unit
from chunksmith.domain.regeneration import Edit, Subject
from chunksmith.errors import Conflict, InvalidRequest, NotFound, StaleEntry
from chunksmith.storage.database import Database, Row
from chunksmith.storage.datasets import entry_range
from chunksmith.storage.entries import EntryStore, matching, replace_entry
from chunksmith.storage.feedback import FEEDBACK, NUMBER_MASK, check_present, feedback_of, read_present
from chunksmith.storage.jobs import JobStore
from chunksmith.storage.projects import check_project
from chunksmith.storage.rows import first
from chunksmith.storage.units import unit_statements

# Of each entry, the newest; what a prompt can hold is less.
FEEDBACK_READ = 50
REVISIONS_READ = 10
_INSERT_JOB = """
INSERT INTO jobs (job_id, kind, project_id, dataset_id, spec, state, concurrency, max_calls, max_cost_nano,
    idempotency_key, idempotency_hash, created_at)
VALUES (:job_id, :kind, :project_id, :dataset, :spec, 'submitted', :concurrency, :max_calls, :max_cost_nano,
    :idempotency_key, :idempotency_hash, :created_at)
"""
_BY_KEY = "SELECT id, idempotency_hash FROM jobs WHERE idempotency_key = ?"
_ADD_UNITS = f"""
INSERT INTO units (job, position, source_id)
SELECT ?, row_number() OVER (ORDER BY id) - 1, id & {NUMBER_MASK} FROM entries """
_NAMED = "WHERE id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL"
_COUNTERS = "INSERT INTO job_counters (job, units_total, units_ready) VALUES (?, ?, 1)"
_IN_JOB = "SELECT source_id FROM units WHERE job = ? AND position IN (SELECT value FROM json_each(?))"
_FEEDBACK = f"""
SELECT * FROM (SELECT found.*, row_number() OVER (PARTITION BY entry ORDER BY id DESC) AS place FROM (
    {FEEDBACK} WHERE f.entry IN (SELECT value FROM json_each(?))) AS found)
WHERE place <= {FEEDBACK_READ} ORDER BY id DESC
"""
_REVISIONS = f"""
SELECT * FROM (
    SELECT entry, revision, body, change, row_number() OVER (PARTITION BY entry ORDER BY revision DESC) AS place
    FROM revisions WHERE entry IN (SELECT value FROM json_each(?)))
WHERE place <= {REVISIONS_READ} ORDER BY entry, revision DESC
"""
_REPLACED = """
SELECT position, source_id, tries, sample, former FROM units
WHERE job = ? AND outcome = 'accepted' AND position > ? ORDER BY position LIMIT ?
"""
_IS_PENDING = "SELECT 1 FROM units WHERE job = ? AND position = ? AND outcome IS NULL"


class RegenerationStore:
    """Every method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries = EntryStore(database)
        self._jobs = JobStore(database)

    async def submit(self, values: Mapping[str, Any], chosen: EntryQuery | Sequence[int]) -> Job:
        """The entries are frozen here: what a filter would find later makes no difference.

        Errors: InvalidRequest when nothing is found; NotFound for numbers; Conflict for a used idempotency key.
        """

        async def insert(connection: aiosqlite.Connection) -> int:
            known = await first(connection, _BY_KEY, values["idempotency_key"])
            if known is not None:
                if known["idempotency_hash"] != values["idempotency_hash"]:
                    raise Conflict("this Idempotency-Key was used with another body")
                return int(known["id"])
            await check_project(connection, values["project_id"])
            cursor = await connection.execute(_INSERT_JOB, {**values, "spec": json.dumps(values["spec"])})
            assert cursor.lastrowid is not None  # noqa: S101 - just inserted
            count = await _add_units(connection, cursor.lastrowid, values["dataset"], chosen)
            await connection.execute(_COUNTERS, (cursor.lastrowid, count))
            return cursor.lastrowid

        return await self._jobs.reload(await self._database.transact(insert))

    async def check_chosen(self, dataset: int, chosen: EntryQuery | Sequence[int]) -> None:
        if not isinstance(chosen, EntryQuery):
            await read_present(self._database, dataset, chosen)
            return
        where, parameters = matching(dataset, chosen)
        if await self._database.read_one(f"SELECT 1 FROM entries {where} LIMIT 1", parameters) is None:
            raise _nothing_found()

    async def subjects(self, job: int, dataset: int, units: Sequence[Unit], per_unit: int) -> dict[int, Subject]:
        entries = await self._entries.by_numbers(dataset, [unit.source_id for unit in units])
        feedback, revisions = await self._feedback(dataset, entries), await self._revisions(dataset, entries)
        others = await self._others(job, dataset, units, entries, per_unit)
        return {
            entry.number: Subject(
                entry,
                feedback[entry.number],
                _edits(entry, revisions[entry.number]),
                [other for other in others[entry.position] if other.number != entry.number],
            )
            for entry in entries
        }

    async def neighbours(self, dataset: int, positions: Sequence[int], per_unit: int) -> list[Entry]:
        numbers = [position * per_unit + n for position in dict.fromkeys(positions) for n in range(1, per_unit + 1)]
        return await self._entries.by_numbers(dataset, numbers)

    async def replaced(self, job: int, after: int, limit: int) -> list[Unit]:
        rows = await self._database.read(_REPLACED, (job, after, limit))
        return [Unit(*row) for row in rows]

    async def end_unit(
        self, job: int, unit: Unit, outcome: Outcome, dataset: int, new: Entry | None, *, at: str, feedback: str | None
    ) -> Outcome:
        """The new text, the old one in the history, and the end of the unit stand or fall together."""

        async def end(connection: aiosqlite.Connection) -> Outcome:
            if await first(connection, _IS_PENDING, job, unit.position) is None:
                return outcome
            ended = await _put(connection, dataset, new, at, feedback) or outcome if new is not None else outcome
            for sql, parameters in unit_statements(job, unit, ended):
                await connection.execute(sql, parameters)
            return ended

        return await self._database.transact(end)

    async def _feedback(self, dataset: int, entries: Sequence[Entry]) -> dict[int, list[Feedback]]:
        found: dict[int, list[Feedback]] = defaultdict(list)
        for row in await self._database.read(_FEEDBACK, (_ids(dataset, entries),)):
            one = feedback_of(row)
            found[one.number].append(one)
        return found

    async def _revisions(self, dataset: int, entries: Sequence[Entry]) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in await self._database.read(_REVISIONS, (_ids(dataset, entries),)):
            found[row["entry"] & NUMBER_MASK].append(row)
        return found

    async def _others(
        self, job: int, dataset: int, units: Sequence[Unit], entries: Sequence[Entry], per_unit: int
    ) -> dict[int, list[Entry]]:
        """By position: entries that have no unit in the job. A unit's entries lie next to each other in the job too."""
        near = {place for unit in units for place in range(unit.position - per_unit, unit.position + per_unit + 1)}
        rows = await self._database.read(_IN_JOB, (job, json.dumps(sorted(near))))
        in_job = {row["source_id"] for row in rows}
        found: dict[int, list[Entry]] = defaultdict(list)
        for entry in await self.neighbours(dataset, [entry.position for entry in entries], per_unit):
            if entry.number not in in_job:
                found[entry.position].append(entry)
        return found


async def _add_units(
    connection: aiosqlite.Connection, job: int, dataset: int, chosen: EntryQuery | Sequence[int]
) -> int:
    if isinstance(chosen, EntryQuery):
        where, parameters = matching(dataset, chosen)
    else:
        await check_present(connection, dataset, chosen)
        low = entry_range(dataset)[0]
        where, parameters = _NAMED, [json.dumps([low | number for number in chosen])]
    cursor = await connection.execute(_ADD_UNITS + where, (job, *parameters))
    if not cursor.rowcount:
        raise _nothing_found()
    return cursor.rowcount


def _nothing_found() -> InvalidRequest:
    return InvalidRequest.field("/filter", "no entry of the dataset is found by it")


async def _put(
    connection: aiosqlite.Connection, dataset: int, new: Entry, at: str, feedback: str | None
) -> Outcome | None:
    """Gives an outcome when the entry is not any more what the new text was made for."""

    def edit(old: Entry) -> Entry:
        return replace(new, split=old.split)

    try:
        await replace_entry(
            connection,
            dataset,
            new.number,
            edit,
            change="regenerated",
            at=at,
            feedback=feedback,
            expected_revision=new.revision - 1,
        )
    except (StaleEntry, NotFound) as exc:
        return Outcome("rejected", "changed_meanwhile", f"it was changed while the model wrote: {exc.detail}")
    return None


def _edits(entry: Entry, revisions: Sequence[Row]) -> list[Edit]:
    """``revisions`` from the newest on."""
    became = {name: list(text) if isinstance(text, tuple) else text for name, text in entry.texts().items()}
    edits: list[Edit] = []
    for row in revisions:
        body = json.loads(row["body"])
        was = {name: body.get(name) for name in TEXT_FIELDS}
        differing = [name for name in TEXT_FIELDS if was[name] != became[name]]
        if row["change"] == "edited" and differing:
            edits.append(Edit({name: was[name] for name in differing}, {name: became[name] for name in differing}))
        became = was
    return edits


def _ids(dataset: int, entries: Sequence[Entry]) -> str:
    low = entry_range(dataset)[0]
    return json.dumps([low | entry.number for entry in entries])
