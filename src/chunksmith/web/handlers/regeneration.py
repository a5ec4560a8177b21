"""Writing entries anew, and looking at a prompt before it is sent."""

from typing import Any

from aiohttp import web

from chunksmith.errors import (
    Conflict,
    Fault,
    NoSourceMaterial,
    NotFound,
    ProviderNotConfigured,
    RunnerUnavailable,
    TaxonomyInvalid,
)
from chunksmith.web.answers import json_response
from chunksmith.web.handlers.datasets import BASE
from chunksmith.web.parsing import body_of, idempotency_key
from chunksmith.web.review_keys import PREVIEWS, REGENERATION
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas import regeneration as shapes


async def regenerate_entries(request: web.Request) -> web.StreamResponse:
    started = await request.app[REGENERATION].submit(
        request.match_info["dataset_id"], body_of(request), idempotency_key(request)
    )
    return json_response(shapes.regenerate_out(started), headers={"Location": f"/api/v1/jobs/{started.job.job_id}"})


async def preview_generation(request: web.Request) -> web.StreamResponse:
    values = body_of(request)
    chunk_id = values.pop("chunk_id")
    return json_response(shapes.preview_out(await request.app[PREVIEWS].preview(values, chunk_id)))


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[REGENERATION].faults(request.match_info["dataset_id"], values)


async def _also_wrong_preview(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[PREVIEWS].faults(values, values["chunk_id"])


ROUTES = [
    Route(
        "POST",
        f"{BASE}/{{dataset_id}}/regenerate",
        regenerate_entries,
        "Have entries written anew",
        "Entries",
        {
            200: Answer(
                "The job that was started, or that this Idempotency-Key started.",
                shapes.RegenerateOut,
                headers=("Location",),
            )
        },
        "A new text takes the place of the old one when it parses, is found in the passage and differs; otherwise the "
        "entry stays, and the job's outcomes say why. The old text stays in the history.",
        body=shapes.RegenerateIn,
        also=_also_wrong,
        headers=("Idempotency-Key",),
        errors=(Conflict, NotFound, ProviderNotConfigured, RunnerUnavailable),
    ),
    Route(
        "POST",
        f"{BASE}/preview",
        preview_generation,
        "The exact prompts for a chunk, without a call",
        "Generation",
        {200: Answer("What would be sent.", shapes.PreviewOut)},
        "Takes the body of `POST /datasets/generate`, refuses what that refuses, and starts nothing.",
        body=shapes.PreviewIn,
        also=_also_wrong_preview,
        errors=(Conflict, NotFound, NoSourceMaterial, ProviderNotConfigured, TaxonomyInvalid),
    ),
]
