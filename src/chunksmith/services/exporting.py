"""Downloads: a dataset as one file, made once for each of its states, so that it has a hash, a length and ranges."""

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from chunksmith.domain.dataset_ports import DatasetRows, EntryRows
from chunksmith.domain.datasets import Dataset, Entry
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.exports.columns import DatasetHeader
from chunksmith.exports.formats import format_named
from chunksmith.exports.protocols import Format
from chunksmith.exports.streams import write_file
from chunksmith.pipeline.batches import header_of

log = logging.getLogger(__name__)
PAGE = 1000
# Made files that are kept for the next reader, by last use.
KEPT_FILES = 16


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A whole file on disk. ``sha256`` is of its bytes."""

    path: Path
    name: str
    media_type: str
    sha256: str


class ExportService:
    """``folder`` holds nothing but made files, and may be emptied at any time."""

    def __init__(self, datasets: DatasetRows, entries: EntryRows, folder: Path) -> None:
        self._datasets = datasets
        self._entries = entries
        self._folder = folder
        self._making: dict[str, asyncio.Lock] = {}

    async def download(self, dataset_id: str, form: str | None, query: EntryQuery) -> ExportFile:
        """The current entries in one file. Errors: InvalidRequest for an unknown format; NotFound; StorageError."""
        dataset = await self._datasets.get(dataset_id)
        chosen = format_named(form or dataset.format_type, "query/format")
        state = f"{dataset.dataset_id} {dataset.revision} {dataset.flagged} {chosen.name} {query}"
        key = hashlib.sha256(state.encode()).hexdigest()[:32]
        async with self._making.setdefault(key, asyncio.Lock()):
            path = self._folder / f"{_prefix(dataset.project_id, dataset.dataset_id)}{key}.{chosen.extension}"
            digest = await asyncio.to_thread(_hash_beside, path)
            if digest is None:
                digest = await self._make(path, chosen, dataset, query)
        self._making.pop(key, None)
        name = f"{dataset.dataset_id}{f'_{query.split}' if query.split else ''}.{chosen.extension}"
        return ExportFile(path, name, chosen.media_type, digest)

    async def forget(self, project: int, dataset_id: str = "") -> None:
        """Remove what was made of a dataset that is gone, or of all those of a project."""
        await asyncio.to_thread(_remove, self._folder, _prefix(project, dataset_id))

    async def _make(self, path: Path, form: Format, dataset: Dataset, query: EntryQuery) -> str:
        await asyncio.to_thread(_make_room, self._folder)
        started = time.monotonic()
        info = await write_file(path, form, self._header(dataset), self._pages(dataset, query))
        await asyncio.to_thread(_hash_file(path).write_text, info.sha256)
        took_s = round(time.monotonic() - started, 3)
        log.info("export_made", extra={"dataset": dataset.dataset_id, "format": form.name, "took_s": took_s})
        return info.sha256

    def _header(self, dataset: Dataset) -> DatasetHeader:
        return header_of(dataset)

    async def _pages(self, dataset: Dataset, query: EntryQuery) -> AsyncIterator[list[Entry]]:
        while page := await self._entries.page(dataset.id, query, PAGE):
            yield page
            query = replace(query, after=Position(None, page[-1].number))


def _prefix(project: int, dataset_id: str) -> str:
    """What the names of made files begin with."""
    return f"{project}-{dataset_id}"


def _remove(folder: Path, prefix: str) -> None:
    for file in folder.glob(f"{prefix}*"):
        file.unlink(missing_ok=True)


def _hash_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _hash_beside(path: Path) -> str | None:
    """The hash of a made file; None when it is not there, or was not completed."""
    try:
        digest = _hash_file(path).read_text()
        path.touch()
    except FileNotFoundError:
        return None
    return digest if path.exists() and len(digest) == 64 else None


def _make_room(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    kept = (file for file in folder.iterdir() if not file.name.startswith(".") and file.suffix != ".sha256")
    made = sorted(kept, key=lambda file: file.stat().st_mtime)
    for file in made[: max(0, len(made) - KEPT_FILES + 1)]:
        _hash_file(file).unlink(missing_ok=True)
        file.unlink(missing_ok=True)
