"""A ceiling on money that is set on a job counts every model that the job may still ask."""

from typing import Any

import pytest

from api_parts import faults, upload
from app_parts import Json, Server
from fake_llm import FakeLLM
from reading_parts import pdf

UNPRICED = "grok/unheard-of"
TREE = {"name": "T", "children": [{"name": "Rocks"}, {"name": "Tools"}]}


async def generation(server: Server, project: int) -> Json:
    body = {"project_id": project, "generation_model": "ollama", "classification_model": UNPRICED}
    return await server.post("datasets/generate", body)


async def extraction(server: Server, project: int) -> Json:
    made = await server.post("taxonomy", {"project_id": project, "name": "T", "taxonomy": TREE}, 201)
    body = {"project_id": project, "taxonomy_id": made["id"], "initial_classifier": "ollama"}
    judged = {"enable_validation_stage": True, "validation_classifier": UNPRICED}
    return await server.post("extraction", body | judged, 202)


async def taxonomy(server: Server, project: int) -> Json:
    body = {"project_id": project, "name": "T", "model": UNPRICED, "mode": "complete"}
    return await server.post("taxonomy/generate", body, 202)


async def processing(server: Server, project: int) -> Json:
    await upload(server, project, {"scan.pdf": pdf("scan: one", "scan: two")})
    body = {"project_id": project, "parsing_model": UNPRICED}
    return await server.post("documents/process", body, 202)


async def unread(server: Server, project: int) -> Json:
    await upload(server, project, {"scan.pdf": pdf("scan: one", "scan: two")})
    body = {"project_id": project, "generation_model": "ollama", "parsing_model": UNPRICED}
    return await server.post("datasets/generate", body)


@pytest.mark.parametrize("start", [generation, extraction, taxonomy, processing, unread], ids=lambda one: one.__name__)
async def test_a_price_that_is_unknown_forbids_a_ceiling(server: Server, fake: FakeLLM, start: Any) -> None:
    fake.control({"latency_ms": 60_000})
    job = (await start(server, await server.project()))["job_id"]
    found = await faults(server, "PATCH", f"jobs/{job}", json={"max_cost_usd": "5"})
    assert list(found) == ["/max_cost_usd"]
    assert "price of grok/unheard-of is unknown" in found["/max_cost_usd"]
    await server.call("PATCH", f"jobs/{job}", json={"max_calls": 2})
    await server.post(f"jobs/{job}/cancel")


async def test_models_that_read_do_not_count_when_everything_is_read(server: Server, fake: FakeLLM) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "parsing_model": UNPRICED}
    started = await server.post("datasets/generate", body | {"max_calls": 1})
    await server.ended(started["job_id"], ("paused",))
    await server.call("PATCH", f"jobs/{started['job_id']}", json={"max_cost_usd": "5"})
