"""XHTML as HTML: what XML means by its tags, written so that a parser of HTML takes it to mean the same."""

import re
from html import escape

_VOID = frozenset(
    "area base basefont bgsound br col command embed frame hr img input keygen link meta param source track wbr".split()
)
_DECLARATION = re.compile(r"\s*<\?xml\b")
_NAMESPACE = re.compile(r"<html\b[^>]{0,2000}?\sxmlns\s*=\s*[\"']http://www\.w3\.org/1999/xhtml", re.IGNORECASE)
_HEAD = 8_192
# Comments are passed over whole; in XML no "<" stands in a quoted value, which bounds how far a tag is looked for.
_MARKUP = re.compile(
    r"""<!--(?:.*?-->|.*)"""
    r"""|<!\[CDATA\[(?P<data>.*?)(?:\]\]>|\Z)"""
    r"""|<(?P<name>[A-Za-z_][\w:.-]*+)(?P<attributes>(?:[^<>"'/]|/(?!>)|"[^"<]*"|'[^'<]*')*+)/>""",
    re.DOTALL,
)


def is_xhtml(source: str) -> bool:
    """Whether a page says of itself that it is XML."""
    head = source[:_HEAD].lstrip("\ufeff")
    return bool(_DECLARATION.match(head) or _NAMESPACE.search(head))


def html_from_xhtml(source: str) -> str:
    """With closing tags for elements that are closed at once (``<title/>``), and marked sections as plain text."""
    return _MARKUP.sub(_as_html, source)


def _as_html(found: re.Match[str]) -> str:
    if found["data"] is not None:
        return escape(found["data"], quote=False)
    name = found["name"]
    if name is None or name.lower() in _VOID:
        return found[0]
    return f"<{name}{found['attributes']}></{name}>"
