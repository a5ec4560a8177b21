"""Shapes of benchmarks."""

from typing import Any

from chunksmith.domain.benchmarks import DATASET_SUITE, KIND, MAX_SHOTS, METRICS, SUITES, BenchmarkRun, SampleRow
from chunksmith.domain.calls import PROVIDERS
from chunksmith.domain.jobs import MAX_CONCURRENCY, Job
from chunksmith.pipeline.benchmarks.asking import asked_text, options_of
from chunksmith.services.benchmarking import SuiteState
from chunksmith.web import fields

STATES = ("submitted", "running", "paused", "completed", "failed", "cancelled")
SAMPLE_STATES = ("accepted", "invalid", "refused", "failed", "pending")
MOST_SAMPLES = 1_000_000
_SHARE = {"description": "0 to 1; Matthews -1 to 1."}
_LOW = {"description": "With `high` the 95 % confidence interval."}


def _model(what: str) -> fields.String:
    return fields.String(most=200, filled=True, allow_none=True, load_default=None, metadata={"description": what})


class BenchmarkConfigIn(fields.StrictSchema):
    provider = fields.String(
        one_of=PROVIDERS, allow_none=True, load_default=None, metadata={"description": "null: as `model` says."}
    )
    model = _model("The model's name, or `<provider>/<model>`; null: the provider's, or the server's default.")
    tasks = fields.List(
        fields.String(most=100, filled=True),
        least=1,
        most=200,
        allow_none=True,
        load_default=None,
        metadata={"description": "Only these tasks of the suite, for `mmlu` subjects; null: all that have data."},
    )
    few_shot = fields.Integer(
        least=0,
        most=MAX_SHOTS,
        allow_none=True,
        load_default=None,
        metadata={"description": "Solved examples before each question, at most; null: as the suite says."},
    )
    max_samples = fields.Integer(
        least=1,
        most=MOST_SAMPLES,
        allow_none=True,
        load_default=None,
        metadata={"description": "Of each task; null: `benchmarks.max_samples` of the settings."},
    )
    seed = fields.Integer(
        least=0,
        most=2**31 - 1,
        load_default=0,
        metadata={"description": "Chooses the samples; sent to models that take one."},
    )
    temperature = fields.Number(least=0, most=2, load_default=0.0)
    max_tokens = fields.Integer(
        least=16, most=65_536, allow_none=True, load_default=None, metadata={"description": "Of one visible reply."}
    )
    with_passage = fields.Boolean(
        load_default=False, metadata={"description": "Suite `dataset`: the passage is shown with the question."}
    )
    judge_model = _model("Suite `dataset`: also says whether an answer is right; null: nobody does.")
    concurrency = fields.Integer(least=1, most=MAX_CONCURRENCY, load_default=1)
    max_calls = fields.Integer(least=1, allow_none=True, load_default=None)
    max_cost_usd = fields.Amount(
        allow_none=True, load_default=None, metadata={"description": "No call starts that could cross it."}
    )
    reuse = fields.Boolean(
        load_default=True, metadata={"description": "Answer equal requests from the ledger instead of paying again."}
    )


class RunBenchmarkIn(fields.StrictSchema):
    suite = fields.String(required=True, one_of=SUITES)
    config = fields.Nested(BenchmarkConfigIn, load_default=lambda: BenchmarkConfigIn().load({}))
    project_id = fields.Identifier(
        allow_none=True, load_default=None, metadata={"description": "To list the result by; integer id or UUID."}
    )
    dataset_id = fields.Identifier(
        allow_none=True,
        load_default=None,
        metadata={"description": f"Needed for `{DATASET_SUITE}`; with others its quality is set beside the score."},
    )


class RunBenchmarkOut(fields.AnswerSchema):
    job_id = fields.String()
    message = fields.String()
    status = fields.String(one_of=STATES)
    suite = fields.String(one_of=SUITES)
    model = fields.String()
    warnings = fields.List(fields.String(), metadata={"description": "What cannot be run, or cannot apply."})


