"""The process: the whole application put together, started, served and stopped."""

import asyncio
import contextlib
import ctypes
import errno
import gc
import logging
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import uvloop
from aiohttp import web

from chunksmith import __version__, logs
from chunksmith.domain.clock import SystemClock, parse_time, timestamp
from chunksmith.domain.ports import ChatModel, Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import AppError, InvalidRequest, StorageError
from chunksmith.exports.formats import load_plugins
from chunksmith.gateway.windows import WINDOW_S
from chunksmith.providers import registry
from chunksmith.services.extraction import ExtractionService
from chunksmith.services.keys import KeyService
from chunksmith.services.notifying import Notifier
from chunksmith.services.runner import Runner
from chunksmith.settings import Settings, unheeded_variables
from chunksmith.storage.files import lock, make_private
from chunksmith.web import extraction_keys, keys, middlewares, routes
from chunksmith.web.routing import register
from chunksmith.web.security import is_loopback
from chunksmith.web.serving import SiteRunner
from chunksmith.web.streams import HANDLER_ARGS
from chunksmith.webhooks import Webhook
from chunksmith.wiring.core import Core
from chunksmith.wiring.services import offer
from chunksmith.wiring.stores import DATABASE_FILE
from chunksmith.wiring.work import workshop

log = logging.getLogger(__name__)
RUNNER: web.AppKey[Runner] = web.AppKey("runner", Runner)
# Of glibc's malloc.h.
M_ARENA_MAX = -8
KEY_SERVICE: web.AppKey[KeyService] = web.AppKey("key_service", KeyService)


@dataclass(frozen=True)
class _Engine:
    """What has to be started and stopped."""

    core: Core
    runner: Runner
    keys: KeyService
    extraction: ExtractionService
    notifier: Notifier | None


def build_app(
    settings: Settings, *, models: Mapping[str, ChatModel] | None = None, clock: Clock | None = None
) -> web.Application:
    """The whole application over ``settings.server.data_dir``, which the caller has locked.

    Tests pass models and a clock of their own through the same door.
    """
    time = clock or SystemClock()
    accounts = settings.providers.accounts()
    adapters = models if models is not None else registry.build(accounts, time.monotonic)
    app = web.Application(client_max_size=settings.server.max_body_bytes, handler_args=HANDLER_ARGS)
    core = Core(settings, settings.server.data_dir.resolve(), accounts, adapters, time)
    engine = _assemble(app, core)
    middlewares.install(app, settings.server, engine.keys, time)
    register(app, routes.ROUTES)
    routes.serve_docs(app, __version__)

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        async with _running(engine, app[keys.READINESS]):
            yield

    app.cleanup_ctx.append(lifetime)
    return app


def _assemble(app: web.Application, core: Core) -> _Engine:
    server, clock = core.settings.server, core.clock
    webhook = _webhook(core.settings, clock)
    notifier = Notifier(core.rows.jobs, webhook, core.gateway.sender.moves, clock) if webhook is not None else None
    work = workshop(core, notifier.wake if notifier is not None else None)
    offer(app, core, work)
    public = not is_loopback(server.host) and not server.insecure
    app[RUNNER] = work.runner
    app[KEY_SERVICE] = KeyService(core.rows.keys, clock, always=public)
    return _Engine(core, work.runner, app[KEY_SERVICE], app[extraction_keys.EXTRACTIONS], notifier)


@contextlib.asynccontextmanager
async def _running(engine: _Engine, readiness: keys.Readiness) -> AsyncIterator[None]:
    core, rows = engine.core, engine.core.rows
    await asyncio.to_thread(load_plugins)
    await rows.database.open()
    tasks: list[asyncio.Task[None]] = []
    try:
        await rows.calls.start()
        await rows.calls.abandon_open(timestamp(core.clock))
        await _restore_limits(core)
        await core.purging.recover()
        await core.settling.recover()
        await engine.keys.refresh()
        tasks.append(asyncio.create_task(core.purging.run(), name="purging"))
        tasks.append(asyncio.create_task(_finish_deletions(engine), name="deletions"))
        tasks.append(asyncio.create_task(engine.keys.watch(), name="key-watch"))
        tasks.append(asyncio.create_task(core.metrics.watch_loop(), name="loop-lag"))
        if engine.notifier is not None:
            tasks.append(asyncio.create_task(engine.notifier.run(), name="notifier"))
        await engine.runner.start()
        readiness.ready = True
        yield
    finally:
        readiness.stopping = True
        core.gateway.drain()
        await engine.runner.stop(0.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await core.settling.close()
        await core.gateway.close()
        for model in core.models.values():
            await model.close()
        await rows.database.close()


async def _finish_deletions(engine: _Engine) -> None:
    """What was being removed when the process ended is hidden, and may be large: no job waits for it."""
    try:
        await engine.extraction.recover()
        await engine.core.references.sweep()
    except AppError as exc:  # it stays hidden; the next deletion, or the next start, tries again
        log.warning("deletions_interrupted", extra={"slug": exc.slug, "detail": exc.detail})


async def _restore_limits(core: Core) -> None:
    """Limits per minute outlive a restart: what was sent in the last minute counts. So do waits that were asked for."""
    now = core.clock.now()
    for provider, until in (await core.rows.calls.waits(rfc3339(now))).items():
        if provider in core.gateway.admissions:
            core.gateway.admissions[provider].restore_wait(parse_time(until) - now)
    # Times ahead of this clock: it may have been set back since.
    for row in await core.rows.calls.recent(rfc3339(now - WINDOW_S), rfc3339(now + WINDOW_S)):
        admission = core.gateway.admissions.get(row["provider"])
        if admission is not None:
            admission.restore(max(0.0, now - parse_time(row["sent_at"])), row["calls"], int(row["tokens"]))


def _webhook(settings: Settings, clock: Clock) -> Webhook | None:
    hook = settings.webhooks
    if not hook.url:
        return None
    secret = hook.secret.get_secret_value() if hook.secret is not None else ""
    return Webhook(hook.url, secret, hook.allow_private, clock)


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code.

    Errors: StorageError when the data directory is in use or unusable; InvalidRequest when it may not be served there.
    """
    logs.configure(settings.logs.level, settings.logs.format)
    logs.secrets.add(*(account.api_key for account in settings.providers.accounts().values() if account.api_key))
    if settings.webhooks.secret is not None:
        logs.secrets.add(settings.webhooks.secret.get_secret_value())
    for name in unheeded_variables(os.environ):
        told = "names no setting: those are CHUNKSMITH_<SECTION>__<KEY>, with two underscores between"
        log.warning("variable_unheeded", extra={"variable": name, "detail": told})
    root = settings.server.data_dir
    _must_be_allowed(settings)
    os.umask(0o077)  # a data directory that was there before may let others look into it
    try:
        make_private(root)
    except OSError as exc:
        raise StorageError(f"the data directory {root} cannot be used: {exc.strerror}") from exc
    with lock(root):
        _share_one_heap()
        return uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = build_app(settings)
    site_runner = SiteRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
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


def _share_one_heap() -> None:
    """glibc gives threads heaps of their own, and what one has freed is of no use to the others.

    They wait for each other at a lock then; but they hold Python's own lock whenever they ask for much.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # there is none outside of glibc
        mallopt(M_ARENA_MAX, 1)


def _spare_collector() -> None:
    """What start-up made stays until the end, so the garbage collector need not look at it again and again.

    A call makes some hundred short-lived objects: the default threshold collects several times for each of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


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
