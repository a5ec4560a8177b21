"""What a file is: by its content first, by the end of its name second."""

import re
import zipfile
from pathlib import Path
from typing import Literal, NamedTuple

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.archives import read_member
from chunksmith.ingest.parsers.encodings import decode, is_binary
from chunksmith.ingest.parsers.prolog import read_prolog

Format = Literal["pdf", "docx", "pptx", "sheet", "html", "epub", "markdown", "text", "csv", "json"]

_BY_SUFFIX: dict[str, Format] = {
    ".pdf": "pdf", ".docx": "docx", ".docm": "docx", ".pptx": "pptx", ".pptm": "pptx", ".ppsx": "pptx",
    ".xlsx": "sheet", ".xlsm": "sheet", ".xlsb": "sheet", ".xls": "sheet", ".ods": "sheet",
    ".html": "html", ".htm": "html", ".xhtml": "html", ".epub": "epub",
    ".md": "markdown", ".markdown": "markdown", ".mdown": "markdown", ".txt": "text", ".text": "text", ".rst": "text",
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip
_CONTAINERS = frozenset(("pdf", "docx", "pptx", "sheet", "epub"))
_OLD_OFFICE = {".doc": ".docx", ".ppt": ".pptx", ".dot": ".docx"}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,300}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_HEAD = 65_536
_PARTS: tuple[tuple[str, Format], ...] = (
    ("word/document.xml", "docx"), ("ppt/presentation.xml", "pptx"),
    ("xl/workbook.xml", "sheet"), ("xl/workbook.bin", "sheet"),
)  # fmt: skip


class Detected(NamedTuple):
    format: Format
    warning: str | None = None


def detect(path: Path, name: str) -> Detected:
    """Errors: DocumentUnreadable ``empty``, ``unsupported``, ``encrypted``, ``corrupt`` or ``binary``."""
    head = _head(path)
    suffix = Path(name).suffix.lower()
    named = _BY_SUFFIX.get(suffix)
    found = _by_signature(path, head, suffix) or _as_text(head, suffix, named)
    if named is not None and named in _CONTAINERS | {"html"} and found != named:
        return Detected(found, f"The name ends in {suffix}, but the content is {found}; it was read as {found}.")
    if found in _CONTAINERS and found != named:
        return Detected(found, f"The content is {found}, which the name {suffix or 'without ending'} does not say.")
    return Detected(found)


def _head(path: Path) -> bytes:
    """The first part of the file that has anything in it, unless zeros before it make the file binary."""
    with path.open("rb") as stream:
        first = head = stream.read(_HEAD)
        while head and _is_blank(head):
            head = stream.read(_HEAD)
    if not head:
        raise DocumentUnreadable("empty", "The file is empty.")
    return first if is_binary(first) else head


def _is_blank(part: bytes) -> bool:
    return not part.strip(b"\x00 \t\r\n")


def _by_signature(path: Path, head: bytes, suffix: str) -> Format | None:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_format(path)
    if head.startswith(_OLE):
        return _ole_format(head, suffix, path)
    if head.startswith(b"{\\rtf"):
        raise DocumentUnreadable("unsupported", "RTF is not read: save the document as .docx and upload that.")
    return None


def _zip_format(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            mime = (read_member(archive, "mimetype") or b"").strip() if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError) as exc:
        raise DocumentUnreadable("corrupt", f"The file is a damaged archive: {exc}") from exc
    if mime == b"application/epub+zip" or (not mime and "META-INF/container.xml" in names):
        return "epub"
    if mime.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return "sheet"
    for part, kind in _PARTS:
        if part in names:
            return kind
    raise DocumentUnreadable(
        "unsupported", "A zip archive that is not a document: unpack it and upload the files in it."
    )


def _ole_format(head: bytes, suffix: str, path: Path) -> Format:
    with path.open("rb") as stream:
        content = stream.read(8_000_000)
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise DocumentUnreadable("encrypted", "The file is protected by a password: remove it and upload again.")
    if suffix in _OLD_OFFICE:
        better = _OLD_OFFICE[suffix]
        raise DocumentUnreadable("unsupported", f"The old {suffix} format is not read: save it as {better}.")
    if any(name.encode("utf-16-le") in content for name in ("Workbook", "Book")):
        return "sheet"
    raise DocumentUnreadable(
        "unsupported", "An old Office file of a kind that is not read: save it in the present format."
    )


def _as_text(head: bytes, suffix: str, named: Format | None) -> Format:
    if is_binary(head):
        if named in _CONTAINERS:
            raise DocumentUnreadable(
                "corrupt", f"The name ends in {suffix}, but the content is not; it may be damaged."
            )
        raise DocumentUnreadable("binary", "The file is not text and not a document format that is read.")
    text = decode(head).text
    if _HTML.match(text):
        return "html"
    if named in _CONTAINERS:
        raise DocumentUnreadable(
            "corrupt",
            f"The name ends in {suffix}, but the file has plain text in it: rename it to .txt and upload again.",
        )
    if read_prolog(text).declares_entities and text.lstrip().startswith("<"):
        raise DocumentUnreadable("corrupt", "The file declares XML entities, which are not accepted.")
    if named is not None:
        return named
    return "html" if text.lstrip().startswith("<?xml") else "text"
