"""The exact messages that a generation would send for a chunk, without sending them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chunksmith.domain.calls import ChatRequest
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.errors import NoSourceMaterial, NotFound
from chunksmith.gateway.gateway import prompt_tokens
from chunksmith.pipeline.generate import Defaults, Recipe, request_for
from chunksmith.pipeline.sources import NOTHING
from chunksmith.services.generation import GenerationService
from chunksmith.services.identifiers import chunk_row_number
from chunksmith.services.sources import Source


@dataclass(frozen=True, slots=True)
class Preview:
    """``estimated_input_tokens`` is what limits per minute are reckoned with before the true number is known."""

    request: ChatRequest
    chunk: Chunk
    estimated_input_tokens: int
    warnings: tuple[str, ...]


class PreviewService:
    def __init__(self, generation: GenerationService, chunks: ChunkSource, defaults: Defaults) -> None:
        self._generation = generation
        self._chunks = chunks
        self._defaults = defaults

    async def preview(self, values: Mapping[str, Any], chunk_id: str | None) -> Preview:
        """For the chunk, or the first one that the generation would read.

        Errors: as the submission of a generation; NotFound for a chunk that the generation would not read.
        """
        _, spec, _, source = await self._generation.specify(values)
        chunk = await self._chunk(source, chunk_id)
        around = (await source.arounds([chunk])).get(chunk.id, NOTHING)
        request = request_for(Recipe(spec, self._defaults), chunk, spec.datasets_per_chunk, around=around)
        return Preview(request, chunk, prompt_tokens(request), spec.warnings)

    async def _chunk(self, source: Source, chunk_id: str | None) -> Chunk:
        after = chunk_row_number(chunk_id) - 1 if chunk_id is not None else 0
        ids = await source.units(after, 1)
        if chunk_id is None and not ids:
            raise NoSourceMaterial("No chunks found for project: its documents wait to be read")
        if not ids or (chunk_id is not None and ids[0] != after + 1):
            raise NotFound("Chunk", chunk_id)
        return (await self._chunks.chunks_by_ids(ids))[ids[0]]
