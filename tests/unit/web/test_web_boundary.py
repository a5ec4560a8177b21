"""Problems, ids, keys, hosts, limits: what every handler is surrounded by."""

import asyncio
import json
import logging
from typing import Any

import pytest
from aiohttp import ClientPayloadError, web
from multidict import CIMultiDict

from chunksmith import errors
from chunksmith.web.problems import from_app_error, problem_of
from chunksmith.web.security import RequestWindow, is_loopback
from unit.web.openapi_checks import all_errors, errors_without_problem
from unit.web.tiny_app import KEY, Keys, SetClock, build, client_of, server_settings


async def ask(
    path: str, method: str = "GET", headers: dict[str, str] | None = None, app: web.Application | None = None
) -> tuple[int, dict[str, Any], CIMultiDict[str]]:
    async with client_of(app or build()) as client:
        answer = await client.request(method, path, headers=headers or {}, allow_redirects=False)
        text = await answer.text()
        return answer.status, json.loads(text) if text.startswith("{") else {}, answer.headers.copy()


def test_every_error_has_a_problem_of_its_own() -> None:
    kinds = [kind for kind in all_errors() if kind.__module__ == "chunksmith.errors"]
    assert (len(kinds) > 10, errors_without_problem(kinds)) == (True, [])


def test_slugs_tell_errors_apart() -> None:
    slugs = [kind.slug for kind in all_errors()]
    assert (len(slugs), "error" in slugs) == (len(set(slugs)), False)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidRequest("x"), 400),
        (errors.NoSourceMaterial(), 400),
        (errors.ProviderNotConfigured("grok"), 400),
        (errors.TaxonomyInvalid("x"), 400),
        (errors.DocumentUnreadable("corrupt", "x"), 400),
        (errors.Unauthorized("x"), 401),
        (errors.NotFound("project", 7), 404),
        (errors.Conflict("x"), 409),
        (errors.StaleEntry("x"), 412),
        (errors.TooLarge("x"), 413),
        (errors.UnsupportedMedia("x"), 415),
        (errors.ReplyUnreadable("x"), 502),
        (errors.ProviderError("server", "x"), 502),
        (errors.ProviderError("quota", "x"), 503),
        (errors.ProviderError("timeout", "x"), 504),
        (errors.RunnerUnavailable("x"), 503),
        (errors.StorageError("x"), 503),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_error_becomes_its_status(error: errors.AppError, status: int) -> None:
    answer = from_app_error(error, "req-1")
    assert isinstance(answer.body, bytes)
    body = json.loads(answer.body)
    assert body == {
        "type": f"urn:chunksmith:problem:{error.slug}",
        "title": problem_of(type(error)).title,
        "status": status,
        "detail": error.detail,
        "instance": "req-1",
        "errors": [],
    }
    assert (answer.status, answer.content_type) == (status, "application/problem+json")


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (errors.RunnerUnavailable("stopping", 7), "7"),
        (errors.ProviderError("rate_limit", "x", retry_after_s=6.2), "7"),
        (errors.ProviderError("rate_limit", "x"), "5"),
        (errors.StorageError("full"), "5"),
    ],
)
def test_503_says_when_to_come_back(error: errors.AppError, seconds: str) -> None:
    assert from_app_error(error, "").headers["Retry-After"] == seconds


def test_a_new_kind_of_invalid_request_is_400() -> None:
    class Sillier(errors.InvalidRequest):
        slug = "sillier"

    assert problem_of(Sillier).status == 400


async def test_unknown_address_is_a_problem() -> None:
    status, body, headers = await ask("/nowhere")
    assert (status, body["type"], body["title"]) == (404, "about:blank", "Not Found")
    assert (headers["Content-Type"], body["instance"]) == (
        "application/problem+json; charset=utf-8",
        headers["X-Request-Id"],
    )


async def test_method_not_allowed_names_the_allowed() -> None:
    status, body, headers = await ask("/shelves", "PUT")
    assert (status, headers["Allow"]) == (405, "GET,HEAD,POST")
    assert body["detail"] == "PUT is not allowed here; allowed: GET, HEAD, POST"


async def test_unexpected_error_tells_nothing_and_logs_all(caplog: pytest.LogCaptureFixture) -> None:
    status, body, _ = await ask("/shelves/broken", headers={"X-Request-Id": "mine-7"})
    assert (status, body["instance"], "recipe" in str(body)) == (500, "mine-7", False)
    record = next(record for record in caplog.records if record.message == "request_failed")
    assert record.exc_info is not None
    assert "the secret recipe" in str(record.exc_info[1])


