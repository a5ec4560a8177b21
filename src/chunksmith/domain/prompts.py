"""Prompt templates: those of the installation, and one built in per generation mode."""

from dataclasses import dataclass

BUILTIN_PREFIX = "builtin:"


@dataclass(frozen=True, slots=True)
class Prompt:
    """``id`` is a number, or ``builtin:<name with dashes>``; ``generation_mode`` None suits any mode."""

    id: int | str
    name: str
    content: str
    description: str
    generation_mode: str | None
    builtin: bool
    created_at: str | None
    updated_at: str | None


@dataclass(frozen=True, slots=True)
class PromptDraft:
    """What a person writes of a prompt."""

    name: str
    content: str
    description: str = ""
    generation_mode: str | None = None
