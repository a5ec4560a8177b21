"""Projects: the roof over documents, chunks and datasets."""

import uuid

from chunksmith.domain.corpus import Project, ProjectOverview
from chunksmith.domain.corpus_ports import Projects
from chunksmith.domain.paging import Page, Window
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import NotFound
from chunksmith.services.identifiers import as_uuid, row_number
from chunksmith.services.purging import Purging


class ProjectService:
    def __init__(self, projects: Projects, purging: Purging, clock: Clock) -> None:
        self._projects = projects
        self._purging = purging
        self._clock = clock

    async def create(self, name: str, description: str = "") -> ProjectOverview:
        """Names need not be unique; ids are."""
        project = await self._projects.create(str(uuid.uuid4()), name, description, self._now())
        return await self._overview(project)

    async def get(self, identifier: int | str) -> ProjectOverview:
        return await self._overview(await self.resolve(identifier))

    async def page(self, window: Window, name: str | None = None) -> Page[ProjectOverview]:
        found = await self._projects.page(window, name)
        counts = await self._projects.counts(found.items)
        return Page([ProjectOverview(project, counts[project.id]) for project in found.items], found.total)

    async def update(
        self, identifier: int | str, name: str | None = None, description: str | None = None
    ) -> ProjectOverview:
        """None leaves a field as it is."""
        project = await self.resolve(identifier)
        return await self._overview(await self._projects.update(project.id, name, description, self._now()))

    async def delete(self, identifier: int | str) -> None:
        """Invisible at once; what belongs to it is removed afterwards, also over restarts.

        Errors: NotFound; Conflict while a job or an import of it is not over.
        """
        project = await self.resolve(identifier)
        await self._projects.hide(project.id, self._now())
        self._purging.wake()

    async def resolve(self, identifier: int | str) -> Project:
        """``identifier`` is the integer id, as number or digits, or the UUID. Errors: NotFound."""
        as_text = as_uuid(str(identifier))
        if as_text is not None:
            project = await self._projects.by_uuid(as_text)
        else:
            project = await self._projects.by_id(row_number(identifier, "Project"))
        if project is None:
            raise NotFound("Project", identifier)
        return project

    async def _overview(self, project: Project) -> ProjectOverview:
        counts = await self._projects.counts([project])
        return ProjectOverview(project, counts[project.id])

    def _now(self) -> str:
        return rfc3339(self._clock.now())
