"""How a command ends: its exit code, and what is said when it could not do what was asked."""

from enum import IntEnum
from typing import Any

from chunksmith.errors import Fault


class ExitCode(IntEnum):
    """``EXPLAINED`` has the same list for people."""

    OK = 0
    FAILED = 1
    INVALID = 2
    PARTLY = 3
    UNAVAILABLE = 4
    STATE = 5
    KEY = 6
    INTERRUPTED = 130
    CLOSED_PIPE = 141


EXPLAINED: dict[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "failed: the job failed or was cancelled, the server met an error, a file could not be written",
    ExitCode.INVALID: "wrong usage or invalid input; nothing was started",
    ExitCode.PARTLY: "partly done: some documents or units failed, or the job is paused",
    ExitCode.UNAVAILABLE: "the server cannot be reached, or does not take work at the moment",
    ExitCode.STATE: "not found, ambiguous, or in a state in which this cannot be done",
    ExitCode.KEY: "an API key is needed, or the one given is not valid",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C; a job that was started goes on",
    ExitCode.CLOSED_PIPE: "whoever read the output went away, as `head` does; a job that was started goes on",
}

_BY_STATUS = {401: ExitCode.KEY, 403: ExitCode.KEY, 404: ExitCode.STATE, 409: ExitCode.STATE, 412: ExitCode.STATE}


class Failure(Exception):
    """Ends the command. ``message`` is for the person; ``problem`` is the server's own words, when it had some."""

    def __init__(
        self,
        message: str,
        code: ExitCode = ExitCode.FAILED,
        faults: tuple[Fault, ...] = (),
        problem: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.faults = faults
        self.problem = problem

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints in place of a result."""
        faults = [{"pointer": fault.pointer, "detail": fault.detail} for fault in self.faults]
        named = {"message": self.message, "exit_code": int(self.code), "errors": faults}
        return {"error": {**(self.problem or {}), **named}}


def code_of_status(status: int) -> ExitCode:
    """The exit code for an HTTP answer that is not a success."""
    if status in (429, 503):
        return ExitCode.UNAVAILABLE
    if status >= 500:
        return ExitCode.FAILED
    return _BY_STATUS.get(status, ExitCode.INVALID)
