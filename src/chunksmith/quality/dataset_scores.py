"""How good a dataset is as a whole, from a single pass over its entries. The formulas in words: docs/quality.md.

Memory does not grow with the dataset: what would need all entries is measured on samples by hash. Sums are integers or
correctly rounded, samples are the same in any order; only near repeats depend on which of two texts comes first.
"""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from chunksmith.domain.datasets import DIFFICULTIES, ENTRY_PREFIX, Entry
from chunksmith.domain.generation import ModeShape
from chunksmith.quality.bands import band
from chunksmith.quality.fields import prompt_text, shape_of, whole_text
from chunksmith.quality.folding import fold
from chunksmith.quality.groups import Lexicon, Mentions, shipped_lexicon
from chunksmith.quality.issues import issues_of
from chunksmith.quality.measures import distinct_n, entropy, mtld, question_kind
from chunksmith.quality.near_repeats import NearRepeats
from chunksmith.quality.shares import Shares
from chunksmith.quality.sketches import DistinctSample, Sampled, hash_of
from chunksmith.quality.words import is_unspaced, words_of

SAMPLE_COUNTED = 4_096  # distinct texts, and of what comes with them, that are counted
SAMPLE_READ = 256  # distinct texts whose words are compared
WORDS_READ = 400  # of each of them
# What variety is made of; what cannot be measured is left out and the others count for it.
VARIETY = {"phrasing": 0.4, "vocabulary": 0.2, "questions": 0.25, "categories": 0.15}
MTLD_WANTED = 60.0
OPENINGS_WANTED, KINDS_WANTED, CATEGORIES_WANTED = 8, 5, 5
KNOWN_KINDS = 0.6  # of the questions, from which their kinds are compared instead of their openings
ENOUGH_DIVERSITY = 0.5  # overall loses what diversity has less than this
BIAS_SHARE = 0.1  # of the overall score, that the worst imbalance costs
HISTOGRAM_BINS = 10
_UNIT = 10_000  # scores are summed as whole ten-thousandths
_DIGITS = 4


class _Start(NamedTuple):
    """``kind`` of a question; None: not known, empty: there is none."""

    opening: str
    kind: str | None


