"""HTTP/1.1 with keep-alive, as little of it as clients need, on a bare asyncio protocol."""

import asyncio
import socket
import struct
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol, cast

from fakellm.messages import Reply, Request

DRIP_PIECES = 20
_LINGER_0 = struct.pack("ii", 1, 0)
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class App(Protocol):
    """What a connection needs to know of the server."""

    @property
    def drip_s(self) -> float: ...

    def handle(self, request: Request) -> Reply: ...

    def finished(self, reply: Reply, abandoned: bool) -> None: ...


class Connection(asyncio.Protocol):
    """One client. Requests are answered one after the other, also when they arrive together."""

    def __init__(self, app: App, opened: set["Connection"]) -> None:
        self._app = app
        self._opened = opened
        self._buffer = bytearray()
        self._current: Reply | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._opened.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._opened.discard(self)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self._current is not None:
            self._app.finished(self._current, abandoned=True)
            self._current = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._advance()

    @property
    def holds(self) -> bool:
        return self._current is not None and self._current.held

    def let_go(self) -> None:
        """Answers what was held back."""
        if self._current is not None and self._current.held:
            self._current.held = False
            self._begin(self._current, resume=True)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _advance(self) -> None:
        while self._current is None and self._transport is not None and not self._transport.is_closing():
            request = self._take()
            if request is None:
                return
            self._current = reply = self._app.handle(request)
            if not reply.held:
                self._begin(reply, resume=False)

    def _begin(self, reply: Reply, resume: bool) -> None:
        if reply.delay_s > 0:
            self._later(reply.delay_s, self._answer)
        else:
            self._answer(resume)

    def _take(self) -> Request | None:
        """A complete request from the buffer, or None while it is not all there."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        headers = {}
        for row in head[1:]:
            name, _, value = row.partition(":")
            headers[name.lower()] = value.strip()
        if "chunked" in headers.get("transfer-encoding", ""):
            body, stop = _unchunked(self._buffer, end + 4)
        else:
            stop = end + 4 + int(headers.get("content-length") or 0)
            body = bytes(self._buffer[end + 4 : stop])
        if stop < 0 or stop > len(self._buffer):
            if headers.get("expect") == "100-continue" and self._transport is not None and len(self._buffer) == end + 4:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        del self._buffer[:stop]
        method, target, _ = head[0].split(" ", 2)
        path, _, query = target.partition("?")
        return Request(method, path, query, headers, body)

    def _answer(self, resume: bool = True) -> None:
        reply, transport = self._current, self._transport
        if reply is None or transport is None:
            return
        if reply.manner == "hang":
            return
        if reply.manner == "reset":
            self._reset()
        elif reply.manner == "reset-body":
            transport.write(_head(reply) + reply.body[: len(reply.body) // 2])
            self._later(0.005, self._reset)
        elif reply.manner == "drip":
            transport.write(_head(reply))
            self._drip(0)
        else:
            transport.write(_chunked(reply) if reply.manner == "chunked" else _head(reply) + reply.body)
            self._done(resume)

    def _drip(self, piece: int) -> None:
        if self._current is None or self._transport is None:
            return
        body = self._current.body
        size = -(-len(body) // DRIP_PIECES)
        self._transport.write(body[piece * size : (piece + 1) * size])
        if (piece + 1) * size >= len(body):
            self._done(resume=True)
        else:
            self._later(self._app.drip_s, lambda: self._drip(piece + 1))

    def _done(self, resume: bool) -> None:
        reply, self._current = self._current, None
        if reply is not None:
            self._app.finished(reply, abandoned=False)
        if resume:
            self._advance()

    def _reset(self) -> None:
        """Closes so that the other side gets a reset, not an orderly end."""
        transport = self._transport
        self._done(resume=False)
        if transport is not None:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
            transport.abort()

    def _later(self, delay_s: float, call: Callable[[], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, call)


def _head(reply: Reply, length: bool = True) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
    size = f"content-length: {len(reply.body)}" if length else "transfer-encoding: chunked"
    phrase = _PHRASES.get(reply.status, "Unknown")
    return f"HTTP/1.1 {reply.status} {phrase}\r\ncontent-type: {reply.content_type}\r\n{size}\r\n{more}\r\n".encode()


def _chunked(reply: Reply) -> bytes:
    pieces = [row + b"\n" for row in reply.body.split(b"\n") if row] if b"\n" in reply.body else [reply.body]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    return _head(reply, length=False) + framed + b"0\r\n\r\n"


def _unchunked(buffer: bytearray, start: int) -> tuple[bytes, int]:
    """The body and where it ends; -1 while it is not all there."""
    body = bytearray()
    while True:
        end = buffer.find(b"\r\n", start)
        if end < 0:
            return b"", -1
        size = int(bytes(buffer[start:end]).partition(b";")[0], 16)
        start = end + 2 + size + 2
        if start > len(buffer):
            return b"", -1
        if size == 0:
            return bytes(body), start
        body += buffer[end + 2 : end + 2 + size]
