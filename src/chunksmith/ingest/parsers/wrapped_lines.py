"""Lines of plain text put together again where they were wrapped, and kept where their writer ended them."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

# Wider than this nobody wraps lines; from the first width on it is looked at whether they are wrapped at all.
_WIDE, _TOO_WIDE = 120, 160
_NO_WIDTH = 1 << 30
# Of the width: what a line with the next word may fill for the line to be a shorter one than it could be.
_SENTENCE_ROOM, _TITLE_ROOM = 0.8, 0.65
_SENTENCE_END = re.compile(r"[.!?:。！？：][\"'”’»)\]」』*_]*$")
_BEGINS = re.compile(r"[\"'“‘«„(\[*_]{0,3}(?:[A-ZÀ-ÖØ-Þ\d]|[^\W\d_a-zß-öø-ÿ])")
# Characters of Chinese and Japanese, between which a line may end anywhere.
_UNSPACED = re.compile(r"[\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef]")
_BULLET = re.compile(r"^(\s*)[*+•o-]\s+(?=\S)")
_NUMBERED_ENTRY = re.compile(r"^\s{0,3}(?:\d{1,3}|[A-Z])\.\s+\S")
# Parts of a clause, which end with a mark or a word that leads to the next.
_PART = re.compile(r"^\s*\((?P<mark>\d{1,2}|[a-z]|[ivx]{2,4})\)\s+\S")
_PART_END = re.compile(r"(?:[.;:,]|\b(?:and|or|und|oder|et|ou|y|o))\s*$")
_CLAUSE = re.compile(r"^\s{0,3}(?P<number>\d{1,3}(?:\.\d{1,3}){1,4})\.?\s+\S")
_LABEL = re.compile(r"^\s*[A-Z][\w'’./()&-]*(?: [\w'’./()&-]+){0,3}: +\S")
_TERM = 40


class Wrapping(NamedTuple):
    """Units: columns, of which a Chinese or Japanese character takes two; ``width`` is where the longest lines end."""

    width: int

    @property
    def is_none(self) -> bool:
        """Every line of the text ends where its writer ended it."""
        return self.width == _NO_WIDTH

    def filled(self, line: str, following: str, width: int = 0) -> float:
        """How much of the width ``line`` and the next word fill: over 1 where the word had no room."""
        columns = _columns(line)
        if columns > 1.5 * self.width and columns > _WIDE:
            return 0
        word = following.split(None, 1)[0]
        needed = 2 if _UNSPACED.match(word) else 1 + len(word)
        return (columns + needed) / max(self.width, width, 1)

    def is_short(self, line: str, following: str) -> bool:
        """Whether a line that ends no sentence was ended on purpose, which ``following`` shows where it is longer."""
        return self.filled(line, following, _columns(following)) <= _TITLE_ROOM


def wrapping_of(groups: Sequence[Sequence[str]]) -> Wrapping:
    """How the text whose paragraphs, lines without blank ones between them, are ``groups`` was wrapped."""
    followed = sorted(_columns(line) for group in groups for line in group[:-1])
    if not followed:
        return Wrapping(0)
    lengths = [_columns(line) for group in groups for line in group]
    wide = [length for length in lengths if length > _WIDE]
    if 2 * sum(wide) >= sum(lengths):
        full = sum(1 for length in followed if length > 0.8 * followed[-1])
        if max(wide) > _TOO_WIDE or 2 * full < len(followed):
            return Wrapping(_NO_WIDTH)
    # Lines that nothing follows show how long a line may be, too, where most are lines of lists and addresses.
    return Wrapping(max(_most(followed), _most(sorted(lengths))))


def _columns(line: str) -> int:
    return len(line) if line.isascii() else len(line) + len(_UNSPACED.findall(line))


def _most(lengths: Sequence[int]) -> int:
    return lengths[len(lengths) * 9 // 10]


def unwrapped(lines: Sequence[str], wrapping: Wrapping) -> str:
    """The lines of a paragraph as one, but items, clauses, labelled lines and those ended on purpose on their own."""
    borders = _Borders(lines, wrapping)
    out = [_text(lines[0])]
    for at in range(1, len(lines)):
        border, text = borders.before(at), _text(lines[at])
        out.extend((border or _joint(out[-1], text), text))
    return "".join(out)


def _joint(before: str, text: str) -> str:
    if _ends_in_hyphen(before) and text[:1].islower():
        return ""
    return "" if _UNSPACED.match(before[-1:]) and _UNSPACED.match(text) else " "


def begins_text(line: str) -> bool:
    """Whether a sentence, a title or an entry can begin with the line: it does not go on in small letters."""
    return bool(_BEGINS.match(line.lstrip()))


def ends_sentence(line: str) -> bool:
    return bool(_SENTENCE_END.search(line.rstrip()))


def margin(line: str) -> int:
    return len(line) - len(line.lstrip())


class _Borders:
    """What stands between the lines of one paragraph."""

    def __init__(self, lines: Sequence[str], wrapping: Wrapping) -> None:
        self._lines = lines
        self._wrapping = wrapping
        self._width = self._own_width()
        self._has_labels = bool(_LABEL.match(lines[0])) and sum(1 for line in lines if _LABEL.match(line)) > 1
        self._has_kept_lines = self._are_kept()
        self._has_parts = sum(1 for line in lines if _PART.match(line)) > 1
        self._item: int | None = None
        self._clause: tuple[int, ...] | None = None
        self._enter(lines[0])

    def before(self, at: int) -> str:
        """Nothing where line ``at`` goes on with the one before."""
        line = self._lines[at]
        if _BULLET.match(line) or _NUMBERED_ENTRY.match(line):
            self._enter(line)
            return "\n"
        if self._begins_part(self._lines[at - 1], line):
            self._enter(line)
            return "\n"
        if self._begins_clause(self._lines[at - 1], line):
            self._enter(line)
            return "\n\n"
        if self._item is not None and margin(line) > self._item:
            return ""
        border = self._between(self._lines[at - 1], line)
        if border:
            self._enter(line)
        return border

    def _enter(self, line: str) -> None:
        is_item = _BULLET.match(line) or _NUMBERED_ENTRY.match(line)
        self._item = margin(line) if is_item else None
        clause = _CLAUSE.match(line)
        self._clause = _steps(clause["number"]) if clause else self._clause

    def _begins_part(self, before: str, line: str) -> bool:
        part = _PART.match(line)
        return part is not None and (bool(_PART_END.search(before)) or (self._has_parts and part["mark"] in "a1i"))

    def _begins_clause(self, before: str, line: str) -> bool:
        """The number is the one that comes next, or the first of a level: no measure at the beginning of a line."""
        found = _CLAUSE.match(line)
        if found is None:
            return False
        steps = _steps(found["number"])
        if self._clause is None:
            return steps[-1] == 1 and ends_sentence(before)
        return _is_next(self._clause, steps)

    def _between(self, line: str, following: str) -> str:
        if self._has_labels and _LABEL.match(following):
            return "\n"
        if self._has_kept_lines:
            return "\n"
        if self._wrapping.is_none and not begins_text(following):
            return "\n" if len(line) < _TERM else ""
        if not begins_text(following):
            return ""
        filled = self._wrapping.filled(line, following, self._width)
        if ends_sentence(line):
            # Some begin every sentence on a line of its own.
            border = "\n\n" if self._wrapping.is_none else "\n"
            return border if filled <= _SENTENCE_ROOM else ""
        if filled > _TITLE_ROOM:
            return ""
        return "\n\n" if ends_sentence(following) or _columns(following) > 2 * _columns(line) else "\n"

    def _own_width(self) -> int:
        return max(map(_columns, self._lines))

    def _are_kept(self) -> bool:
        """Addresses, names and verse: each line begins anew, ends no sentence, and most had room for the next word."""
        if len(self._lines) < 3 or not all(map(begins_text, self._lines)):
            return False
        roomy = sum(
            1
            for line, following in pairwise(self._lines)
            if self._wrapping.filled(line, following, self._width) <= _SENTENCE_ROOM
        )
        return 2 * roomy >= len(self._lines) - 1 and not any(map(ends_sentence, self._lines[:-1]))


def _text(line: str) -> str:
    """With single spaces; of an item, its mark, and its depth by what stands before it."""
    text = " ".join(line.split())
    bullet = _BULLET.match(line)
    return "  " * (min(3, max(0, len(bullet[1]) - 6) // 4)) + "- " + text[1:].lstrip() if bullet else text


def _ends_in_hyphen(text: str) -> bool:
    """A compound word broken at its own hyphen: in plain text nothing else is broken."""
    return text.endswith("-") and text[-2:-1].isalpha() and "://" not in text


def _steps(number: str) -> tuple[int, ...]:
    return tuple(map(int, number.split(".")))


def _is_next(before: Iterable[int], steps: tuple[int, ...]) -> bool:
    """1.2 comes after 1.1 and 1.1.4, 1.1.1 after 1.1, 2.1 after 1.3."""
    held = (*before,)
    if steps[:-1] == held:
        return steps[-1] == 1
    if len(steps) <= len(held) and steps[:-1] == held[: len(steps) - 1]:
        return steps[-1] == held[len(steps) - 1] + 1
    return steps[-1] == 1 and len(steps) == len(held) and steps[0] == held[0] + 1
