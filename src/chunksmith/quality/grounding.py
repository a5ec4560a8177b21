"""Whether what an entry claims stands in its passage, and what of it does not. In words: docs/quality.md."""

import re
from typing import NamedTuple

from chunksmith.domain.datasets import Entry, Evidence
from chunksmith.domain.generation import ModeShape
from chunksmith.domain.sentences import spans
from chunksmith.quality.fields import grounded_text, prompt_text
from chunksmith.quality.folding import fold
from chunksmith.quality.passages import Passage, is_negated, read, roots
from chunksmith.quality.words import Tokens, names, tokens

EVIDENCE_SHARE = 0.2  # of groundedness, when there is evidence
MATCH_WORTH = {"exact": 1.0, "normalized": 1.0, "fuzzy": 0.8, "none": 0.0}
HARD_WEIGHT = 3.0  # of a number, a name or a key term against an ordinary word
HARD_MISS = 0.4  # each of those that the passage lacks multiplies by this
MOST_MISSES = 4
ASKED_SHARE = 0.6  # of a question's words in the passage is all that can be expected: the rest does the asking
DENIED = 0.25  # for a sentence that denies what the passage says, or says what it denies
ALIKE_SENTENCES = 0.7  # shared words over all words, from which two sentences say the same thing or its opposite
SHORT_ANSWER = 3  # words that carry meaning: each of them is a key term
_MOST_CLAIMS = 20  # sentences of an answer that are looked at for a denial
_MOST_NAMED = 20
# Written as in a program: sqlite3_open, rowid(), isOpen, utf16, "a quoted term".
_CODE = re.compile(r"\b(?:[^\W\d_]+(?:_\w+)+|[a-z]+[A-Z]\w*|[^\W\d_]{2,}\d+\w*)\b|\b[^\W\d]\w+(?=\(\))")


class Grounding(NamedTuple):
    """``missing``: numbers, names and key terms of the answer that the passage does not have, as they are compared."""

    value: float
    missing: tuple[str, ...]
    denies: bool


def ground(entry: Entry, text: str, shape: ModeShape) -> Grounding:
    """How much of what the entry claims stands in the passage ``text``."""
    passage = read(text)
    claim = grounded_text(entry, shape)
    asked = shape.grounded == "question" or not _has_content(tokens(claim))
    claim = prompt_text(entry, shape) if asked else claim
    value, missing = _support(claim, passage, ASKED_SHARE if asked else 1.0, short_terms=not asked)
    denies = not asked and _denies(claim, prompt_text(entry, shape), text, passage)
    if denies:
        value *= DENIED
    if entry.evidence:
        value = (1 - EVIDENCE_SHARE) * value + EVIDENCE_SHARE * evidence_worth(entry.evidence)
    return Grounding(value, tuple(sorted(missing))[:_MOST_NAMED], denies)


def evidence_worth(evidence: tuple[Evidence, ...]) -> float:
    return sum(MATCH_WORTH[item.match] for item in evidence) / len(evidence)


def _has_content(found: Tokens) -> bool:
    return bool(found.content or found.numbers)


def _support(text: str, passage: Passage, enough: float, *, short_terms: bool) -> tuple[float, set[str]]:
    """The share of words, numbers and names that the passage has; each missing hard one costs extra."""
    claimed = tokens(text)
    hard = _hard_words(text, claimed, passage, short_terms=short_terms)
    found = wanted = 0.0
    missing: set[str] = set()
    for word in claimed.content or claimed.words:
        worth = passage.worth(word)
        weight = HARD_WEIGHT if word in hard else 1.0
        wanted, found = wanted + weight, found + weight * worth
        if word in hard and not worth:
            missing.add(word)
    for number in claimed.numbers:
        wanted += HARD_WEIGHT
        found += HARD_WEIGHT if number in passage.numbers else 0.0
    missing.update(number for number in claimed.numbers if number not in passage.numbers)
    if not wanted:
        return 0.0, missing
    return float(min(1.0, found / wanted / enough) * HARD_MISS ** min(len(missing), MOST_MISSES)), missing


def _hard_words(text: str, claimed: Tokens, passage: Passage, *, short_terms: bool) -> frozenset[str] | set[str]:
    """Names, what is written as in a program, and in an answer of a few words all of them."""
    if short_terms and len(claimed.content) <= SHORT_ANSWER:
        return frozenset(claimed.content)
    coded = {part for term in _CODE.findall(text) for part in tokens(fold(term)).words}
    return coded if passage.large_nouns else coded | names(text)


def _denies(claim: str, prompt: str, text: str, passage: Passage) -> bool:
    """Whether a sentence has nearly the words of a sentence of the passage, and a denial that it has not, or lacks.

    A part that is copied denies nothing, and an answer to "What must not be done?" need not repeat the denial.
    """
    for span in spans(claim)[:_MOST_CLAIMS]:
        piece = claim[span.start : span.end]
        words = tokens(piece)
        content = roots(words)
        if len(content) < 2:
            continue
        alike = [one for one in passage.sentences if _likeness(content, one.content) >= ALIKE_SENTENCES]
        if alike and all(one.negated != is_negated(piece, words) for one in alike):
            return not is_negated(prompt, tokens(prompt)) and fold(piece).strip(" .") not in fold(text)
    return False


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0
