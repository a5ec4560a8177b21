"""Documents: upload, look at, process, delete."""

from typing import Any, NamedTuple

from aiohttp import BodyPartReader, web

from chunksmith.domain.corpus import ProcessLimits, ProcessOptions, Project
from chunksmith.domain.paging import Window
from chunksmith.errors import (
    Conflict,
    Fault,
    NotFound,
    ProviderNotConfigured,
    RunnerUnavailable,
    StorageError,
    TooLarge,
)
from chunksmith.services.documents import Upload
from chunksmith.services.gathering import Gathered
from chunksmith.services.generation_checks import parse_usd
from chunksmith.services.processing import check_keys, models_of, options_of, warnings_of
from chunksmith.services.projects import ProjectService
from chunksmith.web.answers import json_response, no_content
from chunksmith.web.keys import DOCUMENTS, JOBS, PROJECTS, SETTINGS
from chunksmith.web.parsing import body_of, idempotency_key, query_of
from chunksmith.web.routing import Answer, Route, Stream
from chunksmith.web.schemas.documents import (
    ContentOut,
    ContentQuery,
    DocumentOut,
    DocumentsOut,
    DocumentsQuery,
    ProcessIn,
    ProcessOut,
    UploadedOut,
    UploadForm,
    content_out,
    document_out,
    process_out,
)
from chunksmith.web.streams import file_name_of_part, parts_of, pieces_of_part, skip_part, text_of_part

TAG = "Documents"
LONGEST_FIELD_BYTES = 1000
# A form has one field beside its files. What sends more of them than this cannot be meant for here.
MOST_FIELDS = 20
SELECTION = ("project_id", "document_ids")
LIMITS = ("concurrency", "max_calls", "max_cost_usd")


async def upload_documents(request: web.Request) -> web.StreamResponse:
    async with request.app[DOCUMENTS].receiving() as upload:
        form = _Form(upload)
        async for part in parts_of(request):
            await form.take(part)
        project = await form.project(request.app[PROJECTS])
        uploaded = await upload.keep(project)
    shown = [document_out(document) for document in uploaded.documents]
    return json_response({"project_id": project.id, "documents": shown, "warnings": uploaded.warnings}, 201)


