"""Datasets and their batch files."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import aiosqlite

from chunksmith.domain.datasets import BatchFile, Dataset, NewestBatches
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.database import Database, Row
from chunksmith.storage.rows import changed

_DATASET = """
SELECT datasets.*,
    (SELECT jobs.job_id FROM jobs WHERE jobs.dataset_id = datasets.id ORDER BY jobs.id LIMIT 1) AS job_id,
    (SELECT v.major || '.' || v.minor || '.' || v.patch FROM dataset_versions AS v
    WHERE v.dataset = datasets.id ORDER BY v.id DESC LIMIT 1) AS version
FROM datasets
"""
# A dataset of a project that is being deleted has its row still, but is not found.
_VISIBLE = " AND EXISTS (SELECT 1 FROM visible_projects AS p WHERE p.id = datasets.project_id)"
_BY_NAME = _DATASET + " WHERE dataset_id = ?" + _VISIBLE
_BY_JOB = _DATASET + " WHERE id = (SELECT dataset_id FROM jobs WHERE job_id = ?)" + _VISIBLE
_PAGE = _DATASET + " WHERE project_id = ? ORDER BY id DESC LIMIT ? OFFSET ?"
_NAMED = (
    _DATASET
    + " WHERE project_id = ? AND name = ? AND id <= ? AND json_extract(settings, '$.dataset_name') = name"
    + " ORDER BY id DESC LIMIT ?"
)
_INSERT = """
INSERT INTO datasets (dataset_id, project_id, name, mode, format_type, folder, settings, created_at, updated_at)
VALUES (:dataset_id, :project_id, :name, :mode, :format_type, :folder, :settings, :created_at, :created_at)
"""
_BATCHES = "SELECT * FROM batches WHERE job = ? ORDER BY batch_index"
_NEWEST_BATCHES = """
SELECT *, count(*) OVER () AS total FROM batches WHERE job = ? ORDER BY batch_index DESC LIMIT ?
"""
_ADD_BATCH = "INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?, ?, ?, ?)"
EVENT = "INSERT INTO job_events (job, kind, data, at) VALUES (?, ?, ?, ?)"
_ACTIVE_JOBS = """
SELECT job_id FROM jobs WHERE dataset_id = ? AND state IN ('submitted', 'running', 'paused') LIMIT 1
"""
# Their numbers stay taken: a number never means two things.
_DROP_VERSIONS = "UPDATE dataset_versions SET dataset = NULL, restored_to = NULL WHERE dataset = ?"
# Rows deleted in one transaction, so that a large dataset does not hold up other writers.
SLICE = 5000


class DatasetStore:
    """Every method is one transaction, except ``delete``, which works in slices and may be repeated."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, dataset_id: str) -> Dataset:
        """``dataset_id``, or the id of the job that made it. Errors: NotFound."""
        row = await self._database.read_one(_BY_NAME, (dataset_id,))
        if row is None:
            row = await self._database.read_one(_BY_JOB, (dataset_id,))
        if row is None:
            raise NotFound("Dataset", dataset_id)
        return _dataset(row)

    async def page(self, project: int, limit: int, offset: int) -> tuple[list[Dataset], int]:
        rows = await self._database.read(_PAGE, (project, limit, offset))
        (count,) = await self._database.read("SELECT count(*) AS n FROM datasets WHERE project_id = ?", (project,))
        return [_dataset(row) for row in rows], int(count["n"])

    async def named(self, project: int, name: str, last: int, limit: int) -> list[Dataset]:
        """Those of this ``dataset_name`` up to the row ``last``, the newest first."""
        return [_dataset(row) for row in await self._database.read(_NAMED, (project, name, last, limit))]

    async def set_quality(self, dataset: int, quality: dict[str, Any] | None, flagged: str | None, at: str) -> None:
        sql = "UPDATE datasets SET quality = ?, flagged = ?, updated_at = ? WHERE id = ?"
        await self._database.apply(
            [(sql, (json.dumps(quality) if quality is not None else None, flagged, at, dataset))]
        )

    async def batches(self, job: int) -> list[BatchFile]:
        return [_batch(row) for row in await self._database.read(_BATCHES, (job,))]

    async def newest_batches(self, job: int, most: int) -> NewestBatches:
        rows = await self._database.read(_NEWEST_BATCHES, (job, most))
        return NewestBatches([_batch(row) for row in reversed(rows)], rows[0]["total"] if rows else 0)

    async def batch_indexes(self, job: int) -> set[int]:
        rows = await self._database.read("SELECT batch_index FROM batches WHERE job = ?", (job,))
        return {row["batch_index"] for row in rows}

    async def add_batch(self, job: int, batch: BatchFile, at: str) -> None:
        """The file is in place already; a second time replaces the row by an equal one."""
        row = (job, batch.batch_index, batch.file_path, batch.entries_count, batch.chunks_processed)
        event = (job, "batch", json.dumps(asdict(batch)), at)
        await self._database.apply([(_ADD_BATCH, (*row, batch.size_bytes, batch.sha256)), (EVENT, event)])

    async def delete(self, dataset: Dataset, *, with_versions: bool = False) -> None:
        """Errors: Conflict while a job works on it, and for versions of it unless they are to go too."""

        async def begin(connection: aiosqlite.Connection) -> None:
            await check_idle(connection, dataset.id)
            count = await changed(connection, _DROP_VERSIONS, dataset.id)
            if count and not with_versions:
                raise Conflict(f"{count} versions of it are kept: with_versions=true deletes them too")

        await self._database.transact(begin)
        first, last = entry_range(dataset.id)
        while True:

            async def delete_slice(connection: aiosqlite.Connection) -> int:
                sql = "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE id BETWEEN ? AND ? LIMIT ?)"
                cursor = await connection.execute(sql, (first, last, SLICE))
                return cursor.rowcount

            if await self._database.transact(delete_slice) < SLICE:
                break
        batches = "DELETE FROM batches WHERE job IN (SELECT id FROM jobs WHERE dataset_id = ?)"
        await self._database.apply([(batches, (dataset.id,)), ("DELETE FROM datasets WHERE id = ?", (dataset.id,))])


