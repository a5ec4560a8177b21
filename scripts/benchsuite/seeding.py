"""A large dataset, put in place through the project's own tables: making it by calls is measured elsewhere."""

import asyncio
import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchsuite.material import passage
from chunksmith.storage.database import open_database
from chunksmith.storage.datasets import entry_range
from chunksmith.wiring.stores import DATABASE_FILE

AT = "2026-01-01T00:00:00.000Z"
SLICE = 20_000


@dataclass(frozen=True, slots=True)
class Seeded:
    dataset_id: str
    entries: int


async def seed_dataset(folder: Path, entries: int) -> Seeded:
    """A finished dataset, three entries to a chunk, of which each has a category, a difficulty and a score."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with open_database(folder / DATABASE_FILE):
        pass  # makes the tables
    await asyncio.to_thread(_fill, folder / DATABASE_FILE, entries)
    return Seeded("dataset_bench", entries)


def _fill(path: Path, entries: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        _insert(connection, "projects", {"id": 1, "uuid": "bench", "name": "Bench", "created_at": AT, "updated_at": AT})
        settings = {
            "generation_mode": "default", "analyze_quality": True, "generation_model": "grok/grok-4.3",
            "has_documents": False, "prompt_hash": "bench",
        }  # fmt: skip
        dataset = {
            "id": 1, "dataset_id": "dataset_bench", "project_id": 1, "name": "Bench", "mode": "default",
            "format_type": "jsonl", "folder": "datasets/bench", "settings": json.dumps(settings),
            "entries_count": entries, "scored_count": entries, "created_at": AT, "updated_at": AT,
        }  # fmt: skip
        _insert(connection, "datasets", dataset)
        for start in range(0, entries, SLICE):
            connection.execute("BEGIN")
            numbers = range(start, min(start + SLICE, entries))
            chunks = range(numbers.start // 3 + 1, (numbers.stop - 1) // 3 + 2)
            sql = "INSERT OR IGNORE INTO chunks (id, project_id, chunk_index, text) VALUES (?, 1, ?, ?)"
            connection.executemany(sql, ((number, number, passage(number)) for number in chunks))
            connection.executemany(_ENTRY, _rows(numbers))
            connection.execute("COMMIT")


_ENTRY = """
INSERT INTO entries (id, dataset, position, chunk_id, question, answer, category, difficulty, quality, quality_parts,
    evidence, call_id, generated_at)
VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def _rows(numbers: range) -> Iterator[tuple[Any, ...]]:
    drawn = random.Random(numbers.start)
    low = entry_range(1)[0]
    for number in numbers:
        question = f"What does the passage say about the pottery of yard {number} and its {number % 7} kilns?"
        answer = f"The kiln of the old pottery stands behind yard {number}, where wagons stopped for clay and coal."
        parts = {"grounded": 1.0, "well_formed": 0.9, "distinct": 0.8}
        evidence = [[answer, 100, 100 + len(answer), "exact"]]
        yield (
            low | (number + 1), number // 3, number // 3 + 1, question, answer, f"category {number % 20}",
            number % 3 + 1, round(drawn.random(), 4), json.dumps(parts), json.dumps(evidence), number // 3, AT,
        )  # fmt: skip


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - our own
