"""The exact messages that a generation would send for a chunk, without sending them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chunksmith.domain.calls import ChatRequest
from chunksmith.domain.corpus import Chunk, Project
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.generation import GenerationSpec
from chunksmith.errors import NoSourceMaterial, NotFound
from chunksmith.gateway.gateway import prompt_tokens
from chunksmith.pipeline.generate import Defaults, Recipe, request_for
from chunksmith.services.generation import GenerationService
from chunksmith.services.identifiers import chunk_row_number


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

        Errors: as the submission of a generation; NotFound for a chunk that is not of the project.
        """
        project, spec = await self._generation.specify(values)
        chunk = await self._chunk(project, spec, chunk_id)
        request = request_for(Recipe(spec, self._defaults), chunk, spec.datasets_per_chunk)
        return Preview(request, chunk, prompt_tokens(request), spec.warnings)

    async def _chunk(self, project: Project, spec: GenerationSpec, chunk_id: str | None) -> Chunk:
        after = chunk_row_number(chunk_id) - 1 if chunk_id is not None else 0
        ids = await self._chunks.visible_chunk_ids(project.id, after, 1, spec.document_ids)
        if chunk_id is None and not ids:
            raise NoSourceMaterial("No chunks found for project: its documents wait to be read")
        if not ids or (chunk_id is not None and ids[0] != after + 1):
            raise NotFound("Chunk", chunk_id)
        return (await self._chunks.chunks_by_ids(ids))[ids[0]]
