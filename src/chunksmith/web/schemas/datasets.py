"""Shapes of datasets and entries."""

from collections.abc import Sequence
from typing import Any, get_args

from chunksmith.domain.benchmarks import BenchmarkRun
from chunksmith.domain.corpus import chunk_name
from chunksmith.domain.curation import LEFT_OUT, SPLITS
from chunksmith.domain.datasets import DIFFICULTIES, Dataset, Entry, MatchKind
from chunksmith.domain.entry_query import SORTS, EntryQuery
from chunksmith.domain.jobs import ENDED, MAX_CONCURRENCY
from chunksmith.domain.versions import NUMBER_PATTERN
from chunksmith.services.datasets import DatasetView, EntryDetail
from chunksmith.web import fields
from chunksmith.web.schemas.benchmarks import BenchmarkOut, benchmark_out
from chunksmith.web.schemas.jobs import BatchFileOut, UsageOut, batch_out
from chunksmith.web.schemas.provenance import ProvenanceOut, provenance_out

ENTRY_STATUSES = ("accepted", "rejected", "edited", "regenerated")
MARKS = ("left_out", "duplicate", "contaminated")
AS_OF = "scored_at, revision (of what the entries say) and stale: whether they changed since, null where not known"
ALWAYS_SHOWN = ("question", "answer")
MATCHES: tuple[MatchKind, ...] = get_args(MatchKind)


def _left_out() -> fields.String:
    description = (
        "Only entries that are left out, for this reason. Without it, and without the status `rejected`, nothing that "
        "is left out is given."
    )
    return fields.String(one_of=(*LEFT_OUT, "any"), load_default=None, metadata={"description": description})


def _marked(what: str) -> fields.Boolean:
    return fields.Boolean(
        load_default=None, metadata={"description": f"true: only entries that {what}; false: only the others."}
    )


class EvidenceOut(fields.AnswerSchema):
    quote = fields.String()
    start = fields.Integer(allow_none=True, metadata={"description": "Character offset into the stored chunk text."})
    end = fields.Integer(allow_none=True)
    match = fields.String(one_of=MATCHES)


class EntryOut(fields.AnswerSchema):
    id = fields.String()
    question = fields.String(allow_none=True)
    answer = fields.String(allow_none=True)
    instruction = fields.String(metadata={"optional": True})
    input = fields.String(metadata={"optional": True})
    output = fields.String(metadata={"optional": True})
    summary = fields.String(metadata={"optional": True})
    key_points = fields.List(fields.String(), metadata={"optional": True})
    category = fields.String(allow_none=True)
    quality_score = fields.Number(allow_none=True)
    difficulty = fields.String(allow_none=True, one_of=DIFFICULTIES)
    source_chunk = fields.String()
    split = fields.String(allow_none=True)
    status = fields.String(one_of=ENTRY_STATUSES)
    duplicate_of = fields.String(
        allow_none=True,
        metadata={
            "description": "The first text that it repeats: `entry_3`, `dataset_…/entry_3`, or `reference_1/12` (line)."
        },
    )
    left_out = fields.String(
        allow_none=True,
        one_of=LEFT_OUT,
        metadata={"description": "Why it is in no list, count or download unless it is asked for; it is `rejected`."},
    )
    contamination = fields.Dict(
        allow_none=True, metadata={"description": "What it has in common with other data: source, line, share, run."}
    )
    evidence = fields.List(fields.Nested(EvidenceOut))
    metadata = fields.Dict(
        metadata={
            "description": "model, provider, prompt_hash, chunk_id, document_id, document_name, taxonomy_path, "
            "taxonomy_level, category_id, generated_at, repaired; and what an editor added. `quality`: the components "
            "of the score that apply (groundedness, well_formed, self_contained, answers_question, not_trivial, "
            "unique), each 0 to 1; null when it was not scored. `quality_notes`: `evidence_missing` (numbers, names "
            "and key terms that the passage does not have), `denies_passage`, `faults` of form in words, `readability` "
            "(`flesch` and `coleman_liau`; null where the text is not English). `judge`: what a model that judged it "
            "said, null without one"
        }
    )


class RevisionOut(fields.AnswerSchema):
    revision = fields.Integer()
    entry = fields.Dict(metadata={"description": "The fields as they were."})
    change = fields.String()
    editor = fields.String(allow_none=True)
    feedback = fields.String(allow_none=True)
    replaced_at = fields.Timestamp()


