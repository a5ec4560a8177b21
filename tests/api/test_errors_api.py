"""Bad input: the status and the words that are promised, all faults at once, and nothing started."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api_parts import bodies, faults, job_count, upload
from app_parts import API, PASSAGES, Server, running_app, settings_for
from chunksmith.app import RUNNER
from chunksmith.web.fields import StrictSchema
from chunksmith.web.schemas.generation import GenerateIn
from fake_llm import FakeLLM


@pytest.fixture
async def bare(data_dir: Path, fake: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A server without any key."""
    for variable in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "XAI_API_KEY", "OLLAMA_HOST"):
        monkeypatch.delenv(variable, raising=False)
    urls = {name: {"base_url": fake.base_url(name)} for name in ("gemini", "grok", "ollama")}
    async with running_app(settings_for(data_dir, None, {"providers": urls})) as server:
        yield server


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"project_id": None}, "/project_id"),
    ({"project_id": True}, "/project_id"),
    ({"project_id": 1.5}, "/project_id"),
    ({"project_id": -1}, "/project_id"),
    ({"data_source": "chunks only"}, "/data_source"),
    ({"data_source": None}, "/data_source"),
    ({"generation_mode": "qa"}, "/generation_mode"),
    ({"format_type": "xml"}, "/format_type"),
    ({"concurrency": 0}, "/concurrency"),
    ({"concurrency": 1025}, "/concurrency"),
    ({"concurrency": "1"}, "/concurrency"),
    ({"concurrency": True}, "/concurrency"),
    ({"batch_size": -1}, "/batch_size"),
    ({"datasets_per_chunk": 0}, "/datasets_per_chunk"),
    ({"quality_threshold": 1.1}, "/quality_threshold"),
    ({"quality_threshold": "0.5"}, "/quality_threshold"),
    ({"analyze_quality": "yes"}, "/analyze_quality"),
    ({"output_dir": "/etc"}, "/output_dir"),
    ({"output_dir": "../x"}, "/output_dir"),
    ({"output_dir": "a/../../x"}, "/output_dir"),
    ({"output_dir": "..\\x"}, "/output_dir"),
    ({"output_dir": "C:/x"}, "/output_dir"),
    ({"output_dir": ".exports"}, "/output_dir"),
    ({"output_dir": "a\nb"}, "/output_dir"),
    ({"output_dir": "a\x00b"}, "/output_dir"),
    ({"benchmark_suite": "own"}, "/benchmark_suite"),
    ({"parsing_model": "gpt"}, "/parsing_model"),
    ({"chunking_model": "gpt/4"}, "/chunking_model"),
    ({"classification_model": "claude"}, "/classification_model"),
    ({"generation_model": "openai/x"}, "/generation_model"),
    ({"generation_model": "builtin/other"}, "/generation_model"),
    ({"generation_model": 5}, "/generation_model"),
    ({"judge_model": "claude"}, "/judge_model"),
    ({"max_cost_usd": "-1"}, "/max_cost_usd"),
    ({"max_cost_usd": "NaN"}, "/max_cost_usd"),
    ({"max_cost_usd": 0}, "/max_cost_usd"),
    ({"max_calls": 0}, "/max_calls"),
    ({"seed": -1}, "/seed"),
    ({"few_shot": 11}, "/few_shot"),
    ({"include_evaluation_sets": 1}, "/include_evaluation_sets"),
    ({"split_ratios": {"train": 0.5, "validation": 0.1, "test": 0.1}}, "/split_ratios"),
    ({"split_ratios": {"train": 0.0, "validation": 0.5, "test": 0.5}}, "/split_ratios"),
    ({"split_seed": "x"}, "/split_seed"),
    ({"fill_gaps": "all"}, "/fill_gaps"),
    ({"fill_gaps_of": ""}, "/fill_gaps_of"),
    ({"deduplicate": "yes"}, "/deduplicate"),
    ({"deduplicate_against": "reference_1"}, "/deduplicate_against"),
    ({"contamination_against": ["reference_9"]}, "/contamination_against/0"),
    ({"contamination_action": "delete"}, "/contamination_action"),
    ({"temperature": 2.1}, "/temperature"),
    ({"max_tokens": 1}, "/max_tokens"),
    ({"document_ids": []}, "/document_ids"),
    ({"document_ids": ["x"]}, "/document_ids/0"),
    ({"chunk_strategy": "magic"}, "/chunk_strategy"),
    ({"chunk_size": 0}, "/chunk_size"),
    ({"chunk_overlap": -1}, "/chunk_overlap"),
    ({"chunk_delimiter": ""}, "/chunk_delimiter"),
    ({"selected_categories": [1]}, "/selected_categories/0"),
    ({"custom_prompt": ""}, "/custom_prompt"),
    ({"prompt_name": ""}, "/prompt_name"),
    ({"quality_filter": True, "analyze_quality": False}, "/quality_filter"),
    ({"concurency": 2}, "/concurency"),
]


