"""Shapes of documents."""

from typing import Any

from marshmallow import fields as plain

from chunksmith.domain.corpus import CHUNK_STRATEGIES, DOCUMENT_STATUSES, MAX_CHUNK_SIZE, Document
from chunksmith.domain.jobs import MAX_CONCURRENCY, Job
from chunksmith.domain.paging import LARGEST
from chunksmith.services.documents import Content
from chunksmith.web import fields
from chunksmith.web.schemas.jobs import STATES

_MODEL = "`builtin`, `gemini`, `grok`, `ollama` or `<provider>/<model>`; default `builtin`. "
_UNIT = "Tokens; characters for the strategy `character`. Default: the setting"


class UploadForm(fields.StrictSchema):
    """``multipart/form-data``; the fields may come in any order."""

    project_id = fields.Identifier(required=True, metadata={"description": "Integer id or UUID of the project."})
    files = fields.List(
        plain.Raw(metadata={"type": "string", "format": "binary"}),
        required=True,
        least=1,
        metadata={
            "description": "Each with a file name (`%22` in it: a quotation mark). If one is refused, none is kept."
        },
    )


class DocumentsQuery(fields.PageQuery):
    project_id = fields.Identifier(required=True, metadata={"description": "Integer id or UUID of the project."})
    status = fields.String(one_of=DOCUMENT_STATUSES, load_default=None, metadata={"description": "Only these."})


class ContentQuery(fields.QuerySchema):
    start = fields.Integer(least=0, load_default=0, metadata={"description": "First character, from 0."})
    end = fields.Integer(
        least=0, most=LARGEST, load_default=None, metadata={"description": "After the last character; none: the end."}
    )


class ProcessIn(fields.StrictSchema):
    project_id = fields.Identifier(required=True, metadata={"description": "Integer id or UUID of the project."})
    document_ids = fields.documents("null: all documents that were uploaded, but not processed yet.")
    parsing_model = fields.String(
        least=1,
        most=200,
        metadata={
            "description": f"{_MODEL}A model reads pictures, and pages of a PDF without a good text layer; everything "
            "else is read locally."
        },
    )
    chunking_model = fields.String(
        least=1,
        most=200,
        metadata={"description": f"{_MODEL}A model proposes where topics begin, for the strategy `semantic`."},
    )
    chunk_strategy = fields.String(
        one_of=CHUNK_STRATEGIES,
        metadata={"description": "Default: the setting `chunking.strategy`; `semantic` with a `chunking_model`."},
    )
    chunk_size = fields.Integer(least=1, most=MAX_CHUNK_SIZE, metadata={"description": f"{_UNIT} `chunking.size`."})
    chunk_overlap = fields.Integer(
        least=0,
        most=MAX_CHUNK_SIZE,
        metadata={"description": f"{_UNIT} `chunking.overlap`; at most 95 % of the size."},
    )
    chunk_delimiter = fields.String(
        least=1,
        most=1000,
        allow_none=True,
        metadata={"description": "Literal text, for the strategy `delimiter`; null: a blank line."},
    )
    concurrency = fields.Integer(
        least=1,
        most=MAX_CONCURRENCY,
        load_default=1,
        metadata={"description": "Calls of this job in flight at most, and documents worked on at a time."},
    )
    max_calls = fields.Integer(least=1, allow_none=True, load_default=None)
    max_cost_usd = fields.Amount(
        allow_none=True, load_default=None, metadata={"description": "No call starts that could cross it."}
    )


class ProcessingOut(fields.AnswerSchema):
    parsing_model = fields.String()
    chunking_model = fields.String(metadata={"optional": True})
    chunk_strategy = fields.String(one_of=CHUNK_STRATEGIES, metadata={"optional": True})
    chunk_size = fields.Integer(metadata={"optional": True})
    chunk_overlap = fields.Integer(metadata={"optional": True})
    chunk_delimiter = fields.String(allow_none=True, metadata={"optional": True})


class DocumentOut(fields.AnswerSchema):
    id = fields.Integer()
    project_id = fields.Integer()
    name = fields.String()
    origin = fields.String(one_of=("upload", "import"))
    status = fields.String(one_of=DOCUMENT_STATUSES)
    media_type = fields.String(allow_none=True, metadata={"description": "By content; null before it is parsed."})
    size_bytes = fields.Integer(allow_none=True)
    sha256 = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    text_chars = fields.Integer(allow_none=True)
    chunk_count = fields.Integer()
    processing = fields.Nested(
        ProcessingOut,
        allow_none=True,
        metadata={"description": "The options that made the chunks; before that only `parsing_model`."},
    )
    warnings = fields.List(fields.String())
    error_kind = fields.String(
        allow_none=True, metadata={"description": "Why the last processing failed, if it did; chunks from before stay."}
    )
    error_detail = fields.String(allow_none=True)
    created_at = fields.Timestamp()
    updated_at = fields.Timestamp()


class DocumentsOut(fields.AnswerSchema):
    documents = fields.List(fields.Nested(DocumentOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class UploadedOut(fields.AnswerSchema):
    project_id = fields.Integer()
    documents = fields.List(fields.Nested(DocumentOut))
    warnings = fields.List(
        fields.String(), metadata={"description": "Files whose content the project had before; they are kept."}
    )


class ContentOut(fields.AnswerSchema):
    id = fields.Integer()
    project_id = fields.Integer()
    name = fields.String()
    text = fields.String(metadata={"description": "Offsets of chunks are into the whole of it, in characters."})
    start = fields.Integer()
    end = fields.Integer()
    total_chars = fields.Integer()


class ProcessOut(fields.AnswerSchema):
    job_id = fields.String()
    message = fields.String()
    status = fields.String(one_of=STATES)
    documents = fields.Integer(metadata={"description": "How many the job works on."})
    warnings = fields.List(fields.String(), metadata={"description": "What was accepted but cannot apply."})


def document_out(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "project_id": document.project_id,
        "name": document.name,
        "origin": document.origin,
        "status": document.status,
        "media_type": document.media_type,
        "size_bytes": document.size_bytes,
        "sha256": document.sha256,
        "title": document.title,
        "text_chars": document.text_chars,
        "chunk_count": document.chunk_count,
        "processing": document.processing,
        "warnings": document.warnings,
        "error_kind": document.error_kind,
        "error_detail": document.error_detail,
        "created_at": document.created_at,
        "updated_at": document.updated_at,
    }


def content_out(content: Content) -> dict[str, Any]:
    document = content.document
    return {
        "id": document.id,
        "project_id": document.project_id,
        "name": document.name,
        "text": content.text,
        "start": content.start,
        "end": content.end,
        "total_chars": document.text_chars,
    }


def process_out(job: Job, warnings: list[str]) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "message": "Document processing started successfully",
        "status": job.state,
        "documents": len(job.spec["document_ids"]),
        "warnings": warnings,
    }
