"""Topic shifts by vocabulary, without a model.

Source: M. Hearst, "TextTiling", Computational Linguistics 23(1), 1997: similarity of the words on both sides of each
gap, and a border where the valley is deeper than most. Here the windows are sentences and words count once.
"""

import re
from itertools import accumulate
from statistics import fmean, pstdev

from chunksmith.ingest.packing import Draft, Unit, pack, weigh

_WORD = re.compile(r"[^\W\d_]{4,}")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2}")
_STEM = 6
_WINDOW = 4
_COMMON = frozenset(
    "this that with from have will been were they them then than when what which while where there their these those "
    "also into only such some more most other must should would could about after before between because does used "
    "using each very same just over your oder nicht eine einen einem einer dass wird werden sind auch durch nach "
    "sich".split()
)


def pack_by_topic(text: str, parts: list[Unit], limit: int, proposed: frozenset[int] | None = None) -> list[Draft]:
    """Chunks end where the vocabulary changes or a heading stands; a topic under a quarter of the size is joined on.

    ``proposed``: where topics begin, as offsets of units, in place of what the vocabulary says.
    """
    borders = topic_borders(text, parts) if proposed is None else _proposed_borders(parts, proposed)
    groups: list[list[Unit]] = []
    held: list[Unit] = []
    weight = 0
    has_content = False
    for index, unit in enumerate(parts):
        wanted = index in borders and weight * 4 >= limit
        if wanted and has_content:
            groups.append(held)
            held, weight, has_content = [], 0, False
        held.append(unit)
        has_content = has_content or unit.kind != "heading"
        weight += weigh(text, unit.start, unit.end)
    groups.append(held)
    return [draft for group in groups if group for draft in pack(text, group, limit)]


def topic_borders(text: str, parts: list[Unit]) -> frozenset[int]:
    """Indices of the units before which a new topic begins."""
    headings = frozenset(index for index, unit in enumerate(parts) if unit.kind == "heading")
    depths = _depths([_terms(text[unit.start : unit.end]) for unit in parts])
    felt = [depth for depth in depths if depth > 0]
    if len(felt) < 3:
        return headings
    threshold = fmean(felt) + pstdev(felt) / 2
    return headings | {index for index, depth in enumerate(depths) if depth >= threshold}


def _proposed_borders(parts: list[Unit], offsets: frozenset[int]) -> frozenset[int]:
    return frozenset(index for index, unit in enumerate(parts) if unit.kind == "heading" or unit.start in offsets)


def _terms(text: str) -> frozenset[str]:
    words = frozenset(word[:_STEM] for word in _WORD.findall(text.lower()) if word not in _COMMON)
    return words | frozenset(_WIDE.findall(text))


def _depths(terms: list[frozenset[str]]) -> list[float]:
    """How far cohesion at the gap before each unit lies under the peaks on its two sides."""
    count = len(terms)
    scores = [1.0] * count
    for gap in range(1, count):
        left = frozenset().union(*terms[max(0, gap - _WINDOW) : gap])
        right = frozenset().union(*terms[gap : gap + _WINDOW])
        smaller = min(len(left), len(right))
        scores[gap] = len(left & right) / smaller if smaller else 1.0
    rising = list(accumulate(scores, lambda peak, score: max(score, score + (peak - score) * 0.8)))
    falling = list(accumulate(reversed(scores), lambda peak, score: max(score, score + (peak - score) * 0.8)))[::-1]
    return [up + down - 2 * score for up, down, score in zip(rising, falling, scores, strict=True)]
