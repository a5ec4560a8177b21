"""Where sentences begin and end in Markdown or plain text of many languages.

One regular expression finds every place where a sentence could end, then the words on both sides decide. The time is
linear in the text: each decision reads a bounded number of characters around the place.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple


class Span(NamedTuple):
    """Character offsets into the text: ``text[start:end]``."""

    start: int
    end: int


_CLOSERS = r"[\"'”’»›)\]}*_`]{0,4}(?:\[\d{1,3}\]){0,3}"
_STOP = re.compile(
    rf"(?P<wide>[。！？｡]+[」』）】〉》”’]{{0,4}})|(?P<other>[।॥؟۔]+{_CLOSERS})|(?<![.!?…])(?P<stop>[.!?…]++){_CLOSERS}(?=\s)",
)
# Most texts have no stops but these; a pattern that begins with them is searched for faster.
_FOREIGN_STOP = re.compile("[。！？｡।॥؟۔]")
_PLAIN_STOP = re.compile(rf"(?P<stop>[.!?…](?<![.!?…].)[.!?…]*+){_CLOSERS}(?=\s)")
_MARKER = r"(?:[-*+•‣▪◦–]|\d{1,3}[.)]|\(?[a-z]\)|\#{1,6})[ \t]+"
_BLOCK = re.compile(
    r"\n[ \t]*(?:\n\s*|(?=" + _MARKER + r"|\||```|~~~|>))|(?<=\|)[ \t]*\n|^[ \t]*#{1,6}[ \t][^\n]*\n",
    re.MULTILINE,
)
_LIST_NUMBER = re.compile(
    r"(?:^|\n)[ \t]*(?:#{1,6}[ \t]+|[-*+][ \t]+)?(?:\d{1,3}|[A-Za-z]|[ivx]{1,5})(?:\.\d{1,3}){0,4}\Z"
)
_WORD_BREAK = re.compile(r"[\s(\[{\"'“‘„«,;:/]")
_WORD_AFTER = re.compile(r"[\s\"'“‘„«(\[{*_`¿¡]*(\w*)")
_WINDOW = 32
_SHORT_CHARS, _PASSAGE_CHARS = 1_000, 20_000

_ALWAYS = frozenset(
    "mr mrs ms dr prof rev hon gen col sgt capt lt cmdr adm gov sen rep pres st mt ft messrs mmes vs viz cf eg "
    "ie approx dept univ assn bros ca bzw evtl ggf inkl vgl sog resp abs hrsg mme mlle esp incl excl ed eds trans "
    "z d u s.o i.e e.g z.b d.h u.a i.d o.ä p.ej v.a i.d.r b.v i.v.m et.al".split()
)
_BEFORE_NUMBER = frozenset(
    "no nos nr fig figs sec secs sect chap ch vol vols pp p par para art eq eqs tab ex app ver v art bd kap abb seite "
    "s n° jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_OFTEN = frozenset(
    "etc inc ltd co corp jr sr bros esq al a.m p.m u.s u.k u.n u.s.a e.u d.c ph.d m.d b.a m.a m.sc b.sc jan feb mar "
    "apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun usw usf est".split()
)
_STARTERS = frozenset(
    "a after all also although an and another any as at because before both but by do does during each even every "
    "first for from given he her here his how however i if in instead it its last later many more most next no "
    "not note now of on once one only or other our she since so some such that the their then there therefore "
    "these they this those though thus to two under unless until use we what when where which while who why with "
    "without you your der die das ein eine es er sie wir ist im in bei auch wenn dies diese dieser el la los las "
    "le les il un une".split()
)
_ABBREVIATIONS = _ALWAYS | _BEFORE_NUMBER | _OFTEN
_LONGEST_ABBREVIATION = max(map(len, _ABBREVIATIONS))
_MONTHS = frozenset(
    "januar jänner februar märz april mai juni juli august september oktober november dezember jahrhundert".split()
)


def spans(text: str) -> list[Span]:
    """Sentences in order, without the white space around them.

    Shapes: every character that is not white space lies in exactly one span. A list item, a table row, a heading and
            a paragraph end a sentence whatever they end with.
    """
    if len(text) > _PASSAGE_CHARS:
        return _spans(text)
    return list(_short(text) if len(text) <= _SHORT_CHARS else _passage(text))


def _spans(text: str) -> list[Span]:
    found: list[Span] = []
    position = 0
    for edge in _edges(text):
        _append_stripped(found, text, position, edge)
        position = edge
    _append_stripped(found, text, position, len(text))
    return found


# The last few texts are remembered: several parts of a score read the same answer, and the same passage.
_short = lru_cache(maxsize=64)(_spans)
_passage = lru_cache(maxsize=4)(_spans)


def _edges(text: str) -> Iterator[int]:
    """Both kinds of border, merged in order; a border may repeat."""
    blocks = _BLOCK.finditer(text) if "\n" in text else iter(())
    stops = _STOP if not text.isascii() and _FOREIGN_STOP.search(text) else _PLAIN_STOP
    block = next(blocks, None)
    for stop in stops.finditer(text):
        while block is not None and block.end() <= stop.start():
            yield block.end()
            block = next(blocks, None)
        if stop["stop"] is None or _ends_sentence(text, stop):
            yield stop.end()
    while block is not None:
        yield block.end()
        block = next(blocks, None)


def _append_stripped(found: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end].rstrip()
    kept = piece.lstrip()
    if kept:
        last = start + len(piece)
        found.append(Span(last - len(kept), last))


def _ends_sentence(text: str, stop: re.Match[str]) -> bool:
    if _ends_plainly(text, stop.start(), stop.end()):
        return True
    mark = stop["stop"]
    after = _WORD_AFTER.match(text, stop.end(), stop.end() + _WINDOW)
    word = after[1] if after else ""
    if word[:1].islower() and not text[stop.end() : stop.end() + 2].startswith("\n\n"):
        return False
    if mark != ".":
        return True
    before = text[max(0, stop.start() - _WINDOW) : stop.start()]
    if (stop.start() < _WINDOW or "\n" in before) and _LIST_NUMBER.search(before):
        return False
    return not _is_abbreviation(before, word)


def _ends_plainly(text: str, start: int, end: int) -> bool:
    """A full stop behind a word that is no abbreviation, and a space and a capital after it: what most sentences end
    with, decided without expressions."""
    if end != start + 1 or text[start] != "." or text[end] != " " or not text[end + 1 : end + 2].isupper():
        return False
    words = text[max(0, start - _WINDOW) : start].rsplit(None, 1)
    last = words[-1] if words and not text[start - 1].isspace() else ""
    return len(last) > 1 and last.isalpha() and last.lower() not in _ABBREVIATIONS and bool(last.strip("ivx"))


def _is_abbreviation(before: str, following: str) -> bool:
    """Whether the full stop after ``before`` belongs to its last word; ``following`` is the word that comes next."""
    last = before.rsplit(None, 1)[-1] if before and not before[-1].isspace() else ""
    if not last.isalnum():
        last = _WORD_BREAK.split(before)[-1]
    elif len(last) > _LONGEST_ABBREVIATION:
        return False
    key = last.lower()
    if key in _ALWAYS:
        return True
    if following[:1].isdigit() and key in _BEFORE_NUMBER:
        return True
    if last.isdigit():
        return len(last) <= 2 and following.lower() in _MONTHS
    initial = len(last) == 1 and last.isupper()
    dotted = len(last) >= 3 and "." in last and all(len(part) == 1 and part.isalpha() for part in last.split("."))
    return (initial or dotted or key in _OFTEN) and following.lower() not in _STARTERS and bool(following)
