"""Regeneration rows: units frozen at submission, what is known about an entry, one change of text for a unit."""

from dataclasses import replace
from typing import Any

import pytest
from engine_rows import EngineRows, entry

from chunksmith.domain.datasets import Entry
from chunksmith.domain.entry_query import EntryQuery
from chunksmith.domain.feedback import FeedbackDraft
from chunksmith.domain.jobs import Job, Outcome, Unit
from chunksmith.errors import Conflict, InvalidRequest, NotFound
from chunksmith.storage.feedback import FeedbackStore
from chunksmith.storage.regenerations import FEEDBACK_READ, RegenerationStore
from corpus_parts import NOW, Corpus

PER_UNIT = 3
UNITS = 4


@pytest.fixture
async def rows(corpus: Corpus) -> EngineRows:
    """Entries 1 to 12, three of each unit; entry n has the score n / 12."""
    made = EngineRows(corpus)
    await made.job(units=UNITS)
    for position in range(UNITS):
        numbers = range(position * PER_UNIT + 1, position * PER_UNIT + PER_UNIT + 1)
        entries = [entry(number, position, quality=number / 12) for number in numbers]
        await made.entries.end_unit(1, Unit(position, 100), Outcome("accepted", entries=PER_UNIT), 1, entries)
    return made


@pytest.fixture
def store(corpus: Corpus) -> RegenerationStore:
    return RegenerationStore(corpus.database)


def values(**more: Any) -> dict[str, Any]:
    return {
        "job_id": "regenerate-1",
        "kind": "regenerate",
        "project_id": 1,
        "dataset": 1,
        "spec": {"warnings": []},
        "concurrency": 1,
        "max_calls": None,
        "max_cost_nano": None,
        "idempotency_key": None,
        "idempotency_hash": None,
        "created_at": NOW,
        **more,
    }


async def numbers_of(rows: EngineRows, job: Job) -> list[tuple[int, int]]:
    return [(unit.position, unit.source_id) for unit in await rows.units.pending_units(job.id, -1, 100)]


async def test_units_are_the_entries_of_that_moment(rows: EngineRows, store: RegenerationStore) -> None:
    await rows.entries.change(1, 2, lambda _: None, change="deleted", at=NOW)
    job = await store.submit(values(), EntryQuery(quality_below=0.4))
    assert await numbers_of(rows, job) == [(0, 1), (1, 3), (2, 4)]
    assert (job.counters.units_total, job.counters.units_ready, job.dataset_id) == (3, True, "dataset_1")
    await rows.entries.change(1, 12, lambda old: replace(old, quality=0.1, revision=2), change="edited", at=NOW)
    assert len(await numbers_of(rows, job)) == 3


async def test_units_are_the_entries_that_are_named(rows: EngineRows, store: RegenerationStore) -> None:
    job = await store.submit(values(), [3, 7, 12])
    assert await numbers_of(rows, job) == [(0, 3), (1, 7), (2, 12)]


@pytest.mark.parametrize("chosen", [EntryQuery(category="none such"), EntryQuery(quality_below=0.0)], ids=str)
async def test_nothing_found_starts_nothing(rows: EngineRows, store: RegenerationStore, chosen: EntryQuery) -> None:
    with pytest.raises(InvalidRequest):
        await store.submit(values(), chosen)
    assert await rows.one("SELECT count(*) FROM jobs") == 1


async def test_an_unknown_entry_starts_nothing(rows: EngineRows, store: RegenerationStore) -> None:
    with pytest.raises(NotFound, match="entry_13"):
        await store.submit(values(), [1, 13])
    assert await rows.one("SELECT count(*) FROM jobs") == 1


async def test_a_key_that_is_known_gives_its_job(rows: EngineRows, store: RegenerationStore) -> None:
    keyed = {"idempotency_key": "k", "idempotency_hash": "h"}
    first = await store.submit(values(**keyed), [1])
    second = await store.submit(values(**keyed, job_id="regenerate-2"), [1])
    assert second.job_id == first.job_id
    with pytest.raises(Conflict):
        await store.submit(values(idempotency_key="k", idempotency_hash="other", job_id="regenerate-3"), [1])


async def test_others_are_those_that_the_job_leaves_alone(rows: EngineRows, store: RegenerationStore) -> None:
    job = await store.submit(values(), [1, 2, 7, 8, 9, 12])
    units = await rows.units.pending_units(job.id, -1, 100)
    found = await store.subjects(job.id, 1, units, PER_UNIT)
    others = {number: [one.number for one in subject.others] for number, subject in found.items()}
    assert others == {1: [3], 2: [3], 7: [], 8: [], 9: [], 12: [10, 11]}
    one_by_one = {}
    for unit in units:
        one_by_one.update(await store.subjects(job.id, 1, [unit], PER_UNIT))
    assert one_by_one == found


