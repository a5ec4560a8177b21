"""Each mode has columns of its own, in the answers and in every file."""

import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from api_parts import COLUMNS, MODES, TEXTS, bodies, download, fresh
from app_parts import PASSAGES, Server, running_app, settings_for
from fake_llm import FakeLLM

pytestmark = pytest.mark.asyncio(loop_scope="module")
ABOUT = ("id", "category", "difficulty", "quality_score", "source_chunk", "document_name", "evidence")
PROVIDERS = ("builtin", "gemini", "grok", "ollama")
METADATA = {
    "model",
    "provider",
    "prompt_hash",
    "chunk_id",
    "document_id",
    "document_name",
    "taxonomy_path",
    "taxonomy_level",
    "generated_at",
    "quality",
}
Found = tuple[dict[str, Any], list[dict[str, Any]]]


Make = Callable[..., Awaitable[Found]]


@pytest.fixture(scope="module")
def server(shared: Server) -> Server:
    return shared


@pytest.fixture(scope="module")
def made(server: Server) -> Make:
    """A dataset of each kind is generated once: all look at it, none changes it."""
    known: dict[tuple[str, str, str | None], Found] = {}

    async def make(mode: str, provider: str, document: str | None = "sample.txt") -> Found:
        kind = (mode, provider, document)
        if kind not in known:
            project = await server.project(document=document)
            body = {"project_id": project, "generation_mode": mode, "generation_model": provider}
            known[kind] = await fresh(server, body)
        return known[kind]

    return make


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("mode", MODES)
async def test_entries_have_the_columns_of_their_mode(made: Make, mode: str, provider: str) -> None:
    _, found = await made(mode, provider)
    for entry in found:
        assert {name for name in TEXTS if name in entry} == {*COLUMNS[mode], "question", "answer"}
        assert all(entry[name] is None for name in ("question", "answer") if name not in COLUMNS[mode])
        assert all(entry[name] for name in COLUMNS[mode] if name not in ("input", "key_points"))


@pytest.mark.parametrize("provider", ["builtin", "ollama"])
@pytest.mark.parametrize("mode", MODES)
async def test_evidence_is_where_it_says(server: Server, made: Make, mode: str, provider: str) -> None:
    _, found = await made(mode, provider)
    for entry in found:
        chunk = (await server.get(f"chunks/{entry['source_chunk']}"))["text"]
        for item in entry["evidence"]:
            assert item["match"] in ("exact", "normalized", "fuzzy", "none")
            if item["match"] == "none":
                assert (item["start"], item["end"]) == (None, None)
            elif item["match"] == "exact":
                assert chunk[item["start"] : item["end"]] == item["quote"]
            else:
                assert 0 <= item["start"] < item["end"] <= len(chunk)
    assert any(item["match"] == "exact" for entry in found for item in entry["evidence"])


@pytest.mark.parametrize("mode", MODES)
async def test_metadata_tells_where_an_entry_comes_from(made: Make, mode: str) -> None:
    _, found = await made(mode, "ollama")
    for entry in found:
        metadata = entry["metadata"]
        assert metadata.keys() >= METADATA
        assert (metadata["provider"], metadata["model"]) == ("ollama", "llama3.2")
        assert metadata["chunk_id"] == entry["source_chunk"]
        assert metadata["document_name"] == "sample.txt"
        assert isinstance(metadata["document_id"], int)
        assert all(0 <= part <= 1 for part in metadata["quality"].values())
        assert metadata["generated_at"].endswith("Z")
        assert entry["difficulty"] in ("beginner", "intermediate", "advanced")
        assert entry["status"] == "accepted"


async def test_the_model_is_asked_for_the_columns_of_the_mode(tmp_path: Path) -> None:
    shapes = set()
    async with FakeLLM() as fake, running_app(settings_for(tmp_path, fake)) as server:
        project = await server.project(PASSAGES[:1])
        for mode in MODES:
            fake.reset()
            await server.generate({"project_id": project, "generation_mode": mode, "generation_model": "ollama"})
            (body,) = bodies(fake)
            item = body["format"]["properties"]["entries"]["items"]
            item = body["format"]["$defs"][item["$ref"].rsplit("/")[-1]] if "$ref" in item else item
            assert {name for name in TEXTS if name in item["properties"]} == {*COLUMNS[mode]}
            shapes.add(json.dumps(item))
    assert len(shapes) >= 5


def read(content: bytes, form: str) -> list[dict[str, Any]]:
    if form == "jsonl":
        return [json.loads(line) for line in content.decode().splitlines()]
    if form == "json":
        found: list[dict[str, Any]] = json.loads(content)
        return found
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    return rows


@pytest.mark.parametrize("form", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("mode", MODES)
async def test_files_hold_clean_columns_in_order(server: Server, made: Make, mode: str, form: str) -> None:
    status, found = await made(mode, "ollama")
    content = await download(server, status["result"]["dataset_id"], format=form)
    rows = read(content, form)
    assert {tuple(row) for row in rows} == {(*COLUMNS[mode], *ABOUT)}
    shown = [{name: entry[name] for name in (*COLUMNS[mode], *ABOUT) if name != "document_name"} for entry in found]
    assert [{name: row[name] for name in row if name != "document_name"} for row in rows] == shown


@pytest.mark.parametrize("form", ["jsonl", "json", "parquet"])
async def test_chunks_without_a_document_give_no_empty_column(server: Server, made: Make, form: str) -> None:
    status, _ = await made("default", "builtin", document=None)
    rows = read(await download(server, status["result"]["dataset_id"], format=form), form)
    assert "document_name" not in rows[0]


@pytest.mark.parametrize("mode", MODES)
async def test_parquet_has_an_explicit_schema_with_the_settings(server: Server, made: Make, mode: str) -> None:
    status, _ = await made(mode, "builtin")
    content = await download(server, status["result"]["dataset_id"], format="parquet")
    schema = pyarrow.parquet.read_schema(io.BytesIO(content))
    types = {field.name: str(field.type) for field in schema}
    assert types["quality_score"] == "double"
    assert types["evidence"].startswith("list<element: struct<quote: string, start: int64, end: int64, match: string>")
    assert all(types[name] == "string" for name in COLUMNS[mode] if name != "key_points")
    settings = json.loads(schema.metadata[b"chunksmith"])["settings"]
    assert settings["generation_mode"] == mode
