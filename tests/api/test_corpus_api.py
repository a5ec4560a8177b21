"""Projects, documents, chunks and prompts over HTTP, behind the real boundary and on a real data directory."""

import contextlib
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer

from chunksmith.domain.corpus import ProcessLimits, ProcessOptions, Project
from chunksmith.domain.jobs import Job
from chunksmith.services.exporting import ExportService
from chunksmith.services.prompts import PromptService
from chunksmith.services.settling import Settling
from chunksmith.services.versions import VersionService
from chunksmith.settings import ServerSettings, Settings, load
from chunksmith.storage.chunks import ChunkStore
from chunksmith.storage.datasets import DatasetStore
from chunksmith.storage.entries import EntryStore
from chunksmith.storage.frozen_entries import FrozenEntryStore
from chunksmith.storage.prompts import PromptStore
from chunksmith.storage.versions import VersionStore
from chunksmith.web import keys, middlewares, openapi
from chunksmith.web.handlers import chunks, documents, projects, prompts
from chunksmith.web.handlers.documents import MOST_FIELDS
from chunksmith.web.openapi import ANY_ID
from chunksmith.web.routing import register
from chunksmith.web.streams import HANDLER_ARGS
from corpus_parts import UPLOADS, Corpus, as_lines, open_corpus

ROUTES = [*projects.ROUTES, *documents.ROUTES, *chunks.ROUTES, *prompts.ROUTES]
Client = TestClient[web.Request, web.Application]
LINES = {"Content-Type": "application/x-ndjson"}


