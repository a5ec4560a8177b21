"""Dot leaders: the lines of a table of contents."""

import re

_DOT_LEADER = re.compile(r"(?:\.[ \t]?|…|·[ \t]?|_){4,}[ \t]*(?:\d{1,4}|[ivxlc]{1,6})?$")


def is_contents_line(line: str) -> bool:
    """A line of a table of contents with dot leaders."""
    return bool(_DOT_LEADER.search(line.rstrip()[-200:])) and len(line) < 400


def without_leader(line: str) -> str:
    """The entry of a line of a table of contents: without dots and without the number of the page."""
    return _DOT_LEADER.sub("", line.strip()).rstrip()
