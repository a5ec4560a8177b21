"""Shapes of reference sets."""

from typing import Any

from chunksmith.domain.curation import ReferenceSet
from chunksmith.web import fields


class ReferenceQuery(fields.QuerySchema):
    name = fields.String(
        required=True, most=200, filled=True, metadata={"description": "What it is called; each name once."}
    )


class ReferenceLine(fields.StrictSchema):
    """One line of the upload, of many that are possible."""

    question = fields.String(metadata={"description": "Or `instruction` and `input`: what is asked."})
    answer = fields.String(metadata={"description": "This and all other texts: what is told."})


class ReferenceOut(fields.AnswerSchema):
    id = fields.String(metadata={"description": "For `deduplicate_against` and `contamination_against`."})
    name = fields.String()
    rows = fields.Integer(metadata={"description": "Lines with a text."})
    size_bytes = fields.Integer()
    sha256 = fields.String()
    created_at = fields.Timestamp()


class ReferencesOut(fields.AnswerSchema):
    references = fields.List(fields.Nested(ReferenceOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


def reference_out(reference: ReferenceSet) -> dict[str, Any]:
    return {
        "id": reference.public_id,
        "name": reference.name,
        "rows": reference.rows_count,
        "size_bytes": reference.size_bytes,
        "sha256": reference.sha256,
        "created_at": reference.created_at,
    }
