"""One English sentence while its questions are made: its tokens, what came before it, who its subject is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chunksmith.providers.builtin.grammar.clauses import Clause, parse, text_of
from chunksmith.providers.builtin.grammar.finite import subject_is_plural
from chunksmith.providers.builtin.grammar.framing import (
    ORDINALS,
    Vocabulary,
    is_anaphoric,
    is_bare,
    is_free,
    is_partial,
    is_pointing,
    small,
)
from chunksmith.providers.builtin.grammar.neighbours import lacks_subject
from chunksmith.providers.builtin.grammar.passage import Sentence
from chunksmith.providers.builtin.grammar.persons import People
from chunksmith.providers.builtin.grammar.topic import Topic, named
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft, clause_end
from chunksmith.providers.builtin.grammar.words import Token, is_common, is_name, tokens

_DROPPED_OPENINGS = frozenset(
    "however moreover furthermore additionally generally typically usually normally often historically fortunately "
    "thankfully luckily evidently importantly naturally basically essentially ideally traditionally unfortunately "
    "similarly likewise also finally "
    "thus therefore hence consequently and but so still nevertheless nonetheless furthermore sometimes usually "
    "accordingly occasionally".split()
)


class Proposal(NamedTuple):
    """A drafted question. ``lead`` goes before it: ``if the key is missing``.

    ``leans``: a reader needs the heading to know what is meant; ``needs_lead``: without one it may not go out.
    """

    draft: Draft
    lead: str = ""
    penalty: float = 0.0
    leans: bool = False
    needs_lead: bool = False
    doubt: float = 3.2
    """what it costs to lean when there is no heading"""
    statement: bool = False
    """whether the whole statement answers, with a subject that the sentences printed before explain"""


MAX_LINES = 3
MAX_FARTHER = 6


@dataclass(frozen=True, slots=True)
class Antecedent:
    """What ``it`` or ``they`` in the next sentence stands for."""

    phrase: str
    plural: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One sentence while its questions are made."""

    sentence: Sentence
    number: int
    tokens: Sequence[Token]
    last: int
    vocabulary: Vocabulary
    earlier: str
    antecedent: Antecedent | None
    topic: Topic | None = None
    opens_section: bool = False
    previous: str = ""
    before: Sentence | None = None
    """the sentence before in the same paragraph; ``previous`` is its text"""
    lines: tuple["Reading", ...] = ()
    """the sentences before in the same paragraph, at most ``MAX_LINES``, the nearest last"""
    farther: tuple["Reading", ...] = ()
    """the sentences before under the same headings, at most ``MAX_FARTHER``, the nearest last"""
    starts: bool = False
    """whether it is the first of its paragraph"""
    people: People = field(default_factory=People)
    """the persons of the passage"""
    told: bool = False
    """whether the sentences before are printed with the question, so that it may take up what they name"""


def has_clause(text: str) -> bool:
    """Whether the sentence has a subject and a finite verb that are certain, or at least an auxiliary of its own."""
    parts = tokens(text)
    last = last_word(parts)
    if parse(parts, 0, last) is not None:
        return True
    if reading(parts[0].lower, "s") or lacks_subject(parts, 0, last):
        return False
    for place, token in enumerate(parts):
        if token.tag in ("be", "modal", "do", "have") and not any(
            near.tag in ("rel", "sub", "wh") or near.lower == "since" for near in parts[max(0, place - 5) : place]
        ):
            return place > 0
    return False


_STOPS = frozenset(".!?…。")


def last_word(parts: Sequence[Token]) -> int:
    end = len(parts)
    while end and parts[end - 1].text in _STOPS:
        end -= 1
    return end


def next_antecedent(read: Reading) -> Antecedent | None:
    """The subject of this sentence, when the next one may take it up as ``it`` or ``they``."""
    start = past_opening(read)
    clause = parse(read.tokens, start, read.last)
    if clause is None:
        return None
    subject = read.tokens[start : clause.subject_end]
    if subject[0].lower in {"it", "they"}:
        return read.antecedent
    if subject[0].lower in {"this", "the"} and len(subject) == 2:
        thing = named(read.topic, subject[1].lower)
        if thing is not None:
            return Antecedent(thing, False)
    predicate = read.tokens[clause.verb : clause.verb + 9]
    phrase = small(text_of(clause, read.sentence.text, start, clause.subject_end), subject, read.vocabulary, predicate)
    # "a lichen … it": the second mention is the same kind of thing, so the indefinite article stays.
    if len(subject) > 5 or not is_free(subject) or not phrase.sure or any(token.lower == "and" for token in subject):
        return None
    if is_anaphoric(subject, read.earlier) or _tells_of_others(read, clause):
        return None
    return Antecedent(phrase.text, subject_is_plural(subject))


