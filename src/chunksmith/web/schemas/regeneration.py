"""Shapes of writing entries anew, and of looking at a prompt before it is sent."""

from typing import Any

from chunksmith.domain.calls import PROVIDERS, ChatRequest
from chunksmith.domain.corpus import chunk_name
from chunksmith.domain.datasets import DIFFICULTIES
from chunksmith.domain.jobs import MAX_CONCURRENCY
from chunksmith.services.preview import Preview, estimated_input_tokens
from chunksmith.services.regeneration import Regenerated
from chunksmith.web import fields
from chunksmith.web.schemas.entries import ENTRY_STATUSES
from chunksmith.web.schemas.feedback import entry_ids
from chunksmith.web.schemas.generation import GenerateIn


class RegenerationFilterIn(fields.StrictSchema):
    filter_quality_below = fields.Number(
        least=0, most=1, metadata={"description": "Entries with a score below; those without a score are not found."}
    )
    category = fields.String(most=500)
    status = fields.String(one_of=ENTRY_STATUSES)
    difficulty = fields.String(one_of=DIFFICULTIES)
    q = fields.String(least=1, most=200, metadata={"description": "Text that the entry contains."})


class RegenerationConfigIn(fields.StrictSchema):
    model = fields.String(
        most=200,
        filled=True,
        allow_none=True,
        load_default=None,
        metadata={
            "description": f"One of {', '.join(PROVIDERS)}, or `<provider>/<model name>`; null: the dataset's own."
        },
    )
    temperature = fields.Number(least=0, most=2, allow_none=True, load_default=None)
    max_tokens = fields.Integer(least=16, most=65_536, allow_none=True, load_default=None)
    instructions = fields.String(
        most=10_000,
        filled=True,
        allow_none=True,
        load_default=None,
        metadata={"description": "What holds for these entries beside the prompt of their mode."},
    )


class RegenerateIn(fields.StrictSchema):
    entry_ids = entry_ids(allow_none=True, load_default=None)
    filter = fields.Nested(
        RegenerationFilterIn,
        allow_none=True,
        load_default=None,
        metadata={"description": "In place of `entry_ids`: all entries that it finds at this moment; `{}` is all."},
    )
    regeneration_config = fields.Nested(
        RegenerationConfigIn, load_default=lambda: dict.fromkeys(RegenerationConfigIn().fields)
    )
    concurrency = fields.Integer(least=1, most=MAX_CONCURRENCY, load_default=1)
    max_calls = fields.Integer(least=1, allow_none=True, load_default=None)
    max_cost_usd = fields.Amount(
        allow_none=True, load_default=None, metadata={"description": "No call starts that could cross it."}
    )
    reuse = fields.Boolean(
        load_default=True,
        metadata={"description": "false: ask anew where the same was asked before, by a job that was turned down."},
    )


class RegenerateOut(fields.AnswerSchema):
    job_id = fields.String()
    message = fields.String()
    status = fields.String()
    dataset_id = fields.String()
    entries = fields.Integer(metadata={"description": "To be written anew."})
    warnings = fields.List(fields.String(), metadata={"description": "What was accepted but cannot apply."})


class PreviewIn(GenerateIn):
    chunk_id = fields.Identifier(
        allow_none=True, load_default=None, metadata={"description": "null: the first chunk that would be read."}
    )


class MessageOut(fields.AnswerSchema):
    role = fields.String(one_of=("system", "user"))
    text = fields.String()


class RequestOut(fields.AnswerSchema):
    messages = fields.List(fields.Nested(MessageOut), metadata={"description": "Exactly as they would be sent."})
    reply_schema = fields.Dict(allow_none=True)
    model = fields.String()
    temperature = fields.Number(allow_none=True)
    max_tokens = fields.Integer(allow_none=True)
    estimated_input_tokens = fields.Integer()


class FurtherCallOut(RequestOut):
    stage = fields.String(one_of=("classify", "judge"))
    entries_known = fields.Boolean(
        metadata={"description": "The writer's reply is in the ledger; else its entries stand as `…`."}
    )


class PreviewOut(RequestOut):
    chunk_id = fields.String()
    further = fields.List(
        fields.Nested(FurtherCallOut),
        metadata={
            "description": "What is asked about the entries afterwards: of a second model that classifies, and "
            "of a judge (its first call)."
        },
    )
    warnings = fields.List(fields.String())


def regenerate_out(started: Regenerated) -> dict[str, Any]:
    return {
        "job_id": started.job.job_id,
        "message": "Regeneration started successfully",
        "status": started.job.state,
        "dataset_id": started.dataset_id,
        "entries": started.entries,
        "warnings": list(started.warnings),
    }


def preview_out(preview: Preview) -> dict[str, Any]:
    further = [
        {"stage": one.stage, "entries_known": one.entries_known, **_request_out(one.request)} for one in preview.further
    ]
    return {
        "chunk_id": chunk_name(preview.chunk.id),
        **_request_out(preview.request),
        "further": further,
        "warnings": list(preview.warnings),
    }


def _request_out(request: ChatRequest) -> dict[str, Any]:
    return {
        "messages": [{"role": message.role, "text": message.text} for message in request.messages],
        "reply_schema": request.reply_schema,
        "model": str(request.model),
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "estimated_input_tokens": estimated_input_tokens(request),
    }
