"""XLSX whose few cells lie far apart: the library makes room for every place between them, which no memory holds.

Their rows and columns are numbered anew, without those that have no cell. That loses nothing: tables leave out what is
empty throughout.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.tables import MAX_CELLS

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_DIMENSION = re.compile(rb"<(?:\w+:)?dimension\s+ref\s*=\s*[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")
_CELL = re.compile(rb"(<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*[\"'])([A-Z]{1,3})(\d{1,7})([\"'][^>]*>)")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*>")
_PIECE = 1 << 20
# Of larger sheets is believed what they say of their dimension: looking at each cell takes half as long as reading.
_LARGE = 4 << 20


class _Places(NamedTuple):
    """Rows and columns of a sheet that have cells with something in them, each with its new number or letters."""

    rows: dict[bytes, bytes]
    columns: dict[bytes, bytes]


def without_empty_places(path: Path) -> Path | io.BytesIO:
    """The file itself, or a copy of it with the sheets numbered anew that are too large as they are.

    Errors: DocumentUnreadable ``too_large`` for a sheet that is too large in this way, too.
    """
    with zipfile.ZipFile(path) as archive:
        sheets = {name: _places(archive, name) for name in archive.namelist() if _SHEET.fullmatch(name)}
        changed = {name: places for name, places in sheets.items() if places is not None}
        if not changed:
            return path
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
            for name in dict.fromkeys(archive.namelist()):
                with archive.open(name) as source, target.open(name, "w") as stream:
                    for piece in _pieces(source):
                        stream.write(_renumbered(piece, changed[name]) if name in changed else piece)
    copy.seek(0)
    return copy


def _places(archive: zipfile.ZipFile, name: str) -> _Places | None:
    """None where the sheet needs no change."""
    rows: set[int] = set()
    columns: set[bytes] = set()
    is_large = archive.getinfo(name).file_size > _LARGE
    with archive.open(name) as stream:
        for at, piece in enumerate(_pieces(stream)):
            if at == 0 and is_large and _is_said_to_fit(piece):
                return None
            for cell in _CELL.finditer(piece):
                if not cell[4].endswith(b"/>"):
                    columns.add(cell[2])
                    rows.add(int(cell[3]))
    if not rows or (max(rows) - min(rows) + 1) * max(map(_number, columns)) <= MAX_CELLS:
        return None
    if len(rows) * len(columns) > MAX_CELLS:
        raise DocumentUnreadable("too_large", f"The workbook has more than {MAX_CELLS:,} cells.")
    return _Places(
        {b"%d" % row: b"%d" % number for number, row in enumerate(sorted(rows), 1)},
        {letters: _letters(number) for number, letters in enumerate(sorted(columns, key=_number), 1)},
    )


def _is_said_to_fit(head: bytes) -> bool:
    dimension = _DIMENSION.search(head)
    return dimension is not None and int(dimension[4]) * _number(dimension[3]) <= MAX_CELLS


def _renumbered(piece: bytes, places: _Places) -> bytes:
    def cell(found: re.Match[bytes]) -> bytes:
        if found[4].endswith(b"/>"):
            return b""
        return found[1] + places.columns[found[2]] + places.rows[b"%d" % int(found[3])] + found[4]

    return _MERGED.sub(b"", _CELL.sub(cell, piece))


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """The content in parts that end between tags."""
    rest = b""
    while part := stream.read(_PIECE):
        cut = part.rfind(b"<")
        if cut < 0:
            yield rest + part
            rest = b""
        else:
            yield rest + part[:cut]
            rest = part[cut:]
    yield rest


def _number(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _letters(number: int) -> bytes:
    letters = b""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = b"%c" % (65 + rest) + letters
    return letters
