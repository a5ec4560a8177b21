"""Sentences that begin with something else than their subject: a condition, a time, a purpose, a scene."""

import re
from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.grammar.clauses import Clause, begins_contracted, parse
from chunksmith.providers.builtin.grammar.dates import dated_until, person_at
from chunksmith.providers.builtin.grammar.framing import is_free
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, Subject, is_expletive, subject_phrase
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft, View, clause_end, doubled
from chunksmith.providers.builtin.grammar.words import Token, is_plural
from chunksmith.providers.builtin.rules.adverbials import adverbials
from chunksmith.providers.builtin.rules.conditions import Split, condition_proposals
from chunksmith.providers.builtin.rules.directives import Directive, directive_at, directive_proposals, what_to_do
from chunksmith.providers.builtin.rules.frames import drafts
from chunksmith.providers.builtin.rules.predicates import expletives

_CONDITIONS = frozenset("if when whenever once after before unless".split())


_TIME = re.compile(
    r"^(?:In|Since|By|During|Around|On|From|Until|Between)\b(?!.*, (?:where|which|who)\b)"
    r".*?\b(?:1\d\d\d|20\d\d|century|centuries|January|"
    r"February|March|April|May|June|July|August|September|October|November|December|winter|summer|spring|autumn|"
    r"night|morning|decade|war|War)\b[\w\s]*$"
)


def clause_proposals(read: Reading, clause: Clause, lead: str = "", penalty: float = 0.0) -> Iterator[Proposal]:
    """What can be asked about one clause, behind ``lead``."""
    if _says_it(read, clause) and is_expletive(clause):
        view = View(read.sentence.text, clause, "it", clause_end(clause))
        asked_how = (draft for draft in adverbials(view) if " to " in draft.question and " its " not in draft.question)
        for draft in (*asked_how, *expletives(view)):
            yield Proposal(draft, lead, penalty, leans=True, needs_lead=not lead and clause.kind == "passive")
        return
    subject = subject_phrase(read, clause)
    if subject is None:
        return
    view = View(read.sentence.text, clause, subject.text, clause_end(clause))
    for draft in drafts(view):
        answers_itself = draft.start == clause.first and draft.end <= clause.verb
        if answers_itself and read.tokens[clause.first].lower in _UNFIT_ANSWERS:
            continue
        if subject.needs_lead and answers_itself:
            continue
        leans = subject.leans and not answers_itself
        doubt = 2.5 if subject.leans and answers_itself else 0.0
        yield Proposal(draft, lead, subject.penalty + penalty + doubt, leans, subject.needs_lead)


def _says_it(read: Reading, clause: Clause) -> bool:
    """Where ``this`` is read as ``it`` would be, the word is still another."""
    token = read.tokens[clause.first]
    return token.lower == "it" and token.text.lower() == "it"


def _stands_before(read: Reading, start: int, comma: int) -> bool:
    """Whether a condition may be carried into a question on what follows it."""
    first = read.tokens[start + 1]
    if read.told:
        return comma - start <= 14
    if any(token.tag == "pron" and token.lower != "you" for token in read.tokens[start + 1 : comma]):
        return False
    condition = parse(read.tokens, start + 1, comma)
    if condition is not None:
        return is_free(read.tokens[condition.first : condition.subject_end]) and comma - start <= 14
    reduced = first.tag == "word" and bool(reading(first.lower, "gn"))
    return reduced and comma - start <= 10 and not any(t.tag in ("rel", "sub") for t in read.tokens[start + 1 : comma])


def _taken_up(read: Reading, clause: Clause, inner: str) -> Iterator[Proposal]:
    """``When a pump starts, it fills the pipe``: the opening says what ``it`` is."""
    pronoun = read.tokens[clause.first].lower
    view = View(read.sentence.text, clause, pronoun, clause_end(clause))
    for draft in drafts(view):
        if draft.start > clause.verb and draft.kind != "definition":
            yield Proposal(draft, inner, 1.0)


