"""Standard output that cannot be written: a full disk, or a reader that has gone away."""

import errno
import io
import os
import sys
from typing import Any, TextIO


class OutputFailed(Exception):
    """``cause`` is why. What is written from then on goes nowhere."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(cause.strerror)
        self.cause = cause

    @property
    def reader_is_gone(self) -> bool:
        return isinstance(self.cause, BrokenPipeError)


class _Output(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as exc:
            # Buffers are written again when the process ends, which would complain once more.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            raise OutputFailed(exc) from exc


def standard_output() -> TextIO:
    """Errors: OutputFailed when it was closed before the process began."""
    if sys.stdout is None:
        raise OutputFailed(OSError(errno.EBADF, os.strerror(errno.EBADF)))
    return sys.stdout


def guard() -> None:
    """Let ``OutputFailed`` tell of it, wherever the writing is: libraries have ways of their own to end a process."""
    if not isinstance(sys.stdout, io.TextIOWrapper):
        return
    sys.stdout.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(sys.stdout.fileno(), "w", closefd=False)),
        encoding=sys.stdout.encoding,
        errors=sys.stdout.errors,
        line_buffering=sys.stdout.line_buffering,
    )
