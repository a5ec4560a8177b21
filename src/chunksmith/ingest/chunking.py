"""Documents to chunks with exact offsets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from semchunk.semchunk import chunkerify

from chunksmith.domain import sentences
from chunksmith.domain.corpus import most_overlap
from chunksmith.domain.sentences import Span
from chunksmith.domain.tokens import estimate_tokens
from chunksmith.errors import Fault, InvalidRequest
from chunksmith.ingest.blocks import Block, BlockKind, blocks
from chunksmith.ingest.cohesion import pack_by_topic
from chunksmith.ingest.furniture import furniture_spans
from chunksmith.ingest.packing import Draft, Unit, hard_pieces, merge, pack, paths_at, sentence_spans, units, weigh
from chunksmith.ingest.scraps import with_scraps_joined

ChunkStrategy = Literal["heading", "token", "character", "delimiter", "semantic"]
STRATEGIES: tuple[ChunkStrategy, ...] = get_args(ChunkStrategy)
DEFAULT_SIZE = 512
MAX_SIZE = 1_000_000
_BY_HEADINGS = frozenset(("heading", "semantic"))
_DEFAULT_DELIMITER = "\n\n"
_SEGMENT = 100_000

__all__ = ["STRATEGIES", "ChunkSpan", "ChunkSpec", "split", "validate"]


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
    if not 0 <= spec.overlap <= most_overlap(max(0, spec.size)):
        faults.append(Fault("/chunk_overlap", f"must be from 0 to {most_overlap(spec.size)}, 95 % of chunk_size"))
    if spec.delimiter == "":
        faults.append(Fault("/chunk_delimiter", "must not be empty"))
    if faults:
        raise InvalidRequest.of(faults)


def semantic_units(text: str, spec: ChunkSpec) -> list[Unit]:
    """What the strategy ``semantic`` keeps whole: sentences of prose, blocks of everything else."""
    parts = blocks(text)
    limit = (spec.size - spec.overlap) * 4
    return [unit for group in _readable(text, parts, limit, by_sentence=True) for unit in group]


def split(text: str, spec: ChunkSpec, topics: frozenset[int] | None = None) -> list[ChunkSpan]:
    """Cut ``text`` as ``spec`` says. ``topics``: offsets of ``semantic_units`` that begin a topic, if somebody knows.

    Shapes: spans in order of ``start``, which rises strictly; each at most ``size``; none is blank.
            All leave out furniture (see ``furniture_spans``), and no chunk reaches across it. ``heading`` and
            ``semantic`` also leave out front matter and what says nothing (see ``with_scraps_joined``); the other
            strategies keep every other character that is not white space. An overlap repeats whole sentences right
            before the chunk where they fit, else words. It never crosses furniture, nor a heading that is a border.
    Errors: InvalidRequest when the spec cannot be meant.
    """
    validate(spec)
    if spec.overlap and _size_of(text, spec) <= spec.size:
        spec = replace(spec, overlap=0)  # nothing has to be cut
    return _with_overlap(text, _drafts(text, spec, spec.size - spec.overlap, topics), spec)


def _size_of(text: str, spec: ChunkSpec) -> int:
    return len(text) if spec.strategy == "character" else estimate_tokens(text)


def _drafts(text: str, spec: ChunkSpec, room: int, topics: frozenset[int] | None) -> list[Draft]:
    limit, parts = room * 4, blocks(text)
    if spec.strategy in _BY_HEADINGS:
        by_topic = spec.strategy == "semantic"
        groups = _readable(text, parts, limit, by_sentence=by_topic)
        packed = (pack_by_topic(text, one, limit, topics) if by_topic else pack(text, one, limit) for one in groups)
        # A scrap has the room of the overlap too, of which its chunk then repeats less.
        return [one for some in packed for one in with_scraps_joined(text, _trimmed(text, some), spec.size * 4)]
    kept = _between(text, furniture_spans(text, parts))
    if spec.strategy == "token":
        drafts = [draft for span in kept for draft in _by_tokens(text, span, room)]
    elif spec.strategy == "character":
        drafts = [draft for span in kept for draft in _by_characters(text, span, room)]
    else:
        delimiter = spec.delimiter or _DEFAULT_DELIMITER
        drafts = [draft for span in kept for draft in _by_delimiter(text, span, delimiter, limit)]
    return _trimmed(text, paths_at(parts, drafts))


def _readable(text: str, parts: list[Block], limit: int, *, by_sentence: bool = False) -> list[list[Unit]]:
    """Units without front matter and furniture, in groups between which furniture stands."""
    left_out = furniture_spans(text, parts)
    groups: list[list[Unit]] = [[] for _ in range(len(left_out) + 1)]
    at = 0
    for unit in units(text, parts, limit, by_sentence=by_sentence):
        while at < len(left_out) and left_out[at].end <= unit.start:
            at += 1
        is_left_out = at < len(left_out) and left_out[at].start <= unit.start
        if not is_left_out and unit.kind != "front_matter":
            groups[at].append(unit)
    return [group for group in groups if group]


def _between(text: str, left_out: list[Span]) -> Iterator[Span]:
    start = 0
    for span in left_out:
        if start < span.start:
            yield Span(start, span.start)
        start = span.end
    if start < len(text):
        yield Span(start, len(text))


def _by_tokens(text: str, within: Span, room: int) -> list[Draft]:
    """semchunk's recursive split. It rescans what it splits, so it gets the text in segments cut at paragraphs."""
    chunker = chunkerify(estimate_tokens, room, memoize=False)
    drafts: list[Draft] = []
    for segment in _segments(text, within):
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


