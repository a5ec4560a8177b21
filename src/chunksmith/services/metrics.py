"""Numbers for Prometheus."""

import asyncio
import functools
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chunksmith.domain.calls import ChatReply
from chunksmith.domain.job_ports import JobQueue
from chunksmith.domain.ports import Clock
from chunksmith.gateway.admission import Admission
from chunksmith.gateway.pricing import NANO

LAG_EVERY_S = 0.5
LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Counts what the engine tells it; gauges are read when they are asked for."""

    def __init__(self, admissions: Mapping[str, Admission], jobs: JobQueue, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock
        self._registry = CollectorRegistry()
        self._registry.register(_Admissions(admissions))
        here = self._registry
        self._calls = Counter(
            "chunksmith_calls", "Model calls, by how they ended", ["provider", "result"], registry=here
        )
        self._tokens = Counter("chunksmith_tokens", "Tokens as reported", ["provider", "kind"], registry=here)
        self._cost = Counter("chunksmith_cost_usd", "Known costs of calls", ["provider"], registry=here)
        self._unpriced = Counter(
            "chunksmith_unpriced_calls", "Answers at an unknown price", ["provider"], registry=here
        )
        self._outcomes = Counter("chunksmith_units", "Units, by outcome", ["kind", "outcome"], registry=here)
        self._job_states = Gauge("chunksmith_jobs", "Jobs in the table, by state", ["state"], registry=here)
        self._lag = Histogram(
            "chunksmith_loop_lag_seconds", "How late the event loop comes back", buckets=LAG_BUCKETS, registry=here
        )

        # Looking a label up takes longer than counting.
        self._calls_by, self._tokens_by = functools.cache(self._calls.labels), functools.cache(self._tokens.labels)
        self._cost_by, self._unpriced_by = functools.cache(self._cost.labels), functools.cache(self._unpriced.labels)
        self._outcomes_by = functools.cache(self._outcomes.labels)

    def call_ended(self, provider: str, result: str, reply: ChatReply | None) -> None:
        self._calls_by(provider, result).inc()
        if reply is None:
            return
        usage = reply.usage
        for kind in ("input", "output", "cached", "thinking"):
            count = getattr(usage, f"{kind}_tokens")
            if count:
                self._tokens_by(provider, kind).inc(count)
        if usage.cost_nano_usd is None:
            self._unpriced_by(provider).inc()
        else:
            self._cost_by(provider).inc(usage.cost_nano_usd / NANO)

    def unit_ended(self, kind: str, outcome: str) -> None:
        self._outcomes_by(kind, outcome).inc()

    async def text(self) -> bytes:
        """In Prometheus' text format."""
        counts = await self._jobs.counts_by_state()
        for state in ("submitted", "running", "paused", "completed", "failed", "cancelled"):
            self._job_states.labels(state).set(counts.get(state, 0))
        return generate_latest(self._registry)

    async def watch_loop(self) -> None:
        """A task of the server. Sleeps in real time: it is real lateness that it measures."""
        while True:
            before = self._clock.monotonic()
            await asyncio.sleep(LAG_EVERY_S)
            self._lag.observe(max(0.0, self._clock.monotonic() - before - LAG_EVERY_S))


class _Admissions(Collector):
    def __init__(self, admissions: Mapping[str, Admission]) -> None:
        self._admissions = admissions

    def collect(self) -> Iterable[Metric]:
        in_flight = GaugeMetricFamily("chunksmith_calls_in_flight", "Calls on their way", labels=["provider"])
        queued = GaugeMetricFamily("chunksmith_calls_waiting", "Calls that wait", labels=["provider", "reason"])
        limit = GaugeMetricFamily("chunksmith_concurrency_limit", "Calls allowed at once now", labels=["provider"])
        for name, admission in self._admissions.items():
            in_flight.add_metric([name], admission.in_flight)
            queued.add_metric([name, admission.waiting_for or "none"], admission.queued)
            limit.add_metric([name], int(admission.limit))
        yield from (in_flight, queued, limit)
