"""Jobs and units: states, counts that agree with what they count, rounds of retries."""

import asyncio
import random

import pytest
from engine_rows import EngineRows, call, entry

from chunksmith.domain.jobs import OUTCOMES, TRANSITIONS, JobState, Outcome, Unit
from chunksmith.errors import Conflict, NotFound
from corpus_parts import NOW, Corpus


@pytest.fixture
async def rows(corpus: Corpus) -> EngineRows:
    return EngineRows(corpus)


async def test_a_job_and_its_dataset_come_together(rows: EngineRows) -> None:
    job = await rows.job()
    assert (job.state, job.dataset_id, job.counters.units_ready) == ("submitted", "dataset_1", False)
    assert (await rows.datasets.get("dataset-gen-1")).dataset_id == "dataset_1"


async def test_the_same_key_gives_the_same_job_and_another_body_is_refused(rows: EngineRows) -> None:
    first = await rows.job(name="1", idempotency_key="k", idempotency_hash="h")
    again = await rows.job(name="2", idempotency_key="k", idempotency_hash="h")
    assert again.job_id == first.job_id
    with pytest.raises(Conflict):
        await rows.job(name="3", idempotency_key="k", idempotency_hash="other")
    assert await rows.one("SELECT count(*) FROM datasets") == 1


@pytest.mark.parametrize("body", ["h", "other"])
async def test_the_key_of_a_job_whose_project_is_being_deleted_is_free(rows: EngineRows, body: str) -> None:
    hidden = await rows.job(name="1", idempotency_key="k", idempotency_hash="h")
    await rows.jobs.move(hidden.id, "cancelled", at=NOW)
    await rows.corpus.project_rows.hide(hidden.project_id, NOW)  # type: ignore[arg-type]  # generation has a project
    again = await rows.job(name="2", idempotency_key="k", idempotency_hash=body)
    assert again.job_id == "dataset-gen-2"
    assert await rows.jobs.by_idempotency_key("k", body) == again


@pytest.mark.parametrize("start", list(TRANSITIONS))
@pytest.mark.parametrize("to", list(TRANSITIONS))
async def test_only_known_transitions_are_made(rows: EngineRows, start: JobState, to: JobState) -> None:
    job = await rows.job()
    await rows.corpus.database.apply([("UPDATE jobs SET state = ?", (start,))])
    if to in TRANSITIONS[start]:
        assert (await rows.jobs.move(job.id, to, at=NOW)).state == to
    else:
        with pytest.raises(Conflict):
            await rows.jobs.move(job.id, to, at=NOW)


async def test_start_and_end_are_stamped_once(rows: EngineRows) -> None:
    job = await rows.job()
    await rows.jobs.move(job.id, "running", at="t1")
    await rows.jobs.move(job.id, "paused", at="t2", reason="budget")
    await rows.jobs.move(job.id, "submitted", at="t3")
    await rows.jobs.move(job.id, "running", at="t4")
    ended = await rows.jobs.move(job.id, "completed", at="t5")
    assert (ended.started_at, ended.completed_at, ended.reason) == ("t1", "t5", None)


async def test_what_ran_when_the_process_ended_is_queued_again(rows: EngineRows) -> None:
    for name, state in (("1", "running"), ("2", "paused"), ("3", "running"), ("4", "completed")):
        job = await rows.job(name=name)
        await rows.corpus.database.apply([("UPDATE jobs SET state = ? WHERE id = ?", (state, job.id))])
    assert await rows.jobs.requeue_running() == 2
    assert [job.job_id for job in await rows.jobs.queued()] == ["dataset-gen-1", "dataset-gen-3"]


async def test_a_rest_is_waited_for_until_the_job_is_moved(rows: EngineRows) -> None:
    job = await rows.job()
    await rows.jobs.move(job.id, "running", at="t1")
    await rows.jobs.move(job.id, "paused", at="t2", reason="provider", resting="grok")
    assert await rows.jobs.resting() == [(job.id, "grok")]
    await rows.jobs.move(job.id, "submitted", at="t3")
    await rows.jobs.move(job.id, "paused", at="t4", reason="user")
    assert await rows.jobs.resting() == []
    with pytest.raises(Conflict, match="waits for no rest"):
        await rows.jobs.move(job.id, "submitted", at="t5", of_rest=True)


