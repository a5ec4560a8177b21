"""CSV and JSON as text a person can read."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits
from chunksmith.ingest.parsers.encodings import decode
from chunksmith.ingest.parsers.tables import markdown_table

_LONG_CELL = 120
_MAX_DEPTH = 200
_LINED = frozenset((".jsonl", ".ndjson"))
# The first line by which a file tells Excel its delimiter. Programs that take it for a row fill that up with their own.
_TOLD_DELIMITER = re.compile(r"\ufeff?\"?sep=([^\w\s\"]|\t)\"?([,;|]*)[ \t]*(?:\r\n?|\n)", re.IGNORECASE)


def parse_csv(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    """A table, or one record of ``column: value`` lines per row when the cells hold whole paragraphs."""
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
    longest = max((len(cell) for row in rows for cell in row), default=0)
    table = _csv_records(rows) if longest > _LONG_CELL and len(rows) > 1 else markdown_table(rows)
    return ParsedDocument(table, "text/tab-separated-values" if tabbed else "text/csv", warnings=decoded.warnings)


def _delimiter(text: str, possible: str) -> str:
    """The one that stands most often in the first row, the first of them when none does more often."""
    # In quotes a comma separates nothing, and a line break ends no row.
    first = next((line for line in _QUOTED.sub("", text[:10_000]).splitlines() if line.strip()), "")
    return max(possible, key=first.count)


_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def _csv_records(rows: Sequence[Sequence[str]]) -> str:
    header = [name.strip() or f"column {index}" for index, name in enumerate(rows[0], 1)]
    return "\n\n".join(
        "\n".join(
            f"{header[index] if index < len(header) else f'column {index + 1}'}: {' '.join(cell.split())}"
            for index, cell in enumerate(row)
            if cell.strip()
        )
        for row in rows[1:]
    )


def parse_json(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    """Records separated by blank lines, fields as ``name: value`` lines, lists as items."""
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


def _readable(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return "\n\n".join("\n".join(_fields(item)) for item in value)
    return "\n".join(_fields(value))


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
