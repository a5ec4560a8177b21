"""Which texts of an entry are asked, which are answered, which must rest on the passage."""

from collections.abc import Iterable

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES, ModeShape

_APART = "\n\n"  # ends a sentence, whatever the text before it ends with


def shape_of(entry: Entry) -> ModeShape:
    """The shape that an entry's fields suggest, for callers that do not know the mode.

    An entry with a question and no answer reads as mode ``question``: pass the true shape where it is known.
    """
    if entry.output is not None or entry.instruction is not None:
        return SHAPES["instruction following"]
    if entry.summary is not None:
        return SHAPES["summarization"]
    if entry.answer is None:
        return SHAPES["question"]
    return SHAPES["answer" if entry.question is None else "default"]


def text_of(entry: Entry, name: str) -> str:
    value: str | tuple[str, ...] | None = getattr(entry, name)
    if value is None:
        return ""
    return value if isinstance(value, str) else _APART.join(value)


def grounded_text(entry: Entry, shape: ModeShape | None = None) -> str:
    """The text that the passage must cover. Key points are claims as much as the summary above them."""
    grounded = (shape or shape_of(entry)).grounded
    text = text_of(entry, grounded)
    if grounded != "summary":
        return text if text.strip() else ""
    return _APART.join(part for part in (text, text_of(entry, "key_points")) if part.strip())


def prompt_text(entry: Entry, shape: ModeShape | None = None) -> str:
    """What is asked; empty in modes that have only a text."""
    columns = (shape or shape_of(entry)).columns
    return _lines_of(entry, [name for name in ("question", "instruction", "input") if name in columns])


def whole_text(entry: Entry, shape: ModeShape | None = None) -> str:
    columns = (shape or shape_of(entry)).columns
    return _lines_of(entry, columns)


def _lines_of(entry: Entry, names: Iterable[str]) -> str:
    return "\n".join([text for name in names if (text := text_of(entry, name)).strip()])
