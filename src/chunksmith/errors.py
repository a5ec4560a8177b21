"""Everything that can go wrong and that a caller may want to tell apart.

AppError ─┬─ InvalidRequest
          ├─ NotFound(what)
          ├─ Conflict · StaleEntry
          ├─ TooLarge · UnsupportedMedia
          ├─ Unauthorized
          ├─ ProviderNotConfigured · NoSourceMaterial · TaxonomyInvalid
          ├─ ReplyUnreadable · QualityBelowThreshold · NothingGenerated
          ├─ DocumentUnreadable(kind)
          ├─ FormatFailed
          ├─ RunnerUnavailable · StorageError
          └─ ProviderError(kind)

No HTTP here: ``web/problems.py`` maps classes to answers, the job runner stores ``slug`` and text on the job row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Literal

# Of one request. A body can have more of them than anyone would read, or than an answer should hold.
FAULTS_SHOWN = 100


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the input. ``pointer`` is a JSON Pointer into the body, or ``query/<name>``.

    ``stands_for`` more than one: the faults that are left out.
    """

    pointer: str
    detail: str
    stands_for: int = 1


def first_faults(faults: Iterable[Fault], pointer: str = "") -> list[Fault]:
    """At most ``FAULTS_SHOWN``, and behind them, at ``pointer``, how many more there are."""
    remaining = iter(faults)
    shown = list(islice(remaining, FAULTS_SHOWN))
    hidden = sum(fault.stands_for for fault in remaining)
    return [*shown, Fault(pointer, f"and {hidden} more", hidden)] if hidden else shown


class AppError(Exception):
    """Base of all expected failures. The message is for the person who asked."""

    slug: ClassVar[str] = "error"

    def __init__(self, detail: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = faults


class InvalidRequest(AppError):
    """The request cannot be meant as it stands: correct the fields that are named and send it again."""

    slug = "invalid-request"

    @classmethod
    def field(cls, pointer: str, detail: str) -> "InvalidRequest":
        return cls(f"{pointer.strip('/') or 'body'}: {detail}", (Fault(pointer, detail),))

    @classmethod
    def of(cls, faults: Iterable[Fault]) -> "InvalidRequest":
        """All faults of a request at once, or the first of very many."""
        shown = first_faults(faults)
        named = "; ".join(f"{fault.pointer.strip('/') or 'body'}: {fault.detail}" for fault in shown)
        return cls(named, tuple(shown))


class NotFound(AppError):
    """Nothing has that identifier: list the resource to see what there is."""

    slug = "not-found"

    def __init__(self, what: str, identifier: object, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(f"{what} not found: {identifier}", faults)


class Conflict(AppError):
    """The thing exists but is in a state in which this cannot be done."""

    slug = "conflict"


class StaleEntry(AppError):
    """The entry changed since it was read: read it again and repeat the change."""

    slug = "stale-entry"


class TooLarge(AppError):
    """The body or a file is over the configured limit."""

    slug = "too-large"


class UnsupportedMedia(AppError):
    """The content type is not one that this route reads."""

    slug = "unsupported-media-type"


class Unauthorized(AppError):
    """An API key is needed: send ``X-API-Key`` or ``Authorization: Bearer``."""

    slug = "unauthorized"


class ProviderNotConfigured(AppError):
    """The model's provider needs an API key that is not set."""

    slug = "provider-not-configured"

    def __init__(self, provider: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(f"API key not configured: {provider}", faults)
        self.provider = provider


class NoSourceMaterial(AppError):
    """The project has nothing to generate from: process documents or import chunks first."""

    slug = "no-source-material"

    def __init__(self, detail: str = "No chunks found for project", faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(detail, faults)


class TaxonomyInvalid(AppError):
    """The taxonomy that was asked for does not exist, or has no categories."""

    slug = "taxonomy-invalid"

    def __init__(self, why: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(f"Taxonomy validation failed: {why}", faults)


class ReplyUnreadable(AppError):
    """The model answered, but not in the shape that was asked for. The raw reply is kept."""

    slug = "reply-unreadable"


class QualityBelowThreshold(AppError):
    """The dataset scored below ``quality_threshold``. Everything generated stays readable."""

    slug = "quality-below-threshold"

    def __init__(self, score: float, threshold: float) -> None:
        digits = 2 if round(threshold, 2) == threshold and f"{score:.2f}" != f"{threshold:.2f}" else 4
        super().__init__(f"Quality threshold not met: {score:.{digits}f} < {threshold:.{digits}f}")


class NothingGenerated(AppError):
    """A job ended without a single entry; the detail says why."""

    slug = "nothing-generated"


DocumentFault = Literal[
    "empty",
    "no_text_layer",
    "encrypted",
    "corrupt",
    "too_large",
    "timeout",
    "memory",
    "unsupported",
    "binary",
    "not_started",
]


class DocumentUnreadable(AppError):
    """One document cannot be turned into text; the others are not affected."""

    slug = "document-unreadable"

    def __init__(self, kind: DocumentFault, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


class FormatFailed(AppError):
    """A format could not write the file: the detail names it, and whose it is. The entries are all there; write them
    in another format, or mend the plugin."""

    slug = "format-failed"

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"Format failed: {name}: {why}")


class RunnerUnavailable(AppError):
    """The server is starting or stopping: try again after ``retry_after_s``."""

    slug = "runner-unavailable"

    def __init__(self, detail: str, retry_after_s: int = 5) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class StorageError(AppError):
    """The data directory or the database cannot be used as it is."""

    slug = "storage"


ProviderFault = Literal[
    "auth",
    "quota",
    "rate_limit",
    "timeout",
    "connection",
    "context_window",
    "bad_request",
    "server",
    "refused",
    "no_stored_reply",
]


class ProviderError(AppError):
    """A model call did not give a reply.

    ``kind``: ``auth`` (key), ``quota`` (used up; waiting for a short time does not help), ``rate_limit`` (wait),
    ``timeout``, ``connection``, ``server`` (try again), ``context_window`` (prompt too long), ``bad_request``
    (the request is wrong), ``refused`` (blocked by the provider's content policy), ``no_stored_reply`` (the ledger
    has none, and in this round no provider is asked).
    ``sent``: False when it is certain that no byte of the request reached the provider, so nothing can be owed.
    ``taken_up``: False when it is certain that nobody whom it reached has worked on it, so nothing can be owed either.
    ``elsewhere``: the provider has another host that can be asked, so this says nothing about it as a whole.
    """

    slug = "provider"

    def __init__(
        self,
        kind: ProviderFault,
        detail: str,
        *,
        provider: str = "",
        status: int | None = None,
        retry_after_s: float | None = None,
        sent: bool = True,
        taken_up: bool = True,
        elsewhere: bool = False,
    ) -> None:
        super().__init__(detail)
        self.kind: ProviderFault = kind
        self.provider = provider
        self.status = status
        self.retry_after_s = retry_after_s
        self.sent = sent
        self.taken_up = taken_up
        self.elsewhere = elsewhere

    def changed(self, **changes: Any) -> "ProviderError":
        """The same with other values."""
        names = ("kind", "detail", "provider", "status", "retry_after_s", "sent", "taken_up", "elsewhere")
        kept = {name: getattr(self, name) for name in names}
        return ProviderError(**{**kept, **changes})