class MetricOut(fields.AnswerSchema):
    name = fields.String(one_of=METRICS)
    value = fields.Number(allow_none=True, metadata=_SHARE)
    low = fields.Number(allow_none=True, metadata=_LOW)
    high = fields.Number(allow_none=True)
    interval = fields.String(one_of=("wilson", "bootstrap"), allow_none=True)
    samples = fields.Integer(metadata={"description": "That it rests on; of MultiRC and ReCoRD questions or answers."})


class DataFileOut(fields.AnswerSchema):
    path = fields.String(metadata={"description": "Below the folder of the benchmarks."})
    sha256 = fields.String()


class TaskScoreOut(fields.AnswerSchema):
    task = fields.String()
    title = fields.String()
    samples = fields.Integer(metadata={"description": "That were taken."})
    available = fields.Integer(metadata={"description": "That the data has."})
    answered = fields.Integer(
        metadata={"description": "That scores rest on: with what could not be read, or was refused."}
    )
    unreadable = fields.Integer(
        metadata={"description": "Answers in which no choice could be read; they count as wrong."}
    )
    refused = fields.Integer(metadata={"description": "By the provider; they count as wrong."})
    failed = fields.Integer(metadata={"description": "Without a reply; in no score, and can be retried."})
    shots = fields.Integer(metadata={"description": "Solved examples before each question."})
    data = fields.List(fields.Nested(DataFileOut))
    score = fields.Number(allow_none=True, metadata={"description": "The task's part in `overall`."})
    metrics = fields.List(fields.Nested(MetricOut))


class OverallOut(fields.AnswerSchema):
    kind = fields.String(one_of=("macro", "micro"), metadata={"description": "Mean of tasks, or share of all samples."})
    score = fields.Number(metadata=_SHARE)
    low = fields.Number(metadata=_LOW)
    high = fields.Number()
    interval = fields.String(one_of=("wilson", "bootstrap"))
    tasks = fields.Integer(metadata={"description": "That it rests on."})
    of = fields.Integer(metadata={"description": "In the whole suite, whatever was asked; fewer are not its score."})


class NotRunOut(fields.AnswerSchema):
    task = fields.String()
    reason = fields.String()


class BenchmarkUsageOut(fields.AnswerSchema):
    calls = fields.Integer()
    input_tokens = fields.Integer()
    output_tokens = fields.Integer()
    cost_usd = fields.Usd(allow_none=True, metadata={"description": "null when a price is not known."})


class MeasuredQualityOut(fields.AnswerSchema):
    overall_score = fields.Number(allow_none=True)
    diversity_score = fields.Number(allow_none=True)
    bias_score = fields.Number(allow_none=True)


class BenchmarkSettingsOut(fields.AnswerSchema):
    tasks = fields.List(fields.String(), allow_none=True)
    few_shot = fields.Integer(allow_none=True)
    max_samples = fields.Integer()
    seed = fields.Integer()
    temperature = fields.Number()
    max_tokens = fields.Integer()
    with_passage = fields.Boolean()
    judge_model = fields.String(allow_none=True)


