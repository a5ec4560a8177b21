"""The only place that wires both sides: storage and providers to services, services to the web."""

import asyncio
import contextlib
import errno
import gc
import random
import signal
import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

import uvloop
from aiohttp import web

from chunksmith import __version__, logs
from chunksmith.domain.calls import ProviderAccount
from chunksmith.domain.clock import SystemClock, parse_time, timestamp
from chunksmith.domain.extraction import KIND as EXTRACTION_KIND
from chunksmith.domain.generation import MODES
from chunksmith.domain.ports import ChatModel, Clock
from chunksmith.domain.regeneration import KIND as REGENERATE_KIND
from chunksmith.domain.times import rfc3339
from chunksmith.errors import InvalidRequest, StorageError
from chunksmith.gateway.admission import WINDOW_S
from chunksmith.gateway.gateway import Gateway
from chunksmith.gateway.pricing import PriceBook, Rates
from chunksmith.pipeline.generate import Defaults
from chunksmith.providers import registry
from chunksmith.quality.entry_scores import QualityWeights
from chunksmith.services.chunk_import import ChunkImport
from chunksmith.services.chunks import ChunkService
from chunksmith.services.datasets import DatasetService
from chunksmith.services.documents import DocumentService
from chunksmith.services.estimating import EstimateService
from chunksmith.services.events import EventService
from chunksmith.services.exporting import ExportService
from chunksmith.services.extraction import ExtractionModels, ExtractionService
from chunksmith.services.extraction import shipped_prompts as extraction_prompts
from chunksmith.services.extraction_import import ExtractionImport
from chunksmith.services.extraction_job import ExtractionJob, ExtractionStores
from chunksmith.services.feedback import FeedbackService, FewShot
from chunksmith.services.generation import GenerationDefaults, GenerationService
from chunksmith.services.generation_job import GenerationJob, Stores
from chunksmith.services.jobs import GENERATION_KIND, PROCESS_KIND, JobService
from chunksmith.services.keys import KeyService
from chunksmith.services.ledger import LedgerService
from chunksmith.services.metrics import Metrics
from chunksmith.services.model_reading import ModelReading
from chunksmith.services.notifying import Notifier
from chunksmith.services.preview import PreviewService
from chunksmith.services.processing import DocumentProcessing
from chunksmith.services.processing_job import ProcessingJob
from chunksmith.services.projects import ProjectService
from chunksmith.services.prompts import PromptService
from chunksmith.services.providers import ProviderService
from chunksmith.services.purging import Purging
from chunksmith.services.regeneration import RegenerationService
from chunksmith.services.regeneration_job import RegenerationJob, RegenerationStores
from chunksmith.services.rescoring import KIND as RESCORE_KIND
from chunksmith.services.rescoring import RescoreJob, RescoreService
from chunksmith.services.restoring import RestoreService
from chunksmith.services.runner import Runner, Work
from chunksmith.services.sources import Sources
from chunksmith.services.taxonomies import TaxonomyService
from chunksmith.services.taxonomy_job import KIND as TAXONOMY_KIND
from chunksmith.services.taxonomy_job import TaxonomyJob, TaxonomyStores, shipped_prompts
from chunksmith.services.taxonomy_making import ModelChoice, TaxonomyMaking
from chunksmith.settings import Settings, shipped
from chunksmith.storage.calls import CallStore
from chunksmith.storage.chunk_imports import ImportStore
from chunksmith.storage.chunks import ChunkStore
from chunksmith.storage.database import Database
from chunksmith.storage.datasets import DatasetStore
from chunksmith.storage.documents import DocumentStore
from chunksmith.storage.entries import EntryStore
from chunksmith.storage.extraction import ExtractionStore
from chunksmith.storage.feedback import FeedbackStore
from chunksmith.storage.files import UploadStore, folder_fault, inside, lock, make_private
from chunksmith.storage.jobs import JobStore, unit_statements
from chunksmith.storage.keys import KeyStore
from chunksmith.storage.projects import ProjectStore
from chunksmith.storage.prompts import PromptStore
from chunksmith.storage.purge import PurgeStore
from chunksmith.storage.reading import ReadingStore
from chunksmith.storage.regenerations import RegenerationStore
from chunksmith.storage.taxonomies import TaxonomyStore
from chunksmith.storage.taxonomy_work import TaxonomyWorkStore
from chunksmith.web import extraction_keys, keys, middlewares, review_keys, routes, taxonomy_keys
from chunksmith.web.routing import register
from chunksmith.web.security import is_loopback
from chunksmith.webhooks import Webhook

