"""Which files a person means, and how they travel."""

import io
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chunksmith.cli.exits import ExitCode, Failure

# Endings that the server reads. In folders, files with others are left out; a file that is named is always sent.
SUFFIXES = frozenset(
    ".pdf .docx .docm .pptx .pptm .ppsx .xlsx .xlsm .xlsb .xls .ods .html .htm .xhtml .epub .md .markdown .mdown .txt "
    ".text .rst .csv .tsv .tab .json .jsonl .ndjson".split()
)
# What a model reads besides, and nothing else does.
PICTURES = frozenset(".png .jpg .jpeg .tif .tiff .webp".split())
# Well below what the server accepts in one request, so that a broken connection costs little.
BATCH_FILES = 20
BATCH_BYTES = 64 << 20


class Source(NamedTuple):
    path: Path
    size_bytes: int


@dataclass
class Found:
    """``skipped`` counts files in folders by the ending for which they were left out; ``hidden`` those with a dot;
    ``links`` are symbolic links in folders that lead out of them.
    """

    files: list[Source] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    hidden: int = 0
    links: list[Path] = field(default_factory=list)

    def notes(self) -> list[str]:
        lines = []
        if self.skipped:
            kinds = ", ".join(f"{suffix} ({count})" for suffix, count in sorted(self.skipped.items()))
            lines.append(f"left out, as they are of kinds that are not read: {kinds}; name a file to send it anyway")
        if self.hidden:
            lines.append(f"left out {self.hidden} hidden files and folders")
        if self.links:
            links = ", ".join(map(str, self.links))
            lines.append(f"left out, as they are links out of their folder: {links}; name a link to send it anyway")
        return lines


def find(paths: Sequence[Path], *, pictures: bool = False) -> Found:
    """Files as named and all below folders, in the order of their names, each once; of pictures only when wanted.

    Errors: Failure for a path that does not exist or cannot be read, and when nothing is left.
    """
    found, seen = Found(), set[Path]()
    kinds = SUFFIXES | PICTURES if pictures else SUFFIXES
    for path in paths:
        candidates = _below(path, found, kinds) if path.is_dir() else [path]
        for candidate in candidates:
            real = candidate.resolve()
            if real not in seen:
                seen.add(real)
                found.files.append(Source(candidate, _size(candidate)))
    found.links = [link for link in found.links if link.resolve() not in seen]
    if paths and not found.files:
        reasons = "".join(f"; {note}" for note in found.notes())
        raise Failure(f"no documents in {', '.join(map(str, paths))}{reasons}", ExitCode.INVALID)
    return found


def batches(files: Iterable[Source], most: int = BATCH_FILES, most_bytes: int = BATCH_BYTES) -> Iterator[list[Source]]:
    """In order, no batch empty; a file that is larger than ``most_bytes`` travels alone."""
    batch: list[Source] = []
    total = 0
    for file in files:
        if batch and (len(batch) == most or total + file.size_bytes > most_bytes):
            yield batch
            batch, total = [], 0
        batch.append(file)
        total += file.size_bytes
    if batch:
        yield batch


class Counted(io.BufferedReader):
    """A file that says how far it was read; ``moved`` gets the difference, negative when it is read again."""

    def __init__(self, path: Path, moved: Callable[[int], None]) -> None:
        super().__init__(path.open("rb", buffering=0))
        self._moved = moved

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self._moved(len(piece))
        return piece

    def seek(self, target: int, whence: int = os.SEEK_SET, /) -> int:
        before = self.tell()
        after = super().seek(target, whence)
        self._moved(after - before)
        return after


def sent_name(path: Path) -> str:
    """A name that can be sent: a file's name need not be text. The server shows no control characters."""
    name = os.fsencode(path.name).decode("utf-8", "replace")
    return "".join(char for char in name if unicodedata.category(char) != "Cc")


def _below(folder: Path, found: Found, kinds: Set[str]) -> Iterator[Path]:
    """A link among them leads where whoever named the folder need not have looked: outside it is left out."""
    inside = folder.resolve()
    for root, folders, names in os.walk(folder, onerror=_cannot_be_read):
        found.hidden += sum(name.startswith(".") for name in (*folders, *names))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        # Linked folders are not entered: what is inside is met anyway.
        found.links += [
            path for name in folders if (path := Path(root, name)).is_symlink() and _leads_out(path, inside)
        ]
        for name in sorted(names):
            path = Path(root, name)
            if name.startswith(".") or not path.is_file():
                continue
            if path.suffix.lower() not in kinds:
                found.skipped[path.suffix.lower() or "without ending"] += 1
            elif _leads_out(path, inside):
                found.links.append(path)
            else:
                yield path


def _leads_out(path: Path, folder: Path) -> bool:
    return not path.resolve().is_relative_to(folder)


def _size(path: Path) -> int:
    try:
        with path.open("rb") as stream:
            return os.fstat(stream.fileno()).st_size
    except OSError as exc:
        _cannot_be_read(exc)
        raise


def _cannot_be_read(exc: OSError) -> None:
    raise Failure(f"{exc.filename} cannot be read: {exc.strerror}", ExitCode.INVALID) from exc
