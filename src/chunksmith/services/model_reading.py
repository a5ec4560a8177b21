"""Models that read pages and propose borders, on behalf of a job. Pages are durable one by one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from chunksmith.domain.calls import ChatReply, ChatRequest, ModelRef, Stage
from chunksmith.domain.corpus import Document, ParsedText
from chunksmith.domain.halts import Halt
from chunksmith.domain.jobs import Job
from chunksmith.domain.ports import Clock
from chunksmith.domain.reading import OPEN, PagePart, ReadingPlan, Readings, joined
from chunksmith.domain.times import rfc3339
from chunksmith.errors import DocumentUnreadable, NotFound, ProviderError, ReplyUnreadable
from chunksmith.gateway.callers import Caller
from chunksmith.gateway.gateway import Gateway
from chunksmith.ingest.chunking import ChunkSpec, semantic_units
from chunksmith.ingest.pages import PageFile, PageForm, render_pages, survey_pages
from chunksmith.ingest.parsers.document import clean_text
from chunksmith.pipeline.pool import Pool
from chunksmith.pipeline.propose_borders import Window, WindowBorders, borders_of, windows
from chunksmith.pipeline.read_pages import read_page
from chunksmith.services.steering import caller_of, limit_calls
from chunksmith.settings import ParsingSettings

# Gemini reads PDF itself; the others are shown pictures of the pages.
_FORMS: dict[str, PageForm] = {"gemini": "pdf"}
PAGES_AHEAD = 4
WARNINGS_MOST = 20
FEWEST_SENTENCES = 3


class JobCalls:
    """The calls of one job: counted on it, under its ceilings, at most ``concurrency`` of them in flight."""

    def __init__(
        self, gateway: Gateway, caller: Caller, concurrency: int, tell: Callable[[str], Awaitable[None]]
    ) -> None:
        """``tell``: what the job is at, for people."""
        self._gateway = gateway
        self._caller = caller
        self._concurrency = concurrency
        self._pools: set[Pool[Any]] = set()
        self.tell = tell

    async def ask(self, request: ChatRequest, position: int, stage: Stage) -> ChatReply:
        """Errors: ProviderError, and what halts the job."""
        answer = await self._gateway.ask(request, self._caller, position=position, stage=stage)
        return answer.reply

    def halt(self, reason: Halt) -> None:
        for pool in self._pools:
            pool.halt(reason)
        self._gateway.halt(self._caller, reason)

    def set_limits(self, concurrency: int, max_calls: int | None, max_cost_nano: int | None) -> None:
        self._concurrency = concurrency
        for pool in self._pools:
            pool.set_concurrency(concurrency)
        limit_calls(self._caller, concurrency, max_calls, max_cost_nano)

    async def each(self, places: Sequence[int], work: Callable[[int], Awaitable[None]]) -> None:
        """``work`` for each of ``places``, which rise. Errors: the Halt that ended it."""

        async def fetch(after: int, limit: int) -> Sequence[_Place]:
            return [_Place(place) for place in places if place > after][:limit]

        async def at(place: _Place) -> None:
            await work(place.position)

        pool = Pool(fetch, at, self._concurrency)
        if self._caller.halted_by is not None:
            raise self._caller.halted_by
        self._pools.add(pool)
        try:
            await pool.run()
        finally:
            self._pools.discard(pool)


@dataclass(frozen=True, slots=True)
class DocumentCalls:
    """The calls for one document. ``position`` stands in the ledger and must be the same after a restart."""

    job: JobCalls
    position: int
    label: str

    async def ask(self, request: ChatRequest, stage: Stage) -> ChatReply:
        return await self.job.ask(request, self.position, stage)

    async def tell(self, what: str) -> None:
        await self.job.tell(f"Reading {self.label}: {what}")


class ReadDocument(NamedTuple):
    parsed: ParsedText
    unread: tuple[PagePart, ...]
    pages: int


class Topics(NamedTuple):
    """``offsets`` of sentences that begin a topic. ``notes``: what could not be used."""

    offsets: frozenset[int]
    notes: tuple[str, ...]


class ModelReading:
    def __init__(self, gateway: Gateway, readings: Readings, settings: ParsingSettings, clock: Clock) -> None:
        self._gateway = gateway
        self._readings = readings
        self._settings = settings
        self._clock = clock

    def calls_of(
        self, job: Job, models: Sequence[ModelRef], tell: Callable[[str], Awaitable[None]], *, reuse: bool = True
    ) -> JobCalls:
        """For a job that starts or goes on; ``forget`` it at its end."""
        for model in models:
            self._gateway.reopen(model.provider)
        return JobCalls(self._gateway, caller_of(job, reuse=reuse), job.concurrency, tell)

    def forget(self, job: Job) -> None:
        self._gateway.forget(job.id)

    async def is_open(self, document: Document, model: ModelRef) -> bool:
        """Whether pages of it are still to be read."""
        return await self._readings.is_open(document.id, str(model))

    async def read(
        self,
        document: Document,
        path: Path,
        media_type: str,
        model: ModelRef,
        calls: DocumentCalls,
        local: asyncio.Semaphore,
    ) -> ReadDocument:
        """Read what is not read yet, page by page. ``local`` limits the processes that look at files.

        Errors: DocumentUnreadable; NotFound when the document is deleted meanwhile; what halts the job, with the pages
        that were read kept.
        """
        plan = await self._plan(document, path, media_type, model, local)
        waiting = [part.page for part in plan.parts if part.state in OPEN]
        pages = _Pages(path, media_type, waiting, _FORMS.get(model.provider, "image"), self._settings, local)
        down = plan.page_count - len(waiting)
        read: dict[int, PagePart] = {}
        gone = False

        async def work(page: int) -> None:
            nonlocal gone
            if gone:
                return
            part = await _page(await pages.take(page), model, calls)
            gone = not await self._readings.keep_page(document.id, str(model), part, self._now()) or gone
            read[page] = part
            await calls.tell(f"page {down + len(read)}/{plan.page_count}")

        await calls.job.each(waiting, work)
        if gone:
            raise NotFound("Document", document.id)
        return _document(plan, [read.get(part.page, part) for part in plan.parts], model)

    async def topics(self, text: str, spec: ChunkSpec, model: ModelRef, calls: DocumentCalls) -> Topics:
        """Where the model says that topics begin. Errors: what halts the job."""
        units = await asyncio.to_thread(semantic_units, text, spec)
        if len(units) < FEWEST_SENTENCES:
            return Topics(frozenset(), ())
        shown = await asyncio.to_thread(windows, [text[unit.start : unit.end] for unit in units])
        found: dict[int, WindowBorders] = {}

        async def work(place: int) -> None:
            window: Window = shown[place]
            found[place] = await borders_of(calls.ask, model, window)
            await calls.tell(f"borders, part {len(found)}/{len(shown)}")

        await calls.job.each(range(len(shown)), work)
        offsets = frozenset(units[index].start for one in found.values() for index in one.borders)
        return Topics(offsets, _notes_on([found[place] for place in sorted(found)]))

    async def _plan(
        self, document: Document, path: Path, media_type: str, model: ModelRef, local: asyncio.Semaphore
    ) -> ReadingPlan:
        """What is there from before, else what the file has. Errors: DocumentUnreadable."""
        known = await self._readings.plan(document.id, str(model))
        if known is not None:
            return known
        limits = self._settings
        async with local:
            plan = await survey_pages(path, media_type, timeout_s=limits.timeout_s, memory_bytes=limits.memory_bytes)
        await self._readings.begin(document.id, str(model), plan, self._now())
        return plan

    def _now(self) -> str:
        return rfc3339(self._clock.now())


class _Place(NamedTuple):
    position: int


class _Pages:
    """Pages as files, a few at a time in one process; each is given once, and then forgotten."""

    def __init__(
        self,
        path: Path,
        media_type: str,
        pages: Sequence[int],
        form: PageForm,
        settings: ParsingSettings,
        local: asyncio.Semaphore,
    ) -> None:
        self._path = path
        self._media_type = media_type
        self._form = form
        self._settings = settings
        self._local = local
        self._ahead = deque(pages)
        self._made: dict[int, PageFile] = {}
        self._lock = asyncio.Lock()

    async def take(self, page: int) -> PageFile:
        async with self._lock:
            while page not in self._made:
                batch = [self._ahead.popleft() for _ in range(min(PAGES_AHEAD, len(self._ahead)))]
                for file in await self._rendered(batch):
                    self._made[file.page] = file
            return self._made.pop(page)

    async def _rendered(self, batch: Sequence[int]) -> list[PageFile]:
        """A page that ends the process does not take its neighbours with it."""
        try:
            return await self._render(batch)
        except DocumentUnreadable as exc:
            if len(batch) == 1:
                return [PageFile(batch[0], None, exc.detail)]
        return [file for page in batch for file in await self._rendered([page])]

    async def _render(self, batch: Sequence[int]) -> list[PageFile]:
        limits = self._settings
        async with self._local:
            return await render_pages(
                self._path,
                self._media_type,
                batch,
                self._form,
                timeout_s=limits.timeout_s,
                memory_bytes=limits.memory_bytes,
            )


async def _page(file: PageFile, model: ModelRef, calls: DocumentCalls) -> PagePart:
    """Errors: what halts the job."""
    if file.attachment is None:
        return PagePart(file.page, file.page, "unread", problem=file.problem)
    try:
        text = await read_page(calls.ask, model, file.attachment)
    except (ProviderError, ReplyUnreadable) as exc:
        return PagePart(file.page, file.page, "unread", problem=exc.detail)
    return PagePart(file.page, file.page, "read", clean_text(text))


def _document(plan: ReadingPlan, parts: Sequence[PagePart], model: ModelRef) -> ReadDocument:
    text, _ = joined(parts)
    unread = tuple(part for part in parts if part.state in OPEN)
    warnings = [f"Page {part.page} was not read: {part.problem}" for part in unread[:WARNINGS_MOST]]
    if len(unread) > WARNINGS_MOST:
        warnings.append(f"{len(unread) - WARNINGS_MOST} further pages were not read.")
    if all(part.state in ("text_layer", "blank") for part in parts):
        warnings.append(f"{model} was not asked: each page has a good text layer, or nothing on it.")
    return ReadDocument(ParsedText(text, plan.media_type, plan.title, tuple(warnings)), unread, plan.page_count)


def _notes_on(found: Sequence[WindowBorders]) -> tuple[str, ...]:
    notes = []
    if unusable := sum(one.unusable for one in found):
        notes.append(f"{unusable} proposed borders are not in the text")
    if problems := [one.problem for one in found if one.problem is not None]:
        notes.append(f"{len(problems)} of {len(found)} parts got no proposals: {problems[0]}")
    return tuple(notes)
