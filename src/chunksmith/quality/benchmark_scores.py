"""Scores of benchmarks, as each public task defines them. Every score is 0…1 but Matthews, which is -1…1.

An answer that could not be read is never right: for F1 and Matthews of two labels it counts as the other one, for the
macro average as none of them.
"""

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from chunksmith.quality.words import plain_tokens, split_unspaced

# (right label, label that was read or None) → how often.
Confusion = Mapping[tuple[str, str | None], int]
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def accuracy(confusion: Confusion) -> float:
    total = sum(confusion.values())
    return sum(count for (gold, found), count in confusion.items() if gold == found) / total if total else 0.0


def f1(confusion: Confusion, positive: str) -> float:
    """Of the positive label. Source: MRPC and QQP in GLUE (Wang et al. 2018)."""
    hits, false_alarms, misses = _hits(_read_as_wrong(confusion), positive)
    return 2 * hits / (2 * hits + false_alarms + misses) if hits else 0.0


def macro_f1(confusion: Confusion) -> float:
    """The mean of the labels' F1, over labels that are right or were given anywhere.

    Source: CB in SuperGLUE (Wang et al. 2019), PubMedQA (Jin et al. 2019); scikit-learn's ``average="macro"``.
    """
    labels = sorted({label for pair in confusion for label in pair if label is not None})
    if not labels:
        return 0.0
    scores = []
    for label in labels:
        hits, false_alarms, misses = _hits(confusion, label)
        scores.append(2 * hits / (2 * hits + false_alarms + misses) if hits else 0.0)
    return sum(scores) / len(scores)


def matthews(confusion: Confusion) -> float:
    """The correlation of right and given labels; 0 where it is not defined. Source: CoLA (Warstadt et al. 2018).

    For more than two labels Gorodkin's R_K (2004), which is the same for two.
    """
    read = _read_as_wrong(confusion)
    total = sum(read.values())
    right = sum(count for (gold, found), count in read.items() if gold == found)
    golds: Counter[str] = Counter()
    given: Counter[str | None] = Counter()
    for (gold, found), count in read.items():
        golds[gold] += count
        given[found] += count
    chance = sum(golds[label] * given[label] for label in golds)
    spread = (total**2 - sum(n * n for n in golds.values())) * (total**2 - sum(n * n for n in given.values()))
    return (right * total - chance) / math.sqrt(spread) if spread else 0.0


def group_exact_match(confusions: Iterable[Confusion]) -> float:
    """The share of groups in which everything is right. Source: MultiRC (Khashabi et al. 2018)."""
    whole = [all(gold == found for gold, found in confusion) for confusion in confusions]
    return sum(whole) / len(whole) if whole else 0.0


def exact_match(answer: str, golds: Sequence[str]) -> float:
    """1 when it is one of the right texts, written the same but for case, punctuation and articles (SQuAD)."""
    said = normalized(answer)
    return float(any(said == normalized(gold) for gold in golds))


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """The best overlap of words with one of the right texts. Source: SQuAD's evaluation (Rajpurkar et al. 2016)."""
    return max((_token_f1(_squad_tokens(answer), _squad_tokens(gold)) for gold in golds), default=0.0)


def rouge_l(answer: str, golds: Sequence[str]) -> float:
    """F-measure of the longest common subsequence of words, no stemming. Source: Lin 2004."""
    return max((_rouge_l(plain_tokens(answer), plain_tokens(gold)) for gold in golds), default=0.0)


def normalized(text: str) -> str:
    """Lower case, without punctuation and articles, single spaces."""
    bare = "".join(char for char in text.casefold() if not _is_punctuation(char))
    return " ".join(_ARTICLES.sub(" ", bare).split())


def _read_as_wrong(confusion: Confusion) -> dict[tuple[str, str | None], int]:
    """With two labels there is one wrong answer only: what could not be read counts as that."""
    labels = {label for pair in confusion for label in pair if label is not None}
    read: Counter[tuple[str, str | None]] = Counter()
    for (gold, found), count in confusion.items():
        other = next(iter(labels - {gold})) if found is None and len(labels) == 2 else found
        read[gold, other] += count
    return dict(read)


def _hits(confusion: Confusion, label: str) -> tuple[int, int, int]:
    """Right, given though wrong, missed."""
    hits = confusion.get((label, label), 0)
    given = sum(count for (_, found), count in confusion.items() if found == label)
    there = sum(count for (gold, _), count in confusion.items() if gold == label)
    return hits, given - hits, there - hits


def _token_f1(said: Sequence[str], right: Sequence[str]) -> float:
    if not said or not right:
        return float(said == right)
    shared = sum((Counter(said) & Counter(right)).values())
    return 2 * shared / (len(said) + len(right))


def _rouge_l(said: Sequence[str], right: Sequence[str]) -> float:
    if not said or not right:
        return 0.0
    return 2 * longest_common(said, right) / (len(said) + len(right))


def longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence. Source: the bit-parallel recurrence of Hyyrö 2004."""
    places: dict[str, int] = {}
    for place, token in enumerate(one):
        places[token] = places.get(token, 0) | 1 << place
    full = (1 << len(one)) - 1
    rest = full
    for token in other:
        here = rest & places.get(token, 0)
        rest = ((rest + here) | (rest - here)) & full
    return len(one) - rest.bit_count()


def _squad_tokens(text: str) -> list[str]:
    return [part for word in normalized(text).split() for part in split_unspaced(word, 1)]


def _is_punctuation(char: str) -> bool:
    return char in string.punctuation if char.isascii() else unicodedata.category(char).startswith("P")
