"""What reading and editing datasets needs of storage."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from chunksmith.domain.datasets import BatchFile, Dataset, Entry, NewestBatches
from chunksmith.domain.entry_query import EntryQuery, Filled, Position
from chunksmith.domain.ledger import WritingCall


class DatasetRows(Protocol):
    async def get(self, dataset_id: str) -> Dataset: ...
    async def page(self, project: int, limit: int, offset: int) -> tuple[list[Dataset], int]: ...
    async def named(self, project: int, name: str, last: int, limit: int) -> list[Dataset]:
        """Those of this ``dataset_name`` up to the row ``last``, the newest first."""
        ...

    async def batches(self, job: int) -> list[BatchFile]: ...
    async def newest_batches(self, job: int, most: int) -> NewestBatches: ...
    async def delete(self, dataset: Dataset, *, with_versions: bool = False) -> None: ...


class EntryPages(Protocol):
    async def page(self, dataset: int, query: EntryQuery, limit: int, offset: int = 0) -> list[Entry]: ...


class EntryRows(EntryPages, Protocol):
    async def place(
        self, dataset: int, query: EntryQuery, skip: int, *, backwards: bool = False
    ) -> Position | None: ...
    async def count(self, dataset: int, query: EntryQuery) -> int: ...
    async def filled(self, dataset: int, query: EntryQuery) -> Filled: ...
    async def get(self, dataset: int, number: int) -> Entry: ...
    async def history(self, dataset: int, number: int) -> list[dict[str, Any]]: ...
    async def change(
        self,
        dataset: int,
        number: int,
        edit: Callable[[Entry], Entry | None],
        *,
        change: str,
        at: str,
        editor: str | None = None,
        feedback: str | None = None,
        expected_revision: int | None = None,
    ) -> Entry | None: ...


class Scores(Protocol):
    async def rescore(self, dataset: int, entries: Sequence[Entry]) -> None:
        """Store new scores; an entry that was edited meanwhile keeps its own."""
        ...


class WritingCalls(Protocol):
    async def writing_call(self, call_id: int) -> WritingCall | None: ...


class Replies(Protocol):
    async def prune_slice(self, before: str | None, job: int | None, after: int) -> tuple[int, int, int]:
        """Remove some raw replies of calls after ``after``; gives how many, how many bytes, and the last call."""
        ...

    async def prunable(self, before: str | None, job: int | None) -> tuple[int, int]: ...
