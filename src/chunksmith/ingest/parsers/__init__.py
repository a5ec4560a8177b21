"""Files to text. Each format is a module with one function, imported when the first file of that format comes."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import cast

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.archives import check_archive
from chunksmith.ingest.parsers.detect import Format, detect
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits, clean_text

__all__ = ["ParseLimits", "ParsedDocument", "parse_file"]

_Parser = Callable[[Path, str, ParseLimits], ParsedDocument]
_PARSERS: dict[Format, tuple[str, str]] = {
    "pdf": ("pdf", "parse_pdf"),
    "docx": ("word", "parse_docx"),
    "pptx": ("slides", "parse_pptx"),
    "sheet": ("sheets", "parse_sheet"),
    "html": ("html", "parse_html"),
    "epub": ("epub", "parse_epub"),
    "markdown": ("text", "parse_markdown"),
    "text": ("text", "parse_text"),
    "csv": ("records", "parse_csv"),
    "json": ("records", "parse_json"),
}


def parse_file(path: Path, name: str, limits: ParseLimits | None = None) -> ParsedDocument:
    """Read one document. ``name`` is what the person called it; only its ending counts, and only second to content.

    Errors: DocumentUnreadable with the kind of trouble and what to do about it.
    """
    limits = limits or ParseLimits()
    size = path.stat().st_size
    if size > limits.max_bytes:
        raise DocumentUnreadable("too_large", f"The file has {size:,} bytes, the limit is {limits.max_bytes:,}.")
    with path.open("rb") as stream:
        is_zip = stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    if is_zip:
        check_archive(path, limits)
    detected = detect(path, name)
    module, function = _PARSERS[detected.format]
    parser = cast(_Parser, getattr(import_module(f"chunksmith.ingest.parsers.{module}"), function))
    return _checked(parser(path, name, limits), limits, detected.warning)


def _checked(document: ParsedDocument, limits: ParseLimits, warning: str | None) -> ParsedDocument:
    text = clean_text(document.text)
    if not text.strip():
        raise DocumentUnreadable("empty", "The document has no text.")
    if len(text) > limits.max_text_chars:
        raise DocumentUnreadable(
            "too_large", f"The document has {len(text):,} characters, the limit is {limits.max_text_chars:,}."
        )
    warnings = (warning, *document.warnings) if warning else document.warnings
    title = clean_text(document.title).replace("\n", " ").strip() if document.title else None
    return replace(document, text=text, title=title or None, warnings=warnings)
