"""Questions that a whole statement answers: ``What is true of indexes that omit the clause?``

For a subject that so few statements fit that the question can be answered.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from chunksmith.providers.builtin.grammar.clauses import Clause
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, Subject
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft, clause_end
from chunksmith.providers.builtin.grammar.words import Token
from chunksmith.providers.builtin.rules.predicates import FATES

_SCORE = 5.0
_LEAST_TOLD = 3  # words of a subject
_LEAST_PREDICATE = 3  # tokens
_LONG_PREDICATE = 7


def truths(read: Reading, clause: Clause, named: Subject) -> Iterator[Proposal]:
    """What is true of the subject, or required of it; behind the heading when that tells in which respect."""
    subject = clause.tokens[clause.first : clause.subject_end]
    length = read.last - clause.verb
    fate = clause.kind == "passive" and clause.base in FATES
    if _goes_on(clause) or length < _LEAST_PREDICATE - fate or _is_vague(subject):
        return
    if not named.leans and not named.needs_lead and _is_specific(subject):
        if _ruled(clause):
            finite = clause.tokens[clause.verb].lower
            asked, told = f"What {finite} {named.text} do", f"State what {named.text} {finite} do"
            yield Proposal(Draft("what", asked, told, clause.main, read.last, _SCORE))
            return
        asked = _asked_of(clause, named.text)
        if asked:
            yield Proposal(Draft("what", asked, f"State {_small(asked)}", clause.first, read.last, _SCORE))
    elif length >= _LONG_PREDICATE and not clause.negated:
        yield from _under_heading(read, clause, named)


def _ruled(clause: Clause) -> bool:
    """``S should check B``: a deed that can be asked for."""
    ruled = clause.kind == "modal" and clause.tokens[clause.verb].lower in {"must", "should"}
    deed = clause.base not in _NO_DEED and clause.main == clause.verb + 1
    return ruled and deed and not clause.negated and clause.last - clause.main >= _LEAST_PREDICATE


_NO_DEED = frozenset("be have go exist remain stay become seem appear belong depend conform occur happen".split())


def _goes_on(clause: Clause) -> bool:
    """Past the end of the clause, save by a remark on all of it: ``…, in which case B``."""
    end = clause_end(clause)
    after = [token.lower for token in clause.tokens[end : end + 3]]
    return end < clause.last and after != [",", "in", "which"]


def _under_heading(read: Reading, clause: Clause, named: Subject) -> Iterator[Proposal]:
    """What is true of ``disk drives``, where the heading says in which respect."""
    topic, subject = read.topic, clause.tokens[clause.first : clause.subject_end]
    told = [token for token in subject if token.tag in ("word", "quoted", "num")]
    if topic is None or topic.kind != "noun" or len(told) < _LEAST_TOLD - 1 or subject[0].lower == "the":
        return
    if named.text.lower() in topic.text.lower():
        return
    asked = f"{topic.lead}, {_small(_asked_of(clause, named.text) or f'What is true of {named.text}')}"
    yield Proposal(Draft("what", asked, f"State the answer: {asked}?", clause.first, read.last, _SCORE - 0.5))


def _asked_of(clause: Clause, subject: str) -> str:
    """Empty where the question would be thin."""
    told = clause.tokens[clause.first : clause.subject_end]
    finite = clause.tokens[clause.verb].lower
    gerund = told[0].tag == "word" and reading(told[0].lower, "g") is not None
    if gerund and clause.kind == "lexical" and clause.base != "have":
        return f"What is the effect of {subject}"
    if finite in {"must", "shall"} and not clause.negated:
        return f"What is required of {subject}"
    if finite == "should":
        wh = "What should be done with" if clause.kind == "passive" else "What should be true of"
        return f"{wh} {subject}"
    if clause.kind == "passive" and clause.base in FATES and finite in {"is", "are"}:
        return f"What happens to {subject}"
    single = told[0].lower in {"the", "a", "an", "each", "every"} and not any(token.tag == "rel" for token in told)
    return "" if single and not gerund else f"What is true of {subject}"


def _small(text: str) -> str:
    return text[0].lower() + text[1:]


def _is_vague(subject: Sequence[Token]) -> bool:
    return subject[0].lower in _VAGUE or any(token.lower in _EMPTY for token in subject)


def _is_specific(subject: Sequence[Token]) -> bool:
    """``indexes that omit the clause``, not ``disk drives``."""
    told = [token for token in subject if token.tag in ("word", "quoted", "num") and token.lower not in _VAGUE]
    narrowed = any(token.tag in ("prep", "rel") for token in subject[1:]) or any(
        two.tag == "word" and reading(two.lower, "n") and not reading(two.lower, "b") and one.tag == "word"
        for one, two in pairwise(subject)
    )
    return len(told) >= _LEAST_TOLD and (narrowed or len(told) > _LEAST_TOLD)


_VAGUE = frozenset("some many most other another others few several part your".split())
_EMPTY = frozenset(
    """
    more less same similar thing things kind kinds step steps diagram figure area line lines reason important different
    """.split()
)
