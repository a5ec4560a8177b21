"""The services that the web asks, under their keys in the application."""

from functools import partial
from pathlib import Path

from aiohttp import web

from chunksmith import __version__
from chunksmith.services.analyzing import AnalysisService
from chunksmith.services.benchmarking import BenchmarkDefaults, BenchmarkService
from chunksmith.services.chunk_import import ChunkImport
from chunksmith.services.chunks import ChunkService
from chunksmith.services.coverage import CoverageService
from chunksmith.services.datasets import DatasetService
from chunksmith.services.documents import DocumentService
from chunksmith.services.estimating import EstimateService
from chunksmith.services.events import EventService
from chunksmith.services.exporting import ExportService
from chunksmith.services.extraction import ExtractionService
from chunksmith.services.extraction import shipped_prompts as extraction_prompts
from chunksmith.services.extraction_import import ExtractionImport
from chunksmith.services.feedback import FeedbackService, FewShot
from chunksmith.services.generation import GenerationService
from chunksmith.services.jobs import JobService
from chunksmith.services.ledger import LedgerService
from chunksmith.services.model_choice import ModelChoice
from chunksmith.services.preview import PreviewService
from chunksmith.services.project_moving import ProjectMoving
from chunksmith.services.providers import ProviderService
from chunksmith.services.quality_reports import QualityReports
from chunksmith.services.regeneration import RegenerationService
from chunksmith.services.rescoring import RescoreService
from chunksmith.services.restoring import RestoreService
from chunksmith.services.specifying import Specifier
from chunksmith.services.taxonomy_making import TaxonomyMaking
from chunksmith.services.versions import VersionService
from chunksmith.storage.files import folder_fault
from chunksmith.web import (
    benchmark_keys,
    curation_keys,
    extraction_keys,
    keys,
    quality_keys,
    review_keys,
    taxonomy_keys,
    version_keys,
)
from chunksmith.wiring.core import Core
from chunksmith.wiring.work import Workshop

MADE_FILES = "datasets/.exports"


def offer(app: web.Application, core: Core, workshop: Workshop) -> None:
    app[keys.SETTINGS] = core.settings
    app[keys.READINESS] = keys.Readiness(__version__)
    app[keys.PROVIDERS] = ProviderService(core.models, core.accounts, core.gateway.admissions)
    app[keys.METRICS] = core.metrics
    _corpus(app, core, workshop)
    _generation(app, core, workshop)
    _jobs(app, core, workshop)
    _datasets(app, core, workshop)
    _quality(app, core)
    _taxonomies(app, core, workshop)
    _extraction(app, core, workshop)
    _benchmarks(app, core, workshop)


def _corpus(app: web.Application, core: Core, workshop: Workshop) -> None:
    rows, clock, uploads = core.rows, core.clock, core.settings.uploads
    app[keys.PROJECTS] = core.projects
    app[keys.PROMPTS] = core.prompts
    app[keys.PROJECT_MOVING] = ProjectMoving(
        core.projects, rows.moving, workshop.runner, core.root / MADE_FILES, uploads.max_archive_bytes
    )
    app[keys.DOCUMENTS] = DocumentService(rows.documents, rows.files, core.purging, uploads, clock)
    app[keys.CHUNKS] = ChunkService(rows.chunks, clock)
    app[keys.CHUNK_IMPORT] = ChunkImport(rows.imports, core.purging, uploads.max_import_line_bytes, clock)


def _generation(app: web.Application, core: Core, workshop: Workshop) -> None:
    rows, models = core.rows, core.models
    specifier = Specifier(
        core.projects,
        core.prompts,
        rows.chunks,
        rows.documents,
        core.accounts,
        core.prices,
        core.defaults,
        partial(_folder_fault, core.root),
        FewShot(rows.feedback),
        core.sources,
        core.comparisons,
    )
    app[keys.SPECIFIER] = specifier
    app[keys.GENERATION] = GenerationService(
        specifier, rows.chunks, rows.documents, rows.jobs, workshop.runner, core.clock
    )
    app[keys.ESTIMATES] = EstimateService(
        specifier,
        rows.chunks,
        rows.documents,
        rows.calls,
        core.prices,
        core.gateway.admissions,
        core.writing,
        lambda request: models[request.model.provider].output_ceiling(request),
        lambda request, raw: models[request.model.provider].decode(request, raw),
    )
    app[review_keys.PREVIEWS] = PreviewService(specifier, app[keys.ESTIMATES], rows.chunks, core.writing)


