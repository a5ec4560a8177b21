"""What a generation will take, before it is paid for: real prompts are rendered, and past replies are looked at."""

import asyncio
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from chunksmith.domain.calls import ChatReply, ChatRequest, ModelRef
from chunksmith.domain.corpus import Chunk, Project
from chunksmith.domain.corpus_ports import ChunkSource, Documents
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.job_ports import Past
from chunksmith.domain.ledger import PastCall, StoredReply
from chunksmith.gateway.admission import Admission
from chunksmith.gateway.pricing import PriceBook
from chunksmith.gateway.sizes import prompt_tokens
from chunksmith.pipeline.generate import Defaults, Recipe, request_for
from chunksmith.pipeline.judging import AT_ONCE, judge_request
from chunksmith.pipeline.labels import label_request, written_texts
from chunksmith.pipeline.sources import Around
from chunksmith.services.between import Between, total
from chunksmith.services.generation_checks import reads_documents
from chunksmith.services.processing import models_of
from chunksmith.services.sources import Source
from chunksmith.services.specifying import Specifier

SAMPLE = 200
PAST_CALLS = 500
# Without past replies: tokens of one entry, seconds of one call, share of chunks that are asked about twice.
ENTRY_TOKENS = (40, 220)
CALL_S = (1.0, 15.0)
# Of the label of one entry.
LABEL_TOKENS = (10, 60)
# Of the verdict on one entry.
VERDICT_TOKENS = (80, 300)
ASKED_TWICE = 0.1
# The token counts are estimates themselves; real ones lie this far around them.
TOKEN_ERROR = 0.15
# A file of a document gives about one chunk for so many bytes a token.
BYTES_PER_TOKEN = (4, 40)


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
        specifier: Specifier,
        chunks: ChunkSource,
        documents: Documents,
        past: Past,
        prices: PriceBook,
        admissions: Mapping[str, Admission],
        defaults: Defaults,
        output_ceiling: Callable[[ChatRequest], int],
        decode: Callable[[ChatRequest, bytes], ChatReply],
    ) -> None:
        self._specifier = specifier
        self._chunks = chunks
        self._documents = documents
        self._past = past
        self._prices = prices
        self._admissions = admissions
        self._defaults = defaults
        self._output_ceiling = output_ceiling
        self._decode = decode

    async def estimate(self, values: Mapping[str, Any]) -> Estimate:
        """Errors: as submitting the same body would give."""
        project, spec, _, source = await self._specifier.specify(values)
        rests_on: list[str] = []
        chunks = await self._count(project, spec, source, rests_on)
        samples = await self._sample(spec, source)
        writing = await self._writing(spec, chunks, samples, rests_on)
        stages = [writing]
        if spec.second_classifier is not None:
            stages.append(await self._labelling(spec, spec.second_classifier, chunks, samples, writing, rests_on))
        if spec.judge is not None:
            stages.append(await self._judging(spec, spec.judge, chunks, samples, writing, rests_on))
        costs = [one.cost_nano for one in stages if one.cost_nano is not None]
        readers = await self._readers(project, spec)
        if readers:
            rests_on.append(
                f"without the calls of {' and '.join(readers)} that read documents: their pages are unknown"
            )
        measured = spec.run_benchmarks and spec.generation_model.provider != "builtin"
        if measured:
            rests_on.append(
                f"without the calls of the benchmark {spec.benchmark_suite}: one for each sample, of each task at most "
                "as many as the setting benchmarks.max_samples says"
            )
        return Estimate(
            chunks,
            total(one.calls for one in stages),
            total(one.input_tokens for one in stages),
            total(one.output_tokens for one in stages),
            total(costs) if len(costs) == len(stages) and not readers and not measured else None,
            total(one.duration_s for one in stages),
            tuple(rests_on),
            spec.warnings,
        )

    async def _writing(
        self, spec: GenerationSpec, chunks: Between, samples: Sequence["_Sample"], rests_on: list[str]
    ) -> "_Stage":
        requests = [sample.writing for sample in samples]
        model = spec.generation_model
        replies = await self._known(requests, spec)
        reused = _share(replies)
        if reused:
            rests_on.append(f"{reused:.0%} of {len(requests)} prompts looked at are answered in the ledger already")
        past = await self._past.past(model, spec.generation_mode, spec.datasets_per_chunk, PAST_CALLS)
        # Equal passages share one call, however many there are.
        distinct = len({request.key() for request in requests}) / len(requests) if requests else 1.0
        low = round(chunks.low * (1 - reused) * distinct)
        calls = Between(low, round(chunks.high * (1 - reused) * (1 + _asked_twice(past))))
        each_input = await _mean_input(requests, model, rests_on)
        limit = spec.max_tokens or self._defaults.max_tokens
        usual = Between(*(min(limit, tokens * spec.datasets_per_chunk) for tokens in ENTRY_TOKENS))
        each_output = _output_of(past, model, usual, self._thinking(requests), rests_on)
        return self._stage(model, calls, each_input, each_output, past, spec.concurrency, rests_on)

    async def _labelling(
        self,
        spec: GenerationSpec,
        model: ModelRef,
        chunks: Between,
        samples: Sequence["_Sample"],
        writing: "_Stage",
        rests_on: list[str],
    ) -> "_Stage":
        """What a second model adds that gives categories and difficulties: a call for each unit, its entries in it.

        Where the writer's reply is in the ledger its entries are known, and the prompt is the one that will be sent.
        """
        written = await self.written([sample.writing for sample in samples], spec)
        sketched: list[Mapping[str, Any]] = [{}] * spec.datasets_per_chunk
        requests = [
            label_request(model, sample.chunk, texts if texts is not None else sketched, sample.around)
            for sample, texts in zip(samples, written, strict=True)
            if texts is None or texts
        ]
        reused = _share(await self._known(requests, spec))
        past = await self._past.past(model, spec.generation_mode, spec.datasets_per_chunk, PAST_CALLS, "classify")
        asked = len(requests) / len(samples) if samples else 1.0
        calls = Between(
            round(chunks.low * asked * (1 - reused)),
            round(chunks.high * asked * (1 - reused) * (1 + _asked_twice(past))),
        )
        rests_on.append(f"{model} labels the entries, in one call more for each chunk that has some")
        unknown = sum(texts is None for texts in written) / len(samples) if samples else 1.0
        most = ENTRY_TOKENS[1] * spec.datasets_per_chunk
        entries = Between(*(min(most, tokens) * unknown for tokens in writing.each_output))
        each_input = (await _mean_input(requests, model, rests_on)).plus(entries)
        usual = Between(LABEL_TOKENS[0], LABEL_TOKENS[1] * spec.datasets_per_chunk)
        each_output = _output_of(past, model, usual, self._thinking(requests), rests_on)
        return self._stage(model, calls, each_input, each_output, past, spec.concurrency, rests_on)

    async def _judging(
        self,
        spec: GenerationSpec,
        model: ModelRef,
        chunks: Between,
        samples: Sequence["_Sample"],
        writing: "_Stage",
        rests_on: list[str],
    ) -> "_Stage":
        """What a judge adds: a call for every ten entries of a unit, with the passage and the entries in it."""
        per_call = min(AT_ONCE, spec.datasets_per_chunk)
        most_calls = -(-spec.datasets_per_chunk // AT_ONCE)
        requests = [judge_request(model, sample.chunk, [{}] * per_call) for sample in samples]
        past = await self._past.past(model, spec.generation_mode, spec.datasets_per_chunk, PAST_CALLS, "judge")
        # Whether verdicts are in the ledger is not looked up: where the writing is, they may be as well.
        least = chunks.low if writing.calls.low else 0
        calls = Between(least, round(chunks.high * most_calls * (1 + _asked_twice(past))))
        rests_on.append(f"{model} judges the entries, in one call more for every {AT_ONCE} of a chunk")
        most = ENTRY_TOKENS[1] * per_call
        entries = Between(*(min(most, tokens) for tokens in writing.each_output))
        each_input = (await _mean_input(requests, model, rests_on)).plus(entries)
        usual = Between(VERDICT_TOKENS[0], VERDICT_TOKENS[1] * per_call)
        each_output = _output_of(past, model, usual, self._thinking(requests), rests_on)
        return self._stage(model, calls, each_input, each_output, past, spec.concurrency, rests_on)

    def _stage(
        self,
        model: ModelRef,
        calls: Between,
        each_input: Between,
        each_output: Between,
        past: Sequence[PastCall],
        concurrency: int,
        rests_on: list[str],
    ) -> "_Stage":
        inputs, outputs = calls.times(each_input), calls.times(each_output)
        cost = self._cost(model, inputs, outputs, rests_on)
        duration = self._duration(model, calls, total([inputs, outputs]), concurrency, past, rests_on)
        return _Stage(calls, inputs, outputs, each_output, cost, duration)

    async def _known(self, requests: Sequence[ChatRequest], spec: GenerationSpec) -> Sequence[StoredReply | None]:
        """What the ledger has for them already."""
        if not spec.reuse:
            return [None] * len(requests)
        return await asyncio.gather(*(self._past.find(request.key()) for request in requests))

    async def written(
        self, requests: Sequence[ChatRequest], spec: GenerationSpec
    ) -> list[Sequence[Mapping[str, Any]] | None]:
        """Texts of the entries that the ledger's replies have; None where there is no reply that can be read."""
        stored = await self._known(requests, spec)
        found: list[Sequence[Mapping[str, Any]] | None] = []
        for request, reply in zip(requests, stored, strict=True):
            if reply is None:
                found.append(None)
                continue
            text = self._decode(request, reply.raw).text
            found.append(await written_texts(text, spec.generation_mode, spec.datasets_per_chunk))
        return found

    async def _readers(self, project: Project, spec: GenerationSpec) -> list[str]:
        """Models that documents wait for."""
        waits = reads_documents(spec.data_source) and await self._documents.unread_bytes(project.id)
        return [str(model) for model in models_of(spec.process_options())] if waits else []

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
        model: ModelRef,
        calls: Between,
        tokens: Between,
        concurrency: int,
        past: Sequence[PastCall],
        rests_on: list[str],
    ) -> Between:
        admission = self._admissions[model.provider]
        each = _seconds_of(past, model, rests_on)
        abreast = min(concurrency, admission.max_concurrency)
        low, high = calls.low * each.low / abreast, calls.high * each.high / abreast
        told = _limits_of(model.provider, admission)
        if told not in rests_on:
            rests_on.append(told)
        limits = ((admission.requests.limit, calls), (admission.tokens.limit, tokens))
        for limit, (few, many) in limits:
            if limit is not None:
                low, high = max(low, 60 * (few / limit - 1)), max(high, 60 * many / limit)
        return Between(round(low, 1), round(high, 1))


