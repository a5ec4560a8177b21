"""What the reader is told to put where: ``Add the name to the list of X``; below an order that takes several steps."""

from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.reading import Proposal, Reading
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft
from chunksmith.providers.builtin.rules.directives import Directive, directive_at, directive_proposals

_SCORE = 5.7


def errands(order: Directive) -> Iterator[Draft]:
    """What should you add to the list of X? The place is told, and the thing answers."""
    parts, start = order.read.tokens, order.verb + 1
    links = _MOVING.get(parts[order.verb].lower, ())
    if order.negated:
        return
    for place in range(start + 1, order.last - 2):
        token, following = parts[place], parts[place + 1]
        if token.tag in ("rel", "sub", "wh", "be", "modal") or token.text in _STOPS:
            return
        if token.lower in links and following.tag in ("det", "quoted", "word") and parts[place - 1].lower != "such":
            infinitive = token.tag == "to" and following.tag == "word" and reading(following.lower, "b")
            goes_on = any(near.text == "," or near.tag in ("conj", "sub") for near in parts[place : order.last])
            if not infinitive and not goes_on:
                tail = order.text(place, order.last)
                asked, told = order.ask("What", start, tail), order.tell("State what", start, tail)
                yield Draft("what", asked, told, start, place, _SCORE)
            return


def steps(read: Reading) -> Iterator[Proposal]:
    """``Add support for A.``, with an item below it: to add support for A, what should you include in B?"""
    order = directive_at(read, 0, read.last)
    above = next((one for one in reversed(read.farther) if one.sentence.item and _indent(one) < _indent(read)), None)
    goal = directive_at(above, 0, above.last) if above is not None and read.sentence.item else None
    if order is None or goal is None or goal.negated or goal.read.tokens[goal.last].text != ".":
        return
    lead = f"to {goal.read.tokens[goal.verb].lower} {goal.text(goal.verb + 1, goal.last)}"
    yield from directive_proposals(order, lead)


def _indent(read: Reading) -> int:
    """How far the line of an item is moved in."""
    line = read.sentence.passage[: read.sentence.origins[0]].rpartition("\n")[2]
    return len(line) - len(line.lstrip(" "))


_STOPS = frozenset({",", ";", ":", "—", "–"})
_MOVING = {
    verb: frozenset(links.split("/"))
    for verbs, links in (
        ("add append send submit upload attach direct mail assign set", "to"),
        ("copy move write", "to/into"),
        ("provide", "to/for"),
        ("put place", "into/in/on"),
        ("insert", "into"),
        ("include store", "in"),
        ("remove delete", "from"),
        ("replace", "with/by"),
        ("use", "from/for/as"),
        ("base", "on"),
    )
    for verb in verbs.split()
}
