"""Taxonomies, each tree as one text."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

import aiosqlite

from chunksmith.domain.paging import Page, Window
from chunksmith.domain.taxonomy import NewTaxonomy, Node, Taxonomy, TaxonomySummary, Tree, packed, unpacked
from chunksmith.errors import Conflict
from chunksmith.storage.database import Database, Row
from chunksmith.storage.projects import check_project
from chunksmith.storage.rows import changed, first

_VISIBLE = "project_id IN (SELECT id FROM visible_projects)"
_INSERT = """
INSERT INTO taxonomies (uuid, project_id, name, description, origin, tree, node_count, depth, made_by, created_at,
    updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_BY_ID = f"SELECT * FROM taxonomies WHERE id = ? AND {_VISIBLE}"
_BY_UUID = f"SELECT * FROM taxonomies WHERE uuid = ? AND {_VISIBLE}"
_BY_NAME = f"SELECT * FROM taxonomies WHERE project_id = ? AND name = ? AND {_VISIBLE}"
_NEWEST = f"SELECT * FROM taxonomies WHERE project_id = ? AND {_VISIBLE} ORDER BY id DESC LIMIT 1"
_SUMMARY = """
SELECT id, uuid, project_id, name, description, origin, node_count, depth, revision, made_by, created_at, updated_at
FROM taxonomies WHERE project_id = ?1 AND (?2 IS NULL OR name = ?2)
"""
_PAGE = _SUMMARY + " ORDER BY id LIMIT ?3 OFFSET ?4"
_COUNT = "SELECT count(*) AS n FROM taxonomies WHERE project_id = ?1 AND (?2 IS NULL OR name = ?2)"
_UPDATE = """
UPDATE taxonomies SET name = ?, description = ?, tree = ?, node_count = ?, depth = ?, made_by = ?, updated_at = ?,
    revision = revision + 1
WHERE id = ? AND revision = ?
"""
# A second run of the same job: the revision stays, so that a third one knows that nobody edited in between.
_REPLACE = "UPDATE taxonomies SET tree = ?, node_count = ?, depth = ?, made_by = ?, updated_at = ? WHERE id = ?"
_DELETE = "DELETE FROM taxonomies WHERE id = ?"
_EXTENDING = """
SELECT job_id, state FROM jobs
WHERE project_id = ? AND state IN ('submitted', 'running', 'paused') AND kind = 'taxonomy'
    AND json_extract(spec, '$.taxonomy_id') = ? LIMIT 1
"""


class TaxonomyStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewTaxonomy, at: str) -> Taxonomy:
        async def insert(connection: aiosqlite.Connection) -> Taxonomy:
            await check_project(connection, new.project_id)
            return await _insert(connection, new, new.name, at)

        return await self._database.transact(insert)

    async def get(self, taxonomy: int) -> Taxonomy | None:
        return _optional(await self._database.read_one(_BY_ID, (taxonomy,)))

    async def by_uuid(self, uuid: str) -> Taxonomy | None:
        return _optional(await self._database.read_one(_BY_UUID, (uuid,)))

    async def named(self, project: int, name: str) -> Taxonomy | None:
        return _optional(await self._database.read_one(_BY_NAME, (project, name)))

    async def newest(self, project: int) -> Taxonomy | None:
        return _optional(await self._database.read_one(_NEWEST, (project,)))

    async def page(self, project: int, window: Window, name: str | None) -> Page[TaxonomySummary]:
        rows = await self._database.read(_PAGE, (project, name, window.per_page, window.offset))
        (count,) = await self._database.read(_COUNT, (project, name))
        return Page([TaxonomySummary(**_summary(row)) for row in rows], count["n"])

    async def change(
        self, taxonomy: Taxonomy, name: str, description: str, tree: Node, at: str, made_by: dict[str, Any] | None
    ) -> Taxonomy | None:
        async def update(connection: aiosqlite.Connection) -> Taxonomy | None:
            where = (at, taxonomy.id, taxonomy.revision)
            values = (name, description, *_tree_columns(tree), _json_or_none(made_by), *where)
            try:
                count = await changed(connection, _UPDATE, *values)
            except sqlite3.IntegrityError as exc:
                raise _taken(name) from exc
            return _optional(await first(connection, _BY_ID, taxonomy.id)) if count else None

        return await self._database.transact(update)

    async def delete(self, taxonomy: int, revision: int | None) -> bool | None:
        async def remove(connection: aiosqlite.Connection) -> bool | None:
            row = await first(connection, _BY_ID, taxonomy)
            if row is None:
                return False
            if revision is not None and row["revision"] != revision:
                return None
            job = await first(connection, _EXTENDING, row["project_id"], taxonomy)
            if job is not None:
                raise Conflict(f"job {job['job_id']}, which extends it, is {job['state']}; cancel it first")
            return bool(await changed(connection, _DELETE, taxonomy))

        return await self._database.transact(remove)

    async def keep_generated(self, new: NewTaxonomy, at: str) -> Taxonomy:
        async def keep(connection: aiosqlite.Connection) -> Taxonomy:
            await check_project(connection, new.project_id)
            known = await first(connection, _BY_UUID, new.uuid)
            if known is None:
                return await _insert(connection, new, await _free_name(connection, new), at)
            if known["tree"] != _tree_json(new.tree):
                if known["revision"] != 1:
                    raise Conflict(f"the taxonomy {known['name']} was edited since this job made it; start a new job")
                values = (*_tree_columns(new.tree), _json_or_none(new.made_by), at, known["id"])
                await connection.execute(_REPLACE, values)
            return _taxonomy(await first(connection, _BY_UUID, new.uuid))

        return await self._database.transact(keep)


async def _insert(connection: aiosqlite.Connection, new: NewTaxonomy, name: str, at: str) -> Taxonomy:
    about = (new.uuid, new.project_id, name, new.description, new.origin)
    try:
        await connection.execute(_INSERT, (*about, *_tree_columns(new.tree), _json_or_none(new.made_by), at, at))
    except sqlite3.IntegrityError as exc:
        raise _taken(name) from exc
    return _taxonomy(await first(connection, _BY_UUID, new.uuid))


async def _free_name(connection: aiosqlite.Connection, new: NewTaxonomy) -> str:
    """What a job made is not lost because its name was taken meanwhile."""
    name, number = new.name, 1
    while await first(connection, _BY_NAME, new.project_id, name) is not None:
        number += 1
        name = f"{new.name} ({number})"
    return name


def _taken(name: str) -> Conflict:
    return Conflict(f"the project has a taxonomy named {name} already")


def _tree_columns(tree: Node) -> tuple[str, int, int]:
    analytics = Tree(tree).analytics
    return _tree_json(tree), analytics.nodes, analytics.depth


def _tree_json(tree: Node) -> str:
    return json.dumps(packed(tree), ensure_ascii=False, separators=(",", ":"))


def _json_or_none(value: Mapping[str, Any] | None) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value is not None else None


def _optional(row: Row | None) -> Taxonomy | None:
    return _taxonomy(row) if row is not None else None


def _taxonomy(row: Row | None) -> Taxonomy:
    assert row is not None  # noqa: S101 - read or written in this transaction
    return Taxonomy(**_summary(row), tree=unpacked(json.loads(row["tree"])))


def _summary(row: Row) -> dict[str, Any]:
    names = ("id", "uuid", "project_id", "name", "description", "origin", "depth", "revision")
    made_by = json.loads(row["made_by"]) if row["made_by"] is not None else None
    times = {name: row[name] for name in ("created_at", "updated_at")}
    return {**{name: row[name] for name in names}, "nodes": row["node_count"], "made_by": made_by, **times}
