"""Reads an English clause, and turns it round for a question.

When two readings are possible there is no clause: a question that was not made costs less than a wrong one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chunksmith.providers.builtin.grammar.finite import (
    MAX_SUBJECT,
    NOMINAL,
    find_finite,
    may_open,
    subject_is_plural,
)
from chunksmith.providers.builtin.grammar.joints import AUXILIARY
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, Form, guess_base, reading, readings
from chunksmith.providers.builtin.grammar.words import Token

_CONTRACTED = ("n't", "n’t")


@dataclass(frozen=True, slots=True)
class Clause:
    """``tokens[first:subject_end]`` is the subject, ``verb`` the finite verb, ``main`` the verb of meaning.

    ``kind``: copula, passive, progressive, perfect, modal, lexical. ``feature``: s, b or d for a lexical verb.
    """

    tokens: Sequence[Token]
    first: int
    subject_end: int
    verb: int
    main: int
    last: int
    kind: str
    base: str
    feature: str = ""
    negated: bool = False

    @property
    def plural(self) -> bool:
        finite = self.tokens[self.verb].lower
        if finite in {"are", "were", "have", "do"} or self.feature == "b":
            return True
        if finite in {"is", "was", "has", "does"} or self.feature == "s":
            return False
        return subject_is_plural(self.tokens[self.first : self.subject_end])


def parse(tokens: Sequence[Token], first: int, last: int) -> Clause | None:
    """The clause of ``tokens[first:last]`` (without its full stop), or None when its structure is not certain."""
    if last - first < 3 or not may_open(tokens, first):
        return None
    found = find_finite(tokens, first, min(last, first + MAX_SUBJECT + 12))
    if found is None:
        return None
    subject_end, verb = found
    if tokens[verb].tag == "word" and (tokens[verb - 1].tag in AUXILIARY or tokens[verb - 1].lower in {"be", "been"}):
        # "that the writer obtained to write must be | held": the finite verb was taken for the inner one.
        return None
    subject = tokens[first:subject_end]
    if subject[-1].tag == "conj" or subject[-1].text.endswith(("'s", "’s")):
        # "The lamp flickered with a hiss and | did not light": the finite verb was passed over.
        return None
    if subject[-1].lower in _UNFINISHED or _opens_elsewhere(subject) or _holds_verb(subject) or _is_overrun(subject):
        return None
    if subject_end - first > MAX_SUBJECT or not any(
        token.tag in (*NOMINAL, "pron") for token in tokens[first:subject_end]
    ):
        return None
    clause = _group(tokens, first, subject_end, verb, last)
    return clause if clause is not None and _tail_is_clear(clause) else None


def parse_from_verb(tokens: Sequence[Token], last: int) -> Clause | None:
    """The clause of a sentence that begins with its finite verb, as the entries of a reference do."""
    clause = _group(tokens, 0, 0, 0, last)
    return clause if clause is not None and _tail_is_clear(clause) else None


# "Paths used by other | builds": a noun must follow.
_UNFINISHED = frozenset("longer such first other various certain".split())


def _opens_elsewhere(subject: Sequence[Token]) -> bool:
    """No subject: ``"A," said B``, ``Four years after A was B``, ``Full and direct access``."""
    if subject[-1].tag == "quoted" and subject[-1].text[-2:-1] == ",":
        return True
    if subject[-1].lower in _NO_HEADS and all(token.tag in ("word", "conj") for token in subject):
        return True
    return any(two.lower in {"after", "before"} and one.lower in _SPANS for one, two in pairwise(subject))


_NO_HEADS = frozenset("direct full empty separate total indirect".split())
_SPANS = frozenset(
    """
    year years month months week weeks day days hour hours minute minutes second seconds decade decades century
    centuries long shortly soon moments
    """.split()
)


def _holds_verb(subject: Sequence[Token]) -> bool:
    """A subject without a relative clause that holds a third person: the finite verb was passed over."""
    run = 0
    for token in subject:
        run = run + 1 if token.tag in ("word", "quoted") else 0
        if run > 6:
            # Printed tables run into the text: nobody says seven nouns in a row.
            return True
    if any(token.tag in ("rel", "sub", "wh") for token in subject):
        return False
    return any(
        token.tag == "word"
        and token.lower not in NOUN_LIKE
        and (form := reading(token.lower, "s")) is not None
        and form.base not in NOUN_LIKE
        for token in subject[1:]
    )


def _is_overrun(subject: Sequence[Token]) -> bool:
    """``it first checks that the lamp`` will not …, ``it's a tool the keeper`` can …: the verb was passed over."""
    if begins_contracted(subject[0]):
        return True
    return subject[0].lower in _PERSONAL and any(token.tag in ("word", "quoted") for token in subject[1:])


