"""What surrounds every handler, from the outside in: request id and log, preflight, problems, host, key, rate."""

import asyncio
import logging
import re
import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from chunksmith.domain.ports import Clock
from chunksmith.errors import AppError
from chunksmith.logs import bound
from chunksmith.settings import ServerSettings
from chunksmith.web import problems as answers
from chunksmith.web.security import (
    EXPOSED_HEADERS,
    KEY_ID,
    KeyChecker,
    allowed_origin,
    authentication,
    known_host,
    preflight,
    rate_limit,
)

log = logging.getLogger(__name__)

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]
REQUEST: web.RequestKey[str] = web.RequestKey("request_id", str)  # headers go out when the context is left already
STARTED: web.RequestKey[web.StreamResponse] = web.RequestKey("started", web.StreamResponse)

CLIENT_CLOSED = 499
QUIET_PATHS = frozenset({"/health", "/ready", "/metrics"})  # asked every few seconds by machines
_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
# A file that somebody uploaded must not run as a page of this server.
CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


def install(app: web.Application, settings: ServerSettings, keys: KeyChecker, clock: Clock) -> None:
    """Put the boundary around ``app``. Body size is ``web.Application(client_max_size=settings.max_body_bytes)``."""
    app.middlewares.extend(boundary(settings, keys, clock))
    app.on_response_prepare.append(_headers(settings))


def boundary(settings: ServerSettings, keys: KeyChecker, clock: Clock) -> list[Middleware]:
    return [
        request_log(clock),
        preflight(settings),
        problems,
        known_host(settings, keys),
        authentication(keys),
        rate_limit(settings, clock),
    ]


def request_log(clock: Clock) -> Middleware:
    """Binds the request id and writes one line per request; never the query, which may hold anything."""

    @web.middleware
    async def middleware(request: web.Request, handler: Next) -> web.StreamResponse:
        started = clock.monotonic()
        request[REQUEST] = _request_id(request)
        with bound(request_id=request[REQUEST]):
            status = 500
            try:
                response = await handler(request)
                status = response.status
            except web.HTTPException as exc:  # a redirect
                status = exc.status
                raise
            except asyncio.CancelledError:
                status = CLIENT_CLOSED
                raise
            finally:
                _log_request(request, status, clock.monotonic() - started)
            return response

    return middleware


@web.middleware
async def problems(request: web.Request, handler: Next) -> web.StreamResponse:
    """The only place where an error becomes an answer."""
    instance = request[REQUEST]
    try:
        return await handler(request)
    except AppError as exc:
        if exc.slug == "error" or answers.problem_of(type(exc)).status >= 500:
            log.warning("request_refused", extra={"slug": exc.slug, "detail": exc.detail})
        answer = answers.from_app_error(exc, instance)
    except web.HTTPException as exc:
        if exc.status < 400:
            raise
        answer = answers.from_http_error(exc, instance)
    except Exception as exc:
        if isinstance(exc, ConnectionError) and _is_gone(request):
            return web.Response(status=CLIENT_CLOSED)
        log.exception("request_failed", extra={"method": request.method, "path": request.path})
        answer = answers.unexpected(instance)
    return _unless_started(request, answer)


def _is_gone(request: web.Request) -> bool:
    transport = request.transport
    return transport is None or transport.is_closing()


def _unless_started(request: web.Request, answer: web.Response) -> web.StreamResponse:
    """A stream that broke half-way is cut off, so that nobody takes what arrived for the whole."""
    if STARTED not in request:
        return answer
    log.warning("stream_cut", extra={"path": request.path, "status": answer.status})
    if request.transport is not None:
        request.transport.abort()
    return request[STARTED]


def _headers(settings: ServerSettings) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        request[STARTED] = response
        add_guards(response, request.get(REQUEST, ""))
        if settings.cors_origins:
            _add_cors(request, response, settings)

    return add_headers


def add_guards(response: web.StreamResponse, request_id: str) -> None:
    """What every answer carries, that to no readable request too."""
    response.headers["X-Request-Id"] = request_id
    response.headers["Server"] = "chunksmith"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)


def _add_cors(request: web.Request, response: web.StreamResponse, settings: ServerSettings) -> None:
    response.headers.add("Vary", "Origin")
    origin = allowed_origin(request, settings)
    if origin is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS


def _request_id(request: web.Request) -> str:
    given = request.headers.get("X-Request-Id", "")
    return given if _SANE_ID.fullmatch(given) else f"req-{uuid.uuid4()}"


def _log_request(request: web.Request, status: int, duration_s: float) -> None:
    resource = request.match_info.route.resource
    fields = {
        "method": request.method,
        "path": request.path,
        "route": resource.canonical if resource is not None else None,
        "status": status,
        "duration_ms": round(duration_s * 1000, 1),
        "key_id": request.get(KEY_ID),
    }
    log.log(logging.DEBUG if request.path in QUIET_PATHS else logging.INFO, "request", extra=fields)
