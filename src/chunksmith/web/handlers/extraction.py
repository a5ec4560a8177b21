"""Extractions: start, read, import, delete, and what a dataset can be made of."""

from typing import Any

from aiohttp import web

from chunksmith.domain.extraction import KIND
from chunksmith.errors import Conflict, Fault, NoSourceMaterial, NotFound, ProviderNotConfigured, RunnerUnavailable
from chunksmith.web.answers import json_response, no_content
from chunksmith.web.extraction_keys import EXTRACTION_IMPORT, EXTRACTIONS
from chunksmith.web.fields import PageQuery
from chunksmith.web.handlers.jobs import counted, window_of
from chunksmith.web.keys import JOBS
from chunksmith.web.parsing import body_of, idempotency_key, query_of
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas import extraction as shapes
from chunksmith.web.schemas.jobs import status_out

BASE = "/api/v1/extraction"
TAG = "Extraction"


async def start_extraction(request: web.Request) -> web.StreamResponse:
    job = await request.app[EXTRACTIONS].submit(body_of(request), idempotency_key(request))
    answer = {"job_id": job.job_id, "status": job.state, "warnings": job.spec["warnings"]}
    return json_response(answer, 202, {"Location": f"{BASE}/{job.job_id}"})


async def import_extraction(request: web.Request) -> web.StreamResponse:
    imported = await request.app[EXTRACTION_IMPORT].add(body_of(request), idempotency_key(request))
    answer = {
        "job_id": imported.job.job_id,
        "results_count": imported.results,
        "entity_count": imported.entities,
        "dropped_count": imported.dropped,
    }
    return json_response(answer, 201, {"Location": f"{BASE}/{imported.job.job_id}"})


async def get_extraction(request: web.Request) -> web.StreamResponse:
    job_id = request.match_info["job_id"]
    view = await request.app[EXTRACTIONS].view(job_id)
    status = status_out(await request.app[JOBS].status(job_id, kind=KIND))
    return json_response(shapes.extraction_out(view, status))


async def list_extraction_results(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    window = window_of(query)
    page = await request.app[EXTRACTIONS].results(
        request.match_info["job_id"],
        window,
        min_confidence=query["min_confidence"],
        category=query["category"],
        validated=query["validated"],
    )
    return json_response(shapes.results_out(page, window))


async def list_project_extractions(request: web.Request) -> web.StreamResponse:
    window = window_of(query_of(request))
    found, total = await request.app[EXTRACTIONS].of_project(request.match_info["project_id"], window)
    return json_response({"jobs": [shapes.extraction_item_out(one) for one in found], **counted(window, total)})


async def list_extraction_files(request: web.Request) -> web.StreamResponse:
    window = window_of(query_of(request))
    found, total = await request.app[EXTRACTIONS].files(request.match_info["project_id"], window)
    return json_response({"extraction_files": [shapes.file_out(one) for one in found], **counted(window, total)})


async def delete_extraction(request: web.Request) -> web.StreamResponse:
    await request.app[EXTRACTIONS].delete(request.match_info["job_id"])
    return no_content()


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[EXTRACTIONS].faults(values)


async def _also_wrong_import(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[EXTRACTION_IMPORT].faults(values)


ROUTES = [
    Route(
        "POST",
        BASE,
        start_extraction,
        "Start an extraction",
        TAG,
        {
            202: Answer(
                "The job that was started, or that this Idempotency-Key started.", shapes.StartedOut, (), ("Location",)
            )
        },
        "Finds entities or portions of each chunk that belong to the categories of a taxonomy. Each is located in the "
        "chunk; what is not there is dropped and counted. Everything that can be known to be wrong is refused here.",
        body=shapes.ExtractionIn,
        also=_also_wrong,
        headers=("Idempotency-Key",),
        errors=(Conflict, NotFound, NoSourceMaterial, ProviderNotConfigured, RunnerUnavailable),
    ),
    Route(
        "POST",
        f"{BASE}/import",
        import_extraction,
        "Import results that were extracted elsewhere",
        TAG,
        {201: Answer("A completed extraction.", shapes.ExtractionImportOut, (), ("Location",))},
        "All or nothing: chunks and categories that are not known are named, and nothing is stored then. Results for "
        "the same chunk are taken together.",
        body=shapes.ExtractionImportIn,
        also=_also_wrong_import,
        headers=("Idempotency-Key",),
        errors=(Conflict, NotFound, RunnerUnavailable),
    ),
    Route(
        "GET",
        f"{BASE}/projects/{{project_id}}/jobs",
        list_project_extractions,
        "List a project's extractions, newest first",
        TAG,
        {200: Answer("A page of extractions.", shapes.ExtractionsOut)},
        query=PageQuery,
        errors=(NotFound,),
    ),
    Route(
        "GET",
        f"{BASE}/{{job_id}}",
        get_extraction,
        "One extraction: status, settings, counts by category",
        TAG,
        {200: Answer("The extraction.", shapes.ExtractionOut)},
        errors=(NotFound,),
    ),
    Route(
        "GET",
        f"{BASE}/{{job_id}}/results",
        list_extraction_results,
        "What was found, in the order of the chunks",
        TAG,
        {200: Answer("A page of entities or portions.", shapes.ResultsOut)},
        query=shapes.ResultsQuery,
        errors=(NotFound,),
    ),
    Route(
        "DELETE",
        f"{BASE}/{{job_id}}",
        delete_extraction,
        "Delete an extraction with its job",
        TAG,
        {204: Answer("It is gone.")},
        "Refused while it runs, and while a dataset is made of it. Datasets that were made of it stay.",
        errors=(Conflict, NotFound),
    ),
    Route(
        "GET",
        "/api/v1/datasets/extraction-files/{project_id}",
        list_extraction_files,
        "List what the data source Extract can use, newest first",
        TAG,
        {200: Answer("A page of completed extractions.", shapes.ExtractionFilesOut)},
        query=PageQuery,
        errors=(NotFound,),
    ),
]
