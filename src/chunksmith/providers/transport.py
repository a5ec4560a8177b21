"""The only place that makes HTTP clients for model calls, and that reads what goes wrong on the way.

httpx's own pool walks every connection on every call, so its cost grows with the square of the calls in flight. The
clients made here keep httpx's interface on aiohttp's connector, which does not. Its limit must be a number: left out,
aiohttp silently stays at 100 connections.
"""

import asyncio
import functools
import ssl
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from chunksmith import __version__
from chunksmith.domain.calls import ProviderAccount
from chunksmith.errors import ProviderError

Kind = Literal["aiohttp", "httpx"]

MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024  # a long policy header must not lose a reply that was paid for
MIN_CONNECTIONS = 1024
SPARE_CONNECTIONS = 64
CONNECT_S = 10.0
POOL_S = 30.0
IDLE_S = 15.0
_HEADERS = (("User-Agent", f"chunksmith/{__version__}"), ("Accept", "application/json"))


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer, whatever its status."""

    status: int
    headers: httpx.Headers
    body: bytes


def client(account: ProviderAccount, max_connections: int, kind: Kind = "aiohttp") -> httpx.AsyncClient:
    """A client for one account. It holds no key, follows no redirect and reads nothing from the environment.

    Units: ``max_connections`` counts all hosts together. Idle connections are dropped after ``IDLE_S`` seconds, before
           the servers that are known do it, so that few requests meet a connection that is just being closed.
    """
    limits = httpx.Limits(
        max_connections=max_connections, max_keepalive_connections=max_connections, keepalive_expiry=IDLE_S
    )
    transport: httpx.AsyncBaseTransport
    if kind == "aiohttp":
        transport = AiohttpTransport(
            verify=_tls(), trust_env=False, client=functools.partial(_aiohttp_session, max_connections)
        )
    else:
        transport = httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False, limits=limits)
    return _Client(
        transport,
        timeout=timeouts(account.timeout_s),
        follow_redirects=False,
        trust_env=False,
        headers=dict(_HEADERS),
    )


class _NoCookies(httpx.Cookies):
    """Model calls have no session, so nobody need look for one in every answer."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass

    def set_cookie_header(self, request: httpx.Request) -> None:
        pass


_NO_COOKIES = _NoCookies()


class _Client(httpx.AsyncClient):
    """With no login, redirects, cookies and hooks there is nothing for httpx to do between a request and its transport:
    ``exchange`` hands it over itself."""

    def __init__(self, wire: httpx.AsyncBaseTransport, **options: Any) -> None:
        super().__init__(transport=wire, **options)
        self.wire = wire

    @property
    def cookies(self) -> httpx.Cookies:
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise AttributeError("this client keeps no cookies")


def client_for(account: ProviderAccount) -> httpx.AsyncClient:
    """A client with room for more calls than the account may have in flight."""
    return client(account, max(MIN_CONNECTIONS, account.max_concurrency) + SPARE_CONNECTIONS)


def base_url(url: str) -> str:
    """Without a slash at the end and with a scheme: ``OLLAMA_HOST`` is often written without one."""
    bare = url.strip().rstrip("/")
    return bare if "://" in bare else f"http://{bare}"


def checked_key(account: ProviderAccount) -> str:
    """The key as it may stand in a header. Errors: ProviderError(kind="auth"), which does not show it."""
    key = (account.api_key or "").strip()
    if not key:
        raise ProviderError(
            "auth", f"API key not configured: {account.provider}", provider=account.provider, sent=False
        )
    if not (key.isascii() and key.isprintable() and " " not in key):
        detail = f"the API key of {account.provider} has characters that no key has: was it copied whole?"
        raise ProviderError("auth", detail, provider=account.provider, sent=False)
    return key


def request(
    method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes | None, wall_s: float
) -> httpx.Request:
    """Ready to be sent. All but the body is the same for every call and is taken apart once.

    Errors: ProviderError(kind="bad_request") for an address that is none.
    """
    try:
        address = parsed(url)
    except httpx.InvalidURL as exc:
        raise ProviderError("bad_request", f"{url} cannot be called: {exc}", sent=False) from exc
    made = httpx.Request(
        method,
        address,
        headers=_prepared(address.netloc, headers),
        stream=httpx.ByteStream(body or b""),
        extensions={"timeout": _timeout(wall_s)},
    )
    made.headers.encoding = "ascii"  # as they are: without it httpx tries encodings, each time a header is looked at
    if body is not None:
        made.headers["Content-Length"] = str(len(body))
    made.read()
    return made


