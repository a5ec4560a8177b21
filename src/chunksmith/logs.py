"""One JSON line per event: the event name is the message, its fields come by ``extra``, secrets never get out."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
JOB_ID: ContextVar[str | None] = ContextVar("job_id", default=None)

HIDDEN = "[hidden]"
SHORTEST_SECRET = 6  # hiding a shorter text would tear holes into everything else
_BUILT_IN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Keys travel in these places in addresses and headers of libraries that log what they send.
_IN_TRANSIT = re.compile(r"(?i)([?&](?:key|api_key|token)=|\bbearer\s+|\bx-(?:goog-)?api-key['\": ]+)[^\s&\"'\\,}]+")
_NOISY = ("aiohttp.access", "asyncio", "httpcore", "httpx", "pypdf")
# Their debug lines hold what is stored: documents, prompts, replies.
_TELLING = ("aiosqlite",)


class Secrets:
    """Texts that are replaced wherever they turn up in a line."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def add(self, *texts: str) -> None:
        for text in texts:
            if len(text) >= SHORTEST_SECRET:
                self._texts |= {text, json.dumps(text)[1:-1], repr(text)[1:-1]}

    def hide(self, line: str) -> str:
        for text in sorted(self._texts, key=len, reverse=True):
            if text in line:
                line = line.replace(text, HIDDEN)
        return _IN_TRANSIT.sub(rf"\1{HIDDEN}", line)


secrets = Secrets()


@contextmanager
def bound(*, request_id: str | None = None, job_id: str | None = None) -> Iterator[None]:
    """Every event inside carries these ids; tasks that are started inside inherit them."""
    pairs = ((REQUEST_ID, request_id), (JOB_ID, job_id))
    tokens = [(variable, variable.set(value)) for variable, value in pairs if value is not None]
    try:
        yield
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)


class BoundIds(logging.Filter):
    """Takes the ids where the event happens, not where its line is written."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in (("request_id", REQUEST_ID.get()), ("job_id", JOB_ID.get())):
            if value is not None and not hasattr(record, name):
                setattr(record, name, value)
        return True


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **extras(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            event["exception"] = "".join(traceback.format_exception(record.exc_info[1]))
        # ASCII, so that no terminal and no lone surrogate can make logging fail.
        return secrets.hide(json.dumps(event, default=str))


class TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value!r}" for name, value in extras(record).items())
        line = f"{_time(record)} {record.levelname.lower():7} {record.getMessage()}{fields}"
        if record.exc_info and record.exc_info[1] is not None:
            line = f"{line}\n{''.join(traceback.format_exception(record.exc_info[1])).rstrip()}"
        return secrets.hide(line).encode("ascii", "backslashreplace").decode()


def extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _BUILT_IN}


def configure(
    level: Literal["debug", "info", "warning", "error"] = "info",
    line_format: Literal["json", "text"] = "json",
    stream: TextIO | None = None,
) -> None:
    """Make this the only log of the process; calling it again replaces the former."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if line_format == "json" else TextLines())
    handler.addFilter(BoundIds())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel("DEBUG" if level == "debug" else "WARNING")
    for name in _TELLING:
        logging.getLogger(name).setLevel("WARNING")


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
