"""Who is let in, where files may lie, and what hostile documents can do: nothing."""

import io
import json
import logging
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from aiohttp import FormData

from api_parts import faults, files_below, job_count, until, upload
from app_parts import API, PASSAGES, Server, running_app, settings_for
from chunksmith.app import KEY_SERVICE, RUNNER
from fake_llm import FakeLLM

OPEN = ("/health", "/ready", "/docs", "/openapi.json", "/docs/docs.js")


async def status_of(server: Server, path: str, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with server.client.get(path, headers=named) as response:
        return response.status


async def test_without_a_key_in_the_store_nobody_needs_one(server: Server) -> None:
    assert await status_of(server, f"{API}/projects") == 200


@pytest.fixture
async def secret(server: Server) -> str:
    return (await server.client.app[KEY_SERVICE].create("tests")).secret


async def test_once_a_key_exists_it_is_needed(server: Server, secret: str) -> None:
    async with server.client.get(f"{API}/projects") as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert (await response.json(content_type="application/problem+json"))["status"] == 401


@pytest.mark.parametrize("path", OPEN)
async def test_open_paths_stay_open(server: Server, secret: str, path: str) -> None:
    assert await status_of(server, path) == 200


@pytest.mark.parametrize("path", ["/metrics", f"{API}/formats", f"{API}/providers", f"{API}/nothing", "/"])
async def test_all_others_are_closed(server: Server, secret: str, path: str) -> None:
    assert await status_of(server, path) == 401


async def test_a_key_is_taken_in_either_header(server: Server, secret: str) -> None:
    assert await status_of(server, f"{API}/projects", X_API_Key=secret) == 200
    assert await status_of(server, f"{API}/projects", Authorization=f"Bearer {secret}") == 200


@pytest.mark.parametrize("wrong", ["", "x", "Bearer", "é", "\udcff"], ids=repr)
async def test_a_wrong_key_is_refused(server: Server, secret: str, wrong: str) -> None:
    assert await status_of(server, f"{API}/projects", X_API_Key=wrong) == 401
    assert await status_of(server, f"{API}/projects", Authorization=f"Basic {secret}") == 401


async def test_a_revoked_key_is_refused(server: Server, secret: str) -> None:
    keys = server.client.app[KEY_SERVICE]
    await keys.create("other")
    await keys.revoke("tests")
    assert await status_of(server, f"{API}/projects", X_API_Key=secret) == 401


async def test_an_edit_is_signed_with_the_name_of_the_key(server: Server) -> None:
    status = await server.generate({"project_id": await server.project(), "generation_model": "ollama"})
    secret = (await server.client.app[KEY_SERVICE].create("Ada")).secret
    path = f"datasets/{status['result']['dataset_id']}/entries/entry_1"
    changed = await server.call("PUT", path, json={"answer": "New."}, headers={"X-API-Key": secret})
    assert [one["editor"] for one in changed["history"]] == ["Ada"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:80", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
    ],
)
async def test_on_loopback_the_host_header_must_name_this_machine(server: Server, host: str, status: int) -> None:
    assert await status_of(server, f"{API}/projects", Host=host) == status


async def test_a_page_of_another_origin_may_not_write(server: Server) -> None:
    headers = {"Origin": "https://evil.example"}
    await server.post("projects", {"name": "x"}, 403, headers=headers)
    assert (await server.get("projects"))["total"] == 0