class BenchmarkOut(fields.AnswerSchema):
    job_id = fields.String()
    suite = fields.String(one_of=SUITES)
    provider = fields.String(one_of=PROVIDERS)
    model = fields.String(metadata={"description": "`<provider>/<model>`, or `builtin`."})
    status = fields.String(one_of=STATES, metadata={"description": "Of the job."})
    project_id = fields.Integer(allow_none=True)
    dataset_id = fields.String(allow_none=True)
    created_at = fields.Timestamp()
    completed_at = fields.Timestamp(allow_none=True, metadata={"description": "When the scores were made."})
    settings = fields.Nested(BenchmarkSettingsOut)
    samples = fields.Integer()
    answered = fields.Integer(allow_none=True, metadata={"description": "This and what follows is null until scored."})
    unreadable = fields.Integer(allow_none=True)
    refused = fields.Integer(allow_none=True)
    failed = fields.Integer(allow_none=True)
    overall = fields.Nested(OverallOut, allow_none=True)
    tasks = fields.List(fields.Nested(TaskScoreOut), allow_none=True)
    not_run = fields.List(fields.Nested(NotRunOut), metadata={"description": "Tasks without a score, and why."})
    usage = fields.Nested(BenchmarkUsageOut, allow_none=True)
    dataset_quality = fields.Nested(
        MeasuredQualityOut, allow_none=True, metadata={"description": "Of the dataset, where one was named and scored."}
    )
    error = fields.String(allow_none=True, metadata={"description": "Why it ended early, or could not be run at all."})


class BenchmarksQuery(fields.PageQuery):
    suite = fields.String(one_of=SUITES, load_default=None, metadata={"description": "Only runs of this suite."})
    provider = fields.String(one_of=PROVIDERS, load_default=None, metadata={"description": "Only models of this one."})
    model = fields.String(most=200, load_default=None, metadata={"description": "The model's own name."})
    project_id = fields.Identifier(load_default=None, metadata={"description": "Only runs for this project."})
    dataset_id = fields.Identifier(load_default=None, metadata={"description": "Only runs for this dataset."})
    status = fields.String(one_of=STATES, load_default=None, metadata={"description": "Only jobs in this state."})


