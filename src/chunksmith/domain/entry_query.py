"""How a list of entries is chosen and ordered."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Sort = Literal["id", "quality", "category", "difficulty"]
SORTS: tuple[Sort, ...] = get_args(Sort)


class Position(NamedTuple):
    """A place in an ordered list: what the entry there is sorted by, and its number."""

    value: float | str | int | None
    number: int


@dataclass(frozen=True, slots=True)
class EntryQuery:
    """``order`` None is the natural one: best first for quality, easiest first for difficulty. Ties by id."""

    sort: Sort = "id"
    order: Literal["asc", "desc"] | None = None
    filter_quality: float | None = None
    quality_below: float | None = None
    category: str | None = None
    split: str | None = None
    status: str | None = None
    difficulty: str | None = None
    q: str | None = None
    after: Position | None = None
