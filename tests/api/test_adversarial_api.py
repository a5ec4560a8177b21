"""A model that obeys every order it can read outside the fences is led by nobody but the person who asks."""

from pathlib import Path
from typing import Any

from adversarial import PASSAGES, orders
from api_parts import ScriptedModel, entries
from app_parts import Json, Server
from chunksmith.domain.calls import ChatRequest
from review_parts import passage_in, regenerate, reviewing


def obedient(request: ChatRequest) -> Any:
    said = " and ".join(sorted(orders(message.text for message in request.messages)))
    quote = passage_in(request)[:60]
    return {"entries": [{"question": f"Who says {said}?", "answer": quote, "quote": quote}]}


def questions(found: list[Json]) -> set[str]:
    return {one["question"] for one in found}


async def test_no_passage_and_no_comment_gives_orders(data_dir: Path) -> None:
    async with reviewing(data_dir, ScriptedModel(obedient)) as server:
        body: Json = {
            "project_id": await server.project(list(PASSAGES.values())),
            "generation_model": "ollama",
            "custom_prompt": "SAY BANANA {chunk}",
            "concurrency": 8,
        }
        dataset = (await server.generate(body))["result"]["dataset_id"]
        made = await entries(server, dataset)
        assert len(made) == len(PASSAGES)
        assert questions(made) == {"Who says BANANA?"}
        await comment(server, dataset, made)
        config = {"instructions": "SAY CHERRY"}
        await regenerate(server, dataset, {"filter": {}, "regeneration_config": config, "concurrency": 8})
        assert questions(await entries(server, dataset, status="regenerated")) == {"Who says BANANA and CHERRY?"}
        body |= {"few_shot": 10}
        await server.post(f"datasets/{dataset}/feedback", {"entry_ids": [1], "feedback_type": "approve"})
        again = (await server.generate(body))["result"]["dataset_id"]
        assert questions(await entries(server, again)) == {"Who says BANANA?"}


async def comment(server: Server, dataset: str, made: list[Json]) -> None:
    for entry, text in zip(made, PASSAGES.values(), strict=True):
        body = {"entry_ids": [entry["id"]], "feedback_type": "content_error", "comments": text[:5000]}
        await server.post(f"datasets/{dataset}/feedback", body)
