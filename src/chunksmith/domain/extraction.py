"""What is extracted from chunks: entities and portions of text, each of a category of a taxonomy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol, get_args

from pydantic import BaseModel, ConfigDict

from chunksmith.domain.calls import ModelRef
from chunksmith.domain.jobs import Job, JobState, Outcome, PauseReason, Unit
from chunksmith.domain.taxonomy import KNOWN_SHOWN, Node, Tree, name_key
from chunksmith.errors import Fault, InvalidRequest

KIND = "extraction"
ExtractionType = Literal["ner", "whole_text"]
EXTRACTION_TYPES: tuple[ExtractionType, ...] = get_args(ExtractionType)
ExtractionMode = Literal["contextual", "document_wide"]
EXTRACTION_MODES: tuple[ExtractionMode, ...] = get_args(ExtractionMode)
Origin = Literal["job", "import"]
FoundBy = Literal["exact", "normalized", "fuzzy"]


class ExtractionSpec(BaseModel):
    """One request, frozen when the job is submitted; the categories are frozen beside it.

    Shapes: without ``validation_classifier`` there is no validation stage. ``generation_model`` is the
            ``initial_classifier`` again, where everything that shows jobs looks for the model; both are None for
            an import. ``extract_prompt`` and ``validate_prompt`` are the texts of the templates.
    Units:  ``confidence_threshold`` 0…1: what the first model is less sure of is dropped.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    project_id: int
    taxonomy_id: int | None
    taxonomy_name: str | None
    selected_categories: tuple[str, ...] | None = None  # ids
    extraction_type: ExtractionType
    extraction_mode: ExtractionMode | None = None  # None for an import
    generation_model: ModelRef | None = None
    validation_classifier: ModelRef | None = None
    confidence_threshold: float = 0.0
    max_chunks: int | None = None
    document_ids: tuple[int, ...] | None = None
    reuse: bool = True
    extract_prompt: str = ""
    validate_prompt: str = ""
    dropped: int = 0  # entities of an import that were repeated, or not in their chunk
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtractionCategory:
    """A category of a job. ``number`` counts from 1 in the order of the tree; its branch ends with ``last``.

    ``category_id`` is None where there is no taxonomy. ``offered``: something may be extracted into it.
    """

    number: int
    parent: int | None
    last: int
    category_id: str | None
    name: str
    description: str = ""
    offered: bool = True
    items: int = 0
    validated: int = 0


class Categories:
    """The categories of one job."""

    def __init__(self, categories: Iterable[ExtractionCategory]) -> None:
        self._by_number = {category.number: category for category in categories}
        self.offered = tuple(category for category in self if category.offered)

    def __iter__(self) -> Iterator[ExtractionCategory]:
        """In the order of the tree, parents first."""
        return iter(self._by_number.values())

    def __len__(self) -> int:
        return len(self._by_number)

    def __getitem__(self, number: int) -> ExtractionCategory:
        return self._by_number[number]

    def get(self, number: int) -> ExtractionCategory | None:
        return self._by_number.get(number)

    def above(self, number: int) -> tuple[ExtractionCategory, ...]:
        """From level 1 down, without itself."""
        parent = self._by_number[number].parent
        return (*self.above(parent), self._by_number[parent]) if parent is not None else ()

    def path(self, number: int) -> tuple[str, ...]:
        """Names from level 1 down to its own."""
        return (*(category.name for category in self.above(number)), self._by_number[number].name)

    def tree(self) -> Tree:
        """The same categories, each by its number as id."""
        below: dict[int, list[Node]] = {}
        for category in reversed(self._by_number.values()):
            children = tuple(reversed(below.pop(category.number, [])))
            node = Node(str(category.number), category.name, category.description, children)
            below.setdefault(category.parent or 0, []).append(node)
        return Tree(Node("0", "", "", tuple(reversed(below.get(0, [])))))

    def branches(self, selector: str) -> list[range]:
        """Numbers of the branches that an id or a name stands for; none when it names nothing."""
        found = self._by_selector.get(selector.strip().lower()) or self._by_selector.get(name_key(selector), [])
        return [range(one.number, one.last + 1) for one in found]

    @cached_property
    def _by_selector(self) -> dict[str, list[ExtractionCategory]]:
        """By id, and by name: both in lower case."""
        found: dict[str, list[ExtractionCategory]] = {}
        for category in self:
            found.setdefault(name_key(category.name), []).append(category)
        return found | {one.category_id: [one] for one in self if one.category_id is not None}


