"""The ledger's rows: what is durable when, what is found again, what counts as spent."""

import asyncio

import pytest
from engine_rows import EngineRows, call, reply

from chunksmith.domain.ledger import CallFailure
from corpus_parts import NOW, Corpus

LATER = "2026-01-31T09:30:05.000Z"


@pytest.fixture
async def rows(corpus: Corpus) -> EngineRows:
    made = EngineRows(corpus)
    await made.calls.start()
    await made.job(units=3)
    return made


async def test_an_intent_counts_as_a_call_at_once(rows: EngineRows) -> None:
    await rows.calls.intend(call())
    assert await rows.one("SELECT state FROM calls") == "intent"
    assert (await rows.jobs.reload(1)).counters.calls == 1


async def test_an_intent_that_is_taken_back_was_no_call(rows: EngineRows) -> None:
    kept, taken = await rows.calls.intend(call()), await rows.calls.intend(call("b"))
    await rows.calls.withdraw(taken, 1)
    assert [one.id for one in await rows.calls.of_job(1, 0, 10, 0)] == [kept]
    assert (await rows.jobs.reload(1)).counters.calls == 1


async def test_a_reply_is_found_again_as_it_came(rows: EngineRows) -> None:
    call_id = await rows.calls.intend(call())
    await rows.calls.answered(call_id, 1, b"\x00 raw \xff", reply(), LATER, None)
    found = await rows.calls.find(b"a")
    assert found == (call_id, b"\x00 raw \xff")
    assert await rows.calls.raw(call_id) == b"\x00 raw \xff"


async def test_the_newest_reply_is_found_whether_it_could_be_used_or_not(rows: EngineRows) -> None:
    for raw, finish in ((b"first", "stop"), (b"second", "other")):
        call_id = await rows.calls.intend(call())
        await rows.calls.answered(call_id, 1, raw, reply(finish=finish), LATER, None)
    assert await rows.calls.newest(b"a") == (call_id, b"second")
    assert await rows.calls.newest(b"a", (1, 7)) is None


async def test_a_reply_is_durable_before_any_intent_that_was_handed_over_after_it(rows: EngineRows) -> None:
    call_id = await rows.calls.intend(call())
    replied = asyncio.ensure_future(rows.calls.answered(call_id, 1, b"x", reply(), LATER, None))
    await rows.calls.intend(call("b"))
    assert replied.done()
    assert await rows.calls.raw(call_id) == b"x"


async def test_tokens_and_cost_are_counted_with_the_reply(rows: EngineRows) -> None:
    call_id = await rows.calls.intend(call())
    await rows.calls.answered(call_id, 1, b"x", reply(tokens=(30, 12), cost=70), LATER, None)
    counters = (await rows.jobs.reload(1)).counters
    assert (counters.input_tokens, counters.output_tokens) == (30, 12)
    assert (counters.cached_tokens, counters.thinking_tokens) == (4, 5)
    assert (counters.cost_nano, counters.spent_nano, counters.unpriced_calls) == (70, 70, 0)


async def test_a_reply_of_unknown_price_is_not_free(rows: EngineRows) -> None:
    call_id = await rows.calls.intend(call(estimate_nano=None))
    await rows.calls.answered(call_id, 1, b"x", reply(cost=None), LATER, None)
    counters = (await rows.jobs.reload(1)).counters
    assert (counters.cost_nano, counters.unpriced_calls) == (0, 1)


@pytest.mark.parametrize(
    ("finish", "usable"),
    [("stop", True), ("length", True), ("refused", True), ("empty", False), ("other", False)],
)
async def test_only_replies_that_say_something_are_used_again(rows: EngineRows, finish: str, usable: bool) -> None:
    call_id = await rows.calls.intend(call())
    await rows.calls.answered(call_id, 1, b"x", reply(finish=finish), LATER, None)
    assert (await rows.calls.find(b"a") is not None) is usable


