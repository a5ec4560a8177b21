"""Records as text: short values as ``name: value`` lines, prose as paragraphs, a title as the heading."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby, zip_longest
from operator import attrgetter
from typing import NamedTuple

from chunksmith.ingest.parsers.tables import markdown_table

_LONG = 120
_SENTENCE = re.compile(r"(?:\S+\s+){5,}\S*[.!?…。！？][\"'”’»)]*")
_PARAGRAPHS = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")
_TITLES = frozenset("title headline heading question subject topic name".split())
_LONGEST_TITLE = 160
# Names of a passage that tell nothing of it where it is the only one of its record.
_CONTENTS = frozenset("text body content contents answer description article passage document".split())


class Field(NamedTuple):
    """``name`` is empty where a table has no heads; ``parts`` is the text of a value that has parts, with its name."""

    name: str
    value: str
    parts: str = ""

    @property
    def is_prose(self) -> bool:
        return "\n\n" in self.parts or is_prose(self.value)

    @property
    def line(self) -> str:
        value = _squeezed(self.value)
        return self.parts or (f"{self.name}: {value}" if self.name else value)

    @property
    def is_title(self) -> bool:
        value = self.value.strip()
        return self.name.casefold() in _TITLES and 0 < len(value) <= _LONGEST_TITLE and "\n" not in value


def is_prose(value: str) -> bool:
    """At least a sentence of six words, or longer than what stands in a cell."""
    value = value.strip()
    return len(value) > _LONG or bool(_SENTENCE.fullmatch(value))


def records_text(records: Iterable[Sequence[Field]], level: int) -> str:
    """``level`` is that of the headings. Prose has its name above it, unless that says nothing, as ``text`` does.

    Where no record holds prose they are nothing but their lines. Where one has a title, each has a heading.
    """
    found = [[field for field in record if field.parts or field.value.strip()] for record in records]
    found = [record for record in found if record]
    if not any(field.is_prose for record in found for field in record if not field.is_title):
        return "\n\n".join("\n".join(field.line for field in record) for record in found)
    titled = any(field.is_title for record in found for field in record)
    return "\n\n".join(_record(record, level if titled else 0) for record in found)


def _record(fields: Sequence[Field], level: int) -> str:
    """Without a heading where ``level`` is 0."""
    title = next((field for field in fields if field.is_title), None) if level else None
    others = [field for field in fields if field is not title]
    named = _squeezed(title.value) if title is not None else others[0].line.split("\n", 1)[0][:_LONGEST_TITLE]
    blocks = [f"{'#' * level} {named}"] if level else []
    is_only = sum(field.is_prose for field in others) == 1
    for is_passage, group in groupby(others, attrgetter("is_prose")):
        if is_passage:
            blocks.extend(block for field in group for block in _blocks(field, is_only=is_only))
        else:
            blocks.append("\n".join(field.line for field in group))
    return "\n\n".join(blocks)


def _blocks(field: Field, *, is_only: bool) -> list[str]:
    if field.parts:
        return [field.parts]
    is_named = field.name and not (is_only and field.name.casefold() in _CONTENTS)
    return [*([f"{field.name}:"] if is_named else []), _paragraphs(field.value)]


def rows_text(rows: Sequence[Sequence[str]], level: int) -> str:
    """A table; a record for each row where cells hold prose.

    Shapes: the first row has the heads, unless it holds prose, numbers or dates itself.
    """
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    has_heads = len(rows) > 1 and all(map(_may_be_a_head, rows[0]))
    body = rows[1:] if has_heads else rows
    if not _hold_prose(body):
        return markdown_table(rows)
    width = max(map(len, rows))
    heads = [_squeezed(name) for name in rows[0]] if has_heads else []
    names = [(heads[at] if at < len(heads) else "") or f"column {at + 1}" for at in range(width)]
    if not has_heads:
        names = [""] * width
    return records_text((list(map(Field, names, row)) for row in body), level)


def _may_be_a_head(cell: str) -> bool:
    cell = cell.strip()
    return not cell or (not is_prose(cell) and not cell[0].isdigit() and any(char.isalpha() for char in cell))


def _hold_prose(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a cell is longer than those of a table, or most of a column are sentences."""
    if any(len(cell.strip()) > _LONG for row in rows for cell in row):
        return True
    return any(map(_are_mostly_prose, zip_longest(*rows, fillvalue="")))


def _are_mostly_prose(column: Iterable[str]) -> bool:
    filled = [cell for cell in column if cell.strip()]
    return 2 * sum(map(is_prose, filled)) > len(filled)


def _paragraphs(value: str) -> str:
    """As they stand, which may be Markdown; on one line where a fence of code in it is not closed."""
    value = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    return _squeezed(value) if value.count("```") % 2 else _PARAGRAPHS.sub("\n\n", value)


def _squeezed(value: str) -> str:
    return " ".join(value.split())
