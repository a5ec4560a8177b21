"""Questions on what stands behind an adjunct: ``If A, B`` → what applies if A?

The adjunct is taken over as it stands, of any length and with commas of its own, and the statement behind it answers.
They reach sentences whose statement could not be read, and are asked where little else is left.
"""

from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.grammar.clauses import Clause, parse
from chunksmith.providers.builtin.grammar.dates import dated_until
from chunksmith.providers.builtin.grammar.finite import subject_is_plural
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, is_expletive, past_opening, subject_phrase
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft
from chunksmith.providers.builtin.grammar.words import Token
from chunksmith.providers.builtin.rules.adjuncts import (
    CLAUSAL,
    SHORTEST,
    Opened,
    is_known,
    names_scene,
    opened_at,
    pronoun_of,
    sort_of,
)
from chunksmith.providers.builtin.rules.directives import Directive, directive_at, is_deed, what_to_do
from chunksmith.providers.builtin.rules.openings import clause_proposals, lead_text
from chunksmith.providers.builtin.rules.standing import free_to
from chunksmith.providers.builtin.rules.subjects import names_person
from chunksmith.providers.builtin.rules.unturned import told_of

_SCORE = 6.0


def adjunct_questions(read: Reading) -> Iterator[Proposal]:
    """What applies, happens or is to be done behind the adjunct that a sentence begins with."""
    start = past_opening(read)
    label = _past_label(read, start)
    if label > start and read.tokens[label].tag != "sub":
        clause = parse(read.tokens, label, read.last)
        if clause is not None:
            yield from clause_proposals(read, clause)
        return
    start = label
    while start < read.last and read.tokens[start].lower in _LINKS:
        start += 1 + (read.tokens[start + 1].text == ",")
    if read.last - start < 7 or read.sentence.text[-1] != ".":
        return
    yield from _from(read, start, "")


def _past_label(read: Reading, start: int) -> int:
    """``Longer answer: If A, B``"""
    labels = (place for place in range(start + 1, min(start + 5, read.last - 1)) if read.tokens[place].text == ":")
    label = next(labels, None)
    states = label is not None and (read.tokens[label + 1].tag == "sub" or read.tokens[label + 1].text[0].isupper())
    return label + 1 if label is not None and states else start


def _from(read: Reading, start: int, outer: str) -> Iterator[Proposal]:
    """``outer``: an adjunct before this one, ``As a translator``, which goes before the question."""
    nested = _nested(read, start) if not outer else 0
    if nested:
        yield from _from(read, nested, lead_text(read, start, nested - 1))
        return
    opened = opened_at(read, start)
    if opened is None:
        return
    for proposal in _asked_behind(read, opened):
        yield proposal._replace(lead=outer or proposal.lead)


def _nested(read: Reading, start: int) -> int:
    """Where the condition of ``As a translator, if A, B`` begins; 0 when there is none."""
    sort = sort_of(read, start)
    if sort not in {"role", "scene"}:
        return 0
    commas = (place for place in range(start + 2, min(start + 16, read.last - 6)) if read.tokens[place].text == ",")
    comma = next(commas, 0)
    if not comma or read.tokens[comma + 1].lower not in {"if", "when"}:
        return 0
    named = sort == "role" or names_scene(read.tokens[start:comma])
    return comma + 1 if named else 0


def _asked_behind(read: Reading, opened: Opened) -> Iterator[Proposal]:
    start = opened.start
    leans = not is_known(read, opened)
    lead = lead_text(read, start, opened.comma)
    order = _order(read, opened)
    if opened.sort == "role":
        clause = parse(read.tokens, opened.begin, read.last)
        yield from _owned(read, opened, lead)
        if clause is not None and read.tokens[clause.first].tag != "pron":
            yield from clause_proposals(read, clause, lead)
    elif order is not None and is_deed(order):
        if opened.sort in _FOR_ORDERS:
            asked, told = what_to_do(order, lead)
            yield Proposal(Draft("condition", asked, told, order.verb, opened.end, _SCORE + 0.5), leans=leans)
    elif place := free_to(read, opened.begin):
        asked, told = f"What may you do {lead}", f"State what you may do {lead}"
        yield Proposal(Draft("condition", asked, told, place, _before_so(read, place, opened.end), _SCORE), leans=leans)
    elif opened.sort in _FOR_ORDERS and (deed := deed_of_reader(read, opened.begin, opened.end, lead, _SCORE + 0.4)):
        yield Proposal(deed, leans=leans)
    else:
        yield from _told(read, opened, lead, leans)


