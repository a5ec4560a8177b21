"""A dataset as a stream of bytes or as a file: page by page, encoded in a thread, in constant memory."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from chunksmith.domain import fault_points
from chunksmith.domain.datasets import Entry
from chunksmith.errors import StorageError
from chunksmith.exports.columns import DatasetHeader, rows
from chunksmith.exports.protocols import Format, Writer

ROWS_AT_ONCE = 1_000  # encoded in one go: some ten milliseconds of a thread
P = ParamSpec("P")
T = TypeVar("T")


class FileInfo(NamedTuple):
    size_bytes: int
    sha256: str
    entries: int


async def stream(form: Format, header: DatasetHeader, pages: AsyncIterator[list[Entry]]) -> AsyncGenerator[bytes, None]:
    """The file in pieces as they become ready; the last piece completes it.

    Shapes: pages of any length, in the order of the file. A generator of pages is closed when the stream is.
    Errors: those of ``pages``; the stream then ends incomplete.
    """
    try:
        sink = _Buffer()
        writer = await _in_thread(form.open, sink, header)
        async for page in pages:
            for start in range(0, len(page), ROWS_AT_ONCE):
                await _in_thread(_encode, writer, page[start : start + ROWS_AT_ONCE], header)
                if data := sink.drain():
                    yield data
        await _in_thread(writer.close)
        if data := sink.drain():
            yield data
    finally:
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()


async def write_file(path: Path, form: Format, header: DatasetHeader, pages: AsyncIterator[list[Entry]]) -> FileInfo:
    """Write a whole file or nothing: under a temporary name, synced, then renamed, and the folder synced.

    Errors: StorageError when the disk refuses; those of ``pages``. Nothing is left behind then.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    counted = _Counted(pages)
    try:
        with FileIO(temporary, "x") as file:
            output = _Output(file)
            async with aclosing(stream(form, header, counted.pages())) as pieces:
                async for piece in pieces:
                    await _in_thread(output.append, piece)
            await _in_thread(os.fsync, file.fileno())
        fault_points.reached("batch_written")
        await _in_thread(_publish, temporary, path)
    except OSError as exc:
        raise StorageError(f"cannot write {path.name}: {exc.strerror or exc}") from exc
    finally:
        temporary.unlink(missing_ok=True)
    return FileInfo(output.size_bytes, output.digest.hexdigest(), counted.entries)


class _Buffer:
    """A sink that is emptied while it is written; its position goes on counting."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._drained = 0

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def tell(self) -> int:
        return self._drained + len(self._data)

    def drain(self) -> bytes:
        data = bytes(self._data)
        self._drained += len(data)
        self._data.clear()
        return data


@dataclass
class _Output:
    file: FileIO
    size_bytes: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def append(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self.file.write(left) :]
        self.digest.update(data)
        self.size_bytes += len(data)


@dataclass
class _Counted:
    source: AsyncIterator[list[Entry]]
    entries: int = 0

    async def pages(self) -> AsyncGenerator[list[Entry], None]:
        try:
            async for page in self.source:
                self.entries += len(page)
                yield page
        finally:
            if isinstance(self.source, AsyncGenerator):
                await self.source.aclose()


def _encode(writer: Writer, entries: list[Entry], header: DatasetHeader) -> None:
    writer.write(rows(entries, header))


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
