"""Sentences that tell of a thing that only an example shows: nothing is asked of them."""

import re
from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.grammar.passage import Sentence


def of_examples(sentences: Sequence[Sentence]) -> frozenset[int]:
    """The numbers of English sentences about an example."""
    code = _defined(sentences[0].passage) if sentences else frozenset()
    found: set[int] = set()
    running = ""
    for number, sentence in enumerate(sentences):
        if number and sentences[number - 1].paragraph != sentence.paragraph:
            running = ""
        running = _running(sentence.text, running)
        told = running and not _GENERALLY.match(sentence.text)
        if told or _PLACEHOLDER.search(sentence.text) or _names(sentence.text, code):
            found.add(number)
    return frozenset(found)


def _running(text: str, running: str) -> str:
    """What example a sentence belongs to: one that a paragraph is about, one of a sentence or two, or none."""
    if _WHOLE.match(text):
        return "whole"
    if _SINGLE.match(text):
        return "single"
    return running if running == "whole" or (running and _GOING_ON.match(text)) else ""


_WHOLE = re.compile(
    r"(?:(?:Now|So|But|And),? )?(?:Suppose|Imagine|Assume|Consider (?:the|a|an|this|what)|Say that|"
    r"Let us (?:say|assume)|"
    r"As an (?:example|illustration)|To illustrate|In (?:this|the|our) (?:\w+ )?(?:example|scenario)|"
    r"This (?:\w+ )?example|(?:In|For) the examples?)\b"
)
_SINGLE = re.compile(r"(?:(?:So|But|And|Thus|Hence),? )?(?:For (?:example|instance)|E\.g)\b")
# A sentence that speaks on of what the one before told.
_GOING_ON = re.compile(
    r"(?:It|They|This|These|That|Those|Here|Then|So|The|In (?:this|that|such)|If (?:this|that|the|it)|But|And|Thus|"
    r"Hence)\b"
)
# Among the sentences of an example one may speak of all others: "In a typical application, …".
_GENERALLY = re.compile(r"(?:In (?:a typical|general|practice|most)|On most|Typically|Generally)\b")
_PLACEHOLDER = re.compile(
    r"\b(?:foo(?:bar)?|baz|quux|acme|lorem|john doe|jane doe)\b|[`\"“](?:bar|fruit|xyz|abc)[`\"”]|"
    r"\bexample\.(?:com|org|net)\b|"
    r"\b(?:team|user|customer|employee|person|student|product|item|order|artist|track|parent|child|who|book)_"
    r"(?:ids?|names?)\b",
    re.I,
)


def _names(text: str, code: frozenset[str]) -> bool:
    """Whether it speaks of a table or column that a listing of the passage makes."""
    return any(
        match[0] in code and (not match[0].islower() or "_" in match[0] or _is_part(text, match.start(), match.end()))
        for match in _IDENTIFIER.finditer(text)
    )


def _is_part(text: str, start: int, end: int) -> bool:
    quoted = text[max(0, start - 1) : start] in {'"', "'", "`", "“"}
    return quoted or bool(_PART_AFTER.match(text, end) or _PART_BEFORE.search(text[:start]))


_PART_AFTER = re.compile(r"[\"'`”]?\s(?:column|table|index|view|trigger|row|field)\b", re.I)
_PART_BEFORE = re.compile(r"\b(?:column|table|index|view|trigger|row|field)s?\s[\"'`“]?$", re.I)
_IDENTIFIER = re.compile(r"[A-Za-z]\w+")
_MADE = re.compile(
    r"\bCREATE\s+(?:(?:UNIQUE|TEMP|TEMPORARY|VIRTUAL)\s+)?(?:TABLE|INDEX|VIEW)\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    r"(?P<name>\w+)(?:\s+ON\s+(?P<on>\w+))?(?:\s+USING\s+\w+)?\s*\((?P<parts>[^;)]{0,400})"
)
_COLUMN = re.compile(r"(?:\A|,)\s*([A-Za-z_]\w+)")
_KEYWORDS = frozenset("primary foreign unique check constraint select rowid content tokenize prefix".split())


def _defined(text: str) -> frozenset[str]:
    return frozenset(name for name in _made(text) if name.lower() not in _KEYWORDS)


def _made(text: str) -> Iterator[str]:
    for match in _MADE.finditer(text):
        yield match["name"]
        if match["on"]:
            yield match["on"]
        yield from _COLUMN.findall(match["parts"])
