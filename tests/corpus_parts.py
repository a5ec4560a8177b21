"""The corpus half of the application on a real data directory, wired as the server wires it."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from chunksmith.domain.corpus import Document, Project
from chunksmith.domain.paging import Page, Window
from chunksmith.services.chunk_import import ChunkImport
from chunksmith.services.chunks import ChunkService
from chunksmith.services.documents import DocumentService
from chunksmith.services.processing import DocumentProcessing
from chunksmith.services.projects import ProjectService
from chunksmith.services.purging import Purging
from chunksmith.settings import ParsingSettings, UploadSettings
from chunksmith.storage.chunk_imports import ImportStore
from chunksmith.storage.chunks import ChunkStore
from chunksmith.storage.database import Database, open_database
from chunksmith.storage.documents import DocumentStore
from chunksmith.storage.files import UploadStore, make_private
from chunksmith.storage.projects import ProjectStore
from chunksmith.storage.purge import PurgeStore
from fresh_database import lay_down

UPLOADS = UploadSettings(max_file_bytes=100_000, max_files=5, max_import_line_bytes=10_000, max_archive_bytes=1_000_000)
PARSING = ParsingSettings(timeout_s=30, memory_bytes=1 << 30, max_text_chars=1_000_000, concurrency=2)
NOW = "2026-01-31T09:30:00.000Z"


@dataclass
class StillClock:
    """Time passes only when somebody sleeps."""

    seconds: float = 1_769_851_800.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@dataclass
class Corpus:
    data_dir: Path
    database: Database
    clock: StillClock

    def __post_init__(self) -> None:
        self.project_rows = ProjectStore(self.database)
        self.imports = ImportStore(self.database)
        self.document_rows = DocumentStore(self.database, self.imports)
        self.chunk_rows = ChunkStore(self.database)
        self.purge_steps = PurgeStore(self.database)
        self.files = UploadStore(self.data_dir)
        self.purging = Purging(self.purge_steps, self.imports, self.document_rows, self.files, self.clock)
        self.projects = ProjectService(self.project_rows, self.purging, self.clock)
        self.documents = DocumentService(self.document_rows, self.files, self.purging, UPLOADS, self.clock)
        self.chunks = ChunkService(self.chunk_rows, self.clock)
        self.chunk_import = ChunkImport(self.imports, self.purging, UPLOADS.max_import_line_bytes, self.clock)
        self.processing = DocumentProcessing(self.document_rows, self.files, PARSING, self.clock)

    async def project(self, name: str = "shelf") -> Project:
        return (await self.projects.create(name)).project

    async def upload(self, project: Project, **files: str | bytes) -> list[Document]:
        """``name_txt="text"`` becomes the file ``name.txt``."""
        async with self.documents.receiving() as upload:
            for name, content in files.items():
                data = content.encode() if isinstance(content, str) else content
                await upload.add(name.replace("_", "."), in_pieces(data))
            return list((await upload.keep(project)).documents)

    async def import_rows(self, project: Project, rows: Iterable[dict[str, Any]]) -> int:
        result = await self.chunk_import.from_lines(project, in_pieces(as_lines(rows)))
        return result.imported

    async def count(self, table_sql: str) -> int:
        (row,) = await self.database.read(table_sql)
        return int(row[0])

    async def texts(self, project: Project, per_page: int = 1000) -> list[str]:
        page = await self.chunk_rows.of_project(project.id, Window(per_page=per_page))
        return [chunk.text for chunk in page.items]


@contextlib.asynccontextmanager
async def open_corpus(data_dir: Path) -> AsyncIterator[Corpus]:
    make_private(data_dir)
    async with open_database(lay_down(data_dir)) as database:
        yield Corpus(data_dir, database, StillClock())


async def in_pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for begin in range(0, len(data), size):
        yield data[begin : begin + size]


def as_lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(to_json(row) + b"\n" for row in rows)


def ids(page: Page[Any]) -> list[int]:
    return [item.id for item in page.items]
