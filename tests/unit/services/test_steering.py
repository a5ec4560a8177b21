"""Limits of a job that are changed while its calls are on their way, whatever kind of job it is."""

import asyncio

from chunksmith.domain.jobs import Job
from chunksmith.services.steering import caller_of, limit_calls
from corpus_parts import NOW
from gateway_parts import Parts, parts, request


def job(**limits: int | None) -> Job:
    asked = {"concurrency": 6, "max_calls": None, "max_cost_nano": None, **limits}
    named = {"id": 1, "job_id": "test-1", "kind": "test", "spec": {}, "state": "running", "step": "", "created_at": NOW}
    unknown = dict.fromkeys(
        ("project_id", "dataset", "dataset_id", "reason", "error_slug", "error_detail", "started_at", "completed_at")
    )
    return Job(**named, **unknown, **asked)  # type: ignore[arg-type]  # all fields, by name


def ask_many(made: Parts, caller: object, count: int) -> "asyncio.Future[list[object]]":
    asked = (made.gateway.ask(request(str(n)), caller, position=n, stage="generate") for n in range(count))  # type: ignore[arg-type]
    return asyncio.gather(*asked)


async def test_calls_of_a_job_are_as_many_as_its_concurrency() -> None:
    made = parts(max_concurrency=64)
    await made.clock.run(asyncio.wait_for(ask_many(made, caller_of(job(), reuse=True), 20), None))
    assert made.model.most_in_flight == 6


async def test_a_lower_concurrency_holds_for_calls_that_wait_already() -> None:
    made = parts(max_concurrency=64)
    caller = caller_of(job(), reuse=True)
    asking = ask_many(made, caller, 20)
    await made.clock.advance(made.model.latency_s / 2)
    limit_calls(caller, 2, None, None)
    await made.clock.advance(made.model.latency_s)
    made.model.most_in_flight = 0
    await made.clock.run(asyncio.wait_for(asking, None))
    assert (made.model.most_in_flight, len(made.model.sent)) == (2, 20)
