"""What became of a call is handed to the ledger until it is there, however long the disk is full."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from chunksmith.domain.ports import Clock
from chunksmith.errors import StorageError

log = logging.getLogger(__name__)
RETRY_S = 5.0
Write = Callable[[], Awaitable[None]]


class Keeper:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # What could not be written, oldest first.
        self._held: dict[asyncio.Future[None], Write] = {}
        self._retrying: asyncio.Task[None] | None = None
        self._fault: StorageError | None = None

    @property
    def obstacle(self) -> StorageError | None:
        """Why something is held. While it is, nothing else should be begun that has to be kept as well."""
        return self._fault if self._held else None

    def keep(self, write: Write) -> "asyncio.Future[None]":
        """``write`` has been called when this returns; the future is done when its change is durable.

        Errors, of the future: what ``write`` raises, but no StorageError, after which it is called again.
        """
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.ensure_future(write()).add_done_callback(partial(self._written, kept, write))
        return kept

    async def close(self) -> None:
        """Give up what is held: the next start finds the calls open."""
        if self._retrying is not None:
            self._retrying.cancel()
            await asyncio.wait([self._retrying])
        for kept in self._held:
            kept.cancel()
        self._held.clear()

    def _written(self, kept: "asyncio.Future[None]", write: Write, tried: "asyncio.Future[None]") -> None:
        exc = None if tried.cancelled() else tried.exception()
        if isinstance(exc, StorageError):
            log.error("reply_held", extra={"detail": exc.detail})
            self._fault = exc
            self._held[kept] = write
            if self._retrying is None or self._retrying.done():
                self._retrying = asyncio.create_task(self._retry(), name="ledger-retry")
        else:
            _settle(kept, tried)

    async def _retry(self) -> None:
        while self._held:
            await self._clock.sleep(RETRY_S)
            # One finds out whether there is room; the others follow in one group.
            if await self._try(next(iter(self._held))):
                await asyncio.gather(*(self._try(kept) for kept in list(self._held)))

    async def _try(self, kept: "asyncio.Future[None]") -> bool:
        tried = asyncio.ensure_future(self._held[kept]())
        await asyncio.wait([tried])
        exc = tried.exception()
        if isinstance(exc, StorageError):
            self._fault = exc
            return False
        del self._held[kept]
        _settle(kept, tried)
        return True


def _settle(kept: "asyncio.Future[None]", tried: "asyncio.Future[None]") -> None:
    if kept.done():
        return
    if tried.cancelled():
        kept.cancel()
    elif (exc := tried.exception()) is not None:
        kept.set_exception(exc)
    else:
        kept.set_result(None)
