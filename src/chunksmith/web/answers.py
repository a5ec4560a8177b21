"""What goes out as JSON."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic_core import to_json


def json_response(
    data: Any, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = "application/json"
) -> web.Response:
    """JSON in UTF-8, non-ASCII as it is; a number that JSON cannot hold is null."""
    body = to_json(data, inf_nan_mode="null")
    return web.Response(body=body, status=status, headers=headers, content_type=media_type, charset="utf-8")


def no_content() -> web.Response:
    return web.Response(status=204)
