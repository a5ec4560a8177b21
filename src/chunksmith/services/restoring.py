"""A former text of an entry, put back as a new revision."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from chunksmith.domain.clock import timestamp
from chunksmith.domain.dataset_ports import EntryRows
from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES, Mode
from chunksmith.domain.ports import Clock
from chunksmith.domain.regeneration import RegenerationRows
from chunksmith.errors import InvalidRequest, NotFound, StaleEntry
from chunksmith.pipeline.evidence import evidence_for
from chunksmith.pipeline.generate import scored
from chunksmith.quality.entry_scores import QualityWeights
from chunksmith.services.datasets import DatasetService, EntryDetail


class RestoreService:
    def __init__(
        self,
        datasets: DatasetService,
        entries: EntryRows,
        rows: RegenerationRows,
        weights: QualityWeights,
        clock: Clock,
    ) -> None:
        self._datasets = datasets
        self._entries = entries
        self._rows = rows
        self._weights = weights
        self._clock = clock

    async def restore(
        self, dataset_id: str, entry_id: str, revision: int, expected: Set[int] | None, editor: str | None
    ) -> EntryDetail:
        """Text, category, difficulty, metadata and status as they were; evidence and score computed again.

        Shapes: ``expected`` holds the revisions that the caller may have read; None: any.
        Errors: NotFound, also for a revision that is not in the history; InvalidRequest for the present one;
        StaleEntry when the entry is at none of the expected revisions.
        """
        detail = await self._datasets.entry(dataset_id, entry_id)
        entry = detail.entry
        if expected is not None and entry.revision not in expected:
            raise StaleEntry(f"{entry.public_id} is at revision {entry.revision}: read it again")
        if revision == entry.revision:
            raise InvalidRequest.field("/revision", f"{revision} is the present one")
        former = next((one for one in detail.history if one["revision"] == revision), None)
        if former is None:
            raise NotFound("Revision", f"{revision} of {entry.public_id}")
        per_unit = int(detail.dataset.settings["datasets_per_chunk"])
        others = await self._rows.neighbours(detail.dataset.id, [entry.position], per_unit)
        new = self._restored(detail, former["entry"], others)
        await self._entries.change(
            detail.dataset.id,
            entry.number,
            lambda old: replace(new, split=old.split),
            change="restored",
            at=timestamp(self._clock),
            editor=editor,
            expected_revision=entry.revision,
        )
        return await self._datasets.entry(dataset_id, entry_id)

    def _restored(self, detail: EntryDetail, body: Mapping[str, Any], others: Sequence[Entry]) -> Entry:
        mode: Mode = detail.dataset.settings["generation_mode"]
        shape = SHAPES[mode]
        texts: dict[str, Any] = {name: body.get(name) for name in shape.columns}
        if texts.get("key_points") is not None:
            texts["key_points"] = tuple(texts["key_points"])
        new = replace(
            detail.entry,
            **texts,
            category=body["category"],
            category_id=body.get("category_id"),
            taxonomy_path=tuple(path) if (path := body.get("taxonomy_path")) is not None else None,
            difficulty=body["difficulty"],
            metadata=body["metadata"],
            status=body["status"],
            call_id=body.get("call_id", detail.entry.call_id),
            quality=body["quality_score"],
            quality_parts=None,
            quality_notes=None,
            judge=None,
            evidence=(),
            revision=detail.entry.revision + 1,
        )
        if detail.chunk is None:
            return new
        new = replace(new, evidence=evidence_for(new, body.get("evidence", ()), detail.chunk.text, shape))
        if not detail.dataset.settings["analyze_quality"]:
            return new
        return scored(new, detail.chunk.text, others, self._weights, mode)
