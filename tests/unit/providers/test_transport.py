"""What happens on the way, against servers that really listen, close, reset and stay silent."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import get_args

import httpx
import pytest

from api_parts import until
from chunksmith.domain.calls import ProviderAccount
from chunksmith.errors import ProviderError
from chunksmith.providers import transport
from fake_llm import FakeLLM

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
KINDS = get_args(transport.Kind)


def _account(**changes: float) -> ProviderAccount:
    return ProviderAccount("gemini", ("http://unused",), "m", **{"timeout_s": 5.0, **changes})  # type: ignore[arg-type]  # only floats are passed


@asynccontextmanager
async def _serving(handler: Handler) -> AsyncIterator[str]:
    open_writers: list[asyncio.StreamWriter] = []

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.append(writer)
        await handler(reader, writer)

    server = await asyncio.start_server(closing, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.close()
        for writer in open_writers:
            writer.close()


async def _post(url: str, kind: transport.Kind = "aiohttp", wall_s: float = 5.0) -> transport.Answer:
    async with transport.client(_account(timeout_s=wall_s), 10, kind) as client:
        return await _post_with(client, url, wall_s)


async def _post_with(
    client: httpx.AsyncClient, url: str, wall_s: float = 5.0, timeouts: httpx.Timeout | None = None
) -> transport.Answer:
    request = client.build_request("POST", url, content=b"{}", timeout=timeouts or transport.timeouts(wall_s))
    return await transport.exchange(client, request, wall_s, "gemini")


async def _read_request(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(2)


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _reset_before_reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _read_request(reader)
    _reset(writer)


async def _close_before_reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _read_request(reader)
    writer.close()


async def _close_in_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-le")
    writer.close()


async def _close_in_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _read_request(reader)
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a":')
    writer.close()


async def _reset_in_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _read_request(reader)
    writer.write(b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\n')
    await writer.drain()
    await asyncio.sleep(0.01)
    _reset(writer)


async def _not_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _read_request(reader)
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    writer.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "handler",
    [_reset_before_reply, _close_before_reply, _close_in_head, _close_in_body, _reset_in_chunks, _not_http],
    ids=lambda handler: handler.__name__.strip("_"),
)
async def test_lost_connection_may_have_been_paid(handler: Handler, kind: transport.Kind) -> None:
    async with _serving(handler) as url:
        with pytest.raises(ProviderError) as caught:
            await _post(url, kind)
    assert (caught.value.kind, caught.value.sent) == ("connection", True)


@pytest.mark.parametrize("kind", KINDS)
async def test_refused_connection_sent_nothing(kind: transport.Kind) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(ProviderError) as caught:
            await _post(f"http://127.0.0.1:{port}", kind)
    assert (caught.value.kind, caught.value.sent) == ("connection", False)


@pytest.mark.parametrize("kind", KINDS)
async def test_unknown_host_sent_nothing(kind: transport.Kind) -> None:
    with pytest.raises(ProviderError) as caught:
        await _post("http://no-such-host.invalid", kind)
    assert (caught.value.kind, caught.value.sent) == ("connection", False)


@pytest.mark.parametrize("kind", KINDS)
async def test_connect_timeout_sent_nothing(kind: transport.Kind) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:  # fills the backlog: the next handshake gets no answer
            one.setblocking(False)
            one.connect_ex(address)
        try:
            async with transport.client(_account(), 10, kind) as client:
                with pytest.raises(ProviderError) as caught:
                    await _post_with(client, f"http://127.0.0.1:{address[1]}", 3600.0, httpx.Timeout(None, connect=0.1))
        finally:
            for one in waiting:
                one.close()
    assert (caught.value.kind, caught.value.sent) == ("connection", False)


@pytest.mark.parametrize("wall_s", [0.3, 5.0, 600.0])
def test_what_comes_before_a_request_ends_before_the_attempt(wall_s: float) -> None:
    limits = transport.timeouts(wall_s)
    assert limits.connect is not None
    assert limits.pool is not None
    assert max(limits.connect, limits.pool) < wall_s


@pytest.mark.parametrize("kind", KINDS)
async def test_silence_is_a_timeout(kind: transport.Kind) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_request(reader)

    async with _serving(silent) as url, transport.client(_account(), 10, kind) as client:
        with pytest.raises(ProviderError) as caught:
            await _post_with(client, url, 0.1, httpx.Timeout(None))
    assert (caught.value.kind, caught.value.sent) == ("timeout", True)


@pytest.mark.parametrize("kind", KINDS)
async def test_slow_body_ends_at_the_wall_time(kind: transport.Kind, fake: FakeLLM) -> None:
    """Each read is quick, so only the wall time can end it."""
    fake.options.drip_ms = 60
    fake.options.script = {1: "drip"}
    url = f"{fake.url}/api/chat"
    async with transport.client(_account(), 10, kind) as client:
        body = b'{"model": "llama3.2", "stream": false, "messages": [{"role": "user", "content": "Hello there."}]}'
        request = client.build_request("POST", url, content=body, timeout=httpx.Timeout(None))
        with pytest.raises(ProviderError) as caught:
            await transport.exchange(client, request, 0.3, "ollama")
    assert (caught.value.kind, caught.value.sent) == ("timeout", True)


@pytest.mark.parametrize("kind", KINDS)
async def test_idle_connection_that_the_server_closed_is_not_used_again(kind: transport.Kind, fake: FakeLLM) -> None:
    async with transport.client(_account(), 10, kind) as client:
        await _post_with(client, f"{fake.url}/api/show")
        fake.drop_connections()
        while fake.open_connections:  # noqa: ASYNC110 - the other side tells nobody
            await asyncio.sleep(0.001)
        answer = await _post_with(client, f"{fake.url}/api/show")
    assert answer.status == 404


async def test_reused_connection_that_dies_before_the_reply_counts_as_sent() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await _read_request(reader)
        writer.close()

    async with _serving(once) as url, transport.client(_account(), 1) as client:
        assert (await _post_with(client, url)).body == b"{}"
        with pytest.raises(ProviderError) as caught:
            await _post_with(client, url)
    assert (caught.value.kind, caught.value.sent) == ("connection", True)


async def test_more_than_a_hundred_connections_at_once(fake: FakeLLM) -> None:
    fake.control({"hold_from": 1})
    body = b'{"model": "llama3.2", "stream": false, "messages": [{"role": "user", "content": "Hello there."}]}'
    async with transport.client(_account(timeout_s=600.0), 1024) as client:

        async def one() -> int:
            request = client.build_request("POST", f"{fake.url}/api/chat", content=body)
            return (await transport.exchange(client, request, 600.0, "ollama")).status

        async with asyncio.TaskGroup() as group:
            for _ in range(250):
                group.create_task(one())
            await until(lambda: fake.held == 250)
            fake.let_go()


async def test_redirects_are_not_followed() -> None:
    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_request(reader)
        writer.write(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n")

    async with _serving(elsewhere) as url:
        assert (await _post(url)).status == 307


@pytest.mark.parametrize("kind", KINDS)
async def test_long_header_does_not_lose_the_answer(kind: transport.Kind) -> None:
    async def wordy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_request(reader)
        policy = b"content-security-policy: " + b"x" * 20_000
        writer.write(b"HTTP/1.1 200 OK\r\n" + policy + b"\r\ncontent-length: 2\r\n\r\n{}")

    async with _serving(wordy) as url:
        assert (await _post(url, kind)).body == b"{}"


async def test_environment_proxy_is_ignored(fake: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert (await _post(f"{fake.url}/api/show")).status == 404


async def test_huge_answer_is_cut_off(fake: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 10)
    with pytest.raises(ProviderError, match="larger than") as caught:
        await _post(f"{fake.url}/api/tags")
    assert caught.value.kind == "server"


async def test_broken_compression_is_a_server_fault() -> None:
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope")

    async with _serving(broken) as url:
        with pytest.raises(ProviderError) as caught:
            await _post(url)
    assert (caught.value.kind, caught.value.sent) == ("server", True)


async def test_cancelled_call_leaves_nothing_behind(fake: FakeLLM) -> None:
    fake.options.script = {1: "hang"}
    body = b'{"model": "llama3.2", "messages": [{"role": "user", "content": "Hello there."}]}'
    async with transport.client(_account(), 10) as client:
        request = client.build_request("POST", f"{fake.url}/api/chat", content=body)
        task = asyncio.create_task(transport.exchange(client, request, 5.0, "ollama"))
        while not fake.stats.in_flight["ollama"]:  # noqa: ASYNC110 - the other side tells nobody
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while fake.stats.in_flight["ollama"]:  # noqa: ASYNC110 - the other side tells nobody
            await asyncio.sleep(0.001)
    assert fake.stats.abandoned == 1


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://"], ids=["scheme", "no-host"])
@pytest.mark.parametrize("kind", KINDS)
async def test_address_that_cannot_be_called_is_a_bad_request(url: str, kind: transport.Kind) -> None:
    with pytest.raises(ProviderError) as caught:
        await _post(url, kind)
    assert (caught.value.kind, caught.value.sent) == ("bad_request", False)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434"),
        ("127.0.0.1:11434", "http://127.0.0.1:11434"),
        (" https://api.x.ai/v1// ", "https://api.x.ai/v1"),
    ],
    ids=["slash", "no-scheme", "spaces"],
)
def test_base_url_forms(given: str, used: str) -> None:
    assert transport.base_url(given) == used


@pytest.mark.parametrize(
    "key", ["", "  ", "two words", "line\nbreak", "clé"], ids=["empty", "blank", "space", "line", "accent"]
)
def test_unusable_key_is_refused_unseen(key: str) -> None:
    account = ProviderAccount("grok", ("http://unused",), "m", api_key=key)
    with pytest.raises(ProviderError) as caught:
        transport.checked_key(account)
    assert (caught.value.kind, caught.value.sent) == ("auth", False)
    assert not key.strip() or key not in str(caught.value)