DATABASE_FILE = "chunksmith.db"
MADE_FILES = "datasets/.exports"
RUNNER: web.AppKey[Runner] = web.AppKey("runner", Runner)
KEY_SERVICE: web.AppKey[KeyService] = web.AppKey("key_service", KeyService)


@dataclass(frozen=True)
class _Engine:
    """What has to be started and stopped, in this order."""

    database: Database
    calls: CallStore
    purging: Purging
    extraction: ExtractionService
    keys: KeyService
    models: Mapping[str, ChatModel]
    gateway: Gateway
    runner: Runner
    metrics: Metrics
    notifier: Notifier | None
    clock: Clock


def build_app(
    settings: Settings, *, models: Mapping[str, ChatModel] | None = None, clock: Clock | None = None
) -> web.Application:
    """The whole application over ``settings.server.data_dir``, which the caller has locked.

    Tests pass models and a clock of their own through the same door.
    """
    time = clock or SystemClock()
    root = settings.server.data_dir.resolve()
    accounts = settings.providers.accounts()
    adapters = models if models is not None else registry.build(accounts)
    app = web.Application(client_max_size=settings.server.max_body_bytes)
    engine = _wire(app, settings, root, accounts, adapters, time)
    middlewares.install(app, settings.server, engine.keys, time)
    register(app, routes.ROUTES)
    routes.serve_docs(app, __version__)

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        async with _running(engine, app[keys.READINESS]):
            yield

    app.cleanup_ctx.append(lifetime)
    return app


