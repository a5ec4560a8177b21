"""Shapes of chunks."""

from collections.abc import Mapping
from typing import Any

from chunksmith.domain.corpus import Chunk, ImportResult, Project, chunk_name
from chunksmith.domain.paging import Page, Window
from chunksmith.services.chunk_rows import LONGEST_DOCUMENT, LONGEST_ID
from chunksmith.web import fields


class ChunkIn(fields.StrictSchema):
    """One line of a stream, one item of a list. Checked by the importer, which is quicker, not by this."""

    text = fields.String(required=True, least=1, filled=True)
    document = fields.String(
        least=1,
        most=LONGEST_DOCUMENT,
        filled=True,
        allow_none=True,
        metadata={"description": "Chunks of the same name belong together, also those of earlier imports."},
    )
    id = fields.Identifier(
        allow_none=True,
        metadata={
            "anyOf": [
                {"type": "integer"},
                {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
                {"type": "null"},
            ],
            "description": "Yours, unique in the project; `external_id` in answers.",
        },
    )
    metadata = fields.Dict(allow_none=True, metadata={"description": "Yours; given back as it is."})


class _Rows(fields.List):
    """Documented like any list, but the items are left to the importer."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return value


class ImportIn(fields.StrictSchema):
    chunks = _Rows(fields.Nested(ChunkIn), required=True, least=1)


class ImportOut(fields.AnswerSchema):
    project_id = fields.Integer()
    imported = fields.Integer(metadata={"description": "Chunks."})
    documents = fields.Integer(metadata={"description": "Documents that the import made."})
    first_chunk_id = fields.String(metadata={"description": "The smallest id that the import gave."})


class ChunkOut(fields.AnswerSchema):
    id = fields.String()
    project_id = fields.Integer()
    document_id = fields.Integer(allow_none=True)
    document_name = fields.String(allow_none=True)
    chunk_index = fields.Integer(metadata={"description": "Place in its document, from 0."})
    text = fields.String()
    start = fields.Integer(
        allow_none=True, metadata={"description": "Character offset into the document's content; null when imported."}
    )
    end = fields.Integer(allow_none=True)
    kind = fields.String()
    heading_path = fields.List(fields.String())
    metadata = fields.Dict(allow_none=True)
    external_id = fields.String(allow_none=True)


class ChunksOut(fields.AnswerSchema):
    chunks = fields.List(fields.Nested(ChunkOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()
    next_cursor = fields.String(allow_none=True, metadata={"description": "null on the last page."})


def chunk_out(chunk: Chunk) -> dict[str, Any]:
    return {
        "id": chunk.public_id,
        "project_id": chunk.project_id,
        "document_id": chunk.document_id,
        "document_name": chunk.document_name,
        "chunk_index": chunk.chunk_index,
        "text": chunk.text,
        "start": chunk.start,
        "end": chunk.end,
        "kind": chunk.kind,
        "heading_path": chunk.heading_path,
        "metadata": chunk.metadata,
        "external_id": chunk.external_id,
    }


def chunks_out(page: Page[Chunk], window: Window) -> dict[str, Any]:
    return {
        "chunks": [chunk_out(chunk) for chunk in page.items],
        "total": page.total,
        "page": window.page,
        "per_page": window.per_page,
        "next_cursor": page.next_cursor,
    }


def import_out(project: Project, result: ImportResult) -> dict[str, Any]:
    return {
        "project_id": project.id,
        "imported": result.imported,
        "documents": result.documents,
        "first_chunk_id": chunk_name(result.first_chunk_id),
    }
