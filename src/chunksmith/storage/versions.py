"""Versions of datasets: their rows, and the freezing of states. What is in a state: ``frozen_entries``."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import aiosqlite

from chunksmith.domain.versions import (
    FIRST,
    Frozen,
    Line,
    Origin,
    PromptText,
    Run,
    Seal,
    Version,
    VersionNumber,
    VersionType,
)
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.database import Database, Row
from chunksmith.storage.datasets import check_idle, entry_range
from chunksmith.storage.projects import check_project
from chunksmith.storage.restoring import restore_entries
from chunksmith.storage.rows import first

_VERSION = """
SELECT v.*, d.dataset_id, d.mode, j.job_id, t.major AS t_major, t.minor AS t_minor, t.patch AS t_patch
FROM dataset_versions AS v JOIN datasets AS d ON d.id = v.dataset LEFT JOIN jobs AS j ON j.id = v.job
LEFT JOIN dataset_versions AS t ON t.id = v.content_of
"""
_OF_LINE = " WHERE v.project_id = ? AND v.name = ? "
_BY_NUMBER = " ORDER BY v.major DESC, v.minor DESC, v.patch DESC "
_BY_ID = _VERSION + " WHERE v.id = ?"
_BY_ROUND = _VERSION + " WHERE v.job = ? AND v.round = ?"
_LATEST = _VERSION + _OF_LINE + _BY_NUMBER + "LIMIT 1"
_ONE = _VERSION + _OF_LINE + "AND v.major = ? AND v.minor = ? AND v.patch = ?"
_PAGE_OF_LINE = _VERSION + _OF_LINE + _BY_NUMBER + "LIMIT ? OFFSET ?"
_PAGE = _VERSION + " WHERE v.project_id = ? ORDER BY v.id DESC LIMIT ? OFFSET ?"
_COUNT = """
SELECT count(*) AS n FROM dataset_versions WHERE project_id = ?1 AND (?2 IS NULL OR name = ?2) AND dataset IS NOT NULL
"""
_UNRESTORED = _VERSION + " WHERE v.restored_to IS NOT NULL ORDER BY v.id"
_UNSEALED = _VERSION + " WHERE v.content_sha256 IS NULL ORDER BY v.id"
# Numbers of versions that went with their dataset stay taken.
_LAST_NUMBER = """
SELECT major, minor, patch FROM dataset_versions WHERE project_id = ? AND name = ?
ORDER BY major DESC, minor DESC, patch DESC LIMIT 1
"""
# A state that nothing was changed after is not frozen again.
_IF_CHANGED = """
UPDATE datasets SET states = states + 1, state = states + 1, changed = 0 WHERE id = ? AND (changed = 1 OR states = 0)
"""
_INSERT = """
INSERT INTO dataset_versions (project_id, name, major, minor, patch, dataset, state, origin, content_of, restored_to,
    job, round, description, author, settings, flagged, entries_count, quality, content_sha256, facts, created_at)
SELECT :project_id, :name, :major, :minor, :patch, id, ifnull(:state, state), :origin, :content_of, :restored_to,
    :job, :round, :description, :author, ifnull(:settings, settings),
    iif(:content_of IS NULL, flagged, :flagged), ifnull(:entries_count, entries_count),
    CASE WHEN :origin IN ('run', 'retry') THEN quality ELSE :quality END, :content_sha256, :facts, :created_at
FROM datasets WHERE id = :dataset
"""
_OPTIONAL = "state content_of restored_to job round settings flagged entries_count quality content_sha256 facts".split()
# A job's own hash where it has one (new entries for old), else that of the dataset that it made.
_PROMPTS = """
SELECT * FROM (
    SELECT ifnull(json_extract(j.spec, '$.prompt_hash'), json_extract(d.settings, '$.prompt_hash')) AS sha256,
        ifnull(json_extract(j.spec, '$.writing.prompt_name'), json_extract(j.spec, '$.prompt_name')) AS name,
        ifnull(json_extract(j.spec, '$.writing.prompt_content'), json_extract(j.spec, '$.prompt_content')) AS text
    FROM jobs AS j JOIN datasets AS d ON d.id = j.dataset_id WHERE j.dataset_id = ?)
