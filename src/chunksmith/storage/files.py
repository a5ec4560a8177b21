"""The data directory: who holds it, what paths may point to, and the uploaded files in it."""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from chunksmith.domain.corpus import StoredUpload
from chunksmith.errors import InvalidRequest, StorageError, TooLarge

LOCK = "chunksmith.lock"
UPLOADS = "uploads"
INCOMING = "uploads/incoming"
DATASETS = "datasets"
PRIVATE = 0o700
# Pieces arrive small; a thread is asked for this much at a time.
WRITE_BYTES = 1_048_576
_MOVED = ".moved"


@contextlib.contextmanager
def lock(data_dir: Path) -> Iterator[None]:
    """Hold the data directory, made private when it is new, for as long as the context lasts.

    Errors: StorageError naming the process that has it, or what is wrong with the directory.
    """
    try:
        make_private(data_dir)
        handle = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise StorageError(f"the data directory {data_dir} cannot be used: {exc}") from exc
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            pid = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise StorageError(f"the data directory {data_dir} is in use by process {pid}") from exc
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        # The file stays: to remove it would let two processes lock two files of one name.
        os.close(handle)


def make_private(directory: Path) -> None:
    if not directory.is_dir():
        directory.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        directory.chmod(PRIVATE)


def inside(root: Path, relative: str) -> Path:
    """``relative`` below ``root``; ``.`` is ``root`` itself.

    Errors: InvalidRequest for what is absolute, has ``..`` or NUL, or leads out by a link.
    """
    parts = PurePosixPath(relative)
    if not relative or "\x00" in relative or "\\" in relative or parts.is_absolute() or ".." in parts.parts:
        raise InvalidRequest.field("/path", f"{relative!r} must be a relative path without '..'")
    path = root / parts
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError) as exc:
        raise InvalidRequest.field("/path", f"{relative!r} cannot be resolved") from exc
    if not resolved.is_relative_to(root.resolve()):
        raise InvalidRequest.field("/path", f"{relative!r} leads out of its folder")
    return path


def folder_fault(root: Path, relative: str) -> str | None:
    """Why files cannot be put into ``relative`` below ``root``; None when they can. Nothing is made."""
    try:
        path = inside(root, relative)
        there = next((each for each in (path, *path.parents) if each.exists()), path)
    except InvalidRequest as exc:
        return exc.faults[0].detail
    except OSError as exc:
        return f"cannot be used: {exc.strerror}"
    return None if there.is_dir() else f"{there.name!r} is a file"


class UploadStore:
    """Uploaded files below ``uploads/``.

    A file is received in ``incoming/``. To keep it, a mark is written, the file is moved to its place, its row is
    committed, and the mark goes. So after a crash ``incoming/`` names every file about which there is any doubt.
    """

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir
        self._incoming = data_dir / INCOMING
        for folder in (data_dir, data_dir / UPLOADS, self._incoming, data_dir / DATASETS):
            make_private(folder)

    async def receive(self, name: str, pieces: AsyncIterator[bytes], limit_bytes: int) -> StoredUpload:
        key = secrets.token_hex(16)
        path = self._incoming / key
        with (
            _said_as_storage(f"{name} could not be stored"),
            _removed_unless_done(path),
            await to_thread(path.open, "xb") as file,
        ):
            size, digest = await _copy(pieces, file, limit_bytes, name)
            await to_thread(_flush, file)
        return StoredUpload(name, f"{UPLOADS}/{key[:2]}/{key}", size, digest)

    async def keep(self, files: Sequence[StoredUpload]) -> None:
        with _said_as_storage("the uploaded files could not be kept"):
            await to_thread(self._keep, files)

    async def settle(self, files: Sequence[StoredUpload]) -> None:
        await to_thread(self._unmark, [file.stored_path for file in files])

    async def discard(self, files: Sequence[StoredUpload]) -> None:
        await to_thread(self._discard, [file.stored_path for file in files])

    async def unsettled(self) -> list[str]:
        return await to_thread(self._sweep)

    async def settle_paths(self, known: Mapping[str, bool]) -> None:
        await to_thread(self._discard, [path for path, has_row in known.items() if not has_row])
        await to_thread(self._unmark, list(known))

    def path(self, stored_path: str) -> Path:
        return inside(self._root, stored_path)

    async def remove(self, stored_path: str) -> None:
        with _said_as_storage(f"{stored_path} could not be removed"):
            await to_thread(self.path(stored_path).unlink, missing_ok=True)

    async def remove_folder(self, folder: str) -> None:
        datasets = self._root / DATASETS
        path = inside(self._root, folder)
        if path.resolve() == datasets.resolve() or not path.resolve().is_relative_to(datasets.resolve()):
            raise StorageError(f"{folder} is not the folder of a dataset")
        await to_thread(shutil.rmtree, path, ignore_errors=True)

    def _keep(self, files: Sequence[StoredUpload]) -> None:
        for file in files:
            place = self.path(file.stored_path)
            make_private(place.parent)
            (self._incoming / (place.name + _MOVED)).touch()
            (self._incoming / place.name).replace(place)
            sync_folder(place.parent)
        sync_folder(self._incoming)

    def _unmark(self, paths: Sequence[str]) -> None:
        for path in paths:
            (self._incoming / (PurePosixPath(path).name + _MOVED)).unlink(missing_ok=True)

    def _discard(self, paths: Sequence[str]) -> None:
        for path in paths:
            (self._incoming / PurePosixPath(path).name).unlink(missing_ok=True)
            self.path(path).unlink(missing_ok=True)
        self._unmark(paths)

    def _sweep(self) -> list[str]:
        marked = []
        for path in sorted(self._incoming.iterdir()):
            if path.name.endswith(_MOVED):
                key = path.name.removesuffix(_MOVED)
                marked.append(f"{UPLOADS}/{key[:2]}/{key}")
            else:
                path.unlink(missing_ok=True)
        return marked


@contextlib.contextmanager
def _said_as_storage(what: str) -> Iterator[None]:
    """A client that goes away is a ConnectionError, which is an OSError too, but none of the disk."""
    try:
        yield
    except ConnectionError:
        raise
    except OSError as exc:
        raise StorageError(f"{what}: {exc.strerror or exc}") from exc


@contextlib.contextmanager
def _removed_unless_done(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def _copy(pieces: AsyncIterator[bytes], file: BinaryIO, limit_bytes: int, name: str) -> tuple[int, str]:
    size, digest, waiting = 0, hashlib.sha256(), bytearray()

    def write() -> None:
        digest.update(waiting)
        file.write(waiting)

    async for piece in pieces:
        size += len(piece)
        if size > limit_bytes:
            raise TooLarge(f"{name} is over the limit of {limit_bytes} bytes for one file (uploads.max_file_bytes)")
        waiting += piece
        if len(waiting) >= WRITE_BYTES:
            await to_thread(write)
            waiting.clear()
    await to_thread(write)
    return size, digest.hexdigest()


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
