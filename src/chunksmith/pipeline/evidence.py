"""Where a quote stands in its passage: computed by comparing text, never taken from a model.

Three stages, the first that succeeds decides:
``exact``       the quote is a substring of the passage;
``normalized``  it is one after both are folded (see quality/folding.py), also without the quotation marks, ellipsis
                or full stop that models put around a quote;
``fuzzy``       a window of the passage is at least ``FUZZY_CUTOFF`` percent alike (insertions and deletions counted)
                and holds the same numbers; only for quotes of ``FUZZY_MIN_CHARS`` to ``FUZZY_MAX_CHARS``.
"""

from collections.abc import Iterable, Iterator, Sequence

from rapidfuzz import fuzz

from chunksmith.domain.datasets import Entry, Evidence
from chunksmith.domain.generation import ModeShape
from chunksmith.domain.sentences import spans
from chunksmith.quality.fields import grounded_text
from chunksmith.quality.folding import Folded, fold, folded
from chunksmith.quality.words import numbers

FUZZY_CUTOFF = 90.0
FUZZY_MIN_CHARS = 20
FUZZY_MAX_CHARS = 2_000
FUZZY_MAX_WORK = 300_000_000  # characters of both, multiplied: some tenths of a second at worst
MAX_QUOTES = 20
_WRAPPING = " '\".,;:…"
_TRIES = 64  # occurrences looked at for one that stands on word borders, so that a repeated letter costs nothing
_MOST_WORD = 30


def locate(quote: str, passage: str) -> Evidence:
    """Units: ``start`` and ``end`` are character offsets, ``passage[start:end]`` is the span that matches."""
    wanted = quote.strip()
    if not wanted or not passage:
        return Evidence(wanted, None, None, "none")
    return _exact(wanted, passage) or _loose(wanted, passage) or Evidence(wanted, None, None, "none")


def evidence_for(
    entry: Entry, quotes: Sequence[str], passage: str, shape: ModeShape | None = None
) -> tuple[Evidence, ...]:
    """The model's quotes, located; without any, the sentences of the grounded text that stand in the passage.

    Shapes: at most ``MAX_QUOTES``, in the order of the passage, each place once. A quote of the model that is not
            there is kept as ``none``, after the others; a sentence of the answer that is not there claims nothing.
    """
    if claimed := [quote for quote in quotes if quote.strip()]:
        return located(claimed, passage)
    text = grounded_text(entry, shape)
    whole = locate(text, passage)
    if whole.match in ("exact", "normalized"):
        return (whole,)
    sentences = [text[span.start : span.end] for span in spans(text)][:MAX_QUOTES]
    return _in_order(found for found in (locate(sentence, passage) for sentence in sentences) if found.match != "none")


def located(quotes: Sequence[str], passage: str) -> tuple[Evidence, ...]:
    """The model's quotes as ``evidence_for`` gives them, none of them empty."""
    return _in_order(locate(quote, passage) for quote in quotes[:MAX_QUOTES])


def _in_order(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    kept = {(item.start, item.end) if item.start is not None else fold(item.quote): item for item in found}
    return tuple(sorted(kept.values(), key=_place))


def _place(item: Evidence) -> tuple[bool, int, int]:
    return item.start is None, item.start or 0, item.end or 0


def _exact(quote: str, passage: str) -> Evidence | None:
    places = list(_occurrences(quote, passage))
    if not places:
        return None
    start = next((at for at in places if _on_word_borders(passage, at, at + len(quote))), places[0])
    return Evidence(quote, start, start + len(quote), "exact")


def _occurrences(quote: str, text: str) -> Iterator[int]:
    at = text.find(quote)
    for _ in range(_TRIES):
        if at < 0:
            return
        yield at
        at = text.find(quote, at + 1)


def _on_word_borders(text: str, start: int, end: int) -> bool:
    inside_before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    inside_after = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
    return not inside_before and not inside_after


def _loose(quote: str, passage: str) -> Evidence | None:
    needle, hay = fold(quote).strip(), folded(passage)
    bare = needle.strip(_WRAPPING)
    for candidate in dict.fromkeys((needle, bare)):
        found = _normalized(quote, candidate, hay) if candidate else None
        if found:
            return found
    return _fuzzy(quote, bare, hay)


def _normalized(quote: str, needle: str, hay: Folded) -> Evidence | None:
    whole = [at for at in _occurrences(needle, hay.text) if hay.is_whole(at, at + len(needle))]
    if not whole:
        return None
    start = next((at for at in whole if _on_word_borders(hay.text, at, at + len(needle))), whole[0])
    return Evidence(quote, hay.sources[start], hay.original_end(start + len(needle) - 1), "normalized")


def _fuzzy(quote: str, needle: str, hay: Folded) -> Evidence | None:
    if not FUZZY_MIN_CHARS <= len(needle) <= min(FUZZY_MAX_CHARS, len(hay.text)):
        return None
    if len(needle) * len(hay.text) > FUZZY_MAX_WORK:
        return None
    found = fuzz.partial_ratio_alignment(needle, hay.text, score_cutoff=FUZZY_CUTOFF)
    if found is None:
        return None
    start, end = _widened(hay.text, found.dest_start, found.dest_end)
    if start >= end or sorted(numbers(needle)) != sorted(numbers(hay.text[start:end])):
        return None
    return Evidence(quote, hay.sources[start], hay.original_end(end - 1), "fuzzy")


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """The window to whole words, where words are written apart, and without spaces at its ends."""
    first = start
    while first > 0 and start - first < _MOST_WORD and text[first - 1].isalnum() and text[first].isalnum():
        first -= 1
    last = end
    while last < len(text) and last - end < _MOST_WORD and text[last].isalnum() and text[last - 1].isalnum():
        last += 1
    first, last = (start if start - first >= _MOST_WORD else first), (end if last - end >= _MOST_WORD else last)
    piece = text[first:last]
    return first + len(piece) - len(piece.lstrip()), last - (len(piece) - len(piece.rstrip()))
