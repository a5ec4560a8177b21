"""Questions on any statement whose subject is certain: ``What will a sponsor do?``, ``What can be done with patches?``

They are asked where no other rank gives two questions. The whole predicate answers, or the statement itself; what the
subject leaves open, the heading has to tell.
"""

import re
from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.grammar.clauses import Clause, parse, text_of
from chunksmith.providers.builtin.grammar.finite import subject_is_plural
from chunksmith.providers.builtin.grammar.framing import ORDINALS, is_anaphoric, is_free, is_partial
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, Subject, past_opening, subject_phrase
from chunksmith.providers.builtin.grammar.views import Draft, View, clause_end
from chunksmith.providers.builtin.grammar.words import Token, is_name
from chunksmith.providers.builtin.rules.directives import directive_at
from chunksmith.providers.builtin.rules.frames import drafts
from chunksmith.providers.builtin.rules.predicates import FATES, NO_DEED
from chunksmith.providers.builtin.rules.standing import ELSEWHERE, below_heading, is_closed
from chunksmith.providers.builtin.rules.subjects import any_subjects
from chunksmith.providers.builtin.summary import commands

_SCORE = 5.0
_LEAST_PREDICATE = 4  # tokens
_LEAST_TRUTH = 4  # tokens
_LEAST_TOLD = 3  # words of a subject that needs no heading
_DOUBTFUL = 2.0


def predications(read: Reading) -> Iterator[Proposal]:
    """What the subject does, what is done with it, what is true of it; and who or what does that."""
    if read.sentence.text[-1] != ".":
        return
    for clause in _clauses(read):
        yield from _none(read, clause)
        end = _end(clause)
        named = _named(read, clause) if is_closed(read, clause.first, end) else None
        if named is None:
            continue
        view = View(read.sentence.text, clause, named.text, end)
        for draft in any_subjects(view):
            yield from below_heading(read, draft, False)
        if named.penalty <= _DOUBTFUL:
            leans = named.leans or named.needs_lead or not _tells(clause)
            for draft in _of_predicate(view):
                yield from below_heading(read, draft, leans)


def _none(read: Reading, clause: Clause) -> Iterator[Proposal]:
    """``No program should rely on A``: should any program rely on A?"""
    finite, parts = read.tokens[clause.verb], read.tokens
    whole = clause_end(clause) == clause.last and clause.subject_end == clause.verb and not clause.negated
    if parts[clause.first].lower != "no" or finite.tag not in ("be", "modal", "have") or not whole:
        return
    listed = any(token.text == "," for token in parts[clause.verb : clause.last])
    if clause.kind != "lexical" and not listed and is_closed(read, clause.first, clause.last):
        subject = text_of(clause, read.sentence.text, clause.first + 1, clause.subject_end)
        rest = text_of(clause, read.sentence.text, clause.verb + 1, clause.last)
        asked = f"{finite.lower} any {subject} {rest}"
        told = f"State whether any {subject} {finite.lower} {rest}"
        yield from below_heading(read, Draft("whether", asked, told, clause.first, clause.last, _SCORE), False)


def taken_up_behind(read: Reading) -> Iterator[Proposal]:
    """The same of a subject that the sentences printed before the question explain: what is true of it?"""
    start = past_opening(read)
    # "This is useful": is it the sentence before, or a thing in it? There "this" is read as "it" would be.
    bare = read.tokens[start].text.lower() != read.tokens[start].lower
    if read.tokens[start].lower not in _TAKING_UP or bare or read.sentence.text[-1] != ".":
        return
    clause = parse(read.tokens, start, read.last)
    named = subject_phrase(read, clause) if clause is not None else None
    if clause is None or named is None or named.penalty > _DOUBTFUL:
        return
    view = View(read.sentence.text, clause, _accusative(named.text), clause_end(clause))
    if ELSEWHERE.search(view.text) or view.end - clause.verb < _LEAST_PREDICATE or clause.base in _DEPICTING:
        return
    asked = _asked_of(view)
    yield Proposal(
        Draft("what", asked, f"State {_small(asked)}", clause.first, view.end, _SCORE_BEHIND), statement=True
    )


_TAKING_UP = frozenset("it they this these such".split())
_SCORE_BEHIND = 7.0  # before what a question behind its context costs


def _accusative(subject: str) -> str:
    return "them" if subject == "they" else subject


def _clauses(read: Reading) -> Iterator[Clause]:
    """The statement a sentence begins with, and the one that is joined to it."""
    start = past_opening(read)
    start = _past_label(read, start)
    if read.tokens[start].lower in _COUNTING and start + 2 < read.last:
        start += 2 if read.tokens[start + 1].text == "," else 1
    opened = read.tokens[start].tag in ("prep", "sub", "to", "wh", "rel") or (
        read.tokens[start].tag == "pron" and read.tokens[start].lower not in _ANYONE
    )
    if opened or commands(read.sentence.text) or directive_at(read, start, read.last) is not None:
        return
    clause = parse(read.tokens, start, read.last)
    if clause is None:
        return
    yield clause
    place = end = clause_end(clause)
    while place < read.last and (read.tokens[place].text in {",", ";"} or read.tokens[place].lower in _JOINING):
        place += 1
    if end < place < read.last and read.tokens[place].tag not in ("pron", "prep", "sub"):
        joined = parse(read.tokens, place, read.last)
        if joined is not None:
            yield joined