class DatasetScore:
    """Add every entry, in their order, then ask for the result; asking does not end the adding."""

    def __init__(self, shape: ModeShape | None = None, lexicon: Lexicon | None = None) -> None:
        self._shape = shape
        self._count = 0
        self._scored = 0
        self._sum = 0
        self._judged = 0
        self._judge_sum = 0
        self._bands: Counter[str] = Counter()
        self._bins: Counter[int] = Counter()
        self._difficulties: Counter[str] = Counter()
        self._part_sums: Counter[str] = Counter()
        self._part_counts: Counter[str] = Counter()
        self._part_low: Counter[str] = Counter()
        self._read_sums: Counter[str] = Counter()
        self._read_count = 0
        self._unsupported = 0
        self._marked = 0
        self._without_category = 0
        self._texts: DistinctSample[_Start] = DistinctSample(SAMPLE_COUNTED)
        self._read: DistinctSample[tuple[str, ...]] = DistinctSample(SAMPLE_READ)
        self._near = NearRepeats()
        self._mentions = Mentions(lexicon or shipped_lexicon())
        self._categories = Shares(SAMPLE_COUNTED)
        self._documents = Shares(SAMPLE_COUNTED)

    def add(self, entry: Entry) -> None:
        self._count += 1
        self._marked += entry.duplicate_of is not None and entry.duplicate_of.startswith(ENTRY_PREFIX)
        self._add_score(entry)
        shape = self._shape or shape_of(entry)
        text = whole_text(entry, shape)
        plain = fold(text)
        words = words_of(plain)
        prompt = prompt_text(entry, shape)
        key = hash_of(" ".join(plain.split()))
        self._texts.add(key, lambda: _start(prompt or text, is_question=bool(prompt)))
        self._read.add(key, lambda: tuple(words[:WORDS_READ]))
        self._near.add(words or [plain])
        self._mentions.add(text, words)
        self._difficulties[entry.difficulty or ""] += 1
        if entry.category:
            self._categories.add(entry.category, entry.category, entry.chunk_id)
        else:
            self._without_category += 1
        document = entry.document_name or str(entry.document_id or "")
        if document:
            self._documents.add(f"{entry.document_id}\0{document}", document, entry.chunk_id)

    def result(self) -> dict[str, Any]:
        """Scores are 0…1, higher is better; ``overall_score`` and ``mean_score`` are None when nothing is scored."""
        mean = self._sum / self._scored / _UNIT if self._scored else None
        items = self._texts.items()
        exact = len(items) / sum(item.count for item in items) if items else 1.0
        # Where duplicates were searched for, their marks are exact; nothing that is marked is overlooked.
        near = max(self._near.rate(), self._marked / self._count if self._count else 0.0)
        unique = min(exact, 1 - near)
        measured = _measured(self._read.items())
        variety = self._variety(items, measured)
        diversity = unique * _weighted(variety) if self._count else 0.0
        balance = self._balance()
        bias = min((value for value in balance.values() if value is not None), default=1.0)
        result = {
            "overall_score": None if mean is None else _rounded(overall(mean, diversity, bias)),
            "mean_score": _perhaps(mean),
            "average_score": _perhaps(mean),
            "diversity_score": _rounded(diversity),
            "bias_score": _rounded(bias),
            "distribution": {name: self._bands[name] for name in ("high", "medium", "low")},
            "histogram": [self._bins[index] for index in range(HISTOGRAM_BINS)],
            "components": {
                name: _rounded(self._part_sums[name] / self._part_counts[name] / _UNIT)
                for name in sorted(self._part_sums)
            },
            "diversity": {"unique": _rounded(unique), **{name: _perhaps(value) for name, value in variety.items()}},
            "bias": {name: _perhaps(value) for name, value in balance.items()},
            "measures": {
                **{name: None if value is None else round(value, _DIGITS) for name, value in measured.items()},
                "near_duplicate_rate": _rounded(near),
                "category_entropy": self._categories.entropy(),
                "question_kinds": dict(sorted(Counter(item.kept.kind or "other" for item in items).items())),
                "difficulty": {name: self._difficulties[name] for name in DIFFICULTIES},
                "readability": self._readability(),
                "groups": self._mentions.shown(),
            },
            "judge": {
                "entries": self._judged,
                "mean_score": _rounded(self._judge_sum / self._judged / _UNIT) if self._judged else None,
            },
            "counts": self._counts(exact, near),
            "left_out": [_LEFT_OUT[name] for name, value in {**variety, **balance}.items() if value is None],
        }
        tops = {"category": self._categories.top(), "document": self._documents.top()}
        result["issues"] = issues_of(result, dict(self._part_low), dict(self._part_counts), tops, _top_opening(items))
        return result

    def _variety(self, items: list[Sampled[_Start]], measured: Mapping[str, float | None]) -> dict[str, float | None]:
        words = measured["mtld"]
        return {
            "phrasing": measured["distinct_2"],
            "vocabulary": None if words is None else min(1.0, words / MTLD_WANTED),
            "questions": _question_variety(items),
            "categories": self._categories.variety(CATEGORIES_WANTED),
        }

    def _balance(self) -> dict[str, float | None]:
        return {
            "category": self._categories.balance(),
            "source": self._documents.balance(),
            "representation": self._mentions.representation(),
            "sentiment": self._mentions.sentiment(),
        }

    def _counts(self, exact: float, near: float) -> dict[str, int | bool]:
        """``exact``: the share of distinct texts; ``near``: that of near-duplicates."""
        return {
            "entries": self._count,
            "scored": self._scored,
            "duplicates": self._duplicates(exact),
            "duplicates_are_estimated": not self._texts.is_everything,
            "near_duplicates": round(near * self._count),
            "with_missing_evidence": self._unsupported,
            "without_category": self._without_category,
        }

    def _add_score(self, entry: Entry) -> None:
        if entry.judge is not None:
            self._judged += 1
            self._judge_sum += round(entry.judge["score"] * _UNIT)
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
        notes = entry.quality_notes or {}
        self._unsupported += bool(notes.get("evidence_missing"))
        if notes.get("readability"):
            self._read_count += 1
            self._read_sums.update({name: round(value * 10) for name, value in notes["readability"].items()})

    def _duplicates(self, unique: float) -> int:
        return self._count - max(1, round(unique * self._count)) if self._count else 0

    def _readability(self) -> dict[str, Any]:
        """Means over the answers that are English."""
        means = {name: round(total / 10 / self._read_count, 1) for name, total in sorted(self._read_sums.items())}
        return {"entries": self._read_count, **means}


