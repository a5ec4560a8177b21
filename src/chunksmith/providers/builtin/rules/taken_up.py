"""Questions on a sentence that takes up the one before: ``This prevents B``, ``It is done because B``."""

from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.clauses import Clause, parse
from chunksmith.providers.builtin.grammar.framing import is_free, small
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, last_word, past_opening, subject_phrase
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft, View, clause_end
from chunksmith.providers.builtin.grammar.words import tokens
from chunksmith.providers.builtin.pointing import is_whole
from chunksmith.providers.builtin.rules.frames import drafts
from chunksmith.providers.builtin.rules.predicates import NO_DEED


def taken_up(read: Reading) -> Iterator[Proposal]:
    """``this`` as the fact that the sentence before states, written out in the question."""
    start = past_opening(read)
    if read.last - start > 5 and read.tokens[start].lower in {"this", "that"}:
        fact = _fact(read)
        if fact:
            yield from _explained(read, start, fact)
            yield from _resulting(read, start, fact)


def _fact(read: Reading) -> str:
    """The sentence before as a clause: what ``this`` takes up; empty when it leans or is no plain clause."""
    before = read.before
    if before is None or before.text[-1] != ".":
        return ""
    parts = tokens(before.text)
    last = last_word(parts)
    clause = parse(parts, 0, last)
    if clause is None or last > _LONGEST_FACT or clause_end(clause) != last:
        return ""
    subject = parts[: clause.subject_end]
    if not is_free(subject) or subject[0].tag == "pron" or not is_whole(before.text):
        return ""
    phrase = small(before.text[: parts[last - 1].end], subject, read.vocabulary, parts[clause.verb : clause.verb + 9])
    return phrase.text if phrase.sure else ""


_LONGEST_FACT = 22  # tokens
_CAUSING = frozenset(
    """
    cause help prevent allow enable make ensure mean give result lead reduce improve avoid guarantee imply require save
    simplify increase force eliminate keep produce provide create let
    """.split()
)


def _explained(read: Reading, start: int, fact: str) -> Iterator[Proposal]:
    """``A. This is because B.`` asks why A; ``A. This is done to do B.`` as well."""
    parts, place = read.tokens, start + 2
    if parts[start + 1].lower not in {"is", "was"}:
        return
    while place < read.last - 4 and parts[place].lower in _PASSED_OVER:
        place += 1
    purpose = parts[place].tag == "to" and reading(parts[place + 1].lower, "b")
    if purpose or parts[place].lower == "because":
        yield Proposal(Draft("why", f"Why is it that {fact}", f"Explain why {fact}", place, read.last, 7.0))


_PASSED_OVER = frozenset("done mainly mostly partly so necessary needed".split())


def _resulting(read: Reading, start: int, fact: str) -> Iterator[Proposal]:
    """``A. This prevents B.``: what does the fact that A prevent?"""
    clause = _after_pronoun(read, start)
    if clause is None or clause.base not in _CAUSING:
        return
    view = View(read.sentence.text, clause, f"the fact that {fact}", clause_end(clause))
    for draft in drafts(view):
        if draft.start > clause.verb and draft.kind == "what":
            yield Proposal(draft)


def _after_pronoun(read: Reading, start: int) -> Clause | None:
    """``this prevents``: the pronoun alone is the subject, which is read as ``it`` would be."""
    parts = list(read.tokens)
    if parts[start].lower not in {"it", "they"}:
        many = parts[start].lower in {"these", "those"}
        parts[start] = parts[start]._replace(lower="they" if many else "it", tag="pron")
    return parse(parts, start, read.last)


def told_deeds(read: Reading) -> Iterator[Proposal]:
    """Behind the sentences that say what ``it`` or ``this rule`` is: what does it do? The predicate answers."""
    start = past_opening(read)
    clause = parse(read.tokens, start, read.last)
    if clause is None or clause.negated or read.sentence.text[-1] != ".":
        return
    named = subject_phrase(read, clause)
    end = clause_end(clause)
    if named is None or named.penalty > 2 or named.text.lower() == "you" or end < read.last:
        return
    if named.text.lower() in {"this", "that"} and clause.base not in _RESULTING:
        return
    if clause.kind == "lexical" and clause.base not in NO_DEED and clause.verb == clause.subject_end:
        auxiliary = {"s": "does", "b": "do", "d": "did"}[clause.feature]
        place = clause.verb
    elif clause.kind == "modal" and clause.base not in NO_DEED and clause.main == clause.verb + 1:
        auxiliary, place = read.tokens[clause.verb].lower, clause.main
    else:
        return
    if end - place < 4:
        return
    asked, told = f"What {auxiliary} {named.text} do", f"State what {named.text} {auxiliary}"
    yield Proposal(Draft("what", asked, told, place, end, 6.5), leans=named.leans)


# What a fact does, rather than a thing.
_RESULTING = frozenset("allow make help prevent enable cause force let keep save speed reduce increase avoid".split())
