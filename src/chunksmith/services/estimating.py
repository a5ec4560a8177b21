"""What a generation will take, before it is paid for: real prompts are rendered, and past replies are looked at."""

import asyncio
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from chunksmith.domain.calls import ChatRequest, ModelRef, ProviderAccount
from chunksmith.domain.corpus import Chunk, Project
from chunksmith.domain.corpus_ports import ChunkSource, Documents
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.job_ports import Past
from chunksmith.domain.ledger import PastCall
from chunksmith.gateway.gateway import prompt_tokens
from chunksmith.gateway.pricing import PriceBook
from chunksmith.pipeline.generate import Defaults, Recipe, request_for
from chunksmith.pipeline.labels import label_request
from chunksmith.pipeline.sources import Around
from chunksmith.services.generation import GenerationService
from chunksmith.services.generation_checks import reads_documents
from chunksmith.services.sources import Source

SAMPLE = 200
PAST_CALLS = 500
# Without past replies: tokens of one entry, seconds of one call, share of chunks that are asked about twice.
ENTRY_TOKENS = (40, 220)
CALL_S = (1.0, 15.0)
# Of the label of one entry.
LABEL_TOKENS = (10, 60)
ASKED_TWICE = 0.1
# The token counts are estimates themselves; real ones lie this far around them.
TOKEN_ERROR = 0.15
# A file of a document gives about one chunk for so many bytes a token.
BYTES_PER_TOKEN = (4, 40)


class Between(NamedTuple):
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """``cost_nano`` is None when the price is unknown. ``rests_on`` says in words where the numbers come from."""

    chunks: Between
    calls: Between
    input_tokens: Between
    output_tokens: Between
    cost_nano: Between | None
    duration_s: Between
    rests_on: tuple[str, ...]
    warnings: tuple[str, ...]


