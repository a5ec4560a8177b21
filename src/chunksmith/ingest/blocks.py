"""Markdown text as a row of blocks, found line by line in one pass."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

BlockKind = Literal["heading", "prose", "table", "code", "list", "front_matter"]

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*?)[ \t#]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"[ \t]*(?:[-*+•‣▪◦]|\d{1,4}[.)])[ \t]+\S")


class Block(NamedTuple):
    """``text[start:end]`` without the line end. ``level`` and ``title`` are set for headings."""

    start: int
    end: int
    kind: BlockKind
    level: int = 0
    title: str = ""


class _Line(NamedTuple):
    start: int
    end: int
    text: str


def blocks(text: str) -> list[Block]:
    """Blocks in order; white space between them belongs to none."""
    found: list[Block] = []
    lines = list(_lines(text))
    at = _front_matter(lines, found)
    while at < len(lines):
        line = lines[at]
        if not line.text.strip():
            at += 1
            continue
        heading = _HEADING.match(line.text)
        if heading:
            found.append(Block(line.start, line.end, "heading", len(heading[1]), heading[2]))
            at += 1
            continue
        at = _take(lines, at, found)
    return found


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield _Line(start, end, text[start:end])
        start = end + 1


def _front_matter(lines: list[_Line], found: list[Block]) -> int:
    # A blank line follows the rule that a text begins with.
    if len(lines) < 2 or lines[0].text.rstrip() != "---" or not lines[1].text.strip():
        return 0
    for at in range(1, min(len(lines), 200)):
        if lines[at].text.rstrip() in {"---", "..."} and any(":" in line.text for line in lines[1:at]):
            found.append(Block(lines[0].start, lines[at].end, "front_matter"))
            return at + 1
    return 0


def _take(lines: list[_Line], at: int, found: list[Block]) -> int:
    """One block that starts at line ``at``; returns the line after it."""
    first = lines[at]
    fence = _FENCE.match(first.text)
    if fence:
        return _take_fence(lines, at, fence[1], found)
    kind: BlockKind = "prose"
    if first.text.lstrip().startswith("|"):
        kind = "table"
    elif _ITEM.match(first.text):
        kind = "list"
    end = at + 1
    while end < len(lines) and _continues(lines[end].text, kind):
        if kind == "prose" and end == at + 1 and _UNDERLINE.match(lines[end].text) and len(first.text) < 150:
            level = 1 if "=" in lines[end].text else 2
            found.append(Block(first.start, lines[end].end, "heading", level, first.text.strip()))
            return end + 1
        end += 1
    found.append(Block(first.start, lines[end - 1].end, kind))
    return end


def _take_fence(lines: list[_Line], at: int, mark: str, found: list[Block]) -> int:
    end = at + 1
    while end < len(lines) and not _closes(lines[end].text, mark):
        end += 1
    last = min(end, len(lines) - 1)
    found.append(Block(lines[at].start, lines[last].end, "code"))
    return last + 1


def _closes(line: str, mark: str) -> bool:
    stripped = line.strip()
    return stripped.startswith(mark) and not stripped.strip(mark[0])


def _continues(line: str, kind: BlockKind) -> bool:
    if not line.strip() or _HEADING.match(line) or _FENCE.match(line):
        return False
    is_row = line.lstrip().startswith("|")
    if kind == "table":
        return is_row
    return not is_row and (kind == "list" or not _ITEM.match(line))
