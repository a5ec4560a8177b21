"""Where an entry comes from: its passage, its prompt, its call, who scored it and who changed it."""

from pathlib import Path

from api_parts import entries, upload
from app_parts import Json, Server, running_app, settings_for
from fake_llm import FakeLLM
from review_parts import made, model, regenerate, reviewing


async def provenance(server: Server, dataset: str, entry: str = "entry_1") -> Json:
    found: Json = (await server.get(f"datasets/{dataset}/entries/{entry}"))["provenance"]
    return found


async def test_an_entry_names_prompt_parameters_and_call(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "grok", "temperature": 0.4, "seed": 3}
    status = await server.generate(body)
    found = await provenance(server, status["result"]["dataset_id"])
    assert (found["prompt_name"], len(found["prompt_hash"])) == ("default", 64)
    assert found["parameters"] == {"temperature": 0.4, "max_tokens": None, "seed": 3}
    calls = {call["id"]: call for call in (await server.get(f"jobs/{status['job_id']}/calls"))["calls"]}
    call = calls[found["call_id"]]
    assert {name: found["call"][name] for name in ("request_key", "sent_at", "cost_usd", "provider", "model")} == {
        name: call[name] for name in ("request_key", "sent_at", "cost_usd", "provider", "model")
    }
    assert (found["call"]["job_id"], found["provider"]) == (status["job_id"], "grok")


async def test_a_reused_reply_names_the_job_that_paid(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "grok"}
    first = await server.generate(body)
    second = await server.generate(body)
    found = await provenance(server, second["result"]["dataset_id"])
    assert (found["job_id"], found["call"]["job_id"]) == (second["job_id"], first["job_id"])


async def test_offsets_are_those_in_the_document(server: Server) -> None:
    project = (await server.post("projects", {"name": "x"}, 201))["id"]
    text = "The kiln dries clay slowly at 900 degrees.\n\nGranite is an igneous rock that contains quartz."
    (document,) = await upload(server, project, {"a.txt": text.encode()})
    status = await server.generate({"project_id": project, "generation_model": "builtin"})
    for one in await entries(server, status["result"]["dataset_id"]):
        found = await provenance(server, status["result"]["dataset_id"], one["id"])
        content = (await server.get(f"documents/{document['id']}/content"))["text"]
        assert content[found["chunk_start"] : found["chunk_end"]] == found["chunk_text"]
        assert (found["document_id"], found["document_name"]) == (document["id"], "a.txt")


async def test_rules_are_named_with_their_weights_while_these_hold(tmp_path: Path) -> None:
    async with FakeLLM() as fake:
        async with running_app(settings_for(tmp_path, fake)) as server:
            status = await server.generate({"project_id": await server.project(), "generation_model": "grok"})
            dataset = status["result"]["dataset_id"]
            evaluator = (await provenance(server, dataset))["evaluator"]
            assert (evaluator["kind"], evaluator["model"]) == ("rules", None)
            assert set(evaluator["weights"]) >= {"groundedness", "well_formed"}
        other = settings_for(tmp_path, fake, {"quality": {"weight_well_formed": 0.0, "weight_unique": 7.0}})
        async with running_app(other) as server:
            weights = [
                (await provenance(server, dataset, one["id"]))["evaluator"]["weights"]
                for one in await entries(server, dataset)
            ]
            assert None in weights


async def test_who_changed_an_entry_is_listed(data_dir: Path) -> None:
    async with reviewing(data_dir, model()) as server:
        dataset = await made(server)
        before = await provenance(server, dataset)
        await server.call("PUT", f"datasets/{dataset}/entries/entry_1", json={"category": "clay"})
        job = await regenerate(server, dataset, {"entry_ids": ["entry_1"], "regeneration_config": {"temperature": 0.9}})
        found = await provenance(server, dataset)
        assert [(one["revision"], one["change"]) for one in found["edits"]] == [(1, "edited"), (2, "regenerated")]
        assert (before["edits"], found["parameters"]["temperature"]) == ([], 0.9)
        assert (found["call"]["job_id"], before["call"]["job_id"]) == (job["job_id"], before["job_id"])
        assert found["call_id"] != before["call_id"]