class EntryDetailOut(EntryOut):
    revision = fields.Integer()
    history = fields.List(fields.Nested(RevisionOut))
    provenance = fields.Nested(ProvenanceOut)


class DistributionOut(fields.AnswerSchema):
    high = fields.Integer()
    medium = fields.Integer()
    low = fields.Integer()


class PageQualityOut(fields.AnswerSchema):
    average_score = fields.Number(allow_none=True)
    distribution = fields.Nested(DistributionOut)


class EntriesQuery(fields.CursorQuery):
    sort_by = fields.String(
        one_of=SORTS,
        load_default="id",
        metadata={"description": "Ties by id; what has no value (not scored, no category) counts as the smallest."},
    )
    order = fields.String(
        one_of=("asc", "desc"),
        load_default=None,
        metadata={"description": "Default: best first for quality, else ascending."},
    )
    filter_quality = fields.Number(
        least=0, most=1, load_default=None, metadata={"description": "Only entries that score at least this."}
    )
    min_groundedness = fields.Number(
        least=0, most=1, load_default=None, metadata={"description": "Only entries grounded at least this well."}
    )
    evidence = fields.String(
        one_of=MATCHES,
        load_default=None,
        metadata={
            "description": "Only entries whose weakest quote was found in this way; `none` also finds those without "
            "any quote."
        },
    )
    category = fields.String(most=500, load_default=None, metadata={"description": "Only this category."})
    split = fields.String(one_of=SPLITS, load_default=None, metadata={"description": "Only this split."})
    status = fields.String(
        one_of=ENTRY_STATUSES, load_default=None, metadata={"description": "Only entries in this state."}
    )
    difficulty = fields.String(
        one_of=DIFFICULTIES, load_default=None, metadata={"description": "Only this difficulty."}
    )
    q = fields.String(least=1, most=200, load_default=None, metadata={"description": "Text that the entry contains."})
    left_out = _left_out()
    duplicate = _marked("repeat another one")
    contaminated = _marked("are contaminated")