def _turned(read: Reading, clause: Clause, opening: Token, start: int, comma: int) -> Iterator[Proposal]:
    """``If A, B`` asked from the other end: under what condition B?"""
    end = _before_apposition(read, clause)
    told = read.tokens[clause.first + _names(read, clause) : end]
    if any(token.tag == "pron" or token.lower in _BACKWARD for token in told) or comma - start < 4:
        return
    subject = subject_phrase(read, clause)
    if subject is None:
        return
    named = {token.lower for token in read.tokens[start + 1 : comma] if token.tag in ("word", "quoted")}
    leans = subject.leans or subject.needs_lead or read.tokens[clause.subject_end - 1].lower in named
    view = View(read.sentence.text, clause, subject.text, end)
    if doubled(view, end) or any(token.tag == "sub" for token in told):
        return
    wh, kind = ("Under what condition", "condition") if opening.lower in {"if", "unless"} else ("When", "when")
    draft = Draft(kind, view.ask(wh, end), view.tell(f"State {_small_first(wh)}", end), start, comma, 5.2)
    yield Proposal(draft, "", subject.penalty, leans, needs_lead=leans)


def _before_apposition(read: Reading, clause: Clause) -> int:
    """``the colour of the lamp, one of red, green or white``: the condition is asked for without what it may be."""
    end = clause_end(clause)
    places = (place for place in range(clause.main + 2, end - 2) if read.tokens[place].text == ",")
    return next((at for at in places if [t.lower for t in read.tokens[at + 1 : at + 3]] == ["one", "of"]), end)


def _turned_order(order: Directive, opening: Token, start: int, comma: int) -> Iterator[Proposal]:
    """``If A, do B``: under what condition should you do B?"""
    parts, end = order.read.tokens, order.read.last
    told = parts[order.verb : end]
    if any(token.tag in ("pron", "sub") or token.lower in _BACKWARD for token in told) or len(told) < 4:
        return
    if any(token.text in {",", ";", ":", "—"} for token in told) or comma - start < 4:
        return
    wh, kind = ("Under what condition", "condition") if opening.lower in {"if", "unless"} else ("When", "when")
    draft = Draft(kind, order.ask(wh, end), order.tell(f"State {_small_first(wh)}", end), start, comma, 5.2)
    yield Proposal(draft)


def _small_first(text: str) -> str:
    return text[0].lower() + text[1:]


_BACKWARD = frozenset("its their his her them that then this those these same other also still such".split())
_UNFIT_ANSWERS = frozenset("it they you this these he she".split())


def with_lead(read: Reading, start: int) -> Iterator[Proposal]:
    split = split_opening(read, start)
    if split is None:
        return
    comma, begin, clause = split
    opening = read.tokens[start]
    inner = lead_text(read, start, comma)
    if opening.lower in _CONDITIONS:
        yield from condition_proposals(read, start, split, inner)
        if clause is not None:
            yield from _turned(read, clause, opening, start, comma)
        elif (order := directive_at(read, begin, read.last)) is not None:
            yield from _turned_order(order, opening, start, comma)
        settled = clause is not None and (read.tokens[clause.first].tag != "pron" or _names(read, clause))
        if clause is not None and _stands_before(read, start, comma):
            if settled:
                yield from clause_proposals(read, clause, inner)
            elif read.tokens[clause.first].lower in {"it", "they"} and not is_expletive(clause):
                yield from _taken_up(read, clause, inner)
        return
    since = opening.lower == "since" and parse(read.tokens, start + 1, comma) is not None
    if opening.tag == "sub" or since:
        if clause is not None and opening.lower not in {"whether", "unless"}:
            yield from _reasoned(read, clause, opening, start, comma)
        if clause is not None or begins_contracted(read.tokens[begin]):
            yield from _ground(read, opening, start, comma)
        return
    if opening.lower == "as" and clause is not None and read.tokens[clause.first].tag != "pron":
        yield from clause_proposals(read, clause, penalty=0.8)
        return
    lead = " ".join(token.lower for token in read.tokens[start:comma])
    if lead in _MERE_LINKS and clause is not None and read.tokens[clause.first].tag != "pron":
        yield from clause_proposals(read, clause, penalty=0.3)
        return
    if clause is None or read.tokens[begin].lower == "you":
        order = directive_at(read, begin, read.last)
        if order is not None:
            yield from _ordered(read, order, opening, start, comma, inner)
            return
    if clause is not None and read.tokens[clause.first].lower == "it" and is_expletive(clause):
        if opening.tag == "prep" and comma - start <= 9 and is_scene(read.tokens[start:comma]):
            yield from clause_proposals(read, clause, inner)
    elif clause is not None:
        subject = subject_phrase(read, clause)
        if subject is not None:
            view = View(read.sentence.text, clause, subject.text, clause_end(clause))
            yield from _led(view, inner, start, comma, subject)


