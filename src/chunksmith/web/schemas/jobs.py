"""Shapes of jobs."""

from typing import Any

from chunksmith.domain.benchmarks import KIND as BENCHMARK_KIND
from chunksmith.domain.corpus import chunk_name
from chunksmith.domain.datasets import ENTRY_PREFIX, BatchFile
from chunksmith.domain.extraction import KIND as EXTRACTION_KIND
from chunksmith.domain.jobs import MAX_CONCURRENCY, OUTCOMES, Job, UnitOutcome
from chunksmith.domain.ledger import CallRecord
from chunksmith.domain.regeneration import KIND as REGENERATE_KIND
from chunksmith.gateway.budget import usd
from chunksmith.services.jobs import GENERATION_KIND, PROCESS_KIND, JobStatus
from chunksmith.services.rescoring import KIND as RESCORE_KIND
from chunksmith.services.taxonomy_job import KIND as TAXONOMY_KIND
from chunksmith.web import fields
from chunksmith.web.schemas.benchmarks import BenchmarkOut, benchmark_out

KINDS = (
    GENERATION_KIND,
    PROCESS_KIND,
    EXTRACTION_KIND,
    TAXONOMY_KIND,
    REGENERATE_KIND,
    RESCORE_KIND,
    BENCHMARK_KIND,
)
STATES = ("submitted", "running", "paused", "completed", "failed", "cancelled")


class BatchFileOut(fields.AnswerSchema):
    batch_index = fields.Integer()
    file_path = fields.String(metadata={"description": "Relative to the data directory."})
    entries_count = fields.Integer()
    chunks_processed = fields.Integer()
    size_bytes = fields.Integer()
    sha256 = fields.String()


class UnitsOut(fields.AnswerSchema):
    total = fields.Integer()
    done = fields.Integer()
    failed = fields.Integer()
    pending = fields.Integer()


class OutcomesOut(fields.AnswerSchema):
    accepted = fields.Integer()
    rejected = fields.Integer()
    duplicate = fields.Integer()
    invalid = fields.Integer()
    refused = fields.Integer()
    failed = fields.Integer()


class UsageOut(fields.AnswerSchema):
    calls = fields.Integer(metadata={"description": "Sent, whatever came of them. They count against `max_calls`."})
    reused_calls = fields.Integer(metadata={"description": "Answered from the ledger, without a call."})
    unknown_calls = fields.Integer(metadata={"description": "Sent, but whether they were answered is not known."})
    unsent_calls = fields.Integer(
        metadata={
            "description": "Calls that certainly never left (no connection, no key, refused beforehand). They are "
            "listed by `/jobs/{id}/calls`, with the reason, but are not among `calls` and use up no ceiling."
        }
    )
    input_tokens = fields.Integer()
    output_tokens = fields.Integer()
    cached_tokens = fields.Integer()
    thinking_tokens = fields.Integer()
    cost_usd = fields.Usd(
        allow_none=True, metadata={"description": "Of the answered calls; null when one of them has no known price."}
    )
    known_cost_usd = fields.Usd(metadata={"description": "What is certain: the calls whose cost is known."})
    unknown_cost_calls = fields.Integer(
        metadata={"description": "Calls that come on top: at an unknown price, or without an answer, perhaps billed."}
    )
    cost_per_entry_usd = fields.Usd(allow_none=True)


class ResultOut(fields.AnswerSchema):
    dataset_id = fields.String(allow_none=True)
    batch_files = fields.List(
        fields.Nested(BatchFileOut),
        metadata={"description": "Of many, the newest 1000; the events of the job tell of each."},
    )
    completed_batches = fields.Integer()
    total_batches = fields.Integer()
    total_entries_so_far = fields.Integer()
    units = fields.Nested(UnitsOut)
    outcomes = fields.Nested(OutcomesOut)
    usage = fields.Nested(UsageOut)
    waiting_for = fields.String(allow_none=True)
    benchmarks = fields.Nested(
        BenchmarkOut,
        allow_none=True,
        metadata={"description": "With `run_benchmarks`, and of a job that is one; else null."},
    )
    version = fields.String(
        allow_none=True, metadata={"description": "That the dataset became, with `enable_versioning`."}
    )
    documents_unread = fields.Integer(
        metadata={
            "description": "Documents that could not be read, by this generation or before it; it goes on without them."
        }
    )
    warnings = fields.List(
        fields.String(), metadata={"description": "Names the documents that were not read, and why; the first 100."}
    )


