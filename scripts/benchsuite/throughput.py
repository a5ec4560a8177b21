"""How fast calls go through everything, against what the client alone can do."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchsuite.client import Api, Json, api_of
from benchsuite.figures import Figure
from benchsuite.processes import Process, fake_provider, provider_settings, raw_loop, server

GROUP = "throughput"
# Ledger, parsing, evidence and entries, and nothing that looks at a whole dataset afterwards.
PLAIN: dict[str, Any] = {"analyze_quality": False, "deduplicate": "off"}
PIPELINES: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("ledger, parsing, entries", PLAIN),
    "compared": ("and duplicates", {"analyze_quality": False}),
    "scored": ("and duplicates and scores", {"analyze_quality": True}),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One job from its start to its end, batch file and gates included."""

    calls: int
    wall_s: float
    cpu_s: float

    @property
    def calls_per_s(self) -> float:
        return self.calls / self.wall_s

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu_s / self.calls


@dataclass
class Bench:
    """A fake provider and a server that asks it. Each job gets passages of its own."""

    fake: Process
    fake_api: Api
    serving: Process
    api: Api
    passages_used: int = 0

    async def set_latency(self, latency_ms: float) -> None:
        await self.fake_api.call("POST", "/__control", json={"latency_ms": latency_ms})

    async def project(self, chunks: int) -> int:
        number = await self.api.project(chunks, first=self.passages_used)
        self.passages_used += chunks
        return number

    async def run(self, chunks: int, concurrency: int, **options: Any) -> Run:
        project = await self.project(chunks)
        cpu = self.serving.cpu_s()
        status = await self.api.ended(await self.api.start(project, concurrency=concurrency, **options))
        spent = self.serving.cpu_s() - cpu
        result = status["result"]
        if result["usage"]["calls"] != chunks or result["outcomes"]["accepted"] != chunks:
            raise RuntimeError(f"{chunks} chunks were to give as many calls: {result}")
        return Run(chunks, _wall_s(status), spent)


@asynccontextmanager
async def bench(folder: Path, latency_ms: float = 0.0) -> AsyncIterator[Bench]:
    async with (
        fake_provider(latency_ms) as fake,
        server(folder, provider_settings(fake.url)) as serving,
        api_of(serving.url) as api,
        api_of(fake.url) as fake_api,
    ):
        yield Bench(fake, fake_api, serving, api)


async def against_raw(folder: Path, rounds: int, calls: int) -> Sequence[Figure]:
    """All take turns in each round, so that what disturbs one disturbs the others."""
    names = ("aiohttp", "httpx", *PIPELINES)
    rates: dict[str, list[float]] = {name: [] for name in names}
    cpu: dict[str, list[float]] = {name: [] for name in names}
    async with bench(folder) as running:
        await running.run(500, 64, analyze_quality=True)
        for _ in range(rounds):
            for name in names:
                if name in ("aiohttp", "httpx"):
                    raw = await raw_loop(name, running.fake, 64, calls)
                    run = Run(calls, raw["wall_s"], raw["cpu_s"])
                else:
                    run = await running.run(calls, 64, **PIPELINES[name][1])
                rates[name].append(run.calls_per_s)
                cpu[name].append(run.cpu_ms)
    figures = []
    for name, (shown, _) in PIPELINES.items():
        for raw_name in ("httpx", "aiohttp"):
            ratio = median(a / b for a, b in zip(rates[name], rates[raw_name], strict=True))
            detail = f"{median(rates[name]):.0f} of {median(rates[raw_name]):.0f} calls/s"
            detail += f", {median(cpu[name]):.2f} of {median(cpu[raw_name]):.2f} ms CPU"
            label = f"{shown}: of the raw {raw_name} loop (0 ms, 64)"
            bound = 0.35 if (name, raw_name) == ("plain", "httpx") else None
            figures.append(Figure(GROUP, label, ratio, bound=bound, detail=detail))
    return figures


async def against_ideal(folder: Path, seconds: float) -> Sequence[Figure]:
    """The share of concurrency / latency. A job lasts ``seconds`` if it is ideal; its start and its end count."""
    figures = []
    async with bench(folder) as running:
        await running.run(500, 64)
        for latency_ms, concurrency, bound in ((200, 64, 0.95), (200, 256, 0.85), (500, 1024, 0.6)):
            await running.set_latency(latency_ms)
            ideal = 1000 * concurrency / latency_ms
            waves = max(4, round(1000 * seconds / latency_ms))
            run = await running.run(waves * concurrency, concurrency, **PLAIN)
            detail = f"{run.calls_per_s:.0f} of {ideal:.0f} calls/s, {run.cpu_ms:.2f} ms CPU"
            label = f"share of the ideal, {concurrency} in flight at {latency_ms} ms"
            figures.append(Figure("latency", label, run.calls_per_s / ideal, bound=bound, detail=detail))
    return figures


async def concurrency_tax(folder: Path, rounds: int, calls: int) -> Sequence[Figure]:
    cpu: dict[int, list[float]] = {16: [], 1024: []}
    async with bench(folder, latency_ms=20) as running:
        await running.run(500, 64)
        for _ in range(rounds):
            for concurrency, spent in cpu.items():
                run = await running.run(calls, concurrency, **PLAIN)
                spent.append(run.cpu_ms)
    ratio = median(high / low for low, high in zip(cpu[16], cpu[1024], strict=True))
    detail = f"{median(cpu[1024]):.2f} against {median(cpu[16]):.2f} ms a call"
    return [Figure("latency", "CPU a call, 1024 in flight against 16", ratio, "", "at most", 1.4, detail)]


def _wall_s(status: Json) -> float:
    """By the server's clock, so that asking for the status adds nothing."""
    begin, end = (datetime.fromisoformat(status[name]) for name in ("started_at", "completed_at"))
    return (end - begin).total_seconds()
