"""HTML to Markdown: an iterative walk over the tree, so depth of nesting does not matter."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits
from chunksmith.ingest.parsers.encodings import decode
from chunksmith.ingest.parsers.formulas import formula
from chunksmith.ingest.parsers.html_nodes import (
    BLOCKS,
    CODE,
    CODE_MARK,
    inline_text,
    is_left_out,
    is_link_bar,
    is_reference_list,
    links_of,
    power_mark,
    squeeze,
    visit,
)
from chunksmith.ingest.parsers.html_tables import html_table
from chunksmith.ingest.parsers.side_parts import side_parts
from chunksmith.ingest.parsers.xhtml import html_from_xhtml, is_xhtml

_LAST_LINES = re.compile(
    r"^(?:this (?:page|document) (?:was )?last (?:modified|updated)|last (?:modified|updated)\b|page last\b|"
    r"copyright\s*©|(?:copyright\s*)?©|all rights reserved|table of contents|skip to )",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"^(?:(?:table of )?contents|on this page|overview and contents|(?:list|table) of (?:figures|tables|illustrations)|"
    r"inhalt(?:sverzeichnis)?|(?:abbildungs|tabellen)verzeichnis)$",
    re.IGNORECASE,
)
_MAX_TABLE_DEPTH = 4
# Of a page of links, what may stand beside them: headings and letters of the alphabet.
_SHORT = 300
_MENU_TITLE = 12
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight|brush)-([\w+#]{1,20})")
_SITE = re.compile(r"\s+(?:[-|–—·»]|::)\s+")
# Elements of which one may hold a menu on a line.
_LINES = frozenset(("div", "p", "center", "section", "header"))
_HEADING = re.compile(r"(#{1,6}) ")
_PERMALINK = re.compile(r"(?:¶|#)$")


def parse_html(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    del limits
    decoded = decode(path.read_bytes(), markup=True)
    source = decoded.text
    in_xml = Path(name).suffix.lower() == ".xhtml" or is_xhtml(source)
    page = markdown_from_html(html_from_xhtml(source) if in_xml else source)
    if not page.text.strip():
        raise DocumentUnreadable("empty", "The page has no text besides menus, scripts and forms.")
    return ParsedDocument(page.text, "text/html", page.title, decoded.warnings)


MAX_DEPTH = 50_000
_NESTING = re.compile(
    r"<(/?)(?:div|span|table|section|article|ul|ol|dl|blockquote|font|b|i|em|strong|center|a)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Page:
    text: str
    title: str | None


def markdown_from_html(source: str, *, in_word: bool = False) -> Page:
    """The readable part of a page. Menus, scripts, forms, drawings and lists of links are left out.

    ``in_word``: the page was made of a Word document, whose tables hold data.
    Errors: as ``page_tree``.
    """
    return markdown_from_tree(page_tree(source), in_word=in_word)


def page_tree(source: str) -> LexborHTMLParser:
    """Errors: DocumentUnreadable for elements nested deeper than any page is; reading those takes quadratic time."""
    if _depth(source) > MAX_DEPTH:
        raise DocumentUnreadable("corrupt", f"its elements are nested more than {MAX_DEPTH} deep")
    return LexborHTMLParser(source.replace("\x00", ""))


def is_link_page(tree: LexborHTMLParser) -> bool:
    """Whether a page is a table of contents or an index: many links and hardly a word beside them."""
    if tree.body is None:
        return False
    links = links_of(tree.body)
    return links.number > 4 and links.are_most_of_it() and links.total - links.linked < _SHORT


def markdown_from_tree(tree: LexborHTMLParser, *, in_word: bool = False, in_book: bool = False) -> Page:
    """``in_book``: the page is one of a book, where nothing stands beside the text."""
    title = _title(tree)
    root = tree.body or tree.root
    if root is None:
        return Page("", title)
    beside = frozenset() if in_word or in_book else side_parts(root)
    walk = partial(_blocks, title=title, in_word=in_word, beside=beside)
    blocks = _drop_contents_headings(_main_part(tree, walk(root), walk))
    if title and blocks and not _is_titled(blocks[:6], title):
        blocks.insert(0, f"# {title}")
    return Page("\n\n".join(blocks), title)


def _is_titled(blocks: list[str], title: str) -> bool:
    """There is a heading of the first level, or one that says what the title does before the name of the site."""
    named = {title.casefold(), _SITE.split(title, 1)[0].casefold()}
    headings = (block for block in blocks if block.startswith("#"))
    return any(block.startswith("# ") or block.lstrip("# ").casefold() in named for block in headings)


def _blocks(root: LexborNode, title: str | None, in_word: bool, beside: frozenset[int]) -> list[str]:
    walk = _Walk(title or "", in_word, beside)
    walk.run(root)
    return walk.joined()


def _main_part(tree: LexborHTMLParser, whole: list[str], walk: Callable[[LexborNode], list[str]]) -> list[str]:
    """What the page says is its main part, where that is the most of it: help, tools and teasers stand around it."""
    found = tree.css("main, [role=main]")
    if len(found) != 1 or is_left_out(found[0], found[0].tag or ""):
        return whole
    main = walk(found[0])
    return main if 2 * sum(map(len, main)) >= sum(map(len, whole)) else whole


def _depth(source: str) -> int:
    """Of elements that are closed by a tag of their own."""
    depth = deepest = 0
    for tag in _NESTING.finditer(source):
        depth = max(0, depth - 1) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _title(tree: LexborHTMLParser) -> str | None:
    node = tree.css_first("title")
    text = squeeze(node.text()) if node is not None else ""
    return text or None


@dataclass(slots=True)
class _List:
    ordered: bool
    number: int = 0


@dataclass(slots=True)
class _Walk:
    """Blocks found so far and the paragraph being collected."""

    title: str
    in_word: bool = False
    beside: frozenset[int] = frozenset()
    blocks: list[str] = field(default_factory=list)
    # Before which blocks a list of references was left out.
    gaps: set[int] = field(default_factory=set)
    inline: list[str] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    opened: set[int] = field(default_factory=set)
    marker: str = ""
    had_button: bool = False
    in_list: int = -1
    tight: set[int] = field(default_factory=set)
    tables: int = 0
    code_depth: int = 0

    def run(self, root: LexborNode) -> None:
        visit(root, self.enter, self.leave)
        self.flush()

    def enter(self, node: LexborNode) -> bool:
        """Whether the children of ``node`` are to be visited."""
        tag = node.tag or ""
        if tag == "-text":
            self.inline.append(node.text_content or "")
            return False
        written = formula(node, tag)
        if written is not None:
            self.inline.append(written)
            return False
        if tag == "pre" or tag in BLOCKS:
            self.flush()
        if self.is_left_out(node, tag):
            self.had_button = self.had_button or tag == "button"
            if is_reference_list(node, tag):
                self.gaps.add(len(self.blocks))
            return False
        if tag == "pre":
            self.preformatted(node)
            return False
        if tag == "table":
            walked = self.table(node)
            if walked:
                self.tables += 1
                self.opened.add(node.mem_id)
            return walked
        if tag in {"ul", "ol"}:
            return self.open_list(node, tag)
        self.open_other(node, tag)
        return True

    def is_left_out(self, node: LexborNode, tag: str) -> bool:
        if is_left_out(node, tag) or node.mem_id in self.beside:
            return True
        if self.in_word:
            return False
        return _is_link_cell(node) if tag == "td" else tag in _LINES and is_link_bar(node)

    def open_other(self, node: LexborNode, tag: str) -> None:
        if tag == "a" and node.prev is not None and node.prev.tag == "a" and not self.code_depth:
            self.inline.append(" ")
        elif tag == "li":
            self.marker = self.next_marker(node)
        elif tag == "sup":
            self.inline.append(power_mark(node, self.inline[-1] if self.inline else ""))
        elif tag == "br":
            self.inline.append("\n" if not self.code_depth else " ")
        elif tag in CODE:
            self.inline.append("" if self.code_depth else CODE_MARK)
            self.code_depth += 1

    def leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self.heading(int(tag[1]))
        elif tag in CODE and self.code_depth:
            self.code_depth -= 1
            self.inline.append("" if self.code_depth else CODE_MARK)
        elif tag in {"td", "th"}:
            self.inline.append(" ")
        elif tag == "table" and node.mem_id in self.opened:
            self.opened.discard(node.mem_id)
            self.tables -= 1
        if tag in BLOCKS:
            self.flush(term=tag == "dt")
        if tag in {"ul", "ol"} and node.mem_id in self.opened:
            self.opened.discard(node.mem_id)
            self.lists.pop()
            self.in_list = self.in_list if self.lists else -1

    def flush(self, *, term: bool = False) -> None:
        """End the paragraph; line breaks inside it are spaces."""
        text = inline_text("".join(self.inline))
        self.inline.clear()
        button, self.had_button = self.had_button, False
        if not text or (button and len(text) < 60) or (len(text) < 200 and _LAST_LINES.match(text)):
            return
        marker, self.marker = self.marker, ""
        if text.casefold() == self.title.casefold() and not self.blocks:
            self.blocks.append(f"# {text}")
        elif self.lists:
            self.item(text, marker)
        else:
            text = f"**{text}**" if term and len(text) < 120 else text
            self.blocks.append(text)

    def item(self, text: str, marker: str) -> None:
        """One line of a list; the lines of a list are one block, so that it stays together."""
        line = "  " * (len(self.lists) - 1) + (marker or "  ") + text
        if self.blocks and self.in_list == len(self.blocks):
            self.tight.add(len(self.blocks))
            self.blocks.append(line)
        else:
            self.blocks.append(line)
        self.in_list = len(self.blocks)

    def joined(self) -> list[str]:
        """Blocks, with the lines of each list put together, and without headings of lists that were left out."""
        groups: list[list[str]] = []
        for index, block in enumerate(self.blocks):
            if index in self.tight:
                groups[-1].append(block)
            elif not self.is_title_of_gap(index):
                groups.append([block])
        return ["\n".join(group) for group in groups]

    def is_title_of_gap(self, index: int) -> bool:
        level = _heading_level(self.blocks[index])
        if level < 2 or index + 1 not in self.gaps:
            return False
        return index + 1 == len(self.blocks) or 0 < _heading_level(self.blocks[index + 1]) <= level

    def heading(self, level: int) -> None:
        text = _PERMALINK.sub("", inline_text("".join(self.inline))).strip().replace("`", "")
        self.inline.clear()
        if text:
            self.blocks.append(f"{'#' * level} {text}")

    def next_marker(self, item: LexborNode) -> str:
        if not self.lists:
            self.lists.append(_List(ordered=False))
        top = self.lists[-1]
        top.number = _number(item.attributes.get("value"), top.number + 1)
        return f"{top.number}. " if top.ordered else "- "

    def open_list(self, node: LexborNode, tag: str) -> bool:
        if not self.lists and _is_link_list(node):
            return False
        self.lists.append(_List(tag == "ol", _number(node.attributes.get("start"), 1) - 1))
        self.opened.add(node.mem_id)
        return True

    def preformatted(self, node: LexborNode) -> None:
        text = _own_text(node).expandtabs(4).strip("\n").rstrip()
        if not text.strip():
            return
        match = _LANGUAGE.search(node.attributes.get("class") or "")
        fence = "````" if "```" in text else "```"
        self.blocks.append(f"{fence}{match[1] if match else ''}\n{text}\n{fence}")

    def table(self, node: LexborNode) -> bool:
        """Write a table of data; a table that only lays out the page is walked like any block."""
        if self.tables >= _MAX_TABLE_DEPTH:
            return True
        table = html_table(node)
        is_menu = not self.in_word and table.width > 1 and table.is_menu(node)
        if table.is_frame() if self.in_word else table.is_layout():
            return not (table.height == 1 and is_menu)
        text = "" if is_menu else table.markdown()
        self.blocks.extend(block for block in (table.caption, text) if block and text)
        return False


def _heading_level(block: str) -> int:
    found = _HEADING.match(block)
    return len(found[1]) if found else 0


def _own_text(node: LexborNode) -> str:
    return "".join(part for part in (child.text_content for child in node.traverse(include_text=True)) if part)


def _number(value: str | None, otherwise: int) -> int:
    """Of an item; Markdown has none of more than nine digits, and none below zero."""
    digits = (value or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else otherwise


def _is_link_cell(node: LexborNode) -> bool:
    """Of a table that lays out the page: a menu beside its text, perhaps below a word that says what it is."""
    links = links_of(node)
    is_titled = links.total - links.linked <= _MENU_TITLE and links.are_most_of_it(0.5)
    return links.number >= 3 and (is_titled or links.are_most_of_it()) and links.total / links.number < 80


def _is_link_list(node: LexborNode) -> bool:
    """A list of at least three items that is nothing but short links: a menu or a table of contents."""
    items = len(node.css("li"))
    if items < 3:
        return False
    links = links_of(node)
    return links.are_most_of_it() and links.total / items < 80


def _drop_contents_headings(blocks: list[str]) -> list[str]:
    return [block for block in blocks if not _CONTENTS.match(block.lstrip("# ").strip("*"))]
