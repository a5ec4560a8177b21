"""Which units lie in which file, when files are written, and what a crash leaves to do."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.datasets import Entry
from chunksmith.domain.jobs import Outcome, Unit
from chunksmith.errors import StorageError
from chunksmith.exports.formats import format_named
from chunksmith.pipeline.batches import BatchFiles, BatchPlan, BatchStore
from chunksmith.storage.chunks import ChunkStore
from chunksmith.storage.datasets import DatasetStore
from chunksmith.storage.entries import EntryStore
from chunksmith.storage.jobs import JobStore
from chunksmith.storage.units import UnitStore
from corpus_parts import NOW, Corpus, open_corpus

PER_UNIT = 2


@given(st.integers(0, 500), st.integers(0, 60))
def test_every_unit_lies_in_exactly_one_batch(total: int, size: int) -> None:
    plan = BatchPlan(total, size)
    positions = [range(first, last + 1) for first, last in map(plan.positions, range(plan.count))]
    assert [n for batch in positions for n in batch] == list(range(total))
    for index, batch in enumerate(positions):
        assert all(plan.index_of(Unit(n, 0)) == index for n in batch)
        assert plan.round_of(index) == 0


@pytest.mark.parametrize(("total", "size", "count"), [(10, 3, 4), (9, 3, 3), (10, 0, 1), (1, 50, 1), (0, 5, 0)])
def test_how_many_there_are(total: int, size: int, count: int) -> None:
    assert BatchPlan(total, size).count == count


def test_each_round_of_retries_has_a_batch_after_the_others() -> None:
    plan = BatchPlan(10, 3)
    assert [plan.index_of(Unit(8, 0, tries)) for tries in (0, 1, 2)] == [2, 4, 5]
    assert (plan.positions(4), plan.round_of(4), plan.round_of(5)) == ((0, 9), 1, 2)


@dataclass
class Bench:
    corpus: Corpus
    jobs: JobStore
    units: UnitStore
    entries: EntryStore
    datasets: DatasetStore
    size: int
    total: int = 10

    @classmethod
    async def make(cls, corpus: Corpus, size: int, total: int = 10) -> "Bench":
        database = corpus.database
        bench = cls(
            corpus, JobStore(database), UnitStore(database), EntryStore(database), DatasetStore(database), size, total
        )
        project = await corpus.project()
        values: dict[str, Any] = {
            "job_id": "dataset-gen-1",
            "kind": "dataset-gen",
            "project_id": project.id,
            "spec": {},
            "concurrency": 1,
            "max_calls": None,
            "max_cost_nano": None,
            "idempotency_key": None,
            "idempotency_hash": None,
            "created_at": NOW,
        }
        dataset = {
            "dataset_id": "dataset_1",
            "name": "made",
            "mode": "default",
            "format_type": "jsonl",
            "folder": "datasets/1",
            "settings": {"generation_mode": "default", "analyze_quality": False},
        }
        job = await bench.jobs.submit(values, dataset)
        await bench.units.add_units(job.id, 0, list(range(total)), last=True)
        return bench

    @property
    def folder(self) -> Path:
        return self.corpus.data_dir / "datasets" / "1"

    def place(self, relative: str) -> Path:
        path = self.corpus.data_dir / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    async def files(self, **changes: Any) -> BatchFiles:
        job = await self.jobs.get("dataset-gen-1")
        dataset = await self.datasets.get("dataset_1")
        values = {"place": self.place, "now": lambda: NOW, **changes}
        store = BatchStore(self.units, self.entries, self.datasets, ChunkStore(self.corpus.database), **values)
        return BatchFiles(job, dataset, BatchPlan(self.total, self.size), PER_UNIT, format_named("jsonl"), store)

    async def end(self, files: BatchFiles, position: int, tries: int = 0) -> None:
        unit = Unit(position, position, tries)
        await files.began(unit)
        entry = Entry(position * PER_UNIT + 1, position, 1, question=f"Q{position}", answer="A", generated_at=NOW)
        await self.entries.end_unit(1, unit, Outcome("accepted", entries=1), 1, [entry])
        await files.ended(unit)

    async def fail(self, files: BatchFiles, position: int, tries: int = 0) -> None:
        unit = Unit(position, position, tries)
        await files.began(unit)
        await self.entries.end_unit(1, unit, Outcome("failed"), 1, [])
        await files.ended(unit)

    def questions(self) -> list[list[str]]:
        paths = sorted(self.folder.glob("*.jsonl"), key=lambda path: int(path.stem.rpartition("_")[2]))
        return [[json.loads(line)["question"] for line in path.read_text().splitlines()] for path in paths]


@pytest.fixture
async def bench(tmp_path: Path) -> Any:
    async with open_corpus(tmp_path / "data") as corpus:
        yield await Bench.make(corpus, size=4)


ALL = [["Q0", "Q1", "Q2", "Q3"], ["Q4", "Q5", "Q6", "Q7"], ["Q8", "Q9"]]


@pytest.mark.parametrize("order", [range(10), range(9, -1, -1), [5, 0, 9, 1, 4, 2, 8, 3, 6, 7]], ids=str)
async def test_files_do_not_depend_on_the_order_of_units(bench: Bench, order: list[int]) -> None:
    files = await bench.files()
    async with files.writing():
        for position in order:
            await bench.end(files, position)
    await files.finish(0)
    assert bench.questions() == ALL
    rows = await bench.datasets.batches(1)
    assert [(row.batch_index, row.entries_count, row.chunks_processed) for row in rows] == [
        (0, 4, 4),
        (1, 4, 4),
        (2, 2, 2),
    ]
    for row in rows:
        data = (bench.corpus.data_dir / row.file_path).read_bytes()
        assert (row.size_bytes, row.sha256) == (len(data), hashlib.sha256(data).hexdigest())


async def test_the_newest_files_are_told_with_the_number_of_all(bench: Bench) -> None:
    files = await bench.files()
    async with files.writing():
        for position in range(10):
            await bench.end(files, position)
    await files.finish(0)
    for most, indexes in ((2, [1, 2]), (9, [0, 1, 2])):
        newest = await bench.datasets.newest_batches(1, most)
        assert ([row.batch_index for row in newest.files], newest.total) == (indexes, 3)


async def test_a_file_is_written_when_its_last_unit_is_down(bench: Bench) -> None:
    files = await bench.files()
    async with files.writing():
        for position in (0, 1, 4, 2):
            await bench.end(files, position)
        assert bench.questions() == []
        await bench.end(files, 3)
    assert bench.questions() == ALL[:1]


async def test_units_at_the_same_time_count_once(bench: Bench) -> None:
    files = await bench.files()
    async with files.writing():
        await asyncio.gather(*(bench.end(files, position) for position in range(10)))
    await files.finish(0)
    assert bench.questions() == ALL
    assert (await bench.datasets.newest_batches(1, 2)).total == 3


async def test_going_on_after_a_stop_in_the_middle_of_a_batch(bench: Bench) -> None:
    first = await bench.files()
    async with first.writing():
        for position in range(6):
            await bench.end(first, position)
    second = await bench.files()
    async with second.writing():
        for position in range(6, 10):
            await bench.end(second, position)
    await second.finish(0)
    assert bench.questions() == ALL


async def test_a_file_whose_row_is_missing_is_written_again_with_the_same_bytes(bench: Bench) -> None:
    files = await bench.files()
    async with files.writing():
        for position in range(10):
            await bench.end(files, position)
    await files.finish(0)
    before = {path.name: path.read_bytes() for path in bench.folder.iterdir()}
    await bench.corpus.database.apply([("DELETE FROM batches WHERE batch_index = 1", ())])
    again = await bench.files()
    async with again.writing():
        pass
    await again.finish(0)
    assert {path.name: path.read_bytes() for path in bench.folder.iterdir()} == before
    assert (await bench.datasets.newest_batches(1, 2)).total == 3


async def test_what_a_crash_left_of_a_file_is_taken_away(bench: Bench) -> None:
    left = bench.place("datasets/1/.dataset_dataset-gen-1_batch_0.jsonl.0a1b2c3d.part")
    other = bench.place("datasets/1/.dataset_dataset-gen-2_batch_0.jsonl.0a1b2c3d.part")
    for path in (left, other):
        path.write_bytes(b"half")
    files = await bench.files()
    async with files.writing():
        pass
    assert (left.exists(), other.exists()) == (False, True)


@pytest.fixture
async def failed_twice(bench: Bench) -> BatchFiles:
    """The files of a round that does the failed units 2 and 9 again."""
    files = await bench.files()
    async with files.writing():
        for position in range(10):
            if position in (2, 9):
                await bench.fail(files, position)
            else:
                await bench.end(files, position)
    await files.finish(0)
    for state in ("running", "completed"):
        await bench.jobs.move(1, state, at="2026-01-01T00:00:00.000Z")
    await bench.units.reopen_units(1, ["failed"], stored_only=False, at="2026-01-01T00:00:00.000Z")
    return await bench.files()


async def test_a_round_of_retries_that_gives_nothing_has_no_file(bench: Bench, failed_twice: BatchFiles) -> None:
    async with failed_twice.writing():
        for position in (2, 9):
            await bench.fail(failed_twice, position, tries=1)
    await failed_twice.finish(1)
    assert (await bench.datasets.newest_batches(1, 9)).total == len(bench.questions()) == 3


async def test_a_round_of_retries_has_its_own_file_and_changes_none(bench: Bench, failed_twice: BatchFiles) -> None:
    before = {path.name: path.read_bytes() for path in bench.folder.iterdir()}
    async with failed_twice.writing():
        for position in (2, 9):
            await bench.end(failed_twice, position, tries=1)
    await failed_twice.finish(1)
    assert bench.questions()[3] == ["Q2", "Q9"]
    assert before.items() <= {path.name: path.read_bytes() for path in bench.folder.iterdir()}.items()


async def test_a_disk_that_refuses_is_told(bench: Bench) -> None:
    def place(relative: str) -> Path:
        return bench.corpus.data_dir / "nowhere" / "at" / "all.jsonl"

    files = await bench.files(place=place)
    async with files.writing():
        for position in range(4):
            await bench.end(files, position)
    with pytest.raises(StorageError):
        await files.finish(0)
    assert (await bench.datasets.newest_batches(1, 2)).total == 0


async def test_no_unit_waits_for_a_file(bench: Bench) -> None:
    gate = asyncio.Event()

    class Slow(DatasetStore):
        async def add_batch(self, *values: Any) -> None:
            await gate.wait()
            await super().add_batch(*values)

    bench.datasets = Slow(bench.corpus.database)
    files = await bench.files()
    async with files.writing():
        async with asyncio.timeout(5):
            for position in range(10):
                await bench.end(files, position)
        gate.set()
    assert (await bench.datasets.newest_batches(1, 2)).total == 3