async def test_an_answer_that_cannot_be_decoded_is_kept_and_not_used(rows: EngineRows) -> None:
    call_id = await rows.calls.intend(call())
    await rows.calls.answered(call_id, 1, b"<html>", None, LATER, CallFailure("server", "not JSON", 200, True, 500))
    assert await rows.calls.find(b"a") is None
    assert await rows.calls.raw(call_id) == b"<html>"
    assert (await rows.jobs.reload(1)).counters.spent_nano == 500


async def test_the_newest_reply_wins(rows: EngineRows) -> None:
    for raw in (b"old", b"new"):
        await rows.calls.answered(await rows.calls.intend(call()), 1, raw, reply(), LATER, None)
    found = await rows.calls.find(b"a")
    assert found is not None
    assert found.raw == b"new"


async def test_only_the_unit_of_its_own_job_may_be_asked_for(rows: EngineRows) -> None:
    await rows.calls.answered(await rows.calls.intend(call(position=2)), 1, b"x", reply(), LATER, None)
    assert await rows.calls.find(b"a", (1, 2)) is not None
    assert await rows.calls.find(b"a", (1, 1)) is None
    assert await rows.calls.find(b"a", (2, 2)) is None


async def test_many_lookups_at_once_each_get_their_own(rows: EngineRows) -> None:
    for n in range(300):
        await rows.calls.answered(await rows.calls.intend(call(f"{n}")), 1, f"{n}".encode(), reply(), LATER, None)
    found = await asyncio.gather(*(rows.calls.find(f"{n}".encode()) for n in range(0, 600, 2)))
    assert [one.raw.decode() if one else None for one in found] == [
        str(n) if n < 300 else None for n in range(0, 600, 2)
    ]


@pytest.mark.parametrize(("billed", "state", "spent"), [(True, "unknown", 500), (False, "failed", 0)])
async def test_a_failure_counts_as_spent_when_it_may_have_been_billed(
    rows: EngineRows, billed: bool, state: str, spent: int
) -> None:
    call_id = await rows.calls.intend(call())
    await rows.calls.failed(call_id, 1, LATER, CallFailure("connection", "lost", None, billed, 500))
    counters = (await rows.jobs.reload(1)).counters
    assert await rows.one("SELECT state FROM calls") == state
    assert (counters.spent_nano, counters.unknown_calls) == (spent, int(billed))


async def test_a_call_that_never_left_is_listed_and_counts_for_nothing(rows: EngineRows) -> None:
    await rows.calls.intend(call())
    refused = await rows.calls.intend(call("b"))
    await rows.calls.failed(refused, 1, LATER, CallFailure("connection", "refused", estimate_nano=500, unsent=True))
    listed = await rows.calls.of_job(1, 0, 10, 0)
    assert [(one.state, one.error_detail, one.sent) for one in listed] == [
        ("intent", None, True),
        ("failed", "refused", False),
    ]
    counters = (await rows.jobs.reload(1)).counters
    assert (counters.calls, counters.unsent_calls, counters.unknown_calls, counters.spent_nano) == (1, 1, 0, 0)


async def test_a_call_whose_end_was_not_written_counts_as_sent(rows: EngineRows) -> None:
    await rows.calls.intend(call())
    await rows.calls.abandon_open(LATER)
    counters = (await rows.jobs.reload(1)).counters
    assert (counters.calls, counters.unsent_calls) == (1, 0)


async def test_what_was_in_flight_when_the_process_ended_is_unknown_and_spent(rows: EngineRows) -> None:
    for n in range(3):
        await rows.calls.intend(call(f"{n}"))
    await rows.calls.answered(1, 1, b"x", reply(cost=70), LATER, None)
    assert await rows.calls.abandon_open(LATER) == 2
    assert await rows.calls.abandon_open(LATER) == 0
    counters = (await rows.jobs.reload(1)).counters
    assert (counters.calls, counters.unknown_calls, counters.spent_nano) == (3, 2, 70 + 1000)


