"""Who may ask, from where, and how often. Each function makes one middleware; ``middlewares.py`` puts them in order."""

import ipaddress
import math
import re
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from chunksmith.domain.ports import Clock
from chunksmith.errors import Unauthorized
from chunksmith.settings import ServerSettings
from chunksmith.web.routing import route_of

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]
KEY_ID: web.RequestKey[str] = web.RequestKey("key_id", str)

# A name or an address, and a port: neither a user before it nor anything behind.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:@/?#\[\]\\]+)(?::[0-9]{0,5})?")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
WINDOW_S = 60.0
ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
ALLOWED_HEADERS = (
    "Authorization, X-API-Key, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Range, "
    "Last-Event-ID, X-Request-Id"
)
EXPOSED_HEADERS = "Location, ETag, Retry-After, X-Request-Id, Content-Disposition, Content-Range"


class KeyChecker(Protocol):
    """The service that knows the keys; it compares in constant time."""

    def required(self) -> bool:
        """Whether any key exists, so that requests must show one."""
        ...

    async def allows(self, secret: str) -> str | None:
        """The id of the key, or None when it is unknown or revoked."""
        ...


class TooMany(web.HTTPTooManyRequests):
    def __init__(self, allowed: int, wait_s: float) -> None:
        seconds = max(1, math.ceil(wait_s))
        text = f"More than {allowed} requests within a minute; try again in {seconds} s."
        super().__init__(text=text, headers={"Retry-After": str(seconds)})


class RequestWindow:
    """At most ``allowed`` requests of a key in any 60 seconds: exact, where a bucket allows a burst on top."""

    def __init__(self, allowed: int, clock: Clock) -> None:
        self._allowed = allowed
        self._clock = clock
        self._times: dict[str, deque[float]] = {}

    def take(self, key: str) -> float:
        """Seconds to wait; 0 when the request is admitted and counted."""
        now = self._clock.monotonic()
        times = self._times.setdefault(key, deque())
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        if len(times) >= self._allowed:
            return times[0] + WINDOW_S - now
        times.append(now)
        return 0.0


def known_host(settings: ServerSettings, keys: KeyChecker) -> Middleware:
    """Without keys, loopback is the only fence; a page whose name is made to resolve to it must not get through.

    The Host header has to name this machine, and a browser's write from a page of another origin is refused.
    """
    names = (LOOPBACK_NAMES | {_host_name(name) for name in settings.allowed_hosts}) - {""}
    guarded = is_loopback(settings.host)

    @web.middleware
    async def middleware(request: web.Request, handler: Next) -> web.StreamResponse:
        if keys.required():
            return await handler(request)
        if guarded and _host_name(request.host) not in names:
            raise web.HTTPMisdirectedRequest(
                text="This server answers to localhost only; add the name to server.allowed_hosts or create an API key."
            )
        origin = request.headers.get("Origin")
        if request.method not in SAFE_METHODS and origin is not None and not _is_trusted(origin, request, settings):
            raise web.HTTPForbidden(
                text="A page of another origin may not write here; add it to server.cors_origins, or create an API key."
            )
        return await handler(request)

    return middleware


def authentication(keys: KeyChecker) -> Middleware:
    """A route that is not in the table needs a key too: forgetting an entry must not open a door."""

    @web.middleware
    async def middleware(request: web.Request, handler: Next) -> web.StreamResponse:
        route = route_of(request)
        if not keys.required() or (route is not None and not route.needs_key):
            return await handler(request)
        secret = secret_of(request)
        if not secret:
            raise Unauthorized("An API key is needed: send X-API-Key or Authorization: Bearer")
        key_id = await keys.allows(secret)
        if key_id is None:
            raise Unauthorized("The API key is not known or was revoked")
        request[KEY_ID] = key_id
        return await handler(request)

    return middleware


def rate_limit(settings: ServerSettings, clock: Clock) -> Middleware:
    """Counts what carries a key; open routes (health, documentation) are never refused."""
    window = RequestWindow(settings.requests_per_minute_per_key, clock)

    @web.middleware
    async def middleware(request: web.Request, handler: Next) -> web.StreamResponse:
        key_id = request.get(KEY_ID)
        if key_id is not None and settings.requests_per_minute_per_key:
            wait_s = window.take(key_id)
            if wait_s > 0:
                raise TooMany(settings.requests_per_minute_per_key, wait_s)
        return await handler(request)

    return middleware


def preflight(settings: ServerSettings) -> Middleware:
    """Answers a browser's question whether a page of a configured origin may send its request."""

    @web.middleware
    async def middleware(request: web.Request, handler: Next) -> web.StreamResponse:
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asks or not allowed_origin(request, settings):
            return await handler(request)
        headers = {
            "Access-Control-Allow-Methods": ALLOWED_METHODS,
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": "600",
        }
        return web.Response(status=204, headers=headers)

    return middleware


def allowed_origin(request: web.Request, settings: ServerSettings) -> str | None:
    """The value for ``Access-Control-Allow-Origin``, if this request gets one."""
    origin = request.headers.get("Origin")
    if origin is None:
        return None
    if "*" in settings.cors_origins:
        return "*"
    return origin if origin.rstrip("/") in {each.rstrip("/") for each in settings.cors_origins} else None


def secret_of(request: web.Request) -> str | None:
    given = request.headers.get("X-API-Key")
    if given:
        return given.strip()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _host_name(host: str) -> str:
    """``Host`` without its port: ``example.org:80`` → ``example.org``, ``[::1]:80`` → ``[::1]``.

    Empty for what is no host and port: a part of it that looks like a known name does not make it one.
    """
    found = _HOST.fullmatch(host)
    return found[1].lower().rstrip(".") if found is not None else ""


def _is_trusted(origin: str, request: web.Request, settings: ServerSettings) -> bool:
    return allowed_origin(request, settings) is not None or urlsplit(origin).netloc.lower() == request.host.lower()
