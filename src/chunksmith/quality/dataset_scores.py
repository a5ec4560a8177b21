"""How good a dataset is as a whole, from a single pass over its entries. The formulas in words: docs/quality.md.

Memory does not grow with the dataset: what would need all entries is measured on samples by hash. Nothing depends on
the order in which entries are added: sums are integers or correctly rounded, samples are the same in any order.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import ModeShape
from chunksmith.quality.bands import band
from chunksmith.quality.fields import prompt_text, shape_of, whole_text
from chunksmith.quality.folding import fold
from chunksmith.quality.sketches import DistinctSample, Sampled, hash_of
from chunksmith.quality.words import is_unspaced, tokens

SAMPLE_COUNTED = 4_096  # distinct texts, chunks, categories that are counted
SAMPLE_READ = 256  # distinct texts whose word pairs are compared
WORDS_READ = 400  # of each of them
PHRASING_SHARE, OPENING_SHARE = 0.7, 0.3
OPENINGS_WANTED = 8
ENOUGH_DIVERSITY = 0.5  # overall loses what diversity has less than this
BIAS_SHARE = 0.1  # of the overall score, that a dataset from one source or category loses
HISTOGRAM_BINS = 10
FEW_ENTRIES = 20
_UNIT = 10_000  # scores are summed as whole ten-thousandths
_DIGITS = 4


class _Text(NamedTuple):
    pairs: "array[int]"
    opening: str


class DatasetScore:
    """Add every entry, in any order, then ask for the result; asking does not end the adding."""

    def __init__(self, shape: ModeShape | None = None) -> None:
        self._shape = shape
        self._count = 0
        self._scored = 0
        self._sum = 0
        self._bands: Counter[str] = Counter()
        self._bins: Counter[int] = Counter()
        self._part_sums: Counter[str] = Counter()
        self._part_counts: Counter[str] = Counter()
        self._part_low: Counter[str] = Counter()
        self._without_category = 0
        self._texts: DistinctSample[str] = DistinctSample(SAMPLE_COUNTED)
        self._read: DistinctSample[_Text] = DistinctSample(SAMPLE_READ)
        self._categories: DistinctSample[str] = DistinctSample(SAMPLE_COUNTED)
        self._documents: DistinctSample[str] = DistinctSample(SAMPLE_COUNTED)
        self._chunks: DistinctSample[str] = DistinctSample(SAMPLE_COUNTED)

    def add(self, entry: Entry) -> None:
        self._count += 1
        self._add_score(entry)
        shape = self._shape or shape_of(entry)
        text = whole_text(entry, shape)
        start = prompt_text(entry, shape) or text
        key = hash_of(" ".join(fold(text).split()))
        self._texts.add(key, lambda: _opening(start))
        self._read.add(key, lambda: _Text(_pairs(text), _opening(start)))
        if entry.category:
            category = entry.category
            self._categories.add(hash_of(category), lambda: category)
        else:
            self._without_category += 1
        document = entry.document_name or str(entry.document_id or "")
        if entry.document_id is not None or document:
            self._documents.add(hash_of(f"{entry.document_id}\0{document}"), lambda: document)
        self._chunks.add(hash_of(str(entry.chunk_id)), str)

    def result(self) -> dict[str, Any]:
        """Everything in 0…1, higher is better; ``overall_score`` and ``mean_score`` are None when nothing is scored."""
        mean = self._sum / self._scored / _UNIT if self._scored else None
        unique, phrasing, openings = self._unique(), self._phrasing(), self._opening_variety()
        diversity = unique * (PHRASING_SHARE * phrasing + OPENING_SHARE * openings) if self._count else 0.0
        balance = {"category": _evenness(self._categories.items()), "source": self._source_evenness()}
        bias = _mean(value for value in balance.values() if value is not None)
        return {
            "overall_score": None if mean is None else _rounded(overall(mean, diversity, bias)),
            "mean_score": None if mean is None else _rounded(mean),
            "average_score": None if mean is None else _rounded(mean),
            "diversity_score": _rounded(diversity),
            "bias_score": _rounded(bias),
            "distribution": {name: self._bands[name] for name in ("high", "medium", "low")},
            "histogram": [self._bins[index] for index in range(HISTOGRAM_BINS)],
            "components": {
                name: _rounded(self._part_sums[name] / self._part_counts[name] / _UNIT)
                for name in sorted(self._part_sums)
            },
            "diversity": {
                "unique": _rounded(unique),
                "phrasing": _rounded(phrasing),
                "openings": _rounded(openings),
            },
            "balance": {name: None if value is None else _rounded(value) for name, value in balance.items()},
            "counts": {
                "entries": self._count,
                "scored": self._scored,
                "duplicates": self._duplicates(unique),
                "duplicates_are_estimated": not self._texts.is_everything,
                "without_category": self._without_category,
            },
            "issues": self._issues(unique, diversity),
        }

    def _add_score(self, entry: Entry) -> None:
        if entry.quality is None:
            return
        whole = round(min(1.0, max(0.0, entry.quality)) * _UNIT)
        self._scored += 1
        self._sum += whole
        self._bands[band(entry.quality)] += 1
        self._bins[min(HISTOGRAM_BINS - 1, whole * HISTOGRAM_BINS // _UNIT)] += 1
        for name, part in (entry.quality_parts or {}).items():
            self._part_sums[name] += round(part * _UNIT)
            self._part_counts[name] += 1
            self._part_low[name] += part < 0.5

    def _unique(self) -> float:
        """Distinct texts for each entry; exact up to ``SAMPLE_COUNTED`` distinct texts, then an estimate."""
        items = self._texts.items()
        return len(items) / sum(item.count for item in items) if items else 1.0

    def _duplicates(self, unique: float) -> int:
        return self._count - max(1, round(unique * self._count)) if self._count else 0

    def _phrasing(self) -> float:
        """Distinct word pairs among all word pairs of a sample of distinct texts of limited size (distinct-2)."""
        read = [item.kept.pairs for item in self._read.items()]
        total = sum(map(len, read))
        return len({pair for pairs in read for pair in pairs}) / total if total else 0.0

    def _opening_variety(self) -> float:
        """The number of openings that would be as varied if all were equally frequent, against what is wanted."""
        openings = Counter(item.kept for item in self._texts.items())
        wanted = min(OPENINGS_WANTED, openings.total())
        return min(1.0, math.exp(_entropy(openings.values())) / wanted) if wanted else 0.0

    def _source_evenness(self) -> float | None:
        by_document = _evenness(self._documents.items())
        return by_document if by_document is not None else _evenness(self._chunks.items())

    def _issues(self, unique: float, diversity: float) -> list[str]:
        if not self._count:
            return ["There are no entries."]
        found = [*self._score_issues()]
        if self._count < FEW_ENTRIES:
            found.append(f"Only {self._count} entries: too few to judge diversity and balance.")
        if unique < 0.95:
            about = "" if self._texts.is_everything else "about "
            found.append(f"{about}{self._duplicates(unique)} of {self._count} entries repeat another one.".capitalize())
        if diversity < ENOUGH_DIVERSITY:
            found.append(f"Diversity is low ({diversity:.2f}): the entries are worded much alike.")
        opening = _most_frequent(self._texts.items())
        if opening is not None and opening.share > 0.5 and self._count >= FEW_ENTRIES:
            found.append(f'{opening.share:.0%} of the different entries begin with "{opening.name}".')
        for what, sample in (("category", self._categories), ("document", self._documents)):
            top = _most_frequent(sample.items())
            if top is not None and top.share > 0.7 and len(sample.items()) > 1:
                found.append(f'{top.share:.0%} of the entries come from one {what}, "{top.name}".')
        return found

    def _score_issues(self) -> list[str]:
        found = []
        if self._scored < self._count:
            found.append(f"{self._count - self._scored} of {self._count} entries are not scored.")
        if self._bands["low"] * 10 > self._scored:
            found.append(f"{self._bands['low']} of {self._scored} entries score low (below 0.5).")
        for name, words in (("grounded", "do not rest on their passage"), ("well_formed", "are not well formed")):
            if self._part_low[name] * 20 > self._part_counts[name]:
                found.append(f"{self._part_low[name]} of {self._part_counts[name]} entries {words}.")
        return found


def overall(mean: float, diversity: float, bias: float) -> float:
    """The mean entry score, less what lacks in diversity below one half, less up to a tenth for imbalance."""
    return mean * min(1.0, 1 - ENOUGH_DIVERSITY + diversity) * (1 - BIAS_SHARE + BIAS_SHARE * bias)


class _Share(NamedTuple):
    name: str
    share: float


def _most_frequent(items: list[Sampled[str]]) -> _Share | None:
    total = sum(item.count for item in items)
    counted: Counter[str] = Counter()
    for item in items:
        counted[item.kept] += item.count
    if not counted:
        return None
    name, count = min(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return _Share(name, count / total)


def _pairs(text: str) -> "array[int]":
    words = tokens(text).words[:WORDS_READ]
    pairs = pairwise(words) if len(words) > 1 else [(text, "")]
    return array("Q", (hash_of(f"{one} {other}") for one, other in pairs))


def _opening(text: str) -> str:
    """The first two words, or the first two characters where no spaces are written."""
    plain = fold(text[:200]).strip()
    return plain[:2] if is_unspaced(plain) else " ".join(plain.split()[:2])


def _evenness(items: list[Sampled[str]]) -> float | None:
    """Entropy of the shares, against that of equal shares: 1 all alike, near 0 one has nearly everything."""
    if len(items) < 2:
        return None
    return _entropy(item.count for item in items) / math.log(len(items))


def _entropy(counts: Iterable[int]) -> float:
    values = list(counts)
    total = sum(values)
    return -math.fsum(count / total * math.log(count / total) for count in values)


def _mean(values: Iterable[float]) -> float:
    """Of what could be measured; 1 when nothing could: no imbalance was found."""
    known = list(values)
    return math.fsum(known) / len(known) if known else 1.0


def _rounded(value: float) -> float:
    return round(min(1.0, max(0.0, value)), _DIGITS)
