"""Questions that end in a preposition: ``What do device names exist as?``, ``What is the mode invisible to?``"""

from collections.abc import Iterator

from chunksmith.providers.builtin.verbs import reading
from chunksmith.providers.builtin.views import PAIRS, Draft, View, after_main, base_at, object_end, opens_noun
from chunksmith.providers.builtin.words import MONTHS

_SCORE = 5.6


def stranded(view: View) -> Iterator[Draft]:
    """Of a preposition right behind the verb, or behind the adjective that ``is`` joins to the subject."""
    yield from _joined(view)
    yield from _intransitive(view)
    yield from _done_for(view)
    yield from _named(view)


_COPULAR = frozenset("to of for with from about on by against".split())
_BEHIND_VERB = frozenset("as about from with for on into against upon through to".split())


def _joined(view: View) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    if not (clause.kind == "copula" or (clause.kind == "modal" and clause.base == "be")):
        return
    place = clause.main + 1
    while place < view.end and tokens[place].tag == "adv":
        place += 1
    if place + 2 >= view.end or tokens[place].tag != "word" or tokens[place].lower in _NO_QUALITY:
        return
    if reading(tokens[place].lower, "bsg") or tokens[place].lower.endswith(("er", "ers")):
        return
    link = tokens[place + 1]
    if link.lower in _COPULAR and not (link.tag == "to" and base_at(view, place + 2)):
        yield from _asked(view, place + 2)


# "part of", "full of": nouns, and amounts of something.
_NO_QUALITY = frozenset("part full kind sort type true one some all most many none half out".split())


def _intransitive(view: View) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    place = after_main(view)
    if clause.kind not in {"lexical", "modal"} or clause.base in {"be", "have", "do", "get"} or place + 2 > view.end:
        return
    link = tokens[place]
    if link.lower not in _BEHIND_VERB or (link.tag == "to" and base_at(view, place + 1)):
        return
    following = tokens[place + 1]
    if f"{clause.base}.{link.lower}" in PAIRS and following.lower in _INDIRECT and place + 4 < view.end:
        yield Draft(
            "what", view.ask("What", place + 1), view.tell("State what", place + 1), place + 1, view.end, _SCORE
        )
        return
    yield from _asked(view, place + 1)


_INDIRECT = frozenset("how what whether why which where".split())


def _done_for(view: View) -> Iterator[Draft]:
    """``Removals can only be done for X``"""
    clause, place = view.clause, after_main(view)
    if clause.kind == "passive" and place + 1 < view.end and view.tokens[place].lower in _BEHIND_PARTICIPLE:
        yield from _asked(view, place + 1)


_BEHIND_PARTICIPLE = frozenset("for with against about".split())


def _named(view: View) -> Iterator[Draft]:
    """``is called its "affinity"``: what its name belongs to is the subject."""
    clause, tokens = view.clause, view.tokens
    place = after_main(view)
    if clause.kind != "passive" or clause.base not in {"call", "name", "term"} or clause.negated:
        return
    if place + 2 == view.end and tokens[place].lower in {"its", "their"} and tokens[place + 1].tag == "quoted":
        yield Draft("what", view.ask("What", place), view.tell("State what", place), place, view.end, _SCORE + 1)


def _asked(view: View, start: int) -> Iterator[Draft]:
    tokens = view.tokens
    if not opens_noun(view, start) or tokens[start].lower in _NO_ANSWER or tokens[start].lower in MONTHS:
        return
    end = object_end(view, start)
    told = tokens[start:end]
    if len(told) < 2 or told[-1].lower in _NO_ANSWER or any(token.text in {",", ";", ":"} for token in told):
        return
    if end < view.end:
        # What is left over would be missing from the question.
        return
    yield Draft("what", view.ask("What", start), view.tell("State what", start), start, end, _SCORE)


_NO_ANSWER = frozenset(
    """
    its their his her this these that those such another other others same many much long soon far well way ways manner
    example instance time times
    first last once now then hours minutes seconds days weeks months years course default
    """.split()
)
