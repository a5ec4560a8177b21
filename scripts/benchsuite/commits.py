"""What committing in groups is worth: rows a second through the writer, against a group of one row."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchsuite.figures import Figure
from chunksmith.storage.database import open_database

ROW = "x" * 1200
INSERT = "INSERT INTO rows (text) VALUES (?)"


async def batched(folder: Path, rounds: int, rows: int) -> Sequence[Figure]:
    """1,200 characters a row, ``synchronous=FULL`` in both. Many coroutines write at once, each waits for its row."""
    one, many = [], []
    for number in range(rounds):
        one.append(await _rows_per_s(folder / f"one-{number}.db", rows // 20, group_max=1))
        many.append(await _rows_per_s(folder / f"many-{number}.db", rows, group_max=512))
    ratio = median(a / b for a, b in zip(many, one, strict=True))
    detail = f"{median(many):,.0f} against {median(one):,.0f} rows/s"
    return [Figure("storage", "rows/s in group commits against one by one", ratio, bound=15, detail=detail)]


async def _rows_per_s(path: Path, rows: int, group_max: int) -> float:
    async with open_database(path, group_max) as database:
        await database.apply([("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)", ())])
        left = iter(range(rows))

        async def write() -> None:
            for _ in left:
                await database.apply([(INSERT, (ROW,))])

        begin = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(512):
                group.create_task(write())
        return rows / (time.perf_counter() - begin)
