"""Asking for one JSON object, whatever comes back first."""

from collections.abc import Sequence
from typing import Any

import pytest

from chunksmith.domain.calls import ChatReply, ChatRequest, FinishReason, Message, ModelRef, Stage, Usage
from chunksmith.domain.halts import JobFatal
from chunksmith.errors import ProviderError, ReplyUnreadable
from chunksmith.gateway.callers import Answer
from chunksmith.pipeline.asking import ask_for_object, ask_for_some, ask_for_text

REQUEST = ChatRequest(ModelRef("grok", "grok-4.3"), (Message("user", "Count."),), max_tokens=100)
GOOD = '{"count": 7}'


def reply(text: str, finish: FinishReason = "stop", *, more_room: bool = True) -> ChatReply:
    return ChatReply(text, finish, Usage(), "grok-4.3", "use smaller chunks", more_room=more_room)


class Script:
    """Gives one answer after the other."""

    def __init__(self, answers: Sequence[ChatReply | ProviderError]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[ChatRequest, Stage]] = []

    async def __call__(self, request: ChatRequest, stage: Stage) -> ChatReply:
        self.asked.append((request, stage))
        answer = self._answers.pop(0)
        if isinstance(answer, ProviderError):
            raise answer
        return answer


def count_in(found: dict[str, Any]) -> int:
    if not isinstance(found.get("count"), int):
        raise ReplyUnreadable("it has no count")
    return int(found["count"])


async def ask(*answers: ChatReply | ProviderError) -> tuple[int, Script]:
    script = Script(answers)
    return await ask_for_object(script, REQUEST, "parse", count_in), script


@pytest.mark.parametrize(
    "text",
    [GOOD, f"```json\n{GOOD}\n```", f"Here it is:\n{GOOD}\nBye.", f"<think>{{}}</think>{GOOD}", '{"count": 7,}'],
    ids=["plain", "fenced", "prose", "thought", "mended"],
)
async def test_an_object_is_found_in_the_first_reply(text: str) -> None:
    count, script = await ask(reply(text))
    assert (count, len(script.asked)) == (7, 1)


@pytest.mark.parametrize("text", ["no", "[7]", "{}", '{"other": 7}'], ids=["prose", "list", "empty", "other"])
async def test_the_model_is_told_what_was_wrong_and_asked_once_more(text: str) -> None:
    count, script = await ask(reply(text), reply(GOOD))
    assert (count, [stage for _, stage in script.asked]) == (7, ["parse", "repair"])
    assert script.asked[1][0].messages[-1].text != REQUEST.messages[-1].text


async def test_a_second_unusable_reply_is_the_last() -> None:
    with pytest.raises(ReplyUnreadable):
        await ask(reply("no"), reply("no"))


async def test_a_reply_that_was_cut_gets_more_room() -> None:
    count, script = await ask(reply('{"cou', "length"), reply(GOOD))
    assert (count, [request.max_tokens for request, _ in script.asked]) == (7, [100, 300])


async def test_a_reply_that_was_cut_at_the_limit_of_its_model_is_not_asked_for_again() -> None:
    with pytest.raises(ProviderError, match="use smaller chunks") as caught:
        await ask(reply('{"cou', "length", more_room=False))
    assert caught.value.kind == "context_window"


async def test_a_part_of_a_list_that_was_cut_at_the_limit_of_its_model_is_taken() -> None:
    script = Script([reply(GOOD, "length", more_room=False)])

    async def answered(request: ChatRequest, stage: Stage) -> Answer:
        return Answer(await script(request, stage), 1, reused=False)

    assert (await ask_for_some(answered, REQUEST, "extract", "the passage")).reply.text == GOOD


@pytest.mark.parametrize("finish", ["empty", "other"])
async def test_a_reply_without_a_proper_end_is_asked_for_once_more_with_the_reason(finish: FinishReason) -> None:
    count, script = await ask(reply(GOOD, finish), reply(GOOD))
    assert (count, [stage for _, stage in script.asked]) == (7, ["parse", "repair"])
    assert script.asked[1][0].messages != REQUEST.messages


async def test_an_improper_end_twice_is_unreadable() -> None:
    with pytest.raises(ReplyUnreadable):
        await ask(reply(GOOD, "other"), reply(GOOD, "other"))


async def test_a_text_without_a_proper_end_is_asked_for_once_more_with_the_reason() -> None:
    script = Script([reply("7", "other"), reply("8")])
    assert await ask_for_text(script, REQUEST, "benchmark") == "8"
    assert script.asked[1][0].messages != REQUEST.messages


@pytest.mark.parametrize("finish", ["empty", "other"])
async def test_a_part_of_a_list_without_a_proper_end_is_unreadable_at_once(finish: FinishReason) -> None:
    script = Script([reply(GOOD, finish)])

    async def answered(request: ChatRequest, stage: Stage) -> Answer:
        return Answer(await script(request, stage), 1, reused=False)

    with pytest.raises(ReplyUnreadable):
        await ask_for_some(answered, REQUEST, "extract", "the passage")


async def test_a_refusal_is_not_repeated() -> None:
    with pytest.raises(ProviderError) as caught:
        await ask(reply("", "refused"))
    assert caught.value.kind == "refused"


@pytest.mark.parametrize(
    "error", [ProviderError("auth", "wrong key"), ProviderError("bad_request", "no model", status=404)]
)
async def test_what_every_call_would_meet_ends_the_job(error: ProviderError) -> None:
    with pytest.raises(JobFatal):
        await ask(error)
