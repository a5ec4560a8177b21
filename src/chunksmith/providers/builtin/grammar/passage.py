"""The sentences of a passage that are prose, each with its markup taken off and the way back to the original."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chunksmith.domain.rights import mentions_rights
from chunksmith.domain.sentences import spans
from chunksmith.providers.builtin.grammar.topic import KINDS

MAX_CHARS = 20_000
MAX_SENTENCES = 200

_FENCE = re.compile(r"\s*(```|~~~)")
_HEADING = re.compile(r"\s{0,3}(?P<level>#{1,6})\s+(?P<title>\S.*?)[\s#]*$")
_UNDERLINE = re.compile(r"\s*([=\-~^\"*+.])\1{3,}\s*$")
_MARKER = re.compile(r"\s*(?:[-*+•‣▪◦–—]|\d{1,3}[.)]|\(?[a-z]\))\s+|\s*>\s?")
# What a paragraph begins with before its first word: "1.1 The Client shall …", "§ 4 The Client …", "A: Backups are …".
_CLAUSE = re.compile(r"\s*(?:(?:§\s*)?\d{1,3}(?:\.\d{1,3}){1,3}\.?|§+\s*\d{1,4}\.?|[QA][:.])\s+(?=[A-Z“\"])")
_ASKED = re.compile(r"(?:Q|Question)(?: ?\d{1,3})?[:.]\s+(?P<question>\S.{0,200}\?)")
_NUMBERED_TITLE = re.compile(
    r"\s*(?:(?:chapter|section|part|appendix)\s+\w+|\d+(?:\.\d+)+\.?|[A-Z]\.\d+\.?)(?:[.:]?\s|$)", re.I
)
_NOT_PROSE_LINE = re.compile(
    r"\|.*\||^\s*\||\.{4,}|(?:\. ){3,}|…\s*…|\t.*\t|[{};]\s*$|^\s*(?:\$|#!|>>>|%|@)\s?|^\s*\.\. |=>|:=|==|"
    r"</?\w+[^>]*>|\w\([^()]*\);|^\s*(?:def|class|import|from|return|SELECT|INSERT|UPDATE|CREATE|PRAGMA|"
    r"WITH)\s[^.]*$|&\w+;|\s{3,}\S+\s{3,}"
)
_FURNITURE = re.compile(
    r"\b(?:all rights reserved|copyrights?|trademarks and|general public licen[sc]e|licen[sc]ed under|"
    r"permission is hereby|this work is|creative commons|"
    r"cookies?|subscribe|newsletter|sign (?:in|up)|log ?in to|click|privacy policy|terms of (?:use|service)|"
    r"last (?:updated|modified|edited)|page was|skip to|back to top|table of contents|javascript|powered by|"
    r"follow us|your browser|without warranty|warranties|liability|page \d+|see also|read more|contact us|"
    r"retrieved|isbn|doi)\b|[©®]|https?://|www\.",
    re.I,
)
# "Method (3)" is the name of a method, unlike "the lamp (3)".
_LABELLED = "method option case step form interpretation rule alternative".split()
_NO_LABEL = rf"(?!(?:{'|'.join(f'(?<=(?i:{noun}))' for noun in _LABELLED)})\s\(\d\))"
_MARKUP = re.compile(
    r"(?P<drop>!\[[^\]\n]{0,200}\]\([^()\s]{0,300}\)|\s?\[\d{1,3}(?:[,–-]\s?\d{1,3})*\]|"
    rf"{_NO_LABEL}\s\([^()]{{0,200}}(?:\([^()]{{0,60}}\)[^()]{{0,100}}){{0,2}}\)|\*\*|"
    r"\\\s|\[\^\w{1,8}\])|\[(?P<link>[^\[\]]{1,200})\]\([^()\s]{0,300}(?:\s\"[^\"]{0,80}\")?\)|"
    r"\[(?P<ref>[^\[\]]{1,200})\]\[[^\[\]]{0,100}\]|"
    r"`(?P<rst>[^`<>]{1,120}?)\s*<[^`<>]{1,300}>`__?|"
    r"(?<![\w*])\*(?P<star>[^*\s](?:[^*]{0,120}[^*\s])?)\*(?![\w*])|"
    r"(?<![\w/])_{1,2}(?P<under>[^_\s](?:[^_]{0,120}[^_\s])?)_{1,2}(?![\w/])|(?P<space>(?:\s|\n\s*>)+)"
)
_CAPTION = re.compile(r"(?:listing|figure|fig\.|table|example|exhibit|chart|plate) [\dA-Z][\d.-]*[.:] ", re.I)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LISTED = re.compile(r"(?P<kind>[A-Z]{4,}) (?:[a-z]\w*\.)?(?P<name>[a-z]\w+)(?=\s*(?:[;(]|(?P=kind)\b|$)| = [a-z])")
_UNFIT = re.compile(
    r"[|{}<>=\\•→©]|:[a-z]+:|\.\.\.|…|--\s|-\n|^\W*$|^\W*\(|^[\^\d]|\s[-–]\s.*\s[-–]\s.*\s[-–]\s|_\s|\s\*|[*_]{2}|(?:^|\s)//\s"
)


# "the state. `in` and `out` are …": two sentences in one, as the second begins small.
_RUN_ON = re.compile(r"(?<!\betc)(?<!\bvs)(?<!approx)(?<!\bincl)(?<!\bresp)(?<=[a-z`)\"]{3})\. (?=[a-z]{2}|`[a-z])")
_ENUMERATION = re.compile(r"\b\d{1,2}\. [a-z]{2}")


class Block(NamedTuple):
    start: int
    end: int
    headings: tuple[str, ...]
    item: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """``text`` is without markup; ``origins[i]`` is the place of its i-th character in ``passage``.

    ``headings`` lead to the sentence, outermost first; ``item``: it stands in a list.
    """

    passage: str
    text: str
    origins: tuple[int, ...]
    paragraph: int
    headings: tuple[str, ...] = ()
    item: bool = False

    @property
    def heading(self) -> str:
        return self.headings[-1] if self.headings else ""

    @property
    def quote(self) -> str:
        return self.original(0, len(self.text)) or ""

    def original(self, start: int, end: int) -> str | None:
        """The passage's own characters for ``text[start:end]``; None when the cut would split markup or a word."""
        if start >= end or self._cuts_word(start) or self._cuts_word(end):
            return None
        raw = self.passage[self.origins[start] : self.origins[end - 1] + 1]
        for mark in ("**", "`", "*"):
            marks = raw.replace("**", "").count(mark) if mark == "*" else raw.count(mark)
            if marks % 2:
                after = self.passage[self.origins[end - 1] + 1 :][: len(mark)]
                before = self.passage[: self.origins[start]][-len(mark) :]
                if after == mark:
                    raw += mark
                elif before == mark:
                    raw = mark + raw
                elif mark != "*":
                    # A star alone may be one of the passage's words: ``rc*``.
                    return None
        if _closes_first(raw):
            # From one link into another: "tower][one] and [lamp".
            low, high = self.origins[start], self.origins[end - 1] + 1
            rest = _LINK_END.match(self.passage, high)
            if rest is None or self.passage[low - 1 : low] != "[":
                return None
            raw = self.passage[low - 1 : rest.end()]
        balanced = raw.count("[") == raw.count("]") and raw.count("(") == raw.count(")")
        return raw if balanced else None

    def _cuts_word(self, place: int) -> bool:
        """Scripts without spaces have no such border."""
        pair = self.text[max(0, place - 1) : place + 1]
        return 0 < place < len(self.text) and pair.isalnum() and all(char < "\u2e80" for char in pair)