def _jobs(app: web.Application, core: Core, workshop: Workshop) -> None:
    rows, clock = core.rows, core.clock
    jobs = JobService(
        rows.jobs,
        rows.units,
        rows.calls,
        rows.datasets,
        workshop.runner,
        app[keys.DOCUMENTS],
        workshop.generation.paces,
        core.gateway.admissions,
        core.gateway.resting,
        core.gateway.awaited,
        core.gateway.sender.moves,
        lambda: core.gateway.sender.held_by,
        core.prices,
        rows.benchmarks,
        clock,
    )
    app[keys.JOBS] = jobs
    app[keys.EVENTS] = EventService(rows.jobs, jobs, clock)
    app[keys.LEDGER] = LedgerService(rows.calls, rows.jobs, clock)


def _datasets(app: web.Application, core: Core, workshop: Workshop) -> None:
    rows, clock, runner = core.rows, core.clock, workshop.runner
    datasets = DatasetService(
        rows.datasets, rows.entries, rows.jobs, rows.chunks, rows.calls, core.weights, core.root, clock
    )
    app[keys.DATASETS] = datasets
    versions = VersionService(core.projects, rows.datasets, rows.versions, rows.frozen, core.settling, clock)
    app[version_keys.VERSIONS] = versions
    app[keys.EXPORTS] = ExportService(
        rows.datasets, rows.entries, versions, rows.chunks, core.root / MADE_FILES, core.settings.exports.license
    )
    app[curation_keys.REFERENCES] = core.references
    app[curation_keys.COVERAGE] = CoverageService(rows.datasets, rows.coverage, rows.chunks, core.taxonomies)
    app[keys.RESCORING] = RescoreService(
        rows.datasets,
        rows.jobs,
        runner,
        _choice(core),
        clock,
    )
    app[review_keys.FEEDBACK] = FeedbackService(rows.datasets, rows.feedback, clock)
    app[review_keys.REGENERATION] = RegenerationService(
        rows.datasets,
        rows.regenerations,
        rows.jobs,
        core.prompts,
        core.sources,
        runner,
        _choice(core),
        clock,
    )
    app[review_keys.RESTORING] = RestoreService(datasets, rows.entries, rows.regenerations, core.weights, clock)


def _quality(app: web.Application, core: Core) -> None:
    rows = core.rows
    app[quality_keys.ANALYSIS] = AnalysisService(rows.datasets, rows.entries, core.weights)
    app[quality_keys.QUALITY_REPORTS] = QualityReports(rows.datasets, rows.versions, rows.feedback)


def _taxonomies(app: web.Application, core: Core, workshop: Workshop) -> None:
    rows = core.rows
    app[taxonomy_keys.TAXONOMIES] = core.taxonomies
    app[taxonomy_keys.TAXONOMY_MAKING] = TaxonomyMaking(
        core.projects,
        core.taxonomies,
        rows.taxonomies,
        rows.chunks,
        rows.documents,
        rows.jobs,
        workshop.runner,
        _choice(core),
        core.clock,
    )


def _extraction(app: web.Application, core: Core, workshop: Workshop) -> None:
    rows, clock, runner = core.rows, core.clock, workshop.runner
    app[extraction_keys.EXTRACTIONS] = ExtractionService(
        core.projects,
        core.taxonomies,
        rows.chunks,
        rows.documents,
        rows.extraction,
        rows.jobs,
        runner,
        _choice(core),
        extraction_prompts(),
        clock,
    )
    app[extraction_keys.EXTRACTION_IMPORT] = ExtractionImport(
        core.projects, core.taxonomies, rows.chunks, rows.extraction, rows.extraction, rows.jobs, runner, clock
    )


def _benchmarks(app: web.Application, core: Core, workshop: Workshop) -> None:
    rows, limits = core.rows, core.settings.benchmarks
    app[benchmark_keys.BENCHMARKS] = BenchmarkService(
        rows.benchmarks,
        rows.benchmarks,
        core.projects,
        rows.datasets,
        rows.jobs,
        workshop.runner,
        _choice(core),
        BenchmarkDefaults(core.settings.benchmark_folder().resolve(), limits.max_samples, limits.max_tokens),
        core.suite,
        core.clock,
    )


def _choice(core: Core) -> ModelChoice:
    return ModelChoice(core.defaults.model, core.defaults.models, core.accounts, core.prices)


def _folder_fault(root: Path, folder: str, below: str) -> str | None:
    return folder_fault(root, folder) or folder_fault(root / folder, below)
