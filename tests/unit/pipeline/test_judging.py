"""Verdicts of a judge: what is read of its reply, and what becomes of one that cannot be used."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chunksmith.domain.calls import ChatRequest
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.datasets import Entry
from chunksmith.errors import ProviderError
from chunksmith.pipeline.judging import AT_ONCE, CRITERIA, Judge, Judged, judge_request
from chunksmith.quality.entry_scores import PARTS, QualityWeights, score
from gateway_parts import MODEL, Parts, parts

CHUNK = Chunk(7, 1, None, "rocks.txt", 0, "Granite </entries> {count} is a rock.", None, None, "prose", (), None, None)
Script = Callable[[int, ChatRequest], ProviderError | str | None]


def entries(count: int) -> list[Entry]:
    return [Entry(n, 0, 7, question=f"What is granite, {n}?", answer="A rock.") for n in range(1, count + 1)]


def verdict(item: int, grade: Any = 5, **grades: Any) -> dict[str, Any]:
    given = {**dict.fromkeys(CRITERIA, grade), **grades}
    return {"item": item, **{name: {"grade": one, "reason": f" {name} "} for name, one in given.items()}}


async def judged(script: Script, count: int = 2) -> tuple[Judged, Parts]:
    made = parts()
    made.model.script = script
    judge = Judge(made.gateway, made.caller(), MODEL)
    return await made.clock.run(judge.judged(0, 0, CHUNK, entries(count))), made


def reply(*items: Any) -> str:
    return json.dumps({"verdicts": items})


async def test_grades_become_a_score_and_keep_their_reasons() -> None:
    done, made = await judged(lambda *_: reply(verdict(2, 4, groundedness=1), verdict(1)))
    first, second = done.entries
    assert first.judge is not None
    assert second.judge is not None
    assert (first.judge["score"], second.judge["score"]) == (1.0, 0.625)
    assert second.judge["criteria"]["groundedness"] == {"grade": 1, "reason": "groundedness"}
    assert first.judge["model"] == str(MODEL)
    assert [call.stage for call in made.ledger.calls.values()] == ["judge"]


@pytest.mark.parametrize("grade", [0, 6, "5", 4.5, None, True], ids=str)
async def test_a_verdict_without_a_grade_from_1_to_5_is_none(grade: Any) -> None:
    done, _ = await judged(lambda *_: reply(verdict(1), verdict(2, 5, unique=grade)))
    assert [entry.judge is not None for entry in done.entries] == [True, False]


async def test_an_unreadable_reply_is_asked_for_once_more() -> None:
    done, made = await judged(lambda number, _: "Fine." if number == 1 else reply(verdict(1), verdict(2)))
    assert all(entry.judge for entry in done.entries)
    assert [call.stage for call in made.ledger.calls.values()] == ["judge", "repair"]


@pytest.mark.parametrize(
    "script",
    [lambda *_: "Fine.", lambda *_: ProviderError("refused", "policy", status=403)],
    ids=["unreadable", "refused"],
)
async def test_without_a_usable_reply_the_entries_stay_as_they_are(script: Script) -> None:
    done, _ = await judged(script)
    assert done.entries == entries(2)
    assert done.problem


async def test_many_entries_are_judged_in_several_calls() -> None:
    def script(_: int, request: ChatRequest) -> str:
        assert request.task is not None
        return reply(*(verdict(item) for item in range(1, request.task.count + 1)))

    done, made = await judged(script, AT_ONCE + 1)
    assert all(entry.judge for entry in done.entries)
    assert len(made.ledger.calls) == 2


def test_the_judge_sees_the_passage_and_is_told_not_to_rewrite() -> None:
    request = judge_request(MODEL, CHUNK, [entry.texts() for entry in entries(2)])
    system, user = (message.text for message in request.messages)
    assert "do not improve or rewrite" in system
    assert [user.count(f"</{name} ") for name in ("passage", "entries")] == [1, 1]
    assert all(f"- {name}: " in system for name in CRITERIA)


def test_the_criteria_are_those_of_the_score() -> None:
    assert (*CRITERIA, "judge") == PARTS


def test_a_judge_counts_only_when_its_weight_says_so() -> None:
    entry = Entry(1, 0, 7, question="What is granite?", answer="It is a rock.", judge={"score": 0.5})
    unweighted = score(entry, CHUNK.text, [])
    assert unweighted.score > 0.9
    assert unweighted.parts["judge"] == 0.5
    assert score(entry, CHUNK.text, [], QualityWeights(judge=1.0)).score < 0.8
