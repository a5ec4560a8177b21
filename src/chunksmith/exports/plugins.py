"""Formats of other packages: found by entry points, checked once, run in threads of their own.

docs/formats.md describes what a plugin is. It needs no import of ours: what it gets are plain values.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, distribution, distributions
from typing import Any, NamedTuple, Protocol

from chunksmith.exports.columns import DatasetHeader, Row, columns, training_columns
from chunksmith.exports.protocols import Sink
from chunksmith.exports.pulled import PulledWriter

log = logging.getLogger(__name__)
GROUP = "chunksmith.formats"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")
_EXTENSION = re.compile(r"[A-Za-z0-9]{1,16}(\.[A-Za-z0-9]{1,16})?")
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}(; ?[\w-]+=[\w.-]+)?", re.ASCII)
_REQUIRED = ("extension", "media_type", "description")
_FLAGS = ("passages", "one_file")


class Plugin(Protocol):
    """What an entry point leads to: such an object, or a class of such objects without arguments."""

    def describe(self) -> Mapping[str, Any]: ...

    def write(self, rows: Iterator[Row], sink: Sink, dataset: Mapping[str, Any]) -> None: ...


class BrokenPlugin(NamedTuple):
    """``name`` is what the format would be called; ``plugin`` whose it is."""

    name: str
    plugin: str
    problem: str


class Unusable(Exception):
    """The plugin is not what a plugin has to be."""


class PluginFormat:
    """A plugin as a format. Its code runs in a thread of its own; what it raises comes out as FormatFailed."""

    packed = False

    def __init__(self, name: str, made_by: str, plugin: Plugin) -> None:
        said = _checked(plugin.describe())
        self.name = name
        self.made_by = made_by
        self.extension: str = said["extension"]
        self.media_type: str = said["media_type"]
        self.description: str = said["description"]
        self.passages: bool = said.get("passages", False)
        self.one_file: bool = said.get("one_file", False)
        self._plugin = plugin

    def open(self, sink: Sink, header: DatasetHeader) -> PulledWriter:
        """Errors: FormatFailed naming the plugin."""
        dataset = _shown(header)

        def loop(rows: Iterator[Row], lent: Sink) -> None:
            self._plugin.write(rows, lent, dataset)

        return PulledWriter(f"{self.name}, of the plugin {self.made_by}", loop, sink)


def load_all(taken: frozenset[str]) -> tuple[list[PluginFormat], list[BrokenPlugin]]:
    """What is installed now. One that cannot be used is told apart, and hinders neither the others nor the start."""
    formats: dict[str, PluginFormat] = {}
    broken: list[BrokenPlugin] = []
    for point in sorted(_installed(), key=lambda point: (point.name, point.value)):
        try:
            formats[point.name] = _load(point, taken | formats.keys())
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - other people's code may raise anything
            problem = str(exc) if isinstance(exc, Unusable) else f"{type(exc).__name__}: {exc}"
            broken.append(BrokenPlugin(point.name, _owner(point), problem[:500]))
            said = {"format": point.name, "plugin": _owner(point), "problem": problem[:500]}
            log.warning("format_plugin_broken", extra=said)
    return list(formats.values()), broken


def _installed() -> Iterator[EntryPoint]:
    """What ``entry_points(group=GROUP)`` finds, without parsing the records of all other packages for it."""
    recorded = (package for package in distributions() if GROUP in (package.read_text("entry_points.txt") or ""))
    names = {re.sub(r"[-_.]+", "-", package.name).lower() for package in recorded}
    for name in names:  # the first of that name is the one that would be imported
        yield from distribution(name).entry_points.select(group=GROUP)


def _load(point: EntryPoint, taken: frozenset[str]) -> PluginFormat:
    if not _NAME.fullmatch(point.name):
        raise Unusable(f"{point.name!r} is no name for a format: small letters, digits, dot, dash, underscore")
    if point.name in taken:
        raise Unusable(f"there is a format {point.name!r} already")
    found = point.load()
    plugin = found() if isinstance(found, type) else found
    for method in ("describe", "write"):
        if not callable(getattr(plugin, method, None)):
            raise Unusable(f"{point.value} has no method {method}()")
    return PluginFormat(point.name, _owner(point), plugin)


def _owner(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value


def _checked(said: object) -> Mapping[str, Any]:
    """Errors: Unusable naming what is missing, wrong or not known."""
    if not isinstance(said, Mapping):
        raise Unusable(f"describe() gave {type(said).__name__}, not a mapping")
    faults = [f"{name} is missing" for name in _REQUIRED if name not in said]
    faults += [f"{name} must be a text" for name in _REQUIRED if name in said and not isinstance(said[name], str)]
    faults += [f"{name} must be true or false" for name in _FLAGS if not isinstance(said.get(name, False), bool)]
    faults += [f"{name} is not known" for name in said if name not in (*_REQUIRED, *_FLAGS)]
    for name, pattern in (("extension", _EXTENSION), ("media_type", _MEDIA_TYPE)):
        if isinstance(said.get(name), str) and not pattern.fullmatch(said[name]):
            faults.append(f"{name} {said[name]!r} is not one")
    if faults:
        raise Unusable(f"describe(): {'; '.join(faults)}")
    return said


def _shown(header: DatasetHeader) -> dict[str, Any]:
    """What a plugin is told of the dataset, as values of its own."""
    return {
        "dataset": header.name,
        "dataset_id": header.dataset_id,
        "version": header.version,
        "mode": header.mode,
        "updated_at": header.updated_at,
        "columns": [column._asdict() for column in columns(header)],
        "training_columns": [column.name for column in training_columns(header)],
        "splits": {split.name: split.entries for split in header.splits},
        "settings": dict(header.settings),
    }
