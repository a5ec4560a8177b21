"""A field has an effect when two requests that differ in it alone send other calls, or leave something else behind."""

import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api_parts import until, upload
from app_parts import PASSAGES, Json, Server
from fake_llm import FakeLLM
from planted import texts_of
from reading_parts import pdf

TREE = {
    "name": "T",
    "children": [
        {"name": "Rocks", "description": "granite, quartz", "children": [{"name": "Granite"}, {"name": "Magma"}]},
        {"name": "Crafts", "children": [{"name": "Kiln"}]},
    ],
}
OTHER_TREE = {"name": "O", "children": [{"name": "Animals", "children": [{"name": "Heron"}]}, {"name": "Bread"}]}
LONG = "\n\n".join(f"Sentence number {n} tells about kiln {n}. The potter opens damper {n}." for n in range(30))
ENDS = ("completed", "failed", "paused")
_VOLATILE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z"
    r"|(?<=chunk_)\d+|(?<=datasets/)\d+|(?<=\(document )\d+"
)
_OWN = {"project_id", "document_id", "size_bytes", "id", "extraction_jobs", "document_ids", "taxonomy_id", "duration_s"}
_count = itertools.count()


@dataclass
class Material:
    """What a request can name; made anew for every run, so that no run sees another."""

    project: int
    documents: list[int] = field(default_factory=list)
    elsewhere: int = 0
    prompt: str = ""
    taxonomies: list[int] = field(default_factory=list)
    extractions: list[str] = field(default_factory=list)
    known: str = ""


Values = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """``changed`` beside ``base``: one field more, or another value of it. A function makes a value of the material.

    ``facet``: where the difference must show; None is anywhere.
    """

    changed: Values
    base: Values = field(default_factory=dict)
    facet: str | None = "sent"
    material: str = "chunks"


def resolved(values: Values, material: Material) -> Json:
    return {name: value(material) if callable(value) else value for name, value in values.items()}


