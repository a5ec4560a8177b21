"""A judge over HTTP: within a generation and after it, in the ledger, in estimates, beside what reviewers say."""

import pytest

from app_parts import Json, Server
from fake_llm import FakeLLM


async def entries_of(server: Server, dataset: str) -> list[Json]:
    found: list[Json] = (await server.get(f"datasets/{dataset}/entries"))["entries"]
    return found


async def test_a_judge_grades_every_entry_in_a_stage_of_its_own(server: Server) -> None:
    project = await server.project()
    body = {"project_id": project, "generation_model": "builtin", "judge_model": "grok"}
    status = await server.generate(body)
    dataset = status["result"]["dataset_id"]
    for entry in await entries_of(server, dataset):
        judge = entry["metadata"]["judge"]
        assert judge["model"].startswith("grok/")
        assert judge["score"] == entry["metadata"]["quality"]["judge"]
        assert all(1 <= one["grade"] <= 5 and one["reason"] for one in judge["criteria"].values())
    calls = (await server.get(f"jobs/{status['job_id']}/calls"))["calls"]
    assert {call["stage"] for call in calls} == {"generate", "judge"}
    report = await server.get(f"datasets/{dataset}/quality")
    assert report["quality_summary"]["judge"]["entries"] == status["result"]["total_entries_so_far"]


async def test_a_rescore_with_a_judge_changes_no_text_and_no_score(server: Server) -> None:
    status = await server.generate({"project_id": await server.project(), "generation_model": "builtin"})
    dataset = status["result"]["dataset_id"]
    before = await entries_of(server, dataset)
    passages = len({entry["source_chunk"] for entry in before})
    assert all(entry["metadata"]["judge"] is None for entry in before)
    for reused in (0, passages):
        job = await server.post(f"datasets/{dataset}/rescore", {"judge_model": "gemini", "concurrency": 3}, 202)
        ended = await server.ended(job["job_id"])
        assert ended["result"]["usage"]["reused_calls"] == reused
    after = await entries_of(server, dataset)
    kept = ("question", "answer", "quality_score", "evidence", "category", "difficulty")
    assert [[entry[name] for name in kept] for entry in after] == [[entry[name] for name in kept] for entry in before]
    assert all(entry["metadata"]["judge"] is not None for entry in after)
    await server.ended((await server.post(f"datasets/{dataset}/rescore", None, 202))["job_id"])
    assert await entries_of(server, dataset) == after


async def judged_by_gemini(server: Server) -> str:
    body = {"project_id": await server.project(), "generation_model": "builtin", "judge_model": "gemini"}
    dataset: str = (await server.generate(body))["result"]["dataset_id"]
    return dataset


async def rescored(server: Server, dataset: str, state: str) -> Json:
    job = await server.post(f"datasets/{dataset}/rescore", {"judge_model": "grok"}, 202)
    return await server.ended(job["job_id"], (state,))


async def test_a_judge_that_cannot_be_used_at_all_fails_the_rescore_and_changes_nothing(
    server: Server, fake: FakeLLM
) -> None:
    dataset = await judged_by_gemini(server)
    before = await entries_of(server, dataset)
    fake.control({"rates": {"garbage": 1.0}})
    ended = await rescored(server, dataset, "failed")
    assert ended["error"].startswith(f"No entry was judged, of {len(before)}; the first: ")
    assert await entries_of(server, dataset) == before


@pytest.mark.parametrize("fault", ["blocked", "context"], ids=["refusal", "failed call"])
async def test_entries_that_a_new_judge_says_nothing_of_lose_the_word_of_the_former_one(
    server: Server, fake: FakeLLM, fault: str
) -> None:
    dataset = await judged_by_gemini(server)
    fake.control({"script": {fake.stats.chats + 1: fault}})
    ended = await rescored(server, dataset, "completed")
    after = await entries_of(server, dataset)
    left = [entry for entry in after if entry["metadata"]["judge"] is None]
    assert 0 < len(left) < len(after)
    assert {one["metadata"]["judge"]["model"].split("/")[0] for one in after if one not in left} == {"grok"}
    assert not any("judge" in entry["metadata"]["quality"] for entry in left)
    told = f"Completed: {len(left)} of {len(after)} entries could not be judged; the first: "
    assert ended["current_step"].startswith(told)