class JobOut(fields.AnswerSchema):
    job_id = fields.String()
    kind = fields.String()
    project_id = fields.Integer(allow_none=True)
    status = fields.String(one_of=STATES)
    reason = fields.String(allow_none=True, metadata={"description": "Of a pause: budget, user or provider."})
    progress = fields.Integer(metadata={"description": "0 to 100."})
    current_step = fields.String()
    estimated_completion = fields.Timestamp(allow_none=True)
    error = fields.String(allow_none=True)
    error_type = fields.String(allow_none=True)
    concurrency = fields.Integer()
    max_calls = fields.Integer(allow_none=True)
    max_cost_usd = fields.Usd(allow_none=True)
    created_at = fields.Timestamp()
    started_at = fields.Timestamp(allow_none=True)
    completed_at = fields.Timestamp(allow_none=True)
    result = fields.Nested(ResultOut)


class JobListItemOut(fields.AnswerSchema):
    job_id = fields.String()
    kind = fields.String()
    project_id = fields.Integer(allow_none=True)
    dataset_id = fields.String(allow_none=True)
    status = fields.String(one_of=STATES)
    reason = fields.String(allow_none=True)
    error = fields.String(allow_none=True)
    units = fields.Nested(UnitsOut)
    total_entries_so_far = fields.Integer()
    created_at = fields.Timestamp()
    started_at = fields.Timestamp(allow_none=True)
    completed_at = fields.Timestamp(allow_none=True)


class JobsQuery(fields.PageQuery):
    status = fields.String(one_of=STATES, load_default=None, metadata={"description": "Only jobs in this state."})
    project_id = fields.Identifier(load_default=None, metadata={"description": "Only jobs of this project."})
    kind = fields.String(one_of=KINDS, load_default=None, metadata={"description": "Only jobs of this kind."})


