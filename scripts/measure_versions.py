"""What versions cost: ``python scripts/measure_versions.py [ENTRIES]`` prints a table. Figures: docs/versions.md.

One process, no server: what is timed is what the server does, on a dataset that is put in place through the tables.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from benchsuite.seeding import AT, seed_dataset
from chunksmith.domain.clock import SystemClock
from chunksmith.domain.datasets import Entry
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.domain.versions import Line, Run, Version
from chunksmith.services.settling import Settling
from chunksmith.services.version_comparing import Comparing
from chunksmith.storage.database import open_database
from chunksmith.storage.entries import EntryStore
from chunksmith.storage.frozen_entries import FrozenEntryStore
from chunksmith.storage.versions import VersionStore
from chunksmith.wiring.stores import DATABASE_FILE

LINE = Line(1, "Bench")
PAGE = 1000
T = TypeVar("T")
_JOB = """
INSERT INTO jobs (id, job_id, kind, project_id, dataset_id, spec, state, concurrency, created_at)
VALUES (1, 'dataset-gen-bench', 'dataset-gen', 1, 1, '{}', 'completed', 1, ?)
"""


async def measure(folder: Path, entries: int) -> None:
    await seed_dataset(folder, entries)
    async with open_database(folder / DATABASE_FILE) as database:
        await database.apply([(_JOB, (AT,))])
        versions, frozen = VersionStore(database), FrozenEntryStore(database)
        settling, comparing = Settling(versions, frozen, "unknown", SystemClock()), Comparing(frozen)
        rows = EntryStore(database)
        await timed("freeze", versions.freeze_run(Run(1, 1, 0), LINE, AT))
        first = await timed("hash and score it", settling.settle(await versions.latest(LINE)))
        for number in range(1, 11):
            await rows.change(1, number * (entries // 10), _edited, change="edited", at=AT)
        (copied,) = await database.read("SELECT count(*) AS n FROM former_entries")
        print(f"{'rows copied by ten edits':44}{copied['n']:>10}")
        second = await timed("freeze again", increment(versions))
        second = await timed("hash and score it", settling.settle(second))
        await timed("compare", comparing.compare(first, second, 100, None))
        before = peak_mb()
        await timed("read the first version", read(frozen, first))
        print(f"{'memory added by that, at peak':44}{peak_mb() - before:>8.1f} MB")
        await timed("roll back ten entries", roll_back(versions, first))
        await timed("change every score", database.apply([("UPDATE entries SET quality = 0.5, revision = 9", ())]))
        await timed("roll back every entry", roll_back(versions, first))


def _edited(entry: Entry) -> Entry:
    return replace(entry, answer="Clay.", revision=entry.revision + 1)


async def increment(versions: VersionStore) -> Version:
    return await versions.increment(LINE, "patch", description="", author=None, at=AT)


async def roll_back(versions: VersionStore, to: Version) -> None:
    made = await versions.roll_back(LINE, to.number, description="", author=None, at=AT)
    while await versions.restore_slice(made.id, AT):
        pass


async def read(frozen: FrozenEntryStore, version: Version) -> None:
    query = EntryQuery()
    while page := await frozen.page(version.frozen, query, PAGE):
        query = EntryQuery(after=Position(None, page[-1].number))


async def timed(what: str, work: Awaitable[T]) -> T:
    started = time.perf_counter()
    result = await work
    print(f"{what:44}{time.perf_counter() - started:>9.3f} s", flush=True)
    return result


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(arguments: list[Any]) -> None:
    entries = int(arguments[0]) if arguments else 200_000
    with tempfile.TemporaryDirectory(prefix="chunksmith-versions-") as folder:
        asyncio.run(measure(Path(folder), entries))


if __name__ == "__main__":
    main(sys.argv[1:])
