"""Markdown and plain text."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType

from chunksmith.ingest.contents import contents_runs, is_contents_title
from chunksmith.ingest.leaders import is_contents_line, without_leader
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits, clean_text, join_blocks
from chunksmith.ingest.parsers.encodings import decode
from chunksmith.ingest.parsers.plain_titles import Title, titles
from chunksmith.ingest.parsers.restructured import is_restructured, markdown_from_restructured
from chunksmith.ingest.parsers.text_pages import without_page_edges
from chunksmith.ingest.parsers.wrapped_lines import Wrapping, unwrapped, wrapping_of

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?=.*\S)(?:.{0,500}\n){0,200}?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_FRONT_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_FIRST_HEADING = re.compile(r"^#[ \t]+(\S.*)$", re.MULTILINE)
# Code is passed over whole. What is not ended goes on to the end of the text, so that nothing is looked for twice.
_COMMENTS = re.compile(
    r"^ {0,3}(?P<fence>```|~~~)(?:.*?^ {0,3}(?P=fence)|.*)|^(?: {4}|\t)[^\n]*|`[^`\n]*`|(?P<comment><!--(?:.*?-->|.*))",
    re.DOTALL | re.MULTILINE,
)
_RULE = re.compile(r"^[ \t]*[-=*_~]{10,}[ \t]*$")
_CONTENTS_LINE = re.compile(r"^\s*(?:\d{1,3}|[A-Z])(?:\.\d{1,3})*\.?\s+\S.{0,100}$")
_PAGE = re.compile(r"\s+\d{1,4}$")
_LINE_NUMBER = re.compile(r"^\s*(\d{1,4})(?:\s|$)")
# Items and parts of a clause may end as code does: "(a) the fees;".
_COMMAND = re.compile(
    r"^\s*[$#>]\s+\S|^(?!\s*\(?(?:\w{1,4}\)|\d{1,3}(?:\.\d{1,3})*\.?\s|[-*•]\s)\s*\w)\s*\S.*[{};\\]\s*$"
)
# Of programs that end no line with a mark of their own, and of logs, whose lines begin with a time.
_STATEMENT = re.compile(
    r"^\s*(?:(?:async )?def \w+\(|class \w+\s*[:(]|(?:if|elif|for|while|with) \S.*:$|(?:else|try|finally|except\b.*):$|"
    r"return(?:\s.*[^.])?$|import [\w.]+$|from [\w.]+ import \w|[\w.]+\([^()]*\)$|[\w.]+ [-+*/]?= \S)"
)
_LOGGED = re.compile(r"^\s*[\[(]?(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d\b|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:)")


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
    body = join_blocks(_blocks(lines))
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
    """The first line that is no entry, or says what an entry did: the heading that the entry leads to.

    Numbers behind titles without leaders may be prices: those are entries only where such a heading follows.
    """
    entries: set[str] = set()
    unsure: int | None = None
    for at in range(start, len(lines)):
        line = lines[at].strip()
        if line in entries:
            return at
        if line and not is_contents_line(line):
            if not _CONTENTS_LINE.match(line):
                return at if unsure is None else unsure
            if unsure is None and _PAGE.search(line):
                unsure = at
        if line:
            entries.update((without_leader(line), _PAGE.sub("", line)))
    return len(lines) if unsure is None else unsure


def _blocks(lines: list[str]) -> Iterator[str]:
    wrapping = wrapping_of([group for group in _groups(lines) if isinstance(group, list) and not _is_layout(group)])
    for group in _groups(lines, titles(lines, wrapping)):
        yield f"{'#' * group.level} {group.text}" if isinstance(group, Title) else _block(group, wrapping)


def _groups(lines: list[str], headings: Mapping[int, Title] = MappingProxyType({})) -> Iterator[list[str] | Title]:
    """Titles, and the lines between blank ones, rules and titles."""
    group: list[str] = []
    at = 0
    while at < len(lines):
        heading = headings.get(at)
        if heading is None and lines[at].strip() and not _RULE.match(lines[at]):
            group.append(lines[at])
        elif group:
            yield group
            group = []
        if heading is not None:
            yield heading
        at += heading.lines if heading is not None else 1
    if group:
        yield group


def _block(lines: list[str], wrapping: Wrapping) -> str:
    if any(line.startswith(("|", "#", "```", ">")) for line in lines):
        return "\n".join(lines)
    if _is_layout(lines):
        return "```\n" + dedent("\n".join(lines)) + "\n```"
    return unwrapped(lines, wrapping)


def _is_layout(lines: list[str]) -> bool:
    """Code, listings, logs and drawn tables: columns held apart by spaces, commands, statements, times."""
    apart = sum(1 for line in lines if re.search(r"\S {3,}\S", line.strip()))
    commands = sum(1 for line in lines if _COMMAND.match(line))
    if len(lines) > 1 and any(
        2 * sum(1 for line in lines if kind.match(line.rstrip())) >= len(lines) for kind in (_STATEMENT, _LOGGED)
    ):
        return True
    return _has_line_numbers(lines) or ((apart + commands) * 2 > len(lines) and (len(lines) > 1 or commands == 1))


def _has_line_numbers(lines: list[str]) -> bool:
    """As listings do, which number their empty lines, too; what goes on on the next line has none."""
    if not any(line.strip().isdigit() for line in lines):
        return False
    numbers = [int(found[1]) for line in lines if (found := _LINE_NUMBER.match(line))]
    return 4 * len(numbers) >= 3 * len(lines) and all(two == one + 1 for one, two in pairwise(numbers))
