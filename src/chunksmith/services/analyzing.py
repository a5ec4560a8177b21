"""Scores of rows that are sent, and of stored datasets, at once: nothing is stored and no model is called."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from chunksmith.domain.dataset_ports import DatasetRows
from chunksmith.domain.datasets import DIFFICULTIES, TEXT_FIELDS, Dataset, Entry
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.domain.generation import SHAPES, ModeShape
from chunksmith.domain.job_ports import Entries
from chunksmith.errors import Fault, InvalidRequest
from chunksmith.pipeline.evidence import evidence_for
from chunksmith.quality.dataset_scores import DatasetScore
from chunksmith.quality.entry_scores import QualityWeights, combine, score
from chunksmith.services.gathering import Gathered

MOST_ROWS = 100_000
MOST_SHOWN = 10_000  # entries of a stored dataset whose scores are listed one by one
MOST_SIBLINGS = 50  # earlier rows on the same passage that a row is compared with
MOST_FAULTS = 100
PAGE = 1000
PASSED_FROM = 0.7


@dataclass(frozen=True, slots=True)
class AnalysisConfig:
    """``mode`` None: the fields of each row say what it is. ``weights``: those that differ from the settings."""

    threshold: float = PASSED_FROM
    weights: Mapping[str, float] = field(default_factory=dict)
    mode: str | None = None


class Analysis(NamedTuple):
    """``rows`` is None when they were not asked for."""

    figures: Mapping[str, Any]
    threshold: float
    rows: Sequence[Entry] | None

    @property
    def passed(self) -> bool:
        overall = self.figures["overall_score"]
        return overall is not None and overall >= self.threshold


class AnalysisService:
    def __init__(self, datasets: DatasetRows, entries: Entries, weights: QualityWeights) -> None:
        self._datasets = datasets
        self._entries = entries
        self._weights = weights

    async def of_rows(self, rows: Sequence[Mapping[str, Any]], config: AnalysisConfig, *, per_row: bool) -> Analysis:
        """Errors: InvalidRequest naming the rows and fields."""
        shape = _shape(config)
        weights = self._weights._replace(**config.weights)
        entries = await asyncio.to_thread(_entries_of, rows, shape)
        scored = await asyncio.to_thread(_score_rows, entries, rows, weights, shape)
        total = DatasetScore(shape)
        await asyncio.to_thread(_add_all, total, scored)
        return Analysis(await asyncio.to_thread(total.result), config.threshold, scored if per_row else None)

    async def of_dataset(self, dataset_id: str, config: AnalysisConfig, *, per_row: bool) -> Analysis:
        """From the scores that are stored; other weights join the stored parts anew.

        Errors: NotFound; InvalidRequest for rows of a dataset that is too large to list.
        """
        dataset = await self._datasets.get(dataset_id)
        _check_dataset(dataset, config, per_row=per_row)
        weights = self._weights._replace(**config.weights) if config.weights else None
        total, shown = DatasetScore(SHAPES[dataset.settings["generation_mode"]]), list[Entry]()
        query = EntryQuery()
        while page := await self._entries.page(dataset.id, query, PAGE):
            entries = [_weighted(entry, weights) for entry in page] if weights is not None else page
            await asyncio.to_thread(_add_all, total, entries)
            shown += entries if per_row else ()
            query = EntryQuery(after=Position(None, page[-1].number))
        return Analysis(await asyncio.to_thread(total.result), config.threshold, shown if per_row else None)

    async def faults(
        self, rows: Sequence[Any] | None, dataset_id: str | None, config: AnalysisConfig, *, per_row: bool
    ) -> list[Fault]:
        """What is wrong with a request, of the parts that could be read."""
        gathered = Gathered()
        objects = [row if isinstance(row, Mapping) else {} for row in rows or ()]
        with gathered.gathering("dataset"):
            await asyncio.to_thread(_entries_of, objects, _shape(config))
        with gathered.gathering("dataset_id"):
            if dataset_id is not None and rows is None:
                _check_dataset(await self._datasets.get(dataset_id), config, per_row=per_row)
        return gathered.all_faults()


def _shape(config: AnalysisConfig) -> ModeShape | None:
    return next((shape for mode, shape in SHAPES.items() if mode == config.mode), None)


def _check_dataset(dataset: Dataset, config: AnalysisConfig, *, per_row: bool) -> None:
    mode = dataset.settings["generation_mode"]
    if config.mode not in (None, mode):
        raise InvalidRequest.field("/config/generation_mode", f"the dataset's is {mode!r}; leave it out")
    if per_row and dataset.entries_count > MOST_SHOWN:
        detail = (
            f"lists at most {MOST_SHOWN} entries, the dataset has {dataset.entries_count}; read its entries instead"
        )
        raise InvalidRequest.field("/per_row", detail)


def _add_all(total: DatasetScore, entries: Sequence[Entry]) -> None:
    for entry in entries:
        total.add(entry)


def _weighted(entry: Entry, weights: QualityWeights) -> Entry:
    if entry.quality_parts is None:
        return entry
    return replace(entry, quality=round(combine(entry.quality_parts, weights), 4))


def _entries_of(rows: Sequence[Mapping[str, Any]], shape: ModeShape | None) -> list[Entry]:
    """Errors: InvalidRequest with the first faults."""
    faults: list[Fault] = []
    passages: dict[str, int] = {}
    entries = []
    for index, row in enumerate(rows):
        faults += _faults_of(row, f"/dataset/{index}", shape)
        if len(faults) >= MOST_FAULTS:
            break
        if not faults:
            chunk = passages.setdefault(row["context"], len(passages) + 1) if row.get("context") else 0
            entries.append(_entry_of(row, index + 1, chunk))
    if faults:
        raise InvalidRequest.of(faults[:MOST_FAULTS])
    return entries


def _faults_of(row: Mapping[str, Any], at: str, shape: ModeShape | None) -> list[Fault]:
    names = (*TEXT_FIELDS, "context", "category", "document_name")
    faults = [
        Fault(f"{at}/{name}", "must be a string")
        for name in names
        if name != "key_points" and row.get(name) is not None and not isinstance(row[name], str)
    ]
    points = row.get("key_points")
    if points is not None and not (isinstance(points, list) and all(isinstance(point, str) for point in points)):
        faults.append(Fault(f"{at}/key_points", "must be a list of strings"))
    if not any(row.get(name) for name in (shape.columns if shape is not None else TEXT_FIELDS)):
        known = ", ".join(shape.columns if shape is not None else TEXT_FIELDS)
        faults.append(Fault(at, f"has no text; known: {known}"))
    return faults


def _entry_of(row: Mapping[str, Any], number: int, chunk: int) -> Entry:
    texts: dict[str, Any] = {name: row.get(name) for name in TEXT_FIELDS}
    if texts["key_points"] is not None:
        texts["key_points"] = tuple(texts["key_points"])
    difficulty = row.get("difficulty")
    return Entry(
        number=number,
        position=chunk,
        chunk_id=chunk,
        category=row.get("category") or None,
        difficulty=difficulty if difficulty in DIFFICULTIES else None,
        document_name=row.get("document_name"),
        **texts,
    )


def _score_rows(
    entries: Sequence[Entry], rows: Sequence[Mapping[str, Any]], weights: QualityWeights, shape: ModeShape | None
) -> list[Entry]:
    """In their order; rows on one passage are compared with those before them."""
    earlier: dict[int, list[Entry]] = {}
    scored = []
    for entry, row in zip(entries, rows, strict=True):
        passage = row.get("context") or None
        siblings = earlier.setdefault(entry.chunk_id, []) if passage is not None else []
        result = score(_grounded(entry, passage, shape), passage, siblings, weights, shape)
        scored.append(replace(entry, quality=result.score, quality_parts=result.parts, quality_notes=result.notes))
        if passage is not None and len(siblings) < MOST_SIBLINGS:
            siblings.append(entry)
    return scored


def _grounded(entry: Entry, passage: str | None, shape: ModeShape | None) -> Entry:
    return entry if passage is None else replace(entry, evidence=evidence_for(entry, (), passage, shape))
