"""``/openapi.json`` and ``/docs``: open without a key, nothing from outside."""

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path

from aiohttp import web

from chunksmith.errors import AppError, NotFound
from chunksmith.web.routing import JSON, Answer, Handler, Route

DOCUMENT: web.AppKey[Callable[[], bytes]] = web.AppKey("openapi_document")

STATIC = Path(__file__).parent / "static"
ASSETS = {
    "docs.js": STATIC / "docs.js",
    "swagger-ui-bundle.js": STATIC / "swagger-ui" / "swagger-ui-bundle.js",
    "swagger-ui.css": STATIC / "swagger-ui" / "swagger-ui.css",
}
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
# The page sets styles on its elements; scripts come from this server's files only.
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def serve_document(app: web.Application, document: Callable[[], bytes]) -> None:
    """``document`` gives the JSON; it may take its time, and is called in a thread."""
    app[DOCUMENT] = document


async def openapi_json(request: web.Request) -> web.StreamResponse:
    body, headers = await asyncio.to_thread(request.app[DOCUMENT]), {"Cache-Control": "no-cache"}
    return web.Response(body=body, content_type="application/json", charset="utf-8", headers=headers)


async def docs(request: web.Request) -> web.StreamResponse:
    return _file(STATIC / "docs.html", "text/html")


async def docs_asset(request: web.Request) -> web.StreamResponse:
    name = request.match_info["asset"]
    if name not in ASSETS:
        raise NotFound("asset", name)
    return _file(ASSETS[name], MEDIA_TYPES[ASSETS[name].suffix])


def _file(path: Path, media_type: str) -> web.Response:
    headers = {"Cache-Control": "max-age=3600", "Content-Security-Policy": CONTENT_POLICY}
    return web.Response(body=_content(path), content_type=media_type, charset="utf-8", headers=headers)


@cache
def _content(path: Path) -> bytes:
    return path.read_bytes()


def _route(path: str, handler: Handler, summary: str, answer: Answer, *errors: type[AppError]) -> Route:
    return Route("GET", path, handler, summary, "Service", {200: answer}, errors=errors, needs_key=False)


ROUTES = (
    _route("/openapi.json", openapi_json, "This document", Answer("OpenAPI 3.1.", media=(JSON,))),
    _route("/docs", docs, "This document as a page", Answer("It needs nothing from outside.", media=("text/html",))),
    _route(
        "/docs/{asset}",
        docs_asset,
        "A file of that page",
        Answer("The file.", media=tuple(MEDIA_TYPES.values())),
        NotFound,
    ),
)
