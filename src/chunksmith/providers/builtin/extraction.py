"""Finds what belongs to the categories of a taxonomy without a language model, by their own words.

A category's terms are its name, also in the singular and the plural, and the words of its description. An entity is a
term where it stands in the passage, with the words before it that belong to it (``sour starter``); a portion is the
sentences in a row that have a term. Confidence says by which rule: the name, or only a word of the description.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from chunksmith.domain.calls import Task
from chunksmith.domain.sentences import Span, spans
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, readings
from chunksmith.providers.builtin.grammar.words import ADVERBS, BE, DETERMINERS, DO, HAVE, MODAL, PREPOSITIONS, PRONOUNS
from chunksmith.providers.builtin.languages import detect, function_words

Item = dict[str, object]
BY_NAME, BY_PHRASE, BY_DESCRIPTION, BY_NOTHING = 0.9, 0.8, 0.6, 0.3
MAX_CHARS = 50_000
PHRASE_WORDS = 2  # before a term
PORTION_SENTENCES = 5
DESCRIPTION_WORDS = 12
# Of one term: what it says again, it has mostly said before.
HITS_EACH = 12
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
# Runs of Chinese characters, and of katakana, are where Japanese and Chinese keep their terms.
_RUN = re.compile(r"[\u4e00-\u9fff々]{2,8}|[\u30a1-\u30fa\u30fc]{2,16}")
_UNSPACED = re.compile("[\u0e00-\u109f\u1780-\u17ff\u2e80-\uabff\uf900-\ufaff]")
_JOINTS = re.compile(r"\s*(?:[,;/|&()、・／（）]|\band\b|\bor\b|\bund\b|\boder\b)\s*", re.I)
_STOP = (
    DETERMINERS
    | PRONOUNS
    | PREPOSITIONS
    | ADVERBS
    | BE
    | HAVE
    | DO
    | MODAL
    | frozenset("and or but nor so if not when while because since been being such other things kinds types".split())
)


class _Hit(NamedTuple):
    """A term in the passage. ``core`` is the term alone, ``span`` has the words that belong to it."""

    category: int
    core: Span
    span: Span
    confidence: float


@dataclass(frozen=True)
class _Terms:
    """What stands for a category: patterns of its name, and of the words of its description."""

    names: tuple[re.Pattern[str], ...]
    described: tuple[re.Pattern[str], ...]


def extract(task: Task) -> list[Item]:
    """``{category, text, confidence}`` items, surest first.

    Shapes: ``task.context`` has ``categories`` of ``{id, name, description?}`` and ``type``: ``ner`` or ``whole_text``.
    """
    passage = task.passage[:MAX_CHARS]
    categories: Sequence[Mapping[str, Any]] = task.context.get("categories", ())
    stop = _STOP | function_words(detect(passage))
    terms = [_terms(category, stop) for category in categories]
    whole = task.context.get("type") == "whole_text"
    found = _portions(terms, passage) if whole else _entities(terms, passage, stop)
    items: dict[tuple[int, str], Item] = {}
    for hit in sorted(found, key=lambda hit: (-hit.confidence, hit.span, hit.category)):
        text = passage[hit.span.start : hit.span.end]
        item: Item = {"category": categories[hit.category]["id"], "text": text, "confidence": hit.confidence}
        items.setdefault((hit.category, text.casefold()), item)
    return list(items.values())[: task.count]


def judge(task: Task) -> list[Item]:
    """``{item, valid, confidence}`` for each of ``task.context``'s ``items``: whether its category's words are near."""
    passage = task.passage[:MAX_CHARS]
    stop = _STOP | function_words(detect(passage))
    sentences = [passage[span.start : span.end] for span in spans(passage)]
    return [_verdict(item, sentences, stop) for item in task.context.get("items", ())]


def _verdict(item: Mapping[str, Any], sentences: Sequence[str], stop: frozenset[str]) -> Item:
    terms, text = _terms(item, stop), str(item["text"])
    around = [sentence for sentence in sentences if text in sentence or sentence in text]
    by_name = _any(terms.names, [text])
    near = by_name or _any((*terms.names, *terms.described), [text, *around])
    confidence = BY_NAME if by_name else BY_DESCRIPTION if near else 1 - BY_NOTHING
    return {"item": item["item"], "valid": near, "confidence": confidence}


def _any(patterns: Iterable[re.Pattern[str]], texts: Sequence[str]) -> bool:
    return any(pattern.search(text) for pattern in patterns for text in texts)


def _terms(category: Mapping[str, Any], stop: frozenset[str]) -> _Terms:
    name, description = str(category.get("name", "")), str(category.get("description", ""))
    names = dict.fromkeys([name, *(part for part in _JOINTS.split(name) if len(part) > 1)])
    words = dict.fromkeys(_content(description, stop))
    described = [word for word in words if word.casefold() not in {one.casefold() for one in names}]
    return _Terms(
        tuple(_pattern(one) for one in names if one.strip()),
        tuple(_pattern(one) for one in described[:DESCRIPTION_WORDS]),
    )


def _content(text: str, stop: frozenset[str]) -> list[str]:
    """Words that say something, or runs of a script without spaces."""
    if _UNSPACED.search(text):
        return _RUN.findall(text)
    words = [word for word in _WORD.findall(text) if len(word) >= 4 and word.casefold() not in stop]
    return [word for word in words if not _is_verbal(word.casefold())]


def _is_verbal(word: str) -> bool:
    """``used``, ``using``: words of any sentence, terms of none."""
    return word.endswith(("ed", "ing")) and bool(readings(word)) and word not in NOUN_LIKE


@lru_cache(maxsize=20_000)  # one job has the same categories for every chunk
def _pattern(term: str) -> re.Pattern[str]:
    """The term as a whole word, in the singular and the plural; inside of others where words are not set apart."""
    *before, last = term.split()
    if _UNSPACED.search(term):
        return re.compile(r"\s*".join(map(re.escape, [*before, last])))
    text = r"[\s-]+".join([*map(re.escape, before), _inflected(last)])
    return re.compile(rf"(?<!\w){text}(?!\w)", re.I)


def _inflected(word: str) -> str:
    lower = word.casefold()
    if lower.endswith("ies") and len(lower) > 4:
        return rf"{re.escape(word[:-3])}(?:ies|y)"
    if lower.endswith("y") and len(lower) > 2 and lower[-2] not in "aeiou":
        return rf"{re.escape(word[:-1])}(?:ies|y)"
    if lower.endswith("es") and len(lower) > 4:
        return rf"{re.escape(word[:-2])}(?:es|e)?"
    if lower.endswith("s") and not lower.endswith("ss") and len(lower) > 3:
        return rf"{re.escape(word[:-1])}s?"
    return rf"{re.escape(word)}(?:s|es)?"


def _entities(terms: Sequence[_Terms], passage: str, stop: frozenset[str]) -> list[_Hit]:
    """Of two names on the same words the longer one stands, and a name beats a word of a description."""
    by_name = [hit for number, one in enumerate(terms) for hit in _hits(number, one.names, passage, BY_NAME)]
    named = [hit for hit in by_name if not any(_covers(other, hit) for other in by_name)]
    described = [
        hit
        for number, one in enumerate(terms)
        for hit in _hits(number, one.described, passage, BY_DESCRIPTION)
        if not any(_overlap(other.core, hit.core) for other in named)
    ]
    return [_with_phrase(hit, passage, stop) for hit in named] + described


def _hits(number: int, patterns: Iterable[re.Pattern[str]], passage: str, confidence: float) -> Iterator[_Hit]:
    for pattern in patterns:
        for match in islice(pattern.finditer(passage), HITS_EACH):
            span = Span(*match.span())
            yield _Hit(number, span, span, confidence)


def _covers(other: _Hit, hit: _Hit) -> bool:
    longer = other.core.end - other.core.start > hit.core.end - hit.core.start
    return longer and other.core.start <= hit.core.start and hit.core.end <= other.core.end


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _with_phrase(hit: _Hit, passage: str, stop: frozenset[str]) -> _Hit:
    """Words before a term that belong to it: neither verbs nor words of grammar, on the same line."""
    if _UNSPACED.search(passage[hit.core.start : hit.core.end]):
        return hit
    start = hit.core.start
    before = list(_WORD.finditer(passage, max(0, start - 60), start))[-PHRASE_WORDS:]
    for match in reversed(before):
        word = match[0].casefold()
        apart = passage[match.end() : start]
        verb = bool(readings(word)) and word not in NOUN_LIKE
        if apart != " " or word in stop or verb or word.endswith(("ly", "ing")) or match.start() == start - 60:
            break
        start = match.start()
    if start == hit.core.start:
        return hit
    return hit._replace(span=Span(start, hit.core.end), confidence=BY_PHRASE)


def _portions(terms: Sequence[_Terms], passage: str) -> list[_Hit]:
    """Sentences that have a term of the category; those in a row are one portion."""
    found: list[_Hit] = []
    sentences = spans(passage)
    for number, one in enumerate(terms):
        rated = [_rated(one, passage[span.start : span.end]) for span in sentences]
        place = 0
        while place < len(sentences):
            end = place
            while end < len(sentences) and end - place < PORTION_SENTENCES and rated[end]:
                end += 1
            if end > place:
                whole = Span(sentences[place].start, sentences[end - 1].end)
                found.append(_Hit(number, whole, whole, max(rated[place:end])))
            place = max(end, place + 1)
    return found


def _rated(terms: _Terms, sentence: str) -> float:
    """One word of a description is an accident, two are a hint."""
    if _any(terms.names, [sentence]):
        return BY_NAME
    hinted = sum(1 for pattern in terms.described if pattern.search(sentence))
    return BY_DESCRIPTION if hinted >= 2 else 0.0