class _Sample(NamedTuple):
    """One unit that was looked at, and the exact request for it."""

    writing: ChatRequest
    chunk: Chunk
    around: Around


class _Stage(NamedTuple):
    """All calls of one model; ``each_output``: tokens of one."""

    calls: Between
    input_tokens: Between
    output_tokens: Between
    each_output: Between
    cost_nano: Between | None
    duration_s: Between


def _share(replies: Sequence[StoredReply | None]) -> float:
    return sum(reply is not None for reply in replies) / len(replies) if replies else 0.0


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
    past: Sequence[PastCall], model: ModelRef, usual: Between, thinking: int, rests_on: list[str]
) -> Between:
    known = sorted(call.output_tokens for call in past if call.output_tokens is not None)
    if len(known) >= 10:
        mean = statistics.fmean(known)
        rests_on.append(f"the length of {len(known)} earlier replies of the same kind, {mean:.0f} tokens on average")
        spread = statistics.stdev(known) / len(known) ** 0.5 * 2 + 0.05 * mean
        return Between(max(0.0, mean - spread), mean + spread)
    if model.provider == "builtin":
        return Between(0, 0)
    rests_on.append("usual lengths of entries: there are no earlier replies of this kind")
    if thinking:
        rests_on.append(f"at most {thinking} tokens of thinking a call, which are billed as output")
    return Between(usual.low / 2, usual.high + thinking)


def _limits_of(provider: str, admission: Admission) -> str:
    """As they are now: they can be changed while the server runs."""
    minute = {"requests": admission.requests.limit, "tokens": admission.tokens.limit}
    named = "".join(f", {what} a minute: {limit}" for what, limit in minute.items() if limit is not None)
    return f"limits of {provider}: calls at once: {admission.max_concurrency}{named}"


def _seconds_of(past: Sequence[PastCall], model: ModelRef, rests_on: list[str]) -> Between:
    seconds = sorted(call.seconds for call in past)
    if len(seconds) >= 10:
        rests_on.append(f"the time of {len(seconds)} earlier calls, {statistics.median(seconds):.2f} s in the middle")
        return Between(seconds[len(seconds) // 4], seconds[len(seconds) * 3 // 4])
    return Between(0.002, 0.05) if model.provider == "builtin" else Between(*CALL_S)
