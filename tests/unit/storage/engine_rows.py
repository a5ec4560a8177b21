"""A job with its dataset and its units in a real database."""

from dataclasses import dataclass
from typing import Any

from chunksmith.domain.calls import ChatReply, ModelRef, Usage
from chunksmith.domain.datasets import Entry
from chunksmith.domain.jobs import Job
from chunksmith.domain.ledger import NewCall
from chunksmith.storage.calls import CallStore
from chunksmith.storage.datasets import DatasetStore
from chunksmith.storage.entries import EntryStore
from chunksmith.storage.jobs import JobStore
from chunksmith.storage.units import UnitStore
from corpus_parts import NOW, Corpus

GROK = ModelRef("grok", "grok-4.3")


@dataclass
class EngineRows:
    corpus: Corpus

    def __post_init__(self) -> None:
        database = self.corpus.database
        self.jobs = JobStore(database)
        self.units = UnitStore(database)
        self.entries = EntryStore(database)
        self.datasets = DatasetStore(database)
        self.calls = CallStore(database, 1)

    async def job(self, units: int = 0, name: str = "1", **changes: Any) -> Job:
        project = await self.corpus.project(f"project {name}")
        values = {
            "job_id": f"dataset-gen-{name}",
            "kind": "dataset-gen",
            "project_id": project.id,
            "spec": {"batch_size": 0},
            "concurrency": 1,
            "max_calls": None,
            "max_cost_nano": None,
            "idempotency_key": None,
            "idempotency_hash": None,
            "created_at": NOW,
        }
        dataset = {
            "dataset_id": f"dataset_{name}",
            "name": "made",
            "mode": "default",
            "format_type": "jsonl",
            "folder": "datasets/1",
            "settings": {},
        }
        job = await self.jobs.submit({**values, **changes}, dataset)
        if units:
            await self.units.add_units(job.id, 0, list(range(100, 100 + units)), last=True)
        return await self.jobs.reload(job.id)

    async def one(self, sql: str) -> Any:
        (row,) = await self.corpus.database.read(sql)
        return row[0]


def call(key: str = "a", **changes: Any) -> NewCall:
    values: dict[str, Any] = {
        "key": key.encode(),
        "job": 1,
        "position": 0,
        "stage": "generate",
        "attempt": 1,
        "model": GROK,
        "sent_at": NOW,
        "estimate_nano": 500,
        "estimated_tokens": 70,
    }
    return NewCall(**{**values, **changes})


def reply(
    text: str = "fine", finish: Any = "stop", tokens: tuple[int, int] = (30, 12), cost: int | None = 70
) -> ChatReply:
    return ChatReply(text, finish, Usage(*tokens, cached_tokens=4, thinking_tokens=5, cost_nano_usd=cost), "grok-4.3")


def entry(number: int, position: int = 0, **changes: Any) -> Entry:
    values: dict[str, Any] = {"question": f"Question {number}?", "answer": "Yes.", "generated_at": NOW}
    return Entry(number, position, chunk_id=1, **{**values, **changes})
