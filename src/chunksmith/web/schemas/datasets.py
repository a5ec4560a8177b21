"""Shapes of datasets."""

from collections.abc import Sequence
from typing import Any

from chunksmith.domain.benchmarks import BenchmarkRun
from chunksmith.domain.datasets import Dataset
from chunksmith.domain.jobs import ENDED, MAX_CONCURRENCY
from chunksmith.domain.versions import NUMBER_PATTERN
from chunksmith.services.datasets import DatasetView
from chunksmith.web import fields
from chunksmith.web.schemas.benchmarks import BenchmarkOut, benchmark_out
from chunksmith.web.schemas.curation import CurationOut, curation_out
from chunksmith.web.schemas.dataset_settings import DatasetSettingsOut
from chunksmith.web.schemas.entries import EntryFilters, EntryOut
from chunksmith.web.schemas.feedback import FeedbackSummaryOut
from chunksmith.web.schemas.figures import QualitySummaryOut, quality_out
from chunksmith.web.schemas.jobs import BatchFileOut, UsageOut, batch_out


class DatasetOut(fields.AnswerSchema):
    id = fields.String()
    name = fields.String()
    project_id = fields.Integer()
    job_id = fields.String(allow_none=True)
    generation_mode = fields.String()
    entries = fields.List(fields.Nested(EntryOut), metadata={"description": "Always empty; see `/entries`."})
    total_entries = fields.Integer()
    created_at = fields.Timestamp()
    updated_at = fields.Timestamp()
    format_type = fields.String()
    batch_files = fields.List(
        fields.Nested(BatchFileOut),
        metadata={"description": "Of many, the newest 1000; the events of the job tell of each."},
    )
    total_batches = fields.Integer()
    quality_summary = fields.Nested(
        QualitySummaryOut, allow_none=True, metadata={"description": "null until it was analyzed."}
    )
    flagged = fields.String(allow_none=True, metadata={"description": "Why it should not be used as it is."})
    settings = fields.Nested(DatasetSettingsOut, metadata={"description": "What it was made with."})
    curation = fields.Nested(
        CurationOut,
        metadata={"description": "What comparing its entries has found, by step: duplicates, contamination, splits."},
    )
    usage = fields.Nested(UsageOut, allow_none=True)
    feedback_summary = fields.Nested(
        FeedbackSummaryOut, metadata={"description": "What reviewers said, in numbers; see `/feedback`."}
    )
    benchmarks = fields.List(
        fields.Nested(BenchmarkOut), metadata={"description": "Models measured for it or on it, the newest 20."}
    )
    version = fields.String(
        allow_none=True, metadata={"description": "The newest of this dataset; null without versions."}
    )
    changed_since_version = fields.Boolean(metadata={"description": "Its entries are not those of a version."})
    complete = fields.Boolean(metadata={"description": "false while its job is not over."})


class DatasetItemOut(fields.AnswerSchema):
    id = fields.String()
    name = fields.String()
    project_id = fields.Integer()
    job_id = fields.String(allow_none=True)
    generation_mode = fields.String()
    format_type = fields.String()
    total_entries = fields.Integer()
    quality_summary = fields.Nested(QualitySummaryOut, allow_none=True)
    flagged = fields.String(allow_none=True)
    version = fields.String(allow_none=True, metadata={"description": "The newest of this dataset."})
    created_at = fields.Timestamp()


class DatasetsOut(fields.AnswerSchema):
    datasets = fields.List(fields.Nested(DatasetItemOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class DownloadQuery(EntryFilters):
    version = fields.String(
        least=5,
        most=32,
        load_default=None,
        metadata={
            "description": "Such as `1.2.0`, of the dataset's name: also of another run. Always the same bytes.",
            "pattern": NUMBER_PATTERN,
        },
    )
    format = fields.String(least=1, most=50, load_default=None, metadata={"description": "One of `GET /formats`."})


class DeleteQuery(fields.QuerySchema):
    with_versions = fields.Boolean(
        load_default=False, metadata={"description": "Delete the versions that are kept in it too, for good."}
    )


class RescoreIn(fields.StrictSchema):
    judge_model = fields.String(
        most=200,
        filled=True,
        allow_none=True,
        metadata={"description": "Judges the entries first, on the criteria of their score; null: no model is called."},
    )
    concurrency = fields.Integer(least=1, most=MAX_CONCURRENCY, metadata={"description": "Calls in flight; 1."})
    max_calls = fields.Integer(least=1, allow_none=True)
    max_cost_usd = fields.Amount(allow_none=True, metadata={"description": "No call starts that could cross it."})
    reuse = fields.Boolean(metadata={"description": "Take equal verdicts from the ledger; true."})


class RescoreOut(fields.AnswerSchema):
    job_id = fields.String()
    status = fields.String()
    message = fields.String()


def dataset_item_out(dataset: Dataset) -> dict[str, Any]:
    return {
        "id": dataset.dataset_id,
        "name": dataset.name,
        "project_id": dataset.project_id,
        "job_id": dataset.job_id,
        "generation_mode": dataset.settings["generation_mode"],
        "format_type": dataset.format_type,
        "total_entries": dataset.entries_count,
        "quality_summary": quality_out(dataset),
        "flagged": dataset.flagged,
        "version": dataset.version,
        "created_at": dataset.created_at,
    }


def dataset_out(
    view: DatasetView,
    usage: dict[str, Any] | None,
    feedback_summary: dict[str, Any],
    benchmarks: Sequence[BenchmarkRun],
) -> dict[str, Any]:
    dataset = view.dataset
    return {
        **dataset_item_out(dataset),
        "entries": [],
        "updated_at": dataset.updated_at,
        "batch_files": [batch_out(batch) for batch in view.batches],
        "total_batches": view.batches_count,
        "settings": dataset.settings,
        "curation": curation_out(dataset),
        "usage": usage,
        "feedback_summary": feedback_summary,
        "benchmarks": [benchmark_out(run) for run in benchmarks],
        "changed_since_version": dataset.changed,
        "complete": view.job is None or view.job.state in ENDED,
    }
