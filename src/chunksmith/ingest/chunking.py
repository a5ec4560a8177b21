"""Documents to chunks with exact offsets."""

from dataclasses import dataclass
from typing import Literal, cast, get_args

from semchunk.semchunk import chunkerify

from chunksmith.domain import sentences
from chunksmith.domain.sentences import Span
from chunksmith.domain.tokens import estimate_tokens
from chunksmith.errors import Fault, InvalidRequest
from chunksmith.ingest.blocks import BlockKind
from chunksmith.ingest.cohesion import pack_by_topic
from chunksmith.ingest.furniture import is_furniture
from chunksmith.ingest.packing import Draft, Unit, hard_pieces, merge, pack, paths_at, sentence_spans, units, weigh

ChunkStrategy = Literal["heading", "token", "character", "delimiter", "semantic"]
STRATEGIES: tuple[ChunkStrategy, ...] = get_args(ChunkStrategy)
DEFAULT_SIZE = 512
MAX_SIZE = 1_000_000
_DEFAULT_DELIMITER = "\n\n"
_SEGMENT = 100_000

__all__ = ["STRATEGIES", "ChunkSpan", "ChunkSpec", "is_furniture", "split", "validate"]


@dataclass(frozen=True, slots=True)
class ChunkSpec:
    """How to cut.

    Units: ``size`` and ``overlap`` are characters for the ``character`` strategy and estimated tokens for all others.
           ``delimiter`` is literal text, used by the ``delimiter`` strategy only; None means a blank line.
    """

    strategy: ChunkStrategy = "heading"
    size: int = DEFAULT_SIZE
    overlap: int = 0
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class ChunkSpan:
    """One chunk. ``text`` is exactly ``document[start:end]``, without white space at its ends."""

    start: int
    end: int
    text: str
    heading_path: tuple[str, ...]
    kind: BlockKind


def validate(spec: ChunkSpec) -> None:
    """Errors: InvalidRequest naming every field that cannot be meant."""
    faults = []
    if spec.strategy not in STRATEGIES:
        faults.append(Fault("/chunk_strategy", f"must be one of {', '.join(STRATEGIES)}"))
    if not 1 <= spec.size <= MAX_SIZE:
        faults.append(Fault("/chunk_size", f"must be between 1 and {MAX_SIZE}"))
    if spec.overlap < 0 or spec.overlap >= max(1, spec.size):
        faults.append(Fault("/chunk_overlap", "must be at least 0 and smaller than chunk_size"))
    if spec.delimiter == "":
        faults.append(Fault("/chunk_delimiter", "must not be empty"))
    if faults:
        raise InvalidRequest.of(faults)


def semantic_units(text: str, spec: ChunkSpec) -> list[Unit]:
    """What the strategy ``semantic`` keeps whole: sentences of prose, blocks of everything else."""
    return _readable(units(text, (spec.size - spec.overlap) * 4, by_sentence=True))


def split(text: str, spec: ChunkSpec, topics: frozenset[int] | None = None) -> list[ChunkSpan]:
    """Cut ``text`` as ``spec`` says. ``topics``: offsets of ``semantic_units`` that begin a topic, if somebody knows.

    Shapes: spans in order of ``start``, which rises strictly; each at most ``size``; none is blank.
            ``heading`` and ``semantic`` leave out chunks that are only furniture (see ``is_furniture``) and front
            matter; the other strategies keep every character that is not white space. An overlap repeats whole
            sentences from the end of the chunk before where they fit, else words, and never crosses a heading.
    Errors: InvalidRequest when the spec cannot be meant.
    """
    validate(spec)
    room = spec.size - spec.overlap
    drafts = _drafts(text, spec, room, topics)
    trimmed = [draft for draft in (_trim(text, one) for one in drafts) if draft is not None]
    if spec.strategy in {"heading", "semantic"}:
        trimmed = [one for one in trimmed if not is_furniture(text[one.start : one.end])]
    return _with_overlap(text, trimmed, spec)


def _drafts(text: str, spec: ChunkSpec, room: int, topics: frozenset[int] | None) -> list[Draft]:
    limit = room * 4
    if spec.strategy == "heading":
        return pack(text, _readable(units(text, limit)), limit)
    if spec.strategy == "semantic":
        return pack_by_topic(text, semantic_units(text, spec), limit, topics)
    if spec.strategy == "token":
        return paths_at(text, _by_tokens(text, room))
    if spec.strategy == "character":
        return paths_at(text, _by_characters(text, room))
    return paths_at(text, _by_delimiter(text, spec.delimiter or _DEFAULT_DELIMITER, limit))


