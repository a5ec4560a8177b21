"""Text that says nothing: menus, tables of contents, page numbers, headings without a body, copyright lines."""

import re

_WORD = re.compile(r"\w+")
_NUMBERED = re.compile(
    r"^(?:chapter|appendix|part)?\s*(?:[A-Z]|\d{1,3}|[IVX]{1,5})(?P<more>(?:\.\d{1,3})*)\.?\s+\S.{0,100}$", re.I
)
_DOT_LEADER = re.compile(r"(?:\.[ \t]?|…|·[ \t]?|_){4,}[ \t]*(?:\d{1,4}|[ivxlc]{1,6})?$")
_PAGE_NUMBER = re.compile(
    r"^(?:page\s+)?[-–—\[(]?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*(?:(?:of|/)\s*\d{1,4})?\s*[-–—\])]?$", re.I
)
_RULE = re.compile(r"^(?:[-=*_~#.]\s?){3,}$")
_LINK = re.compile(r"!?\[[^\]\n]{0,300}\]\([^)\n]{0,500}\)|<?https?://\S{1,500}")
_LINK_REST = re.compile(r"[\s|•·»«>/,;:*+\-\d.()]*")
_NOTICE = re.compile(
    r"^(?:copyright\b|©|\(c\)\s|all rights reserved|this (?:page|document) (?:was )?last (?:modified|updated)|"
    r"last (?:modified|updated)|(?:table of )?contents$|on this page$|(?:previous|next|up|home|index|top)$)",
    re.I,
)
_CONTENT_MARKS = ("```", "~~~")


def is_furniture(text: str) -> bool:
    """Whether nothing can be learned from ``text``: no question about its subject could be answered from it.

    True for headings alone, page numbers, rules, dot leaders and numbered tables of contents, lists of bare links,
    copyright and "last modified" lines, and any mixture of these. Tables of data, code and every sentence are content.
    """
    lines = [line for line in (raw.strip() for raw in text.splitlines()) if line]
    if any(line.startswith(_CONTENT_MARKS) for line in lines):
        return False
    rest = [line for line in lines if not _says_nothing(line)]
    if not rest:
        return True
    if len(rest) < 5:
        return sum(map(_words, rest)) < 3 and not _has_wide(rest)
    return _is_contents(rest)


def is_contents_line(line: str) -> bool:
    """A line of a table of contents with dot leaders."""
    return bool(_DOT_LEADER.search(line.rstrip()[-200:])) and len(line) < 400


def _says_nothing(line: str) -> bool:
    if line.startswith("#") and line.lstrip("#").startswith((" ", "\t")):
        return True
    if len(line) > 400:
        return False
    if _PAGE_NUMBER.match(line) or _RULE.match(line) or _NOTICE.match(line) or is_contents_line(line):
        return True
    without = _LINK.sub("", line)
    return len(without) < len(line) and _LINK_REST.fullmatch(without) is not None


def _is_contents(lines: list[str]) -> bool:
    """Numbered titles of several levels, none of which is a sentence."""
    titles = [match for match in (_NUMBERED.match(line.lstrip("-*+ ")) for line in lines) if match]
    deep = sum(1 for match in titles if match["more"])
    ended = sum(1 for line in lines if line.endswith((".", "!", "?", ":", ";")))
    return len(titles) >= 0.8 * len(lines) and deep >= 0.3 * len(lines) and ended <= 0.1 * len(lines)


def _words(line: str) -> int:
    """Scripts without spaces, and addresses, make long runs; they count by their length."""
    return sum(1 + len(word) // 12 for word in _WORD.findall(line))


def _has_wide(lines: list[str]) -> bool:
    """Chinese and Japanese put no spaces between words, so that words cannot be counted."""
    return sum(1 for line in lines for character in line if character > "\u2e7f") > 6