async def test_stream_that_breaks_is_cut_not_ended() -> None:
    async with client_of(build()) as client:
        answer = await client.get("/shelves/cut")
        with pytest.raises(ClientPayloadError):
            await answer.read()


async def test_redirect_passes() -> None:
    status, _, headers = await ask("/shelves/moved")
    assert (status, headers["Location"]) == (302, "/shelves/oak")


async def test_json_is_unescaped_and_has_no_nan() -> None:
    async with client_of(build()) as client:
        answer = await client.get("/shelves/oak")
        assert (await answer.read()).decode() == '{"name":"Regał ☃","size":null,"note":null}'
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


async def test_head_answers_like_get_without_body() -> None:
    status, body, headers = await ask("/shelves/oak", "HEAD")
    assert (status, body, headers["Content-Type"]) == (200, {}, "application/json; charset=utf-8")


async def test_answers_are_neither_stored_nor_sniffed() -> None:
    _, _, headers = await ask("/shelves/oak")
    assert {name: headers[name] for name in ("Cache-Control", "X-Content-Type-Options", "Server")} == {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Server": "chunksmith",
    }


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "é", '"><script>'], ids=repr)
async def test_request_id_that_is_not_sane_is_replaced(given: str) -> None:
    _, _, headers = await ask("/health", headers={"X-Request-Id": given})
    assert headers["X-Request-Id"].startswith("req-")


async def test_one_log_line_per_request_without_the_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await ask("/shelves?page=77", headers={"X-Request-Id": "mine"})
    lines = [vars(record) for record in caplog.records if record.message == "request"]
    assert [(line["method"], line["path"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/shelves", "/shelves", 200)
    ]


async def test_health_checks_are_logged_quietly(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await ask("/health")
    assert [record for record in caplog.records if record.message == "request"] == []


# Host and origin: the fence of a server without keys.


@pytest.mark.parametrize(
    "host",
    [
        "[::1].evil.com",
        "localhost:80@evil.com",
        "[::1]@evil.com",
        "localhost:80:81",
        "localhost:x",
        "localhost/evil.com",
        "localhost#evil.com",
        "[::1",
        ":80",
    ],
)
async def test_what_only_begins_like_this_machine_is_not_this_machine(host: str) -> None:
    assert (await ask("/health", headers={"Host": host}))[0] in (400, 421)


@pytest.mark.parametrize("host", ["localhost:9", "127.0.0.1:80", "LocalHost", "[::1]:8000", "my.box:1"])
async def test_own_names_are_served(host: str) -> None:
    app = build(server_settings(allowed_hosts=("my.box",)))
    assert (await ask("/health", headers={"Host": host}, app=app))[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "10.0.0.1"])
@pytest.mark.parametrize("path", ["/health", "/nowhere", "/docs"])
async def test_other_names_are_refused(host: str, path: str) -> None:
    status, body, _ = await ask(path, headers={"Host": host})
    assert (status, "server.allowed_hosts" in body["detail"]) == (421, True)


@pytest.mark.parametrize(
    ("changed", "keys"),
    [({}, Keys(KEY)), ({"host": "0.0.0.0", "insecure": True}, Keys())],  # noqa: S104 - not bound
    ids=["with keys", "insecure"],
)
async def test_any_name_is_served_where_loopback_is_not_the_fence(changed: dict[str, Any], keys: Keys) -> None:
    app = build(server_settings(**changed), keys)
    assert (await ask("/health", headers={"Host": "data.example"}, app=app))[0] == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
async def test_page_of_another_origin_cannot_write(origin: str) -> None:
    status, _, _ = await ask("/shelves/oak/fill", "POST", {"Origin": origin, "Host": "localhost:8000"})
    assert status == 403


@pytest.mark.parametrize(
    ("origin", "changed"),
    [("http://localhost:8000", {}), ("https://desk.example", {"cors_origins": ("https://desk.example/",)})],
    ids=["same", "configured"],
)
async def test_page_of_a_trusted_origin_can_write(origin: str, changed: dict[str, Any]) -> None:
    headers = {"Origin": origin, "Host": "localhost:8000", "Content-Type": "application/x-ndjson"}
    assert (await ask("/shelves/oak/fill", "POST", headers, build(server_settings(**changed))))[0] == 200


@pytest.mark.parametrize(
    ("host", "answer"),
    [("localhost", True), ("127.8.0.1", True), ("::1", True), ("0.0.0.0", False), ("box", False)],  # noqa: S104 - not bound
)
def test_loopback_is_recognised(host: str, answer: bool) -> None:
    assert is_loopback(host) is answer


# Keys.


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "wrong"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}"},
        {"X-API-Key": ""},
    ],
    ids=["none", "wrong", "wrong bearer", "basic", "empty"],
)
@pytest.mark.parametrize("path", ["/shelves", "/nowhere"])
async def test_without_a_known_key_nothing_is_said(headers: dict[str, str], path: str) -> None:
    status, body, sent = await ask(path, headers=headers, app=build(keys=Keys(KEY)))
    assert (status, body["type"]) == (401, "urn:chunksmith:problem:unauthorized")
    assert sent["WWW-Authenticate"] == 'Bearer realm="chunksmith"'