def plain(value: Any) -> Any:
    """Without what is different in every run: ids, times, hashes."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items() if name not in _OWN}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return _VOLATILE.sub("…", value) if isinstance(value, str) else value


def sent(fake: FakeLLM) -> list[str]:
    """The calls, in any order."""
    chats = (request for request in fake.stats.seen if request.method == "POST" and request.body)
    return sorted(f"{request.path} {json.dumps(json.loads(request.body), sort_keys=True)}" for request in chats)


async def prepared(server: Server, what: str) -> Material:
    """``what``: chunks (``wide``: long ones), or something beside them, or documents that wait to be read."""
    number = next(_count)
    project = await server.post("projects", {"name": "P"}, 201)
    made = Material(int(project["id"]))
    if what in _FILES:
        found = await upload(server, made.project, dict([_FILES[what](number)]))
        made.documents = [one["id"] for one in found]
        return made
    passages = [*PASSAGES, "Magma is molten rock that cools slowly below the surface."]
    if what == "wide":
        passages = [text * 80 for text in passages]
    chunks = [{"text": text, "document": f"d{place // 2}.txt"} for place, text in enumerate(passages)]
    await server.post(f"projects/{made.project}/chunks", {"chunks": chunks}, 201)
    listed = await server.get("documents", params={"project_id": made.project})
    made.documents = sorted(one["id"] for one in listed["documents"])
    await _BESIDE[what](server, made, number)
    return made


async def _nothing(server: Server, made: Material, number: int) -> None:
    """The chunks are enough."""


async def _prompt(server: Server, made: Material, number: int) -> None:
    made.prompt = f"prompt {number}"
    await server.post("prompts", {"name": made.prompt, "content": "My own words: {chunk}"}, 201)


async def _elsewhere(server: Server, made: Material, number: int) -> None:
    """A project of its own, with a chunk."""
    other = await server.post("projects", {"name": "E"}, 201)
    made.elsewhere = int(other["id"])
    await server.post(f"projects/{made.elsewhere}/chunks", {"chunks": [{"text": "Tea is a drink of leaves."}]}, 201)


async def _taxonomies(server: Server, made: Material, number: int) -> None:
    await _elsewhere(server, made, number)
    for project, name, tree in (
        (made.project, "Old", OTHER_TREE),
        (made.project, "New", TREE),
        (made.elsewhere, "Else", OTHER_TREE),
    ):
        body = {"project_id": project, "name": name, "taxonomy": tree}
        made.taxonomies.append((await server.post("taxonomy", body, 201))["id"])


async def _extractions(server: Server, made: Material, number: int) -> None:
    listed = (await server.get(f"chunks/project/{made.project}"))["chunks"]
    for found in ([(0, "Tool", "damper"), (1, "Mineral", "quartz")], [(1, "Rock", "Granite"), (3, "Food", "starter")]):
        results = [
            {
                "chunk_id": listed[place]["id"],
                "is_validated": place == 1,
                "entities": [{"category": category, "text": text}],
            }
            for place, category, text in found
        ]
        body = {"project_id": made.project, "extraction_type": "ner", "results": results}
        made.extractions.append((await server.post("extraction/import", body, 201))["job_id"])


async def _approved(server: Server, made: Material, number: int) -> None:
    status = await server.generate({"project_id": made.project, "generation_model": "builtin"})
    path = f"datasets/{status['result']['dataset_id']}"
    (entry, *_) = (await server.get(f"{path}/entries"))["entries"]
    await server.post(f"{path}/feedback", {"entry_ids": [entry["id"]], "feedback_type": "approve"})


async def _repeated(server: Server, made: Material, number: int) -> None:
    chunks = [{"text": PASSAGES[0], "document": "again.txt"}]
    await server.post(f"projects/{made.project}/chunks", {"chunks": chunks}, 201)


async def _many(server: Server, made: Material, number: int) -> None:
    """Documents that have nothing in common."""
    texts = [f"{parts.prompt} {parts.rest}" for parts in texts_of(9)]
    chunks = [{"text": text, "document": f"more {place}.txt"} for place, text in enumerate(texts)]
    await server.post(f"projects/{made.project}/chunks", {"chunks": chunks}, 201)


async def _known(server: Server, made: Material, number: int) -> None:
    """A dataset of one document, by which the others can be measured."""
    body = {"project_id": made.project, "generation_model": "ollama", "document_ids": made.documents[:1]}
    made.known = (await server.generate(body))["result"]["dataset_id"]


async def _two_known(server: Server, made: Material, number: int) -> None:
    await _known(server, made, number)
    body = {"project_id": made.project, "generation_model": "ollama", "document_ids": made.documents[1:2]}
    await server.generate(body)


_FILES: dict[str, Callable[[int], tuple[str, bytes]]] = {
    "text": lambda number: ("a.txt", LONG.encode()),
    "scan": lambda number: ("a.pdf", pdf("scan: one", "scan: two")),
    # The ledger has no pages like these yet.
    "new scan": lambda number: ("a.pdf", pdf(f"scan: {number} one", f"scan: {number} two")),
}
_BESIDE: dict[str, Callable[[Server, Material, int], Any]] = {
    "chunks": _nothing,
    "wide": _nothing,
    "prompt": _prompt,
    "elsewhere": _elsewhere,
    "taxonomies": _taxonomies,
    "extractions": _extractions,
    "approved": _approved,
    "repeated": _repeated,
    "known": _known,
    "two known": _two_known,
    "many": _many,
}


async def seen_of(server: Server, fake: FakeLLM, path: str, body: Json, held: bool) -> Json:
    """Start a job and look at all that it did; a refusal is something to see, too.

    ``held``: the first replies are held until as many calls are in flight as the body allows.
    """
    fake.stats.seen.clear()
    fake.stats.max_in_flight.clear()
    fake.control({"hold_from": fake.stats.chats + 1 if held else None})
    async with server.client.post(f"/api/v1/{path}", json=body) as response:
        started = await response.json()
        if response.status >= 300:
            return {"refused": plain(started["errors"] if "errors" in started else started["detail"])}
    if held:
        await until(lambda: fake.held >= body.get("concurrency", 1))
        await server.get(f"jobs/{started['job_id']}")  # time enough for one too many
        fake.control({"hold_from": None})
    status = await server.ended(started["job_id"], ENDS)
    return {
        "sent": sent(fake),
        "warnings": started.get("warnings"),
        "in_flight": max(fake.stats.max_in_flight.values(), default=0),
        "end": [status["status"], status["reason"], plain(status["error"] or "")],
        "reused": status["result"]["usage"]["reused_calls"],
        "units": plain(status["result"]["units"]),
        "job": started["job_id"],
        "status": plain(status["result"]),
    }
