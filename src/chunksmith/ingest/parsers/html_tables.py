"""Tables of a page: which of them hold data, and the text of their cells."""

from dataclasses import dataclass
from itertools import takewhile

from selectolax.lexbor import LexborNode

from chunksmith.ingest.parsers.formulas import formula
from chunksmith.ingest.parsers.html_nodes import (
    BLOCKS,
    CODE,
    CODE_MARK,
    inline_text,
    is_hidden,
    is_left_out,
    links_of,
    power_mark,
    squeeze,
    visit,
)
from chunksmith.ingest.parsers.tables import Cell, in_columns, markdown_table

_HEADINGS = "h1, h2, h3, h4, h5, h6"
_BLOCKS_OF_A_PAGE = f"table, pre, ul, ol, dl, blockquote, {_HEADINGS}"
_SECTIONS = frozenset(("thead", "tbody", "tfoot"))
# What HTML allows.
_MAX_COLUMNS = 1_000
# A cell of a table of data may have a second paragraph; longer ones are the page itself.
_SHORT_CELL = 400


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """What is hidden is not in it.

    Shapes: ``headers`` counts the rows of headings at the top; ``holds_sections``: cells have headings of text.
    """

    caption: str
    rows: list[list[Cell]]
    headers: int
    has_headings: bool
    is_presentation: bool
    holds_sections: bool
    blocks_by_cell: list[tuple[int, bool]]

    @property
    def height(self) -> int:
        """Rows that have cells."""
        return sum(1 for row in self.rows if row)

    @property
    def width(self) -> int:
        return max(map(len, self.rows), default=0)

    def is_layout(self) -> bool:
        """Whether the table only lays out the page: the most of it is blocks, not values."""
        if self.is_presentation or self.width < 2:
            return True
        in_blocks = [length for length, has_blocks in self.blocks_by_cell if has_blocks]
        if len(in_blocks) * 2 > len(self.blocks_by_cell):
            return True
        if self.has_headings and self.height > 1 and not self.holds_sections:
            return False
        return self.height == 1 or self._is_mostly_blocks()

    def is_frame(self) -> bool:
        """Whether a table of a Word document frames text: a column, a row of more than values, or sections."""
        if self.height == 1 and self.width > 1:
            return any(has_blocks or length > _SHORT_CELL for length, has_blocks in self.blocks_by_cell)
        return self.width < 2 or (self.holds_sections and self._is_mostly_blocks())

    def _is_mostly_blocks(self) -> bool:
        in_blocks = sum(length for length, has_blocks in self.blocks_by_cell if has_blocks)
        return in_blocks * 2 > sum(length for length, _ in self.blocks_by_cell)

    def is_menu(self, table: LexborNode) -> bool:
        links = links_of(table)
        return links.number > 3 and links.are_most_of_it(0.9) and self.height < 4

    def markdown(self) -> str:
        return markdown_table(in_columns(self.rows, self.headers))


def html_table(table: LexborNode) -> HtmlTable:
    rows: list[list[Cell]] = []
    headings: list[bool] = []
    blocks: list[tuple[int, bool]] = []
    sections: list[bool] = []
    for section in _sections(table):
        lines = [[cell for cell in row.iter() if cell.tag in {"td", "th"} and not is_hidden(cell)] for row in section]
        for at, line in enumerate(lines):
            cells = [_cell(cell, rows_left=len(lines) - at) for cell in line]
            rows.append(cells)
            sections.extend(not _is_plain(node) and node.css_first(_HEADINGS) is not None for node in line)
            headings.append(bool(line) and all(cell.tag == "th" for cell in line))
            blocks.extend(
                (len(cell.text), _has_blocks(node, len(cell.text)))
                for node, cell in zip(line, cells, strict=True)
                if cell.text
            )
    return HtmlTable(
        _caption(table),
        rows,
        headers=max(1, sum(1 for _ in takewhile(bool, headings))),
        has_headings=any(headings) or any(child.tag in {"thead", "caption"} for child in table.iter()),
        is_presentation=table.attributes.get("role") in {"presentation", "none"},
        holds_sections=any(sections),
        blocks_by_cell=blocks,
    )


def _sections(table: LexborNode) -> list[list[LexborNode]]:
    """The rows of each section, without those of tables in cells."""
    return [
        [row for row in section.iter() if row.tag == "tr" and not is_hidden(row)]
        for section in table.iter()
        if section.tag in _SECTIONS and not is_hidden(section)
    ]


def _caption(table: LexborNode) -> str:
    found = next((child for child in table.iter() if child.tag == "caption"), None)
    return "" if found is None or is_left_out(found, "caption") else cell_text(found)


def _cell(node: LexborNode, rows_left: int) -> Cell:
    attributes = node.attributes
    if "rowspan" not in attributes and "colspan" not in attributes:
        return Cell(cell_text(node))
    rows = _number(attributes.get("rowspan"))
    columns = _number(attributes.get("colspan"))
    return Cell(cell_text(node), min(rows or rows_left, rows_left), min(columns or 1, _MAX_COLUMNS))


def _number(value: str | None) -> int:
    digits = (value or "").strip()[:5]
    return int(digits) if digits.isascii() and digits.isdigit() else 1


def _has_blocks(cell: LexborNode, length: int) -> bool:
    return not _is_plain(cell) and (
        cell.css_first(_BLOCKS_OF_A_PAGE) is not None or (length > _SHORT_CELL and cell.css_first("p + p") is not None)
    )


def _is_plain(cell: LexborNode) -> bool:
    first = cell.first_child
    return first is None or (first.tag == "-text" and first.next is None)


def cell_text(cell: LexborNode) -> str:
    """On one line, with a space wherever the page breaks it."""
    if _is_plain(cell):
        return squeeze(cell.text())
    parts: list[str] = []
    code_depth = 0

    def enter(node: LexborNode) -> bool:
        nonlocal code_depth
        tag = node.tag or ""
        if tag == "-text":
            parts.append(node.text_content or "")
            return False
        written = formula(node, tag)
        if written is not None:
            parts.append(written.replace("$$", "$"))
            return False
        if tag in {"br", "pre"} or tag in BLOCKS:
            parts.append(" ")
        if node.mem_id != cell.mem_id and is_left_out(node, tag):
            return False
        if tag == "sup":
            parts.append(power_mark(node, parts[-1] if parts else ""))
        elif tag in CODE:
            parts.append("" if code_depth else CODE_MARK)
            code_depth += 1
        return True

    def leave(node: LexborNode) -> None:
        nonlocal code_depth
        if node.tag == "pre" or node.tag in BLOCKS:
            parts.append(" ")
        elif node.tag in CODE:
            code_depth -= 1
            parts.append("" if code_depth else CODE_MARK)

    visit(cell, enter, leave)
    return inline_text("".join(parts))
