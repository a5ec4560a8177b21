"""reStructuredText to Markdown, as far as reading needs it: headings, code, roles, links, directives."""

import re
from itertools import pairwise

from chunksmith.ingest.parsers.document import join_blocks

_UNDERLINE = re.compile(r"^([=\-~^\"'`#*+.:_])\1{3,}\s*$")
_DIRECTIVE = re.compile(r"^(\s*)\.\.\s+([\w-]+)::\s*(.*)$")
_EXPLICIT = re.compile(r"^\s*\.\.(?:\s|$)")
_ROLE = re.compile(r":[\w:+-]+:`([^`<]+?)(?:\s*<[^`>]*>)?`")
_LINK = re.compile(r"`([^`<]+?)\s*<[^`>]*>`__?")
_REFERENCE = re.compile(r"`([^`]+)`__?")
_LITERAL = re.compile(r"``(.+?)``", re.DOTALL)
_ESCAPED = re.compile(r"\\ ")
_FIELD = re.compile(r"^\s*:[\w-]+:(?:\s|$)")
_SHOWN = frozenset(("note", "warning", "tip", "important", "caution", "hint", "danger", "attention", "seealso"))
_CODE = frozenset(("code", "code-block", "sourcecode", "literalinclude", "parsed-literal", "highlight"))


def is_restructured(text: str) -> bool:
    """Whether the text has the marks of reStructuredText that Markdown does not have."""
    head = text[:60_000]
    marks = len(re.findall(r"^\.\. (?:_|[\w-]+::)|:[a-z]+:`[^`]+`|`[^`\n]+ ?<[^>\n]+>`__?", head, re.MULTILINE))
    lines = head.split("\n")
    titles = sum(1 for one, two in pairwise(lines) if one.strip() and _UNDERLINE.match(two))
    fences = head.count("\n```") + len(re.findall(r"^#{1,6} ", head, re.MULTILINE))
    return titles >= 1 and marks >= 3 and fences < titles


def markdown_from_restructured(text: str) -> str:
    lines = text.split("\n")
    out: list[str] = []
    levels: list[str] = []
    at = 0
    while at < len(lines):
        at = _step(lines, at, out, levels)
    return _inline("\n".join(out))


def _step(lines: list[str], at: int, out: list[str], levels: list[str]) -> int:
    """Write what starts at line ``at``; returns the line after it."""
    line = lines[at]
    following = lines[at + 1] if at + 1 < len(lines) else ""
    if _UNDERLINE.match(line) and at + 2 < len(lines) and _UNDERLINE.match(lines[at + 2]) and following.strip():
        return _heading(following, line[0] + line[0], at + 3, out, levels)
    if line.strip() and not line[0].isspace() and _UNDERLINE.match(following) and not _UNDERLINE.match(line):
        return _heading(line, following[0], at + 2, out, levels)
    directive = _DIRECTIVE.match(line)
    if directive and directive[2] in _SHOWN:
        out.append(f"{directive[2].capitalize()}: {directive[3]}".rstrip())
        return at + 1
    if directive and directive[2] in _CODE:
        return _code(lines, at + 1, out, len(directive[1]))
    if _EXPLICIT.match(line):
        return _past_block(lines, at + 1, len(line) - len(line.lstrip()))
    if line.rstrip().endswith("::"):
        shown = line.rstrip()[:-2].rstrip()
        if shown:
            out.append(shown + ":")
        return _code(lines, at + 1, out, len(line) - len(line.lstrip()))
    out.append(_item(line))
    return at + 1


def _heading(title: str, mark: str, after: int, out: list[str], levels: list[str]) -> int:
    if mark not in levels:
        levels.append(mark)
    out.extend(("", f"{'#' * min(6, levels.index(mark) + 1)} {title.strip()}", ""))
    return after


def _item(line: str) -> str:
    return re.sub(r"^(\s*)[-*+•]\s+", lambda match: match[1] + "- ", line)


def _past_block(lines: list[str], at: int, indent: int) -> int:
    while at < len(lines) and (not lines[at].strip() or len(lines[at]) - len(lines[at].lstrip()) > indent):
        at += 1
    return at


def _code(lines: list[str], at: int, out: list[str], indent: int) -> int:
    end = _past_block(lines, at, indent)
    body = [line for line in lines[at:end] if not _FIELD.match(line)]
    while body and not body[0].strip():
        body.pop(0)
    while body and not body[-1].strip():
        body.pop()
    if body:
        margin = min(len(line) - len(line.lstrip()) for line in body if line.strip())
        out.extend(("", "```", *(line[margin:] for line in body), "```", ""))
    return max(end, at)


def _inline(text: str) -> str:
    """Roles and links become their text. Code blocks are passed over."""
    pieces = re.split(r"(^```\n.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    parts = (piece if index % 2 else _prose(piece) for index, piece in enumerate(pieces))
    return "\n\n".join(part for part in parts if part)


def _prose(text: str) -> str:
    text = _ROLE.sub(r"\1", text)
    text = _LITERAL.sub("\x01\\1\x01", text)
    text = _REFERENCE.sub(r"\1", _LINK.sub(r"\1", text))
    text = _ESCAPED.sub("", text.replace("\x01", "`"))
    return _unwrap(text)


def _unwrap(text: str) -> str:
    """One line per paragraph and per item."""
    return join_blocks(_unwrap_block(block.strip("\n")) for block in re.split(r"\n[ \t]*\n", text) if block.strip())


def _unwrap_block(block: str) -> str:
    out: list[list[str]] = []
    for line in block.split("\n"):
        stripped = line.strip()
        begins = not out or re.match(r"(?:- |\d+\. |#|\||\+--|==)", stripped) or out[-1][0].startswith("#")
        if begins:
            out.append([line.rstrip() if stripped.startswith(("- ", "|", "+--", "==")) else stripped])
        elif stripped:
            out[-1].append(stripped)
    return "\n".join(" ".join(parts) for parts in out)
