"""Projects, their documents, and the chunks that everything is generated from."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from chunksmith.domain.row_numbers import row_number_in
from chunksmith.errors import Fault, InvalidRequest

DocumentStatus = Literal["uploaded", "parsed", "chunked", "failed"]
DOCUMENT_STATUSES: tuple[DocumentStatus, ...] = get_args(DocumentStatus)
ChunkStrategy = Literal["heading", "token", "character", "delimiter", "semantic"]
CHUNK_STRATEGIES: tuple[ChunkStrategy, ...] = get_args(ChunkStrategy)
MAX_CHUNK_SIZE = 1_000_000
BUILTIN = "builtin"


@dataclass(frozen=True, slots=True)
class Project:
    """``id`` and ``uuid`` name the same project; callers may use either."""

    id: int
    uuid: str
    name: str
    description: str
    created_at: str
    updated_at: str
    chunk_count: int = 0


@dataclass(frozen=True, slots=True)
class ProjectCounts:
    documents: int = 0
    chunks: int = 0
    datasets: int = 0


@dataclass(frozen=True, slots=True)
class ProjectOverview:
    project: Project
    counts: ProjectCounts


@dataclass(frozen=True, slots=True)
class Document:
    """An uploaded file, or the name under which chunks were imported (``origin``)."""

    id: int
    project_id: int
    name: str
    origin: Literal["upload", "import"]
    status: DocumentStatus
    media_type: str | None
    size_bytes: int | None
    sha256: str | None
    stored_path: str | None
    title: str | None
    text_chars: int | None
    chunk_count: int
    processing: dict[str, Any] | None
    warnings: tuple[str, ...]
    error_kind: str | None
    error_detail: str | None
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class FailedDocument:
    """``detail`` says why it could not be read."""

    id: int
    name: str
    detail: str

    @property
    def warning(self) -> str:
        return f"{self.name} (document {self.id}) could not be read: {self.detail}"


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """How documents become chunks.

    Units:  ``chunk_size`` and ``chunk_overlap`` are tokens; characters for the strategy ``character``.
    Shapes: models are ``builtin`` or ``<provider>/<model>``; a ``chunking_model`` proposes the borders of the
            strategy ``semantic``. ``chunk_delimiter`` is literal text for ``delimiter``; None means a blank line.
    Errors: InvalidRequest for what cannot work together, all at once.
    """

    parsing_model: str = BUILTIN
    chunking_model: str = BUILTIN
    chunk_strategy: ChunkStrategy = "heading"
    chunk_size: int = 512
    chunk_overlap: int = 0
    chunk_delimiter: str | None = None

    def __post_init__(self) -> None:
        faults = []
        if self.chunking_model != BUILTIN and self.chunk_strategy != "semantic":
            faults.append(
                Fault("/chunking_model", f"proposes borders for the strategy semantic only, not {self.chunk_strategy}")
            )
        if not 0 <= self.chunk_overlap <= most_overlap(self.chunk_size):
            most = most_overlap(self.chunk_size)
            faults.append(Fault("/chunk_overlap", f"must be at most {most}, 95 % of chunk_size ({self.chunk_size})"))
        if faults:
            raise InvalidRequest.of(faults)


def most_overlap(chunk_size: int) -> int:
    """With more, each passage would be stored more than twenty times."""
    return chunk_size * 19 // 20


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What the calls of a processing job may take: ``concurrency`` in flight, nano-dollars."""

    concurrency: int = 1
    max_calls: int | None = None
    max_cost_nano: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedText:
    """What parsing a document gave."""

    text: str
    media_type: str
    title: str | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A passage of a document, not stored yet. Offsets are into its parsed text."""

    text: str
    start: int
    end: int
    kind: str = "prose"
    heading_path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedChunk:
    """A passage that came ready-made. ``line`` is where it stood in the import, from 1; ``document`` groups."""

    line: int
    text: str
    document: str | None = None
    external_id: str | None = None
    metadata_json: str | None = None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """``documents`` are those that the import made; ``first_chunk_id`` is the smallest id it gave."""

    imported: int
    documents: int
    first_chunk_id: int


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """A received file that is kept below the data directory; ``name`` is only for people."""

    name: str
    stored_path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage. ``start`` and ``end`` are offsets into the document's parsed text; None for imported chunks."""

    id: int
    project_id: int
    document_id: int | None
    document_name: str | None
    chunk_index: int
    text: str
    start: int | None
    end: int | None
    kind: str
    heading_path: tuple[str, ...]
    metadata: dict[str, Any] | None
    external_id: str | None

    @property
    def public_id(self) -> str:
        return chunk_name(self.id)


def project_folder(project: int) -> str:
    """Where the datasets of a project lie, below the data directory."""
    return f"datasets/{project}"


def chunk_name(chunk_id: int) -> str:
    """The id of a chunk as callers see it, in every answer and export."""
    return f"chunk_{chunk_id}"


def chunk_number(public_id: str) -> int | None:
    """The row id in ``chunk_45`` or ``45``; None when it is neither."""
    return row_number_in(public_id.removeprefix("chunk_"))
