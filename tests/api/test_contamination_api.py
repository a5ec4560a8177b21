"""Entries that other data has too: marked, or dropped with all numbers adding up."""

import json

from api_parts import entries, rows
from app_parts import PASSAGES, Json, Server
from curation_parts import reference

BENCHMARK = json.dumps({"question": "Anything", "choices": ["x", "y"], "context": PASSAGES[3]}) + "\n" + '"unrelated"'


async def made(server: Server, **changes: object) -> tuple[Json, Json]:
    known = await reference(server, "benchmark", BENCHMARK)
    body = {"project_id": await server.project(), "generation_model": "builtin", "contamination_against": [known]}
    status = await server.generate({**body, "generation_mode": "summarization", **changes})
    return status["result"], await server.get(f"datasets/{status['result']['dataset_id']}")


async def test_contaminated_entries_are_marked_and_stay(server: Server) -> None:
    result, dataset = await made(server)
    found = await entries(server, dataset["id"], contaminated="true")
    assert {entry["source_chunk"] for entry in found} == {"chunk_4"}
    assert found[0]["contamination"]["source"] == "reference_1/1"
    assert found[0]["contamination"]["words"] == 19
    assert dataset["curation"]["contamination"]["contaminated"] == len(found)
    assert dataset["total_entries"] == result["total_entries_so_far"]


async def test_contaminated_entries_are_dropped_on_request(server: Server) -> None:
    result, dataset = await made(server, contamination_action="drop")
    out = await entries(server, dataset["id"], left_out="contaminated")
    assert {entry["source_chunk"] for entry in out} == {"chunk_4"}
    assert {entry["status"] for entry in out} == {"rejected"}
    assert result["total_entries_so_far"] == dataset["total_entries"] == len(await rows(server, dataset["id"]))
    outcomes = (await server.get(f"jobs/{dataset['job_id']}/outcomes"))["outcomes"]
    assert (outcomes[3]["status"], outcomes[3]["reason"], outcomes[3]["entries"]) == ("rejected", "contaminated", 0)
    assert sum(result["outcomes"].values()) == len(PASSAGES)


async def test_data_that_has_gone_is_named_in_the_report(server: Server) -> None:
    known = await reference(server, "gone", BENCHMARK)
    body = {"project_id": await server.project(), "generation_model": "ollama", "contamination_against": [known]}
    started = await server.post("datasets/generate", {**body, "deduplicate_against": [known]})
    await server.call("DELETE", f"references/{known}", 204)
    await server.ended(started["job_id"])
    curation = (await server.get(f"datasets/{started['dataset_id']}"))["curation"]
    assert curation["contamination"]["missing"] in ([], [known])  # it may have been read before
