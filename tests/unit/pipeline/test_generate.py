"""One chunk becomes entries, or an outcome that says why not."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from chunksmith.domain.calls import ChatReply, ChatRequest, Usage
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.halts import JobFatal
from chunksmith.domain.jobs import Unit
from chunksmith.errors import ProviderError
from chunksmith.pipeline.generate import Defaults, Recipe, UnitResult, Writer
from chunksmith.quality.entry_scores import QualityWeights
from gateway_parts import MODEL, Parts, ScriptedModel, parts

TEXT = "Granite is an igneous rock that forms when magma cools. It contains quartz and feldspar."
NOW = "2026-01-31T09:30:00.000Z"
Script = Callable[[int, ChatRequest], ProviderError | str | None]


def pair(number: int, **changes: Any) -> dict[str, Any]:
    values = {"question": f"What is granite number {number}?", "answer": "An igneous rock.", "quote": "igneous rock"}
    return {**values, **changes}


def reply(*entries: dict[str, Any]) -> str:
    return json.dumps({"entries": entries})


@dataclass
class Finishing(ScriptedModel):
    """``finishes``: number of a call to how its reply ends."""

    finishes: dict[int, str] = field(default_factory=dict)
    more_room: bool = True

    def decode(self, request: ChatRequest, raw: bytes) -> ChatReply:
        text = json.loads(raw)["text"]
        finish: Any = self.finishes.get(len(self.sent), "stop")
        said = "" if finish in ("empty", "refused") else text
        return ChatReply(said, finish, Usage(10, 5), "grok-4.3", "told so", more_room=self.more_room)


@dataclass
class Bench:
    made: Parts
    model: Finishing
    values: dict[str, Any]

    async def write(self, script: Script, position: int = 0, finishes: dict[int, str] | None = None) -> UnitResult:
        self.model.script = script
        self.model.finishes = finishes or {}
        spec = GenerationSpec(
            project_id=1,
            prompt_content="Ask.",
            parsing_model=MODEL,
            chunking_model=MODEL,
            classification_model=MODEL,
            generation_model=MODEL,
            chunk_strategy="heading",
            chunk_size=512,
            chunk_overlap=0,
            **self.values,
        )
        recipe = Recipe(spec, Defaults(QualityWeights(0.5, 0.3, 0.2), 0.3, 500))
        chunk = Chunk(7, 1, None, "rocks.txt", 0, TEXT, None, None, "prose", (), None, None)
        writer = Writer(self.made.gateway, self.made.caller(), recipe)
        return await self.made.clock.run(writer.write(Unit(position, 7), chunk, NOW))

    @property
    def requests(self) -> list[ChatRequest]:
        return [asked for _, asked in self.model.sent]


@pytest.fixture
def bench() -> Bench:
    made = parts()
    model = Finishing(made.clock)
    made.gateway.sender._models = {"grok": model}
    return Bench(made, model, {})


async def test_entries_are_numbered_by_their_place(bench: Bench) -> None:
    result = await bench.write(lambda *_: reply(pair(1), pair(2)), position=4)
    assert [one.number for one in result.entries] == [4 * 3 + 1, 4 * 3 + 2]
    assert (result.outcome.status, result.outcome.entries, result.outcome.reason) == ("accepted", 2, None)


async def test_evidence_is_found_and_not_believed(bench: Bench) -> None:
    lie = pair(2, quote="Granite floats on water.")
    first, second = (await bench.write(lambda *_: reply(pair(1), lie))).entries
    place = first.evidence[0]
    assert TEXT[place.start : place.end] == "igneous rock"
    assert second.evidence[0].match == "none"


async def test_never_more_entries_than_asked_for(bench: Bench) -> None:
    assert len((await bench.write(lambda *_: reply(*map(pair, range(9))))).entries) == 3


async def test_repeats_within_a_reply_are_left_out_and_numbers_stay(bench: Bench) -> None:
    result = await bench.write(lambda *_: reply(pair(1), pair(1, question="what is  GRANITE number 1?"), pair(3)))
    assert [one.number for one in result.entries] == [1, 3]
    assert (result.outcome.reason, result.outcome.detail) == ("partly", "1 repeated within the passage")


async def test_an_unreadable_reply_is_asked_for_once_more_with_the_reason(bench: Bench) -> None:
    result = await bench.write(lambda number, _: "I am sorry." if number == 1 else reply(pair(1)))
    assert (result.outcome.status, len(bench.requests)) == ("accepted", 2)
    assert "could not be used" in bench.requests[1].messages[-1].text
    assert [call.stage for call in bench.made.ledger.calls.values()] == ["generate", "repair"]


async def test_twice_unreadable_is_invalid(bench: Bench) -> None:
    result = await bench.write(lambda *_: "I am sorry.")
    assert (result.outcome.status, result.outcome.reason, len(bench.requests)) == ("invalid", "unreadable_reply", 2)
    assert result.outcome.detail


async def test_a_reply_that_was_cut_is_asked_for_with_more_room_and_fewer_entries(bench: Bench) -> None:
    result = await bench.write(lambda *_: reply(pair(1)), finishes={1: "length"})
    assert result.outcome.status == "accepted"
    assert [asked.max_tokens for asked in bench.requests] == [500, 1000]
    assert bench.requests[0].messages != bench.requests[1].messages


async def test_cut_again_and_again_gives_what_was_whole(bench: Bench) -> None:
    text = reply(pair(1), pair(2))[:-20]
    result = await bench.write(lambda *_: text, finishes={1: "length", 2: "length", 3: "length"})
    assert (result.outcome.status, len(result.entries), len(bench.requests)) == ("accepted", 1, 3)


@pytest.mark.parametrize("text", [" ", '{"entries": [{"question": "Wh'], ids=["nothing", "a part"])
async def test_cut_at_the_limit_of_the_model_is_asked_for_with_fewer_entries_only(bench: Bench, text: str) -> None:
    bench.model.more_room = False
    result = await bench.write(lambda *_: text, finishes=dict.fromkeys(range(1, 20), "length"))
    outcome = result.outcome
    assert (outcome.status, outcome.reason, outcome.detail) == ("failed", "context_window", "told so")
    assert len({asked.messages for asked in bench.requests}) == len(bench.requests) == 2


@pytest.mark.parametrize("finish", ["empty", "other"])
async def test_a_reply_without_a_proper_end_is_asked_for_once_more_with_the_reason(bench: Bench, finish: str) -> None:
    result = await bench.write(lambda *_: reply(pair(1)), finishes={1: finish})
    assert (result.outcome.status, len(bench.requests)) == ("accepted", 2)
    assert "told so" in bench.requests[1].messages[-1].text


@pytest.mark.parametrize("finish", ["empty", "other"])
async def test_an_improper_end_twice_is_invalid(bench: Bench, finish: str) -> None:
    result = await bench.write(lambda *_: reply(pair(1)), finishes=dict.fromkeys(range(1, 20), finish))
    assert (result.outcome.status, result.outcome.reason, len(bench.requests)) == ("invalid", "unreadable_reply", 2)
    assert "told so" in str(result.outcome.detail)
    assert len(bench.made.ledger.calls) == 2


async def test_a_refusal_is_an_outcome(bench: Bench) -> None:
    result = await bench.write(lambda *_: "", finishes={1: "refused"})
    assert (result.outcome.status, result.outcome.detail, len(bench.requests)) == ("refused", "told so", 1)


async def test_nothing_to_ask_is_an_outcome(bench: Bench) -> None:
    result = await bench.write(lambda *_: reply())
    assert (result.outcome.status, result.outcome.reason) == ("rejected", "no_entries")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ProviderError("refused", "policy", status=403), "refused"),
        (ProviderError("context_window", "too long", status=400), "failed"),
        (ProviderError("bad_request", "no", status=400), "failed"),
    ],
    ids=["policy", "too long", "bad request"],
)
async def test_what_the_provider_says_of_the_passage_is_the_units_outcome(
    bench: Bench, error: ProviderError, status: str
) -> None:
    result = await bench.write(lambda *_: error)
    assert (result.outcome.status, result.outcome.reason, result.outcome.detail) == (status, error.kind, error.detail)


@pytest.mark.parametrize(
    "error",
    [ProviderError("auth", "wrong key", status=401), ProviderError("bad_request", "no such model", status=404)],
    ids=["key", "model"],
)
async def test_what_every_unit_would_meet_ends_the_job(bench: Bench, error: ProviderError) -> None:
    with pytest.raises(JobFatal, match=error.detail):
        await bench.write(lambda *_: error)


async def test_low_quality_is_dropped_where_it_is_asked_for(bench: Bench) -> None:
    bench.values = {"quality_filter": True, "quality_threshold": 0.99}
    result = await bench.write(lambda *_: reply(pair(1, answer="Bananas are yellow fruit from Ecuador.")))
    assert (result.outcome.status, result.outcome.reason, result.entries) == ("rejected", "low_quality", ())


@pytest.mark.parametrize("analyze", [True, False])
async def test_scores_are_there_when_they_are_asked_for(bench: Bench, analyze: bool) -> None:
    bench.values = {"analyze_quality": analyze}
    (one,) = (await bench.write(lambda *_: reply(pair(1)))).entries
    assert (one.quality is not None) is analyze
    assert one.quality is None or 0 <= one.quality <= 1


async def test_a_unit_done_again_after_a_restart_pays_nothing(bench: Bench) -> None:
    first = await bench.write(lambda number, _: "I am sorry." if number == 1 else reply(pair(1)))
    sent = len(bench.requests)
    second = await bench.write(lambda *_: reply(pair(2)))
    assert (len(bench.requests), second.entries) == (sent, first.entries)
