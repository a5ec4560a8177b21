"""Plainer questions, for a passage that gives too few others: what to do, and which thing something is said of."""

from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.orders import orders
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, past_opening, subject_phrase
from chunksmith.providers.builtin.grammar.views import Draft, View, clause_end
from chunksmith.providers.builtin.grammar.words import is_name
from chunksmith.providers.builtin.rules.conditions import order_end
from chunksmith.providers.builtin.rules.directives import directive_at, is_deed, what_to_do
from chunksmith.providers.builtin.rules.expletives import it_is
from chunksmith.providers.builtin.rules.subjects import is_person, plain_subjects


def plain_questions(read: Reading) -> Iterator[Proposal]:
    start = past_opening(read)
    example = read.sentence.text.startswith(("For example", "For instance"))
    if read.last - start >= 6 and read.sentence.text[-1] == "." and not example:
        yield from _told_to_do(read, start)
        yield from it_is(read, start)
        yield from _subjects(read, start)


def _told_to_do(read: Reading, start: int) -> Iterator[Proposal]:
    """``You should check why …`` under a heading that names the occasion."""
    order = directive_at(read, start, read.last)
    if order is None or read.topic is None or not is_deed(order):
        return
    end = order_end(read, order)
    # "Send a mail and state the reason": one order at a time.
    joined = (at for at in range(order.verb + 2, end - 2) if read.tokens[at].tag == "conj")
    end = next((at for at in joined if orders(read.tokens[at + 1], read.tokens[at + 2])), end)
    if end - order.verb < 4:
        return
    following, base = read.tokens[order.verb + 1], read.tokens[order.verb].lower
    open_clause = following.tag in ("wh", "rel", "sub") and following.lower not in {"if", "when"}
    if open_clause or (following.tag in ("det", "quoted", "num") and base not in _EMPTY_DEEDS):
        asked, told = order.ask("What", order.verb + 1), order.tell("State what", order.verb + 1)
        yield Proposal(Draft("what", asked, told, order.verb + 1, end, 5.4), leans=True, needs_lead=True)
        return
    if read.topic.kind == "noun" or order.auxiliary not in {"should", "must", "do need to", "do have to"}:
        return
    asked, told = what_to_do(order, "")
    yield Proposal(Draft("what", asked.strip(), told.strip(), order.verb, end, 5.2), leans=True, needs_lead=True)


_EMPTY_DEEDS = frozenset(
    "have do get make take keep give be let put set want need see find feel go try base consider".split()
)


def _subjects(read: Reading, start: int) -> Iterator[Proposal]:
    parts = read.tokens
    clause = parse(parts, start, read.last)
    if clause is None or parts[start].tag in ("pron", "rel") or parts[start].lower == "that":
        return
    subject = subject_phrase(read, clause)
    named = any(is_name(token.text) and token.tag == "word" for token in parts[start : clause.subject_end])
    if subject is None or (subject.leans and not (named and subject.needs_lead)):
        return
    end = clause_end(clause)
    asides = (at for at in range(clause.main + 1, end - 1) if parts[at].text == "," and parts[at + 1].lower in _ASIDES)
    view = View(read.sentence.text, clause, subject.text, next(asides, end))
    if not is_person(view):
        for draft in plain_subjects(view):
            yield Proposal(draft, "", min(subject.penalty, 1.0))


_ASIDES = frozenset("whose which where who including such".split())