def _tells_of_others(read: Reading, clause: Clause) -> bool:
    """``A is B, so C does D``: the next sentence may take up C as well."""
    place = end = clause_end(clause)
    while place < read.last and (read.tokens[place].text in {",", ";"} or read.tokens[place].tag == "conj"):
        place += 1
    other = parse(read.tokens, place, read.last) if end < place < read.last else None
    if other is None or read.tokens[place].tag == "pron":
        return False
    plural = subject_is_plural(read.tokens[other.first : other.subject_end])
    return plural == subject_is_plural(read.tokens[clause.first : clause.subject_end])


def past_opening(read: Reading) -> int:
    """Past words that only link the sentence to the one before: ``However,``, ``But``, ``Note that``."""
    start = 0
    while start < 4 and start < read.last and read.tokens[start].lower in _DROPPED_OPENINGS:
        start += 1
        if start < read.last and read.tokens[start].text == ",":
            start += 1
    if start + 2 < read.last and read.tokens[start].tag == "adv" and read.tokens[start + 1].text == ",":
        start += 2
    if start < read.last and read.tokens[start].lower == "please":
        start += 1
    if start < read.last:
        for words in _PREAMBLES.get(read.tokens[start].lower, ()):
            if [token.lower for token in read.tokens[start : start + len(words)]] == words:
                return _past_preamble(read, start + len(words))
    return start


def _past_preamble(read: Reading, start: int) -> int:
    """``In any case, remember that``: one preamble may follow another."""
    for words in _PREAMBLES.get(read.tokens[start].lower, ()) if start < read.last else ():
        if [token.lower for token in read.tokens[start : start + len(words)]] == words:
            return start + len(words)
    return start


def _by_first_word(preambles: Sequence[str]) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for preamble in preambles:
        words = preamble.split()
        found.setdefault(words[0], []).append(words)
    return found


_PREAMBLES = _by_first_word(
    (
        "note that", "note also that", "notice that", "remember that", "recall that", "be aware that",
        "keep in mind that", "it is important that", "it should be noted that", "it is important to note that",
        "it is worth noting that", "this means that", "that means that", "this implies that", "it follows that",
        "for example ,", "for instance ,", "of course ,", "in fact ,", "in general ,", "in addition ,", "as a result ,",
        "in other words ,", "bear in mind that", "keep in mind ,", "in particular ,", "in practice ,", "in short ,",
        "by the way ,", "as such ,", "yes ,", "no ,", "i.e .", "i.e . ,",
        "from time to time ,", "from time to time", "every now and then ,", "every now and then",
        "for this reason ,", "for these reasons ,", "in any case ,", "in any case", "in this sense ,", "in this sense",
        "in contrast ,", "by contrast ,",
    )
)  # fmt: skip


VAGUE_NOUNS = frozenset(
    """
    section chapter figure example page document paragraph appendix one ones thing things case cases table text way
    answer list left right following rest difference reason idea problem solution
    """.split()
)


def _small_first(text: str) -> str:
    word = text.split(" ", 1)[0]
    return text if is_name(word) or not is_common(word) else text[0].lower() + text[1:]


class Subject(NamedTuple):
    """As it is written in a question. ``penalty``: what its doubts cost; ``leans``: the heading says which one."""

    text: str
    penalty: float
    leans: bool = False
    needs_lead: bool = False


def subject_phrase(read: Reading, clause: Clause) -> Subject | None:
    subject = read.tokens[clause.first : clause.subject_end]
    text = text_of(clause, read.sentence.text, clause.first, clause.subject_end)
    first = subject[0].lower
    if read.told:
        return _as_it_stands(read, clause, text)
    if first in {"this", "the"} and len(subject) == 2:
        known_thing = named(read.topic, subject[1].lower)
        if known_thing is not None:
            return Subject(known_thing, 0.3)
    if first in {"this", "these"} and len(subject) == 2 and (thing := _mentioned(read, subject[1])):
        return Subject(thing, 1.0)
    if first in {"it", "they"}:
        return _pronoun(read, clause)
    if first in _COUNTED_OFF and not subject_is_plural(subject):
        # "Second argument to a call": which one, the article is to tell.
        return None
    if first in {"he", "she"} and len(subject) == 1 and (person := read.people.meant.get(read.number)):
        return Subject(person.name, 0.5) if person.gender == first else None
    if first == "one" and len(subject) == 1:
        return Subject("one", 0.5) if clause.kind == "modal" else None
    if first in {"he", "she", "this", "these"} or not is_free(subject):
        one_of = first == "one" and len(subject) > 3 and clause.kind == "copula"
        if not one_of:
            # "the second form": the heading says of what.
            ordinal = any(token.lower in ORDINALS for token in subject[:3])
            known = read.topic is not None and (read.topic.code or not ordinal)
            vague = known and len(subject) > 2 and not is_pointing(subject) and subject[-1].lower not in VAGUE_NOUNS
            return Subject(_small_first(text), 1.0, leans=True, needs_lead=True) if vague else None
    predicate = read.tokens[clause.verb : clause.verb + 9]
    opens = clause.first == 0 or read.tokens[clause.first - 1].text == ":"
    phrase = small(text, subject, read.vocabulary, predicate) if opens else None
    if [token.lower for token in subject[:3]] == ["the", "number", "of"] and clause.plural and clause.kind != "modal":
        return None
    if clause.first and subject[0].text[0].isupper() and reading(first, "g"):
        return None
    penalty = 0.0 if phrase is None or phrase.sure else 4.0
    if len(subject) > 8:
        penalty += 1.0
    partial = is_partial(subject)
    leans = is_bare(subject) or partial or is_anaphoric(subject, read.earlier)
    return Subject(phrase.text if phrase else text, penalty, leans, needs_lead=partial)