_LINK_END = re.compile(r"\](?:\([^()\s]{0,300}\)|\[[^\[\]]{0,100}\])")


def _closes_first(raw: str) -> bool:
    """A bracket closes that has not been opened."""
    close = raw.find("]")
    return close >= 0 and not 0 <= raw.find("[") < close


def sentences(passage: str, headings: Sequence[str] = ()) -> list[Sentence]:
    """Prose sentences in order; navigation, tables, code, headings and notices are left out.

    ``headings`` is the path to the beginning of the passage; headings inside of it go on from there.
    """
    text = passage[:MAX_CHARS]
    found: list[Sentence] = []
    for number, block in enumerate(_blocks(text, tuple(headings))):
        for span in spans(text[block.start : block.end]):
            sentence = _cleaned(text, block.start + span.start, block.start + span.end, number, block)
            if is_prose(sentence.text):
                found.append(sentence)
                if len(found) == MAX_SENTENCES:
                    return found
    return found


def is_prose(text: str) -> bool:
    """Whether the sentence is one: ends as such, mostly letters, no notice, no code."""
    if not 12 <= len(text) <= 600 or text[-1] not in ".!。！।؟۔" or _UNFIT.search(text):
        return False
    if _FURNITURE.search(text) or mentions_rights(text):
        return False
    if _CAPTION.match(text):
        return False
    solid = [char for char in text if not char.isspace()]
    letters = sum(char.isalpha() for char in solid)
    if letters < 0.75 * len(solid):
        return False
    words = text.split()
    if len(_LATIN.findall(text)) < 0.5 * letters:
        return letters >= 10
    capitals = sum(word[:1].isupper() for word in words)
    return len(words) >= 4 and (capitals <= 0.55 * len(words)) and text.count('"') % 2 == 0


