"""Runs of benchmarks: what was asked, what was answered, what came of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import aiosqlite

from chunksmith.domain.benchmarks import (
    Answered,
    BenchmarkRun,
    BenchmarkSpec,
    CallSums,
    Measured,
    NotRun,
    RunFilter,
    Sample,
    SampleFilter,
    SampleRow,
    TaskRun,
)
from chunksmith.domain.calls import ModelRef
from chunksmith.domain.jobs import Job, Outcome, Unit
from chunksmith.errors import NotFound
from chunksmith.storage.database import Database, Row, Statement
from chunksmith.storage.jobs import JOB_COLUMNS, JOB_TABLES, JobStore, job_of
from chunksmith.storage.rows import SLICE, changed, first
from chunksmith.storage.units import unit_statements

_RUN = f"""
SELECT {JOB_COLUMNS}, b.suite AS b_suite, b.provider AS b_provider, b.model AS b_model, b.project_id AS b_project,
    b.dataset AS b_dataset, d.dataset_id AS b_dataset_id, b.spec AS b_spec, b.edition AS b_edition,
    b.frozen AS b_frozen, b.samples AS b_samples, b.tasks AS b_tasks, b.not_run AS b_not_run, b.result AS b_result,
    b.completed_at AS b_completed_at
FROM {JOB_TABLES} JOIN benchmarks AS b ON b.job = jobs.id LEFT JOIN datasets AS d ON d.id = b.dataset
"""
_BY_JOB = _RUN + " WHERE jobs.id = ?"
_BY_JOB_ID = (
    _RUN + " WHERE jobs.job_id = ? AND (b.project_id IS NULL OR b.project_id IN (SELECT id FROM visible_projects))"
)
_CHOSEN = """
FROM benchmarks AS b JOIN jobs AS j ON j.id = b.job
WHERE (:suite IS NULL OR b.suite = :suite) AND (:provider IS NULL OR b.provider = :provider)
    AND (:model IS NULL OR b.model = :model) AND (:project IS NULL OR b.project_id = :project)
    AND (:dataset IS NULL OR b.dataset = :dataset) AND (:status IS NULL OR j.state = :status)
    AND (b.project_id IS NULL OR b.project_id IN (SELECT id FROM visible_projects))
"""
# What each task asks is long, and no list shows it.
_SHORT_RUN = _RUN.replace("b.tasks AS", "'[]' AS")
_PAGE = f"""
{_SHORT_RUN} WHERE jobs.id IN (SELECT b.job {_CHOSEN} ORDER BY b.job DESC LIMIT :limit OFFSET :offset)
ORDER BY jobs.id DESC
"""
_COUNT = f"SELECT count(*) AS n {_CHOSEN}"
_INSERT = """
INSERT INTO benchmarks (job, suite, provider, model, project_id, dataset, spec, edition)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_RENEW = "UPDATE benchmarks SET spec = ?, edition = ?, frozen = ?, result = NULL, completed_at = NULL WHERE job = ?"
_ASK_AGAIN = "UPDATE benchmark_samples SET outcome = NULL WHERE job = ? AND outcome = 'failed'"
_CLEAR = """
DELETE FROM benchmark_samples WHERE job = ?1 AND position IN (
    SELECT position FROM benchmark_samples WHERE job = ?1 LIMIT ?2)
"""
_ADD = "INSERT OR REPLACE INTO benchmark_samples (job, position, task, sample, body) VALUES (?, ?, ?, ?, ?)"
_FREEZE = "UPDATE benchmarks SET frozen = 1, samples = ?, tasks = ?, not_run = ? WHERE job = ?"
_SAMPLES = """
SELECT position, task, sample, body FROM benchmark_samples
WHERE job = ? AND position IN (SELECT value FROM json_each(?))
"""
_PENDING = """
SELECT position FROM benchmark_samples INDEXED BY benchmark_samples_pending
WHERE job = ? AND outcome IS NULL AND position > ? ORDER BY position LIMIT ?
"""
_COUNT_PENDING = """
SELECT count(*) AS n FROM benchmark_samples INDEXED BY benchmark_samples_pending WHERE job = ? AND outcome IS NULL
"""
_END = """
UPDATE benchmark_samples SET outcome = ?, detail = ?, answer = ?, reply = ?, correct = ?, scores = ?
WHERE job = ? AND position = ?
"""
_MEASURED = """
SELECT position, task, sample, json_extract(body, '$.group') AS grouped, json_extract(body, '$.gold') AS gold, answer,
    outcome, scores
FROM benchmark_samples WHERE job = ? AND position > ? AND outcome IS NOT NULL ORDER BY position LIMIT ?
"""
_SUMS = """
SELECT count(*) FILTER (WHERE NOT unsent) AS calls, ifnull(sum(input_tokens), 0) AS input,
    ifnull(sum(output_tokens), 0) AS output, ifnull(sum(cost_nano), 0) AS cost,
    sum(state = 'answered' AND cost_nano IS NULL) AS unpriced
FROM calls WHERE job = ? AND stage = 'benchmark'
"""
_SET_RESULT = "UPDATE benchmarks SET result = ?, completed_at = ? WHERE job = ?"
_SAMPLE_ROWS = """
FROM benchmark_samples WHERE job = :job AND (:task IS NULL OR task = :task)
    AND (:status IS NULL OR ifnull(outcome, 'pending') = :status) AND (:correct IS NULL OR correct = :correct)
"""
_SAMPLE_PAGE = f"SELECT * {_SAMPLE_ROWS} ORDER BY position LIMIT :limit OFFSET :offset"
_SAMPLE_COUNT = f"SELECT count(*) AS n {_SAMPLE_ROWS}"


