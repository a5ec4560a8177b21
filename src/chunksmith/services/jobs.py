"""Jobs as they are seen and steered from outside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import uuid4

from chunksmith.domain.benchmarks import KIND as BENCHMARK_KIND
from chunksmith.domain.benchmarks import BenchmarkResults, BenchmarkRun
from chunksmith.domain.calls import ModelRef
from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import ProcessLimits, ProcessOptions, Project
from chunksmith.domain.datasets import SHOWN_BATCHES, BatchFile
from chunksmith.domain.job_ports import BatchRows, CallRows, JobQueue, OutcomeRows
from chunksmith.domain.jobs import ENDED, Job, PauseReason, UnitOutcome
from chunksmith.domain.ledger import CallRecord
from chunksmith.domain.paging import Page, Window, decode_cursor, encode_cursor
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import Conflict, Fault, InvalidRequest, NotFound, RunnerUnavailable, StorageError
from chunksmith.gateway.admission import Admission
from chunksmith.gateway.budget import usd
from chunksmith.gateway.gateway import Rest
from chunksmith.gateway.pricing import PriceBook
from chunksmith.pipeline.batches import BatchPlan
from chunksmith.services.documents import DocumentService
from chunksmith.services.gathering import Gathered
from chunksmith.services.pace import Pace
from chunksmith.services.processing import models_of
from chunksmith.services.runner import Runner

PROCESS_KIND = "process"
GENERATION_KIND = "dataset-gen"
# What the steps after the last unit say of themselves.
FINISHING_STEPS = ("Analyzing quality", "Choosing samples", "Benchmarking")
WAITS = {
    "concurrency": "a free slot at the provider",
    "requests_per_minute": "the limit of requests per minute",
    "tokens_per_minute": "the limit of tokens per minute",
    "rate_limit": "the provider: it said to slow down",
    "provider_down": "the provider: it does not answer",
}
EQUAL_CALL = "the answer to an equal call of another job"
PAUSES: dict[PauseReason, str] = {
    "budget": "a higher ceiling",
    "user": "resume",
    "provider": "the provider",
}


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job with what only the running process knows."""

    job: Job
    batches: Sequence[BatchFile]
    completed_batches: int
    total_batches: int
    eta_s: float | None
    waiting_for: str | None
    now: float
    benchmark: BenchmarkRun | None = None

    @property
    def progress(self) -> int:
        counters = self.job.counters
        if self.job.state == "completed":
            return 100
        if not counters.units_ready or not counters.units_total:
            return 0
        down = counters.units_down
        if self.job.state in ENDED and down == counters.units_total:
            return 100
        return max(counters.progress_floor, 99 * down // counters.units_total)

    @property
    def step(self) -> str:
        job = self.job
        if job.state != "running" or job.kind != GENERATION_KIND or not job.counters.units_ready:
            return job.step
        if job.counters.units_pending == 0:
            return job.step if job.step.startswith(FINISHING_STEPS) else "Finishing"
        size = job.spec.get("batch_size") or job.counters.units_total
        number = min(self.completed_batches + 1, self.total_batches)
        return f"Processing batch {number}/{self.total_batches} ({min(size, job.counters.units_total)} chunks)"

    @property
    def estimated_completion(self) -> str | None:
        return rfc3339(self.now + self.eta_s) if self.eta_s is not None and self.job.state == "running" else None

    @property
    def cost_usd(self) -> str | None:
        """Of what was answered; None as soon as one answer had no known price."""
        counters = self.job.counters
        return None if counters.unpriced_calls else usd(counters.cost_nano)


class JobService:
    def __init__(
        self,
        jobs: JobQueue,
        outcomes: OutcomeRows,
        calls: CallRows,
        batches: BatchRows,
        runner: Runner,
        documents: DocumentService,
        paces: Mapping[int, Pace],
        admissions: Mapping[str, Admission],
        resting: Callable[[int], Rest | None],
        awaited: Callable[[int], int | None],
        moves: Callable[[int], bool],
        held_by: Callable[[], StorageError | None],
        prices: PriceBook,
        benchmarks: BenchmarkResults,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._outcomes = outcomes
        self._calls = calls
        self._batches = batches
        self._runner = runner
        self._documents = documents
        self._paces = paces
        self._admissions = admissions
        self._rests = resting
        self._awaited = awaited
        self._moves = moves
        self._held_by = held_by
        self._prices = prices
        self._benchmarks = benchmarks
        self._clock = clock

    async def status(self, job_id: str, *, kind: str | None = None) -> JobStatus:
        """Errors: NotFound, also for a job of another kind."""
        job = await self._jobs.get(job_id)
        if kind is not None and job.kind != kind:
            raise NotFound("Job", job_id)
        return await self.describe(job)

    async def describe(self, job: Job) -> JobStatus:
        completed = total = 0
        batches: Sequence[BatchFile] = ()
        if job.kind == GENERATION_KIND:
            batches, completed = await self._batches.newest_batches(job.id, SHOWN_BATCHES)
            planned = BatchPlan(job.counters.units_total, job.spec["batch_size"]).count
            total = max(completed, planned) if job.counters.units_total and job.dataset_id is not None else 0
        pace = self._paces.get(job.id)
        eta_s = pace.eta_s(job.counters.units_pending, _entries_in_the_end(job)) if pace is not None else None
        waiting_for, wait_s = self._waiting_for(job)
        if eta_s is not None and wait_s is not None:
            eta_s += wait_s
        measures = job.kind == BENCHMARK_KIND or job.spec.get("run_benchmarks", False)
        benchmark = await self._benchmarks.of_job(job.id) if measures else None
        return JobStatus(job, batches, completed, total, eta_s, waiting_for, self._clock.now(), benchmark)

    async def page(
        self, window: Window, *, state: str | None, project: int | None, kind: str | None
    ) -> tuple[list[Job], int]:
        return await self._jobs.page(
            state=state, project=project, kind=kind, limit=window.per_page, offset=window.offset
        )

    async def cancel(self, job_id: str) -> JobStatus:
        return await self.describe(await self._runner.cancel(await self._jobs.get(job_id)))

    async def pause(self, job_id: str) -> JobStatus:
        return await self.describe(await self._runner.pause(await self._jobs.get(job_id)))

    async def resume(self, job_id: str) -> JobStatus:
        """Where its providers want to be left alone for long, they are asked all the same, by one call each.

        Errors: NotFound; Conflict when it is not paused.
        """
        job = await self._jobs.get(job_id)
        if job.state == "paused":
            for model in models_asked(job):
                self._admissions[model.provider].ask_again()
        return await self.describe(await self._runner.resume(job))

    async def retry(self, job_id: str, statuses: Sequence[str], *, reparse: bool) -> JobStatus:
        """Do failed units again, and what was left pending; ``reparse`` only reads the stored replies again.

        Errors: Conflict when there is nothing to do, or nothing stored to do it with, and while calls of the former
        round are on their way: the next one would not count them among its own.
        """
        job = await self._jobs.get(job_id)
        if job.kind == GENERATION_KIND and job.dataset_id is None:
            raise Conflict(f"the dataset of job {job_id} was deleted")
        if job.state in ENDED and self._moves(job.id):
            raise Conflict(f"calls of job {job_id} are still on their way; try again when they have come home")
        at = timestamp(self._clock)
        changed = await self._outcomes.reopen_units(job.id, statuses, stored_only=reparse, at=at)
        self._runner.wake()
        return await self.describe(changed)

    async def set_limits(self, job_id: str, changes: Mapping[str, int | None]) -> JobStatus:
        job = await self._jobs.get(job_id)
        if changes.get("max_cost_nano") is not None:
            self.check_prices(models_asked(job))
        return await self.describe(await self._runner.set_limits(job, changes))

    async def faults(self, job_id: str, *, has_ceiling: bool) -> list[Fault]:
        """What is wrong with new limits. Errors: NotFound."""
        job, gathered = await self._jobs.get(job_id), Gathered()
        with gathered.gathering("max_cost_usd"):
            if has_ceiling:
                self.check_prices(models_asked(job))
        return gathered.all_faults()

    async def outcomes(self, job_id: str, status: str | None, window: Window) -> Page[UnitOutcome]:
        """Errors: NotFound; InvalidRequest for a cursor of another list."""
        job = await self._jobs.get(job_id)
        scope, after, offset = f"outcomes-{job.id}-{status}", -1, window.offset
        if window.cursor is not None:
            (after,), offset = decode_cursor(window.cursor, scope, 1), 0
        more = window.per_page + 1
        rows = await self._outcomes.outcomes(job.id, status, after, more, offset)
        shown = rows[: window.per_page]
        known = {str(name): count for name, count in job.counters.outcomes.items()}
        known["pending"] = job.counters.units_pending
        total = known[status] if status is not None else job.counters.units_total
        return Page(shown, total, encode_cursor(scope, shown[-1].position) if len(rows) == more else None)

    async def calls(self, job_id: str, window: Window) -> Page[CallRecord]:
        """Errors: NotFound; InvalidRequest for a cursor of another list."""
        job = await self._jobs.get(job_id)
        scope, after, offset = f"calls-{job.id}", 0, window.offset
        if window.cursor is not None:
            (after,), offset = decode_cursor(window.cursor, scope, 1), 0
        more = window.per_page + 1
        records = await self._calls.of_job(job.id, after, more, offset)
        shown = records[: window.per_page]
        total = job.counters.calls + job.counters.unsent_calls
        return Page(shown, total, encode_cursor(scope, shown[-1].id) if len(records) == more else None)

    async def submit_processing(
        self,
        project: Project,
        document_ids: Sequence[int] | None,
        options: ProcessOptions,
        idempotency_key: str | None,
        limits: ProcessLimits,
    ) -> Job:
        """Errors: NotFound, InvalidRequest, Conflict when nothing waits; RunnerUnavailable while the server stops."""
        if self._runner.stopping:
            raise RunnerUnavailable("the server is stopping")
        body_hash = f"{PROCESS_KIND} {project.id} {document_ids} {options} {limits}"
        if idempotency_key is not None:
            known = await self._jobs.by_idempotency_key(idempotency_key, body_hash)
            if known is not None:
                return known
        if limits.max_cost_nano is not None:
            self.check_prices(models_of(options))
        chosen = await self._documents.to_process(project, document_ids)
        job = await self._jobs.submit(
            {
                "job_id": f"{PROCESS_KIND}-{uuid4()}",
                "kind": PROCESS_KIND,
                "project_id": project.id,
                "spec": {"document_ids": chosen, "options": asdict(options)},
                "concurrency": limits.concurrency,
                "max_calls": limits.max_calls,
                "max_cost_nano": limits.max_cost_nano,
                "idempotency_key": idempotency_key,
                "idempotency_hash": body_hash if idempotency_key is not None else None,
                "created_at": timestamp(self._clock),
            }
        )
        self._runner.wake()
        return job

    def check_prices(self, models: Sequence[ModelRef]) -> None:
        """Errors: InvalidRequest for a ceiling on what has no known price."""
        unknown = [str(model) for model in models if self._prices.rates(model) is None]
        if unknown:
            told = f"the price of {', '.join(unknown)} is unknown; set it in the settings, section prices"
            raise InvalidRequest.field("/max_cost_usd", told)

    def _waiting_for(self, job: Job) -> tuple[str | None, float | None]:
        """Why nothing moves, and for how long where that is known."""
        storage = self._storage_fault(job)
        if storage is not None:
            return f"storage: {storage}", None
        if job.state == "submitted":
            return ("a free place in the queue" if job.id not in self._runner.running else None), None
        if job.state == "paused":
            return PAUSES[job.reason or "user"], None
        if job.state != "running":
            return None, None
        told, wait_s = self._obstacle(job.id)
        other = self._awaited(job.id) if told is None else None
        if other is None:
            return told, wait_s
        told, wait_s = self._obstacle(other)
        return EQUAL_CALL + (f", which waits for {told}" if told else ""), wait_s

    def _obstacle(self, job: int) -> tuple[str | None, float | None]:
        """What the calls of a job wait for that are its own."""
        held = [one for one in self._admissions.values() if one.holds(job)]
        # While calls of its own are in those slots, the job moves.
        moves = ("concurrency",) if self._moves(job) else ()
        admission = next((one for one in held if one.waiting_for not in (None, *moves)), None)
        if admission is None or admission.waiting_for is None:
            return self._resting(job)
        wait_s = None
        if admission.waiting_until is not None:
            wait_s = max(0.0, admission.waiting_until - self._clock.monotonic())
        told = WAITS[admission.waiting_for] + (f", {wait_s:.0f} s" if wait_s else "")
        if admission.waiting_for == "provider_down" and admission.outage is not None:
            told += f": {admission.outage}"
        return told, wait_s

    def _storage_fault(self, job: Job) -> str | None:
        """What keeps it from going on until there is room on the disk."""
        if job.state == "submitted" and job.error_detail is not None:
            return job.error_detail
        running = self._runner.running.get(job.id)
        if running is None or job.state not in ("submitted", "running"):
            return None
        fault = running.storage_fault or self._held_by()
        return fault.detail if fault is not None else None

    def _resting(self, job: int) -> tuple[str | None, float | None]:
        """Nothing of the job moves before a call is tried again."""
        rest = self._rests(job)
        if rest is None:
            return None, None
        wait_s = max(0.0, rest.until - self._clock.monotonic())
        return f"another try, {wait_s:.0f} s: {rest.detail}", wait_s


def models_asked(job: Job) -> list[ModelRef]:
    """Every model that the rest of a job may call, whatever its kind."""
    if job.kind == PROCESS_KIND:
        return list(models_of(ProcessOptions(**job.spec["options"])))
    names = ["generation_model", "classification_model", "validation_classifier", "judge_model"]
    if not job.counters.units_ready:
        names += ["parsing_model", "chunking_model"]
    return list(dict.fromkeys(ModelRef(*job.spec[name]) for name in names if job.spec.get(name)))


def _entries_in_the_end(job: Job) -> float:
    """As many from each unit as from those that are down."""
    counters = job.counters
    return counters.entries * counters.units_total / counters.units_down if counters.units_down else 0.0
