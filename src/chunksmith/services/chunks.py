"""Chunks, to be looked at and taken out."""

from chunksmith.domain.corpus import Chunk, Document, Project
from chunksmith.domain.corpus_ports import Chunks
from chunksmith.domain.paging import Page, Window
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import NotFound
from chunksmith.services.identifiers import chunk_row_number


class ChunkService:
    def __init__(self, chunks: Chunks, clock: Clock) -> None:
        self._chunks = chunks
        self._clock = clock

    async def of_project(self, project: Project, window: Window) -> Page[Chunk]:
        return await self._chunks.of_project(project.id, window)

    async def of_document(self, document: Document, window: Window) -> Page[Chunk]:
        return await self._chunks.of_document(document.id, window)

    async def get(self, identifier: str) -> Chunk:
        """``chunk_45`` or ``45``. Errors: NotFound."""
        chunk = await self._chunks.get(chunk_row_number(identifier))
        if chunk is None:
            raise NotFound("Chunk", identifier)
        return chunk

    async def delete(self, identifier: str) -> None:
        """Hidden from lists and from new jobs; entries that rest on it stay. Errors: NotFound."""
        if not await self._chunks.hide(chunk_row_number(identifier), rfc3339(self._clock.now())):
            raise NotFound("Chunk", identifier)
