"""Shapes of extractions."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from chunksmith.domain.calls import PROVIDERS
from chunksmith.domain.corpus import chunk_name
from chunksmith.domain.extraction import (
    EXTRACTION_MODES,
    EXTRACTION_TYPES,
    Categories,
    ExtractedItem,
    ExtractionSummary,
)
from chunksmith.domain.jobs import MAX_CONCURRENCY
from chunksmith.domain.paging import Page, Window
from chunksmith.services.extraction import ExtractionView
from chunksmith.web import fields
from chunksmith.web.schemas.jobs import STATES, ResultOut

_MODEL = f"One of {', '.join(PROVIDERS)}, or `<provider>/<model name>`."
LONGEST_TEXT = 1_000_000


def _model(description: str) -> fields.String:
    return fields.String(
        most=200, filled=True, allow_none=True, load_default=None, metadata={"description": f"{description} {_MODEL}"}
    )


class ParametersIn(fields.StrictSchema):
    confidence_threshold = fields.Number(
        least=0, most=1, load_default=0.0, metadata={"description": "What the first model is less sure of is dropped."}
    )
    max_chunks = fields.Integer(
        least=1, allow_none=True, load_default=None, metadata={"description": "The first so many; null: all."}
    )


class ExtractionIn(fields.StrictSchema):
    project_id = fields.Identifier(required=True, metadata={"description": "Integer id or UUID of the project."})
    taxonomy_id = fields.Identifier(required=True, metadata={"description": "A taxonomy of this project."})
    selected_categories = fields.List(
        fields.String(most=500, filled=True),
        least=1,
        most=10_000,
        allow_none=True,
        load_default=None,
        metadata={"description": "Names or ids; what is below them belongs to them. null: the whole taxonomy."},
    )
    initial_classifier = _model("Finds and sorts; null is the server's default.")
    enable_validation_stage = fields.Boolean(
        load_default=False, metadata={"description": "A second model judges what was found, one call per chunk."}
    )
    validation_classifier = _model("Judges; null is `initial_classifier`.")
    extraction_type = fields.String(
        one_of=EXTRACTION_TYPES,
        load_default="ner",
        metadata={"description": "`ner`: entities. `whole_text`: portions of the text."},
    )
    extraction_mode = fields.String(
        one_of=EXTRACTION_MODES,
        load_default="contextual",
        metadata={
            "description": "`contextual`: a category below another only where the parent's context is in the chunk."
        },
    )
    parameters = fields.Nested(ParametersIn, load_default=lambda: ParametersIn().load({}))
    concurrency = fields.Integer(
        least=1, most=MAX_CONCURRENCY, load_default=1, metadata={"description": "Calls of this job in flight at most."}
    )
    max_calls = fields.Integer(least=1, allow_none=True, load_default=None)
    max_cost_usd = fields.Amount(
        allow_none=True, load_default=None, metadata={"description": "No call starts that could cross it."}
    )
    reuse = fields.Boolean(
        load_default=True, metadata={"description": "Answer equal requests from the ledger instead of paying again."}
    )
    document_ids = fields.documents("Only chunks of these documents; null: all.")


class StartedOut(fields.AnswerSchema):
    job_id = fields.String()
    status = fields.String(one_of=STATES)
    warnings = fields.List(fields.String(), metadata={"description": "What was accepted but cannot apply."})


class ExtractionSettingsOut(fields.AnswerSchema):
    taxonomy_id = fields.Integer(allow_none=True)
    taxonomy_name = fields.String(allow_none=True)
    selected_categories = fields.List(fields.String(), allow_none=True, metadata={"description": "Ids."})
    initial_classifier = fields.String(allow_none=True)
    enable_validation_stage = fields.Boolean()
    validation_classifier = fields.String(allow_none=True)
    extraction_type = fields.String(one_of=EXTRACTION_TYPES)
    extraction_mode = fields.String(one_of=EXTRACTION_MODES, allow_none=True)
    confidence_threshold = fields.Number()
    max_chunks = fields.Integer(allow_none=True)
    document_ids = fields.List(fields.Integer(), allow_none=True)
    reuse = fields.Boolean()


class CategoryCountOut(fields.AnswerSchema):
    category_id = fields.String(allow_none=True)
    category = fields.String()
    category_path = fields.List(fields.String())
    entities = fields.Integer()
    validated = fields.Integer(metadata={"description": "Of these, those that the validation stage said yes to."})


class ExtractionOut(fields.AnswerSchema):
    job_id = fields.String()
    project_id = fields.Integer()
    origin = fields.String(one_of=("job", "import"))
    status = fields.String(one_of=STATES)
    reason = fields.String(allow_none=True)
    progress = fields.Integer(metadata={"description": "0 to 100."})
    current_step = fields.String()
    error = fields.String(allow_none=True)
    created_at = fields.Timestamp()
    started_at = fields.Timestamp(allow_none=True)
    completed_at = fields.Timestamp(allow_none=True)
    settings = fields.Nested(ExtractionSettingsOut)
    entity_count = fields.Integer()
    categories = fields.List(
        fields.Nested(CategoryCountOut), metadata={"description": "Those that anything was found of, as in the tree."}
    )
    warnings = fields.List(fields.String())
    result = fields.Nested(ResultOut, metadata={"description": "As in the status of any job."})


class ExtractionItemOut(fields.AnswerSchema):
    job_id = fields.String()
    project_id = fields.Integer()
    origin = fields.String(one_of=("job", "import"))
    status = fields.String(one_of=STATES)
    reason = fields.String(allow_none=True)
    error = fields.String(allow_none=True)
    settings = fields.Nested(ExtractionSettingsOut)
    entity_count = fields.Integer()
    chunks_total = fields.Integer()
    chunks_done = fields.Integer()
    created_at = fields.Timestamp()
    started_at = fields.Timestamp(allow_none=True)
    completed_at = fields.Timestamp(allow_none=True)


class ExtractionsOut(fields.AnswerSchema):
    jobs = fields.List(fields.Nested(ExtractionItemOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class ResultsQuery(fields.CursorQuery):
    min_confidence = fields.Number(
        least=0, most=1, load_default=0.0, metadata={"description": "Items with less confidence are left out."}
    )
    category = fields.String(
        most=500,
        filled=True,
        load_default=None,
        metadata={"description": "Name or id of a category; what is below it belongs to it."},
    )
    validated = fields.Boolean(
        load_default=None, metadata={"description": "What the validation stage said; left out: any, or nothing."}
    )


class ItemOut(fields.AnswerSchema):
    id = fields.String(metadata={"description": "Unique in the job."})
    chunk_id = fields.String()
    document_id = fields.Integer(allow_none=True)
    document_name = fields.String(allow_none=True)
    category_id = fields.String(allow_none=True)
    category = fields.String()
    category_path = fields.List(fields.String())
    text = fields.String(metadata={"description": "The characters of the chunk from `start` to `end`."})
    start = fields.Integer()
    end = fields.Integer()
    match = fields.String(one_of=("exact", "normalized", "fuzzy"))
    occurrences = fields.Integer(metadata={"description": "In the chunk; `start` is the first."})
    confidence = fields.Number()
    is_validated = fields.Boolean(allow_none=True, metadata={"description": "null: nobody judged it."})
    validation_confidence = fields.Number(allow_none=True)


class ResultsOut(fields.AnswerSchema):
    results = fields.List(fields.Nested(ItemOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()
    next_cursor = fields.String(allow_none=True, metadata={"description": "null on the last page."})


class EntityIn(fields.StrictSchema):
    category = fields.String(
        required=True, most=500, filled=True, metadata={"description": "Name or id, where there is a taxonomy."}
    )
    text = fields.String(required=True, most=20_000, filled=True)
    confidence = fields.Number(least=0, most=1, load_default=1.0)


class ImportedResultIn(fields.StrictSchema):
    chunk_id = fields.Identifier(
        allow_none=True, load_default=None, metadata={"description": "`chunk_45`, or 45. One of the three is needed."}
    )
    external_id = fields.Identifier(
        allow_none=True, load_default=None, metadata={"description": "The id that the chunk was imported with."}
    )
    chunk_text = fields.String(
        most=LONGEST_TEXT,
        filled=True,
        allow_none=True,
        load_default=None,
        metadata={"description": "The whole text of the chunk; white space may differ."},
    )
    is_validated = fields.Boolean(allow_none=True, load_default=None)
    entities = fields.List(fields.Nested(EntityIn), most=10_000, load_default=list)

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _names_one_chunk(self, _: Mapping[str, Any], sent: Any, **__: Any) -> None:
        names = ("chunk_id", "external_id", "chunk_text")
        if isinstance(sent, Mapping) and sum(sent.get(name) is not None for name in names) != 1:
            raise ValidationError("give exactly one of chunk_id, external_id, chunk_text")


class ExtractionImportIn(fields.StrictSchema):
    project_id = fields.Identifier(required=True, metadata={"description": "Integer id or UUID of the project."})
    taxonomy_id = fields.Identifier(
        allow_none=True, load_default=None, metadata={"description": "null: categories are names without a tree."}
    )
    extraction_type = fields.String(one_of=EXTRACTION_TYPES, load_default="ner")
    results = fields.List(fields.Nested(ImportedResultIn), required=True, least=1)


class ExtractionImportOut(fields.AnswerSchema):
    job_id = fields.String()
    results_count = fields.Integer(metadata={"description": "Chunks."})
    entity_count = fields.Integer()
    dropped_count = fields.Integer(
        metadata={"description": "Entities that are not in the text of their chunk, or that were given twice."}
    )


class ExtractionFileOut(fields.AnswerSchema):
    id = fields.String(metadata={"description": "For `extraction_file_id`; the same as `job_id`."})
    job_id = fields.String()
    status = fields.String(one_of=STATES)
    created_at = fields.Timestamp()
    extraction_type = fields.String(one_of=EXTRACTION_TYPES)
    entity_count = fields.Integer()
    display_name = fields.String()


class ExtractionFilesOut(fields.AnswerSchema):
    extraction_files = fields.List(fields.Nested(ExtractionFileOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


def extraction_out(view: ExtractionView, status: Mapping[str, Any]) -> dict[str, Any]:
    """``status`` is what ``GET /jobs/{id}`` answers."""
    summary = view.summary
    taken = ("job_id", "status", "reason", "progress", "current_step", "error", "created_at", "started_at")
    return {
        **{name: status[name] for name in (*taken, "completed_at", "result")},
        "project_id": summary.project_id,
        "origin": summary.origin,
        "settings": _settings_out(summary),
        "entity_count": summary.entities,
        "categories": _counts_out(view.categories),
        "warnings": list(summary.spec.warnings),
    }


def extraction_item_out(summary: ExtractionSummary) -> dict[str, Any]:
    return {
        "job_id": summary.job_id,
        "project_id": summary.project_id,
        "origin": summary.origin,
        "status": summary.state,
        "reason": summary.reason,
        "error": summary.error,
        "settings": _settings_out(summary),
        "entity_count": summary.entities,
        "chunks_total": summary.units_total,
        "chunks_done": summary.units_down,
        "created_at": summary.created_at,
        "started_at": summary.started_at,
        "completed_at": summary.completed_at,
    }


def results_out(page: Page[ExtractedItem], window: Window) -> dict[str, Any]:
    return {
        "results": [item_out(item) for item in page.items],
        "total": page.total,
        "page": window.page,
        "per_page": window.per_page,
        "next_cursor": page.next_cursor,
    }


def item_out(item: ExtractedItem) -> dict[str, Any]:
    found = item.found
    return {
        "id": item.public_id,
        "chunk_id": chunk_name(item.chunk_id),
        "document_id": item.document_id,
        "document_name": item.document_name,
        "category_id": item.category_id,
        "category": item.category,
        "category_path": item.category_path,
        "text": found.text,
        "start": found.start,
        "end": found.end,
        "match": found.match,
        "occurrences": found.occurrences,
        "confidence": found.confidence,
        "is_validated": found.validated,
        "validation_confidence": found.validation_confidence,
    }


def file_out(summary: ExtractionSummary) -> dict[str, Any]:
    extraction_type = summary.spec.extraction_type
    return {
        "id": summary.job_id,
        "job_id": summary.job_id,
        "status": summary.state,
        "created_at": summary.created_at,
        "extraction_type": extraction_type,
        "entity_count": summary.entities,
        "display_name": f"Job {summary.job_id} - {extraction_type} ({summary.entities} entities)",
    }


def _settings_out(summary: ExtractionSummary) -> dict[str, Any]:
    spec = summary.spec
    first, second = spec.generation_model, spec.validation_classifier
    return {
        "taxonomy_id": spec.taxonomy_id,
        "taxonomy_name": spec.taxonomy_name,
        "selected_categories": spec.selected_categories,
        "initial_classifier": str(first) if first is not None else None,
        "enable_validation_stage": second is not None,
        "validation_classifier": str(second) if second is not None else None,
        "extraction_type": spec.extraction_type,
        "extraction_mode": spec.extraction_mode,
        "confidence_threshold": spec.confidence_threshold,
        "max_chunks": spec.max_chunks,
        "document_ids": spec.document_ids,
        "reuse": spec.reuse,
    }


def _counts_out(categories: Categories) -> list[dict[str, Any]]:
    return [
        {
            "category_id": one.category_id,
            "category": one.name,
            "category_path": categories.path(one.number),
            "entities": one.items,
            "validated": one.validated,
        }
        for one in categories
        if one.items
    ]
