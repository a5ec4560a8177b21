"""Entries as flash cards: what stands on both sides in each mode, as HTML that shows the text as it is."""

import base64
import hashlib
import html
import re
from typing import NamedTuple

from chunksmith.domain.generation import Mode
from chunksmith.exports.columns import DatasetHeader, Row, without_surrogates
from chunksmith.exports.training import passage, summary

_GUID_BYTES = 15
# Control characters end fields, or nothing shows them: they become their pictures.
_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20) if code not in (9, 10, 13)} | {0x7F: "\u2421"}
# What Anki takes for its own in a field: sounds, its older LaTeX.
_MARKUP = re.compile(r"\[(?=/?(?:sound:|anki:|latex\]|\$))")
_NOT_IN_TAGS = re.compile(r"[\s\x00-\x1f\x7f\"]+")
_COLONS = re.compile(r":{2,}")


class Card(NamedTuple):
    """``front``, ``back``, ``evidence`` and ``source`` are HTML on one line."""

    guid: str
    front: str
    back: str
    evidence: str
    source: str
    tags: tuple[str, ...]


def card(row: Row, header: DatasetHeader) -> Card:
    front, back = _sides(row, header.mode)
    quotes = [item["quote"] for item in row.get("evidence") or () if item["match"] != "none"]
    source = " · ".join(part for part in (row.get("document_name"), row["source_chunk"]) if part)
    return Card(
        guid(header.dataset_id, row["id"]),
        as_html(front) or as_html(source),  # a card with an empty front is no card
        as_html(back),
        "<br><br>".join(as_html(quote) for quote in quotes),
        as_html(source),
        _tags(row),
    )


def guid(dataset_id: str, entry_id: str) -> str:
    """The same for an entry in every export, so that what was imported before is updated."""
    digest = hashlib.sha256(f"{dataset_id}\n{entry_id}".encode()).digest()
    return base64.b32encode(digest[:_GUID_BYTES]).decode().lower()


def as_html(text: str) -> str:
    """Errors: none; a lone surrogate becomes U+FFFD."""
    escaped = html.escape(without_surrogates(text)).translate(_CONTROLS)
    plain = _MARKUP.sub("&#91;", escaped).replace("\t", "&#9;")
    return plain.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br>")


def deck_name(header: DatasetHeader) -> str:
    """Two colons would make a deck within a deck."""
    shown = _COLONS.sub(":", without_surrogates(header.name).translate(_CONTROLS))
    return " ".join(shown.replace('"', "'").split()) or "Chunksmith"


def _sides(row: Row, mode: Mode) -> tuple[str, str]:
    match mode:
        case "default" | "question and answer":
            return row["question"] or "", row["answer"] or ""
        case "instruction following":
            asked = "\n\n".join(part for part in (row["instruction"], row["input"]) if part)
            return asked, row["output"] or ""
        case "question":
            return row["question"] or "", passage(row)
        case "answer":
            return passage(row), row["answer"] or ""
        case "summarization":
            return passage(row), summary(row)


def _tags(row: Row) -> tuple[str, ...]:
    named = (("category", "category"), ("document", "document_name"), ("difficulty", "difficulty"), ("split", "split"))
    return tuple(f"{kind}::{_tag(row[name])}" for kind, name in named if row.get(name))


def _tag(text: str) -> str:
    """Tags have no spaces, and two colons make a tag within a tag."""
    return _COLONS.sub(":", _NOT_IN_TAGS.sub("_", without_surrogates(text))).strip(":") or "_"