_LEFT_OUT = {
    "phrasing": "phrasing: no text has two words",
    "vocabulary": "vocabulary: there are no words",
    "questions": "questions: the mode has none",
    "categories": "categories: the entries have none",
    "category": "category balance: there are not two categories",
    "source": "source balance: there are not two documents",
    "representation": "representation: too few entries name people, by the English words of config/quality/groups.toml",
    "sentiment": "sentiment: too little is said about people, by the English words of config/quality/groups.toml",
}


def overall(mean: float, diversity: float, bias: float) -> float:
    """The mean entry score, less what lacks in diversity below one half, less up to a tenth for imbalance."""
    return mean * min(1.0, 1 - ENOUGH_DIVERSITY + diversity) * (1 - BIAS_SHARE + BIAS_SHARE * bias)


def _start(text: str, *, is_question: bool) -> _Start:
    return _Start(_opening(text), question_kind(text) if is_question else "")


def _opening(text: str) -> str:
    """The first two words, or the first two characters where no spaces are written."""
    plain = fold(text[:200]).strip()
    return plain[:2] if is_unspaced(plain) else " ".join(plain.split()[:2])


def _measured(items: list[Sampled[tuple[str, ...]]]) -> dict[str, float | None]:
    """Of a limited sample of distinct texts, so that a large dataset is not punished for its size."""
    texts = [item.kept for item in items]
    found = {f"distinct_{size}": distinct_n(texts, size) for size in (1, 2, 3)}
    return {**found, "mtld": mtld([word for words in texts for word in words])}


def _question_variety(items: list[Sampled[_Start]]) -> float | None:
    """As how many equally frequent kinds there are, against what is wanted; openings where kinds are not known."""
    if not items or all(item.kept.kind == "" for item in items):
        return None
    kinds = Counter(item.kept.kind for item in items if item.kept.kind)
    if kinds.total() >= KNOWN_KINDS * len(items):
        return min(1.0, math.exp(entropy(kinds.values())) / min(KINDS_WANTED, kinds.total()))
    openings = Counter(item.kept.opening for item in items)
    return min(1.0, math.exp(entropy(openings.values())) / min(OPENINGS_WANTED, openings.total()))


def _weighted(variety: dict[str, float | None]) -> float:
    known = {name: value for name, value in variety.items() if value is not None}
    total = math.fsum(VARIETY[name] for name in known)
    return math.fsum(VARIETY[name] * value for name, value in known.items()) / total if total else 0.0


def _top_opening(items: list[Sampled[_Start]]) -> tuple[str, float] | None:
    counted = Counter(item.kept.opening for item in items)
    if not counted:
        return None
    name, count = min(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return name, count / counted.total()


def _perhaps(value: float | None) -> float | None:
    return None if value is None else _rounded(value)


def _rounded(value: float) -> float:
    return round(min(1.0, max(0.0, value)), _DIGITS)
