"""Why a job stops before its work is done. Not failures: what is pending stays pending."""


class Halt(Exception):
    """Base. ``detail`` is for the person who looks at the job."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class BudgetExhausted(Halt):
    """No further call fits under the ceiling, whatever those in flight turn out to cost."""


class AccountClosed(Halt):
    """The provider gives nothing for now: used up, or unreachable for too long.

    ``resting``: the provider that wants to be left alone until a time that it named; what waits goes on then.
    """

    def __init__(self, detail: str = "", resting: str | None = None) -> None:
        super().__init__(detail)
        self.resting = resting


class CallsStopped(Halt):
    """The server is stopping; the job goes on at the next start."""


class PausedByUser(Halt):
    """A person paused the job."""


class CancelledByUser(Halt):
    """A person cancelled the job; what is there stays."""


class JobFatal(Halt):
    """Every other unit would fail in the same way: the job ends as failed, and can be continued when it is mended."""
