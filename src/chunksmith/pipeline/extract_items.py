"""From what a model claims to what stands in the chunk: located, counted, and judged by the rules of the job.

The rule ``contextual``: an item stays where its category is at the first level, or where the context of its parent is
present in the chunk. It is present when the parent's name stands in the passage or its headings, when the model named
the parent, or a category below it that has some below itself, among what the passage is about, or when an item of the
parent stays. ``document_wide`` has no such rule.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chunksmith.domain.extraction import Categories, FoundItem
from chunksmith.pipeline import evidence
from chunksmith.quality.folding import fold, folded

_ENDINGS = ("", "s", "es")
NOT_THERE = "not in the passage"
LOW = "below the confidence threshold"
UNKNOWN = "of a category that was not offered"
REPEATED = "repeated"
NO_CONTEXT = "of a category whose parent's context is not there"
SHAPELESS = "not of the right shape"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A model's word, or an importer's: ``category`` is a number."""

    category: int
    text: str
    confidence: float
    validated: bool | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """What is in the text, by place; ``left_out`` counts the rest by why."""

    items: tuple[FoundItem, ...]
    left_out: Counter[str]


def locate_all(claims: Iterable[Claimed], passage: str, offered: frozenset[int], threshold: float) -> Located:
    """Each text once per category: at its first occurrence, with the highest confidence that was claimed."""
    left_out: Counter[str] = Counter()
    found: dict[tuple[int, str], FoundItem] = {}
    for claim in sorted(claims, key=lambda one: -one.confidence):
        if claim.category not in offered:
            left_out[UNKNOWN] += 1
        elif claim.confidence < threshold:
            left_out[LOW] += 1
        elif (item := located(claim, passage)) is None:
            left_out[NOT_THERE] += 1
        elif (item.category, fold(item.text)) in found:
            left_out[REPEATED] += 1
        else:
            found[item.category, fold(item.text)] = item
    ordered = sorted(found.values(), key=lambda item: (item.start, item.end, item.category))
    return Located(tuple(ordered), left_out)


def located(claim: Claimed, passage: str) -> FoundItem | None:
    place = evidence.locate(claim.text, passage)
    if place.start is None or place.end is None or place.match == "none" or place.start >= place.end:
        return None
    text = passage[place.start : place.end]
    return FoundItem(
        category=claim.category,
        text=text,
        start=place.start,
        end=place.end,
        match=place.match,
        occurrences=max(1, sum(1 for _ in _places(fold(text).strip(), folded(passage).text))),
        confidence=claim.confidence,
        validated=claim.validated,
    )


def in_context(
    items: Sequence[FoundItem], categories: Categories, named: frozenset[int], texts: Sequence[str]
) -> Located:
    """What the rule ``contextual`` leaves; ``named`` is what the model says the passage is about, ``texts`` are the
    passage and its headings.
    """
    present = {above.number for number in named if categories.get(number) for above in categories.above(number)} | named
    spoken = [folded(text).text for text in texts]
    kept: list[FoundItem] = []
    for item in sorted(items, key=lambda item: len(categories.above(item.category))):
        parent = categories[item.category].parent
        if parent is None or parent in present or stands_in(categories[parent].name, spoken):
            kept.append(item)
            present.add(item.category)
    ordered = sorted(kept, key=lambda item: (item.start, item.end, item.category))
    return Located(tuple(ordered), Counter({NO_CONTEXT: len(items) - len(kept)} if len(kept) < len(items) else {}))


def stands_in(name: str, folded_texts: Sequence[str]) -> bool:
    """Whether a name, in the singular or the plural, is said in one of the texts."""
    plain = fold(name).strip()
    forms = {plain + ending for ending in _ENDINGS} | {plain.removesuffix(ending) for ending in _ENDINGS}
    return any(next(_places(form, text), None) is not None for form in sorted(forms) if form for text in folded_texts)


def _places(needle: str, text: str) -> Iterator[int]:
    """Where folded text stands in folded text, as whole words and without overlaps."""
    at = text.find(needle) if needle else -1
    while at >= 0:
        end = at + len(needle)
        if _borders(text, at) and _borders(text, end):
            yield at
            at = text.find(needle, end)
        else:
            at = text.find(needle, at + 1)


def _borders(text: str, at: int) -> bool:
    """Whether a word can begin or end there: anywhere, in scripts without spaces."""
    if at == 0 or at == len(text):
        return True
    before, after = text[at - 1], text[at]
    return not (before.isalnum() and after.isalnum()) or _is_unspaced(before) or _is_unspaced(after)


def _is_unspaced(char: str) -> bool:
    return "\u0e00" <= char <= "\u109f" or "\u1780" <= char <= "\u17ff" or "\u2e80" <= char < "\uac00"
