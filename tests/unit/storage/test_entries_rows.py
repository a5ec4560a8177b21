"""Entries: pages in every order, changes with history, what a batch holds."""

import asyncio
import json
import random
from typing import get_args

import pytest
from engine_rows import EngineRows, entry

from chunksmith.domain.datasets import DIFFICULTIES, Entry
from chunksmith.domain.entry_query import EntryQuery, Position, Sort
from chunksmith.domain.jobs import Outcome, Unit
from chunksmith.errors import NotFound, StaleEntry
from corpus_parts import NOW, Corpus

COUNT = 60


@pytest.fixture
async def rows(corpus: Corpus) -> EngineRows:
    made = EngineRows(corpus)
    await made.job(units=COUNT)
    return made


@pytest.fixture
async def filled(rows: EngineRows) -> EngineRows:
    """One entry a unit, three numbers apart; a few have no score, no category or no difficulty."""
    rng = random.Random(2)
    made = [
        entry(
            position * 3 + 1,
            position,
            quality=rng.choice([None, 0.2, 0.5, 0.8, 0.9]),
            category=rng.choice([None, "stone", "water"]),
            difficulty=rng.choice([None, *DIFFICULTIES]),
        )
        for position in range(COUNT)
    ]
    ends = (rows.entries.end_unit(1, Unit(one.position, 0), Outcome("accepted", entries=1), 1, [one]) for one in made)
    await asyncio.gather(*ends)  # in one commit
    return rows


def rank(one: Entry, sort: Sort) -> tuple[bool, float | str]:
    """None is the smallest value."""
    value = {"id": one.number, "quality": one.quality, "category": one.category}.get(
        sort, DIFFICULTIES.index(one.difficulty) if one.difficulty else None
    )
    return (value is not None, value if value is not None else 0)


def expected(entries: list[Entry], sort: Sort, order: str | None) -> list[int]:
    """Ties by number, ascending, but where numbers themselves are what is sorted by."""
    descending = order == "desc" or (order is None and sort == "quality")
    ranks = sorted({rank(one, sort) for one in entries}, reverse=descending)
    by_number = sorted(entries, key=lambda one: one.number)
    return [one.number for value in ranks for one in by_number if rank(one, sort) == value]


@pytest.mark.parametrize("sort", get_args(Sort))
@pytest.mark.parametrize("order", [None, "asc", "desc"])
async def test_pages_by_number_and_by_key_give_the_same_order(
    filled: EngineRows, sort: Sort, order: str | None
) -> None:
    query = EntryQuery(sort=sort, order=order)  # type: ignore[arg-type]  # one of three
    everything = await filled.entries.page(1, query, 1000)
    numbers = [one.number for one in everything]
    assert numbers == expected(everything, sort, order)
    by_offset = [one.number for at in range(0, COUNT, 7) for one in await filled.entries.page(1, query, 7, at)]
    assert by_offset == numbers
    by_key: list[int] = []
    after = query
    while page := await filled.entries.page(1, after, 7):
        by_key += [one.number for one in page]
        last = page[-1]
        difficulty = DIFFICULTIES.index(last.difficulty) + 1 if last.difficulty else None
        value = {"id": None, "quality": last.quality, "category": last.category}.get(sort, difficulty)
        after = EntryQuery(sort=sort, order=order, after=Position(value, last.number))  # type: ignore[arg-type]  # as above
    assert by_key == numbers


async def test_filters_and_counts_agree(filled: EngineRows) -> None:
    everything = await filled.entries.page(1, EntryQuery(), 1000)
    for query, keep in (
        (EntryQuery(filter_quality=0.5), lambda one: (one.quality or 0) >= 0.5),
        (EntryQuery(category="stone"), lambda one: one.category == "stone"),
        (EntryQuery(difficulty="advanced"), lambda one: one.difficulty == "advanced"),
        (EntryQuery(q="question 1"), lambda one: "Question 1" in (one.question or "")),
    ):
        wanted = [one.number for one in everything if keep(one)]
        assert [one.number for one in await filled.entries.page(1, query, 1000)] == wanted
        assert await filled.entries.count(1, query) == len(wanted)


@pytest.mark.parametrize(
    ("held", "text"),
    [
        pytest.param("Die Lücke", "LÜCKE", id="German"),
        pytest.param("ВОЛГА впадает", "волга", id="Cyrillic"),
        pytest.param("100 % Übung", "100 % üBUNG", id="with a sign that LIKE knows"),
    ],
)
async def test_a_search_finds_text_in_any_case_of_any_alphabet(rows: EngineRows, held: str, text: str) -> None:
    # Of the second only a letter is another one.
    for n, answer in enumerate([held, "Die Lacke, ВАЛГА впадает, 100 % Abung"]):
        await rows.entries.end_unit(1, Unit(n, 0), Outcome("accepted", entries=1), 1, [entry(n + 1, n, answer=answer)])
    assert [one.number for one in await rows.entries.page(1, EntryQuery(q=text), 10)] == [1]


