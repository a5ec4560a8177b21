"""Shapes of reviewing: feedback, and a former text put back."""

from typing import Any

from chunksmith.domain.datasets import ENTRY_PREFIX
from chunksmith.domain.feedback import FEEDBACK_TYPES, MAX_ENTRIES, RATINGS, Feedback, FeedbackSummary
from chunksmith.services.feedback import FeedbackPage, Given
from chunksmith.web import fields


def entry_ids(**kwargs: Any) -> fields.List:
    return fields.List(
        fields.Identifier(), least=1, most=MAX_ENTRIES, metadata={"description": "`entry_1`, or 1."}, **kwargs
    )


class FeedbackIn(fields.StrictSchema):
    entry_ids = entry_ids(required=True)
    feedback_type = fields.String(
        one_of=FEEDBACK_TYPES,
        required=True,
        metadata={
            "description": "`reject` sets the entries' status to `rejected`, `approve` takes that back; the others "
            "change nothing and are handed to the model on regeneration."
        },
    )
    comments = fields.String(most=10_000, allow_none=True, load_default=None)
    rating = fields.Integer(least=RATINGS[0], most=RATINGS[1], allow_none=True, load_default=None)


class FeedbackByTypeOut(fields.AnswerSchema):
    bulk_edit = fields.Integer()
    quality_issue = fields.Integer()
    content_error = fields.Integer()
    approve = fields.Integer()
    reject = fields.Integer()


class FeedbackSummaryOut(fields.AnswerSchema):
    total = fields.Integer()
    by_type = fields.Nested(FeedbackByTypeOut)
    average_rating = fields.Number(allow_none=True, metadata={"description": "null when nobody rated."})
    entries_with_feedback = fields.Integer()


class GivenOut(fields.AnswerSchema):
    message = fields.String()
    entries = fields.Integer(metadata={"description": "That got the feedback; one named twice counts once."})
    status_changed = fields.Integer(metadata={"description": "That are now rejected, or are not any more."})
    summary = fields.Nested(FeedbackSummaryOut)


class FeedbackQuery(fields.CursorQuery):
    entry_id = fields.Identifier(load_default=None, metadata={"description": "`entry_1`, or 1: only of this entry."})
    feedback_type = fields.String(
        one_of=FEEDBACK_TYPES, load_default=None, metadata={"description": "Only of this type."}
    )


class FeedbackItemOut(fields.AnswerSchema):
    id = fields.Integer()
    entry_id = fields.String()
    feedback_type = fields.String(one_of=FEEDBACK_TYPES)
    comments = fields.String(allow_none=True)
    rating = fields.Integer(allow_none=True)
    author = fields.String(allow_none=True, metadata={"description": "Name of the API key."})
    revision = fields.Integer(metadata={"description": "Of the entry that it was about."})
    on_former_text = fields.Boolean(metadata={"description": "The entry's text has changed since."})
    created_at = fields.Timestamp()


class FeedbackListOut(fields.AnswerSchema):
    feedback = fields.List(fields.Nested(FeedbackItemOut), metadata={"description": "The newest first."})
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()
    next_cursor = fields.String(allow_none=True)
    summary = fields.Nested(FeedbackSummaryOut, metadata={"description": "Of the whole dataset."})


class RestoreIn(fields.StrictSchema):
    revision = fields.Integer(
        least=1, required=True, metadata={"description": "Of the entry's history; its text is put back."}
    )


def given_out(given: Given) -> dict[str, Any]:
    return {
        "message": "Feedback stored",
        "entries": given.entries,
        "status_changed": given.status_changed,
        "summary": summary_out(given.summary),
    }


def feedback_out(page: FeedbackPage) -> dict[str, Any]:
    return {
        "feedback": [_item_out(one) for one in page.items],
        "next_cursor": page.next_cursor,
        "summary": summary_out(page.summary),
    }


def summary_out(summary: FeedbackSummary) -> dict[str, Any]:
    return {
        "total": summary.total,
        "by_type": {name: summary.by_type.get(name, 0) for name in FEEDBACK_TYPES},
        "average_rating": summary.average_rating,
        "entries_with_feedback": summary.entries_with_feedback,
    }


def _item_out(one: Feedback) -> dict[str, Any]:
    return {
        "id": one.id,
        "entry_id": f"{ENTRY_PREFIX}{one.number}",
        "feedback_type": one.feedback_type,
        "comments": one.comments,
        "rating": one.rating,
        "author": one.author,
        "revision": one.revision,
        "on_former_text": one.on_former_text,
        "created_at": one.created_at,
    }
