"""Pages of entries: the same list whether it is read by number or by cursor, and always through an index."""

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chunksmith.domain.datasets import DIFFICULTIES, Entry
from chunksmith.domain.entry_query import SORTS, EntryQuery, Position, Sort
from chunksmith.storage import entry_pages
from chunksmith.storage.database import Database, open_database
from chunksmith.storage.datasets import entry_range
from chunksmith.storage.entries import EntryStore
from fresh_database import lay_down

pytestmark = pytest.mark.asyncio(loop_scope="module")
COUNT = 120
AT = "2026-01-01T00:00:00.000Z"
FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "from a score": {"filter_quality": 0.5},
    "between scores": {"filter_quality": 0.2, "quality_below": 0.9},
    "category": {"category": "a"},
    "difficulty": {"difficulty": "beginner"},
    "difficulty and score": {"difficulty": "beginner", "filter_quality": 0.5},
    "category and difficulty": {"category": "a", "difficulty": "beginner"},
    "split": {"split": "train"},
    "rejected": {"status": "rejected"},
    "rejected, category": {"status": "rejected", "category": "a"},
    "left out": {"left_out": "any"},
    "left out, from a score": {"left_out": "any", "filter_quality": 0.5},
    "left out as duplicates": {"left_out": "duplicate"},
    "text": {"q": "question 1"},
    "grounded": {"min_groundedness": 0.5},
    "evidence": {"evidence": "fuzzy"},
    "without evidence": {"evidence": "none", "category": "b"},
}
EVIDENCE = (
    "[]",
    '[["a", 0, 1, "exact"]]',
    '[["a", 0, 1, "exact"], ["b", 3, 4, "fuzzy"]]',
    '[["c", null, null, "none"]]',
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scores, categories and difficulties with many ties and gaps; some entries are deleted, rejected, left out."""
    made = lay_down(tmp_path_factory.mktemp("pages"))
    with closing(sqlite3.connect(made, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO projects (id, uuid, name, created_at, updated_at) VALUES (1, 'u', 'p', ?, ?)", (AT, AT)
        )
        connection.execute(
            "INSERT INTO datasets (id, dataset_id, project_id, name, mode, format_type, folder, settings, created_at,"
            " updated_at) VALUES (1, 'dataset_1', 1, 'd', 'default', 'jsonl', 'f', '{}', ?, ?)",
            (AT, AT),
        )
        drawn = random.Random(7)
        connection.executemany(
            "INSERT INTO entries (id, dataset, position, chunk_id, question, answer, quality, category, difficulty,"
            " split, deleted_at, generated_at, quality_parts, evidence, status, left_out)"
            " VALUES (?, 1, ?, 1, ?, 'a', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    entry_range(1)[0] | number,
                    number,
                    f"question {number}",
                    drawn.choice([None, 0.1, 0.5, 0.5, 0.9]),
                    drawn.choice([None, "a", "b", "c"]),
                    drawn.choice([None, 1, 2, 3]),
                    drawn.choice([None, "train"]),
                    AT if number % 17 == 0 else None,
                    AT,
                    drawn.choice([None, '{"groundedness": 0.4}', '{"groundedness": 0.9}']),
                    drawn.choice(EVIDENCE),
                    drawn.choice(["accepted", "accepted", "edited", "rejected"]),
                    drawn.choice([None, None, None, "duplicate", "contaminated"]),
                )
                for number in range(1, COUNT + 1)
            ],
        )
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(path: Path) -> AsyncIterator[Database]:
    """It is only read."""
    async with open_database(path) as opened:
        yield opened


def sorted_by(entry: Entry, sort: Sort) -> float | str | int | None:
    if sort == "difficulty":
        return DIFFICULTIES.index(entry.difficulty) + 1 if entry.difficulty is not None else None
    return {"quality": entry.quality, "category": entry.category}.get(sort)


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS.keys())
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", SORTS)
async def test_pages_by_cursor_are_the_list(
    database: Database, sort: Sort, order: Any, filters: dict[str, Any]
) -> None:
    store = EntryStore(database)
    query = EntryQuery(sort, order, **filters)
    whole = await store.page(1, query, COUNT)
    found = await store.page(1, query, 7)
    while found and len(found) < len(whole):
        place = Position(sorted_by(found[-1], sort), found[-1].number)
        following = await store.page(1, replace(query, after=place), 7)
        assert following
        found += following
    assert [entry.number for entry in found] == [entry.number for entry in whole]
    assert await store.count(1, query) == len(whole)


@pytest.mark.parametrize("after", [None, Position(0.5, 40), Position(None, 40)], ids=["first", "later", "later, null"])
@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS.keys())
@pytest.mark.parametrize("sort", SORTS)
async def test_no_page_reads_a_whole_dataset_to_sort_it(
    database: Database, sort: Sort, filters: dict[str, Any], after: Position | None
) -> None:
    places, values = entry_pages.places(1, EntryQuery(sort, **filters, after=after))
    plan = await database.read(f"EXPLAIN QUERY PLAN {places} LIMIT 5", values)
    steps = [row["detail"] for row in plan if values]
    assert not [step for step in steps if step.startswith("SCAN entries") or "B-TREE FOR ORDER BY" in step], steps


HELD = ("all", "from a score", "between scores", "category", "difficulty", "difficulty and score")


@pytest.mark.parametrize("filters", HELD)
@pytest.mark.parametrize("sort", SORTS)
async def test_what_a_numbered_page_skips_is_counted_in_the_index(database: Database, sort: Sort, filters: str) -> None:
    places, values = entry_pages.places(1, EntryQuery(sort, **FILTERS[filters]))
    plan = await database.read(f"EXPLAIN QUERY PLAN {places} LIMIT 5 OFFSET 50", values)
    assert [row["detail"].startswith("SEARCH entries USING COVERING INDEX") for row in plan] == [True]


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS.keys())
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", SORTS)
async def test_a_place_further_on_begins_the_same_list(
    database: Database, sort: Sort, order: Any, filters: dict[str, Any]
) -> None:
    store = EntryStore(database)
    query = EntryQuery(sort, order, **filters)
    whole = [entry.number for entry in await store.page(1, query, COUNT)]
    mark, passed = None, 0
    while (found := await store.place(1, replace(query, after=mark), 5)) is not None:
        mark, passed = found, passed + 5
        assert found.number == whole[passed - 1]
        rest = await store.page(1, replace(query, after=mark), 4, 2)
        assert [entry.number for entry in rest] == whole[passed + 2 : passed + 6]
    assert len(whole) - passed < 5


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS.keys())
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", SORTS)
async def test_a_place_is_found_from_the_end_as_well(
    database: Database, sort: Sort, order: Any, filters: dict[str, Any]
) -> None:
    store = EntryStore(database)
    query = EntryQuery(sort, order, **filters)
    whole = await store.page(1, query, COUNT)
    found = [await store.place(1, query, left + 1, backwards=True) for left in range(len(whole) + 1)]
    assert found == [*(Position(sorted_by(entry, sort), entry.number) for entry in reversed(whole)), None]


async def test_the_weakest_quote_decides(database: Database) -> None:
    entries = await EntryStore(database).page(1, EntryQuery(), COUNT)
    for match in ("exact", "normalized", "fuzzy", "none"):
        expected = [one.number for one in entries if _weakest(one) == match]
        found = await EntryStore(database).page(1, EntryQuery(evidence=match), COUNT)
        assert [one.number for one in found] == expected
        assert await EntryStore(database).count(1, EntryQuery(evidence=match)) == len(expected)


def _weakest(entry: Entry) -> str:
    order = ("exact", "normalized", "fuzzy", "none")
    return max((item.match for item in entry.evidence), key=order.index, default="none")