async def list_documents(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    project = await request.app[PROJECTS].resolve(query["project_id"])
    window = Window(query["page"], query["per_page"])
    page = await request.app[DOCUMENTS].page(project, window, query["status"])
    shown = [document_out(document) for document in page.items]
    return json_response({"documents": shown, "total": page.total, "page": window.page, "per_page": window.per_page})


async def get_document(request: web.Request) -> web.StreamResponse:
    return json_response(document_out(await request.app[DOCUMENTS].get(request.match_info["document_id"])))


async def get_document_content(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    identifier = request.match_info["document_id"]
    return json_response(content_out(await request.app[DOCUMENTS].content(identifier, query["start"], query["end"])))


async def delete_document(request: web.Request) -> web.StreamResponse:
    await request.app[DOCUMENTS].delete(request.match_info["document_id"])
    return no_content()


async def process_documents(request: web.Request) -> web.StreamResponse:
    body = body_of(request)
    wanted, gathered = await _processing(request.app, body)
    if gathered.all_faults():
        await _check_selection(request.app, wanted, body, gathered)
    gathered.settle()
    assert wanted.project is not None  # noqa: S101 - else there was a fault
    job = await request.app[JOBS].submit_processing(
        wanted.project, body["document_ids"], wanted.options, idempotency_key(request), wanted.limits
    )
    warnings = warnings_of(wanted.options, wanted.limits)
    return json_response(process_out(job, warnings), 202, {"Location": f"/api/v1/jobs/{job.job_id}"})


class _Wanted(NamedTuple):
    project: Project | None
    options: ProcessOptions
    limits: ProcessLimits


async def _processing(app: web.Application, body: dict[str, Any]) -> tuple[_Wanted, Gathered]:
    """What a request to process means, and all that is wrong with it."""
    settings, gathered = app[SETTINGS], Gathered()
    accounts = settings.providers.accounts()
    chosen = {name: value for name, value in body.items() if name not in SELECTION + LIMITS and value is not None}
    options, project, ceiling = options_of({}, settings.chunking), None, None
    with gathered.gathering("chunk_size"):
        options = options_of(chosen, settings.chunking, {name: account.model for name, account in accounts.items()})
    with gathered.gathering("parsing_model"):
        check_keys(options, accounts)
    if body["max_cost_usd"] is not None:
        with gathered.gathering("max_cost_usd"):
            ceiling = parse_usd(body["max_cost_usd"])
            app[JOBS].check_prices(models_of(options))
    if body["project_id"] is not None:
        with gathered.gathering("project_id"):
            project = await app[PROJECTS].resolve(body["project_id"])
    return _Wanted(project, options, ProcessLimits(body["concurrency"] or 1, body["max_calls"], ceiling)), gathered


async def _also_wrong(request: web.Request, readable: dict[str, Any]) -> list[Fault]:
    wanted, gathered = await _processing(request.app, readable)
    await _check_selection(request.app, wanted, readable, gathered)
    return gathered.all_faults()


async def _check_selection(app: web.Application, wanted: _Wanted, body: dict[str, Any], gathered: Gathered) -> None:
    if wanted.project is not None and body["document_ids"] is not None:
        with gathered.gathering("document_ids"):
            await app[DOCUMENTS].to_process(wanted.project, body["document_ids"])


class _Form:
    """The fields of an upload, which come in any order."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._project_ids: list[str] = []
        self._fields = 0
        self._gathered = Gathered()

    async def take(self, part: BodyPartReader) -> None:
        """Errors: InvalidRequest for one field too many, with what is wrong so far; what ``Upload.add`` raises."""
        name = file_name_of_part(part) if part.name == "files" else None
        if name is not None:
            await self._upload.add(name, pieces_of_part(part))
            return
        self._fields += 1
        if self._fields > MOST_FIELDS:
            self._gathered.faults.append(Fault("", f"more than {MOST_FIELDS} fields that are no files"))
            self._gathered.settle()
        await self._take_field(part)

    async def _take_field(self, part: BodyPartReader) -> None:
        if part.name == "files":
            self._gathered.fault("files", "must be files: parts with a file name")
            await skip_part(part)
        elif part.name == "project_id":
            self._project_ids.append(await text_of_part(part, LONGEST_FIELD_BYTES))
        else:
            self._gathered.fault((part.name or "")[:100], "unknown field (known: files, project_id)")
            await skip_part(part)

    async def project(self, projects: ProjectService) -> Project:
        """Errors: NotFound; InvalidRequest; everything that is wrong with the form, at once."""
        project, gathered = None, self._gathered
        if len(self._project_ids) > 1:
            gathered.fault("project_id", "given more than once")
        if not self._project_ids:
            gathered.fault("project_id", "required")
        with gathered.gathering("project_id"):
            if len(self._project_ids) == 1:
                project = await projects.resolve(self._project_ids[0].strip())
        with gathered.gathering("files"):
            if not gathered.tells("files"):
                self._upload.check_files()
        gathered.settle()
        assert project is not None  # noqa: S101 - else there was a fault
        return project


ROUTES = [
    Route(
        "POST",
        "/api/v1/documents/upload",
        upload_documents,
        "Upload documents",
        TAG,
        {201: Answer("The documents, in the order of the files.", UploadedOut)},
        description="Up to `uploads.max_files` (100) `files` and one `project_id`, in any order. All files are kept, "
        "or none.",
        streams={"multipart/form-data": Stream("A form with files.", UploadForm)},
        errors=(NotFound, TooLarge, StorageError),
    ),
    Route(
        "GET",
        "/api/v1/documents",
        list_documents,
        "List documents",
        TAG,
        {200: Answer("A page of documents, by id.", DocumentsOut)},
        query=DocumentsQuery,
        errors=(NotFound,),
    ),
    Route(
        "GET",
        "/api/v1/documents/{document_id}",
        get_document,
        "Read a document",
        TAG,
        {200: Answer("The document.", DocumentOut)},
        errors=(NotFound,),
    ),
    Route(
        "GET",
        "/api/v1/documents/{document_id}/content",
        get_document_content,
        "Read a document's text",
        TAG,
        {200: Answer("The text, or the part of it that was asked for.", ContentOut)},
        query=ContentQuery,
        errors=(NotFound, Conflict),
    ),
    Route(
        "DELETE",
        "/api/v1/documents/{document_id}",
        delete_document,
        "Delete a document",
        TAG,
        {204: Answer("It is gone.")},
        description="With its file, its text and its chunks. Dataset entries that rest on it stay.",
        errors=(NotFound, Conflict, StorageError),
    ),
    Route(
        "POST",
        "/api/v1/documents/process",
        process_documents,
        "Parse and chunk documents",
        TAG,
        {202: Answer("The job that does it.", ProcessOut, headers=("Location",))},
        description="A document that has chunks gets new ones in their place, at once. Pages that a model has read are "
        "kept one by one: a job that was interrupted goes on at the first that is missing.",
        body=ProcessIn,
        also=_also_wrong,
        errors=(NotFound, Conflict, ProviderNotConfigured, RunnerUnavailable),
        headers=("Idempotency-Key",),
    ),
]
