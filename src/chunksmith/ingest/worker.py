"""The process behind ``sandbox``: an order as JSON on standard input, what was asked for as JSON on standard output."""

import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers import ParseLimits, parse_file

# Nothing of asyncio is loaded here: each document waits for these imports.
OUT_OF_MEMORY = 77
# The first byte of every worker's output: what dies before it has not looked at the document.
STARTED = b"+"


def main() -> int:
    order = json.load(sys.stdin)
    # Standard output belongs to the answer; a library that prints must not get into it.
    channel = os.dup(1)
    os.dup2(2, 1)
    os.write(channel, STARTED)
    _limit(order["memory_bytes"], order["cpu_s"])
    try:
        answer = json.dumps(_done(order)).encode()
        with os.fdopen(channel, "wb") as stream:
            stream.write(answer)
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def _done(order: dict[str, Any]) -> dict[str, Any]:
    try:
        return _TASKS[order["task"]](order)
    except DocumentUnreadable as exc:
        if isinstance(exc.__cause__, MemoryError):
            raise exc.__cause__ from exc
        # Libraries name the file that they were given; where it lies is nobody's business but the server's.
        return {"kind": exc.kind, "detail": exc.detail.replace(order["path"], "the file")}
    except RecursionError:
        return {"kind": "corrupt", "detail": "The document is nested too deeply."}


def _parse(order: dict[str, Any]) -> dict[str, Any]:
    return asdict(parse_file(Path(order["path"]), order["name"], ParseLimits(**order["limits"])))


def _page_task(order: dict[str, Any]) -> dict[str, Any]:
    # pdfium is loaded for these tasks only.
    from chunksmith.ingest import page_files  # noqa: PLC0415 - takes 0.1 s that most documents need not wait for

    return page_files.TASKS[order["task"]](order)


_TASKS = {"parse": _parse, "survey": _page_task, "render": _page_task}


def _limit(memory_bytes: int, cpu_s: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
