"""Replies that fit a JSON Schema and rest on the passage in the prompt.

Everything is decided by a hash of what is asked: the same question has the same reply, at any time, in any order.
"""

import hashlib
import re
from typing import Any

from pydantic_core import to_json

from fakellm.files import seen_in
from fakellm.messages import Asked, at

Schema = dict[str, Any]

DEFAULT_ITEMS = 3
MAX_DEPTH = 6
_PASSAGE = re.compile(r"<passage ([0-9a-f]{12})>\n(.*?)\n</passage \1>", re.DOTALL)
_FENCE = re.compile(r"(</?passage )[0-9a-f]{12}>")
_SENTENCE = re.compile(r"[^\s#>|\-*][^\n.!?。！？]{11,}(?:\.(?=\d)[^\n.!?]*)*[.!?。！？]?")
_TOLD_LIMIT = re.compile(r"\b(minItems|maxItems|minimum|maximum|maxLength): (\d+)")
_QUESTIONS = (
    "What is known about {}?",
    "How is {} described?",
    "What is stated regarding {}?",
    "What should a reader know about {}?",
)
_DIFFICULTIES = ("beginner", "intermediate", "advanced")


def passage_of(prompt: str) -> str:
    """The last fenced passage, or the whole prompt."""
    blocks = list(_PASSAGE.finditer(prompt))
    return blocks[-1][2] if blocks else prompt


def compose(asked: Asked, seed: int) -> str:
    """The text of a reply: what a schema asks for, otherwise sentences of the passage, in an object for JSON."""
    writer = _Writer(asked, seed)
    if asked.schema is None:
        text = " ".join(writer.sentences[:DEFAULT_ITEMS])
        return to_json({"text": text}).decode() if asked.form == "json" else text
    value = writer.fill(asked.schema, "", 0, 0)
    return str(value) if asked.form == "enum" else to_json(value).decode()


def recall(asked: Asked, known: dict[str, tuple[str, str]], accuracy: float, seed: int) -> str | None:
    """The reply to a question whose answer is known: of several that stand in the prompt, the last one."""
    places = {text: asked.prompt.rfind(text) for text in known}
    last = max(places, key=lambda text: places[text], default="")
    if places.get(last, -1) < 0:
        return None
    right, wrong = known[last]
    return right if draw(asked, seed) / 2**64 < accuracy else wrong


def draw(asked: Asked, seed: int) -> int:
    """A number for what is asked; the fence around a passage, which may be random, does not count."""
    prompt = _FENCE.sub(r"\1>", asked.prompt)
    shape = to_json(asked.schema) if asked.schema is not None else b""
    digest = hashlib.blake2b(f"{seed}\0{asked.model}\0{asked.seed}\0{prompt}\0".encode() + shape, digest_size=8)
    for content in asked.files:
        digest.update(content)
    return int.from_bytes(digest.digest())