def begins_contracted(token: Token) -> bool:
    """``it's``, ``you've``, ``let's``: a pronoun and the finite verb in one."""
    pronoun, _, verb = token.lower.replace("’", "'").partition("'")
    return bool(verb) and pronoun in _PERSONAL | {"you", "that", "there", "let"}


_PERSONAL = frozenset("it they he she we i".split())


def _group(tokens: Sequence[Token], first: int, subject_end: int, verb: int, last: int) -> Clause | None:
    """Reads the verbs from the finite one on."""
    token = tokens[verb]
    negated = token.lower == "cannot" or token.lower.endswith(_CONTRACTED)
    main, adverb_negates = _past_adverbs(tokens, verb + 1, last)
    before = tokens[subject_end:verb]
    negated = negated or adverb_negates or any(part.lower in {"not", "never"} for part in before)
    make = _Maker(tokens, first, subject_end, verb, last, negated)
    if token.tag == "be":
        return _after_be(make, main)
    if main >= last:
        return None if token.tag in AUXILIARY else _lexical(make)
    if token.tag in ("modal", "do"):
        return _after_modal(make, main)
    if token.tag == "have":
        return _after_have(make, main)
    return _lexical(make)


def _past_adverbs(tokens: Sequence[Token], place: int, last: int) -> tuple[int, bool]:
    negated = False
    while place < last and tokens[place].tag == "adv":
        negated = negated or tokens[place].lower in {"not", "never"}
        place += 1
    return place, negated


def _form_at(tokens: Sequence[Token], place: int, last: int, features: str) -> Form | None:
    return reading(tokens[place].lower, features) if place < last and tokens[place].tag == "word" else None


@dataclass(frozen=True, slots=True)
class _Maker:
    tokens: Sequence[Token]
    first: int
    subject_end: int
    verb: int
    last: int
    negated: bool

    def __call__(self, kind: str, main: int, base: str, feature: str = "") -> Clause:
        return Clause(
            self.tokens, self.first, self.subject_end, self.verb, main, self.last, kind, base, feature, self.negated
        )


_ADJECTIVES = frozenset(
    """
    interesting surprising confusing missing existing misleading distracting exciting amusing appalling astounding
    bewildering compelling daunting disappointing embarrassing entertaining exasperating fascinating frightening
    frustrating gratifying humiliating infuriating intimidating irritating overwhelming terrifying
    """.split()
)


_COURSES = frozenset(
    "step way approach goal purpose aim idea method solution task job option alternative exception reason".split()
)


def _after_be(make: _Maker, main: int) -> Clause:
    if participle := _form_at(make.tokens, main, make.last, "n"):
        return make("passive", main, participle.base)
    adjective = main < make.last and make.tokens[main].lower in _ADJECTIVES
    # "The first step is obtaining a lock": the step obtains nothing.
    adjective = adjective or any(token.lower in _COURSES for token in make.tokens[make.first : make.subject_end])
    if not adjective and (gerund := _form_at(make.tokens, main, make.last, "g")):
        return make("progressive", main, gerund.base)
    return make("copula", make.verb, "be")


def _after_modal(make: _Maker, main: int) -> Clause | None:
    word = make.tokens[main].lower
    if word == "be":
        place, _ = _past_adverbs(make.tokens, main + 1, make.last)
        participle = _form_at(make.tokens, place, make.last, "n")
        return make("passive", place, participle.base) if participle else make("modal", main, "be")
    if word == "have":
        place, _ = _past_adverbs(make.tokens, main + 1, make.last)
        perfect = place < make.last and (make.tokens[place].lower in {"been", "had"} or _is_participle(make, place))
        return None if perfect else make("modal", main, "have")
    base = _form_at(make.tokens, main, make.last, "b")
    if base is not None:
        return make("modal", main, base.base)
    if word == "do" and make.tokens[make.verb].tag == "modal" and main + 1 < make.last:
        return make("modal", main, "do")
    # After a modal and before an object any word is a verb, also one that is not in the list.
    unlisted = (
        make.tokens[make.verb].tag == "modal"
        and make.tokens[main].tag == "word"
        and not word.endswith("ly")
        and word not in {"first", "second", "next", "last", "further", "either", "both", "each", "all"}
        and word.isalpha()
        and word.islower()
        and not readings(word)
    )
    return make("modal", main, word) if unlisted and main + 1 < make.last else None


def _is_participle(make: _Maker, place: int) -> bool:
    return _form_at(make.tokens, place, make.last, "n") is not None


