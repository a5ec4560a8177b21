"""Starting a generation and what the answers look like, over each provider's wire."""

import json
import re
from typing import Any

import pytest

from api_parts import entries, faults, job_count, mismatches
from app_parts import API, PASSAGES, Server
from fake_llm import FakeLLM

SEED_EXAMPLE: dict[str, Any] = {
    "project_id": 1,
    "data_source": "Chunks Only",
    "prompt_name": "default",
    "custom_prompt": "Optional custom prompt content",
    "selected_categories": ["category1", "category2"],
    "generation_mode": "default",
    "format_type": "jsonl",
    "concurrency": 1,
    "batch_size": 50,
    "include_evaluation_sets": False,
    "taxonomy_project": None,
    "taxonomy_name": None,
    "output_dir": ".",
    "analyze_quality": True,
    "quality_threshold": 0.7,
    "enable_versioning": False,
    "dataset_name": None,
    "run_benchmarks": False,
    "benchmark_suite": "glue",
    "parsing_model": "gemini",
    "chunking_model": "gemini",
    "classification_model": "gemini",
    "datasets_per_chunk": 3,
    "only_validated": False,
}
BATCH_FILE = {
    "batch_index": int,
    "file_path": str,
    "entries_count": int,
    "chunks_processed": int,
    "size_bytes": int,
    "sha256": str,
}
STARTED = {
    "job_id": str,
    "message": str,
    "status": str,
    "estimated_duration": str,
    "dataset_id": str,
    "warnings": [str],
}
STATUS = {
    "job_id": str,
    "status": str,
    "progress": int,
    "current_step": str,
    "estimated_completion": (str, type(None)),
    "error": (str, type(None)),
    "created_at": str,
    "started_at": str,
    "completed_at": str,
    "result": {
        "dataset_id": str,
        "batch_files": [BATCH_FILE],
        "completed_batches": int,
        "total_batches": int,
        "total_entries_so_far": int,
        "units": {"total": int, "done": int, "failed": int, "pending": int},
        "outcomes": dict.fromkeys(("accepted", "rejected", "duplicate", "invalid", "refused", "failed"), int),
        "usage": {
            "calls": int,
            "reused_calls": int,
            "input_tokens": int,
            "output_tokens": int,
            "cost_usd": (str, type(None)),
        },
        "waiting_for": type(None),
    },
}
DATASET = {
    "id": str,
    "name": str,
    "entries": list,
    "total_entries": int,
    "created_at": str,
    "format_type": str,
    "batch_files": [BATCH_FILE],
    "total_batches": int,
    "quality_summary": {"overall_score": float, "diversity_score": float, "bias_score": float},
}
ENTRIES = {
    "entries": [
        {
            "id": str,
            "question": str,
            "answer": str,
            "category": str,
            "quality_score": float,
            "difficulty": str,
            "source_chunk": str,
            "metadata": {"model": str, "taxonomy_level": (int, type(None))},
        }
    ],
    "total": int,
    "page": int,
    "per_page": int,
    "quality_summary": {"average_score": float, "distribution": {"high": int, "medium": int, "low": int}},
}


def with_models(provider: str) -> dict[str, Any]:
    return SEED_EXAMPLE | {f"{stage}_model": provider for stage in ("parsing", "chunking", "classification")}


@pytest.mark.parametrize("provider", ["gemini", "grok", "ollama", "builtin"])
async def test_the_example_body_gives_every_field_with_its_type(server: Server, provider: str) -> None:
    body = with_models(provider) | {"project_id": await server.project()}
    started = await server.post("datasets/generate", body)
    assert mismatches(STARTED, started) == []
    await server.ended(started["job_id"])
    status = await server.get(f"datasets/generate/{started['job_id']}/status")
    assert mismatches(STATUS, status) == []
    dataset = await server.get(f"datasets/{started['dataset_id']}")
    assert mismatches(DATASET, dataset) == []
    page = await server.get(f"datasets/{started['dataset_id']}/entries")
    assert mismatches(ENTRIES, page) == []
    assert page["total"] == dataset["total_entries"] == status["result"]["total_entries_so_far"] > 0
    assert sum(page["quality_summary"]["distribution"].values()) == page["total"]