def _names(read: Reading, clause: Clause) -> bool:
    """``this pragma``, where the heading says which one."""
    this = read.tokens[clause.first].lower in {"this", "these"} and not read.told
    return this and subject_phrase(read, clause) is not None


def lead_text(read: Reading, start: int, comma: int) -> str:
    """The opening as it stands inside a sentence."""
    opening = read.tokens[start]
    text = read.sentence.text[opening.start : read.tokens[comma - 1].end]
    return text if opening.text.isupper() and len(opening.text) > 1 else text[0].lower() + text[1:]


def _reasoned(read: Reading, clause: Clause, opening: Token, start: int, comma: int) -> Iterator[Proposal]:
    """``Because …, X does Y``: why does X do Y? What X does is a fact of its own, too."""
    if opening.lower in {"because", "since"}:
        subject = subject_phrase(read, clause)
        if subject is not None and read.tokens[start + 1].tag != "num":
            view = View(read.sentence.text, clause, subject.text, clause_end(clause))
            if not doubled(view, view.end) and clause.kind != "copula":
                asked, told = view.ask("Why", view.end), view.tell("Explain why", view.end)
                draft = Draft("why", asked, told, start, comma, 9.0)
                yield Proposal(draft, "", subject.penalty, subject.leans, subject.needs_lead)
    if read.tokens[clause.first].tag != "pron":
        yield from clause_proposals(read, clause, penalty=0.5)


def _ground(read: Reading, opening: Token, start: int, comma: int) -> Iterator[Proposal]:
    """``Since X does Y, …``, ``Although X does Y, …``: a fact of its own."""
    if opening.lower in {"because", "since", "although", "though", "while", "whereas"}:
        other = parse(read.tokens, start + 1, comma)
        if other is not None and read.tokens[other.first].tag != "pron":
            yield from clause_proposals(read, other, penalty=0.5)


def _ordered(read: Reading, order: Directive, opening: Token, start: int, comma: int, inner: str) -> Iterator[Proposal]:
    """``To open the gate, turn the wheel``; ``In your report, you should name …``."""
    purpose = opening.tag == "to" or inner.startswith("in order to")
    role = opening.lower == "as" and read.tokens[start + 1].lower in {"a", "an"}
    scene = opening.tag == "prep" and (role or is_scene(read.tokens[start:comma])) and comma - start <= 9
    second = read.tokens[start + 1].lower
    if purpose and opening.tag == "to" and not reading(second, "b") and second not in {"be", "do", "have"}:
        return
    if purpose and not order.negated:
        asked, told = what_to_do(order, inner)
        yield Proposal(Draft("how", asked, told, order.verb, read.last, 8.5))
    elif scene:
        yield from directive_proposals(order, inner)


