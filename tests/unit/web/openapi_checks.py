"""What must hold for the document of any route table; tests of the whole application use these too."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # has no annotations
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from chunksmith.errors import AppError
from chunksmith.web.problems import PROBLEMS, problem_of
from chunksmith.web.routing import Route

Json = Mapping[str, Any]


def faults_of_document(document: Json) -> list[str]:
    return [
        f"{'/'.join(map(str, error.path))}: {error.message}"
        for error in OpenAPIV31SpecValidator(document).iter_errors()
    ]


def undocumented(app: web.Application, document: Json) -> list[str]:
    """What the router answers and the document does not name. HEAD goes with GET."""
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    return sorted(f"{method} {path}" for method, path in served ^ described)


def undescribed(document: Json) -> list[str]:
    """Operations without a summary, parameters and answers without a description."""
    found = []
    for name, operation in operations(document):
        found += [name] if not operation.get("summary") else []
        found += [f"{name} {each['name']}" for each in operation["parameters"] if not each.get("description")]
        found += [f"{name} {status}" for status, each in operation["responses"].items() if not each.get("description")]
    return found


def loose_shapes(document: Json) -> list[str]:
    """Component schemas that do not say whether more fields may come."""
    schemas = document["components"]["schemas"]
    return [
        name for name, each in schemas.items() if each.get("type") == "object" and "additionalProperties" not in each
    ]


def free_objects(document: Json) -> set[str]:
    """Fields of component schemas that may hold any object."""
    return {place for name, each in document["components"]["schemas"].items() for place in _free(each, name)}


def faults_of_answer(document: Json, route: Route, status: int, body: Any) -> list[str]:
    """Where a real answer differs from what the document says about it."""
    operation = document["paths"][route.documented_path][route.method.lower()]
    response = operation["responses"].get(str(status))
    if response is None:
        return [f"{route.name} answers {status}, documented: {', '.join(operation['responses'])}"]
    content: Json = response.get("content", {})
    described = next((each.get("schema", True) for each in content.values()), True)
    schema = {"$ref": "#/$defs/it", "$defs": {"it": described}, "components": document["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{route.name} {status} {error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def all_errors(root: type[AppError] = AppError) -> Iterator[type[AppError]]:
    for kind in root.__subclasses__():
        if kind.__module__.startswith("chunksmith."):
            yield kind
            yield from all_errors(kind)


def errors_without_problem(kinds: Iterable[type[AppError]]) -> list[str]:
    return [kind.__name__ for kind in kinds if problem_of(kind) is PROBLEMS[AppError]]


def _free(schema: Any, at: str) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _free(each, at)
    if not isinstance(schema, Mapping):
        return
    if "object" in schema.get("type", ()) and "properties" not in schema and schema.get("additionalProperties") == {}:
        yield at
    for name, each in schema.get("properties", {}).items():
        yield from _free(each, f"{at}.{name}")
    for part in ("items", "additionalProperties", "anyOf"):
        yield from _free(schema.get(part), at)
