"""Printed pages to running text: headers, footers and contents out, lines to paragraphs, large type to headings."""

import re
from collections.abc import Sequence
from itertools import pairwise

from chunksmith.ingest.contents import contents_runs, is_contents_title
from chunksmith.ingest.leaders import is_contents_line
from chunksmith.ingest.parsers.document import join_blocks
from chunksmith.ingest.parsers.page_lines import Line, Page, body_size, line_distance
from chunksmith.ingest.parsers.running_lines import EdgeLine, is_page_number, running_lines
from chunksmith.ingest.parsers.running_places import lines_in_running_places

_SECTION = re.compile(
    r"^(?:(?:chapter|appendix|part)\s+[\dA-Z]{1,4}\b|(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S)", re.I
)
_ENDED = re.compile(r"[.!?:;。！？：][\"'”’)\]」』]*$")
_ITEM = re.compile(r"^(?:[•‣▪◦·–*-]|\(?\d{1,2}[.)]|\(?[a-z]\))\s+\S")
_BULLET = re.compile(r"^[•‣▪◦·–*]\s*")
_WIDE_END = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]$")
_WIDE_START = re.compile(r"^[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_LARGE = 1.15
_EDGE_LINES = 3


def markdown_from_pages(pages: Sequence[Page]) -> str:
    """Shapes: pages in order; a paragraph may run over the end of a page."""
    bodies = (_body(page, edges) for page, edges in zip(pages, _page_edges(pages), strict=True))
    lines = _without_contents([line for body in bodies for line in body])
    if not lines:
        return ""
    body = body_size(lines)
    sizes = sorted({line.size for line in lines if line.size >= body * _LARGE}, reverse=True)
    blocks: list[str] = []
    for group in _paragraphs(lines, body):
        blocks.append(_block(group, body, sizes))
    return join_blocks(_without_empty(blocks))


def _page_edges(pages: Sequence[Page]) -> list[frozenset[Line]]:
    """Running heads, feet and the numbers of each page."""
    size = body_size([line for page in pages for line in page.lines])
    outer = [_outer_lines(page) for page in pages]
    running = running_lines([[_edge_line(line, size) for line in lines] for lines in outer])
    known = [frozenset(line for line in lines if _edge_line(line, size) in running) for lines in outer]
    placed = lines_in_running_places(pages, outer, known)
    return [
        repeated | here | {line for line in lines if is_page_number(line.text)}
        for lines, repeated, here in zip(outer, known, placed, strict=True)
    ]


def _outer_lines(page: Page) -> list[Line]:
    """Lines at the top or bottom of the page, in space or in the order of the file."""
    lines = page.lines
    outer = {*lines[:_EDGE_LINES], *lines[-_EDGE_LINES:]}
    return [line for line in lines if line in outer and not 0.12 * page.height < line.y < 0.88 * page.height]


def _edge_line(line: Line, body: float) -> EdgeLine:
    return EdgeLine(line.text, line.size / body)


def _body(page: Page, edges: frozenset[Line]) -> list[Line]:
    leaders = sum(1 for line in page.lines if is_contents_line(line.text))
    if leaders * 2 > len(page.lines):
        return []
    return [
        line
        for line in page.lines
        if not is_contents_line(line.text) and line not in edges and not (leaders and is_contents_title(line.text))
    ]


def _without_contents(lines: list[Line]) -> list[Line]:
    body = body_size(lines)
    runs = contents_runs([line.text for line in lines], [line.bold or line.size >= body * _LARGE for line in lines])
    for run in reversed(runs):
        del lines[run.start : run.end]
    return lines


def _paragraphs(lines: Sequence[Line], body: float) -> list[list[Line]]:
    leading = line_distance(lines, body)
    widest = _typical_length(lines)
    groups: list[list[Line]] = [[lines[0]]]
    for before, line in pairwise(lines):
        if not _is_wrapped_title(before, line, body) and _breaks(before, line, leading, widest):
            groups.append([line])
        else:
            groups[-1].append(line)
    return groups


def _typical_length(lines: Sequence[Line]) -> float:
    """Characters of a full line: long against most, but not the longest."""
    lengths = sorted(len(line.text) for line in lines)
    return lengths[int(len(lengths) * 0.75)]


def _is_wrapped_title(before: Line, line: Line, body: float) -> bool:
    """A title of more than one line, set larger than the text."""
    return (
        before.size == line.size >= body * _LARGE
        and 0 < before.y - line.y <= line.size * 1.5
        and not _SECTION.match(line.text)
        and len(before.text) > 20
    )


def _breaks(before: Line, line: Line, leading: float, widest: float) -> bool:
    """Whether ``line`` begins a paragraph."""
    if abs(before.size - line.size) > 0.6 or (before.bold != line.bold and (len(before.text) < 90 or line.bold)):
        return True
    if _ITEM.match(line.text):
        return True
    gap = before.y - line.y
    ended = bool(_ENDED.search(before.text))
    if gap <= 0 or gap > 8 * leading:
        # another column or page: a sentence goes on when it was not at its end
        return ended or not (line.text[:1].islower() or len(before.text) > widest * 0.7)
    if gap > leading * 1.45 or (widest >= 60 and len(before.text) < widest * 0.55):
        return True  # a line that short ends a paragraph, or is a row of a table
    if ended and len(before.text) < widest * 0.8:
        return True
    return ended and line.x > before.x + 6


def _block(group: Sequence[Line], body: float, sizes: Sequence[float]) -> str:
    text = _joined(group)
    first = group[0]
    if first.size >= body * _LARGE and len(text) < 200 and not text.endswith((".", ",", ";")):
        level = min(4, sizes.index(first.size) + 1) if first.size in sizes else 3
        return f"{'#' * _numbered_level(text, level)} {text}"
    if first.bold and len(text) < 110 and not _ENDED.search(text) and len(group) <= 2:
        return f"{'#' * _numbered_level(text, 4)} {text}"
    return _BULLET.sub("- ", text)


def _numbered_level(text: str, level: int) -> int:
    match = _SECTION.match(text)
    if not match:
        return level
    return min(6, match["number"].count(".") + 1) if match["number"] else 1


def _joined(group: Sequence[Line]) -> str:
    parts = [group[0].text]
    for line in group[1:]:
        before = parts[-1]
        if before.endswith("-") and before[-2:-1].isalpha() and line.text[:1].islower():
            is_compound = "-" in before.rsplit(" ", 1)[-1][:-1]
            parts[-1] = before if is_compound else before[:-1]
            parts.append(line.text)
        elif _runs_on(before, line.text):
            parts.append(line.text)
        else:
            parts.extend((" ", line.text))
    return "".join(parts)


def _runs_on(before: str, after: str) -> bool:
    """Addresses, and scripts that put no spaces between words, are broken without a mark."""
    if after.startswith("//") or (before.endswith("/") and "://" in before.rsplit(" ", 1)[-1]):
        return True
    return bool(_WIDE_END.search(before[-1:]) and _WIDE_START.match(after))


def _without_empty(blocks: Sequence[str]) -> list[str]:
    return [block for block in blocks if block.strip() and not is_page_number(block)]
