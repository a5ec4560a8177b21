"""The formats that a dataset can be written in, by name."""

from chunksmith.errors import InvalidRequest
from chunksmith.exports.json_text import JsonArray, JsonLines
from chunksmith.exports.parquet import Parquet
from chunksmith.exports.protocols import Format, FormatInfo

_BUILT_IN: tuple[Format, ...] = (JsonLines(), Parquet(), JsonArray())
FORMATS: dict[str, Format] = {form.name: form for form in _BUILT_IN}


def known_formats() -> list[FormatInfo]:
    return [FormatInfo(form.name, form.extension, form.media_type, form.description) for form in FORMATS.values()]


def format_named(name: str, pointer: str = "/format_type") -> Format:
    """Errors: InvalidRequest listing the known formats."""
    known = FORMATS.get(name)
    if known is None:
        raise InvalidRequest.field(pointer, f"unknown format {name!r}; known: {', '.join(FORMATS)}")
    return known
