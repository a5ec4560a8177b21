"""What of a sentence may be blanked out: names, numbers and terms, in the scripts and languages that are known."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.passage import Sentence
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading, readings
from chunksmith.providers.builtin.grammar.views import YEAR
from chunksmith.providers.builtin.grammar.words import MONTHS, Token, is_common, is_name, is_plural, tokens
from chunksmith.providers.builtin.languages import WIDE, function_words

_NUMBER = re.compile(r"(?:(?<=\s)|(?<=\()|\A)\d(?:[\d.,]*\d)?(?=[\s,;:.)](?!\d)|%|\Z)")
_NUMBERED = re.compile(r"(?:versions?|sections?|lines?|steps?|chapters?|pages?|parts?|figures?|tables?) $", re.I)
_COUNTED = re.compile(r"%?\s+(?:[a-z]+\s)?([a-z]+)")
_LATIN_TERM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{2,}[A-Za-z0-9]")
# Printed lines are broken inside of words: a run that goes on behind a space is not whole.
_KATAKANA = re.compile(r"(?<![\u30a1-\u30fc])(?<![\u30a1-\u30fc]\s)[\u30a1-\u30fa\u30fc]{3,}+(?!\s?[\u30a1-\u30fc])")
_KANJI = re.compile(r"[\u4e00-\u9fff]{2,4}")
_QUOTED = re.compile(r"[「『《“]([^「」『』《》“”]{2,12})[」』》”]")
_WORD = re.compile(r"[^\W\d_][\w’'-]*[^\W_]")
WEIGHTS = {"number": 3.0, "name": 2.5, "term": 2.0, "code": 1.8}
_ORDINARY = frozenset(
    """
    thing things way ways example examples case cases part parts kind time times people number order result results
    reason fact place point something anything everything first second last other another more most many much higher
    year years day days month months week weeks hour hours minute minutes while
    step argument entry upload package lot bit sense deal
    complex difficult simple easy full lower larger smaller better later earlier elsewhere manner usual same aware
    """.split()
)


class Gap(NamedTuple):
    start: int
    end: int
    weight: float


def words_of(sentences: Sequence[Sentence], language: str) -> Iterator[str]:
    pattern = _KANJI if language in WIDE else _WORD
    for sentence in sentences:
        yield from (match[0].lower() for match in pattern.finditer(sentence.text))


def gaps_of(sentence: Sentence, language: str, counts: Counter[str]) -> Iterator[Gap]:
    text = sentence.text
    for match in _NUMBER.finditer(text):
        if text[: match.start()].endswith("(") or _NUMBERED.search(text[: match.start()]):
            continue
        # "reportbug 1", "process 1230": a label, not a quantity.
        counted = _COUNTED.match(text, match.end())
        quantity = "." in match[0] or YEAR.match(match[0]) or (counted is not None and is_plural(counted[1]))
        if language == "en" and not quantity:
            continue
        yield Gap(match.start(), match.end(), WEIGHTS["number"])
    if language in WIDE:
        yield from _wide_gaps(text, counts)
    elif language == "en":
        yield from _english_gaps(text, counts)
    else:
        yield from _foreign_gaps(text, language, counts)


def _wide_gaps(text: str, counts: Counter[str]) -> Iterator[Gap]:
    for match in _QUOTED.finditer(text):
        yield Gap(match.start(1), match.end(1), WEIGHTS["name"])
    for pattern, weight in ((_KATAKANA, 2.4), (_LATIN_TERM, 2.3)):
        for match in pattern.finditer(text):
            yield Gap(match.start(), match.end(), weight)
    for match in _KANJI.finditer(text):
        # Inside a longer run the pattern would cut a word in two.
        edges = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        if counts[match[0]] >= 2 and not _KANJI.search(edges * 2):
            yield Gap(match.start(), match.end(), 1.5 + 0.1 * min(counts[match[0]], 5))


def _english_gaps(text: str, counts: Counter[str]) -> Iterator[Gap]:
    parts = tokens(text)
    for place, token in enumerate(parts):
        if token.tag == "quoted" and token.text[0] == "`" and place and re.fullmatch(r"`[\w./-]{3,30}`", token.text):
            yield Gap(token.start + 1, token.end - 1, WEIGHTS["code"])
        if (
            token.tag != "word"
            or len(token.text) < 4
            or token.text.endswith(("'s", "’s"))
            or not token.text[-1].isalnum()
            or token.lower in _ORDINARY
        ):
            continue
        following = parts[place + 1] if place + 1 < len(parts) else None
        if token.text[0].isupper() and place and token.lower not in MONTHS:
            beyond = (
                parts[place + 2] if place + 2 < len(parts) and parts[place + 1].tag in ("to", "conj", "prep") else None
            )
            # "Intent to Salvage" is one name.
            whole = not any(near is not None and near.text[:1].isupper() for near in (following, beyond))
            first = not parts[place - 1].text[:1].isupper()
            # "Direct" may be the beginning of a title.
            named = is_name(token.text) or not is_common(token.text)
            if whole and first and named:
                yield Gap(token.start, token.end, WEIGHTS["name"])
        elif (
            place > (2 if parts[0].lower == "the" else 1)
            and counts[token.lower] > 1
            and parts[place - 1].tag != "adv"
            and _fills(parts, place)
            and following is not None
            and (following.tag in ("punct", "prep", "be"))
        ):
            yield Gap(token.start, token.end, WEIGHTS["term"] + 0.1 * min(counts[token.lower], 4) - 0.5)


def compound_gaps(text: str, counts: Counter[str]) -> Iterator[Gap]:
    """``source code``, ``foreign key constraint``: the last word of a term, where the sentence goes on or ends."""
    parts = tokens(text)
    for place in range(2, len(parts) - 1):
        token, before, following = parts[place], parts[place - 1], parts[place + 1]
        if token.tag != "word" or not (token.text.islower() and token.text.isalpha()) or len(token.text) < 5:
            continue
        if token.lower in _ORDINARY or not _heads(parts, place) or following.tag in ("word", "quoted", "num", "adv"):
            continue
        attached = before.lower.endswith("ing") and parts[place - 2].tag == "det"
        if before.tag not in ("word", "quoted") or before.lower in _ORDINARY | _LOOSE:
            continue
        if _is_verb(before.lower) and not attached:
            continue
        yield Gap(token.start, token.end, 1.0 + 0.3 * min(counts[token.lower], 3) + 0.05 * min(len(token.text), 10))


def noun_gaps(text: str, counts: Counter[str]) -> Iterator[Gap]:
    """Names of several words, and any noun at the end of its phrase: where nothing better is left."""
    parts = tokens(text)
    clause = parse(parts, 0, len(parts) - 1)
    subject = clause.subject_end - 1 if clause is not None else -1
    for place, token in enumerate(parts[:-1]):
        if token.tag != "word" or len(token.text) < 3 or token.lower in _ORDINARY | _PALE | MONTHS:
            continue
        if parts[place + 1].tag in ("word", "quoted", "num") and place != subject:
            continue
        first = place
        while first > 1 and _in_name(parts[first]) and _in_name(parts[first - 1]):
            first -= 1
        if first < place and _in_name(token):
            yield Gap(parts[first].start, token.end, WEIGHTS["name"])
        elif token.text.islower() and token.text.isalpha() and place and _ends_phrase(parts, place):
            yield Gap(token.start, token.end, 0.8 + 0.1 * min(counts[token.lower], 3))


def _in_name(token: Token) -> bool:
    return token.tag == "word" and token.text[0].isupper() and token.text != "NOT"


def _ends_phrase(parts: Sequence[Token], place: int) -> bool:
    word, before = parts[place].lower, parts[place - 1]
    ends = parts[place + 1].tag in ("punct", "prep", "be", "modal")
    if not _is_noun(word) and not (word in NOUN_LIKE and (before.tag == "det" or ends)):
        return False
    if is_plural(before.text) and readings(word):
        # "The pages wait.": its verb.
        return False
    attached = place > 1 and parts[place - 2].tag == "det"
    return before.tag in ("det", "prep", "quoted") or (
        before.tag == "word" and (attached or not _is_verb(before.lower))
    )


# Adjectives without a mark of theirs, and nouns that any page may have.
_PALE = frozenset(
    """
    similar prior ready right left simpler likely able next aware own little fine
    article document reference tutorial manual section page remainder rest kind kinds sort sorts idea
    problem problems form forms world question questions
    """.split()
)


def _heads(parts: Sequence[Token], place: int) -> bool:
    word = parts[place].lower
    if readings(word) and not (word in NOUN_LIKE or word.removesuffix("s") in NOUN_LIKE):
        return False
    if reading(word, "dng") or word.endswith(_ADJECTIVE_ENDINGS):
        return False
    return not readings(word) or parts[place + 1].tag in ("punct", "prep")


_ADJECTIVE_ENDINGS = ("ly", "ful", "ous", "able", "ible", "ive", "ic", "al", "ed", "ing", "less", "ant", "rent")


def _is_verb(word: str) -> bool:
    form = reading(word, "bsdg")
    return form is not None and form.base not in NOUN_LIKE


# Words that go with any noun and tell none.
_LOOSE = frozenset(
    """
    new old own good best great large small big long short certain various different several important special common
    particular single whole entire additional necessary possible available appropriate relevant specific given real
    main only usual normal general proper correct right wrong better
    first second third fourth next last previous
    smaller larger whatever which such extra further useful major minor actual
    """.split()
)


def _fills(parts: Sequence[Token], place: int) -> bool:
    word = parts[place].lower
    if "-" in word and reading(word.rpartition("-")[2], "bs"):
        return False
    ends = place + 1 < len(parts) and parts[place + 1].text == "."
    return _is_noun(word) or (word in NOUN_LIKE and (parts[place - 1].tag == "det" or (ends and is_plural(word))))


def _is_noun(word: str) -> bool:
    """As a blank, an ordinary noun: not a form of a verb, not an adverb, not an adjective by its ending."""
    return (
        not readings(word)
        and not reading(word, "ng")
        and not word.endswith(
            ("ly", "ful", "ous", "able", "ible", "ive", "ic", "al", "ed", "ing", "ent", "ant", "ary", "less", "proven")
        )
    )


def _foreign_gaps(text: str, language: str, counts: Counter[str]) -> Iterator[Gap]:
    stop = function_words(language)
    for place, match in enumerate(_WORD.finditer(text)):
        word = match[0]
        if len(word) < 5 or word.lower() in stop or place == 0:
            continue
        bonus = 0.4 if language == "de" and word[0].isupper() else 0.0
        yield Gap(
            match.start(), match.end(), 1.0 + bonus + 0.15 * min(counts[word.lower()], 4) + 0.02 * min(len(word), 14)
        )