async def test_the_former_word_of_the_same_judge_stays(server: Server, fake: FakeLLM) -> None:
    dataset = await judged_by_gemini(server)
    fake.control({"script": {fake.stats.chats + 1: "blocked"}})
    job = await server.post(f"datasets/{dataset}/rescore", {"judge_model": "gemini", "reuse": False}, 202)
    assert "could not be judged" in (await server.ended(job["job_id"]))["current_step"]
    assert all(entry["metadata"]["judge"] is not None for entry in await entries_of(server, dataset))


async def test_an_edit_takes_the_verdict_on_the_old_text_away(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "builtin", "judge_model": "grok"}
    dataset = (await server.generate(body))["result"]["dataset_id"]
    first, second, *_ = [entry["id"] for entry in await entries_of(server, dataset)]
    edited = await server.call("PUT", f"datasets/{dataset}/entries/{first}", json={"answer": "Another answer."})
    assert edited["metadata"]["judge"] is None
    assert "judge" not in edited["metadata"]["quality"]
    relabelled = await server.call("PUT", f"datasets/{dataset}/entries/{second}", json={"category": "other"})
    assert relabelled["metadata"]["judge"] is not None


async def test_agreement_with_reviewers_is_reported(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "builtin", "judge_model": "grok"}
    dataset = (await server.generate(body))["result"]["dataset_id"]
    names = [entry["id"] for entry in await entries_of(server, dataset)]
    for given in (
        {"entry_ids": names[:2], "feedback_type": "quality_issue", "rating": 1},
        {"entry_ids": names[:2], "feedback_type": "approve"},
        {"entry_ids": names[2:4], "feedback_type": "reject"},
        {"entry_ids": names[4:5], "feedback_type": "quality_issue", "comments": "no verdict"},
    ):
        await server.post(f"datasets/{dataset}/feedback", given)
    agreement = (await server.get(f"datasets/{dataset}/quality"))["agreement"]
    assert (agreement["entries"], agreement["same"], agreement["kappa"]) == (4, 0.5, 0.0)
    assert agreement["note"] == "only 4 entries have both: too few to rely on"


async def test_an_estimate_has_the_calls_of_the_judge(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "gemini", "datasets_per_chunk": 2}
    without = await server.post("datasets/estimate", body)
    judged = await server.post("datasets/estimate", {**body, "judge_model": "grok"})
    assert judged["calls"]["low"] == without["calls"]["low"] + 5
    assert judged["input_tokens"]["low"] > without["input_tokens"]["low"]
    assert float(judged["cost_usd"]["high"]) > float(without["cost_usd"]["high"])
    status = await server.generate({**body, "judge_model": "grok"})
    assert judged["calls"]["low"] <= status["result"]["usage"]["calls"] <= judged["calls"]["high"]
    assert float(status["result"]["usage"]["cost_usd"]) <= float(judged["cost_usd"]["high"])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"judge_model": "gpt"}, "/judge_model"),
        ({"judge_model": "grok", "analyze_quality": False}, "/judge_model"),
    ],
    ids=["unknown", "without analysis"],
)
async def test_what_cannot_be_judged_is_refused(server: Server, body: Json, pointer: str) -> None:
    project = await server.project()
    problem = await server.post(
        "datasets/generate", {"project_id": project, "generation_model": "builtin", **body}, 400
    )
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_rules_judge_nothing_twice(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "builtin", "judge_model": "builtin"}
    started = await server.post("datasets/generate", body)
    assert any(warning.startswith("judge_model has no effect") for warning in started["warnings"])
    await server.ended(started["job_id"])
    problem = await server.post(f"datasets/{started['dataset_id']}/rescore", {"judge_model": "builtin"}, 400)
    assert problem["errors"][0]["pointer"] == "/judge_model"


async def test_a_ceiling_holds_for_the_judge(server: Server) -> None:
    status = await server.generate({"project_id": await server.project(), "generation_model": "builtin"})
    dataset = status["result"]["dataset_id"]
    passages = len({entry["source_chunk"] for entry in await entries_of(server, dataset)})
    job = await server.post(f"datasets/{dataset}/rescore", {"judge_model": "grok", "max_calls": 2}, 202)
    assert (await server.ended(job["job_id"], ("paused",)))["reason"] == "budget"
    await server.call("PATCH", f"jobs/{job['job_id']}", json={"max_calls": 50})
    await server.post(f"jobs/{job['job_id']}/resume")
    ended = await server.ended(job["job_id"])
    assert ended["result"]["usage"]["calls"] == passages > 2
