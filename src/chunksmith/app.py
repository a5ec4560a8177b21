"""The only place that wires both sides: storage and providers to services, services to the web."""

import asyncio
import contextlib
import errno
import random
import signal
import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import uvloop
from aiohttp import web

from chunksmith import __version__, logs
from chunksmith.domain.calls import ProviderAccount
from chunksmith.domain.clock import SystemClock, parse_time, timestamp
from chunksmith.domain.generation import MODES
from chunksmith.domain.ports import ChatModel, Clock
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
from chunksmith.services.exporting import ExportService
from chunksmith.services.generation import GenerationDefaults, GenerationService
from chunksmith.services.generation_job import GenerationJob, Stores
from chunksmith.services.jobs import GENERATION_KIND, PROCESS_KIND, JobService
from chunksmith.services.keys import KeyService
from chunksmith.services.processing import DocumentProcessing
from chunksmith.services.processing_job import ProcessingJob
from chunksmith.services.projects import ProjectService
from chunksmith.services.prompts import PromptService
from chunksmith.services.providers import ProviderService
from chunksmith.services.purging import Purging
from chunksmith.services.runner import Runner, Work
from chunksmith.settings import Settings, shipped
from chunksmith.storage.calls import CallStore
from chunksmith.storage.chunk_imports import ImportStore
from chunksmith.storage.chunks import ChunkStore
from chunksmith.storage.database import Database
from chunksmith.storage.datasets import DatasetStore
from chunksmith.storage.documents import DocumentStore
from chunksmith.storage.entries import EntryStore
from chunksmith.storage.files import UploadStore, inside, lock, make_private
from chunksmith.storage.jobs import JobStore, unit_statements
from chunksmith.storage.keys import KeyStore
from chunksmith.storage.projects import ProjectStore
from chunksmith.storage.prompts import PromptStore
from chunksmith.storage.purge import PurgeStore
from chunksmith.web import keys, middlewares, routes
from chunksmith.web.routing import register
from chunksmith.web.security import is_loopback

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
    keys: KeyService
    models: Mapping[str, ChatModel]
    gateway: Gateway
    runner: Runner
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
    weights = QualityWeights(
        settings.quality.weight_grounded, settings.quality.weight_well_formed, settings.quality.weight_distinct
    )
    writing = Defaults(weights, settings.generation.temperature, settings.generation.max_tokens)
    processing = DocumentProcessing(documents, files, settings.parsing, clock)
    generation_job = GenerationJob(
        Stores(jobs, jobs, entries, datasets, chunks, documents),
        gateway,
        processing.process,
        clock,
        lambda relative: _place(root, relative),
        writing,
    )
    kinds: dict[str, Work] = {
        GENERATION_KIND: generation_job,
        PROCESS_KIND: ProcessingJob(jobs, jobs, processing, unit_statements),
    }
    runner = Runner(jobs, kinds, clock, settings.generation.max_running_jobs, lambda: gateway.sending)
    key_service = KeyService(KeyStore(database), clock)
    projects = ProjectService(ProjectStore(database), purging, clock)
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
    generation = GenerationService(
        projects, prompts, chunks, documents, jobs, runner, accounts, prices, defaults, clock
    )
    app[keys.GENERATION] = generation
    app[keys.ESTIMATES] = EstimateService(generation, chunks, documents, calls, prices, accounts, writing)
    app[keys.JOBS] = JobService(
        jobs, jobs, calls, datasets, runner, document_service, generation_job.paces, gateway.admissions, clock
    )
    app[keys.DATASETS] = DatasetService(datasets, entries, jobs, chunks, weights, root, clock)
    app[keys.EXPORTS] = ExportService(datasets, entries, root / MADE_FILES)
    app[keys.PROVIDERS] = ProviderService(models, accounts, gateway.admissions)
    app[RUNNER] = runner
    app[KEY_SERVICE] = key_service
    return _Engine(database, calls, purging, key_service, models, gateway, runner, clock)


@contextlib.asynccontextmanager
async def _running(engine: _Engine, readiness: keys.Readiness) -> AsyncIterator[None]:
    await engine.database.open()
    tasks: list[asyncio.Task[None]] = []
    try:
        await engine.calls.start()
        await engine.calls.abandon_open(timestamp(engine.clock))
        await _restore_limits(engine)
        await engine.purging.recover()
        await engine.keys.refresh()
        tasks.append(asyncio.create_task(engine.purging.run(), name="purging"))
        tasks.append(asyncio.create_task(engine.keys.watch(), name="key-watch"))
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


def builtin_prompts() -> dict[str, str]:
    """The built-in prompt of each mode, from config/prompts."""
    return {mode: shipped(f"prompts/{mode.replace(' ', '-')}.md").read_text(encoding="utf-8") for mode in MODES}


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
