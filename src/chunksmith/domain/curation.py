"""What is done with entries after they are written: marked as duplicates, as contaminated, put into splits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, get_args

from chunksmith.domain.datasets import Entry

# Why an entry is in no list, count or download unless it is asked for.
LeftOut = Literal["duplicate", "contaminated"]
LEFT_OUT: tuple[LeftOut, ...] = get_args(LeftOut)
# What is done with duplicates, and with what other data has too.
Deduplicate = Literal["off", "mark", "drop"]
ContaminationAction = Literal["mark", "drop"]
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
SPLIT_RATIOS = (0.7, 0.15, 0.15)
REFERENCE_PREFIX = "reference_"
# References and datasets that entries are compared with, for one purpose.
MOST_COMPARED = 20


class Mark(NamedTuple):
    """What an entry is to have, if it still is at ``revision``."""

    number: int
    revision: int
    left_out: LeftOut | None
    duplicate_of: str | None
    contamination: dict[str, Any] | None


class Place(NamedTuple):
    """Where an entry goes."""

    number: int
    split: Split | None


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """Texts that entries are compared with: a benchmark, or data that is there already."""

    id: int
    name: str
    rows_count: int
    size_bytes: int
    sha256: str
    created_at: str

    @property
    def public_id(self) -> str:
        return f"{REFERENCE_PREFIX}{self.id}"


class ReferenceRow(NamedTuple):
    line: int
    prompt: str
    rest: str


class References(Protocol):
    """Rows arrive in slices and are invisible until ``finish``."""

    async def open(self, name: str, at: str) -> int:
        """Errors: Conflict when the name is taken."""
        ...

    async def add(self, reference: int, rows: Sequence[ReferenceRow]) -> None: ...

    async def finish(self, reference: int, rows_count: int, size_bytes: int, sha256: str) -> ReferenceSet: ...

    async def get(self, reference: int) -> ReferenceSet | None: ...

    async def page(self, limit: int, offset: int) -> tuple[list[ReferenceSet], int]: ...

    async def hide(self, reference: int) -> bool: ...

    async def discard_slice(self, reference: int) -> bool:
        """Remove some rows of a hidden one, at last itself. True: there is more."""
        ...

    async def hidden(self) -> list[int]: ...

    async def rows(self, reference: int, after: int, limit: int) -> list[ReferenceRow]: ...


class CurationRows(Protocol):
    async def texts(self, dataset: int, after: int, limit: int) -> list[Entry]:
        """Entries by number, those that are left out too; without evidence and the parts of their score."""
        ...

    async def mark(self, job: int, dataset: int, marks: Sequence[Mark]) -> None:
        """Marks, and all counts that they change, at once. Entries that were changed meanwhile are passed over."""
        ...

    async def place(self, dataset: int, places: Sequence[Place]) -> None: ...

    async def report(self, dataset: int, name: str, report: Mapping[str, Any], at: str) -> None:
        """Keep what a step found beside the dataset, under the name of the step."""
        ...
