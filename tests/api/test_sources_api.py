"""The data sources Taxonomy and Extract, and a second model that classifies, over HTTP."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from api_parts import ScriptedModel, entries, faults, fresh, job_count, prompts, until
from app_parts import PASSAGES, Json, Server, running_app, settings_for
from chunksmith.app import RUNNER
from chunksmith.domain import fault_points
from chunksmith.domain.calls import ChatRequest
from chunksmith.domain.halts import CallsStopped
from chunksmith.errors import ProviderError
from fake_llm import FakeLLM

PROVIDERS = ["builtin", "gemini", "grok", "ollama"]
TREE = {
    "name": "Kitchen and quarry",
    "children": [
        {"name": "Bread", "description": "Rye, its flour and gluten", "children": [{"name": "Starter"}]},
        {"name": "Rocks", "description": "granite, quartz", "children": [{"name": "Granite"}, {"name": "Magma"}]},
        {"name": "Animals", "children": [{"name": "Birds", "children": [{"name": "Heron"}]}]},
    ],
}
PATHS = {("Bread",), ("Bread", "Starter"), ("Rocks",), ("Rocks", "Granite"), ("Rocks", "Magma"), ("Animals",)} | {
    ("Animals", "Birds"),
    ("Animals", "Birds", "Heron"),
}


async def with_taxonomy(
    server: Server, passages: list[str] | None = None, tree: Json = TREE, name: str = "T", project: int | None = None
) -> Json:
    project = project if project is not None else await server.project(passages)
    await server.post("taxonomy", {"project_id": project, "name": name, "taxonomy": tree}, 201)
    return {"project_id": project, "data_source": "Taxonomy", "generation_model": "grok"}


async def imported(server: Server, project: int, *found: tuple[int, str, str], **more: Any) -> str:
    """An extraction: (number of the chunk, category, text)."""
    chunks = (await server.get(f"chunks/project/{project}?per_page=1000"))["chunks"]
    results = [
        {
            "chunk_id": chunks[number]["id"],
            "is_validated": number % 2 == 0,
            "entities": [{"category": category, "text": text} for at, category, text in found if at == number],
        }
        for number in sorted({at for at, _, _ in found})
    ]
    body = {"project_id": project, "extraction_type": "ner", "results": results, **more}
    job_id: str = (await server.post("extraction/import", body, 201))["job_id"]
    return job_id


async def with_extraction(server: Server, **changes: Any) -> Json:
    project = await server.project()
    await imported(server, project, (0, "Tool", "damper"), (1, "Mineral", "quartz"), (3, "Food", "sour starter"))
    return {"project_id": project, "data_source": "Extract", "generation_model": "grok", **changes}


def scripted(tmp_path: Path, reply: Any) -> tuple[Any, ScriptedModel]:
    model = ScriptedModel(reply)
    keys = {"providers": {"grok": {"api_key": "k"}, "gemini": {"api_key": "k"}}}
    models = dict.fromkeys(PROVIDERS, model)
    return running_app(settings_for(tmp_path, None, keys), models=models), model


def written(category: str = "c1", text: str = "What is it?") -> Json:
    return {"question": text, "answer": "It is.", "quote": "it", "category": category, "difficulty": "beginner"}


def block(prompt: str, what: str) -> list[Json]:
    found = re.search(rf"<{what} (\w+)>\n(.*)\n</{what} \1>", prompt, re.DOTALL)
    assert found is not None, prompt
    return [json.loads(line) for line in found[2].splitlines()]


def offered(prompt: str) -> list[str]:
    return [line["path"] for line in block(prompt, "categories") if "id" in line]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_entries_get_a_category_of_the_taxonomy(server: Server, provider: str) -> None:
    body = {**await with_taxonomy(server), "generation_model": provider}
    status, found = await fresh(server, body)
    assert status["result"]["units"]["total"] == len(PASSAGES)
    assert found
    sorted_in = [entry for entry in found if entry["category"] is not None]
    assert sorted_in
    for entry in sorted_in:
        metadata = entry["metadata"]
        assert tuple(metadata["taxonomy_path"]) in PATHS
        assert (entry["category"], metadata["taxonomy_level"]) == (
            metadata["taxonomy_path"][-1],
            len(metadata["taxonomy_path"]),
        )
        assert metadata["category_id"]
    unsorted = [entry["metadata"]["taxonomy_path"] for entry in found if entry["category"] is None]
    assert unsorted == [None] * len(unsorted)


async def test_builtin_sorts_by_the_words_of_entry_and_passage(server: Server) -> None:
    body = {**await with_taxonomy(server), "generation_model": "builtin"}
    _, found = await fresh(server, body)
    by_chunk = {entry["source_chunk"]: (entry["metadata"]["taxonomy_path"] or [None])[0] for entry in found}
    assert [by_chunk.get(f"chunk_{number}") for number in (2, 4)] == ["Rocks", "Bread"]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_was_extracted_is_what_is_written_about(server: Server, provider: str) -> None:
    status, found = await fresh(server, await with_extraction(server, generation_model=provider))
    assert status["result"]["units"]["total"] == 3
    assert {entry["source_chunk"] for entry in found} <= {"chunk_1", "chunk_2", "chunk_4"}
    assert {entry["category"] for entry in found} <= {"Tool", "Mineral", "Food", None}
    assert found


async def test_the_branch_and_the_items_are_in_the_prompt(server: Server, fake: FakeLLM) -> None:
    await server.generate(await with_taxonomy(server, PASSAGES[:1]))
    assert block(prompts(fake)[0], "categories")[:2] == [
        {"id": "c1", "path": "Bread", "description": "Rye, its flour and gluten"},
        {"id": "c2", "path": "Bread > Starter"},
    ]
    await server.generate(await with_extraction(server))
    assert block(prompts(fake)[-1], "items") == [{"category": "Food", "text": "sour starter"}]
    assert offered(prompts(fake)[-1]) == ["Food"]


async def test_placeholders_say_where_they_stand(server: Server, fake: FakeLLM) -> None:
    await server.generate(await with_extraction(server, custom_prompt="A {entities} B {taxonomy} C {chunk}"))
    shape = r"A <items (\w+)>\n.*\n</items \1> B <categories (\w+)>\n.*\n</categories \2> C <passage .*"
    assert re.fullmatch(shape, prompts(fake)[0], re.DOTALL)


async def test_selected_categories_restrict_the_branches(server: Server, fake: FakeLLM) -> None:
    await server.generate({**await with_taxonomy(server), "selected_categories": ["rocks", "Heron"]})
    assert offered(prompts(fake)[0]) == ["Rocks", "Rocks > Granite", "Rocks > Magma", "Animals > Birds > Heron"]
    beside = [line for line in block(prompts(fake)[0], "categories") if "beside" in line]
    assert beside == [{"under": "", "beside": ["Bread", "Animals"]}]


async def test_the_named_taxonomy_is_used_and_else_the_newest(server: Server, fake: FakeLLM) -> None:
    body = await with_taxonomy(server, PASSAGES[:1])
    await with_taxonomy(server, None, {"name": "n", "children": [{"name": "Newest"}]}, "N", body["project_id"])
    await server.generate(body)
    await server.generate({**body, "taxonomy_name": "T"})
    assert [offered(prompt)[0] for prompt in prompts(fake)] == ["Newest", "Bread"]


@pytest.mark.parametrize("form", ["name", "id", "uuid"])
async def test_the_taxonomy_can_be_another_projects(server: Server, fake: FakeLLM, form: str) -> None:
    other = await server.post("projects", {"name": "Ganz anders"}, 201)
    await with_taxonomy(server, project=other["id"])
    named = {"name": "Ganz anders", "id": other["id"], "uuid": other["uuid"]}[form]
    body = {"project_id": await server.project(PASSAGES[:1]), "data_source": "Taxonomy", "generation_model": "grok"}
    await server.generate({**body, "taxonomy_project": named})
    assert offered(prompts(fake)[0])[0] == "Bread"


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({}, "taxonomy_name", "the project 'Sample' has no taxonomy"),
        ({"taxonomy_name": "X"}, "taxonomy_name", "the project 'Sample' has no taxonomy named 'X'"),
        ({"taxonomy_project": "nobody"}, "taxonomy_project", "there is no project 'nobody'"),
        ({"taxonomy_project": "Sample"}, "taxonomy_project", "2 projects are named 'Sample'; name one by its id"),
    ],
    ids=["none", "unknown", "project", "ambiguous"],
)
async def test_without_a_taxonomy_nothing_starts(server: Server, change: Json, field: str, why: str) -> None:
    await server.project()
    body = {"project_id": await server.project(), "data_source": "Taxonomy", **change}
    for path in ("generate", "estimate", "preview"):
        problem = await server.post(f"datasets/{path}", body, 400)
        assert problem["detail"] == f"Taxonomy validation failed: {why}"
        assert problem["type"] == "urn:chunksmith:problem:taxonomy-invalid"
        assert [fault["pointer"] for fault in problem["errors"]] == [f"/{field}"]
    assert await job_count(server) == 0


async def test_a_missing_taxonomy_is_named_with_the_other_faults(server: Server) -> None:
    body = {"project_id": await server.project(), "data_source": "Taxonomy", "output_dir": "."}
    body |= {"prompt_name": "summarization", "generation_mode": "question"}
    found = await faults(server, "POST", "datasets/generate", json=body)
    assert found["/taxonomy_name"] == "Taxonomy validation failed: the project 'Sample' has no taxonomy"
    assert "/prompt_name" in found


@pytest.mark.parametrize("source", ["Taxonomy", "Extract"])
async def test_unknown_categories_are_refused_with_the_known_ones(server: Server, source: str) -> None:
    body = await (with_taxonomy(server) if source == "Taxonomy" else with_extraction(server))
    first = "Bread" if source == "Taxonomy" else "Tool"
    found = await faults(server, "POST", "datasets/generate", json={**body, "selected_categories": [first, "Trees"]})
    assert list(found) == ["/selected_categories/1"]
    assert f"unknown category 'Trees'; known: {first}" in found["/selected_categories/1"]


async def test_extractions_are_found_filtered_and_refused(server: Server, fake: FakeLLM) -> None:
    body = await with_extraction(server)
    second = await imported(server, body["project_id"], (1, "Rock", "Granite"), (4, "Bird", "heron"))

    async def units(**change: Any) -> int:
        started = await server.generate({**body, **change})
        return int(started["result"]["units"]["total"])

    assert [await units(), await units(extraction_file_id=second)] == [4, 2]
    assert block(prompts(fake)[1], "items") == [{"category": "Rock", "text": "Granite"}]
    assert [await units(selected_categories=["Bird", "food"]), await units(only_validated=True)] == [2, 2]
    await server.post("datasets/generate", {**body, "extraction_file_id": "extraction-x"}, 404)
    problem = await server.post("datasets/generate", {**body, "document_ids": [999]}, 404)
    only = {"extraction_file_id": second, "selected_categories": ["Rock"], "only_validated": True}
    problem = await server.post("datasets/generate", {**body, **only}, 400)
    assert problem["detail"] == "No chunks found for project"


async def test_an_unfinished_extraction_is_a_conflict(server: Server, fake: FakeLLM) -> None:
    fake.control({"hold_from": 1})
    body = await with_taxonomy(server)
    taxonomy = (await server.get(f"taxonomy?project_id={body['project_id']}"))["taxonomies"][0]["id"]
    given = {"project_id": body["project_id"], "taxonomy_id": taxonomy, "initial_classifier": "grok"}
    job_id = (await server.post("extraction", given, 202))["job_id"]
    chosen = {**body, "data_source": "Extract", "extraction_file_id": job_id}
    for path in ("generate", "estimate", "preview"):
        await server.post(f"datasets/{path}", chosen, 409)
    await server.post(f"jobs/{job_id}/cancel")


async def test_only_the_named_documents_of_an_extraction_are_used(server: Server) -> None:
    body = await with_extraction(server)
    chunks = {"chunks": [{"text": "A gull waits.", "document": "other.txt"}]}
    await server.post(f"projects/{body['project_id']}/chunks", chunks, 201)
    await imported(server, body["project_id"], (5, "Bird", "gull"))
    listed = (await server.get(f"documents?project_id={body['project_id']}"))["documents"]
    (document,) = [one["id"] for one in listed if one["name"] == "other.txt"]
    status = await server.generate({**body, "document_ids": [document]})
    assert status["result"]["units"]["total"] == 1
    estimate = await server.post("datasets/estimate", {**body, "document_ids": [document]})
    assert estimate["chunks"] == {"low": 1, "high": 1}


async def test_an_entity_in_nine_chunks_is_nine_units(server: Server, fake: FakeLLM) -> None:
    passages = [f"{'Ash. ' * n}The heron stands in pond {n}, and it waits." for n in range(9)]
    project = await server.project([*passages, "Nothing flies here."])
    await imported(server, project, *((n, "Bird", "heron") for n in range(9)))
    status = await server.generate({"project_id": project, "data_source": "Extract", "generation_model": "grok"})
    assert status["result"]["units"]["total"] == fake.stats.chats == 9


async def test_builtin_writes_first_about_what_was_extracted(server: Server) -> None:
    text = (
        "Granite is a rock that forms when magma cools. Basalt is a rock that forms when lava cools. "
        "Marble is a rock that forms when limestone heats. Slate is a rock that forms when shale heats."
    )
    texts = []
    for word in ("Marble", "Slate"):
        project = await server.project([text])
        await imported(server, project, (0, "Rock", word))
        body = {"project_id": project, "data_source": "Extract", "generation_model": "builtin"}
        _, (one,) = await fresh(server, {**body, "datasets_per_chunk": 1})
        texts.append(word.lower() in f"{one['question']} {one['answer']}".lower())
    assert texts == [True, True]


async def test_a_deep_category_among_fifty_siblings_is_offered_and_kept(tmp_path: Path) -> None:
    deep = {
        "name": "Fermentation",
        "children": [{"name": f"Culture {n}"} for n in range(50)] + [{"name": "Sour dough"}],
    }
    wide = [{"name": f"Mineral {n}", "description": f"about quarry number {n}"} for n in range(250)]
    tree = {"name": "Big", "children": [*wide, {"name": "Food", "children": [{"name": "Cold", "children": [deep]}]}]}

    def reply(request: ChatRequest) -> Json:
        lines = block(request.messages[-1].text, "categories")
        return {"entries": [written(next(one["id"] for one in lines if one.get("path", "").endswith("Sour dough")))]}

    app, model = scripted(tmp_path, reply)
    async with app as server:
        body = await with_taxonomy(server, ["Bakers keep a sour dough at 26 degrees."], tree)
        _, (entry,) = await fresh(server, body)
    assert entry["metadata"]["taxonomy_path"] == ["Food", "Cold", "Fermentation", "Sour dough"]
    assert entry["metadata"]["taxonomy_level"] == 4
    lines = block(model.requests[0].messages[-1].text, "categories")
    named = {name for line in lines for name in line.get("beside", ())} | {
        line.get("path", "").split(" > ")[-1] for line in lines
    }
    assert {f"Culture {n}" for n in range(50)} <= named
    assert len([line for line in lines if "id" in line]) == 30


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_taxonomy_in_japanese_works(server: Server, provider: str) -> None:
    tree = {"name": "お茶", "children": [{"name": "緑茶", "description": "蒸した茶葉", "children": [{"name": "抹茶"}]}]}
    passage = "緑茶は茶葉を蒸して作られる。抹茶は粉にした緑茶である。煎茶は緑茶の一種である。"
    body = {**await with_taxonomy(server, [passage], tree), "generation_model": provider}
    _, found = await fresh(server, {**body, "generation_mode": "summarization"})
    assert {tuple(entry["metadata"]["taxonomy_path"] or ()) for entry in found} <= {("緑茶",), ("緑茶", "抹茶"), ()}
    assert found


async def test_an_invented_category_is_never_stored(tmp_path: Path) -> None:
    items = [written("Unicorns", "How does magma cool?"), written("c99", "Why?"), written("rocks > magma", "Where?")]
    app, _ = scripted(tmp_path, lambda request: {"entries": items})
    async with app as server:
        body = await with_taxonomy(server, ["Nothing at all of it is here."])
        _, found = await fresh(server, body)
    assert [entry["metadata"]["taxonomy_path"] for entry in found] == [["Rocks", "Magma"], None, ["Rocks", "Magma"]]
    assert [entry["category"] for entry in found] == ["Magma", None, "Magma"]


@pytest.mark.parametrize("second", [False, True], ids=["writer", "second model"])
async def test_where_the_model_says_that_no_category_fits_there_is_none(tmp_path: Path, second: bool) -> None:
    def reply(request: ChatRequest) -> Json:
        if request.model.provider == "gemini":
            return {"labels": [{"item": 1, "category": "none", "difficulty": "advanced"}]}
        return {"entries": [written("none", "Why does magma cool?")]}

    app, model = scripted(tmp_path, reply)
    async with app as server:
        body = await with_taxonomy(server, ["Magma cools below granite."])
        _, (entry,) = await fresh(server, {**body, "classification_model": "gemini" if second else None})
    assert (entry["category"], entry["metadata"]["category_id"], entry["metadata"]["taxonomy_level"]) == (None,) * 3
    assert '"none" when it belongs to none of them' in model.requests[-1].messages[0].text


@pytest.mark.parametrize("change", ["edit", "delete"])
async def test_a_taxonomy_that_changes_meanwhile_changes_nothing(server: Server, fake: FakeLLM, change: str) -> None:
    body = await with_taxonomy(server)
    expected = [(one["question"], one["metadata"]["taxonomy_path"]) for one in (await fresh(server, body))[1]]
    fake.control({"hold_from": fake.stats.chats + 1})
    taxonomy = (await server.get(f"taxonomy?project_id={body['project_id']}"))["taxonomies"][0]["id"]
    started = await server.post("datasets/generate", {**body, "reuse": False})
    if change == "edit":
        tree = {"name": "n", "children": [{"name": "Other"}]}
        await server.call("PUT", f"taxonomy/{taxonomy}", json={"taxonomy": tree})
    else:
        await server.call("DELETE", f"taxonomy/{taxonomy}", 204)
    fake.control({"hold_from": None})
    await server.ended(started["job_id"])
    found = await entries(server, started["dataset_id"])
    assert [(one["question"], one["metadata"]["taxonomy_path"]) for one in found] == expected


async def test_an_extraction_that_a_job_uses_cannot_be_deleted(server: Server, fake: FakeLLM) -> None:
    body = await with_extraction(server)
    fake.control({"hold_from": fake.stats.chats + 1})
    (used,) = (await server.get(f"datasets/extraction-files/{body['project_id']}"))["extraction_files"]
    started = await server.post("datasets/generate", body)
    await server.call("DELETE", f"extraction/{used['job_id']}", 409)
    fake.control({"hold_from": None})
    await server.ended(started["job_id"])
    await server.call("DELETE", f"extraction/{used['job_id']}", 204)


async def test_estimate_and_preview_see_the_same_units_and_prompts(server: Server, fake: FakeLLM) -> None:
    body = await with_extraction(server)
    estimate = await server.post("datasets/estimate", body)
    preview = await server.post("datasets/preview", body)
    await server.generate(body)
    assert estimate["chunks"] == {"low": 3, "high": 3}
    assert preview["messages"][-1]["text"] == prompts(fake)[0]
    await server.post("datasets/preview", {**body, "chunk_id": "chunk_3"}, 404)


@pytest.mark.parametrize(
    ("source", "ignored"),
    [
        ("Taxonomy", {"extraction_file_id": "e", "only_validated": True}),
        ("Extract", {"taxonomy_project": "x", "taxonomy_name": "t", "chunk_size": 99}),
    ],
)
async def test_what_the_source_does_not_use_is_named(server: Server, source: str, ignored: Json) -> None:
    body = await (with_taxonomy(server) if source == "Taxonomy" else with_extraction(server))
    started = await server.post("datasets/generate", {**body, **ignored})
    await server.ended(started["job_id"])
    assert sorted(warning.partition(" ")[0] for warning in started["warnings"]) == sorted(ignored)


async def test_the_settings_name_the_source(server: Server) -> None:
    status = await server.generate(await with_taxonomy(server))
    settings = (await server.get(f"datasets/{status['result']['dataset_id']}"))["settings"]
    assert (settings["data_source"], settings["taxonomy_name"]) == ("Taxonomy", "T")
    assert settings["taxonomy_id"]
    assert "extraction_jobs" not in settings


def second_model(request: ChatRequest) -> Any:
    """Grok writes two entries, Gemini labels them."""
    if request.model.provider == "grok":
        return {"entries": [written("", "What is magma?"), written("", "Who hunts?")]}
    labels = [("c5", "advanced"), ("Unicorns", "hard")]
    return {"labels": [{"item": n, "category": c, "difficulty": d} for n, (c, d) in enumerate(labels, start=1)]}


async def test_a_second_model_classifies_all_entries_of_a_unit_in_one_call(tmp_path: Path) -> None:
    app, model = scripted(tmp_path, second_model)
    async with app as server:
        body = await with_taxonomy(server, ["A heron hunts alone."])
        status, found = await fresh(server, {**body, "classification_model": "gemini"})
        stages = [one["stage"] for one in (await server.get(f"jobs/{status['job_id']}/calls"))["calls"]]
    assert (stages, status["result"]["usage"]["calls"]) == (["generate", "classify"], 2)
    assert [(entry["category"], entry["difficulty"]) for entry in found] == [
        ("Magma", "advanced"),
        ("Heron", "beginner"),
    ]
    writing, labelling = model.requests
    assert "category" not in writing.reply_schema["properties"]["entries"]["items"]["properties"]  # type: ignore[index]  # it has one
    assert [line["question"] for line in block(labelling.messages[-1].text, "entries")] == [
        "What is magma?",
        "Who hunts?",
    ]
    assert "beginner: the passage says it outright" in labelling.messages[0].text


@pytest.mark.parametrize("provider", PROVIDERS[1:])
async def test_every_provider_classifies(server: Server, fake: FakeLLM, provider: str) -> None:
    other = "ollama" if provider != "ollama" else "grok"
    body = {**await with_taxonomy(server), "generation_model": other, "classification_model": provider}
    estimate = await server.post("datasets/estimate", body)
    _, found = await fresh(server, body)
    assert fake.stats.chats == 2 * len(PASSAGES)
    assert fake.stats.requests[f"{provider} chat"] == len(PASSAGES)
    assert estimate["calls"]["low"] <= 2 * len(PASSAGES) <= estimate["calls"]["high"]
    assert {tuple(entry["metadata"]["taxonomy_path"] or ()) for entry in found} <= PATHS | {()}
    assert any(entry["category"] for entry in found)


@pytest.mark.parametrize("labels", [{}, {"labels": "none"}], ids=["empty", "no list"])
async def test_labels_that_cannot_be_read_are_made_by_rules(tmp_path: Path, labels: Json) -> None:
    app, _ = scripted(tmp_path, lambda request: second_model(request) if request.model.provider == "grok" else labels)
    async with app as server:
        body = await with_taxonomy(server, ["A heron hunts alone."])
        status, found = await fresh(server, {**body, "classification_model": "gemini"})
        (outcome,) = (await server.get(f"jobs/{status['job_id']}/outcomes"))["outcomes"]
    assert [entry["category"] for entry in found] == ["Magma", "Heron"]
    assert (outcome["status"], outcome["reason"]) == ("accepted", "partly")
    assert "classified by rules" in outcome["detail"]


async def test_without_a_taxonomy_the_second_model_names_the_topic(tmp_path: Path) -> None:
    app, _ = scripted(tmp_path, second_model)
    async with app as server:
        body = {"project_id": await server.project(PASSAGES[:1]), "generation_model": "grok"}
        _, found = await fresh(server, {**body, "classification_model": "gemini"})
    assert [entry["category"] for entry in found] == ["c5", "Unicorns"]


async def test_the_second_model_needs_its_key(tmp_path: Path) -> None:
    async with running_app(settings_for(tmp_path)) as server:
        body = {"project_id": await server.project(), "generation_model": "ollama", "classification_model": "grok"}
        problem = await server.post("datasets/generate", body, 400)
        assert problem["detail"] == "API key not configured: grok"
        assert [fault["pointer"] for fault in problem["errors"]] == ["/classification_model"]
        assert await job_count(server) == 0


async def test_a_ceiling_needs_the_price_of_the_second_model(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "max_cost_usd": 1}
    found = await faults(server, "POST", "datasets/generate", json={**body, "classification_model": "grok/unheard-of"})
    assert "price of grok/unheard-of" in found["/max_cost_usd"]


async def test_calls_of_the_second_model_are_under_the_ceiling(server: Server, fake: FakeLLM) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "classification_model": "grok"}
    status = await server.generate({**body, "max_calls": 3}, ("paused",))
    assert (status["reason"], fake.stats.chats) == ("budget", 3)
    await server.call("PATCH", f"jobs/{status['job_id']}", json={"max_calls": None})
    await server.post(f"jobs/{status['job_id']}/resume")
    await server.ended(status["job_id"])
    assert (fake.stats.chats, max(fake.stats.bodies.values())) == (2 * len(PASSAGES), 1)


async def test_an_answer_of_a_second_model_that_fails_is_retried_without_writing_again(tmp_path: Path) -> None:
    broken = True

    def reply(request: ChatRequest) -> Any:
        if request.model.provider == "gemini" and broken:
            raise ProviderError("context_window", "too long", status=400)
        return second_model(request)

    app, model = scripted(tmp_path, reply)
    async with app as server:
        body = await with_taxonomy(server, ["A heron hunts alone."])
        status = await server.generate({**body, "classification_model": "gemini"}, ("failed",))
        broken = False
        await server.post(f"jobs/{status['job_id']}/retry", {"statuses": ["failed"]})
        await server.ended(status["job_id"])
        found = await entries(server, status["result"]["dataset_id"])
    assert [entry["category"] for entry in found] == ["Magma", "Heron"]
    assert [request.model.provider for request in model.requests] == ["grok", "gemini", "gemini"]


class Stop:
    """The work ends at the n-th time that a place is reached, as it would where the process ended there."""

    def __init__(self, place: str, times: int) -> None:
        self._place, self._left = place, times

    def __call__(self, place: str) -> None:
        if place == self._place:
            self._left -= 1
            if self._left == 0:
                raise CallsStopped


async def prepared(server: Server, source: str) -> Json:
    body = await (with_taxonomy(server) if source == "Taxonomy" else with_extraction(server))
    return {**body, "classification_model": "gemini", "generation_model": "grok"}


def shown(found: list[Json]) -> list[Any]:
    return [(one["id"], one["question"], one["metadata"]["taxonomy_path"], one["difficulty"]) for one in found]


@pytest.mark.parametrize("source", ["Taxonomy", "Extract"])
@pytest.mark.parametrize(
    ("place", "times"), [("units_slice", 1), ("reply_durable", 1), ("reply_durable", 4), ("unit_durable", 2)]
)
async def test_what_was_stopped_goes_on_and_pays_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, place: str, times: int
) -> None:
    async with FakeLLM() as fake, running_app(settings_for(tmp_path / "whole", fake)) as server:
        expected = shown((await fresh(server, await prepared(server, source)))[1])
        whole = fake.stats.chats
    async with FakeLLM() as fake:
        settings = settings_for(tmp_path / "stopped", fake)
        async with running_app(settings) as server:
            body = await prepared(server, source)
            with monkeypatch.context() as patch:
                patch.setattr(fault_points, "reached", Stop(place, times))
                started = await server.post("datasets/generate", body)
                runner = server.client.app[RUNNER]
                await until(lambda: not any(one.job.job_id == started["job_id"] for one in runner.running.values()))
        async with running_app(settings) as server:
            await server.ended(started["job_id"])
            assert shown(await entries(server, started["dataset_id"])) == expected
        assert (fake.stats.chats, max(fake.stats.bodies.values())) == (whole, 1)


async def test_a_category_that_a_person_gave_is_in_no_taxonomy(server: Server) -> None:
    status, found = await fresh(server, await with_taxonomy(server))
    path = f"datasets/{status['result']['dataset_id']}/entries/{found[0]['id']}"
    changed = await server.call("PUT", path, json={"category": "Mine"})
    assert (changed["category"], changed["metadata"]["taxonomy_path"]) == ("Mine", None)
    same = await server.call("PUT", path, json={"difficulty": "advanced"})
    assert same["category"] == "Mine"
