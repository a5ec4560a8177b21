"""Jobs over HTTP: lists, control, limits, outcomes, the ledger."""

from typing import Any

import pytest

from api_parts import bodies, entries, faults, halt, until, upload
from app_parts import PASSAGES, Json, Server
from chunksmith.app import RUNNER
from chunksmith.web.schemas.jobs import KINDS
from fake_llm import FakeLLM

REFUSED = "This passage is refused by every provider. FAULT:policy"
BROKEN = "This passage gets no reply that can be read at all. FAULT:garbage"


async def started(server: Server, fake: FakeLLM, **fields: Any) -> str:
    """A job whose first call is on its way."""
    body = {"project_id": await server.project(), "generation_model": "grok", **fields}
    sent = len(bodies(fake))
    job = str((await server.post("datasets/generate", body))["job_id"])
    await until(lambda: len(bodies(fake)) > sent)
    return job


async def test_a_job_is_the_same_at_all_its_addresses(server: Server) -> None:
    status = await server.generate({"project_id": await server.project(), "generation_model": "ollama"})
    job = status["job_id"]
    assert await server.get(f"jobs/status/{job}") == status
    assert await server.get(f"datasets/generate/{job}/status") == status


@pytest.mark.parametrize("path", ["", "/outcomes", "/calls"])
async def test_a_job_that_does_not_exist_is_404(server: Server, path: str) -> None:
    await server.get(f"jobs/dataset-gen-x{path}", 404)
    for verb in ("cancel", "pause", "resume", "retry"):
        await server.post(f"jobs/dataset-gen-x/{verb}", None, 404)
    await server.call("PATCH", "jobs/dataset-gen-x", 404, json={"concurrency": 2})


@pytest.mark.parametrize(("verb", "state"), [("cancel", "cancelled"), ("pause", "paused")])
async def test_what_is_asked_of_a_job_twice_is_said_to_be_done(
    server: Server, fake: FakeLLM, verb: str, state: str
) -> None:
    fake.control({"hold_from": 1})
    job = await started(server, fake)
    await halt(server, fake, job, verb)
    problem = await server.post(f"jobs/{job}/{verb}", None, 409)
    assert problem["detail"] == f"job {job} is {state} already"


async def test_jobs_are_listed_newest_first_and_by_what_they_are(server: Server) -> None:
    first, second = await server.project(), await server.project()
    made = [
        (await server.generate({"project_id": project, "generation_model": "ollama"}))["job_id"]
        for project in (first, second, first)
    ]
    await upload(server, second, {"a.txt": b"The kiln dries clay. It is hot."})
    reading = (await server.post("documents/process", {"project_id": second}, 202))["job_id"]
    await server.ended(reading)

    async def listed(**query: Any) -> list[str]:
        return [job["job_id"] for job in (await server.get("jobs", params=query))["jobs"]]

    assert await listed() == [reading, *made[::-1]]
    assert await listed(project_id=first) == [made[2], made[0]]
    assert await listed(kind="process") == [reading]
    assert await listed(status="failed") == []
    assert await listed(status="completed", per_page=1, page=2) == [made[2]]
    uuid = (await server.get(f"projects/{first}"))["uuid"]
    assert await listed(project_id=uuid) == [made[2], made[0]]


@pytest.mark.parametrize(("query", "status"), [({"status": "done"}, 400), ({"project_id": 99}, 404)], ids=str)
async def test_a_filter_that_cannot_match_is_refused(server: Server, query: dict[str, Any], status: int) -> None:
    await server.get("jobs", status, params=query)


async def test_a_cancelled_job_keeps_what_is_there(server: Server, fake: FakeLLM) -> None:
    fake.control({"hold_from": 2})
    job = await started(server, fake)

    async def has_entries() -> bool:
        return bool((await server.get(f"jobs/{job}"))["result"]["total_entries_so_far"] > 0)

    await until(has_entries)
    status = await server.post(f"jobs/{job}/cancel")
    assert (status["status"], status["error"]) == ("cancelled", None)
    assert status["completed_at"] is not None
    assert len(await entries(server, status["result"]["dataset_id"])) == status["result"]["total_entries_so_far"]


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume", "retry"])
async def test_a_cancelled_job_cannot_be_steered(server: Server, fake: FakeLLM, verb: str) -> None:
    fake.control({"latency_ms": 60_000})
    job = await started(server, fake)
    await server.post(f"jobs/{job}/cancel")
    await server.post(f"jobs/{job}/{verb}", None, 409)
    await server.call("PATCH", f"jobs/{job}", 409, json={"concurrency": 2})


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume"])
async def test_a_completed_job_cannot_be_steered(server: Server, verb: str) -> None:
    status = await server.generate({"project_id": await server.project(), "generation_model": "ollama"})
    await server.post(f"jobs/{status['job_id']}/{verb}", None, 409)
    assert await server.get(f"jobs/{status['job_id']}") == status


