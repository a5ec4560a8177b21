"""Questions on what the reader is told to do: ``Use a probe to …``, ``You must …``, ``Do not … unless …``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chunksmith.providers.builtin.grammar.orders import is_base, is_statement, opens_second, orders
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft
from chunksmith.providers.builtin.grammar.words import Token

_SOFTENERS = frozenset(
    "please just simply always then also first next now so thus therefore instead rather optionally finally "
    "usually generally normally".split()
)
_MODALS = frozenset("should must can may shall could".split())
_ADVERBS = frozenset(
    "first please also always only then just simply usually normally generally typically probably still".split()
)
_TIMES = {"when": "When", "whenever": "When", "before": "When", "after": "When", "once": "When", "until": "Until when"}
_CONDITIONS = frozenset({"if", "unless"})
# These take "to" or a clause as their object; asking why they are done would be wrong.
_TAKES_CLAUSE = frozenset(
    """
    try need want wish like ask tell allow ensure make remember forget be know see let help get require expect decide
    agree choose learn think say assume suppose imagine consider recall notice note keep stop start begin refer feel
    have do find go come look wait read encourage force cause prefer invite instruct configure teach order command
    direct enable set subscribe request warn advise remind
    """.split()
)
# "a request to join": the infinitive belongs to the noun.
_TAKES_INFINITIVE = frozenset(
    """
    way request ability right permission attempt need reason time chance option approach decision plan how what where
    tool tools command opportunity effort intent intention program script offer proposal order going able access reply
    response answer respect regard link links according due prior next addition contrast relative want ready likely
    """.split()
)
_LIGHT = frozenset("take give put set base change leave write create use add move send upload".split())


@dataclass(frozen=True, slots=True)
class Directive:
    """``tokens[verb]`` is what is to be done, by ``auxiliary``; ``last`` is the end of it."""

    read: Reading
    verb: int
    last: int
    auxiliary: str
    negated: bool = False

    def text(self, start: int, end: int) -> str:
        parts = self.read.tokens
        return self.read.sentence.text[parts[start].start : parts[end - 1].end] if start < end else ""

    def ask(self, wh: str, end: int, tail: str = "") -> str:
        finite, _, rest = self.auxiliary.partition(" ")
        told = " ".join(part for part in (rest, self._done(end), tail) if part)
        return f"{wh} {finite} you {'not ' if self.negated else ''}{told}"

    def tell(self, opening: str, end: int, tail: str = "") -> str:
        done = " ".join(part for part in (self._done(end), tail) if part)
        finite, _, rest = self.auxiliary.partition(" ")
        finite = f" {rest.split()[0]} to" if rest else "" if finite == "do" else f" {finite}"
        return f"{opening} you{finite} {'not ' if self.negated else ''}{done}"

    def _done(self, end: int) -> str:
        verb = self.read.tokens[self.verb].lower
        return f"{verb} {self.text(self.verb + 1, end)}".strip()


def directive_at(read: Reading, place: int, last: int) -> Directive | None:
    """An order to the reader that begins at ``place``, or None."""
    parts = read.tokens
    if place < last and parts[place].lower == "only" and any(token.lower in _CONDITIONS for token in parts[place:last]):
        # "Only use X if B": the condition is asked for, which says as much.
        place += 1
    while place < last and parts[place].lower in _SOFTENERS:
        place += 2 if parts[place + 1 : place + 2] and parts[place + 1].text == "," else 1
    if place + 1 >= last:
        return None
    if parts[place].lower == "you":
        return _to_you(read, place + 1, last)
    negated = parts[place].lower in {"never", "don't", "don’t"}
    if parts[place].lower == "do" and parts[place + 1].lower == "not":
        negated, place = True, place + 1
    if negated:
        place += 1
    for words in _ATTEMPTS:
        if [token.lower for token in parts[place : place + len(words)]] == words:
            place += len(words)
            negated = negated and words[0] not in {"forget", "hesitate"}
            return (
                Directive(read, place, last, "should", negated) if place + 1 < last and is_base(parts[place]) else None
            )
    if place + 2 < last and parts[place].lower.endswith("ly") and orders(parts[place + 1], parts[place + 2]):
        # "Carefully choose the wire"
        place += 1
    if place + 1 >= last or not orders(parts[place], parts[place + 1]) or is_statement(parts, place, last):
        return None
    return Directive(read, place, last, "should", negated)


_ATTEMPTS = [
    words.split()
    for words in ("try to", "be sure to", "make sure to", "remember to", "take care to", "forget to", "hesitate to")
]


def _to_you(read: Reading, place: int, last: int) -> Directive | None:
    parts = read.tokens
    negated = False
    auxiliary = ""
    while place < last and parts[place].lower in _ADVERBS:
        place += 1
    if place + 2 >= last:
        return None
    word = parts[place].lower
    if word in _MODALS:
        auxiliary = "should" if word == "shall" else word
        place += 1
    elif word in {"cannot", "can't"}:
        auxiliary, negated = "can", True
        place += 1
    elif word in {"need", "have"} and parts[place + 1].tag == "to":
        auxiliary = f"do {word} to"
        place += 2
    while place < last and (parts[place].lower in _ADVERBS or parts[place].lower in {"not", "never"}):
        negated = negated or parts[place].lower in {"not", "never"}
        place += 1
    if not auxiliary and not negated and is_base(parts[place]) and parts[place].lower not in _MENTAL:
        auxiliary = "do"
    if not auxiliary or place + 1 >= last or not is_base(parts[place]):
        return None
    return Directive(read, place, last, auxiliary, negated)


_MENTAL = frozenset(
    """
    want like know need have find see get hope wish prefer think believe feel care mind understand trust own like
    risk run come go end seem become receive encounter notice lose
    """.split()
)


def is_deed(order: Directive) -> bool:
    """``you get what you want`` tells nobody what to do."""
    return order.read.tokens[order.verb].lower not in _MENTAL


def what_to_do(order: Directive, inner: str) -> tuple[str, str]:
    finite, _, rest = order.auxiliary.partition(" ")
    to = f" {rest}" if rest else ""
    negation = " not" if order.negated else ""
    told = f" {rest.removesuffix(' to')} to" if rest else "" if finite == "do" else f" {finite}"
    return f"What {finite} you{to}{negation} do {inner}", f"State what you{told}{negation} do {inner}"


def directive_proposals(order: Directive, lead: str = "") -> Iterator[Proposal]:
    """Questions on one order. Without a ``lead`` those that name no circumstance lean on the heading."""
    parts, verb = order.read.tokens, order.verb
    base = parts[verb].lower
    end = _end_of(order)
    adjunct = _adjunct(order, end)
    if adjunct is not None:
        place = adjunct.place
        # "You can run X to do Y": nobody asks why one can.
        able = adjunct.kind == "why" and order.auxiliary in {"can", "may", "could"}
        if able:
            yield from _on_occasion(order, place, end, lead)
        elif (place > verb + 1 or base in {"wait"}) and not (order.negated and adjunct.kind == "how"):
            asked, told = order.ask(adjunct.wh, place), order.tell(adjunct.opening, place)
            draft = Draft(adjunct.kind, asked, told, place, end, adjunct.score)
            yield Proposal(draft, lead, 0.0, leans=not lead)
            yield from _on_occasion(order, place, end, lead)
    if base not in _TAKES_CLAUSE:
        yield from _about_object(order, adjunct.place if adjunct else end, end, lead)
    elif base == "make" and parts[verb + 1].lower == "sure" and verb + 5 < end and parts[verb + 2].tag != "to":
        start = verb + 2 + (parts[verb + 2].lower == "of")
        draft = Draft(
            "what", order.ask("What", verb + 2, "of"), order.tell("State what", verb + 2, "of"), start, end, 6.5
        )
        yield Proposal(draft, lead, 0.0, leans=True, needs_lead=not lead)


def _on_occasion(order: Directive, place: int, end: int, lead: str) -> Iterator[Proposal]:
    """``Take all steps to avoid X``: what should you do to avoid X?"""
    parts = order.read.tokens
    first = parts[place].lower
    purpose = parts[place].tag == "to" or first == "in"
    if lead or order.negated or end - place < 4 or place - order.verb < 3 or not (purpose or first in _OCCASIONS):
        return
    if any(token.tag == "pron" and token.lower != "you" for token in parts[place:end]):
        return
    asked, told = what_to_do(order, order.text(place, end))
    yield Proposal(Draft("how" if purpose else "condition", asked, told, order.verb, place, 5.6))


_OCCASIONS = frozenset("if when before after once unless whenever".split())


def _end_of(order: Directive) -> int:
    """The order stops at a semicolon, a dash, a colon, or where a second thought begins after a comma."""
    parts = order.read.tokens
    for place in range(order.verb + 1, order.last):
        token = parts[place]
        if token.text in {";", ":", "—", "–", "--"} and token.tag == "punct":
            return place
        following = parts[place + 1] if place + 1 < order.last else None
        if token.text == "," and following is not None:
            if following.lower in _SECOND_THOUGHTS or reading(following.lower, "g"):
                return place
            if following.tag == "conj" and place + 2 < order.last and opens_second(parts[place + 2]):
                return place
        if token.tag == "conj" and following is not None and opens_second(following):
            return place
        if token.tag == "conj" and place + 2 < order.last and _orders_too(order, place):
            return place - 1 if parts[place - 1].text == "," else place
    return order.last


def _orders_too(order: Directive, conj: int) -> bool:
    """``and tamp it``: also a verb that is in no list, unless it is the last of many."""
    parts = order.read.tokens
    token, following = parts[conj + 1], parts[conj + 2]
    bare = token.tag == "word" and token.text.islower() and following.lower in {"it", "them", "the", "your"}
    listed = any(near.text == "," for near in parts[order.verb : conj - 1])
    return orders(token, following) or (bare and not listed)


_SECOND_THOUGHTS = frozenset(
    """
    but so yet which although though while whereas who where thus nor rather not then just hence since as even because
    for or otherwise unless
    """.split()
)


class _Adjunct(NamedTuple):
    place: int
    wh: str
    opening: str
    kind: str
    score: float


def _adjunct(order: Directive, end: int) -> _Adjunct | None:
    """The first circumstance of the order: when, under what condition, why, how."""
    parts, base = order.read.tokens, order.read.tokens[order.verb].lower
    inside = base in _TAKES_CLAUSE or (base in _FOR_SOMEBODY and parts[order.verb + 1].lower == "for")
    for place in range(order.verb + 1, end - 1):
        token, following, before = parts[place], parts[place + 1], parts[place - 1]
        if before.tag in ("conj", "rel", "wh"):
            continue
        if token.lower in _TIMES and not (token.lower in {"before", "after", "until"} and following.tag == "num"):
            if before.lower in {"only", "even", "especially", "as", "know", "except", "and", "not"}:
                return None
            wh = _TIMES[token.lower]
            if token.lower == "once" and following.tag not in ("det", "pron", "word"):
                continue
            return _Adjunct(place, wh, f"State {wh.lower()}", "when", 8.0)
        if token.lower in _CONDITIONS:
            if following.lower in {"possible", "necessary", "needed", "so", "not", "appropriate"}:
                return None
            if before.lower in {"only", "even", "especially", "see", "check", "determine", "know", "ask", "decide"}:
                return None
            return _Adjunct(place, "Under what condition", "State under what condition", "condition", 8.0)
        if (
            token.lower in {"because"}
            or (token.lower == "so" and following.lower == "that")
            or (token.lower == "in" and following.lower == "order")
        ):
            return _Adjunct(place, "Why", "Explain why", "why", 8.5)
        if inside:
            if token.tag in ("rel", "wh", "sub", "to"):
                return None
            continue
        if token.lower == "by" and (reading(following.lower, "g") or following.lower == "using"):
            return _Adjunct(place, "How", "Explain how", "how", 9.0)
        if token.lower == "using" and place > order.verb + 1:
            return _Adjunct(place, "How", "Explain how", "how", 8.5)
        if token.lower == "with" and place > order.verb + 1 and _is_means(parts, place, end):
            joined = any(part.tag == "conj" for part in parts[place:end])
            return None if joined else _Adjunct(place, "How", "Explain how", "how", 7.5)
        if token.tag in ("rel", "wh", "sub"):
            return None
        if token.tag == "to" and _is_purpose(parts, place):
            if base in {"use"}:
                return None
            return _Adjunct(place, "Why", "Explain why", "why", 7.0)
    return None


# "arrange for the lamp to be lit"
_FOR_SOMEBODY = frozenset("arrange wait plan ask call allow".split())


def _is_means(parts: Sequence[Token], place: int, end: int) -> bool:
    """``with the interdiff(1) command``: a thing named as a tool."""
    tokens = parts[place + 1 : end]
    return any(token.tag == "quoted" or "(" in token.text for token in tokens) or (
        bool(tokens) and tokens[-1].lower in {"command", "tool", "program", "option", "switch", "flag", "utility"}
    )


def _is_purpose(parts: Sequence[Token], place: int) -> bool:
    before, following = parts[place - 1], parts[place + 1]
    return (
        before.tag in ("word", "quoted", "num")
        and before.lower not in _TAKES_INFINITIVE
        and not reading(before.lower, "n")
        and (following.lower == "be" or is_base(following))
        and following.lower not in {"be"}
    )


def _about_object(order: Directive, stop: int, end: int, lead: str) -> Iterator[Proposal]:
    """What to use in order to …; what to add to …; what to avoid."""
    parts, verb = order.read.tokens, order.verb
    start = verb + 1
    if start >= stop or parts[start].tag not in ("det", "word", "quoted", "num"):
        return
    base = parts[verb].lower
    if base == "use":
        yield from _use(order, end, lead)
        return
    rest = f"{order.text(stop, end)}" if stop < end and parts[stop].tag in ("sub",) else ""
    goal = next(
        (
            place
            for place in range(start + 1, stop - 1)
            if parts[place].lower in {"to", "from", "into", "in"}
            and base in {"add", "append", "remove", "include", "put"}
        ),
        0,
    )
    if goal and not any(
        token.tag in ("rel", "sub", "to", "wh") and token is not parts[goal] for token in parts[start:goal]
    ):
        # "Put A into B or C into D"
        joined = next((at for at in range(goal, stop) if parts[at].tag == "conj"), stop)
        twice = any(token.lower == parts[goal].lower for token in parts[joined:stop])
        if twice or any(token.tag == "rel" for token in parts[goal:stop]):
            return
        tail = order.text(goal, stop)
        question, told = order.ask("What", start, tail), order.tell("State what", start, tail)
        yield Proposal(Draft("what", question, told, start, goal, 7.5), lead, 0.0, leans=not lead)
        return
    question, told = order.ask("What", start, rest), order.tell("State what", start, rest)
    # "What should you write?" could be answered by anything.
    if base not in _LIGHT and stop - start >= 3:
        score = 6.5 if rest or lead else 4.6
        yield Proposal(Draft("what", question, told, start, stop, score), lead, 0.0, leans=True, needs_lead=not rest)


def _use(order: Directive, end: int, lead: str) -> Iterator[Proposal]:
    parts, start = order.read.tokens, order.verb + 1
    for place in range(start + 1, end - 1):
        token, following = parts[place], parts[place + 1]
        if token.tag in ("rel", "sub", "wh") or token.text == ",":
            return
        infinitive = token.tag == "to" and (reading(following.lower, "b") or following.lower in {"have", "be", "do"})
        if infinitive and parts[place - 1].tag in ("word", "quoted"):
            goal = order.text(place, end)
            question, told = order.ask("What", start, goal), order.tell("State what", start, goal)
            yield Proposal(Draft("what", question, told, start, place, 8.5), lead, 0.0)
            return
        if token.lower == "as" and following.lower in {"long", "soon", "well", "far"}:
            return
        if token.lower in {"for", "instead", "as"} and parts[place - 1].lower != "such":
            goal = order.text(place, end)
            question, told = order.ask("What", start, goal), order.tell("State what", start, goal)
            yield Proposal(Draft("what", question, told, start, place, 7.5), lead, 0.0, leans=not lead)
            return