def _led(view: View, inner: str, start: int, comma: int, subject: Subject) -> Iterator[Proposal]:
    clause, opening, second = view.clause, view.tokens[start], view.tokens[start + 1]
    penalty, leans = subject.penalty, subject.leans

    def about(kind: str, wh: str, opening_: str, score: float) -> Proposal:
        end = _before_remark(view)
        asked, told = view.ask(wh, end), view.tell(opening_, end)
        return Proposal(Draft(kind, asked, told, start, comma, score), "", penalty, leans, subject.needs_lead)

    twice = doubled(view, view.end)
    if inner.startswith(("because of", "due to", "owing to", "thanks to")):
        if not twice:
            yield about("why", "Why", "Explain why", 9.0)
    elif opening.tag == "to" and not reading(second.lower, "b") and second.lower not in {"be", "do", "have"}:
        return
    elif opening.tag == "to" or inner.startswith("in order to"):
        yield from (proposal for proposal in _for_purpose(view, inner, subject) if not twice)
        if not twice and clause.kind in {"lexical", "passive", "progressive"} and not view.you:
            yield about("why", "Why", "Explain why", 8.5)
    elif opening.lower == "by" and second.tag == "word" and reading(second.lower, "g"):
        if not twice:
            yield about("how", "How", "Explain how", 9.0)
    elif _TIME.match(view.text[opening.start : view.tokens[comma - 1].end]):
        if not twice:
            yield about("when", "When", "State when", 9.0)
    elif _sets_scene(view.tokens[start:comma]):
        for draft in drafts(view):
            answers_itself = draft.start == clause.first and draft.end <= clause.verb
            if answers_itself and (subject.leans or subject.needs_lead):
                continue
            yield Proposal(draft, inner, penalty + 0.3, leans, subject.needs_lead)


def _before_remark(view: View) -> int:
    """``In 1923, the tower was lit, because …``, ``…, a house of brick``: what is told with it is not asked."""
    parts = view.tokens[: view.end]
    return next((at for at in range(view.clause.main + 1, view.end - 1) if _is_remark(parts, at)), view.end)


def _is_remark(parts: Sequence[Token], place: int) -> bool:
    if parts[place].text != ",":
        return parts[place].lower == "because"
    rest = parts[place + 1 :]
    apposed = rest[0].lower in {"a", "an", "the"} and not any(token.tag == "conj" for token in rest)
    return rest[0].tag == "sub" or apposed


def _sets_scene(lead: Sequence[Token]) -> bool:
    if lead[0].lower == "instead":
        return len(lead) <= 12
    return lead[0].tag in ("prep", "word") and len(lead) <= 9 and is_scene(lead)


def _for_purpose(view: View, inner: str, subject: Subject) -> Iterator[Proposal]:
    """``To open the gate, the keeper must turn the wheel.``"""
    clause = view.clause
    finite = view.tokens[clause.verb].lower
    if clause.kind == "modal" and clause.base != "be" and not clause.negated:
        asked = f"What {finite} {view.subject} do {inner}"
        draft = Draft("what", asked, f"State what {view.subject} {finite} do {inner}", clause.main, view.end, 8.5)
        yield Proposal(draft, "", subject.penalty, subject.leans, subject.needs_lead)
    elif clause.base in {"have", "need"} and clause.kind == "lexical" and view.tokens[clause.main + 1].tag == "to":
        asked = f"{view.ask('What', clause.main + 2)} do {inner}"
        told = f"{view.tell('State what', clause.main + 2)} do {inner}"
        draft = Draft("what", asked, told, clause.main + 2, view.end, 8.5)
        yield Proposal(draft, "", subject.penalty, subject.leans, subject.needs_lead)


_MERE_LINKS = frozenset(
    {
        "in addition", "in fact", "in general", "of course", "as a result", "in particular", "in contrast", "in turn",
        "in short", "in other words", "at first", "in the end", "at least", "on the other hand", "by contrast",
        "in comparison", "by comparison", "in essence", "in fairness", "for the most part", "in other respects",
        "at the moment", "by far", "from time to time", "at this point", "in the long run", "in many ways",
        "in practice", "in the first place", "in reply", "in theory", "in principle",
    }
)  # fmt: skip