async def test_units_come_in_slices_with_frozen_positions(rows: EngineRows) -> None:
    job = await rows.job()
    await rows.units.add_units(job.id, 0, [7, 5, 9], last=False)
    half = (await rows.jobs.reload(job.id)).counters
    assert (half.units_total, half.last_source_id, half.units_ready) == (3, 9, False)
    await rows.units.add_units(job.id, 3, [11], last=True)
    assert (await rows.jobs.reload(job.id)).counters.units_ready
    assert [(unit.position, unit.source_id) for unit in await rows.units.pending_units(job.id, 0, 10)] == [
        (1, 5),
        (2, 9),
        (3, 11),
    ]


async def test_a_slice_that_is_there_already_is_not_added_twice(rows: EngineRows) -> None:
    job = await rows.job(units=3)
    with pytest.raises(Exception, match="UNIQUE"):
        await rows.units.add_units(job.id, 0, [1, 2, 3], last=True)
    assert (await rows.jobs.reload(job.id)).counters.units_total == 3


async def test_counts_agree_with_the_rows_at_every_moment(rows: EngineRows) -> None:
    job = await rows.job(units=200)
    rng = random.Random(4)
    units = await rows.units.pending_units(job.id, -1, 200)
    rng.shuffle(units)

    async def end(unit: Unit) -> None:
        status = rng.choice(OUTCOMES)
        made = [entry(unit.position * 2 + n + 1, unit.position) for n in range(2 if status == "accepted" else 0)]
        outcome = Outcome(status, None, None, len(made))
        await rows.entries.end_unit(job.id, unit, outcome, job.dataset or 0, made)

    ending = asyncio.gather(*(end(unit) for unit in units))
    while not ending.done():
        await asyncio.sleep(0)
        counters = (await rows.jobs.reload(job.id)).counters
        assert counters.units_down + counters.units_pending == counters.units_total == 200
        assert counters.entries == 2 * counters.accepted
    await ending
    counters = (await rows.jobs.reload(job.id)).counters
    counted = await rows.corpus.database.read("SELECT outcome, count(*) AS n FROM units GROUP BY outcome")
    assert {row["outcome"]: row["n"] for row in counted} == {k: v for k, v in counters.outcomes.items() if v}
    assert await rows.one("SELECT count(*) FROM entries") == counters.entries
    assert counters.units_pending == 0


@pytest.fixture
async def ended(rows: EngineRows) -> EngineRows:
    """Ten units: 0-3 failed, 4-5 invalid, the others accepted."""
    await rows.job(units=10)
    for unit in await rows.units.pending_units(1, -1, 10):
        status = "failed" if unit.position < 4 else "invalid" if unit.position < 6 else "accepted"
        await rows.entries.end_unit(1, unit, Outcome(status), 1, [])  # type: ignore[arg-type]  # one of three
    await rows.jobs.move(1, "running", at=NOW)
    await rows.jobs.move(1, "completed", at=NOW)
    return rows


async def test_reopened_units_are_a_new_round(ended: EngineRows) -> None:
    job = await ended.units.reopen_units(1, ["failed"], stored_only=False, at=NOW)
    counters = job.counters
    assert job.state == "submitted"
    assert (counters.rounds, counters.failed, counters.invalid, counters.units_pending) == (1, 0, 2, 4)
    assert {unit.tries for unit in await ended.units.pending_units(1, -1, 10)} == {1}
    assert await ended.units.count_pending(1, 1, 0, 9) == 4
    assert await ended.units.count_of_round(1, 0, 0, 9) == 6


async def test_nothing_to_reopen_is_no_round(ended: EngineRows) -> None:
    with pytest.raises(Conflict, match="has no refused units"):
        await ended.units.reopen_units(1, ["refused"], stored_only=False, at=NOW)
    job = await ended.jobs.reload(1)
    assert (job.counters.rounds, job.state) == (0, "completed")


async def test_a_job_that_runs_is_not_reopened(ended: EngineRows) -> None:
    await ended.units.reopen_units(1, ["failed"], stored_only=False, at=NOW)
    with pytest.raises(Conflict, match="is submitted"):
        await ended.units.reopen_units(1, ["invalid"], stored_only=False, at=NOW)


