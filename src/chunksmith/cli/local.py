"""What commands do on the data directory itself, without a server."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.serve import settings_of_flags
from chunksmith.domain.clock import SystemClock
from chunksmith.domain.keys import ApiKey
from chunksmith.services.keys import KeyService
from chunksmith.settings import load
from chunksmith.storage.database import Database
from chunksmith.storage.files import make_private
from chunksmith.storage.keys import KeyStore

T = TypeVar("T")
DATABASE = "chunksmith.db"


def with_keys(
    config: Path | None, data_dir: Path | None, use: Callable[[KeyService], Awaitable[T]], *, make: bool = False
) -> T:
    """The database takes a second process while a server runs; nothing else of the data directory is touched.

    Errors: Failure, unless ``make``, for a directory that has no database.
    """
    folder = load(config, settings_of_flags(data_dir=data_dir)).server.data_dir
    if not make and not (folder / DATABASE).exists():
        raise Failure(f"{folder} is no data directory: there is no {DATABASE} in it", ExitCode.INVALID)

    async def run() -> T:
        database = Database(folder / DATABASE)
        await database.open()
        try:
            return await use(KeyService(KeyStore(database), SystemClock()))
        finally:
            await database.close()

    try:
        make_private(folder)
        return asyncio.run(run())
    except OSError as exc:
        raise Failure(f"{exc.filename or folder} cannot be used: {exc.strerror}") from exc


def key_out(key: ApiKey) -> dict[str, Any]:
    return asdict(key)
