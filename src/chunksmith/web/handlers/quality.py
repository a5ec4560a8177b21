"""Quality of datasets, stored ones and rows that are sent."""

from typing import Any

from aiohttp import web

from chunksmith.errors import Fault, NotFound
from chunksmith.web.answers import json_response
from chunksmith.web.parsing import body_of
from chunksmith.web.quality_keys import ANALYSIS, QUALITY_REPORTS
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas import quality as shapes


async def dataset_quality(request: web.Request) -> web.StreamResponse:
    report = await request.app[QUALITY_REPORTS].report(request.match_info["dataset_id"])
    return json_response(shapes.report_out(report))


async def analyze(request: web.Request) -> web.StreamResponse:
    values = body_of(request)
    config, per_row, analysis = shapes.config_in(values["config"]), values["per_row"], request.app[ANALYSIS]
    if "dataset_id" in values:
        found = await analysis.of_dataset(values["dataset_id"], config, per_row=per_row)
    else:
        found = await analysis.of_rows(values["dataset"], config, per_row=per_row)
    return json_response(shapes.analysis_out(found))


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    config = shapes.config_in(values["config"])
    return await request.app[ANALYSIS].faults(
        values["dataset"], values["dataset_id"], config, per_row=values["per_row"]
    )


ROUTES = [
    Route(
        "GET",
        "/api/v1/datasets/{dataset_id}/quality",
        dataset_quality,
        "Quality of a dataset, its trend over runs of the same name, and what reviewers say of its judge",
        "Quality",
        {200: Answer("Scores are 0 to 1, higher is better.", shapes.DatasetQualityOut)},
    ),
    Route(
        "POST",
        "/api/v1/quality/analyze",
        analyze,
        "Score rows, or a stored dataset, without storing anything",
        "Quality",
        {200: Answer("The figures; they are explained in the quality page.", shapes.AnalyzeOut)},
        body=shapes.AnalyzeIn,
        also=_also_wrong,
        errors=(NotFound,),
    ),
]