def _owned(read: Reading, opened: Opened, lead: str) -> Iterator[Proposal]:
    """``As the keeper of the tower, you have the duty to do B``: what duty do you have?"""
    told = read.tokens[opened.begin : opened.begin + 5]
    if [token.lower for token in told[:3]] == ["you", "have", "the"] and told[-1].tag == "to" and len(told) == 5:
        asked = f"What {told[3].text} do you have"
        yield Proposal(Draft("what", asked, told_of(asked), opened.begin + 4, opened.end, _SCORE), lead)


def _before_so(read: Reading, start: int, end: int) -> int:
    parts = read.tokens
    commas = (at for at in range(start, end - 1) if parts[at].text == "," and parts[at + 1].lower == "so")
    return next(commas, end)


_LINKS = frozenset("or again then firstly secondly".split())
_FOR_ORDERS = frozenset({"occasion", "purpose", "scene"})


def deed_of_reader(read: Reading, begin: int, end: int, lead: str, score: float) -> Draft | None:
    """``you might want to do B``: what might you want to do?"""
    parts, finite = read.tokens, begin + 1
    verb = finite + 1
    while verb < end and parts[verb].tag == "adv":
        verb += 1
    modal, wish = parts[finite].lower, ""
    if parts[begin].lower != "you" or modal not in _MODALS or not reading(parts[verb].lower, "b"):
        return None
    if parts[verb].lower in {"want", "need", "wish"} and parts[verb + 1].tag == "to":
        wish, verb = f"{parts[verb].lower} to ", verb + 2
    if end - verb < SHORTEST - 1 or parts[verb].lower in _BEFALLS:
        return None
    asked, told = f"What {modal} you {wish}do {lead}", f"State what you {modal} {wish}do {lead}"
    return Draft("condition", asked, told, verb, end, score)


# Nobody does them on purpose.
_BEFALLS = frozenset("get see have find receive notice".split())
_MODALS = frozenset("can may might must should could".split())


def _told(read: Reading, opened: Opened, lead: str, leans: bool) -> Iterator[Proposal]:
    begin = opened.begin
    meaning = _meaning(read, begin)
    if meaning:
        pronoun = read.tokens[begin].lower
        said = "it" if opened.sort == "occasion" and pronoun == "that" else pronoun
        if opened.sort in {"occasion", "scene"}:
            asked = f"What does {said} mean {lead}"
            leans = leans or opened.sort == "scene"
            yield Proposal(Draft("what", asked, told_of(asked), meaning, opened.end, _SCORE + 0.4), leans=leans)
        return
    if opened.end - begin < SHORTEST or not _follows(read, opened):
        return
    able = _able(read, opened, lead) if opened.sort in {"scene", "means", "substitute"} else None
    if able is not None:
        yield Proposal(able, leans=leans)
        return
    asked = _asked(read, opened, lead)
    if asked:
        kind = "what" if read.tokens[begin].tag == "sub" else "condition"
        yield Proposal(Draft(kind, asked, told_of(asked), begin, opened.end, _SCORE), leans=leans)


def _follows(read: Reading, opened: Opened) -> bool:
    """It is no order that could not be read, and what ``it`` is in it, the adjunct tells."""
    parts, first = read.tokens, read.tokens[opened.begin]
    clause = parse(parts, opened.begin, opened.end)
    pronoun = pronoun_of(first)
    if pronoun == "we":
        near = parts[opened.begin + 1 : opened.begin + 4]
        return opened.sort == "occasion" and any(token.lower in _ABLE for token in near)
    if first.lower in _SPEAKERS or (clause is None and first.tag == "word" and reading(first.lower, "b")):
        return False
    impersonal = (clause is not None and is_expletive(clause)) or _is_impersonal(parts, opened.begin)
    if pronoun in {"it", "they"} and not impersonal:
        told = parse(parts, opened.start + 1, opened.comma) if opened.sort in CLAUSAL else None
        if told is None or parts[told.first].tag == "pron":
            return False
        subject = parts[told.first : told.subject_end]
        return names_person(subject) or subject_is_plural(subject) == (pronoun == "they")
    if first.lower == "that":
        # "When an index is …, that index can be …"
        return any(token.lower == parts[opened.begin + 1].lower for token in parts[opened.start + 1 : opened.comma])
    if pronoun == "you" and opened.sort == "ground":
        return pronoun != first.lower or parts[opened.begin + 1].tag == "modal"
    return opened.sort in CLAUSAL or pronoun not in {"you", "there"}


def _is_impersonal(parts: Sequence[Token], begin: int) -> bool:
    """``it has become necessary to``, ``it would be better to``"""
    near = [token.lower for token in parts[begin + 1 : begin + 12]]
    linking = any(word in {"be", "become", "is", "happen"} for word in near[:3])
    linking = linking or parts[begin].lower in {"it's", "it’s"}
    return pronoun_of(parts[begin]) == "it" and linking and any(word in {"to", "that", "if"} for word in near)


