"""Projects as archives: written here, taken by another instance."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from chunksmith.domain.corpus import ProjectOverview
from chunksmith.errors import RunnerUnavailable
from chunksmith.services.projects import ProjectService
from chunksmith.services.runner import Runner


class Mover(Protocol):
    """What moving projects needs of storage."""

    async def write(self, project: int, target: Path) -> None: ...
    async def take(self, pieces: AsyncIterator[bytes], limit_bytes: int) -> int: ...


class ProjectMoving:
    """``folder`` is for archives that are on their way out; ``limit_bytes`` for one that comes in."""

    def __init__(self, projects: ProjectService, mover: Mover, runner: Runner, folder: Path, limit_bytes: int) -> None:
        self._projects = projects
        self._mover = mover
        self._runner = runner
        self._folder = folder
        self._limit_bytes = limit_bytes

    async def archive(self, identifier: str) -> Path:
        """A file that the caller removes. Errors: NotFound; StorageError."""
        project = await self._projects.resolve(identifier)
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        target = self._folder / f".project-{project.id}-{secrets.token_hex(8)}.part"
        try:
            await self._mover.write(project.id, target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return target

    async def take(self, pieces: AsyncIterator[bytes]) -> ProjectOverview:
        """Errors: InvalidRequest; TooLarge; Conflict when the project is here already; StorageError."""
        if self._runner.stopping:
            raise RunnerUnavailable("the server is stopping")
        return await self._projects.get(await self._mover.take(pieces, self._limit_bytes))
