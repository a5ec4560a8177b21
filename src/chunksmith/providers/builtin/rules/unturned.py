"""Questions that take over the words of a clause in their order: ``Why is it that A?``, ``What applies if A?``.

They need no verb to be turned round, so that they reach sentences whose structure is not certain. They read less
well than turned questions, and are asked only where a passage gives too few of those.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.dates import dated_until
from chunksmith.providers.builtin.grammar.framing import is_anaphoric, is_free
from chunksmith.providers.builtin.grammar.reading import (
    Proposal,
    Reading,
    Subject,
    has_clause,
    past_opening,
    subject_phrase,
)
from chunksmith.providers.builtin.grammar.views import Draft
from chunksmith.providers.builtin.grammar.words import Token
from chunksmith.providers.builtin.rules.conditions import order_end, statement_end
from chunksmith.providers.builtin.rules.directives import directive_at, what_to_do
from chunksmith.providers.builtin.rules.openings import is_scene, lead_text, split_opening

_SCORE = 6.0


def unturned(read: Reading) -> Iterator[Proposal]:
    """What follows from an opening, and what a link inside the sentence gives: a reason, a result, a condition."""
    start = past_opening(read)
    if read.last - start < 6 or read.sentence.text[-1] != ".":
        return
    opening = read.tokens[start]
    if opening.tag in ("prep", "sub") or opening.lower in {"given", "since", "after", "before"}:
        yield from _behind_opening(read, start)
        return
    if opening.tag in ("det", "word", "quoted", "num"):
        yield from _linked(read, start)


_CONDITIONS = frozenset("if unless when whenever once after before".split())
_CONCESSIONS = frozenset("although though".split())
_SCENES = frozenset("for in on under with without during within at".split())
_GROUNDS = frozenset("because since".split())


def _behind_opening(read: Reading, start: int) -> Iterator[Proposal]:
    split = split_opening(read, start)
    if split is None or split.comma - start < 3:
        return
    opening = read.tokens[start].lower
    leading = read.tokens[start + 1 : split.comma]
    lead = lead_text(read, start, split.comma)
    if opening in _SCENES and not (is_scene(read.tokens[start : split.comma]) and _names_something(leading)):
        return
    if dated_until(read.tokens, start) == split.comma:
        # "What applies in 1923?": it has happened then.
        return
    if opening not in _SCENES and not _states(read, start + 1, split.comma):
        return
    order = directive_at(read, split.begin, read.last)
    if order is not None:
        if opening not in _GROUNDS and not order.negated and read.tokens[split.begin].lower != "you":
            asked, told = what_to_do(order, lead)
            yield Proposal(Draft("condition", asked, told, order.verb, order_end(read, order), _SCORE), leans=True)
        return
    end = _end_of_statement(read, split.begin)
    if end is None or read.tokens[split.begin].lower in _NO_STATEMENT:
        return
    asked = _asked_behind(opening, lead)
    if asked and not (opening == "since" and leading[0].tag == "num"):
        kind = "condition" if opening in _CONDITIONS else "what"
        leans = opening in _SCENES or _leans(read, start + 1, split.comma)
        yield Proposal(Draft(kind, asked, told_of(asked), split.begin, end, _SCORE - 0.5), leans=leans)


def _asked_behind(opening: str, lead: str) -> str:
    """``What applies if the key is missing``, ``What applies to binary packages``; empty when nothing fits."""
    if opening in _GROUNDS:
        return f"What follows from the fact that {lead.partition(' ')[2]}"
    if opening in _CONCESSIONS:
        return f"What is true {lead}"
    if opening == "for":
        return f"What applies to {lead[4:]}"
    return f"What applies {lead}" if opening in _CONDITIONS | _SCENES else ""


def _names_something(leading: Sequence[Token]) -> bool:
    """``For binary packages``; not ``In general``, ``For this``, ``In the file``."""
    nouns = [token for token in leading if token.tag in ("word", "quoted", "num")]
    finite = any(token.tag in ("be", "have", "do", "modal") for token in leading)
    return len(nouns) >= 2 and is_free(leading) and not finite and leading[0].lower != "order"


_NO_STATEMENT = frozenset("i we he she this that these those such one so then not any either neither".split())


def _end_of_statement(read: Reading, begin: int) -> int | None:
    """The whole rest: what stops at an "and" would be half of an answer."""
    if parse(read.tokens, begin, read.last) is None and statement_end(read, begin) is None:
        return None
    stops = (place for place in range(begin, read.last) if read.tokens[place].text in {";", ":", "—", "–"})
    return next(stops, read.last)


def _states(read: Reading, start: int, end: int) -> bool:
    """A subject and a finite verb, with nothing in them that only the page explains."""
    clause = parse(read.tokens, start, end)
    if clause is not None:
        return is_free(read.tokens[clause.first : clause.subject_end])
    first = read.tokens[start]
    return first.lower in {"there", "you"} and any(
        token.tag in ("be", "have", "do", "modal") for token in read.tokens[start:end]
    )


def _leans(read: Reading, start: int, end: int) -> bool:
    """``if the key is missing`` leaves open which key; ``because the content of leaf pages is …`` does not."""
    clause = parse(read.tokens, start, end)
    return (
        clause is None or end - start < 6 or is_anaphoric(read.tokens[clause.first : clause.subject_end], read.earlier)
    )


def _linked(read: Reading, start: int) -> Iterator[Proposal]:
    """``A because B``, ``A, so B``, ``A if B``: A as it stands, once A is a statement of its own."""
    parts = read.tokens
    for place in range(start + 4, read.last - 3):
        token = parts[place]
        if token.tag in ("rel", "wh") or (token.tag == "punct" and token.text in {";", ":", "—", "–"}):
            return
        link = _link_at(parts, place) or _reason_at(parts, place, read.last)
        if link is None:
            continue
        before = place - 1 if parts[place - 1].text == "," or parts[place - 1].tag == "conj" else place
        before = before - 1 if parts[before - 1].text == "," else before
        said = _as_told(read, start, before)
        if said is None:
            return
        yield from _asked_about(read, place, link, said)
        return


def _link_at(parts: Sequence[Token], place: int) -> str | None:
    token, following, before = parts[place], parts[place + 1], parts[place - 1]
    if before.lower in {
        "and",
        "only",
        "even",
        "not",
        "just",
        "as",
        "simply",
        "see",
        "check",
        "know",
        "or",
        "especially",
    }:
        return None
    if (token.lower == "because" and following.lower != "of") or (token.lower == "so" and following.lower == "that"):
        return "why"
    if token.lower == "so" and before.text == "," and following.tag in ("det", "word", "quoted"):
        return "result"
    if token.lower in {"if", "unless"} and following.lower not in {"so", "not", "necessary", "possible", "needed"}:
        return "condition"
    if token.lower in {"when", "whenever"} and following.tag in ("det", "word", "quoted", "pron"):
        return "when"
    return None


def _reason_at(parts: Sequence[Token], place: int, last: int) -> str | None:
    """``A, since B``, ``A, as B``: behind a comma and before a statement they give a reason."""
    if parts[place].lower not in {"since", "as"} or parts[place - 1].text != ",":
        return None
    bound = parts[place + 1].lower in {"long", "soon", "well", "far", "if", "though", "such"}
    return "why" if not bound and parse(parts, place + 1, last) is not None else None


def _asked_about(read: Reading, place: int, link: str, said: Subject) -> Iterator[Proposal]:
    if link == "result":
        rest = read.sentence.text[read.tokens[place + 1].start :]
        if not has_clause(rest) or rest.startswith("the result") or "currently" in said.text:
            return
        asked = f"What follows from the fact that {said.text}"
        yield Proposal(Draft("what", asked, told_of(asked), place + 1, read.last, _SCORE), "", said.penalty, said.leans)
        return
    tail = read.tokens[place : read.last]
    if any(first.text == "," and second.tag == "conj" for first, second in pairwise(tail)):
        # What follows the comma may be a statement of its own.
        return
    denied = read.tokens[place].lower == "unless"
    if denied and parse(read.tokens, place + 1, read.last) is None:
        # "unless noted otherwise"
        return
    told = said.text
    if denied and _DENYING.search(told):
        # "A is not B unless C": A is B where C.
        told, counted = _DENIED.subn(r"\1 ", told)
        if counted != 1 or _DENYING.search(told):
            return
        denied = False
    asked = f"{_LINKS['unless' if denied else link]} {told}"
    begin = place + (read.tokens[place].lower == "unless")
    yield Proposal(Draft(link, asked, told_of(asked), begin, read.last, _SCORE + 0.5), "", said.penalty, said.leans)


_DENYING = re.compile(r"\b(?:not|never|no|cannot|nothing|none)\b|n['’]t\b")
_DENIED = re.compile(r"\b(is|are|was|were|can|may|will) not ")
_LINKS = {
    "why": "Why is it that",
    "condition": "Under what condition does it hold that",
    "unless": "Under what condition does it not hold that",
    "when": "When is it that",
}


def _as_told(read: Reading, start: int, end: int) -> Subject | None:
    """The statement as written inside a sentence; None when it is none."""
    clause = parse(read.tokens, start, end)
    if clause is None or clause.subject_end >= end - 1 or any(token.lower == "but" for token in read.tokens[start:end]):
        return None
    subject = subject_phrase(read, clause)
    if subject is None or subject.needs_lead or subject.penalty > 2:
        return None
    rest = read.sentence.text[read.tokens[clause.subject_end].start : read.tokens[end - 1].end]
    joint = "" if read.tokens[clause.subject_end].text == "," else " "
    return subject._replace(text=f"{subject.text}{joint}{rest}")


def told_of(asked: str) -> str:
    return f"State {asked[0].lower()}{asked[1:]}"
