"""Zip archives from strangers: counted and measured before any library opens them.

Sizes that an archive declares are not believed: every member is inflated once, in pieces that are thrown away, and the
count stops at the limit. Member names are only ever looked up, never used as paths.
"""

import re
import zipfile
import zlib
from pathlib import Path

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.document import ParseLimits
from chunksmith.ingest.parsers.encodings import decode
from chunksmith.ingest.parsers.prolog import read_prolog

_PIECE = 1 << 18
_SMALL = 1 << 20
_DECLARATION = re.compile(rb"<\x00?!\x00?E\x00?N\x00?T\x00?I\x00?T\x00?Y", re.IGNORECASE)
# No parser looks into pictures, and drawing programs declare the names of their namespaces as entities.
_PICTURES = (".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".emf", ".wmf")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError)


def check_archive(path: Path, limits: ParseLimits) -> None:
    """Errors: DocumentUnreadable ``too_large`` (bomb), ``encrypted``, or ``corrupt`` (also for entity declarations)."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_declared(members, limits, path.stat().st_size)
            _check_inflated(archive, members, limits, path.stat().st_size)
    except _BROKEN as exc:
        raise DocumentUnreadable("corrupt", f"The file is a damaged archive: {exc}") from exc


def read_member(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """The content of one member, None when there is none of that name."""
    try:
        return archive.read(name)
    except KeyError:
        return None
    except _BROKEN as exc:
        raise DocumentUnreadable("corrupt", f"A part of the file cannot be read: {exc}") from exc


def _check_declared(members: list[zipfile.ZipInfo], limits: ParseLimits, stored: int) -> None:
    if len(members) > limits.max_members:
        raise DocumentUnreadable(
            "too_large", f"The archive has {len(members)} parts, the limit is {limits.max_members}."
        )
    if any(member.flag_bits & 1 for member in members):
        raise DocumentUnreadable("encrypted", "The file is protected by a password: remove it and upload again.")
    _check_size(sum(member.file_size for member in members), limits, stored)


def _check_inflated(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], limits: ParseLimits, stored: int) -> None:
    total = 0
    for member in members:
        is_searched = not member.filename.lower().endswith(_PICTURES)
        first = tail = b""
        with archive.open(member) as stream:
            while piece := stream.read(_PIECE):
                total += len(piece)
                _check_size(total, limits, stored)
                first = first or piece
                if is_searched and _DECLARATION.search(tail + piece):
                    prolog = read_prolog(decode(first).text)
                    if prolog.declares_entities or not prolog.is_whole:
                        raise DocumentUnreadable("corrupt", "The file declares XML entities, which are not accepted.")
                    is_searched = False  # but it is measured to its end
                tail = piece[-32:]


def _check_size(inflated: int, limits: ParseLimits, stored: int) -> None:
    if inflated > limits.max_inflated_bytes or inflated > max(_SMALL, stored * limits.max_ratio):
        raise DocumentUnreadable(
            "too_large",
            f"The file unpacks to more than {inflated:,} bytes from {stored:,}: refused as an archive bomb.",
        )
