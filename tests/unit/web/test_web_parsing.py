"""Input that is wrong: every fault at once, each with its pointer and what would be right."""

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from chunksmith.errors import FAULTS_SHOWN, Fault, InvalidRequest, NotFound
from chunksmith.web.fields import MOST_KEYS, is_beyond_storage
from chunksmith.web.parsing import (
    LARGE_BODY_BYTES,
    QUERY,
    check_path,
    idempotency_key,
    load,
    load_query,
    query_of,
)
from unit.web.tiny_app import Shelf, ShelfSchema, ShelvesQuery, build, client_of, server_settings


def faults(body: dict[str, Any]) -> dict[str, str]:
    return {fault.pointer: fault.detail for fault in load(ShelfSchema(), {"name": "a", **body}).faults}


def query_faults(*pairs: tuple[str, str]) -> dict[str, str]:
    return {fault.pointer: fault.detail for fault in load_query(ShelvesQuery(), MultiDict(pairs)).faults}


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({"name": 7}, "/name", "must be a string"),
        ({"name": None}, "/name", "must not be null"),
        ({"name": ""}, "/name", "must be from 1 to 20 characters long"),
        ({"name": "a\x00b"}, "/name", "must not contain NUL"),
        ({"size": "3"}, "/size", "must be an integer"),
        ({"size": 3.5}, "/size", "must be an integer"),
        ({"size": 1e300}, "/size", "must be an integer"),
        ({"size": True}, "/size", "must be an integer"),
        ({"size": 2**63}, "/size", "too large"),
        ({"kind": "elm"}, "/kind", "must be one of: oak, pine"),
        ({"open": "yes"}, "/open", "must be true or false"),
        ({"open": 1}, "/open", "must be true or false"),
        ({"weight": "0.5"}, "/weight", "must be a number"),
        ({"weight": 1.5}, "/weight", "must be from 0 to 1"),
        ({"weight": True}, "/weight", "must be a number"),
        ({"weight": 10**400}, "/weight", "must be a finite number"),
        ({"books": {}}, "/books", "must be a list"),
        ({"books": "abc"}, "/books", "must be a list"),
        ({"books": [None]}, "/books/0", "must not be null"),
        ({"books": [7]}, "/books/0", "must be a JSON object"),
        ({"books": [{"title": "t"}] * 4}, "/books", "must be at most 3 items long"),
        ({"books": [{"title": "t"}, {"title": " "}]}, "/books/1/title", "must not be blank"),
        ({"books": [{}]}, "/books/0/title", "required"),
        ({"books": [{"title": "t", "pages": 0}]}, "/books/0/pages", "must be from 1 to 5000"),
        ({"ratios": {"a/b~": "x"}}, "/ratios/a~1b~0", "must be a number"),
        ({"ratios": []}, "/ratios", "must be a JSON object"),
        ({"extra": 3}, "/extra", "must be a JSON object"),
        ({"project_id": 2**63}, "/project_id", "must be an id: an integer from 0 to 9223372036854775807"),
        ({"project_id": "9" * 30}, "/project_id", "must be an id: an integer from 0 to 9223372036854775807"),
        ({"project_id": "a b"}, "/project_id", "must be an id: 1 to 200 visible characters"),
        ({"project_id": True}, "/project_id", "must be an id: an integer or a string"),
        ({"sise": 3}, "/sise", "unknown field; did you mean size? (known: books, extra, kind, name, open, project_id, "
                               "ratios, size, weight)"),
        ({"books": [{"title": "t", "qqq": 1}]}, "/books/0/qqq", "unknown field (known: pages, title)"),
        ({"name": "mirror", "size": 4}, "/size", "a mirror has at most 3"),
    ],
)  # fmt: skip
def test_fault_names_place_and_what_would_be_right(body: dict[str, Any], pointer: str, detail: str) -> None:
    assert faults(body) == {pointer: detail}


