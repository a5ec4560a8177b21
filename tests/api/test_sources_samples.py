"""The shipped samples become datasets from each data source, with the built-in generator and with each provider."""

from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from api_parts import fresh, upload
from app_parts import Json, Server

SAMPLES = Path(str(resources.files("chunksmith") / "samples"))
FILES = ("sourdough.txt", "kartoffel.de.md", "ryokucha.ja.md")
MODELS = ("builtin", "gemini", "grok", "ollama")


async def prepared(server: Server, model: str) -> int:
    """Samples that the model has made a taxonomy of, and extracted from; parsed and cut by rules."""
    project = int((await server.post("projects", {"name": "Samples"}, 201))["id"])
    await upload(server, project, {name: (SAMPLES / name).read_bytes() for name in FILES})
    await server.ended((await server.post("documents/process", {"project_id": project}, 202))["job_id"])
    making = {"project_id": project, "name": "T", "model": model, "mode": "complete"}
    await server.ended((await server.post("taxonomy/generate", making, 202))["job_id"])
    taxonomy = (await server.get(f"taxonomy?project_id={project}"))["taxonomies"][0]["id"]
    body = {"project_id": project, "taxonomy_id": taxonomy, "initial_classifier": model}
    await server.ended((await server.post("extraction", body, 202))["job_id"])
    return project


def paths_of(node: Json, above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = set()
    for child in node["children"]:
        path = (*above, child["name"])
        found |= {path} | paths_of(child, path)
    return found


@pytest.mark.parametrize("model", MODELS)
async def test_each_source_makes_a_dataset_of_the_samples(server: Server, model: str) -> None:
    project = await prepared(server, model)
    chunks = {one["id"]: one["text"] for one in (await server.get(f"chunks/project/{project}?per_page=1000"))["chunks"]}
    taxonomy = (await server.get(f"taxonomy?project_id={project}"))["taxonomies"][0]["id"]
    known = paths_of((await server.get(f"taxonomy/{taxonomy}"))["taxonomy"])
    for source in ("Chunks Only", "Taxonomy", "Extract"):
        body: dict[str, Any] = {"project_id": project, "data_source": source, "generation_model": model}
        status, found = await fresh(server, {**body, "concurrency": 4})
        counts = status["result"]["outcomes"]
        assert sum(counts.values()) == status["result"]["units"]["total"] > 0, source
        assert len(found) == status["result"]["total_entries_so_far"] > 0, source
        evidence = [(chunks[entry["source_chunk"]], one) for entry in found for one in entry["evidence"]]
        matched = [(text, one) for text, one in evidence if one["match"] == "exact"]
        assert matched, source
        assert all(text[one["start"] : one["end"]] == one["quote"] for text, one in matched), source
        paths = {tuple(entry["metadata"]["taxonomy_path"] or ()) for entry in found}
        assert paths == {()} if source == "Chunks Only" else paths <= known | {()} and paths != {()}, source
