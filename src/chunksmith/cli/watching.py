"""Waiting for a job, with something to look at meanwhile."""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Protocol, Self

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from chunksmith.cli import render
from chunksmith.cli.client import Api, segment
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.jobview import JobView

FIRST_POLL_S, LONGEST_POLL_S = 0.1, 1.0
# A server that restarts continues its jobs; that long a watcher waits for it.
PATIENCE_S = 60.0
PLAIN_STEP = 10
RATE_WINDOW_S = 30.0


class Display(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, view: JobView) -> None: ...
    def trouble(self, text: str) -> None: ...


def watch(
    api: Api,
    job_id: str,
    display: Display,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> JobView:
    """Return when the job has ended or is paused.

    Errors: Failure; a server that was there and is away is waited for ``PATIENCE_S``.
    """
    wait_s, away_since = FIRST_POLL_S, None
    while True:
        try:
            view = JobView.of(api.get(f"/jobs/{segment(job_id)}"))
        except Failure as exc:
            away_since = away_since if away_since is not None else monotonic()
            if exc.code is not ExitCode.UNAVAILABLE or not api.reached or monotonic() - away_since > PATIENCE_S:
                raise
            display.trouble(exc.message)
        else:
            away_since = None
            display.show(view)
            if view.at_rest:
                return view
        sleep(wait_s)
        wait_s = min(LONGEST_POLL_S, wait_s * 1.5)


def display_for(as_json: bool) -> Display:
    if as_json:
        return JsonDisplay()
    return LiveDisplay() if render.err.is_terminal else PlainDisplay()


class JsonDisplay:
    """Each change as one JSON line on standard output."""

    def __init__(self) -> None:
        self._last: object = None
        self._told = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, view: JobView) -> None:
        if view.document != self._last:
            render.print_json_line(view.document)
        self._last = view.document
        self._told = ""

    def trouble(self, text: str) -> None:
        """Once for each time that the server goes away."""
        if text != self._told:
            render.note(text)
        self._told = text


class SilentDisplay(JsonDisplay):
    """For a command whose one JSON document comes at the end."""

    def show(self, view: JobView) -> None:
        self._told = ""


class PlainDisplay(JsonDisplay):
    """Lines for a log: at every tenth of the way, and when the state or the reason for waiting changes."""

    def __init__(self) -> None:
        super().__init__()
        self._rate = Rate()

    def show(self, view: JobView) -> None:
        self._rate.see(view)
        seen = (view.status, view.reason, view.waiting_for, int(view.progress) // PLAIN_STEP)
        if seen != self._last:
            render.note(f"{view.progress:3.0f} %  {render.state(view)}  {summary(view, self._rate)}".rstrip())
        self._last = seen
        self._told = ""


class LiveDisplay:
    """A bar and the numbers under it, on a terminal."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), console=render.err
        )
        self._task = self._bar.add_task("starting", total=100)
        self._numbers = Text()
        self._live = Live(Group(self._bar, self._numbers), console=render.err, refresh_per_second=8, transient=True)
        self._rate = Rate()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, view: JobView) -> None:
        self._rate.see(view)
        self._bar.update(self._task, completed=view.progress, description=render.clean(view.step or view.status))
        self._numbers.plain = render.clean(summary(view, self._rate))

    def trouble(self, text: str) -> None:
        self._numbers.plain = render.clean(f"{text}\nThe job goes on when the server is back; waiting for it.")


class Rate:
    """Units per second over the last ``RATE_WINDOW_S``."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: deque[tuple[float, int]] = deque()

    def see(self, view: JobView) -> None:
        now = self._monotonic()
        self._seen.append((now, view.done + view.failed))
        while len(self._seen) > 2 and now - self._seen[0][0] > RATE_WINDOW_S:
            self._seen.popleft()

    @property
    def per_second(self) -> float | None:
        if len(self._seen) < 2:
            return None
        (since, before), (now, done) = self._seen[0], self._seen[-1]
        return (done - before) / (now - since) if now > since and done > before else None


def summary(view: JobView, rate: Rate) -> str:
    """The numbers of a running job in one line, and a second one when it waits for something."""
    speed = rate.per_second
    left_s = view.pending / speed if speed else None
    facts = [
        render.units(view),
        f"{view.entries} entries" if view.dataset_id else "",
        f"{speed:.1f} units/s" if speed else "",
        f"about {duration(left_s)} left" if left_s is not None and view.pending else "",
        render.usage(view),
    ]
    line = " · ".join(fact for fact in facts if fact)
    return f"{line}\nwaiting for: {view.waiting_for}" if view.waiting_for else line


def duration(seconds: float) -> str:
    """``8 s``, ``3 min``, ``2 h 10 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@contextlib.contextmanager
def detachable(job_id: str) -> Iterator[None]:
    """Ctrl-C leaves the job alone and says how to come back to it."""
    try:
        yield
    except KeyboardInterrupt as exc:
        raise Failure(
            f"no longer watching; {job_id} goes on. Come back with: chunksmith status {job_id} --watch",
            ExitCode.INTERRUPTED,
        ) from exc