async def test_feedback_is_the_newest_of_the_entry(rows: EngineRows, store: RegenerationStore, corpus: Corpus) -> None:
    feedback = FeedbackStore(corpus.database)
    for n in range(FEEDBACK_READ + 5):
        await feedback.give(1, [1, 2] if n % 2 else [1], FeedbackDraft("bulk_edit", f"{n}", None, None, NOW))
    found = await store.subjects(9, 1, [Unit(0, 1), Unit(1, 3)], PER_UNIT)
    comments = [one.comments for one in found[1].feedback]
    assert comments == [f"{n}" for n in range(FEEDBACK_READ + 4, 4, -1)]
    assert found[3].feedback == []


async def test_edits_are_what_a_person_changed(rows: EngineRows, store: RegenerationStore) -> None:
    def to(**texts: Any) -> Any:
        return lambda old: replace(old, **texts, revision=old.revision + 1)

    first = (await rows.entries.get(1, 1)).question
    await rows.entries.change(1, 1, to(question="one"), change="edited", at=NOW)
    await rows.entries.change(1, 1, to(question="two", answer="2"), change="regenerated", at=NOW)
    await rows.entries.change(1, 1, to(category="c"), change="edited", at=NOW)
    await rows.entries.change(1, 1, to(answer="3"), change="edited", at=NOW)
    (subject,) = (await store.subjects(9, 1, [Unit(0, 1)], PER_UNIT)).values()
    assert [(edit.was, edit.became) for edit in subject.edits] == [
        ({"answer": "2"}, {"answer": "3"}),
        ({"question": first}, {"question": "one"}),
    ]


async def test_a_unit_changes_its_entry_once(rows: EngineRows, store: RegenerationStore) -> None:
    job = await store.submit(values(), [1])
    unit, outcome = Unit(0, 1), Outcome("accepted", entries=1)
    old = await rows.entries.get(1, 1)
    for text in ("new", "newer"):
        present = await rows.entries.get(1, 1)
        new = replace(present, question=text, status="regenerated", revision=present.revision + 1)
        await store.end_unit(job.id, unit, outcome, 1, new, at=NOW, feedback="vague")
    after = await rows.entries.get(1, 1)
    assert (after.question, after.revision) == ("new", 2)
    (former,) = await rows.entries.history(1, 1)
    assert (former["entry"]["question"], former["change"], former["feedback"]) == (old.question, "regenerated", "vague")
    assert (await rows.jobs.reload(job.id)).counters.accepted == 1
    assert await rows.one("SELECT count(*) FROM feedback") == 0


@pytest.mark.parametrize("change", ["edited", "deleted"])
async def test_a_change_by_somebody_else_wins(rows: EngineRows, store: RegenerationStore, change: str) -> None:
    job = await store.submit(values(), [1])
    old = await rows.entries.get(1, 1)

    def edit(entry: Entry) -> Entry | None:
        return replace(entry, question="by hand", revision=2) if change == "edited" else None

    await rows.entries.change(1, 1, edit, change=change, at=NOW)
    new = replace(old, question="by the model", revision=2)
    ended = await store.end_unit(job.id, Unit(0, 1), Outcome("accepted", entries=1), 1, new, at=NOW, feedback=None)
    assert (ended.status, ended.reason, ended.entries) == ("rejected", "changed_meanwhile", 0)
    assert await rows.one("SELECT count(*) FROM entries WHERE question = 'by the model'") == 0
    assert (await rows.jobs.reload(job.id)).counters.rejected == 1


async def test_units_that_replaced_something_are_listed_in_order(rows: EngineRows, store: RegenerationStore) -> None:
    job = await store.submit(values(), [1, 2, 5])
    for position, number, status in ((0, 1, "accepted"), (1, 2, "rejected"), (2, 5, "accepted")):
        outcome = Outcome(status)  # type: ignore[arg-type]  # names of outcomes
        await store.end_unit(job.id, Unit(position, number), outcome, 1, None, at=NOW, feedback=None)
    assert [unit.source_id for unit in await store.replaced(job.id, -1, 10)] == [1, 5]
    assert [unit.source_id for unit in await store.replaced(job.id, 0, 10)] == [5]
