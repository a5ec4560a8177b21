"""Formats that pull their rows, such as plugins: a plain loop over rows in a thread of its own.

The two sides take turns: while rows are handed over the loop waits, while the loop runs the writer waits. So the sink
has one user at a time, and no more than one portion of rows is ever held.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Final, Literal

from chunksmith.errors import FormatFailed
from chunksmith.exports.columns import Row
from chunksmith.exports.protocols import Sink, Writer

PATIENCE_S = 300.0
_SHOWN_CHARS = 500
_MORE: Final = "more"
_ENDED: Final = "ended"
_Said = Literal["more", "ended"] | BaseException


class Abandoned(Exception):
    """Raised inside the loop over rows when nobody wants the file any more."""


class PulledWriter(Writer):
    """``loop`` is called once, with rows and a sink; it has written the file when it returns.

    Errors: FormatFailed, with ``name`` in it, for whatever the loop raises, when it ends before its rows do, and when
    it takes longer than ``patience_s`` for one portion.
    """

    def __init__(
        self, name: str, loop: Callable[[Iterator[Row], Sink], None], sink: Sink, patience_s: float = PATIENCE_S
    ) -> None:
        self._name = name
        self._loop = loop
        self._sink = _Guarded(sink)
        self._patience_s = patience_s
        self._given: queue.SimpleQueue[list[Row] | None] = queue.SimpleQueue()
        self._said: queue.SimpleQueue[_Said] = queue.SimpleQueue()
        self._over = False
        self._untaken = 0
        # A loop that never returns must not keep the process from ending.
        threading.Thread(target=self._run, name=f"format-{name}", daemon=True).start()
        self._listen()

    def write(self, rows: list[Row]) -> None:
        if not rows:
            return
        if self._over:
            raise self._failed("it ended before its rows did")
        self._untaken = len(rows)
        self._given.put(rows)
        self._listen()

    def close(self) -> None:
        if not self._over:
            self._given.put(None)
            self._listen()

    def abandon(self) -> None:
        self._sink.closed = True
        if not self._over:
            self._over = True
            self._given.put([])

    def _listen(self) -> None:
        """Wait until the loop wants rows, or is over."""
        try:
            said = self._said.get(timeout=self._patience_s)
        except queue.Empty:
            self.abandon()
            raise self._failed(f"it did nothing for {self._patience_s:g} s") from None
        self._over = said != _MORE
        if isinstance(said, BaseException):
            raise self._failed(f"{type(said).__name__}: {said}"[:_SHOWN_CHARS]) from said
        if self._over and self._untaken:
            raise self._failed("it ended before its rows did")

    def _run(self) -> None:
        try:
            self._loop(self._rows(), self._sink)
        except BaseException as exc:  # noqa: BLE001 - other people's code may raise anything, and says so to its caller
            self._said.put(exc)
        else:
            self._said.put(_ENDED)

    def _rows(self) -> Iterator[Row]:
        while True:
            self._said.put(_MORE)
            rows = self._given.get()
            if self._sink.closed:
                raise Abandoned
            if rows is None:
                return
            for row in rows:
                self._untaken -= 1
                yield row

    def _failed(self, why: str) -> FormatFailed:
        return FormatFailed(self._name, why)


class _Guarded:
    """The sink as it is lent: bytes only, and not after it was taken back."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.closed = False

    def write(self, data: bytes, /) -> int:
        if self.closed:
            raise Abandoned
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"write() takes bytes, not {type(data).__name__}")
        return self._sink.write(bytes(data))

    def tell(self) -> int:
        return self._sink.tell()

    def flush(self) -> None:
        """Nothing is held back here."""