class EntriesOut(fields.AnswerSchema):
    entries = fields.List(fields.Nested(EntryOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()
    next_cursor = fields.String(allow_none=True)
    quality_summary = fields.Nested(PageQualityOut, metadata={"description": "Of the whole dataset."})


class EntryChangeIn(fields.StrictSchema):
    least_fields = 1
    question = fields.String(most=20_000, filled=True)
    answer = fields.String(most=20_000, filled=True)
    instruction = fields.String(most=20_000, filled=True)
    input = fields.String(most=20_000)
    output = fields.String(most=20_000, filled=True)
    summary = fields.String(most=20_000, filled=True)
    key_points = fields.List(fields.String(most=2_000, filled=True), most=50)
    category = fields.String(most=500, filled=True, allow_none=True)
    difficulty = fields.String(one_of=DIFFICULTIES, allow_none=True)
    metadata = fields.Dict(metadata={"description": "Put beside what is there."})
    feedback = fields.String(most=10_000, metadata={"description": "Why; kept in the entry's history."})


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
    batch_files = fields.List(fields.Nested(BatchFileOut), metadata={"description": "Of many, the first 1000."})
    total_batches = fields.Integer()
    quality_summary = fields.Dict(allow_none=True, metadata={"description": "null until it was analyzed."})
    flagged = fields.String(allow_none=True, metadata={"description": "Why it should not be used as it is."})
    settings = fields.Dict(metadata={"description": "What it was made with."})
    curation = fields.Dict(
        metadata={"description": "What comparing its entries has found, by step: duplicates, contamination, splits."}
    )
    usage = fields.Nested(UsageOut, allow_none=True)
    feedback_summary = fields.Dict(metadata={"description": "What reviewers said, in numbers; see `/feedback`."})
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
    quality_summary = fields.Dict(allow_none=True)
    flagged = fields.String(allow_none=True)
    version = fields.String(allow_none=True, metadata={"description": "The newest of this dataset."})
    created_at = fields.Timestamp()


class DatasetsOut(fields.AnswerSchema):
    datasets = fields.List(fields.Nested(DatasetItemOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class DownloadQuery(fields.QuerySchema):
    version = fields.String(
        least=5,
        most=32,
        load_default=None,
        metadata={
            "description": "Such as `1.2.0`, of the dataset's name: also of another run. Always the same bytes.",
            "pattern": NUMBER_PATTERN,
        },
    )
    format = fields.String(most=50, load_default=None, metadata={"description": "One of `GET /formats`."})
    split = fields.String(one_of=SPLITS, load_default=None, metadata={"description": "Only this split."})
    filter_quality = fields.Number(
        least=0, most=1, load_default=None, metadata={"description": "Only entries that score at least this."}
    )
    min_groundedness = fields.Number(
        least=0, most=1, load_default=None, metadata={"description": "Only entries grounded at least this well."}
    )
    evidence = fields.String(
        one_of=MATCHES,
        load_default=None,
        metadata={
            "description": "Only entries whose weakest quote was found in this way; `none` also finds those without "
            "any quote."
        },
    )
    category = fields.String(most=500, load_default=None, metadata={"description": "Only this category."})
    status = fields.String(
        one_of=ENTRY_STATUSES, load_default=None, metadata={"description": "Only entries in this state."}
    )
    difficulty = fields.String(
        one_of=DIFFICULTIES, load_default=None, metadata={"description": "Only this difficulty."}
    )
    q = fields.String(least=1, most=200, load_default=None, metadata={"description": "Text that the entry contains."})
    left_out = _left_out()
    duplicate = _marked("repeat another one")
    contaminated = _marked("are contaminated")


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


def query_in(values: dict[str, Any]) -> EntryQuery:
    names = ("filter_quality", "min_groundedness", "evidence", "category", "split", "status", "difficulty", "q", *MARKS)
    return EntryQuery(
        sort=values.get("sort_by", "id"), order=values.get("order"), **{name: values[name] for name in names}
    )


def entry_out(entry: Entry, dataset: Dataset) -> dict[str, Any]:
    provider, model = dataset.model
    texts = {name: value for name, value in entry.texts().items() if name in ALWAYS_SHOWN or value is not None}
    return {
        "id": entry.public_id,
        **texts,
        "category": entry.category,
        "quality_score": entry.quality,
        "difficulty": entry.difficulty,
        "source_chunk": chunk_name(entry.chunk_id),
        "split": entry.split,
        "status": entry.state,
        "duplicate_of": entry.duplicate_of,
        "left_out": entry.left_out,
        "contamination": entry.contamination,
        "evidence": [
            {"quote": item.quote, "start": item.start, "end": item.end, "match": item.match} for item in entry.evidence
        ],
        "metadata": {
            **entry.metadata,
            "model": entry.metadata.get("model", model),
            "provider": entry.metadata.get("provider", provider),
            "prompt_hash": entry.metadata.get("prompt_hash", dataset.settings["prompt_hash"]),
            "chunk_id": chunk_name(entry.chunk_id),
            "document_id": entry.document_id,
            "document_name": entry.document_name,
            "taxonomy_path": list(entry.taxonomy_path) if entry.taxonomy_path is not None else None,
            "taxonomy_level": len(entry.taxonomy_path) if entry.taxonomy_path is not None else None,
            "category_id": entry.category_id,
            "generated_at": entry.generated_at,
            "quality": entry.quality_parts,
            "quality_notes": entry.quality_notes,
            "judge": entry.judge,
            "repaired": entry.repaired,
        },
    }


def detail_out(detail: EntryDetail) -> dict[str, Any]:
    entry, dataset = detail.entry, detail.dataset
    return {
        **entry_out(entry, dataset),
        "revision": entry.revision,
        "history": list(detail.history),
        "provenance": provenance_out(detail),
    }


def distribution_out(dataset: Dataset) -> dict[str, int]:
    return {"high": dataset.high_count, "medium": dataset.medium_count, "low": dataset.low_count}


def average_score(dataset: Dataset) -> float | None:
    return round(dataset.quality_sum / dataset.scored_count, 4) if dataset.scored_count else None


def quality_out(dataset: Dataset) -> dict[str, Any] | None:
    return dataset.quality | {"stale": dataset.is_stale(dataset.quality)} if dataset.quality is not None else None


def curation_out(dataset: Dataset) -> dict[str, Any]:
    return {step: report | {"stale": dataset.is_stale(report)} for step, report in dataset.curation.items()}


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