def _wire(
    app: web.Application,
    settings: Settings,
    root: Path,
    accounts: Mapping[str, ProviderAccount],
    models: Mapping[str, ChatModel],
    clock: Clock,
) -> _Engine:
    database = Database(root / DATABASE_FILE, settings.ledger.group_commit_max)
    calls = CallStore(database, settings.ledger.compress_level)
    jobs, entries, datasets = JobStore(database), EntryStore(database), DatasetStore(database)
    feedback, regenerations = FeedbackStore(database), RegenerationStore(database)
    chunks, imports, files = ChunkStore(database), ImportStore(database), UploadStore(root)
    documents = DocumentStore(database, imports)
    purging = Purging(PurgeStore(database), imports, documents, files, clock)
    prices = PriceBook({name: _rates(price) for name, price in settings.prices.items()})
    gateway = Gateway(
        models,
        accounts,
        calls,
        prices,
        clock,
        attempts=settings.generation.attempts,
        give_up_after_s=settings.generation.give_up_after_s,
        rng=random.Random(),  # noqa: S311 - spreads retries, guards nothing
    )
    metrics = Metrics(gateway.admissions, jobs, clock)
    gateway.observe = metrics.call_ended
    notifier = Notifier(jobs, webhook, clock) if (webhook := _webhook(settings, clock)) is not None else None
    weights = QualityWeights(
        settings.quality.weight_grounded, settings.quality.weight_well_formed, settings.quality.weight_distinct
    )
    writing = Defaults(weights, settings.generation.temperature, settings.generation.max_tokens)
    reading = ModelReading(gateway, ReadingStore(database), settings.parsing, clock)
    processing = DocumentProcessing(documents, files, settings.parsing, clock, reading)
    projects = ProjectService(ProjectStore(database), purging, clock)
    taxonomies, extraction_rows = TaxonomyStore(database), ExtractionStore(database)
    taxonomy_service = TaxonomyService(taxonomies, projects, clock)
    sources = Sources(projects, taxonomy_service, extraction_rows, chunks)
    generation_job = GenerationJob(
        Stores(jobs, jobs, entries, datasets, chunks, documents),
        gateway,
        processing.process,
        clock,
        lambda relative: _place(root, relative),
        writing,
        sources,
        metrics.unit_ended,
    )
    taxonomy_stores = TaxonomyStores(jobs, jobs, chunks, taxonomies, TaxonomyWorkStore(database))
    kinds: dict[str, Work] = {
        TAXONOMY_KIND: TaxonomyJob(taxonomy_stores, gateway, shipped_prompts(), clock),
        GENERATION_KIND: generation_job,
        PROCESS_KIND: ProcessingJob(jobs, jobs, processing, unit_statements),
        REGENERATE_KIND: RegenerationJob(
            RegenerationStores(jobs, jobs, datasets, entries, entries, chunks, regenerations),
            gateway,
            clock,
            writing,
            generation_job.paces,
            metrics.unit_ended,
        ),
        RESCORE_KIND: RescoreJob(datasets, entries, entries, chunks, weights, clock),
    }
    kinds[EXTRACTION_KIND] = ExtractionJob(
        ExtractionStores(jobs, jobs, chunks, extraction_rows),
        gateway,
        clock,
        generation_job.paces,
        metrics.unit_ended,
    )
    runner = Runner(
        jobs,
        kinds,
        clock,
        settings.generation.max_running_jobs,
        lambda: gateway.sending,
        notifier.wake if notifier is not None else None,
    )
    public = not is_loopback(settings.server.host) and not settings.server.insecure
    key_service = KeyService(KeyStore(database), clock, always=public)
    document_service = DocumentService(documents, files, purging, settings.uploads, clock)
    prompts = PromptService(PromptStore(database), builtin_prompts, clock)
    defaults = GenerationDefaults(
        settings.default_model(), {name: account.model for name, account in accounts.items()}, settings.chunking
    )
    app[keys.SETTINGS] = settings
    app[keys.READINESS] = keys.Readiness(__version__)
    app[keys.PROJECTS] = projects
    app[keys.DOCUMENTS] = document_service
    app[keys.CHUNKS] = ChunkService(chunks, clock)
    app[keys.CHUNK_IMPORT] = ChunkImport(imports, purging, settings.uploads.max_import_line_bytes, clock)
    app[keys.PROMPTS] = prompts
    check_folder = partial(_folder_fault, root)
    generation = GenerationService(
        projects,
        prompts,
        chunks,
        documents,
        jobs,
        runner,
        accounts,
        prices,
        defaults,
        check_folder,
        FewShot(feedback),
        sources,
        clock,
    )
    app[keys.GENERATION] = generation
    app[keys.ESTIMATES] = EstimateService(
        generation,
        chunks,
        documents,
        calls,
        prices,
        accounts,
        writing,
        lambda request: models[request.model.provider].output_ceiling(request),
    )
    job_service = JobService(
        jobs, jobs, calls, datasets, runner, document_service, generation_job.paces, gateway.admissions, prices, clock
    )
    app[keys.JOBS] = job_service
    app[keys.EVENTS] = EventService(jobs, job_service, clock)
    app[keys.DATASETS] = DatasetService(datasets, entries, jobs, chunks, weights, root, clock)
    app[keys.EXPORTS] = ExportService(datasets, entries, root / MADE_FILES)
    app[keys.PROVIDERS] = ProviderService(models, accounts, gateway.admissions)
    app[keys.METRICS] = metrics
    app[keys.LEDGER] = LedgerService(calls, jobs, clock)
    app[keys.RESCORING] = RescoreService(datasets, jobs, runner, clock)
    app[taxonomy_keys.TAXONOMIES] = taxonomy_service
    choice = ModelChoice(defaults.model, defaults.models, accounts, prices)
    app[taxonomy_keys.TAXONOMY_MAKING] = TaxonomyMaking(
        projects, taxonomy_service, taxonomies, chunks, documents, jobs, runner, choice, clock
    )
    app[review_keys.FEEDBACK] = FeedbackService(datasets, feedback, clock)
    app[review_keys.REGENERATION] = RegenerationService(
        datasets, regenerations, jobs, prompts, runner, accounts, prices, defaults.models, clock
    )
    app[review_keys.RESTORING] = RestoreService(app[keys.DATASETS], entries, regenerations, weights, clock)
    app[review_keys.PREVIEWS] = PreviewService(generation, chunks, writing)
    extraction = ExtractionService(
        projects,
        taxonomy_service,
        chunks,
        documents,
        extraction_rows,
        jobs,
        runner,
        ExtractionModels(defaults.model, defaults.models, accounts, prices),
        extraction_prompts(),
        clock,
    )
    app[extraction_keys.EXTRACTIONS] = extraction
    app[extraction_keys.EXTRACTION_IMPORT] = ExtractionImport(
        projects, taxonomy_service, chunks, extraction_rows, extraction_rows, jobs, runner, clock
    )
    app[RUNNER] = runner
    app[KEY_SERVICE] = key_service
    return _Engine(database, calls, purging, extraction, key_service, models, gateway, runner, metrics, notifier, clock)


