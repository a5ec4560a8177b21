"""What a format is, for those that are built in and those that are added."""

from typing import NamedTuple, Protocol

from chunksmith.exports.columns import DatasetHeader, Row


class Sink(Protocol):
    """Where bytes go: a file, or a buffer that is drained while it is written. Never read, never sought."""

    def write(self, data: bytes, /) -> int: ...

    def tell(self) -> int: ...


class Writer(Protocol):
    """Writes rows as they come. What it holds back is bounded; ``close`` completes the file, the sink stays open."""

    def write(self, rows: list[Row]) -> None: ...

    def close(self) -> None: ...


class Format(Protocol):
    """``open`` begins one file; the same header and rows give the same bytes, however the rows are portioned.

    Units: ``extension`` is without a dot.
    """

    name: str
    extension: str
    media_type: str
    description: str

    def open(self, sink: Sink, header: DatasetHeader) -> Writer: ...


class FormatInfo(NamedTuple):
    name: str
    extension: str
    media_type: str
    description: str