def _segments(text: str, within: Span) -> list[Span]:
    found: list[Span] = []
    start = within.start
    while start < within.end:
        end = min(within.end, start + _SEGMENT)
        if end < within.end:
            cuts = (text.rfind(mark, start + _SEGMENT // 2, end) for mark in ("\n\n", "\n", " "))
            end = next((cut for cut in cuts if cut > start), end)
        found.append(Span(start, end))
        start = end
    return found


def _by_characters(text: str, within: Span, room: int) -> list[Draft]:
    drafts: list[Draft] = []
    start = within.start
    while start < within.end:
        end = min(within.end, start + room)
        if end < within.end and not text[end].isspace():
            last = max(text.rfind(mark, start + room * 4 // 5, end) for mark in (" ", "\n"))
            end = last + 1 if last > start else end
        drafts.append(Draft(start, end, "prose", ()))
        start = end
    return drafts


def _by_delimiter(text: str, within: Span, delimiter: str, limit: int) -> list[Draft]:
    parts: list[Span] = []
    start = within.start
    while start <= within.end:
        end = text.find(delimiter, start, within.end)
        end = within.end if end < 0 else end
        parts.extend(_fitting(text, Span(start, end), limit))
        start = end + len(delimiter)
    return merge(text, parts, limit)


def _fitting(text: str, span: Span, limit: int) -> list[Span]:
    if not text[span.start : span.end].strip():
        return []
    if weigh(text, span.start, span.end) <= limit:
        return [span]
    return [piece for part in sentence_spans(text, span) for piece in hard_pieces(text, part, limit)]


def _trimmed(text: str, drafts: Iterable[Draft]) -> list[Draft]:
    """Without white space at their ends, and without those that are nothing else."""
    found: list[Draft] = []
    for draft in drafts:
        piece = text[draft.start : draft.end]
        kept = piece.strip()
        if kept:
            start = draft.start + len(piece) - len(piece.lstrip())
            found.append(Draft(start, start + len(kept), draft.kind, draft.path))
    return found


def _with_overlap(text: str, drafts: list[Draft], spec: ChunkSpec) -> list[ChunkSpan]:
    spans: list[ChunkSpan] = []
    for index, draft in enumerate(drafts):
        start = draft.start
        if spec.overlap and index:
            reach = _reach(text, draft, spec)
            begin = _repeatable_from(text, drafts, index, reach, spec)
            start = _overlap_start(text, begin, max(begin, reach), draft) if begin < start else start
        # At the beginning there is less to repeat than was asked for: the first chunks are begun again, with more.
        while spans and spans[-1].start >= start:
            spans.pop()
        spans.append(ChunkSpan(start, draft.end, text[start : draft.end], draft.path, draft.kind))
    return spans


def _reach(text: str, draft: Draft, spec: ChunkSpec) -> int:
    """The first offset from which on an overlap is at most what was asked, and the chunk with it at most its size."""
    start = draft.start
    if spec.strategy == "character":
        return max(0, start - spec.overlap)
    allowed = min(spec.overlap * 4, spec.size * 4 - weigh(text, start, draft.end))
    reach = max(0, start - allowed)
    while reach < start and (excess := weigh(text, reach, start) - allowed) > 0:
        reach += max(1, excess // 4)
    return reach


def _repeatable_from(text: str, drafts: list[Draft], index: int, reach: int, spec: ChunkSpec) -> int:
    """The start of the earliest chunk, back to ``reach``, from which on no furniture stands, and no other heading."""
    delimiter = (spec.delimiter or _DEFAULT_DELIMITER) if spec.strategy == "delimiter" else _DEFAULT_DELIMITER
    while index and drafts[index].start > reach:
        before, here = drafts[index - 1], drafts[index]
        is_headed = spec.strategy in _BY_HEADINGS and (before.path != here.path or here.kind == "heading")
        if is_headed or text[before.end : here.start].replace(delimiter, "").strip():
            break
        index -= 1
    return drafts[index].start


def _overlap_start(text: str, begin: int, reach: int, draft: Draft) -> int:
    """The first sentence, or else word, between ``reach`` and the chunk; its start, where there is none."""
    for span in sentences.spans(text[begin : draft.start]):
        if begin + span.start >= reach:
            return begin + span.start
    for position in range(reach, draft.start):
        if not text[position].isspace() and (not position or text[position - 1].isspace()):
            return position
    return next((position for position in range(reach, draft.start) if not text[position].isspace()), draft.start)
