"""API keys: made here or by the command line, on the same table."""

import hashlib
import hmac
import logging
import secrets
from dataclasses import dataclass

from chunksmith.domain.corpus_ports import Keys
from chunksmith.domain.keys import ApiKey, ValidKey
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import AppError, Conflict, NotFound
from chunksmith.services.identifiers import row_number

log = logging.getLogger(__name__)
MARK = "ck_"
SECRET_BYTES = 32
PREFIX_CHARS = 8
REFRESH_S = 1.0


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """``secret`` is not kept: this is the only time that it can be shown."""

    key: ApiKey
    secret: str


class KeyService:
    """Satisfies the web's KeyChecker from memory.

    ``refresh`` at start; ``watch`` as a task of the server, which sees within ``REFRESH_S`` what another process
    changed in the table.
    """

    def __init__(self, keys: Keys, clock: Clock, *, always: bool = False) -> None:
        """``always``: a key is needed even while none exists, because others can reach the server."""
        self._always = always
        self._keys = keys
        self._clock = clock
        self._valid: list[ValidKey] = []

    async def create(self, name: str) -> CreatedKey:
        """Errors: Conflict when a valid key has the name."""
        secret = MARK + secrets.token_urlsafe(SECRET_BYTES)
        key = await self._keys.add(name, secret[:PREFIX_CHARS], _hash(secret), rfc3339(self._clock.now()))
        await self.refresh()
        return CreatedKey(key, secret)

    async def all(self) -> list[ApiKey]:
        return await self._keys.all()

    async def revoke(self, identifier: str) -> ApiKey:
        """By the name of a valid key, or by id. Errors: NotFound; Conflict when it is revoked already."""
        keys = await self._keys.all()
        # A name may have been given again: the valid key is meant, else the newest.
        key = _chosen(sorted(keys, key=lambda one: (one.revoked_at is not None, -one.id)), identifier)
        if key is not None and key.revoked_at is not None:
            raise Conflict(f"API key {key.id}, {key.name!r}, is revoked already, since {key.revoked_at}")
        if key is None or not await self._keys.revoke(key.id, rfc3339(self._clock.now())):
            raise NotFound("API key", identifier)
        await self.refresh()
        return key

    def required(self) -> bool:
        return self._always or bool(self._valid)

    async def allows(self, secret: str) -> str | None:
        """The key's name. Every valid key is compared, in constant time each."""
        given = _hash(secret)
        found = None
        for key in self._valid:
            if hmac.compare_digest(key.sha256, given):
                found = key.name
        return found

    async def refresh(self) -> None:
        self._valid = await self._keys.valid()

    async def watch(self) -> None:
        while True:
            await self._clock.sleep(REFRESH_S)
            try:
                await self.refresh()
            except AppError as exc:
                # What is known holds until the table can be read again.
                log.warning("keys_unreadable", extra={"slug": exc.slug, "detail": exc.detail})


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _chosen(keys: list[ApiKey], identifier: str) -> ApiKey | None:
    named = [key for key in keys if key.name == identifier]
    if named:
        return named[0]
    number = row_number(identifier, "API key")
    return next((key for key in keys if key.id == number), None)
