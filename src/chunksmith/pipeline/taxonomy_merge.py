"""Many proposals, one tree: what is named alike is put together, what was found most often is kept.

The same proposals in the same order always give the same tree.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rapidfuzz import fuzz

from chunksmith.domain.taxonomy import MAX_DEPTH, MAX_NODES, Category, Node, Tree, name_key
from chunksmith.domain.taxonomy_drafts import Draft

# Long names that differ in so little are spellings of one; short ones differ in a letter and mean something else.
ALIKE, ALIKE_MIN_CHARS, LONG_WORD = 92.0, 8, 6
UNSPACED_FROM = "\u2e80"
# Merging keeps no more than this many categories at a time, so that memory does not grow with the corpus.
MOST_KEPT = 20_000
MOST_CHILDREN, LEAST_CHILDREN = 500, 20
_JOINING = frozenset("a an the of and in for & und der die das et de la le y".split())


@dataclass
class _Branch:
    name: str
    order: int
    description: str = ""
    support: int = 0
    children: dict[str, "_Branch"] = field(default_factory=dict)


class Merger:
    """Takes proposals part by part; ``support`` of a category is in how many parts it was found."""

    def __init__(self) -> None:
        self._root = _Branch("", 0)
        self._made = 0
        self._size = 0

    def add(self, categories: Iterable[Category]) -> None:
        """The categories of one part."""
        seen: set[int] = set()
        for category in categories:
            branch = self._root
            for name in category.path:
                branch = self._child(branch, name)
                if branch.order not in seen:
                    seen.add(branch.order)
                    branch.support += 1
            branch.description = branch.description or category.description
        if self._size > MOST_KEPT:
            self._prune()

    def outline(self, limit: int) -> list[tuple[Category, int]]:
        """The categories found most often, at most ``limit``, with their parents, in the order of the tree."""
        ranked = sorted(_below(self._root, ()), key=lambda found: (-found[1].support, len(found[0]), found[1].order))
        kept = {found[1].order for found in ranked[:limit]}
        whole = _below(self._root, ())
        return [(Category(path, branch.description), branch.support) for path, branch in whole if branch.order in kept]

    def categories(self, limits: Sequence[int]) -> list[Category]:
        """As many as the limits allow under each parent, level by level; those found most often come first."""
        return list(_limited(self._root, (), tuple(limits)))

    def _child(self, parent: _Branch, name: str) -> _Branch:
        key = _key(name)
        found = parent.children.get(key)
        if found is None:
            found = next((one for one in parent.children.values() if _alike(one.name, name)), None)
        if found is None:
            self._made += 1
            self._size += 1
            found = _Branch(name, self._made)
            parent.children[key] = found
        return found

    def _prune(self) -> None:
        """Leave out, level by level, what was found least."""
        _keep_best(self._root, MOST_CHILDREN)
        for _, branch in list(_below(self._root, ())):
            _keep_best(branch, max(LEAST_CHILDREN, len(branch.children) // 2))
        self._size = sum(1 for _ in _below(self._root, ()))


def extended(root: Node, found: Mapping[str, Sequence[Category]], limits: Sequence[int]) -> Draft:
    """The tree with new categories in it; what is there already stays as it is, where it is.

    Shapes: ``found`` by the id of the node below which its paths begin; ``limits`` of new ones under each parent.
    """
    return _Extension(found, limits, MAX_NODES - len(Tree(root))).node(root, 0)


class _Extension:
    def __init__(self, found: Mapping[str, Sequence[Category]], limits: Sequence[int], room: int) -> None:
        self._found = found
        self._limits = limits
        self._room = room

    def node(self, node: Node, level: int) -> Draft:
        children = tuple(self.node(child, level + 1) for child in node.children)
        draft = Draft(node.name, node.description, children, node.id)
        new: Counter[tuple[str, ...]] = Counter()
        for category in self._found.get(node.id, ()):
            if level + len(category.path) <= MAX_DEPTH:
                draft = self._grafted(draft, category, (), new)
        return draft

    def _grafted(
        self, draft: Draft, category: Category, above: tuple[str, ...], new: Counter[tuple[str, ...]]
    ) -> Draft:
        """The draft with the rest of the path in it, as far as there is room; ``new`` counts by parent."""
        rest = category.path[len(above) :]
        if not rest or len(above) >= len(self._limits):
            return draft
        children = list(draft.children)
        place = next((n for n, child in enumerate(children) if _same(child.name, rest[0])), None)
        if place is None:
            if new[above] >= self._limits[len(above)] or not self._room:
                return draft
            new[above] += 1
            self._room -= 1
            place = len(children)
            children.append(Draft(rest[0], category.description if len(rest) == 1 else ""))
        below = (*above, name_key(children[place].name))
        children[place] = self._grafted(children[place], category, below, new)
        return replace(draft, children=tuple(children))


def draft_tree(name: str, description: str, categories: Iterable[Category]) -> Draft:
    """A tree of paths; parents that nobody named are there without a description. At most ``MAX_NODES``."""
    root = _Branch(name, 0, description)
    count = 0
    for category in categories:
        branch = root
        for step in category.path:
            found = branch.children.get(name_key(step))
            if found is None:
                if count == MAX_NODES:
                    break
                count += 1
                found = branch.children.setdefault(name_key(step), _Branch(step, count))
            branch = found
        else:
            branch.description = branch.description or category.description
    return _drafted(root)


def within_limits(categories: Iterable[Category], limits: Sequence[int]) -> list[Category]:
    """In the given order, as many as the limits allow under each parent."""
    counts: dict[tuple[str, ...], int] = {}
    taken: set[tuple[str, ...]] = set()
    kept = []
    for category in categories:
        keys = tuple(name_key(name) for name in category.path[: len(limits)])
        for level in range(len(keys)):
            own, parent = keys[: level + 1], keys[:level]
            if own not in taken and (counts.get(parent, 0) >= limits[level]):
                break
            if own not in taken:
                taken.add(own)
                counts[parent] = counts.get(parent, 0) + 1
        else:
            kept.append(Category(category.path[: len(limits)], category.description))
    return kept


def _drafted(branch: _Branch) -> Draft:
    return Draft(branch.name, branch.description, tuple(_drafted(child) for child in branch.children.values()))


def _limited(branch: _Branch, path: tuple[str, ...], limits: tuple[int, ...]) -> Iterator[Category]:
    if not limits:
        return
    for child in _best(branch, limits[0]):
        below = (*path, child.name)
        yield Category(below, child.description)
        yield from _limited(child, below, limits[1:])


def _best(branch: _Branch, count: int) -> list[_Branch]:
    return sorted(branch.children.values(), key=lambda child: (-child.support, child.order))[:count]


def _keep_best(branch: _Branch, count: int) -> None:
    kept = {child.order for child in _best(branch, count)}
    branch.children = {key: child for key, child in branch.children.items() if child.order in kept}


def _below(branch: _Branch, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], _Branch]]:
    for child in branch.children.values():
        yield (*path, child.name), child
        yield from _below(child, (*path, child.name))


def _key(name: str) -> str:
    """Words without their order, their plural and what joins them; signs count, as in C and C++."""
    words = (word.strip(".,;:()\"'") for word in name_key(name).split())
    stems = (word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words)
    return " ".join(sorted({stem for stem in stems if stem and stem not in _JOINING})) or name_key(name)


def _same(first: str, second: str) -> bool:
    return _key(first) == _key(second) or _alike(first, second)


def _alike(first: str, second: str) -> bool:
    """Spellings of one name: they differ in little, and only inside long words."""
    if min(len(first), len(second)) < ALIKE_MIN_CHARS or max(*first, *second) >= UNSPACED_FROM:
        return False
    one, other = name_key(first), name_key(second)
    if fuzz.ratio(one, other, score_cutoff=ALIKE) < ALIKE:
        return False
    different = set(one.split()) ^ set(other.split())
    return all(len(word) >= LONG_WORD and word.isalpha() for word in different)
