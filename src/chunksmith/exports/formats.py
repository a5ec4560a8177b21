"""The formats that a dataset can be written in, by name: those that come with the project, and those of plugins."""

from chunksmith.errors import InvalidRequest
from chunksmith.exports.anki import Anki
from chunksmith.exports.anki_text import AnkiText
from chunksmith.exports.csv_text import Csv
from chunksmith.exports.huggingface import HuggingFace
from chunksmith.exports.json_text import JsonArray, JsonLines
from chunksmith.exports.parquet import Parquet
from chunksmith.exports.plugins import BrokenPlugin, load_all
from chunksmith.exports.protocols import Format, FormatInfo
from chunksmith.exports.training import Alpaca, ChatMl, ShareGpt

_BUILT_IN: tuple[Format, ...] = (
    JsonLines(),
    Parquet(),
    JsonArray(),
    Csv(),
    Alpaca(),
    ShareGpt(),
    ChatMl(),
    Anki(),
    AnkiText(),
    HuggingFace(),
)
# One process has one set of installed packages: what is found in it is kept here, by ``load_plugins``.
FORMATS: dict[str, Format] = {form.name: form for form in _BUILT_IN}
_broken: list[BrokenPlugin] = []


def load_plugins() -> None:
    """Look again which plugins are installed. Imports their code: not for the event loop."""
    found, broken = load_all(frozenset(form.name for form in _BUILT_IN))
    _broken[:] = broken
    for name in FORMATS.keys() - {form.name for form in (*_BUILT_IN, *found)}:
        del FORMATS[name]
    FORMATS.update({form.name: form for form in found})


def known_formats() -> list[FormatInfo]:
    return [FormatInfo(form.name, form.extension, form.media_type, form.description) for form in FORMATS.values()]


def broken_plugins() -> list[BrokenPlugin]:
    return list(_broken)


def format_named(name: str, pointer: str = "/format_type") -> Format:
    """Errors: InvalidRequest listing the known formats, or saying what is wrong with the plugin."""
    known = FORMATS.get(name)
    if known is not None:
        return known
    for broken in _broken:
        if broken.name == name:
            said = f"format {name!r}: the plugin {broken.plugin} cannot be used: {broken.problem}"
            raise InvalidRequest.field(pointer, said)
    raise InvalidRequest.field(pointer, f"unknown format {name!r}; known: {', '.join(FORMATS)}")
