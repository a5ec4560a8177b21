"""Asking a model for one JSON object, or a text: whole, readable, and once more when it is not."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from chunksmith.domain.calls import USUAL_MAX_TOKENS, ChatReply, ChatRequest, Stage
from chunksmith.domain.halts import JobFatal
from chunksmith.errors import ProviderError, ReplyUnreadable
from chunksmith.gateway.callers import Answer
from chunksmith.pipeline import prompts
from chunksmith.pipeline.json_text import json_in

T = TypeVar("T")
# Asks for a unit that the caller knows.
Ask = Callable[[ChatRequest, Stage], Awaitable[ChatReply]]
AskAnswer = Callable[[ChatRequest, Stage], Awaitable[Answer]]
# A reply that was cut is asked for again with so much more room.
MORE_ROOM = 3
# Where a part of a list is worth something: so often twice the room.
CUT_TRIES = 2


async def ask_for_object(ask: Ask, request: ChatRequest, stage: Stage, read: Callable[[dict[str, Any]], T]) -> T:
    """What ``read`` makes of the reply; when it raises ReplyUnreadable, the model is told why and asked once more.

    Errors: ProviderError, also for a refusal; ReplyUnreadable; JobFatal for what every other call would meet as well.
    """
    try:
        reply = await _whole(ask, request, stage)
        try:
            return read(await _object(text_of(reply)))
        except ReplyUnreadable as exc:
            corrected = replace(request, messages=prompts.again(request.messages, exc.detail))
            reply = await _whole(ask, corrected, "repair")
            return read(await _object(text_of(reply)))
    except ProviderError as exc:
        _check_fatal(exc)
        raise


async def ask_for_text(ask: Ask, request: ChatRequest, stage: Stage) -> str:
    """A whole reply as it is. Errors: as ``ask_for_object``; ReplyUnreadable when it is empty or cut off."""
    try:
        reply = await _whole(ask, request, stage)
        try:
            return text_of(reply)
        except ReplyUnreadable as exc:
            again = prompts.again(request.messages, exc.detail, prompts.AGAIN_AS_TEXT)
            return text_of(await _whole(ask, replace(request, messages=again), "repair"))
    except ProviderError as exc:
        _check_fatal(exc)
        raise


async def ask_for_some(ask: AskAnswer, request: ChatRequest, stage: Stage, about: str) -> Answer:
    """An answer with text in it, with more room where it was cut off; what is cut even then is given as it is.

    ``about`` is what the words of a refusal call it: the passage. Errors: ProviderError, also for a refusal;
    ReplyUnreadable when there is no text, or it did not end as it should.
    """
    cuts = 0
    while True:
        answer = await ask(request, "repair" if cuts else stage)
        reply = answer.reply
        if reply.prompt_truncated:
            raise ProviderError("context_window", "the model saw only part of the prompt; use smaller chunks")
        if reply.finish == "refused":
            raise ProviderError("refused", reply.detail or f"the provider's content policy refused {about}")
        if reply.finish == "length" and reply.more_room and cuts < CUT_TRIES:
            cuts += 1
            request = replace(request, max_tokens=(request.max_tokens or USUAL_MAX_TOKENS) * 2)
        else:
            if not reply.text.strip():
                check_room(reply)
            text_of(reply)
            return answer


def check_room(reply: ChatReply) -> None:
    """Errors: ProviderError when a reply was cut and could not become longer, whatever is asked for."""
    if not reply.more_room:
        raise ProviderError("context_window", reply.detail)


def text_of(reply: ChatReply) -> str:
    """Also when it was cut off. Errors: ReplyUnreadable when it is empty, or for an end that is not known to be good:
    asked again as it was, the model would end the same way, and be paid for it."""
    told = f" ({reply.detail})" if reply.detail else ""
    if reply.finish == "other":
        raise ReplyUnreadable(f"it did not end as a whole reply does{told}")
    if reply.finish not in ("stop", "length") or not reply.text.strip():
        raise ReplyUnreadable(f"it was empty{told}")
    return reply.text


def _check_fatal(exc: ProviderError) -> None:
    """Errors: JobFatal."""
    if exc.kind == "auth" or exc.status == 404:
        raise JobFatal(exc.detail) from exc


async def _whole(ask: Ask, request: ChatRequest, stage: Stage) -> ChatReply:
    """A reply that was not cut off. Errors: ProviderError for a refusal; ReplyUnreadable when it was cut."""
    roomier = False
    while True:
        reply = await ask(request, "repair" if roomier else stage)
        if reply.prompt_truncated:
            raise ProviderError("context_window", "the model saw only part of what it was sent")
        if reply.finish == "refused":
            raise ProviderError("refused", reply.detail or "the provider's content policy refused it")
        if reply.finish == "length":
            check_room(reply)
            if roomier:
                raise ReplyUnreadable("it was cut off, however much room there was")
            roomier = True
            request = replace(request, max_tokens=(request.max_tokens or USUAL_MAX_TOKENS) * MORE_ROOM)
        else:
            return reply


async def _object(text: str) -> dict[str, Any]:
    """The object in a text, also one that stands alone in a list. Errors: ReplyUnreadable."""
    value = (await json_in(text)).value
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict) or not value:
        raise ReplyUnreadable("it is not a JSON object")
    return value
