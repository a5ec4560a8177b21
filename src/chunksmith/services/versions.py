"""Lines of versions: listed, frozen, compared, rolled back."""

from collections.abc import Mapping
from typing import NamedTuple

from chunksmith.domain.clock import timestamp
from chunksmith.domain.dataset_ports import DatasetRows
from chunksmith.domain.datasets import Dataset
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.domain.paging import Page, Window, decode_cursor, encode_cursor
from chunksmith.domain.ports import Clock
from chunksmith.domain.versions import (
    FrozenEntries,
    Line,
    PromptText,
    Version,
    VersionNumber,
    Versions,
    VersionType,
    line_of,
    parse_number,
)
from chunksmith.errors import Fault, InvalidRequest, NotFound
from chunksmith.services.gathering import Gathered
from chunksmith.services.projects import ProjectService
from chunksmith.services.row_sources import FrozenRows
from chunksmith.services.settling import Digest, Settling, digests
from chunksmith.services.version_comparing import Comparing, Comparison

# A large dataset takes longer to hash and to score: the answer does not wait for it.
ANSWER_WITHIN_S = 20.0


class Manifest(NamedTuple):
    """``prompts``: the templates that entries were asked for with, where they are still known."""

    version: Version
    prompts: list[PromptText]
    entries: list[Digest]
    next_cursor: str | None


class VersionService:
    def __init__(
        self,
        projects: ProjectService,
        datasets: DatasetRows,
        versions: Versions,
        entries: FrozenEntries,
        settling: Settling,
        clock: Clock,
    ) -> None:
        self._projects = projects
        self._datasets = datasets
        self._versions = versions
        self._entries = entries
        self._settling = settling
        self._comparing = Comparing(entries)
        self._clock = clock

    async def page(self, project: str, name: str | None, window: Window) -> Page[Version]:
        """Errors: NotFound for the project."""
        found, total = await self._versions.page(
            (await self._projects.resolve(project)).id, name, window.per_page, window.offset
        )
        return Page(found, total)

    async def latest(self, project: str, name: str) -> Version:
        return await self._versions.latest(await self._line(project, name))

    async def get(self, line: Line, number: str, pointer: str) -> Version:
        """Errors: InvalidRequest for what is no number; NotFound."""
        return await self._versions.get(line, _parsed(number, pointer))

    async def rows(self, dataset: Dataset, number: str, query: EntryQuery) -> FrozenRows:
        """Of a version of the line that a dataset belongs to. Errors: InvalidRequest; NotFound; StorageError."""
        line = line_of(dataset)
        if line is None:
            raise NotFound("Dataset version", f"{number}: {dataset.dataset_id} was made without enable_versioning")
        version = await self._settling.settle(await self.get(line, number, "query/version"))
        return FrozenRows(await self._datasets.get(version.dataset_id), version, self._entries, query)

    async def increment(
        self, project: str, name: str, kind: VersionType, description: str, author: str | None
    ) -> Version:
        """Errors: NotFound; Conflict while a rollback is under way."""
        line = await self._line(project, name)
        made = await self._versions.increment(
            line, kind, description=description, author=author, at=timestamp(self._clock)
        )
        return await self._settling.settle(made, ANSWER_WITHIN_S)

    async def roll_back(self, project: str, name: str, target: str, description: str, author: str | None) -> Version:
        """Errors: InvalidRequest; NotFound; Conflict while a job or another rollback works on the dataset."""
        line = await self._check(project, name, {"target_version": target})
        number = _parsed(target, "/target_version")
        made = await self._versions.roll_back(
            line,
            number,
            description=description or f"Rolled back to {number}",
            author=author,
            at=timestamp(self._clock),
        )
        # What was frozen before it is a version too, and nobody waits for that one.
        await self._settling.recover()
        return await self._settling.settle(made, ANSWER_WITHIN_S)

    async def compare(
        self, project: str, name: str, numbers: tuple[str, str], limit: int, cursor: str | None
    ) -> Comparison:
        """Errors: InvalidRequest; NotFound."""
        named = dict(zip(("version1", "version2"), numbers, strict=True))
        line = await self._check(project, name, named)
        first, second = [
            await self._settling.settle(await self.get(line, number, f"/{field}"), ANSWER_WITHIN_S)
            for field, number in named.items()
        ]
        return await self._comparing.compare(first, second, limit, cursor)

    async def faults(self, project: str | None, name: str | None, numbers: Mapping[str, str | None]) -> list[Fault]:
        """What is wrong with a line of versions, and with numbers by field; what is None is left aside."""
        gathered = Gathered()
        await self._look(project, name, numbers, gathered)
        return gathered.all_faults()

    async def manifest(self, project: str, name: str, number: str, limit: int, cursor: str | None) -> Manifest:
        """Errors: InvalidRequest; NotFound."""
        found = await self.get(await self._line(project, name), number, "query/version")
        version = await self._settling.settle(found, ANSWER_WITHIN_S)
        scope = f"manifest-{version.id}"
        after = decode_cursor(cursor, scope, 1)[0] if cursor is not None else 0
        query = EntryQuery(after=Position(None, after))
        page = await self._entries.page(version.frozen, query, limit + 1)
        used = sorted((version.facts or {}).get("prompts", {}))
        return Manifest(
            version,
            await self._versions.prompts(version.frozen.dataset, used),
            digests(page[:limit]),
            encode_cursor(scope, page[limit - 1].number) if len(page) > limit else None,
        )

    async def _check(self, project: str, name: str, numbers: Mapping[str, str]) -> Line:
        """Errors: everything that is wrong, at once."""
        gathered = Gathered()
        line = await self._look(project, name, numbers, gathered)
        gathered.settle()
        assert line is not None  # noqa: S101 - else there was a fault
        return line

    async def _look(
        self, project: str | None, name: str | None, numbers: Mapping[str, str | None], gathered: Gathered
    ) -> Line | None:
        """The line, when the project is known; its versions are looked for when it has any."""
        line = None
        with gathered.gathering("project_id"):
            line = await self._line(project, name or "") if project is not None else None
        with gathered.gathering("dataset_name"):
            if line is not None and name is not None:
                await self._versions.latest(line)
        has_versions = line is not None and name is not None and not gathered.tells("dataset_name")
        for field, number in numbers.items():
            with gathered.gathering(field):
                parsed = _parsed(number, f"/{field}") if number is not None else None
                if parsed is not None and line is not None and has_versions:
                    await self._versions.get(line, parsed)
        return line

    async def _line(self, project: str, name: str) -> Line:
        return Line((await self._projects.resolve(project)).id, name)


def _parsed(number: str, pointer: str) -> VersionNumber:
    found = parse_number(number)
    if found is None:
        raise InvalidRequest.field(pointer, "must be a version such as 1.2.0")
    return found
