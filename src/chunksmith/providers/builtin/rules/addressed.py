"""Questions on what is said to the reader, and on what there is: ``You must keep an eye on A``, ``There is no A``.

Like the questions on any statement they are asked where no other rank gives two.
"""

from collections.abc import Iterator
from dataclasses import replace

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, past_opening
from chunksmith.providers.builtin.grammar.views import Draft, View, clause_end
from chunksmith.providers.builtin.rules.conditions import order_end
from chunksmith.providers.builtin.rules.directives import Directive, directive_at, is_deed, what_to_do
from chunksmith.providers.builtin.rules.errands import errands
from chunksmith.providers.builtin.rules.expletives import there_is
from chunksmith.providers.builtin.rules.in_place import holds_verb
from chunksmith.providers.builtin.rules.standing import below_heading, is_closed
from chunksmith.providers.builtin.rules.stranded import stranded

_SCORE = 5.0
_LEAST_DEED = 5  # tokens


def addressed(read: Reading) -> Iterator[Proposal]:
    if read.sentence.text[-1] == ".":
        yield from _there(read)
        yield from _to_do(read)
        yield from _of_reader(read)


def _there(read: Reading) -> Iterator[Proposal]:
    for proposal in there_is(read, past_opening(read)):
        draft = proposal.draft
        if is_closed(read, draft.start, draft.end):
            yield from below_heading(read, draft, proposal.leans)


def _to_do(read: Reading) -> Iterator[Proposal]:
    """``You can ask X to do Y``, ``Ask X to do Y``: what can or should you do, in what the heading tells of?"""
    order = directive_at(read, past_opening(read), read.last)
    if order is None or not is_deed(order) or order.auxiliary == "do":
        return
    end = order_end(read, order)
    told = read.tokens[order.verb + 1 : end]
    if not is_closed(read, order.verb, end) or read.tokens[end].tag == "conj" or holds_verb(told):
        return
    cut = next((at for at in range(order.verb + 2, end) if read.tokens[at].tag == "sub"), end)
    for draft in errands(replace(order, last=cut)):
        yield from below_heading(read, draft, leans=False)
    if read.topic is None:
        return
    if read.topic.kind == "noun":
        start = _object_of(order, end)
        asked, said = (order.ask("What", start), order.tell("State what", start)) if start else ("", "")
    else:
        start = order.verb if len(told) + 1 >= _LEAST_DEED else 0
        asked, said = what_to_do(order, "")
    if start:
        question = f"{read.topic.lead}, {asked[0].lower()}{asked[1:].strip()}"
        told_too = f"{read.topic.lead}, {said[0].lower()}{said[1:].strip()}"
        yield Proposal(Draft("what", question, told_too, start, end, _SCORE - 0.3))


def _object_of(order: Directive, end: int) -> int:
    """Where the object begins: of ``set up A``, or of ``keep an eye on A``; 0 when that is not certain."""
    parts, first = order.read.tokens, order.verb + 1
    if parts[first].lower in _PARTICLES and parts[first + 1].tag in ("det", "word", "quoted"):
        return first + 1
    links = [at for at in range(first + 2, end - 1) if parts[at].tag == "prep"]
    plain = all(token.tag in ("word", "quoted", "det", "prep") for token in parts[first:end])
    linked = len(links) == 1 and plain and parts[links[0] + 1].tag in ("det", "quoted")
    return links[0] + 1 if linked and parts[order.verb].lower in _FIXED else 0


_PARTICLES = frozenset("up out down off over".split())
# "keep an eye on": the preposition belongs to the words before it.
_FIXED = frozenset("keep take make pay have give put".split())


def _of_reader(read: Reading) -> Iterator[Proposal]:
    """``You must be careful of A``: what must you be careful of?"""
    start = past_opening(read)
    clause = parse(read.tokens, start, read.last) if read.tokens[start].lower == "you" else None
    if clause is None or clause.kind != "modal" or read.topic is None or clause.negated:
        return
    view = View(read.sentence.text, clause, "you", clause_end(clause))
    if is_closed(read, clause.first, view.end):
        for draft in stranded(view):
            yield from below_heading(read, draft, True)
