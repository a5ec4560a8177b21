"""A file as an answer: its content's hash as ETag, ranges, and nothing sent when the reader has it already."""

import asyncio
import re
from io import FileIO
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

PIECE_BYTES = 256 * 1024
_NO_BYTES = re.compile(r"\s*bytes=-0+\s*")


async def send_file(request: web.Request, path: Path, name: str, media_type: str, sha256: str) -> web.StreamResponse:
    etag = f'"{sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": attachment(name),
        "Cache-Control": "private, no-cache",
    }
    if not _still_wanted(request.headers.get("If-Match"), etag):
        told = "the file is no longer the one that If-Match names"
        raise web.HTTPPreconditionFailed(text=told, headers={"ETag": etag})
    if _matches(request.headers.get("If-None-Match"), etag):
        return web.Response(status=304, headers=headers)
    size = (await asyncio.to_thread(path.stat)).st_size
    start, end = 0, size
    status = 200
    wanted = _range(request, etag)
    if wanted is not None:
        start, end = _within(wanted, size)
        if start >= end:
            raise web.HTTPRequestRangeNotSatisfiable(
                text=f"the file has {size} bytes; the part asked for is not among them",
                headers={"ETag": etag, "Content-Range": f"bytes */{size}"},
            )
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response = web.StreamResponse(status=status, headers={**headers, "Content-Type": media_type})
    response.content_length = end - start
    await response.prepare(request)
    if request.method != "HEAD":
        await _send(response, path, start, end)
    await response.write_eof()
    return response


def attachment(name: str) -> str:
    """``Content-Disposition``: the name as it is, and in plain ASCII for readers that know no other, such as curl."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\/%' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _send(response: web.StreamResponse, path: Path, start: int, end: int) -> None:
    with _opened(path, start) as file:
        while start < end:
            piece = await asyncio.to_thread(file.read, min(PIECE_BYTES, end - start))
            if not piece:
                break
            await response.write(piece)
            start += len(piece)


def _opened(path: Path, start: int) -> FileIO:
    """Not in a thread: a reader who goes away meanwhile would leave it open."""
    file = FileIO(path)
    file.seek(start)
    return file


def _still_wanted(header: str | None, etag: str) -> bool:
    """Strongly, as RFC 9110 has it for ``If-Match``."""
    return header is None or header.strip() == "*" or etag in [part.strip() for part in header.split(",")]


def _matches(header: str | None, etag: str) -> bool:
    """Weakly, as RFC 9110 has it for ``If-None-Match``."""
    if header is None:
        return False
    return header.strip() == "*" or etag in [part.strip().removeprefix("W/") for part in header.split(",")]


def _range(request: web.Request, etag: str) -> slice | None:
    """The asked range; None for the whole file, also where the reader's part is of another content."""
    condition = request.headers.get("If-Range")
    if "Range" not in request.headers or (condition is not None and condition.strip() != etag):
        return None
    if _NO_BYTES.fullmatch(request.headers["Range"]):
        return slice(0, 0)  # which the framework takes for all of them
    try:
        return request.http_range
    except ValueError:
        return None  # several ranges, or nonsense: RFC 9110 lets the whole be sent


def _within(wanted: slice, size: int) -> tuple[int, int]:
    start = wanted.start or 0
    if start < 0:
        return max(0, size + start), size
    return start, min(size, wanted.stop if wanted.stop is not None else size)
