"""Datasets, their entries, and the evidence that entries rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

EntryStatus = Literal["accepted", "rejected", "edited", "regenerated"]
MatchKind = Literal["exact", "normalized", "fuzzy", "none"]
DIFFICULTIES = ("beginner", "intermediate", "advanced")
# Batch files that a job or a dataset shows.
SHOWN_BATCHES = 1000
ENTRY_PREFIX = "entry_"
# Cut-offs of an entry's quality: high from HIGH on, medium from MEDIUM on, low below.
HIGH, MEDIUM = 0.8, 0.5

# The text that a person may edit and that a mode fills; see domain/generation.py for which mode has which.
TEXT_FIELDS = ("question", "answer", "instruction", "input", "output", "summary", "key_points")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quote and where it stands: character offsets into the stored chunk text, computed, never the model's word.

    ``match`` ``none``: the quote is not in the passage; start and end are then None.
    """

    quote: str
    start: int | None
    end: int | None
    match: MatchKind


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a dataset. Its number depends on its unit's place and never changes.

    Units:  ``quality`` and every component in ``quality_parts`` are 0…1, higher is better, None when not scored.
    Shapes: ``quality_notes`` say what the scores saw; ``judge`` is what a model that was asked to judge said.
    """

    number: int
    position: int
    chunk_id: int
    question: str | None = None
    answer: str | None = None
    instruction: str | None = None
    input: str | None = None
    output: str | None = None
    summary: str | None = None
    key_points: tuple[str, ...] | None = None
    category: str | None = None
    category_id: str | None = None  # of the taxonomy, where the category is one of its own
    taxonomy_path: tuple[str, ...] | None = None  # names from level 1 down to the category
    difficulty: str | None = None
    quality: float | None = None
    quality_parts: dict[str, float] | None = None
    quality_notes: dict[str, Any] | None = None
    judge: dict[str, Any] | None = None
    evidence: tuple[Evidence, ...] = ()
    split: str | None = None
    status: EntryStatus = "accepted"  # as people left it; ``state`` is what is shown
    left_out: str | None = None  # why it is in no list, count or download unless it is asked for
    duplicate_of: str | None = None
    contamination: dict[str, Any] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    repaired: bool = False
    call_id: int | None = None
    revision: int = 1
    generated_at: str = ""
    # Joined from the chunk, for reading and exports.
    document_id: int | None = None
    document_name: str | None = None
    passage: str | None = None  # only where it was asked for

    @property
    def public_id(self) -> str:
        return f"{ENTRY_PREFIX}{self.number}"

    @property
    def state(self) -> EntryStatus:
        return "rejected" if self.left_out is not None else self.status

    def texts(self) -> dict[str, str | tuple[str, ...] | None]:
        return {name: getattr(self, name) for name in TEXT_FIELDS}

    def texts_given(self) -> dict[str, str | tuple[str, ...]]:
        return {name: text for name, text in self.texts().items() if text is not None}


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A file that generation wrote. It never changes. ``file_path`` is relative to the data directory."""

    batch_index: int
    file_path: str
    entries_count: int
    chunks_processed: int
    size_bytes: int
    sha256: str


class NewestBatches(NamedTuple):
    """``files`` in their order, the last of ``total``; both of the same moment."""

    files: Sequence[BatchFile]
    total: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """``settings`` is what it was made with; ``flagged`` why it should not be used as it is.

    ``curation`` is what the steps after generation report, by step. Counts are without what is left out.
    ``content_revision`` counts the changes of what the entries say; reports keep the one that they looked at.
    ``version`` is the newest of it, None where there is none; ``changed``: its entries are not those of a version.
    """

    id: int
    dataset_id: str
    project_id: int
    job_id: str | None
    name: str
    mode: str
    format_type: str
    folder: str
    settings: dict[str, Any]
    quality: dict[str, Any] | None
    flagged: str | None
    created_at: str
    updated_at: str
    revision: int
    entries_count: int
    scored_count: int
    quality_sum: float
    high_count: int
    medium_count: int
    low_count: int
    curation: dict[str, Any]
    content_revision: int = 0
    version: str | None = None
    changed: bool = False

    def as_of(self, at: str) -> dict[str, Any]:
        """What a report says of when it was made; the dataset has to be read before its entries are."""
        return {"scored_at": at, "revision": self.content_revision}

    def is_stale(self, report: Mapping[str, Any]) -> bool | None:
        """Whether entries changed since a report on them; None where it does not say of which revision it is."""
        revision = report.get("revision")
        return None if revision is None else revision != self.content_revision

    @property
    def model(self) -> tuple[str, str]:
        """Provider and model that wrote the entries."""
        provider, _, model = str(self.settings["generation_model"]).partition("/")
        return provider, model or provider
