"""Every format over HTTP: clean columns for every mode, splits, filters, plugins that fail, readers that stop."""

import asyncio
import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api_parts import COLUMNS, MODES, download, entries, faults
from app_parts import API, PASSAGES, Prepared, Server, prepared, running_app, settings_for
from chunksmith.app import DATABASE_FILE
from export_parts import HARD
from fake_llm import FakeLLM
from plugin_parts import GOOD, installed, lay_out

ABOUT = ["id", "category", "difficulty", "quality_score", "split", "source_chunk", "document_name", "evidence"]
BY_SPLIT = ("jsonl", "json", "parquet", "csv", "alpaca", "sharegpt", "chatml")
OWN = {"alpaca": ["instruction", "input", "output"], "sharegpt": ["conversations"], "chatml": ["messages"]}
SPLITS = ("train", "validation", "test")
Rows = list[dict[str, Any]]


def put(data_dir: Path, sql: str, *values: object) -> None:
    """What other parts of the server would have stored; the dataset is at another revision then."""
    with closing(sqlite3.connect(data_dir / DATABASE_FILE)) as connection, connection:
        connection.execute(sql, values)
        connection.execute("UPDATE datasets SET revision = revision + 1")


def split_up(data_dir: Path) -> None:
    put(data_dir, "UPDATE entries SET split = json_extract(?, '$[' || (position % 3) || ']')", json.dumps(SPLITS))


async def made(server: Server, mode: str = "default", **body: Any) -> str:
    project = await server.project(document="Größe & Maß, übersicht.txt")
    status = await server.generate(
        {"project_id": project, "generation_mode": mode, "generation_model": "ollama", **body}
    )
    return str(status["result"]["dataset_id"])


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """With entries in all splits."""
    found = prepared(tmp_path_factory.mktemp("before") / "data", made)
    split_up(found.data_dir)
    return found


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def parsed(form: str, content: bytes) -> Rows:
    if form == "parquet":
        table: Rows = pq.read_table(pa.BufferReader(content)).to_pylist()
        return table
    if form == "csv":
        return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))
    if form == "json":
        return list(json.loads(content))
    return [json.loads(line) for line in content.decode().split("\n")[:-1]]


@pytest.mark.parametrize("mode", MODES)
async def test_every_format_has_clean_columns(server: Server, data_dir: Path, mode: str) -> None:
    dataset = await made(server, mode)
    main = next(name for name in ("output", "summary", "answer", "question") if name in COLUMNS[mode])
    hard = "\n".join(HARD.values())
    await server.call("PUT", f"datasets/{dataset}/entries/entry_1", json={main: hard})
    await server.call("DELETE", f"datasets/{dataset}/entries/entry_2", 204)
    split_up(data_dir)
    shown = {entry["id"]: entry for entry in await entries(server, dataset)}
    assert "entry_2" not in shown
    for form in BY_SPLIT:
        files = members(await download(server, dataset, format=form))
        found = {name.partition(".")[0]: parsed(form, content) for name, content in files.items()}
        assert list(found) == list(SPLITS)
        assert sorted(row["id"] for rows in found.values() for row in rows) == sorted(shown)
        for split, rows in found.items():
            for row in rows:
                assert list(row) == [*OWN.get(form, COLUMNS[mode]), *ABOUT]
                assert row["split"] == shown[row["id"]]["split"] == split
                assert row["document_name"] == "Größe & Maß, übersicht.txt"
        edited = next(row for rows in found.values() for row in rows if row["id"] == "entry_1")
        assert json.dumps(hard, ensure_ascii=False)[1:-1] in json.dumps(edited, ensure_ascii=False)
    for form in ("anki", "huggingface"):
        assert members(await download(server, dataset, format=form))
    cards = (await download(server, dataset, format="anki-text")).decode().split("\n")
    assert len([line for line in cards if line and not line.startswith("#")]) == len(shown)


async def test_columns_that_nothing_fills_are_left_out(server: Server, data_dir: Path) -> None:
    dataset = await made(server, analyze_quality=False)
    put(data_dir, "UPDATE entries SET category = NULL, difficulty = NULL, evidence = '[]'")
    (row, *_) = parsed("jsonl", await download(server, dataset, format="jsonl"))
    assert list(row) == ["question", "answer", "id", "source_chunk", "document_name"]


@pytest.mark.parametrize("form", BY_SPLIT)
async def test_one_split_is_one_file_of_the_format(server: Server, dataset: str, form: str) -> None:
    listed = {one["name"]: one for one in (await server.get("formats"))["formats"]}
    query = {"format": form, "split": "test"}
    async with server.client.get(f"{API}/datasets/{dataset}/download", params=query) as response:
        content = await response.read()
        assert response.headers["Content-Type"] == listed[form]["media_type"]
        assert response.content_disposition is not None
        assert str(response.content_disposition.filename).endswith(f"_test.{listed[form]['extension']}")
    whole = members(await download(server, dataset, format=form))
    assert parsed(form, content) == parsed(form, whole[f"test.{listed[form]['extension']}"])
    async with server.client.get(f"{API}/datasets/{dataset}/download", params={"format": form}) as response:
        assert response.headers["Content-Type"] == "application/zip"
        assert response.content_disposition is not None
        assert response.content_disposition.filename == f"{dataset}_{form}.zip"


