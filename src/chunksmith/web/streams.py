"""Bodies that are read piece by piece: never more of them in memory than a piece."""

import contextlib
from collections.abc import AsyncIterator, Iterator

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from chunksmith.errors import InvalidRequest, TooLarge

PIECE_BYTES = 65_536
# What a compressed body may become: repetitive text shrinks a lot, but a bomb is worse.
LARGEST_RATIO = 200
FREE_BYTES = 16_777_216


async def pieces_of(request: web.Request) -> AsyncIterator[bytes]:
    """The body, decompressed as it arrives. Errors: InvalidRequest when it is cut off; TooLarge for a bomb."""
    content = request.content
    with readable():
        async for piece in content.iter_any():
            compressed = content.total_compressed_bytes
            if compressed is not None and content.total_bytes > FREE_BYTES + LARGEST_RATIO * compressed:
                raise TooLarge(f"the body grows to more than {LARGEST_RATIO} times its compressed size")
            yield piece


async def parts_of(request: web.Request) -> AsyncIterator[BodyPartReader]:
    """The fields of a form, in the order in which they arrive; each must be read before the next.

    Errors: InvalidRequest when it is not a form.
    """
    with readable():
        reader: MultipartReader = await request.multipart()
    while True:
        with readable():
            part = await reader.next()
        if part is None:
            return
        if not isinstance(part, BodyPartReader):
            raise InvalidRequest.field("", "a part of the form is a form itself")
        yield part


async def pieces_of_part(part: BodyPartReader) -> AsyncIterator[bytes]:
    with readable():
        while piece := await part.read_chunk(PIECE_BYTES):
            yield bytes(part.decode(piece))


async def skip_part(part: BodyPartReader) -> None:
    with readable():
        await part.release()


async def text_of_part(part: BodyPartReader, most_bytes: int) -> str:
    """Errors: InvalidRequest when it is longer, or not UTF-8."""
    read = bytearray()
    async for piece in pieces_of_part(part):
        read += piece
        if len(read) > most_bytes:
            raise InvalidRequest.field(f"/{part.name}", f"must be at most {most_bytes} bytes long")
    try:
        return read.decode()
    except UnicodeDecodeError as exc:
        raise InvalidRequest.field(f"/{part.name}", "must be UTF-8") from exc


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """The framework reports a malformed body by many kinds of errors, failed assertions among them."""
    try:
        yield
    except (web.RequestPayloadError, HttpProcessingError, ValueError, RuntimeError, AssertionError) as exc:
        said = str(exc) or "it ended too early"
        raise InvalidRequest.field("", f"the body cannot be read: {said[:200]}") from exc
