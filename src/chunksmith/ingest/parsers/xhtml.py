"""XHTML as HTML: what XML means by its tags, written so that a parser of HTML takes it to mean the same."""

import re
from html import escape
from typing import NamedTuple

from chunksmith.ingest.parsers.prolog import subset_end

_VOID = frozenset(
    "area base basefont bgsound br col command embed frame hr img input keygen link meta param source track wbr".split()
)
# Nothing in them is read, and HTML ends them elsewhere than XML does.
_SCRIPTS = frozenset(("script", "style"))
_DECLARATION = re.compile(r"\s*<\?xml\b")
_NAMESPACE = re.compile(r"<html\b[^>]{0,2000}?\sxmlns\s*=\s*[\"']http://www\.w3\.org/1999/xhtml", re.IGNORECASE)
_HEAD = 8_192
_SECTION, _SECTION_END = "<![CDATA[", "]]>"
# Comments are passed over whole; in XML no "<" stands in a quoted value, which bounds how far a tag is looked for.
_MARKUP = re.compile(
    r"""<!--(?:.*?-->|.*)"""
    r"""|(?P<section><!\[CDATA\[)"""
    r"""|(?P<subset><!(?:DOCTYPE|doctype)\b(?:[^<>\["']|"[^"]*"|'[^']*')*+\[)"""
    r"""|<(?P<name>[A-Za-z_][\w:.-]*+)(?P<attributes>(?:[^<>"'/]|/(?!>)|"[^"<]*"|'[^'<]*')*+)(?P<end>/?>)""",
    re.DOTALL,
)


class _Written(NamedTuple):
    """A piece of HTML, and where in the page it goes on behind it."""

    text: str
    end: int


def is_xhtml(source: str) -> bool:
    """Whether a page says of itself that it is XML."""
    head = source[:_HEAD].lstrip("\ufeff")
    return bool(_DECLARATION.match(head) or _NAMESPACE.search(head))


def html_from_xhtml(source: str) -> str:
    """With closing tags for elements that are closed at once (``<title/>``), and marked sections as plain text.

    Scripts, styles and declarations of a document type are left out.
    """
    last_end = source.rfind(_SECTION_END)
    parts: list[str] = []
    at = 0
    while found := _MARKUP.search(source, at):
        written = _as_html(source, found, last_end)
        parts.extend((source[at : found.start()], written.text))
        at = written.end
    return "".join((*parts, source[at:]))


def _as_html(source: str, found: re.Match[str], last_end: int) -> _Written:
    """``last_end``: where the last marked section of the page ends; one that is not ended is no section."""
    name, end = found["name"], found.end()
    if found["section"]:
        close = source.find(_SECTION_END, end) if end <= last_end else -1
        return _Written("", end) if close < 0 else _Written(escape(source[end:close], quote=False), close + 3)
    if found["subset"]:
        return _Written("<!DOCTYPE html>", subset_end(source, end))
    if name is not None and found["end"] == ">" and name.rpartition(":")[2].lower() in _SCRIPTS:
        return _Written("", _script_end(source, name, end, last_end))
    if name is None or found["end"] == ">" or name.lower() in _VOID:
        return _Written(found[0], end)
    return _Written(f"<{name}{found['attributes']}></{name}>", end)


def _script_end(source: str, name: str, start: int, last_end: int) -> int:
    """Behind the closing tag of a script: the first that is not in a marked section, if that is ended."""
    closing = f"</{name}"
    close = source.find(closing, start)
    at = start
    while close >= 0:
        section = source.find(_SECTION, at, close)
        if section < 0 or section > last_end:
            break
        following = source.find(_SECTION, section + len(_SECTION))
        at = source.find(_SECTION_END, section, following if following >= 0 else len(source))
        if at < 0:
            break
        if at > close:
            close = source.find(closing, at)
    end = source.find(">", close) if close >= 0 else -1
    return end + 1 if end >= 0 else len(source)
