"""What the elements of a page are: blocks, words of a line, and what is not there to be read."""

import re
from collections.abc import Callable
from typing import NamedTuple

from selectolax.lexbor import LexborNode

SKIPPED = frozenset(
    "del script style noscript template svg canvas form button select option input textarea nav footer aside iframe "
    "object embed audio video map head link meta dialog".split()
)
BLOCKS = frozenset(
    "p div section article aside main body html center blockquote figure figcaption address header hgroup details "
    "summary fieldset dl dd dt ul ol li tr td th tbody thead tfoot caption hr h1 h2 h3 h4 h5 h6 table".split()
)
CODE = frozenset(("code", "tt", "kbd", "samp"))
# Before and behind the words of an element of code, in what ``inline_text`` takes.
CODE_MARK = "\x01"
_FURNITURE = re.compile(
    r"(?:^|\s)(?:nav|navbar|navigation|menu|mainmenu|submenu|searchmenu|searchbox|sidebar|breadcrumbs?|toc|contents|"
    r"\w+[-_]toc|toc[-_]\w+|table-of-contents|tableofcontents|footer|page-?footer|site-header|skip-link|"
    r"cookies?(?:[-_]?(?:bar|banner|box|consent|dialog|law|message|modal|notice|notification|popup|wrapper|overlay))*|"
    r"share|social|pagination|pager|tagline|headerlink|sr-only|visually-hidden|related|sphinxsidebar|noprint|"
    r"mw-editsection|mw-jump-link|mw-navigation|jump-to-nav|siteSub|printfooter|catlinks|p-personal|reflist-nav|"
    r"hatnote|dablink|mw-cite-backlink|navbox(?:-styles)?|sistersitebox|ambox)(?:\s|$)",
    re.IGNORECASE,
)
_REFERENCES = frozenset(("reflist", "mw-references-wrap", "refbegin"))
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)
# What a book says of a part or a page that is not there to be read, by ``epub:type``, in its guide or its landmarks.
NAVIGATION_TYPES = frozenset(
    "toc landmarks page-list loi lot loa lov index cover titlepage title-page halftitlepage copyright-page".split()
)
# Pages hide themselves until their scripts have run; the names of other parts are those of the page's subject.
_WHOLE = frozenset(("html", "body"))
_SUBJECTS = frozenset(("main", "article", "h1"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BOOK_ROLES = frozenset(("doc-toc", "doc-index", "doc-pagelist", "doc-cover"))
_ROLES = frozenset(("navigation", "search", "contentinfo", "banner", "dialog", "alertdialog"))
_WHITE_SPACE = re.compile(r"[ \t\n\r\f\u00a0]+")
# From a note to the place that it hangs on.
_BACK = frozenset(("↑", "↩", "↩︎", "⤴", "^"))
_POWER = re.compile(r"[-+−–]?(?:\d{1,4}|[nkxijm])")
_BASE = re.compile(r"(?:\d|\)|\b(?:[^\W\d_]|[kcmdn]m|ft))\Z")
# What a wiki says of a sentence that its readers doubt.
_WANTED = re.compile(r"(?:\[(?:\w+ needed|according to whom\?|who\?|when\?|by whom\?|which\?|why\?)\])+", re.IGNORECASE)
# Between the links of a menu; commas are those of a sentence.
_SEPARATORS = re.compile(r"[\s|•·»«>/:*\-–—]*")
# Elements of which the whole is an answer to what stands before it.
_ANSWERS = frozenset(("dd", "li", "td", "th"))
_LONGEST_LINK = 40
_GLYPHS = re.compile(r"[¶►▶▸🔗]")


def visit(root: LexborNode, enter: Callable[[LexborNode], bool], leave: Callable[[LexborNode], None]) -> None:
    """Depth first by the links between nodes: no recursion and no list of children.

    Shapes: ``enter`` says whether the children are visited; if so, ``leave`` follows, but not for ``root``.
    """
    node: LexborNode | None = root
    while node is not None:
        is_entered = enter(node)
        if is_entered and node.first_child is not None:
            node = node.first_child
            continue
        while node is not None and node.mem_id != root.mem_id:
            if is_entered:
                leave(node)
            is_entered = True
            if node.next is not None:
                node = node.next
                break
            node = node.parent
        else:
            break


def inline_text(text: str) -> str:
    """On one line, with what stands between two ``CODE_MARK`` in backticks."""
    text = squeeze(text)
    if CODE_MARK not in text:
        return text
    pieces = text.split(CODE_MARK)
    if len(pieces) % 2 == 0:
        return squeeze(text.replace(CODE_MARK, ""))
    return "".join(
        piece if index % 2 == 0 or not piece.strip() or "`" in piece else f"`{piece.strip()}`"
        for index, piece in enumerate(pieces)
    ).strip()


def squeeze(text: str) -> str:
    return _WHITE_SPACE.sub(" ", _GLYPHS.sub("", text)).strip()


def is_left_out(node: LexborNode, tag: str) -> bool:
    """Whether nothing in ``node`` is there to be read."""
    if tag == "aside" and is_note(node):
        return is_hidden(node)
    if tag in SKIPPED or tag.startswith("-") or tag == "!doctype" or is_furniture(node, tag):
        return True
    if tag == "sup":
        return _is_reference_mark(node)
    return tag == "a" and (node.attributes.get("href") or "").startswith("#") and node.text().strip() in _BACK


def _is_reference_mark(node: LexborNode) -> bool:
    """The mark of a reference in a wiki, or of a wanted one: what it leads to is left out."""
    if "reference" in (node.attributes.get("class") or "").split():
        return True
    return bool(_WANTED.fullmatch(squeeze(node.text())))


def power_mark(node: LexborNode, before: str) -> str:
    """``^`` for a raised number or letter that is a power of what stands ``before`` it, not the mark of a note."""
    is_power = _POWER.fullmatch(node.text().strip()) and _BASE.search(before) and node.css_first("a") is None
    return "^" if is_power else ""


def is_note(node: LexborNode) -> bool:
    """What a book sets apart, a footnote or a tip, is its text; what a page sets apart leads elsewhere."""
    attributes = node.attributes
    types = (attributes.get("epub:type") or "").split()
    is_text = bool(types) or (attributes.get("role") or "").startswith("doc-")
    return is_text and NAVIGATION_TYPES.isdisjoint(types) and attributes.get("role") not in _BOOK_ROLES


def is_furniture(node: LexborNode, tag: str) -> bool:
    attributes = node.attributes
    if attributes and (is_navigation_type(attributes.get("epub:type")) or attributes.get("role") in _BOOK_ROLES):
        return True
    if not attributes or tag in _WHOLE:
        return False
    if is_hidden(node):
        return True
    if tag in _SUBJECTS:
        return False
    if attributes.get("aria-hidden") == "true":
        return True
    if attributes.get("role") in _ROLES:
        return True
    return is_reference_list(node, tag) or bool(_FURNITURE.search(" ".join(names_of(node))))


def is_reference_list(node: LexborNode, tag: str) -> bool:
    """What the marks of references in a page lead to."""
    classes = (node.attributes.get("class") or "").split()
    return not _REFERENCES.isdisjoint(classes) or (tag in {"ol", "ul"} and "references" in classes)


def names_of(node: LexborNode) -> tuple[str, str]:
    """Its classes and its identity; that of a heading, or of the section below one, says what it is about."""
    attributes = node.attributes
    identity = attributes.get("id") or ""
    if identity and (node.tag in HEADINGS or (_is_section(node) and _begins_with_heading(node))):
        identity = ""
    return attributes.get("class") or "", identity


def _is_section(node: LexborNode) -> bool:
    return node.tag == "section" or "section" in (node.attributes.get("class") or "").split()


def _begins_with_heading(node: LexborNode) -> bool:
    child = node.first_child
    while child is not None and (child.tag or "").startswith("-"):
        child = child.next
    return child is not None and child.tag in HEADINGS


def is_hidden(node: LexborNode) -> bool:
    """Whether the page itself says that ``node`` is not shown."""
    attributes = node.attributes
    return "hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or ""))


def is_navigation_type(types: str | None) -> bool:
    return not NAVIGATION_TYPES.isdisjoint((types or "").split())


class Links(NamedTuple):
    """Units: characters of the text, and of that in links."""

    number: int
    linked: int
    total: int

    def are_most_of_it(self, share: float = 0.85) -> bool:
        return self.linked >= share * self.total > 0


def links_of(node: LexborNode) -> Links:
    links = node.css("a[href]")
    return Links(len(links), sum(len(squeeze(link.text())) for link in links), len(squeeze(node.text())))


def is_link_bar(node: LexborNode) -> bool:
    """A line of three short links or more, each perhaps in an element of its own: a menu that is no list."""
    number = 0
    child = node.first_child
    while child is not None:
        if child.tag == "-text":
            if not _SEPARATORS.fullmatch(child.text_content or ""):
                return False
        elif not (child.tag or "").startswith("-") and child.tag != "br":
            link = child if child.tag == "a" else _only_child(child)
            if link is None or link.tag != "a" or "href" not in link.attributes or not _is_name(link):
                return False
            number += 1
        child = child.next
    return number > 2 and not _is_all_below_heading(node)


def _is_all_below_heading(node: LexborNode) -> bool:
    """Whether a heading, a term or a cell has nothing else to tell; below the first heading stands the whole page."""
    before, after = _sibling(node, forward=False), _sibling(node, forward=True)
    while before is None and after is None and node.parent is not None and node.parent.tag not in _WHOLE:
        node = node.parent
        if node.tag in _ANSWERS:
            return True
        before, after = _sibling(node, forward=False), _sibling(node, forward=True)
    title = (before.tag or "") if before is not None else ""
    if title == "h1":
        while after is None and node.parent is not None and node.parent.tag not in _WHOLE:
            node = node.parent
            after = _sibling(node, forward=True)
        return after is None
    if title in HEADINGS:
        return after is None or (after.tag in HEADINGS and (after.tag or "") <= title)
    return title == "dt"


def _sibling(node: LexborNode, *, forward: bool) -> LexborNode | None:
    """The next one, or the one before, that is an element or has words."""
    found = node.next if forward else node.prev
    while found is not None and _is_blank(found):
        found = found.next if forward else found.prev
    return found


def _is_blank(node: LexborNode) -> bool:
    tag = node.tag or ""
    return not (node.text_content or "").strip() if tag == "-text" else tag.startswith("-")


def _only_child(node: LexborNode) -> LexborNode | None:
    found: LexborNode | None = None
    child = node.first_child
    while child is not None:
        if child.tag != "-text":
            if found is not None:
                return None
            found = child
        elif not _SEPARATORS.fullmatch(child.text_content or ""):
            return None
        child = child.next
    return found


def _is_name(link: LexborNode) -> bool:
    text = squeeze(link.text())
    return len(text) <= _LONGEST_LINK and not text.endswith((".", "!", "?"))
