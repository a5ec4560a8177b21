"""How a list of entries is chosen and ordered."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from chunksmith.domain.datasets import MatchKind

Sort = Literal["id", "quality", "category", "difficulty"]
SORTS: tuple[Sort, ...] = get_args(Sort)


# In ``EntryQuery.split``, and as the name of a file: entries that have no split.
UNASSIGNED = "unassigned"


class Position(NamedTuple):
    """A place in an ordered list: what the entry there is sorted by, and its number."""

    value: float | str | int | None
    number: int


class Filled(NamedTuple):
    """How many of some entries have a value in a column that need not have one, and how many are in each split.

    ``splits``: by SPLITS and UNASSIGNED, all of them.
    """

    categories: int
    difficulties: int
    scores: int
    evidence: int
    splits: dict[str, int]


@dataclass(frozen=True, slots=True)
class EntryQuery:
    """``evidence`` is the weakest match among an entry's quotes, ``none`` also where it has none.

    ``order`` None is the natural one: best first for quality, easiest first for difficulty. Ties by id.

    ``left_out``: entries that are left out for this reason, or ``any``; None: those that are not left out, except that
    the status ``rejected`` means all that are rejected. ``duplicate``: those that repeat another one, or do not.
    """

    sort: Sort = "id"
    order: Literal["asc", "desc"] | None = None
    filter_quality: float | None = None
    quality_below: float | None = None
    min_groundedness: float | None = None
    evidence: MatchKind | None = None
    category: str | None = None
    split: str | None = None
    status: str | None = None
    difficulty: str | None = None
    q: str | None = None
    left_out: str | None = None
    duplicate: bool | None = None
    contaminated: bool | None = None
    after: Position | None = None