_COUNTED_OFF = frozenset("first second third fourth fifth next last".split())


def _as_it_stands(read: Reading, clause: Clause, text: str) -> Subject | None:
    """What the sentences before explain may stay as it is: ``it``, ``this rule``, ``the second form``."""
    subject = read.tokens[clause.first : clause.subject_end]
    if subject[0].lower in _UNTOLD or (text.lower() == "it" and is_expletive(clause)):
        return None
    phrase = small(text, subject, read.vocabulary, read.tokens[clause.verb : clause.verb + 9])
    return Subject(phrase.text, 0.0 if phrase.sure else 4.0)


_UNTOLD = frozenset("no i we there here that what which who one".split())
_MODIFIER = r"[A-Za-z`][\w`./-]*"
_PLAIN_MODIFIERS = frozenset("new same first second other given single whole entire last next only".split())


def _mentioned(read: Reading, noun: Token) -> str | None:
    """``this queue`` after ``the DELAYED queue``: the fuller name, when the sentence before has one and only one."""
    if read.number == 0 or noun.tag != "word":
        return None
    pattern = rf"\b(?:[Tt]he|[Aa]n?|[Ee]ach|[Ee]very)((?: {_MODIFIER}){{1,3}}) {re.escape(noun.text)}\b"
    found = list(dict.fromkeys(re.findall(pattern, read.previous)))
    if len(found) != 1 or read.previous.lower().count(noun.lower) > 2:
        return None
    modifiers = tokens(found[0])
    if any(token.tag not in ("word", "quoted") or token.lower in _PLAIN_MODIFIERS for token in modifiers):
        return None
    if any(reading(token.lower, "sd") and not reading(token.lower, "n") for token in modifiers):
        return None
    return f"the{found[0]} {noun.text}"


def _pronoun(read: Reading, clause: Clause) -> Subject | None:
    """``It`` is the subject of the sentence before, or, right below a heading that names one thing, that thing."""
    known, plural = read.antecedent, read.tokens[clause.first].lower == "they"
    if is_expletive(clause) or clause.first != past_opening(read):
        return None
    if known is not None and known.plural == plural:
        return Subject(known.phrase, 1.5)
    topic = read.topic
    if known is not None or plural or topic is None or not topic.code:
        return None
    near = read.opens_section or topic.text.lower() in read.previous.lower()
    return Subject(topic.text, 0.5) if near else None


def is_expletive(clause: Clause) -> bool:
    rest = clause.tokens[clause.main : clause.last]
    if clause.kind == "copula" and len(rest) > 1 and rest[1].lower == "the":
        # "It is the best way to …"
        return False
    if clause.kind == "copula" or clause.base in {"take", "seem", "appear", "turn", "follow", "happen"}:
        return (
            any(token.lower in {"to", "that", "if", "when", "whether", "for"} for token in rest[:7])
            or clause.base != "be"
        )
    links = {"that"} if clause.base in _SERVING else {"that", "to"}
    return clause.kind == "passive" and any(token.lower in links for token in rest[:4])


# "It is used to …": the thing is.
_SERVING = frozenset("use design intend build make set call supply provide write create mean".split())


def takes_up_behind_opening(read: Reading, start: int) -> bool:
    """``For old towers, it is lit by hand``: what is, another sentence tells."""
    parts = read.tokens
    if read.told or parts[start].tag != "prep":
        return False
    begin = next((at for at in range(start + 2, read.last) if parts[at].text == ","), read.last) + 1
    if begin >= read.last or parts[begin].lower not in {"it", "they"}:
        return False
    clause = parse(parts, begin, read.last)
    return clause is not None and not (clause.kind == "copula" and is_expletive(clause))
