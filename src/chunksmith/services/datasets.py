"""Datasets and their entries: lists, single entries, edits, downloads."""

import asyncio
import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import Chunk, Project
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.dataset_ports import DatasetRows, EntryRows, WritingCalls
from chunksmith.domain.datasets import DIFFICULTIES, ENTRY_PREFIX, SHOWN_BATCHES, BatchFile, Dataset, Entry
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.domain.generation import SHAPES, Mode
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.jobs import Job
from chunksmith.domain.ledger import WritingCall
from chunksmith.domain.paging import Window
from chunksmith.domain.ports import Clock
from chunksmith.errors import Fault, InvalidRequest
from chunksmith.pipeline.evidence import evidence_for
from chunksmith.pipeline.generate import scored
from chunksmith.quality.entry_scores import QualityWeights, combine
from chunksmith.services.feedback import entry_number

K = TypeVar("K")
V = TypeVar("V")
TOTALS_KEPT = 256
# Marks in lists of which pages are asked for by number; of so many lists they are kept.
MARK_EVERY, MARKED_LISTS = 5_000, 64
SCORE_STEP = 1e-4  # scores have four digits
MOST_ENTRIES = 2**36 - 1
# What the service itself puts into an entry's metadata, and nobody else may.
COMPUTED_METADATA = frozenset(
    "model provider prompt_hash chunk_id document_id document_name taxonomy_path taxonomy_level generated_at quality "
    "quality_notes judge repaired category_id".split()
)


@dataclass(frozen=True, slots=True)
class DatasetView:
    """``job`` made it. ``batches`` are at most the newest SHOWN_BATCHES."""

    dataset: Dataset
    job: Job | None
    batches: Sequence[BatchFile]
    batches_count: int


@dataclass(frozen=True, slots=True)
class EntryPage:
    entries: Sequence[Entry]
    total: int
    next_cursor: str | None
    dataset: Dataset


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """``chunk`` is None when the passage is no longer stored, ``call`` when no call of the ledger wrote it.

    ``weights`` are those that its score was made with, None where they are no longer known.
    """

    dataset: Dataset
    entry: Entry
    chunk: Chunk | None
    history: Sequence[Mapping[str, Any]]
    call: WritingCall | None
    weights: QualityWeights | None


