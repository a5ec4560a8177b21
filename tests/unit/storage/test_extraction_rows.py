"""Extractions in the tables: pools, filters, pages, deletions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiosqlite
import pytest

from chunksmith.domain.corpus import Project
from chunksmith.domain.extraction import (
    ChunkResult,
    ExtractedItem,
    ExtractionCategory,
    ExtractionPool,
    ExtractionSpec,
    FoundItem,
    ItemQuery,
    Place,
    PoolFilter,
)
from chunksmith.domain.jobs import Job, JobState, Outcome, Unit
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage import extraction
from chunksmith.storage import extraction_material as material
from chunksmith.storage.extraction import ExtractionStore
from chunksmith.storage.extraction_material import ExtractionMaterial
from chunksmith.storage.extraction_purge import purge_extractions_of
from chunksmith.storage.jobs import JobStore
from chunksmith.storage.units import UnitStore
from corpus_parts import NOW, Corpus

CATEGORIES = (
    ExtractionCategory(1, None, 2, "id-1", "Bread"),
    ExtractionCategory(2, 1, 2, "id-2", "Starter"),
    ExtractionCategory(3, None, 3, "id-3", "Rocks"),
)
ALL = PoolFilter()


def found(category: int = 1, start: int = 0, *, confidence: float = 0.5, validated: bool | None = None) -> FoundItem:
    return FoundItem(category, "rye", start, start + 3, "exact", 1, confidence, validated)


@dataclass
class Shelf:
    """One project with chunks, and ways to put results on them."""

    corpus: Corpus
    project: Project
    store: ExtractionStore = field(init=False)
    material: ExtractionMaterial = field(init=False)
    jobs: JobStore = field(init=False)
    made: int = 0

    def __post_init__(self) -> None:
        self.store = ExtractionStore(self.corpus.database)
        self.material = ExtractionMaterial(self.corpus.database)
        self.jobs = JobStore(self.corpus.database)

    def values(self, **changes: Any) -> dict[str, Any]:
        self.made += 1
        spec = ExtractionSpec(project_id=self.project.id, taxonomy_id=1, taxonomy_name="T", extraction_type="ner")
        return {
            "job_id": f"extraction-{self.made}",
            "project_id": self.project.id,
            "spec": spec.model_dump(mode="json"),
            "concurrency": 1,
            "max_calls": None,
            "max_cost_nano": None,
            "idempotency_key": None,
            "idempotency_hash": None,
            "created_at": NOW,
            **changes,
        }

    async def job(self, results: dict[int, Sequence[FoundItem]], state: JobState = "completed") -> Job:
        job = await self.store.submit(self.values(), CATEGORIES)
        await UnitStore(self.corpus.database).add_units(job.id, 0, list(results), last=True)
        for position, (chunk, items) in enumerate(results.items()):
            outcome = Outcome("accepted" if items else "rejected", entries=len(items))
            await self.store.end_unit(job.id, Unit(position, chunk), outcome, self.project.id, items)
        if state != "submitted":
            await self.jobs.move(job.id, "running", at=NOW)
        if state not in ("submitted", "running"):
            await self.jobs.move(job.id, state, at=NOW)
        return await self.jobs.reload(job.id)

    async def units(self, pool: ExtractionPool, chosen: PoolFilter = ALL) -> list[int]:
        """Page by page, two at a time."""
        after, chunks = 0, []
        while page := await self.material.units(pool, chosen, after, 2):
            chunks += page
            after = page[-1]
        return chunks


@pytest.fixture
async def shelf(corpus: Corpus, project: Project) -> Shelf:
    rows = [{"text": f"rye bread {n}", "document": "book", "id": f"x{n}"} for n in range(1, 9)]
    await corpus.import_rows(project, rows)
    return Shelf(corpus, project)


def places(items: Sequence[ExtractedItem]) -> list[tuple[int, int]]:
    return [(item.position, item.ordinal) for item in items]


async def test_of_several_jobs_the_newest_result_for_a_chunk_counts(shelf: Shelf) -> None:
    old = await shelf.job({1: [found(1)], 2: [found(1)], 3: [found(1)]})
    new = await shelf.job({2: [found(3)], 3: [], 4: [found(3)]})
    pool = await shelf.material.pool(shelf.project.id, None)
    items = await shelf.material.items_of(pool, ALL, [1, 2, 3, 4])
    assert pool.jobs == (old.id, new.id)
    assert await shelf.units(pool) == [1, 2, 4]
    assert {chunk: [one.category for one in each] for chunk, each in items.items()} == {
        1: ["Bread"],
        2: ["Rocks"],
        4: ["Rocks"],
    }


async def test_a_single_job_is_read_alone(shelf: Shelf) -> None:
    old = await shelf.job({1: [found(1)], 2: [found(1)]})
    await shelf.job({2: [found(3)]})
    pool = await shelf.material.pool(shelf.project.id, old.job_id)
    items = await shelf.material.items_of(pool, ALL, [1, 2])
    assert await shelf.units(pool) == [1, 2]
    assert [one.category for one in items[2]] == ["Bread"]


async def test_only_completed_jobs_are_pooled(shelf: Shelf) -> None:
    done = await shelf.job({1: [found(1)]})
    await shelf.job({1: [found(3)]}, "running")
    await shelf.job({1: [found(3)]}, "failed")
    assert (await shelf.material.pool(shelf.project.id, None)).jobs == (done.id,)


async def test_a_job_that_is_not_completed_is_a_conflict(shelf: Shelf) -> None:
    running = await shelf.job({1: [found(1)]}, "running")
    with pytest.raises(Conflict, match="is running"):
        await shelf.material.pool(shelf.project.id, running.job_id)


async def test_a_job_of_another_project_is_not_found(shelf: Shelf) -> None:
    job = await shelf.job({1: [found(1)]})
    with pytest.raises(NotFound):
        await shelf.material.pool(shelf.project.id + 1, job.job_id)


async def test_a_result_that_comes_later_does_not_change_a_pool(shelf: Shelf) -> None:
    await shelf.job({1: [found(1)]})
    pool = await shelf.material.pool(shelf.project.id, None)
    await shelf.job({1: [found(3)]})
    items = await shelf.material.items_of(pool, ALL, [1])
    assert [one.category for one in items[1]] == ["Bread"]


@pytest.mark.parametrize("pooled", [False, True], ids=["one job", "pool"])
async def test_filters_choose_items_and_the_chunks_that_have_any(shelf: Shelf, pooled: bool) -> None:
    items = {1: [found(1), found(3, 4, validated=True)], 2: [found(2, validated=True)], 3: [found(3, validated=False)]}
    job = await shelf.job(items)
    if pooled:
        await shelf.job({8: []})
    pool = await shelf.material.pool(shelf.project.id, None if pooled else job.job_id)
    rocks = PoolFilter({job.id: frozenset({3})})
    sure = PoolFilter(only_validated=True)
    both = PoolFilter({job.id: frozenset({3})}, only_validated=True)
    assert [await shelf.units(pool, one) for one in (rocks, sure, both)] == [[1, 3], [1, 2], [1]]
    chosen = await shelf.material.items_of(pool, both, [1, 2, 3])
    assert {chunk: [one.found.start for one in each] for chunk, each in chosen.items()} == {1: [4]}


async def test_a_deleted_chunk_is_no_unit_any_more(shelf: Shelf) -> None:
    await shelf.job({1: [found(1)], 2: [found(1)]})
    await shelf.corpus.chunk_rows.hide(1, NOW)
    assert await shelf.units(await shelf.material.pool(shelf.project.id, None)) == [2]


async def test_an_item_knows_its_chunk_document_and_path(shelf: Shelf) -> None:
    job = await shelf.job({5: [found(2, validated=True)]})
    (item,) = await shelf.store.page(job.id, ItemQuery(), 10)
    assert (item.chunk_id, item.document_name, item.category_id) == (5, "book", "id-2")
    assert (item.category_path, item.found.validated) == (("Bread", "Starter"), True)


async def test_categories_count_what_was_found(shelf: Shelf) -> None:
    job = await shelf.job({1: [found(1), found(2, 4, validated=True)], 2: [found(2, validated=False)]})
    counts = [(one.name, one.items, one.validated) for one in await shelf.store.categories(job.id)]
    assert counts == [("Bread", 1, 0), ("Starter", 2, 1), ("Rocks", 0, 0)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ItemQuery(), [(0, 0), (0, 1), (1, 0), (2, 0)]),
        (ItemQuery(min_confidence=0.6), [(0, 1), (2, 0)]),
        (ItemQuery(categories=frozenset({1, 2})), [(0, 0), (1, 0)]),
        (ItemQuery(validated=True), [(1, 0)]),
        (ItemQuery(validated=False), [(2, 0)]),
        (ItemQuery(0.6, frozenset({3}), validated=False), [(2, 0)]),
    ],
    ids=["all", "confidence", "category", "valid", "invalid", "together"],
)
async def test_pages_by_cursor_and_by_number_are_the_same_list(
    shelf: Shelf, query: ItemQuery, expected: list[tuple[int, int]]
) -> None:
    items = {1: [found(1), found(3, 4, confidence=0.9)], 2: [found(2, validated=True)]}
    job = await shelf.job({**items, 3: [found(3, confidence=0.7, validated=False)]})
    walked: list[ExtractedItem] = []
    while page := await shelf.store.page(
        job.id, query, 1, after=Place(walked[-1].position, walked[-1].ordinal) if walked else None
    ):
        walked += page
    numbered = [await shelf.store.page(job.id, query, 1, offset=n) for n in range(len(expected) + 1)]
    assert places(walked) == [place for page in numbered for place in places(page)] == expected
    assert await shelf.store.count(job.id, query) == len(expected)


async def test_a_deletion_is_refused_while_the_job_runs(shelf: Shelf) -> None:
    job = await shelf.job({1: [found(1)]}, "running")
    with pytest.raises(Conflict, match="is running; cancel it first"):
        await shelf.store.hide(job.job_id, NOW)


@pytest.mark.parametrize("file_id", [None, "extraction-1"], ids=["pool", "named"])
async def test_a_deletion_is_refused_while_a_dataset_is_made_of_it(shelf: Shelf, file_id: str | None) -> None:
    job = await shelf.job({1: [found(1)]})
    spec = {"data_source": "Extract", "extraction_file_id": file_id}
    row = {**shelf.values(job_id="dataset-gen-1", spec=spec), "kind": "dataset-gen"}
    await shelf.jobs.submit(row)
    with pytest.raises(Conflict, match="makes a dataset of it"):
        await shelf.store.hide(job.job_id, NOW)


async def test_a_deletion_takes_all_that_belongs_to_the_job(shelf: Shelf) -> None:
    job = await shelf.job({1: [found(1)], 2: [found(2), found(3, 4)]})
    kept = await shelf.job({1: [found(3)]})
    await shelf.store.hide(job.job_id, NOW)
    with pytest.raises(NotFound):
        await shelf.store.get(job.job_id)
    while await shelf.store.purge_slice():
        pass
    tables = ("jobs", "extractions", "extraction_items", "extraction_results", "extraction_categories", "units")
    left = [await shelf.corpus.count(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608 - our own names
    assert left == [1, 1, 1, 1, 3, 1]
    assert [one.job_id for one in (await shelf.store.of_project(shelf.project.id, 10, 0))[0]] == [kept.job_id]


async def test_what_a_project_has_of_extractions_is_removed_in_slices(shelf: Shelf) -> None:
    for _ in range(2):
        await shelf.job({1: [found(1)], 2: [found(2)]})

    async def purge(connection: aiosqlite.Connection) -> bool:
        return await purge_extractions_of(connection, shelf.project.id)

    while await shelf.corpus.database.transact(purge):
        pass
    tables = ("extractions", "extraction_items", "extraction_results", "extraction_categories", "units", "jobs")
    left = [await shelf.corpus.count(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608 - our own names
    assert left == [0, 0, 0, 0, 0, 2]


async def test_lists_are_newest_first_and_may_leave_out_what_is_not_completed(shelf: Shelf) -> None:
    for state in ("completed", "failed", "completed"):
        await shelf.job({1: [found(1)]}, state)
    every, total = await shelf.store.of_project(shelf.project.id, 2, 0)
    done, done_total = await shelf.store.of_project(shelf.project.id, 10, 0, completed=True)
    assert ([one.job_id for one in every], total) == (["extraction-3", "extraction-2"], 3)
    assert ([one.job_id for one in done], done_total) == (["extraction-3", "extraction-1"], 2)
    assert (done[0].entities, done[0].units_total, done[0].units_down) == (1, 1, 1)


async def test_an_import_is_a_completed_job_whose_numbers_add_up(shelf: Shelf) -> None:
    results = [ChunkResult(3, (found(1), found(2, 4))), ChunkResult(1, (), "1 not in the passage")]
    job = await shelf.store.add_import(shelf.values(), CATEGORIES, results)
    counters = job.counters
    assert (job.state, counters.units_total, counters.units_ready) == ("completed", 2, True)
    assert (counters.accepted, counters.rejected, counters.entries) == (1, 1, 2)
    assert await shelf.units(await shelf.material.pool(shelf.project.id, job.job_id)) == [3]


async def test_an_idempotency_key_gives_the_same_job(shelf: Shelf) -> None:
    values = shelf.values(idempotency_key="k", idempotency_hash="h")
    first = await shelf.store.submit(values, CATEGORIES)
    again = await shelf.store.submit({**values, "job_id": "extraction-x"}, CATEGORIES)
    assert (again.id, len(await shelf.store.categories(first.id))) == (first.id, 3)
    with pytest.raises(Conflict):
        await shelf.store.submit({**values, "job_id": "extraction-y", "idempotency_hash": "g"}, CATEGORIES)


async def test_the_key_of_an_extraction_whose_project_is_being_deleted_is_free(shelf: Shelf) -> None:
    hidden = await shelf.store.submit(shelf.values(idempotency_key="k", idempotency_hash="h"), CATEGORIES)
    await shelf.jobs.move(hidden.id, "cancelled", at=NOW)
    await shelf.corpus.project_rows.hide(shelf.project.id, NOW)
    shelf.project = await shelf.corpus.project("another")
    again = await shelf.store.submit(shelf.values(idempotency_key="k", idempotency_hash="h"), CATEGORIES)
    assert again.project_id == shelf.project.id


async def test_chunks_are_found_by_external_id_and_only_while_they_are_visible(shelf: Shelf) -> None:
    await shelf.corpus.chunk_rows.hide(2, NOW)
    assert await shelf.store.by_external_id(shelf.project.id, ["x1", "x2", "y"]) == {"x1": 1}
    assert await shelf.store.visible(shelf.project.id, [1, 2, 99]) == {1}


@pytest.mark.parametrize(
    "sql",
    [extraction._PAGE, extraction._COUNT, material._UNITS_OF_JOB, material._UNITS_OF_POOL, material._ITEMS],
    ids=["page", "count", "units of a job", "units of a pool", "items"],
)
async def test_lists_are_read_along_an_index(shelf: Shelf, sql: str) -> None:
    names = (
        "job least validated categories position ordinal limit offset project after jobs only_validated chosen chunks"
    )
    parameters = dict.fromkeys(names.split(), 0) | {"jobs": "[1]", "chunks": "[1]", "chosen": None, "categories": None}
    plan = [row["detail"] for row in await shelf.corpus.database.read(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    scans = [step for step in plan if step.startswith("SCAN") and "json_each" not in step and "SCAN found" not in step]
    assert [step for step in scans if "open_imports" not in step and "SCAN wanted" not in step] == []
