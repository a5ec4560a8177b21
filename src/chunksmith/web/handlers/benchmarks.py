"""Benchmarks: have a model measured, read, compare and list what came of it."""

from typing import Any

from aiohttp import web

from chunksmith.domain.benchmarks import RunFilter, SampleFilter
from chunksmith.domain.paging import Window
from chunksmith.errors import Conflict, Fault, NotFound, ProviderNotConfigured, RunnerUnavailable
from chunksmith.web.answers import json_response
from chunksmith.web.benchmark_keys import BENCHMARKS
from chunksmith.web.parsing import body_of, idempotency_key, query_of
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas import benchmarks as shapes

TAG = "Benchmarks"
BASE = "/api/v1/benchmarking"


async def run_benchmark(request: web.Request) -> web.StreamResponse:
    job = await request.app[BENCHMARKS].submit(body_of(request), idempotency_key(request))
    headers = {"Location": f"/api/v1/jobs/{job.job_id}"}
    return json_response(shapes.started_out(job), 202, headers)


async def list_benchmark_results(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    window = Window(query["page"], query["per_page"])
    chosen = RunFilter(**{name: query[name] for name in ("suite", "provider", "model", "status")})
    page = await request.app[BENCHMARKS].page(window, chosen, query["project_id"], query["dataset_id"])
    results = [shapes.benchmark_out(run) for run in page.items]
    return json_response({"results": results, "total": page.total, "page": window.page, "per_page": window.per_page})


async def get_benchmark_result(request: web.Request) -> web.StreamResponse:
    return json_response(shapes.benchmark_out(await request.app[BENCHMARKS].get(request.match_info["job_id"])))


async def list_benchmark_samples(request: web.Request) -> web.StreamResponse:
    query, job_id = query_of(request), request.match_info["job_id"]
    window = Window(query["page"], query["per_page"])
    chosen = SampleFilter(query["task"], query["correct"], query["status"])
    page = await request.app[BENCHMARKS].samples(job_id, chosen, window)
    run = await request.app[BENCHMARKS].get(job_id)
    samples = [shapes.sample_out(row, run) for row in page.items]
    return json_response({"samples": samples, "total": page.total, "page": window.page, "per_page": window.per_page})


async def compare_benchmarks(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    first, second, found = await request.app[BENCHMARKS].compared(query["job1"], query["job2"])
    shown = {"first": shapes.benchmark_out(first), "second": shapes.benchmark_out(second)}
    return json_response({**shown, **found})


async def list_benchmark_suites(request: web.Request) -> web.StreamResponse:
    states = await request.app[BENCHMARKS].suites()
    return json_response({"suites": [shapes.suite_out(state) for state in states]})


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[BENCHMARKS].faults(values)


ROUTES = [
    Route(
        "POST",
        f"{BASE}/run",
        run_benchmark,
        "Measure a model on a suite",
        TAG,
        {202: Answer("The job that measures it.", shapes.RunBenchmarkOut, headers=("Location",))},
        description="Everything that can be known to be wrong is refused here; nothing is started then. Data that is "
        "missing is 404, and the detail says which file to put where. Where some tasks of a suite have data, those are "
        "run, and `warnings` names the others.",
        body=shapes.RunBenchmarkIn,
        also=_also_wrong,
        errors=(Conflict, NotFound, ProviderNotConfigured, RunnerUnavailable),
        headers=("Idempotency-Key",),
    ),
    Route(
        "GET",
        f"{BASE}/suites",
        list_benchmark_suites,
        "List suites, and what of their data is there",
        TAG,
        {200: Answer("All suites.", shapes.SuitesOut)},
    ),
    Route(
        "GET",
        f"{BASE}/results",
        list_benchmark_results,
        "List results",
        TAG,
        {
            200: Answer(
                "A page of runs, the newest first; those that are not scored yet have no scores.", shapes.BenchmarksOut
            )
        },
        query=shapes.BenchmarksQuery,
        errors=(NotFound,),
    ),
    Route(
        "GET",
        f"{BASE}/results/compare",
        compare_benchmarks,
        "Compare two runs over the samples that both have answered",
        TAG,
        {200: Answer("Differences, second minus first, with intervals and tests.", shapes.ComparisonOut)},
        description="Paired: McNemar's exact test for what is right or wrong, a paired bootstrap for other metrics.",
        query=shapes.CompareQuery,
        errors=(NotFound,),
    ),
    Route(
        "GET",
        f"{BASE}/results/{{job_id}}",
        get_benchmark_result,
        "One result",
        TAG,
        {200: Answer("Scores with sample counts and intervals, by task and overall.", shapes.BenchmarkOut)},
        description="Takes the id of a generation that ran benchmarks as well.",
        errors=(NotFound,),
    ),
    Route(
        "GET",
        f"{BASE}/results/{{job_id}}/samples",
        list_benchmark_samples,
        "What was asked, answered and read",
        TAG,
        {200: Answer("A page of samples in the order of the job.", shapes.SamplesOut)},
        query=shapes.SamplesQuery,
        errors=(NotFound,),
    ),
]
