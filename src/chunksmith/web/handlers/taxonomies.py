"""Taxonomies: write, read, change, carry in and out, have them made."""

import asyncio
from typing import Any

from aiohttp import web
from marshmallow import Schema

from chunksmith.domain.paging import Window
from chunksmith.errors import (
    Conflict,
    Fault,
    InvalidRequest,
    NoSourceMaterial,
    NotFound,
    ProviderNotConfigured,
    RunnerUnavailable,
    StaleEntry,
    TooLarge,
)
from chunksmith.services.taxonomies import etag_of
from chunksmith.web.answers import json_response, no_content
from chunksmith.web.file_answer import attachment
from chunksmith.web.parsing import body_of, idempotency_key, load, query_of, read_limited
from chunksmith.web.routing import JSON, Answer, Route, Stream
from chunksmith.web.schemas import taxonomies as shapes
from chunksmith.web.taxonomy_keys import TAXONOMIES, TAXONOMY_MAKING
from chunksmith.web.yaml_text import MEDIA_TYPES, dump_yaml, parse_yaml

TAG = "Taxonomies"
BASE = "/api/v1/taxonomy"
YAML = MEDIA_TYPES[0]


async def create_taxonomy(request: web.Request) -> web.StreamResponse:
    body = await _body(request, shapes.TaxonomyIn())
    project_id = query_of(request)["project_id"] or body.get("project_id")
    if project_id is None:
        raise InvalidRequest.field("/project_id", "required")
    service = request.app[TAXONOMIES]
    taxonomy = await service.create(project_id, body["name"], body["description"], body["taxonomy"])
    headers = {"Location": f"{BASE}/{taxonomy.id}", "ETag": etag_of(taxonomy)}
    return json_response(shapes.taxonomy_out(taxonomy), 201, headers)


