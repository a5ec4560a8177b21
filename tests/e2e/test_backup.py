"""`chunksmith backup` beside a server that generates, and a second server on what was restored."""

import json
from pathlib import Path

from serve_parts import chunksmith, ended, serving

TEXT = "A kiln is an oven that dries fired clay at about 900 degrees. Granite is a rock that forms when magma cools. "


def test_a_backup_of_a_running_server_is_served_elsewhere(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as process, process.api as api:
        project = api.post("/projects", json={"name": "x"}).json()["id"]
        files = [("files", ("kiln.txt", TEXT.encode()))]
        api.post("/documents/upload", data={"project_id": str(project)}, files=files)
        job = api.post("/datasets/generate", json={"project_id": project, "generation_model": "builtin"}).json()
        status = ended(api, job["job_id"])
        download = api.get(f"/datasets/{job['dataset_id']}/download").content
        made = chunksmith("backup", tmp_path / "b.zip", "--data-dir", tmp_path / "data", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["missing"] == []
    assert chunksmith("restore", tmp_path / "b.zip", "--data-dir", tmp_path / "again").returncode == 0
    with serving(tmp_path / "again") as process, process.api as api:
        assert api.get(f"/datasets/generate/{job['job_id']}/status").json() == status
        assert api.get(f"/datasets/{job['dataset_id']}/download").content == download


def test_an_interrupted_job_goes_on_where_it_is_restored(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as process, process.api as api:
        project = api.post("/projects", json={"name": "x"}).json()["id"]
        chunks = [{"text": f"{TEXT}Sample {n} weighs {n} grams."} for n in range(400)]
        api.post(f"/projects/{project}/chunks", json={"chunks": chunks})
        job = api.post("/datasets/generate", json={"project_id": project, "generation_model": "builtin"}).json()
        made = chunksmith("backup", tmp_path / "b.zip", "--data-dir", tmp_path / "data")
        assert made.returncode == 0, made.stderr
        first = ended(api, job["job_id"])["result"]["outcomes"]
    chunksmith("restore", tmp_path / "b.zip", "--data-dir", tmp_path / "again")
    with serving(tmp_path / "again") as process, process.api as api:
        assert ended(api, job["job_id"])["result"]["outcomes"] == first
