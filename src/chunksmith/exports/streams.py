"""A dataset as a file: page by page, encoded and written in threads, in constant memory."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, ParamSpec, TypeVar

from chunksmith.domain import fault_points
from chunksmith.domain.datasets import Entry
from chunksmith.errors import StorageError
from chunksmith.exports.columns import DatasetHeader, rows
from chunksmith.exports.protocols import Format, Sink, Writer

ROWS_AT_ONCE = 500  # encoded in one go: some ten milliseconds of a thread
BUFFER_BYTES = 1 << 18
P = ParamSpec("P")
T = TypeVar("T")


class FileInfo(NamedTuple):
    size_bytes: int
    sha256: str
    entries: int


async def write_rows(form: Format, header: DatasetHeader, pages: AsyncIterator[list[Entry]], sink: Sink) -> int:
    """Write one file into ``sink``, which is used in threads, by one at a time. Gives the number of rows.

    Shapes: pages of any length, in the order of the file. A generator of pages is closed at the end.
    Errors: those of ``pages`` and ``sink``; FormatFailed. The file is incomplete then.
    """
    count = 0
    writer: Writer | None = None
    try:
        writer = await _in_thread(form.open, sink, header)
        async for page in pages:
            for start in range(0, len(page), ROWS_AT_ONCE):
                await _in_thread(_encode, writer, page[start : start + ROWS_AT_ONCE], header, form.passages)
            count += len(page)
        completed, writer = writer, None
        await _in_thread(completed.close)
    finally:
        if writer is not None:
            await _in_thread(writer.abandon)
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()
    return count


async def write_file(path: Path, form: Format, header: DatasetHeader, pages: AsyncIterator[list[Entry]]) -> FileInfo:
    """Write a whole file or nothing: under a temporary name, synced, then renamed, and the folder synced.

    Errors: StorageError when the disk refuses; FormatFailed; those of ``pages``. Nothing is left behind then.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb", buffering=BUFFER_BYTES) as file:
            output = _Output(file)
            entries = await write_rows(form, header, pages, output)
            await _in_thread(_sync, file)
        fault_points.reached("batch_written")
        await _in_thread(_publish, temporary, path)
    except OSError as exc:
        raise StorageError(f"cannot write {path.name}: {exc.strerror or exc}") from exc
    finally:
        temporary.unlink(missing_ok=True)
    return FileInfo(output.size_bytes, output.digest.hexdigest(), entries)


@dataclass
class _Output:
    """A sink that knows what went into it."""

    file: BinaryIO
    size_bytes: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, data: bytes, /) -> int:
        self.file.write(data)
        self.digest.update(data)
        self.size_bytes += len(data)
        return len(data)

    def tell(self) -> int:
        return self.size_bytes


def _encode(writer: Writer, entries: list[Entry], header: DatasetHeader, passages: bool) -> None:
    writer.write(rows(entries, header, passages=passages))


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _publish(temporary: Path, path: Path) -> None:
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def _in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """As ``to_thread``, but a cancelled caller waits for the thread: what it uses is closed right afterwards."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