@pytest.mark.parametrize(("wrong", "pointer"), WRONG, ids=str)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_cannot_be_meant_is_named_and_starts_nothing(
    shared: Server, wrong: dict[str, Any], pointer: str
) -> None:
    body = {"project_id": await shared.project(PASSAGES[:1]), **wrong}
    assert list(await faults(shared, "POST", "datasets/generate", json=body)) == [pointer]
    assert await job_count(shared) == 0


@pytest.mark.asyncio(loop_scope="module")
async def test_all_faults_are_named_at_once(shared: Server) -> None:
    body: dict[str, Any] = {}
    for wrong, _ in WRONG:
        body = {**wrong, **body}
    body |= {"quality_filter": True, "analyze_quality": False, "enable_versioning": True}
    found = await faults(shared, "POST", "datasets/generate", json=body)
    wanted = {pointer for wrong, pointer in WRONG if all(body[name] == value for name, value in wrong.items())}
    assert wanted | {"/dataset_name"} <= set(found)
    assert len(found) >= 25
    assert "did you mean concurrency?" in found["/concurency"]


async def test_faults_of_form_and_of_meaning_are_named_together(bare: Server) -> None:
    body = {"project_id": 99, "concurrency": 0, "prompt_name": "no such", "classification_model": "grok", "colour": 1}
    found = await faults(bare, "POST", "datasets/generate", json=body)
    assert set(found) == {"/project_id", "/concurrency", "/prompt_name", "/classification_model", "/colour"}


async def test_refusals_of_several_kinds_are_named_together(bare: Server) -> None:
    body = {"project_id": await bare.project(PASSAGES[:1]), "prompt_name": "no such", "classification_model": "grok"}
    found = await faults(bare, "POST", "datasets/generate", json=body)
    assert set(found) == {"/prompt_name", "/classification_model"}


async def test_all_faults_of_a_processing_are_named_together(bare: Server) -> None:
    body = {"project_id": 99, "concurrency": 0, "parsing_model": "gpt", "chunking_model": "grok"}
    found = await faults(bare, "POST", "documents/process", json=body)
    assert set(found) == {"/project_id", "/concurrency", "/parsing_model"}


def test_every_field_of_a_generation_is_tried() -> None:
    tried = {name for wrong, _ in WRONG for name in wrong}
    accepted_as_text = {"extraction_file_id", "taxonomy_name", "taxonomy_project", "dataset_name"}
    described = {"audience", "purpose", "domain", "complexity_level"}
    flags = {"only_validated", "reuse", "run_benchmarks", "enable_versioning"}
    assert issubclass(GenerateIn, StrictSchema)
    assert set(GenerateIn().fields) == (tried - {"concurency"}) | accepted_as_text | described | flags


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("project_id", 99, 404),
        ("project_id", "no-such", 404),
        ("prompt_name", "no such", 404),
        ("document_ids", [5], 404),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_does_not_exist_is_404(shared: Server, field: str, value: Any, status: int) -> None:
    body = {"project_id": await shared.project(PASSAGES[:1]), field: value}
    await shared.post("datasets/generate", body, status)
    assert await job_count(shared) == 0


async def test_a_project_without_chunks_is_refused_in_the_promised_words(server: Server) -> None:
    project = (await server.post("projects", {"name": "empty"}, 201))["id"]
    problem = await server.post("datasets/generate", {"project_id": project}, 400)
    assert problem["detail"] == "No chunks found for project"
    assert [error["pointer"] for error in problem["errors"]] == ["/project_id"]
    assert await job_count(server) == 0


async def test_chunks_without_anything_extracted_are_told_apart(server: Server) -> None:
    body = {"project_id": await server.project(PASSAGES[:1]), "data_source": "Extract"}
    problem = await server.post("datasets/generate", body, 400)
    assert problem["detail"] == "No chunks found for project"
    assert [error["pointer"] for error in problem["errors"]] == ["/data_source"]


