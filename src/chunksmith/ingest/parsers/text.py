"""Markdown and plain text."""

import re
from pathlib import Path
from textwrap import dedent

from chunksmith.ingest.contents import contents_runs, is_contents_title
from chunksmith.ingest.leaders import is_contents_line, without_leader
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits, clean_text, join_blocks
from chunksmith.ingest.parsers.encodings import decode
from chunksmith.ingest.parsers.restructured import is_restructured, markdown_from_restructured
from chunksmith.ingest.parsers.text_pages import without_page_edges

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?=.*\S)(?:.{0,500}\n){0,200}?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_FRONT_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_FIRST_HEADING = re.compile(r"^#[ \t]+(\S.*)$", re.MULTILINE)
# Code is passed over whole. What is not ended goes on to the end of the text, so that nothing is looked for twice.
_COMMENTS = re.compile(
    r"^ {0,3}(?P<fence>```|~~~)(?:.*?^ {0,3}(?P=fence)|.*)|^(?: {4}|\t)[^\n]*|`[^`\n]*`|(?P<comment><!--(?:.*?-->|.*))",
    re.DOTALL | re.MULTILINE,
)
_RULE = re.compile(r"^[ \t]*[-=*_~]{10,}[ \t]*$")
_CHAPTER = re.compile(r"^(?:chapter|appendix|part)\s+[\dA-ZIVX]{1,5}[.:]?\s+\S.{0,100}$", re.IGNORECASE)
_NUMBERED = re.compile(r"^(?P<number>(?:\d{1,3}|[A-Z])(?:\.\d{1,3})+)\.?\s+\S.{0,100}$")
_CONTENTS_LINE = re.compile(r"^\s*(?:\d{1,3}|[A-Z])(?:\.\d{1,3})*\.?\s+\S.{0,100}$")
_PAGE = re.compile(r"\s+\d{1,4}$")
_NUMBERED_ENTRY = re.compile(r"^\s{0,3}(?:\d{1,3}|[A-Z])\.\s+\S")
_BULLET = re.compile(r"^(\s*)[*+•o-]\s+(?=\S)")
_COMMAND = re.compile(r"^\s*[$#>]\s+\S|^\s*\S.*[{};\\]\s*$")


def parse_markdown(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    """As it is, without front matter and comments. reStructuredText under a Markdown name is recognised."""
    del name, limits
    decoded = decode(path.read_bytes())
    text = clean_text(decoded.text)
    if is_restructured(text):
        return _restructured(text, decoded.warnings)
    front = _FRONT_MATTER.match(text)
    title = _FRONT_TITLE.search(front[0]) if front and ":" in front[0] else None
    body = _COMMENTS.sub(_without_comment, text[front.end() :] if front and ":" in front[0] else text)
    heading = title or _FIRST_HEADING.search(body)
    return ParsedDocument(body, "text/markdown", heading[1].strip() if heading else None, decoded.warnings)


def _without_comment(found: re.Match[str]) -> str:
    return "" if found["comment"] and found["comment"].endswith("-->") else found[0]


def parse_text(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    """Paragraphs joined to one line each, chapter titles as headings; contents, rules and running heads left out."""
    del limits
    decoded = decode(path.read_bytes())
    text = clean_text(without_page_edges(decoded.text)).expandtabs(8)
    if is_restructured(text) or Path(name).suffix.lower() == ".rst":
        return _restructured(text, decoded.warnings)
    lines = [line for line in _without_contents(text.split("\n")) if not is_contents_line(line)]
    blocks = [block for group in _groups(lines) if (block := _block(group))]
    body = join_blocks(blocks)
    return ParsedDocument(body, "text/plain", warnings=decoded.warnings)


def _restructured(text: str, warnings: tuple[str, ...]) -> ParsedDocument:
    body = markdown_from_restructured(text)
    heading = _FIRST_HEADING.search(body)
    return ParsedDocument(body, "text/x-rst", heading[1].strip() if heading else None, warnings)


def _without_contents(lines: list[str]) -> list[str]:
    """Without the lines between "Table of Contents" and the first line that is not an entry of it."""
    lines = list(lines)
    for run in reversed(contents_runs(lines, [True] * len(lines))):
        del lines[run.start : run.end]
    kept: list[str] = []
    at = 0
    while at < len(lines):
        if is_contents_title(lines[at]):
            end = _end_of_contents(lines, at + 1)
            if end - at > 4 and any(line.strip() for line in lines[at + 1 : end]):
                at = end
                continue
        kept.append(lines[at])
        at += 1
    return kept


def _end_of_contents(lines: list[str], start: int) -> int:
    """The first line that is no entry, or says what an entry did: the heading that the entry leads to."""
    entries: set[str] = set()
    for at in range(start, len(lines)):
        line = lines[at].strip()
        is_entry = is_contents_line(line) or _CONTENTS_LINE.match(line)
        if line and (not is_entry or line in entries):
            return at
        entries.update((without_leader(line), _PAGE.sub("", line)))
    return len(lines)


def _groups(lines: list[str]) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for line in lines:
        if not line.strip() or _RULE.match(line):
            groups.append([])
        else:
            groups[-1].append(line)
    return [group for group in groups if group]


def _block(lines: list[str]) -> str:
    if len(lines) == 1:
        heading = _heading(lines[0])
        if heading:
            return heading
    if any(line.startswith(("|", "#", "```", ">")) for line in lines):
        return "\n".join(lines)
    if _is_layout(lines):
        return "```\n" + dedent("\n".join(lines)) + "\n```"
    return _joined(lines)


def _heading(line: str) -> str | None:
    text = line.strip()
    if line[:1].isspace() or text.endswith((".", ",", ";", ":")):
        return None
    if _CHAPTER.match(text):
        return f"# {text}"
    numbered = _NUMBERED.match(text)
    return f"{'#' * min(6, numbered['number'].count('.') + 1)} {text}" if numbered else None


def _joined(lines: list[str]) -> str:
    """Lines of a paragraph are one line; items of a list keep theirs."""
    out: list[list[str]] = []
    for line in lines:
        bullet = _BULLET.match(line)
        text = " ".join(line.split())
        if bullet:
            out.append(["  " * min(3, max(0, len(bullet[1]) - 6) // 4) + "- " + text[1:].lstrip()])
        elif not out or (_NUMBERED_ENTRY.match(line) and len(lines) > 1):
            out.append([text])
        elif _ends_in_hyphen(out[-1][-1]) and text[:1].islower():
            out[-1].append(text)
        else:
            out[-1].append(" " + text)
    return "\n".join("".join(parts) for parts in out)


def _ends_in_hyphen(text: str) -> bool:
    """A compound word broken at its own hyphen: in plain text nothing else is broken."""
    return text.endswith("-") and text[-2:-1].isalpha() and "://" not in text


def _is_layout(lines: list[str]) -> bool:
    """Code, listings and drawn tables: columns held apart by spaces, commands, or short lines that end nowhere."""
    apart = sum(1 for line in lines if re.search(r"\S {3,}\S", line.strip()))
    commands = sum(1 for line in lines if _COMMAND.match(line))
    return (apart + commands) * 2 > len(lines) and (len(lines) > 1 or commands == 1)
