"""Questions on what follows from a condition: ``If A, B``, ``When A, do B``."""

from collections.abc import Iterator
from typing import NamedTuple

from chunksmith.providers.builtin.grammar.clauses import Clause, parse
from chunksmith.providers.builtin.grammar.framing import is_anaphoric, is_free, is_pointing
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, is_expletive
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft, clause_end
from chunksmith.providers.builtin.rules.directives import Directive, directive_at, is_deed, what_to_do
from chunksmith.providers.builtin.rules.predicates import ADVISABLE

_RESULTS = frozenset("will would must may might can cannot could should shall".split())
_ADVISED = frozenset("recommend suggest advise require request".split())
_LOOSE_ENDS = frozenset("any one ones so not either them it".split())
_ASKED_AFTER = frozenset("if when whenever once after before".split())
_OPEN_SUBJECTS = frozenset("another any no more there you one".split())


class Split(NamedTuple):
    """Where an opening ends and what follows it begins; ``clause`` is None when that is an order or cannot be read."""

    comma: int
    begin: int
    clause: Clause | None


def condition_proposals(read: Reading, start: int, split: Split, inner: str) -> Iterator[Proposal]:
    """``inner`` is the condition as written inside a sentence."""
    comma, begin, clause = split
    if read.tokens[comma - 1].lower in _LOOSE_ENDS:
        return
    order = directive_at(read, begin, read.last)
    reduced = _is_reduced(read, start, comma)
    leans = False
    condition = None
    if not reduced:
        condition = parse(read.tokens, start + 1, comma)
        standing = _stands(read, start, comma, condition)
        if standing is None:
            return
        leans = standing
    if order is not None and is_deed(order):
        yield from _to_do(read, order, inner)
    elif order is not None and read.tokens[begin].lower == "you" and read.tokens[begin + 1].tag == "modal":
        end = statement_end(read, begin)
        if end is not None:
            asked = f"What happens {inner}"
            yield Proposal(Draft("condition", asked, f"State {_small(asked)}", begin, end, 6.5), leans=True)
    elif clause is not None and reduced:
        if read.tokens[clause.first].lower == "it" and is_expletive(clause):
            yield from _advice(read, clause, inner, clause_end(clause), True)
    elif clause is not None:
        yield from _following(read, start, condition, clause, inner, leans)
    elif not reduced and read.tokens[start].lower in _ASKED_AFTER:
        yield from _unread(read, begin, inner)


def _is_reduced(read: Reading, start: int, comma: int) -> bool:
    """``When writing to a file,``, ``If in doubt,``: no subject of its own."""
    second = read.tokens[start + 1]
    if second.lower in {"in", "possible", "necessary", "doing", "having", "being"}:
        return True
    return second.tag == "word" and bool(reading(second.lower, "gn")) and not reading(second.lower, "b")


def _stands(read: Reading, start: int, comma: int, condition: Clause | None) -> bool | None:
    """Whether the condition leans on its heading; None when nobody could know what it speaks of."""
    first = read.tokens[start + 1]
    if read.told:
        return False if condition is not None else None
    if first.tag == "pron" and first.lower not in {"you", "there"}:
        return None
    if condition is None:
        finite = any(
            token.tag in ("be", "have", "do", "modal") or reading(token.lower, "s") or reading(token.lower, "d")
            for token in read.tokens[start + 2 : comma]
        )
        opens = first.tag in ("det", "quoted", "word", "num") or first.lower in {"there", "you"}
        return True if finite and opens else None
    subject = read.tokens[condition.first : condition.subject_end]
    if first.lower == "one" and read.tokens[start + 2].tag != "word":
        return None
    if first.lower not in _OPEN_SUBJECTS and not is_free(subject):
        return None if is_pointing(subject) else True
    return is_anaphoric(subject, read.earlier) or first.lower == "you" or comma - start <= 5


def _to_do(read: Reading, order: Directive, inner: str) -> Iterator[Proposal]:
    asked, told = what_to_do(order, inner)
    yield Proposal(Draft("condition", asked, told, order.verb, order_end(read, order), 8.5), leans=True)


def _unread(read: Reading, begin: int, inner: str) -> Iterator[Proposal]:
    """What follows could not be read, but it is one statement to the end of the sentence."""
    first = read.tokens[begin]
    end = statement_end(read, begin)
    if end is None or first.lower in {"no", "any", "either"} | _SPEAKERS:
        return
    if first.tag in ("det", "quoted", "num", "word") or first.lower in {"there", "it", "they"}:
        asked = f"{_opening(read, begin, end)} {inner}"
        yield Proposal(Draft("condition", asked, f"State {_small(asked)}", begin, end, 6.0), leans=True)


_SPEAKERS = frozenset("i we he she you this that these those one such".split())
_STATES = frozenset("is are was were".split())


def statement_end(read: Reading, begin: int) -> int | None:
    """Where the statement from ``begin`` on stops; None when it has no finite verb that can be seen."""
    end = next((place for place in range(begin + 2, read.last) if _breaks(read, place)), read.last)
    if end - begin < 4:
        return None
    if read.tokens[begin].lower in {"it", "they"} and reading(read.tokens[begin + 1].lower, "sbd"):
        return end
    told = read.tokens[begin + 1 : end]
    finite = [place for place, token in enumerate(told) if token.tag in ("be", "have", "do", "modal")]
    if not finite or any(token.tag in ("sub", "wh") for token in told[: finite[0]]):
        return None
    # "the order in which the rows are returned is undefined": one verb for the inner clause, one for the outer.
    inner = sum(token.tag == "rel" for token in told[: finite[0]])
    return end if len(finite) > inner else None


