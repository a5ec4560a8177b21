"""What a server answers to bytes that are no HTTP request."""

import asyncio
import json
import logging
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from chunksmith.web.serving import SiteRunner
from unit.web.tiny_app import build

HOST = b"GET / HTTP/1.1\r\nHost: x\r\n"


class Answered(NamedTuple):
    head: str
    problem: dict[str, Any]


async def answered(sent: bytes) -> Answered:
    runner = SiteRunner(build(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        writer.write(sent)
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        writer.close()
        return Answered(head, json.loads(body))
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", "The address or a header is longer than 8190 bytes"),
        (HOST + b"X: " + b"a" * 9000 + b"\r\n\r\n", "The address or a header is longer than 8190 bytes"),
        (HOST + b"no colon\r\n\r\n", "Invalid header token"),
        (b"GET http://[ HTTP/1.1\r\n\r\n", "The address is no valid URL"),
        (b"GET / HTTP/9.1\r\n\r\n", "Bad status line"),
        (b"\x16\x03\x01 hello\r\n\r\n", "Received HTTPS traffic on an HTTP port"),
    ],
    ids=["address", "header", "no header", "no URL", "version", "TLS"],
)
async def test_what_is_no_request_gets_a_problem(sent: bytes, detail: str) -> None:
    head, problem = await answered(sent)
    assert "Content-Type: application/problem+json" in head
    assert f"X-Request-Id: {problem.pop('instance')}" in head
    expected = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": detail, "errors": []}
    assert problem == expected


async def test_what_is_no_request_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        _, problem = await answered(HOST + b"X-API-Key: secret" + b"a" * 9000 + b"\r\n\r\n")
    (record,) = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert (record.message, record.exc_info) == ("request_unreadable", None)
    assert "secret" not in problem["detail"]
