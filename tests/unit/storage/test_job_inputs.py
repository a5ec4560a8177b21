"""What is frozen beside a job: written with it, read whole, gone with it."""

from chunksmith.storage.jobs import JobStore
from corpus_parts import NOW, Corpus

VALUES = {
    "job_id": "dataset-gen-1",
    "kind": "dataset-gen",
    "spec": {},
    "concurrency": 1,
    "max_calls": None,
    "max_cost_nano": None,
    "idempotency_key": "k",
    "idempotency_hash": "h",
    "created_at": NOW,
}


async def test_inputs_come_with_their_job_and_go_with_it(corpus: Corpus) -> None:
    jobs = JobStore(corpus.database)
    values = {**VALUES, "project_id": (await corpus.project("p")).id}
    job = await jobs.submit(values, None, {"taxonomy": '["緑茶"]'})
    assert await jobs.inputs(job.id) == {"taxonomy": '["緑茶"]'}
    assert (await jobs.submit(values, None, {"taxonomy": "other"})).id == job.id
    assert await jobs.inputs(job.id) == {"taxonomy": '["緑茶"]'}
    await corpus.database.apply([("DELETE FROM jobs WHERE id = ?", (job.id,))])
    assert await jobs.inputs(job.id) == {}
