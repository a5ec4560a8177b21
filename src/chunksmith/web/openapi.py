"""The OpenAPI 3.1 document, made from the route table and nothing else."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from chunksmith import errors
from chunksmith.errors import AppError
from chunksmith.web import problems
from chunksmith.web.fields import LARGEST, LONGEST_IDENTIFIER
from chunksmith.web.routing import JSON, Answer, Route, Stream
from chunksmith.web.security import SAFE_METHODS

Json = dict[str, Any]

INTRODUCTION = """Turns documents into datasets for fine-tuning and evaluating language models.

- Every answer has `X-Request-Id`; a request may bring its own. Errors are `application/problem+json` (RFC 9457), all
  faults of a request at once in `errors`, each with a JSON Pointer into the body or `query/<name>`.
- Unknown fields and unknown query parameters are refused. So is a JSON object that names a key twice.
- A key is needed as soon as one was created (`chunksmith keys create`): `X-API-Key`, or `Authorization: Bearer`.
- Times are RFC 3339 in UTC, money is USD as decimal strings, and `HEAD` is answered wherever `GET` is, streams of
  events excepted.
"""
ANY_ID = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": LARGEST},
        {"type": "string", "minLength": 1, "maxLength": LONGEST_IDENTIFIER},
    ]
}
TEXT_ID = {"type": "string", "minLength": 1, "maxLength": LONGEST_IDENTIFIER}
HEADERS: dict[str, tuple[Json, str]] = {
    "Content-Disposition": ({"type": "string"}, "The name to save the file under."),
    "Content-Range": ({"type": "string"}, "Which part of how many bytes this is."),
    "ETag": ({"type": "string"}, "Names this state; for `If-Match` and `If-None-Match`."),
    "Idempotency-Key": (
        {"type": "string", "pattern": "^[!-~]{1,200}$"},
        "The same key and body give the same job; the same key with another body is a conflict.",
    ),
    "If-Match": ({"type": "string"}, "Go on only while the `ETag` is still this one; else 412."),
    "If-None-Match": ({"type": "string"}, "Answer 304 while the `ETag` is still this one."),
    "If-Range": ({"type": "string"}, "Heed `Range` only while the `ETag` is still this one; else the whole file."),
    "Last-Event-ID": ({"type": "string"}, "Go on after this event."),
    "Location": ({"type": "string", "format": "uri-reference"}, "Where to read what was made."),
    "Range": ({"type": "string"}, "The part of the file that is wanted."),
    "Retry-After": ({"type": "integer"}, "Seconds to wait before trying again."),
    "WWW-Authenticate": ({"type": "string"}, "How to show a key."),
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "errors"],
    "properties": {
        "type": {"type": "string", "description": "`urn:chunksmith:problem:<slug>`, or `about:blank`."},
        "title": {"type": "string", "description": "The same for every problem of this type."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong this time."},
        "instance": {"type": "string", "description": "The request id; the server's log has it too."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
    },
    "additionalProperties": False,
}
FAULT = {
    "type": "object",
    "required": ["pointer", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON Pointer into the body, or `query/<name>`."},
        "detail": {"type": "string"},
    },
    "additionalProperties": False,
}
SECURITY_SCHEMES = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}
# What the boundary itself can refuse, beside the errors of the route: status → example.
REFUSALS: dict[int, tuple[str, str]] = {
    403: ("origin-refused", "A page of another origin may not write here."),
    421: ("host-refused", "This server answers to localhost only."),
    429: ("too-many-requests", "More than 600 requests within a minute; try again in 12 s."),
}
EXAMPLES: dict[type[AppError], str] = {
    AppError: problems.UNEXPECTED,
    errors.InvalidRequest: "per_page: must be from 1 to 1000",
    errors.NoSourceMaterial: "No chunks found for project",
    errors.ProviderNotConfigured: "API key not configured: gemini",
    errors.DocumentUnreadable: "The file has no text layer",
    errors.Unauthorized: "An API key is needed: send X-API-Key or Authorization: Bearer",
    errors.NotFound: "Project not found: 7",
    errors.Conflict: "The job is completed; only a running job can be paused",
    errors.StaleEntry: "The entry changed since it was read",
    errors.TooLarge: "the body is over the limit of 16777216 bytes (server.max_body_bytes)",
    errors.UnsupportedMedia: "Content-Type must be application/json, not text/plain",
    errors.RunnerUnavailable: "The server is stopping",
    errors.StorageError: "The disk is full",
    errors.ProviderError: "gemini: the server did not answer",
    errors.ReplyUnreadable: "The reply is not JSON",
}


def document(
    routes: Iterable[Route],
    *,
    version: str,
    tags: Mapping[str, str],
    path_parameters: Mapping[str, Json],
) -> Json:
    """The whole document.

    Shapes: ``tags`` name → description, in the order of the page; ``path_parameters`` name → parameter without
            ``name`` and ``in``, such as ``{"schema": ANY_ID, "description": "…"}``.
    Errors: ValueError for a table that does not fit together: an operation id twice; an unknown tag, header, parameter.
    """
    table = list(routes)
    _must_fit(table, tags, path_parameters)
    marshmallow_plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Chunksmith",
        version=version,
        openapi_version="3.1.0",
        plugins=[marshmallow_plugin],
        info={"description": INTRODUCTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        tags=[{"name": name, "description": text} for name, text in tags.items()],
        servers=[{"url": "/"}],
        security=[{"ApiKey": []}, {"Bearer": []}],
    )
    spec.components.schema("Problem", PROBLEM)
    spec.components.schema("Fault", FAULT)
    for name, scheme in SECURITY_SCHEMES.items():
        spec.components.security_scheme(name, scheme)
    for key, example in _examples(table).items():
        spec.components.example(key, example)
    for route in table:
        operation = _operation(route, path_parameters)
        spec.path(path=route.documented_path, operations={route.method.lower(): operation})
    refs = marshmallow_plugin.converter.refs if marshmallow_plugin.converter is not None else {}
    for (kind, *_), name in refs.items():
        if least := getattr(kind, "least_fields", 0):
            spec.components.schemas[name]["minProperties"] = least
    return dict(spec.to_dict())


def errors_of(route: Route) -> set[type[AppError]]:
    """What the route's service can raise, and what the boundary itself raises for such a route."""
    own: set[type[AppError]] = {AppError, errors.InvalidRequest, errors.StorageError, *route.errors}
    if route.needs_key:
        own.add(errors.Unauthorized)
    if route.path_names:
        own.add(errors.NotFound)
    if route.reads_body:
        own |= {errors.TooLarge, errors.UnsupportedMedia}
    return own


