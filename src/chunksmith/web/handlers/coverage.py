"""What of the material a dataset rests on."""

from typing import Any

from aiohttp import web

from chunksmith.errors import NotFound
from chunksmith.services.coverage import Coverage
from chunksmith.web.answers import json_response
from chunksmith.web.curation_keys import COVERAGE
from chunksmith.web.handlers.jobs import counted, window_of
from chunksmith.web.parsing import query_of
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas import coverage as shapes


async def dataset_coverage(request: web.Request) -> web.StreamResponse:
    query, dataset = query_of(request), request.match_info["dataset_id"]
    window, service = window_of(query), request.app[COVERAGE]
    if query["by"] == "document":
        found = await service.of_documents(dataset, window)
    elif query["by"] == "category":
        found = await service.of_categories(dataset, window)
    else:
        found = await service.of_chunks(dataset, query["state"], window)
    shown, total, following = _listed(found)
    answer = {
        "dataset_id": found.dataset.dataset_id,
        "summary": shapes.states_out(found.summary),
        **shown,
        **counted(window, total),
        "next_cursor": following,
    }
    return json_response(answer)


def _listed(found: Coverage) -> tuple[dict[str, Any], int, str | None]:
    if found.documents is not None:
        return {"documents": [shapes.document_out(one) for one in found.documents.items]}, found.documents.total, None
    if found.categories is not None:
        shown = [shapes.category_out(one) for one in found.categories.items]
        return {"categories": shown}, found.categories.total, None
    assert found.chunks is not None  # noqa: S101 - one of the three
    chunks = found.chunks
    return {"chunks": [shapes.chunk_out(one) for one in chunks.items]}, chunks.total, chunks.next_cursor


ROUTES = [
    Route(
        "GET",
        "/api/v1/datasets/{dataset_id}/coverage",
        dataset_coverage,
        "Which material the entries rest on, and which none does",
        "Datasets",
        {200: Answer("A page of chunks, documents or categories. `next_cursor` is for chunks.", shapes.CoverageOut)},
        "By chunk with the ranges of text that no evidence points to; by document; by category, with the taxonomy's "
        "where the dataset has one. `fill_gaps` of `POST /datasets/generate` writes for what is uncovered.",
        query=shapes.CoverageQuery,
        errors=(NotFound,),
    ),
]
