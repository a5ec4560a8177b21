"""Estimates where a second model classifies: its prompts are rendered too, with the entries where they are known."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api_parts import upload
from app_parts import Json, Server, running_app, settings_for
from fake_llm import FakeLLM

TREE = {"name": "T", "children": [{"name": f"Category {n}", "description": "about rocks"} for n in range(30)]}
MANY = [
    f"Sample {n} was taken at site {n}. The keeper stored sample {n} in drawer {n} of the shelf." for n in range(30)
]
PRICES = {"prices": {name: {"input": 1.0, "output": 2.0} for name in ("grok", "gemini")}}


@pytest.fixture
async def priced(tmp_path: Path) -> AsyncIterator[tuple[Server, FakeLLM]]:
    async with FakeLLM() as fake, running_app(settings_for(tmp_path, fake, PRICES)) as server:
        yield server, fake


async def body_of(server: Server) -> Json:
    project = await server.project(MANY)
    await server.post("taxonomy", {"project_id": project, "name": "T", "taxonomy": TREE}, 201)
    models = {"generation_model": "grok", "classification_model": "gemini"}
    return {"project_id": project, "data_source": "Taxonomy", "concurrency": 8, **models}


def holds(estimate: Json, usage: Json) -> dict[str, bool]:
    held = {name: estimate[name]["low"] <= usage[name] <= estimate[name]["high"] for name in ("calls", "input_tokens")}
    cost = estimate["cost_usd"]
    return {**held, "cost": float(cost["low"]) <= float(usage["cost_usd"]) <= float(cost["high"])}


async def test_it_holds_what_both_models_take(priced: tuple[Server, FakeLLM]) -> None:
    server, _ = priced
    body = await body_of(server)
    estimate = await server.post("datasets/estimate", body)
    usage = (await server.generate(body))["result"]["usage"]
    assert usage["calls"] == 2 * len(MANY)
    assert holds(estimate, usage) == {"calls": True, "input_tokens": True, "cost": True}
    assert (await server.post("datasets/estimate", body))["calls"] == {"low": 0, "high": 0}


async def test_what_the_first_model_wrote_before_is_only_labelled(priced: tuple[Server, FakeLLM]) -> None:
    server, fake = priced
    body = await body_of(server)
    await server.generate(body | {"classification_model": "ollama"})
    sent = fake.stats.chats
    estimate = await server.post("datasets/estimate", body)
    usage = (await server.generate(body))["result"]["usage"]
    assert fake.stats.chats - sent == usage["calls"] == len(MANY)
    assert holds(estimate, usage) == {"calls": True, "input_tokens": True, "cost": True}
    # Known prompts leave little to guess: the tokens of one call are off by the error of counting, and by the schema.
    assert estimate["input_tokens"]["high"] / estimate["calls"]["high"] < 1.5 * usage["input_tokens"] / usage["calls"]


async def test_it_learns_from_labels_of_before(priced: tuple[Server, FakeLLM]) -> None:
    server, _ = priced
    body = await body_of(server)
    before = await server.post("datasets/estimate", body | {"reuse": False})
    await server.generate(body)
    after = await server.post("datasets/estimate", body | {"reuse": False})
    widths = [one["output_tokens"]["high"] - one["output_tokens"]["low"] for one in (before, after)]
    assert widths[1] < widths[0] / 2


async def test_a_price_of_the_second_model_that_is_unknown_makes_the_whole_unknown(tmp_path: Path) -> None:
    async with FakeLLM() as fake, running_app(settings_for(tmp_path, fake)) as server:
        body = await body_of(server) | {"classification_model": "gemini/unheard-of"}
        assert (await server.post("datasets/estimate", body))["cost_usd"] is None


async def test_what_models_have_to_read_first_is_said_not_to_be_in_it(priced: tuple[Server, FakeLLM]) -> None:
    server, _ = priced
    project = int((await server.post("projects", {"name": "x"}, 201))["id"])
    await upload(server, project, {"long.txt": b"Sentences about kilns. " * 200})
    body: dict[str, Any] = {"project_id": project, "generation_model": "grok"}
    plain = await server.post("datasets/estimate", body)
    read = await server.post("datasets/estimate", body | {"parsing_model": "gemini"})
    assert plain["cost_usd"] is not None
    assert read["cost_usd"] is None
    assert any(line.startswith("without the calls of gemini") for line in read["rests_on"])