def _breaks(read: Reading, place: int) -> bool:
    token, following = read.tokens[place], read.tokens[place + 1 : place + 2]
    if token.text in {";", ":", "—", "–"} and token.tag == "punct":
        return True
    return token.text == "," and bool(following) and following[0].lower in _AFTERTHOUGHTS


def _opening(read: Reading, begin: int, end: int) -> str:
    """A state is no event: nothing happens when a value is zero."""
    places = [place for place in range(begin + 1, end) if read.tokens[place].tag in ("be", "have", "do", "modal")]
    if not places or any(token.tag == "rel" for token in read.tokens[begin : places[0]]):
        return "What happens" if not places else "What is the consequence"
    participle = any(reading(token.lower, "ng") for token in read.tokens[places[0] + 1 : places[0] + 4])
    state = read.tokens[places[0]].lower in _STATES and not participle
    return "What is the consequence" if state else "What happens"


def order_end(read: Reading, order: Directive) -> int:
    for place in range(order.verb + 1, read.last):
        token = read.tokens[place]
        if (token.tag == "punct" and token.text in {";", "—", "–", ":"}) or (
            token.text == "," and read.tokens[place + 1 : place + 2] and read.tokens[place + 1].lower in _AFTERTHOUGHTS
        ):
            return place
    return read.last


_AFTERTHOUGHTS = frozenset("which because since as although though while whereas so but otherwise where".split())


def _following(
    read: Reading, start: int, condition: Clause | None, clause: Clause, inner: str, leans: bool
) -> Iterator[Proposal]:
    end = clause_end(clause)
    finite, subject = read.tokens[clause.verb].lower, read.tokens[clause.first].lower
    was = condition is not None and (condition.feature == "d" or _is_past(read, condition))
    happens = "What happened" if was and (clause.feature == "d" or _is_past(read, clause)) else "What happens"
    happens = "What would happen" if was and finite == "would" else happens
    own = condition is not None and condition.first <= start + 2
    if subject in {"it", "they"}:
        if is_expletive(clause):
            yield from _advice(read, clause, inner, end, leans)
        elif own:
            asked = f"{'What is the consequence' if clause.kind == 'copula' else happens} {inner}"
            score = 6.0 if clause.kind == "copula" else 7.5
            yield Proposal(Draft("condition", asked, f"State {_small(asked)}", clause.first, end, score), leans=leans)
        return
    if subject == "you" and finite == "will" and not clause.negated:
        asked = f"What happens {inner}"
        yield Proposal(Draft("condition", asked, f"State {_small(asked)}", clause.first, end, 7.5), leans=True)
    begin = clause.main + 1
    if subject == "you" and clause.kind == "lexical" and clause.base in _BEFALLING and read.tokens[begin].tag in _NOUNS:
        asked, told = f"What do you {clause.base} {inner}", f"State what you {clause.base} {inner}"
        yield Proposal(Draft("condition", asked, told, begin, end, 7.5), leans=leans)
    if subject in {"you", "we", "he", "she", "this", "these", "that", "there"}:
        return
    if clause.kind in {"lexical", "passive", "progressive", "perfect"} or (
        clause.kind == "modal" and clause.base != "be" and finite in _RESULTS
    ):
        asked = f"{happens} {inner}"
        yield Proposal(Draft("condition", asked, f"State {_small(asked)}", clause.first, end, 8.5), leans=leans)
    elif not was and read.tokens[start].lower in {"if", "when", "whenever"}:
        asked = f"What is the consequence {inner}"
        yield Proposal(Draft("condition", asked, f"State {_small(asked)}", clause.first, end, 6.5), leans=leans)


_BEFALLING = frozenset("receive get see find lose notice encounter".split())
_NOUNS = ("det", "num", "word", "quoted")


def _advice(read: Reading, clause: Clause, inner: str, end: int, leans: bool) -> Iterator[Proposal]:
    """``it is recommended that …``, ``it is better to …``"""
    place = clause.main + 1
    if clause.kind == "copula" and place + 2 < end and read.tokens[place + 1].tag == "to" and not clause.negated:
        finite, quality = read.tokens[clause.verb].lower, read.tokens[place].lower
        if quality in ADVISABLE:
            asked, told = f"What {finite} it {quality} to do {inner}", f"State what it {finite} {quality} to do {inner}"
            yield Proposal(Draft("condition", asked, told, place + 2, end, 7.5), leans=leans)
    if clause.kind == "passive" and clause.base in _ADVISED:
        finite, done = read.tokens[clause.verb].lower, read.tokens[clause.main].lower
        asked, told = f"What {finite} {done} {inner}", f"State what {finite} {done} {inner}"
        yield Proposal(Draft("condition", asked, told, clause.main + 1, end, 8.0), leans=leans)


def _is_past(read: Reading, clause: Clause) -> bool:
    return read.tokens[clause.verb].lower in {"was", "were", "had", "did"}


def _small(text: str) -> str:
    return text[0].lower() + text[1:]
