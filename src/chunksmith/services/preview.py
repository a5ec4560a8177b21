"""The messages that a generation would send for a chunk, without sending them: the writer's, and those about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chunksmith.domain.calls import ChatRequest, Stage
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.generation import SHAPES, GenerationSpec
from chunksmith.errors import Fault, NoSourceMaterial, NotFound
from chunksmith.gateway.sizes import prompt_tokens
from chunksmith.pipeline.generate import Defaults, Recipe, request_for
from chunksmith.pipeline.judging import AT_ONCE, judge_request
from chunksmith.pipeline.labels import label_request
from chunksmith.pipeline.sources import NOTHING, Around
from chunksmith.services.estimating import EstimateService
from chunksmith.services.gathering import Gathered
from chunksmith.services.identifiers import chunk_row_number
from chunksmith.services.sources import Source
from chunksmith.services.specifying import Specifier

# What the writer would write, as long as that is not known.
UNWRITTEN = "…"


@dataclass(frozen=True, slots=True)
class FurtherCall:
    """What is asked about the writer's entries. ``entries_known``: they are in the ledger; else they stand as ``…``."""

    stage: Stage
    request: ChatRequest
    entries_known: bool


@dataclass(frozen=True, slots=True)
class Preview:
    request: ChatRequest
    chunk: Chunk
    further: tuple[FurtherCall, ...]
    warnings: tuple[str, ...]


def estimated_input_tokens(request: ChatRequest) -> int:
    """What limits per minute are reckoned with before the true number is known."""
    return prompt_tokens(request)


class PreviewService:
    def __init__(
        self, specifier: Specifier, estimates: EstimateService, chunks: ChunkSource, defaults: Defaults
    ) -> None:
        self._specifier = specifier
        self._estimates = estimates
        self._chunks = chunks
        self._defaults = defaults

    async def preview(self, values: Mapping[str, Any], chunk_id: str | None) -> Preview:
        """For the chunk, or the first one that the generation would read.

        Errors: as the submission of a generation; NotFound for a chunk that the generation would not read.
        """
        _, spec, _, source = await self._specifier.specify(values)
        chunk = await self._chunk(source, chunk_id)
        around = (await source.arounds([chunk])).get(chunk.id, NOTHING)
        request = request_for(Recipe(spec, self._defaults), chunk, spec.datasets_per_chunk, around=around)
        return Preview(request, chunk, await self._further(spec, request, chunk, around), spec.warnings)

    async def _further(
        self, spec: GenerationSpec, writing: ChatRequest, chunk: Chunk, around: Around
    ) -> tuple[FurtherCall, ...]:
        """Of the second classifier and of the judge, where there are such."""
        (written,) = await self._estimates.written([writing], spec)
        shape = SHAPES[spec.generation_mode]
        entries = written or [dict.fromkeys(shape.columns, UNWRITTEN)] * spec.datasets_per_chunk
        further = []
        if spec.second_classifier is not None:
            request = label_request(spec.second_classifier, chunk, entries, around)
            further.append(FurtherCall("classify", request, bool(written)))
        if spec.judge is not None:
            request = judge_request(spec.judge, chunk, entries[:AT_ONCE])
            further.append(FurtherCall("judge", request, bool(written)))
        return tuple(further)

    async def faults(self, values: Mapping[str, Any], chunk_id: str | None) -> list[Fault]:
        """All that is wrong with a request; those of its fields that cannot be read are at their defaults."""
        gathered = Gathered()
        with gathered.gathering("chunk_id"):
            if chunk_id is not None and not await self._chunks.chunks_by_ids([chunk_row_number(chunk_id)]):
                raise NotFound("Chunk", chunk_id)
        return [*await self._specifier.faults(values), *gathered.all_faults()]

    async def _chunk(self, source: Source, chunk_id: str | None) -> Chunk:
        after = chunk_row_number(chunk_id) - 1 if chunk_id is not None else 0
        ids = await source.units(after, 1)
        if chunk_id is None and not ids:
            raise NoSourceMaterial("No chunks found for project: its documents wait to be read")
        if not ids or (chunk_id is not None and ids[0] != after + 1):
            raise NotFound("Chunk", chunk_id)
        return (await self._chunks.chunks_by_ids(ids))[ids[0]]
