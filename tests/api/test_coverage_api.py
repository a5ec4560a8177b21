"""What of the material a dataset rests on, and writing for what is uncovered only."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api_parts import entries, faults
from app_parts import Json, Server, running_app, settings_for
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.coverage import Pointed
from chunksmith.domain.datasets import Evidence
from chunksmith.services.coverage import covered
from curation_parts import imported, telling
from planted import texts_of

TEXTS = texts_of(6)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with telling(tmp_path / "data") as one:
        yield one


async def project_of(server: Server) -> int:
    """Three documents of two chunks."""
    return await imported(server, [[text] for text in TEXTS], 2)


async def made(server: Server, project: int, **changes: object) -> Json:
    body = {"project_id": project, "generation_model": "grok", "datasets_per_chunk": 1, **changes}
    status = await server.generate(body)
    return await server.get(f"datasets/{status['result']['dataset_id']}")


async def documents_of(server: Server, project: int) -> list[int]:
    listed = await server.get("documents", params={"project_id": project})
    return sorted(one["id"] for one in listed["documents"])


async def coverage(server: Server, dataset: Json, **query: object) -> Json:
    return await server.get(f"datasets/{dataset['id']}/coverage", params=query)


async def test_chunks_are_accepted_rejected_or_untouched(server: Server) -> None:
    project = await project_of(server)
    dataset = await made(server, project, document_ids=(await documents_of(server, project))[:2])
    (first, *_) = await entries(server, dataset["id"])
    said = {"entry_ids": [first["id"]], "feedback_type": "reject"}
    await server.post(f"datasets/{dataset['id']}/feedback", said)
    found = await coverage(server, dataset)
    assert found["summary"] == {"total": 6, "accepted": 3, "rejected": 1, "untouched": 2}
    states = ["rejected", *["accepted"] * 3, *["untouched"] * 2]
    assert [one["state"] for one in found["chunks"]] == states
    untouched = await coverage(server, dataset, state="untouched")
    assert [one["chunk_id"] for one in untouched["chunks"]] == [one["chunk_id"] for one in found["chunks"][4:]]
    assert untouched["total"] == 2


async def test_text_that_no_evidence_points_to_is_named_by_its_place(server: Server) -> None:
    dataset = await made(server, await project_of(server))
    (chunk, *_) = (await coverage(server, dataset))["chunks"]
    question, answer = TEXTS[0]
    assert chunk["uncovered"] == [{"start": 0, "end": len(question)}]
    bare = [len(text.replace(" ", "")) for text in (question, answer)]
    assert chunk["covered_share"] == round(bare[1] / sum(bare), 4)


async def test_pages_go_on_by_cursor(server: Server) -> None:
    dataset = await made(server, await project_of(server))
    seen, cursor = [], None
    while True:
        page = await coverage(server, dataset, per_page=4, **({"cursor": cursor} if cursor else {}))
        seen += [one["chunk_id"] for one in page["chunks"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"chunk_{number}" for number in range(1, 7)]
    assert list(await faults(server, "GET", f"datasets/{dataset['id']}/coverage?cursor=x")) == ["query/cursor"]


async def test_documents_are_counted_by_their_chunks_and_entries(server: Server) -> None:
    project = await project_of(server)
    dataset = await made(server, project, document_ids=(await documents_of(server, project))[:1])
    found = (await coverage(server, dataset, by="document"))["documents"]
    assert [one["chunks"]["accepted"] for one in found] == [2, 0, 0]
    assert [one["chunks"]["untouched"] for one in found] == [0, 2, 2]
    assert [one["entries"]["accepted"] for one in found] == [2, 0, 0]


async def test_categories_of_the_taxonomy_are_listed_untouched_ones_too(tmp_path: Path) -> None:
    tree = {"name": "T", "children": [{"name": "Bread", "children": [{"name": "Starter"}]}, {"name": "Granite"}]}
    async with running_app(settings_for(tmp_path / "real")) as server:
        project = await server.project()
        await server.post("taxonomy", {"project_id": project, "name": "T", "taxonomy": tree}, 201)
        dataset = await made(server, project, data_source="Taxonomy", generation_model="builtin")
        found = (await coverage(server, dataset, by="category"))["categories"]
    in_tree = [one for one in found if one["taxonomy_path"]]
    assert [one["taxonomy_path"] for one in in_tree] == [["Bread"], ["Bread", "Starter"], ["Granite"]]
    bread, starter, _ = in_tree
    assert bread["branch"]["accepted"] == bread["entries"]["accepted"] + starter["entries"]["accepted"]
    assert sum(one["entries"]["accepted"] for one in found) == dataset["total_entries"]


async def test_gaps_are_filled_and_nothing_else(server: Server) -> None:
    project = await project_of(server)
    documents = await documents_of(server, project)
    first = await made(server, project, document_ids=documents[:1])
    await made(server, project, document_ids=documents[1:2])
    rest = await made(server, project, fill_gaps=True)
    assert {one["source_chunk"] for one in await entries(server, rest["id"])} == {"chunk_5", "chunk_6"}
    of_first = await made(server, project, fill_gaps=True, fill_gaps_of=first["job_id"])
    assert {one["source_chunk"] for one in await entries(server, of_first["id"])} == {f"chunk_{n}" for n in range(3, 7)}
    wanted = {"project_id": project, "generation_model": "grok", "fill_gaps": True}
    problem = await server.post("datasets/generate", wanted, 400)
    assert problem["detail"].startswith("No chunks found for project: there is no gap")


async def test_the_gaps_of_another_projects_dataset_are_refused(server: Server) -> None:
    other = await made(server, await project_of(server))
    wanted = {"project_id": await project_of(server), "fill_gaps": True, "fill_gaps_of": other["id"]}
    await server.post("datasets/generate", {**wanted, "generation_model": "grok"}, 404)


def test_ranges_are_what_lies_between_the_evidence() -> None:
    text = "One two.  Three four. Five six. "
    chunk = Chunk(1, 1, None, None, 0, text, None, None, "prose", (), None, None)

    def at(start: int, end: int) -> Evidence:
        return Evidence(text[start:end], start, end, "exact")

    accepted = Pointed(1, True, (at(10, 15), at(12, 21), Evidence("no", None, None, "none")))
    found = covered(chunk, [accepted, Pointed(1, False, (at(0, 8),))])
    assert [text[start:end] for start, end in found.uncovered] == ["One two.", "Five six."]
    assert found.entries == (1, 1)
    assert covered(chunk, []).covered_share == 0.0
