"""From an uploaded file to chunks, one document at a time: the unit of a processing job."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chunksmith.domain.calls import NEEDS_KEY, ModelRef, ProviderAccount
from chunksmith.domain.corpus import (
    BUILTIN,
    Document,
    NewChunk,
    ParsedText,
    ProcessLimits,
    ProcessOptions,
    most_overlap,
)
from chunksmith.domain.corpus_ports import Documents, Statement, UploadFiles
from chunksmith.domain.generation import parse_model
from chunksmith.domain.jobs import Outcome
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import DocumentUnreadable, Fault, InvalidRequest, NotFound, ProviderNotConfigured
from chunksmith.ingest.chunking import ChunkSpec, split
from chunksmith.ingest.pages import PDF, media_type_of
from chunksmith.ingest.sandbox import parse_limited
from chunksmith.services.model_reading import DocumentCalls, ModelReading
from chunksmith.settings import ChunkingSettings, ParsingSettings

DELIMITER_UNREAD = "chunk_delimiter has no effect: the strategy is {}, only delimiter reads it"

# What else belongs into the transaction that ends a document's processing, by how it ended.
Also = Callable[[Outcome], Sequence[Statement]]


class Unusable(Exception):
    """The document gives no chunks; why is recorded on it. Never leaves this module."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@dataclass
class _Work:
    """One document on its way. ``notes``: what did not go as asked, though it did not stop the document."""

    document: Document
    options: ProcessOptions
    calls: DocumentCalls | None
    notes: list[str] = field(default_factory=list)

    def done(self, count: int) -> Outcome:
        detail = "; ".join([f"{count} chunks", *self.notes])
        return Outcome("accepted", "partly" if self.notes else None, detail)


class DocumentProcessing:
    """Parses at most ``settings.concurrency`` documents at a time, however many jobs ask.

    ``models`` reads and splits where options name a model; None: only ``builtin`` can be asked for.
    """

    def __init__(
        self,
        documents: Documents,
        files: UploadFiles,
        settings: ParsingSettings,
        clock: Clock,
        models: ModelReading | None = None,
    ) -> None:
        self.models = models
        self._documents = documents
        self._files = files
        self._settings = settings
        self._clock = clock
        self._slots = asyncio.Semaphore(settings.concurrency)

    async def process(
        self,
        document_id: int,
        options: ProcessOptions,
        also: Also = lambda _: (),
        calls: DocumentCalls | None = None,
    ) -> Outcome:
        """Parse unless that is done, cut, and replace the document's chunks. Models are asked through ``calls``.

        The statements that ``also`` gives for the outcome are run in the transaction that stores the chunks, or the
        failure. Failures are outcomes: ``reason`` is a kind of DocumentUnreadable, ``deleted``, ``not_a_file``,
        ``no_page_read``, ``no_text`` or ``no_chunks``.
        Errors: what halts the job whose calls these are; the document is then as it was, and its read pages are kept.
        """
        document = await self._documents.get(document_id)
        try:
            if document is None:
                raise Unusable("deleted", f"document {document_id} was deleted")
            work = _Work(document, options, calls)
            chunks = await self._chunks(work)
            done = work.done(len(chunks))
            if await self._documents.replace_chunks(document_id, chunks, options, self._now(), also(done)):
                return done
            raise Unusable("deleted", f"document {document_id} was deleted while it was processed")
        except Unusable as exc:
            failed = Outcome("failed", reason=exc.kind, detail=exc.detail)
            await self._documents.fail(document_id, exc.kind, exc.detail, self._now(), also(failed))
            return failed

    async def _chunks(self, work: _Work) -> list[NewChunk]:
        document, options = work.document, work.options
        text = await self._text(work)
        if not text.strip():
            raise Unusable("no_text", f"{document.name} has no text")
        spec = ChunkSpec(options.chunk_strategy, options.chunk_size, options.chunk_overlap, options.chunk_delimiter)
        try:
            topics = await self._topics(work, text, spec)
            async with self._slots:
                spans = await asyncio.to_thread(split, text, spec, topics)
        except InvalidRequest as exc:
            raise Unusable("no_chunks", exc.detail) from exc
        if not spans:
            raise Unusable("no_chunks", f"{document.name} has text, but nothing in it that could be a chunk")
        return [NewChunk(span.text, span.start, span.end, span.kind, span.heading_path) for span in spans]

    async def _topics(self, work: _Work, text: str, spec: ChunkSpec) -> frozenset[int] | None:
        if work.options.chunking_model == BUILTIN:
            return None
        models, calls = self._reachable(work)
        found = await models.topics(text, spec, _model(work.options.chunking_model), calls)
        work.notes += found.notes
        return found.offsets

    async def _text(self, work: _Work) -> str:
        document, model = work.document, work.options.parsing_model
        text = await self._known_text(work)
        if text is not None:
            return text
        if document.stored_path is None:
            raise Unusable("not_a_file", f"{document.name} was imported as chunks; there is no file to process")
        parsed = await self._parsed(work, self._files.path(document.stored_path))
        if not await self._documents.save_text(document.id, parsed, model, self._now()):
            raise Unusable("deleted", f"document {document.id} was deleted while it was processed")
        return parsed.text

    async def _known_text(self, work: _Work) -> str | None:
        """The text that the same model read before, unless pages are missing in it."""
        document, model = work.document, work.options.parsing_model
        if (document.processing or {}).get("parsing_model") != model:
            return None
        if model != BUILTIN and self.models is not None and await self.models.is_open(document, _model(model)):
            return None
        return await self._documents.text(document.id)

    async def _parsed(self, work: _Work, path: Path) -> ParsedText:
        model = work.options.parsing_model
        media_type = await asyncio.to_thread(media_type_of, path)
        if media_type is not None and model != BUILTIN:
            return await self._read(work, path, media_type)
        if media_type is not None and media_type != PDF:
            detail = f"{work.document.name} is a picture ({media_type}): name a parsing_model that reads pictures"
            raise Unusable("unsupported", f"{detail}, such as gemini, grok or a vision model of ollama")
        parsed = await self._parse(path, work.document)
        if model == BUILTIN:
            return parsed
        told = f"{model} was not asked: text formats are read locally."
        return ParsedText(parsed.text, parsed.media_type, parsed.title, (*parsed.warnings, told))

    async def _read(self, work: _Work, path: Path, media_type: str) -> ParsedText:
        models, calls = self._reachable(work)
        model = _model(work.options.parsing_model)
        try:
            found = await models.read(work.document, path, media_type, model, calls, self._slots)
        except DocumentUnreadable as exc:
            raise Unusable(exc.kind, exc.detail) from exc
        except NotFound as exc:
            raise Unusable("deleted", f"document {work.document.id} was deleted while it was processed") from exc
        text = found.parsed.text
        if found.unread and not text.strip():
            first = found.unread[0]
            told = f"None of {found.pages} pages could be read; page {first.page}: {first.problem}"
            raise Unusable("no_page_read", told)
        if len(text) > self._settings.max_text_chars:
            most = self._settings.max_text_chars
            raise Unusable("too_large", f"The document has {len(text):,} characters, the limit is {most:,}.")
        if found.unread:
            work.notes.append(f"{len(found.unread)} of {found.pages} pages were not read")
        return found.parsed

    async def _parse(self, path: Path, document: Document) -> ParsedText:
        limits = self._settings
        try:
            async with self._slots:
                parsed = await parse_limited(
                    path,
                    document.name,
                    timeout_s=limits.timeout_s,
                    memory_bytes=limits.memory_bytes,
                    max_text_chars=limits.max_text_chars,
                )
        except DocumentUnreadable as exc:
            raise Unusable(exc.kind, exc.detail) from exc
        return ParsedText(parsed.text, parsed.media_type, parsed.title, tuple(parsed.warnings))

    def _reachable(self, work: _Work) -> tuple[ModelReading, DocumentCalls]:
        if self.models is None or work.calls is None:
            raise ValueError("options that name a model need models, and calls to ask them by")
        return self.models, work.calls

    def _now(self) -> str:
        return rfc3339(self._clock.now())