def frozen_categories(tree: Tree, selected: Sequence[str] | None) -> tuple[ExtractionCategory, ...]:
    """The branches of a taxonomy that a job works with; ``selected`` are ids, None takes all of it."""
    offered = tree.branch_ids(selected) if selected is not None else None
    places = list(tree.restrict(selected) if selected is not None else tree)
    numbers = {place.node.id: number for number, place in enumerate(places, start=1)}
    last = dict(numbers.items())
    for place in reversed(places):  # what is below a category comes after it, so it is known already
        if place.above:
            parent = place.above[-1].id
            last[parent] = max(last[parent], last[place.node.id])
    return tuple(
        ExtractionCategory(
            number=numbers[place.node.id],
            parent=numbers[place.above[-1].id] if place.above else None,
            last=last[place.node.id],
            category_id=place.node.id,
            name=place.node.name,
            description=place.node.description,
            offered=offered is None or place.node.id in offered,
        )
        for place in places
    )


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An entity or a portion of a chunk; ``text`` is the chunk's ``start`` to ``end``, never the model's wording.

    Units:  character offsets into the stored chunk text; ``occurrences`` counts equal texts in the chunk, of which
            this is the first; confidences are 0…1, the models' own word.
    Shapes: ``validated`` is None where nobody judged it.
    """

    category: int
    text: str
    start: int
    end: int
    match: FoundBy
    occurrences: int
    confidence: float
    validated: bool | None = None
    validation_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class ExtractedItem:
    """An item as it is read back, with what it belongs to."""

    job: int
    position: int
    ordinal: int
    chunk_id: int
    document_id: int | None
    document_name: str | None
    category_id: str | None
    category: str
    category_path: tuple[str, ...]
    found: FoundItem

    @property
    def public_id(self) -> str:
        return f"item_{self.position}_{self.ordinal}"


@dataclass(frozen=True, slots=True)
class ExtractionSummary:
    """What lists show of an extraction. ``id`` is the row of its job; ``entities`` are its items, of both types."""

    id: int
    job_id: str
    project_id: int
    origin: Origin
    spec: ExtractionSpec
    state: JobState
    reason: PauseReason | None
    error: str | None
    entities: int
    units_total: int
    units_down: int
    created_at: str
    started_at: str | None
    completed_at: str | None


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which items of a job. ``categories`` are numbers, None is all of them."""

    min_confidence: float = 0.0
    categories: frozenset[int] | None = None
    validated: bool | None = None

    @property
    def takes_all(self) -> bool:
        return self.min_confidence <= 0 and self.categories is None and self.validated is None


