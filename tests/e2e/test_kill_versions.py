"""The real process is killed while a version is frozen, and while one is gone back to."""

import contextlib
from pathlib import Path
from typing import Any

import httpx

from chunksmith.domain.fault_points import VARIABLE
from serve_parts import ended, serving

NAME = "line"
TEXT = "A kiln is an oven that dries fired clay at about 900 degrees. Granite is a rock that forms when magma cools."


def project(api: httpx.Client) -> int:
    made = int(api.post("/projects", json={"name": "x"}).json()["id"])
    api.post(f"/projects/{made}/chunks", json={"chunks": [{"text": TEXT}]})
    return made


def generate(api: httpx.Client, of: int) -> dict[str, Any]:
    body = {"project_id": of, "generation_model": "builtin", "enable_versioning": True, "dataset_name": NAME}
    found: dict[str, Any] = api.post("/datasets/generate", json=body).json()
    return found


def versions(api: httpx.Client, of: int) -> list[str]:
    listed = api.get("/datasets/versions", params={"project_id": of, "dataset_name": NAME}).json()["versions"]
    return sorted(one["version"] for one in listed)


def test_a_version_is_frozen_once_although_the_process_dies(tmp_path: Path) -> None:
    with serving(tmp_path / "data", **{VARIABLE: "version_frozen:1"}) as process, process.api as api:
        of = project(api)
        job = generate(api, of)
        process.popen.wait(30)
    with serving(tmp_path / "data") as process, process.api as api:
        assert ended(api, job["job_id"])["result"]["version"] == "1.0.0"
        assert versions(api, of) == ["1.0.0"]


def test_a_rollback_is_completed_although_the_process_dies(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as process, process.api as api:
        of = project(api)
        job = generate(api, of)
        ended(api, job["job_id"])
        entry = f"/datasets/{job['dataset_id']}/entries/entry_1"
        before = api.get(entry).json()["question"]
        api.put(entry, json={"question": "What is new here?"}).raise_for_status()
        process.stop()
    with serving(tmp_path / "data", **{VARIABLE: "version_restored_slice:1"}) as process, process.api as api:
        body = {"project_id": of, "dataset_name": NAME, "target_version": "1.0.0"}
        with contextlib.suppress(httpx.TransportError):
            api.post("/datasets/versions/rollback", json=body)
        process.popen.wait(30)
    with serving(tmp_path / "data") as process, process.api as api:
        assert api.get(entry).json()["question"] == before