class BenchmarksOut(fields.AnswerSchema):
    results = fields.List(fields.Nested(BenchmarkOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class SamplesQuery(fields.PageQuery):
    task = fields.String(most=100, load_default=None, metadata={"description": "Only samples of this task."})
    status = fields.String(
        one_of=SAMPLE_STATES, load_default=None, metadata={"description": "`invalid`: the answer could not be read."}
    )
    correct = fields.Boolean(load_default=None, metadata={"description": "Only right, or only wrong answers."})


class SampleOut(fields.AnswerSchema):
    unit = fields.Integer(metadata={"description": "The place of the sample in the job, from 0."})
    task = fields.String()
    question = fields.String(metadata={"description": "As it was asked, without the examples before it."})
    options = fields.Dict(
        values=fields.String(), metadata={"description": "What could be chosen; empty for free text."}
    )
    expected = fields.List(fields.String())
    status = fields.String(one_of=SAMPLE_STATES)
    detail = fields.String(allow_none=True, metadata={"description": "Why it could not be read, or was not answered."})
    answer = fields.String(allow_none=True, metadata={"description": "As it was read."})
    reply = fields.String(allow_none=True, metadata={"description": "As it was given; its first 4,000 characters."})
    correct = fields.Boolean(allow_none=True)


class SamplesOut(fields.AnswerSchema):
    samples = fields.List(fields.Nested(SampleOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class CompareQuery(fields.QuerySchema):
    job1 = fields.String(required=True, least=1, most=200, metadata={"description": "The first run's job."})
    job2 = fields.String(required=True, least=1, most=200, metadata={"description": "The second run's job."})


class DifferenceOut(fields.AnswerSchema):
    name = fields.String(one_of=METRICS, metadata={"optional": True})
    kind = fields.String(metadata={"optional": True})
    samples = fields.Integer(metadata={"optional": True})
    first = fields.Number(metadata={"optional": True})
    second = fields.Number(metadata={"optional": True})
    difference = fields.Number(metadata={"optional": True, "description": "second minus first."})
    low = fields.Number(metadata={"optional": True, **_LOW})
    high = fields.Number(metadata={"optional": True})
    only_first_right = fields.Integer(metadata={"optional": True})
    only_second_right = fields.Integer(metadata={"optional": True})
    test = fields.String(one_of=("McNemar, exact", "paired bootstrap"), allow_none=True)
    p = fields.Number(metadata={"optional": True, "description": "Two-sided."})


class TaskDifferenceOut(fields.AnswerSchema):
    task = fields.String()
    samples = fields.Integer()
    metrics = fields.List(fields.Nested(DifferenceOut))


class ComparisonOut(fields.AnswerSchema):
    first = fields.Nested(BenchmarkOut)
    second = fields.Nested(BenchmarkOut)
    samples = fields.Integer(metadata={"description": "Answered by both; everything else rests on these."})
    only_first = fields.Integer(metadata={"description": "Samples that only the first one has answered."})
    only_second = fields.Integer()
    overall = fields.Nested(DifferenceOut, allow_none=True)
    tasks = fields.List(fields.Nested(TaskDifferenceOut))


class SuiteTaskOut(fields.AnswerSchema):
    task = fields.String()
    title = fields.String()
    metrics = fields.List(fields.String(one_of=METRICS))
    ready = fields.Boolean(metadata={"description": "Whether its data is there."})
    missing = fields.String(allow_none=True, metadata={"description": "What to supply."})


class SuiteOut(fields.AnswerSchema):
    suite = fields.String(one_of=SUITES)
    title = fields.String()
    source = fields.String()
    tasks = fields.List(fields.Nested(SuiteTaskOut))
    left_out = fields.Dict(
        values=fields.String(), metadata={"description": "Tasks of the public suite that are not run."}
    )


class SuitesOut(fields.AnswerSchema):
    suites = fields.List(fields.Nested(SuiteOut))


SHOWN_OF_RESULT = "answered unreadable refused failed overall tasks usage dataset_quality error".split()


def started_out(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "message": "Benchmark started successfully",
        "status": job.state,
        "suite": job.spec["suite"],
        "model": _named(*job.spec["generation_model"]),
        "warnings": list(job.spec["warnings"]),
    }


def benchmark_out(run: BenchmarkRun) -> dict[str, Any]:
    spec, result = run.spec, run.result or {}
    shown = ("tasks", "max_samples", "seed", "temperature", "max_tokens", "with_passage")
    settings: dict[str, Any] = {name: getattr(spec, name) for name in shown}
    judge = str(spec.judge_model) if spec.judge_model is not None else None
    error = result.get("error") or (run.job.error_detail if run.job.kind == KIND else None)
    return {
        "job_id": run.job.job_id,
        "suite": run.suite,
        "provider": run.model.provider,
        "model": str(run.model),
        "status": run.job.state,
        "project_id": run.project_id,
        "dataset_id": run.dataset_id,
        "created_at": run.job.created_at,
        "completed_at": run.completed_at,
        "settings": {**settings, "few_shot": spec.shots, "judge_model": judge},
        "samples": run.samples,
        **{name: result.get(name) for name in SHOWN_OF_RESULT},
        "not_run": result.get("not_run", [one.model_dump() for one in run.not_run]),
        "error": error,
    }


def sample_out(row: SampleRow, run: BenchmarkRun) -> dict[str, Any]:
    spec = next(task.spec for task in run.tasks if task.name == row.sample.task)
    return {
        "unit": row.position,
        "task": row.sample.task,
        "question": asked_text(spec, row.sample),
        "options": dict(options_of(spec, row.sample)),
        "expected": list(row.sample.gold),
        "status": row.status,
        "detail": row.detail,
        "answer": row.answer,
        "reply": row.reply,
        "correct": row.correct,
    }


def suite_out(state: SuiteState) -> dict[str, Any]:
    suite = state.suite
    tasks = [
        {
            "task": task.name,
            "title": task.title,
            "metrics": list(task.metrics),
            "ready": task.name not in state.missing,
            "missing": state.missing.get(task.name),
        }
        for task in suite.tasks
    ]
    about = {"suite": suite.suite, "title": suite.title, "source": suite.source}
    return {**about, "tasks": tasks, "left_out": dict(suite.left_out)}


def _named(provider: str, model: str) -> str:
    return provider if provider == model else f"{provider}/{model}"
