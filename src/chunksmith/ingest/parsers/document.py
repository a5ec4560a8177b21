"""What a parser gives back, and the limits it works under."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b\u2060\ufeff\ufffe\uffff]")
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x85\x0b]")
_TRAILING = re.compile(r"(?<![ \t])[ \t]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """Text in reading order as Markdown: headings as ``#`` lines, tables as pipe tables, code in fences.

    Shapes: ``text`` has "\\n" line ends, no NUL and no lone surrogates, so it can always be stored as UTF-8.
    """

    text: str
    media_type: str
    title: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """Units: bytes, characters, archive members, pages; ``max_ratio`` is inflated size by stored size of an archive."""

    max_bytes: int = 200_000_000
    max_inflated_bytes: int = 400_000_000
    max_ratio: int = 200
    max_members: int = 20_000
    max_pages: int = 20_000
    max_text_chars: int = 50_000_000


def join_blocks(blocks: Iterable[str]) -> str:
    """Blank lines between blocks, but none between items of a list that follow each other."""
    out: list[str] = []
    before = ""
    for block in blocks:
        tight = block.lstrip().startswith("- ") and before.lstrip().startswith("- ")
        out.extend(("\n" if tight else "\n\n", block))
        before = block
    return "".join(out).strip("\n")


def clean_text(text: str) -> str:
    """Normalise line ends, drop what cannot be stored or seen, and keep at most one blank line in a row."""
    text = _LINE_ENDS.sub("\n", text).replace("\f", "\n\n").replace("\u00a0", " ")
    text = _LONE_SURROGATES.sub("\ufffd", _INVISIBLE.sub("", text))
    return _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text)).strip("\n")
