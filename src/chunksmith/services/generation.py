"""Starting generation jobs."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import Project, project_folder
from chunksmith.domain.corpus_ports import ChunkSource, Documents
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.ports import Clock
from chunksmith.errors import RunnerUnavailable
from chunksmith.services.runner import Runner
from chunksmith.services.specifying import Specifier

KIND = "dataset-gen"


@dataclass(frozen=True, slots=True)
class Submitted:
    job: Job
    warnings: tuple[str, ...]


class GenerationService:
    def __init__(
        self,
        specifier: Specifier,
        chunks: ChunkSource,
        documents: Documents,
        jobs: JobQueue,
        runner: Runner,
        clock: Clock,
    ) -> None:
        self._specifier = specifier
        self._chunks = chunks
        self._documents = documents
        self._jobs = jobs
        self._runner = runner
        self._clock = clock

    async def submit(self, values: Mapping[str, Any], idempotency_key: str | None) -> Submitted:
        """Start a job, or give the one that this key and body started before.

        Errors: as ``Specifier.specify``; Conflict for a key with another body; RunnerUnavailable while it stops.
        """
        if self._runner.stopping:
            raise RunnerUnavailable("the server is stopping")
        body_hash = _hash_of(values)
        if idempotency_key is not None:
            known = await self._jobs.by_idempotency_key(idempotency_key, body_hash)
            if known is not None:
                return Submitted(known, tuple(known.spec["warnings"]))
        project, spec, inputs, _ = await self._specifier.specify(values)
        has_documents = await self._has_documents(project)
        job = await self._jobs.submit(
            _job_values(spec, idempotency_key, body_hash, timestamp(self._clock)),
            _dataset_values(spec, project, has_documents),
            inputs,
        )
        self._runner.wake()
        return Submitted(job, spec.warnings)

    async def _has_documents(self, project: Project) -> bool:
        """Whether entries will have the name of a document to show."""
        waiting = await self._documents.pending(project.id, 0, 1)
        return bool(waiting) or await self._chunks.has_named_chunks(project.id)


def _hash_of(values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(f"{KIND}\n{canonical}".encode("utf-8", "surrogatepass")).hexdigest()


def _job_values(spec: GenerationSpec, key: str | None, body_hash: str, at: str) -> dict[str, Any]:
    return {
        "job_id": f"{KIND}-{uuid4()}",
        "kind": KIND,
        "project_id": spec.project_id,
        "spec": spec.model_dump(mode="json"),
        "concurrency": spec.concurrency,
        "max_calls": spec.max_calls,
        "max_cost_nano": spec.max_cost_nano,
        "idempotency_key": key,
        "idempotency_hash": body_hash if key is not None else None,
        "created_at": at,
    }


def _dataset_values(spec: GenerationSpec, project: Project, has_documents: bool) -> dict[str, Any]:
    folder = project_folder(project.id)
    return {
        "dataset_id": f"dataset_{uuid4()}",
        "name": spec.dataset_name or f"{project.name} ({spec.generation_mode})",
        "mode": spec.generation_mode,
        "format_type": spec.format_type,
        "folder": folder if spec.output_dir == "." else f"{folder}/{spec.output_dir}",
        "settings": {
            **spec.summary(),
            "prompt_hash": hashlib.sha256(spec.prompt_content.encode("utf-8", "surrogatepass")).hexdigest(),
            "has_documents": has_documents,
        },
    }