async def test_a_paused_job_goes_on_where_it_stopped(server: Server, fake: FakeLLM) -> None:
    fake.control({"hold_from": 1})
    job = await started(server, fake)
    paused = await halt(server, fake, job, "pause")
    assert (paused["status"], paused["reason"], paused["result"]["waiting_for"]) == ("paused", "user", "resume")
    sent = fake.stats.chats
    assert paused["result"]["units"]["done"] == sent < len(PASSAGES)
    await server.post(f"jobs/{job}/pause", None, 409)
    fake.control({"hold_from": None})
    await server.post(f"jobs/{job}/resume")
    status = await server.ended(job)
    assert fake.stats.chats == len(PASSAGES)
    assert status["result"]["units"] == {"total": 5, "done": 5, "failed": 0, "pending": 0}


async def test_a_paused_job_is_cancelled(server: Server, fake: FakeLLM) -> None:
    fake.control({"hold_from": 1})
    job = await started(server, fake)
    await halt(server, fake, job, "pause")
    assert (await server.post(f"jobs/{job}/cancel"))["status"] == "cancelled"


async def test_concurrency_changes_while_it_runs(server: Server, fake: FakeLLM) -> None:
    fake.control({"hold_from": 1})
    job = await started(server, fake, project_id=await server.project(PASSAGES * 3), reuse=False)
    changed = await server.call("PATCH", f"jobs/{job}", json={"concurrency": 4})
    assert changed["concurrency"] == 4
    await until(lambda: fake.held == 4)
    fake.control({"hold_from": None})
    await server.ended(job)
    assert fake.stats.max_in_flight["grok"] == 4


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({}, [""]),
        ({"concurrency": 0}, ["/concurrency"]),
        ({"concurrency": None, "max_calls": "5", "speed": 1}, ["/concurrency", "/max_calls", "/speed"]),
        ({"max_cost_usd": "-1"}, ["/max_cost_usd"]),
        ({"max_cost_usd": "1e3"}, ["/max_cost_usd"]),
        ({"max_cost_usd": "99999999"}, ["/max_cost_usd"]),
    ],
    ids=str,
)
async def test_limits_that_cannot_be_meant_are_400(
    server: Server, fake: FakeLLM, change: Json, pointers: list[str]
) -> None:
    fake.control({"latency_ms": 60_000})
    job = await started(server, fake)
    assert sorted(await faults(server, "PATCH", f"jobs/{job}", json=change)) == pointers
    await server.post(f"jobs/{job}/cancel")


async def test_a_ceiling_on_money_needs_a_price(server: Server, fake: FakeLLM) -> None:
    fake.control({"latency_ms": 60_000})
    job = await started(server, fake, generation_model="grok/grok-unheard-of")
    assert list(await faults(server, "PATCH", f"jobs/{job}", json={"max_cost_usd": "1"})) == ["/max_cost_usd"]
    await server.post(f"jobs/{job}/cancel")


async def test_each_unit_is_listed_with_how_it_ended(server: Server) -> None:
    project = await server.project([PASSAGES[0], REFUSED, BROKEN, PASSAGES[1]])
    status = await server.generate({"project_id": project, "generation_model": "grok"})
    counts = status["result"]["outcomes"]
    assert (counts["accepted"], counts["refused"], counts["invalid"]) == (2, 1, 1)
    page = await server.get(f"jobs/{status['job_id']}/outcomes")
    assert [one["unit"] for one in page["outcomes"]] == [0, 1, 2, 3]
    assert [one["status"] for one in page["outcomes"]] == ["accepted", "refused", "invalid", "accepted"]
    assert all(one["detail"] for one in page["outcomes"][1:3])
    assert sum(one["entries"] for one in page["outcomes"]) == status["result"]["total_entries_so_far"]


@pytest.mark.parametrize(("wanted", "units"), [("accepted", [0, 3]), ("refused", [1]), ("failed", []), ("pending", [])])
async def test_units_are_listed_by_how_they_ended(server: Server, wanted: str, units: list[int]) -> None:
    project = await server.project([PASSAGES[0], REFUSED, BROKEN, PASSAGES[1]])
    job = (await server.generate({"project_id": project, "generation_model": "grok"}))["job_id"]
    page = await server.get(f"jobs/{job}/outcomes", params={"status": wanted})
    assert ([one["unit"] for one in page["outcomes"]], page["total"]) == (units, len(units))


async def test_units_and_calls_are_listed_page_by_page(server: Server) -> None:
    job = (await server.generate({"project_id": await server.project(), "generation_model": "grok"}))["job_id"]
    for what in ("outcomes", "calls"):
        whole = await server.get(f"jobs/{job}/{what}")
        pages = [await server.get(f"jobs/{job}/{what}", params={"page": n, "per_page": 2}) for n in (1, 2, 3, 4)]
        assert [one for page in pages for one in page[what]] == whole[what]
        assert [len(page[what]) for page in pages] == [2, 2, 1, 0]
        assert {page["total"] for page in pages} == {5}


