"""One chunk becomes entries: ask, read, ask once more, find the evidence, score, decide."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from chunksmith.domain.calls import ChatReply, ChatRequest, Stage, Task
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES, GenerationSpec, Mode
from chunksmith.domain.halts import JobFatal
from chunksmith.domain.jobs import Outcome, OutcomeStatus, Unit
from chunksmith.errors import ProviderError, ReplyUnreadable
from chunksmith.gateway.callers import Answer, Caller
from chunksmith.gateway.gateway import Gateway
from chunksmith.pipeline import classify, evidence, prompts, replies
from chunksmith.pipeline.asking import check_room, text_of
from chunksmith.pipeline.judging import Judge
from chunksmith.pipeline.labels import Labeller, stated_difficulty
from chunksmith.pipeline.sources import NOTHING, Around, labelled
from chunksmith.quality.entry_scores import QualityWeights, score
from chunksmith.quality.fields import whole_text

# A reply that was cut is asked for again with this many times the room, and half the entries.
MORE_ROOM = 2
CUT_TRIES = 2
# Entries that rules are asked for where only some of them are about what was extracted.
BUILTIN_CANDIDATES = 50


class UnitResult(NamedTuple):
    outcome: Outcome
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for jobs that do not say otherwise; ``max_tokens`` of one visible reply."""

    weights: QualityWeights
    temperature: float
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What all units of a job share."""

    spec: GenerationSpec
    defaults: Defaults

    @property
    def temperature(self) -> float:
        return self.spec.temperature if self.spec.temperature is not None else self.defaults.temperature

    @property
    def max_tokens(self) -> int:
        return self.spec.max_tokens if self.spec.max_tokens is not None else self.defaults.max_tokens

    @property
    def classified(self) -> bool:
        """Whether the model that writes also gives category and difficulty."""
        model = self.spec.classification_model
        return model.provider != "builtin" and model == self.spec.generation_model


def request_for(recipe: Recipe, chunk: Chunk, count: int, *, around: Around = NOTHING, sample: int = 0) -> ChatRequest:
    """The exact request for a chunk and what stands beside it."""
    spec = recipe.spec
    offered = len(around.offered)
    shape = replies.reply_schema(spec.generation_mode, count, classified=recipe.classified, categories=offered)
    beside = around.blocks()
    return ChatRequest(
        model=spec.generation_model,
        messages=prompts.messages(
            spec.prompt_content, chunk.text, spec, count, shape, examples=spec.examples_for(chunk.id), beside=beside
        ),
        reply_schema=shape,
        temperature=recipe.temperature,
        max_tokens=recipe.max_tokens,
        seed=spec.seed,
        sample=sample,
        task=Task(
            spec.generation_mode,
            chunk.text,
            wanted_of(recipe, count, around),
            spec.seed or 0,
            {"headings": list(chunk.heading_path)},
        ),
    )


def wanted_of(recipe: Recipe, count: int, around: Around) -> int:
    """Rules do not know what to write about: they are asked for more, and what is about it is taken."""
    return max(count, BUILTIN_CANDIDATES) if _by_rules_about(recipe, around) else count


def _by_rules_about(recipe: Recipe, around: Around) -> bool:
    return recipe.spec.generation_model.provider == "builtin" and bool(around.mentions)


class Writer:
    """Writes the entries of one unit after the other; holds nothing between them.

    ``prompted`` makes of the request for a chunk what is really sent.
    """

    def __init__(
        self,
        gateway: Gateway,
        caller: Caller,
        recipe: Recipe,
        prompted: Callable[[ChatRequest], ChatRequest] = lambda request: request,
        labeller: Labeller | None = None,
        judge: Judge | None = None,
    ) -> None:
        self._gateway = gateway
        self._caller = caller
        self._recipe = recipe
        self._prompted = prompted
        self._labeller = labeller
        self._judge = judge

    async def write(self, unit: Unit, chunk: Chunk, at: str, around: Around = NOTHING) -> UnitResult:
        """Errors: JobFatal, and whatever halts the job (AccountClosed, BudgetExhausted, CallsStopped)."""
        try:
            answer, drafts = await self.ask(unit, chunk, around)
            entries = [
                self._entry(unit, chunk, n, item, answer, drafts, at, around) for n, item in enumerate(drafts.items)
            ]
            entries, note = await self._labelled(unit, chunk, entries, around)
            distinct = _without_repeats(entries)
            repeats = len(entries) - len(distinct)
            distinct, doubt = await self._with_verdicts(unit, chunk, distinct)
        except ProviderError as exc:
            return UnitResult(failure(exc), ())
        except ReplyUnreadable as exc:
            return UnitResult(Outcome("invalid", "unreadable_reply", exc.detail), ())
        result = await self._rated(chunk, distinct, repeats, drafts)
        if (note is None and doubt is None) or result.outcome.status != "accepted":
            return result
        detail = "; ".join(part for part in (result.outcome.detail, note, doubt) if part)
        return UnitResult(replace(result.outcome, reason="partly", detail=detail), result.entries)

    async def ask(self, unit: Unit, chunk: Chunk, around: Around = NOTHING) -> tuple[Answer, replies.Drafts]:
        """Errors: ProviderError; ReplyUnreadable when the second answer cannot be read either."""
        count = self._recipe.spec.datasets_per_chunk
        request = self._prompted(request_for(self._recipe, chunk, count, around=around, sample=unit.sample))
        answer = await self._whole(request, unit, chunk, around)
        try:
            return answer, await self._read(answer.reply, count, around)
        except ReplyUnreadable as exc:
            corrected = replace(request, messages=prompts.again(request.messages, exc.detail))
            answer = await self._whole(corrected, unit, chunk, around, repair=True)
            return answer, await self._read(answer.reply, count, around)

    async def _whole(
        self, request: ChatRequest, unit: Unit, chunk: Chunk, around: Around, *, repair: bool = False
    ) -> Answer:
        """An answer that was not cut off, if it can be had.

        Errors: ProviderError, also for a refusal; ReplyUnreadable when there is no text however much room there is.
        """
        cuts = 0
        while True:
            stage: Stage = "repair" if repair or cuts else "generate"
            answer = await self._gateway.ask(request, self._caller, position=unit.position, stage=stage)
            reply = answer.reply
            if reply.prompt_truncated:
                raise ProviderError("context_window", "the model saw only part of the prompt; use smaller chunks")
            if reply.finish == "refused":
                raise ProviderError("refused", reply.detail or "the provider's content policy refused the passage")
            fewer = self._count(cuts + 1) < self._count(cuts)
            if reply.finish == "length" and cuts < CUT_TRIES and (reply.more_room or fewer):
                cuts += 1
                request = self._roomier(request, chunk, around, cuts)
            elif reply.finish == "length" and not reply.text.strip():
                check_room(reply)
                raise ReplyUnreadable(reply.detail or "it was empty")
            else:
                return answer

    def _roomier(self, request: ChatRequest, chunk: Chunk, around: Around, cuts: int) -> ChatRequest:
        count = self._count(cuts)
        room = (request.max_tokens or self._recipe.max_tokens) * MORE_ROOM
        again = self._prompted(request_for(self._recipe, chunk, count, around=around, sample=request.sample))
        return replace(again, max_tokens=room)

    def _count(self, cuts: int) -> int:
        """The entries that are asked for when as many replies were cut."""
        return max(1, self._recipe.spec.datasets_per_chunk >> cuts)

    async def _read(self, reply: ChatReply, count: int, around: Around) -> replies.Drafts:
        mode = self._recipe.spec.generation_mode
        cut = reply.finish == "length"
        wanted = wanted_of(self._recipe, count, around)
        try:
            drafts = await replies.read(text_of(reply), mode, wanted, classified=self._recipe.classified, cut=cut)
        except ReplyUnreadable:
            check_room(reply)
            raise
        if _by_rules_about(self._recipe, around):
            drafts = _about(drafts, around, SHAPES[mode].columns, count)
        if not cut:
            return drafts
        # What stands last was cut; repair closed its quotes, which does not make it whole.
        whole = drafts.items[:-1]
        if not whole:
            check_room(reply)
            raise ReplyUnreadable("it was cut off before the first entry was complete")
        return replace(drafts, items=whole, dropped=drafts.dropped + 1)

    def _entry(
        self,
        unit: Unit,
        chunk: Chunk,
        ordinal: int,
        item: dict[str, Any],
        answer: Answer,
        drafts: replies.Drafts,
        at: str,
        around: Around,
    ) -> Entry:
        shape = SHAPES[self._recipe.spec.generation_mode]
        texts = {name: item[name] for name in shape.columns}
        if "key_points" in texts:
            texts["key_points"] = tuple(texts["key_points"])
        quote = item.get("quote")
        entry = Entry(
            number=unit.position * self._recipe.spec.datasets_per_chunk + ordinal + 1,
            position=unit.position,
            chunk_id=chunk.id,
            document_id=chunk.document_id,
            document_name=chunk.document_name,
            repaired=drafts.repaired,
            call_id=answer.call_id,
            generated_at=at,
            difficulty=stated_difficulty(item.get("difficulty")) or classify.difficulty(chunk.text),
            evidence=evidence.located([quote], chunk.text) if quote else (),
            **texts,
        )
        if not entry.evidence:
            entry = replace(entry, evidence=evidence.evidence_for(entry, (), chunk.text, shape))
        return _categorized(entry, item.get("category") or "", chunk, around)

    async def _labelled(
        self, unit: Unit, chunk: Chunk, entries: list[Entry], around: Around
    ) -> tuple[list[Entry], str | None]:
        """As the second model says, and a note where it could not be used. Errors: ProviderError."""
        if self._labeller is None or not entries:
            return entries, None
        labels = await self._labeller.label(unit, chunk, entries, around)
        if labels.problem is not None:
            return entries, f"classified by rules: {labels.problem}"
        return [
            _categorized(replace(entry, difficulty=label.difficulty or entry.difficulty), label.category, chunk, around)
            if (label := labels.found.get(n)) is not None
            else entry
            for n, entry in enumerate(entries)
        ], None

    async def _with_verdicts(self, unit: Unit, chunk: Chunk, entries: list[Entry]) -> tuple[list[Entry], str | None]:
        """As the judge says, and a note where it could not be used. Errors: ProviderError."""
        if self._judge is None or not entries:
            return entries, None
        done = await self._judge.judged(unit.position, unit.sample, chunk, entries)
        return done.entries, f"not judged: {done.problem}" if done.problem is not None else None

    async def _rated(self, chunk: Chunk, distinct: Sequence[Entry], repeats: int, drafts: replies.Drafts) -> UnitResult:
        spec = self._recipe.spec
        if not distinct:
            return UnitResult(Outcome("rejected", "no_entries", "the model found nothing to ask in this passage"), ())
        if not spec.analyze_quality:
            return UnitResult(_accepted(distinct, repeats, drafts.dropped, 0), tuple(distinct))
        weights, mode = self._recipe.defaults.weights, spec.generation_mode
        rated = []
        for entry in distinct:
            await self._gateway.give_way()
            rated.append(scored(entry, chunk.text, distinct, weights, mode))
        if not spec.quality_filter:
            return UnitResult(_accepted(rated, repeats, drafts.dropped, 0), tuple(rated))
        kept = [entry for entry in rated if entry.quality is not None and entry.quality >= spec.quality_threshold]
        if not kept:
            detail = f"no entry scored {spec.quality_threshold:g} or more"
            return UnitResult(Outcome("rejected", "low_quality", detail), ())
        return UnitResult(_accepted(kept, repeats, drafts.dropped, len(rated) - len(kept)), tuple(kept))


def _categorized(entry: Entry, said: str, chunk: Chunk, around: Around) -> Entry:
    """Where categories are offered, one of them or none; else what the model said, or the rules."""
    if around.offered:
        text = whole_text(entry)
        found = around.chosen(said, text, chunk.text) if said else around.nearest(text, chunk.text)
        return labelled(entry, found)
    at = next((one.start for one in entry.evidence if one.start is not None), 0)
    return replace(entry, category=said or classify.category(chunk, at))


def _about(drafts: replies.Drafts, around: Around, columns: Sequence[str], count: int) -> replies.Drafts:
    """Of more drafts than are wanted those that name what was extracted come first."""

    def named(item: dict[str, Any]) -> int:
        quote = item.get("quote") or ""
        texts = [quote, *(item[column] for column in columns if isinstance(item[column], str))]
        return around.about("\n".join(texts), quote)

    return replace(drafts, items=tuple(sorted(drafts.items, key=named, reverse=True)[:count]))


def scored(entry: Entry, passage: str | None, siblings: Sequence[Entry], weights: QualityWeights, mode: Mode) -> Entry:
    result = score(entry, passage, siblings, weights, SHAPES[mode])
    return replace(entry, quality=result.score, quality_parts=result.parts, quality_notes=result.notes)


def _without_repeats(entries: Sequence[Entry]) -> list[Entry]:
    """The first of entries whose text is the same but for case and spacing."""
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(" ".join(whole_text(entry).casefold().split()), entry)
    return list(first.values())


def _accepted(entries: Sequence[Entry], repeats: int, dropped: int, low: int) -> Outcome:
    left_out = {"repeated within the passage": repeats, "not of the right shape": dropped, "below the threshold": low}
    notes = [f"{count} {what}" for what, count in left_out.items() if count]
    reason = "partly" if notes else None
    return Outcome("accepted", reason, "; ".join(notes) or None, len(entries))


def failure(exc: ProviderError) -> Outcome:
    """Errors: JobFatal for what every other call would meet too."""
    if exc.kind == "auth" or exc.status == 404:
        raise JobFatal(exc.detail) from exc
    status: OutcomeStatus = "refused" if exc.kind == "refused" else "failed"
    return Outcome(status, exc.kind, exc.detail)
