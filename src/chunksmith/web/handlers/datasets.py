"""Datasets and their entries."""

from typing import Any

from aiohttp import web

from chunksmith.errors import (
    Conflict,
    Fault,
    FormatFailed,
    NotFound,
    ProviderNotConfigured,
    RunnerUnavailable,
    StaleEntry,
)
from chunksmith.exports.formats import known_formats
from chunksmith.services.datasets import etag_of, revisions_in
from chunksmith.web.answers import json_response, no_content
from chunksmith.web.benchmark_keys import BENCHMARKS
from chunksmith.web.fields import PageQuery
from chunksmith.web.file_answer import send_file
from chunksmith.web.handlers.jobs import counted, window_of
from chunksmith.web.keys import DATASETS, EXPORTS, JOBS, PROJECTS, RESCORING
from chunksmith.web.parsing import body_of, query_of
from chunksmith.web.review_keys import FEEDBACK
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas import datasets as shapes
from chunksmith.web.schemas import entries as entry_shapes
from chunksmith.web.schemas.feedback import summary_out
from chunksmith.web.schemas.figures import average_score, distribution_out
from chunksmith.web.schemas.jobs import status_out
from chunksmith.web.security import KEY_ID

BASE = "/api/v1/datasets"
# Plugins that are installed later have types of their own.
MEDIA_TYPES = tuple(sorted({form.media_type.partition(";")[0] for form in known_formats()}))
ENTRY = f"{BASE}/{{dataset_id}}/entries/{{entry_id}}"


async def list_datasets(request: web.Request) -> web.StreamResponse:
    project = await request.app[PROJECTS].resolve(request.match_info["project_id"])
    window = window_of(query_of(request))
    found, total = await request.app[DATASETS].page(project, window)
    return json_response({"datasets": [shapes.dataset_item_out(one) for one in found], **counted(window, total)})


async def get_dataset(request: web.Request) -> web.StreamResponse:
    view = await request.app[DATASETS].view(request.match_info["dataset_id"])
    usage: dict[str, Any] | None = None
    if view.job is not None:
        usage = status_out(await request.app[JOBS].describe(view.job))["result"]["usage"]
    said = await request.app[FEEDBACK].summary(request.match_info["dataset_id"])
    measured = await request.app[BENCHMARKS].of_dataset(view.dataset)
    return json_response(shapes.dataset_out(view, usage, summary_out(said), measured))


async def delete_dataset(request: web.Request) -> web.StreamResponse:
    dataset = await request.app[DATASETS].delete(
        request.match_info["dataset_id"], with_versions=query_of(request)["with_versions"]
    )
    await request.app[EXPORTS].forget(dataset.project_id, dataset.dataset_id)
    return no_content()


async def rescore_dataset(request: web.Request) -> web.StreamResponse:
    job = await request.app[RESCORING].submit(request.match_info["dataset_id"], body_of(request))
    answer = {"job_id": job.job_id, "status": job.state, "message": "Rescoring started successfully"}
    return json_response(answer, 202, {"Location": f"/api/v1/jobs/{job.job_id}"})


async def list_entries(request: web.Request) -> web.StreamResponse:
    values = query_of(request)
    window = window_of(values)
    page = await request.app[DATASETS].entries(request.match_info["dataset_id"], entry_shapes.query_in(values), window)
    answer = {
        "entries": [entry_shapes.entry_out(entry, page.dataset) for entry in page.entries],
        **counted(window, page.total),
        "next_cursor": page.next_cursor,
        "quality_summary": {
            "average_score": average_score(page.dataset),
            "distribution": distribution_out(page.dataset),
        },
    }
    return json_response(answer)


async def get_entry(request: web.Request) -> web.StreamResponse:
    detail = await request.app[DATASETS].entry(request.match_info["dataset_id"], request.match_info["entry_id"])
    return json_response(entry_shapes.detail_out(detail), headers={"ETag": etag_of(detail.entry)})


async def change_entry(request: web.Request) -> web.StreamResponse:
    entry_id = request.match_info["entry_id"]
    detail = await request.app[DATASETS].edit(
        request.match_info["dataset_id"],
        entry_id,
        body_of(request),
        revisions_in(request.headers.get("If-Match"), entry_id),
        request.get(KEY_ID),
    )
    return json_response(entry_shapes.detail_out(detail), headers={"ETag": etag_of(detail.entry)})


