"""The OpenAPI document of the real application: complete, valid, and true of what it answers."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from api_parts import MODES, halted, until, upload
from app_parts import API, PASSAGES, Server, running_app, settings_for
from chunksmith.errors import AppError
from chunksmith.services.datasets import COMPUTED_METADATA
from chunksmith.web.routes import ROUTES
from chunksmith.web.routing import Route
from fake_llm import FakeLLM
from unit.web import openapi_checks as checks

Json = dict[str, Any]


@pytest.fixture
async def document(server: Server) -> Json:
    return await server.get("/openapi.json")


async def test_the_document_is_valid(document: Json) -> None:
    assert checks.faults_of_document(document) == []
    assert document["openapi"].startswith("3.1")


async def test_each_route_is_in_it_and_nothing_else(server: Server, document: Json) -> None:
    assert checks.undocumented(server.client.app, document) == []


async def test_everything_is_described(document: Json) -> None:
    assert checks.undescribed(document) == []
    assert checks.loose_shapes(document) == []


async def test_only_what_users_fill_in_themselves_is_free(document: Json) -> None:
    own = {"ChunkIn.metadata", "ChunkOut.metadata", "EntryChangeIn.metadata"}
    json_schemas = {"FurtherCallOut.reply_schema", "PreviewOut.reply_schema"}
    assert checks.free_objects(document) == own | json_schemas


def test_each_error_has_a_problem() -> None:
    assert checks.errors_without_problem(checks.all_errors()) == []


def test_each_error_has_a_word_of_its_own_and_says_what_to_do() -> None:
    kinds = [AppError, *checks.all_errors()]
    slugs = [kind.slug for kind in kinds]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch("[a-z][a-z-]*", slug) for slug in slugs)
    assert all(kind.__doc__ for kind in kinds)


@pytest.mark.parametrize("path", ["/health", "/ready", "/docs", "/openapi.json"])
async def test_open_routes_say_so(document: Json, path: str) -> None:
    assert document["paths"][path]["get"]["security"] == []


async def test_what_a_download_heeds_is_among_its_parameters(document: Json) -> None:
    described = document["paths"][f"{API}/datasets/{{dataset_id}}/download"]["get"]["parameters"]
    assert {"Range", "If-Range", "If-Match", "If-None-Match"} == {
        one["name"] for one in described if one["in"] == "header"
    }


async def test_the_seeds_ten_endpoints_are_there(document: Json) -> None:
    wanted = {
        ("/datasets/generate", "post"),
        ("/datasets/generate/{job_id}/status", "get"),
        ("/datasets/{dataset_id}", "get"),
        ("/datasets/{dataset_id}/entries", "get"),
        ("/datasets/{dataset_id}/entries/{entry_id}", "put"),
        ("/datasets/{dataset_id}/download", "get"),
    }
    assert {(path, method) for path, method in wanted if method not in document["paths"].get(API + path, {})} == set()


def route_of(method: str, path: str) -> Route:
    """The entry of the table with this address; literal addresses come before those with parameters."""
    matching = [
        route
        for route in ROUTES
        if route.method == method and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", route.documented_path), path)
    ]
    return min(matching, key=lambda route: route.documented_path.count("{"))


class Checked:
    """Asks, and compares each answer with the document."""

    def __init__(self, server: Server, document: Json) -> None:
        self._server = server
        self._document = document
        self.asked: set[str] = set()

    async def __call__(self, method: str, path: str, status: int = 200, **kwargs: Any) -> Any:
        address = path if path.startswith("/") else f"{API}/{path}"
        async with self._server.client.request(method, address, **kwargs) as response:
            text = await response.text()
            assert response.status == status, f"{method} {path}: {text[:1000]}"
            described = self._document["paths"][route_of(method, address).documented_path][method.lower()]
            media = described["responses"][str(status)].get("content", {})
            assert response.content_type in media or not text, f"{method} {path}: {response.content_type}"
        body = (
            json.loads(text)
            if text and "json" in response.content_type and "ndjson" not in response.content_type
            else None
        )
        if body is not None:
            assert checks.faults_of_answer(self._document, route_of(method, address), status, body) == []
        self.asked.add(route_of(method, address).name)
        return body


async def test_answers_are_as_they_are_described(server: Server, document: Json, fake: FakeLLM) -> None:
    ask = Checked(server, document)
    project = (await ask("POST", "projects", 201, json={"name": "x"}))["id"]
    chunks = [{"text": text, "document": "a.txt"} for text in [*PASSAGES, "Refused by all of them. FAULT:policy"]]
    await ask("POST", f"projects/{project}/chunks", 201, json={"chunks": chunks})
    (document_id,) = [one["id"] for one in await upload(server, project, {"b.txt": b"The kiln dries clay slowly."})]
    reading = await ask("POST", "documents/process", 202, json={"project_id": project})
    await server.ended(reading["job_id"])
    prompt = (await ask("POST", "prompts", 201, json={"name": "mine", "content": "Ask {chunk}."}))["id"]
    body = {"project_id": project, "generation_model": "grok", "prompt_name": "mine", "batch_size": 2}
    await ask("POST", "datasets/estimate", json=body)
    started = await ask("POST", "datasets/generate", json=body)
    job, dataset = started["job_id"], started["dataset_id"]
    await server.ended(job)
    await ask("GET", f"datasets/generate/{job}/status")
    for path in (
        *("/health", "/ready", "/openapi.json", "formats", "plugins/dataset-formats", "providers"),
        *("projects", f"projects/{project}", f"documents?project_id={project}", f"documents/{document_id}"),
        *(f"documents/{document_id}/content", f"chunks/project/{project}", f"chunks/document/{document_id}"),
        *("chunks/chunk_1", "prompts", f"prompts/{prompt}", "prompts/builtin:default", "prompts/by-name/mine"),
        *("jobs", f"jobs/{job}", f"jobs/status/{job}", f"jobs/{job}/outcomes", f"jobs/{job}/calls"),
        *(f"jobs/{reading['job_id']}", f"jobs/{reading['job_id']}/outcomes"),
        *(f"datasets/list/{project}", f"datasets/{dataset}", f"datasets/{dataset}/quality"),
        *(f"datasets/{dataset}/entries", f"datasets/{dataset}/entries/entry_1", f"datasets/{dataset}/download"),
    ):
        await ask(
            "GET", path.partition("?")[0], params=dict([path.partition("?")[2].split("=")]) if "?" in path else {}
        )
    await ask("PUT", f"datasets/{dataset}/entries/entry_1", json={"answer": "New.", "category": None, "feedback": "x"})
    await ask("GET", f"datasets/{dataset}/entries/entry_1")
    await ask("GET", f"datasets/{dataset}/entries")
    await ask("GET", f"datasets/{dataset}/download", 416, headers={"Range": "bytes=99999999-"})
    await ask("GET", f"datasets/{dataset}/download", 206, headers={"Range": "bytes=0-5"})
    await ask("POST", "quality/analyze", json={"dataset_id": dataset, "per_row": True})
    rows = [{"question": "What is it?", "answer": "She praised the women."}, {"summary": "Ofen."}]
    await ask("POST", "quality/analyze", json={"dataset": rows, "per_row": True})
    await ask("POST", f"jobs/{job}/retry", json={"statuses": ["refused"]})
    await server.ended(job)
    run = {"suite": "dataset", "dataset_id": dataset, "config": {"model": "builtin", "with_passage": True}}
    measured = (await ask("POST", "benchmarking/run", 202, json=run))["job_id"]
    await server.ended(measured)
    for path in ("results", "suites", f"results/{measured}", f"results/{measured}/samples"):
        await ask("GET", f"benchmarking/{path}")
    await ask("GET", "benchmarking/results/compare", params={"job1": measured, "job2": measured})
    for path in (f"jobs/{measured}", f"jobs/{measured}/outcomes", f"datasets/{dataset}"):
        await ask("GET", path)
    await ask("PUT", f"projects/{project}", json={"name": "y"})
    await ask("PUT", f"prompts/{prompt}", json={"name": "z"})
    for method, path, status in (
        ("POST", f"jobs/{job}/pause", 409),
        ("POST", f"jobs/{job}/cancel", 409),
        ("POST", f"jobs/{job}/resume", 409),
        ("GET", "jobs/x", 404),
        ("GET", "datasets/x/entries", 404),
        ("DELETE", f"datasets/{dataset}/entries/entry_2", 204),
        ("DELETE", f"datasets/{dataset}", 204),
        ("DELETE", "chunks/chunk_1", 204),
        ("DELETE", f"documents/{document_id}", 204),
        ("DELETE", f"prompts/{prompt}", 204),
        ("DELETE", f"projects/{project}", 204),
    ):
        await ask(method, path, status)
    not_asked = {route.name for route in ROUTES} - ask.asked
    assert not_asked <= {
        *("docs", "docs_asset", "metrics", "job_events", "upload_documents", "change_job", "prune_ledger"),
        *("rescore_dataset", "change_provider", "ledger_size", "list_batches"),
        # asked in the tests of their own
        *(f"{verb}_taxonomy" for verb in ("create", "get", "update", "delete", "export", "generate", "extend")),
        *("list_taxonomies", "export_project", "import_project"),
        *("start_extraction", "list_extraction_results", "get_extraction", "list_project_extractions"),
        *("list_extraction_files", "import_extraction", "delete_extraction"),
        *("list_versions", "latest_version", "version_manifest"),
        *("compare_versions", "increment_version", "roll_back_version"),
        "generate_evaluation",
        "dataset_coverage",
        *("create_reference", "list_references", "get_reference", "delete_reference"),
        *("preview_generation", "give_feedback", "list_feedback", "regenerate_entries", "restore_entry"),
    }, not_asked


async def test_answers_while_a_job_runs_are_as_they_are_described(
    server: Server, document: Json, fake: FakeLLM
) -> None:
    ask = Checked(server, document)
    fake.control({"hold_from": 2})
    project = await server.project()
    job = (await ask("POST", "datasets/generate", json={"project_id": project, "generation_model": "grok"}))["job_id"]
    await until(lambda: fake.held == 1)
    await ask("GET", f"jobs/{job}")
    await ask("PATCH", f"jobs/{job}", json={"max_calls": 4, "max_cost_usd": "2.5"})
    await ask("GET", f"jobs/{job}/outcomes")
    await ask("GET", f"jobs/{job}/calls")
    await ask("GET", f"datasets/{job}")
    pausing = asyncio.ensure_future(ask("POST", f"jobs/{job}/pause"))
    await until(lambda: halted(server, job))
    fake.let_go()
    await pausing
    await ask("GET", "jobs")
    await ask("POST", f"jobs/{job}/resume")
    await ask("POST", f"jobs/{job}/cancel")


@pytest.mark.parametrize("mode", MODES)
async def test_entries_of_each_mode_are_as_they_are_described(server: Server, document: Json, mode: str) -> None:
    ask = Checked(server, document)
    body = {"project_id": await server.project(), "generation_model": "ollama", "generation_mode": mode}
    dataset = (await server.generate(body))["result"]["dataset_id"]
    page = await ask("GET", f"datasets/{dataset}/entries")
    await ask("GET", f"datasets/{dataset}/entries/{page['entries'][0]['id']}")
    assert {name for entry in page["entries"] for name in entry["metadata"]} == COMPUTED_METADATA


async def test_judged_entries_are_as_they_are_described(server: Server, document: Json) -> None:
    ask = Checked(server, document)
    body = {"project_id": await server.project(), "generation_model": "grok", "judge_model": "ollama"}
    dataset = (await server.generate(body))["result"]["dataset_id"]
    page = await ask("GET", f"datasets/{dataset}/entries")
    assert all(entry["metadata"]["judge"] for entry in page["entries"])
    await ask("GET", f"datasets/{dataset}")


async def test_a_refusal_is_as_it_is_described(server: Server, document: Json) -> None:
    ask = Checked(server, document)
    await ask("POST", "datasets/generate", 400, json={"concurrency": 0, "x": 1})
    await ask("POST", "datasets/generate", 404, json={"project_id": 77})
    await ask("POST", "datasets/generate", 415, data=b"x", headers={"Content-Type": "text/plain"})


async def test_refusals_of_keys_and_hosts_are_as_they_are_described(data_dir: Path, document: Json) -> None:
    async with running_app(settings_for(data_dir.with_name("other"))) as server:
        ask = Checked(server, document)
        await ask("GET", "projects", 421, headers={"Host": "evil.example"})
        await ask("POST", "projects", 403, json={"name": "x"}, headers={"Origin": "https://evil.example"})
