"""Where an entry comes from, from its document to its last editor."""

from typing import Any

from chunksmith.domain.corpus import chunk_name
from chunksmith.services.datasets import EntryDetail
from chunksmith.web import fields
from chunksmith.web.schemas.jobs import optional_usd

PARAMETERS = ("temperature", "max_tokens", "seed")


class ParametersOut(fields.AnswerSchema):
    temperature = fields.Number(allow_none=True)
    max_tokens = fields.Integer(allow_none=True)
    seed = fields.Integer(allow_none=True)


class WritingCallOut(fields.AnswerSchema):
    id = fields.Integer()
    job_id = fields.String(
        allow_none=True, metadata={"description": "The job that paid for it: another one's, when the reply was reused."}
    )
    stage = fields.String()
    provider = fields.String()
    model = fields.String()
    request_key = fields.String()
    sent_at = fields.Timestamp()
    ended_at = fields.Timestamp(allow_none=True)
    input_tokens = fields.Integer(allow_none=True)
    output_tokens = fields.Integer(allow_none=True)
    cost_usd = fields.Usd(allow_none=True)
    has_reply = fields.Boolean(metadata={"description": "Its raw reply is still stored."})


class EvaluatorOut(fields.AnswerSchema):
    kind = fields.String(
        one_of=("rules", "judge"), metadata={"description": "`judge`: a model gave its opinion beside the rules."}
    )
    model = fields.String(allow_none=True, metadata={"description": "Of the judge."})
    weights = fields.Dict(
        values=fields.Number(),
        allow_none=True,
        metadata={"description": "Of the components; null when the score was made with others than the present ones."},
    )


class EditOut(fields.AnswerSchema):
    revision = fields.Integer(metadata={"description": "The one that was replaced."})
    change = fields.String()
    editor = fields.String(allow_none=True, metadata={"description": "Name of the API key; null for the server."})
    at = fields.Timestamp()


class ProvenanceOut(fields.AnswerSchema):
    dataset_id = fields.String()
    job_id = fields.String(allow_none=True, metadata={"description": "The job that made the dataset."})
    chunk_id = fields.String()
    chunk_text = fields.String(allow_none=True)
    chunk_start = fields.Integer(
        allow_none=True,
        metadata={"description": "Character offset of the chunk in the document's text; null for imported chunks."},
    )
    chunk_end = fields.Integer(allow_none=True)
    document_id = fields.Integer(allow_none=True)
    document_name = fields.String(allow_none=True)
    call_id = fields.Integer(allow_none=True, metadata={"description": "The ledger's call that wrote it."})
    call = fields.Nested(WritingCallOut, allow_none=True)
    provider = fields.String()
    model = fields.String()
    prompt_name = fields.String(allow_none=True, metadata={"description": "`custom`: a `custom_prompt`."})
    prompt_hash = fields.String(metadata={"description": "SHA-256 of the template."})
    parameters = fields.Nested(
        ParametersOut, metadata={"description": "As they were asked for; null is the server's default of that time."}
    )
    evaluator = fields.Nested(
        EvaluatorOut, allow_none=True, metadata={"description": "Who made the score; null without one."}
    )
    edits = fields.List(
        fields.Nested(EditOut), metadata={"description": "Who changed it and when, the oldest first; see `history`."}
    )
    generated_at = fields.Timestamp()


def provenance_out(detail: EntryDetail) -> dict[str, Any]:
    entry, dataset, chunk = detail.entry, detail.dataset, detail.chunk
    provider, model = dataset.model
    asked = _asked_with(detail)
    return {
        "dataset_id": dataset.dataset_id,
        "job_id": dataset.job_id,
        "chunk_id": chunk_name(entry.chunk_id),
        "chunk_text": chunk.text if chunk is not None else None,
        "chunk_start": chunk.start if chunk is not None else None,
        "chunk_end": chunk.end if chunk is not None else None,
        "document_id": entry.document_id,
        "document_name": entry.document_name,
        "call_id": entry.call_id,
        "call": _call(detail),
        "provider": entry.metadata.get("provider", provider),
        "model": entry.metadata.get("model", model),
        "prompt_name": asked.get("prompt_name"),
        "prompt_hash": entry.metadata.get("prompt_hash", dataset.settings["prompt_hash"]),
        "parameters": {name: asked.get(name) for name in PARAMETERS},
        "evaluator": _evaluator(detail),
        "edits": [_edit(one) for one in detail.history],
        "generated_at": entry.generated_at,
    }


def _asked_with(detail: EntryDetail) -> dict[str, Any]:
    """What was written anew has its own call's settings; the rest has the dataset's, whoever paid for the reply."""
    if "prompt_hash" not in detail.entry.metadata:
        return detail.dataset.settings
    return dict(detail.call.settings or {}) if detail.call is not None else {}


def _call(detail: EntryDetail) -> dict[str, Any] | None:
    if detail.call is None:
        return None
    record = detail.call.record
    same = ("id", "stage", "request_key", "sent_at", "ended_at", "input_tokens", "output_tokens", "has_reply")
    return {
        **{name: getattr(record, name) for name in same},
        "job_id": detail.call.job_id,
        "provider": record.model.provider,
        "model": record.model.model,
        "cost_usd": optional_usd(record.cost_nano),
    }


def _evaluator(detail: EntryDetail) -> dict[str, Any] | None:
    entry = detail.entry
    if entry.quality is None:
        return None
    return {
        "kind": "judge" if entry.judge is not None else "rules",
        "model": entry.judge.get("model") if entry.judge is not None else None,
        "weights": detail.weights._asdict() if detail.weights is not None else None,
    }


def _edit(former: Any) -> dict[str, Any]:
    return {
        "revision": former["revision"],
        "change": former["change"],
        "editor": former["editor"],
        "at": former["replaced_at"],
    }