async def check_idle(connection: aiosqlite.Connection, dataset: int) -> None:
    """Errors: Conflict while a job works on it."""
    for row in await connection.execute_fetchall(_ACTIVE_JOBS, (dataset,)):
        raise Conflict(f"job {row['job_id']} works on this dataset; cancel it first")


async def insert_dataset(connection: aiosqlite.Connection, values: Mapping[str, Any]) -> int:
    """Inside the caller's transaction."""
    cursor = await connection.execute(_INSERT, {**values, "settings": json.dumps(values["settings"])})
    assert cursor.lastrowid is not None  # noqa: S101 - just inserted
    return cursor.lastrowid


def entry_range(dataset: int) -> tuple[int, int]:
    """The first and last possible row id of a dataset's entries: ``dataset << 36 | number``."""
    return dataset << 36, (dataset + 1 << 36) - 1


def number_of(row_id: int) -> int:
    """Of an entry in its dataset."""
    return row_id & ((1 << 36) - 1)


def _dataset(row: Row) -> Dataset:
    names = (field.name for field in fields(Dataset))
    values = {name: row[name] for name in names}
    values["settings"] = json.loads(row["settings"])
    values["curation"] = json.loads(row["curation"]) if row["curation"] is not None else {}
    values["quality"] = json.loads(row["quality"]) if row["quality"] is not None else None
    values["changed"] = bool(row["changed"])
    return Dataset(**values)


def _batch(row: Row) -> BatchFile:
    return BatchFile(
        batch_index=row["batch_index"],
        file_path=row["file_path"],
        entries_count=row["entries_count"],
        chunks_processed=row["chunks_processed"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
    )