class DatasetService:
    def __init__(
        self,
        datasets: DatasetRows,
        entries: EntryRows,
        jobs: JobQueue,
        chunks: ChunkSource,
        calls: WritingCalls,
        weights: QualityWeights,
        root: Path,
        clock: Clock,
    ) -> None:
        self._datasets = datasets
        self._entries = entries
        self._jobs = jobs
        self._chunks = chunks
        self._calls = calls
        self._weights = weights
        self._root = root
        self._clock = clock
        # By dataset and its state.
        self._totals: dict[tuple[int, int, EntryQuery], int] = {}
        self._marks: dict[tuple[int, int, EntryQuery], dict[int, Position]] = {}

    async def get(self, dataset_id: str) -> Dataset:
        return await self._datasets.get(dataset_id)

    async def view(self, dataset_id: str) -> DatasetView:
        dataset = await self._datasets.get(dataset_id)
        job = await self._jobs.get(dataset.job_id) if dataset.job_id is not None else None
        if job is None:
            return DatasetView(dataset, None, (), 0)
        return DatasetView(dataset, job, *await self._datasets.newest_batches(job.id, SHOWN_BATCHES))

    async def page(self, project: Project, window: Window) -> tuple[list[Dataset], int]:
        return await self._datasets.page(project.id, window.per_page, window.offset)

    async def delete(self, dataset_id: str, *, with_versions: bool = False) -> Dataset:
        """With its entries and its files.

        Errors: NotFound; Conflict while a job works on it, and for versions of it unless they are to go too.
        """
        view = await self.view(dataset_id)
        files = await self._datasets.batches(view.job.id) if view.job is not None else []
        await self._datasets.delete(view.dataset, with_versions=with_versions)
        for batch in files:
            await asyncio.to_thread((self._root / batch.file_path).unlink, missing_ok=True)
        return view.dataset

    async def entries(self, dataset_id: str, query: EntryQuery, window: Window) -> EntryPage:
        """Errors: InvalidRequest for a cursor of another list."""
        dataset = await self._datasets.get(dataset_id)
        total = await self._total(dataset, query)
        if window.cursor is not None:
            chosen: EntryQuery | None = replace(query, after=_read_cursor(window.cursor, query))
            offset = 0
        else:
            chosen, offset = await self._near(dataset, query, window.offset, total)
        found = await self._entries.page(dataset.id, chosen, window.per_page + 1, offset) if chosen is not None else []
        shown = found[: window.per_page]
        more = len(found) > window.per_page
        return EntryPage(shown, total, _write_cursor(shown[-1], query) if more else None, dataset)

    async def entry(self, dataset_id: str, entry_id: str) -> EntryDetail:
        dataset = await self._datasets.get(dataset_id)
        number = entry_number(entry_id)
        entry = await self._entries.get(dataset.id, number)
        chunks = await self._chunks.chunks_by_ids([entry.chunk_id])
        call = await self._calls.writing_call(entry.call_id) if entry.call_id is not None else None
        history = await self._entries.history(dataset.id, number)
        return EntryDetail(dataset, entry, chunks.get(entry.chunk_id), history, call, self._weights_of(entry))

    async def edit(
        self,
        dataset_id: str,
        entry_id: str,
        fields: Mapping[str, Any],
        expected: Set[int] | None,
        editor: str | None,
    ) -> EntryDetail:
        """Only the named fields change; evidence and score follow the text. Feedback alone is kept in the history.

        Shapes: ``expected`` holds the revisions that the caller may have read; None: any.
        Errors: NotFound; StaleEntry; InvalidRequest for a field that entries of this mode do not have.
        """
        dataset = await self._datasets.get(dataset_id)
        number = entry_number(entry_id)
        changes = {name: value for name, value in fields.items() if name != "feedback"}
        _check_fields(changes, dataset, has_feedback="feedback" in fields)
        current = await self._entries.get(dataset.id, number)
        chunks = await self._chunks.chunks_by_ids([current.chunk_id])
        chunk = chunks.get(current.chunk_id)

        def edited(entry: Entry) -> Entry:
            return self._edited(entry, changes, chunk, dataset)

        await self._entries.change(
            dataset.id,
            number,
            edited,
            change="edited" if changes else "feedback",
            at=timestamp(self._clock),
            editor=editor,
            feedback=fields.get("feedback"),
            expected_revision=_one_of(expected, current.revision),
        )
        return await self.entry(dataset_id, entry_id)

    async def faults(self, dataset_id: str, entry_id: str, fields: Mapping[str, Any]) -> list[Fault]:
        """What is wrong with an edit, of the fields that could be read. Errors: NotFound."""
        dataset = await self._datasets.get(dataset_id)
        await self._entries.get(dataset.id, entry_number(entry_id))
        return _field_faults({name: value for name, value in fields.items() if name != "feedback"}, dataset)

    async def remove(self, dataset_id: str, entry_id: str, expected: Set[int] | None, editor: str | None) -> None:
        dataset = await self._datasets.get(dataset_id)
        current = await self._entries.get(dataset.id, entry_number(entry_id))
        await self._entries.change(
            dataset.id,
            entry_number(entry_id),
            lambda _: None,
            change="deleted",
            at=timestamp(self._clock),
            editor=editor,
            expected_revision=_one_of(expected, current.revision),
        )

    async def _near(
        self, dataset: Dataset, query: EntryQuery, offset: int, total: int
    ) -> tuple[EntryQuery | None, int]:
        """Where to begin so that little is left to skip; None when the list is shorter.

        It is gone to from the nearer end. Whoever goes far into a list leaves a mark, at a multiple of ``MARK_EVERY``
        places, for as long as the dataset stays as it is: other pages that lie behind it begin there.
        """
        key = (dataset.id, dataset.revision, query)
        marks = self._marks.get(key, {})
        wanted = offset // MARK_EVERY * MARK_EVERY
        if wanted > total:
            return None, 0
        # To go on from a mark takes up to twice as long as to go on from the beginning.
        begin = max((place for place in marks if wanted <= 2 * place <= 2 * wanted), default=0)
        after = marks.get(begin)
        if begin < wanted:
            left = total - wanted + 1
            backwards = left < (2 * (wanted - begin) if begin else wanted)
            before = replace(query, after=after)
            if backwards:
                after = await self._entries.place(dataset.id, query, left, backwards=True)
                # From the end it is another place when entries have come or gone since they were counted.
                backwards = (await self._datasets.get(dataset.dataset_id)).revision == dataset.revision
            if not backwards:
                after = await self._entries.place(dataset.id, before, wanted - begin)
            if after is None:
                return None, 0
            _keep(self._marks, key, {**marks, wanted: after}, MARKED_LISTS)
        return replace(query, after=after), offset % MARK_EVERY

    def _weights_of(self, entry: Entry) -> QualityWeights | None:
        """The present ones, where they give the score that is stored."""
        parts = entry.quality_parts
        if entry.quality is None or not parts:
            return None
        return self._weights if abs(combine(parts, self._weights) - entry.quality) < SCORE_STEP else None

    async def _total(self, dataset: Dataset, query: EntryQuery) -> int:
        """Counted with the dataset, or once per state of the dataset."""
        plain = EntryQuery(sort=query.sort, order=query.order)
        if query == plain:
            return dataset.entries_count
        key = (dataset.id, dataset.revision, replace(query, sort="id", order=None))
        if key not in self._totals:
            _keep(self._totals, key, await self._entries.count(dataset.id, query), TOTALS_KEPT)
        return self._totals[key]

    def _edited(self, entry: Entry, changes: Mapping[str, Any], chunk: Chunk | None, dataset: Dataset) -> Entry:
        if not changes:
            return replace(entry, revision=entry.revision + 1)
        new = replace(entry, **_as_fields(entry, changes), status="edited", revision=entry.revision + 1)
        if new.texts() == entry.texts():
            return new
        if chunk is None:
            return replace(new, judge=None)
        mode: Mode = dataset.settings["generation_mode"]
        # What the old text rested on says nothing of a new one; its own words are looked for.
        same = getattr(new, SHAPES[mode].grounded) == getattr(entry, SHAPES[mode].grounded)
        quotes = [item.quote for item in entry.evidence] if same else []
        new = replace(new, evidence=evidence_for(new, quotes, chunk.text, SHAPES[mode]), judge=None)
        return scored(new, chunk.text, (), self._weights, mode) if dataset.settings["analyze_quality"] else new


