"""What a generation job does with its dataset once every unit is down."""

from typing import Protocol

from chunksmith.domain import fault_points
from chunksmith.domain.clock import timestamp
from chunksmith.domain.datasets import Dataset
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.job_ports import Datasets, Entries, JobQueue, Units
from chunksmith.domain.ports import Clock
from chunksmith.domain.versions import Line, Run, Versions
from chunksmith.errors import NothingGenerated, QualityBelowThreshold
from chunksmith.services.dataset_scoring import score_dataset
from chunksmith.services.runner import Running
from chunksmith.services.settling import Settling


class FinishingStep(Protocol):
    """One step. It may run again after a crash, over its own results or parts of them, and must give the same.

    Errors: Halt; AppError, for which the job fails with everything kept.
    """

    async def __call__(self, running: Running, dataset: Dataset, spec: GenerationSpec) -> None: ...


class HasEntries:
    def __init__(self, jobs: JobQueue, units: Units) -> None:
        self._jobs = jobs
        self._units = units

    async def __call__(self, running: Running, dataset: Dataset, spec: GenerationSpec) -> None:
        """Errors: NothingGenerated, with the reason of the first unit."""
        job = running.job
        counters = (await self._jobs.reload(job.id)).counters
        if counters.entries:
            return
        named = ", ".join(f"{count} {status}" for status, count in counters.outcomes.items() if count)
        why = await self._units.first_reason(job.id)
        detail = f"No entries were generated from {counters.units_total} chunks: {named or 'none'}"
        raise NothingGenerated(f"{detail}; the first: {why}" if why else detail)


class QualityGate:
    def __init__(self, jobs: JobQueue, entries: Entries, datasets: Datasets, clock: Clock) -> None:
        self._jobs = jobs
        self._entries = entries
        self._datasets = datasets
        self._clock = clock

    async def __call__(self, running: Running, dataset: Dataset, spec: GenerationSpec) -> None:
        """Errors: QualityBelowThreshold, with everything kept and flagged."""
        if not spec.analyze_quality:
            return
        await self._jobs.set_step(running.job.id, "Analyzing quality")
        scored = dataset.as_of(timestamp(self._clock))
        result = await score_dataset(self._entries, dataset.id) | scored
        failure = None
        if not spec.quality_filter and result["overall_score"] < spec.quality_threshold:
            failure = QualityBelowThreshold(result["overall_score"], spec.quality_threshold)
        flag = failure.detail if failure else None
        await self._datasets.set_quality(dataset.id, result, flag, timestamp(self._clock))
        if failure is not None:
            raise failure


class VersionFreeze:
    """After the gates: what fails them becomes no version."""

    def __init__(self, jobs: JobQueue, versions: Versions, settling: Settling, clock: Clock) -> None:
        self._jobs = jobs
        self._versions = versions
        self._settling = settling
        self._clock = clock

    async def __call__(self, running: Running, dataset: Dataset, spec: GenerationSpec) -> None:
        """Once for the run, and once for each retry that changed something."""
        if not spec.enable_versioning:
            return
        await self._jobs.set_step(running.job.id, "Freezing the version")
        job = await self._jobs.reload(running.job.id)
        run = Run(job.id, dataset.id, job.counters.rounds)
        version = await self._versions.freeze_run(run, Line(dataset.project_id, dataset.name), timestamp(self._clock))
        fault_points.reached("version_frozen")
        if version is not None:
            await self._settling.settle(version)
