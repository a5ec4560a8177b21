"""Feedback rows: all or nothing for any number of entries, the status with its history, what is an example."""

from dataclasses import replace
from typing import Any

import pytest
from engine_rows import EngineRows, entry

from chunksmith.domain.datasets import Entry
from chunksmith.domain.feedback import FeedbackDraft, FeedbackQuery, FeedbackType
from chunksmith.domain.jobs import Outcome, Unit
from chunksmith.errors import NotFound
from chunksmith.storage.feedback import NAMED, SLICE, FeedbackStore
from corpus_parts import NOW, Corpus

COUNT = 2 * SLICE + 7


@pytest.fixture
async def rows(corpus: Corpus) -> EngineRows:
    made = EngineRows(corpus)
    await made.job(units=1)
    entries = [entry(number, number - 1) for number in range(1, COUNT + 1)]
    await made.entries.end_unit(1, Unit(0, 100), Outcome("accepted", entries=COUNT), 1, entries)
    return made


@pytest.fixture
def feedback(corpus: Corpus) -> FeedbackStore:
    return FeedbackStore(corpus.database)


def draft(kind: FeedbackType, **more: Any) -> FeedbackDraft:
    return FeedbackDraft(
        **{"feedback_type": kind, "comments": None, "rating": None, "author": "anna", "at": NOW, **more}
    )


async def test_many_entries_at_once(rows: EngineRows, feedback: FeedbackStore) -> None:
    everyone = list(range(1, COUNT + 1))
    assert await feedback.give(1, everyone, draft("reject", rating=1)) == COUNT
    assert await rows.one("SELECT count(*) FROM entries WHERE status = 'rejected' AND revision = 2") == COUNT
    assert await rows.one("SELECT count(*) FROM revisions WHERE change = 'rejected' AND editor = 'anna'") == COUNT
    assert await feedback.give(1, everyone, draft("approve", rating=2)) == COUNT
    assert await rows.one("SELECT count(*) FROM entries WHERE status = 'accepted' AND revision = 3") == COUNT
    summary = await feedback.summary(1)
    assert (summary.total, summary.average_rating, summary.entries_with_feedback) == (2 * COUNT, 1.5, COUNT)
    assert summary.by_type == {"approve": COUNT, "reject": COUNT}


async def test_one_unknown_entry_undoes_all(rows: EngineRows, feedback: FeedbackStore) -> None:
    unknown = list(range(COUNT + 1, COUNT + NAMED + 6))
    with pytest.raises(NotFound, match=f"entry_{COUNT + 1}, .* and 5 more"):
        await feedback.give(1, [*range(1, COUNT + 1), *unknown], draft("reject"))
    assert await rows.one("SELECT count(*) FROM feedback") == 0
    assert await rows.one("SELECT count(*) FROM entries WHERE status = 'rejected'") == 0


@pytest.mark.parametrize("status", ["accepted", "edited", "regenerated"])
async def test_an_approval_gives_the_status_back_that_was_there(
    rows: EngineRows, feedback: FeedbackStore, status: Any
) -> None:
    def changed(old: Entry) -> Entry:
        return replace(old, status=status, revision=old.revision + 1)

    await rows.entries.change(1, 1, changed, change="edited", at=NOW)
    for _ in range(2):
        await feedback.give(1, [1], draft("reject"))
        assert (await rows.entries.get(1, 1)).status == "rejected"
        await feedback.give(1, [1], draft("approve"))
        assert (await rows.entries.get(1, 1)).status == status


async def test_other_kinds_change_nothing(rows: EngineRows, feedback: FeedbackStore) -> None:
    before = await rows.entries.get(1, 1)
    kinds: list[FeedbackType] = ["bulk_edit", "quality_issue", "content_error", "approve"]
    for kind in kinds:
        assert await feedback.give(1, [1], draft(kind, comments="hm")) == 0
    assert await rows.entries.get(1, 1) == before
    assert await rows.entries.history(1, 1) == []
    assert [one.feedback_type for one in await feedback.page(1, FeedbackQuery(), 9)] == kinds[::-1]


PAGES = {
    "all": "SELECT * FROM feedback WHERE dataset = 1 ORDER BY id DESC LIMIT 5",
    "entry": "SELECT * FROM feedback WHERE entry = 1 ORDER BY id DESC LIMIT 5",
    "type": "SELECT * FROM feedback WHERE dataset = 1 AND feedback_type = 'reject' ORDER BY id DESC LIMIT 5",
}


@pytest.mark.parametrize("sql", PAGES.values(), ids=PAGES)
async def test_a_page_reads_along_an_index(rows: EngineRows, sql: str) -> None:
    (step,) = await rows.corpus.database.read(f"EXPLAIN QUERY PLAN {sql}")
    assert "USING INDEX feedback_" in step["detail"]


async def test_the_newest_verdict_counts(rows: EngineRows, feedback: FeedbackStore) -> None:
    for number, kinds in {1: ["approve"], 2: ["approve", "reject"], 3: ["reject", "approve"], 4: ["bulk_edit"]}.items():
        for kind in kinds:
            await feedback.give(1, [number], draft(kind))  # type: ignore[arg-type]  # names of kinds
    project = await rows.one("SELECT project_id FROM datasets WHERE id = 1")
    wanted = [(await rows.entries.get(1, number)).question for number in (3, 1)]
    assert [one["question"] for one in await feedback.approved(project, "default", 10, 10)] == wanted
    assert (
        await feedback.approved(project, "default", 1, 1) == (await feedback.approved(project, "default", 10, 10))[:1]
    )
    assert await feedback.approved(project, "question", 10, 10) == []
    assert await feedback.approved(project + 1, "default", 10, 10) == []


async def test_deleting_the_dataset_takes_its_feedback_along(rows: EngineRows, feedback: FeedbackStore) -> None:
    await feedback.give(1, [1, 2], draft("approve"))
    await rows.corpus.database.apply([("UPDATE jobs SET state = 'completed'", ())])
    await rows.datasets.delete(await rows.datasets.get("dataset_1"))
    assert await rows.one("SELECT count(*) FROM feedback") == 0
