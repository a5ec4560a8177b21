"""Which columns an export has, and what stands in them: the same in every format."""

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from chunksmith.domain.corpus import chunk_name
from chunksmith.domain.datasets import Entry
from chunksmith.domain.entry_query import UNASSIGNED
from chunksmith.domain.generation import SHAPES, Mode

SCHEMA_VERSION = 1
PASSAGE = "passage"
ColumnKind = Literal["text", "texts", "number", "evidence"]
Row = dict[str, Any]


class Column(NamedTuple):
    """``kind``: a text, a list of texts, a number, or a list of {quote, start, end, match}."""

    name: str
    kind: ColumnKind


class SplitSize(NamedTuple):
    """``name`` as it is written: UNASSIGNED stands for none."""

    name: str
    entries: int


@dataclass(frozen=True, slots=True)
class DatasetHeader:
    """What must be known of a dataset before its first row is written.

    The flags say which columns would have a value somewhere; a column that is nowhere filled is left out. They are
    decided from the whole dataset before streaming, never from the first page, so that every file and every split of
    one dataset has the same columns. ``splits`` are in the order in which the rows come, when they come by split.
    """

    name: str
    mode: Mode
    settings: dict[str, Any] = field(default_factory=dict)
    version: str | None = None
    scored: bool = True
    has_category: bool = True
    has_difficulty: bool = True
    has_splits: bool = False
    has_documents: bool = True
    has_evidence: bool = True
    dataset_id: str = ""
    updated_at: str = "1980-01-01T00:00:00Z"
    splits: tuple[SplitSize, ...] = ()
    quality: dict[str, Any] | None = None
    flagged: str | None = None
    license: str = "unknown"


def training_columns(header: DatasetHeader) -> list[Column]:
    return [Column(name, "texts" if name == "key_points" else "text") for name in SHAPES[header.mode].columns]


def about_columns(header: DatasetHeader) -> list[Column]:
    """What is known about each row."""
    about = (
        (Column("id", "text"), True),
        (Column("category", "text"), header.has_category),
        (Column("difficulty", "text"), header.has_difficulty),
        (Column("quality_score", "number"), header.scored),
        (Column("split", "text"), header.has_splits),
        (Column("source_chunk", "text"), True),
        (Column("document_name", "text"), header.has_documents),
        (Column("evidence", "evidence"), header.has_evidence),
    )
    return [column for column, present in about if present]


def columns(header: DatasetHeader) -> list[Column]:
    """The training columns of the mode, always all of them, then what is known about each row."""
    return training_columns(header) + about_columns(header)


def row(entry: Entry, header: DatasetHeader) -> Row:
    """Values by column, in order. ``input`` is never null: what trains on it joins it with the instruction."""
    return rows([entry], header)[0]


def rows(entries: list[Entry], header: DatasetHeader, *, passages: bool = False) -> list[Row]:
    """``passages``: with the text of the chunk, under PASSAGE, after the columns."""
    names = [column.name for column in columns(header)] + ([PASSAGE] if passages else [])
    filled = [(name, _MADE.get(name) or attrgetter(name)) for name in names]
    return [{name: value(entry) for name, value in filled} for entry in entries]


def describe(header: DatasetHeader) -> Row:
    """What formats with a place for it write beside the rows."""
    return {
        "schema_version": SCHEMA_VERSION,
        "dataset": header.name,
        "version": header.version,
        "mode": header.mode,
        "settings": header.settings,
    }


def split_of(row: Row) -> str:
    """The name under which a row's split is written."""
    return row.get("split") or UNASSIGNED


def without_surrogates(value: Any) -> Any:
    """Lone surrogates become U+FFFD. Texts are cleaned when they come in; no download may die on one that was not."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {key: without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_surrogates(item) for item in value]
    return value


def _evidence(entry: Entry) -> list[Row]:
    return [{"quote": item.quote, "start": item.start, "end": item.end, "match": item.match} for item in entry.evidence]


# Columns that are not a field of an entry as it is.
_MADE: dict[str, Callable[[Entry], Any]] = {
    "id": attrgetter("public_id"),
    "quality_score": attrgetter("quality"),
    "source_chunk": lambda entry: chunk_name(entry.chunk_id),
    "evidence": _evidence,
    "key_points": lambda entry: list(entry.key_points or ()),
    "input": lambda entry: entry.input or "",
}
