"""Shapes of coverage."""

from typing import Any

from chunksmith.domain.corpus import chunk_name
from chunksmith.domain.coverage import COVERAGE_STATES, DocumentCoverage, StateCounts
from chunksmith.services.coverage import CategoryCoverage, ChunkCoverage
from chunksmith.web import fields

LISTS = ("chunk", "document", "category")


class CoverageQuery(fields.CursorQuery):
    by = fields.String(one_of=LISTS, load_default="chunk", metadata={"description": "What is listed."})
    state = fields.String(
        one_of=COVERAGE_STATES,
        load_default=None,
        metadata={"description": "Only chunks in this state; for the list by chunk."},
    )


class StatesOut(fields.AnswerSchema):
    total = fields.Integer()
    accepted = fields.Integer(metadata={"description": "An accepted entry of the dataset rests on them."})
    rejected = fields.Integer(metadata={"description": "Entries rest on them, but none is accepted."})
    untouched = fields.Integer(metadata={"description": "No entry of the dataset rests on them."})


class EntryCountsOut(fields.AnswerSchema):
    accepted = fields.Integer()
    rejected = fields.Integer(metadata={"description": "By reviewers, or left out."})


class RangeOut(fields.AnswerSchema):
    start = fields.Integer(metadata={"description": "Character offset into the stored chunk text."})
    end = fields.Integer()


class ChunkCoverageOut(fields.AnswerSchema):
    chunk_id = fields.String()
    document_id = fields.Integer(allow_none=True)
    document_name = fields.String(allow_none=True)
    state = fields.String(one_of=COVERAGE_STATES)
    entries = fields.Nested(EntryCountsOut)
    covered_share = fields.Number(
        metadata={
            "description": "Of its characters, white space apart, those that accepted evidence points to; 0 to 1."
        }
    )
    uncovered = fields.List(
        fields.Nested(RangeOut), metadata={"description": "What no evidence of an accepted entry points to."}
    )


class DocumentCoverageOut(fields.AnswerSchema):
    document_id = fields.Integer()
    document_name = fields.String()
    chunks = fields.Nested(StatesOut)
    entries = fields.Nested(EntryCountsOut)


class CategoryCoverageOut(fields.AnswerSchema):
    category = fields.String(allow_none=True, metadata={"description": "null: entries without a category."})
    category_id = fields.String(allow_none=True)
    taxonomy_path = fields.List(fields.String(), allow_none=True)
    state = fields.String(one_of=COVERAGE_STATES)
    entries = fields.Nested(EntryCountsOut)
    branch = fields.Nested(EntryCountsOut, metadata={"description": "With all categories below it."})


class CoverageOut(fields.AnswerSchema):
    dataset_id = fields.String()
    summary = fields.Nested(StatesOut, metadata={"description": "The chunks of the project."})
    chunks = fields.List(fields.Nested(ChunkCoverageOut), metadata={"optional": True})
    documents = fields.List(fields.Nested(DocumentCoverageOut), metadata={"optional": True})
    categories = fields.List(fields.Nested(CategoryCoverageOut), metadata={"optional": True})
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()
    next_cursor = fields.String(allow_none=True)


def states_out(counts: StateCounts) -> dict[str, int]:
    return {"total": counts.total, **counts._asdict()}


def chunk_out(one: ChunkCoverage) -> dict[str, Any]:
    return {
        "chunk_id": chunk_name(one.chunk.id),
        "document_id": one.chunk.document_id,
        "document_name": one.chunk.document_name,
        "state": one.entries.state,
        "entries": one.entries._asdict(),
        "covered_share": one.covered_share,
        "uncovered": [{"start": start, "end": end} for start, end in one.uncovered],
    }


def document_out(one: DocumentCoverage) -> dict[str, Any]:
    return {
        "document_id": one.document_id,
        "document_name": one.name,
        "chunks": states_out(one.chunks),
        "entries": one.entries._asdict(),
    }


def category_out(one: CategoryCoverage) -> dict[str, Any]:
    return {
        "category": one.name,
        "category_id": one.category_id,
        "taxonomy_path": list(one.path) if one.path is not None else None,
        "state": one.entries.state,
        "entries": one.entries._asdict(),
        "branch": one.branch._asdict(),
    }
