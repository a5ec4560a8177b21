"""Questions on ``X is stored in …``: place, time, means, agent, purpose."""

from collections.abc import Iterator
from itertools import pairwise

from chunksmith.providers.builtin.grammar.verbs import past, reading, third_person
from chunksmith.providers.builtin.grammar.views import (
    LOCATED,
    PAIRS,
    PLACE,
    YEAR,
    Draft,
    View,
    after_main,
    base_at,
    gerund_at,
    is_place,
    object_end,
    opens_noun,
)
from chunksmith.providers.builtin.grammar.words import MONTHS
from chunksmith.providers.builtin.rules.subjects import names_person


def passives(view: View) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    place = after_main(view)
    if clause.kind != "passive" or place + 1 >= view.end or view.you:
        return
    if tokens[place].tag == "adv" and tokens[place + 1].lower in {"using", "by", "via", "through", "with"}:
        if clause.negated or tokens[place].lower in _PARTICLES:
            return
        yield Draft("how", view.ask("How", place), view.tell("Explain how", place), place, object_end(view, place), 7.5)
        return
    if tokens[place].lower == "such" and tokens[place + 1].lower == "that":
        yield Draft("how", view.ask("How", place), view.tell("Explain how", place), place, view.end, 7.5)
        return
    end = object_end(view, place + 1)
    yield from _circumstances(view, place, end)
    yield from _aims(view, place, end)
    if clause.base in {"call", "name", "term"} and opens_noun(view, place):
        yield Draft(
            "what", view.ask("What", place), view.tell("State what", place), place, object_end(view, place), 9.0
        )


# "thrown away via wastewater": a part of the verb.
_PARTICLES = frozenset("away back apart forward".split())


def _circumstances(view: View, place: int, end: int) -> Iterator[Draft]:
    """By whom, where, when, how."""
    clause, token = view.clause, view.tokens[place]
    if token.lower == "by" and not gerund_at(view, place + 1):
        yield from _agent(view, place + 1)
    elif token.lower in {"in", "at", "near"} and clause.base in _LIFE and is_place(view, place + 1):
        stops = (at for at in range(place + 2, end) if view.tokens[at].text == "," or view.tokens[at].lower in _NEXT)
        yield Draft("where", view.ask("Where", place), view.tell("State where", place), place, next(stops, end), 8.5)
    elif token.lower in PLACE and clause.base in _PLACED and not clause.negated and is_place(view, place + 1):
        yield Draft("where", view.ask("Where", place), view.tell("State where", place), place, end, 8.5)
    elif token.lower in {"during", "before", "after", "until"} and opens_noun(view, place + 1) and not clause.negated:
        wh = ("Until when", "State until when") if token.lower == "until" else ("When", "State when")
        yield Draft("when", view.ask(wh[0], place), view.tell(wh[1], place), place, end, 8.0)
    elif token.lower in {"using", "starting", "beginning"} or (
        token.lower in {"via", "through", "as"} and clause.base in _DONE_SOMEHOW
    ):
        yield Draft("how", view.ask("How", place), view.tell("Explain how", place), place, end, 8.0)
    elif token.lower == "with" and clause.base in _MADE_WITH and opens_noun(view, place + 1) and not clause.negated:
        yield Draft("how", view.ask("How", place), view.tell("Explain how", place), place, end, 7.5)


def _aims(view: View, place: int, end: int) -> Iterator[Draft]:
    """For what, why, to do what, with what."""
    clause, tokens = view.clause, view.tokens
    token, following = tokens[place], tokens[place + 1]
    purpose = place + 1 if token.lower == "for" else place
    if clause.base == "use" and ((token.tag == "to" and base_at(view, place + 1)) or (token.lower == "for")):
        yield Draft(
            "what", f"{view.ask('What', place)} for", f"{view.tell('State what', place)} for", purpose, end, 9.0
        )
    elif token.tag == "to" and base_at(view, place + 1) and clause.base in _FOR_A_PURPOSE:
        if following.lower != "be" and not clause.negated:
            yield Draft("why", view.ask("Why", place), view.tell("Explain why", place), place, end, 8.0)
    elif (
        token.tag == "to"
        and _infinitive_at(view, place + 1)
        and following.lower not in {"be", "have"}
        and not clause.negated
        and clause.base not in _SAID
    ):
        yield Draft(
            "what", f"{view.ask('What', place)} to do", f"{view.tell('State what', place)} to do", place + 1, end, 8.0
        )
    elif (
        (token.lower in _STRANDED or (token.lower == "for" and clause.base in _AIMED))
        and not (token.tag == "to" and base_at(view, place + 1))
        and opens_noun(view, place + 1)
        and tokens[min(end, view.end) - 1].lower not in _MANNERS
        and not any(token.lower == "basis" for token in tokens[place:end])
        and f"{clause.base}.{token.lower}" not in PAIRS
        and not YEAR.match(following.text)
    ):
        asked, told = view.ask("What", place + 1), view.tell("State what", place + 1)
        # "with cases that are designed to fail": the infinitive belongs to the participle.
        goals = (
            at
            for at in range(place + 2, end)
            if tokens[at].tag == "to" and base_at(view, at + 1) and not reading(tokens[at - 1].lower, "n")
        )
        yield Draft("what", asked, told, place + 1, next(goals, end), 7.0)


