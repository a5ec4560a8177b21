"""Plain text that was laid out for a printer: form feeds between pages, a running head and foot on each."""

import re
from collections.abc import Sequence
from itertools import takewhile

from chunksmith.ingest.parsers.running_lines import EdgeLine, is_page_number, running_lines

_EDGE_LINES = 3
_LINE_ENDS = re.compile(r"\r\n?")
_ENDED = re.compile(r"[.!?:;。！？：][\"'”’)\]」』]*$")
_BEGINS_BLOCK = re.compile(r"^\s*(?:[*+•-]\s|\(?\d{1,3}(?:\.\d{1,3})*[.)]?\s)")


def without_page_edges(text: str) -> str:
    """``text`` without the running heads, feet and numbers of its pages; the same where it has none.

    A paragraph that goes on across the pages is in one piece.
    """
    pages = [page.rstrip().split("\n") for page in _LINE_ENDS.sub("\n", text).split("\f")]
    running = running_lines([[_edge_line(line) for line in (*_first(page), *_last(page))] for page in pages])
    if not running:
        return text
    bodies = [body for page in pages if (body := _body(page, running))]
    full = max((len(line) for body in bodies for line in body), default=0)
    out: list[str] = []
    for body in bodies:
        if out and not _goes_on(out[-1], body[0], full):
            out.append("")
        out.extend(body)
    return "\n".join(out) or text


def _edge_line(line: str) -> EdgeLine:
    return EdgeLine(" ".join(line.split()))


def _first(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.strip()][:_EDGE_LINES]


def _last(lines: Sequence[str]) -> list[str]:
    return [line for line in reversed(lines) if line.strip()][:_EDGE_LINES]


def _body(page: Sequence[str], running: frozenset[EdgeLine]) -> list[str]:
    def is_edge(line: str) -> bool:
        edge = _edge_line(line)
        return not edge.text or edge in running or is_page_number(edge.text)

    # What stands between lines of the text is no edge, whatever it repeats.
    top = sum(1 for _ in takewhile(is_edge, page))
    bottom = sum(1 for _ in takewhile(is_edge, reversed(page[top:])))
    return list(page[top : len(page) - bottom])


def _goes_on(before: str, after: str, full: int) -> bool:
    """Whether the paragraph of the last line of a page goes on with the first of the next."""
    if _ENDED.search(before.rstrip()) or _BEGINS_BLOCK.match(after):
        return False
    is_aligned = len(before) - len(before.lstrip()) == len(after) - len(after.lstrip())
    return after.lstrip()[:1].islower() or (is_aligned and len(before) > full * 0.7)