def refusals_of(route: Route) -> set[int]:
    return {421} | ({429} if route.needs_key else set()) | (set() if route.method in SAFE_METHODS else {403})


def _must_fit(table: list[Route], tags: Mapping[str, str], path_parameters: Mapping[str, Json]) -> None:
    names = [route.name for route in table]
    wrong = [f"operation id twice: {name}" for name in sorted(set(names)) if names.count(name) > 1]
    for route in table:
        sent = {name for answer in route.answers.values() for name in answer.headers}
        wrong += [f"{route.name}: unknown tag {route.tag}"] if route.tag not in tags else []
        wrong += [f"{route.name}: unknown header {name}" for name in sorted({*sent, *route.headers} - set(HEADERS))]
        wrong += [f"{route.name}: unknown parameter {each}" for each in route.path_names if each not in path_parameters]
    if wrong:
        raise ValueError("; ".join(wrong))


def _operation(route: Route, path_parameters: Mapping[str, Json]) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": _parameters(route, path_parameters),
        "responses": {**_successes(route), **_failures(route)},
    }
    if route.description:
        operation["description"] = route.description
    if route.reads_body:
        operation["requestBody"] = _body(route)
    if not route.needs_key:
        operation["security"] = []
    return operation


def _parameters(route: Route, path_parameters: Mapping[str, Json]) -> list[Json]:
    in_path = [{**path_parameters[name], "name": name, "in": "path", "required": True} for name in route.path_names]
    in_query = [{"in": "query", "schema": route.query}] if route.query().fields else []
    in_headers = [
        {"name": name, "in": "header", "schema": HEADERS[name][0], "description": HEADERS[name][1]}
        for name in route.headers
    ]
    return [*in_path, *in_query, *in_headers]


