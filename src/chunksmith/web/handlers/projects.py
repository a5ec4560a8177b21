"""Projects."""

import asyncio
from typing import Any

from aiohttp import web

from chunksmith.domain.paging import Window
from chunksmith.errors import Conflict, Fault, InvalidRequest, NotFound, RunnerUnavailable, TooLarge
from chunksmith.web.answers import json_response, no_content
from chunksmith.web.file_answer import PIECE_BYTES
from chunksmith.web.keys import EXPORTS, PROJECT_MOVING, PROJECTS
from chunksmith.web.parsing import body_of, query_of
from chunksmith.web.routing import Answer, Route, Stream
from chunksmith.web.schemas.projects import (
    ProjectChange,
    ProjectIn,
    ProjectOut,
    ProjectsOut,
    ProjectsQuery,
    project_out,
)
from chunksmith.web.streams import pieces_of

TAG = "Projects"
ZIP = "application/zip"


async def create_project(request: web.Request) -> web.StreamResponse:
    overview = await request.app[PROJECTS].create(**body_of(request))
    return json_response(project_out(overview), 201, {"Location": f"/api/v1/projects/{overview.project.id}"})


async def list_projects(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    window = Window(query["page"], query["per_page"])
    page = await request.app[PROJECTS].page(window, query.get("name"))
    shown = [project_out(overview) for overview in page.items]
    return json_response({"projects": shown, "total": page.total, "page": window.page, "per_page": window.per_page})


async def get_project(request: web.Request) -> web.StreamResponse:
    overview = await request.app[PROJECTS].get(request.match_info["project_id"])
    return json_response(project_out(overview))


async def update_project(request: web.Request) -> web.StreamResponse:
    overview = await request.app[PROJECTS].update(request.match_info["project_id"], **body_of(request))
    return json_response(project_out(overview))


async def delete_project(request: web.Request) -> web.StreamResponse:
    project = await request.app[PROJECTS].resolve(request.match_info["project_id"])
    await request.app[PROJECTS].delete(str(project.id))
    await request.app[EXPORTS].forget(project.id)
    return no_content()


async def export_project(request: web.Request) -> web.StreamResponse:
    path = await request.app[PROJECT_MOVING].archive(request.match_info["project_id"])
    try:
        name = f"chunksmith-project-{request.match_info['project_id']}.zip"
        response = web.StreamResponse(
            headers={"Content-Type": ZIP, "Content-Disposition": f'attachment; filename="{name}"'}
        )
        response.content_length = (await asyncio.to_thread(path.stat)).st_size
        await response.prepare(request)
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
                await response.write(piece)
        await response.write_eof()
        return response
    finally:
        path.unlink(missing_ok=True)


async def import_project(request: web.Request) -> web.StreamResponse:
    overview = await request.app[PROJECT_MOVING].take(pieces_of(request))
    return json_response(project_out(overview), 201, {"Location": f"/api/v1/projects/{overview.project.id}"})


async def _also_wrong(request: web.Request, _: dict[str, Any]) -> list[Fault]:
    await request.app[PROJECTS].resolve(request.match_info["project_id"])
    return []


ROUTES = [
    Route(
        "POST",
        "/api/v1/projects",
        create_project,
        "Create a project",
        TAG,
        {201: Answer("The project.", ProjectOut, headers=("Location",))},
        body=ProjectIn,
    ),
    Route(
        "GET",
        "/api/v1/projects",
        list_projects,
        "List projects",
        TAG,
        {200: Answer("A page of projects, by id.", ProjectsOut)},
        query=ProjectsQuery,
    ),
    Route(
        "GET",
        "/api/v1/projects/{project_id}",
        get_project,
        "Read a project",
        TAG,
        {200: Answer("The project.", ProjectOut)},
        errors=(NotFound,),
    ),
    Route(
        "PUT",
        "/api/v1/projects/{project_id}",
        update_project,
        "Change a project",
        TAG,
        {200: Answer("The project as it is now.", ProjectOut)},
        description="Only the named fields change.",
        body=ProjectChange,
        also=_also_wrong,
        errors=(NotFound,),
    ),
    Route(
        "DELETE",
        "/api/v1/projects/{project_id}",
        delete_project,
        "Delete a project",
        TAG,
        {204: Answer("It is gone.")},
        description="With its documents, chunks, datasets, jobs and files. They are invisible at once and removed "
        "afterwards. Refused while a job of the project is submitted, running or paused.",
        errors=(NotFound, Conflict),
    ),
    Route(
        "GET",
        "/api/v1/projects/{project_id}/export",
        export_project,
        "Export a project",
        TAG,
        {200: Answer("The archive.", media=(ZIP,), headers=("Content-Disposition",))},
        description="Documents with their originals, chunks, taxonomies, extractions, datasets with history, feedback "
        "and versions, jobs and the ledger of their calls, as one file that another instance imports. Everything "
        "is of one moment; what runs goes on.",
        errors=(NotFound,),
    ),
    Route(
        "POST",
        "/api/v1/projects/import",
        import_project,
        "Import a project",
        TAG,
        {201: Answer("The project.", ProjectOut, headers=("Location",))},
        description="Everything, or nothing. Numbers become others; UUIDs, dataset, job and entry ids stay, so a "
        "project that is here already is refused. Jobs that were not over are cancelled.",
        streams={ZIP: Stream("An archive that `GET /projects/{id}/export` wrote.")},
        errors=(InvalidRequest, Conflict, TooLarge, RunnerUnavailable),
    ),
]
