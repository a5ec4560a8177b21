"""The scores of a whole stored dataset, in one pass over its entries."""

import asyncio
from collections.abc import Sequence
from typing import Any

from chunksmith.domain.dataset_ports import EntryPages
from chunksmith.domain.datasets import Entry
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.quality.dataset_scores import DatasetScore

SCORE_PAGE = 1000


async def score_dataset(entries: EntryPages, dataset: int) -> dict[str, Any]:
    total = DatasetScore()
    query = EntryQuery()
    while page := await entries.page(dataset, query, SCORE_PAGE):
        await asyncio.to_thread(_add_all, total, page)
        query = EntryQuery(after=Position(None, page[-1].number))
    return await asyncio.to_thread(total.result)


def _add_all(total: DatasetScore, page: Sequence[Entry]) -> None:
    for entry in page:
        total.add(entry)
