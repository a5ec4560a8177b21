"""Taxonomies: trees of categories, and how to find one's way in them."""

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

from chunksmith.domain.jobs import Outcome, Unit
from chunksmith.domain.paging import Page, Window
from chunksmith.errors import Fault, InvalidRequest

MAX_DEPTH = 8
MAX_NODES = 10_000
LONGEST_NAME = 200
LONGEST_DESCRIPTION = 4000
KNOWN_SHOWN = 50
Origin = Literal["manual", "generated"]
ORIGINS: tuple[Origin, ...] = ("manual", "generated")


@dataclass(frozen=True, slots=True)
class Node:
    """A category. ``id`` is a UUID that outlives edits; the root stands for the whole taxonomy."""

    id: str
    name: str
    description: str = ""
    children: tuple["Node", ...] = ()


class Place(NamedTuple):
    """A node and where it stands. ``above`` are its ancestors from level 1 down, without the root, which is level 0."""

    node: Node
    level: int
    above: tuple[Node, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """Names from level 1 down to its own."""
        return (*(node.name for node in self.above), self.node.name) if self.level else ()


@dataclass(frozen=True, slots=True)
class Analytics:
    """Counts without the root. ``per_level`` begins with level 1."""

    nodes: int
    depth: int
    per_level: tuple[int, ...]
    leaves: int


class Tree:
    """A taxonomy's nodes with their places; made once, asked often."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self._places: dict[str, Place] = {place.node.id: place for place in _walk(root)}
        self._by_name: dict[str, list[Place]] = {}
        for place in self:
            self._by_name.setdefault(name_key(place.node.name), []).append(place)

    def __iter__(self) -> Iterator[Place]:
        """All categories in the order of the tree, parents first; the root is none."""
        return (place for place in self._places.values() if place.level)

    def __len__(self) -> int:
        return len(self._places) - 1

    def place(self, node_id: str) -> Place | None:
        return self._places.get(node_id)

    def find(self, selector: str) -> list[Place]:
        """By id, else every category of that name, whatever its case; none when there is none."""
        place = self._places.get(selector.strip().lower())
        return [place] if place is not None else list(self._by_name.get(name_key(selector), ()))

    def select(self, selectors: Sequence[str], pointer: str = "/selected_categories") -> list[Place]:
        """What the selectors name, in the order of the tree, each once.

        Errors: InvalidRequest with a fault for each selector that names nothing, and the names that are known.
        """
        found = [self.find(selector) for selector in selectors]
        unknown = [n for n, places in enumerate(found) if not places]
        if unknown:
            known = self._known()
            raise InvalidRequest.of(
                Fault(f"{pointer}/{n}", f"unknown category {selectors[n][:100]!r}; known: {known}") for n in unknown
            )
        chosen = {place.node.id for places in found for place in places}
        return [place for node_id, place in self._places.items() if node_id in chosen]

    def parent(self, node_id: str) -> Node | None:
        """None for the root. Errors: KeyError."""
        place = self._places[node_id]
        if not place.level:
            return None
        return place.above[-1] if place.above else self.root

    def siblings(self, node_id: str) -> tuple[Node, ...]:
        """The other children of its parent, in order. Errors: KeyError."""
        parent = self.parent(node_id)
        return tuple(node for node in parent.children if node.id != node_id) if parent is not None else ()

    def descendants(self, node_id: str) -> list[Place]:
        """Everything below, in the order of the tree. Errors: KeyError."""
        below = {node.id for node in _nodes_below(self._places[node_id].node)}
        return [place for found, place in self._places.items() if found in below]

    def branch_ids(self, node_ids: Collection[str]) -> frozenset[str]:
        """The nodes and everything below them. Errors: KeyError."""
        chosen = [self._places[node_id].node for node_id in node_ids]
        return frozenset(node_ids) | {below.id for node in chosen for below in _nodes_below(node)}

    def restrict(self, node_ids: Collection[str]) -> "Tree":
        """The branches of the chosen nodes: what is above them as a way there, and all that is below them."""
        whole = self.branch_ids(node_ids)
        above = {node.id for node_id in node_ids for node in self._places[node_id].above}
        return Tree(_kept(self.root, whole, above | {self.root.id}))

    @cached_property
    def analytics(self) -> Analytics:
        per_level: dict[int, int] = {}
        leaves = 0
        for place in self:
            per_level[place.level] = per_level.get(place.level, 0) + 1
            leaves += not place.node.children
        return Analytics(len(self), len(per_level), tuple(per_level[level] for level in sorted(per_level)), leaves)

    def _known(self) -> str:
        names = list(dict.fromkeys(place.node.name for place in self))
        rest = len(names) - KNOWN_SHOWN
        return ", ".join(names[:KNOWN_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def name_key(name: str) -> str:
    """What makes two names the same: not their case, nor their spacing, nor how their accents are written."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def packed(node: Node) -> list[Any]:
    """As it is stored: little, and in the order of the tree."""
    return [node.id, node.name, node.description, [packed(child) for child in node.children]]


def unpacked(value: list[Any]) -> Node:
    node_id, name, description, children = value
    return Node(node_id, name, description, tuple(unpacked(child) for child in children))


def _walk(root: Node) -> Iterator[Place]:
    """Parents first, children in order."""
    waiting = [Place(root, 0, ())]
    while waiting:
        place = waiting.pop()
        yield place
        above = (*place.above, place.node) if place.level else ()
        waiting.extend(Place(child, place.level + 1, above) for child in reversed(place.node.children))


def _nodes_below(node: Node) -> Iterator[Node]:
    waiting = list(node.children)
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(found.children)


def _kept(node: Node, whole: Collection[str], ways: Collection[str]) -> Node:
    if node.id in whole:
        return node
    kept = tuple(_kept(child, whole, ways) for child in node.children if child.id in whole or child.id in ways)
    return replace(node, children=kept)


@dataclass(frozen=True, slots=True)
class TaxonomySummary:
    """What a list shows: all but the tree. ``made_by`` names the job and the settings of a generated one."""

    id: int
    uuid: str
    project_id: int
    name: str
    description: str
    origin: Origin
    nodes: int
    depth: int
    revision: int
    made_by: dict[str, Any] | None
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Taxonomy(TaxonomySummary):
    tree: Node


@dataclass(frozen=True, slots=True)
class NewTaxonomy:
    """A taxonomy that is not stored yet."""

    uuid: str
    project_id: int
    name: str
    description: str
    origin: Origin
    tree: Node
    made_by: dict[str, Any] | None = None


class Category(NamedTuple):
    """One category that a model proposed: its path of names, and what belongs there."""

    path: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """The category that an extension is about, as it stood when the job began."""

    node_id: str
    path: tuple[str, ...]
    description: str
    siblings: tuple[str, ...]
    children: tuple[str, ...]
    levels: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one unit of a taxonomy job works on."""

    position: int
    chunk_ids: tuple[int, ...]
    subject: Subject | None = None


class Part(NamedTuple):
    """What one unit found."""

    position: int
    categories: tuple[Category, ...]


class DocumentSize(NamedTuple):
    """Visible chunks of one document; ``document_id`` is None for chunks that belong to none."""

    document_id: int | None
    chunks: int


class Taxonomies(Protocol):
    """Of projects that are not being deleted."""

    async def add(self, new: NewTaxonomy, at: str) -> Taxonomy:
        """Errors: Conflict when the project has one of that name; NotFound when the project has gone."""
        ...

    async def get(self, taxonomy: int) -> Taxonomy | None: ...

    async def by_uuid(self, uuid: str) -> Taxonomy | None: ...

    async def named(self, project: int, name: str) -> Taxonomy | None: ...

    async def newest(self, project: int) -> Taxonomy | None: ...

    async def page(self, project: int, window: Window, name: str | None) -> Page[TaxonomySummary]: ...

    async def change(
        self, taxonomy: Taxonomy, name: str, description: str, tree: Node, at: str, made_by: dict[str, Any] | None
    ) -> Taxonomy | None:
        """None when it is no longer as ``taxonomy`` says. Errors: Conflict when the name is taken."""
        ...

    async def delete(self, taxonomy: int, revision: int | None) -> bool | None:
        """False when there is none; None when it has another revision. Errors: Conflict while a job extends it."""
        ...

    async def keep_generated(self, new: NewTaxonomy, at: str) -> Taxonomy:
        """Store what a job made, once: a numbered name where the name is taken, the new tree where the job's first one
        is still as the job left it. Errors: Conflict when it was edited since; NotFound when the project has gone.
        """
        ...


class TaxonomyWork(Protocol):
    """What jobs read and write on their way. Batches are written before units, parts with the end of their unit."""

    async def put_batches(self, job: int, batches: Sequence[Batch]) -> None: ...

    async def batches(self, job: int, positions: Sequence[int]) -> dict[int, Batch]: ...

    async def end_unit(self, job: int, unit: Unit, outcome: Outcome, categories: Sequence[Category]) -> None: ...

    async def parts(self, job: int, after: int, limit: int) -> list[Part]: ...

    async def document_sizes(self, project: int, documents: Sequence[int] | None) -> list[DocumentSize]: ...

    async def chunk_ids_at(self, project: int, document: int | None, offsets: Sequence[int]) -> list[int]:
        """Ids at these places among the visible chunks of one document."""
        ...
