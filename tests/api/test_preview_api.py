"""The prompt before it is sent: exactly what would be, without a call. And examples that reviewers approved."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api_parts import ScriptedModel, entries, faults, job_count
from app_parts import PASSAGES, Json, Server
from review_parts import made, model, regenerate, reviewing


@pytest.fixture
def scripted() -> ScriptedModel:
    return model()


@pytest.fixture
async def server(data_dir: Path, scripted: ScriptedModel) -> AsyncIterator[Server]:
    async with reviewing(data_dir, scripted) as one:
        yield one


FIELDS: list[Json] = [
    {},
    {"audience": "nurses", "purpose": "exams", "domain": "firing", "complexity_level": "expert"},
    {"custom_prompt": "Up to {count} about {chunk}, {literally}", "datasets_per_chunk": 7},
    {"generation_mode": "summarization", "temperature": 0.1, "max_tokens": 99},
]


@pytest.mark.parametrize("more", FIELDS, ids=["plain", "aims", "custom", "summary"])
async def test_it_is_what_is_sent(server: Server, scripted: ScriptedModel, more: Json) -> None:
    body = {"project_id": await server.project([PASSAGES[0]]), "generation_model": "ollama", **more}
    preview = await server.post("datasets/preview", body)
    assert (scripted.requests, await job_count(server)) == ([], 0)
    await server.generate(body, ("completed", "failed"))
    request = scripted.requests[0]
    assert preview["messages"] == [{"role": one.role, "text": one.text} for one in request.messages]
    assert preview["reply_schema"] == request.reply_schema
    assert (preview["temperature"], preview["max_tokens"]) == (request.temperature, request.max_tokens)
    assert (preview["model"], preview["warnings"]) == (str(request.model), [])
    assert preview["estimated_input_tokens"] > 100


async def test_what_is_asked_about_the_entries_is_shown_as_it_is_sent(server: Server, scripted: ScriptedModel) -> None:
    body = {
        "project_id": await server.project([PASSAGES[0]]),
        "generation_model": "ollama/writer",
        "classification_model": "ollama/second",
        "judge_model": "ollama/third",
    }
    before = await server.post("datasets/preview", body)
    assert [(one["stage"], one["entries_known"]) for one in before["further"]] == [
        ("classify", False),
        ("judge", False),
    ]
    assert '"question":"…"' in before["further"][0]["messages"][1]["text"]
    await server.generate(body, ("completed", "failed"))
    after = await server.post("datasets/preview", body)
    for further, name in zip(after["further"], ("second", "third"), strict=True):
        request = next(one for one in scripted.requests if one.model.model == name)
        assert further["entries_known"]
        assert further["messages"] == [{"role": one.role, "text": one.text} for one in request.messages]
        assert (further["reply_schema"], further["model"]) == (request.reply_schema, str(request.model))


async def test_without_another_model_nothing_is_asked_about_the_entries(server: Server) -> None:
    body = {"project_id": await server.project([PASSAGES[0]]), "generation_model": "ollama"}
    assert (await server.post("datasets/preview", body))["further"] == []


async def test_the_chunk_can_be_chosen_and_is_else_the_first(server: Server) -> None:
    project = await server.project()
    body = {"project_id": project, "generation_model": "ollama"}
    first = await server.post("datasets/preview", body)
    assert PASSAGES[0] in first["messages"][1]["text"]
    chunks = (await server.get(f"chunks/project/{project}"))["chunks"]
    third = await server.post("datasets/preview", {**body, "chunk_id": chunks[2]["id"]})
    assert third["chunk_id"] == str(chunks[2]["id"])
    assert PASSAGES[2] in third["messages"][1]["text"]


async def test_a_chunk_of_another_project_is_404(server: Server) -> None:
    project, other = await server.project(), await server.project()
    chunk = (await server.get(f"chunks/project/{other}"))["chunks"][0]["id"]
    body = {"project_id": project, "generation_model": "ollama"}
    await server.post("datasets/preview", {**body, "chunk_id": chunk}, 404)
    await server.post("datasets/preview", {**body, "chunk_id": "chunk_99999"}, 404)


async def test_it_refuses_what_generation_refuses(server: Server) -> None:
    project = await server.project()
    body = {"project_id": project, "format_type": "xls", "output_dir": "/etc"}
    assert sorted(await faults(server, "POST", "datasets/preview", json=body)) == ["/format_type", "/output_dir"]
    await server.post("datasets/preview", {"project_id": 999}, 404)
    empty = await server.post("projects", {"name": "Empty"}, 201)
    problem = await server.post("datasets/preview", {"project_id": empty["id"]}, 400)
    assert problem["detail"] == "No chunks found for project"


async def approve(server: Server, dataset: str, ids: list[Any], kind: str = "approve") -> None:
    await server.post(f"datasets/{dataset}/feedback", {"entry_ids": ids, "feedback_type": kind})


async def examples(server: Server, project: int, count: int, passage: int = -1, **more: Any) -> list[Json]:
    """Those in the prompt for a passage; for the last one, which is none of those that the examples are about."""
    chunks = (await server.get(f"chunks/project/{project}"))["chunks"]
    more["chunk_id"] = chunks[passage]["id"]
    body = {"project_id": project, "generation_model": "ollama", "few_shot": count, **more}
    system = (await server.post("datasets/preview", body))["messages"][0]["text"]
    if "<examples " not in system:
        return []
    block = system.rpartition("<examples ")[2].partition(">\n")[2].rpartition("\n</examples ")[0]
    return [json.loads(line) for line in block.splitlines()]


async def test_approved_entries_are_examples_the_newest_first(server: Server) -> None:
    dataset = await made(server)
    project = (await server.get(f"datasets/{dataset}"))["project_id"]
    by_id = {one["id"]: one for one in await entries(server, dataset)}
    for entry in ("entry_1", "entry_4", "entry_2"):
        await approve(server, dataset, [entry])
    found = await examples(server, project, 2)
    expected = [{name: by_id[entry][name] for name in ("question", "answer")} for entry in ("entry_2", "entry_4")]
    assert found == expected
    assert len(await examples(server, project, 10)) == 3
    assert await examples(server, project, 0) == []
    assert await examples(server, project, 2, generation_mode="question") == []


async def test_to_its_own_passage_an_entry_is_no_example(server: Server) -> None:
    dataset = await made(server)
    project = (await server.get(f"datasets/{dataset}"))["project_id"]
    by_id = {one["id"]: one for one in await entries(server, dataset)}
    await approve(server, dataset, ["entry_1", "entry_4"])
    shown = [[one["question"] for one in await examples(server, project, 9, passage)] for passage in (0, 1)]
    assert shown == [[by_id["entry_4"]["question"]], [by_id["entry_1"]["question"]]]


async def test_what_is_not_approved_any_more_is_no_example(server: Server) -> None:
    dataset = await made(server)
    project = (await server.get(f"datasets/{dataset}"))["project_id"]
    await approve(server, dataset, [1, 2, 4, 5])
    await approve(server, dataset, [1], "reject")
    await server.call("PUT", f"datasets/{dataset}/entries/entry_2", json={"question": "By hand?"})
    await regenerate(server, dataset, {"entry_ids": [4]})
    await server.call("DELETE", f"datasets/{dataset}/entries/entry_5", 204)
    assert await examples(server, project, 10) == []
    await approve(server, dataset, [2])
    assert [one["question"] for one in await examples(server, project, 10)] == ["By hand?"]


async def test_a_passage_whose_own_entries_were_approved_last_gets_as_many_examples(server: Server) -> None:
    dataset = await made(server)
    project = (await server.get(f"datasets/{dataset}"))["project_id"]
    found = await entries(server, dataset)
    first = found[0]["metadata"]["chunk_id"]
    own = [one for one in found if one["metadata"]["chunk_id"] == first]
    others = [one for one in found if one["metadata"]["chunk_id"] != first]
    assert len(own) >= 2
    for one in [*others[:3], *own[:2]]:
        await approve(server, dataset, [one["id"]])
    expected = [one["question"] for one in (others[2], others[1])]
    assert [one["question"] for one in await examples(server, project, 2, passage=0)] == expected
    newest, _ = await examples(server, project, 2)
    assert newest["question"] == own[1]["question"]


async def test_examples_are_those_of_the_submission(server: Server, scripted: ScriptedModel) -> None:
    dataset = await made(server)
    project = (await server.get(f"datasets/{dataset}"))["project_id"]
    await approve(server, dataset, [1])
    body = {"project_id": project, "generation_model": "ollama", "few_shot": 3, "max_calls": 1}
    before = len(scripted.requests)
    started = await server.post("datasets/generate", body)
    assert started["warnings"] == ["few_shot: 1 of 3, more entries of this mode are not approved"]
    await server.ended(started["job_id"], ("paused",))
    await approve(server, dataset, [2])
    await server.call("PATCH", f"jobs/{started['job_id']}", json={"max_calls": None})
    await server.post(f"jobs/{started['job_id']}/resume")
    await server.ended(started["job_id"])
    systems = {request.messages[0].text for request in scripted.requests[before:]}
    assert len(systems) == 1
    assert "<examples " in systems.pop()
    settings = (await server.get(f"datasets/{started['dataset_id']}"))["settings"]
    assert (settings["few_shot"], "examples" in settings) == (3, False)
