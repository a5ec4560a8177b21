"""What each kind of job does, and the runner that runs them."""

from collections.abc import Callable
from dataclasses import dataclass

from chunksmith.domain.benchmarks import KIND as BENCHMARK_KIND
from chunksmith.domain.extraction import KIND as EXTRACTION_KIND
from chunksmith.domain.regeneration import KIND as REGENERATE_KIND
from chunksmith.services.benchmarking_job import BenchmarkJob, BenchmarkStores, GeneratingModelMeasured, Measuring
from chunksmith.services.contamination import MarkContamination
from chunksmith.services.duplicates import MarkDuplicates
from chunksmith.services.extraction_job import ExtractionJob, ExtractionStores
from chunksmith.services.finishing import FinishingStep, HasEntries, QualityGate, VersionFreeze
from chunksmith.services.generation_job import GenerationJob, Stores
from chunksmith.services.jobs import GENERATION_KIND, PROCESS_KIND, models_asked
from chunksmith.services.places import Places
from chunksmith.services.processing_job import ProcessingJob
from chunksmith.services.regeneration_job import RegenerationJob, RegenerationStores
from chunksmith.services.rescoring import KIND as RESCORE_KIND
from chunksmith.services.rescoring import RescoreJob, RescoreStores
from chunksmith.services.rests import Rests
from chunksmith.services.runner import Runner, Work
from chunksmith.services.splitting import SplitEntries
from chunksmith.services.taxonomy_job import KIND as TAXONOMY_KIND
from chunksmith.services.taxonomy_job import TaxonomyJob, TaxonomyStores, shipped_prompts
from chunksmith.storage.units import unit_statements
from chunksmith.wiring.core import Core


@dataclass(frozen=True)
class Workshop:
    """The runner, and the generation whose pace the services show."""

    runner: Runner
    generation: GenerationJob


def workshop(core: Core, notify: Callable[[], None] | None) -> Workshop:
    rows, gateway, clock = core.rows, core.gateway, core.clock
    stores = benchmark_stores(core)
    measuring = Measuring(
        stores, gateway, core.settings.benchmark_folder().resolve(), core.suite, clock, core.metrics.unit_ended
    )
    generation = GenerationJob(
        Stores(rows.jobs, rows.units, rows.entries, rows.datasets, rows.chunks, rows.documents),
        gateway,
        core.processing.process,
        clock,
        core.place,
        core.writing,
        core.sources,
        finishing(core, measuring),
        core.metrics.unit_ended,
    )
    kinds: dict[str, Work] = {
        GENERATION_KIND: generation,
        PROCESS_KIND: ProcessingJob(rows.jobs, rows.units, core.processing, unit_statements, core.metrics.unit_ended),
        TAXONOMY_KIND: TaxonomyJob(
            TaxonomyStores(rows.jobs, rows.units, rows.chunks, rows.taxonomies, rows.taxonomy_work),
            gateway,
            shipped_prompts(),
            clock,
            core.metrics.unit_ended,
        ),
        EXTRACTION_KIND: ExtractionJob(
            ExtractionStores(rows.jobs, rows.units, rows.chunks, rows.extraction),
            gateway,
            clock,
            generation.paces,
            core.metrics.unit_ended,
        ),
        REGENERATE_KIND: RegenerationJob(
            RegenerationStores(
                rows.jobs, rows.units, rows.datasets, rows.entries, rows.entries, rows.chunks, rows.regenerations
            ),
            gateway,
            clock,
            core.writing,
            core.sources,
            generation.paces,
            core.metrics.unit_ended,
        ),
        RESCORE_KIND: RescoreJob(
            RescoreStores(rows.jobs, rows.datasets, rows.entries, rows.entries, rows.chunks),
            gateway,
            core.weights,
            clock,
        ),
    }
    kinds[BENCHMARK_KIND] = BenchmarkJob(stores, measuring)
    places = Places(
        core.settings.generation.max_running_jobs,
        gateway.silent,
        gateway.idles,
        lambda job: {model.provider for model in models_asked(job)},
    )
    rests = Rests(rows.jobs, gateway.admissions, clock)
    sender = gateway.sender
    sender.rest_over = rests.look
    runner = Runner(rows.jobs, kinds, clock, places, lambda: sender.sending, notify, sender.settle, rests)
    return Workshop(runner, generation)


def benchmark_stores(core: Core) -> BenchmarkStores:
    rows = core.rows
    return BenchmarkStores(rows.jobs, rows.units, rows.benchmarks, rows.datasets, rows.entries, rows.chunks)


def finishing(core: Core, measuring: Measuring) -> tuple[FinishingStep, ...]:
    """In this order, after the last unit of a generation is down: what comes later rests on what came before."""
    rows, limits = core.rows, core.settings.benchmarks
    has_entries = HasEntries(rows.jobs, rows.units)
    return (
        has_entries,
        MarkDuplicates(rows.jobs, rows.curation, core.comparisons, core.clock),
        MarkContamination(rows.jobs, rows.curation, core.comparisons, core.clock),
        has_entries,  # everything may have been there before
        SplitEntries(rows.jobs, rows.curation, core.clock),
        QualityGate(rows.jobs, rows.entries, rows.datasets, core.clock),
        VersionFreeze(rows.jobs, rows.versions, core.settling, core.clock),
        GeneratingModelMeasured(rows.benchmarks, measuring, limits.max_samples, limits.max_tokens),
    )
