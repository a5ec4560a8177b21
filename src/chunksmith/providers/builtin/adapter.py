"""The built-in generator as a provider: its work runs in processes of its own, never on the event loop."""

import asyncio
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Final

from pydantic_core import from_json, to_json

from chunksmith.domain.calls import ChatReply, ChatRequest, ModelInfo, Offer, ProviderAccount, Task, Usage
from chunksmith.errors import InvalidRequest, ProviderError
from chunksmith.providers.builtin import generator

NAME = "builtin"
MAX_WORKERS = 2
_FREE: Final = Usage(input_tokens=0, output_tokens=0, cached_tokens=0, thinking_tokens=0, cost_nano_usd=0)


class BuiltinModel:
    """``ChatModel`` without a model. The processes start with the first call and live until ``close``."""

    def __init__(self, account: ProviderAccount, reply_text: Callable[[Task], str] = generator.reply_text) -> None:
        self._timeout_s = account.timeout_s
        self._reply_text = reply_text
        self._pool: ProcessPoolExecutor | None = None

    async def send(self, request: ChatRequest) -> bytes:
        """Ask a process for the reply.

        Errors: ProviderError "bad_request" without a task; "timeout"; "server" when no process starts, or two die.
        """
        if request.task is None:
            detail = "the built-in generator needs a task: it cannot read prompts"
            raise ProviderError("bad_request", detail, provider=NAME, sent=False)
        wall_s = request.timeout_s or self._timeout_s
        try:
            async with asyncio.timeout(wall_s):
                text = await self._generated(request.task)
        except InvalidRequest as exc:
            raise ProviderError("bad_request", exc.detail, provider=NAME, sent=False) from exc
        except TimeoutError as exc:
            raise ProviderError("timeout", f"no reply after {wall_s:g} s", provider=NAME) from exc
        return to_json({"text": text, "model": NAME})

    def decode(self, request: ChatRequest, raw: bytes) -> ChatReply:
        try:
            text = from_json(raw)["text"]
        except (ValueError, KeyError, TypeError) as exc:
            raise ProviderError(
                "server", "the stored reply is not one of the built-in generator", provider=NAME
            ) from exc
        return ChatReply(str(text), "stop" if str(text).strip() else "empty", _FREE, NAME)

    def output_ceiling(self, request: ChatRequest) -> int:
        """It has no tokens."""
        return 0

    async def offer(self) -> Offer:
        return Offer([ModelInfo(NAME)], [], has_default=True)

    async def close(self) -> None:
        """Waits for the task that each process is at; what has not begun is dropped."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    async def _generated(self, task: Task) -> str:
        """A process that was killed breaks the pool for all: each caller tries once more with a new one."""
        pool = self._running()
        try:
            return await self._submit(pool, task)
        except BrokenProcessPool:
            self._drop(pool)
        pool = self._running()
        try:
            return await self._submit(pool, task)
        except BrokenProcessPool as exc:
            self._drop(pool)
            detail = "the processes of the built-in generator were ended twice: is the memory full?"
            raise ProviderError("server", detail, provider=NAME) from exc

    async def _submit(self, pool: ProcessPoolExecutor, task: Task) -> str:
        """A process may have to start first, and the first of them waits for the imports: not on the event loop."""
        try:
            reply = await asyncio.to_thread(pool.submit, self._reply_text, task)
        except (OSError, EOFError) as exc:
            detail = f"no process of the built-in generator could be started: {exc}"
            raise ProviderError("server", detail, provider=NAME, sent=False) from exc
        return await asyncio.wrap_future(reply)

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=min(MAX_WORKERS, os.cpu_count() or 1),
                mp_context=_starting(),
                initializer=_prepare_worker,
            )
        return self._pool

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
            pool.shutdown(wait=False, cancel_futures=True)


_LONGEST_FOLDER = 75
"""characters of the folder of temporary files: the socket below it has a name of at most 107"""


def _starting() -> ForkServerContext | SpawnContext:
    """Imports happen once, in a process without threads; each worker is a fork of it and shares its memory."""
    if len(os.fsencode(tempfile.gettempdir())) > _LONGEST_FOLDER:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", __name__])
    return context


def _prepare_worker() -> None:
    """Stopping is the parent's business: an interrupt of the terminal must not end a task that is being waited for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, name="parent-watch", daemon=True).start()


def _leave_with_parent() -> None:
    """A worker waits on a pipe that it holds open itself, so it would outlive a parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