def first_end(text: str) -> int:
    """Where the first English sentence ends in what was cut out as one; its length when it is one."""
    found = _RUN_ON.search(text)
    return found.start() if found else len(text)


def enumerates(text: str) -> bool:
    """``only 1. when A, or 2. when B``"""
    return bool(_ENUMERATION.search(text))


def _blocks(text: str, outer: tuple[str, ...]) -> Iterator[Block]:
    path, start, end, item, fenced = outer, -1, -1, False, False
    position = 0
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        here, position = position, position + len(line)
        if _FENCE.match(line):
            fenced = not fenced
        titled = _HEADING.match(line)
        marker = _MARKER.match(line)
        begins = start < 0
        following = lines[number + 1] if number + 1 < len(lines) else ""
        entry = "" if fenced or not begins else _entry(line)
        ends = not line.strip() or fenced or bool(_FENCE.match(line)) or titled or entry or _is_furniture_line(line)
        opens = begins or _ends_sentence(text[start:end])
        title = not ends and opens and (_is_title(line, following) or (marker and _heads_item(line, following)))
        if ends or title or (marker and not begins):
            if start >= 0:
                yield Block(start, end, path, item)
            start = -1
        if titled:
            path = _under(path, titled["title"], len(titled["level"]))
        elif entry:
            beside = path and path[-1].startswith("the ") and path[-1].rpartition(" ")[2] == entry.rpartition(" ")[2]
            path = (*(path[:-1] if beside else path), entry)
        elif title:
            asked = _ASKED.fullmatch(line.strip())
            path = _under(path, asked["question"] if asked else line.strip(), len(outer) + 1)
        if ends or title:
            continue
        if start < 0:
            item = marker is not None
            before = marker or _CLAUSE.match(line)
            start = here + (before.end() if before else 0)
        end = position
    if start >= 0:
        yield Block(start, end, path, item)


def _entry(line: str) -> str:
    """``PRAGMA busy_timeout;`` above what a reference says of it: ``the busy_timeout pragma``. Empty: no such line."""
    match = _LISTED.match(line)
    if match is None or match["kind"].lower() not in KINDS or _ends_sentence(line):
        return ""
    return f"the {match['name']} {match['kind'].lower()}"


def _under(path: tuple[str, ...], title: str, level: int) -> tuple[str, ...]:
    """A heading ends those of its own level and below; one that the path names already is the same one."""
    above = path[: path.index(title)] if title in path else path[: level - 1]
    return (*above, title)


def _is_furniture_line(line: str) -> bool:
    return bool(_UNDERLINE.match(line) or _NOT_PROSE_LINE.search(line))


def _ends_sentence(text: str) -> bool:
    return text.rstrip()[-1:] in tuple(".!?:。！？")


def _is_title(line: str, following: str) -> bool:
    """A line that stands as a title in plain text: numbered, underlined, or short and without a full stop."""
    bare = line.strip()
    if _ASKED.fullmatch(bare):
        return True
    if bare[-1:] in tuple(".!?,;:。！？、，"):
        return False
    if _UNDERLINE.match(following) or (_NUMBERED_TITLE.match(bare) and len(bare) < 90):
        return True
    return len(bare) < 50 and len(bare.split()) <= 7 and bool(re.match(r"\s*[A-Z\d/`\"]", following))


def _heads_item(line: str, following: str) -> bool:
    """``- Stand-in for a database during demos`` above the indented text of the item: its title."""
    bare = line.strip()
    return len(bare) < 90 and bare[-1:].isalpha() and bool(re.match(r"\s{2,}[A-Z][a-z]", following))


def _is_part(bracket: str, before: str) -> bool:
    """``"x IN (y, z)"`` is quoted with its brackets, and ``(*pz) is set`` has them for a name: no remarks."""
    return "(" in bracket and (before.count('"') % 2 == 1 or bracket.lstrip().startswith("(*"))


def _cleaned(text: str, start: int, end: int, paragraph: int, block: Block) -> Sentence:
    chars: list[str] = []
    origins: list[int] = []

    def keep(low: int, high: int) -> None:
        chars.extend(text[low:high])
        origins.extend(range(low, high))

    position = start
    for match in _MARKUP.finditer(text, start, end):
        keep(position, match.start())
        position = match.end()
        if match["drop"] and _is_part(match["drop"], text[start : match.start()]):
            keep(*match.span())
            continue
        if match["space"] is not None:
            chars.append(" ")
            origins.append(match.start())
            continue
        kept = next((name for name in ("link", "ref", "rst", "star", "under") if match[name] is not None), None)
        if kept is not None:
            keep(*match.span(kept))
    keep(position, end)
    flat = [" " if char.isspace() else char for char in chars]
    return Sentence(text, "".join(flat), tuple(origins), paragraph, block.headings, block.item)
