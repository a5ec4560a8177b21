"""Units that are not to be cut, and packing them into chunks of at most a size."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from chunksmith.domain import sentences
from chunksmith.domain.sentences import Span
from chunksmith.domain.tokens import quarter_tokens
from chunksmith.ingest.blocks import Block, BlockKind

_INTRODUCTION = 400


class Unit(NamedTuple):
    """A piece that stays whole. ``section`` counts headings; ``level`` is that of a heading, else 0."""

    start: int
    end: int
    kind: BlockKind
    section: int
    path: tuple[str, ...]
    level: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A chunk before trimming and overlap."""

    start: int
    end: int
    kind: BlockKind
    path: tuple[str, ...]


def weigh(text: str, start: int, end: int) -> int:
    """Quarters of a token in ``text[start:end]``."""
    return quarter_tokens(text[start:end])


def units(text: str, parts: list[Block], limit: int, *, by_sentence: bool = False) -> list[Unit]:
    """``parts``, the blocks of ``text``, or their sentences, rows or lines where one is over ``limit`` quarters of a
    token, or would be with the headings right above it, which would then stand alone.

    ``by_sentence``: prose always becomes sentences.
    """
    found: list[Unit] = []
    path: list[tuple[int, str]] = []
    section = 0
    headed_from: int | None = None
    for block in parts:
        if block.kind == "heading":
            section += 1
            headed_from = block.start if headed_from is None else headed_from
            path = [*(step for step in path if step[0] < block.level), (block.level, block.title)]
        names = tuple(title for _, title in path)
        is_crowded = headed_from is not None and weigh(text, headed_from, block.end) > limit
        cuts_prose = by_sentence or is_crowded
        for piece in _pieces(text, block, limit, cuts_prose=cuts_prose):
            found.append(Unit(piece.start, piece.end, block.kind, section, names, block.level))
        headed_from = headed_from if block.kind == "heading" else None
    return found


def _pieces(text: str, block: Block, limit: int, *, cuts_prose: bool) -> Iterator[Span]:
    whole = Span(block.start, block.end)
    fits = weigh(text, block.start, block.end) <= limit
    if fits and not (cuts_prose and block.kind == "prose"):
        yield whole
        return
    parts = _line_spans(text, whole) if block.kind in {"table", "code"} else sentence_spans(text, whole)
    for part in parts:
        yield from hard_pieces(text, part, limit)


def _line_spans(text: str, within: Span) -> Iterator[Span]:
    start = within.start
    while start < within.end:
        end = text.find("\n", start, within.end)
        end = within.end if end < 0 else end
        if text[start:end].strip():
            yield Span(start, end)
        start = end + 1


def sentence_spans(text: str, within: Span) -> Iterator[Span]:
    for span in sentences.spans(text[within.start : within.end]):
        yield Span(within.start + span.start, within.start + span.end)


def hard_pieces(text: str, span: Span, limit: int) -> Iterator[Span]:
    """The span itself when it fits, else pieces cut at white space, or anywhere when there is none."""
    start = span.start
    while start < span.end:
        end = _reach(text, start, span.end, limit)
        if end < span.end:
            end = _at_space(text, start, end)
        if text[start:end].strip():
            yield Span(start, end)
        start = end


