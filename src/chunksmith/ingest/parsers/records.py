"""CSV and JSON as text a person can read."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits
from chunksmith.ingest.parsers.encodings import decode
from chunksmith.ingest.parsers.record_text import Field, is_prose, records_text, rows_text

_DEEPEST_HEADING = 6
_MAX_DEPTH = 200
_LINED = frozenset((".jsonl", ".ndjson"))
# The first line by which a file tells Excel its delimiter. Programs that take it for a row fill that up with their own.
_TOLD_DELIMITER = re.compile(r"\ufeff?\"?sep=([^\w\s\"]|\t)\"?([,;|]*)[ \t]*(?:\r\n?|\n)", re.IGNORECASE)


def parse_csv(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    """A table, or a record for each row where the cells hold prose."""
    del limits
    decoded = decode(path.read_bytes())
    text = decoded.text.replace("\x00", "")
    tabbed = Path(name).suffix.lower() in {".tsv", ".tab"}
    told = _TOLD_DELIMITER.match(text)
    body = text[told.end() :] if told else text
    delimiter = _delimiter(body, told[1] + told[2][:1]) if told else _delimiter(body, "\t" if tabbed else ",;\t|")
    csv.field_size_limit(10_000_000)
    try:
        rows = [row for row in csv.reader(io.StringIO(body, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as exc:
        raise DocumentUnreadable("corrupt", f"The table cannot be read: {exc}") from exc
    if not rows:
        raise DocumentUnreadable("empty", "The table has no rows.")
    media_type = "text/tab-separated-values" if tabbed else "text/csv"
    return ParsedDocument(rows_text(rows, 2), media_type, warnings=decoded.warnings)


def _delimiter(text: str, possible: str) -> str:
    """The one that stands most often in the first row, the first of them when none does more often."""
    # In quotes a comma separates nothing, and a line break ends no row.
    first = next((line for line in _QUOTED.sub("", text[:10_000]).splitlines() if line.strip()), "")
    return max(possible, key=first.count)


_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def parse_json(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    """Records separated by blank lines, fields as ``name: value`` lines or paragraphs, lists as items."""
    del limits
    decoded = decode(path.read_bytes())
    text = decoded.text
    try:
        return ParsedDocument(_readable(json.loads(text)), "application/json", warnings=decoded.warnings)
    except RecursionError as exc:
        raise DocumentUnreadable("corrupt", "The JSON is nested too deeply.") from exc
    except ValueError as exc:
        if Path(name).suffix.lower() not in _LINED and not _begins_with_a_record(text):
            raise DocumentUnreadable("corrupt", f"The file is not valid JSON: {_fault(exc)}") from exc
    return ParsedDocument(_readable(_records(text)), "application/x-ndjson", warnings=decoded.warnings)


def _fault(exc: ValueError) -> str:
    """What is no error of the syntax is a number that Python does not convert."""
    if isinstance(exc, json.JSONDecodeError):
        return str(exc)
    return f"an integer has more than {sys.get_int_max_str_digits():,} digits"


def _begins_with_a_record(text: str) -> bool:
    try:
        json.loads(text.lstrip().split("\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return True


def _records(text: str) -> list[Any]:
    """Errors: DocumentUnreadable that names the first line that is not JSON."""
    records: list[Any] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError as exc:
            detail = f"Line {number} is not valid JSON: {exc.msg} at column {exc.colno}."
            raise DocumentUnreadable("corrupt", detail) from exc
        except ValueError as exc:
            raise DocumentUnreadable("corrupt", f"Line {number} is not valid JSON: {_fault(exc)}.") from exc
        except RecursionError as exc:
            raise DocumentUnreadable("corrupt", f"Line {number} is nested too deeply.") from exc
    return records


class _Pending(NamedTuple):
    value: Any
    label: str
    depth: int


def _readable(value: Any, level: int = 2) -> str:
    if isinstance(value, dict):
        value, level = [value], level - 1
    if _are_records(value):
        return records_text((_record(item, level) for item in value), level)
    return "\n".join(_fields(value))


def _are_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _record(value: Mapping[str, Any], level: int) -> list[Field]:
    return [_field(name, item, level) for name, item in value.items() if item not in (None, "")]


def _field(name: str, item: Any, level: int) -> Field:
    if not isinstance(item, dict | list):
        return Field(name, item if isinstance(item, str) else json.dumps(item))
    if level < _DEEPEST_HEADING and _are_records(item) and any(map(_has_prose, item)):
        return Field(name, "", f"{name}:\n\n{_readable(item, level + 1)}")
    return Field(name, "", "\n".join(_fields({name: item})))


def _has_prose(record: Mapping[str, Any]) -> bool:
    return any(isinstance(value, str) and is_prose(value) for value in record.values())


def _fields(value: Any) -> Iterator[str]:
    """Depth first with a stack of our own, so that nesting cannot exhaust Python's."""
    stack = [_Pending(value, "", -1)]
    while stack:
        item = stack.pop()
        if item.depth > _MAX_DEPTH:
            raise DocumentUnreadable("corrupt", "The JSON is nested too deeply.")
        indent = "  " * max(0, item.depth)
        children = _children(item)
        if children is None:
            text = " ".join(str(item.value).split()) if isinstance(item.value, str) else json.dumps(item.value)
            yield f"{indent}{item.label}{text}"
            continue
        if item.label.strip("- "):
            yield f"{indent}{item.label}".rstrip()
        stack.extend(reversed(children))


def _children(item: _Pending) -> list[_Pending] | None:
    if isinstance(item.value, dict):
        return [
            _Pending(value, f"{name}: ", item.depth + 1)
            for name, value in item.value.items()
            if value not in (None, "")
        ]
    if isinstance(item.value, list):
        return [_Pending(value, "- ", item.depth + 1) for value in item.value]
    return None
