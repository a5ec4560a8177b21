"""Questions on what a subject does: objects, complements, duties."""

from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.grammar.clauses import text_of
from chunksmith.providers.builtin.grammar.dates import dated_from
from chunksmith.providers.builtin.grammar.framing import ORDINALS
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import (
    LOCATED,
    PAIRS,
    PLACE,
    VAGUE_OBJECTS,
    Draft,
    View,
    after_main,
    base_at,
    gerund_at,
    is_place,
    object_end,
    opens_noun,
)
from chunksmith.providers.builtin.grammar.words import Token, is_plural
from chunksmith.providers.builtin.rules.predicates import is_bare

_DWELLING = frozenset("live grow reside dwell nest breed occur lie sit stand hibernate".split())


_HAPPENING = frozenset("occur happen begin end start hatch bloom flower emerge appear ripen run take".split())


_THAT_VERBS = frozenset(
    "say announce argue claim conclude predict mean require ensure guarantee suggest show recommend assume state "
    "specify indicate imply prove demonstrate".split()
)


_TO_VERBS = frozenset(
    """
    need want try tend aim attempt learn help seek serve intend strive fail refuse agree promise begin start
    choose
    """.split()
)


_ALLOWING = frozenset(
    """
    ask urge advise invite compel beg allow enable cause force require permit encourage help lead instruct tell
    """.split()
)


_VIEWED_AS = frozenset(
    "classify view see define describe identify interpret represent name label mark use know regard".split()
)


_NO_OBJECT = frozenset(
    """
    be become remain seem appear last cost weigh look feel happen occur go come work sit stand lie exist live stay
    help title entitle tell inform remind warn persuade convince assure notify
    get behave vary differ function taste smell sound prove grow turn treat consider regard render
    """.split()
)


_MEASURING = frozenset("exactly only approximately about nearly almost roughly up".split())


_WEAK = frozenset(
    """
    have make take do get give go keep let put set tend seem see know want like try show say think come find leave
    """.split()
)


def objects(view: View) -> Iterator[Draft]:
    clause = view.clause
    if clause.kind not in {"lexical", "modal", "perfect", "progressive"} or clause.base in _NO_OBJECT:
        return
    if clause.kind == "progressive" and reading(view.tokens[clause.first].lower, "g"):
        return
    start = after_main(view)
    noun = start + 1 if start < view.end and view.tokens[start].lower in _MEASURING else start
    if view.tokens[clause.subject_end - 1].lower == "alone":
        # "Hahn alone received A": who did is told, not what.
        return
    if not opens_noun(view, noun) or _measures(view, noun) or (view.you and clause.kind != "modal"):
        return
    if gerund_at(view, start) and clause.base in {"start", "begin", "stop", "keep", "continue", "avoid"}:
        return
    end = object_end(view, start)
    if clause.base in _VIEWED_AS and any(token.lower == "as" for token in view.tokens[start:end]):
        return
    if clause.base in _ALLOWING and (infinitive := _infinitive(view, start, end)):
        before = text_of(clause, view.text, start, infinitive)
        ask, tell = view.ask("What", start), view.tell("State what", start)
        yield Draft("what", f"{ask} {before} to do", f"{tell} {before} to do", infinitive + 1, end, 8.5)
        return
    if clause.base in _ALLOWING and any(token.tag == "to" for token in view.tokens[start:end]):
        return
    if _is_vague(view.tokens[start : min(end, start + 3)]):
        return
    if clause.base in _NAMING and (named := _named_at(view, start, end)):
        if named < end:
            yield Draft("what", view.ask("What", named), view.tell("State what", named), named, end, 7.0)
        return
    score = 7.0 - 1.5 * (clause.base in _WEAK) - (1.0 if clause.negated else 0.0) - (1.0 if view.you else 0)
    if clause.base == "mean" and clause.kind == "lexical":
        score += 2
    if clause.negated and view.tokens[clause.verb].lower in {"could", "might", "would"}:
        return
    if clause.negated and clause.base == "have":
        return
    if (clause.base in _WEAK or clause.negated) and is_bare(view):
        score -= 3.0
    suffix = _suffix(view, end)
    dated = dated_from(view.tokens, start + 1, end)
    if dated < end and not suffix:
        # "What did she study in 1898?": the date is asked with, not for.
        suffix, end = " " + text_of(clause, view.text, dated, end), dated
    if view.you and not suffix:
        score -= 2.0
    yield Draft("what", view.ask("What", start) + suffix, view.tell("State what", start) + suffix, start, end, score)
    yield from _located_object(view, start, end)


def _named_at(view: View, start: int, end: int) -> int:
    """Where the name begins in ``called the substance penicillin``, ``named it after A``; 0 when there is none."""
    after = next((at for at in range(start + 1, end - 1) if view.tokens[at].lower == "after"), 0)
    if after:
        return after + 1
    thing = view.tokens[start : start + 3]
    named = len(thing) == 3 and thing[0].tag == "det" and all(token.tag in ("word", "quoted") for token in thing[1:])
    single = end - start == 3 and named and not (thing[2].text.islower() and is_plural(thing[2].text))
    return start + 2 if single else 0


_NAMING = frozenset("call name christen dub".split())


def _is_vague(opening: Sequence[Token]) -> bool:
    """``takes note of it``; not ``a note that can be read``."""
    told = len(opening) > 2 and opening[0].tag == "det" and opening[2].tag == "rel"
    return not told and any(token.lower in VAGUE_OBJECTS for token in opening[:2])