async def list_taxonomies(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    window = Window(query["page"], query["per_page"])
    page = await request.app[TAXONOMIES].page(query["project_id"], window, query["name"])
    shown = [shapes.item_out(taxonomy) for taxonomy in page.items]
    return json_response({"taxonomies": shown, "total": page.total, "page": window.page, "per_page": window.per_page})


async def get_taxonomy(request: web.Request) -> web.StreamResponse:
    taxonomy = await request.app[TAXONOMIES].get(request.match_info["taxonomy_id"])
    return json_response(shapes.taxonomy_out(taxonomy), headers={"ETag": etag_of(taxonomy)})


async def update_taxonomy(request: web.Request) -> web.StreamResponse:
    body = await _body(request, shapes.TaxonomyChange())
    identifier, if_match = request.match_info["taxonomy_id"], request.headers.get("If-Match")
    await request.app[TAXONOMIES].check_change(identifier, body.get("project_id"), body.get("name"))
    taxonomy = await request.app[TAXONOMIES].change(identifier, body, if_match)
    return json_response(shapes.taxonomy_out(taxonomy), headers={"ETag": etag_of(taxonomy)})


async def delete_taxonomy(request: web.Request) -> web.StreamResponse:
    await request.app[TAXONOMIES].delete(request.match_info["taxonomy_id"], request.headers.get("If-Match"))
    return no_content()


async def export_taxonomy(request: web.Request) -> web.StreamResponse:
    taxonomy = await request.app[TAXONOMIES].get(request.match_info["taxonomy_id"])
    form = query_of(request)["format"]
    content = shapes.export_out(taxonomy)
    headers = {
        "ETag": etag_of(taxonomy),
        "Content-Disposition": attachment(f"{taxonomy.name}.{form}"),
    }
    if form == "json":
        return json_response(content, headers=headers)
    text = await asyncio.to_thread(dump_yaml, content)
    return web.Response(body=text, headers=headers, content_type=YAML, charset="utf-8")


async def generate_taxonomy(request: web.Request) -> web.StreamResponse:
    job = await request.app[TAXONOMY_MAKING].generate(body_of(request), idempotency_key(request))
    headers = {"Location": f"/api/v1/jobs/{job.job_id}"}
    return json_response(shapes.making_out(job, "Taxonomy generation started successfully"), 202, headers)


async def extend_taxonomy(request: web.Request) -> web.StreamResponse:
    job = await request.app[TAXONOMY_MAKING].extend(body_of(request), idempotency_key(request))
    headers = {"Location": f"/api/v1/jobs/{job.job_id}"}
    return json_response(shapes.making_out(job, "Taxonomy extension started successfully"), 202, headers)


async def _also_wrong_making(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[TAXONOMY_MAKING].faults_of_making(values)


async def _also_wrong_extending(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[TAXONOMY_MAKING].faults_of_extending(values)


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[TAXONOMIES].faults(request.query.get("project_id") or values["project_id"], values["name"])


async def _also_wrong_change(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[TAXONOMIES].faults_of_change(
        request.match_info["taxonomy_id"], values["project_id"], values["name"]
    )


async def _body(request: web.Request, schema: Schema) -> dict[str, Any]:
    """What the route's schema loaded of JSON; YAML is read here. Errors: InvalidRequest; TooLarge."""
    if request.content_type not in MEDIA_TYPES:
        return body_of(request)
    raw = await read_limited(request)
    loaded = await asyncio.to_thread(_load_yaml, raw, schema)
    if loaded.faults:
        raise InvalidRequest.of(loaded.faults)
    value: dict[str, Any] = loaded.value
    return value


def _load_yaml(raw: bytes, schema: Schema) -> Any:
    return load(schema, parse_yaml(raw))


_STREAMS = dict.fromkeys(MEDIA_TYPES, Stream("The same as YAML; every scalar is text.", shapes.TaxonomyIn))
_CHANGES = dict.fromkeys(MEDIA_TYPES, Stream("The same as YAML; every scalar is text.", shapes.TaxonomyChange))
_JOB_ERRORS = (Conflict, NotFound, NoSourceMaterial, ProviderNotConfigured, RunnerUnavailable)
ROUTES = [
    Route(
        "POST",
        BASE,
        create_taxonomy,
        "Add a taxonomy",
        TAG,
        {201: Answer("The taxonomy, every node with its id.", shapes.TaxonomyOut, headers=("Location", "ETag"))},
        description="Takes what an export gives. Ids that are given are kept.",
        query=shapes.CreateQuery,
        body=shapes.TaxonomyIn,
        also=_also_wrong,
        streams=_STREAMS,
        errors=(NotFound, Conflict, TooLarge),
    ),
    Route(
        "GET",
        BASE,
        list_taxonomies,
        "List taxonomies",
        TAG,
        {200: Answer("A page of taxonomies without their trees, by id.", shapes.TaxonomiesOut)},
        query=shapes.TaxonomiesQuery,
        errors=(NotFound,),
    ),
    Route(
        "POST",
        f"{BASE}/generate",
        generate_taxonomy,
        "Have a taxonomy made of the project's chunks",
        TAG,
        {202: Answer("The job that makes it.", shapes.MakingOut, headers=("Location",))},
        description="Everything that can be known to be wrong is refused here; nothing is started then.",
        body=shapes.GenerateTaxonomyIn,
        also=_also_wrong_making,
        headers=("Idempotency-Key",),
        errors=_JOB_ERRORS,
    ),
    Route(
        "POST",
        f"{BASE}/extend",
        extend_taxonomy,
        "Have categories added below those of a taxonomy",
        TAG,
        {202: Answer("The job that extends it.", shapes.MakingOut, headers=("Location",))},
        description="What is there stays as it is. One call for each category that is extended.",
        body=shapes.ExtendTaxonomyIn,
        also=_also_wrong_extending,
        headers=("Idempotency-Key",),
        errors=_JOB_ERRORS,
    ),
    Route(
        "GET",
        f"{BASE}/{{taxonomy_id}}",
        get_taxonomy,
        "Read a taxonomy",
        TAG,
        {200: Answer("The taxonomy.", shapes.TaxonomyOut, headers=("ETag",))},
        errors=(NotFound,),
    ),
    Route(
        "PUT",
        f"{BASE}/{{taxonomy_id}}",
        update_taxonomy,
        "Change a taxonomy",
        TAG,
        {200: Answer("The taxonomy as it is now.", shapes.TaxonomyOut, headers=("ETag",))},
        description="Only the named fields change; `taxonomy` replaces the whole tree. Nodes keep their ids: those "
        "that are sent with one, and those whose path of names is as it was.",
        body=shapes.TaxonomyChange,
        also=_also_wrong_change,
        streams=_CHANGES,
        headers=("If-Match",),
        errors=(NotFound, Conflict, StaleEntry, TooLarge),
    ),
    Route(
        "DELETE",
        f"{BASE}/{{taxonomy_id}}",
        delete_taxonomy,
        "Delete a taxonomy",
        TAG,
        {204: Answer("It is gone.")},
        description="Entries that were made with it keep their category.",
        headers=("If-Match",),
        errors=(NotFound, Conflict, StaleEntry),
    ),
    Route(
        "GET",
        f"{BASE}/{{taxonomy_id}}/export",
        export_taxonomy,
        "Export a taxonomy",
        TAG,
        {200: Answer("Name, description and tree.", shapes.ExportOut, (JSON, YAML), ("ETag", "Content-Disposition"))},
        query=shapes.ExportQuery,
        errors=(NotFound,),
    ),
]