async def test_of_one_job_only_the_calls_that_are_not_in_flight_are_unknown(rows: EngineRows) -> None:
    for n in range(3):
        await rows.calls.intend(call(f"{n}"))
    assert await rows.calls.abandon_open(LATER, 2) == 0
    assert await rows.calls.abandon_open(LATER, 1, {2}) == 2
    counters = (await rows.jobs.reload(1)).counters
    assert (counters.unknown_calls, counters.spent_nano) == (2, 1000)


async def test_ids_go_on_where_they_ended(rows: EngineRows) -> None:
    first = await rows.calls.intend(call())
    again = EngineRows(rows.corpus)
    await again.calls.start()
    assert await again.calls.intend(call("b")) == first + 1


async def test_calls_of_the_last_minute_with_the_tokens_they_took(rows: EngineRows) -> None:
    await rows.calls.intend(call("old", sent_at="2026-01-31T09:00:00.000Z"))
    for n in range(3):
        await rows.calls.intend(call(f"{n}"))
    await rows.calls.answered(2, 1, b"x", reply(tokens=(30, 12)), LATER, None)
    await rows.calls.failed(3, 1, LATER, CallFailure("rate_limit", "HTTP 429", 429))
    # Of the third no usage is known, and the fourth was in flight at the end: they count as was expected.
    recent = await rows.calls.recent("2026-01-31T09:29:00.000Z", "2026-01-31T09:31:00.000Z")
    assert [tuple(row) for row in recent] == [("grok", NOW, 3, 42 + 70 + 70)]


async def test_calls_of_a_second_count_from_the_last_of_them(rows: EngineRows) -> None:
    for at in ("10.100", "10.900", "12.000"):
        await rows.calls.intend(call(at, sent_at=f"2026-01-31T09:30:{at}Z"))
    recent = await rows.calls.recent("2026-01-31T09:29:00.000Z", "2026-01-31T09:31:00.000Z")
    assert [(row["sent_at"], row["calls"]) for row in recent] == [
        ("2026-01-31T09:30:10.900Z", 2),
        ("2026-01-31T09:30:12.000Z", 1),
    ]


async def test_calls_that_were_imported_hide_none_of_the_last_minute(rows: EngineRows) -> None:
    await rows.calls.intend(call("own"))
    for number, at in enumerate(["2026-01-01T09:00:00.000Z", "2099-01-01T00:00:00.000Z", "2026-01-31T09:30:30.zzz"]):
        await rows.calls.intend(call(f"imported {number}", sent_at=at))
    recent = await rows.calls.recent("2026-01-31T09:29:00.000Z", "2026-01-31T09:31:00.000Z")
    assert [(row["sent_at"], row["calls"]) for row in recent] == [(NOW, 1)]


async def test_all_of_a_job_are_listed_in_order(rows: EngineRows) -> None:
    for n in range(5):
        await rows.calls.intend(call(f"{n}", position=n))
    await rows.calls.answered(1, 1, b"x", reply(), LATER, None)
    page = await rows.calls.of_job(1, 0, 3, 1)
    assert [(one.id, one.position, one.state, one.has_reply) for one in page] == [
        (n, n - 1, "intent", False) for n in (2, 3, 4)
    ]


async def test_a_wait_that_is_lifted_may_be_followed_by_a_shorter_one(rows: EngineRows) -> None:
    until = ["2026-02-10T00:00:00.000Z", "2026-02-01T00:00:00.000Z"]
    first, second = await rows.calls.intend(call()), await rows.calls.intend(call("b"))
    await rows.calls.failed(first, 1, LATER, CallFailure("rate_limit", "HTTP 429", 429, told_until=until[0]))
    await rows.calls.lift_wait("grok")
    assert await rows.calls.waits(NOW) == {}
    await rows.calls.failed(second, 1, LATER, CallFailure("rate_limit", "HTTP 429", 429, told_until=until[1]))
    assert await rows.calls.waits(NOW) == {"grok": until[1]}
