"""Downloads: a dataset as one file, made once for each of its states, so that it has a hash, a length and ranges."""

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from chunksmith.domain.curation import SPLITS
from chunksmith.domain.dataset_ports import DatasetRows, EntryRows
from chunksmith.domain.datasets import Entry
from chunksmith.domain.entry_query import EntryQuery
from chunksmith.errors import InvalidRequest
from chunksmith.exports.archive import SplitFiles
from chunksmith.exports.columns import DatasetHeader
from chunksmith.exports.formats import format_named
from chunksmith.exports.passages import Passages, pages_for
from chunksmith.exports.protocols import Format
from chunksmith.exports.streams import write_file
from chunksmith.services.row_sources import PresentRows, RowSource
from chunksmith.services.versions import VersionService

log = logging.getLogger(__name__)
# Made files that are kept for the next reader, by last use.
KEPT_FILES = 16
# More would only divide the processor and the disk, and answers would wait for them.
MADE_AT_ONCE = 2
_ABOUT = ".about"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A whole file on disk. ``sha256`` is of its bytes."""

    path: Path
    name: str
    media_type: str
    sha256: str


class ExportService:
    """``folder`` holds nothing but made files, and may be emptied at any time."""

    def __init__(
        self,
        datasets: DatasetRows,
        entries: EntryRows,
        versions: VersionService,
        passages: Passages,
        folder: Path,
        license_: str = "unknown",
    ) -> None:
        self._datasets = datasets
        self._entries = entries
        self._versions = versions
        self._passages = passages
        self._folder = folder
        self._license = license_
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._making = asyncio.Semaphore(MADE_AT_ONCE)

    async def download(
        self, dataset_id: str, form: str | None, query: EntryQuery, version: str | None = None
    ) -> ExportFile:
        """The current entries, or those of a version of the line that the dataset belongs to.

        Errors: InvalidRequest for an unknown format, and for a split where there are none; NotFound; FormatFailed;
        StorageError.
        """
        dataset = await self._datasets.get(dataset_id)
        chosen = format_named(form or dataset.format_type, "query/format")
        if version is not None:
            return await self.file(await self._versions.rows(dataset, version, query), chosen)
        return await self.file(PresentRows(dataset, self._entries, query, self._license), chosen)

    async def file(self, source: RowSource, form: Format) -> ExportFile:
        """One file; where the rows are of several splits and the format has no place for them, a ZIP of files.

        Errors: InvalidRequest for a split where there are none; FormatFailed; StorageError; those of the source.
        """
        key = hashlib.sha256(f"{source.state}\n{form.name}\n{form.made_by}".encode()).hexdigest()[:32]
        path = self._folder / f"{_prefix(source.project_id, source.dataset_id)}{key}"
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            made = await asyncio.to_thread(_made, path)
            if made is None:
                async with self._making:
                    made = await self._make(path, source, form)
        return made

    async def forget(self, project: int, dataset_id: str = "") -> None:
        """Remove what was made of a dataset that is gone, or of all those of a project."""
        await asyncio.to_thread(_remove, self._folder, _prefix(project, dataset_id))

    async def _make(self, path: Path, source: RowSource, form: Format) -> ExportFile:
        started = time.monotonic()
        await asyncio.to_thread(_make_room, self._folder)
        header = await source.header()
        if source.split in SPLITS and not header.has_splits:
            raise InvalidRequest.field("query/split", f"no entry of {source.dataset_id} has a split")
        by_split = header.has_splits and source.split is None
        chosen = SplitFiles(form) if by_split and not form.one_file else form
        rows = _by_split(source, header) if by_split else source.pages(source.split)
        info = await write_file(path, chosen, header, pages_for(chosen, rows, self._passages))
        made = ExportFile(path, _name(source, chosen), chosen.media_type, info.sha256)
        await asyncio.to_thread(_note, made)
        took_s = round(time.monotonic() - started, 3)
        log.info("export_made", extra={"dataset": source.dataset_id, "format": form.name, "took_s": took_s})
        return made


async def _by_split(source: RowSource, header: DatasetHeader) -> AsyncIterator[list[Entry]]:
    for split in header.splits:
        async for page in source.pages(split.name):
            yield page


def _name(source: RowSource, form: Format) -> str:
    """Several formats share an ending: the name says which one it is."""
    kind = "" if form.name == form.extension else f"_{form.name}"
    parts = [source.dataset_id, *filter(None, (source.version, source.split))]
    return f"{parts[0]}{kind}{''.join(f'_{part}' for part in parts[1:])}.{form.extension}"


def _prefix(project: int, dataset_id: str) -> str:
    """What the names of made files begin with."""
    return f"{project}-{dataset_id}"


def _remove(folder: Path, prefix: str) -> None:
    for file in folder.glob(f"{prefix}*"):
        file.unlink(missing_ok=True)


def _about(path: Path) -> Path:
    return path.with_name(f"{path.name}{_ABOUT}")


def _note(made: ExportFile) -> None:
    about = {name: value for name, value in asdict(made).items() if name != "path"}
    _about(made.path).write_text(json.dumps(about), encoding="utf-8")


def _made(path: Path) -> ExportFile | None:
    """What was made before; None when it is not there, or was not completed."""
    try:
        about = json.loads(_about(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    if not path.exists():
        return None
    path.touch()
    return ExportFile(path, **about)


def _make_room(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    kept = (file for file in folder.iterdir() if not file.name.startswith(".") and file.suffix != _ABOUT)
    made = sorted(kept, key=lambda file: file.stat().st_mtime)
    for file in made[: max(0, len(made) - KEPT_FILES + 1)]:
        _about(file).unlink(missing_ok=True)
        file.unlink(missing_ok=True)
