"""One English sentence while its questions are made: its tokens, what came before it, who its subject is."""

from collections.abc import Sequence
from dataclasses import dataclass

from chunksmith.providers.builtin.clauses import Clause, parse, text_of
from chunksmith.providers.builtin.finite import subject_is_plural
from chunksmith.providers.builtin.framing import Vocabulary, is_anaphoric, is_free, small
from chunksmith.providers.builtin.passage import Sentence
from chunksmith.providers.builtin.verbs import reading
from chunksmith.providers.builtin.words import Token, tokens

_DROPPED_OPENINGS = frozenset(
    "however moreover furthermore additionally generally typically usually normally often historically fortunately "
    "importantly naturally basically essentially ideally traditionally unfortunately similarly likewise also finally "
    "thus therefore hence consequently and but so still nevertheless nonetheless furthermore sometimes usually "
    "accordingly occasionally".split()
)


@dataclass(frozen=True, slots=True)
class Antecedent:
    """What ``it`` or ``they`` in the next sentence stands for."""

    phrase: str
    plural: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One sentence while its questions are made."""

    sentence: Sentence
    number: int
    tokens: Sequence[Token]
    last: int
    vocabulary: Vocabulary
    earlier: str
    antecedent: Antecedent | None


def has_clause(text: str) -> bool:
    """Whether the sentence has a subject and a finite verb that are certain, or at least an auxiliary of its own."""
    parts = tokens(text)
    last = last_word(parts)
    if parse(parts, 0, last) is not None:
        return True
    if reading(parts[0].lower, "s"):
        return False
    for place, token in enumerate(parts):
        if token.tag in ("be", "modal", "do", "have") and not any(
            near.tag in ("rel", "sub", "wh") for near in parts[max(0, place - 5) : place]
        ):
            return place > 0
    return False


_STOPS = frozenset(".!?…。")


def last_word(parts: Sequence[Token]) -> int:
    end = len(parts)
    while end and parts[end - 1].text in _STOPS:
        end -= 1
    return end


def next_antecedent(read: Reading) -> Antecedent | None:
    """The subject of this sentence, when the next one may take it up as ``it`` or ``they``."""
    clause = parse(read.tokens, 0, read.last)
    if clause is None:
        return None
    subject = read.tokens[: clause.subject_end]
    if subject[0].lower in {"it", "they"}:
        return read.antecedent
    predicate = read.tokens[clause.verb : clause.verb + 9]
    phrase = small(text_of(clause, read.sentence.text, 0, clause.subject_end), subject, read.vocabulary, predicate)
    # "a lichen … it": the second mention is the same kind of thing, so the indefinite article stays.
    if len(subject) > 5 or not is_free(subject) or not phrase.sure or any(token.lower == "and" for token in subject):
        return None
    if is_anaphoric(subject, read.earlier):
        return None
    return Antecedent(phrase.text, subject_is_plural(subject))


def past_opening(read: Reading) -> int:
    """Past words that only link the sentence to the one before: ``However,``, ``But``, ``Note that``."""
    start = 0
    while start < 4 and start < read.last and read.tokens[start].lower in _DROPPED_OPENINGS:
        start += 1
        if start < read.last and read.tokens[start].text == ",":
            start += 1
    words = [token.lower for token in read.tokens[start : start + 2]]
    return (
        start + 2
        if words in (["note", "that"], ["notice", "that"], ["remember", "that"], ["recall", "that"])
        else start
    )


def subject_phrase(read: Reading, clause: Clause) -> tuple[str, float] | None:
    """The subject as it is written in a question, and what its doubts cost."""
    subject = read.tokens[clause.first : clause.subject_end]
    text = text_of(clause, read.sentence.text, clause.first, clause.subject_end)
    if subject[0].lower in {"it", "they"}:
        known = read.antecedent
        if known is None or known.plural != (subject[0].lower == "they") or clause.first or is_expletive(clause):
            return None
        return known.phrase, 2.0
    if subject[0].lower in {"he", "she"} or not is_free(subject):
        one_of = subject[0].lower == "one" and len(subject) > 3 and clause.kind == "copula"
        if not one_of:
            return None
    predicate = read.tokens[clause.verb : clause.verb + 9]
    phrase = small(text, subject, read.vocabulary, predicate) if clause.first == 0 else None
    penalty = 0.0 if phrase is None or phrase.sure else 4.0
    if is_anaphoric(subject, read.earlier):
        penalty += 2.5
    if len(subject) > 8:
        penalty += 1.0
    return (phrase.text if phrase else text), penalty


def is_expletive(clause: Clause) -> bool:
    rest = clause.tokens[clause.main : clause.last]
    if clause.kind == "copula" or clause.base in {"take", "seem", "appear", "turn", "follow", "happen"}:
        return (
            any(token.lower in {"to", "that", "if", "when", "whether", "for"} for token in rest[:7])
            or clause.base != "be"
        )
    return clause.kind == "passive" and any(token.lower in {"that", "to"} for token in rest[:4])
