"""Writing entries anew over HTTP: what is chosen, what is put in place, what stays, what is remembered."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api_parts import ScriptedModel, entries, faults
from app_parts import Json, Server
from chunksmith.domain.calls import ChatRequest
from review_parts import Rewrite, made, model, old_entry_in, pair, regenerate, reviewing, texts


@pytest.fixture
def scripted() -> ScriptedModel:
    return model()


@pytest.fixture
async def server(data_dir: Path, scripted: ScriptedModel) -> AsyncIterator[Server]:
    async with reviewing(data_dir, scripted) as one:
        yield one


def rewrites(scripted: ScriptedModel) -> list[ChatRequest]:
    return [request for request in scripted.requests if old_entry_in(request) is not None]


async def outcomes(server: Server, job: str) -> list[tuple[str, str | None]]:
    found = (await server.get(f"jobs/{job}/outcomes"))["outcomes"]
    return [(one["status"], one["reason"]) for one in found]


async def test_a_new_text_takes_the_place_of_the_old_one(server: Server) -> None:
    dataset = await made(server)
    before = {one["id"]: one for one in await entries(server, dataset)}
    status = await regenerate(server, dataset, {"entry_ids": ["entry_1", 4]})
    after = {one["id"]: one for one in await entries(server, dataset)}
    changed = {name for name in before if before[name]["question"] != after[name]["question"]}
    assert changed == {"entry_1", "entry_4"}
    assert after["entry_1"]["question"] == f"Better: {before['entry_1']['question']}"
    assert (after["entry_1"]["status"], after["entry_2"]["status"]) == ("regenerated", "accepted")
    assert after["entry_1"]["evidence"][0]["match"] == "exact"
    assert status["result"]["dataset_id"] == dataset
    assert status["result"]["outcomes"]["accepted"] == status["result"]["units"]["total"] == 2


async def test_the_old_text_and_the_reason_stay_in_the_history(server: Server) -> None:
    dataset = await made(server)
    said = {"entry_ids": ["entry_1"], "feedback_type": "content_error", "comments": "Names the wrong oven."}
    await server.post(f"datasets/{dataset}/feedback", said)
    before = await server.get(f"datasets/{dataset}/entries/entry_1")
    await regenerate(server, dataset, {"entry_ids": ["entry_1"]})
    after = await server.get(f"datasets/{dataset}/entries/entry_1")
    (former,) = after["history"]
    assert (former["change"], former["revision"], after["revision"]) == ("regenerated", 1, 2)
    assert former["entry"]["question"] == before["question"]
    assert former["feedback"] == "content_error: Names the wrong oven."


async def test_the_answer_names_the_job_and_what_it_is_to_do(server: Server) -> None:
    dataset = await made(server)
    async with server.client.post(f"/api/v1/datasets/{dataset}/regenerate", json={"filter": {}}) as response:
        started = await response.json()
        assert response.status == 200
        assert response.headers["Location"] == f"/api/v1/jobs/{started['job_id']}"
    assert started["job_id"].startswith("regenerate-")
    assert started["entries"] == len(await entries(server, dataset))
    assert (started["status"], started["warnings"], started["dataset_id"]) == ("submitted", [], dataset)
    await server.ended(started["job_id"])


async def test_what_reviewers_said_and_changed_is_in_the_prompt(server: Server, scripted: ScriptedModel) -> None:
    dataset = await made(server)
    await server.call("PUT", f"datasets/{dataset}/entries/entry_1", json={"question": "By hand?", "feedback": "vague"})
    for comment in ("first of all", "second thoughts"):
        body = {"entry_ids": ["entry_1"], "feedback_type": "quality_issue", "comments": comment, "rating": 2}
        await server.post(f"datasets/{dataset}/feedback", body)
    config = {"instructions": "Ask for a number. {chunk}", "temperature": 0.25, "max_tokens": 321}
    await regenerate(server, dataset, {"entry_ids": ["entry_1"], "regeneration_config": config})
    (request,) = rewrites(scripted)
    text = request.messages[-1].text
    assert old_entry_in(request) is not None
    assert text.index("second thoughts") < text.index("first of all") < text.index("vague")
    assert '"became":{"question":"By hand?"}' in text
    assert text.endswith("Ask for a number. {chunk}")
    assert (request.temperature, request.max_tokens) == (0.25, 321)
    assert request.reply_schema is not None
    assert request.reply_schema["properties"]["entries"]["maxItems"] == 1


async def test_other_entries_of_the_passage_are_shown_when_they_stay(server: Server, scripted: ScriptedModel) -> None:
    dataset = await made(server)
    first = await texts(server, dataset)
    await regenerate(server, dataset, {"entry_ids": ["entry_1"]})
    await regenerate(server, dataset, {"entry_ids": ["entry_4", "entry_5"]})
    alone, *together = rewrites(scripted)
    assert first["entry_2"][0] in alone.messages[-1].text
    assert not any("<others " in request.messages[-1].text for request in together)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ({}, lambda entry: True),
        ({"filter_quality_below": 0.95}, lambda entry: entry["quality_score"] < 0.95),
        ({"status": "rejected"}, lambda entry: entry["status"] == "rejected"),
        ({"difficulty": "beginner"}, lambda entry: entry["difficulty"] == "beginner"),
        ({"q": "kiln"}, lambda entry: "kiln" in entry["answer"]),
        ({"category": "sample", "status": "accepted"}, lambda entry: entry["status"] == "accepted"),
    ],
    ids=["all", "quality", "status", "difficulty", "text", "two at once"],
)
async def test_a_filter_chooses_the_entries_of_that_moment(server: Server, wanted: Json, chosen: Any) -> None:
    dataset = await made(server)
    await server.post(f"datasets/{dataset}/feedback", {"entry_ids": [1, 4], "feedback_type": "reject"})
    expected = {one["id"] for one in await entries(server, dataset) if chosen(one)}
    assert expected
    await regenerate(server, dataset, {"filter": wanted})
    found = {one["id"] for one in await entries(server, dataset) if one["status"] == "regenerated"}
    assert found == expected


def the_same(request: ChatRequest, old: Json, sentences: list[str]) -> list[Json]:
    return [pair(old["question"].upper(), f" {old['answer']}")]


def invented(request: ChatRequest, old: Json, sentences: list[str]) -> list[Json]:
    return [pair("What do kilns eat?", "Zebras devour 77 trombones in Ulan Bator.")]


def quoting_nothing(request: ChatRequest, old: Json, sentences: list[str]) -> list[Json]:
    quote = "Words that are nowhere to be found in it."
    return [{"question": "What is it?", "answer": sentences[0], "quote": quote}]


def half_invented(request: ChatRequest, old: Json, sentences: list[str]) -> list[Json]:
    answer = "Zebras devour 77 trombones in Ulan Bator and 99 pianos in Quito."
    return [{"question": "What is it?", "answer": answer, "quote": sentences[0]}]


def the_other_one(request: ChatRequest, old: Json, sentences: list[str]) -> list[Json]:
    return [pair("What is said first about number 1?", sentences[1])]


def nothing(request: ChatRequest, old: Json, sentences: list[str]) -> list[Json]:
    return []


def shapeless(request: ChatRequest, old: Json, sentences: list[str]) -> list[Json]:
    return [{"title": "x"}]


@pytest.mark.parametrize(
    ("rewrite", "outcome"),
    [
        (the_same, ("rejected", "unchanged")),
        (invented, ("rejected", "no_evidence")),
        (quoting_nothing, ("rejected", "no_evidence")),
        (half_invented, ("rejected", "not_grounded")),
        (the_other_one, ("duplicate", "repeats_entry")),
        (nothing, ("rejected", "no_entries")),
        (shapeless, ("invalid", "unreadable_reply")),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_a_text_that_is_not_fit_leaves_the_entry_as_it_was(
    data_dir: Path, rewrite: Rewrite, outcome: tuple[str, str]
) -> None:
    async with reviewing(data_dir, model(rewrite)) as server:
        dataset = await made(server)
        before = await server.get(f"datasets/{dataset}/entries/entry_1")
        status = await regenerate(server, dataset, {"entry_ids": ["entry_1"]}, until=("failed",))
        assert await server.get(f"datasets/{dataset}/entries/entry_1") == before
        assert await outcomes(server, status["job_id"]) == [outcome]
        assert status["error"].startswith("No entry was replaced, of 1: 1 ")


@pytest.mark.parametrize("mode", ["question", "answer", "instruction following", "summarization"])
async def test_every_mode_can_be_written_anew(data_dir: Path, mode: str) -> None:
    def reply(request: ChatRequest) -> Any:
        again = "again " if old_entry_in(request) is not None else ""
        sentence = "It stands still in shallow water until a fish swims near."
        fields = {
            "question": f"What does the heron {again}do in shallow water?",
            "answer": f"It stands still {again}in shallow water." if mode != "question" else None,
            "instruction": f"Explain {again}how a heron hunts.",
            "input": "",
            "output": "It stands still in shallow water.",
            "summary": f"A heron stands {again}still in shallow water.",
            "key_points": ["It stands still."],
            "quote": sentence,
        }
        return {"entries": [{name: text for name, text in fields.items() if text is not None}]}

    passage = "A heron hunts alone. It stands still in shallow water until a fish swims near."
    async with reviewing(data_dir, ScriptedModel(reply)) as server:
        project = await server.project([passage])
        body = {"project_id": project, "generation_model": "ollama", "generation_mode": mode}
        dataset = (await server.generate(body))["result"]["dataset_id"]
        await regenerate(server, dataset, {"filter": {}})
        (entry,) = await entries(server, dataset)
        assert entry["status"] == "regenerated"
        assert "again" in str(
            [entry[name] for name in entry if name in ("question", "answer", "instruction", "summary")]
        )


async def test_builtin_finds_something_else_to_ask(server: Server) -> None:
    dataset = await made(server, generation_model="builtin", datasets_per_chunk=1)
    before = await texts(server, dataset)
    config = {"model": "builtin", "temperature": 1.0}
    started = await server.post(
        f"datasets/{dataset}/regenerate", {"entry_ids": list(before), "regeneration_config": config}
    )
    assert started["warnings"] == ["regeneration_config/temperature has no effect: builtin works by rules"]
    status = await server.ended(started["job_id"])
    after = await texts(server, dataset)
    assert status["result"]["outcomes"]["accepted"] == sum(before[name] != after[name] for name in before) > 0


async def test_the_model_that_wrote_it_is_named(server: Server) -> None:
    dataset = await made(server, generation_model="builtin")
    chosen = {"entry_ids": ["entry_1"], "regeneration_config": {"model": "ollama/other"}}
    await regenerate(server, dataset, chosen)
    by_id = {one["id"]: one["metadata"] for one in await entries(server, dataset)}
    assert (by_id["entry_1"]["provider"], by_id["entry_1"]["model"]) == ("ollama", "other")
    assert {origin["provider"] for name, origin in by_id.items() if name != "entry_1"} == {"builtin"}


async def test_scores_of_the_neighbours_and_of_the_dataset_follow(server: Server) -> None:
    dataset = await made(server)
    await regenerate(server, dataset, {"filter": {}})
    shown = await entries(server, dataset)
    quality = await server.get(f"datasets/{dataset}/quality")
    rescored = await server.call("POST", f"datasets/{dataset}/rescore", 202)
    await server.ended(rescored["job_id"])
    assert await entries(server, dataset) == shown
    again = await server.get(f"datasets/{dataset}/quality")
    assert again["quality_summary"].pop("scored_at") >= quality["quality_summary"].pop("scored_at")
    assert again == quality


def wrong(body: Json, *pointers: str) -> Any:
    return pytest.param(body, pointers, id=str(body)[:60])


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        wrong({}, "/entry_ids"),
        wrong({"entry_ids": [1], "filter": {}}, "/entry_ids"),
        wrong({"entry_ids": []}, "/entry_ids"),
        wrong({"filter": {"quality": 1}}, "/filter/quality"),
        wrong({"filter": {"q": "no such text at all"}}, "/filter"),
        wrong({"entry_ids": [1], "regeneration_config": {"model": "gpt"}}, "/regeneration_config/model"),
        wrong({"entry_ids": [1], "regeneration_config": {"temprature": 1}}, "/regeneration_config/temprature"),
        wrong({"entry_ids": [1], "regeneration_config": {"model": "gemini"}}, "/regeneration_config/model"),
        wrong({"entry_ids": [1], "max_cost_usd": "0"}, "/max_cost_usd"),
        wrong({"entry_ids": [1], "concurrency": 0, "max_calls": 0}, "/concurrency", "/max_calls"),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_a_call(
    server: Server, scripted: ScriptedModel, body: Json, pointers: tuple[str, ...]
) -> None:
    dataset = await made(server)
    calls = len(scripted.requests)
    found = await faults(server, "POST", f"datasets/{dataset}/regenerate", json=body)
    assert sorted(found) == sorted(pointers)
    assert len(scripted.requests) == calls
    assert (await server.get("jobs"))["total"] == 1


@pytest.mark.parametrize("ids", [["entry_999"], ["entry_1", "x"], [10**11], ["entry_68719476737"]], ids=str)
async def test_unknown_entries_are_404_and_named(server: Server, ids: list[Any]) -> None:
    dataset = await made(server)
    problem = await server.post(f"datasets/{dataset}/regenerate", {"entry_ids": ids}, 404)
    assert str(ids[-1]) in problem["detail"]
    assert (await server.get("jobs"))["total"] == 1


async def test_the_same_key_and_body_give_the_same_job(server: Server) -> None:
    dataset = await made(server)
    headers = {"Idempotency-Key": "once"}
    first = await server.post(f"datasets/{dataset}/regenerate", {"entry_ids": [1]}, headers=headers)
    await server.ended(first["job_id"])
    second = await server.post(f"datasets/{dataset}/regenerate", {"entry_ids": [1]}, headers=headers)
    assert second["job_id"] == first["job_id"]
    await server.post(f"datasets/{dataset}/regenerate", {"entry_ids": [2]}, 409, headers=headers)


async def test_an_entry_that_is_changed_meanwhile_keeps_the_change(data_dir: Path) -> None:
    scripted = model()
    async with reviewing(data_dir, scripted) as server:
        dataset = await made(server)
        send = scripted.send

        async def send_slowly(request: ChatRequest) -> bytes:
            await server.call("PUT", f"datasets/{dataset}/entries/entry_1", json={"question": "By hand?"})
            return await send(request)

        scripted.send = send_slowly  # type: ignore[method-assign]  # what happens while the model writes
        status = await regenerate(server, dataset, {"entry_ids": ["entry_1"]}, until=("failed",))
        assert await outcomes(server, status["job_id"]) == [("rejected", "changed_meanwhile")]
        assert (await texts(server, dataset))["entry_1"][0] == "By hand?"


async def test_a_deleted_entry_is_left_out(data_dir: Path) -> None:
    async with reviewing(data_dir, model()) as server:
        dataset = await made(server)
        await server.call("DELETE", f"datasets/{dataset}/entries/entry_2", 204)
        await server.post(f"datasets/{dataset}/regenerate", {"entry_ids": ["entry_2"]}, 404)


async def test_the_ceiling_on_calls_pauses_the_job_and_a_higher_one_lets_it_go_on(
    server: Server, scripted: ScriptedModel
) -> None:
    dataset = await made(server)
    total = len(await entries(server, dataset))
    status = await regenerate(server, dataset, {"filter": {}, "max_calls": 2}, until=("paused",))
    assert (status["reason"], len(rewrites(scripted))) == ("budget", 2)
    await server.call("PATCH", f"jobs/{status['job_id']}", json={"max_calls": 100})
    await server.post(f"jobs/{status['job_id']}/resume")
    ended = await server.ended(status["job_id"])
    assert (ended["result"]["outcomes"]["accepted"], len(rewrites(scripted))) == (total, total)


def shuffled(scripted: ScriptedModel) -> ScriptedModel:
    """Its replies come in an order of their own."""
    send, chance = scripted.send, random.Random(7)

    async def send_later(request: ChatRequest) -> bytes:
        for _ in range(chance.randrange(200)):
            await asyncio.sleep(0)
        return await send(request)

    scripted.send = send_later  # type: ignore[method-assign]  # a model has no other door
    return scripted


@pytest.mark.parametrize("concurrency", [2, 7])
async def test_the_result_is_the_same_at_any_concurrency(data_dir: Path, concurrency: int) -> None:
    def crowding(request: ChatRequest, old: Json, sentences: list[str]) -> list[Json]:
        """Two of a passage ask the same: which of them may stay depends on their order alone."""
        return [pair(f"Again, about {sentences[-1][:10]}?", old["answer"])]

    results = []
    for number, parallel in enumerate((1, concurrency)):
        async with reviewing(data_dir / str(number), shuffled(model(crowding))) as server:
            dataset = await made(server)
            status = await regenerate(server, dataset, {"filter": {}, "concurrency": parallel})
            shown = [
                {**one, "metadata": {**one["metadata"], "generated_at": None}} for one in await entries(server, dataset)
            ]
            results.append((shown, await outcomes(server, status["job_id"])))
    assert results[0] == results[1]
    assert {"accepted", "duplicate"} == {status for status, _ in results[0][1]}


async def test_a_former_text_is_put_back_as_a_new_revision(server: Server) -> None:
    dataset = await made(server)
    path = f"datasets/{dataset}/entries/entry_1"
    before = await server.get(path)
    await regenerate(server, dataset, {"entry_ids": ["entry_1"]})
    restored = await server.post(f"{path}/restore", {"revision": 1})
    changing = ("revision", "history")
    for one in (before, restored):
        one["metadata"]["generated_at"] = None
        one["provenance"] |= {"generated_at": None, "edits": []}
    assert {name: restored[name] for name in restored if name not in changing} == {
        name: before[name] for name in before if name not in changing
    }
    assert [one["change"] for one in restored["history"]] == ["regenerated", "restored"]
    assert restored["history"][1]["entry"]["question"].startswith("Better: ")


async def test_only_a_revision_of_the_history_can_be_put_back(server: Server) -> None:
    dataset = await made(server)
    path = f"datasets/{dataset}/entries/entry_1/restore"
    await server.call("PUT", f"datasets/{dataset}/entries/entry_1", json={"question": "By hand?"})
    await server.post(path, {"revision": 7}, 404)
    assert list(await faults(server, "POST", path, json={"revision": 2})) == ["/revision"]
    assert list(await faults(server, "POST", path, json={})) == ["/revision"]
    await server.post(path, {"revision": 1}, 412, headers={"If-Match": '"entry_1-1"'})
    await server.post(path, {"revision": 1}, headers={"If-Match": '"entry_1-2"'})


async def test_a_better_text_is_asked_for_again_only_when_that_is_wanted(data_dir: Path) -> None:
    scripted = model(the_same)
    async with reviewing(data_dir, scripted) as server:
        dataset = await made(server)
        calls = []
        for reuse in (True, True, False):
            await regenerate(server, dataset, {"entry_ids": ["entry_1"], "reuse": reuse}, until=("failed",))
            calls.append(len(rewrites(scripted)))
        assert calls == [1, 1, 2]


async def test_a_dataset_that_is_being_made_is_not_written_anew(server: Server) -> None:
    project = await server.project()
    started = await server.post("datasets/generate", {"project_id": project, "generation_model": "ollama"})
    await server.post(f"datasets/{started['dataset_id']}/regenerate", {"filter": {}}, 409)
    await server.ended(started["job_id"])
    await regenerate(server, started["dataset_id"], {"filter": {}})
