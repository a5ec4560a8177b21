"""Entries written anew keep what they were made of: the prompt, the categories of the taxonomy, the extracted items."""

import re
from pathlib import Path
from typing import Any

import pytest

from api_parts import entries, until
from app_parts import PASSAGES, Json, Server
from chunksmith.domain.calls import ChatRequest
from review_parts import model, old_entry_in, regenerate, reviewing

TREE = {"name": "T", "children": [{"name": "Rocks", "children": [{"name": "Granite"}]}, {"name": "Tools"}]}
BLOCK = re.compile(r"<(categories|items) (\w+)>\n.*\n</\1 \2>", re.DOTALL)
CUSTOM = "Ask {count} about {chunk}"


async def prepared(server: Server, source: str) -> Json:
    project = await server.project(PASSAGES[:2])
    if source == "Taxonomy":
        await server.post("taxonomy", {"project_id": project, "name": "T", "taxonomy": TREE}, 201)
    if source == "Extract":
        results = [
            {"chunk_id": f"chunk_{n}", "entities": [{"category": category, "text": text}]}
            for n, category, text in ((1, "Tool", "damper"), (2, "Mineral", "quartz"))
        ]
        body = {"project_id": project, "extraction_type": "ner", "results": results}
        await server.post("extraction/import", body, 201)
    return {"project_id": project, "data_source": source, "generation_model": "ollama", "custom_prompt": CUSTOM}


async def made_of(server: Server, source: str) -> tuple[str, int]:
    body = await prepared(server, source)
    return (await server.generate(body))["result"]["dataset_id"], body["project_id"]


def passages(requests: list[ChatRequest]) -> dict[str, list[str]]:
    """By the beginning of the prompt, which is the same however an entry is written: what stands beside it."""
    return {
        request.messages[-1].text.partition("</passage")[0]: [
            one[0] for one in BLOCK.finditer(request.messages[-1].text)
        ]
        for request in requests
    }


@pytest.mark.parametrize("source", ["Chunks Only", "Taxonomy", "Extract"])
async def test_the_material_stands_beside_the_passage_again(data_dir: Path, source: str) -> None:
    scripted = model()
    async with reviewing(data_dir, scripted) as server:
        dataset, project = await made_of(server, source)
        first = [request for request in scripted.requests if old_entry_in(request) is None]
        if source == "Taxonomy":
            taxonomy = (await server.get(f"taxonomy?project_id={project}"))["taxonomies"][0]["id"]
            await server.call("DELETE", f"taxonomy/{taxonomy}", 204)
        status = await regenerate(server, dataset, {"filter": {}})
        assert status["result"]["outcomes"]["accepted"] == len(await entries(server, dataset, status="regenerated")) > 0
    again = [request for request in scripted.requests if old_entry_in(request) is not None]
    beside = {"Chunks Only": 0, "Taxonomy": 1, "Extract": 2}[source]
    assert {len(found) for found in passages(first).values()} == {beside}
    assert passages(again) == {text.replace("Ask 3", "Ask 1"): found for text, found in passages(first).items()}


async def test_the_category_that_it_stays_in_is_told(data_dir: Path) -> None:
    scripted = model()
    async with reviewing(data_dir, scripted) as server:
        dataset, _ = await made_of(server, "Taxonomy")
        (one, *_) = [entry for entry in await entries(server, dataset) if entry["category"] == "Granite"]
        await regenerate(server, dataset, {"entry_ids": [one["id"]]})
        (after,) = [entry for entry in await entries(server, dataset) if entry["id"] == one["id"]]
    old: Any = old_entry_in(scripted.requests[-1])
    assert old["category"] == "Rocks > Granite"
    assert (after["category"], after["metadata"]["taxonomy_path"]) == ("Granite", ["Rocks", "Granite"])


async def test_without_its_extraction_the_passage_stands_alone_and_that_is_said(data_dir: Path) -> None:
    scripted = model()
    async with reviewing(data_dir, scripted) as server:
        dataset, project = await made_of(server, "Extract")
        (used,) = (await server.get(f"datasets/extraction-files/{project}"))["extraction_files"]
        await server.call("DELETE", f"extraction/{used['job_id']}", 204)

        async def is_gone() -> bool:
            started = await server.post(f"datasets/{dataset}/regenerate", {"filter": {}})
            await server.ended(started["job_id"], ("completed", "failed"))
            return bool(started["warnings"])

        await until(is_gone)
    assert passages(scripted.requests[-1:]).popitem()[1] == []


async def test_an_extraction_cannot_be_deleted_while_entries_are_written_anew(data_dir: Path) -> None:
    async with reviewing(data_dir, model()) as server:
        dataset, project = await made_of(server, "Extract")
        (used,) = (await server.get(f"datasets/extraction-files/{project}"))["extraction_files"]
        started = await server.post(f"datasets/{dataset}/regenerate", {"filter": {}, "max_calls": 1})
        await server.ended(started["job_id"], ("paused",))
        await server.call("DELETE", f"extraction/{used['job_id']}", 409)
        await server.post(f"jobs/{started['job_id']}/cancel")
        await server.call("DELETE", f"extraction/{used['job_id']}", 204)


async def test_builtin_offers_first_what_is_about_the_items(data_dir: Path) -> None:
    text = (
        "Granite is a rock that forms when magma cools. Basalt is a rock that forms when lava cools. "
        "Marble is a rock that forms when limestone heats. Slate is a rock that forms when shale heats."
    )
    async with reviewing(data_dir, model()) as server:
        project = await server.project([text])
        results = [{"chunk_id": "chunk_1", "entities": [{"category": "Rock", "text": "Slate"}]}]
        await server.post(
            "extraction/import", {"project_id": project, "extraction_type": "ner", "results": results}, 201
        )
        body = {"project_id": project, "data_source": "Extract", "generation_model": "ollama", "datasets_per_chunk": 1}
        dataset = (await server.generate(body))["result"]["dataset_id"]
        config = {"model": "builtin"}
        await regenerate(server, dataset, {"filter": {}, "regeneration_config": config})
        (found,) = await entries(server, dataset)
    assert "slate" in f"{found['question']} {found['answer']}".lower()
