"""What a format is, for those that are built in and those that are added."""

from typing import Any, NamedTuple, Protocol

from chunksmith import __version__
from chunksmith.exports.columns import DatasetHeader, Row


class Sink(Protocol):
    """Where bytes go: a file, or a buffer that is drained while it is written. Never read, never sought."""

    def write(self, data: bytes, /) -> int: ...

    def tell(self) -> int: ...


class Writer(Protocol):
    """Writes rows as they come. What it holds back is bounded; ``close`` completes the file, the sink stays open.

    ``abandon`` is called in place of ``close`` when the file will not be completed: it lets go of what is held.
    """

    def write(self, rows: list[Row]) -> None: ...

    def close(self) -> None: ...

    def abandon(self) -> None:
        return None


class Format(Protocol):
    """``open`` begins one file; the same header and rows give the same bytes, however the rows are portioned.

    ``passages``: rows also carry the text of their chunk, under ``passage``, which is no column.
    ``one_file``: all splits go into one file; else each has its own, and they come in a ZIP.
    ``packed``: compressing the file again would gain nothing.
    ``made_by``: what else, beside the rows, the bytes depend on.
    Units: ``extension`` is without a dot.
    """

    name: str
    extension: str
    media_type: str
    description: str
    passages: bool
    one_file: bool
    packed: bool
    made_by: str

    def open(self, sink: Sink, header: DatasetHeader) -> Writer: ...


class BuiltIn:
    """What most formats that come with the project have in common."""

    passages = False
    one_file = False
    packed = False
    made_by = f"chunksmith {__version__}"


class FormatInfo(NamedTuple):
    name: str
    extension: str
    media_type: str
    description: str


class WriteOnly:
    """A sink as libraries want a file: they ask for ``closed`` and ``flush``, and must not close what is not theirs."""

    closed = False

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: Any) -> int:
        return self._sink.write(bytes(data))

    def tell(self) -> int:
        return self._sink.tell()

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """The sink belongs to the caller."""
