"""The most memory that the server ever holds, for each step of the way at two sizes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchsuite.client import Api, api_of
from benchsuite.figures import Figure
from benchsuite.processes import Process, fake_provider, provider_settings, server
from benchsuite.seeding import seed_dataset

# The second job gets the same replies from the ledger.
Jobs = Mapping[str, dict[str, Any]]
PLAIN_JOB: Jobs = {"generate": {"deduplicate": "off"}}
JOBS: Jobs = {**PLAIN_JOB, "generate, and compare": {}}
CONCURRENCY = 64
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    folder: Path
    fake: Process
    chunks: int

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[tuple[Process, Api]]:
        """A fresh process each time, so that each step has a peak of its own."""
        async with server(self.folder, provider_settings(self.fake.url)) as process, api_of(process.url) as api:
            yield process, api


async def peaks(folder: Path, small: int, large: int, generated: int, jobs: Jobs = JOBS) -> Sequence[Figure]:
    """``generated``: chunks of the large job; where it is less than ``large``, the rest is left out to save time."""
    found: dict[int, dict[str, float]] = {}
    async with fake_provider(fast=False) as fake:
        for chunks in (small, large):
            found[chunks] = await _steps(Place(folder / str(chunks), fake, chunks), min(chunks, generated), jobs)
    figures = []
    for step in ("import", *jobs, "page", "export JSONL", "export Parquet"):
        low, high = found[small][step], found[large][step]
        size = f"{min(large, generated) if step in jobs else large:,} against {small:,}"
        detail = f"{high:.0f} against {low:.0f} MB"
        figures.append(Figure("memory", f"peak, {step}, {size} chunks", high / low, "", "at most", 1.15, detail))
    return figures


async def _steps(place: Place, generated: int, jobs: Jobs) -> dict[str, float]:
    found: dict[str, float] = {}
    async with place.serving() as (process, api):
        project = await api.project(place.chunks)
        found["import"] = process.peak_mb()
    if generated < place.chunks:
        async with place.serving() as (process, api):
            project = await api.project(generated)
    dataset = ""
    for step, options in jobs.items():
        async with place.serving() as (process, api):
            job = {"concurrency": CONCURRENCY, "batch_size": 50_000, "analyze_quality": False, **options}
            dataset = await api.start(project, **job)
            await api.ended(dataset)
            found[step] = process.peak_mb()
    if generated < place.chunks:
        seeded = Place(place.folder / "seeded", place.fake, place.chunks)
        dataset = (await seed_dataset(seeded.folder, place.chunks)).dataset_id
        return found | await _reading(seeded, dataset)
    return found | await _reading(place, dataset)


async def _reading(place: Place, dataset: str) -> dict[str, float]:
    found: dict[str, float] = {}
    async with place.serving() as (process, api):
        await _read_pages(api, dataset, 200)
        found["page"] = process.peak_mb()
    for form, step in (("jsonl", "export JSONL"), ("parquet", "export Parquet")):
        async with place.serving() as (process, api):
            address = f"{api.url}/api/v1/datasets/{dataset}/download"
            async with api.session.get(address, params={"format": form}) as answer:
                answer.raise_for_status()
                async for _ in answer.content.iter_chunked(PIECE_BYTES):
                    pass
            found[step] = process.peak_mb()
    return found


async def _read_pages(api: Api, dataset: str, most: int) -> None:
    """From the first on, by cursor, then the last by number."""
    path = f"datasets/{dataset}/entries"
    query: dict[str, Any] = {"per_page": "1000", "sort_by": "quality"}
    page = await api.call("GET", path, params=query)
    last = -(-page["total"] // 1000)
    for _ in range(most):
        if page["next_cursor"] is None:
            break
        page = await api.call("GET", path, params={**query, "cursor": page["next_cursor"]})
    await api.call("GET", path, params={**query, "page": str(last)})
