"""Quality over HTTP: rows that are sent, stored datasets, filters by groundedness and evidence."""

from typing import Any

import pytest

from app_parts import PASSAGES, Server

AS_OF = {"scored_at", "revision", "stale"}
KILN, GRANITE = PASSAGES[0], PASSAGES[1]
GOOD = {
    "question": "At what temperature does a kiln dry fired clay?",
    "answer": "At about 900 degrees.",
    "context": KILN,
    "category": "pottery",
}
WRONG = {**GOOD, "question": "How hot does a kiln get?", "answer": "It reaches 1400 degrees in Meissen."}
OTHER = {
    "question": "What does granite contain?",
    "answer": "Quartz and feldspar.",
    "context": GRANITE,
    "split": "train",
}


async def test_rows_are_scored_against_their_context(server: Server) -> None:
    found = await server.post("quality/analyze", {"dataset": [GOOD, WRONG, OTHER], "per_row": True})
    good, wrong, other = found["rows"]
    assert found["dataset_size"] == 3
    assert good["quality_score"] >= 0.9
    assert other["groundedness"] == 1.0
    assert wrong["quality_score"] < 0.5
    assert wrong["evidence_missing"] == ["1400", "meissen", "reaches"]


async def test_a_summary_says_whether_it_passed_and_why_not(server: Server) -> None:
    summary = (await server.post("quality/analyze", {"dataset": [WRONG] * 30}))["summary"]
    assert set(summary) >= {"overall_score", "diversity_score", "bias_score", "passed", "issues"}
    assert summary["passed"] is False
    assert summary["diversity_score"] < 0.1
    assert "30 of 30 entries do not rest on their passage." in summary["issues"]


async def test_the_threshold_decides_what_passes(server: Server) -> None:
    body: dict[str, Any] = {"dataset": [GOOD, WRONG], "config": {"threshold": 0.2}}
    assert (await server.post("quality/analyze", body))["summary"]["passed"] is True
    body["config"] = {"threshold": 0.9}
    assert (await server.post("quality/analyze", body))["summary"]["passed"] is False


async def test_rows_without_a_context_say_nothing_of_groundedness(server: Server) -> None:
    found = await server.post("quality/analyze", {"dataset": [{"question": "Why?", "answer": "So."}], "per_row": True})
    assert found["rows"][0]["groundedness"] is None
    assert "groundedness" not in found["results"]["components"]


async def test_weights_change_the_score(server: Server) -> None:
    weights = {"groundedness": 0, "answers_question": 0, "not_trivial": 0}
    body = {"dataset": [WRONG], "config": {"weights": weights}, "per_row": True}
    assert (await server.post("quality/analyze", body))["rows"][0]["quality_score"] >= 0.9


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/dataset"]),
        ({"dataset": [GOOD], "dataset_id": "dataset_1"}, ["/dataset"]),
        ({"dataset": []}, ["/dataset"]),
        ({"dataset": [GOOD, {"answer": 3}, {"colour": "red"}]}, ["/dataset/1/answer", "/dataset/2"]),
        ({"dataset": [GOOD], "config": {"weights": {"beauty": 1}, "threshold": 2}},
         ["/config/threshold", "/config/weights/beauty"]),
    ],
    ids=["nothing", "both", "empty", "rows", "config"],
)  # fmt: skip
async def test_what_is_wrong_is_named(server: Server, body: dict[str, Any], pointers: list[str]) -> None:
    problem = await server.post("quality/analyze", body, 400)
    assert sorted(error["pointer"] for error in problem["errors"]) == pointers


async def test_a_stored_dataset_is_analyzed_by_its_id(server: Server) -> None:
    status = await server.generate({"project_id": await server.project(), "generation_model": "builtin"})
    dataset = status["result"]["dataset_id"]
    report = await server.get(f"datasets/{dataset}/quality")
    found = await server.post("quality/analyze", {"dataset_id": dataset, "per_row": True})
    stored = report["quality_summary"]
    assert found["results"] == {name: stored[name] for name in stored if name not in AS_OF}
    assert set(stored) >= AS_OF
    assert len(found["rows"]) == found["dataset_size"] == status["result"]["total_entries_so_far"]
    assert {row["id"] for row in found["rows"]} >= {"entry_1"}
    await server.post("quality/analyze", {"dataset_id": "dataset_none"}, 404)


async def test_figures_are_stale_from_an_edit_until_they_are_computed_again(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "builtin", "include_evaluation_sets": True}
    dataset = (await server.generate(body))["result"]["dataset_id"]

    async def stale() -> list[bool]:
        report, shown = await server.get(f"datasets/{dataset}/quality"), await server.get(f"datasets/{dataset}")
        assert (shown["curation"], shown["quality_summary"]) == (report["curation"], report["quality_summary"])
        assert set(report["curation"]["splits"]) >= AS_OF
        steps = [report["curation"][step] for step in ("duplicates", "splits")]
        return [one["stale"] for one in (report["quality_summary"], report["trend"][0], *steps)]

    assert await stale() == [False] * 4
    await server.call("PUT", f"datasets/{dataset}/entries/entry_1", json={"answer": "The moon is cheese."})
    assert await stale() == [True] * 4
    await server.ended((await server.post(f"datasets/{dataset}/rescore", {}, 202))["job_id"])
    assert await stale() == [False, False, True, True]


async def test_entries_are_found_by_groundedness_and_evidence(server: Server) -> None:
    status = await server.generate({"project_id": await server.project(), "generation_model": "builtin"})
    dataset = status["result"]["dataset_id"]
    entries = (await server.get(f"datasets/{dataset}/entries", params={"evidence": "exact"}))["entries"]
    first = entries[0]["id"]
    await server.call("PUT", f"datasets/{dataset}/entries/{first}", json={"answer": "The moon is cheese."})
    ungrounded = await server.get(f"datasets/{dataset}/entries", params={"evidence": "none"})
    grounded = await server.get(f"datasets/{dataset}/entries", params={"min_groundedness": 0.9})
    assert [entry["id"] for entry in ungrounded["entries"]] == [first]
    assert first not in {entry["id"] for entry in grounded["entries"]}
    notes = ungrounded["entries"][0]["metadata"]["quality_notes"]
    assert notes["evidence_missing"] == ["cheese", "moon"]


async def test_a_download_can_be_of_grounded_entries_only(server: Server) -> None:
    status = await server.generate({"project_id": await server.project(), "generation_model": "builtin"})
    dataset = status["result"]["dataset_id"]
    url = f"/api/v1/datasets/{dataset}/download"
    for query, wanted in (({"min_groundedness": "0.0"}, True), ({"evidence": "fuzzy"}, False)):
        async with server.client.get(url, params={"format": "jsonl", **query}) as response:
            assert bool(await response.text()) is wanted


async def test_the_trend_shows_the_runs_of_a_name(server: Server) -> None:
    project = await server.project()
    runs = []
    for model in ("builtin", "gemini"):
        body = {"project_id": project, "generation_model": model, "dataset_name": "rocks"}
        runs.append((await server.generate(body))["result"]["dataset_id"])
    other = await server.generate({"project_id": project, "generation_model": "builtin", "dataset_name": "trees"})
    trend = (await server.get(f"datasets/{runs[1]}/quality"))["trend"]
    assert [run["dataset_id"] for run in trend] == runs
    assert all(0 <= run["overall_score"] <= 1 for run in trend)
    assert len((await server.get(f"datasets/{runs[0]}/quality"))["trend"]) == 1
    assert len((await server.get(f"datasets/{other['result']['dataset_id']}/quality"))["trend"]) == 1