def test_all_faults_come_at_once() -> None:
    assert set(faults({"size": "x", "open": 0, "books": [{}], "nope": 1})) == {
        "/size",
        "/open",
        "/books/0/title",
        "/nope",
    }


def test_good_body_becomes_the_value_of_the_schema() -> None:
    body = {"name": "a", "size": -(2**63), "weight": 1, "books": [{"title": "t"}], "project_id": 7}
    assert load(ShelfSchema(), body).value == Shelf("a", -(2**63), [{"title": "t", "pages": None}])


def test_whole_number_with_a_fraction_of_nothing_is_an_integer() -> None:
    assert load(ShelfSchema(), {"name": "a", "size": 3.0}).value.size == 3


@pytest.mark.parametrize(
    ("given", "loaded"), [(7, "7"), (7.0, "7"), ("7", "7"), ("a-b", "a-b"), (2**63 - 1, str(2**63 - 1))]
)
def test_identifier_is_number_or_string(given: Any, loaded: str) -> None:
    assert ShelfSchema().fields["project_id"].deserialize(given) == loaded


def test_many_faults_are_cut() -> None:
    found = load(ShelfSchema(), {"name": "a", **{f"x{n}": 1 for n in range(500)}}).faults
    assert (len(found), found[-1].detail) == (FAULTS_SHOWN + 1, "and 400 more")


def test_an_object_of_very_many_keys_is_one_fault() -> None:
    found = load(ShelfSchema(), {"name": 7, **{f"x{n}": 1 for n in range(MOST_KEYS)}}).faults
    assert [fault.detail.partition(" (known: ")[0] for fault in found] == [f"has {MOST_KEYS + 1} fields"]


def test_the_items_of_a_list_that_is_too_long_are_not_looked_at() -> None:
    assert faults({"books": [7] * 4}) == {"/books": "must be at most 3 items long"}


def test_faults_that_were_cut_before_are_counted_with_those_that_are_cut_now() -> None:
    of_body = load(ShelfSchema(), {"name": "a", **{f"x{n}": 1 for n in range(500)}}).faults
    told = InvalidRequest.of([Fault("query/page", "must be an integer"), *of_body]).faults
    assert (len(told), told[-1].detail) == (FAULTS_SHOWN + 1, "and 401 more")


def test_depth_that_the_schema_cannot_follow_is_a_fault() -> None:
    class Endless(ShelfSchema):
        def load(self, *_: Any, **__: Any) -> Any:
            raise RecursionError

    assert [fault.detail for fault in load(Endless(), {}).faults] == ["nested too deeply"]


@pytest.mark.parametrize(
    ("pairs", "pointer", "detail"),
    [
        ([("page", "0")], "query/page", f"must be from 1 to {10**15}"),
        ([("page", "1e3")], "query/page", "must be an integer"),
        ([("page", "٣")], "query/page", "must be an integer"),
        ([("page", " 1")], "query/page", "must be an integer"),
        ([("page", "9" * 5000)], "query/page", "must be an integer"),
        ([("per_page", "1001")], "query/per_page", "must be from 1 to 1000"),
        ([("page", "1"), ("page", "2")], "query/page", "given more than once"),
        ([("full", "1")], "query/full", "must be true or false"),
        ([("tag", "a"), ("tag", "\x00")], "query/tag/1", "must not contain NUL"),
        ([("pag", "1")], "query/pag", "unknown field; did you mean page? (known: full, page, per_page, tag)"),
        ([("x", "1"), ("x", "2")], "query/x", "given more than once"),
    ],
)
def test_query_fault(pairs: list[tuple[str, str]], pointer: str, detail: str) -> None:
    assert query_faults(*pairs) == {pointer: detail}


def test_query_is_read_as_what_its_fields_are() -> None:
    loaded = load_query(ShelvesQuery(), MultiDict([("page", "2"), ("tag", "a"), ("tag", "b"), ("full", "true")]))
    assert loaded.value == {"page": 2, "per_page": 50, "tag": ["a", "b"], "full": True}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_any_json_value_is_loaded_or_refused_with_pointers(value: Any) -> None:
    loaded = load(ShelfSchema(), value)
    assert isinstance(loaded.value, Shelf) or all(
        fault.pointer.startswith("/") or fault.pointer == "" for fault in loaded.faults
    )


