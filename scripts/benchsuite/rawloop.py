"""The client by itself: what is left when ledger, prompts, parsing, entries and the API are taken away.

``python -m benchsuite.rawloop aiohttp|httpx|adapter URL CONCURRENCY CALLS`` prints one JSON line. ``httpx`` is a plain
``httpx.AsyncClient`` on aiohttp's connector with the body ready made; ``adapter`` is what the pipeline sends through.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport
from pydantic_core import to_json

from benchsuite.material import passage
from chunksmith.domain.calls import ChatRequest, Message, ModelRef, ProviderAccount
from chunksmith.pipeline import prompts, replies
from chunksmith.providers import grok

WARM_UP = 500
Send = Callable[[], Awaitable[Any]]


async def measure(client: str, url: str, concurrency: int, calls: int) -> dict[str, float]:
    account = ProviderAccount("grok", (f"{url}/v1",), "grok-4.3", api_key="bench-key", max_concurrency=2048)
    request = _request()
    if client == "adapter":
        model = grok.GrokModel(account)
        result = await _timed(lambda: model.send(request), concurrency, calls)
        await model.close()
        return result
    body = to_json(grok.encode(request, account))
    headers = {"Authorization": "Bearer bench-key", "Content-Type": "application/json"}
    address = f"{url}/v1/chat/completions"
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2048), headers=headers)
    if client == "httpx":
        async with httpx.AsyncClient(transport=AiohttpTransport(client=session), headers=headers) as plain:
            return await _timed(lambda: plain.post(address, content=body), concurrency, calls)
    async with session:

        async def post() -> None:
            async with session.post(address, data=body) as answer:
                await answer.read()

        return await _timed(post, concurrency, calls)


async def _timed(send: Send, concurrency: int, calls: int) -> dict[str, float]:
    await _run(send, concurrency, WARM_UP)
    wall, cpu = time.perf_counter(), time.process_time()
    await _run(send, concurrency, calls)
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu, "calls": calls}


async def _run(send: Send, concurrency: int, calls: int) -> None:
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            await send()

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())


def _request() -> ChatRequest:
    """As large as those of the pipeline."""
    shape = replies.reply_schema("default", 3, classified=False)
    system = prompts.SYSTEM + to_json(shape).decode()
    messages = (Message("system", system), Message("user", prompts.render("{chunk}", passage(0), {})))
    return ChatRequest(ModelRef("grok", "grok-4.3"), messages, shape, 0.3, 2048)


if __name__ == "__main__":
    name, address, width, count = sys.argv[1:]
    print(json.dumps(uvloop.run(measure(name, address, int(width), int(count)))))
