"""A new database with its tables, as the migrations make it: made once, for they take longer than most tests."""

import asyncio
import functools
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from chunksmith.storage.database import open_database
from chunksmith.storage.files import make_private
from chunksmith.wiring.stores import DATABASE_FILE


def lay_down(folder: Path) -> Path:
    """The database file of a data directory: the one that is there, else a new one with empty tables."""
    path = folder / DATABASE_FILE
    if not path.exists():
        make_private(folder)
        path.write_bytes(_new())
    return path


@functools.cache
def _new() -> bytes:
    with ThreadPoolExecutor(1) as thread, tempfile.TemporaryDirectory() as folder:  # a loop may be running in this one
        path = Path(folder) / DATABASE_FILE
        thread.submit(asyncio.run, _make(path)).result()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


async def _make(path: Path) -> None:
    async with open_database(path):
        pass