WHERE sha256 IN (SELECT value FROM json_each(?)) AND text IS NOT NULL GROUP BY sha256 ORDER BY sha256
"""
_SEAL = """
UPDATE dataset_versions SET content_sha256 = ?, quality = ?, facts = ? WHERE id = ? AND content_sha256 IS NULL
"""


class VersionStore:
    """Every method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, project: int, name: str | None, limit: int, offset: int) -> tuple[list[Version], int]:
        if name is None:
            rows = await self._database.read(_PAGE, (project, limit, offset))
        else:
            rows = await self._database.read(_PAGE_OF_LINE, (project, name, limit, offset))
        (count,) = await self._database.read(_COUNT, (project, name))
        return [_version(row) for row in rows], int(count["n"])

    async def latest(self, line: Line) -> Version:
        row = await self._database.read_one(_LATEST, line)
        if row is None:
            raise NotFound("Dataset version", f"{line.name} has none")
        return _version(row)

    async def get(self, line: Line, number: VersionNumber) -> Version:
        row = await self._database.read_one(_ONE, (*line, *number))
        if row is None:
            raise NotFound("Dataset version", f"{line.name} {number}")
        return _version(row)

    async def reload(self, version: int) -> Version:
        row = await self._database.read_one(_BY_ID, (version,))
        if row is None:
            raise NotFound("Dataset version", version)
        return _version(row)

    async def freeze_run(self, run: Run, line: Line, at: str) -> Version | None:
        async def freeze(connection: aiosqlite.Connection) -> Version | None:
            known = await first(connection, _BY_ROUND, run.job, run.round)
            if known is not None:
                return _version(known)
            await check_project(connection, line.project_id)
            dataset = await first(connection, "SELECT states, changed FROM datasets WHERE id = ?", run.dataset)
            if dataset is None or (dataset["states"] and not dataset["changed"]):
                return None
            origin: Origin = "retry" if dataset["states"] else "run"
            said = "Units that had failed were done again" if origin == "retry" else ""
            bump: VersionType = "patch" if origin == "retry" else "minor"
            new = _New(line, run.dataset, origin, bump, said, None, at)
            return await _freeze(connection, new, {"job": run.job, "round": run.round})

        return await self._database.transact(freeze)

    async def increment(
        self, line: Line, kind: VersionType, *, description: str, author: str | None, at: str
    ) -> Version:
        async def freeze(connection: aiosqlite.Connection) -> Version:
            await check_project(connection, line.project_id)
            latest = await _latest(connection, line)
            await _check_restored(connection, latest.frozen.dataset)
            new = _New(line, latest.frozen.dataset, "increment", kind, description, author, at)
            return await _freeze(connection, new)

        return await self._database.transact(freeze)

    async def roll_back(
        self, line: Line, target: VersionNumber, *, description: str, author: str | None, at: str
    ) -> Version:
        async def roll(connection: aiosqlite.Connection) -> Version:
            await check_project(connection, line.project_id)
            row = await first(connection, _ONE, *line, *target)
            if row is None:
                raise NotFound("Dataset version", f"{line.name} {target}")
            old = _version(row)
            dataset = old.frozen.dataset
            await check_idle(connection, dataset)
            await _check_restored(connection, dataset)
            now = await first(connection, "SELECT changed FROM datasets WHERE id = ?", dataset)
            if now is not None and now["changed"]:
                said = f"As it was before the rollback to {target}"
                await _freeze(connection, _New(line, dataset, "before_rollback", "patch", said, author, at))
            shown = ("settings", "flagged", "entries_count", "quality", "content_sha256", "facts")
            same = {name: row[name] for name in shown}
            more = {
                **same,
                "state": old.frozen.state,
                "content_of": old.frozen.names_at,
                "restored_to": entry_range(dataset)[0],
            }
            new = await _insert(connection, _New(line, dataset, "rollback", "minor", description, author, at), more)
            sql = "UPDATE datasets SET state = ?, changed = 0 WHERE id = ?"
            await connection.execute(sql, (old.frozen.state, dataset))
            return new

        return await self._database.transact(roll)

    async def restore_slice(self, version: int, at: str) -> bool:
        async def restore(connection: aiosqlite.Connection) -> bool:
            row = await first(connection, "SELECT * FROM dataset_versions WHERE id = ?", version)
            if row is None or row["restored_to"] is None or row["dataset"] is None:
                return False
            text = f"{row['major']}.{row['minor']}.{row['patch']}"
            change = f"rolled back with version {text}"
            to = await restore_entries(
                connection, row["dataset"], row["state"], row["restored_to"], change, row["author"], at
            )
            await connection.execute("UPDATE dataset_versions SET restored_to = ? WHERE id = ?", (to, version))
            return to is not None

        return await self._database.transact(restore)

    async def prompts(self, dataset: int, hashes: Sequence[str]) -> list[PromptText]:
        rows = await self._database.read(_PROMPTS, (dataset, json.dumps(list(hashes))))
        return [PromptText(row["sha256"], row["name"], row["text"]) for row in rows]

    async def unrestored(self) -> list[Version]:
        return [_version(row) for row in await self._database.read(_UNRESTORED)]

    async def unsealed(self) -> list[Version]:
        return [_version(row) for row in await self._database.read(_UNSEALED)]

    async def seal(self, version: int, seal: Seal) -> None:
        quality = _json(seal.quality) if seal.quality is not None else None
        await self._database.apply([(_SEAL, (seal.content_sha256, quality, _json(seal.facts), version))])


