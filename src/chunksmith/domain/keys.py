"""API keys. The secret itself is shown once and never kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiKey:
    """``prefix`` is the beginning of the secret, to recognise it by."""

    id: int
    name: str
    prefix: str
    created_at: str
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class ValidKey:
    """What an incoming secret is compared with. Names of valid keys are unique."""

    name: str
    sha256: str
