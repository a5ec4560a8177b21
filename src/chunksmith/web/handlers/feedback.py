"""What reviewers say about entries, and former texts put back."""

from typing import Any

from aiohttp import web

from chunksmith.errors import Fault, NotFound, StaleEntry
from chunksmith.services.datasets import etag_of, revisions_in
from chunksmith.web.answers import json_response
from chunksmith.web.handlers.datasets import BASE, ENTRY
from chunksmith.web.handlers.jobs import counted, window_of
from chunksmith.web.keys import DATASETS
from chunksmith.web.parsing import body_of, query_of
from chunksmith.web.review_keys import FEEDBACK, RESTORING
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas import feedback as shapes
from chunksmith.web.schemas.entries import EntryDetailOut, detail_out
from chunksmith.web.security import KEY_ID


async def give_feedback(request: web.Request) -> web.StreamResponse:
    given = await request.app[FEEDBACK].give(request.match_info["dataset_id"], body_of(request), request.get(KEY_ID))
    return json_response(shapes.given_out(given))


async def list_feedback(request: web.Request) -> web.StreamResponse:
    values = query_of(request)
    window = window_of(values)
    page = await request.app[FEEDBACK].page(request.match_info["dataset_id"], values, window)
    return json_response({**shapes.feedback_out(page), **counted(window, page.total)})


async def restore_entry(request: web.Request) -> web.StreamResponse:
    entry_id = request.match_info["entry_id"]
    detail = await request.app[RESTORING].restore(
        request.match_info["dataset_id"],
        entry_id,
        body_of(request)["revision"],
        revisions_in(request.headers.get("If-Match"), entry_id),
        request.get(KEY_ID),
    )
    return json_response(detail_out(detail), headers={"ETag": etag_of(detail.entry)})


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[FEEDBACK].faults(request.match_info["dataset_id"], values)


async def _also_wrong_restore(request: web.Request, _: dict[str, Any]) -> list[Fault]:
    return await request.app[DATASETS].faults(request.match_info["dataset_id"], request.match_info["entry_id"], {})


ROUTES = [
    Route(
        "POST",
        f"{BASE}/{{dataset_id}}/feedback",
        give_feedback,
        "Say something about entries: any number, all or none",
        "Entries",
        {200: Answer("It is stored for each of them.", shapes.GivenOut)},
        "`reject` and `approve` change the entries' status; that is a revision in their history.",
        body=shapes.FeedbackIn,
        also=_also_wrong,
        errors=(NotFound,),
    ),
    Route(
        "GET",
        f"{BASE}/{{dataset_id}}/feedback",
        list_feedback,
        "What was said about entries, and the sum of it",
        "Entries",
        {200: Answer("A page of feedback. `next_cursor` is fast at any depth.", shapes.FeedbackListOut)},
        query=shapes.FeedbackQuery,
        errors=(NotFound,),
    ),
    Route(
        "POST",
        f"{ENTRY}/restore",
        restore_entry,
        "Put a former text of an entry back, as a new revision",
        "Entries",
        {200: Answer("The entry as it is now.", EntryDetailOut, headers=("ETag",))},
        body=shapes.RestoreIn,
        also=_also_wrong_restore,
        headers=("If-Match",),
        errors=(NotFound, StaleEntry),
    ),
]
