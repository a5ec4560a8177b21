"""Routes as a table: one entry is the address, the shapes, the errors and the documentation of one operation.

What an entry declares is enforced before the handler runs, so the OpenAPI document made from the table cannot drift.
"""

import functools
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from marshmallow import Schema

from chunksmith.errors import AppError, Fault, InvalidRequest, NotFound
from chunksmith.web.fields import QuerySchema
from chunksmith.web.parsing import (
    BODY,
    QUERY,
    Loaded,
    check_charset,
    check_path,
    load_body,
    load_headers,
    load_query,
    unsupported,
)
from chunksmith.web.streams import check_encoding

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
JSON = "application/json"
EVENTS = "text/event-stream"


@dataclass(frozen=True)
class Answer:
    """One success. Without ``schema`` and ``media`` it has no body.

    Shapes: ``media`` names what is sent; with a ``schema`` it is JSON of that shape, without one a file or a stream.
            ``headers`` are names out of ``openapi.HEADERS``.
    """

    description: str
    schema: type[Schema] | Schema | None = None
    media: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()

    @property
    def media_types(self) -> tuple[str, ...]:
        return self.media or ((JSON,) if self.schema else ())


@dataclass(frozen=True)
class Stream:
    """A body that the handler reads by itself. ``schema`` is the form, or one line of it; it is only documented."""

    description: str
    schema: type[Schema] | Schema | None = None


@dataclass(frozen=True)
class Route:
    """One operation.

    Shapes: ``path`` in aiohttp's syntax; ``answers`` by status; ``streams`` by content type, beside or instead of the
            JSON ``body``; ``errors`` are what the handler's service can raise, the boundary's own are added.
            ``headers`` are request headers out of ``openapi.HEADERS``. ``also`` looks at what could be read of a
            faulty request (the body's fields, faulty ones at their defaults), so that what only the service knows to
            be wrong is told in the same answer. It starts nothing. Every route needs one whose body names what is
            stored or set up.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    answers: Mapping[int, Answer]
    description: str = ""
    query: type[Schema] = QuerySchema
    body: type[Schema] | Schema | None = None
    body_optional: bool = False
    streams: Mapping[str, Stream] = field(default_factory=dict)
    errors: tuple[type[AppError], ...] = ()
    headers: tuple[str, ...] = ()
    also: Callable[[web.Request, dict[str, Any]], Awaitable[list[Fault]]] | None = None
    needs_key: bool = True
    operation_id: str = ""

    @property
    def name(self) -> str:
        return self.operation_id or getattr(self.handler, "__name__", "")

    @property
    def documented_path(self) -> str:
        return re.sub(r"\{([^{}:]+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", self.path)

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"\{([^{}]+)\}", self.documented_path)

    @property
    def reads_body(self) -> bool:
        return self.body is not None or bool(self.streams)


ROUTES: web.AppKey[dict[Handler, Route]] = web.AppKey("routes", dict[Handler, Route])


def register(app: web.Application, routes: Iterable[Route]) -> None:
    table = app.setdefault(ROUTES, {})
    for route in routes:
        endpoint = _endpoint(route)
        table[endpoint] = route
        if route.method == "GET":
            streams_events = any(EVENTS in answer.media for answer in route.answers.values())
            app.router.add_get(route.path, endpoint, allow_head=not streams_events)
        else:
            app.router.add_route(route.method, route.path, endpoint)


def route_of(request: web.Request) -> Route | None:
    """The entry that answers this request; None where nothing is registered (404, 405)."""
    return request.app[ROUTES].get(request.match_info.handler)


def _endpoint(route: Route) -> Handler:
    query = _schema(route.query)
    body = _schema(route.body) if isinstance(route.body, type) else route.body

    @functools.wraps(route.handler)
    async def endpoint(request: web.Request) -> web.StreamResponse:
        check_path(request)
        if route.reads_body:
            check_encoding(request)
        loaded_query = load_query(query, request.query)
        loaded_body = await _load(route, body, request)
        faults = [*load_headers(route.headers, request).faults, *loaded_query.faults, *loaded_body.faults]
        if faults:
            raise InvalidRequest.of([*faults, *await _further_faults(route, request, loaded_body)])
        request[QUERY], request[BODY] = loaded_query.value, loaded_body.value
        return await route.handler(request)

    return endpoint


@functools.cache
def _schema(kind: type[Schema]) -> Schema:
    """Schemas keep nothing of what they load; making one takes long."""
    return kind()


async def _further_faults(route: Route, request: web.Request, body: Loaded) -> list[Fault]:
    readable = body.readable if body.faults else body.value
    if route.also is None or not isinstance(readable, dict):
        return []
    told = [fault.pointer for fault in body.faults]
    try:
        found = await route.also(request, readable)
    except NotFound as exc:  # what the address names
        return [Fault("path", exc.detail)]
    return [fault for fault in found if not any(_tells(pointer, fault.pointer) for pointer in told)]


def _tells(told: str, further: str) -> bool:
    """Whether ``further`` may only come of what was told: at the same place, below it, or of the object that it is
    missing in. Faulty items are missing in lists, so the places of the others are not what they were.
    """
    above, _, last = told.rpartition("/")
    if further == told or further.startswith(f"{told}/"):
        return True
    if last.isdecimal() and further.startswith(f"{above}/"):
        return further.removeprefix(f"{above}/").isdecimal()
    return told.startswith(f"{further}/") and bool(further) and not _is_item(told.removeprefix(f"{further}/"))


def _is_item(below: str) -> bool:
    return below.partition("/")[0].isdecimal()


async def _load(route: Route, schema: Schema | None, request: web.Request) -> Loaded:
    if route.reads_body and request.content_type in route.streams and "json" in request.content_type:
        check_charset(request)
    if not route.reads_body or request.content_type in route.streams:
        return Loaded({})
    if schema is None:
        raise unsupported(request, tuple(route.streams))
    return await load_body(schema, request, optional=route.body_optional, besides=tuple(route.streams))