@pytest.mark.parametrize("form", [*BY_SPLIT, "anki", "anki-text", "huggingface"])
async def test_made_again_a_file_has_the_same_bytes(server: Server, dataset: str, data_dir: Path, form: str) -> None:
    before = await download(server, dataset, format=form)
    for file in (data_dir / "datasets" / ".exports").iterdir():
        file.unlink()
    assert await download(server, dataset, format=form) == before


async def test_filters_apply_to_each_split(server: Server, dataset: str) -> None:
    shown = await entries(server, dataset)
    word = shown[0]["question"]
    files = members(await download(server, dataset, format="jsonl", q=word))
    assert list(files) == [f"{split}.jsonl" for split in SPLITS]
    found = [json.loads(line)["id"] for content in files.values() for line in content.splitlines()]
    assert found == [entry["id"] for entry in shown if word in (entry["question"], entry["answer"])]


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "packages"
    folder.mkdir()
    with installed(folder, monkeypatch):
        yield folder


@pytest.fixture
def failing(plugins: Path) -> None:
    """Good for the first file and some rows, then not."""
    code = GOOD.replace(
        "            sink", "            if row['id'] == 'entry_7': raise ValueError('no sevens')\n            sink"
    )
    lay_out(plugins, "list-format", code, ids="list_format:Form")
    lay_out(plugins, "no-format", "import nothing_of_that_name", nothing="no_format:Form")


@pytest.mark.usefixtures("failing")
async def test_a_plugin_that_fails_costs_no_entry(data_dir: Path, fake: FakeLLM) -> None:
    async with running_app(settings_for(data_dir, fake)) as server:
        project = await server.project()
        body = {"project_id": project, "generation_model": "ollama", "format_type": "ids", "batch_size": 1}
        status = await server.generate(body, ("failed",))
        assert status["error"] == "Format failed: ids, of the plugin list-format 2.5: ValueError: no sevens"
        assert status["result"]["units"]["done"] == status["result"]["units"]["total"] == 5
        dataset = status["result"]["dataset_id"]
        shown = await entries(server, dataset)
        assert len(shown) == status["result"]["total_entries_so_far"]
        assert len(parsed("jsonl", await download(server, dataset, format="jsonl"))) == len(shown)
        assert [batch["batch_index"] for batch in status["result"]["batch_files"]] == [0, 1, 3, 4]
        assert (await server.get(f"datasets/{dataset}/quality"))["quality_summary"] is not None
        problem = await server.get(f"datasets/{dataset}/download", 500)
        assert (problem["type"], problem["detail"]) == ("urn:chunksmith:problem:format-failed", status["error"])


@pytest.mark.usefixtures("failing")
async def test_a_broken_plugin_is_listed_and_refused_before_anything_starts(data_dir: Path, fake: FakeLLM) -> None:
    async with running_app(settings_for(data_dir, fake)) as server:
        listed = await server.get("formats")
        assert "ids" in [one["name"] for one in listed["formats"]]
        assert [(one["name"], one["plugin"]) for one in listed["problems"]] == [("nothing", "no-format 2.5")]
        body = {"project_id": await server.project(), "format_type": "nothing"}
        found = await faults(server, "POST", "datasets/generate", json=body)
        assert "the plugin no-format 2.5 cannot be used: ModuleNotFoundError" in found["/format_type"]


async def test_code_is_not_taken_over_http(server: Server) -> None:
    for path in ("formats", "plugins/dataset-formats"):
        await server.post(path, {"code": "import os"}, 405)


async def test_a_reader_that_stops_holds_up_nobody(server: Server, data_dir: Path) -> None:
    dataset = await made(server)
    put(
        data_dir,
        """INSERT INTO entries (id, dataset, position, chunk_id, question, answer, generated_at)
        WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
        SELECT (made << 36) | i, made, i, 1, 'Q', hex(zeroblob(2000)), ''
        FROM n, (SELECT max(id) AS made FROM datasets)""",
    )
    url = server.client.make_url(f"{API}/datasets/{dataset}/download")
    reader, writer = await asyncio.open_connection(url.host, url.port, limit=1024)
    writer.write(f"GET {url.path} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    whole = await download(server, dataset)
    assert len(whole) > 20_000_000
    assert (await server.get("formats"))["formats"]
    rest = {"Range": f"bytes={len(whole) - 100}-"}
    async with server.client.get(f"{API}/datasets/{dataset}/download", headers=rest) as response:
        assert await response.read() == whole[-100:]
    writer.close()


@pytest.mark.parametrize("form", [*BY_SPLIT, "anki", "anki-text", "huggingface"])
async def test_batch_files_are_written_in_every_format(server: Server, data_dir: Path, form: str) -> None:
    project = await server.project()
    body = {"project_id": project, "generation_mode": "question", "generation_model": "ollama", "format_type": form}
    status = await server.generate({**body, "batch_size": 3})
    listed = {one["name"]: one["extension"] for one in (await server.get("formats"))["formats"]}
    batches = status["result"]["batch_files"]
    assert [Path(batch["file_path"]).suffix for batch in batches] == [f".{listed[form]}"] * 2
    contents = [(data_dir / batch["file_path"]).read_bytes() for batch in batches]
    if form in ("anki", "huggingface"):
        assert all(members(content) for content in contents)
    elif form != "anki-text":
        found = [row for content in contents for row in parsed(form, content)]
        assert [row["id"] for row in found] == [entry["id"] for entry in await entries(server, status["job_id"])]
        if form == "alpaca":  # the model is shown the passage that the question is about
            assert {row["input"] for row in found} <= set(PASSAGES)