class BenchmarkStore:
    """Every method is one transaction, except ``clear_samples``, which works in slices and may be repeated."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs = JobStore(database)

    async def submit(self, values: Mapping[str, Any], spec: BenchmarkSpec, dataset: int | None) -> Job:
        async def insert(connection: aiosqlite.Connection, job: int) -> None:
            await connection.execute(_INSERT, _row(job, spec, dataset, 0))

        return await self._jobs.submit(values, beside=insert)

    async def open(self, job: int, spec: BenchmarkSpec, dataset: int | None, edition: int) -> None:
        async def make(connection: aiosqlite.Connection) -> None:
            known = await first(connection, "SELECT edition FROM benchmarks WHERE job = ?", job)
            if known is None:
                await connection.execute(_INSERT, _row(job, spec, dataset, edition))
            elif known["edition"] != edition:
                # Of a public set only what failed is asked again; a dataset has other entries now.
                keeps = spec.dataset_id is None or spec.suite != "dataset"
                await connection.execute(_RENEW, (spec.model_dump_json(), edition, int(keeps), job))
                await connection.execute(_ASK_AGAIN, (job,))

        await self._database.transact(make)

    async def run(self, job: int) -> BenchmarkRun:
        found = await self.of_job(job)
        if found is None:
            raise NotFound("Benchmark", job)
        return found

    async def of_job(self, job: int) -> BenchmarkRun | None:
        row = await self._database.read_one(_BY_JOB, (job,))
        return _run(row) if row is not None else None

    async def find(self, job_id: str) -> BenchmarkRun | None:
        row = await self._database.read_one(_BY_JOB_ID, (job_id,))
        return _run(row) if row is not None else None

    async def page(self, chosen: RunFilter, limit: int, offset: int) -> tuple[list[BenchmarkRun], int]:
        """The newest first, and how many there are in all."""
        named = {name: getattr(chosen, name) for name in RunFilter.__slots__}
        rows = await self._database.read(_PAGE, {**named, "limit": limit, "offset": offset})
        (count,) = await self._database.read(_COUNT, named)
        return [_run(row) for row in rows], int(count["n"])

    async def clear_samples(self, job: int) -> None:
        async def clear(connection: aiosqlite.Connection) -> int:
            return await changed(connection, _CLEAR, job, SLICE)

        while await self._database.transact(clear):
            pass

    async def add_samples(self, job: int, first_position: int, samples: Sequence[Sample]) -> None:
        rows = [
            (job, position, sample.task, sample.key, _body(sample))
            for position, sample in enumerate(samples, start=first_position)
        ]
        await self._database.apply([(_ADD, row) for row in rows])

    async def freeze(self, job: int, tasks: Sequence[TaskRun], not_run: Sequence[NotRun], samples: int) -> None:
        dumped = json.dumps([task.model_dump(mode="json") for task in tasks], ensure_ascii=False)
        left_out = json.dumps([one.model_dump() for one in not_run], ensure_ascii=False)
        await self._database.apply([(_FREEZE, (samples, dumped, left_out, job))])

    async def samples(self, job: int, positions: Sequence[int]) -> dict[int, Sample]:
        rows = await self._database.read(_SAMPLES, (job, json.dumps(list(positions))))
        return {row["position"]: _sample(row) for row in rows}

    async def pending(self, job: int, after: int, limit: int) -> list[Unit]:
        rows = await self._database.read(_PENDING, (job, after, limit))
        return [Unit(row["position"], row["position"]) for row in rows]

    async def count_pending(self, job: int) -> int:
        (row,) = await self._database.read(_COUNT_PENDING, (job,))
        return int(row["n"])

    async def end_sample(self, job: int, unit: Unit, outcome: Outcome, answered: Answered, *, ends_unit: bool) -> None:
        """With ``ends_unit`` the unit of the job ends in the same transaction."""
        correct = answered.scores.get("accuracy", answered.scores.get("exact_match"))
        values = (
            outcome.status,
            outcome.detail,
            answered.answer,
            answered.reply,
            int(correct) if correct is not None else None,
            json.dumps(dict(answered.scores)),
        )
        statements: list[Statement] = [(_END, (*values, job, unit.position))]
        await self._database.apply([*statements, *(unit_statements(job, unit, outcome) if ends_unit else [])])

    async def measured(self, job: int, after: int, limit: int) -> list[tuple[int, Measured]]:
        rows = await self._database.read(_MEASURED, (job, after, limit))
        return [(row["position"], _measured(row)) for row in rows]

    async def call_sums(self, job: int) -> CallSums:
        (row,) = await self._database.read(_SUMS, (job,))
        return CallSums(row["calls"], row["input"], row["output"], None if row["unpriced"] else row["cost"])

    async def set_result(self, job: int, result: Mapping[str, Any], at: str) -> None:
        await self._database.apply([(_SET_RESULT, (json.dumps(result, ensure_ascii=False), at, job))])

    async def sample_page(self, job: int, chosen: SampleFilter, limit: int, offset: int) -> tuple[list[SampleRow], int]:
        correct = int(chosen.correct) if chosen.correct is not None else None
        named = {"job": job, "task": chosen.task, "status": chosen.status, "correct": correct}
        rows = await self._database.read(_SAMPLE_PAGE, {**named, "limit": limit, "offset": offset})
        (count,) = await self._database.read(_SAMPLE_COUNT, named)
        return [_sample_row(row) for row in rows], int(count["n"])


def _row(job: int, spec: BenchmarkSpec, dataset: int | None, edition: int) -> tuple[Any, ...]:
    model = spec.generation_model
    return (job, spec.suite, *model, spec.project_id, dataset, spec.model_dump_json(), edition)


def _body(sample: Sample) -> str:
    body = {
        "question": sample.question,
        "gold": sample.gold,
        "choices": sample.choices,
        "group": sample.group,
        "passage": sample.passage,
    }
    return json.dumps(body, ensure_ascii=False)


def _sample(row: Row) -> Sample:
    body = json.loads(row["body"])
    gold, choices = tuple(body["gold"]), tuple(body["choices"])
    return Sample(row["task"], row["sample"], body["question"], gold, choices, body["group"], body["passage"])


def _measured(row: Row) -> Measured:
    gold = tuple(json.loads(row["gold"]))
    known = json.loads(row["scores"])
    return Measured(row["task"], row["sample"], row["grouped"], gold, row["answer"], row["outcome"], known)


def _sample_row(row: Row) -> SampleRow:
    correct = bool(row["correct"]) if row["correct"] is not None else None
    status = row["outcome"] or "pending"
    return SampleRow(row["position"], _sample(row), status, row["detail"], row["answer"], row["reply"], correct)


def _run(row: Row) -> BenchmarkRun:
    return BenchmarkRun(
        job=job_of(row),
        suite=row["b_suite"],
        model=ModelRef(row["b_provider"], row["b_model"]),
        project_id=row["b_project"],
        dataset=row["b_dataset"],
        dataset_id=row["b_dataset_id"],
        edition=row["b_edition"],
        frozen=bool(row["b_frozen"]),
        samples=row["b_samples"],
        tasks=tuple(TaskRun.model_validate(task) for task in json.loads(row["b_tasks"])),
        not_run=tuple(NotRun.model_validate(one) for one in json.loads(row["b_not_run"])),
        spec=BenchmarkSpec.model_validate_json(row["b_spec"]),
        result=json.loads(row["b_result"]) if row["b_result"] is not None else None,
        completed_at=row["b_completed_at"],
    )
