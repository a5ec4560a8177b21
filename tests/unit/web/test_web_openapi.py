"""The document is valid, complete and true, and its page needs nothing from outside."""

import hashlib
import re
from dataclasses import replace
from typing import Any

import pytest

from chunksmith.web import docs_page
from chunksmith.web.openapi import document
from chunksmith.web.routing import Answer, Route
from unit.web.openapi_checks import (
    faults_of_answer,
    faults_of_document,
    loose_shapes,
    undescribed,
    undocumented,
)
from unit.web.tiny_app import PARAMETERS, TABLE, TAGS, build, client_of


def tiny_document() -> dict[str, Any]:
    return document(TABLE, version="0.1.0", tags=TAGS, path_parameters=PARAMETERS)


def route(name: str) -> Route:
    return next(each for each in TABLE if each.name == name)


def operation(name: str) -> dict[str, Any]:
    found: dict[str, Any] = tiny_document()["paths"][route(name).documented_path][route(name).method.lower()]
    return found


def test_document_is_valid() -> None:
    assert faults_of_document(tiny_document()) == []


def test_document_is_complete() -> None:
    assert undocumented(build(), tiny_document()) == []


def test_route_that_is_served_but_not_described_is_found() -> None:
    assert undocumented(build(), document(TABLE[1:], version="1", tags=TAGS, path_parameters=PARAMETERS)) == [
        "POST /shelves"
    ]


def test_shapes_say_whether_more_may_come() -> None:
    assert loose_shapes(tiny_document()) == []


def test_everything_is_described() -> None:
    without_page = [each for each in undescribed(tiny_document()) if not each.startswith("GET /shelves ")]
    assert without_page == []


def test_what_is_not_described_is_found() -> None:
    assert undescribed(tiny_document()) == ["GET /shelves tag", "GET /shelves full"]


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("create_shelf", "201 400 401 403 413 415 421 429 500 503"),
        ("list_shelves", "200 400 401 421 429 500 503"),
        ("read_shelf", "200 400 401 404 421 429 500 502 503 504"),
        ("fill_shelf", "200 400 401 403 404 413 415 421 429 500 503"),
        ("empty_shelf", "200 400 421 500 503"),
    ],
)
def test_every_status_that_can_come_is_documented(name: str, statuses: str) -> None:
    assert " ".join(sorted(operation(name)["responses"])) == statuses


def test_open_routes_say_so() -> None:
    assert (operation("empty_shelf")["security"], "security" in operation("read_shelf")) == ([], False)


def test_body_is_strict_and_tells_its_limits() -> None:
    shelf = tiny_document()["components"]["schemas"]["Shelf"]
    assert (shelf["additionalProperties"], shelf["required"]) == (False, ["name"])
    assert shelf["properties"]["name"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 20,
        "pattern": r"^[^\x00]*$",
    }
    assert shelf["properties"]["kind"] == {"type": "string", "enum": ["oak", "pine"], "default": "oak"}


def test_nullable_field_is_a_list_of_types() -> None:
    assert tiny_document()["components"]["schemas"]["Book"]["properties"]["pages"]["type"] == ["integer", "null"]


def test_every_field_of_an_answer_is_promised() -> None:
    assert tiny_document()["components"]["schemas"]["ShelfAnswer"]["required"] == ["name", "note", "size"]


def test_expression_of_a_path_is_not_part_of_the_document() -> None:
    assert "/shelves/{shelf_id}/fill" in tiny_document()["paths"]


def test_stream_is_documented_by_its_line() -> None:
    body = operation("fill_shelf")["requestBody"]
    assert body["content"] == {"application/x-ndjson": {"schema": {"$ref": "#/components/schemas/Book"}}}


def test_problem_answers_have_examples() -> None:
    content = operation("read_shelf")["responses"]["404"]["content"]["application/problem+json"]
    assert content["examples"] == {"not-found": {"$ref": "#/components/examples/not-found"}}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"path": "/again"}, "operation id twice: list_shelves"),
        ({"operation_id": "x", "tag": "Nowhere"}, "x: unknown tag Nowhere"),
        ({"operation_id": "x", "headers": ("If-Foo",)}, "x: unknown header If-Foo"),
        ({"operation_id": "x", "path": "/a/{what}"}, "x: unknown parameter what"),
    ],
)
def test_table_that_does_not_fit_is_refused(changed: dict[str, Any], said: str) -> None:
    table = [*TABLE, replace(route("list_shelves"), **changed)]
    with pytest.raises(ValueError, match=re.escape(said)):
        document(table, version="1", tags=TAGS, path_parameters=PARAMETERS)


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/shelves", "list_shelves"),
        ("GET", "/shelves?page=0", "list_shelves"),
        ("GET", "/shelves/7", "read_shelf"),
        ("GET", "/shelves/busy", "read_shelf"),
        ("GET", "/shelves/late", "read_shelf"),
        ("GET", "/shelves/broken", "read_shelf"),
        ("GET", "/shelves/plain", "read_shelf"),
        ("POST", "/shelves", "create_shelf"),
    ],
)
async def test_answers_are_as_documented(method: str, path: str, name: str) -> None:
    async with client_of(build()) as client:
        answer = await client.request(method, path)
        assert faults_of_answer(tiny_document(), route(name), answer.status, await answer.json()) == []


def test_answer_that_differs_is_found() -> None:
    found = faults_of_answer(tiny_document(), route("read_shelf"), 200, {"name": "a", "size": "b"})
    assert len(found) == 2


def test_status_that_is_not_documented_is_found() -> None:
    other = replace(route("read_shelf"), answers={202: Answer("x")})
    assert faults_of_answer(tiny_document(), other, 202, {})[0].startswith("read_shelf answers 202, documented: 200")


async def test_document_is_served() -> None:
    async with client_of(build()) as client:
        answer = await client.get("/openapi.json")
        assert (await answer.json())["openapi"] == "3.1.0"


@pytest.mark.parametrize("name", ["docs.html", "docs.js"])
def test_page_names_no_outside_address(name: str) -> None:
    assert re.findall(r"(?:https?:)?//[^\s\"']+", (docs_page.STATIC / name).read_text("utf-8")) == []


def test_page_has_no_inline_script() -> None:
    html = (docs_page.STATIC / "docs.html").read_text("utf-8")
    assert re.findall(r"<script(?![^>]* src=)|<style| on\w+=", html) == []


async def test_page_finds_its_files_under_a_strict_policy() -> None:
    async with client_of(build()) as client:
        page = await client.get("/docs")
        names = re.findall(r"(?:src|href)=\"(docs/[^\"]+)\"", await page.text())
        statuses = {name: (await client.get(f"/{name}")).status for name in names}
    assert statuses == {f"docs/{name}": 200 for name in docs_page.ASSETS}
    policy = page.headers["Content-Security-Policy"]
    assert ("script-src 'self';" in policy, "http" in policy, "unsafe-eval" in policy) == (True, False, False)


async def test_asset_that_is_not_there_is_not_found() -> None:
    async with client_of(build()) as client:
        assert (await client.get("/docs/LICENSE")).status == 404


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_vendored_file_is_the_published_one(name: str) -> None:
    folder = docs_page.STATIC / "swagger-ui"
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert f"| `{name}` | `{digest}` |" in (folder / "VENDORED.md").read_text("utf-8")
