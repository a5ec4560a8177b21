"""The text of the chunks that entries rest on, for formats that write it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from typing import Protocol

from chunksmith.domain.corpus import Chunk
from chunksmith.domain.datasets import Entry
from chunksmith.exports.protocols import Format


class Passages(Protocol):
    async def chunks_by_ids(self, ids: Sequence[int]) -> dict[int, Chunk]: ...


def pages_for(form: Format, pages: AsyncIterator[list[Entry]], passages: Passages) -> AsyncIterator[list[Entry]]:
    """The pages as the format wants them."""
    return _with_passages(pages, passages) if form.passages else pages


async def _with_passages(pages: AsyncIterator[list[Entry]], passages: Passages) -> AsyncGenerator[list[Entry], None]:
    try:
        async for page in pages:
            chunks = await passages.chunks_by_ids(sorted({entry.chunk_id for entry in page}))
            found = {number: chunk.text for number, chunk in chunks.items()}
            yield [replace(entry, passage=found.get(entry.chunk_id)) for entry in page]
    finally:
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()