_SAID = frozenset("consider deem believe say know think assume suppose find see".split())


def _infinitive_at(view: View, place: int) -> bool:
    """``to leak``, ``to never leak``"""
    adverb = place + 1 < view.end and view.tokens[place].tag == "adv"
    return base_at(view, place + 1 if adverb else place)


_STRANDED = frozenset({"to", "into", "from", "with", "on", "against", "as"})
_AIMED = frozenset("design intend suit reserve optimize build develop plan write tailor".split())


_MANNERS = frozenset("basis time way manner behalf request purpose default hand demand".split())


_LIFE = frozenset("bear bury raise educate christen execute behead".split())
_NEXT = frozenset("on in as to and by at for with into".split())
_PLACED = LOCATED | frozenset(
    """
    use define declare describe create include contain specify list document produce discover
    report preserve carry run perform mount plant grow bake brew age dry ferment serve sell invent develop
    """.split()
)


_DONE_SOMEHOW = frozenset(
    """
    conduct do perform run configure achieve obtain control handle convey send receive
    store represent implement encode transmit deliver express write spread transport access save package distribute
    """.split()
)


_FOR_A_PURPOSE = frozenset(
    "need require make add introduce create invoke run start send write set do build open close take keep".split()
)


_MADE_WITH = frozenset(
    "do make perform achieve create build generate implement handle control edit install compile test check".split()
)


_HARMLESS = frozenset("also often usually sometimes typically normally mostly mainly now still then thus".split())


_AFTER_AGENT = frozenset("in on at during as to with for from using because when if before after while unless".split())


def _agent(view: View, start: int) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    finite = tokens[clause.verb].lower
    end = start
    while (end < view.end and tokens[end].tag in ("det", "word", "num", "quoted", "adv")) or (
        end < view.end and tokens[end].lower in {"of", "and"}
    ):
        end += 1
    if (
        finite not in {"is", "are", "was", "were"}
        or any(token.lower not in _HARMLESS for token in tokens[clause.verb + 1 : clause.main])
        or end == start
        or any(token.lower == "same" for token in tokens[start:end])
        or tokens[start].tag == "pron"
        or tokens[start].lower in {"default", "hand", "means", "way", "convention"}
    ):
        return
    verb = third_person(clause.base) if finite in {"is", "are"} else past(clause.base)
    person = names_person(tokens[start:end])
    wh = "Who" if person else "What"
    if end < view.end and (tokens[end].lower not in _AFTER_AGENT or _tells_which(view, end, person)):
        end = object_end(view, start)
    if any(one.tag == "conj" and two.lower == "by" for one, two in pairwise(tokens[end : view.end])):
        # "by a loan from the council and by donations": one of two.
        return
    yield Draft(
        "who" if person else "what",
        f"{wh} {verb} {view.subject}",
        f"State {wh.lower()} {verb} {view.subject}",
        start,
        end,
        8.0,
    )


def _tells_which(view: View, place: int, person: bool) -> bool:
    """``by the change in an index``: what belongs to the noun; not ``by the keeper in 1923``."""
    tokens = view.tokens
    following = tokens[min(place + 1, view.end - 1)]
    dated = YEAR.match(following.text) or following.lower in MONTHS or following.tag == "num"
    moved = tokens[place].lower == "to" and following.tag != "det"
    own = tokens[place - 1].tag == "word" and tokens[place - 1].text.islower()
    return own and not (person or dated or moved) and tokens[place].lower in _OF_NOUN and opens_noun(view, place + 1)


_OF_NOUN = frozenset("in from for to between with".split())