def _reach(text: str, start: int, end: int, limit: int) -> int:
    """The farthest end of a piece from ``start`` that weighs at most ``limit``, found by shrinking."""
    length = min(limit, end - start)
    while length > 1 and (weight := weigh(text, start, start + length)) > limit:
        length = max(1, min(length - 1, length * limit // weight))
    return start + max(1, length)


def _at_space(text: str, start: int, end: int) -> int:
    """The last white space in the second half of the piece, if there is one."""
    for position in range(end, start + (end - start) // 2, -1):
        if text[position].isspace():
            return position
    return end


def pack(text: str, parts: list[Unit], limit: int) -> list[Draft]:
    """Fill chunks in order; sections begin new chunks, except that small ones are joined with what follows."""
    totals = _section_weights(text, parts)
    drafts: list[Draft] = []
    current: list[Unit] = []
    weight = 0
    for unit in parts:
        added = weigh(text, current[-1].end if current else unit.start, unit.end)
        if current and (weight + added > limit or _begins_chunk(current, unit, weight, totals, limit)):
            cut = _closing_cut(text, current, unit, limit)
            drafts.append(_draft(text, current[:cut]))
            current = current[cut:]
            weight = weigh(text, current[0].start, current[-1].end) if current else 0
            added = weigh(text, current[-1].end if current else unit.start, unit.end)
        current.append(unit)
        weight += added
    if current:
        drafts.append(_draft(text, current))
    return drafts


def _section_weights(text: str, parts: list[Unit]) -> dict[int, int]:
    totals: dict[int, int] = {}
    for unit in parts:
        totals[unit.section] = totals.get(unit.section, 0) + weigh(text, unit.start, unit.end) + 2
    return totals


def _begins_chunk(current: list[Unit], unit: Unit, weight: int, totals: dict[int, int], limit: int) -> bool:
    if unit.kind != "heading" or current[-1].kind == "heading":
        return False
    coming = totals[unit.section]
    small = weight * 3 < limit or coming * 6 < limit
    climbs = unit.level < min((held.level for held in current if held.level), default=len(current[0].path) or 9)
    return not small or weight + coming > limit or (climbs and weight * 6 >= limit)


def _closing_cut(text: str, current: list[Unit], coming: Unit, limit: int) -> int:
    """How many units the chunk keeps: headings and lines that introduce what comes go with it if there is room."""
    cut = len(current)
    while cut > 0 and _leads_on(text, current[cut - 1]):
        cut -= 1
    if cut in {0, len(current)} or weigh(text, current[cut].start, coming.end) > limit:
        return len(current)
    return cut


def _leads_on(text: str, unit: Unit) -> bool:
    if unit.kind == "heading":
        return True
    return unit.kind == "prose" and unit.end - unit.start < _INTRODUCTION and text[unit.end - 1] in ":?：？"


def _draft(text: str, held: list[Unit]) -> Draft:
    weights: dict[BlockKind, int] = {}
    for unit in held:
        if unit.kind != "heading":
            weights[unit.kind] = weights.get(unit.kind, 0) + unit.end - unit.start
    kind = max(weights, key=lambda name: weights[name]) if weights else "heading"
    content = next((unit for unit in held if unit.kind != "heading"), held[-1])
    return Draft(held[0].start, held[-1].end, kind, content.path)


def merge(text: str, spans: list[Span], limit: int) -> list[Draft]:
    """Neighbouring spans joined while they fit, whatever they are."""
    drafts: list[Draft] = []
    start, end, weight = -1, -1, 0
    for span in spans:
        added = weigh(text, end if start >= 0 else span.start, span.end)
        if start >= 0 and weight + added > limit:
            drafts.append(Draft(start, end, "prose", ()))
            start, weight, added = -1, 0, weigh(text, span.start, span.end)
        start = span.start if start < 0 else start
        end = span.end
        weight += added
    if start >= 0:
        drafts.append(Draft(start, end, "prose", ()))
    return drafts


def paths_at(parts: list[Block], drafts: list[Draft]) -> list[Draft]:
    """The same drafts with the headings among ``parts`` that they stand under, in one pass over both."""
    headings = [block for block in parts if block.kind == "heading"]
    found: list[Draft] = []
    path: list[tuple[int, str]] = []
    at = 0
    for draft in drafts:
        while at < len(headings) and headings[at].start <= draft.start:
            heading = headings[at]
            path = [*(step for step in path if step[0] < heading.level), (heading.level, heading.title)]
            at += 1
        found.append(Draft(draft.start, draft.end, draft.kind, tuple(title for _, title in path)))
    return found
