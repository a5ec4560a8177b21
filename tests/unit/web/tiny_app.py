"""Three routes behind the real boundary."""

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from marshmallow import post_load
from pydantic_core import to_json

from chunksmith.errors import AppError, InvalidRequest, NotFound, ProviderError
from chunksmith.settings import ServerSettings
from chunksmith.web import docs_page, fields
from chunksmith.web.answers import json_response
from chunksmith.web.fields import AnswerSchema, PageQuery, StrictSchema
from chunksmith.web.middlewares import install
from chunksmith.web.openapi import ANY_ID, document
from chunksmith.web.parsing import body_of, query_of
from chunksmith.web.routing import Answer, Route, Stream, register
from chunksmith.web.security import KeyChecker
from chunksmith.web.streams import HANDLER_ARGS

KEY = "cs-0123456789abcdef"


@dataclass(frozen=True)
class Shelf:
    name: str
    size: int
    books: list[dict[str, Any]]


class BookSchema(StrictSchema):
    title = fields.String(required=True, filled=True)
    pages = fields.Integer(least=1, most=5000, load_default=None, allow_none=True)


class ShelfSchema(StrictSchema):
    name = fields.String(required=True, least=1, most=20)
    size = fields.Integer(load_default=3)
    kind = fields.String(one_of=("oak", "pine"), load_default="oak")
    open = fields.Boolean(load_default=False)
    weight = fields.Number(least=0, most=1, load_default=0.5)
    books = fields.List(fields.Nested(BookSchema), most=3, load_default=list)
    ratios = fields.Dict(values=fields.Number(), load_default=dict)
    extra = fields.Dict(load_default=dict)
    project_id = fields.Identifier(load_default="1")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Shelf:
        if data["name"] == "mirror" and data["size"] > 3:
            raise InvalidRequest.field("/size", "a mirror has at most 3")
        return Shelf(data["name"], data["size"], data["books"])


class ShelfAnswer(AnswerSchema):
    name = fields.String()
    size = fields.Integer()
    note = fields.String(allow_none=True)


class ShelvesQuery(PageQuery):
    tag = fields.List(fields.String())
    full = fields.Boolean()


class ShelvesAnswer(AnswerSchema):
    shelves = fields.List(fields.Nested(ShelfAnswer))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


async def create_shelf(request: web.Request) -> web.StreamResponse:
    shelf = body_of(request, Shelf)
    data = {"name": shelf.name, "size": shelf.size, "note": None}
    return json_response(data, 201, {"Location": f"/shelves/{quote(shelf.name, safe='')}"})


async def list_shelves(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    return json_response(
        {"shelves": [], "total": len(query.get("tag", [])), "page": query["page"], "per_page": query["per_page"]}
    )


async def read_shelf(request: web.Request) -> web.StreamResponse:
    name = request.match_info["shelf_id"]
    if name == "cut":
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(b"half")
        raise RuntimeError("in the middle")
    raised: dict[str, Exception] = {
        "broken": RuntimeError("the secret recipe"),
        "busy": ProviderError("rate_limit", "wait", retry_after_s=6.2),
        "late": ProviderError("timeout", "no answer in 120 s"),
        "plain": AppError("plain"),
        "moved": web.HTTPFound("/shelves/oak"),
    }
    if name in raised:
        raise raised[name]
    if name != "oak":
        raise NotFound("shelf", name)
    return json_response({"name": "Regał ☃", "size": float("nan"), "note": None})


async def fill_shelf(request: web.Request) -> web.StreamResponse:
    lines = [line async for line in request.content]
    return json_response({"name": request.content_type, "size": len(lines), "note": None})


async def empty_shelf(request: web.Request) -> web.StreamResponse:
    return json_response(query_of(request))


ONE = Answer("The shelf.", ShelfAnswer)
TABLE = (
    Route(
        "POST",
        "/shelves",
        create_shelf,
        "Make a shelf",
        "Shelves",
        {201: Answer("The shelf that was made.", ShelfAnswer, headers=("Location",))},
        body=ShelfSchema,
        headers=("Idempotency-Key",),
    ),
    Route(
        "GET", "/shelves", list_shelves, "List", "Shelves", {200: Answer("A page.", ShelvesAnswer)}, query=ShelvesQuery
    ),
    Route("GET", "/shelves/{shelf_id}", read_shelf, "Read", "Shelves", {200: ONE}, errors=(NotFound, ProviderError)),
    Route(
        "POST",
        r"/shelves/{shelf_id:[^{}/]+}/fill",
        fill_shelf,
        "Fill",
        "Shelves",
        {200: ONE},
        streams={"application/x-ndjson": Stream("One book a line.", BookSchema)},
    ),
    Route(
        "GET",
        "/health",
        empty_shelf,
        "Alive",
        "Service",
        {200: Answer("Alive.", media=("application/json",))},
        needs_key=False,
    ),
    *docs_page.ROUTES,
)
TAGS = {"Shelves": "Where books stand.", "Service": "About the server."}
PARAMETERS = {
    "shelf_id": {"schema": ANY_ID, "description": "Name or number of the shelf."},
    "asset": {"schema": {"type": "string", "enum": sorted(docs_page.ASSETS)}, "description": "Name of the file."},
}


class Keys:
    def __init__(self, *known: str) -> None:
        self._known = known

    def required(self) -> bool:
        return bool(self._known)

    async def allows(self, secret: str) -> str | None:
        return "key-1" if secret in self._known else None


class SetClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


def server_settings(**changed: Any) -> ServerSettings:
    base: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "data_dir": ".",
        "insecure": False,
        "allowed_hosts": (),
        "cors_origins": (),
        "max_body_bytes": 2000,
        "shutdown_grace_s": 1.0,
        "requests_per_minute_per_key": 0,
    }
    return ServerSettings(**{**base, **changed})


def build(
    settings: ServerSettings | None = None, keys: KeyChecker | None = None, clock: SetClock | None = None
) -> web.Application:
    settings = settings or server_settings()
    logger = logging.getLogger("test.aiohttp")
    app = web.Application(client_max_size=settings.max_body_bytes, logger=logger, handler_args=HANDLER_ARGS)
    install(app, settings, keys or Keys(), clock or SetClock())
    register(app, TABLE)
    made = to_json(document(TABLE, version="0.1.0", tags=TAGS, path_parameters=PARAMETERS))
    docs_page.serve_document(app, lambda: made)
    return app


def client_of(app: web.Application) -> TestClient[web.Request, web.Application]:
    return TestClient(TestServer(app))