class _Writer:
    """Fills one schema from one passage."""

    def __init__(self, asked: Asked, seed: int) -> None:
        self._root: Schema = asked.schema or {}
        self._draw = draw(asked, seed)
        self._page = seen_in(asked)
        passage = self._page or passage_of(asked.prompt)
        found = [match[0].strip() for match in _SENTENCE.finditer(passage)]
        self.sentences = [sentence for sentence in found if sentence] or [passage.strip()[:400] or "Nothing."]

    def fill(self, schema: Any, name: str, index: int, depth: int) -> Any:
        node = self._resolved(schema)
        if isinstance(node.get("enum"), list) and node["enum"]:
            return node["enum"][self._number(name, index) % len(node["enum"])]
        if "const" in node:
            return node["const"]
        kind = self._type(node)
        if kind == "object":
            return self._object(node, index, depth)
        if kind == "array":
            return self._array(node, name, index, depth)
        if kind == "string":
            return self._string(node, name, index)
        if kind in {"number", "integer"}:
            return self._amount(node, name, index, whole=kind == "integer")
        return self._number(name, index) % 4 != 0 if kind == "boolean" else None

    def _object(self, node: Schema, index: int, depth: int) -> dict[str, Any]:
        properties = node.get("properties") or {}
        required = set(node.get("required") or ())
        wanted = {key: item for key, item in properties.items() if depth < MAX_DEPTH or key in required}
        return {key: self.fill(item, key, index, depth + 1) for key, item in wanted.items()}

    def _array(self, node: Schema, name: str, index: int, depth: int) -> list[Any]:
        least, most = int(_limit(node, "minItems") or 0), _limit(node, "maxItems")
        wanted = int(most) if most is not None and depth <= 1 else min(DEFAULT_ITEMS, int(most or DEFAULT_ITEMS))
        wanted = max(least, min(wanted, len(self.sentences)))
        if depth >= MAX_DEPTH - 1:
            wanted = least
        return [self.fill(node.get("items") or {}, name, index + place, depth + 1) for place in range(wanted)]

    def _string(self, node: Schema, name: str, index: int) -> str:
        sentence = self.sentences[(self._draw + index) % len(self.sentences)]
        phrase = " ".join(sentence.rstrip(".!?。！？").split()[:6])
        lower = name.lower()
        if "markdown" in lower:
            text = self._page
        elif re.search(r"question|query|prompt", lower):
            text = _QUESTIONS[self._number("question", index) % len(_QUESTIONS)].format(phrase)
        elif "instruction" in lower:
            text = f"Explain what is known about {phrase}."
        elif "difficulty" in lower:
            text = _DIFFICULTIES[self._number(name, index) % 3]
        elif re.search(r"categor|label|title|name|topic|entity|term", lower):
            text = " ".join(phrase.split()[:3])
        elif "summary" in lower:
            text = " ".join(self.sentences[:2])
        else:
            text = sentence
        most = _limit(node, "maxLength")
        return text if most is None else text[: int(most)]

    def _amount(self, node: Schema, name: str, index: int, whole: bool) -> float:
        """In range; in its upper part, as a judge that is content would answer."""
        low = _limit(node, "minimum") or 0.0
        high = _limit(node, "maximum")
        if whole and re.search(r"index|number|_id$|^id$|^item$", name.lower()):
            return int(min(low + index, high if high is not None else low + index))
        high = high if high is not None else low + (3 if whole else 1)
        share = 0.6 + 0.4 * (self._number(name, index) % 1000) / 1000
        return round(low + (high - low) * share) if whole else round(low + (high - low) * share, 3)

    def _number(self, name: str, index: int) -> int:
        digest = hashlib.blake2b(f"{self._draw}\0{name}\0{index}".encode(), digest_size=4)
        return int.from_bytes(digest.digest())

    def _type(self, node: Schema) -> str:
        kind = node.get("type")
        if isinstance(kind, list):
            kind = next((item for item in kind if item != "null"), "null")
        if isinstance(kind, str):
            return kind.lower()
        if "properties" in node:
            return "object"
        return "array" if "items" in node else "string"

    def _resolved(self, schema: Any) -> Schema:
        """Follows references and takes the first alternative that is not null."""
        node: Schema = schema if isinstance(schema, dict) else {}
        for _ in range(20):
            if "$ref" in node:
                target = at(self._root, *str(node["$ref"]).removeprefix("#").strip("/").split("/"))
                node = self._root if node["$ref"] == "#" else {**(target or {}), **_without(node, "$ref")}
            elif choices := node.get("anyOf") or node.get("oneOf"):
                best: Schema = next((item for item in choices if item.get("type") not in {"null", "NULL"}), {})
                node = {**_without(node, "anyOf", "oneOf"), **best}
            elif parts := node.get("allOf"):
                node = {**_without(node, "allOf"), **parts[0]}
            else:
                return node
        return node


def _without(node: Schema, *names: str) -> Schema:
    return {key: value for key, value in node.items() if key not in names}


def _limit(node: Schema, name: str) -> float | None:
    """A limit as a keyword, or as the description tells it for a provider that does not read the keyword."""
    if isinstance(node.get(name), int | float):
        return float(node[name])
    told = dict(_TOLD_LIMIT.findall(str(node.get("description") or "")))
    return float(told[name]) if name in told else None
