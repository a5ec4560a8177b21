"""Questions that a complement answers: ``The usual case is that A``, ``A lamp that turns is called B``.

The subject may be of any length, so that they reach sentences whose verbs no other rule can tell apart.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.framing import ORDINALS, is_pointing
from chunksmith.providers.builtin.grammar.reading import VAGUE_NOUNS, Proposal, Reading, past_opening, subject_phrase
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.views import Draft, View, clause_end
from chunksmith.providers.builtin.grammar.words import Token, is_plural
from chunksmith.providers.builtin.pointing import is_whole
from chunksmith.providers.builtin.rules.adjuncts import is_known, opened_at
from chunksmith.providers.builtin.rules.conditions import order_end
from chunksmith.providers.builtin.rules.directives import Directive, directive_at
from chunksmith.providers.builtin.rules.expletives import it_is
from chunksmith.providers.builtin.rules.openings import lead_text
from chunksmith.providers.builtin.rules.standing import below_heading, is_closed

_SCORE = 6.5
_DOUBTFUL = 2.0
_LONGEST_SUBJECT = 40  # tokens
_STOPS = frozenset({";", ":", "—", "–"})


def complements(read: Reading) -> Iterator[Proposal]:
    start = past_opening(read)
    if read.sentence.text[-1] != "." or read.last - start < _SHORTEST:
        return
    for drafted in _RULES:
        for draft, leans in drafted(read, start):
            # "by its name": what a statement takes up, it may have named itself.
            whole = drafted in _BOUND and is_whole(_EXPLETIVE.sub("", _small(f"{_text(read, start, read.last)}.")))
            if whole or is_closed(read, draft.start, draft.end) or is_closed(read, start, draft.end):
                yield from below_heading(read, draft, leans)


_SHORTEST = 4  # tokens
_EXPLETIVE = re.compile(r"\A(?:in general )?it (?=\w+ )")
_Drafted = Iterator[tuple[Draft, bool]]


def _identified(read: Reading, start: int) -> _Drafted:
    """``The usual case is that A``, ``The second exception is if A``: what is the usual case?"""
    parts = read.tokens
    if parts[start].lower not in {"the", "a", "an", "one"}:
        return
    verb = _verb_before(parts, start, read.last, _OPENING_CLAUSE)
    if not verb or parts[verb + 2].tag in ("prep", "rel", "conj", "be"):
        return
    end = verb - (parts[verb - 1].text == ",")
    if _is_listed(parts[start:end]) or is_pointing(parts[start:end]) or parts[end - 1].lower in VAGUE_NOUNS:
        return
    asked = f"{parts[verb].lower} {_small(_text(read, start, end))}"
    stop = _end(parts, verb + 1, read.last)
    told = [token for token in parts[start:end] if token.tag in ("word", "quoted", "num")]
    if len(told) < 2 and not any(token.lower in ORDINALS for token in parts[start:end]):
        # "The difference": of what?
        return
    yield Draft("what", f"What {asked}", f"State what {asked}", verb + 1, stop, _SCORE), len(told) < _TELLING


_OPENING_CLAUSE = frozenset("that if when".split())
_TELLING = 4  # words of a subject that few things fit


def _verb_before(parts: Sequence[Token], start: int, last: int, words: frozenset[str]) -> int:
    """The ``is`` or ``are`` right before one of ``words``; 0 when there is none, or when the clause is over before."""
    for place in range(start + 1, min(start + _LONGEST_SUBJECT, last - 2)):
        if parts[place].text in _STOPS:
            return 0
        if parts[place].lower in {"is", "are", "was", "were"} and parts[place + 1].lower in words:
            return place
    return 0


def _called(read: Reading, start: int) -> _Drafted:
    """``A lamp that turns, however slowly it does, is called a beacon``: what is that called?"""
    parts = read.tokens
    verb = _verb_before(parts, start, read.last, frozenset({"called"}))
    subject = parts[start:verb]
    if not verb or subject[0].tag not in ("det", "word", "quoted") or is_pointing(subject):
        return
    verbs = sum(token.tag in ("be", "have", "do", "modal") or _is_third_person(token) for token in subject[1:])
    relatives = sum(token.tag == "rel" for token in subject)
    if verbs > relatives or _is_listed(subject) or parts[verb + 2].tag not in ("det", "word", "quoted"):
        return
    ends = (at for at in range(verb + 3, read.last) if parts[at].tag in _CUTTING or parts[at].text in _CUTS)
    finite, named = parts[verb].lower, _small(_text(read, start, verb))
    asked, told = f"What {finite} {named} called", f"State what {named} {finite} called"
    yield Draft("what", asked, told, verb + 2, next(ends, read.last), _SCORE + 0.5), False


_CUTS = _STOPS | {","}
_CUTTING = ("conj", "sub", "rel")


def _is_third_person(token: Token) -> bool:
    form = reading(token.lower, "s") if token.tag == "word" else None
    return form is not None and token.lower not in NOUN_LIKE


def _about(read: Reading, start: int) -> _Drafted:
    """``The keeper assumes that the lamp …``: what does the keeper assume about the lamp?"""
    clause = parse(read.tokens, start, read.last)
    if clause is None or clause.kind != "lexical" or clause.base not in _SAYING or clause.negated:
        return
    begin = clause.main + 2
    if read.tokens[clause.main + 1].lower != "that" or read.tokens[begin].tag == "sub":
        return
    inner, subject = parse(read.tokens, begin, read.last), subject_phrase(read, clause)
    if inner is None or subject is None or subject.penalty > _DOUBTFUL:
        return
    if is_pointing(read.tokens[inner.first : inner.subject_end]):
        return
    view = View(read.sentence.text, clause, subject.text, clause_end(inner))
    topic = _text(read, inner.first, inner.subject_end)
    asked, told = f"{view.ask('What', begin - 1)} about {topic}", f"{view.tell('State what', begin - 1)} about {topic}"
    yield Draft("what", asked, told, begin - 1, view.end, _SCORE), subject.leans


_SAYING = frozenset("assume suppose claim assert believe suggest recommend report say state warn guarantee".split())


def _parted(read: Reading, start: int) -> _Drafted:
    """``The process is split into two phases``: into how many phases is it split?"""
    clause, parts = parse(read.tokens, start, read.last), read.tokens
    if clause is None or clause.kind != "passive" or clause.negated or clause.base not in _PARTING:
        return
    into = clause.main + 1
    if into + 2 >= read.last or parts[into].lower != "into" or parts[into + 1].tag != "num":
        return
    noun = next((at for at in range(into + 2, read.last) if parts[at].tag not in ("word", "quoted")), read.last) - 1
    if noun == into + 1 or not is_plural(parts[noun].text) or is_pointing(parts[clause.first : clause.subject_end]):
        return
    view = View(read.sentence.text, clause, _small(_text(read, clause.first, clause.subject_end)), into)
    counted = f"Into how many {_text(read, into + 2, noun + 1)}"
    told = view.tell(f"State {_small(counted)}", into)
    yield Draft("how many", view.ask(counted, into), told, into + 1, into + 2, _SCORE + 1), True


_PARTING = frozenset("split divide separate break group organize partition".split())


def _undergone(read: Reading, start: int) -> _Drafted:
    """``Changes to files such as A, B and C may be ignored``: what may be ignored?"""
    parts, verb = read.tokens, read.last - 3
    subject = parts[start:verb]
    if parts[verb].tag != "modal" or parts[verb + 1].lower != "be" or not reading(parts[verb + 2].lower, "n"):
        return
    unclear = any(token.tag in ("be", "have", "do", "modal", "rel", "sub", "wh", "pron") for token in subject)
    if unclear or parts[start + 1].text == "," or len(subject) < _TELLING:
        return
    if is_pointing(subject) or _is_third_person(subject[-1]):
        return
    asked = f"What {parts[verb].lower} {_text(read, verb + 1, read.last)}"
    yield Draft("what", asked, f"State {_small(asked)}", start, verb, _SCORE), True


def _reason(read: Reading, start: int) -> _Drafted:
    """``There is another reason to close it: A``: what is another reason to close it?"""
    parts = read.tokens
    if [token.lower for token in parts[start : start + 2]] != ["there", "is"]:
        return
    colon = next((at for at in range(start + 4, read.last - 2) if parts[at].text in _STOPS), 0)
    told = parts[start + 2 : colon]
    if not told or parts[colon].text != ":" or told[0].lower not in {"a", "an", "another", "one"}:
        return
    if told[1].lower in _GROUNDS and not any(token.text == "," for token in told):
        asked = f"is {_text(read, start + 2, colon)}"
        yield Draft("what", f"What {asked}", f"State what {asked}", colon + 1, read.last, _SCORE), False


_GROUNDS = frozenset("reason exception advantage disadvantage drawback benefit difference purpose".split())


def _ordered(read: Reading, start: int) -> _Drafted:
    """``Avoid A``, ``Focus on A``: what should you avoid, or focus on, in what the heading tells of?"""
    first = " ".join(token.lower for token in read.tokens[start : start + 2])
    bare = Directive(read, start, read.last, "should") if first in _LEADING_ON else None
    order = bare or directive_at(read, start, read.last)
    if order is None or order.negated or read.topic is None:
        return
    for wh, begin in _objects(order):
        end = order_end(read, order)
        named = (at for at in range(begin + 2, end - 2) if [t.lower for t in read.tokens[at : at + 3]] == _SUCH_AS)
        end = next(named, end)
        if end - begin >= 2 and read.tokens[end].text != ":":
            asked, told = order.ask(wh, begin), order.tell(f"State {wh.lower()}", begin)
            yield Draft("what", asked, told, begin, end, _SCORE), True


def _possible(read: Reading, start: int) -> _Drafted:
    """``Once A, it is possible for B to do C``, ``It is allowed to do C: D``: what is it possible to do once A?"""
    scene = [token.lower for token in read.tokens[start : start + 4]]
    in_cases = scene[:1] + scene[2:] == ["in", "cases", ","] and scene[1] in {"some", "many", "most", "all"}
    start += 4 * in_cases
    opened = opened_at(read, start) if read.tokens[start].tag == "sub" else None
    if opened is not None and (opened.sort != "occasion" or not is_known(read, opened)):
        return
    for proposal in it_is(read, opened.begin if opened else start):
        draft = proposal.draft
        stops = (at for at in range(draft.start + 2, draft.end) if read.tokens[at].text == ",")
        lead = f" {lead_text(read, start, opened.comma)}" if opened else f" in {scene[1]} cases" if in_cases else ""
        told = replace(draft, question=f"{draft.question}{lead}", instruction=f"{draft.instruction}{lead}")
        yield replace(told, end=next(stops, draft.end), score=_SCORE), proposal.leans and not opened


def _cheaper(read: Reading, start: int) -> _Drafted:
    """``It is cheaper to do A than to do B``: what is it cheaper to do than to do B?"""
    parts = read.tokens
    if [token.lower for token in parts[start : start + 2]] != ["it", "is"] or parts[start + 3].tag != "to":
        return
    than = next((at for at in range(start + 5, read.last - 2) if parts[at].lower == "than"), 0)
    if than and parts[start + 2].lower.endswith("er") and parts[than + 1].tag == "to":
        rest = f"{parts[start + 2].lower} to do {_text(read, than, read.last)}"
        yield Draft("what", f"What is it {rest}", f"State what it is {rest}", start + 4, than, _SCORE), True


def _referring(read: Reading, start: int) -> _Drafted:
    """``The term is used to refer to A``: what is it used to refer to? ``It is called by its name``: how?"""
    clause, parts = parse(read.tokens, start, read.last), read.tokens
    if clause is None or clause.kind != "passive" or clause.negated or clause.main + 3 >= read.last:
        return
    subject, place = parts[clause.first : clause.subject_end], clause.main + 1
    if is_pointing(subject) or not (_is_named(subject) or subject[0].lower in {"a", "an"}):
        return
    end = _end(parts, place, read.last)
    view = View(read.sentence.text, clause, _small(_text(read, clause.first, clause.subject_end)), end)
    if clause.base == "use" and [token.lower for token in parts[place : place + 3]] == ["to", "refer", "to"]:
        place += 3
        yield Draft("what", view.ask("What", place), view.tell("State what", place), place, end, _SCORE), False
    elif parts[place].lower == "by" and parts[place + 1].lower in {"its", "their"}:
        yield Draft("how", view.ask("How", place), view.tell("Explain how", place), place, end, _SCORE), True


def _is_named(subject: Sequence[Token]) -> bool:
    return len([token for token in subject if token.tag in ("word", "quoted", "num")]) > 1


def _lasting(read: Reading, start: int) -> _Drafted:
    """``The waiting period is seven days for porters``: how long is it for porters?"""
    clause, parts = parse(read.tokens, start, read.last), read.tokens
    if clause is None or clause.kind != "copula" or clause.negated or clause.main + 2 >= read.last:
        return
    number, unit = parts[clause.main + 1 : clause.main + 3]
    subject = parts[clause.first : clause.subject_end]
    if number.tag != "num" or unit.lower not in _UNITS or is_pointing(subject) or not _is_named(subject):
        return
    end = _end(parts, clause.main + 3, read.last) if clause.main + 3 < read.last else read.last
    rest = f" {_text(read, clause.main + 3, end)}" if clause.main + 3 < end else ""
    named, finite = _small(_text(read, clause.first, clause.subject_end)), parts[clause.verb].lower
    told = f"State how long {named} {finite}{rest}"
    yield Draft("how many", f"How long {finite} {named}{rest}", told, clause.main + 1, clause.main + 3, _SCORE), True


_UNITS = frozenset("seconds minutes hours days weeks months years".split())


def _why(read: Reading, start: int) -> _Drafted:
    """``The common reasons why B is not done are A``: what are the common reasons why B is not done?"""
    parts = read.tokens
    head = next((at for at in range(start + 1, min(start + 5, read.last)) if parts[at].lower == "reasons"), 0)
    if parts[start].lower != "the" or not head or parts[head + 1].lower not in {"why", "that"}:
        return
    verbs = [at for at in range(head + 3, read.last - 2) if parts[at].lower == "are"]
    if len(verbs) == 1 and not _is_listed(parts[start : verbs[0]]):
        asked = f"are {_small(_text(read, start, verbs[0]))}"
        end = _end(parts, verbs[0] + 1, read.last)
        yield Draft("what", f"What {asked}", f"State what {asked}", verbs[0] + 1, end, _SCORE), False


def _objects(order: Directive) -> Iterator[tuple[str, int]]:
    verb, following = order.read.tokens[order.verb].lower, order.read.tokens[order.verb + 1].lower
    if verb == "avoid" or (following == "that" and verb in {"check", "ensure", "verify"}):
        yield "What", order.verb + 1
    elif f"{verb} {following}" in _LEADING_ON:
        yield "What", order.verb + 2
    elif verb in {"start", "begin"} and following == "by":
        yield "How", order.verb + 1


_SUCH_AS = [",", "such", "as"]
_LEADING_ON = frozenset({"focus on", "concentrate on", "rely on", "insist on", "watch for", "aim for", "look for"})


def _grounded(read: Reading, start: int) -> _Drafted:
    """``It should be considered better that A, because B``: why should it be considered better that A?"""
    parts = read.tokens
    it = start + 2 if [token.lower for token in parts[start : start + 2]] == ["in", "general"] else start
    if parts[it].lower != "it" or parts[it + 1].tag not in ("be", "modal"):
        return
    that = next((at for at in range(it + 2, min(it + 6, read.last)) if parts[at].lower == "that"), 0)
    ground = next((at for at in range(that + 4, read.last - 3) if parts[at].lower in {"because", "since"}), 0)
    if that and ground:
        end = ground - (parts[ground - 1].text == ",")
        finite, rest = parts[it + 1].lower, _text(read, it + 2, end)
        told = f"Explain why it {finite} {rest}"
        yield Draft("why", f"Why {finite} it {rest}", told, ground, _end(parts, ground, read.last), _SCORE), False


_RULES = (
    _identified,
    _called,
    _about,
    _parted,
    _undergone,
    _reason,
    _ordered,
    _possible,
    _cheaper,
    _referring,
    _lasting,
    _why,
    _grounded,
)


_BOUND = (_called, _reason, _referring, _grounded)


def _is_listed(subject: Sequence[Token]) -> bool:
    """A comma in it may end one clause and begin another."""
    return any(token.text == "," or token.text in _STOPS for token in subject)


def _end(parts: Sequence[Token], start: int, last: int) -> int:
    return next((at for at in range(start, last) if parts[at].text in _STOPS), last)


def _text(read: Reading, start: int, end: int) -> str:
    return read.sentence.text[read.tokens[start].start : read.tokens[end - 1].end]


def _small(text: str) -> str:
    return text[0].lower() + text[1:]
