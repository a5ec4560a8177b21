"""Starting generations and watching them."""

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
from chunksmith.services.generation import Submitted
from chunksmith.services.jobs import GENERATION_KIND
from chunksmith.web.answers import json_response
from chunksmith.web.keys import ESTIMATES, GENERATION, JOBS, SPECIFIER
from chunksmith.web.parsing import body_of, idempotency_key
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas.generation import EstimateOut, GenerateEvaluationIn, GenerateIn, GenerateOut, estimate_out
from chunksmith.web.schemas.jobs import JobOut, status_out

BASE = "/api/v1/datasets"
ALWAYS_FOR_EVALUATION = ("include_evaluation_sets", "analyze_quality")


async def generate_dataset(request: web.Request) -> web.StreamResponse:
    submitted = await request.app[GENERATION].submit(body_of(request), idempotency_key(request))
    return _started(submitted)


async def generate_evaluation(request: web.Request) -> web.StreamResponse:
    """A generation with splits and scores, whatever the body says of them."""
    body = body_of(request)
    forced = {**dict.fromkeys(ALWAYS_FOR_EVALUATION, True), "for_evaluation": True}
    overridden = [name for name in ALWAYS_FOR_EVALUATION if body[name] is False]
    values = {**body, **forced, "overridden": overridden}
    submitted = await request.app[GENERATION].submit(values, idempotency_key(request))
    return _started(submitted)


async def estimate_generation(request: web.Request) -> web.StreamResponse:
    return json_response(estimate_out(await request.app[ESTIMATES].estimate(body_of(request))))


async def generation_status(request: web.Request) -> web.StreamResponse:
    status = await request.app[JOBS].status(request.match_info["job_id"], kind=GENERATION_KIND)
    return json_response(status_out(status))


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[SPECIFIER].faults(values)


def _started(submitted: Submitted) -> web.Response:
    job = submitted.job
    answer = {
        "job_id": job.job_id,
        "message": "Dataset generation started successfully",
        "status": job.state,
        "estimated_duration": "Processing in background",
        "dataset_id": job.dataset_id,
        "warnings": list(submitted.warnings),
    }
    return json_response(answer, headers={"Location": f"{BASE}/generate/{job.job_id}/status"})


ROUTES = [
    Route(
        "POST",
        f"{BASE}/generate",
        generate_dataset,
        "Start a generation",
        "Generation",
        {
            200: Answer(
                "The job that was started, or that this Idempotency-Key started.", GenerateOut, (), ("Location",)
            )
        },
        "Everything that can be known to be wrong is refused here; nothing is started then.",
        body=GenerateIn,
        also=_also_wrong,
        headers=("Idempotency-Key",),
        errors=(Conflict, NotFound, NoSourceMaterial, ProviderNotConfigured, RunnerUnavailable, TaxonomyInvalid),
    ),
    Route(
        "POST",
        f"{BASE}/generate-evaluation",
        generate_evaluation,
        "Start a generation of an evaluation dataset",
        "Generation",
        {
            200: Answer(
                "The job that was started, or that this Idempotency-Key started.", GenerateOut, (), ("Location",)
            )
        },
        "As `POST /datasets/generate`, with `include_evaluation_sets` and `analyze_quality` whatever the body says (a "
        "`false` is named in `warnings`); the prompt asks for questions of all kinds and difficulties.",
        body=GenerateEvaluationIn,
        also=_also_wrong,
        headers=("Idempotency-Key",),
        errors=(Conflict, NotFound, NoSourceMaterial, ProviderNotConfigured, RunnerUnavailable),
    ),
    Route(
        "POST",
        f"{BASE}/estimate",
        estimate_generation,
        "What a generation will take, before it is paid for",
        "Generation",
        {200: Answer("Each number as low and high, and what it rests on.", EstimateOut)},
        "Takes the body of `POST /datasets/generate`, refuses what that refuses, and starts nothing.",
        body=GenerateIn,
        also=_also_wrong,
        errors=(Conflict, NotFound, NoSourceMaterial, ProviderNotConfigured, TaxonomyInvalid),
    ),
    Route(
        "GET",
        f"{BASE}/generate/{{job_id}}/status",
        generation_status,
        "Progress of a generation",
        "Generation",
        {200: Answer("How far it is. The numbers add up at every moment.", JobOut)},
    ),
]
