"""Parsing in a process of its own: what a file does to a parser ends with that process."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from chunksmith.errors import DocumentFault, DocumentUnreadable
from chunksmith.ingest.parsers import ParsedDocument
from chunksmith.ingest.parsers.document import ParseLimits
from chunksmith.ingest.worker import OUT_OF_MEMORY, STARTED

log = logging.getLogger(__name__)
_PASSED_ON = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SYSTEMROOT",
    "TZ",
    "LD_LIBRARY_PATH",
)
_KINDS: tuple[str, ...] = get_args(DocumentFault)
START_TRIES = 3
START_WAIT_S = 0.5
_NO_MEMORY = (
    "Reading the document needs more memory than is allowed: split it, or raise memory_bytes in the section parsing of "
    "the settings and process it again."
)
_SIGNAL_OF_CPU = -signal.SIGXCPU


async def parse_limited(
    path: Path,
    name: str,
    *,
    timeout_s: float,
    memory_bytes: int,
    max_text_chars: int,
    limits: ParseLimits | None = None,
) -> ParsedDocument:
    """Run ``parse_file`` in a fresh process that holds no secrets and cannot outlive this call.

    Units:  ``timeout_s`` is wall time, and processor time too; ``memory_bytes`` is address space.
    Errors: DocumentUnreadable: the parser's own, or ``timeout``, ``memory``, ``corrupt`` when the process died.
    """
    order = {
        "path": str(path),
        "name": name,
        "limits": asdict(limits or ParseLimits()) | {"max_text_chars": max_text_chars},
    }
    reply = await run_limited("parse", order, timeout_s=timeout_s, memory_bytes=memory_bytes)
    return ParsedDocument(reply["text"], reply["media_type"], reply["title"], tuple(reply["warnings"]))


async def run_limited(
    task: str,
    order: dict[str, Any],
    *,
    timeout_s: float,
    memory_bytes: int,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> dict[str, Any]:
    """Have one of the tasks of ``worker`` done. Units: as ``parse_limited``.

    Errors: as ``parse_limited``; ``not_started`` after ``START_TRIES`` workers that could not begin.
    """
    order = order | {"task": task, "memory_bytes": memory_bytes, "cpu_s": max(1, int(timeout_s) + 1)}
    why = ""
    for attempt in range(START_TRIES):
        if attempt:
            await sleep(START_WAIT_S * attempt)
        try:
            answer, code = await _answer_of(json.dumps(order).encode(), timeout_s)
        except OSError as exc:
            why = str(exc)
            continue
        if answer.startswith(STARTED):
            return _result(answer.removeprefix(STARTED), code)
        why = f"exit status {code}"
    log.error("parser_not_started", extra={"detail": why})
    raise DocumentUnreadable(
        "not_started",
        f"The process that reads documents could not be started ({why}); the document itself was not looked at. "
        "See to the server, then process it again.",
    )


async def _answer_of(order: bytes, timeout_s: float) -> tuple[bytes, int]:
    """Output and exit status of one worker. Errors: DocumentUnreadable ``timeout``; OSError where none can be made."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "chunksmith.ingest.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={key: value for key, value in os.environ.items() if key in _PASSED_ON} | {"PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_s):
            answer, _ = await process.communicate(order)
    except TimeoutError as exc:
        raise DocumentUnreadable("timeout", f"Reading the document took longer than {timeout_s:g} s.") from exc
    finally:
        await _end(process)
    return answer, process.returncode or 0


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the whole group and reap the process, also when this task is being cancelled."""
    if process.returncode is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    await asyncio.shield(process.wait())


def _result(answer: bytes, code: int) -> dict[str, Any]:
    if code == OUT_OF_MEMORY:
        raise DocumentUnreadable("memory", _NO_MEMORY)
    if code == _SIGNAL_OF_CPU:
        raise DocumentUnreadable("timeout", "Reading the document took more processor time than is allowed.")
    try:
        reply: dict[str, Any] = json.loads(answer)
    except ValueError as exc:
        # Libraries that are not Python abort where they get no memory.
        if code in {-signal.SIGKILL, -signal.SIGABRT}:
            raise DocumentUnreadable("memory", _NO_MEMORY) from exc
        raise DocumentUnreadable("corrupt", f"The parser ended without a result (exit status {code}).") from exc
    if "kind" in reply:
        raise DocumentUnreadable(reply["kind"] if reply["kind"] in _KINDS else "corrupt", reply["detail"])
    return reply
