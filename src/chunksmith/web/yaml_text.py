"""YAML as it is taken and given: plain trees of text, nothing that could be code, a bomb, or a surprise.

Every scalar is text but null: a category named No, 2024 or 1.10 stays what was written. Where a mapping names a key
twice, the last one counts.
"""

from dataclasses import dataclass
from typing import Any

import yaml

from chunksmith.errors import Fault, InvalidRequest

MEDIA_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")
MAX_DEPTH = 60
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


def parse_yaml(raw: bytes) -> Any:
    """One document. Errors: InvalidRequest naming line and column; also for aliases, tags and deep nesting.

    Built from the parser's events and not by a loader: an alias or a tag is refused before it can cost anything.
    """
    building = _Building()
    try:
        events = yaml.parse(raw, Loader=yaml.CSafeLoader)  # type: ignore[no-untyped-call]  # no annotations upstream
        for event in events:
            building.take(event)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark
        place = f" at line {mark.line + 1} column {mark.column + 1}" if mark is not None else ""
        raise InvalidRequest.of([Fault("", f"is not valid YAML: {exc.problem or exc.context}{place}")]) from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise InvalidRequest.of([Fault("", f"is not valid YAML: {str(exc).splitlines()[0][:200]}")]) from exc
    return building.value()


def dump_yaml(value: Any) -> bytes:
    options = {"allow_unicode": True, "sort_keys": False, "encoding": "utf-8"}
    text: bytes = yaml.dump(value, Dumper=yaml.CSafeDumper, **options)  # type: ignore[no-untyped-call]  # none upstream
    return text


@dataclass
class _Open:
    """A collection that is not at its end. ``key`` is that of the value that comes next, in a mapping."""

    items: list[Any] | dict[str, Any]
    key: str | None = None

    def put(self, value: Any, event: Any) -> None:
        if isinstance(self.items, list):
            self.items.append(value)
        elif self.key is not None:
            self.items[self.key], self.key = value, None
        elif isinstance(value, str):
            self.key = value
        else:
            raise _refused("a key must be text", event)


class _Building:
    def __init__(self) -> None:
        self._documents: list[Any] = []
        self._open: list[_Open] = []

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _refused("anchors and aliases are not taken", event)
        if getattr(event, "tag", None) is not None:
            raise _refused("tags are not taken", event)
        if isinstance(event, yaml.ScalarEvent):
            self._put(None if event.implicit[0] and event.value in _NULL else event.value, event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin([] if isinstance(event, yaml.SequenceStartEvent) else {}, event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()

    def value(self) -> Any:
        if len(self._documents) != 1:
            raise InvalidRequest.field("", "must be one YAML document")
        return self._documents[0]

    def _begin(self, items: list[Any] | dict[str, Any], event: Any) -> None:
        if len(self._open) == MAX_DEPTH:
            raise _refused("nested too deeply", event)
        self._put(items, event)
        self._open.append(_Open(items))

    def _put(self, value: Any, event: Any) -> None:
        if self._open:
            self._open[-1].put(value, event)
        else:
            self._documents.append(value)


def _refused(why: str, event: Any) -> InvalidRequest:
    return InvalidRequest.field("", f"YAML: {why} (line {event.start_mark.line + 1})")
