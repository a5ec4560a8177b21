"""Versions: the runs of one ``dataset_name`` in a project are a line, and each frozen state of it has a number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, get_args

from chunksmith.domain.datasets import Dataset, Entry
from chunksmith.domain.entry_query import EntryQuery, Filled

VersionType = Literal["major", "minor", "patch"]
VERSION_TYPES: tuple[VersionType, ...] = get_args(VersionType)
# How a version came to be: a job's first end, a retry of its failed units, a person's wish, a rollback, and what was
# frozen by itself so that a rollback loses nothing.
Origin = Literal["run", "retry", "increment", "rollback", "before_rollback"]
ORIGINS: tuple[Origin, ...] = get_args(Origin)
NUMBER_PATTERN = r"^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$"
_NUMBER = re.compile(NUMBER_PATTERN)


class VersionNumber(NamedTuple):
    """Ordered as numbers: 1.10.0 comes after 1.9.0."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def after(self, kind: VersionType) -> "VersionNumber":
        match kind:
            case "major":
                return VersionNumber(self.major + 1, 0, 0)
            case "minor":
                return VersionNumber(self.major, self.minor + 1, 0)
            case "patch":
                return VersionNumber(self.major, self.minor, self.patch + 1)


FIRST = VersionNumber(1, 0, 0)


def parse_number(text: str) -> VersionNumber | None:
    found = _NUMBER.fullmatch(text)
    return VersionNumber(*(int(part) for part in found.groups())) if found else None


class Line(NamedTuple):
    """All versions of one ``dataset_name`` in a project."""

    project_id: int
    name: str


def line_of(dataset: Dataset) -> Line | None:
    """None when it was made without versions."""
    return Line(dataset.project_id, dataset.name) if dataset.settings.get("enable_versioning") else None


class Frozen(NamedTuple):
    """Which entries a version has: those of a dataset in one of its states; ``names_at`` is the version (its row) at
    whose time documents had the names that are shown."""

    dataset: int
    state: int
    names_at: int


@dataclass(frozen=True, slots=True)
class Version:
    """A frozen state of a line.

    ``quality``, ``content_sha256`` and ``facts`` are None until they are computed, once, from what is frozen.
    ``restoring``: it is a rollback, and the dataset's entries are still being put back; its own content is complete.
    """

    id: int
    line: Line
    number: VersionNumber
    frozen: Frozen
    dataset_id: str
    job_id: str | None
    mode: str
    origin: Origin
    target: VersionNumber | None  # of a rollback
    description: str
    author: str | None
    settings: dict[str, Any]
    flagged: str | None
    entries_count: int
    quality: dict[str, Any] | None
    content_sha256: str | None
    facts: dict[str, Any] | None
    created_at: str
    restoring: bool


@dataclass(frozen=True, slots=True)
class Seal:
    """What is computed of a version after it is frozen, and what of the settings its exports show."""

    content_sha256: str
    quality: dict[str, Any] | None
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A job's result that becomes a version; ``round`` counts the retries of its failed units, 0 = none."""

    job: int
    dataset: int
    round: int


class PromptText(NamedTuple):
    """A template: the hash that entries carry, its name and its text."""

    sha256: str
    name: str
    text: str


class Versions(Protocol):
    """Every method that writes is one transaction."""

    async def page(self, project: int, name: str | None, limit: int, offset: int) -> tuple[list[Version], int]:
        """The greatest number first within a line; without ``name`` all lines, the newest version first."""
        ...

    async def latest(self, line: Line) -> Version:
        """Errors: NotFound."""
        ...

    async def get(self, line: Line, number: VersionNumber) -> Version:
        """Errors: NotFound, also when it went with its dataset."""
        ...

    async def reload(self, version: int) -> Version: ...
    async def freeze_run(self, run: Run, line: Line, at: str) -> Version | None:
        """The version of this run, made now or before; None for a retry that changed nothing."""
        ...

    async def increment(
        self, line: Line, kind: VersionType, *, description: str, author: str | None, at: str
    ) -> Version:
        """Freeze the newest dataset of the line as it is. Errors: NotFound; Conflict while a rollback is under way."""
        ...

    async def roll_back(
        self, line: Line, target: VersionNumber, *, description: str, author: str | None, at: str
    ) -> Version:
        """A version with the content of ``target``. What the dataset has that no version has is frozen first.

        Errors: NotFound; Conflict while a job works on the dataset, or another rollback is under way.
        """
        ...

    async def restore_slice(self, version: int, at: str) -> bool:
        """Put some of the dataset's entries back as a rollback has them; False when all are."""
        ...

    async def prompts(self, dataset: int, hashes: Sequence[str]) -> list[PromptText]:
        """Those of the hashes that a job of the dataset used."""
        ...

    async def unrestored(self) -> list[Version]: ...
    async def unsealed(self) -> list[Version]: ...
    async def seal(self, version: int, seal: Seal) -> None:
        """The first seal stays."""
        ...


class FrozenEntries(Protocol):
    """Entries as they stand in a version, by number unless said otherwise. What was left out then is left out here."""

    async def page(self, frozen: Frozen, query: EntryQuery, limit: int) -> list[Entry]:
        """Of the query, filters and position count; the order is always that of the numbers."""
        ...

    async def filled(self, frozen: Frozen, query: EntryQuery) -> Filled: ...
    async def by_numbers(self, frozen: Frozen, numbers: Sequence[int]) -> list[Entry]: ...
    async def changed(self, dataset: int, states: tuple[int, int], after: int, limit: int) -> list[int]:
        """Numbers of entries that may differ between two states, the lower one first."""
        ...

    async def chunks(self, frozen: Frozen, after: int, limit: int) -> list[int]:
        """Chunks that have entries, in order of their ids."""
        ...

    async def of_chunks(self, frozen: Frozen, first: int, last: int) -> list[Entry]:
        """Entries of chunks from ``first`` to ``last``, chunk by chunk, and by number within one."""
        ...

    async def categories(self, frozen: Frozen) -> set[str]: ...
    async def documents(self, frozen: Frozen, limit: int) -> tuple[list[dict[str, Any]], int]:
        """What the entries come from, some of it named, and how many documents there are."""
        ...
