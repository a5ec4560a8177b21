"""From an uploaded file to chunks, one document at a time: the unit of a processing job."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from chunksmith.domain.corpus import Document, NewChunk, ParsedText, ProcessOptions
from chunksmith.domain.corpus_ports import Documents, Statement, UploadFiles
from chunksmith.domain.jobs import Outcome
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import DocumentUnreadable, InvalidRequest
from chunksmith.ingest.chunking import ChunkSpec, split
from chunksmith.ingest.sandbox import parse_limited
from chunksmith.settings import ChunkingSettings, ParsingSettings

# What else belongs into the transaction that ends a document's processing, by how it ended.
Also = Callable[[Outcome], Sequence[Statement]]


class Unusable(Exception):
    """The document gives no chunks; why is recorded on it. Never leaves this module."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class DocumentProcessing:
    """Parses at most ``settings.concurrency`` documents at a time, however many jobs ask."""

    def __init__(self, documents: Documents, files: UploadFiles, settings: ParsingSettings, clock: Clock) -> None:
        self._documents = documents
        self._files = files
        self._settings = settings
        self._clock = clock
        self._slots = asyncio.Semaphore(settings.concurrency)

    async def process(self, document_id: int, options: ProcessOptions, also: Also = lambda _: ()) -> Outcome:
        """Parse unless that is done, cut, and replace the document's chunks.

        The statements that ``also`` gives for the outcome are run in the transaction that stores the chunks, or the
        failure. Failures are outcomes: ``reason`` is a kind of DocumentUnreadable, ``deleted``, ``not_a_file``,
        ``no_text`` or ``no_chunks``.
        """
        document = await self._documents.get(document_id)
        try:
            if document is None:
                raise Unusable("deleted", f"document {document_id} was deleted")
            async with self._slots:
                chunks = await self._chunks(document, options)
            done = Outcome("accepted", detail=f"{len(chunks)} chunks")
            if await self._documents.replace_chunks(document_id, chunks, options, self._now(), also(done)):
                return done
            raise Unusable("deleted", f"document {document_id} was deleted while it was processed")
        except Unusable as exc:
            failed = Outcome("failed", reason=exc.kind, detail=exc.detail)
            await self._documents.fail(document_id, exc.kind, exc.detail, self._now(), also(failed))
            return failed

    async def _chunks(self, document: Document, options: ProcessOptions) -> list[NewChunk]:
        text = await self._text(document, options)
        if not text.strip():
            raise Unusable("no_text", f"{document.name} has no text")
        spec = ChunkSpec(options.chunk_strategy, options.chunk_size, options.chunk_overlap, options.chunk_delimiter)
        try:
            spans = await asyncio.to_thread(split, text, spec)
        except InvalidRequest as exc:
            raise Unusable("no_chunks", exc.detail) from exc
        if not spans:
            raise Unusable("no_chunks", f"{document.name} has text, but nothing in it that could be a chunk")
        return [NewChunk(span.text, span.start, span.end, span.kind, span.heading_path) for span in spans]

    async def _text(self, document: Document, options: ProcessOptions) -> str:
        if (document.processing or {}).get("parsing_model") == options.parsing_model:
            text = await self._documents.text(document.id)
            if text is not None:
                return text
        if document.stored_path is None:
            raise Unusable("not_a_file", f"{document.name} was imported as chunks; there is no file to process")
        parsed = await self._parse(document, document.stored_path)
        if not await self._documents.save_text(document.id, parsed, options.parsing_model, self._now()):
            raise Unusable("deleted", f"document {document.id} was deleted while it was processed")
        return parsed.text

    async def _parse(self, document: Document, stored_path: str) -> ParsedText:
        limits = self._settings
        try:
            parsed = await parse_limited(
                self._files.path(stored_path),
                document.name,
                timeout_s=limits.timeout_s,
                memory_bytes=limits.memory_bytes,
                max_text_chars=limits.max_text_chars,
            )
        except DocumentUnreadable as exc:
            raise Unusable(exc.kind, exc.detail) from exc
        return ParsedText(parsed.text, parsed.media_type, parsed.title, tuple(parsed.warnings))

    def _now(self) -> str:
        return rfc3339(self._clock.now())


def options_of(given: dict[str, Any], defaults: ChunkingSettings) -> ProcessOptions:
    """``given`` has some of the fields of ProcessOptions; the rest is as the settings say. Errors: InvalidRequest."""
    usual = {"chunk_strategy": defaults.strategy, "chunk_size": defaults.size, "chunk_overlap": defaults.overlap}
    if "chunk_size" in given:
        # An overlap that nobody asked for must not make the asked size impossible.
        usual["chunk_overlap"] = min(defaults.overlap, max(0, given["chunk_size"] - 1))
    return ProcessOptions(**{**usual, **given})
