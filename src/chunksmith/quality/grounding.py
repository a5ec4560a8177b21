"""Whether what an entry claims stands in its passage, and what of it does not. In words: docs/quality.md."""

import re
from typing import NamedTuple

from chunksmith.domain.datasets import Entry, Evidence
from chunksmith.domain.generation import ModeShape
from chunksmith.domain.sentences import spans
from chunksmith.quality.denials import denies
from chunksmith.quality.designations import designations, without_designations
from chunksmith.quality.fields import grounded_text, prompt_text
from chunksmith.quality.folding import fold
from chunksmith.quality.passages import Passage, any_negator, read
from chunksmith.quality.remembered import remembered
from chunksmith.quality.substitutions import substituted
from chunksmith.quality.symbols import lacking, symbols
from chunksmith.quality.words import Tokens, is_common_word, is_function_word, names, runs, tokens

EVIDENCE_SHARE = 0.2  # of groundedness, when there is evidence
MATCH_WORTH = {"exact": 1.0, "normalized": 1.0, "fuzzy": 0.8, "none": 0.0}
HARD_WEIGHT = 3.0  # of a number, a name or a key term against an ordinary word
COMMON_WEIGHT = 0.3  # of a word that texts on every subject have
FOREIGN_WEIGHT = 1.5  # of any other word that the passage does not have
HARD_MISS = 0.4  # each of those that the passage lacks multiplies by this
MOST_MISSES = 4
ASKED_SHARE = 0.6  # of a question's words in the passage is all that can be expected: the rest does the asking
DENIED = 0.25  # for a sentence that denies what the passage says, or says what it denies
WEAKEST_SHARE = 0.6  # of groundedness, that the least supported sentence decides
APART = 0.6  # for words that the passage has, but all in different places
SHORT_ANSWER = 3  # words that carry meaning: each of them is a key term
_MOST_CLAIMS = 20  # sentences of an answer that are looked at one by one
_MOST_NAMED = 20
# Written as in a program: sqlite3_open, rowid(), isOpen, utf16, "a quoted term".
_CODE = re.compile(r"[^\W\d_]+(?:_\w+)+|[a-z]+[A-Z]\w*|[^\W\d_]{2,}\d+\w*")
_CALL = re.compile(r"\b[^\W\d]\w+(?=\(\))")
_WHOLE_ANSWERS = frozenset("yes no true false both all none neither ja nein oui non si sim nao nee".split())
# After a number they say as much as the number.
_UNIT = re.compile(
    r"\d ?((?:milli|micro)?seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centuries|percent|degrees|"
    r"(?:kilo|centi|milli)?(?:metres?|meters?|grams?)|miles?|feet|inches|pounds|tons|tonnes|lit[er]{2}s?|"
    r"(?:kilo|mega|giga)?bytes?|bits?|dollars|euros)\b"
)


class Grounding(NamedTuple):
    """``missing``: numbers, names and key terms of the answer that the passage does not have, as they are compared."""

    value: float
    missing: tuple[str, ...]
    denies: bool


def ground(entry: Entry, text: str, shape: ModeShape) -> Grounding:
    """How much of what the entry claims stands in the passage ``text``."""
    passage = read(text)
    claim = grounded_text(entry, shape)
    said = tokens(claim)
    asked = shape.grounded == "question" or not _has_content(said)
    strange = _strange_letters(said, passage, prompt_text(entry, shape)) if asked else set()
    says_nothing = shape.grounded != "question" and asked and (bool(strange) or not _answers(said))
    claim = prompt_text(entry, shape) if asked else claim
    claims = _claims(claim)
    found = [_support(piece, passage) for piece in claims]
    value = 0.0 if says_nothing else _joined(found, ASKED_SHARE if asked else 1.0)
    denied = not asked and _denies(claims, prompt_text(entry, shape), passage)
    if denied:
        value *= DENIED
    if entry.evidence:
        value = (1 - EVIDENCE_SHARE) * value + EVIDENCE_SHARE * evidence_worth(entry.evidence)
    missing = sorted(strange.union(*(one.missing for one in found)))
    return Grounding(value, tuple(missing[:_MOST_NAMED]), denied)


def evidence_worth(evidence: tuple[Evidence, ...]) -> float:
    return sum(MATCH_WORTH[item.match] for item in evidence) / len(evidence)


def _has_content(found: Tokens) -> bool:
    return bool(found.content or found.numbers)


