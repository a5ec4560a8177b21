"""Telling another server that a job has ended: signed, and not to private addresses unless that is allowed."""

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from pydantic_core import to_json

from chunksmith.domain.clock import timestamp
from chunksmith.domain.ports import Clock
from chunksmith.errors import InvalidRequest, ProviderError

TIMEOUT_S = 10.0
SIGNATURE_HEADER = "X-Chunksmith-Signature"
TIME_HEADER = "X-Chunksmith-Time"


class Webhook:
    """``secret`` signs ``<time>.<body>`` with HMAC-SHA256; the receiver checks it and that the time is near."""

    def __init__(self, url: str, secret: str, allow_private: bool, clock: Clock) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidRequest.field("webhooks/url", "must be an http or https address")
        if not secret:
            raise InvalidRequest.field("webhooks/secret", "is needed to sign what is sent")
        if not allow_private and _is_private_literal(parts.hostname):
            raise InvalidRequest.field("webhooks/url", "is a private address; set webhooks.allow_private to allow it")
        self._url = url
        self._secret = secret.encode()
        self._allow_private = allow_private
        self._clock = clock

    async def send(self, payload: Mapping[str, Any]) -> None:
        """One attempt. Errors: ProviderError(kind="connection" or "server")."""
        body = to_json(payload)
        at = timestamp(self._clock)
        headers = {
            "Content-Type": "application/json",
            TIME_HEADER: at,
            SIGNATURE_HEADER: "sha256=" + sign(self._secret, at, body),
        }
        resolver = None if self._allow_private else PublicResolver()
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, force_close=True), timeout=timeout
        ) as session:
            try:
                async with session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                    if response.status >= 300:
                        raise ProviderError("server", f"the webhook answered {response.status}", status=response.status)
            except (aiohttp.ClientError, TimeoutError, OSError) as exc:
                raise ProviderError("connection", f"the webhook could not be reached: {exc}") from exc


class PublicResolver(AbstractResolver):
    """Names that lead to private addresses lead nowhere, whenever they are looked up."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [one for one in found if not _is_private_literal(one["host"])]
        if not public:
            raise OSError(f"{host} is a private address; set webhooks.allow_private to allow it")
        return public

    async def close(self) -> None:
        await self._resolver.close()


def sign(secret: bytes, at: str, body: bytes) -> str:
    return hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()


def _is_private_literal(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_global
    except ValueError:
        return host.lower().rstrip(".") == "localhost" or host.lower().endswith((".localhost", ".local", ".internal"))
