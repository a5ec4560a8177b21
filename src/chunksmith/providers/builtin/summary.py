"""Central sentences: those that share most of their words with the rest of the passage."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from chunksmith.providers.builtin.grammar.passage import Sentence
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.words import ADVERBS, DETERMINERS, PREPOSITIONS, PRONOUNS, SUBORDINATORS
from chunksmith.providers.builtin.languages import WIDE, function_words
from chunksmith.providers.builtin.pointing import answer_stands_alone, stands_alone

_WORD = re.compile(r"[^\W\d_]{3,}")
_STOP = (
    DETERMINERS
    | PRONOUNS
    | PREPOSITIONS
    | SUBORDINATORS
    | ADVERBS
    | frozenset(
        """
    and are was were been have has had can may will must should would could its not but for the use used using
    """.split()
    )
)
_LINKED = re.compile(
    r"^(?:it(?! (?:is|was) (?:not |very |often |usually |also )?(?:an? \w+ )?\w+ (?:to|for|that)\b)|"
    r"they|he|she|this|these|those|that|such|there|here|then|so|but|and|or|also|however|therefore|thus|"
    r"hence|otherwise|instead|for example|for instance|see|note|please|if not|another|others?|in this|in these|"
    r"for the same reason|"
    r"(?:if|when|once|since|because|after|before|while|unless|for|with|by|to) (?:that|this|these|those|it|they)\b|"
    r"in that|to this|both|on the|in other words|in (?:some|most|all|many) cases|of course|in addition|"
    r"as a result|similarly|additionally|furthermore|moreover|next|finally|likewise|lastly|secondly|remember|hence|"
    r"nevertheless|meanwhile|besides|suppose|imagine|the (?:first|second|third|last) (?:is|are|contains?|has|one))\b|"
    r"^[^,]{0,20}\bmentioned\b",
    re.I,
)
_BLOCKED = re.compile(
    r"\b(?:I|we|our|my|[Ll]et['’]s|above|below|following|as follows|see|figure|section|chapter|here)\b"
)


def terms(text: str, language: str) -> list[str]:
    """Content words, stemmed roughly; pairs of characters where words are not separated."""
    if language in WIDE:
        solid = [char for char in text if char.isalpha()]
        return [first + second for first, second in pairwise(solid)]
    stop = _STOP if language == "en" else function_words(language)
    return [word.rstrip("s")[:12] for word in (found.lower() for found in _WORD.findall(text)) if word not in stop]


def centrality(sentences: Sequence[Sentence], language: str) -> list[float]:
    """One score per sentence: mean weight of its terms, more for the first of a passage and for moderate length."""
    bags = [terms(sentence.text, language) for sentence in sentences]
    weight = Counter(term for bag in bags for term in set(bag))
    scores: list[float] = []
    for place, (sentence, bag) in enumerate(zip(sentences, bags, strict=True)):
        distinct = set(bag)
        shared = sum(weight[term] - 1 for term in distinct) / (len(distinct) + 4) if distinct else 0.0
        heading = len(distinct & set(terms(sentence.heading, language)))
        length = len(sentence.text) / (25 if language in WIDE else 90)
        fit = 1.0 if 0.6 <= length <= 2.4 else 0.6
        scores.append((shared + 0.15 * min(heading, 2) + (0.25 if place == 0 else 0.0)) * fit)
    return scores


def is_statement(sentence: Sentence, language: str) -> bool:
    """A sentence that states something and can be understood alone."""
    return stands(sentence.text, language) and not (language == "en" and commands(sentence.text))


def stands(text: str, language: str) -> bool:
    """Whether a sentence, statement or command, opens without leaning on the one before."""
    if language != "en":
        return True
    return (
        not _LINKED.match(text)
        and not _BLOCKED.search(text)
        and answer_stands_alone(text)
        and text[-1] == "."
        and text[0].isupper()
    )


def commands(text: str) -> bool:
    first = text.split(maxsplit=1)[0].lower()
    return bool(reading(first, "b")) and first not in NOUN_LIKE


def statements(sentences: Sequence[Sentence], language: str) -> list[Sentence]:
    """Self-contained statements, most central first; ties in passage order."""
    scores = centrality(sentences, language)
    order = sorted(range(len(sentences)), key=lambda place: (-round(scores[place], 3), place))
    return [
        sentences[place]
        for place in order
        if is_statement(sentences[place], language) and _is_firm(sentences[place], language)
    ]


def _is_firm(sentence: Sentence, language: str) -> bool:
    """English statements must not lean on their neighbours even inside the sentence."""
    return language != "en" or stands_alone(sentence.text) or " that " in sentence.text


def central(sentences: Sequence[Sentence], language: str, count: int) -> list[Sentence]:
    """At most ``count`` central sentences in the order of the passage."""
    chosen = statements(sentences, language)[:count]
    return sorted(chosen, key=lambda sentence: sentence.origins[0])