@functools.lru_cache(maxsize=64)
def _prepared(host: bytes, headers: tuple[tuple[str, str], ...]) -> httpx.Headers:
    return httpx.Headers([("Host", host.decode("ascii")), *_HEADERS, *headers])


@functools.lru_cache(maxsize=64)
def _timeout(wall_s: float) -> dict[str, float | None]:
    return timeouts(wall_s).as_dict()


@functools.lru_cache(maxsize=256)
def parsed(url: str) -> httpx.URL:
    """The few addresses that are called, each taken apart once."""
    return httpx.URL(url)


@functools.lru_cache(maxsize=64)
def timeouts(wall_s: float) -> httpx.Timeout:
    """All that happens before the first byte of a request leaves has its own limit, shorter than the wall time.

    So when the wall time is what ends an attempt, the request has been sent or was about to be. Writing and reading
    have no limit beside the wall time (``exchange``): each would be two more timers a call.
    """
    before = 0.9 * wall_s
    return httpx.Timeout(connect=min(CONNECT_S, before), pool=min(POOL_S, before), read=None, write=None)


async def exchange(sender: httpx.AsyncClient, request: httpx.Request, wall_s: float, provider: str) -> Answer:
    """Send once and read the whole answer, whatever its status.

    Units:  ``wall_s`` limits the attempt from the first step to the last byte.
    Errors: ProviderError(kind="connection" | "timeout" | "bad_request" | "server") when no whole answer came.
    """
    try:
        async with asyncio.timeout(wall_s):
            if isinstance(sender, _Client):
                response = await sender.wire.handle_async_request(request)
            else:
                response = await sender.send(request, stream=True)
            try:
                body = await _read(response, provider)
            finally:
                await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError) as exc:
        raise failure(exc, provider, request.url) from exc
    except TimeoutError as exc:
        raise ProviderError("timeout", f"no whole answer after {wall_s:g} s", provider=provider) from exc
    return Answer(response.status_code, response.headers, body)


def failure(exc: Exception, provider: str, url: httpx.URL) -> ProviderError:
    """What an exception of httpx or aiohttp means.

    httpx-aiohttp names nearly every lost connection ``ConnectTimeout``, so aiohttp's own exception decides where there
    is one. Only what is certain to have happened before the first byte counts as not sent.
    """
    cause = exc.__cause__ if isinstance(exc.__cause__, aiohttp.ClientError) else exc
    host = url.netloc.decode("ascii", "replace")
    named = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
    if isinstance(cause, _NEVER_POSSIBLE):
        return ProviderError("bad_request", f"{host} cannot be called: {named}", provider=provider, sent=False)
    if isinstance(cause, _NOT_CONNECTED):
        return ProviderError("connection", f"no connection to {host}: {named}", provider=provider, sent=False)
    if isinstance(cause, _TOO_SLOW):
        return ProviderError("timeout", f"{host} did not answer in time: {named}", provider=provider)
    if isinstance(cause, httpx.DecodingError):
        return ProviderError("server", f"{host} sent a body that cannot be decompressed: {named}", provider=provider)
    return ProviderError("connection", f"connection to {host} lost: {named}", provider=provider)


_NEVER_POSSIBLE = (
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
_NOT_CONNECTED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
)
_TOO_SLOW = (httpx.TimeoutException, aiohttp.ServerTimeoutError)


async def _read(response: httpx.Response, provider: str) -> bytes:
    pieces: list[bytes] = []
    size = 0
    stream: AsyncIterable[bytes] = response.aiter_bytes()
    encoded = any(name.lower() == b"content-encoding" for name, _ in response.headers.raw)
    if not encoded and isinstance(response.stream, httpx.AsyncByteStream):
        stream = response.stream  # as it comes, past two generators of httpx that only count it
    async for piece in stream:
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise ProviderError(
                "server",
                f"the answer is larger than {MAX_ANSWER_BYTES} bytes",
                provider=provider,
                status=response.status_code,
            )
        pieces.append(piece)
    return b"".join(pieces)


def _aiohttp_session(max_connections: int) -> aiohttp.ClientSession:
    """Called by the transport inside the running loop, at the first request."""
    connector = aiohttp.TCPConnector(limit=max_connections, keepalive_timeout=IDLE_S, ssl=_tls())
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )


@functools.cache
def _tls() -> ssl.SSLContext:
    """One for all: loading the certificates takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)