def models_of(options: ProcessOptions) -> list[ModelRef]:
    """The models that are asked over the wire, each once."""
    named = (options.parsing_model, options.chunking_model)
    return list(dict.fromkeys(_model(name) for name in named if name != BUILTIN))


def options_of(
    given: dict[str, Any], defaults: ChunkingSettings, models: Mapping[str, str] | None = None
) -> ProcessOptions:
    """``given`` has some of the fields of ProcessOptions; the rest is as the settings say.

    ``models``: each provider's default model. A model that proposes borders does so for ``semantic``, which is then
    what a strategy that nobody named means. Errors: InvalidRequest.
    """
    named = dict(given)
    faults: list[Fault] = []
    for name in ("parsing_model", "chunking_model"):
        try:
            named[name] = str(parse_model(given.get(name) or BUILTIN, dict(models or {}), f"/{name}"))
        except InvalidRequest as exc:
            faults += exc.faults
    if faults:
        raise InvalidRequest.of(faults)
    strategy = defaults.strategy if named["chunking_model"] == BUILTIN else "semantic"
    usual = {"chunk_strategy": strategy, "chunk_size": defaults.size, "chunk_overlap": defaults.overlap}
    if "chunk_size" in given:
        # An overlap that nobody asked for must not make the asked size impossible.
        usual["chunk_overlap"] = min(defaults.overlap, most_overlap(given["chunk_size"]))
    return ProcessOptions(**{**usual, **named})


def warnings_of(options: ProcessOptions, limits: ProcessLimits) -> list[str]:
    """What was asked for and cannot apply."""
    warnings = []
    if options.chunk_delimiter is not None and options.chunk_strategy != "delimiter":
        warnings.append(DELIMITER_UNREAD.format(options.chunk_strategy))
    if not models_of(options):
        ceilings = {"max_calls": limits.max_calls, "max_cost_usd": limits.max_cost_nano}
        given = [name for name, value in ceilings.items() if value is not None]
        warnings += [f"{name} has no effect: no model is called" for name in given]
    return warnings


def check_keys(options: ProcessOptions, accounts: Mapping[str, ProviderAccount]) -> None:
    """Errors: ProviderNotConfigured naming every field whose provider has no key."""
    fields = {"parsing_model": options.parsing_model, "chunking_model": options.chunking_model}
    providers = {name: _model(model).provider for name, model in fields.items()}
    missing = {
        name: provider
        for name, provider in providers.items()
        if provider in NEEDS_KEY and accounts[provider].api_key is None
    }
    if missing:
        faults = [Fault(f"/{name}", f"API key not configured: {provider}") for name, provider in missing.items()]
        raise ProviderNotConfigured(next(iter(missing.values())), tuple(faults))


def _model(name: str) -> ModelRef:
    """``name`` as options have it: with the model's own name."""
    return parse_model(name, {}, "")