def etag_of(entry: Entry) -> str:
    return f'"{entry.public_id}-{entry.revision}"'


def revisions_in(etags: str | None, entry_id: str) -> Set[int] | None:
    """The revisions that an ``If-Match`` names; None: any. A tag that was never given, or a weak one, names none."""
    if etags is None or etags.strip() == "*":
        return None
    quoted = f'"{ENTRY_PREFIX}{entry_id.removeprefix(ENTRY_PREFIX)}-'
    named = (etag.strip() for etag in etags.split(","))
    found = {etag[len(quoted) : -1] for etag in named if etag.startswith(quoted) and etag.endswith('"')}
    return {int(one) for one in found if one.isascii() and one.isdecimal() and len(one) < 10}


def _keep(known: dict[K, V], key: K, value: V, most: int) -> None:
    """The oldest goes when there are too many."""
    if key not in known and len(known) >= most:
        known.pop(next(iter(known)))
    known[key] = value


def _one_of(expected: Set[int] | None, current: int) -> int | None:
    """What the change has to meet: ``current`` where that is expected, else something that it cannot meet."""
    if expected is None:
        return None
    return current if current in expected else min(expected, default=0)


def _check_fields(changes: Mapping[str, Any], dataset: Dataset, *, has_feedback: bool) -> None:
    faults = _field_faults(changes, dataset)
    if not changes and not has_feedback:
        faults.append(Fault("", f"nothing to change; known: {', '.join(_changeable(dataset))}, feedback"))
    if faults:
        raise InvalidRequest.of(faults)


def _field_faults(changes: Mapping[str, Any], dataset: Dataset) -> list[Fault]:
    allowed = _changeable(dataset)
    faults = [
        Fault(f"/{name}", f"entries of the mode {dataset.mode!r} do not have it; known: {', '.join(allowed)}, feedback")
        for name in changes
        if name not in allowed
    ]
    computed = sorted(COMPUTED_METADATA & set(changes.get("metadata", ())))
    return [
        *faults,
        *(Fault(f"/metadata/{name}", "is filled in by the server; choose another name") for name in computed),
    ]


def _changeable(dataset: Dataset) -> tuple[str, ...]:
    return (*SHAPES[dataset.settings["generation_mode"]].columns, "category", "difficulty", "metadata")


def _as_fields(entry: Entry, changes: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(changes)
    if "key_points" in fields:
        fields["key_points"] = tuple(fields["key_points"])
    if "metadata" in fields:
        fields["metadata"] = {**entry.metadata, **fields["metadata"]}
    if fields.get("category", entry.category) != entry.category:  # a name that a person gave is in no taxonomy
        fields |= {"category_id": None, "taxonomy_path": None}
    return fields


def _write_cursor(entry: Entry, query: EntryQuery) -> str:
    values = {
        "id": None,
        "quality": entry.quality,
        "category": entry.category,
        "difficulty": DIFFICULTIES.index(entry.difficulty) + 1 if entry.difficulty is not None else None,
    }
    place = [query.sort, query.order, values[query.sort], entry.number]
    return base64.urlsafe_b64encode(json.dumps(place, ensure_ascii=False).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, query: EntryQuery) -> Position:
    """Errors: InvalidRequest."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        sort, order, value, number = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, binascii.Error, TypeError, RecursionError) as exc:
        raise InvalidRequest.field("query/cursor", "is not a cursor of this list") from exc
    if (sort, order) != (query.sort, query.order):
        raise InvalidRequest.field(
            "query/cursor", "belongs to a list in another order; send the same sort_by and order"
        )
    if type(number) is not int or not 0 < number <= MOST_ENTRIES or not _is_sorted_by(value, query):
        raise InvalidRequest.field("query/cursor", "is not a cursor of this list")
    return Position(value, number)


def _is_sorted_by(value: Any, query: EntryQuery) -> bool:
    """Whether a place in the list can have this value."""
    if value is None or query.sort == "id":
        return value is None
    if query.sort == "category":
        return isinstance(value, str)
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= len(DIFFICULTIES)