_ABLE = frozenset("can may must need".split())
_SPEAKERS = frozenset("let let's let’s i he she such one so not any either neither this these those".split())


def _able(read: Reading, opened: Opened, lead: str) -> Draft | None:
    """``With the hints, the team can do B``: what can the team do with the hints?"""
    clause = parse(read.tokens, opened.begin, opened.end)
    if clause is None or clause.kind != "modal" or clause.negated or clause.base in {"be", *_STATES}:
        return None
    subject, finite = subject_phrase(read, clause), read.tokens[clause.verb].lower
    if subject is None or subject.penalty > 2 or clause.main != clause.verb + 1 or finite not in _MODALS:
        return None
    asked, told = f"What {finite} {subject.text} do {lead}", f"State what {subject.text} {finite} do {lead}"
    return Draft("what", asked, told, clause.main, opened.end, _SCORE + 0.3)


def _asked(read: Reading, opened: Opened, lead: str) -> str:
    inner = lead.partition(" ")[2]
    if opened.sort == "ground":
        return f"What follows from the fact that {_without(lead, 'given that', 'now that')}"
    if opened.sort == "contrast":
        return f"What is true although {inner}" if lead.startswith("while ") else f"What is true {lead}"
    if opened.sort == "means":
        return f"What is the effect of {inner}" if lead.startswith("by ") else f"What happens when {lead}"
    clause = parse(read.tokens, opened.begin, opened.end)
    if opened.sort == "purpose":
        if clause is None or clause.kind == "copula":
            return ""
        finite = read.tokens[clause.verb].lower
        return f"What {finite} be done {lead}" if clause.kind == "modal" else f"What is done {lead}"
    if opened.sort == "substitute":
        return (
            f"What is done {lead}"
            if _is_done(read, opened, clause)
            else f"What happens {lead}"
            if _is_event(clause)
            else ""
        )
    if opened.sort == "scene" and dated_until(read.tokens, opened.start) == opened.comma:
        past = clause is not None and (clause.feature == "d" or read.tokens[clause.verb].lower in {"was", "were"})
        return f"What happened {lead}" if past and _is_event(clause) else ""
    if opened.sort == "scene":
        return f"What applies to {inner}" if lead.startswith("for ") else f"What applies {lead}"
    return f"{_happening(read, clause)} {lead}"


def _is_done(read: Reading, opened: Opened, clause: Clause | None) -> bool:
    """The statement is in the passive, as far as can be seen."""
    if clause is not None and clause.kind == "passive":
        return True
    parts = read.tokens
    verbs = (place for place in range(opened.begin, opened.end - 3) if parts[place].tag == "be")
    verb = next(verbs, opened.end)
    return any(token.tag == "word" and reading(token.lower, "n") for token in parts[verb + 1 : verb + 3])


def _without(lead: str, *openings: str) -> str:
    opening = next((one for one in openings if lead.startswith(one)), lead.partition(" ")[0])
    return lead.removeprefix(opening).strip()


def _happening(read: Reading, clause: Clause | None) -> str:
    """An event happens, a state applies."""
    if clause is None or read.tokens[clause.first].lower in {"you", "there"} or not _is_event(clause):
        return "What applies"
    finite = read.tokens[clause.verb].lower
    return f"What {finite} happen" if finite in _CHANCES else "What happens"


_CHANCES = frozenset("may might could".split())


def _is_event(clause: Clause | None) -> bool:
    if clause is None or clause.kind == "copula" or clause.base in _STATES:
        return False
    return clause.kind != "modal" or clause.tokens[clause.verb].lower in _CHANCES | {"will", "would"}


_STATES = frozenset("be have need require remain contain want mean include consist depend exist".split())


def _meaning(read: Reading, begin: int) -> int:
    """Where C begins in ``that means C``, ``it means that C``; 0 when it says something else."""
    parts = read.tokens
    if parts[begin].lower not in {"that", "this", "it"} or parts[begin + 1].lower not in {"means", "implies"}:
        return 0
    return begin + 2 + (parts[begin + 2].lower == "that")


def _order(read: Reading, opened: Opened) -> Directive | None:
    order = directive_at(read, opened.begin, opened.end)
    if order is not None:
        return order
    first = read.tokens[opened.begin]
    bare = first.tag == "word" and first.text.islower() and reading(first.lower, "b")
    told = read.tokens[opened.start + 1].lower == "you" and opened.sort == "occasion"
    return Directive(read, opened.begin, opened.end, "should") if bare and told else None