async def delete_entry(request: web.Request) -> web.StreamResponse:
    entry_id = request.match_info["entry_id"]
    expected = revisions_in(request.headers.get("If-Match"), entry_id)
    dataset_id = request.match_info["dataset_id"]
    await request.app[DATASETS].remove(dataset_id, entry_id, expected, request.get(KEY_ID))
    return no_content()


async def download_dataset(request: web.Request) -> web.StreamResponse:
    values = query_of(request)
    file = await request.app[EXPORTS].download(
        request.match_info["dataset_id"], values["format"], entry_shapes.query_in(values), values["version"]
    )
    return await send_file(request, file.path, file.name, file.media_type, file.sha256)


async def _also_wrong_rescore(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[RESCORING].faults(request.match_info["dataset_id"], values)


async def _also_wrong_edit(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    given = {name: value for name, value in values.items() if value is not None}
    return await request.app[DATASETS].faults(request.match_info["dataset_id"], request.match_info["entry_id"], given)


ROUTES = [
    Route(
        "GET",
        f"{BASE}/list/{{project_id}}",
        list_datasets,
        "List the datasets of a project, newest first",
        "Datasets",
        {200: Answer("A page of datasets.", shapes.DatasetsOut)},
        query=PageQuery,
    ),
    Route(
        "GET",
        f"{BASE}/{{dataset_id}}",
        get_dataset,
        "One dataset; the id of its job will do",
        "Datasets",
        {200: Answer("The dataset.", shapes.DatasetOut)},
        errors=(NotFound,),
    ),
    Route(
        "DELETE",
        f"{BASE}/{{dataset_id}}",
        delete_dataset,
        "Delete a dataset with its entries and files",
        "Datasets",
        {204: Answer("It is gone.")},
        "Refused while versions are kept in it, unless `with_versions` says that they are to go too. Their numbers "
        "stay taken.",
        query=shapes.DeleteQuery,
        errors=(Conflict,),
    ),
    Route(
        "POST",
        f"{BASE}/{{dataset_id}}/rescore",
        rescore_dataset,
        "Score a dataset again with the present weights; no call is made unless a judge is named",
        "Datasets",
        {202: Answer("The job that does it.", shapes.RescoreOut, headers=("Location",))},
        body=shapes.RescoreIn,
        also=_also_wrong_rescore,
        body_optional=True,
        errors=(ProviderNotConfigured, RunnerUnavailable),
    ),
    Route(
        "GET",
        f"{BASE}/{{dataset_id}}/entries",
        list_entries,
        "List entries",
        "Entries",
        {200: Answer("A page of entries. `next_cursor` is fast at any depth.", entry_shapes.EntriesOut)},
        query=entry_shapes.EntriesQuery,
    ),
    Route(
        "GET",
        ENTRY,
        get_entry,
        "One entry with history and provenance",
        "Entries",
        {200: Answer("The entry.", entry_shapes.EntryDetailOut, headers=("ETag",))},
    ),
    Route(
        "PUT",
        ENTRY,
        change_entry,
        "Edit an entry; only the named fields change",
        "Entries",
        {200: Answer("The entry as it is now.", entry_shapes.EntryDetailOut, headers=("ETag",))},
        body=entry_shapes.EntryChangeIn,
        also=_also_wrong_edit,
        headers=("If-Match",),
        errors=(StaleEntry,),
    ),
    Route(
        "DELETE",
        ENTRY,
        delete_entry,
        "Delete an entry; its history stays",
        "Entries",
        {204: Answer("It is gone.")},
        headers=("If-Match",),
        errors=(StaleEntry,),
    ),
    Route(
        "GET",
        f"{BASE}/{{dataset_id}}/download",
        download_dataset,
        "Download the entries, of now or of a version, as one file; with splits, and none asked for, a ZIP of files",
        "Datasets",
        {
            200: Answer(
                "The file.",
                media=MEDIA_TYPES,
                headers=("ETag", "Content-Disposition"),
            ),
            206: Answer("A part of it.", media=MEDIA_TYPES, headers=("ETag", "Content-Range")),
            304: Answer("It is still the one named in If-None-Match.", headers=("ETag",)),
            412: Answer("It is no longer the one named in If-Match.", headers=("ETag",)),
            416: Answer("The part is not in the file.", headers=("ETag", "Content-Range")),
        },
        query=shapes.DownloadQuery,
        headers=("Range", "If-Range", "If-Match", "If-None-Match"),
        errors=(FormatFailed,),
    ),
]