def _past_label(read: Reading, start: int) -> int:
    """Past ``CASCADE:`` before a statement that begins with a capital letter."""
    for place in range(start + 1, min(start + _LONGEST_LABEL + 1, read.last - 3)):
        if read.tokens[place].text == ":":
            label = {token.lower for token in read.tokens[start:place]}
            told = read.tokens[place + 1].text[0].isupper() and not label & _NO_LABEL
            return place + 1 if told else start
        if read.tokens[place].tag not in ("word", "quoted", "conj"):
            break
    return start


_LONGEST_LABEL = 4  # tokens
_NO_LABEL = frozenset("example note answer question warning".split())


def _end(clause: Clause) -> int:
    """Before ``and if …`` and ``, whose …``; without a word at the end that only links it: ``, therefore``."""
    parts, end = clause.tokens, clause_end(clause)
    stops = (at for at in range(clause.main + 1, end - 1) if _opens_remark(parts[at], parts[at + 1]))
    end = next(stops, end)
    linking = parts[end - 1].tag == "adv" and parts[end - 2].text == ","
    return end - 2 if linking else end - (parts[end - 1].text == ",")


def _opens_remark(token: Token, following: Token) -> bool:
    return (token.tag == "conj" and following.tag == "sub") or (token.text == "," and following.lower in _REMARKS)


_REMARKS = frozenset("whose including such".split())
_JOINING = frozenset("and but so".split())
_COUNTING = frozenset("then first next finally firstly secondly lastly".split())
_ANYONE = frozenset("anyone anybody everyone everybody".split())


def under_heading(read: Reading) -> Iterator[Proposal]:
    """The questions of the first rank on a subject of which only the heading tells: ``each record``, ``some files``."""
    for clause in _clauses(read):
        subject = _subject(clause)
        if subject[0].lower == "no" or read.tokens[clause.first].tag == "pron":
            continue
        counted = subject[0].lower in _COUNTED and subject_is_plural(subject) and len(subject) <= _SHORT
        # "A query sees A": any query.
        counted = counted or (subject[0].lower in {"a", "an"} and clause.feature == "s" and len(subject) <= _SHORT)
        named = _named(read, clause)
        if named is None and counted:
            named = Subject(_small(text_of(clause, read.sentence.text, clause.first, clause.subject_end)), 0.0)
        if named is not None and is_closed(read, clause.first, clause_end(clause)):
            view = View(read.sentence.text, clause, named.text, clause_end(clause))
            for draft in drafts(view):
                yield Proposal(draft, leans=True, needs_lead=True)


_COUNTED = frozenset("some many most all several".split())
_SHORT = 4  # tokens


def _named(read: Reading, clause: Clause) -> Subject | None:
    """A subject that says, alone or behind the heading, what is spoken of."""
    subject = _subject(clause)
    if subject[0].tag == "num" or any(_CONTRACTED.search(token.text) for token in subject):
        return None
    if subject[0].lower in _VAGUE or any(token.lower in _EMPTY for token in _head(subject)):
        return None
    head = _head(subject)
    if len(head) == len(subject) and any(token.lower in _COUNTED_OFF for token in head):
        return None
    nouns = [token for token in subject if token.tag in ("word", "quoted", "num")]
    if subject[0].lower in {"a", "an"} and len(nouns) < 2:
        # "A package is removed to …": some package, in a case that the page tells of.
        return None
    if subject[0].lower in {"all", "most"} and not subject_is_plural(subject):
        # "all bug | reports": the finite verb is still to come.
        return None
    text = text_of(clause, read.sentence.text, clause.first, clause.subject_end)
    if not is_free(subject):
        anyone = subject[0].lower in _ANYONE and len(subject) > 2
        return Subject(_small(text), 0.5, leans=not anyone) if anyone or _is_told_by_heading(subject) else None
    named = subject_phrase(read, clause)
    if named is None:
        return None
    own = any(token.tag != "num" and is_name(token.text) for token in subject[1:])
    leans = (named.leans and not own) or is_anaphoric(subject, read.earlier) or is_partial(subject)
    written = _small(named.text) if subject[0].tag == "det" else named.text
    return named._replace(text=written, leans=leans)


# "You'll", "it's": a verb of its own.
_CONTRACTED = re.compile(r"['’](?:ll|re|ve|d)\Z|\A(?:it|that|there|he|she|what|who|let)['’]s\Z", re.I)


def _head(subject: Sequence[Token]) -> Sequence[Token]:
    """The noun and what stands before it."""
    end = next((at for at, token in enumerate(subject) if at and token.tag in ("prep", "rel", "to")), len(subject))
    return subject[:end]


