"""Identifiers as callers write them, to what storage looks up."""

import uuid

from chunksmith.domain.corpus import chunk_number
from chunksmith.domain.row_numbers import row_number_in
from chunksmith.errors import NotFound


def row_number(identifier: int | str, what: str) -> int:
    """Errors: NotFound for what no row can have as its id."""
    number = row_number_in(str(identifier))
    if number is None:
        raise NotFound(what, str(identifier)[:100])
    return number


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
