"""Taxonomies as they are written, read and changed."""

import uuid
from collections.abc import Mapping
from typing import Any

from chunksmith.domain.clock import timestamp
from chunksmith.domain.paging import Page, Window
from chunksmith.domain.ports import Clock
from chunksmith.domain.taxonomy import NewTaxonomy, Node, Taxonomies, Taxonomy, TaxonomySummary
from chunksmith.domain.taxonomy_drafts import Draft, identify
from chunksmith.errors import Conflict, Fault, NotFound, StaleEntry
from chunksmith.services.gathering import Gathered
from chunksmith.services.identifiers import as_uuid, row_number
from chunksmith.services.projects import ProjectService

WRITE_TRIES = 5


class TaxonomyService:
    def __init__(self, taxonomies: Taxonomies, projects: ProjectService, clock: Clock) -> None:
        self._taxonomies = taxonomies
        self._projects = projects
        self._clock = clock

    async def create(self, project_id: int | str, name: str, description: str, draft: Draft) -> Taxonomy:
        """Errors: NotFound; Conflict when the project has one of that name."""
        project = await self._projects.resolve(project_id)
        new = NewTaxonomy(str(uuid.uuid4()), project.id, name, description, "manual", identify(draft))
        return await self._taxonomies.add(new, timestamp(self._clock))

    async def faults(self, project_id: int | str | None, name: str | None) -> list[Fault]:
        """What is wrong with a new one, of what is given."""
        gathered = Gathered()
        with gathered.gathering("project_id"):
            if project_id is None:
                gathered.fault("project_id", "required")
            else:
                project = await self._projects.resolve(project_id)
                if name and await self._taxonomies.named(project.id, name) is not None:
                    gathered.refuse("name", Conflict(f"the project has a taxonomy named {name} already"))
        return gathered.all_faults()

    async def faults_of_change(self, identifier: str, project_id: str | None, name: str | None) -> list[Fault]:
        """What is wrong with a change, of what is given. Errors: NotFound for ``identifier``."""
        gathered = Gathered()
        await self._look_at_change(identifier, project_id, name, gathered)
        return gathered.all_faults()

    async def check_change(self, identifier: str, project_id: str | None, name: str | None) -> None:
        """Errors: NotFound; InvalidRequest; Conflict; everything that is wrong, at once."""
        gathered = Gathered()
        await self._look_at_change(identifier, project_id, name, gathered)
        gathered.settle()

    async def _look_at_change(
        self, identifier: str, project_id: str | None, name: str | None, gathered: Gathered
    ) -> None:
        own = await self.get(identifier)
        with gathered.gathering("project_id"):
            if project_id is not None and (await self._projects.resolve(project_id)).id != own.project_id:
                gathered.fault("project_id", "must be the taxonomy's own: a taxonomy stays in its project")
        other = await self._taxonomies.named(own.project_id, name) if name else None
        if other is not None and other.id != own.id:
            gathered.refuse("name", Conflict(f"the project has a taxonomy named {name} already"))

    async def get(self, identifier: int | str) -> Taxonomy:
        """``identifier`` is the integer id, as number or digits, or the UUID. Errors: NotFound."""
        as_text = as_uuid(str(identifier))
        if as_text is not None:
            taxonomy = await self._taxonomies.by_uuid(as_text)
        else:
            taxonomy = await self._taxonomies.get(row_number(identifier, "Taxonomy"))
        if taxonomy is None:
            raise NotFound("Taxonomy", identifier)
        return taxonomy

    async def chosen(self, project: int, name: str | None) -> Taxonomy:
        """The project's taxonomy of that exact name; without a name the newest. Errors: NotFound."""
        if name is not None:
            taxonomy = await self._taxonomies.named(project, name)
        else:
            taxonomy = await self._taxonomies.newest(project)
        if taxonomy is None:
            raise NotFound("Taxonomy", name if name is not None else f"project {project} has none")
        return taxonomy

    async def page(self, project_id: int | str, window: Window, name: str | None) -> Page[TaxonomySummary]:
        project = await self._projects.resolve(project_id)
        return await self._taxonomies.page(project.id, window, name)

    async def change(self, identifier: int | str, fields: Mapping[str, Any], if_match: str | None = None) -> Taxonomy:
        """Only the named of ``name``, ``description`` and ``draft`` change; nodes keep their ids.

        Errors: NotFound; Conflict when the name is taken; StaleEntry when ``if_match`` names another state.
        """
        for _ in range(WRITE_TRIES):
            old = await self.get(identifier)
            if not _meets(old, if_match):
                break
            tree: Node = identify(fields["draft"], old.tree) if "draft" in fields else old.tree
            name, description = fields.get("name", old.name), fields.get("description", old.description)
            at = timestamp(self._clock)
            changed = await self._taxonomies.change(old, name, description, tree, at, old.made_by)
            if changed is not None:
                return changed
        raise StaleEntry(f"taxonomy {identifier} changed since it was read")

    async def delete(self, identifier: int | str, if_match: str | None = None) -> None:
        """Errors: NotFound; Conflict while a job extends it; StaleEntry."""
        old = await self.get(identifier)
        revision = old.revision if if_match is not None else None
        deleted = await self._taxonomies.delete(old.id, revision) if _meets(old, if_match) else None
        if deleted is None:
            raise StaleEntry(f"taxonomy {identifier} changed since it was read")
        if not deleted:
            raise NotFound("Taxonomy", identifier)


def etag_of(taxonomy: TaxonomySummary) -> str:
    return f'"{taxonomy.uuid}-{taxonomy.revision}"'


def _meets(taxonomy: TaxonomySummary, if_match: str | None) -> bool:
    """Whether an ``If-Match`` header names this state; a weak tag names none."""
    if if_match is None or if_match.strip() == "*":
        return True
    return etag_of(taxonomy) in [etag.strip() for etag in if_match.split(",")]