def _body(route: Route) -> Json:
    content: Json = {JSON: {"schema": route.body}} if route.body is not None else {}
    for media, stream in route.streams.items():
        content[media] = _streamed(stream)
    told = " ".join(stream.description for stream in route.streams.values())
    return {"required": not route.body_optional, "content": content, **({"description": told} if told else {})}


def _streamed(stream: Stream) -> Json:
    return {"schema": stream.schema} if stream.schema is not None else {}


def _successes(route: Route) -> Json:
    return {str(status): _success(status, answer) for status, answer in route.answers.items()}


def _success(status: int, answer: Answer) -> Json:
    schema: Any = answer.schema if answer.schema is not None else {}
    response: Json = {"description": answer.description}
    if status >= 400:  # a refusal that belongs to this route alone
        response["content"] = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    elif answer.media_types:
        response["content"] = {media: {"schema": schema} if schema else {} for media in answer.media_types}
    if answer.headers:
        response["headers"] = _headers(answer.headers)
    return response


def _failures(route: Route) -> Json:
    by_status: dict[int, list[str]] = {status: [REFUSALS[status][0]] for status in refusals_of(route)}
    for kind in errors_of(route):
        for status in problems.statuses_of(kind):
            by_status.setdefault(status, []).append(_example_key(kind, status))
    return {str(status): _failure(status, sorted(by_status[status])) for status in sorted(by_status)}


def _failure(status: int, keys: list[str]) -> Json:
    content = {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "examples": {key: {"$ref": f"#/components/examples/{key}"} for key in keys},
    }
    sent = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}.get(status, ())
    headers = {"headers": _headers(sent)} if sent else {}
    return {"description": HTTPStatus(status).phrase, "content": {problems.MEDIA_TYPE: content}, **headers}


def _headers(names: Iterable[str]) -> Json:
    return {name: {"schema": HEADERS[name][0], "description": HEADERS[name][1]} for name in names}


def _examples(table: list[Route]) -> Json:
    found: Json = {}
    for kind in {each for route in table for each in errors_of(route)}:
        for status in problems.statuses_of(kind):
            found[_example_key(kind, status)] = _example(kind, status)
    for status, (key, detail) in REFUSALS.items():
        title = HTTPStatus(status).phrase
        found[key] = {"summary": title, "value": problems.document(status, title, detail, "req-1")}
    return dict(sorted(found.items()))


def _example(kind: type[AppError], status: int) -> Json:
    title = problems.problem_of(kind).title
    detail = EXAMPLES.get(kind) or " ".join((kind.__doc__ or title).split())
    slug = None if kind is AppError else kind.slug
    faults = [{"pointer": "query/per_page", "detail": "must be from 1 to 1000"}]
    listed = faults if kind is errors.InvalidRequest else None
    return {"summary": title, "value": problems.document(status, title, detail, "req-1", slug, listed)}


def _example_key(kind: type[AppError], status: int) -> str:
    return kind.slug if status == problems.problem_of(kind).status else f"{kind.slug}-{status}"


def _schema_name(schema: type[Schema] | Schema | str) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    name = schema if isinstance(schema, str) else kind.__name__
    changed = isinstance(schema, Schema) and bool(schema.partial)
    return name.removesuffix("Schema") + ("Partial" if changed else "")