class _New(NamedTuple):
    line: Line
    dataset: int
    origin: Origin
    kind: VersionType
    description: str
    author: str | None
    at: str


async def _freeze(connection: aiosqlite.Connection, new: _New, more: Mapping[str, Any] | None = None) -> Version:
    """The dataset's entries as they are become a state, and the state a version."""
    await connection.execute(_IF_CHANGED, (new.dataset,))
    return await _insert(connection, new, more or {})


async def _insert(connection: aiosqlite.Connection, new: _New, more: Mapping[str, Any]) -> Version:
    last = await first(connection, _LAST_NUMBER, *new.line)
    number = VersionNumber(*last).after(new.kind) if last is not None else FIRST
    values = {
        **dict.fromkeys(_OPTIONAL),
        **new.line._asdict(),
        **number._asdict(),
        "dataset": new.dataset,
        "origin": new.origin,
        "description": new.description,
        "author": new.author,
        "created_at": new.at,
        **more,
    }
    cursor = await connection.execute(_INSERT, values)
    made = await first(connection, _BY_ID, cursor.lastrowid)
    assert made is not None  # noqa: S101 - inserted above, in this transaction
    return _version(made)


async def _latest(connection: aiosqlite.Connection, line: Line) -> Version:
    row = await first(connection, _LATEST, *line)
    if row is None:
        raise NotFound("Dataset version", f"{line.name} has none")
    return _version(row)


async def _check_restored(connection: aiosqlite.Connection, dataset: int) -> None:
    """Errors: Conflict while entries are being put back: what is there is neither the one nor the other."""
    sql = "SELECT 1 FROM dataset_versions WHERE dataset = ? AND restored_to IS NOT NULL"
    if await first(connection, sql, dataset) is not None:
        raise Conflict("a rollback of this dataset is under way; try again when it is done")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _version(row: Row) -> Version:
    target = VersionNumber(row["t_major"], row["t_minor"], row["t_patch"]) if row["t_major"] is not None else None
    return Version(
        id=row["id"],
        line=Line(row["project_id"], row["name"]),
        number=VersionNumber(row["major"], row["minor"], row["patch"]),
        frozen=Frozen(row["dataset"], row["state"], row["content_of"] or row["id"]),
        dataset_id=row["dataset_id"],
        job_id=row["job_id"],
        mode=row["mode"],
        origin=row["origin"],
        target=target,
        description=row["description"],
        author=row["author"],
        settings=json.loads(row["settings"]),
        flagged=row["flagged"],
        entries_count=row["entries_count"],
        quality=json.loads(row["quality"]) if row["quality"] is not None else None,
        content_sha256=row["content_sha256"],
        facts=json.loads(row["facts"]) if row["facts"] is not None else None,
        created_at=row["created_at"],
        restoring=row["restored_to"] is not None,
    )
