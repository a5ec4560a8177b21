"""Every route tells at once what is wrong by form and what only stored things and settings know to be wrong."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import FormData
from marshmallow import Schema
from marshmallow.fields import Nested

from api_parts import faults, job_count
from app_parts import PASSAGES, Json, Server
from chunksmith.web.routing import ROUTES

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONFIG = "/regeneration_config"
# What only form can be wrong of, so nothing is left to look at: names that need not be unique.
BY_FORM_ALONE = {"create_project"}


@pytest.fixture(scope="module")
def server(shared: Server) -> Server:
    return shared


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dataset(server: Server) -> Json:
    """A version of a dataset, with the ids of what it was made of."""
    project = await server.project(PASSAGES)
    tree = {"name": "All", "children": [{"name": "One"}]}
    taxonomy = await server.call(
        "POST", "taxonomy", 201, json={"name": "Known", "project_id": project, "taxonomy": tree}
    )
    made = await server.generate(
        {"project_id": project, "generation_model": "ollama", "enable_versioning": True, "dataset_name": "line"}
    )
    await server.call("POST", "prompts", 201, json={"name": "Taken", "content": "x"})
    return {
        "project": project,
        "taxonomy": taxonomy["metadata"]["id"],
        "dataset": made["result"]["dataset_id"],
        "job": made["job_id"],
    }


def case(method: str, path: str, body: Json, *pointers: str) -> Any:
    return pytest.param(method, path, body, set(pointers), id=f"{method} {path}")


LINE = {"project_id": "$project", "dataset_name": "line", "colour": 1}
NO_LINE = {"project_id": 99, "dataset_name": "line", "colour": 1}
CASES = [
    case(
        "POST",
        "datasets/$dataset/regenerate",
        {"entry_ids": ["entry_999"], "regeneration_config": {"temperature": 9, "model": "gpt"}, "concurrency": 0},
        "/entry_ids",
        f"{CONFIG}/temperature",
        f"{CONFIG}/model",
        "/concurrency",
    ),
    case(
        "POST",
        "datasets/$dataset/regenerate",
        {"filter": {"q": "nowhere at all"}, "regeneration_config": {"model": "gpt"}, "max_calls": 0},
        "/filter",
        f"{CONFIG}/model",
        "/max_calls",
    ),
    case("POST", "datasets/dataset_x/regenerate", {"filter": {}, "max_calls": 0}, "path", "/max_calls"),
    case(
        "POST",
        "datasets/$dataset/feedback",
        {"entry_ids": ["entry_999"], "feedback_type": "like", "rating": 9},
        "/entry_ids",
        "/feedback_type",
        "/rating",
    ),
    case(
        "POST",
        "datasets/preview",
        {"project_id": "$project", "chunk_id": "chunk_999", "prompt_name": "no such", "concurrency": 0},
        "/chunk_id",
        "/prompt_name",
        "/concurrency",
    ),
    case(
        "POST",
        "datasets/$dataset/rescore",
        {"judge_model": "builtin", "concurrency": 0},
        "/judge_model",
        "/concurrency",
    ),
    case(
        "PUT",
        "datasets/$dataset/entries/entry_1",
        {"summary": "not of this mode", "difficulty": "hard"},
        "/summary",
        "/difficulty",
    ),
    case(
        "POST",
        "extraction",
        {"project_id": 99, "taxonomy_id": "$taxonomy", "initial_classifier": "gpt", "concurrency": 0},
        "/project_id",
        "/initial_classifier",
        "/concurrency",
    ),
    case(
        "POST",
        "extraction",
        {"project_id": "$project", "taxonomy_id": "$taxonomy", "selected_categories": ["Two"], "document_ids": [99]},
        "/selected_categories/0",
        "/document_ids",
    ),
    case(
        "POST",
        "extraction/import",
        {
            "project_id": "$project",
            "taxonomy_id": "$taxonomy",
            "extraction_type": "all",
            "results": [
                {"chunk_id": 1, "is_validated": 1, "entities": []},
                {
                    "chunk_id": 999,
                    "is_validated": True,
                    "entities": [{"category": "Two", "text": "x", "confidence": 1}],
                },
                {"chunk_id": 1, "chunk_text": "x", "is_validated": True, "entities": 5},
                {"is_validated": True, "entities": [{"category": 5, "text": "x", "confidence": 1}]},
                "a chunk",
            ],
        },
        "/extraction_type",
        "/results/0/is_validated",
        "/results/1/chunk_id",
        "/results/1/entities/0/category",
        "/results/2",
        "/results/2/entities",
        "/results/3",
        "/results/3/entities/0/category",
        "/results/4",
    ),
    case(
        "POST",
        "taxonomy/generate",
        {"project_id": "$project", "name": "Known", "model": "gpt", "depth": 99, "document_ids": [99]},
        "/name",
        "/model",
        "/depth",
        "/document_ids",
    ),
    case(
        "POST",
        "taxonomy/extend",
        {"taxonomy_id": 99, "model": "gpt", "levels": 99},
        "/taxonomy_id",
        "/model",
        "/levels",
    ),
    case("POST", "taxonomy", {"project_id": "$project", "name": "Known", "taxonomy": 5}, "/name", "/taxonomy"),
    case("PUT", "taxonomy/$taxonomy", {"project_id": 99, "taxonomy": 5}, "/project_id", "/taxonomy"),
    case("POST", "datasets/versions/increment", NO_LINE, "/project_id", "/colour"),
    case("POST", "datasets/versions/rollback", {**LINE, "target_version": "9.9.9"}, "/target_version", "/colour"),
    case(
        "POST",
        "datasets/versions/compare",
        {**LINE, "version1": "9.9.9", "version2": "first"},
        "/version1",
        "/version2",
        "/colour",
    ),
    case(
        "POST",
        "benchmarking/run",
        {"suite": "all", "project_id": 99, "dataset_id": "dataset_x", "config": {"model": "gpt", "temperature": 9}},
        "/suite",
        "/project_id",
        "/dataset_id",
        "/config/model",
        "/config/temperature",
    ),
    case("POST", "quality/analyze", {"dataset": [{"context": "x"}], "per_row": 1}, "/dataset/0", "/per_row"),
    case("POST", "quality/analyze", {"dataset_id": "dataset_x", "per_row": 1}, "/dataset_id", "/per_row"),
    case("POST", "prompts", {"name": "Taken"}, "/name", "/content"),
    case("PUT", "prompts/prompt_x", {"content": ""}, "path", "/content"),
    case("POST", "projects/$project/chunks", {"chunks": [{"text": ""}], "colour": 1}, "/chunks/0/text", "/colour"),
    case(
        "POST", "projects/99/chunks", {"chunks": [{"text": ""}, {"id": 1}]}, "path", "/chunks/0/text", "/chunks/1/text"
    ),
    case("POST", "projects/99/chunks", {"chunks": [{"text": ""}], "colour": 1}, "path", "/chunks/0/text", "/colour"),
    case("PATCH", "providers/none", {"max_concurrency": 0}, "path", "/max_concurrency"),
    case("PATCH", "providers/none", {}, "path", ""),
    case("PUT", "projects/99", {}, "path", ""),
    case("PATCH", "jobs/dataset-gen-x", {}, "path", ""),
    case("PATCH", "jobs/dataset-gen-x", {"concurrency": 0}, "path", "/concurrency"),
    case("POST", "jobs/dataset-gen-x/retry", {"reparse": 1}, "path", "/reparse"),
    case("PUT", "projects/99", {"name": 5}, "path", "/name"),
    case("POST", "datasets/$dataset/entries/entry_999/restore", {"revision": "1"}, "path", "/revision"),
    case("POST", "ledger/prune", {"job_id": "dataset-gen-x", "dry_run": 1}, "/job_id", "/dry_run"),
    case("POST", "datasets/generate", {"project_id": 99, "concurrency": 0}, "/project_id", "/concurrency"),
    case(
        "POST",
        "datasets/generate",
        {"project_id": 99, "split_ratios": {"train": 2, "validation": 0.1}},
        "/project_id",
        "/split_ratios/train",
        "/split_ratios/test",
    ),
    case("POST", "documents/process", {"project_id": 99, "concurrency": 0}, "/project_id", "/concurrency"),
    case(
        "POST",
        "documents/process",
        {"project_id": "$project", "document_ids": [99], "parsing_model": "grok/unpriced", "max_cost_usd": "1"},
        "/document_ids",
        "/max_cost_usd",
    ),
]


def filled(value: Any, known: Json) -> Any:
    """With what stands for ``$name`` in it."""
    if isinstance(value, dict):
        return {name: filled(one, known) for name, one in value.items()}
    if isinstance(value, str) and value.startswith("$"):
        return known[value[1:]]
    return value


@pytest.mark.parametrize(("method", "path", "body", "pointers"), CASES)
async def test_faults_of_form_and_of_meaning_come_in_one_answer(
    server: Server, dataset: Json, method: str, path: str, body: Json, pointers: set[str]
) -> None:
    for name, value in dataset.items():
        path = path.replace(f"${name}", str(value))
    assert set(await faults(server, method, path, json=filled(body, dataset))) == pointers
    assert await job_count(server) == 1  # the one that made the dataset


@pytest.mark.parametrize(
    "path",
    [
        "projects/{}",
        "documents?project_id={}",
        "documents/{}",
        "chunks/{}",
        "chunks/chunk_{}",
        "chunks/project/{}",
        "datasets/list/{}",
        "prompts/{}",
        "taxonomy/{}",
    ],
)
async def test_an_id_has_one_spelling(server: Server, dataset: Json, path: str) -> None:
    await server.get(path.format("1"))
    await server.get(path.format("01"), 404)


@pytest.mark.parametrize("project", ["01", "0001"])
async def test_an_id_in_a_body_has_one_spelling(server: Server, dataset: Json, project: str) -> None:
    await server.post("datasets/estimate", {"project_id": project}, 404)


@pytest.mark.parametrize("more", [{}, {"colour": 1}], ids=["alone", "beside another fault"])
async def test_a_chunk_without_text_lacks_it(server: Server, dataset: Json, more: Json) -> None:
    path = f"projects/{dataset['project']}/chunks"
    found = await faults(server, "POST", path, json={"chunks": [{"document": "a.txt"}], **more})
    assert found["/chunks/0/text"] == "required"


@pytest.mark.parametrize("name", ["", " ", " " * 201], ids=["empty", "blank", "long"])
async def test_a_blank_name_is_one_fault(server: Server, name: str) -> None:
    problem = await server.post("projects", {"name": name}, 400)
    assert [fault["pointer"] for fault in problem["errors"]] == ["/name"]


async def test_all_ids_that_no_entry_can_have_are_named(server: Server, dataset: Json) -> None:
    body = {"entry_ids": ["entry_1", "entry_01", "x"], "feedback_type": "approve"}
    problem = await server.post(f"datasets/{dataset['dataset']}/feedback", body, 404)
    assert problem["detail"] == "Entries not found: entry_01, x"


async def test_all_faults_of_a_form_are_told_at_once(server: Server) -> None:
    form = FormData()
    for name, value in (("project_id", "99"), ("colour", "red"), ("files", "no file")):
        form.add_field(name, value)
    form.add_field("more", b"x", filename="more.txt")
    found = await faults(server, "POST", "documents/upload", data=form)
    assert set(found) == {"/project_id", "/colour", "/files", "/more"}


async def test_a_form_without_anything_lacks_both(server: Server) -> None:
    form = FormData()
    form.add_field("colour", b"x", filename="x.txt")
    assert set(await faults(server, "POST", "documents/upload", data=form)) == {"/project_id", "/colour", "/files"}


async def test_what_is_wrong_beside_a_faulty_header_is_told_too(server: Server) -> None:
    found = await faults(server, "POST", "datasets/generate", json={"project_id": 99}, headers={"Idempotency-Key": " "})
    assert set(found) == {"header/Idempotency-Key", "/project_id"}


async def test_a_project_without_chunks_is_told_with_the_rest(server: Server) -> None:
    project = await server.post("projects", {"name": "Empty"}, 201)
    body = {"project_id": project["id"], "prompt_name": "no such", "concurrency": 0}
    found = await faults(server, "POST", "datasets/generate", json=body)
    assert set(found) == {"/project_id", "/prompt_name", "/concurrency"}


async def test_every_route_that_reads_a_body_looks_at_all_of_it(server: Server) -> None:
    routes = server.client.app[ROUTES].values()
    assert {route.name for route in routes if route.body is not None and route.also is None} == BY_FORM_ALONE


EMPTY: list[Any] = [{}, [], None, "", [{}], [None]]


def emptied(schema: Schema) -> Iterator[Json]:
    """Bodies of which each has one field, or one field of an object in it, without anything to read."""
    for name, declared in schema.load_fields.items():
        yield from ({name: empty} for empty in EMPTY)
        if isinstance(declared, Nested):
            yield from ({name: {inner: empty}} for inner in declared.schema.load_fields for empty in EMPTY)


@pytest.mark.slow
async def test_a_body_with_nothing_to_read_in_it_is_refused_and_never_fails(server: Server, dataset: Json) -> None:
    known = {"project_id": dataset["project"], "dataset_id": dataset["dataset"], "job_id": dataset["job"]}
    for route in server.client.app[ROUTES].values():
        if route.body is None:
            continue
        schema = route.body() if isinstance(route.body, type) else route.body
        path = re.sub(r"\{(\w+)\}", lambda name: str(known.get(name[1], 1)), route.documented_path)
        usual = {"project_id": dataset["project"]} if "project_id" in schema.load_fields else {}
        for body in emptied(schema):
            await server.call(route.method, path, 400, json={**usual, **body, "colour": "red"})
