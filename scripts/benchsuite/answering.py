"""How long people wait: for a status while calls run at full speed, and for pages of a large dataset."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchsuite.client import Api, Json, api_of
from benchsuite.figures import Figure
from benchsuite.processes import provider_settings, server
from benchsuite.seeding import Seeded, seed_dataset
from benchsuite.throughput import bench

STATUS_PER_S = 50
NOBODY = "http://127.0.0.1:9"
# Servers that are asked for a far page, each for the first time: the file may have to be read from the disk by one.
STARTS = 3
PER_PAGE = 50
DEEP_PAGE = 10_000
ASKED = 21


async def status_under_load(folder: Path, seconds: float) -> Sequence[Figure]:
    figures = []
    async with bench(folder) as running:
        await running.run(500, 64)
        await running.set_latency(500)
        for scored in (False, True):
            project = await running.project(round((seconds + 3) * 512))
            job = await running.api.start(project, concurrency=256, analyze_quality=scored)
            await asyncio.sleep(2)
            times = await _ask_steadily(running.api, job, seconds)
            await running.api.call("POST", f"jobs/{job}/cancel")
            name = f"status p99, 256 in flight at 500 ms{', with scores' if scored else ''}"
            detail = f"p50 {percentile(times, 50):.1f} ms, worst {max(times):.1f} ms, {len(times)} at 50 a second"
            figures.append(Figure("answering", name, percentile(times, 99), "ms", "at most", 50, detail))
    return figures


async def _ask_steadily(api: Api, job: str, seconds: float) -> list[float]:
    """At fixed times, whether or not the answers before have come. Milliseconds from the planned time on."""
    begin = time.perf_counter()

    async def ask(number: int) -> float:
        planned = begin + number / STATUS_PER_S
        await asyncio.sleep(planned - time.perf_counter())
        status = await api.call("GET", f"jobs/status/{job}")
        if status["status"] != "running":
            raise RuntimeError(f"the job is {status['status']} already")
        return 1000 * (time.perf_counter() - planned)

    return list(await asyncio.gather(*(ask(number) for number in range(round(seconds * STATUS_PER_S)))))


@dataclass(frozen=True, slots=True)
class PageTimes:
    first_ms: float
    keyset_ms: float
    numbered_ms: float
    cold_ms: float
    deep: int


async def pages(folder: Path, entries: int) -> Sequence[Figure]:
    """Through the API: pages in the order of ids, and pages filtered and sorted by quality."""
    seeded = await seed_dataset(folder, entries)
    figures = []
    for shown, query in (("by id", {}), ("filter and sort", {"sort_by": "quality", "filter_quality": "0.5"})):
        runs = []
        for _ in range(STARTS):
            async with server(folder, provider_settings(NOBODY)) as serving, api_of(serving.url) as api:
                runs.append(await _page_times(api, seeded, query))
        found, cold_ms = runs[-1], median(run.cold_ms for run in runs)
        first = f"page 1 in {found.first_ms:.1f} ms, {entries:,} entries"
        ratio = found.keyset_ms / found.first_ms
        detail = f"{found.keyset_ms:.1f} ms, {first}"
        figures.append(Figure("pages", f"deep keyset page of page 1, {shown}", ratio, "", "at most", 2, detail))
        name = f"numbered page {found.deep:,}, {shown}"
        figures.append(Figure("pages", f"{name}, asked first", cold_ms, "ms", "at most", 50, first))
        figures.append(Figure("pages", f"{name}, asked again", found.numbered_ms, "ms", "at most", 50, first))
        ratio = found.numbered_ms / found.first_ms
        figures.append(Figure("pages", f"{name}, of page 1", ratio, "", "at most", 2, first))
    return figures


async def _page_times(api: Api, seeded: Seeded, query: Mapping[str, str]) -> PageTimes:
    """The cursor of a deep page comes with the numbered page before it. All three take turns.

    The first deep page goes the way through the index; later ones begin at the marks that it left.
    """
    path = f"datasets/{seeded.dataset_id}/entries"
    asked = {**query, "per_page": str(PER_PAGE)}

    async def page(**where: str) -> tuple[float, Json]:
        begin = time.perf_counter()
        found = await api.call("GET", path, params={**asked, **where})
        return 1000 * (time.perf_counter() - begin), found

    total = (await page())[1]["total"]
    deep = min(DEEP_PAGE, total // PER_PAGE - 2)
    cold, before = await page(page=str(deep))
    cursor = before["next_cursor"]
    times: tuple[list[float], list[float], list[float]] = ([], [], [])
    for _ in range(ASKED):
        for kept, where in zip(times, ({"page": "1"}, {"cursor": cursor}, {"page": str(deep)}), strict=True):
            kept.append((await page(**where))[0])
    return PageTimes(median(times[0]), median(times[1]), median(times[2]), cold, deep)


def percentile(times: Sequence[float], percent: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
