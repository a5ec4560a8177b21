"""Ready-made chunks as they are sent: bytes to lines, lines to checked rows."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

from pydantic_core import to_json

from chunksmith.domain.corpus import ImportedChunk
from chunksmith.domain.strict_json import BOM, parse_json
from chunksmith.errors import InvalidRequest

KNOWN = frozenset({"text", "document", "id", "metadata"})
LONGEST_DOCUMENT = 255
LONGEST_ID = 200


class RowFault(NamedTuple):
    """One thing wrong with a row, whose ``line`` counts from 1; ``field`` is empty for the row as a whole.

    ``field`` may be a place inside a field: ``metadata/size``.
    """

    line: int
    field: str
    detail: str


Row = ImportedChunk | list[RowFault]


async def lines_of(pieces: AsyncIterator[bytes], longest_bytes: int) -> AsyncIterator[list[bytes]]:
    """The lines that each piece completes. Errors: InvalidRequest for a line that does not end in time."""
    rest, count = b"", 0
    async for piece in pieces:
        if b"\n" not in piece:
            rest += piece
            found = []
        else:
            *found, rest = (rest + piece).split(b"\n")
        for line in found:
            count += 1
            _check_length(line, count, longest_bytes)
        _check_length(rest, count + 1, longest_bytes)
        if found:
            yield found
    if rest:
        yield [rest]


def rows_of_lines(lines: list[bytes], first_line: int) -> Iterator[Row]:
    """Checked rows in order; blank lines are left out."""
    for line, raw in enumerate(lines, start=first_line):
        if line == 1:
            raw = raw.removeprefix(BOM)
        if not raw or raw.isspace():
            continue
        try:
            value = parse_json(raw)
        except InvalidRequest as exc:
            yield [RowFault(line, fault.pointer.removeprefix("/"), fault.detail) for fault in exc.faults]
        else:
            yield checked(value, line)


def line_pointer(line: int, place: str = "") -> str:
    """Of a fault in a line of JSON; ``place`` is where in it, a JSON Pointer or the name of a field."""
    return f"line {line}: {place.removeprefix('/')}" if place else f"line {line}"


def checked(value: Any, line: int) -> Row:
    """``value`` comes from a strict JSON parser: its strings have no lone surrogates, its numbers are finite."""
    if not isinstance(value, dict):
        return [RowFault(line, "", "must be a JSON object")]
    faults = [
        RowFault(line, name, f"unknown field; known: {', '.join(sorted(KNOWN))}") for name in value.keys() - KNOWN
    ]
    text, document, metadata = value.get("text"), value.get("document"), value.get("metadata")
    external_id = _as_text(value.get("id"))
    found = (
        ("text", _text_fault(text) if "text" in value else "required"),
        ("document", _name_fault(document, LONGEST_DOCUMENT)),
        ("id", _name_fault(external_id, LONGEST_ID)),
        ("metadata", None if metadata is None or isinstance(metadata, dict) else "must be a JSON object"),
    )
    faults += [RowFault(line, name, fault) for name, fault in found if fault is not None]
    if faults:
        return sorted(faults)
    metadata_json = to_json(metadata).decode() if metadata is not None else None
    return ImportedChunk(line, str(text), document, external_id, metadata_json)


def _as_text(external_id: Any) -> Any:
    """Integers are ids too."""
    is_number = isinstance(external_id, int) and not isinstance(external_id, bool)
    return str(external_id) if is_number else external_id


def _text_fault(value: object) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    if not value or value.isspace():
        return "must not be empty"
    return "must not contain NUL" if "\x00" in value else None


def _name_fault(value: object, longest: int) -> str | None:
    if value is None:
        return None
    too_long = isinstance(value, str) and len(value) > longest
    return _text_fault(value) or (f"must be at most {longest} characters long" if too_long else None)


def _check_length(line: bytes, number: int, longest_bytes: int) -> None:
    if len(line) > longest_bytes:
        detail = f"is over the limit of {longest_bytes} bytes (uploads.max_import_line_bytes)"
        raise InvalidRequest.field(line_pointer(number), detail)
