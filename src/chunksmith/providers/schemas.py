"""Making one JSON Schema fit what each provider reads.

References are resolved in place, ``const`` becomes ``enum`` and ``oneOf`` becomes ``anyOf``. A limit that the provider
does not read is told to the model in the description instead, so that it is not lost.
"""

import functools
from typing import Any

from pydantic_core import from_json, to_json

from chunksmith.domain.calls import schema_json

Schema = dict[str, Any]

STRUCTURE = frozenset(
    {"type", "properties", "required", "items", "prefixItems", "anyOf", "enum", "additionalProperties"}
)
_LIMITS = frozenset(
    "minItems maxItems uniqueItems minLength maxLength pattern format minimum maximum exclusiveMinimum "
    "exclusiveMaximum multipleOf minProperties maxProperties".split()
)


def adapted(schema: Schema, keywords: frozenset[str]) -> Schema:
    """The schema with nothing but ``keywords`` in it. The answer is shared between callers: do not change it.

    Shapes: a definition that contains itself stays a reference, and its definition stays where it was.
    """
    return _adapted(schema_json(schema), keywords)


@functools.lru_cache(maxsize=256)
def _adapted(schema_json: bytes, keywords: frozenset[str]) -> Schema:
    root: Schema = from_json(schema_json)
    work = _Adaptation(root, keywords)
    return work.run()


class _Adaptation:
    """One pass over one schema; remembers which definitions are recursive."""

    def __init__(self, root: Schema, keywords: frozenset[str]) -> None:
        self._root = root
        self._keywords = keywords
        self._recursive: list[str] = []

    def run(self) -> Schema:
        fitted: Schema = self._fit(self._root, ("#",))
        for reference in self._recursive:  # grows while definitions refer to further recursive ones
            if reference != "#":
                self._put_back(fitted, reference)
        return fitted

    def _fit(self, node: Any, path: tuple[str, ...]) -> Any:
        if not isinstance(node, dict):
            return node
        node = _plain(node)
        reference = node.get("$ref")
        if isinstance(reference, str):
            return self._resolve(node, reference, path)
        kept: Schema = {}
        told: list[str] = []
        for name, value in node.items():
            if name in STRUCTURE or name in self._keywords:
                kept[name] = self._child(name, value, path)
            elif name in _LIMITS:
                told.append(f"{name}: {to_json(value).decode()}")
        if told:
            kept["description"] = " ".join(filter(None, [kept.get("description"), f"({', '.join(told)})"]))
        return kept

    def _child(self, name: str, value: Any, path: tuple[str, ...]) -> Any:
        if name == "properties" and isinstance(value, dict):
            return {key: self._fit(item, path) for key, item in value.items()}
        if name in {"anyOf", "prefixItems"} and isinstance(value, list):
            return [self._fit(item, path) for item in value]
        if name in {"items", "additionalProperties"}:
            return self._fit(value, path)
        return value

    def _resolve(self, node: Schema, reference: str, path: tuple[str, ...]) -> Any:
        target = _pointer(self._root, reference)
        if reference in path or target is None:
            if target is not None and reference not in self._recursive:
                self._recursive.append(reference)
            return {"$ref": reference}
        beside = {name: value for name, value in node.items() if name != "$ref"}
        return self._fit({**target, **beside}, (*path, reference))

    def _put_back(self, fitted: Schema, reference: str) -> None:
        *parents, last = reference.removeprefix("#/").split("/")
        place = fitted
        for step in parents:
            place = place.setdefault(step, {})
        place[last] = self._fit(_pointer(self._root, reference), (reference,))


def _plain(node: Schema) -> Schema:
    """The same meaning without ``const``, ``oneOf`` and ``allOf``."""
    plain = {name: value for name, value in node.items() if name not in {"const", "oneOf", "allOf"}}
    if "const" in node:
        plain["enum"] = [node["const"]]
    if isinstance(node.get("oneOf"), list):
        plain.setdefault("anyOf", node["oneOf"])
    parts = node.get("allOf")
    for part in parts if isinstance(parts, list) else []:
        plain = _merged(plain, part)
    return _plain(plain) if plain.keys() & {"const", "oneOf", "allOf"} else plain


def _merged(node: Schema, part: Schema) -> Schema:
    both = {**part, **node}
    if "properties" in part and "properties" in node:
        both["properties"] = {**part["properties"], **node["properties"]}
    if "required" in part and "required" in node:
        both["required"] = list(dict.fromkeys([*node["required"], *part["required"]]))
    return both


def _pointer(root: Schema, reference: str) -> Schema | None:
    """What ``#/...`` points at in this document; None for anything else."""
    if reference == "#":
        return root
    if not reference.startswith("#/"):
        return None
    place: Any = root
    for step in reference[2:].split("/"):
        if not isinstance(place, dict):
            return None
        place = place.get(step.replace("~1", "/").replace("~0", "~"))
    return place if isinstance(place, dict) else None
