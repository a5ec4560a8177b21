"""How good one entry is, as far as can be told without a model. The formulas in words: docs/quality.md."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import ModeShape
from chunksmith.quality.answering import answers_question, not_trivial
from chunksmith.quality.fields import grounded_text, prompt_text, shape_of, whole_text
from chunksmith.quality.folding import fold
from chunksmith.quality.form import faults, well_formed
from chunksmith.quality.grounding import ground
from chunksmith.quality.readability import readability
from chunksmith.quality.self_contained import self_contained

WEAK_BELOW = 0.5  # a part below this pulls the whole score down
ALIKE_FROM = 0.6  # two entries of one passage are this alike without being repeats
_COMPARED_CHARS = 20_000  # of an entry against its siblings
_READ_CHARS = 4_000  # of an answer, for its readability
_DIGITS = 4


class QualityWeights(NamedTuple):
    """Of the parts of a score, in any unit; settings ``quality.weight_*``. A part with weight 0 has no effect."""

    groundedness: float = 0.35
    well_formed: float = 0.2
    self_contained: float = 0.1
    answers_question: float = 0.15
    not_trivial: float = 0.1
    unique: float = 0.1
    judge: float = 0.0


DEFAULT_WEIGHTS = QualityWeights()
PARTS = QualityWeights._fields


class EntryScore(NamedTuple):
    """``score`` and ``parts`` are 0…1, higher is better, four digits; ``notes`` say what was seen, for a reader."""

    score: float
    parts: dict[str, float]
    notes: dict[str, Any]


def score(
    entry: Entry,
    passage: str | None,
    siblings: Sequence[Entry],
    weights: QualityWeights = DEFAULT_WEIGHTS,
    shape: ModeShape | None = None,
) -> EntryScore:
    """Score one entry against its passage and the other entries of its unit.

    Shapes: ``siblings`` may hold the entry itself. Only those with a lower number count: the first of two that are
            alike keeps its score. ``passage`` None (unknown) leaves ``groundedness`` out; a mode without a question
            leaves ``answers_question`` out; ``judge`` is there when a model judged the entry. ``shape`` None: as the
            fields suggest.
    """
    form = shape or shape_of(entry)
    grounding = None if passage is None else ground(entry, passage, form)
    found = faults(entry, form, passage)
    parts = {
        "groundedness": grounding.value if grounding is not None else None,
        "well_formed": well_formed(found),
        "self_contained": self_contained(entry, form, passage),
        "answers_question": answers_question(entry, passage, form),
        "not_trivial": not_trivial(entry, form),
        "unique": unique(entry, siblings, form),
        "judge": entry.judge["score"] if entry.judge is not None else None,
    }
    rounded = {name: round(part, _DIGITS) for name, part in parts.items() if part is not None}
    read = readability(grounded_text(entry, form)[:_READ_CHARS])
    notes: dict[str, Any] = {
        "evidence_missing": list(grounding.missing) if grounding is not None else [],
        "denies_passage": grounding is not None and grounding.denies,
        "faults": [fault.name for fault in found],
        "readability": read._asdict() if read is not None else None,
    }
    return EntryScore(round(combine(rounded, weights), _DIGITS), rounded, notes)


def combine(parts: Mapping[str, float], weights: QualityWeights) -> float:
    """The weighted mean; a part below ``WEAK_BELOW`` lowers it in proportion, so no part makes up for a failed one."""
    wanted = weights._asdict()
    used = {name: part for name, part in parts.items() if wanted.get(name, 0) > 0}
    if not used:
        return 0.0
    mean = sum([part * wanted[name] for name, part in used.items()]) / sum([wanted[name] for name in used])
    return float(mean * min(1.0, min(used.values()) / WEAK_BELOW))


def unique(entry: Entry, siblings: Sequence[Entry], shape: ModeShape) -> float:
    """1 - how much the entry is like an earlier one of its unit, above the likeness of one subject."""
    earlier = [likeness(entry, sibling, shape) for sibling in siblings if sibling.number < entry.number]
    most = max(earlier, default=0.0)
    return 1.0 - max(0.0, most - ALIKE_FROM) / (1.0 - ALIKE_FROM)


def likeness(one: Entry, other: Entry, shape: ModeShape) -> float:
    """Shared character trigrams over all of them (Jaccard); the same question twice is a repeat whatever follows."""
    prompt = fold(prompt_text(one, shape)).strip()
    if prompt and prompt == fold(prompt_text(other, shape)).strip():
        return 1.0
    mine, theirs = _trigrams(whole_text(one, shape)), _trigrams(whole_text(other, shape))
    common = len(mine & theirs)
    return common / (len(mine) + len(theirs) - common) if mine or theirs else 1.0


@lru_cache(maxsize=128)
def _trigrams(text: str) -> frozenset[str]:
    plain = f" {fold(text[:_COMPARED_CHARS]).strip()} "
    return frozenset(map("".join, zip(plain, plain[1:], plain[2:], strict=False)))