@pytest.mark.parametrize("model", ["gemini/", "grok/two words", "ollama/line\nbreak", "gemini/\x7f"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_model_without_a_usable_name_is_refused(shared: Server, model: str) -> None:
    body = {"project_id": await shared.project(PASSAGES[:1]), "generation_model": model}
    problem = await shared.post("datasets/generate", body, 400)
    assert [error["pointer"] for error in problem["errors"]] == ["/generation_model"]
    assert await job_count(shared) == 0


async def test_documents_without_chunks_are_refused_although_others_wait(server: Server) -> None:
    project = (await server.post("projects", {"name": "x"}, 201))["id"]
    (blank,) = await upload(server, project, {"blank.txt": b" \n"})
    job = (await server.post("documents/process", {"project_id": project}, 202))["job_id"]
    await server.ended(job, ("completed", "failed"))
    await upload(server, project, {"waits.txt": b"The kiln dries clay."})
    problem = await server.post("datasets/generate", {"project_id": project, "document_ids": [blank["id"]]}, 400)
    assert problem["detail"] == "No chunks found for project"


@pytest.mark.parametrize("provider", ["gemini", "grok"])
async def test_a_missing_key_is_refused_in_the_promised_words(bare: Server, fake: FakeLLM, provider: str) -> None:
    body = {"project_id": await bare.project(), "classification_model": provider}
    problem = await bare.post("datasets/generate", body, 400)
    assert problem["detail"] == f"API key not configured: {provider}"
    assert (await job_count(bare), bodies(fake)) == (0, [])


async def test_a_key_that_a_provider_refuses_fails_the_job_and_says_so(data_dir: Path, fake: FakeLLM) -> None:
    fake.control({"keys": ["another"]})
    async with running_app(settings_for(data_dir, fake)) as server:
        body = {"project_id": await server.project(), "generation_model": "grok"}
        status = await server.generate(body, ("failed", "paused"))
    assert "key" in status["error"].lower()
    assert "test-grok-key" not in json.dumps(status)


async def test_a_body_may_begin_with_a_byte_order_mark(server: Server) -> None:
    body = b'\xef\xbb\xbf{"name": "Marked"}'
    made = await server.call("POST", "projects", 201, data=body, headers={"Content-Type": "application/json"})
    assert made["name"] == "Marked"


async def test_a_wrong_media_type_is_told_all_that_would_do(server: Server) -> None:
    path = f"projects/{await server.project()}/chunks"
    problem = await server.call("POST", path, 415, data=b"text", headers={"Content-Type": "text/plain"})
    assert problem["detail"].startswith("Content-Type must be application/json or application/x-ndjson or ")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b'{"project_id": NaN}', "application/json", 400),
        (b'{"project_id": 1e999}', "application/json", 400),
        (b'{"custom_prompt": "\\ud800", "project_id": 1}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"project_id": 1, "project_id": 2}', "application/json", 400),
        (b'{"project_id": 1}', "text/plain", 415),
        (b'{"project_id": 1}', "application/json; charset=latin-1", 415),
        (b'{"project_id": 1}', "application/x-www-form-urlencoded", 415),
    ],
    ids=["empty", "cut", "list", "nan", "infinite", "surrogate", "no utf-8", "deep", "twice", "text", "latin", "form"],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_body_that_is_not_read_is_refused(shared: Server, content: bytes, kind: str, status: int) -> None:
    async with shared.client.post(f"{API}/datasets/generate", data=content, headers={"Content-Type": kind}) as response:
        problem = await response.json(content_type="application/problem+json")
        assert (response.status, problem["status"]) == (status, status)
    assert await job_count(shared) == 0


async def test_a_body_over_the_limit_is_413(data_dir: Path) -> None:
    async with running_app(settings_for(data_dir, None, {"server": {"max_body_bytes": 2000}})) as server:
        await server.post("datasets/generate", {"project_id": 1, "custom_prompt": "x" * 3000}, 413)


async def test_a_problem_has_the_promised_fields(server: Server) -> None:
    async with server.client.get(f"{API}/jobs/x", headers={"X-Request-Id": "mine-1"}) as response:
        problem = await response.json(content_type="application/problem+json")
        assert response.headers["X-Request-Id"] == "mine-1"
    assert problem == {
        "type": "urn:chunksmith:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "Job not found: x",
        "instance": "mine-1",
        "errors": [],
    }


@pytest.mark.parametrize(("method", "path"), [("DELETE", "jobs"), ("PUT", "datasets/generate"), ("POST", "formats")])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_method_that_is_not_there_names_those_that_are(shared: Server, method: str, path: str) -> None:
    async with shared.client.request(method, f"{API}/{path}") as response:
        assert response.status == 405
        assert "GET" in response.headers["Allow"] or "POST" in response.headers["Allow"]
        assert (await response.json(content_type=None))["type"] == "about:blank"


async def test_an_address_that_is_not_there_is_404(server: Server) -> None:
    for path in ("/", "/api/v1", "/api/v1/nothing", "/api/v2/projects", "/docs/../settings.toml"):
        await server.get(path, 404)


async def test_an_unexpected_fault_says_nothing_about_itself(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("chunksmith.web.handlers.service.known_formats", broken)
    async with server.client.get(f"{API}/formats") as response:
        text = await response.text()
        assert response.status == 500
    assert "secret detail" not in text
    assert any(record.exc_info and "secret detail" in str(record.exc_info[1]) for record in caplog.records)


async def test_work_is_refused_while_the_server_stops(server: Server) -> None:
    project = await server.project()
    server.client.app[RUNNER].stopping = True
    async with server.client.post(f"{API}/datasets/generate", json={"project_id": project}) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
    await server.get("jobs")