def _is_told_by_heading(subject: Sequence[Token]) -> bool:
    """``the package description``, ``each doclist``: the heading tells of which package, and where."""
    plain = all(token.tag == "word" and token.lower not in ORDINALS for token in subject[1:])
    first = subject[0].lower
    return plain and ((first == "the" and len(subject) > 2) or (first in {"each", "every"} and len(subject) == 2))


_COUNTED_OFF = frozenset("first second third fourth last next previous".split())
_VAGUE = frozenset("having some many other another others few several part one".split())
_EMPTY = frozenset(
    """
    more less same similar thing things kind kinds step steps diagram figure area line lines reason important different
    section chapter document page way ways case cases problem alternative approach solution option idea question
    """.split()
)


def _tells(clause: Clause) -> bool:
    """So much that few things are meant."""
    told = [token for token in _subject(clause) if token.tag in ("word", "quoted", "num") or token.lower in _ANYONE]
    return len(told) + sum(is_name(token.text) for token in told if token.tag != "num") >= _LEAST_TOLD


def _subject(clause: Clause) -> Sequence[Token]:
    return clause.tokens[clause.first : clause.subject_end]


def _of_predicate(view: View) -> Iterator[Draft]:
    clause = view.clause
    fate = clause.kind == "passive" and clause.base in FATES
    least = _LEAST_PREDICATE - fate - 2 * (view.end < clause.last or clause.subject_end - clause.first > 6)
    if view.end - clause.verb < least or _is_bare(view) or view.tokens[clause.verb].lower in _SUPPOSED:
        return
    deed = _deed(view)
    if deed is not None:
        yield deed
        return
    if clause.base in _DEPICTING or view.tokens[view.end - 1].tag == "pron" or _is_cut(view):
        return
    asked = _asked_of(view)
    plain = clause.subject_end - clause.first < _LEAST_TOLD and view.end - clause.verb < _LEAST_TRUTH
    if plain and asked.startswith("What is true of"):
        # "What is true of brass lamps? Brass lamps are heavy": one of many things.
        return
    yield Draft("what", asked, f"State {_small(asked)}", clause.first, view.end, _SCORE - 0.5)


# What would be so, if …
_SUPPOSED = frozenset("would could".split())
# What a figure shows.
_DEPICTING = frozenset("represent show depict illustrate signify denote mean".split())


def _is_cut(view: View) -> bool:
    """``is stored as is, as a varint``: what is left out belongs to the statement."""
    if [token.lower for token in view.tokens[view.end : view.end + 2]] == [",", "as"]:
        return True
    told = [token.lower for token in view.tokens[view.clause.verb : view.end]]
    return ["not", "only"] in (told[at : at + 2] for at in range(len(told)))


def _is_bare(view: View) -> bool:
    """``What does SQLite do?`` fits all of the document, ``the key`` only its page knows."""
    subject = _subject(view.clause)
    nouns = [token for token in subject if token.tag in ("word", "quoted", "num")]
    if len(subject) == 2 and subject[0].lower == "the":
        return True
    return len(nouns) == 1 and (is_name(nouns[0].text) or nouns[0].tag == "quoted" or view.subject[0].isupper())


def _deed(view: View) -> Draft | None:
    """What the subject does, or what it must, can or will do."""
    clause, subject = view.clause, view.subject
    if clause.base in NO_DEED | _STATES | _DEPICTING or clause.negated or _is_cut(view):
        return None
    if clause.kind == "lexical":
        auxiliary = {"s": "does", "b": "do", "d": "did"}[clause.feature]
        start = clause.verb
    elif clause.kind == "modal" and view.tokens[clause.verb].tag == "modal":
        auxiliary, start = view.tokens[clause.verb].lower, clause.main
    else:
        return None
    told = f"State what {subject} {auxiliary} do" if clause.kind == "modal" else f"State what {subject} {auxiliary}"
    return Draft("what", f"What {auxiliary} {subject} do", told, start, view.end, _SCORE)


_STATES = frozenset("exist remain stay become seem appear belong depend conform occur happen evaluate arise".split())


def _asked_of(view: View) -> str:
    clause, subject = view.clause, view.subject
    finite = view.tokens[clause.verb].lower
    if finite in {"must", "shall"} and not clause.negated:
        return f"What is required of {subject}"
    if finite == "should" and not clause.negated:
        return f"What should be {'done with' if clause.kind == 'passive' else 'true of'} {subject}"
    if clause.kind == "passive" and finite in {"can", "may"} and not clause.negated:
        return f"What {finite} be done with {subject}"
    if clause.kind == "passive" and clause.base in FATES and not clause.negated:
        if finite in {"is", "are"}:
            return f"What happens to {subject}"
        if finite == "will":
            return f"What will happen to {subject}"
    return f"What is true of {subject}"


def _small(text: str) -> str:
    return text[0].lower() + text[1:]