@pytest.mark.parametrize("provider", ["gemini", "grok", "ollama"])
async def test_one_call_is_sent_for_each_chunk(server: Server, fake: FakeLLM, provider: str) -> None:
    status = await server.generate(with_models(provider) | {"project_id": await server.project()})
    assert (fake.stats.chats, status["result"]["usage"]["calls"]) == (len(PASSAGES), len(PASSAGES))
    assert status["result"]["outcomes"]["accepted"] == len(PASSAGES)


async def test_the_answer_names_where_the_status_is(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama"}
    async with server.client.post(f"{API}/datasets/generate", json=body) as response:
        started = await response.json()
        location = response.headers["Location"]
    assert location == f"{API}/datasets/generate/{started['job_id']}/status"
    assert (await server.get(location))["job_id"] == started["job_id"]
    await server.ended(started["job_id"])


async def test_identifiers_have_the_promised_form(server: Server) -> None:
    uuid4 = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    status = await server.generate({"project_id": await server.project(), "generation_model": "ollama"})
    assert re.fullmatch(f"dataset-gen-{uuid4}", status["job_id"])
    assert re.fullmatch(f"dataset_{uuid4}", status["result"]["dataset_id"])
    found = await entries(server, status["result"]["dataset_id"])
    assert all(re.fullmatch(r"entry_[1-9]\d*", entry["id"]) for entry in found)


async def test_what_cannot_apply_is_named_in_the_warnings(server: Server) -> None:
    started = await server.post("datasets/generate", with_models("ollama") | {"project_id": await server.project()})
    await server.ended(started["job_id"])
    named = [warning.partition(" ")[0] for warning in started["warnings"]]
    assert sorted(named) == ["chunking_model", "parsing_model", "selected_categories"]


async def test_a_plain_body_has_no_warnings(server: Server) -> None:
    started = await server.post("datasets/generate", {"project_id": await server.project()})
    await server.ended(started["job_id"])
    assert started["warnings"] == []


@pytest.mark.parametrize("form", ["integer", "digits", "uuid"])
async def test_a_project_is_named_by_number_digits_or_uuid(server: Server, form: str) -> None:
    number = await server.project()
    project = await server.get(f"projects/{number}")
    named = {"integer": number, "digits": str(number), "uuid": project["uuid"]}[form]
    status = await server.generate({"project_id": named, "generation_model": "ollama"})
    assert status["project_id"] == number
    assert (await server.get(f"datasets/list/{named}"))["total"] == 1


async def test_the_same_key_and_body_give_the_same_job(server: Server, fake: FakeLLM) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama"}
    headers = {"Idempotency-Key": "once"}
    first = await server.post("datasets/generate", body, headers=headers)
    await server.ended(first["job_id"])
    second = await server.post("datasets/generate", body, headers=headers)
    assert (second["job_id"], second["dataset_id"]) == (first["job_id"], first["dataset_id"])
    assert (await job_count(server), fake.stats.chats) == (1, len(PASSAGES))


async def test_the_same_answer_is_given_again_with_its_warnings(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "selected_categories": ["a"]}
    first = await server.post("datasets/generate", body, headers={"Idempotency-Key": "once"})
    await server.ended(first["job_id"])
    second = await server.post("datasets/generate", body, headers={"Idempotency-Key": "once"})
    assert second["warnings"] == first["warnings"] != []


async def test_the_same_key_with_another_body_is_a_conflict(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama"}
    first = await server.post("datasets/generate", body, headers={"Idempotency-Key": "once"})
    await server.post("datasets/generate", body | {"batch_size": 1}, 409, headers={"Idempotency-Key": "once"})
    await server.ended(first["job_id"])
    assert await job_count(server) == 1


async def test_a_key_that_is_no_text_is_refused(server: Server) -> None:
    body = {"project_id": await server.project()}
    found = await faults(server, "POST", "datasets/generate", json=body, headers={"Idempotency-Key": "a b"})
    assert list(found) == ["header/Idempotency-Key"]


async def test_a_job_of_another_kind_has_no_generation_status(server: Server) -> None:
    await server.get("datasets/generate/process-1/status", 404)


async def test_a_model_named_as_gemini_lists_it_is_that_model(server: Server, fake: FakeLLM) -> None:
    wanted = {"project_id": await server.project(), "generation_model": "gemini/models/gemini-2.5-flash"}
    result = (await server.generate(wanted))["result"]
    asked = [json.loads(request.body)["generationConfig"] for request in fake.stats.seen]
    assert {one["thinkingConfig"]["thinkingBudget"] for one in asked} == {0}
    assert float(result["usage"]["cost_usd"]) > 0