def tools(view: View) -> Iterator[Draft]:
    """``You can use a probe to measure the depth.``"""
    clause, tokens = view.clause, view.tokens
    start = after_main(view)
    if clause.base not in {"use", "employ"} or clause.kind not in {"lexical", "modal"} or not opens_noun(view, start):
        return
    end = object_end(view, start)
    for place in range(start + 1, end - 1):
        if tokens[place].tag in ("rel", "conj", "sub", "wh") or tokens[place].text == ",":
            return
        if tokens[place].tag == "to" and base_at(view, place + 1) and tokens[place - 1].tag in ("word", "quoted"):
            goal = text_of(clause, view.text, place, end)
            yield Draft(
                "what",
                f"{view.ask('What', start)} {goal}",
                f"{view.tell('State what', start)} {goal}",
                start,
                place,
                8.5,
            )
            return


def _measures(view: View, place: int) -> bool:
    """``runs half as fast``, ``fired the day before``: how and when, not what."""
    parts = view.tokens[place : place + 3]
    return parts[0].lower in {"half", "twice"} or any(token.lower in _WHENS for token in parts[1:2])


_WHENS = frozenset("day week month year night evening morning summer winter spring autumn moment".split())


def _suffix(view: View, end: int) -> str:
    """The condition after an object belongs into the question: ``What does it return if the key is missing?``"""
    links = {"if", "when", "unless", "whenever"} | (set() if view.clause.base in _WEAK else {"by"})
    if end < view.end and view.tokens[end].lower in links:
        return " " + text_of(view.clause, view.text, end, view.end)
    return ""


def _located_object(view: View, start: int, end: int) -> Iterator[Draft]:
    if view.clause.base not in LOCATED - {"keep", "hold", "find", "locate", "record", "build"}:
        return
    for place in range(start + 1, end - 1):
        if view.tokens[place].tag in ("rel", "sub", "to", "conj"):
            return
        if view.tokens[place].lower in {"in", "on", "inside", "within", "under", "at"} and is_place(view, place + 1):
            yield Draft("where", view.ask("Where", place), view.tell("State where", place), place, end, 8.0)
            return


def _infinitive(view: View, start: int, end: int) -> int:
    for place in range(start + 1, min(end, start + 6)):
        if view.tokens[place].tag == "to":
            return place if base_at(view, place + 1) and view.tokens[place + 1].lower != "be" else 0
        if view.tokens[place].tag not in ("det", "word", "quoted", "num"):
            return 0
    return 0


def complements(view: View) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    place = after_main(view)
    if place + 1 >= view.end or clause.kind == "copula" or view.you:
        return
    yield from _told(view, place)
    token = tokens[place]
    end = object_end(view, place + 1)
    pair = f"{clause.base}.{token.lower}"
    if pair in PAIRS and opens_noun(view, place + 1):
        yield Draft("what", view.ask("What", place + 1), view.tell("State what", place + 1), place + 1, end, 8.5)
    elif (
        clause.base in _HAPPENING and token.lower in {"during", "before", "after", "until"} and clause.kind == "lexical"
    ):
        yield Draft("when", view.ask("When", place), view.tell("State when", place), place, end, 8.0)
    elif (
        clause.base in _DWELLING
        and token.lower in PLACE
        and clause.kind in {"lexical", "modal"}
        and is_place(view, place + 1)
    ):
        yield Draft("where", view.ask("Where", place), view.tell("State where", place), place, end, 8.0)
    elif token.lower == "that" and clause.base in _THAT_VERBS and clause.kind in {"lexical", "modal"}:
        yield Draft("what", view.ask("What", place), view.tell("State what", place), place, view.end, 6.5)
    elif (
        token.tag == "to"
        and not clause.negated
        and clause.base in _TO_VERBS | {"have"}
        and not (clause.base in {"begin", "start", "continue"} and is_bare(view))
        and clause.kind in {"lexical", "modal"}
        and base_at(view, place + 1)
        and tokens[place + 1].lower != "be"
    ):
        yield Draft(
            "what", f"{view.ask('What', place)} to do", f"{view.tell('State what', place)} to do", place + 1, end, 7.0
        )


def _told(view: View, start: int) -> Iterator[Draft]:
    """``Engineers told the council that …``: what did engineers tell the council?"""
    if view.clause.base not in _TELLING or view.clause.kind not in {"lexical", "modal"} or view.clause.negated:
        return
    for place in range(start + 1, min(start + 6, view.end - 3)):
        token = view.tokens[place]
        if token.tag == "rel" and token.lower == "that" and view.tokens[place - 1].tag in ("word", "quoted"):
            yield Draft("what", view.ask("What", place), view.tell("State what", place), place, view.end, 7.0)
            return
        if token.tag not in ("word", "quoted", "num", "det"):
            return


_TELLING = frozenset("tell inform remind warn assure persuade convince notify".split())


def duties(view: View) -> Iterator[Draft]:
    """``X must …`` → what must X do?"""
    clause = view.clause
    if (
        clause.kind != "modal"
        or clause.base in {"be", "have", "do", "need", "want", "like", "occur", "happen"}
        or clause.negated
        or view.you
    ):
        return
    finite = view.tokens[clause.verb].lower
    # "What can an application do?" could be answered by anything.
    plain = len(view.subject.split()) <= 2 and view.subject.replace(" ", "").isalpha() and view.subject.islower()
    if plain and finite not in {"must", "should", "shall"}:
        return
    ordinal = any(token.lower in ORDINALS for token in view.tokens[clause.first : clause.subject_end])
    if ordinal or finite not in {"must", "should", "can", "cannot", "may", "shall"} or clause.main != clause.verb + 1:
        return
    if view.end - clause.main >= 4:
        score = 6.5 if finite in {"must", "should", "shall"} else 5.5
        yield Draft(
            "what",
            f"What {finite} {view.subject} do",
            f"State what {view.subject} {finite} do",
            clause.main,
            view.end,
            score,
        )