def _after_have(make: _Maker, main: int) -> Clause | None:
    following = make.tokens[main]
    if following.lower == "been":
        place, _ = _past_adverbs(make.tokens, main + 1, make.last)
        participle = _form_at(make.tokens, place, make.last, "n")
        if participle is None:
            # "has been around", "has been a program": a state, unless it is "has been doing".
            state = place < make.last and not make.tokens[place].lower.endswith(("ed", "ing"))
            return make("perfect", main, "be") if state else None
        return make("passive", place, participle.base)
    participle = _form_at(make.tokens, main, make.last, "n")
    adjective = main + 1 < make.last and make.tokens[main + 1].tag == "word" and following.lower.endswith("ed")
    if not participle and following.tag == "word" and following.lower.endswith("ed"):
        # "had begged": a participle that is not in the list.
        return None
    if participle and adjective:
        # "has limited support" or "has limited losses": nobody can tell.
        return None
    opens_clause = main + 1 < make.last and make.tokens[main + 1].tag in ("rel", "det", "pron", "quoted")
    if participle and (following.lower not in NOUN_LIKE or opens_clause):
        return make("perfect", main, participle.base)
    if make.negated or main > make.verb + 1:
        return None
    feature = {"has": "s", "had": "d"}.get(make.tokens[make.verb].lower, "b")
    return make("lexical", make.verb, "have", feature)


def _lexical(make: _Maker) -> Clause | None:
    tokens, verb = make.tokens, make.verb
    if tokens[verb].tag == "do":
        return None
    plural = tokens[make.first].lower in {"you", "they"} or subject_is_plural(tokens[make.first : make.subject_end])
    present, past = reading(tokens[verb].lower, "b"), reading(tokens[verb].lower, "d")
    # "they found the hut": the past of find, rather than to found.
    other = present is not None and past is not None and present.base != past.base
    for feature in ("s", "b" if plural and not other else "d", "d"):
        form = reading(tokens[verb].lower, feature)
        if form is not None:
            return make("lexical", verb, form.base, feature)
    if not readings(tokens[verb].lower):
        return make("lexical", verb, guess_base(tokens[verb].lower), "s")
    return None


def _tail_is_clear(clause: Clause) -> bool:
    """No second finite verb without a word that links it: two in a row mean that the first reading was wrong."""
    linked = False
    for token in clause.tokens[clause.main + 1 : clause.last]:
        if (
            token.tag in ("conj", "sub", "rel", "wh")
            or token.text in {",", ";", ":", "—", "–"}
            or token.lower in {"than", "as", "after", "before", "since", "time", "way", "moment", "until", "case"}
        ):
            linked = True
        elif not linked and (token.tag in ("be", "modal") or token.lower in {"has", "does", "had", "did"}):
            return False
    return True


def text_of(clause: Clause, text: str, start: int, end: int) -> str:
    """The clean text of ``tokens[start:end]``."""
    return text[clause.tokens[start].start : clause.tokens[end - 1].end] if start < end else ""


def inverted(clause: Clause, text: str, subject: str, end: int) -> str:
    """``does the kernel store blocks``: auxiliary, subject, the rest up to ``tokens[end]``."""
    finite = clause.tokens[clause.verb]
    adverbs = text_of(clause, text, clause.subject_end, clause.verb)
    if clause.tokens[clause.subject_end].text == ",":
        adverbs = ""
    rest = text_of(clause, text, clause.verb + 1, end)
    if clause.kind == "lexical":
        auxiliary = {"s": "does", "b": "do", "d": "did"}[clause.feature]
        parts = [auxiliary, subject, adverbs, clause.base, rest]
    elif (affirmed := without_denial(finite.lower)) != finite.lower:
        parts = [affirmed, subject, adverbs, "not", rest]
    else:
        parts = [finite.lower, subject, adverbs, rest]
    return " ".join(part for part in parts if part)


def without_denial(finite: str) -> str:
    """``can`` for ``cannot`` and ``can't``, ``does`` for ``doesn't``; any other word as it is."""
    if finite in _DENIED:
        return _DENIED[finite]
    return finite.removesuffix("n't").removesuffix("n’t")


_DENIED = {"cannot": "can", "can't": "can", "can’t": "can", "won't": "will", "won’t": "will"}


def declarative(clause: Clause, text: str, subject: str, end: int) -> str:
    """``the kernel stores blocks``: for instructions (``Explain why the kernel stores blocks``)."""
    after = clause.subject_end
    if clause.tokens[after].text == ",":
        after = clause.verb
    rest = text_of(clause, text, after, end)
    return f"{subject} {rest}"