@pytest.mark.parametrize("text", ["100%", "a_b", "back\\slash", "Zürich"])
async def test_a_search_takes_its_text_literally(rows: EngineRows, text: str) -> None:
    for n, question in enumerate([f"What is {text}?", "What is 1000 axb back-slash Zurich?"]):
        await rows.entries.end_unit(
            1, Unit(n, 0), Outcome("accepted", entries=1), 1, [entry(n + 1, n, question=question)]
        )
    assert [one.number for one in await rows.entries.page(1, EntryQuery(q=text), 10)] == [1]


async def test_the_dataset_counts_its_entries(filled: EngineRows) -> None:
    dataset = await filled.datasets.get("dataset_1")
    everything = await filled.entries.page(1, EntryQuery(), 1000)
    scores = [one.quality for one in everything if one.quality is not None]
    assert (dataset.entries_count, dataset.scored_count) == (COUNT, len(scores))
    assert dataset.quality_sum == pytest.approx(sum(scores))
    assert dataset.high_count == sum(score >= 0.8 for score in scores)
    assert dataset.low_count == sum(score < 0.5 for score in scores)


async def test_a_unit_stored_twice_changes_nothing(filled: EngineRows) -> None:
    with pytest.raises(Exception, match="UNIQUE"):
        await filled.entries.end_unit(1, Unit(0, 0), Outcome("accepted", entries=1), 1, [entry(1, 0)])
    assert (await filled.datasets.get("dataset_1")).entries_count == COUNT
    assert (await filled.jobs.reload(1)).counters.accepted == COUNT


async def test_a_change_keeps_the_former_text(filled: EngineRows) -> None:
    def edit(old: Entry) -> Entry:
        return entry(old.number, old.position, question="Better?", revision=old.revision + 1, status="edited")

    await filled.entries.change(1, 4, edit, change="edited", at=NOW, editor="me", expected_revision=1)
    now = await filled.entries.get(1, 4)
    (former,) = await filled.entries.history(1, 4)
    assert (now.question, now.revision) == ("Better?", 2)
    assert (former["entry"]["question"], former["editor"], former["revision"]) == ("Question 4?", "me", 1)
    with pytest.raises(StaleEntry):
        await filled.entries.change(1, 4, edit, change="edited", at=NOW, expected_revision=1)


async def test_a_deleted_entry_is_gone_from_lists_and_counts(filled: EngineRows) -> None:
    await filled.entries.change(1, 7, lambda old: None, change="deleted", at=NOW)
    with pytest.raises(NotFound):
        await filled.entries.get(1, 7)
    assert await filled.entries.count(1, EntryQuery()) == COUNT - 1
    assert (await filled.datasets.get("dataset_1")).entries_count == COUNT - 1


@pytest.mark.parametrize("number", [0, -1, 2, 1 << 36, 1 << 62])
async def test_a_number_that_is_not_there_is_not_found(filled: EngineRows, number: int) -> None:
    with pytest.raises(NotFound):
        await filled.entries.get(1, number)


async def test_datasets_do_not_see_each_others_entries(filled: EngineRows) -> None:
    await filled.job(units=1, name="2")
    await filled.entries.end_unit(2, Unit(0, 0), Outcome("accepted", entries=1), 2, [entry(1)])
    assert await filled.entries.count(2, EntryQuery()) == 1
    assert await filled.entries.count(1, EntryQuery()) == COUNT


async def test_a_batch_holds_the_entries_of_its_units_and_round(filled: EngineRows) -> None:
    await filled.corpus.database.apply([("UPDATE units SET tries = 1 WHERE position = 3", ())])
    first = await filled.entries.of_batch(1, 0, 1, (0, 10 * 3), 100)
    assert [one.position for one in first] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert [one.position for one in await filled.entries.of_batch(1, 1, 1, (0, COUNT * 3), 100)] == [3]


async def test_what_is_stored_comes_back_as_it_was(rows: EngineRows) -> None:
    stored = entry(
        5,
        0,
        summary="Kurz",
        key_points=("eins", "zwei 中文"),
        quality=0.25,
        quality_parts={"grounded": 0.5},
        category="c",
        difficulty="advanced",
        metadata={"note": {"a": [1, None]}},
        repaired=True,
        call_id=9,
    )
    await rows.entries.end_unit(1, Unit(0, 0), Outcome("accepted", entries=1), 1, [stored])
    assert await rows.entries.get(1, 5) == stored
    assert json.loads(await rows.one("SELECT key_points FROM entries")) == ["eins", "zwei 中文"]