def _answers(found: Tokens) -> bool:
    """Of a text without a word that carries meaning: "Yes.", or the letter of a choice; not "..." or "of the"."""
    return any(word in _WHOLE_ANSWERS or not is_function_word(word) for word in found.words)


def _strange_letters(said: Tokens, passage: Passage, prompt: str) -> set[str]:
    """Of an answer of single letters, those that neither the passage nor a choice in the question has."""
    letters = {word for word in said.words if not is_function_word(word)} - passage.words
    return letters.difference(tokens(prompt).words) if letters else letters


class _Support(NamedTuple):
    """Of one sentence: the weight that is found of what is wanted, and what counts as missing."""

    found: float
    wanted: float
    together: float
    missing: set[str]
    hard: int

    @property
    def value(self) -> float:
        if not self.wanted:
            return 0.0
        return float(self.found / self.wanted * self.together * HARD_MISS ** min(self.hard, MOST_MISSES))


def _claims(text: str) -> list[str]:
    """The sentences that are looked at one by one; what comes after many of them is one claim."""
    places = spans(text)
    pieces = [text[span.start : span.end] for span in places[:_MOST_CLAIMS]]
    return [*pieces, text[places[_MOST_CLAIMS].start :]] if len(places) > _MOST_CLAIMS else pieces


def _joined(found: list[_Support], enough: float) -> float:
    """Of all sentences together, and of the weakest: one that nothing supports is not made up for by the others."""
    known = [one for one in found if one.wanted]
    if not known:
        return 0.0
    mean = sum(min(1.0, one.value / enough) * one.wanted for one in known) / sum(one.wanted for one in known)
    weakest = min(min(1.0, one.value / enough) for one in known)
    return WEAKEST_SHARE * weakest + (1 - WEAKEST_SHARE) * mean


def _support(text: str, passage: Passage) -> _Support:
    """The share of words, numbers and names that the passage has, and how near each other it has them."""
    claimed = tokens(text)
    # Of a designation that the passage lacks the digits are no number that it may have.
    unknown = designations(text) - passage.designations if claimed.numbers else set()
    if unknown:
        text = without_designations(text, unknown)
        claimed = tokens(text)
    hard = _hard_words(text, claimed, passage)
    short = len(claimed.content) <= SHORT_ANSWER
    found = wanted = 0.0
    missing: set[str] = set()
    worths = {word: passage.worth(word) for word in claimed.content}
    for word in claimed.content:
        worth = worths[word]
        ordinary = COMMON_WEIGHT if is_common_word(word) else 1.0 if worth else FOREIGN_WEIGHT
        weight = HARD_WEIGHT if word in hard else ordinary
        wanted, found = wanted + weight, found + weight * worth
        if not worth and (word in hard or (short and not is_common_word(word))):
            missing.add(word)
    for number in claimed.numbers:
        wanted += HARD_WEIGHT
        found += HARD_WEIGHT if number in passage.numbers else 0.0
    marked = symbols(fold(text))
    signs = lacking(marked, passage.symbols) if marked else set()
    strange = signs | unknown | {number for number in claimed.numbers if number not in passage.numbers}
    swapped = substituted(claimed, passage, {word for word, worth in worths.items() if not worth})
    together = APART + (1 - APART) * passage.window(claimed.roots)
    misses = len((missing & hard) | strange | swapped)
    return _Support(found, wanted + HARD_WEIGHT * len(signs | unknown), together, missing | strange | swapped, misses)


def _hard_words(text: str, claimed: Tokens, passage: Passage) -> set[str]:
    """Names, and what is written as in a program."""
    terms = set(filter(_is_code, runs(text)))
    if "()" in text:
        terms.update(_CALL.findall(text))
    coded = {part for term in terms for part in tokens(fold(term)).words}
    if claimed.numbers:
        coded.update(_UNIT.findall(fold(text)))
    named = names(text)
    return coded if not named or passage.large_nouns else coded | named


@remembered
def _is_code(run: str) -> bool:
    return _CODE.fullmatch(run) is not None


def _denies(claims: list[str], prompt: str, passage: Passage) -> bool:
    """A part that is copied denies nothing."""
    plain = fold(passage.text)
    own = [tokens(piece) for piece in claims if fold(piece).strip(" .") not in plain]
    asked_denied = bool(own) and any_negator(tokens(prompt).words)
    return any(denies(said.words, said.roots, passage, asked_denied=asked_denied) for said in own)
