"""Documents made of pages, and the part of the application that has models read them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from fpdf import FPDF
from PIL import Image, ImageDraw

from chunksmith.domain.calls import ProviderAccount
from chunksmith.domain.clock import SystemClock
from chunksmith.domain.corpus import Document, ProcessOptions, Project
from chunksmith.domain.jobs import Job
from chunksmith.gateway.gateway import Gateway
from chunksmith.gateway.pricing import PriceBook
from chunksmith.providers import registry
from chunksmith.services.model_reading import ModelReading
from chunksmith.services.places import Places
from chunksmith.services.processing import DocumentProcessing
from chunksmith.services.processing_job import ProcessingJob
from chunksmith.services.runner import Runner
from chunksmith.storage.calls import CallStore
from chunksmith.storage.jobs import JobStore
from chunksmith.storage.reading import ReadingStore
from chunksmith.storage.units import UnitStore, unit_statements
from corpus_parts import NOW, PARSING, Corpus, open_corpus
from fake_llm import FakeLLM

MODELS = {"gemini": "gemini-3.5-flash-lite", "grok": "grok-4.3", "ollama": "qwen2.5vl"}
PROSE = "The kiln dries fired clay at nine hundred degrees and the potter opens the damper slowly. " * 5


def model(provider: str) -> str:
    return f"{provider}/{MODELS[provider]}"


def picture(text: str, size: tuple[int, int] = (248, 351)) -> Image.Image:
    image = Image.new("L", size, 255)
    ImageDraw.Draw(image).text((20, 20), text, fill=0, font_size=16)
    return image


def picture_file(text: str, form: str) -> bytes:
    stream = BytesIO()
    picture(text).save(stream, form)
    return stream.getvalue()


def pdf(*pages: str) -> bytes:
    """``scan:…`` is a page that is only a picture, an empty text a page with nothing on it."""
    made = FPDF()
    made.set_font("Helvetica", size=12)
    for page in pages:
        made.add_page()
        if page.startswith("scan:"):
            made.image(picture(page), 0, 0, 210, 297)
        elif page:
            made.multi_cell(0, 8, page)
    return bytes(made.output())


class Reader:
    """Processing jobs as the server runs them, over a provider that is a fake of its wire."""

    def __init__(self, corpus: Corpus, fake: FakeLLM, **account: Any) -> None:
        self.corpus = corpus
        clock = SystemClock()
        accounts = {
            name: ProviderAccount(name, (fake.base_url(name),), MODELS[name], "test-key-0123456789", **account)
            for name in MODELS
        }
        self.calls = CallStore(corpus.database, 1)
        self.models = registry.build(accounts)
        builtin = ProviderAccount("builtin", (), "builtin")
        self.gateway = Gateway(
            self.models,
            {**accounts, "builtin": builtin},
            self.calls,
            PriceBook({}, clock),
            clock,
            attempts=2,
            give_up_after_s=5,
        )
        self.jobs = JobStore(corpus.database)
        self.units = UnitStore(corpus.database)
        self.readings = ReadingStore(corpus.database)
        reading = ModelReading(self.gateway, self.readings, PARSING, clock)
        self.processing = DocumentProcessing(corpus.document_rows, corpus.files, PARSING, clock, reading)
        work = ProcessingJob(self.jobs, self.units, self.processing, unit_statements)
        self.runner = Runner(self.jobs, {"process": work}, clock, Places(4), lambda: self.gateway.sender.sending)

    async def start(self) -> None:
        await self.calls.start()
        await self.calls.abandon_open(NOW)
        await self.runner.start()

    async def stop(self) -> None:
        self.gateway.drain()
        await self.runner.stop(0.0)
        await self.gateway.close()
        for adapter in self.models.values():
            await adapter.close()

    async def submit(self, project: Project, documents: Sequence[Document], **more: Any) -> Job:
        """``more``: limits of the job, and options."""
        limits = {name: more.pop(name, None) for name in ("max_calls", "max_cost_nano")}
        concurrency = more.pop("concurrency", 1)
        job = await self.jobs.submit(
            {
                "job_id": f"process-{uuid4()}",
                "kind": "process",
                "project_id": project.id,
                "spec": {
                    "document_ids": [document.id for document in documents],
                    "options": asdict(ProcessOptions(**more)),
                },
                "concurrency": concurrency,
                "idempotency_key": None,
                "idempotency_hash": None,
                "created_at": NOW,
                **limits,
            }
        )
        self.runner.wake()
        return job

    async def run(self, project: Project, documents: Sequence[Document], **more: Any) -> Job:
        return await self.ended(await self.submit(project, documents, **more))

    async def ended(self, job: Job) -> Job:
        """The job when it runs no longer."""
        while True:
            job = await self.jobs.reload(job.id)
            if job.state not in ("submitted", "running"):
                return job
            running = self.runner.running.get(job.id)
            await (running.ended.wait() if running is not None else asyncio.sleep(0))

    async def outcome(self, job: Job) -> tuple[str, str | None, str | None]:
        (row,) = await self.units.outcomes(job.id, None, -1, 10, 0)
        return row.status, row.reason, row.detail


@contextlib.asynccontextmanager
async def open_reader(data_dir: Path, fake: FakeLLM, **account: Any) -> AsyncIterator[Reader]:
    async with open_corpus(data_dir) as corpus:
        reader = Reader(corpus, fake, **account)
        await reader.start()
        try:
            yield reader
        finally:
            await reader.stop()


async def until(reached: Callable[[], bool]) -> None:
    """What another task brings about, in its own time."""
    async with asyncio.timeout(20):
        while not reached():  # noqa: ASYNC110 - what is awaited has no event to offer
            await asyncio.sleep(0.01)