@pytest.mark.parametrize(("what", "query"), [("outcomes", {}), ("outcomes", {"status": "accepted"}), ("calls", {})])
async def test_units_and_calls_are_listed_from_where_the_last_page_ended(
    server: Server, what: str, query: Json
) -> None:
    job = (await server.generate({"project_id": await server.project(), "generation_model": "grok"}))["job_id"]
    path, pages, cursor = f"jobs/{job}/{what}", [], {}
    while not pages or cursor["cursor"] is not None:
        pages.append(await server.get(path, params={**query, "per_page": 2, **cursor}))
        cursor = {"cursor": pages[-1]["next_cursor"]}
    assert [len(page[what]) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page[what]] == (await server.get(path, params=query))[what]


@pytest.mark.parametrize(("what", "query"), [("outcomes", {"status": "failed"}), ("calls", {})])
async def test_a_cursor_of_another_list_is_refused(server: Server, what: str, query: Json) -> None:
    job = (await server.generate({"project_id": await server.project(), "generation_model": "grok"}))["job_id"]
    cursor = (await server.get(f"jobs/{job}/outcomes", params={"per_page": 2}))["next_cursor"]
    told = await faults(server, "GET", f"jobs/{job}/{what}", params={**query, "cursor": cursor})
    assert told == {"query/cursor": "is not a next_cursor of this list"}


async def test_the_ledger_tells_what_each_call_was(server: Server) -> None:
    project = await server.project([PASSAGES[0], BROKEN])
    status = await server.generate({"project_id": project, "generation_model": "grok"})
    page = await server.get(f"jobs/{status['job_id']}/calls")
    calls = page["calls"]
    assert page["total"] == len(calls) == status["result"]["usage"]["calls"]
    assert sorted(call["stage"] for call in calls) == ["generate", "generate", "repair"]
    assert {call["state"] for call in calls} == {"answered"}
    assert all(call["has_reply"] and call["cost_usd"] for call in calls)
    assert sum(call["input_tokens"] for call in calls) == status["result"]["usage"]["input_tokens"]


async def test_failed_units_are_done_again_under_the_same_id(server: Server, fake: FakeLLM) -> None:
    project = await server.project([PASSAGES[0], "Granite cools slowly below ground. FAULT:policy*1"])
    status = await server.generate({"project_id": project, "generation_model": "grok", "batch_size": 1})
    dataset = status["result"]["dataset_id"]
    before = await entries(server, dataset)
    await server.post(f"jobs/{status['job_id']}/retry", None, 409)
    again = await server.post(f"jobs/{status['job_id']}/retry", {"statuses": ["refused"]})
    assert again["job_id"] == status["job_id"]
    after = await server.ended(status["job_id"])
    assert after["result"]["outcomes"]["accepted"] == 2
    found = await entries(server, dataset)
    assert found[: len(before)] == before
    assert len(found) > len(before)
    assert sum(file["entries_count"] for file in after["result"]["batch_files"]) == len(found)


@pytest.mark.parametrize("body", [{"statuses": []}, {"statuses": ["accepted"]}, {"units": [1]}], ids=str)
async def test_a_retry_that_cannot_be_meant_is_400(server: Server, body: Json) -> None:
    status = await server.generate({"project_id": await server.project(), "generation_model": "ollama"})
    await server.post(f"jobs/{status['job_id']}/retry", body, 400)


async def test_a_job_whose_units_all_fail_fails_and_says_why(server: Server) -> None:
    project = await server.project([REFUSED, REFUSED + " Again."])
    status = await server.generate({"project_id": project, "generation_model": "grok"}, ("failed",))
    assert status["error"].startswith("No entries were generated from 2 chunks: 2 refused")
    assert status["progress"] == 100


@pytest.mark.parametrize("query", [{"kind": "zz"}, {"status": "zz"}], ids=str)
async def test_a_list_of_jobs_that_cannot_be_is_400(server: Server, query: dict[str, str]) -> None:
    (told,) = (await faults(server, "GET", "jobs", params=query)).values()
    assert told.startswith("must be one of: ")


async def test_every_kind_of_job_can_be_listed_by_itself(server: Server) -> None:
    assert set(KINDS) == set(server.client.app[RUNNER].kinds)


async def test_a_job_that_runs_is_neither_resumed_nor_retried(server: Server, fake: FakeLLM) -> None:
    fake.control({"latency_ms": 60_000})
    job = await started(server, fake)
    told = [(await server.post(f"jobs/{job}/{verb}", None, 409))["detail"] for verb in ("resume", "retry")]
    assert told == [
        f"job {job} is running; only a job that is paused can be resumed",
        f"job {job} is running; only a job that has ended can be retried",
    ]
    await server.post(f"jobs/{job}/cancel")


async def test_several_jobs_run_at_once(server: Server, fake: FakeLLM) -> None:
    fake.control({"hold_from": 1})
    jobs = [await started(server, fake, reuse=False) for _ in range(3)]
    assert fake.held == 3
    fake.control({"hold_from": None})
    for job in jobs:
        await server.ended(job)
