"""Projects. One that is being deleted is invisible from the start; ``purge.py`` removes what belongs to it."""

import json
from collections.abc import Sequence

import aiosqlite

from chunksmith.domain.corpus import Project, ProjectCounts
from chunksmith.domain.paging import Page, Window
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.database import Database, Row
from chunksmith.storage.rows import changed, first

_INSERT = "INSERT INTO projects (uuid, name, description, created_at, updated_at) VALUES (?, ?, ?, ?, ?)"
_BY_ID = "SELECT * FROM visible_projects WHERE id = ?"
_BY_UUID = "SELECT * FROM visible_projects WHERE uuid = ?"
_BY_NAME = "SELECT * FROM visible_projects WHERE name = ? ORDER BY id LIMIT 10"
_PAGE = "SELECT * FROM visible_projects ORDER BY id LIMIT ? OFFSET ?"
_PAGE_BY_NAME = "SELECT * FROM visible_projects WHERE name = ? ORDER BY id LIMIT ? OFFSET ?"
_COUNT = "SELECT count(*) AS n FROM visible_projects"
_COUNT_BY_NAME = "SELECT count(*) AS n FROM visible_projects WHERE name = ?"
_COUNTS = """
SELECT p.value AS id,
    (SELECT count(*) FROM visible_documents AS d WHERE d.project_id = p.value) AS documents,
    (SELECT count(*) FROM datasets AS s WHERE s.project_id = p.value) AS datasets
FROM json_each(?) AS p
"""
_UPDATE = """
UPDATE projects SET name = ifnull(?, name), description = ifnull(?, description), updated_at = ?
WHERE id = ? AND deleted_at IS NULL
"""
_ACTIVE_JOB = """
SELECT job_id, state FROM jobs
WHERE project_id = ? AND state IN ('submitted', 'running', 'paused') ORDER BY id LIMIT 1
"""
_OPEN_IMPORT = "SELECT id FROM open_imports WHERE project_id = ? LIMIT 1"
_HIDE = "UPDATE projects SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL"


class ProjectStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, uuid: str, name: str, description: str, at: str) -> Project:
        async def insert(connection: aiosqlite.Connection) -> Project:
            await connection.execute(_INSERT, (uuid, name, description, at, at))
            return _found(await first(connection, _BY_UUID, uuid), uuid)

        return await self._database.transact(insert)

    async def by_id(self, project: int) -> Project | None:
        return _optional(await self._database.read_one(_BY_ID, (project,)))

    async def by_uuid(self, uuid: str) -> Project | None:
        return _optional(await self._database.read_one(_BY_UUID, (uuid,)))

    async def by_name(self, name: str) -> list[Project]:
        return [_project(row) for row in await self._database.read(_BY_NAME, (name,))]

    async def page(self, window: Window, name: str | None) -> Page[Project]:
        if name is None:
            rows = await self._database.read(_PAGE, (window.per_page, window.offset))
            (count,) = await self._database.read(_COUNT)
        else:
            rows = await self._database.read(_PAGE_BY_NAME, (name, window.per_page, window.offset))
            (count,) = await self._database.read(_COUNT_BY_NAME, (name,))
        return Page([_project(row) for row in rows], count["n"])

    async def counts(self, projects: Sequence[Project]) -> dict[int, ProjectCounts]:
        chunks = {project.id: project.chunk_count for project in projects}
        rows = await self._database.read(_COUNTS, (json.dumps(list(chunks)),))
        return {row["id"]: ProjectCounts(row["documents"], chunks[row["id"]], row["datasets"]) for row in rows}

    async def update(self, project: int, name: str | None, description: str | None, at: str) -> Project:
        async def change(connection: aiosqlite.Connection) -> Project:
            await connection.execute(_UPDATE, (name, description, at, project))
            return _found(await first(connection, _BY_ID, project), project)

        return await self._database.transact(change)

    async def hide(self, project: int, at: str) -> None:
        async def mark(connection: aiosqlite.Connection) -> None:
            job = await first(connection, _ACTIVE_JOB, project)
            if job is not None:
                raise Conflict(f"job {job['job_id']} of this project is {job['state']}; cancel it first")
            if await first(connection, _OPEN_IMPORT, project) is not None:
                raise Conflict("chunks are being imported into this project; wait for the end of the import")
            if not await changed(connection, _HIDE, at, project):
                raise NotFound("Project", project)

        await self._database.transact(mark)


async def check_project(connection: aiosqlite.Connection, project: int) -> None:
    """Errors: NotFound, inside the transaction that adds something to the project."""
    if await first(connection, _BY_ID, project) is None:
        raise NotFound("Project", project)


def _optional(row: Row | None) -> Project | None:
    return _project(row) if row is not None else None


def _found(row: Row | None, identifier: object) -> Project:
    if row is None:
        raise NotFound("Project", identifier)
    return _project(row)


def _project(row: Row) -> Project:
    return Project(
        id=row["id"],
        uuid=row["uuid"],
        name=row["name"],
        description=row["description"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        chunk_count=row["chunk_count"],
    )
