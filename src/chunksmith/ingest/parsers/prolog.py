"""What stands before the root element of XML: the only place where entities can be declared."""

import re
from typing import NamedTuple

_SPACE = re.compile(r"\s*")
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_DOCTYPE = re.compile(r"""<!DOCTYPE(?:[^<>\["']|"[^"]*"|'[^']*')*+([\[>])""", re.IGNORECASE)
# Of the declarations inside a document type; in comments and quoted values nothing is declared. What is not ended goes
# on to the end of the text, so that nothing is looked for twice.
_SUBSET = re.compile(
    r"""<!--(?:.*?-->|.*)|<\?(?:.*?\?>|.*)|"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|(<!ENTITY)|(\])""", re.IGNORECASE | re.DOTALL
)
_COMMENTS = {"<?": "?>", "<!--": "-->"}


class Prolog(NamedTuple):
    """``is_whole``: the root element begins in the text that was looked at, so that no declaration can follow."""

    is_whole: bool
    declares_entities: bool


def read_prolog(text: str) -> Prolog:
    """Of the beginning of a text. Where the prolog goes on behind it, a declaration anywhere in it counts."""
    at = _root_or_document_type(text)
    if at is None:
        return Prolog(False, _ENTITY.search(text) is not None)
    if not text.startswith("<", at):
        return Prolog(False, False)
    if text[at : at + 9].upper() != "<!DOCTYPE":
        return Prolog(True, False)
    document_type = _DOCTYPE.match(text, at)
    if document_type is None:
        return Prolog(False, _ENTITY.search(text) is not None)
    if document_type[1] == ">":
        return Prolog(True, False)
    for part in _SUBSET.finditer(text, document_type.end()):
        if part[1] or part[2]:
            return Prolog(True, part[1] is not None)
    return Prolog(False, _ENTITY.search(text) is not None)


def subset_end(text: str, start: int) -> int:
    """Behind the document type whose declarations begin at ``start``; ``start`` where they do not end."""
    for part in _SUBSET.finditer(text, start):
        if part[2]:
            end = text.find(">", part.end())
            return end + 1 if end >= 0 else start
    return start


def _root_or_document_type(text: str) -> int | None:
    """Where it begins, behind declaration, comments and white space; None where the text ends before it."""
    at = len(text) - len(text.lstrip("\ufeff"))
    while True:
        found = _SPACE.match(text, at)
        at = found.end() if found is not None else at
        begin = next((mark for mark in _COMMENTS if text.startswith(mark, at)), None)
        if begin is None:
            return at if at < len(text) else None
        end = text.find(_COMMENTS[begin], at + len(begin))
        if end < 0:
            return None
        at = end + len(_COMMENTS[begin])
