"""How good one entry is, as far as can be told without a model. The formulas in words: docs/quality.md."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from chunksmith.domain.datasets import Entry, Evidence
from chunksmith.domain.generation import ModeShape
from chunksmith.quality.fields import grounded_text, prompt_text, shape_of, whole_text
from chunksmith.quality.folding import fold
from chunksmith.quality.form import faults, well_formed
from chunksmith.quality.words import names, tokens, writes_nouns_large

WEAK_BELOW = 0.5  # a part below this pulls the whole score down
EVIDENCE_SHARE = 0.2  # of groundedness, when the model gave quotes
MATCH_WORTH = {"exact": 1.0, "normalized": 1.0, "fuzzy": 0.8, "none": 0.0}
HARD_WEIGHT = 3.0  # of a number or a name against an ordinary word
HARD_MISS = 0.4  # each number or name that the passage lacks multiplies by this
ASKED_SHARE = 0.6  # of a question's words in the passage is all that can be expected: the rest does the asking
OFF_SUBJECT = 0.4  # for an answer from the passage to a question about something else
INFLECTED_WORTH = 0.8
ALIKE_FROM = 0.6  # two entries of one passage are this alike without being repeats
_STEM_MIN, _STEM_CUT = 5, 3
_COMPARED_CHARS = 20_000  # of an entry against its siblings
_DIGITS = 4


class QualityWeights(NamedTuple):
    """Of the three parts, in any unit; settings ``quality.weight_*``. A part with weight 0 has no effect at all."""

    grounded: float = 0.5
    well_formed: float = 0.3
    distinct: float = 0.2


DEFAULT_WEIGHTS = QualityWeights()


class EntryScore(NamedTuple):
    """Both are 0…1, higher is better, four digits."""

    score: float
    parts: dict[str, float]


def score(
    entry: Entry,
    passage: str | None,
    siblings: Sequence[Entry],
    weights: QualityWeights = DEFAULT_WEIGHTS,
    shape: ModeShape | None = None,
) -> EntryScore:
    """Score one entry against its passage and the other entries of its unit.

    Shapes: ``siblings`` may hold the entry itself. Only those with a lower number count: the first of two that are
            alike keeps its score. ``passage`` None (unknown) leaves ``grounded`` out. ``shape`` None: as the
            fields suggest.
    """
    form = shape or shape_of(entry)
    parts = {} if passage is None else {"grounded": grounded(entry, passage, form)}
    parts["well_formed"] = well_formed(faults(entry, form, passage))
    parts["distinct"] = distinct(entry, siblings, form)
    rounded = {name: round(part, _DIGITS) for name, part in parts.items()}
    return EntryScore(round(combine(rounded, weights), _DIGITS), rounded)


def combine(parts: dict[str, float], weights: QualityWeights) -> float:
    """The weighted mean; a part below ``WEAK_BELOW`` lowers it in proportion, so no part makes up for a failed one."""
    wanted = weights._asdict()
    used = {name: part for name, part in parts.items() if wanted.get(name, 0) > 0}
    if not used:
        return 0.0
    mean = sum(part * wanted[name] for name, part in used.items()) / sum(wanted[name] for name in used)
    return float(mean * min(1.0, min(used.values()) / WEAK_BELOW))


def grounded(entry: Entry, passage: str, shape: ModeShape) -> float:
    """How much of what the entry claims stands in the passage."""
    text = grounded_text(entry, shape)
    asked = shape.grounded == "question" or not _has_content(text)
    text = prompt_text(entry, shape) if asked else text
    supported = _support(text, passage, ASKED_SHARE if asked else 1.0)
    if not asked and _is_off_subject(entry, passage, shape):
        supported *= OFF_SUBJECT
    if not entry.evidence:
        return supported
    return (1 - EVIDENCE_SHARE) * supported + EVIDENCE_SHARE * _evidence_worth(entry.evidence)


def distinct(entry: Entry, siblings: Sequence[Entry], shape: ModeShape) -> float:
    """1 - how much the entry is like an earlier one of its unit, above the likeness of one subject."""
    earlier = [sibling for sibling in siblings if sibling.number < entry.number]
    most = max((likeness(entry, sibling, shape) for sibling in earlier), default=0.0)
    return 1.0 - max(0.0, most - ALIKE_FROM) / (1.0 - ALIKE_FROM)


def likeness(one: Entry, other: Entry, shape: ModeShape) -> float:
    """Shared character trigrams over all of them (Jaccard); the same question twice is a repeat whatever follows."""
    prompt = fold(prompt_text(one, shape)).strip()
    if prompt and prompt == fold(prompt_text(other, shape)).strip():
        return 1.0
    mine, theirs = _trigrams(whole_text(one, shape)), _trigrams(whole_text(other, shape))
    return len(mine & theirs) / len(mine | theirs) if mine or theirs else 1.0


@lru_cache(maxsize=128)
def _trigrams(text: str) -> frozenset[str]:
    plain = f" {fold(text[:_COMPARED_CHARS]).strip()} "
    return frozenset(plain[at : at + 3] for at in range(len(plain) - 2))


def _has_content(text: str) -> bool:
    found = tokens(text)
    return bool(found.content or found.numbers)


def _is_off_subject(entry: Entry, passage: str, shape: ModeShape) -> bool:
    """A question none of whose words the passage has. Orders are left out: "Say it in one sentence" has no subject."""
    question = prompt_text(entry, shape) if "question" in shape.columns else ""
    return _has_content(question) and not _support(question, passage, 1.0)


def _evidence_worth(evidence: tuple[Evidence, ...]) -> float:
    return sum(MATCH_WORTH[item.match] for item in evidence) / len(evidence)


def _support(text: str, passage: str, enough: float) -> float:
    """The share of words, numbers and names that the passage has; each missing number or name costs extra."""
    claimed, (known, stems, known_numbers, large_nouns) = tokens(text), _vocabulary(passage)
    named = set() if large_nouns else names(text)
    found = wanted = 0.0
    missing: set[str] = set()
    for word in claimed.content or claimed.words:
        worth = _word_worth(word, known, stems)
        weight = HARD_WEIGHT if word in named else 1.0
        wanted, found = wanted + weight, found + weight * worth
        if word in named and not worth:
            missing.add(word)
    for number in claimed.numbers:
        wanted += HARD_WEIGHT
        found += HARD_WEIGHT if number in known_numbers else 0.0
    missing.update(number for number in claimed.numbers if number not in known_numbers)
    if not wanted:
        return 0.0
    return float(min(1.0, found / wanted / enough) * HARD_MISS ** min(len(missing), 4))


class _Vocabulary(NamedTuple):
    words: frozenset[str]
    stems: frozenset[str]
    numbers: frozenset[str]
    large_nouns: bool


def _word_worth(word: str, known: frozenset[str], stems: frozenset[str]) -> float:
    if word in known:
        return 1.0
    return INFLECTED_WORTH if len(word) > _STEM_MIN and _stem(word) in stems else 0.0


def _stem(word: str) -> str:
    return word[: max(_STEM_MIN, len(word) - _STEM_CUT)]


@lru_cache(maxsize=4)
def _vocabulary(passage: str) -> _Vocabulary:
    """Remembered: all entries of a unit are held against one passage."""
    source = tokens(passage)
    return _Vocabulary(
        frozenset(source.words), _stems(source.words), frozenset(source.numbers), writes_nouns_large(passage)
    )


def _stems(words: tuple[str, ...]) -> frozenset[str]:
    """Every beginning that could be the stem of another form of a word, so that the longer of two forms finds it."""
    return frozenset(
        word[:length]
        for word in set(words)
        if len(word) >= _STEM_MIN
        for length in range(max(_STEM_MIN, len(word) - 2 * _STEM_CUT), len(word) + 1)
    )
