"""How the parts of a sentence are written inside a question: capitals, reference, what may not stand alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chunksmith.providers.builtin.grammar.passage import Sentence
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading, readings
from chunksmith.providers.builtin.grammar.words import Token, is_common, is_name, is_plural

_LOWER_WORD = re.compile(r"\b[a-z][a-z'’-]+\b")
_CAPITAL_INSIDE = re.compile(r"(?<=[a-z,;)] )[A-Z][\w'’-]*")
_INDEFINITE = re.compile(r"\b(?:an?|some|one|two|three|several)\s+([a-z-]+(?:\s[a-z-]+)?)")
_VAGUE_HEADS = frozenset(
    """
    result reason answer idea problem difference effect solution approach exception alternative advantage disadvantage
    example case point purpose rest remainder one ones way thing things situation fact process step steps issue issues
    goal aim trick question change changes choice kind type sort part parts side sides number amount rule rules
    behavior behaviour limitation restriction requirement requirements reasons method technique latter former second
    first third last next only other others benefit drawback consequence conclusion note caution warning value values
    name names time place group item items list table section page document text chapter figure argument details
    information line lines code content contents paragraph description output input sentence cause causes factor factors
    """.split()
)
ORDINALS = frozenset(
    "first second third fourth last final next previous current new old same left right middle upper".split()
)
_PAGE_THINGS = frozenset(
    "column row form argument parameter line field item element option entry step case query byte table".split()
)
_CONTEXTUAL_FIRST = frozenset(
    """
    no neither none few nothing any another other both others one such either more less
    """.split()
)


_COMPARING = frozenset(
    """
    additional extra further other subsequent similar later remaining larger smaller bigger newer older shorter longer
    """.split()
)
_QUANTIFIERS = frozenset("most some many several all".split())


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How words are written in this passage away from the beginning of a sentence."""

    lower: frozenset[str] = field(default_factory=frozenset)
    capital: frozenset[str] = field(default_factory=frozenset)
    people: frozenset[str] = field(default_factory=frozenset)
    """the words of the names of persons"""

    @classmethod
    def of(cls, sentences: Sequence[Sentence], people: frozenset[str] = frozenset()) -> "Vocabulary":
        lower: set[str] = set()
        capital: set[str] = set()
        for sentence in sentences:
            lower.update(_LOWER_WORD.findall(sentence.text))
            capital.update(_CAPITAL_INSIDE.findall(sentence.text))
        return cls(frozenset(lower), frozenset(capital - {"I"}), people)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stretch of text ready to stand inside a question. ``sure`` is False when a capital letter is a guess."""

    text: str
    sure: bool = True


# "Fossil is a version control system": what is called such a thing has a name of its own.
_NAMED_THINGS = frozenset(
    """
    company organization organisation city town country state language program project tool system distribution
    library planet river lake mountain island person author engineer physicist chemist king queen emperor god
    character framework database protocol website magazine newspaper university province region district software
    application format standard server editor compiler utility package service agency brand band novel film league
    village
    """.split()
)  # fmt: skip


_CAPITALISED = frozenset(
    """
    british french dutch german english italian spanish swedish danish norwegian finnish russian polish american
    canadian australian chinese japanese indian european african asian arab arabian persian turkish greek roman irish
    scottish welsh swiss austrian belgian portuguese brazilian mexican egyptian israeli jewish christian muslim catholic
    protestant iraqi iranian ukrainian czech hungarian korean vietnamese soviet viking victorian
    germans americans russians italians europeans romans greeks turks danes swedes jews christians muslims catholics
    protestants africans indians australians canadians
    monday tuesday wednesday thursday friday saturday sunday january february april june july september october november
    december easter christmas
    """.split()
)  # fmt: skip


def small(text: str, tokens: Sequence[Token], vocabulary: Vocabulary, predicate: Sequence[Token] = ()) -> Phrase:
    """``text`` that begins a sentence with ``tokens`` as it is written inside one; ``predicate`` is what follows."""
    first = tokens[0]
    if first.tag == "quoted" or is_name(first.text) or not first.text[0].isupper():
        return Phrase(text)
    if first.text in vocabulary.people or first.lower in _CAPITALISED:
        return Phrase(text)
    lowered = first.text[0].lower() + first.text[1:]
    if first.tag != "word":
        return Phrase(lowered + text[len(first.text) :])
    following = tokens[1].text if len(tokens) > 1 else ""
    if following == "version" and len(tokens) > 2 and tokens[2].tag == "num":
        # "Fossil version 2.5"
        return Phrase(text)
    if following[:1].isupper() and not is_name(following) and following.isalpha():
        return Phrase(text)
    if lowered in vocabulary.lower:
        return Phrase(lowered + text[len(first.text) :])
    if len(tokens) > 1 and tokens[1].tag == "det" and reading(first.lower, "g"):
        # "Updating an existing package": a heading may have it with a capital.
        return Phrase(lowered + text[len(first.text) :])
    if first.text in vocabulary.capital:
        return Phrase(text)
    if is_common(first.text):
        return Phrase(lowered + text[len(first.text) :])
    if is_plural(first.text) or (len(tokens) > 1 and tokens[-1].tag == "word" and is_plural(tokens[-1].text)):
        return Phrase(lowered + text[len(first.text) :])
    if (
        len(tokens) == 1
        and len(predicate) > 2
        and predicate[0].tag == "be"
        and predicate[1].lower in {"a", "an", "the"}
    ):
        named = any(token.lower in _NAMED_THINGS for token in predicate[2:7])
        return Phrase(text if named else lowered)
    return Phrase(text, sure=False)


def is_free(subject: Sequence[Token]) -> bool:
    """Whether a subject can be understood without what stands before it."""
    if any(token.lower == "subsequent" for token in subject[:5]):
        return False
    first, last = subject[0], subject[-1]
    if first.lower in _QUANTIFIERS and len(subject) < 3 and (first.lower != "all" or last.tag == "num"):
        return False
    if first.lower in {"each", "every"} and len(subject) < 3:
        return False
    if first.lower in {"all", "both"} and len(subject) > 1 and subject[1].tag == "num":
        return False
    if first.lower in _COMPARING or (len(subject) > 1 and first.tag == "det" and subject[1].lower in _COMPARING):
        return False
    generic = (
        first.lower == "any"
        and len(subject) > 2
        and subject[1].tag in ("word", "quoted")
        and subject[1].lower != "other"
    )
    if (first.lower in _CONTEXTUAL_FIRST and not generic) or first.lower in {"that", "those"}:
        return False
    if first.tag in ("pron", "rel") and first.lower != "you":
        return False
    if any(
        token.lower in {"its", "their", "his", "her", "our", "my", "this", "these", "those", "above", "following"}
        for token in subject
    ):
        return False
    bare = not any(token.tag in ("prep", "rel", "to") for token in subject)
    if (
        bare
        and first.lower == "the"
        and len(subject) > 1
        and subject[1].lower in ORDINALS
        and not last.text[0].isupper()
    ):
        return len(subject) > 3 or last.lower not in _PAGE_THINGS
    numbered = sum(token.lower in ORDINALS for token in subject)
    if bare and numbered > 1 and last.lower.removesuffix("s") in _PAGE_THINGS:
        return False
    if any(token.lower in _DIFFERING for token in subject) and not any(t.lower in {"between", "from"} for t in subject):
        return False
    if last.tag == "num" and 1 < len(subject) <= 3 and subject[-2].lower in _VAGUE_HEADS | {"version", "type"}:
        return False
    if last.lower in {"thing", "things"}:
        return False
    nouns = [token for token in subject if token.tag in ("word", "num", "quoted")]
    if not nouns:
        return False
    if (len(subject) == 2 and first.lower == "the" and last.tag == "quoted") or last.lower in {"right", "left"}:
        return False
    heads = {nouns[-1].lower, last.lower, nouns[-1].lower.removesuffix("s")}
    vague = bool(heads & _VAGUE_HEADS)
    return not (bare and vague and (len(nouns) == 1 or (len(nouns) < 3 and first.lower == "the")))


# Of what, from what? The noun alone does not tell.
_DIFFERING = frozenset("difference differences similarity similarities".split())
_PARTIAL = frozenset(
    """
    stage stages male males female females symptom symptoms treatment diagnosis decision closure election repairs
    effects complications causes survivors remains follow-up surroundings outcome outcomes members inhabitants residents
    """.split()
)


_AMOUNTS = frozenset("value level amount rate degree proportion share".split())


def is_bare(subject: Sequence[Token]) -> bool:
    """``the tokenizer``, ``the default operation``: a definite noun and nothing that tells which."""
    return subject[0].lower == "the" and len(subject) <= 3 and all(token.text[0].islower() for token in subject[1:])


def is_partial(subject: Sequence[Token]) -> bool:
    """``early stages``, ``a normal value``: of something that the heading or the sentence before names."""
    last = subject[-1].lower
    if any(token.tag in ("prep", "rel") for token in subject):
        return False
    return last in _PARTIAL or (last in _AMOUNTS and subject[0].lower in {"a", "an"})


def leans_on_earlier(question: Sequence[Token], earlier: str) -> bool:
    """``the bridge`` after ``the harbour bridge``, ``the captain`` after ``Captain Harlan``, ``the decision``.

    A noun that has never been called anything but ``the tenant`` is a kind of person or thing.
    """
    return any(
        token.lower == "the" and _is_bare(question, place + 1) and _is_taken_up(question[place + 1].lower, earlier)
        for place, token in enumerate(question[:-1])
    )


def _is_bare(question: Sequence[Token], place: int) -> bool:
    """One noun, with neither a name behind it nor anything that says which."""
    token = question[place]
    following = question[place + 1] if place + 1 < len(question) else None
    if token.tag != "word" or not token.text.islower():
        return False
    if following is None or following.tag in (
        "punct",
        "conj",
        "be",
        "have",
        "do",
        "modal",
        "to",
        "sub",
        "adv",
        "pron",
        "det",
    ):
        return True
    if following.tag == "prep":
        return following.lower not in {"of", "for", "between", "from", "in", "with", "about", "against"}
    verb = following.tag == "word" and bool(readings(following.lower))
    turned = place > 1 and question[place - 2].tag in ("be", "have", "do", "modal")
    return verb and (turned or following.lower not in NOUN_LIKE)


def _is_taken_up(noun: str, earlier: str) -> bool:
    if noun in _PARTIAL or noun.endswith(_OF_AN_EVENT):
        return True
    before = re.findall(rf"(\w+) {re.escape(noun)}\b", earlier.lower())
    named = re.search(rf"\b{re.escape(noun.capitalize())} [A-Z]", earlier) is not None
    return named or any(word not in _GENERAL for word in before)


_GENERAL = frozenset("the each every any no of all".split())
_OF_AN_EVENT = ("ision", "losure", "ttack", "rrival", "efeat")


def is_pointing(subject: Sequence[Token]) -> bool:
    """Whether no heading can help: a pronoun or ``this``, ``its``, ``another``."""
    first = subject[0]
    if first.lower in _CONTEXTUAL_FIRST | _COMPARING | _QUANTIFIERS or first.tag in ("pron", "rel"):
        return True
    return any(
        token.lower in {"its", "their", "his", "her", "our", "my", "this", "these", "those", "above", "following"}
        for token in subject
    ) or not any(token.tag in ("word", "quoted") for token in subject)


def is_anaphoric(subject: Sequence[Token], earlier: str) -> bool:
    """``the record`` after ``a record``: the reader has to know which."""
    if len(subject) > 2 and subject[0].lower in _QUANTIFIERS and [t.lower for t in subject[1:3]] == ["of", "the"]:
        return True
    if subject[0].lower != "the" or any(token.tag in ("prep", "rel", "quoted") for token in subject):
        return False
    head = subject[-1].lower
    if len(subject) <= 2:
        return head in earlier.lower()
    return any(head in match[1].split() for match in _INDEFINITE.finditer(earlier.lower()))
