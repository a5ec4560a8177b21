"""A dataset as a folder for the Hugging Face Hub and its libraries, zipped: Parquet, card, Croissant."""

from chunksmith.exports.archive import LARGE_ROWS, MEDIA_TYPE, Archive, Member, by_split
from chunksmith.exports.columns import DatasetHeader, Row, SplitSize
from chunksmith.exports.croissant import croissant
from chunksmith.exports.dataset_card import dataset_card
from chunksmith.exports.folder import Contents, DataFile
from chunksmith.exports.json_text import encoded
from chunksmith.exports.parquet import ParquetWriter
from chunksmith.exports.protocols import BuiltIn, Sink, Writer

# A file of so many rows is some hundred megabytes at most.
FILE_ROWS = 500_000
ONLY_SPLIT = "train"


class HuggingFace(BuiltIn):
    name = "huggingface"
    extension = "zip"
    media_type = MEDIA_TYPE
    description = (
        "A folder for the Hugging Face Hub, zipped: Parquet for each split, a dataset card, Croissant metadata"
    )
    one_file = True
    packed = True

    def open(self, sink: Sink, header: DatasetHeader) -> "HuggingFaceWriter":
        return HuggingFaceWriter(sink, header)


class HuggingFaceWriter(Writer):
    """Rows come split by split, as the header lists them. The number of files of a split is said in their names, so
    it follows from the header; what comes beyond goes into the last."""

    def __init__(self, sink: Sink, header: DatasetHeader, file_rows: int = FILE_ROWS) -> None:
        self._archive = Archive(sink)
        self._header = header
        self._file_rows = file_rows
        sizes = {split.name: split for split in header.splits} if header.has_splits else {}
        self._left = list(sizes.values()) or [SplitSize(ONLY_SPLIT, sum(split.entries for split in header.splits))]
        self._split: SplitSize | None = None
        self._number = 0
        self._rows = 0
        self._member: Member | None = None
        self._writer: ParquetWriter | None = None
        self._contents = Contents()

    def write(self, rows: list[Row]) -> None:
        if not self._header.has_splits:
            self._write_split(ONLY_SPLIT, rows)
            return
        for name, group in by_split(rows):
            self._write_split(name, group)

    def close(self) -> None:
        self._begin_up_to(None)
        self._archive.add("croissant.json", encoded(croissant(self._header, self._contents)) + b"\n")
        self._archive.add("README.md", dataset_card(self._header, self._contents).encode())
        self._archive.close()

    def abandon(self) -> None:
        if self._writer is not None:
            self._writer.abandon()
        self._archive.abandon()

    def _write_split(self, name: str, rows: list[Row]) -> None:
        self._begin_up_to(name)
        while rows:
            if self._rows >= self._file_rows and self._number + 1 < self._files():
                self._begin_file(self._number + 1)
            room = self._file_rows - self._rows if self._number + 1 < self._files() else len(rows)
            taken, rows = rows[:room], rows[room:]
            assert self._writer is not None  # noqa: S101 - begun above
            self._writer.write(taken)
            self._rows += len(taken)
            self._contents.count(taken)

    def _begin_up_to(self, name: str | None) -> None:
        """End what is open and begin the next splits, until ``name`` is open; None: all of them, and end the last."""
        while self._split is None or self._split.name != name:
            self._end_split()
            if not self._left:
                if name is None:
                    return
                self._left = [SplitSize(name, 0)]  # one that nobody announced
            self._split = self._left.pop(0)
            self._begin_file(0)

    def _end_split(self) -> None:
        if self._split is not None:
            for number in range(self._number + 1, self._files()):  # fewer rows than announced
                self._begin_file(number)
            self._end_file()
            self._split = None

    def _files(self) -> int:
        assert self._split is not None  # noqa: S101 - asked while one is open
        return max(1, -(-self._split.entries // self._file_rows))

    def _begin_file(self, number: int) -> None:
        assert self._split is not None  # noqa: S101 - begun within one
        self._end_file()
        self._number, self._rows = number, 0
        path = f"data/{self._split.name}-{number:05}-of-{self._files():05}.parquet"
        large = self._split.entries > LARGE_ROWS
        self._member = self._archive.member(path, packed=True, large=large)
        self._writer = ParquetWriter(self._member, self._header)
        self._path = path

    def _end_file(self) -> None:
        if self._writer is None or self._member is None or self._split is None:
            return
        self._writer.close()
        self._member.close()
        size, digest = self._member.size_bytes, self._member.digest.hexdigest()
        file = DataFile(self._split.name, self._path, self._rows, size, self._writer.arrow_bytes, digest)
        self._contents.files.append(file)
        self._writer = self._member = None