def is_scene(lead: Sequence[Token]) -> bool:
    """``In a database,`` sets a scene that a question can keep; ``In addition,`` does not."""
    if " ".join(token.lower for token in lead) in _MERE_LINKS:
        return False
    # "With the hints," speaks of hints that the reader has met before.
    if lead[0].lower in {"with", "without"} and lead[1].lower == "the" and len(lead) <= 4:
        return False
    if lead[0].lower == "unlike" and lead[1].lower in {"some", "many", "other", "others"}:
        return False
    return lead[0].lower not in {
        "like",
        "as",
        "besides",
        "despite",
        "of",
        "about",
        "than",
        "past",
    } and not any(token.tag == "sub" for token in lead)


def split_opening(read: Reading, start: int) -> Split | None:
    limit = min(read.last - 2, start + 32)
    dated = dated_until(read.tokens, start) or person_at(read.tokens, start)
    if dated and read.tokens[dated].text != "," and (clause := parse(read.tokens, dated, read.last)) is not None:
        return Split(dated, dated, clause)
    if read.tokens[start].lower in {"if", "when"}:
        for place in range(start + 3, limit):
            thens = (_is_then(read, at, limit) for at in range(place + 1, read.last))
            if (
                read.tokens[place].lower == "then"
                and read.tokens[place - 1].tag not in ("conj", "sub", "modal", "be", "have")
                and not any(thens)
            ):
                comma = place - 1 if read.tokens[place - 1].text == "," else place
                return _continued(read, comma, place + 1) or Split(comma, place + 1, None)
    for place in range(start + 2, limit):
        if read.tokens[place].text == ",":
            # "…, INSERT, UPDATE and DELETE return no data": a list, not the end of the opening.
            if any(token.text == "," for token in read.tokens[max(start, place - 3) : place]):
                return None
            found = _continued(read, place, place + 1)
            if found is not None:
                return found
    if read.tokens[start].lower in {"if", "when"}:
        for place in range(start + 4, limit):
            if read.tokens[place].lower == "you" and read.tokens[place - 1].tag in ("word", "quoted"):
                return Split(place, place, None) if read.tokens[place + 1].tag == "modal" else None
    commas = [place for place in range(start + 2, read.last - 2) if read.tokens[place].text == ","]
    if not commas:
        return _unmarked(read, start, limit)
    return Split(commas[0], commas[0] + 1, None) if len(commas) == 1 and commas[0] < limit else None


def _is_then(read: Reading, place: int, limit: int) -> bool:
    """Farther off only behind a comma: the condition was longer than it seemed."""
    return read.tokens[place].lower == "then" and (place < limit or read.tokens[place - 1].text == ",")


def _unmarked(read: Reading, start: int, limit: int) -> Split | None:
    """``On most coasts two lamps are lit``, ``Before leaving the tower it is wise to …``: no comma stands between."""
    parts = read.tokens
    if parts[start].tag != "prep":
        return None
    gerund = reading(parts[start + 1].lower, "g") is not None
    for place in range(start + 2, min(limit, start + (10 if gerund else 5))):
        opens = parts[place].tag in ("det", "num") and is_plural(parts[place - 1].text) and not gerund
        expletive = gerund and parts[place].lower == "it" and parts[place + 1].tag == "be"
        if (opens or expletive) and parts[place - 1].tag == "word":
            clause = parse(parts, place, read.last)
            return Split(place, place, clause) if clause is not None else None
    return None


def _continued(read: Reading, comma: int, begin: int) -> Split | None:
    clause = parse(read.tokens, begin, read.last)
    if clause is not None:
        listed = any(token.text == "," for token in read.tokens[begin : clause.verb])
        return None if listed else Split(comma, begin, clause)
    order = directive_at(read, begin, read.last)
    return Split(comma, begin, None) if order is not None or begins_contracted(read.tokens[begin]) else None
