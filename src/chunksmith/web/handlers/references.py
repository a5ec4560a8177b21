"""Reference sets: what entries are compared with."""

from aiohttp import web

from chunksmith.domain.paging import Window
from chunksmith.errors import Conflict, NotFound, TooLarge
from chunksmith.web.answers import json_response, no_content
from chunksmith.web.curation_keys import REFERENCES
from chunksmith.web.fields import PageQuery
from chunksmith.web.parsing import query_of
from chunksmith.web.routing import Answer, Route, Stream
from chunksmith.web.schemas.references import (
    ReferenceLine,
    ReferenceOut,
    ReferenceQuery,
    ReferencesOut,
    reference_out,
)
from chunksmith.web.streams import pieces_of

TAG = "References"
LINES = ("application/x-ndjson", "application/jsonl")


async def create_reference(request: web.Request) -> web.StreamResponse:
    reference = await request.app[REFERENCES].add(query_of(request)["name"], pieces_of(request))
    return json_response(reference_out(reference), 201, {"Location": f"/api/v1/references/{reference.public_id}"})


async def list_references(request: web.Request) -> web.StreamResponse:
    window = Window(**query_of(request))
    page = await request.app[REFERENCES].page(window)
    shown = [reference_out(reference) for reference in page.items]
    return json_response({"references": shown, "total": page.total, "page": window.page, "per_page": window.per_page})


async def get_reference(request: web.Request) -> web.StreamResponse:
    return json_response(reference_out(await request.app[REFERENCES].get(request.match_info["reference_id"])))


async def delete_reference(request: web.Request) -> web.StreamResponse:
    await request.app[REFERENCES].delete(request.match_info["reference_id"])
    return no_content()


_STREAM = Stream(
    "A JSON object a line. Of an object with fields of entries (question, answer, instruction …) what is asked and "
    "what is told are taken apart; of any other all texts in it, in their order; a line may be a text as well.",
    ReferenceLine,
)
ROUTES = [
    Route(
        "POST",
        "/api/v1/references",
        create_reference,
        "Upload a reference set",
        TAG,
        {201: Answer("What was stored.", ReferenceOut, headers=("Location",))},
        description="A benchmark, or data that is there already, to look for duplicates of it and for contamination. "
        "All or nothing: up to 20 faults are named by line. A stream may be of any size.",
        query=ReferenceQuery,
        streams=dict.fromkeys(LINES, _STREAM),
        errors=(Conflict, TooLarge),
    ),
    Route(
        "GET",
        "/api/v1/references",
        list_references,
        "List the reference sets",
        TAG,
        {200: Answer("A page of reference sets, by id.", ReferencesOut)},
        query=PageQuery,
    ),
    Route(
        "GET",
        "/api/v1/references/{reference_id}",
        get_reference,
        "Read a reference set",
        TAG,
        {200: Answer("What it is; its rows are not given.", ReferenceOut)},
        errors=(NotFound,),
    ),
    Route(
        "DELETE",
        "/api/v1/references/{reference_id}",
        delete_reference,
        "Delete a reference set",
        TAG,
        {204: Answer("It is gone.")},
        description="Entries that were found to repeat it stay marked.",
        errors=(NotFound,),
    ),
]
