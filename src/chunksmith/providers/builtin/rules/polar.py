"""Questions that ask whether: ``Can the lamp be moved?``, answered by the statement that says so."""

import re
from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.clauses import Clause, parse, text_of, without_denial
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, past_opening, subject_phrase
from chunksmith.providers.builtin.grammar.views import Draft, clause_end

_NOT = frozenset("not never".split())
_RULING = frozenset("must should may can".split())
_REASONS = frozenset(
    "because since if unless when whenever although though while whereas until before after once so".split()
)
_TIMES = frozenset("after before until once when".split())
_SCORE = 5.4


def whether(read: Reading) -> Iterator[Proposal]:
    """Of what is denied, and of what is allowed or demanded on a condition or for a reason."""
    start = past_opening(read)
    if read.last - start < 6 or read.sentence.text[-1] != ".":
        return
    clause = parse(read.tokens, start, read.last)
    if clause is None or read.tokens[clause.verb].tag not in ("be", "have", "do", "modal"):
        return
    end = clause_end(clause)
    asked_end = _asked_end(clause, end)
    reasoned = asked_end < end and any(token.lower in _REASONS for token in read.tokens[asked_end : asked_end + 2])
    ruled = read.tokens[clause.verb].lower in _RULING and reasoned
    if (
        not (clause.negated or ruled)
        or asked_end - clause.main < 1 + (clause.kind != "passive")
        or read.tokens[start].lower in _OPEN
    ):
        return
    if [token.lower for token in read.tokens[end : end + 4]] == [",", "as", "long", "as"]:
        # Without its condition it would be denied altogether.
        end = read.last
    subject = subject_phrase(read, clause)
    if subject is None or subject.penalty > 2:
        return
    finite, rest = _affirmed(read, clause, asked_end)
    before = {token.lower for token in read.tokens[: clause.first]}
    if before & _CONCLUDING and not read.told:
        # "And so the lamp is not lit": in the case that the sentence before tells of.
        return
    if _is_uncertain(f"{finite} {rest}", clause.negated, before) or " , " in f" {subject.text} {rest} ":
        return
    draft = Draft(
        "whether",
        f"{finite} {subject.text} {rest}",
        f"State whether {subject.text} {finite} {rest}",
        clause.first,
        end,
        _SCORE + 0.6 * (asked_end < end),
    )
    yield Proposal(draft, "", subject.penalty, subject.leans, subject.needs_lead)


def _is_uncertain(asked: str, negated: bool, before: set[str]) -> bool:
    """``may not be needed`` forbids nothing, "Often, …" denies nothing, and of two verbs one would be asked."""
    return (negated and asked.startswith("may ")) or bool(before & _AT_TIMES or _SECOND_VERB.search(asked))


_CONCLUDING = frozenset("so hence thus then".split())
_AT_TIMES = frozenset("often sometimes usually generally normally typically mostly".split())
_SECOND_VERB = re.compile(r" and (?:should|must|can|may|will|is|are|was|were|has|have|does|do|did)(?:n['’]t)?\b")
_OPEN = frozenset("no not neither none few any some many most all each every it they this these you i we one".split())


def _asked_end(clause: Clause, end: int) -> int:
    """Before the reason or the condition, which only the answer gives."""
    for place in range(clause.main + 1, end):
        token = clause.tokens[place]
        if token.lower in _REASONS or token.text in {",", ";", ":", "—", "–"} or token.lower == "but":
            before = clause.tokens[place - 1]
            # "immediately after the first one is opened": the adverb goes with the time.
            bound = before.lower in {"only", "even", "and", "just"} or (token.lower in _TIMES and before.tag == "adv")
            return place - 1 if bound else place
    return end


def _affirmed(read: Reading, clause: Clause, end: int) -> tuple[str, str]:
    """The finite verb and what follows the subject, without the word that denies."""
    finite = without_denial(read.tokens[clause.verb].lower)
    before = [token for token in read.tokens[clause.subject_end : clause.verb] if token.lower not in _NOT]
    kept = [place for place in range(clause.verb + 1, clause.main + 1) if read.tokens[place].lower not in _NOT]
    group = " ".join(token.text for token in (*before, *(read.tokens[place] for place in kept)))
    rest = text_of(clause, read.sentence.text, max(clause.main, clause.verb) + 1, end)
    if clause.kind == "copula":
        rest = _DENIAL.sub("", rest, count=1)
    return finite, f"{group} {rest}".strip()


_DENIAL = re.compile(r"\b(?:not|never) ")
