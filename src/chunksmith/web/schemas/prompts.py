"""Shapes of prompts."""

from typing import Any

from marshmallow import post_load

from chunksmith.domain.generation import MODES, PLACEHOLDERS
from chunksmith.domain.prompts import Prompt, PromptDraft
from chunksmith.web import fields

LONGEST_NAME = 200
LONGEST_CONTENT = 100_000
LONGEST_DESCRIPTION = 10_000
_NAME = {"description": "Unique, also among the built-in ones."}
_CONTENT = {
    "description": "Placeholders: "
    + ", ".join(f"`{{{name}}}`" for name in PLACEHOLDERS)
    + ". Every other brace is literal text; without `{chunk}` the passage is put before the prompt."
}
_MODE = {"description": "The mode that it is written for; null: any."}


class PromptIn(fields.StrictSchema):
    name = fields.String(required=True, least=1, most=LONGEST_NAME, filled=True, metadata=_NAME)
    content = fields.String(required=True, least=1, most=LONGEST_CONTENT, filled=True, metadata=_CONTENT)
    description = fields.String(most=LONGEST_DESCRIPTION, load_default="")
    generation_mode = fields.String(one_of=MODES, allow_none=True, load_default=None, metadata=_MODE)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> PromptDraft:
        return PromptDraft(**data)


class PromptChange(fields.ChangeSchema):
    """Only the named fields change."""

    name = fields.String(least=1, most=LONGEST_NAME, filled=True, metadata=_NAME)
    content = fields.String(least=1, most=LONGEST_CONTENT, filled=True, metadata=_CONTENT)
    description = fields.String(most=LONGEST_DESCRIPTION)
    generation_mode = fields.String(one_of=MODES, allow_none=True, metadata=_MODE)


class PromptsQuery(fields.PageQuery):
    generation_mode = fields.String(
        one_of=MODES, load_default=None, metadata={"description": "Only those written for this mode."}
    )


class PromptOut(fields.AnswerSchema):
    id = fields.Identifier(metadata={"description": "A number; of a built-in prompt `builtin:<name>`."})
    name = fields.String()
    content = fields.String()
    description = fields.String()
    generation_mode = fields.String(one_of=MODES, allow_none=True)
    builtin = fields.Boolean(metadata={"description": "Built-in prompts are read-only."})
    created_at = fields.Timestamp(allow_none=True)
    updated_at = fields.Timestamp(allow_none=True)


class PromptsOut(fields.AnswerSchema):
    prompts = fields.List(fields.Nested(PromptOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


def prompt_out(prompt: Prompt) -> dict[str, Any]:
    return {
        "id": prompt.id,
        "name": prompt.name,
        "content": prompt.content,
        "description": prompt.description,
        "generation_mode": prompt.generation_mode,
        "builtin": prompt.builtin,
        "created_at": prompt.created_at,
        "updated_at": prompt.updated_at,
    }