class Submitted:
    """Takes the place of the job service: what processing does is tested with its own service."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, Sequence[int] | None, ProcessOptions, str | None]] = []

    async def submit_processing(
        self,
        project: Project,
        document_ids: Sequence[int] | None,
        options: ProcessOptions,
        idempotency_key: str | None,
        limits: ProcessLimits,
    ) -> Job:
        self.calls.append((project.id, document_ids, options, idempotency_key))
        spec = {"document_ids": list(document_ids or [1])}
        limits = {"max_calls": None, "max_cost_nano": None, "started_at": None, "completed_at": None}
        errors = {"reason": None, "error_slug": None, "error_detail": None, "dataset": None, "dataset_id": None}
        return Job(
            1, "process-1", "process", project.id, spec=spec, state="submitted", step="", concurrency=1, created_at="",
            **limits, **errors,
        )  # fmt: skip


class NoKeys:
    def required(self) -> bool:
        return False

    async def allows(self, secret: str) -> str | None:
        return None


@pytest.fixture
def app_settings() -> Settings:
    return load()


@contextlib.asynccontextmanager
async def serving(data_dir: Path, settings: Settings, jobs: Submitted) -> AsyncIterator[Client]:
    async with open_corpus(data_dir) as corpus:
        app = web.Application(client_max_size=settings.server.max_body_bytes, handler_args=HANDLER_ARGS)
        _fill(app, corpus, settings)
        app[keys.JOBS] = jobs  # type: ignore[misc]  # only one method of it is used here
        register(app, ROUTES)
        middlewares.install(app, _loopback(settings.server), NoKeys(), corpus.clock)
        async with TestClient(TestServer(app)) as client:
            yield client


def _fill(app: web.Application, corpus: Corpus, settings: Settings) -> None:
    app[keys.SETTINGS] = settings
    app[keys.PROJECTS] = corpus.projects
    app[keys.DOCUMENTS] = corpus.documents
    app[keys.CHUNKS] = corpus.chunks
    app[keys.CHUNK_IMPORT] = corpus.chunk_import
    rows = DatasetStore(corpus.database), EntryStore(corpus.database)
    frozen, line = FrozenEntryStore(corpus.database), VersionStore(corpus.database)
    settling = Settling(line, frozen, "unknown", corpus.clock)
    versions = VersionService(corpus.projects, rows[0], line, frozen, settling, corpus.clock)
    app[keys.EXPORTS] = ExportService(*rows, versions, ChunkStore(corpus.database), corpus.data_dir / "datasets")
    builtin = {"default": "Ask about {chunk}.", "question and answer": "Write {count} questions."}
    app[keys.PROMPTS] = PromptService(PromptStore(corpus.database), lambda: builtin, corpus.clock)


def _loopback(settings: ServerSettings) -> ServerSettings:
    return settings.model_copy(update={"host": "127.0.0.1"})


@pytest.fixture
def submitted() -> Submitted:
    return Submitted()


@pytest.fixture
async def api(tmp_path: Path, app_settings: Settings, submitted: Submitted) -> AsyncIterator[Client]:
    async with serving(tmp_path / "data", app_settings, submitted) as client:
        await client.post("/api/v1/projects", json={"name": "shelf"})
        yield client


async def answer(client: Client, method: str, path: str, status: int = 200, **kwargs: Any) -> Any:
    response = await client.request(method, "/api/v1" + path, **kwargs)
    body = await response.json(content_type=None) if response.status != 204 else None
    assert response.status == status, body
    return body


async def faults(client: Client, method: str, path: str, status: int = 400, **kwargs: Any) -> list[tuple[str, str]]:
    body = await answer(client, method, path, status, **kwargs)
    return [(fault["pointer"], fault["detail"]) for fault in body["errors"]]


def form(**fields: str | bytes) -> FormData:
    """Bytes are files: ``a_txt=b"…"`` is the file ``a.txt``."""
    data = FormData()
    for name, value in fields.items():
        if isinstance(value, bytes):
            data.add_field("files", value, filename=name.replace("_", "."))
        else:
            data.add_field(name, value)
    return data


async def test_a_project_is_made_and_read(api: Client) -> None:
    made = await answer(api, "POST", "/projects", 201, json={"name": "Grüße", "description": "x"})
    assert made["counts"] == {"documents": 0, "chunks": 0, "datasets": 0}
    for identifier in (made["id"], made["uuid"]):
        assert await answer(api, "GET", f"/projects/{identifier}") == made


async def test_projects_are_listed_by_name(api: Client) -> None:
    await answer(api, "POST", "/projects", 201, json={"name": "other"})
    page = await answer(api, "GET", "/projects", params={"name": "other", "per_page": "1"})
    assert ([project["id"] for project in page["projects"]], page["total"]) == ([2], 1)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/name"]),
        ({"name": " "}, ["/name"]),
        ({"name": "x", "nmae": 1, "description": 2}, ["/description", "/nmae"]),
    ],
)
async def test_all_faults_of_a_project_are_named(api: Client, body: dict[str, Any], pointers: list[str]) -> None:
    assert sorted(pointer for pointer, _ in await faults(api, "POST", "/projects", json=body)) == pointers


async def test_a_project_changes_where_it_is_named(api: Client) -> None:
    changed = await answer(api, "PUT", "/projects/1", json={"description": "new"})
    assert (changed["name"], changed["description"]) == ("shelf", "new")
    assert await faults(api, "PUT", "/projects/1", json={}) == [
        ("", "names nothing to change; known: description, name")
    ]


async def test_a_deleted_project_is_gone(api: Client) -> None:
    await answer(api, "DELETE", "/projects/1", 204)
    for method, path in (("GET", "/projects/1"), ("DELETE", "/projects/1"), ("GET", "/documents?project_id=1")):
        await answer(api, method, path, 404)


@pytest.mark.parametrize(
    "path", ["/projects/99999999999999999999999", "/projects/x", "/documents/x", "/chunks/chunk_", "/prompts/9"]
)
async def test_ids_that_nothing_has_are_not_found(api: Client, path: str) -> None:
    await answer(api, "GET", path, 404)


async def test_files_become_documents(api: Client) -> None:
    uploaded = await answer(
        api, "POST", "/documents/upload", 201, data=form(a_txt=b"alpha", project_id="1", b_md=b"# beta")
    )
    listed = await answer(api, "GET", "/documents", params={"project_id": "1", "status": "uploaded"})
    assert [document["name"] for document in uploaded["documents"]] == ["a.txt", "b.md"]
    assert (listed["documents"], listed["total"]) == (uploaded["documents"], 2)
    assert await answer(api, "GET", "/documents/1") == uploaded["documents"][0]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ('filename="a%22b%22.md"', 'a"b".md'),
        ('filename="a%0D%0Ab.md"', "ab.md"),
        ('filename="50%25 %2f%C3%A9.md"', "50%25 %2f%C3%A9.md"),
        ("filename=\"x.md\"; filename*=UTF-8''a%2522.md", "a%22.md"),
        ("filename*=UTF-8''a%2522.md", "a%22.md"),
    ],
)
async def test_a_file_is_called_as_its_form_says(api: Client, sent: str, name: str) -> None:
    project = (await answer(api, "POST", "/projects", 201, json={"name": "Names"}))["id"]
    body = (
        f'--x\r\nContent-Disposition: form-data; name="project_id"\r\n\r\n{project}\r\n'
        f'--x\r\nContent-Disposition: form-data; name="files"; {sent}\r\n\r\nA kiln.\r\n--x--\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    uploaded = await answer(api, "POST", "/documents/upload", 201, data=body.encode(), headers=headers)
    assert [document["name"] for document in uploaded["documents"]] == [name]


async def test_a_file_too_large_is_413_and_nothing_is_kept(api: Client) -> None:
    data = form(project_id="1", a_txt=b"x", b_txt=b"x" * (UPLOADS.max_file_bytes + 1))
    await answer(api, "POST", "/documents/upload", 413, data=data)
    assert (await answer(api, "GET", "/documents", params={"project_id": "1"}))["total"] == 0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"a_txt": b"x"}, [("/project_id", "required")]),
        ({"project_id": "1"}, [("/files", "required: at least one file")]),
        ({"a_txt": b"x", "project": "1"}, ["/project", "/project_id"]),
        ({"project_id": "1", "files": "text"}, [("/files", "must be files: parts with a file name")]),
    ],
)
async def test_faults_of_a_form_are_named(api: Client, fields: dict[str, str | bytes], expected: list[Any]) -> None:
    data = form(**fields)
    data._is_multipart = True
    found = await faults(api, "POST", "/documents/upload", data=data)
    assert found == expected or [pointer for pointer, _ in found] == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"no boundary at all",
        b"--x\r\n\r\n",
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nabc',
        b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--",
    ],
)
async def test_a_broken_form_is_400(api: Client, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    await answer(api, "POST", "/documents/upload", 400, data=body, headers=headers)


@pytest.mark.parametrize("name", ["x", "project_id", "files"])
async def test_a_form_of_very_many_fields_is_refused_before_its_end(api: Client, name: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    field = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n1\r\n'.encode()
    found = await faults(api, "POST", "/documents/upload", data=field * 1000, headers=headers)
    assert found[-1] == ("", f"more than {MOST_FIELDS} fields that are no files")
    assert len(found) <= MOST_FIELDS + 1


async def test_what_a_broken_form_says_quotes_nothing_of_it(api: Client) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    problem = await answer(api, "POST", "/documents/upload", 400, data=b"--x\r\nsecret words\r\n", headers=headers)
    assert problem["detail"] == "body: the body cannot be read: Invalid HTTP header"


async def test_a_form_without_boundary_is_400(api: Client) -> None:
    await answer(api, "POST", "/documents/upload", 400, data=b"x", headers={"Content-Type": "multipart/form-data"})


async def test_another_content_type_is_415(api: Client) -> None:
    await answer(api, "POST", "/documents/upload", 415, json={"project_id": 1})


async def test_a_document_without_text_has_no_content(api: Client) -> None:
    await answer(api, "POST", "/documents/upload", 201, data=form(project_id="1", a_txt=b"alpha"))
    await answer(api, "GET", "/documents/1/content", 409)


async def test_a_deleted_document_is_not_found(api: Client) -> None:
    await answer(api, "POST", "/documents/upload", 201, data=form(project_id="1", a_txt=b"alpha"))
    await answer(api, "DELETE", "/documents/1", 204)
    await answer(api, "GET", "/documents/1", 404)


async def test_processing_is_submitted_with_the_settings_where_nothing_is_named(
    api: Client, submitted: Submitted
) -> None:
    body = {"project_id": 1, "document_ids": [2, 1], "chunk_size": 100}
    job = await answer(api, "POST", "/documents/process", 202, json=body, headers={"Idempotency-Key": "k"})
    assert job == {
        "job_id": "process-1",
        "message": "Document processing started successfully",
        "status": "submitted",
        "documents": 2,
        "warnings": [],
    }
    assert submitted.calls == [(1, [2, 1], ProcessOptions(chunk_size=100), "k")]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"parsing_model": "gemini"}, "/parsing_model"),
        ({"chunk_overlap": 600}, "/chunk_overlap"),
        ({"chunk_strategy": "clever"}, "/chunk_strategy"),
        ({"document_ids": []}, "/document_ids"),
    ],
)
async def test_options_that_cannot_be_meant_are_400(api: Client, body: dict[str, Any], pointer: str) -> None:
    found = await faults(api, "POST", "/documents/process", json={"project_id": "1", **body})
    assert [each for each, _ in found] == [pointer]


@pytest.mark.parametrize("wrong", ["parsing_model", "chunk_size"])
async def test_unknown_documents_are_told_with_the_other_faults(api: Client, wrong: str) -> None:
    body = {"project_id": 1, "document_ids": [99], wrong: {"parsing_model": "x", "chunk_size": 0}[wrong]}
    found = await faults(api, "POST", "/documents/process", json=body)
    assert {each for each, _ in found} == {f"/{wrong}", "/document_ids"}


async def test_chunks_are_imported_as_json(api: Client) -> None:
    body = {"chunks": [{"text": "one", "document": "d", "id": 7, "metadata": {"page": 1}}, {"text": "two"}]}
    imported = await answer(api, "POST", "/projects/1/chunks", 201, json=body)
    assert imported == {"project_id": 1, "imported": 2, "documents": 1, "first_chunk_id": "chunk_1"}
    page = await answer(api, "GET", "/chunks/project/1")
    assert page["chunks"][0] == {
        "id": "chunk_1",
        "project_id": 1,
        "document_id": 1,
        "document_name": "d",
        "chunk_index": 0,
        "text": "one",
        "start": None,
        "end": None,
        "kind": "prose",
        "heading_path": [],
        "metadata": {"page": 1},
        "external_id": "7",
    }
    assert {name: page[name] for name in page if name != "chunks"} == {
        "total": 2,
        "page": 1,
        "per_page": 50,
        "next_cursor": None,
    }


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_chunks_are_imported_as_a_stream(api: Client, encoding: str) -> None:
    body = as_lines({"text": f"passage {n}", "document": "d"} for n in range(2500))
    data = gzip.compress(body) if encoding == "gzip" else body
    imported = await answer(
        api, "POST", "/projects/1/chunks", 201, data=data, headers={**LINES, "Content-Encoding": encoding}
    )
    assert imported["imported"] == 2500


async def test_a_stream_larger_than_a_body_may_be_is_imported(
    tmp_path: Path, app_settings: Settings, submitted: Submitted
) -> None:
    server = app_settings.server.model_copy(update={"max_body_bytes": 1000})
    async with serving(tmp_path / "data", app_settings.model_copy(update={"server": server}), submitted) as client:
        await answer(client, "POST", "/projects", 201, json={"name": "x"})
        rows = [{"text": "x" * 100} for _ in range(100)]
        await answer(client, "POST", "/projects/1/chunks", 413, json={"chunks": rows})
        await answer(client, "POST", "/projects/1/chunks", 201, data=as_lines(rows), headers=LINES)


async def test_faults_of_a_stream_name_their_lines(api: Client) -> None:
    data = as_lines([{"text": "good"}, {"text": ""}, {"txt": "x"}])
    found = await faults(api, "POST", "/projects/1/chunks", data=data, headers=LINES)
    assert [pointer for pointer, _ in found] == ["line 2: text", "line 3: text", "line 3: txt"]
    assert (await answer(api, "GET", "/chunks/project/1"))["total"] == 0


async def test_faults_of_a_list_name_their_items(api: Client) -> None:
    body = {"chunks": [{"text": "good"}, {"text": "a\x00"}, 5]}
    found = await faults(api, "POST", "/projects/1/chunks", json=body)
    assert [pointer for pointer, _ in found] == ["/chunks/1/text", "/chunks/2"]


@pytest.mark.parametrize("data", [b"", gzip.compress(as_lines([{"text": "x" * 5000}]))[:-20]], ids=["empty", "cut"])
async def test_a_broken_compressed_stream_is_400(api: Client, data: bytes) -> None:
    headers = {**LINES, "Content-Encoding": "gzip"}
    await answer(api, "POST", "/projects/1/chunks", 400, data=data, headers=headers)


async def test_a_stream_whose_compression_is_cut_off_at_a_line_stores_nothing(api: Client) -> None:
    compressing = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    lines = compressing.compress(as_lines([{"text": "whole"}, {"text": "lines"}]))
    headers = {**LINES, "Content-Encoding": "gzip"}
    data = lines + compressing.flush(zlib.Z_SYNC_FLUSH)
    await answer(api, "POST", "/projects/1/chunks", 400, data=data, headers=headers)
    assert (await answer(api, "GET", "/chunks/project/1"))["total"] == 0


@pytest.mark.parametrize(
    ("encoding", "compressed"),
    [
        ("gzip", lambda data: gzip.compress(data[:20_000]) + gzip.compress(data[20_000:])),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
    ],
    ids=["joined gzip", "deflate", "bare deflate"],
)
async def test_compressed_streams_are_read_whole(
    api: Client, encoding: str, compressed: Callable[[bytes], bytes]
) -> None:
    data = compressed(as_lines([{"text": f"{n} " + "x" * n} for n in range(400)]))
    headers = {**LINES, "Content-Encoding": encoding}
    assert (await answer(api, "POST", "/projects/1/chunks", 201, data=data, headers=headers))["imported"] == 400


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 400), ("rot13", 415), ("br", 415)])
async def test_a_body_that_cannot_be_decompressed_is_refused(api: Client, encoding: str, status: int) -> None:
    for headers in (LINES, {"Content-Type": "application/json"}):
        refused = {**headers, "Content-Encoding": encoding, "Connection": "close"}
        await answer(api, "POST", "/projects/1/chunks", status, data=b"{}", headers=refused)


async def test_a_bomb_is_413(api: Client) -> None:
    data = gzip.compress((b" " * 9000 + b"\n") * 4000, 9)
    await answer(api, "POST", "/projects/1/chunks", 413, data=data, headers={**LINES, "Content-Encoding": "gzip"})
    assert (await answer(api, "GET", "/chunks/project/1"))["total"] == 0


async def test_pages_follow_each_other_by_cursor(api: Client) -> None:
    await answer(
        api, "POST", "/projects/1/chunks", 201, data=as_lines({"text": str(n)} for n in range(5)), headers=LINES
    )
    found, cursor = [], None
    for _ in range(3):
        params = {"per_page": "2"} | ({"cursor": cursor} if cursor else {})
        page = await answer(api, "GET", "/chunks/project/1", params=params)
        found += [chunk["text"] for chunk in page["chunks"]]
        cursor = page["next_cursor"]
    assert (found, cursor) == (["0", "1", "2", "3", "4"], None)


async def test_a_cursor_that_nobody_gave_is_400(api: Client) -> None:
    found = await faults(api, "GET", "/chunks/project/1", params={"cursor": "abc"})
    assert found == [("query/cursor", "is not a next_cursor of this list")]


@pytest.mark.parametrize("identifier", ["chunk_1", "1"])
async def test_a_chunk_is_read_and_deleted_by_both_its_names(api: Client, identifier: str) -> None:
    await answer(api, "POST", "/projects/1/chunks", 201, json={"chunks": [{"text": "one"}]})
    assert (await answer(api, "GET", f"/chunks/{identifier}"))["text"] == "one"
    await answer(api, "DELETE", f"/chunks/{identifier}", 204)
    await answer(api, "GET", f"/chunks/{identifier}", 404)


async def test_a_prompt_is_added_changed_and_found_by_name(api: Client) -> None:
    made = await answer(api, "POST", "/prompts", 201, json={"name": "my prompt", "content": "Ask {chunk}"})
    changed = await answer(api, "PUT", f"/prompts/{made['id']}", json={"generation_mode": "question"})
    assert await answer(api, "GET", "/prompts/by-name/my%20prompt") == changed
    assert (changed["content"], changed["generation_mode"]) == ("Ask {chunk}", "question")
    await answer(api, "DELETE", f"/prompts/{made['id']}", 204)
    await answer(api, "GET", f"/prompts/{made['id']}", 404)


async def test_builtin_prompts_are_listed_and_read_only(api: Client) -> None:
    page = await answer(api, "GET", "/prompts", params={"generation_mode": "question and answer"})
    assert [prompt["id"] for prompt in page["prompts"]] == ["builtin:question-and-answer"]
    await answer(api, "PUT", "/prompts/builtin:default", 409, json={"content": "x"})
    await answer(api, "POST", "/prompts", 409, json={"name": "default", "content": "x"})


def test_the_routes_fit_the_document() -> None:
    names = ("project_id", "document_id", "chunk_id", "prompt_id", "prompt_name")
    made = openapi.document(
        ROUTES,
        version="0",
        tags=dict.fromkeys(("Projects", "Documents", "Chunks", "Prompts"), ""),
        path_parameters={name: {"schema": ANY_ID, "description": name} for name in names},
    )
    body = made["paths"]["/api/v1/projects/{project_id}/chunks"]["post"]["requestBody"]["content"]
    assert sorted(body) == ["application/json", "application/jsonl", "application/x-ndjson"]
    assert "ChunkIn" in json.dumps(body)


async def test_lines_in_another_charset_are_refused(api: Client) -> None:
    headers = {"Content-Type": "application/x-ndjson; charset=latin-1"}
    await answer(api, "POST", "/projects/1/chunks", 415, data=b'{"text": "Granite"}\n', headers=headers)
