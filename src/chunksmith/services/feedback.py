"""What reviewers say: taken in for many entries at once, listed, added up; and approved entries as examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chunksmith.domain.clock import timestamp
from chunksmith.domain.dataset_ports import DatasetRows
from chunksmith.domain.datasets import ENTRY_PREFIX
from chunksmith.domain.feedback import Feedback, FeedbackDraft, FeedbackQuery, FeedbackRows, FeedbackSummary
from chunksmith.domain.paging import Window, decode_cursor, encode_cursor
from chunksmith.domain.ports import Clock
from chunksmith.domain.row_numbers import row_number_in
from chunksmith.errors import Fault, NotFound
from chunksmith.services.gathering import Gathered

LARGEST_NUMBER = 2**36 - 1
NAMED = 100


@dataclass(frozen=True, slots=True)
class FeedbackPage:
    items: Sequence[Feedback]
    total: int
    next_cursor: str | None
    summary: FeedbackSummary


@dataclass(frozen=True, slots=True)
class Given:
    """``status_changed`` counts the entries that are now rejected, or not rejected any more."""

    entries: int
    status_changed: int
    summary: FeedbackSummary


class FeedbackService:
    def __init__(self, datasets: DatasetRows, feedback: FeedbackRows, clock: Clock) -> None:
        self._datasets = datasets
        self._feedback = feedback
        self._clock = clock

    async def give(self, dataset_id: str, values: Mapping[str, Any], author: str | None) -> Given:
        """An entry that is named twice counts once. Errors: NotFound naming all that are unknown; nothing is stored."""
        dataset = await self._datasets.get(dataset_id)
        numbers = entry_numbers(values["entry_ids"])
        draft = FeedbackDraft(
            values["feedback_type"], values["comments"] or None, values["rating"], author, timestamp(self._clock)
        )
        changed = await self._feedback.give(dataset.id, numbers, draft)
        return Given(len(numbers), changed, await self._feedback.summary(dataset.id))

    async def faults(self, dataset_id: str, values: Mapping[str, Any]) -> list[Fault]:
        """What is wrong with a request, faulty fields at their defaults. Errors: NotFound for the dataset."""
        dataset, gathered = await self._datasets.get(dataset_id), Gathered()
        with gathered.gathering("entry_ids"):
            await self._feedback.check_present(dataset.id, entry_numbers(values["entry_ids"] or ()))
        return gathered.all_faults()

    async def page(self, dataset_id: str, values: Mapping[str, Any], window: Window) -> FeedbackPage:
        """The newest first. Errors: InvalidRequest for a cursor of another list."""
        dataset = await self._datasets.get(dataset_id)
        number = entry_number(values["entry_id"]) if values["entry_id"] is not None else None
        query = FeedbackQuery(number, values["feedback_type"])
        total = await self._feedback.count(dataset.id, query)
        offset = window.offset
        scope = f"feedback-{dataset.id}-{number}-{query.feedback_type}"
        if window.cursor is not None:
            (before,) = decode_cursor(window.cursor, scope, 1)
            query, offset = FeedbackQuery(number, query.feedback_type, before), 0
        found = await self._feedback.page(dataset.id, query, window.per_page + 1, offset)
        shown = found[: window.per_page]
        cursor = encode_cursor(scope, shown[-1].id) if len(found) > window.per_page else None
        return FeedbackPage(shown, total, cursor, await self._feedback.summary(dataset.id))

    async def summary(self, dataset_id: str) -> FeedbackSummary:
        return await self._feedback.summary((await self._datasets.get(dataset_id)).id)


class FewShot:
    """Entries that reviewers approved, to show a model what is wanted."""

    def __init__(self, feedback: FeedbackRows) -> None:
        self._feedback = feedback

    async def examples(self, project: int, mode: str, count: int) -> tuple[dict[str, Any], ...]:
        """Texts of entries of any dataset of the project in this mode, the newest approval first.

        With the ``chunk_id`` of each: to its own passage an entry would be the answer, not an example. Of twice as
        many, half of one passage at most, ``count`` are left for every passage.
        """
        return tuple(await self._feedback.approved(project, mode, 2 * count, count)) if count else ()


def entry_number(entry_id: str) -> int:
    """``entry_7`` or ``7``, not ``entry_07``: an entry has one id. Errors: NotFound."""
    number = row_number_in(entry_id.removeprefix(ENTRY_PREFIX))
    if number is None or not 1 <= number <= LARGEST_NUMBER:
        raise NotFound("Entry", entry_id[:100])
    return number


def entry_numbers(entry_ids: Sequence[str]) -> list[int]:
    """In order, each once. Errors: NotFound naming those that no entry can have."""
    numbers, unknown = set(), []
    for entry_id in entry_ids:
        try:
            numbers.add(entry_number(entry_id))
        except NotFound:
            unknown.append(entry_id[:100])
    if unknown:
        more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        raise NotFound("Entry" if len(unknown) == 1 else "Entries", ", ".join(unknown[:NAMED]) + more)
    return sorted(numbers)
