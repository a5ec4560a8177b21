"""What the API tests share: a scripted model, and short ways to what providers saw and what the API answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import FormData

from app_parts import API, Json, Server
from chunksmith.app import RUNNER
from chunksmith.domain.calls import ChatReply, ChatRequest, Offer, Usage
from fake_llm import FakeLLM

MODES = ("default", "instruction following", "question and answer", "question", "answer", "summarization")
COLUMNS = {
    "default": ("question", "answer"),
    "question and answer": ("question", "answer"),
    "instruction following": ("instruction", "input", "output"),
    "question": ("question",),
    "answer": ("answer",),
    "summarization": ("summary", "key_points"),
}
TEXTS = ("question", "answer", "instruction", "input", "output", "summary", "key_points")


class ScriptedModel:
    """Answers each request with what ``reply`` makes of it; no network, no waiting."""

    def __init__(self, reply: Callable[[ChatRequest], Any]) -> None:
        self._reply = reply
        self.requests: list[ChatRequest] = []

    async def send(self, request: ChatRequest) -> bytes:
        self.requests.append(request)
        return json.dumps(self._reply(request)).encode()

    def decode(self, request: ChatRequest, raw: bytes) -> ChatReply:
        return ChatReply(raw.decode(), "stop", Usage(10, 10), request.model.model)

    def output_ceiling(self, request: ChatRequest) -> int:
        return request.max_tokens or 1000

    async def offer(self) -> Offer:
        return Offer([], [], has_default=True)

    async def close(self) -> None:
        """Nothing is open."""


def bodies(fake: FakeLLM) -> list[Json]:
    """The chat requests that were seen, oldest first."""
    chats = (request for request in fake.stats.seen if request.method == "POST" and request.body)
    return [json.loads(request.body) for request in chats]


def prompts(fake: FakeLLM) -> list[str]:
    """The last user message of each request in the shape of Grok or Ollama."""
    return [body["messages"][-1]["content"] for body in bodies(fake)]


async def entries(server: Server, dataset_id: str, **query: Any) -> list[Json]:
    page = await server.get(f"datasets/{dataset_id}/entries", params={"per_page": 1000, **query})
    found: list[Json] = page["entries"]
    return found


async def fresh(server: Server, body: Json, until: tuple[str, ...] = ("completed",)) -> tuple[Json, list[Json]]:
    """Generate, and read what came of it."""
    status = await server.generate(body, until)
    return status, await entries(server, status["result"]["dataset_id"])


async def download(server: Server, dataset_id: str, **query: Any) -> bytes:
    async with server.client.get(f"{API}/datasets/{dataset_id}/download", params=query) as response:
        content = await response.read()
        assert response.status == 200, content[:500]
        return content


async def rows(server: Server, dataset_id: str, **query: Any) -> list[Json]:
    content = await download(server, dataset_id, format="jsonl", **query)
    return [json.loads(line) for line in content.splitlines()]


async def job_count(server: Server) -> int:
    return int((await server.get("jobs"))["total"])


async def faults(server: Server, method: str, path: str, status: int = 400, **kwargs: Any) -> dict[str, str]:
    """Pointer to detail of a refusal."""
    problem = await server.call(method, path, status, **kwargs)
    return {fault["pointer"]: fault["detail"] for fault in problem["errors"]}


async def upload(server: Server, project: int, files: Mapping[str, bytes]) -> list[Json]:
    form = FormData()
    form.add_field("project_id", str(project))
    for name, content in files.items():
        form.add_field("files", content, filename=name)
    answer = await server.call("POST", "documents/upload", 201, data=form)
    documents: list[Json] = answer["documents"]
    return documents


def halted(server: Server, job_id: str) -> bool:
    """Whether a job that runs knows that it is to end or to pause."""
    running = server.client.app[RUNNER].running.values()
    return any(one.job.job_id == job_id and one.halted_by is not None for one in running)


async def halt(server: Server, fake: FakeLLM, job_id: str, verb: str) -> Json:
    """Pause or cancel a job whose replies are held back; they come when it knows of that."""
    asking = asyncio.ensure_future(server.post(f"jobs/{job_id}/{verb}"))
    await until(lambda: asking.done() or halted(server, job_id))
    fake.let_go()
    return await asking


async def until(condition: Callable[[], Awaitable[bool]] | Callable[[], bool]) -> None:
    """Looks again and again, a little apart. Errors: TimeoutError, long after any machine would have come to it."""
    async with asyncio.timeout(60):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


def mismatches(shape: Any, value: Any, at: str = "") -> list[str]:
    """Where ``value`` lacks a field of ``shape`` or has another type. A shape is a type, a tuple of types, or holds shapes."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{at}: {value!r} is no object"]
        missing = [f"{at}/{name} is missing" for name in shape if name not in value]
        return missing + [
            fault for name in shape if name in value for fault in mismatches(shape[name], value[name], f"{at}/{name}")
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at}: {value!r} is no list"]
        return [fault for index, one in enumerate(value) for fault in mismatches(shape[0], one, f"{at}/{index}")]
    fits = isinstance(value, shape) and not (isinstance(value, bool) and shape is int)
    return [] if fits else [f"{at}: {value!r}"]


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in _files(folder)}


def _files(folder: Path) -> Iterable[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())
