"""Printed pages to running text: headers, footers and contents out, lines to paragraphs, large type to headings."""

import re
from collections.abc import Sequence
from itertools import pairwise

from chunksmith.ingest.contents import contents_runs, is_contents_title
from chunksmith.ingest.leaders import is_contents_line
from chunksmith.ingest.parsers.document import join_blocks
from chunksmith.ingest.parsers.page_lines import Line, Page, PageTable, body_size, joined_lines, line_distance
from chunksmith.ingest.parsers.running_lines import EdgeLine, is_page_number, running_lines
from chunksmith.ingest.parsers.running_places import lines_in_running_places
from chunksmith.ingest.parsers.tables import markdown_table

_SECTION = re.compile(
    r"^(?:(?:chapter|appendix|part)\s+[\dA-Z]{1,4}\b|(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S)", re.I
)
_ENDED = re.compile(r"[.!?:;。！？：][\"'”’)\]」』]*$")
_ITEM = re.compile(r"^(?:[•‣▪◦·–*-]|\(?\d{1,2}[.)]|\(?[a-z]\))\s+\S")
_BULLET = re.compile(r"^[•‣▪◦·–*]\s*")
_EDGE_LINES = 3
_SAME_COLUMN = 2.5
_LARGE = 1.15


def markdown_from_pages(pages: Sequence[Page]) -> str:
    """Shapes: pages in order; a paragraph may run over the end of a page."""
    bodies = [_body(page, edges) for page, edges in zip(pages, _page_edges(pages), strict=True)]
    _leave_out_contents(bodies)
    printed = [line for body in bodies for line in body]
    if not printed:
        return ""
    lines = _with_tables(bodies, [page.tables for page in pages])
    body = body_size(printed)
    sizes = sorted({line.size for line in printed if line.size >= body * _LARGE}, reverse=True)
    blocks: list[str] = []
    for group in _paragraphs(lines, body, line_distance(printed, body), _typical_length(printed)):
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


def _leave_out_contents(bodies: Sequence[list[Line]]) -> None:
    lines = [(page, line) for page, body in enumerate(bodies) for line in body]
    large = body_size([line for _, line in lines]) * _LARGE
    are_headings = [line.bold or line.size >= large for _, line in lines]
    pages = [page for page, _ in lines]
    for run in contents_runs([line.text for _, line in lines], are_headings, pages=pages, page_count=len(bodies)):
        for page, line in lines[run.start : run.end]:
            bodies[page].remove(line)


def _with_tables(pages: Sequence[Sequence[Line]], tables: Sequence[Sequence[PageTable]]) -> list[Line]:
    """The lines of all pages, with tables in place of theirs; one that goes on at the top of the next page is one.

    A table most of whose lines were left out is left out with them.
    """
    found: list[Line | PageTable] = []
    for lines, held in zip(pages, tables, strict=True):
        present = set(lines)
        kept = [table for table in held if 2 * len(table.lines & present) >= len(table.lines)]
        told: set[int] = set()
        for at, line in enumerate(lines):
            number = next((number for number, table in enumerate(kept) if line in table.lines), None)
            if number is None:
                found.append(line)
            elif number not in told:
                told.add(number)
                before = found[-1] if found and at == 0 else None
                if isinstance(before, PageTable) and _goes_on_as(before, kept[number]):
                    found[-1] = _both(before, kept[number])
                else:
                    found.append(kept[number])
    return [_in_markdown(one) if isinstance(one, PageTable) else one for one in found]


def _goes_on_as(before: PageTable, table: PageTable) -> bool:
    return len(before.columns) == len(table.columns) and all(
        abs(one - two) <= _SAME_COLUMN for one, two in zip(before.columns, table.columns, strict=True)
    )


def _both(before: PageTable, table: PageTable) -> PageTable:
    rows = table.rows[1:] if table.rows[0] == before.rows[0] else table.rows
    return PageTable(before.rows + rows, before.columns, table.lines)


def _in_markdown(table: PageTable) -> Line:
    last = min(table.lines, key=lambda line: line.y)
    return Line(markdown_table(table.rows), last.x, last.y, last.size, bold=False, is_table=True)


def _paragraphs(lines: Sequence[Line], body: float, leading: float, widest: float) -> list[list[Line]]:
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
    if before.is_table or line.is_table:
        return True
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
    first = group[0]
    if first.is_table:
        return first.text
    text = joined_lines([line.text for line in group])
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


def _without_empty(blocks: Sequence[str]) -> list[str]:
    return [block for block in blocks if block.strip() and not is_page_number(block)]
