"""From a tree as somebody wrote it to one with an id for every node: ids outlive edits."""

import unicodedata
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from chunksmith.domain.taxonomy import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    MAX_DEPTH,
    MAX_NODES,
    Node,
    name_key,
)
from chunksmith.errors import Fault, InvalidRequest

_FIELDS = ("children", "description", "id", "name")
Path = tuple[str, ...]
# A new id for the node at this path of names.
NewId = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A node as it was written; ``id`` is None where none was given."""

    name: str
    description: str = ""
    children: tuple["Draft", ...] = ()
    id: str | None = None


def read_tree(raw: Any, pointer: str = "/taxonomy") -> Draft:
    """Check a tree of ``{name, description?, id?, children?}``. Errors: InvalidRequest with all faults."""
    reading = _Reading()
    draft = reading.node(raw, pointer, 0)
    if reading.nodes > MAX_NODES + 1:
        reading.faults.append(Fault(pointer, f"has more than {MAX_NODES} categories"))
    if reading.faults or draft is None:
        raise InvalidRequest.of(reading.faults)
    return draft


class _Reading:
    """One pass over what was sent; stops counting where it is too much, and descends no deeper than is allowed."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.nodes = 0
        self._ids: set[str] = set()

    def node(self, raw: Any, pointer: str, level: int) -> Draft | None:
        self.nodes += 1
        if not isinstance(raw, Mapping):
            self._fault(pointer, "must be a JSON object")
            return None
        for name in raw:
            if name not in _FIELDS:
                self._fault(f"{pointer}/{_escaped(str(name))}", f"unknown field (known: {', '.join(_FIELDS)})")
        name = self._name(raw, pointer)
        description = self._description(raw.get("description", ""), f"{pointer}/description")
        node_id = self._id(raw.get("id"), f"{pointer}/id")
        return Draft(name, description, self._children(raw.get("children"), f"{pointer}/children", level), node_id)

    def _children(self, raw: Any, pointer: str, level: int) -> tuple[Draft, ...]:
        if raw is None:
            return ()
        if not isinstance(raw, list):
            self._fault(pointer, "must be a list")
            return ()
        if raw and level == MAX_DEPTH:
            self._fault(pointer, f"a taxonomy has at most {MAX_DEPTH} levels")
            return ()
        found: list[Draft] = []
        seen: dict[str, int] = {}
        for n, item in enumerate(raw):
            if self.nodes > MAX_NODES + 1:
                break
            child = self.node(item, f"{pointer}/{n}", level + 1)
            if child is None:
                continue
            found.append(child)
            if child.name and seen.setdefault(name_key(child.name), n) != n:
                first = seen[name_key(child.name)]
                self._fault(f"{pointer}/{n}/name", f"{child.name[:100]!r} is the name of number {first} here, too")
        return tuple(found)

    def _name(self, raw: Mapping[str, Any], pointer: str) -> str:
        pointer = f"{pointer}/name"
        if "name" not in raw:
            self._fault(pointer, "required")
            return ""
        name = raw["name"]
        if not isinstance(name, str):
            self._fault(pointer, "must be a string")
            return ""
        name = name.strip()
        if not 1 <= len(name) <= LONGEST_NAME:
            self._fault(pointer, f"must be from 1 to {LONGEST_NAME} characters long")
        if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
            self._fault(pointer, "must be one line of plain text")
        return name

    def _description(self, raw: Any, pointer: str) -> str:
        if raw is None:
            return ""
        if not isinstance(raw, str):
            self._fault(pointer, "must be a string")
            return ""
        if len(raw) > LONGEST_DESCRIPTION:
            self._fault(pointer, f"must be at most {LONGEST_DESCRIPTION} characters long")
        if "\x00" in raw or any("\ud800" <= char <= "\udfff" for char in raw):
            self._fault(pointer, "must be text, without NUL and lone surrogates")
        return raw.strip()

    def _id(self, raw: Any, pointer: str) -> str | None:
        if raw is None:
            return None
        node_id = _as_uuid(raw) if isinstance(raw, str) else None
        if node_id is None:
            self._fault(pointer, "must be a UUID; leave it out for a new one")
        elif node_id in self._ids:
            self._fault(pointer, "is the id of another node, too")
        else:
            self._ids.add(node_id)
        return node_id

    def _fault(self, pointer: str, detail: str) -> None:
        self.faults.append(Fault(pointer, detail))


def random_id(path: Path) -> str:
    """For trees that people write."""
    return str(uuid.uuid4())


def derived_ids(namespace: str) -> NewId:
    """For trees that jobs make: the same work gives the same ids, however often it is interrupted."""
    root = uuid.UUID(namespace)
    return lambda path: str(uuid.uuid5(root, "\x1f".join(path)))


def identify(draft: Draft, previous: Node | None = None, new_id: NewId = random_id) -> Node:
    """A tree with ids. Given ids stay; a node without one keeps the id that ``previous`` has at the same path of names,
    else the id of the child of the same name under the same parent; the rest gets new ones.
    """
    return _Identification(draft, previous, new_id).node(draft, (), None)


class _Identification:
    def __init__(self, draft: Draft, previous: Node | None, new_id: NewId) -> None:
        self._new_id = new_id
        self._by_path: dict[Path, str] = {}
        self._by_parent: dict[tuple[str, str], str] = {}
        if previous is not None:
            self._remember(previous, ())
        nodes = list(_walk(draft, ()))
        self._given = {node.id for _, node in nodes if node.id is not None}
        # Ids that a path keeps: no other node may take them over from a parent.
        kept = {self._by_path[path] for path, node in nodes if node.id is None and path in self._by_path}
        self._claimed = self._given | kept
        self._used = self._claimed | set(self._by_path.values())

    def node(self, draft: Draft, path: Path, parent_id: str | None) -> Node:
        node_id = draft.id or self._kept(draft, path, parent_id) or self._fresh(path)
        children = tuple(self.node(child, (*path, name_key(child.name)), node_id) for child in draft.children)
        return Node(node_id, draft.name, draft.description, children)

    def _kept(self, draft: Draft, path: Path, parent_id: str | None) -> str | None:
        found = self._by_path.get(path)
        if found is not None and found not in self._given:
            return found
        moved = self._by_parent.get((parent_id, name_key(draft.name))) if parent_id is not None else None
        if moved is None or moved in self._claimed:
            return None
        self._claimed.add(moved)
        return moved

    def _fresh(self, path: Path) -> str:
        """An id that no node has or had: a derived one may be that of a node that was renamed since."""
        candidates = (self._new_id((*path, f"\x1e{n}") if n else path) for n in count())
        node_id = next(candidate for candidate in candidates if candidate not in self._used)
        self._used.add(node_id)
        return node_id

    def _remember(self, node: Node, path: Path) -> None:
        self._by_path[path] = node.id
        for child in node.children:
            self._by_parent[node.id, name_key(child.name)] = child.id
            self._remember(child, (*path, name_key(child.name)))


def draft_of(node: Node) -> Draft:
    """As it would be written, ids and all."""
    return Draft(node.name, node.description, tuple(draft_of(child) for child in node.children), node.id)


def _walk(draft: Draft, path: Path) -> Iterator[tuple[Path, Draft]]:
    yield path, draft
    for child in draft.children:
        yield from _walk(child, (*path, name_key(child.name)))


def _as_uuid(text: str) -> str | None:
    try:
        return str(uuid.UUID(text)) if len(text) == 36 else None
    except ValueError:
        return None


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