class EstimateService:
    def __init__(
        self,
        generation: GenerationService,
        chunks: ChunkSource,
        documents: Documents,
        past: Past,
        prices: PriceBook,
        accounts: Mapping[str, ProviderAccount],
        defaults: Defaults,
        output_ceiling: Callable[[ChatRequest], int],
    ) -> None:
        self._generation = generation
        self._chunks = chunks
        self._documents = documents
        self._past = past
        self._prices = prices
        self._accounts = accounts
        self._defaults = defaults
        self._output_ceiling = output_ceiling

    async def estimate(self, values: Mapping[str, Any]) -> Estimate:
        """Errors: as submitting the same body would give."""
        project, spec, _, source = await self._generation.specify(values)
        rests_on: list[str] = []
        chunks = await self._count(project, spec, source, rests_on)
        samples = await self._sample(spec, source)
        requests = [sample.writing for sample in samples]
        reused = await self._reused_share(requests, spec, rests_on)
        past = await self._past.past(spec.generation_model, spec.generation_mode, spec.datasets_per_chunk, PAST_CALLS)
        again = _asked_twice(past)
        # Equal passages share one call, however many there are.
        distinct = len({request.key() for request in requests}) / len(requests) if requests else 1.0
        low = round(chunks.low * (1 - reused) * distinct)
        calls = Between(low, round(chunks.high * (1 - reused) * (1 + again)))
        each_input = await _mean_input(requests, spec.generation_model, rests_on)
        each_output = _output_of(past, spec, self._defaults.max_tokens, self._thinking(requests), rests_on)
        input_tokens = _times(calls, each_input)
        output_tokens = _times(calls, each_output)
        cost = self._cost(spec.generation_model, input_tokens, output_tokens, rests_on)
        duration = self._duration(calls, input_tokens, output_tokens, spec, past, rests_on)
        second = spec.second_classifier
        if second is not None:
            more = await _labelling(samples, spec, calls, rests_on)
            label_cost = self._cost(second, more.input_tokens, more.output_tokens, rests_on)
            cost = _sum(cost, label_cost) if cost is not None and label_cost is not None else None
            calls, duration = _sum(calls, more.calls), _sum(duration, self._labelling_s(more.calls, spec, second))
            input_tokens = _sum(input_tokens, more.input_tokens)
            output_tokens = _sum(output_tokens, more.output_tokens)
        return Estimate(chunks, calls, input_tokens, output_tokens, cost, duration, tuple(rests_on), spec.warnings)

    def _labelling_s(self, calls: Between, spec: GenerationSpec, model: ModelRef) -> Between:
        abreast = min(spec.concurrency, self._accounts[model.provider].max_concurrency)
        return Between(round(calls.low * CALL_S[0] / abreast, 1), round(calls.high * CALL_S[1] / abreast, 1))

    async def _count(self, project: Project, spec: GenerationSpec, source: Source, rests_on: list[str]) -> Between:
        count = await source.count()
        reads = reads_documents(spec.data_source)
        unread_bytes = await self._documents.unread_bytes(project.id) if reads else 0
        if not unread_bytes:
            rests_on.append(f"{count} chunks, counted")
            return Between(count, count)
        few, many = (unread_bytes // (per_token * spec.chunk_size) for per_token in reversed(BYTES_PER_TOKEN))
        rests_on.append(f"{count} chunks, counted, and {few} to {many} guessed from files that are not read yet")
        return Between(count + few, count + max(1, many))

    async def _sample(self, spec: GenerationSpec, source: Source) -> Sequence["_Sample"]:
        ids = await source.spread(SAMPLE)
        chunks = await self._chunks.chunks_by_ids(ids)
        arounds = await source.arounds(list(chunks.values()))
        recipe, count = Recipe(spec, self._defaults), spec.datasets_per_chunk
        return [
            _Sample(request_for(recipe, chunks[one], count, around=around), chunks[one], around)
            for one in ids
            if one in chunks and (around := arounds.get(one)) is not None
        ]

    async def _reused_share(self, requests: Sequence[ChatRequest], spec: GenerationSpec, rests_on: list[str]) -> float:
        if not spec.reuse or not requests:
            return 0.0
        found = await asyncio.gather(*(self._past.find(request.key()) for request in requests))
        share = sum(reply is not None for reply in found) / len(requests)
        if share:
            rests_on.append(f"{share:.0%} of {len(requests)} prompts looked at are answered in the ledger already")
        return share

    def _thinking(self, requests: Sequence[ChatRequest]) -> int:
        """The most that the model may think beside what it says."""
        if not requests:
            return 0
        request = requests[0]
        ceiling = self._output_ceiling(request)
        return max(0, ceiling - (request.max_tokens or self._defaults.max_tokens))

    def _cost(self, model: ModelRef, inputs: Between, outputs: Between, rests_on: list[str]) -> Between | None:
        rates = self._prices.rates(model)
        if rates is None:
            rests_on.append(f"the price of {model} is not known; set it in the settings, section prices")
            return None
        each = f"{rates.input.normalize():f} USD in, {rates.output.normalize():f} out"
        rests_on.append(f"{model}: {each}, per million tokens")
        low = rates.cost_nano(round(inputs.low), round(outputs.low))
        return Between(low, rates.cost_nano(round(inputs.high), round(outputs.high)))

    def _duration(
        self,
        calls: Between,
        inputs: Between,
        outputs: Between,
        spec: GenerationSpec,
        past: Sequence[PastCall],
        rests_on: list[str],
    ) -> Between:
        account = self._accounts[spec.generation_model.provider]
        each = _seconds_of(past, spec.generation_model, rests_on)
        abreast = min(spec.concurrency, account.max_concurrency)
        low, high = calls.low * each.low / abreast, calls.high * each.high / abreast
        for limit, few, many in (
            (account.requests_per_minute, calls.low, calls.high),
            (account.tokens_per_minute, inputs.low + outputs.low, inputs.high + outputs.high),
        ):
            if limit is not None:
                low, high = max(low, 60 * (few / limit - 1)), max(high, 60 * many / limit)
        return Between(round(low, 1), round(high, 1))


class _Sample(NamedTuple):
    """One unit that was looked at, and the exact request for it."""

    writing: ChatRequest
    chunk: Chunk
    around: Around


class _Labelling(NamedTuple):
    calls: Between
    input_tokens: Between
    output_tokens: Between


async def _labelling(
    samples: Sequence[_Sample], spec: GenerationSpec, writing: Between, rests_on: list[str]
) -> _Labelling:
    """What a second model that gives categories and difficulties adds: a call for each unit, with its entries in it."""
    model = spec.second_classifier
    assert model is not None  # noqa: S101 - the caller looked
    calls = Between(0, round(writing.high / (1 + ASKED_TWICE) + 0.5))
    calls = Between(min(writing.low, calls.high), calls.high)
    requests = [label_request(model, one.chunk, (), one.around) for one in samples]
    bare = await asyncio.to_thread(lambda: [prompt_tokens(request) for request in requests]) if requests else [0]
    mean = statistics.fmean(bare)
    count = spec.datasets_per_chunk
    each = Between(mean * (1 - TOKEN_ERROR), mean * (1 + TOKEN_ERROR) + count * ENTRY_TOKENS[1])
    rests_on.append(f"{model} labels the entries: one call more for each chunk, usual lengths of entries")
    return _Labelling(calls, _times(calls, each), _times(calls, Between(LABEL_TOKENS[0], count * LABEL_TOKENS[1])))


def _sum(one: Between, other: Between) -> Between:
    return Between(round(one.low + other.low, 1), round(one.high + other.high, 1))


def _asked_twice(past: Sequence[PastCall]) -> float:
    if len(past) < 20:
        return ASKED_TWICE
    return sum(call.stage == "repair" for call in past) / len(past) + 0.01


async def _mean_input(requests: Sequence[ChatRequest], model: ModelRef, rests_on: list[str]) -> Between:
    if model.provider == "builtin":
        rests_on.append("builtin works by rules: it uses no tokens")
        return Between(0, 0)
    if not requests:
        rests_on.append("no prompt could be rendered: there are no chunks yet")
        return Between(0, 4096)
    counts = await asyncio.to_thread(lambda: [prompt_tokens(request) for request in requests])
    # Whether the shape of the reply is billed as well is the provider's matter.
    bare = await asyncio.to_thread(lambda: [prompt_tokens(replace(one, reply_schema=None)) for one in requests])
    mean = statistics.fmean(counts)
    rests_on.append(f"{len(counts)} prompts rendered, {mean:.0f} tokens on average")
    return Between(statistics.fmean(bare) * (1 - TOKEN_ERROR), mean * (1 + TOKEN_ERROR))


def _output_of(
    past: Sequence[PastCall], spec: GenerationSpec, most: int, thinking: int, rests_on: list[str]
) -> Between:
    known = sorted(call.output_tokens for call in past if call.output_tokens is not None)
    if len(known) >= 10:
        mean = statistics.fmean(known)
        rests_on.append(f"the length of {len(known)} earlier replies of the same kind, {mean:.0f} tokens on average")
        spread = statistics.stdev(known) / len(known) ** 0.5 * 2 + 0.05 * mean
        return Between(max(0.0, mean - spread), mean + spread)
    if spec.generation_model.provider == "builtin":
        return Between(0, 0)
    limit = spec.max_tokens or most
    rests_on.append("usual lengths of entries: there are no earlier replies of this kind")
    low, high = (min(limit, tokens * spec.datasets_per_chunk) for tokens in ENTRY_TOKENS)
    if thinking:
        rests_on.append(f"at most {thinking} tokens of thinking a call, which are billed as output")
    return Between(low / 2, high + thinking)


def _seconds_of(past: Sequence[PastCall], model: ModelRef, rests_on: list[str]) -> Between:
    seconds = sorted(call.seconds for call in past)
    if len(seconds) >= 10:
        rests_on.append(f"the time of {len(seconds)} earlier calls, {statistics.median(seconds):.2f} s in the middle")
        return Between(seconds[len(seconds) // 4], seconds[len(seconds) * 3 // 4])
    return Between(0.002, 0.05) if model.provider == "builtin" else Between(*CALL_S)


def _times(count: Between, each: Between) -> Between:
    return Between(round(count.low * each.low), round(count.high * each.high))
