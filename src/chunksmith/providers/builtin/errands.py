"""What the reader is told to put where: ``Add the name to the list of X``."""

from collections.abc import Iterator

from chunksmith.providers.builtin.directives import Directive
from chunksmith.providers.builtin.verbs import reading
from chunksmith.providers.builtin.views import Draft

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
        if token.lower in links and following.tag in ("det", "quoted", "word"):
            infinitive = token.tag == "to" and following.tag == "word" and reading(following.lower, "b")
            goes_on = any(near.text == "," or near.tag in ("conj", "sub") for near in parts[place : order.last])
            if not infinitive and not goes_on:
                tail = order.text(place, order.last)
                asked, told = order.ask("What", start, tail), order.tell("State what", start, tail)
                yield Draft("what", asked, told, start, place, _SCORE)
            return


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
