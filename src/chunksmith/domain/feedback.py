"""What reviewers say about entries, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, get_args

FeedbackType = Literal["bulk_edit", "quality_issue", "content_error", "approve", "reject"]
FEEDBACK_TYPES: tuple[FeedbackType, ...] = get_args(FeedbackType)
RATINGS = (1, 5)
MAX_ENTRIES = 10_000  # named in one request
MAX_EXAMPLES = 10
# Changes of an entry after which its text is another one: what was said before was about a former text.
TEXT_CHANGES = ("edited", "regenerated", "restored")


@dataclass(frozen=True, slots=True)
class FeedbackDraft:
    """The same words about one entry or many. ``author`` is the name of the API key, None when none is needed."""

    feedback_type: FeedbackType
    comments: str | None
    rating: int | None
    author: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """``revision`` is that of the entry; ``on_former_text``: its text has changed since."""

    id: int
    number: int
    feedback_type: FeedbackType
    comments: str | None
    rating: int | None
    author: str | None
    revision: int
    created_at: str
    on_former_text: bool = False


@dataclass(frozen=True, slots=True)
class FeedbackQuery:
    """``number`` of the entry; ``before``: only what is older than this id."""

    number: int | None = None
    feedback_type: FeedbackType | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class FeedbackSummary:
    """All feedback on a dataset. ``average_rating`` is None when nobody rated."""

    total: int = 0
    by_type: Mapping[FeedbackType, int] = field(default_factory=dict)
    average_rating: float | None = None
    entries_with_feedback: int = 0


class Judged(NamedTuple):
    """What a model and a reviewer gave the same text, as grades 1…5. An approval alone is 5, a rejection 1."""

    judge: float
    reviewer: float


class Reviewed(Protocol):
    async def judged(self, dataset: int, limit: int) -> list[Judged]:
        """Entries that a model judged and that a reviewer rated, approved or rejected since their text last changed.

        The newest word of a reviewer on an entry counts; the newest ``limit`` entries are given.
        """
        ...


class FeedbackRows(Protocol):
    async def give(self, dataset: int, numbers: Sequence[int], draft: FeedbackDraft) -> int:
        """Store it for each entry. Gives how many changed their status.

        Errors: NotFound naming those that are not there; nothing is stored then.
        """
        ...

    async def check_present(self, dataset: int, numbers: Sequence[int]) -> None:
        """Errors: NotFound naming entries that are not there."""
        ...

    async def page(self, dataset: int, query: FeedbackQuery, limit: int, offset: int = 0) -> list[Feedback]: ...
    async def count(self, dataset: int, query: FeedbackQuery) -> int: ...
    async def summary(self, dataset: int) -> FeedbackSummary: ...
    async def approved(self, project: int, mode: str, limit: int, of_one_passage: int) -> list[dict[str, Any]]:
        """Texts of entries whose newest verdict is an approval of the present text, the newest approval first.

        At most ``of_one_passage`` of them are about the same passage.
        """
        ...