class JobsOut(fields.AnswerSchema):
    jobs = fields.List(fields.Nested(JobListItemOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class JobChangeIn(fields.ChangeSchema):
    concurrency = fields.Integer(least=1, most=MAX_CONCURRENCY)
    max_calls = fields.Integer(least=1, allow_none=True)
    max_cost_usd = fields.Amount(allow_none=True)


class RetryIn(fields.StrictSchema):
    statuses = fields.List(
        fields.String(one_of=("failed", "invalid", "refused")),
        least=1,
        most=3,
        load_default=["failed"],
        metadata={"description": "Which units to do again. Asking again for unreadable or refused ones costs anew."},
    )
    reparse = fields.Boolean(
        load_default=False,
        metadata={"description": "Only read the stored replies again; makes no call. 409 when none is left."},
    )


class PruneIn(fields.StrictSchema):
    older_than_days = fields.Number(least=0, most=100_000, allow_none=True, load_default=None)
    job_id = fields.String(most=200, allow_none=True, load_default=None)
    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only count what would go."})


class PrunedOut(fields.AnswerSchema):
    replies = fields.Integer()
    size_bytes = fields.Integer()
    dry_run = fields.Boolean()


class OutcomesQuery(fields.CursorQuery):
    status = fields.String(
        one_of=(*OUTCOMES, "pending"), load_default=None, metadata={"description": "Only units that ended so."}
    )


class UnitOutcomeOut(fields.AnswerSchema):
    unit = fields.Integer(metadata={"description": "The place of the unit in the job, from 0."})
    chunk_id = fields.String(
        allow_none=True, metadata={"description": "What the unit is about; of several chunks, the first."}
    )
    document_id = fields.Integer(allow_none=True)
    entry_id = fields.String(allow_none=True)
    status = fields.String(one_of=(*OUTCOMES, "pending"))
    reason = fields.String(allow_none=True)
    detail = fields.String(allow_none=True)
    entries = fields.Integer()


class UnitOutcomesOut(fields.AnswerSchema):
    outcomes = fields.List(fields.Nested(UnitOutcomeOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()
    next_cursor = fields.String(allow_none=True, metadata={"description": "null on the last page."})


class CallOut(fields.AnswerSchema):
    id = fields.Integer()
    request_key = fields.String()
    unit = fields.Integer(allow_none=True)
    stage = fields.String()
    attempt = fields.Integer()
    state = fields.String(one_of=("intent", "answered", "failed", "unknown"))
    provider = fields.String()
    model = fields.String()
    sent_at = fields.Timestamp()
    ended_at = fields.Timestamp(allow_none=True)
    finish = fields.String(allow_none=True)
    error_kind = fields.String(allow_none=True)
    error_detail = fields.String(allow_none=True)
    http_status = fields.Integer(allow_none=True)
    input_tokens = fields.Integer(allow_none=True)
    output_tokens = fields.Integer(allow_none=True)
    cached_tokens = fields.Integer(allow_none=True)
    thinking_tokens = fields.Integer(allow_none=True)
    cost_usd = fields.Usd(allow_none=True)
    estimate_usd = fields.Usd(allow_none=True)
    has_reply = fields.Boolean()
    sent = fields.Boolean(metadata={"description": "false: it certainly never left, and counts nowhere."})


class CallsOut(fields.AnswerSchema):
    calls = fields.List(fields.Nested(CallOut))
    total = fields.Integer(metadata={"description": "`calls` and `unsent_calls` of the job's usage together."})
    page = fields.Integer()
    per_page = fields.Integer()
    next_cursor = fields.String(allow_none=True, metadata={"description": "null on the last page."})


SHOWN_OF_CALL = (
    "id request_key stage attempt state sent_at ended_at finish error_kind error_detail http_status input_tokens "
    "output_tokens cached_tokens thinking_tokens has_reply sent"
).split()


def optional_usd(nano: int | None) -> str | None:
    return usd(nano) if nano is not None else None


def batch_out(batch: BatchFile) -> dict[str, Any]:
    return {name: getattr(batch, name) for name in BatchFileOut().fields}


def units_out(job: Job) -> dict[str, int]:
    counters = job.counters
    done = counters.units_down - counters.failed
    return {
        "total": counters.units_total,
        "done": done,
        "failed": counters.failed,
        "pending": counters.units_pending,
    }


def status_out(status: JobStatus) -> dict[str, Any]:
    job, counters = status.job, status.job.counters
    priced = counters.entries > 0 and status.cost_usd is not None
    return {
        "job_id": job.job_id,
        "kind": job.kind,
        "project_id": job.project_id,
        "status": job.state,
        "reason": job.reason,
        "progress": status.progress,
        "current_step": status.step,
        "estimated_completion": status.estimated_completion,
        "error": job.error_detail,
        "error_type": job.error_slug,
        "concurrency": job.concurrency,
        "max_calls": job.max_calls,
        "max_cost_usd": optional_usd(job.max_cost_nano),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "result": {
            "dataset_id": job.dataset_id,
            "batch_files": [batch_out(batch) for batch in status.batches],
            "completed_batches": status.completed_batches,
            "total_batches": status.total_batches,
            "total_entries_so_far": counters.entries,
            "units": units_out(job),
            "outcomes": dict(counters.outcomes),
            "usage": {
                "calls": counters.calls,
                "reused_calls": counters.reused_calls,
                "unknown_calls": counters.unknown_calls,
                "unsent_calls": counters.unsent_calls,
                "input_tokens": counters.input_tokens,
                "output_tokens": counters.output_tokens,
                "cached_tokens": counters.cached_tokens,
                "thinking_tokens": counters.thinking_tokens,
                "cost_usd": status.cost_usd,
                "known_cost_usd": usd(counters.cost_nano),
                "unknown_cost_calls": counters.unknown_cost_calls,
                "cost_per_entry_usd": usd(counters.cost_nano // counters.entries) if priced else None,
            },
            "waiting_for": status.waiting_for,
            "benchmarks": benchmark_out(status.benchmark) if status.benchmark is not None else None,
            "version": job.version,
            "documents_unread": counters.documents_unread,
            "warnings": list(job.warnings),
        },
    }


def job_item_out(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "kind": job.kind,
        "project_id": job.project_id,
        "dataset_id": job.dataset_id,
        "status": job.state,
        "reason": job.reason,
        "error": job.error_detail,
        "units": units_out(job),
        "total_entries_so_far": job.counters.entries,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
    }


def outcome_out(outcome: UnitOutcome, kind: str) -> dict[str, Any]:
    about_document, about_entry = kind == PROCESS_KIND, kind == REGENERATE_KIND
    about_chunk = not (about_document or about_entry or kind == BENCHMARK_KIND)
    return {
        "unit": outcome.position,
        "chunk_id": chunk_name(outcome.source_id) if about_chunk else None,
        "document_id": outcome.source_id if about_document else None,
        "entry_id": f"{ENTRY_PREFIX}{outcome.source_id}" if about_entry else None,
        "status": outcome.status,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "entries": outcome.entries,
    }


def call_out(call: CallRecord) -> dict[str, Any]:
    return {
        **{name: getattr(call, name) for name in SHOWN_OF_CALL},
        "unit": call.position,
        "provider": call.model.provider,
        "model": call.model.model,
        "cost_usd": optional_usd(call.cost_nano),
        "estimate_usd": optional_usd(call.estimate_nano),
    }
