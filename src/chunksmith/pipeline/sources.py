"""What stands beside a passage: the categories that its entries may get, and what was extracted from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from chunksmith.domain.datasets import Entry
from chunksmith.domain.taxonomy import Node, Place, Tree, name_key
from chunksmith.pipeline import prompts
from chunksmith.pipeline.replies import NONE_FITS
from chunksmith.pipeline.taxonomy_index import TaxonomyIndex

# All categories are offered up to MOST; of more those that the passage shares words with, filled up with the broadest.
MOST_OFFERED, RELEVANT_OFFERED = 40, 30
# Names beside the offered ones, in one prompt.
MOST_BESIDE = 200
MOST_ITEMS, ITEM_CHARS, DESCRIPTION_CHARS = 60, 500, 300
# The entry's own words count so much more than those of its passage.
ENTRY_WEIGHT = 2.0
# Of a large taxonomy only so many best matches are looked at.
MOST_COMPARED = 200


class Offered(NamedTuple):
    """A category to choose. ``id`` is None where it belongs to no taxonomy."""

    id: str | None
    path: tuple[str, ...]
    description: str = ""

    @property
    def name(self) -> str:
        return self.path[-1]


class Beside(NamedTuple):
    """Names of the categories that stand beside offered ones: the other children of what ``path`` leads to."""

    path: tuple[str, ...]
    names: tuple[str, ...]


class Mention(NamedTuple):
    """Something that was extracted from the passage."""

    category: tuple[str, ...]
    text: str


# (an entry's text, its passage) → the offered category that they share most words with, None when none.
Nearest = Callable[[str, str], Offered | None]


def _none_is_near(text: str, passage: str) -> Offered | None:
    return None


@dataclass(frozen=True, slots=True)
class Around:
    """In prompts and replies a category is called by its place: c1, c2, …"""

    offered: tuple[Offered, ...] = ()
    beside: tuple[Beside, ...] = ()
    mentions: tuple[Mention, ...] = ()
    nearest: Nearest = _none_is_near

    def blocks(self) -> dict[str, str]:
        """Fenced material by placeholder."""
        blocks: dict[str, str] = {}
        if self.offered:
            blocks["taxonomy"] = prompts.fence(prompts.as_lines(self._outline()), "categories")
        if self.mentions:
            lines = [{"category": " > ".join(one.category), "text": one.text[:ITEM_CHARS]} for one in self.mentions]
            blocks["entities"] = prompts.fence(prompts.as_lines(lines), "items")
        return blocks

    def chosen(self, said: str, text: str, passage: str) -> Offered | None:
        """What a model named, if it was offered: by alias, name or path; None where it says that none fits.

        Anything else is decided by rules.
        """
        key = name_key(said)
        by_alias = {f"c{number}": one for number, one in enumerate(self.offered, start=1)}
        if key == NONE_FITS or key in by_alias:
            return by_alias.get(key)
        for one in self.offered:
            if key in (name_key(" > ".join(one.path)), name_key(one.name), one.id):
                return one
        return self.nearest(text, passage)

    def about(self, text: str, quote: str = "") -> int:
        """How many of the mentions a text has, or its quote was taken from."""
        said, taken = name_key(text), name_key(quote)
        keys = [name_key(one.text) for one in self.mentions]
        return sum(key in said or bool(taken and taken in key) for key in keys)

    def _outline(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = []
        for number, one in enumerate(self.offered, start=1):
            about = {"description": one.description[:DESCRIPTION_CHARS]} if one.description else {}
            lines.append({"id": f"c{number}", "path": " > ".join(one.path), **about})
        lines.extend({"under": " > ".join(one.path), "beside": list(one.names)} for one in self.beside)
        return lines


NOTHING = Around()


def labelled(entry: Entry, found: Offered | None) -> Entry:
    """The entry in that category; in none where nothing was found."""
    if found is None:
        return replace(entry, category=None, category_id=None, taxonomy_path=None)
    return replace(entry, category=found.name, category_id=found.id, taxonomy_path=found.path)


class TaxonomyAround:
    """Made once for a job: the branches ``within`` a tree, by their ids, are what its passages are offered."""

    def __init__(self, tree: Tree, within: frozenset[str] | None) -> None:
        self._tree = tree
        self._index = TaxonomyIndex(tree, within)
        self._places = [place for place in tree if within is None or place.node.id in within]
        self._offered = {place.node.id: _offered(place) for place in self._places}
        self._order = {place.node.id: number for number, place in enumerate(self._places)}
        self._broadest = sorted(self._places, key=lambda place: place.level)[:RELEVANT_OFFERED]
        self._whole = self._around(self._places) if self.is_small else None

    @property
    def is_small(self) -> bool:
        """Whether every passage is offered the same: all there is."""
        return len(self._places) <= MOST_OFFERED

    def around(self, text: str) -> Around:
        return self._whole or self._around(self._relevant(text))

    def _relevant(self, text: str) -> list[Place]:
        found = {match.place.node.id: match.place for match in self._index.relevant(text, RELEVANT_OFFERED)}
        for place in self._broadest:
            if len(found) < RELEVANT_OFFERED:
                found.setdefault(place.node.id, place)
        return sorted(found.values(), key=lambda place: self._order[place.node.id])

    def _around(self, places: Sequence[Place]) -> Around:
        ids = frozenset(place.node.id for place in places)

        def nearest(text: str, passage: str) -> Offered | None:
            found = _best(self._index, ids, len(self._places), text, passage)
            return self._offered[found] if found is not None else None

        offered = tuple(self._offered[place.node.id] for place in places)
        return Around(offered, tuple(self._beside(places, ids)), (), nearest)

    def _beside(self, places: Sequence[Place], ids: frozenset[str]) -> list[Beside]:
        """Each name once, however many of its neighbours are offered."""
        found: dict[str, Beside] = {}
        for place in places:
            parent = self._tree.parent(place.node.id)
            if parent is None or parent.id in found:
                continue
            names = tuple(node.name for node in parent.children if node.id not in ids)
            found[parent.id] = Beside(place.path[:-1], names)
        room: dict[str, int] = {}
        left = MOST_BESIDE
        for parent_id, beside in sorted(found.items(), key=lambda one: len(one[1].names)):  # what is narrow tells most
            room[parent_id] = min(left, len(beside.names))
            left -= room[parent_id]
        cut = [one._replace(names=one.names[: room[parent_id]]) for parent_id, one in found.items()]
        return [one for one in cut if one.names]


def extracted_around(found: Sequence[tuple[str | None, tuple[str, ...], str]]) -> Around:
    """Of the items of one chunk: the id and the path of each one's category, and its text."""
    offered = {path: Offered(category_id, path) for category_id, path, _ in reversed(found)}
    categories = tuple(offered[path] for path in dict.fromkeys(path for _, path, _ in found))
    mentions = tuple(dict.fromkeys(Mention(path, text) for _, path, text in found))

    def nearest(text: str, passage: str) -> Offered | None:
        """The category of what the entry names, of longer words first; else the passage's first."""
        said = name_key(text)
        named = [one for one in mentions if name_key(one.text) in said]
        if named:
            return offered[max(named, key=lambda one: len(one.text)).category]
        index, ids = _flat_index(categories)
        best = _best(index, ids, len(categories), text, passage)
        return categories[int(best)] if best is not None else categories[0]

    return Around(categories[:MOST_OFFERED], (), mentions[:MOST_ITEMS], nearest)


def _offered(place: Place) -> Offered:
    return Offered(place.node.id, place.path, place.node.description)


def _flat_index(categories: Sequence[Offered]) -> tuple[TaxonomyIndex, frozenset[str]]:
    nodes = tuple(Node(str(n), one.name, " ".join(one.path[:-1])) for n, one in enumerate(categories))
    return TaxonomyIndex(Tree(Node("root", "", "", nodes))), frozenset(node.id for node in nodes)


def _best(index: TaxonomyIndex, among: frozenset[str], count: int, text: str, passage: str) -> str | None:
    """The id of what the text, and with less weight its passage, shares most words with."""
    scores: dict[str, float] = {}
    for read, weight in ((text, ENTRY_WEIGHT), (passage, 1.0)):
        for match in index.relevant(read, min(count, MOST_COMPARED)):
            if match.place.node.id in among:
                scores[match.place.node.id] = scores.get(match.place.node.id, 0.0) + weight * match.score
    return max(scores, key=lambda node_id: round(scores[node_id], 9)) if scores else None