async def with_reply(ended: EngineRows, position: int) -> EngineRows:
    await ended.calls.start()
    call_id = await ended.calls.intend(call(position=position))
    await ended.calls.answered(call_id, 1, b"x", None, NOW, None)
    return ended


async def test_a_job_whose_project_is_being_deleted_is_not_reopened(ended: EngineRows) -> None:
    await ended.corpus.project_rows.hide(1, NOW)
    with pytest.raises(NotFound, match="Project"):
        await ended.units.reopen_units(1, ["failed"], stored_only=False, at=NOW)


async def test_a_round_of_stored_replies_is_one_until_the_next(ended: EngineRows) -> None:
    await with_reply(ended, 4)
    await ended.units.reopen_units(1, ["invalid"], stored_only=True, at=NOW)
    await ended.jobs.move(1, "running", at=NOW)
    await ended.jobs.requeue_running()
    assert (await ended.jobs.reload(1)).counters.stored_only
    units = await ended.units.pending_units(1, -1, 10)
    assert [(unit.former, unit.sample) for unit in units] == [("invalid", 0)] * 2
    for unit in units:
        await ended.entries.end_unit(1, unit, Outcome("failed", "no_stored_reply"), 1, [])
    await ended.jobs.move(1, "running", at=NOW)
    await ended.jobs.move(1, "completed", at=NOW)
    job = await ended.units.reopen_units(1, ["invalid"], stored_only=False, at=NOW)
    assert not job.counters.stored_only
    assert [(unit.former, unit.sample) for unit in await ended.units.pending_units(1, -1, 10)] == [(None, 1)] * 2


async def test_units_without_a_stored_reply_are_not_read_again(ended: EngineRows) -> None:
    await with_reply(ended, 9)
    with pytest.raises(Conflict, match="no stored reply for its failed or invalid units"):
        await ended.units.reopen_units(1, ["failed", "invalid"], stored_only=True, at=NOW)
    assert (await ended.jobs.reload(1)).counters.units_pending == 0


async def test_a_pause_that_was_wished_for_outlives_the_process(rows: EngineRows) -> None:
    job = await rows.job(units=1)
    await rows.jobs.move(job.id, "running", at=NOW)
    await rows.jobs.wish_pause(job.id)
    assert await rows.jobs.requeue_running() == 0
    assert (await rows.jobs.reload(job.id)).state == "paused"


async def test_a_pause_that_is_wished_for_right_behind_the_start_is_noted(rows: EngineRows) -> None:
    job = await rows.job(units=1)
    await asyncio.gather(rows.jobs.move(job.id, "running", at=NOW), rows.jobs.wish_pause(job.id))
    assert (await rows.jobs.reload(job.id)).reason == "user"


async def test_outcomes_are_listed_by_status(ended: EngineRows) -> None:
    await ended.units.reopen_units(1, ["invalid"], stored_only=False, at=NOW)
    listed = await ended.units.outcomes(1, None, -1, 100, 0)
    assert [one.status for one in listed] == ["failed"] * 4 + ["pending"] * 2 + ["accepted"] * 4
    assert [one.position for one in await ended.units.outcomes(1, "failed", -1, 2, 1)] == [1, 2]


async def test_limits_change_only_where_they_are_named(rows: EngineRows) -> None:
    job = await rows.job(max_calls=5)
    await rows.jobs.set_limits(job.id, {"concurrency": 9})
    changed = await rows.jobs.reload(job.id)
    assert (changed.concurrency, changed.max_calls) == (9, 5)
    await rows.jobs.set_limits(job.id, {"max_calls": None, "max_cost_nano": 7})
    changed = await rows.jobs.reload(job.id)
    assert (changed.concurrency, changed.max_calls, changed.max_cost_nano) == (9, None, 7)


async def test_an_unknown_job_is_not_found(rows: EngineRows) -> None:
    with pytest.raises(NotFound):
        await rows.jobs.get("dataset-gen-none")
    with pytest.raises(NotFound):
        await rows.jobs.move(77, "running", at=NOW)
