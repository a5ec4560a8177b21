"""Documents that a model reads page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

# ``waiting`` and ``unread`` are still to be asked for; ``unread`` was, without success.
PageState = Literal["text_layer", "blank", "waiting", "read", "unread"]
OPEN: frozenset[PageState] = frozenset({"waiting", "unread"})


@dataclass(frozen=True, slots=True)
class PagePart:
    """The text of one page, or of a run of pages whose text layer was good (``page`` to ``last_page``, from 1)."""

    page: int
    last_page: int
    state: PageState
    text: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """What there is to read in a document, as found before the first call."""

    media_type: str
    title: str | None
    parts: tuple[PagePart, ...]

    @property
    def page_count(self) -> int:
        return self.parts[-1].last_page if self.parts else 0


class PageSpan(NamedTuple):
    """Where a part stands in the text of the whole document: character offsets."""

    page: int
    last_page: int
    start: int
    end: int


class Readings(Protocol):
    """One reading for each document and model. Pages are durable one by one."""

    async def plan(self, document: int, model: str) -> ReadingPlan | None: ...

    async def begin(self, document: int, model: str, plan: ReadingPlan, at: str) -> None:
        """Keep the plan. One that is there already stays."""
        ...

    async def keep_page(self, document: int, model: str, part: PagePart, at: str) -> bool:
        """False when the document has gone."""
        ...

    async def is_open(self, document: int, model: str) -> bool:
        """Whether there are pages that are still to be asked for."""
        ...


def joined(parts: Sequence[PagePart]) -> tuple[str, list[PageSpan]]:
    """The text of all parts, a blank line between them, and where each stands in it.

    Shapes: ``text[span.start:span.end]`` is the part's text; parts without text have no span.
    """
    pieces: list[str] = []
    spans: list[PageSpan] = []
    at = 0
    for part in parts:
        if not part.text:
            continue
        at += len(_GAP) if pieces else 0
        pieces.append(part.text)
        spans.append(PageSpan(part.page, part.last_page, at, at + len(part.text)))
        at += len(part.text)
    return _GAP.join(pieces), spans


_GAP = "\n\n"
