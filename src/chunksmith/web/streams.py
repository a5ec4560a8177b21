"""Bodies that are read piece by piece: never more of them in memory than a piece."""

import contextlib
import re
import zlib
from collections.abc import AsyncIterator, Iterator

from aiohttp import BodyPartReader, MultipartReader, hdrs, parse_content_disposition, web
from aiohttp.http_exceptions import HttpProcessingError

from chunksmith.errors import InvalidRequest, TooLarge, UnsupportedMedia
from chunksmith.web.problems import detail_of_unreadable

PIECE_BYTES = 65_536
# What a compressed body may become: repetitive text shrinks a lot, but a bomb is worse.
LARGEST_RATIO = 200
FREE_BYTES = 16_777_216
ENCODINGS = ("identity", "gzip", "deflate")
# What browsers and other clients put into a form in the place of a line break or a quotation mark in a file name.
_ESCAPED = re.compile("%0D|%0A|%22", re.IGNORECASE)
# For ``web.Application``: aiohttp does not notice when a gzip stream is cut off, and then it was not "all or nothing".
HANDLER_ARGS = {"auto_decompress": False}


async def pieces_of(request: web.Request) -> AsyncIterator[bytes]:
    """The body, decompressed as it arrives.

    Errors: InvalidRequest when it is cut off, within its compression too; TooLarge for a bomb; UnsupportedMedia.
    """
    encoding = check_encoding(request)
    inflating = _Inflating(encoding) if encoding != "identity" else None
    with readable():
        async for piece in request.content.iter_any():
            for part in (piece,) if inflating is None else inflating.parts(piece):
                yield part
        if inflating is not None:
            inflating.check_end()


def check_encoding(request: web.Request) -> str:
    """Errors: UnsupportedMedia for a compression that nothing here reads."""
    given = request.headers.get("Content-Encoding", "identity").strip().lower()
    if given not in ENCODINGS:
        raise UnsupportedMedia(f"Content-Encoding must be one of {', '.join(ENCODINGS)}, not {given[:100]}")
    return given


class _Inflating:
    """One compressed body, of which never more than a piece is unpacked at a time."""

    def __init__(self, encoding: str) -> None:
        self._window_bits = zlib.MAX_WBITS + 16 if encoding == "gzip" else zlib.MAX_WBITS
        self._stream = zlib.decompressobj(self._window_bits)
        self._taken = self._given = 0

    def parts(self, piece: bytes) -> Iterator[bytes]:
        """Errors: zlib.error; TooLarge."""
        if not self._taken and self._window_bits == zlib.MAX_WBITS and piece[0] & 0xF != zlib.DEFLATED:
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)  # deflate without its header, as some send it
        self._taken += len(piece)
        while True:
            if self._stream.eof:
                if not piece:
                    return
                self._stream = zlib.decompressobj(self._window_bits)  # gzip files can be joined
            part = self._stream.decompress(piece, PIECE_BYTES)
            self._given += len(part)
            if self._given > FREE_BYTES + LARGEST_RATIO * self._taken:
                raise TooLarge(f"the body grows to more than {LARGEST_RATIO} times its compressed size")
            if part:
                yield part
            piece = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            if not piece and len(part) < PIECE_BYTES:
                return

    def check_end(self) -> None:
        """Errors: ValueError. What was cut off may well end with a whole line."""
        if self._taken and not self._stream.eof:
            raise ValueError("its compression ends too early")


async def parts_of(request: web.Request) -> AsyncIterator[BodyPartReader]:
    """The fields of a form, in the order in which they arrive; each must be read before the next.

    Errors: InvalidRequest when it is not a form.
    """
    if check_encoding(request) != "identity":
        raise UnsupportedMedia("a form must not be compressed as a whole")
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


def file_name_of_part(part: BodyPartReader) -> str | None:
    """As the file is called; None of a part without a file name.

    The HTML standard escapes three characters and not the percent sign, so a file that is really called ``a%22.txt``
    cannot be told from ``a".txt``. ``filename*`` says exactly what it means.
    """
    if part.filename is None:
        return None
    parameters = parse_content_disposition(part.headers.get(hdrs.CONTENT_DISPOSITION))[1]
    if "filename" not in parameters or "filename*" in parameters:
        return part.filename
    return _ESCAPED.sub(lambda found: chr(int(found[0][1:], 16)), part.filename)


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
    except (web.RequestPayloadError, HttpProcessingError, ValueError, RuntimeError, AssertionError, zlib.error) as exc:
        said = detail_of_unreadable(exc) if isinstance(exc, HttpProcessingError) else str(exc)
        said = said or "it ended too early"
        raise InvalidRequest.field("", f"the body cannot be read: {said[:200]}") from exc
