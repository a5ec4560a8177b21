"""Measures of variety over counts and words, as published."""

import math
import re
from collections.abc import Iterable, Sequence
from itertools import islice

from chunksmith.quality.folding import fold

MTLD_THRESHOLD = 0.72
GAP, ORDER, YES_NO = "gap", "order", "yes_no"
_GAP = re.compile(r"_{2,}|\{\{c\d+::")
_COMBINING = re.compile("[\u0300-\u036f]")
_KINDS = {
    word: kind
    for kind, words in {
        "what": "what whats was que quoi qu'est-ce cosa che",
        "who": "who whose whom wer wem wen qui quien quienes chi quem",
        "when": "when wann quand cuando quando",
        "where": "where wo woher wohin ou donde dove onde",
        "why": "why warum wieso weshalb pourquoi perche",
        "how": "how wie comment como come",
        "which": "which welche welcher welches welchem welchen quel quelle quels quelles cual cuales quale quali qual",
        YES_NO: "is are was were do does did can could will would should may must has have had ist sind kann hat haben "
        "wird werden est-ce peut es son puede",
    }.items()
    for word in words.split()
} | {"was": "what"}
_HOW_MANY = re.compile(
    r"\b(?:how (?:many|much|long|often|far|old|large)|wie viele?|wie (?:lange|oft)|combien|cuant[oa]s?|quant[oaie])\b"
)
_POR_QUE = re.compile(r"^\W*por que\b")
_ORDERS = frozenset(
    "explain describe define list name identify compare contrast discuss outline summarize summarise give state write "
    "translate classify calculate compute complete fill choose select find show tell provide determine evaluate "
    "rewrite extract convert create suggest erklare beschreibe nenne definiere vergleiche explica describe define "
    "expliquez decrivez nommez spiega descrivi elenca".split()
)


def evenness(counts: Iterable[int]) -> float:
    """Entropy of the shares, against that of equal shares: 1 all alike, near 0 one has nearly everything."""
    values = list(counts)
    return entropy(values) / math.log(len(values)) if len(values) > 1 else 0.0


def entropy(counts: Iterable[int]) -> float:
    """In nats. Its exponential is the number of equally frequent kinds that would be as varied (Hill, 1973)."""
    values = [count for count in counts if count]
    total = sum(values)
    return -math.fsum(count / total * math.log(count / total) for count in values)


def distinct_n(texts: Sequence[Sequence[str]], size: int) -> float | None:
    """Distinct runs of ``size`` words among all of them. Source: Li et al., NAACL 2016."""
    runs = [run for words in texts for run in zip(*(islice(words, at, None) for at in range(size)), strict=False)]
    return len(set(runs)) / len(runs) if runs else None


def mtld(words: Sequence[str]) -> float | None:
    """How many words in a row, on average, keep a share of distinct ones above 0.72.

    Source: McCarthy & Jarvis, Behavior Research Methods 42 (2010); the mean of both directions.
    """
    return (_one_way(words) + _one_way(words[::-1])) / 2 if words else None


def _one_way(words: Sequence[str]) -> float:
    factors = 0.0
    seen: set[str] = set()
    length = 0
    for word in words:
        length += 1
        seen.add(word)
        if len(seen) / length <= MTLD_THRESHOLD:
            factors += 1
            seen, length = set(), 0
    if length:
        factors += (1 - len(seen) / length) / (1 - MTLD_THRESHOLD)
    return len(words) / factors if factors else float(len(words))


def question_kind(text: str) -> str | None:
    """What a question asks for, by its words in English, German, French, Spanish and Italian; None: not known."""
    plain = _COMBINING.sub("", fold(text[:300]))
    if _GAP.search(plain):
        return GAP
    if _POR_QUE.match(plain):
        return "why"
    for part in re.split(r"[,:;]\s", plain)[:3]:
        words = part.strip(" \"'¿¡").split()
        first = words[0].strip("?.!") if words else ""
        kind = _KINDS.get(first)
        if kind == "how" and _HOW_MANY.search(part):
            return "how_many"
        if kind is not None:
            return kind
        if first in _ORDERS:
            return ORDER
        if _HOW_MANY.match(part.strip(" ¿")):
            return "how_many"
    return None
