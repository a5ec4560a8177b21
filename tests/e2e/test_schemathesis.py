"""The real process against what its OpenAPI document promises: no server error, no answer that is not described."""

import json
import os
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from serve_parts import chunksmith, ended, environment, serving

HERE = Path(__file__).parent
SEED, EXAMPLES = 20_260_131, 5
TEXT = "A kiln dries fired clay at about 900 degrees. The potter opens the damper because steam must leave slowly."
# Operations that a request that fits the document may still not be meant for, and why. Each is tested with the API.
REFUSES_WHAT_FITS = {
    "generate_dataset": "a project without chunks, an unknown model, what comes later",
    "estimate_generation": "as generate_dataset",
    "generate_evaluation": "as generate_dataset",
    "process_documents": "an unknown model, an overlap that is not smaller than the size",
    "import_chunks": "an id that is taken",
    "get_document_content": "a start after the end",
    "list_project_chunks": "a cursor that was never given, or beside a page",
    "list_document_chunks": "a cursor that was never given, or beside a page",
    "list_entries": "a cursor that was never given, or beside a page",
    "list_outcomes": "a cursor that was never given, or beside a page",
    "list_calls": "a cursor that was never given, or beside a page",
    "list_feedback": "a cursor beside a page",
    "dataset_coverage": "a cursor that was never given, or beside a page",
    "download_dataset": "an unknown format",
    "change_entry": "fields of another mode, metadata that the server fills in",
    "change_job": "a ceiling on money without a price",
    "create_reference": "a line without a text, a name that is taken",
    "version_manifest": "a cursor that was never given, or beside a page",
    "compare_versions": "a cursor that was never given",
    "prune_ledger": "nothing that says what to remove",
    "upload_documents": "a form without files",
    "create_taxonomy": "equal siblings, ids that are no UUIDs",
    "update_taxonomy": "as create_taxonomy",
    "generate_taxonomy": "a project without chunks, an unknown model",
    "extend_taxonomy": "an unknown taxonomy or model",
    "preview_generation": "as generate_dataset",
    "delete_taxonomy": "an If-Match that names another state",
    "start_extraction": "a project without chunks, an unknown model or category",
    "import_extraction": "more or less than one way to name a chunk",
    "list_extraction_results": "an unknown category, a cursor that was never given, or beside a page",
    "run_benchmark": "the suite dataset without a dataset, data that is not there, an unknown model",
    "analyze": "neither rows nor a dataset",
    "rescore_dataset": "an unknown judge",
    "roll_back_version": "a number that is no version",
    "import_project": "what is no archive",
}
# `/datasets/generate` is also `/datasets/{dataset_id}`, so `Allow` rightly names what that one does.
SHARES_ITS_ADDRESS = {
    "generate_dataset",
    "generate_evaluation",
    "estimate_generation",
    "process_documents",
    "upload_documents",
    "preview_generation",
    "generate_taxonomy",
    "extend_taxonomy",
    "import_project",
    "list_versions",
}
# A plain scalar of YAML is the text that stands there: `name: false` names it "false".
READS_YAML = {"create_taxonomy", "update_taxonomy"}
# A row of a reference set may have more fields than are read.
READS_SOME_FIELDS = {"create_reference"}
EXCLUDED = {"job_events": "a stream of events stays open while the job is not over"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("schemathesis")


@pytest.fixture(scope="module")
def seeded(folder: Path) -> Iterator[dict[str, str]]:
    """A server with a key, and something of each kind. Its address and ids."""
    made = chunksmith("keys", "create", "tests", "--data-dir", folder / "data", "--json")
    key = json.loads(made.stdout)["key"]
    with serving(folder / "data", "--log-level", "warning") as process:
        with process.api as api:
            api.headers["X-API-Key"] = key
            project = api.post("/projects", json={"name": "sample"}).json()["id"]
            chunks = [{"text": TEXT, "document": "kiln.txt"}, {"text": TEXT.replace("kiln", "oven")}]
            api.post(f"/projects/{project}/chunks", json={"chunks": chunks}).raise_for_status()
            prompt = api.post("/prompts", json={"name": "mine", "content": "Ask."}).json()["id"]
            job = api.post("/datasets/generate", json={"project_id": project, "generation_model": "builtin"}).json()
            assert ended(api, job["job_id"])["status"] == "completed"
            document = api.get("/documents", params={"project_id": project}).json()["documents"][0]["id"]
        yield {
            "url": process.url,
            "key": key,
            "project_id": str(project),
            "document_id": str(document),
            "chunk_id": "chunk_1",
            "prompt_id": str(prompt),
            "prompt_name": "mine",
            "job_id": job["job_id"],
            "dataset_id": job["dataset_id"],
            "entry_id": "entry_1",
        }
        assert process.stop() == 0
        events = [json.loads(line)["event"] for line in process.log.read_text().splitlines()]
        assert {"request_failed", "job_crashed", "purge_interrupted"}.isdisjoint(events)


def config(ids: dict[str, str], operations: list[dict[str, Any]]) -> str:
    """What is not deleted is tried with ids that exist; the rest with any."""
    lines = []
    by_id = {operation["operationId"]: operation for operation in operations}
    for name in sorted(by_id):
        deletes = by_id[name]["method"] == "delete"
        wanted = [each["name"] for each in by_id[name]["parameters"] if each["in"] == "path" and each["name"] in ids]
        known = {f"path.{each}": ids[each] for each in wanted if not deletes}
        checks = ["positive_data_acceptance"] if name in REFUSES_WHAT_FITS else []
        checks += ["allow_header_conformance"] if name in SHARES_ITS_ADDRESS else []
        checks += ["negative_data_rejection"] if name in READS_YAML | READS_SOME_FIELDS else []
        if not known and not checks:
            continue
        lines += ["[[operations]]", f'include-operation-id = "{name}"']
        if known:
            lines.append(
                f"parameters = {{ {', '.join(f'{json.dumps(k)} = {json.dumps(v)}' for k, v in known.items())} }}"
            )
        lines += [f"checks.{check}.enabled = false" for check in checks]
        lines.append("")
    return "\n".join(lines)


def operations_of(url: str) -> list[dict[str, Any]]:
    document = httpx.get(f"{url}/openapi.json").json()
    return [
        {**operation, "method": method} for item in document["paths"].values() for method, operation in item.items()
    ]


def run(folder: Path, seeded: dict[str, str], *, known_ids: bool, phases: str) -> subprocess.CompletedProcess[str]:
    operations = operations_of(seeded["url"])
    unknown = ({*REFUSES_WHAT_FITS} | {*EXCLUDED}) - {operation["operationId"] for operation in operations}
    assert not unknown, unknown
    (folder / "schemathesis.toml").write_text(config(seeded if known_ids else {}, operations))
    excluded = [argument for name in EXCLUDED for argument in ("--exclude-operation-id", name)]
    return subprocess.run(
        [
            Path(sysconfig.get_path("scripts")) / "schemathesis",
            "--config-file",
            folder / "schemathesis.toml",
            "--no-color",
            "run",
            f"{seeded['url']}/openapi.json",
            *("--header", f"X-API-Key: {seeded['key']}"),
            *("--phases", phases, "--max-examples", str(EXAMPLES), "--seed", str(SEED)),
            *("--no-shrink", "--continue-on-failure", "--generation-database", "none", "--warnings", "off"),
            *excluded,
        ],
        cwd=folder,
        env=environment(SCHEMATHESIS_HOOKS="schemathesis_hooks", PYTHONPATH=os.fspath(HERE)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("known_ids", "phases"), [(True, "coverage,fuzzing"), (False, "fuzzing")], ids=["ids that exist", "any ids"]
)
def test_nothing_is_found(folder: Path, seeded: dict[str, str], known_ids: bool, phases: str) -> None:
    ended = run(folder, seeded, known_ids=known_ids, phases=phases)
    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr[-2000:]