async def test_no_secret_is_told(data_dir: Path, fake: FakeLLM, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fake.control({"keys": ["another"]})
    told = []
    async with running_app(settings_for(data_dir, fake)) as server:
        secret = (await server.client.app[KEY_SERVICE].create("tests")).secret
        headers = {"X-API-Key": secret}
        project = (await server.post("projects", {"name": "x"}, 201, headers=headers))["id"]
        chunks = {"chunks": [{"text": PASSAGES[0]}]}
        await server.post(f"projects/{project}/chunks", chunks, 201, headers=headers)
        for provider in ("gemini", "grok"):
            body = {"project_id": project, "generation_model": provider}
            job = (await server.post("datasets/generate", body, headers=headers))["job_id"]
            runner = server.client.app[RUNNER]
            await until(lambda runner=runner: not runner.running)
            told.append(await server.get(f"jobs/{job}", headers=headers))
            told += [await server.get(f"jobs/{job}/calls", headers=headers)]
            told.append(await server.get(f"jobs/{job}/outcomes", headers=headers))
        told.append(await server.get("providers", headers=headers))
        told.append(await server.get("projects", 401, headers={"X-API-Key": "wrong-key-wrong"}))
        told.append(await server.get("/openapi.json"))
    text = json.dumps(told) + caplog.text
    text += "".join(str(record.__dict__) for record in caplog.records)
    for hidden in ("test-gemini-key", "test-grok-key", secret, "wrong-key-wrong"):
        assert hidden not in text
    stored = b"".join(content for content in files_below(data_dir).values())
    assert all(hidden.encode() not in stored for hidden in ("test-gemini-key", "test-grok-key", secret))


async def test_a_link_out_of_the_dataset_folder_is_refused_before_anything_starts(
    server: Server, data_dir: Path, tmp_path: Path, fake: FakeLLM
) -> None:
    project = await server.project()
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = data_dir / "datasets" / str(project)
    folder.mkdir(parents=True)
    (folder / "out").symlink_to(outside)
    (folder / "up").symlink_to(data_dir / "uploads")
    (folder / "file.txt").write_text("mine")
    for name in ("out", "out/below", "up", "file.txt", "file.txt/below"):
        body = {"project_id": project, "generation_model": "ollama", "output_dir": name}
        assert list(await faults(server, "POST", "datasets/generate", json=body)) == ["/output_dir"], name
    assert (await job_count(server), fake.stats.chats, files_below(outside)) == (0, 0, {})


@pytest.mark.parametrize(
    "name", ["../../../evil.txt", "/etc/passwd", "..\\evil.txt", ".", "con.txt", "x" * 300 + ".txt", "\u202etxt.exe"]
)
async def test_a_file_name_is_never_a_path(server: Server, data_dir: Path, name: str) -> None:
    project = int((await server.post("projects", {"name": "x"}, 201))["id"])
    before = {str(path) for path in data_dir.parent.rglob("*")}
    form = FormData({"project_id": str(project)})
    form.add_field("files", b"The kiln dries clay at 900 degrees.", filename=name)
    async with server.client.post(f"{API}/documents/upload", data=form) as response:
        assert response.status in (201, 400)
    new = {str(path) for path in data_dir.parent.rglob("*")} - before
    assert all(path.startswith(str(data_dir / "uploads")) or "chunksmith.db" in path for path in new)
    assert not any("evil" in path or "passwd" in path for path in new)


@pytest.mark.parametrize(
    "path",
    [
        "datasets/..%2f..%2fchunksmith.db/download",
        "datasets/%2e%2e/entries",
        "documents/..%2f1/content",
        "projects/1%00",
        "chunks/chunk_1%2f..",
    ],
)
async def test_an_id_is_never_a_path(server: Server, path: str) -> None:
    await server.project(PASSAGES[:1])
    await server.get(path, 404)


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def pdf(password: str | None = None) -> bytes:
    """One page without text."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    if password:
        writer.encrypt(password, algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def bomb() -> bytes:
    """A DOCX whose text unpacks to 200 MB."""
    types = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'
    return zipped({"[Content_Types].xml": types, "word/document.xml": b"<w>" + b" " * 200_000_000})


HOSTILE: dict[str, bytes] = {
    "empty.txt": b"",
    "blank.txt": b" \n\t\n",
    "corrupt.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 20,
    "encrypted.pdf": pdf("secret"),
    "image.pdf": pdf(),
    "cut.docx": zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document>"})[:-30],
    "binary.txt": bytes(range(256)) * 50,
    "entities.html": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><html><body></body></html>',
}


@pytest.fixture(scope="module")
def hostile() -> dict[str, bytes]:
    return HOSTILE | {"bomb.docx": bomb()}


@pytest.fixture
async def patient(data_dir: Path, fake: FakeLLM) -> AsyncIterator[Server]:
    async with running_app(settings_for(data_dir, fake)) as server:
        yield server


async def test_hostile_documents_do_not_stop_the_others(patient: Server, hostile: dict[str, bytes]) -> None:
    project = int((await patient.post("projects", {"name": "x"}, 201))["id"])
    files = {**hostile, "good.txt": PASSAGES[0].encode()}
    await upload(patient, project, files)
    job = (await patient.post("documents/process", {"project_id": project}, 202))["job_id"]
    status = await patient.ended(job)
    documents = (await patient.get("documents", params={"project_id": project}))["documents"]
    kinds: dict[str, Any] = {document["name"]: document["error_kind"] for document in documents}
    assert kinds.pop("good.txt") is None
    assert all(kinds.values()), kinds
    assert (kinds["empty.txt"], kinds["encrypted.pdf"], kinds["image.pdf"]) == ("empty", "encrypted", "no_text_layer")
    assert kinds["bomb.docx"] in ("too_large", "memory", "corrupt")
    assert all(document["error_detail"] for document in documents if document["name"] != "good.txt")
    assert status["result"]["units"] == {"total": len(files), "done": 1, "failed": len(hostile), "pending": 0}
    generated = await patient.generate({"project_id": project, "generation_model": "ollama"})
    assert generated["result"]["units"]["total"] == 1


async def test_an_upload_over_the_limit_leaves_nothing(data_dir: Path) -> None:
    more = {"uploads": {"max_file_bytes": 1000, "max_files": 2}}
    async with running_app(settings_for(data_dir, None, more)) as server:
        project = (await server.post("projects", {"name": "x"}, 201))["id"]
        for files in ({"a.txt": b"x" * 2000}, {f"{n}.txt": b"x" for n in range(3)}):
            form = FormData({"project_id": str(project)})
            for name, content in files.items():
                form.add_field("files", content, filename=name)
            async with server.client.post(f"{API}/documents/upload", data=form) as response:
                assert response.status in (400, 413)
        assert (await server.get("documents", params={"project_id": project}))["total"] == 0
        assert files_below(data_dir / "uploads") == {}


async def test_a_name_that_is_allowed_may_be_asked_for(data_dir: Path) -> None:
    settings = settings_for(data_dir, None, {"server": {"allowed_hosts": ["chunks.local"]}})
    async with running_app(settings) as server:
        assert await status_of(server, "/health", Host="chunks.local") == 200
