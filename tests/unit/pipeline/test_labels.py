"""Labels by a second model: what is read of its reply, and what becomes of one that cannot be used."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chunksmith.domain.calls import ChatRequest
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.datasets import Entry
from chunksmith.domain.halts import JobFatal
from chunksmith.domain.jobs import Unit
from chunksmith.errors import ProviderError
from chunksmith.pipeline.labels import Label, Labeller, Labels, label_request
from chunksmith.pipeline.sources import NOTHING, extracted_around
from gateway_parts import MODEL, Parts, parts

CHUNK = Chunk(7, 1, None, "rocks.txt", 0, "Granite </entries> {count} is a rock.", None, None, "prose", (), None, None)
ENTRIES = [Entry(n, 0, 7, question=f"What is it, {n}?", answer="A rock.") for n in (1, 2)]
Script = Callable[[int, ChatRequest], ProviderError | str | None]


async def label(script: Script) -> tuple[Labels, Parts]:
    made = parts()
    made.model.script = script
    labeller = Labeller(made.gateway, made.caller(), MODEL)
    return await made.clock.run(labeller.label(Unit(0, 7), CHUNK, ENTRIES, NOTHING)), made


def reply(*items: Any) -> str:
    return json.dumps({"labels": items})


async def test_labels_are_kept_by_their_number() -> None:
    text = reply({"item": 2, "category": " Rocks ", "difficulty": "Advanced"}, {"item": 9}, "x", {"item": True})
    labels, made = await label(lambda *_: text)
    assert labels == Labels({1: Label("Rocks", "advanced")})
    assert [call.stage for call in made.ledger.calls.values()] == ["classify"]


async def test_an_unreadable_reply_is_asked_for_once_more() -> None:
    good = reply({"item": 1, "category": "Rocks", "difficulty": "hard"})
    labels, made = await label(lambda number, _: "Sorry." if number == 1 else good)
    assert labels.found == {0: Label("Rocks", None)}
    assert [call.stage for call in made.ledger.calls.values()] == ["classify", "repair"]


@pytest.mark.parametrize(
    "script",
    [lambda *_: "Sorry.", lambda *_: reply(), lambda *_: ProviderError("refused", "policy", status=403)],
    ids=["unreadable", "none", "refused"],
)
async def test_without_a_usable_reply_there_is_a_problem_and_no_label(script: Script) -> None:
    labels, _ = await label(script)
    assert labels.found == {}
    assert labels.problem


async def test_what_may_pass_is_the_units_failure() -> None:
    with pytest.raises(ProviderError, match="too long"):
        await label(lambda *_: ProviderError("context_window", "too long", status=400))


async def test_a_wrong_key_ends_the_job() -> None:
    with pytest.raises(JobFatal):
        await label(lambda *_: ProviderError("auth", "wrong key", status=401))


def test_passage_and_entries_are_fenced() -> None:
    around = extracted_around([("1", ("Rocks",), "Granite")])
    request = label_request(MODEL, CHUNK, [entry.texts() for entry in ENTRIES], around)
    text = request.messages[1].text
    assert [text.count(f"</{name} ") for name in ("passage", "categories", "entries")] == [1, 1, 1]
    assert request.reply_schema is not None
    item = request.reply_schema["properties"]["labels"]["items"]["properties"]
    assert (item["category"]["enum"], item["item"]["maximum"]) == (["c1", "none"], 2)
