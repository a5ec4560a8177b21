"""Titles of plain text: underlined ones, chapters and articles, and numbered ones that follow each other."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from chunksmith.ingest.parsers.wrapped_lines import Wrapping, begins_text, ends_sentence, margin

_UNDERLINE = re.compile(r"^(?P<mark>[=\-~^])(?P=mark){2,}[ \t]*$")
_CHAPTER = re.compile(r"^(?:chapter|appendix|part)\s+[\dA-ZIVX]{1,5}[.:]?\s+\S.{0,100}$", re.IGNORECASE)
_NUMBERED = re.compile(r"^(?P<number>(?:\d{1,3}|[A-Z])(?:\.\d{1,3})+)\.?\s+\S.{0,100}$")
_BARE = re.compile(r"^(?P<number>\d{1,3})[.)]?\s+(?=\S)")
# From the largest part to the smallest; a bare number is smaller still.
_PARTS = tuple(
    re.compile(rf"^(?i:{words})(?P<number>\d{{1,3}}|[IVXL]{{1,6}}|[A-Z])(?:[.:]?|\s*[-–—])(?:\s+(?=\S)|$)")
    for words in (
        r"(?:part|teil|partie|parte)\s+",
        r"(?:chapter|appendix|annex|schedule|kapitel|anhang|chapitre|annexe|capítulo|capitolo)\s+",
        r"(?:article|artikel|artículo|articolo|section|clause)\s+|(?:art\.|§)\s*",
    )
)
# What every one of these begins with, to look at few lines closely.
_MAY_BEGIN = re.compile(r" {0,3}\d|§|[A-Z]\.\d|[A-Za-zÀ-ÿ.]{3,8}\s*[\dA-ZIVX]{1,6}(?![^\W\d_])")
_APART = re.compile(r"\S {3,}\S")
_ITEM = re.compile(r"\s*(?:[-*+•]|\(\w{1,4}\))\s+\S")
_LONGEST, _MOST_WORDS = 80, 12
# What is shorter is no text that a title stands above.
_LEAST_WORDS, _LEAST_LENGTH = 4, 20
_SMALL_WORDS = frozenset("a an and as at by for from in into of on or that the this to under with".split())
# Titles are no farther in than this.
_DEEPEST = 3


class Title(NamedTuple):
    """``lines``: how many it takes, its underline among them."""

    text: str
    level: int
    lines: int = 1


class _Numbered(NamedTuple):
    at: int
    number: str
    has_text: bool


def titles(lines: Sequence[str], wrapping: Wrapping) -> dict[int, Title]:
    """The lines that are titles, by their places.

    A bare number makes a title only where the next number makes one, too, and text follows: else it is that of an item.
    """
    underlined = dict(_underlined(lines))
    marks = list(dict.fromkeys(underlined.values()))
    levels = {at: marks.index(mark) + 1 for at, mark in underlined.items()}
    top = len(marks)
    begun = [at for at, line in enumerate(lines) if _MAY_BEGIN.match(line) and at not in levels]
    text = _Text(lines, wrapping, _margin_of(lines))
    for rank in _PARTS:
        parts = [one for one in text.numbered(begun, rank) if one.has_text]
        top += len(parts) > 1
        levels.update((one.at, top) for one in parts if len(parts) > 1)
    series = text.series([at for at in begun if at not in levels])
    top += bool(series)
    levels.update((at, top) for at in series)
    for at in begun:
        if at not in levels and (depth := text.depth(at)):
            levels[at] = max(1, top) + depth - 1
    return {at: Title(lines[at].strip(), min(6, level), 2 if at in underlined else 1) for at, level in levels.items()}


def _underlined(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    for at in range(len(lines) - 1):
        line, mark = lines[at].rstrip(), _UNDERLINE.match(lines[at + 1])
        if mark is None or not line[:1].isalnum() or not _stands_alone(lines, at) or _APART.search(line):
            continue
        if abs(len(line) - len(lines[at + 1].rstrip())) <= 2 and not line.endswith((".", ",", ";")):
            yield at, mark["mark"]


def _stands_alone(lines: Sequence[str], at: int) -> bool:
    """What stands right above it has ended."""
    return not at or not lines[at - 1].strip() or ends_sentence(lines[at - 1])


def _margin_of(lines: Sequence[str]) -> int:
    """Where most of the text begins."""
    margins = sorted(margin(line) for line in lines if len(line) > _LEAST_LENGTH)
    return margins[len(margins) // 2] if margins else 0


def _is_title(text: str, rank: re.Pattern[str]) -> bool:
    if not text:
        return rank is not _BARE
    if len(text) > _LONGEST or len(text.split()) > _MOST_WORDS or _APART.search(text):
        return False
    if text.endswith("."):
        # As contracts write them: "1. Governing Law."
        return begins_text(text) and not any(word[0].islower() for word in text.split() if word not in _SMALL_WORDS)
    return begins_text(text) and not text.endswith((",", ";", ":", "!", "\\", "{", "}", "="))


class _Text(NamedTuple):
    lines: Sequence[str]
    wrapping: Wrapping
    margin: int

    def numbered(self, begun: Iterable[int], rank: re.Pattern[str]) -> list[_Numbered]:
        """Lines that could be titles of a rank, among ``begun``."""
        found: list[_Numbered] = []
        for at in begun:
            line = self.lines[at].strip()
            match = rank.match(line)
            if match and self._may_be_title(at) and _is_title(line[match.end() :], rank):
                found.append(_Numbered(at, match["number"], self._has_text_below(at, rank)))
        return found

    def series(self, begun: Sequence[int]) -> list[int]:
        """Titles with bare numbers that follow each other; those among them need no text of their own."""
        every = self.numbered(begun, _BARE)
        told = [(place, one) for place, one in enumerate(every) if one.has_text]
        numbers: set[int] = set()
        for (place, one), (next_place, following) in pairwise(told):
            step = int(following.number) - int(one.number)
            # The numbers between may be those of titles without text.
            if step == 1 or 0 < step == next_place - place:
                numbers.update((int(one.number), int(following.number)))
        sure = [one.at for _, one in told if int(one.number) in numbers]
        if not sure:
            return []
        between = [
            one.at for one in every if sure[0] < one.at < sure[-1] and not one.has_text and self._is_last(one.at)
        ]
        # Where many paragraphs begin with a number and few of them are surely titles, they are items of a list.
        others = [at for at in begun if sure[0] < at < sure[-1] and _BARE.match(self.lines[at]) and self._is_first(at)]
        is_series = len(between) <= len(sure) and 3 * len(sure + between) >= 2 * len(others)
        return sure + between if is_series else []

    def depth(self, at: int) -> int:
        """1 for a chapter, 2 for 1.1 and so on; 0 for what is no title. It needs no other of its kind."""
        line = self.lines[at]
        text = line.strip()
        if not text or line[0].isspace() or text.endswith((".", ",", ";", ":")) or not _stands_alone(self.lines, at):
            return 0
        if _CHAPTER.match(text):
            return 1 if self._is_last(at) else 0
        numbered = _NUMBERED.match(text)
        if numbered is None:
            return 0
        if not self._is_last(at) and not (_is_title(text, _BARE) and self._has_text_below(at, _BARE)):
            return 0
        return numbered["number"].count(".") + 1

    def _may_be_title(self, at: int) -> bool:
        """It stands at the margin, or alone and hardly farther in."""
        depth = margin(self.lines[at])
        if depth and not (depth <= _DEEPEST and self._is_first(at) and self._is_last(at)):
            return False
        return _stands_alone(self.lines, at)

    def _is_last(self, at: int) -> bool:
        """Of its paragraph."""
        return at + 1 == len(self.lines) or not self.lines[at + 1].strip()

    def _is_first(self, at: int) -> bool:
        return not at or not self.lines[at - 1].strip()

    def _has_text_below(self, at: int, rank: re.Pattern[str]) -> bool:
        below = next((place for place in range(at + 1, min(len(self.lines), at + 4)) if self.lines[place].strip()), at)
        following = self.lines[below]
        if below == at or margin(following) > max(self.margin, margin(self.lines[at])) + 1:
            return False
        if below == at + 1 and (not self.wrapping.is_short(self.lines[at], following) or following[0].isspace()):
            return False
        if _NUMBERED.match(following) or _ITEM.match(following):
            return True
        if rank is _BARE and _BARE.match(following):
            return False
        return begins_text(following) and (len(following.split()) >= _LEAST_WORDS or len(following) >= _LEAST_LENGTH)