@pytest.mark.parametrize(
    "headers", [{"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}, {"Authorization": f"bearer  {KEY}"}]
)
async def test_known_key_opens(headers: dict[str, str]) -> None:
    assert (await ask("/shelves", headers=headers, app=build(keys=Keys(KEY))))[0] == 200


@pytest.mark.parametrize("path", ["/health", "/docs", "/docs/docs.js", "/openapi.json"])
async def test_open_routes_need_no_key(path: str) -> None:
    assert (await ask(path, app=build(keys=Keys(KEY))))[0] == 200


async def test_route_outside_the_table_needs_a_key() -> None:
    async def forgotten(request: web.Request) -> web.Response:
        return web.Response()

    app = build(keys=Keys(KEY))
    app.router.add_get("/forgotten", forgotten)
    assert (await ask("/forgotten", app=app))[0] == 401


# Rate.


async def test_requests_over_the_limit_wait() -> None:
    clock = SetClock()
    app = build(server_settings(requests_per_minute_per_key=2), Keys(KEY), clock)
    async with client_of(app) as client:
        statuses = []
        for _ in range(2):
            statuses.append((await client.get("/shelves", headers={"X-API-Key": KEY})).status)
            clock.at += 20
        refused = await client.get("/shelves", headers={"X-API-Key": KEY})
        open_route = await client.get("/health", headers={"X-API-Key": KEY})
        clock.at += 20
        admitted = await client.get("/shelves", headers={"X-API-Key": KEY})
    assert (statuses, refused.status, refused.headers["Retry-After"]) == ([200, 200], 429, "20")
    assert (open_route.status, admitted.status) == (200, 200)


def test_keys_do_not_share_a_limit() -> None:
    window = RequestWindow(1, SetClock())
    assert (window.take("a"), window.take("b"), window.take("a")) == (0.0, 0.0, 60.0)


# CORS.

PREFLIGHT = {"Origin": "https://desk.example", "Access-Control-Request-Method": "POST", "Host": "localhost"}


async def test_preflight_of_a_configured_origin_is_answered_without_key() -> None:
    app = build(server_settings(cors_origins=("https://desk.example",)), Keys(KEY))
    status, _, headers = await ask("/shelves", "OPTIONS", PREFLIGHT, app)
    assert (status, headers["Access-Control-Allow-Origin"], headers["Vary"]) == (204, "https://desk.example", "Origin")
    assert "X-API-Key" in headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("origins", [(), ("https://other.example",)], ids=["off", "another"])
async def test_preflight_of_a_strange_origin_gets_nothing(origins: tuple[str, ...]) -> None:
    status, _, headers = await ask("/shelves", "OPTIONS", PREFLIGHT, build(server_settings(cors_origins=origins)))
    assert (status, "Access-Control-Allow-Origin" in headers) == (405, False)


async def test_errors_can_be_read_by_a_configured_origin() -> None:
    app = build(server_settings(cors_origins=("https://desk.example",)))
    status, _, headers = await ask("/nowhere", headers={"Origin": "https://desk.example"}, app=app)
    assert (status, headers["Access-Control-Allow-Origin"]) == (404, "https://desk.example")


async def test_client_that_leaves_is_logged_as_such(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    entered, app = asyncio.Event(), build()

    async def slow(request: web.Request) -> web.Response:
        entered.set()
        await asyncio.Event().wait()
        return web.Response()

    app.router.add_get("/slow", slow)
    async with client_of(app) as client:
        waiting = asyncio.create_task(client.get("/slow"), name="leaving client")
        await entered.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    # Closing the server cancels what nobody waits for any more.
    assert [vars(record)["status"] for record in caplog.records if record.message == "request"] == [499]
