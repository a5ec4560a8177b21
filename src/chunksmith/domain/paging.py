"""Lists a page at a time: by number, or from where the last page ended."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from chunksmith.errors import InvalidRequest

T = TypeVar("T")
LARGEST = 2**63 - 1  # what SQLite stores


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list. ``page`` counts from 1; ``cursor`` takes its place."""

    page: int = 1
    per_page: int = 50
    cursor: str | None = None

    @property
    def offset(self) -> int:
        return min((self.page - 1) * self.per_page, LARGEST)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """``total`` counts the whole list; ``next_cursor`` is None on the last page."""

    items: Sequence[T]
    total: int
    next_cursor: str | None = None


def encode_cursor(scope: str, *place: int) -> str:
    """Where the next page begins: after ``place`` in the list named ``scope``."""
    text = ":".join([scope, *map(str, place)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, scope: str, length: int) -> tuple[int, ...]:
    """Errors: InvalidRequest when it was not made by :func:`encode_cursor` for this list."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        found, *place = text.split(":")
        numbers = tuple(int(number) for number in place)
    except (ValueError, binascii.Error) as exc:
        raise _unknown_cursor() from exc
    usable = found == scope and len(numbers) == length and all(0 <= number <= LARGEST for number in numbers)
    if not usable or encode_cursor(scope, *numbers) != cursor:
        raise _unknown_cursor()
    return numbers


def _unknown_cursor() -> InvalidRequest:
    return InvalidRequest.field("query/cursor", "is not a next_cursor of this list")
