"""RFC 9457: one table from errors to statuses, one shape for every answer that is not a success."""

import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, InvalidURLError, LineTooLong

from chunksmith.errors import (
    AppError,
    Conflict,
    DocumentUnreadable,
    FormatFailed,
    InvalidRequest,
    NoSourceMaterial,
    NotFound,
    NothingGenerated,
    ProviderError,
    ProviderNotConfigured,
    QualityBelowThreshold,
    ReplyUnreadable,
    RunnerUnavailable,
    StaleEntry,
    StorageError,
    TaxonomyInvalid,
    TooLarge,
    Unauthorized,
    UnsupportedMedia,
    first_faults,
)
from chunksmith.web.answers import json_response

MEDIA_TYPE = "application/problem+json"
_QUOTATION = re.compile(r"""\n|(?<!\w)b?['"]""")
UNEXPECTED = "The server met an error that it did not expect. Its log has the details under the request id."
RETRY_AFTER_S = 5


class Problem(NamedTuple):
    status: int
    title: str


PROBLEMS: dict[type[AppError], Problem] = {
    AppError: Problem(500, "Internal error"),
    InvalidRequest: Problem(400, "Invalid request"),
    NoSourceMaterial: Problem(400, "No source material"),
    ProviderNotConfigured: Problem(400, "Provider not configured"),
    TaxonomyInvalid: Problem(400, "Taxonomy not usable"),
    DocumentUnreadable: Problem(400, "Document unreadable"),
    Unauthorized: Problem(401, "API key needed"),
    NotFound: Problem(404, "Not found"),
    Conflict: Problem(409, "Conflict with the present state"),
    QualityBelowThreshold: Problem(409, "Quality below the threshold"),
    NothingGenerated: Problem(409, "Nothing generated"),
    StaleEntry: Problem(412, "Changed since it was read"),
    TooLarge: Problem(413, "Too large"),
    UnsupportedMedia: Problem(415, "Unsupported media type"),
    FormatFailed: Problem(500, "Format failed"),
    ReplyUnreadable: Problem(502, "Reply of the model unreadable"),
    ProviderError: Problem(502, "Provider failed"),
    RunnerUnavailable: Problem(503, "Not available now"),
    StorageError: Problem(503, "Storage not usable"),
}
# The provider is not broken, it wants us to wait or did not answer in time.
PROVIDER_STATUS: dict[str, int] = {"timeout": 504, "rate_limit": 503, "quota": 503}


def problem_of(kind: type[AppError]) -> Problem:
    """The nearest class in the table: a new kind of InvalidRequest is a 400 without being listed."""
    return next(PROBLEMS[each] for each in kind.__mro__ if each in PROBLEMS)


def statuses_of(kind: type[AppError]) -> set[int]:
    extra = set(PROVIDER_STATUS.values()) if issubclass(kind, ProviderError) else set()
    return {problem_of(kind).status, *extra}


def document(
    status: int,
    title: str,
    detail: str,
    instance: str,
    slug: str | None = None,
    errors: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    kind = f"urn:chunksmith:problem:{slug}" if slug else "about:blank"
    return {
        "type": kind,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "errors": errors or [],
    }


def from_app_error(error: AppError, instance: str) -> web.Response:
    status, title = problem_of(type(error))
    if isinstance(error, ProviderError):
        status = PROVIDER_STATUS.get(error.kind, status)
    errors = [{"pointer": fault.pointer, "detail": fault.detail} for fault in first_faults(error.faults)]
    body = document(status, title, error.detail, instance, error.slug, errors)
    return json_response(body, status, _headers(error, status), MEDIA_TYPE)


def from_http_error(error: web.HTTPException, instance: str) -> web.Response:
    """aiohttp's own refusals keep what tells a client how to go on: Allow, Retry-After."""
    text = error.text or ""
    said = text if text and not text.startswith(f"{error.status}:") else _usual_detail(error)
    kept = {
        name: value for name, value in error.headers.items() if name.lower() not in ("content-type", "content-length")
    }
    return json_response(document(error.status, error.reason, said, instance), error.status, kept, MEDIA_TYPE)


def from_unreadable(status: int, detail: str, instance: str) -> web.Response:
    """To what is no HTTP request."""
    return json_response(document(status, HTTPStatus(status).phrase, detail, instance), status, None, MEDIA_TYPE)


def detail_of_unreadable(exc: HttpProcessingError) -> str:
    """Without what was sent, which aiohttp quotes: a key may be in it."""
    if isinstance(exc, LineTooLong):
        return f"The address or a header is longer than {exc.args[1]} bytes"
    if isinstance(exc, InvalidURLError):
        return "The address is no valid URL"
    return _QUOTATION.split(exc.message, maxsplit=1)[0].rstrip(": ")


def unexpected(instance: str) -> web.Response:
    return json_response(document(500, "Internal error", UNEXPECTED, instance), 500, None, MEDIA_TYPE)


def _headers(error: AppError, status: int) -> Mapping[str, str]:
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="chunksmith"'}
    if status == 503:
        wait_s = getattr(error, "retry_after_s", None)
        return {"Retry-After": str(max(1, math.ceil(RETRY_AFTER_S if wait_s is None else wait_s)))}
    return {}


def _usual_detail(error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{error.method} is not allowed here; allowed: {', '.join(sorted(error.allowed_methods))}"
    if isinstance(error, web.HTTPNotFound):
        return "There is nothing at this address; /docs lists what there is."
    return error.reason