class Place(NamedTuple):
    """Where an item stands among those of its job."""

    position: int
    ordinal: int


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What an import brings for one chunk; ``detail`` says what was left out."""

    chunk_id: int
    items: tuple[FoundItem, ...]
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ExtractionPool:
    """Completed extractions that a dataset is made of, by the row ids of their jobs; frozen by who uses it."""

    project: int
    jobs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PoolFilter:
    """Categories by job, as numbers; None takes all. A job that is not named there has none of them."""

    categories: Mapping[int, frozenset[int]] | None = None
    only_validated: bool = False


def choose(pool: Mapping[int, Categories], selectors: Sequence[str] | None) -> dict[int, frozenset[int]] | None:
    """By job the numbers of the branches that names or ids stand for.

    Errors: InvalidRequest with a fault for each selector that no job of the pool knows.
    """
    if selectors is None:
        return None
    chosen: dict[int, set[int]] = {}
    faults: list[Fault] = []
    for place, selector in enumerate(selectors):
        found = {job: categories.branches(selector) for job, categories in pool.items()}
        if not any(found.values()):
            faults.append(unknown_category(f"/selected_categories/{place}", selector, pool.values()))
        for job, branches in found.items():
            chosen.setdefault(job, set()).update(number for branch in branches for number in branch)
    if faults:
        raise InvalidRequest.of(faults)
    return {job: frozenset(numbers) for job, numbers in chosen.items() if numbers}


def unknown_category(pointer: str, selector: str, known: Iterable[Categories]) -> Fault:
    names = list(dict.fromkeys(one.name for categories in known for one in categories))
    rest = f" and {len(names) - KNOWN_SHOWN} more" if len(names) > KNOWN_SHOWN else ""
    listed = ", ".join(names[:KNOWN_SHOWN]) or "none"
    return Fault(pointer, f"unknown category {selector[:100]!r}; known: {listed}{rest}")


class Extractions(Protocol):
    """What the services need of storage. Jobs of projects and extractions that are being deleted are not there."""

    async def submit(self, values: Mapping[str, Any], categories: Sequence[ExtractionCategory]) -> Job:
        """Insert the job and its frozen categories. Errors: NotFound; Conflict for a used idempotency key."""
        ...

    async def add_import(
        self, values: Mapping[str, Any], categories: Sequence[ExtractionCategory], results: Sequence[ChunkResult]
    ) -> Job:
        """A completed job with its results, all or nothing. Errors: as ``submit``."""
        ...

    async def get(self, job_id: str) -> ExtractionSummary:
        """Errors: NotFound, also for a job of another kind."""
        ...

    async def of_project(
        self, project: int, limit: int, offset: int, *, completed: bool = False
    ) -> tuple[list[ExtractionSummary], int]:
        """Newest first, and how many there are in all; ``completed`` leaves out the others."""
        ...

    async def categories(self, job: int) -> Categories: ...

    async def end_unit(self, job: int, unit: Unit, outcome: Outcome, project: int, items: Sequence[FoundItem]) -> None:
        """Items, counts and the end of the unit, together."""
        ...

    async def page(
        self, job: int, query: ItemQuery, limit: int, *, after: Place | None = None, offset: int = 0
    ) -> list[ExtractedItem]: ...

    async def count(self, job: int, query: ItemQuery) -> int: ...

    async def hide(self, job_id: str, at: str) -> None:
        """The beginning of a deletion. Errors: NotFound; Conflict while it runs, or while a dataset is made of it."""
        ...

    async def purge_slice(self) -> bool:
        """A short step of the deletions that have begun; may be repeated after a crash. True: there is more."""
        ...


class ExtractionRows(Protocol):
    """What a generation reads of extractions."""

    async def pool(self, project: int, job_id: str | None) -> ExtractionPool:
        """The one job, or all completed ones of the project.

        Errors: NotFound when the project has no such extraction; Conflict when it is not completed.
        """
        ...

    async def categories(self, job: int) -> Categories: ...

    async def units(self, pool: ExtractionPool, chosen: PoolFilter, after_chunk: int, limit: int) -> list[int]:
        """Visible chunks with at least one item that is chosen, by id; of several jobs the newest result counts."""
        ...

    async def items_of(
        self, pool: ExtractionPool, chosen: PoolFilter, chunks: Sequence[int]
    ) -> dict[int, list[ExtractedItem]]:
        """The chosen items of each chunk, in the order of the text; chunks without any are missing."""
        ...


class ImportTargets(Protocol):
    """Finding the chunks that an import means."""

    async def visible(self, project: int, chunks: Sequence[int]) -> set[int]: ...

    async def by_external_id(self, project: int, external_ids: Sequence[str]) -> dict[str, int]: ...
