"""Plainer questions, for a passage that gives too few others: what to do, and which thing something is said of."""

from collections.abc import Iterator

from chunksmith.providers.builtin.clauses import parse
from chunksmith.providers.builtin.conditions import order_end
from chunksmith.providers.builtin.directives import directive_at, is_deed, what_to_do
from chunksmith.providers.builtin.reading import Proposal, Reading, past_opening, subject_phrase
from chunksmith.providers.builtin.subjects import is_person, plain_subjects
from chunksmith.providers.builtin.verbs import reading
from chunksmith.providers.builtin.views import Draft, View, clause_end
from chunksmith.providers.builtin.words import is_name


def plain_questions(read: Reading) -> Iterator[Proposal]:
    start = past_opening(read)
    example = read.sentence.text.startswith(("For example", "For instance"))
    if read.last - start >= 6 and read.sentence.text[-1] == "." and not example:
        yield from _told_to_do(read, start)
        yield from _expletive(read, start)
        yield from _subjects(read, start)


def _told_to_do(read: Reading, start: int) -> Iterator[Proposal]:
    """``You should check why …`` under a heading that names the occasion."""
    order = directive_at(read, start, read.last)
    if order is None or read.topic is None or not is_deed(order):
        return
    end = order_end(read, order)
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


def _expletive(read: Reading, start: int) -> Iterator[Proposal]:
    """``It is a bad idea to …``, ``It is also allowed to …``: what is it a bad idea to do?"""
    parts = read.tokens
    if parts[start].lower != "it" or parts[start + 1].lower not in {"is", "was"}:
        return
    goal = next((at for at in range(start + 2, min(start + 8, read.last - 3)) if parts[at].tag == "to"), 0)
    kept = [token for token in parts[start + 2 : goal] if token.lower not in _LINKING_ADVERBS]
    if not 1 <= len(kept) <= 4 or any(token.tag not in ("word", "adv", "det") for token in kept):
        return
    told = parts[goal + 1 : read.last]
    done = reading(told[0].lower, "b") or told[0].lower in {"be", "have", "do"}
    if not done or any(token.lower in _LEANING for token in told):
        return
    end = next((at for at in range(goal + 2, read.last) if parts[at].text in _STOPS), read.last)
    if any(parts[at].text == "," and parts[at + 1].tag == "conj" for at in range(goal + 2, end - 1)):
        return
    quality = " ".join(token.text for token in kept)
    finite = parts[start + 1].lower
    asked, said = f"What {finite} it {quality} to do", f"State what it {finite} {quality} to do"
    yield Proposal(Draft("what", asked, said, goal + 1, end, 6.0), leans=True)


_LEANING = frozenset("they them their its than but".split())
_STOPS = frozenset({";", ":", "—", "–"})
_LINKING_ADVERBS = frozenset("also however therefore thus then still often usually of course".split())


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
