"""What an export of a large dataset costs: memory beyond the idle server, time, and how long others wait meanwhile."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from benchsuite.answering import percentile
from benchsuite.client import API, Api, api_of
from benchsuite.figures import Figure
from benchsuite.processes import Process, provider_settings, server
from benchsuite.seeding import Seeded, seed_dataset

ASKED_PER_S = 50
PIECE_BYTES = 1 << 20
STATUS_MS = 100
# Megabytes that a million rows may add; None: shown only.
ADDED_MB: dict[str, float | None] = {
    "jsonl": 60,
    "parquet": 100,
    "csv": 60,
    "chatml": 60,
    "huggingface": 100,
    "anki-text": None,
}


async def exports(folder: Path, entries: int) -> Sequence[Figure]:
    """Each format in a fresh process, so that each has a peak of its own."""
    seeded = await seed_dataset(folder, entries)
    nobody = provider_settings("http://127.0.0.1:9")
    async with server(folder, nobody) as process, api_of(process.url) as api:
        job = await _small_job(api)
    figures: list[Figure] = []
    for form, bound in ADDED_MB.items():
        async with server(folder, nobody) as process, api_of(process.url) as api:
            figures += await _export(process, api, seeded, job, form, bound)
    return figures


async def _export(process: Process, api: Api, seeded: Seeded, job: str, form: str, bound: float | None) -> list[Figure]:
    await _ask(api, job, asyncio.Event(), most=100)
    idle_mb = process.peak_mb()
    over = asyncio.Event()
    asking = asyncio.create_task(_ask(api, job, over), name="status")
    begin = time.perf_counter()
    size = await _download(api, seeded.dataset_id, form)
    took_s = time.perf_counter() - begin
    over.set()
    times = await asking
    name = f"{seeded.entries:,} entries as {form}"
    added_mb = process.peak_mb() - idle_mb
    detail = f"{took_s:.1f} s for {size / 1e6:.0f} MB; {idle_mb:.0f} MB before"
    waited = f"p50 {percentile(times, 50):.1f} ms, worst {max(times):.1f} ms, {len(times)} asked"
    return [
        Figure("exports", f"memory added, {name}", added_mb, "MB", "at most", bound, detail),
        Figure("exports", f"status p99, {name}", percentile(times, 99), "ms", "at most", STATUS_MS, waited),
    ]


async def _small_job(api: Api) -> str:
    job = await api.start(await api.project(3), generation_model="builtin")
    await api.ended(job)
    return job


async def _ask(api: Api, job: str, over: asyncio.Event, most: int = 1_000_000) -> list[float]:
    """At fixed times, whether or not the answers before have come. Milliseconds from the planned time on."""
    begin = time.perf_counter()
    asked: list[asyncio.Task[float]] = []

    async def ask(planned: float) -> float:
        await api.call("GET", f"jobs/status/{job}")
        return 1000 * (time.perf_counter() - planned)

    while not over.is_set() and len(asked) < most:
        planned = begin + len(asked) / ASKED_PER_S
        await asyncio.sleep(max(0.0, planned - time.perf_counter()))
        asked.append(asyncio.create_task(ask(planned)))
    return list(await asyncio.gather(*asked))


async def _download(api: Api, dataset: str, form: str) -> int:
    size = 0
    address = f"{api.url}{API}/datasets/{dataset}/download"
    async with api.session.get(address, params={"format": form}) as answer:
        answer.raise_for_status()
        async for piece in answer.content.iter_chunked(PIECE_BYTES):
            size += len(piece)
    return size
