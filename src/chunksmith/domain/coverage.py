"""What of a project's material the entries of a dataset rest on."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, get_args

from chunksmith.domain.datasets import Evidence

# Accepted: an entry of the dataset rests on it. Rejected: entries did, but none is accepted. Untouched: none ever did.
CoverageState = Literal["accepted", "rejected", "untouched"]
COVERAGE_STATES: tuple[CoverageState, ...] = get_args(CoverageState)


class StateCounts(NamedTuple):
    accepted: int
    rejected: int
    untouched: int

    @property
    def total(self) -> int:
        return sum(self)

    def of(self, state: CoverageState | None) -> int:
        return self.total if state is None else int(getattr(self, state))


class EntryCounts(NamedTuple):
    accepted: int = 0
    rejected: int = 0

    @property
    def state(self) -> CoverageState:
        if self.accepted:
            return "accepted"
        return "rejected" if self.rejected else "untouched"


class DocumentCoverage(NamedTuple):
    document_id: int
    name: str
    chunks: StateCounts
    entries: EntryCounts


class Pointed(NamedTuple):
    """The evidence of an entry that rests on a chunk."""

    chunk_id: int
    is_accepted: bool
    evidence: tuple[Evidence, ...]


class CoverageRows(Protocol):
    async def counts(self, project: int, dataset: int) -> StateCounts:
        """Of the chunks of the project."""
        ...

    async def chunk_ids(
        self, project: int, dataset: int, state: CoverageState | None, after: int, limit: int, offset: int
    ) -> list[int]: ...

    async def pointed(self, dataset: int, chunks: Sequence[int]) -> list[Pointed]: ...

    async def documents(
        self, project: int, dataset: int, limit: int, offset: int
    ) -> tuple[list[DocumentCoverage], int]: ...

    async def categories(self, dataset: int) -> dict[tuple[str | None, str | None], EntryCounts]:
        """By category and its id in the taxonomy."""
        ...

    async def gaps(self, project: int, dataset_id: str | None, chunks: Sequence[int]) -> list[int]:
        """Those of ``chunks`` on which no accepted entry rests: of this dataset, None: of any of the project."""
        ...