@given(st.integers(min_value=0, max_value=10**30), st.integers(min_value=0, max_value=5))
def test_only_integers_beyond_64_bits_are_beyond_storage(number: int, zeros: int) -> None:
    assert is_beyond_storage("0" * zeros + str(number)) == (number > 2**63 - 1)


@pytest.mark.parametrize("value", ["9223372036854775808", "9" * 10_000, "a\x00b"])
def test_impossible_id_in_the_path_is_not_found(value: str) -> None:
    request = make_mocked_request("GET", "/", match_info={"project_id": value})
    with pytest.raises(NotFound, match="Project not found"):
        check_path(request)


async def post(data: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    async with client_of(build()) as client:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await client.post("/shelves?wrong=1", data=data, headers=sent)
        return answer.status, await answer.json()


async def test_faults_of_query_and_body_come_together() -> None:
    status, body = await post(b'{"size": "x"}', Content_Type="application/json")
    pointers = {error["pointer"] for error in body["errors"]}
    assert (status, pointers) == (400, {"query/wrong", "/size", "/name"})


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/json; charset=utf-16",
    ],
)
async def test_body_of_another_type_is_415(content_type: str) -> None:
    status, body = await post(b"{}", Content_Type=content_type)
    assert (status, body["type"]) == (415, "urn:chunksmith:problem:unsupported-media-type")


async def test_json_by_another_name_is_read() -> None:
    assert (await post(b'{"name": "a"}', Content_Type="application/vnd.shelf+json; charset=UTF-8"))[0] == 400


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
async def test_body_over_the_limit_is_413(chunked: bool) -> None:
    async def parts() -> Any:
        for _ in range(30):
            yield b" " * 100

    async with client_of(build()) as client:
        data = parts() if chunked else b" " * 3000
        answer = await client.post("/shelves", data=data, headers={"Content-Type": "application/json"})
        assert (answer.status, (await answer.json())["detail"]) == (
            413,
            "the body is over the limit of 2000 bytes (server.max_body_bytes)",
        )


async def test_large_body_is_read_the_same() -> None:
    async with client_of(build(server_settings(max_body_bytes=10**6))) as client:
        body = {"name": "a", "extra": {"x": "y" * LARGE_BODY_BYTES}}
        assert (await client.post("/shelves", json=body)).status == 201


async def test_stream_reaches_the_handler_unread() -> None:
    async with client_of(build()) as client:
        answer = await client.post(
            "/shelves/oak/fill", data=b"{}\n{}\n", headers={"Content-Type": "application/x-ndjson"}
        )
        assert (await answer.json())["size"] == 2


async def test_other_type_than_the_stream_is_415() -> None:
    async with client_of(build()) as client:
        answer = await client.post("/shelves/oak/fill", json={})
        assert (answer.status, (await answer.json())["detail"]) == (
            415,
            "Content-Type must be application/x-ndjson, not application/json",
        )


async def test_handler_that_reads_another_kind_fails_loudly() -> None:
    request = make_mocked_request("GET", "/")
    request[QUERY] = {}
    with pytest.raises(TypeError, match="the schema made dict, the handler reads Shelf"):
        query_of(request, Shelf)


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "é"], ids=["empty", "space", "long", "not ascii"])
async def test_idempotency_key_is_checked_with_the_rest(key: str) -> None:
    status, body = await post(b"{}", Content_Type="application/json", Idempotency_Key=key)
    pointers = {error["pointer"] for error in body["errors"]}
    assert (status, pointers) == (400, {"header/Idempotency-Key", "query/wrong", "/name"})


def test_idempotency_key_is_handed_on() -> None:
    assert idempotency_key(make_mocked_request("POST", "/", headers={"Idempotency-Key": "a-1"})) == "a-1"
