"""Chunks: import, look at, delete."""

from typing import Any

from aiohttp import web

from chunksmith.domain.corpus import Project
from chunksmith.domain.paging import Window
from chunksmith.errors import Fault, InvalidRequest, NotFound, TooLarge
from chunksmith.web.answers import json_response, no_content
from chunksmith.web.fields import CursorQuery
from chunksmith.web.keys import CHUNK_IMPORT, CHUNKS, DOCUMENTS, PROJECTS
from chunksmith.web.parsing import body_of, query_of
from chunksmith.web.routing import Answer, Route, Stream
from chunksmith.web.schemas.chunks import (
    ChunkIn,
    ChunkOut,
    ChunksOut,
    ImportIn,
    ImportOut,
    chunk_out,
    chunks_out,
    import_out,
)
from chunksmith.web.streams import pieces_of

TAG = "Chunks"
LINES = ("application/x-ndjson", "application/jsonl")


async def import_chunks(request: web.Request) -> web.StreamResponse:
    importing = request.app[CHUNK_IMPORT]
    if request.content_type in LINES:
        project = await request.app[PROJECTS].resolve(request.match_info["project_id"])
        result = await importing.from_lines(project, pieces_of(request))
    else:
        chunks = body_of(request)["chunks"]
        project = await _project_for(request, chunks)
        result = await importing.from_list(project, chunks)
    return json_response(import_out(project, result), 201)


async def list_project_chunks(request: web.Request) -> web.StreamResponse:
    window = Window(**query_of(request))
    project = await request.app[PROJECTS].resolve(request.match_info["project_id"])
    return json_response(chunks_out(await request.app[CHUNKS].of_project(project, window), window))


async def list_document_chunks(request: web.Request) -> web.StreamResponse:
    window = Window(**query_of(request))
    document = await request.app[DOCUMENTS].get(request.match_info["document_id"])
    return json_response(chunks_out(await request.app[CHUNKS].of_document(document, window), window))


async def get_chunk(request: web.Request) -> web.StreamResponse:
    return json_response(chunk_out(await request.app[CHUNKS].get(request.match_info["chunk_id"])))


async def delete_chunk(request: web.Request) -> web.StreamResponse:
    await request.app[CHUNKS].delete(request.match_info["chunk_id"])
    return no_content()


_STREAM = Stream("One chunk a line, any number of lines; each is checked before anything is stored.", ChunkIn)


async def _project_for(request: web.Request, chunks: list[Any]) -> Project:
    """Errors: NotFound; InvalidRequest where something is wrong with the chunks as well."""
    try:
        return await request.app[PROJECTS].resolve(request.match_info["project_id"])
    except NotFound as exc:
        if faults := await request.app[CHUNK_IMPORT].faults(chunks):
            raise InvalidRequest.of([Fault("path", exc.detail), *faults]) from exc
        raise


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    chunks = values["chunks"] or []
    try:
        await _project_for(request, chunks)
    except InvalidRequest as exc:
        return list(exc.faults)
    return await request.app[CHUNK_IMPORT].faults(chunks)


ROUTES = [
    Route(
        "POST",
        "/api/v1/projects/{project_id}/chunks",
        import_chunks,
        "Import ready-made chunks",
        TAG,
        {201: Answer("What was stored.", ImportOut)},
        description="All or nothing: up to 20 faults are named, by line or by pointer, and nothing is stored then. "
        "A stream may be of any size, and compressed (`Content-Encoding: gzip`).",
        body=ImportIn,
        also=_also_wrong,
        streams=dict.fromkeys(LINES, _STREAM),
        errors=(NotFound, TooLarge),
    ),
    Route(
        "GET",
        "/api/v1/chunks/project/{project_id}",
        list_project_chunks,
        "List a project's chunks",
        TAG,
        {200: Answer("A page of chunks, by id.", ChunksOut)},
        query=CursorQuery,
        errors=(NotFound,),
    ),
    Route(
        "GET",
        "/api/v1/chunks/document/{document_id}",
        list_document_chunks,
        "List a document's chunks",
        TAG,
        {200: Answer("A page of chunks, in the order of the document.", ChunksOut)},
        query=CursorQuery,
        errors=(NotFound,),
    ),
    Route(
        "GET",
        "/api/v1/chunks/{chunk_id}",
        get_chunk,
        "Read a chunk",
        TAG,
        {200: Answer("The chunk.", ChunkOut)},
        errors=(NotFound,),
    ),
    Route(
        "DELETE",
        "/api/v1/chunks/{chunk_id}",
        delete_chunk,
        "Delete a chunk",
        TAG,
        {204: Answer("It is gone.")},
        description="New jobs do not see it. Dataset entries that rest on it stay.",
        errors=(NotFound,),
    ),
]
