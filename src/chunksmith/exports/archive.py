"""ZIP archives with the same bytes on any day, written front to back in constant memory."""

import contextlib
import hashlib
import zipfile
from typing import IO

from chunksmith.exports.columns import DatasetHeader, Row, split_of
from chunksmith.exports.protocols import BuiltIn, Format, Sink, WriteOnly, Writer

MEDIA_TYPE = "application/zip"
# The first time that ZIP knows. When a file was made is nobody's business here.
_EPOCH = (1980, 1, 1, 0, 0, 0)
# From here on a member may be larger than what ZIP's first form can say.
LARGE_ROWS = 100_000


class Archive:
    """One member is written at a time."""

    def __init__(self, sink: Sink) -> None:
        # ZipFile asks for a file; it needs no more than this of it.
        self._zip = zipfile.ZipFile(WriteOnly(sink), "w")
        self._member: Member | None = None

    def member(self, name: str, *, packed: bool = False, large: bool = False) -> "Member":
        """The next file. ``large``: it may be over 4 GB. ``packed``: it is compressed already."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.create_system = 3  # Unix, wherever this runs
        info.external_attr = 0o644 << 16
        info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        self._member = Member(self._zip.open(info, "w", force_zip64=large))
        return self._member

    def add(self, name: str, content: bytes) -> None:
        member = self.member(name)
        member.write(content)
        member.close()

    def close(self) -> None:
        self._zip.close()

    def abandon(self) -> None:
        """What is begun is ended somehow, as nobody will read it: else the library complains when it is collected."""
        with contextlib.suppress(OSError, ValueError, RuntimeError, zipfile.LargeZipFile):
            if self._member is not None:
                self._member.close()
            self._zip.close()


class Member:
    """A sink for one file of an archive. Units: ``size_bytes`` and ``digest`` are of its content."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.size_bytes = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        self._stream.write(data)
        self.digest.update(data)
        self.size_bytes += len(data)
        return len(data)

    def tell(self) -> int:
        return self.size_bytes

    def close(self) -> None:
        self._stream.close()


class SplitFiles(BuiltIn):
    """Another format, with one file for each split, in a ZIP. Rows come split by split, as the header lists them."""

    extension = "zip"
    media_type = MEDIA_TYPE
    packed = True

    def __init__(self, form: Format) -> None:
        self.name = form.name
        self.description = f"One file for each split: {form.description}"
        self.passages = form.passages
        self.made_by = form.made_by
        self._form = form

    def open(self, sink: Sink, header: DatasetHeader) -> "SplitFilesWriter":
        return SplitFilesWriter(Archive(sink), self._form, header)


class SplitFilesWriter(Writer):
    def __init__(self, archive: Archive, form: Format, header: DatasetHeader) -> None:
        self._archive = archive
        self._form = form
        self._header = header
        self._left = [split.name for split in header.splits]
        self._current: str | None = None
        self._member: Member | None = None
        self._writer: Writer | None = None

    def write(self, rows: list[Row]) -> None:
        for name, group in by_split(rows):
            if name != self._current:
                self._begin_up_to(name)
            assert self._writer is not None  # noqa: S101 - begun above
            self._writer.write(group)

    def close(self) -> None:
        for name in list(self._left):  # those without a row are files too
            self._begin_up_to(name)
        self._end()
        self._archive.close()

    def abandon(self) -> None:
        if self._writer is not None:
            self._writer.abandon()
        self._archive.abandon()

    def _begin_up_to(self, name: str) -> None:
        while self._left and self._current != name:
            self._begin(self._left.pop(0))
        if self._current != name:  # a split that nobody announced
            self._begin(name)

    def _begin(self, name: str) -> None:
        self._end()
        self._current = name
        large = any(split.entries > LARGE_ROWS for split in self._header.splits if split.name == name)
        self._member = self._archive.member(f"{name}.{self._form.extension}", packed=self._form.packed, large=large)
        self._writer = self._form.open(self._member, self._header)

    def _end(self) -> None:
        if self._writer is not None and self._member is not None:
            self._writer.close()
            self._member.close()
        self._writer = self._member = None


def by_split(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """Runs of rows of one split."""
    runs: list[tuple[str, list[Row]]] = []
    for row in rows:
        name = split_of(row)
        if not runs or runs[-1][0] != name:
            runs.append((name, []))
        runs[-1][1].append(row)
    return runs
