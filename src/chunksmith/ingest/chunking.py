"""Documents to chunks with exact offsets."""

from collections.abc import Iterator
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
from chunksmith.ingest.furniture import furniture_spans, is_furniture
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
            ``semantic`` also leave out front matter and chunks of whole lines of which nothing is left to learn (see
            ``is_furniture``); the other strategies keep every other character that is not white space. An overlap
            repeats whole sentences right before the chunk where they fit, else words, and never crosses a heading or
            furniture.
    Errors: InvalidRequest when the spec cannot be meant.
    """
    validate(spec)
    if spec.overlap and _size_of(text, spec) <= spec.size:
        spec = replace(spec, overlap=0)  # nothing has to be cut
    drafts = _drafts(text, spec, spec.size - spec.overlap, topics)
    trimmed = [draft for draft in (_trim(text, one) for one in drafts) if draft is not None]
    if spec.strategy in {"heading", "semantic"}:
        trimmed = [one for one in trimmed if _is_piece(text, one) or not is_furniture(text[one.start : one.end])]
    return _with_overlap(text, trimmed, spec)


def _size_of(text: str, spec: ChunkSpec) -> int:
    return len(text) if spec.strategy == "character" else estimate_tokens(text)


def _drafts(text: str, spec: ChunkSpec, room: int, topics: frozenset[int] | None) -> list[Draft]:
    limit, parts = room * 4, blocks(text)
    if spec.strategy == "heading":
        return [draft for group in _readable(text, parts, limit) for draft in pack(text, group, limit)]
    if spec.strategy == "semantic":
        groups = _readable(text, parts, limit, by_sentence=True)
        return [draft for group in groups for draft in pack_by_topic(text, group, limit, topics)]
    kept = _between(text, furniture_spans(text, parts))
    if spec.strategy == "token":
        return paths_at(parts, [draft for span in kept for draft in _by_tokens(text, span, room)])
    if spec.strategy == "character":
        return paths_at(parts, [draft for span in kept for draft in _by_characters(text, span, room)])
    delimiter = spec.delimiter or _DEFAULT_DELIMITER
    return paths_at(parts, [draft for span in kept for draft in _by_delimiter(text, span, delimiter, limit)])


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


def _trim(text: str, draft: Draft) -> Draft | None:
    piece = text[draft.start : draft.end]
    kept = piece.strip()
    if not kept:
        return None
    start = draft.start + len(piece) - len(piece.lstrip())
    return Draft(start, start + len(kept), draft.kind, draft.path)


def _is_piece(text: str, draft: Draft) -> bool:
    """It begins or ends within a line: what there is on the line, or in the sentence, has been cut."""
    before, behind = draft.start - 1, draft.end
    while before >= 0 and text[before] in " \t":
        before -= 1
    while behind < len(text) and text[behind] in " \t":
        behind += 1
    begins, ends = before < 0 or text[before] in "\r\n", behind == len(text) or text[behind] in "\r\n"
    return not (begins and ends)


def _with_overlap(text: str, drafts: list[Draft], spec: ChunkSpec) -> list[ChunkSpan]:
    spans: list[ChunkSpan] = []
    for index, draft in enumerate(drafts):
        start = draft.start
        if spec.overlap and index:
            reach = _reach(text, start, spec)
            begin = _repeatable_from(text, drafts, index, reach)
            start = _overlap_start(text, begin, max(begin, reach), draft) if begin < start else start
        # At the beginning there is less to repeat than was asked for: the first chunks are begun again, with more.
        while spans and spans[-1].start >= start:
            spans.pop()
        spans.append(ChunkSpan(start, draft.end, text[start : draft.end], draft.path, draft.kind))
    return spans


def _reach(text: str, start: int, spec: ChunkSpec) -> int:
    """The first offset from which on an overlap that ends at ``start`` is at most what was asked."""
    if spec.strategy == "character":
        return max(0, start - spec.overlap)
    reach = max(0, start - spec.overlap * 4)
    while reach < start and (excess := weigh(text, reach, start) - spec.overlap * 4) > 0:
        reach += max(1, excess // 4)
    return reach


def _repeatable_from(text: str, drafts: list[Draft], index: int, reach: int) -> int:
    """The start of the earliest chunk, back to ``reach``, from which on nothing but text of the same heading stands."""
    while index and drafts[index].start > reach:
        before, here = drafts[index - 1], drafts[index]
        if before.path != here.path or here.kind == "heading" or text[before.end : here.start].strip():
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
