"""From a request to checked values: all faults of query and body at once, each with its pointer."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from aiohttp import web
from marshmallow import Schema, ValidationError, fields, missing
from multidict import MultiMapping

from chunksmith.domain.strict_json import BOM, escaped, parse_json
from chunksmith.errors import Fault, InvalidRequest, NotFound, TooLarge, UnsupportedMedia, first_faults
from chunksmith.web.fields import is_beyond_storage
from chunksmith.web.streams import pieces_of

T = TypeVar("T")
QUERY: web.RequestKey[Any] = web.RequestKey("query", object)
BODY: web.RequestKey[Any] = web.RequestKey("body", object)

IDEMPOTENCY_KEY = "Idempotency-Key"
LARGE_BODY_BYTES = 262_144  # from here on a body is read in a thread, so that the loop stays quick
_VISIBLE = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True)
class Loaded:
    """Either a value, or what is wrong with it; then ``readable`` is what could be read, faulty fields at defaults."""

    value: Any = None
    faults: list[Fault] = field(default_factory=list)
    readable: dict[str, Any] | None = None


@overload
def query_of(request: web.Request) -> dict[str, Any]: ...
@overload
def query_of(request: web.Request, kind: type[T]) -> T: ...
def query_of(request: web.Request, kind: type[Any] = dict) -> Any:
    """What the route's query schema loaded; ``kind`` is what its ``post_load`` makes."""
    return _of_kind(request[QUERY], kind)


@overload
def body_of(request: web.Request) -> dict[str, Any]: ...
@overload
def body_of(request: web.Request, kind: type[T]) -> T: ...
def body_of(request: web.Request, kind: type[Any] = dict) -> Any:
    """What the route's body schema loaded; ``kind`` is what its ``post_load`` makes."""
    return _of_kind(request[BODY], kind)


def _of_kind(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"the schema made {type(value).__name__}, the handler reads {kind.__name__}")
    return value


def idempotency_key(request: web.Request) -> str | None:
    """Checked before the handler runs, on routes that declare the header."""
    return request.headers.get(IDEMPOTENCY_KEY)


def load_headers(names: tuple[str, ...], request: web.Request) -> Loaded:
    key = request.headers.get(IDEMPOTENCY_KEY) if IDEMPOTENCY_KEY in names else None
    if key is None or _VISIBLE.fullmatch(key):
        return Loaded()
    return Loaded(faults=[Fault(f"header/{IDEMPOTENCY_KEY}", "must be 1 to 200 visible ASCII characters")])


def check_path(request: web.Request) -> None:
    """Errors: NotFound for ids that nothing can have and that storage could not even be asked for."""
    for name, value in request.match_info.items():
        if is_beyond_storage(value) or "\x00" in value:
            raise NotFound(name.removesuffix("_id").capitalize(), value[:40].replace("\x00", "�"))


def load_query(schema: Schema, query: MultiMapping[str]) -> Loaded:
    lists = {
        declared.data_key or name for name, declared in schema.load_fields.items() if isinstance(declared, fields.List)
    }
    repeated = {name for name in query if name not in lists and len(query.getall(name)) > 1}
    values = {name: query.getall(name) if name in lists else query[name] for name in query if name not in repeated}
    twice = [Fault(f"query/{name}", "given more than once") for name in sorted(repeated)]
    loaded = load(schema, values, "query")
    known = [fault for fault in loaded.faults if fault.pointer.removeprefix("query/") not in repeated]
    return Loaded(loaded.value, [*twice, *known])


async def load_body(
    schema: Schema, request: web.Request, *, optional: bool = False, besides: Sequence[str] = ()
) -> Loaded:
    """``besides``: media types that the route takes as well. Errors: UnsupportedMedia; TooLarge."""
    raw = await read_limited(request)
    if optional and not raw.strip():
        return load(schema, {})
    check_json_type(request, besides)
    if len(raw) < LARGE_BODY_BYTES:
        return load_json(schema, raw)
    return await asyncio.to_thread(load_json, schema, raw)


def load_json(schema: Schema, raw: bytes) -> Loaded:
    try:
        value = parse_json(raw.removeprefix(BOM))
    except InvalidRequest as exc:
        return Loaded(faults=list(exc.faults))
    return load(schema, value)


def load(schema: Schema, value: Any, root: str = "") -> Loaded:
    """Faults point below ``root``: ``/field/0`` in a body, ``query/field`` in a query."""
    readable = None
    try:
        return Loaded(schema.load(value))
    except ValidationError as exc:
        found = first_faults(_faults(exc.messages, root), root)
        readable = _readable(schema, exc.valid_data, exc.messages)
    except InvalidRequest as exc:  # a rule across fields, from post_load
        found = first_faults(exc.faults, root) or [Fault(root, exc.detail)]
    except RecursionError:
        found = [Fault(root, "nested too deeply")]
    return Loaded(faults=found, readable=readable)


def _readable(schema: Schema, found: Any, messages: Any) -> dict[str, Any] | None:
    """Every field of the schema, also inside objects: as it was read, or at its default; None where it has none."""
    if not isinstance(found, dict):
        return None
    said = messages if isinstance(messages, dict) else {}
    whole = dict(found)
    for name, declared in schema.load_fields.items():
        whole[name] = _field_readable(declared, found.get(name, missing), said.get(declared.data_key or name))
    return whole


def _field_readable(declared: fields.Field[Any], found: Any, messages: Any) -> Any:
    if not messages and found is not missing:
        return found  # as it is when all is well
    if isinstance(declared, fields.List) and isinstance(found, list):
        said = messages if isinstance(messages, dict) else {}
        return [_field_readable(declared.inner, item, said.get(place)) for place, item in enumerate(found)]
    if found is missing and not (isinstance(declared, fields.Nested) and isinstance(messages, dict)):
        default = declared.load_default
        found = default() if callable(default) else default
    # An object of which nothing could be read was sent all the same.
    if isinstance(declared, fields.Nested) and (found is missing or isinstance(found, dict)):
        return _readable(declared.schema, {} if found is missing else found, messages)
    return None if found is missing else found


def check_json_type(request: web.Request, besides: Sequence[str] = ()) -> None:
    kind = request.content_type
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    if not is_json:
        raise unsupported(request, ("application/json", *besides))
    check_charset(request)


def unsupported(request: web.Request, known: Sequence[str]) -> UnsupportedMedia:
    given = request.headers.get("Content-Type", "none")[:100]
    return UnsupportedMedia(f"Content-Type must be {' or '.join(known)}, not {given}")


def check_charset(request: web.Request) -> None:
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMedia("JSON must be in UTF-8")


async def read_limited(request: web.Request) -> bytes:
    """The body, of at most ``client_max_size`` bytes (counted after decompression).

    Errors: TooLarge; InvalidRequest when it cannot be decompressed, or ends too early.
    """
    limit = request.client_max_size
    detail = f"the body is over the limit of {limit} bytes (server.max_body_bytes)"
    if limit and (request.content_length or 0) > limit:
        raise TooLarge(detail)
    body = bytearray()
    async for piece in pieces_of(request):
        body += piece
        if limit and len(body) > limit:
            raise TooLarge(detail)
    return bytes(body)


def _faults(messages: Any, pointer: str) -> Iterator[Fault]:
    """marshmallow's nested messages, flattened; ``_schema`` stands for the object itself."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _faults(below, pointer if key == "_schema" else f"{pointer}/{escaped(str(key))}")
    elif isinstance(messages, list):
        for below in messages:
            yield from _faults(below, pointer)
    else:
        yield Fault(pointer, str(messages))