@contextlib.asynccontextmanager
async def _running(engine: _Engine, readiness: keys.Readiness) -> AsyncIterator[None]:
    await engine.database.open()
    tasks: list[asyncio.Task[None]] = []
    try:
        await engine.calls.start()
        await engine.calls.abandon_open(timestamp(engine.clock))
        await _restore_limits(engine)
        await engine.purging.recover()
        await engine.extraction.recover()
        await engine.keys.refresh()
        tasks.append(asyncio.create_task(engine.purging.run(), name="purging"))
        tasks.append(asyncio.create_task(engine.keys.watch(), name="key-watch"))
        tasks.append(asyncio.create_task(engine.metrics.watch_loop(), name="loop-lag"))
        if engine.notifier is not None:
            tasks.append(asyncio.create_task(engine.notifier.run(), name="notifier"))
        await engine.runner.start()
        readiness.ready = True
        yield
    finally:
        readiness.stopping = True
        engine.gateway.drain()
        await engine.runner.stop(0.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await engine.gateway.close()
        for model in engine.models.values():
            await model.close()
        await engine.database.close()


async def _restore_limits(engine: _Engine) -> None:
    """Limits per minute outlive a restart: what was sent in the last minute counts."""
    now = engine.clock.now()
    sent: dict[str, list[tuple[float, int]]] = {}
    for row in await engine.calls.recent(rfc3339(now - WINDOW_S)):
        age_s = max(0.0, now - parse_time(row["sent_at"]))
        sent.setdefault(row["provider"], []).append((age_s, row["tokens"]))
    for provider, ages in sent.items():
        engine.gateway.admissions[provider].restore(ages)


def _place(root: Path, relative: str) -> Path:
    """Errors: InvalidRequest for a path that leads out of the data directory, by a link for example."""
    path = inside(root, relative)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _folder_fault(root: Path, folder: str, below: str) -> str | None:
    return folder_fault(root, folder) or folder_fault(root / folder, below)


def builtin_prompts() -> dict[str, str]:
    """The built-in prompt of each mode, from config/prompts."""
    return {mode: shipped(f"prompts/{mode.replace(' ', '-')}.md").read_text(encoding="utf-8") for mode in MODES}


def _webhook(settings: Settings, clock: Clock) -> Webhook | None:
    hook = settings.webhooks
    if not hook.url:
        return None
    secret = hook.secret.get_secret_value() if hook.secret is not None else ""
    return Webhook(hook.url, secret, hook.allow_private, clock)


def _rates(price: object) -> Rates:
    values = {name: getattr(price, name) for name in ("input", "output", "cached")}
    fallback = values["cached"] if values["cached"] is not None else values["input"]
    return Rates(Decimal(str(values["input"])), Decimal(str(values["output"])), Decimal(str(fallback)))


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code.

    Errors: StorageError when the data directory is in use or unusable; InvalidRequest when it may not be served there.
    """
    logs.configure(settings.logs.level, settings.logs.format)
    logs.secrets.add(*(account.api_key for account in settings.providers.accounts().values() if account.api_key))
    if settings.webhooks.secret is not None:
        logs.secrets.add(settings.webhooks.secret.get_secret_value())
    root = settings.server.data_dir
    try:
        make_private(root)
    except OSError as exc:
        raise StorageError(f"the data directory {root} cannot be used: {exc.strerror}") from exc
    with lock(root):
        _must_be_allowed(settings)
        return uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    app = build_app(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    site_runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
    await site_runner.setup()
    _spare_collector()
    try:
        host, port = settings.server.host, settings.server.port
        site = web.TCPSite(site_runner, host, port)
        try:
            await site.start()
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE:
                raise StorageError(f"port {port} on {host} is in use; choose another with --port") from exc
            raise StorageError(f"cannot serve on {host}:{port}: {exc.strerror}") from exc
        bound = site_runner.addresses[0]
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        print(f"Chunksmith is ready at http://{shown}:{bound[1]}", flush=True)  # noqa: T201 - the one line that is promised
        await stop.wait()
        # Status can still be read while replies in flight come in; new work is refused.
        app[keys.READINESS].stopping = True
        await app[RUNNER].stop(settings.server.shutdown_grace_s)
    finally:
        await site_runner.cleanup()
    return 0


def _spare_collector() -> None:
    """What start-up made stays until the end, so the garbage collector need not look at it again and again.

    A call makes some hundred short-lived objects: the default threshold collects several times for each of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _must_be_allowed(settings: Settings) -> None:
    """Without keys only this machine is served. Errors: InvalidRequest."""
    server = settings.server
    if is_loopback(server.host) or server.insecure or _has_keys(server.data_dir / DATABASE_FILE):
        return
    raise InvalidRequest.field(
        "server/host",
        f"{server.host} can be reached by others and no API key exists: make one with `chunksmith keys create NAME`, "
        "or say --insecure",
    )


def _has_keys(path: Path) -> bool:
    if not path.exists():
        return False
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            return bool(connection.execute("SELECT 1 FROM api_keys WHERE revoked_at IS NULL").fetchone())
        except sqlite3.Error:
            return False
