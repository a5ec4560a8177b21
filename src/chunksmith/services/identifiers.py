"""Identifiers as callers write them, to what storage looks up."""

import uuid

from chunksmith.domain.corpus import chunk_number
from chunksmith.domain.paging import LARGEST
from chunksmith.errors import NotFound


def row_number(identifier: int | str, what: str) -> int:
    """Errors: NotFound for what no row can have as its id."""
    text = str(identifier)
    if text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) <= LARGEST:
        return int(text)
    raise NotFound(what, text[:100])


def chunk_row_number(identifier: str) -> int:
    """``chunk_45`` or ``45``. Errors: NotFound."""
    number = chunk_number(identifier)
    if number is None:
        raise NotFound("Chunk", identifier[:100])
    return number


def as_uuid(identifier: str) -> str | None:
    """In the form in which UUIDs are stored; None when it is no UUID in the usual form with dashes."""
    if len(identifier) != 36 or identifier.count("-") != 4:
        return None
    try:
        return str(uuid.UUID(identifier))
    except ValueError:
        return None