def _readable(parts: list[Unit]) -> list[Unit]:
    return [unit for unit in parts if unit.kind != "front_matter"]


def _by_tokens(text: str, room: int) -> list[Draft]:
    """semchunk's recursive split. It rescans what it splits, so it gets the text in segments cut at paragraphs."""
    chunker = chunkerify(estimate_tokens, room, memoize=False)
    drafts: list[Draft] = []
    for segment in _segments(text):
        # The library's return type is a union over its flags; with offsets it is a pair of lists.
        _, offsets = cast(
            "tuple[list[str], list[tuple[int, int]]]", chunker(text[segment.start : segment.end], offsets=True)
        )
        for start, end in offsets:
            drafts.extend(
                Draft(piece.start, piece.end, "prose", ())
                for piece in hard_pieces(text, Span(segment.start + start, segment.start + end), room * 4)
            )
    return drafts


def _segments(text: str) -> list[Span]:
    found: list[Span] = []
    start = 0
    while start < len(text):
        end = min(len(text), start + _SEGMENT)
        if end < len(text):
            cuts = (text.rfind(mark, start + _SEGMENT // 2, end) for mark in ("\n\n", "\n", " "))
            end = next((cut for cut in cuts if cut > start), end)
        found.append(Span(start, end))
        start = end
    return found


def _by_characters(text: str, room: int) -> list[Draft]:
    drafts: list[Draft] = []
    start = 0
    while start < len(text):
        end = min(len(text), start + room)
        if end < len(text) and not text[end].isspace():
            last = max(text.rfind(mark, start + room * 4 // 5, end) for mark in (" ", "\n"))
            end = last + 1 if last > start else end
        drafts.append(Draft(start, end, "prose", ()))
        start = end
    return drafts


def _by_delimiter(text: str, delimiter: str, limit: int) -> list[Draft]:
    parts: list[Span] = []
    start = 0
    while start <= len(text):
        end = text.find(delimiter, start)
        end = len(text) if end < 0 else end
        parts.extend(_fitting(text, Span(start, end), limit))
        start = end + len(delimiter)
    return merge(text, parts, limit)


def _fitting(text: str, span: Span, limit: int) -> list[Span]:
    if not text[span.start : span.end].strip():
        return []
    if weigh(text, span.start, span.end) <= limit:
        return [span]
    return [piece for part in sentence_spans(text, span) for piece in hard_pieces(text, part, limit)]


def _trim(text: str, draft: Draft) -> Draft | None:
    piece = text[draft.start : draft.end]
    kept = piece.strip()
    if not kept:
        return None
    start = draft.start + len(piece) - len(piece.lstrip())
    return Draft(start, start + len(kept), draft.kind, draft.path)


def _with_overlap(text: str, drafts: list[Draft], spec: ChunkSpec) -> list[ChunkSpan]:
    spans: list[ChunkSpan] = []
    for index, draft in enumerate(drafts):
        start = draft.start
        if spec.overlap and index and drafts[index - 1].path == draft.path and draft.kind != "heading":
            start = _overlap_start(text, drafts[index - 1], draft, spec)
        spans.append(ChunkSpan(start, draft.end, text[start : draft.end], draft.path, draft.kind))
    return spans


def _overlap_start(text: str, before: Draft, draft: Draft, spec: ChunkSpec) -> int:
    """The earliest sentence of the chunk before, or else word, from which the overlap is at most what was asked."""
    if text[before.end : draft.start].strip():
        return draft.start
    first = before.start + 1
    if spec.strategy == "character":
        reach = max(first, draft.start - spec.overlap)
    else:
        reach = max(first, draft.start - spec.overlap * 4)
        while reach < draft.start and weigh(text, reach, draft.start) > spec.overlap * 4:
            excess = weigh(text, reach, draft.start) - spec.overlap * 4
            reach += max(1, excess // 4)
    tail = text[before.start : before.end]
    for span in sentences.spans(tail):
        if before.start + span.start >= reach:
            return before.start + span.start
    for position in range(reach, before.end):
        if not text[position].isspace() and text[position - 1].isspace():
            return position
    return next((position for position in range(reach, before.end) if not text[position].isspace()), draft.start)
